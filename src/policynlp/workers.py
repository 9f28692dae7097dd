"""Worker processes, watched from outside: none outlives its parent, and no work is lost with one.

Work comes in chunks of entries. A process that dies on a chunk, or says nothing of it for too
long, is ended, and another tries the chunk again entry by entry; the one at which a process ends
again is blamed, and all others are done.
"""

import gc
import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from math import inf
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, Final, Generic, NamedTuple, TypeVar

from policynlp.article import Failure
from policynlp.errors import OutputError
from policynlp.messages import say, speak, speaking, spoken

E = TypeVar("E")
R = TypeVar("R")

MAX_SECONDS: Final = 60.0
"""How long an article may take; of 3,000 the slowest took 0.02 s, a million characters 4 s."""

_MOST_PER_CPU: Final = 4
_AHEAD: Final = 8  # chunks for each process that may be done before an older one is
# Nobody waits longer than this for the entries of a chunk: each of them then has its own time.
_PATIENCE: Final = 10.0
_NOTE_SECONDS: Final = 0.5
_LOOK_SECONDS: Final = 0.2
_START_SECONDS: Final = 300.0
_MOST_DEATHS: Final = 4  # one after the other that no entry explains

_READY, _AT, _DONE, _RAISED, _UNREAD = range(5)


class Chunk(NamedTuple, Generic[E]):
    """Entries that travel together; chunks are numbered from 0 on.

    Those of one that is to be done ``apart`` are worked on one by one: some process has ended
    on one of them.
    """

    number: int
    entries: Sequence[E]
    apart: bool = False


Note = Callable[[int, str], None]
"""Is told the place in its chunk, and the id, of the entry that comes next; last their number."""
Begin = Callable[[], Callable[[Chunk[E], Note], R]]
"""Is called once in each process, and gives what that does with a chunk; it can be pickled."""
Blame = Callable[[E, str, str, str], E]
"""What stands for an entry at which a process ended, by its id, a failure's stage and reason."""


class _Raised(NamedTuple):
    error: Exception


def may_copy() -> bool:
    """Whether processes are copies of this one: copies of threads may wait for locks for ever."""
    return _is_linux() and threading.active_count() == 1


def may_start() -> bool:
    """Whether this process may have others: one of a user's own pool may not."""
    return not multiprocessing.current_process().daemon


def blame(entry: Any, id: str, stage: str, reason: str) -> Any:
    """The failure of an entry that has a place, and an id until it says another."""
    return Failure(id or entry.id, entry.place, stage, reason)


@dataclass(slots=True, eq=False)
class _Worker(Generic[E]):
    """A process, the chunk that it has, where in that it is, and since when it says nothing.

    It has no chunk while it starts and while it waits, when it is ``idle``. Receiving from its
    connection raises ``EOFError`` once it has ended.
    """

    process: BaseProcess
    connection: Connection
    idle: bool = False
    chunk: Chunk[E] | None = None
    at: int = -1
    id: str = ""
    silent: float = 0.0

    def taken_from(self) -> Chunk[E]:
        """The chunk that it is done with."""
        assert self.chunk
        chunk, self.idle, self.chunk = self.chunk, True, None
        return chunk


class Workers(Generic[E, R]):
    """At most ``jobs`` processes that work on chunks; new ones take the place of those that end.

    An entry that takes more than ``max_seconds``, or of which a process dies, gives way to what
    ``blame`` says. Without ``ahead`` the next chunk is looked for when a process is free, not
    before, and by a lone one when what is done is taken: a chunk may be long in coming. No process
    is left, however results are left. A chunk that cannot travel is worked on here.
    """

    def __init__(
        self,
        begin: Begin[E, R],
        jobs: int,
        max_seconds: float = MAX_SECONDS,
        *,
        ahead: bool = True,
        blame: Blame[E] = blame,
    ) -> None:
        """Start nothing yet; processes will say everything in the language that is spoken now."""
        self._begin, self._max_seconds, self._ahead, self._blame = begin, max_seconds, ahead, blame
        self._jobs = min(jobs, _MOST_PER_CPU * (os.cpu_count() or 1))  # More are of no use.
        self._starter = Starter(spoken(), begin)
        self._workers: list[_Worker[E]] = []
        self._rest: Iterator[Chunk[E]] = iter(())
        self._packed: deque[tuple[Chunk[E], bytes | _Raised | None]] = deque()
        self._again: deque[Chunk[E]] = deque()
        self._open: set[int] = set()  # the numbers of chunks that were taken and are not done
        self._answers: deque[tuple[int, R | _Raised]] = deque()
        self._next = self._deaths = 0
        self._looked = 0.0

    def as_done(self, chunks: Iterable[Chunk[E]]) -> Iterator[tuple[int, R]]:
        """The number of each chunk, and its result, when it is done; what is raised, at once."""
        with closing(self._work_off(chunks)) as answers:
            for number, answer in answers:
                if isinstance(answer, _Raised):
                    raise answer.error
                yield number, answer

    def in_order(self, chunks: Iterable[Chunk[E]]) -> Iterator[R]:
        """The result of each chunk, and what is raised, in the order of their numbers."""
        held: dict[int, R | _Raised] = {}
        wanted = 0
        with closing(self._work_off(chunks)) as answers:
            for number, answer in answers:
                held[number] = answer
                while wanted in held:
                    first = held.pop(wanted)
                    if isinstance(first, _Raised):
                        raise first.error
                    yield first
                    wanted += 1

    def _work_off(self, chunks: Iterable[Chunk[E]]) -> Generator[tuple[int, R | _Raised]]:
        self._rest = iter(chunks)
        self._prepare(self._jobs)
        if not self._packed:
            return
        try:
            self._starter.prepare()
            for _ in range(len(self._packed)):
                self._workers.append(self._starter.start())
            while self._has_more():
                if len(self._workers) > 1:
                    self._give_out()  # Nobody idles while others use what is done.
                while self._answers:
                    yield self._answers.popleft()
                self._give_out()
                for worker in self._heard():
                    self._hear(worker)
                self._end_silent()
        finally:
            self._starter.end(self._workers)
            self._starter.close()

    def _has_more(self) -> bool:
        if not (self._open or self._answers):
            self._prepare(1)
        return bool(self._open or self._packed or self._answers)

    def _prepare(self, most: int) -> None:
        """Have so many of the next chunks ready, if there are: then no worker waits for them.

        What looking for them raises has a place behind those before.
        """
        while len(self._packed) < most:
            try:
                chunk = next(self._rest, None)
            except Exception as error:
                self._rest = iter(())
                self._packed.append((Chunk(self._next, ()), _Raised(error)))
                return
            if chunk is None:
                return
            self._next = chunk.number + 1
            self._packed.append((chunk, _pack(chunk)))

    def _give_out(self) -> None:
        for worker in self._workers:
            if worker.idle and (taken := self._take()):
                self._give(worker, *taken)
        if self._ahead:
            self._prepare(len(self._workers))

    def _take(self) -> tuple[Chunk[E], bytes | _Raised | None] | None:
        """The next chunk; none where that is too far ahead of the oldest that is not done."""
        if self._again:
            chunk = self._again.popleft()
            return chunk, _pack(chunk)
        self._prepare(1)
        if not self._packed:
            return None
        number = self._packed[0][0].number
        if self._open and number - min(self._open) >= _AHEAD * len(self._workers):
            return None
        self._open.add(number)
        return self._packed.popleft()

    def _give(self, worker: _Worker[E], chunk: Chunk[E], packed: "bytes | _Raised | None") -> None:
        if isinstance(packed, _Raised):
            self._answer(chunk, packed)
        elif packed is None:
            self._answer(chunk, self._here(chunk))
        else:
            worker.idle, worker.chunk = False, chunk
            worker.at, worker.id, worker.silent = -1, "", 0.0
            try:
                worker.connection.send_bytes(packed)
            except OSError:
                self._lost(worker, "worker", _died())

    def _here(self, chunk: Chunk[E]) -> R | _Raised:
        """What comes of a chunk that cannot travel."""
        try:
            with speaking(self._starter.language):
                return self._begin()(chunk, lambda at, id: None)
        except Exception as error:
            return _Raised(error)

    def _answer(self, chunk: Chunk[E], answer: R | _Raised) -> None:
        self._open.remove(chunk.number)
        self._answers.append((chunk.number, answer))

    def _heard(self) -> list[_Worker[E]]:
        """Wait for some that have something to say, and count the silence of the others.

        A machine that sleeps, and a process that is stopped with its parent, loses no time.
        """
        look = min(_LOOK_SECONDS, self._max_seconds / 4)
        connections = [worker.connection for worker in self._workers]
        nothing = all(worker.idle for worker in self._workers)  # can come, that is
        ready = set(wait(connections, 0.0 if nothing else look))
        now = time.monotonic()
        passed, self._looked = min(now - self._looked, 2 * look), now
        for worker in self._workers:
            worker.silent += 0.0 if worker.idle else passed
        return [worker for worker in self._workers if worker.connection in ready]

    def _hear(self, worker: _Worker[E]) -> None:
        try:
            kind, *said = worker.connection.recv()
        except (EOFError, OSError):
            self._lost(worker, "worker", _died())
            return
        if kind == _AT:
            if said[0] != worker.at:  # The time of an entry begins when it is first named.
                worker.silent = 0.0
            worker.at, worker.id = said
        elif kind == _READY:
            worker.idle = True
        elif worker.chunk is None:
            raise said[0]  # It could not begin.
        elif kind == _UNREAD:
            chunk = worker.taken_from()
            self._answer(chunk, self._here(chunk))
        else:
            self._deaths = 0
            self._answer(worker.taken_from(), _Raised(said[0]) if kind == _RAISED else said[0])

    def _end_silent(self) -> None:
        for worker in self._workers:
            if worker.silent > self._patience(worker):
                said = say(
                    "no result after {seconds:g} s, the limit of --max-seconds: raise it or divide "
                    "the article",
                    seconds=self._max_seconds,
                )
                self._lost(worker, "time", said)

    def _patience(self, worker: _Worker[E]) -> float:
        """How long a worker may say nothing."""
        if worker.idle:
            return inf
        if worker.chunk is None:
            return _START_SECONDS
        # What is done is being written, however slow the disk.
        if self._max_seconds == inf or worker.at == len(worker.chunk.entries):
            return inf
        if worker.chunk.apart:
            return self._max_seconds
        return min(self._max_seconds, _PATIENCE) + _NOTE_SECONDS

    def _lost(self, worker: _Worker[E], stage: str, reason: str) -> None:
        """Put a new process in the place of one, and try again what it had."""
        self._starter.end([worker])
        chunk, at = worker.chunk, worker.at
        self._workers[self._workers.index(worker)] = self._starter.start()
        if chunk and not chunk.apart:
            self._again.append(chunk._replace(apart=True))
        elif chunk and 0 <= at < len(chunk.entries):
            entries = list(chunk.entries)
            try:
                entries[at] = self._blame(entries[at], worker.id, stage, reason)
            except Exception as error:
                self._answer(chunk, _Raised(error))
            else:
                self._again.append(chunk._replace(entries=entries))
        else:
            self._deaths += 1
            if self._deaths == _MOST_DEATHS:
                raise OutputError(
                    "worker processes end whatever they are given: perhaps the memory is full, or "
                    "another program ends them; mend that, then give the same command again"
                )
            if chunk:
                self._again.append(chunk)


def _died() -> str:
    return say("the worker process died on this article, twice")


def _pack(chunk: Chunk[Any]) -> bytes | None:
    """A chunk as it travels, with packed entries where it is done apart; none if it cannot."""
    try:
        if chunk.apart:
            chunk = chunk._replace(entries=[*map(pickle.dumps, chunk.entries)])
        return pickle.dumps(chunk, pickle.HIGHEST_PROTOCOL)
    except Exception:  # An object may refuse by any error.
        return None


def _serve(begin: Begin[Any, Any], connection: Connection) -> None:
    """In a process: do what there is to do with each chunk, until there are no more."""
    noted = 0.0
    chunk: Chunk[Any] = Chunk(0, ())

    def note(at: int, id: str) -> None:
        nonlocal noted
        now = time.monotonic()
        if chunk.apart or at == len(chunk.entries) or now - noted >= _NOTE_SECONDS:
            connection.send((_AT, at, id))
            noted = now

    try:
        do = begin()
    except Exception as error:
        connection.send_bytes(_raised(error))
        return
    connection.send((_READY,))
    while True:
        packed = connection.recv_bytes()
        noted = time.monotonic()
        try:
            chunk = pickle.loads(packed)
            if chunk.apart:
                chunk = chunk._replace(entries=[*_unpacked(chunk.entries, note)])
        except MemoryError:
            return  # What is too much for this process is not for the one that watches it.
        except Exception:  # As of a class in a script, which this process has not run.
            connection.send((_UNREAD,))
            continue
        try:
            answer = pickle.dumps((_DONE, do(chunk, note)), pickle.HIGHEST_PROTOCOL)
        except Exception as error:
            answer = _raised(error)
        connection.send_bytes(answer)


def _unpacked(entries: Iterable[bytes], note: Note) -> Iterator[Any]:
    for at, entry in enumerate(entries):
        note(at, "")  # A process may end here, too.
        yield pickle.loads(entry)


def _raised(error: Exception) -> bytes:
    """What says that ``error`` was raised, and where; not every one can be made again."""
    error.add_note("".join(traceback.format_exception(error)))
    with suppress(Exception):
        packed = pickle.dumps((_RAISED, error))
        pickle.loads(packed)
        return packed
    return pickle.dumps((_RAISED, RuntimeError(f"{type(error).__name__}: {error}")))


_PR_SET_PDEATHSIG: Final = 1
# Ends the processes whose numbers it has read an odd number of times when nothing more can come.
_GUARD: Final = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_IGN)
numbers = set()
for line in sys.stdin:
    numbers ^= {int(line)}
for number in numbers:
    try:
        os.kill(number, getattr(signal, "SIGKILL", signal.SIGTERM))
    except OSError:
        pass
"""


class Starter(Generic[E, R]):
    """Starts workers, which end at the latest when this process does, and ends them.

    A signal handler or a thread of their own could not end them: both need the interpreter, which
    a regular expression that backtracks without end does not give back.
    """

    def __init__(self, language: str, begin: Begin[E, R]) -> None:
        """Let each process work on chunks, and say everything in ``language``."""
        self.language, self._begin = language, begin
        self._copies = False
        self._ends: list[Connection] = []  # of this process, which its copies have, too
        # Ends processes where no system call does what the kernel does on Linux.
        self._guard: subprocess.Popen[str] | None = None

    def prepare(self) -> None:
        """Make ready to start some."""
        # A copy of this process has all modules and the model: with two of them 3,000 articles
        # took 1.7 s, with processes that begin from nothing 2.0 s, and 2.7 s with one. Copies
        # of threads, which may hold locks, are not safe.
        self._copies = may_copy()
        if not _is_linux():
            command = [sys.executable, "-I", "-S", "-c", _GUARD]
            with _interrupts_held():
                self._guard = subprocess.Popen(command, stdin=subprocess.PIPE, text=True)

    def start(self) -> _Worker[E]:
        """Start a worker, which says when it is ready."""
        here, there = multiprocessing.Pipe()
        self._ends = [*(end for end in self._ends if not end.closed), here]
        ends = self._ends if self._copies else []
        args = (there, ends, os.getpid(), self._guard is None, self.language, self._begin)
        process = _context(copies=self._copies).Process(target=_run, args=args, daemon=True)
        with _interrupts_held(), _frozen():
            process.start()
        there.close()
        self._toggle(process)
        return _Worker(process, here)

    def end(self, workers: Sequence[_Worker[E]]) -> None:
        """End workers at once, whatever they do."""
        for worker in workers:
            if os.name == "nt":
                worker.process.terminate()
            elif worker.process.pid:  # Those that begin from nothing have no method for it.
                with suppress(ProcessLookupError):
                    os.kill(worker.process.pid, signal.SIGKILL)
        for worker in workers:
            worker.process.join()
            worker.connection.close()
            self._toggle(worker.process)

    def close(self) -> None:
        """Need no guard any more."""
        if self._guard:
            assert self._guard.stdin
            with suppress(OSError):
                self._guard.stdin.close()
            self._guard.wait()

    def _toggle(self, process: BaseProcess) -> None:
        """Guard a process, or guard it no more."""
        if self._guard:
            assert self._guard.stdin
            with suppress(OSError):  # It was killed: then nothing is guarded.
                self._guard.stdin.write(f"{process.pid}\n")
                self._guard.stdin.flush()


def _is_linux() -> bool:
    return sys.platform == "linux"


def _context(*, copies: bool) -> Any:
    if copies:
        return multiprocessing.get_context("fork")
    # 100 ms that copies need not wait for. Processes of the standard library's kind would run the
    # user's script again, unless it is guarded by `if __name__ == "__main__"`.
    from joblib.externals.loky.backend import get_context

    return get_context("loky")


def _run(
    connection: Connection,
    ends: list[Connection],
    parent: int,
    is_linux: bool,
    language: str,
    begin: Begin[Any, Any],
) -> None:
    """In the process: see that it ends with its parent, then serve.

    As long as it had the parent's ``ends`` of connections, it would not hear that they are closed.
    """
    for end in ends:
        end.close()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Windows hands down no such setting.
    if is_linux:
        _die_with(parent)
    speak(language)
    with suppress(Exception):  # Nobody listens any more, or hears that it ends, and does not wait.
        _serve(begin, connection)


def _die_with(parent: int) -> None:
    """Let the kernel end this process when the thread that has started it ends."""
    import ctypes

    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # It ended before that.
        os._exit(1)


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Let processes that start meanwhile not hear Ctrl-C: it is for the parent, which ends them.

    The parent hears it when they have started, but on Windows, where it must be pressed again.
    """
    if sys.platform != "win32":
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            yield
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
    elif threading.current_thread() is threading.main_thread():
        handler = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, handler)
    else:
        yield


@contextmanager
def _frozen() -> Iterator[None]:
    """Spare processes that start meanwhile the search for garbage in what they are born with.

    Each looks for some after its first chunk and every second: 18 ms a time, and pages copied.
    """
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
