"""Chunks worked off by processes that are watched from outside: whichever of them dies or hangs.

A process on whose chunk nothing happens for too long is ended, as one that died of itself. Its
chunk is tried again article by article; the one at which a process ends again is a failure.
"""

import pickle
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import chain, islice
from math import inf
from multiprocessing.connection import Connection, wait
from typing import Any, Final, Generic, TypeVar

from policynlp.article import Failure
from policynlp.batch.source import Chunk, Note
from policynlp.errors import OutputError, PolicyNLPError
from policynlp.messages import say
from policynlp.processes import Child, Nursery, of_use

T = TypeVar("T")
Begin = Callable[[], Callable[[Chunk, Note], T]]

MAX_SECONDS: Final = 60.0
"""How long an article may take; of 3,000 the slowest took 0.02 s, a million characters 4 s."""

_AHEAD: Final = 8  # chunks for each worker that may be done before an older one is
# Nobody waits longer than this for the articles of a lot: each of them then has its own time.
_PATIENCE: Final = 10.0
_NOTE_SECONDS: Final = 0.5
_LOOK_SECONDS: Final = 0.2
_START_SECONDS: Final = 300.0
_MOST_DEATHS: Final = 4  # one after the other that no article explains

_READY, _AT, _DONE, _RAISED = range(4)


def work_off(
    chunks: Iterable[Chunk],
    begin: Begin[T],
    jobs: int,
    max_seconds: float = MAX_SECONDS,
    *,
    ahead: bool = True,
) -> Iterator[tuple[int, T]]:
    """Do with ``jobs`` processes what there is to do with each chunk; each comes when it is done.

    ``begin``, which can be pickled, gives each process what it does with a chunk. An article that
    takes more than ``max_seconds``, or of which a process dies, becomes a failure in its chunk.
    Without ``ahead`` the next chunk is looked for when a worker is free, not before: where it may
    be long in coming, what is done would wait for it.
    """
    rest = iter(chunks)
    first = list(islice(rest, of_use(jobs)))
    if not first:
        return
    crew = _Crew(begin, max_seconds)
    try:
        crew.start(len(first))
        yield from crew.work_off(chain(first, rest), ahead=ahead)
        crew.release()
    finally:
        crew.kill()


@dataclass(slots=True)
class _Worker:
    """A process, the chunk that it has, where in that it is, and since when it says nothing.

    Its chunk is ``None`` while it starts and while it waits, when it is ``idle``.
    """

    child: Child
    idle: bool = False
    chunk: Chunk | None = None
    at: int = -1
    id: str = ""
    silent: float = 0.0

    def hear(self, at: int, id: str) -> None:
        """Note where it is; the time of an article begins when it is first named."""
        if at != self.at:
            self.silent = 0.0
        self.at, self.id = at, id


class _Plan:
    """Which chunk comes next: first those that are tried again."""

    def __init__(self, chunks: Iterator[Chunk], most_ahead: int) -> None:
        self._rest, self._most_ahead = chunks, most_ahead
        self._packed: deque[tuple[Chunk, bytes]] = deque()
        self._again: deque[Chunk] = deque()
        self._open: set[int] = set()  # the numbers of those that are not done

    def has_more(self) -> bool:
        """Whether any chunk is not done yet."""
        if not self._open:
            self.prepare(1)
        return bool(self._open or self._packed)

    def prepare(self, most: int) -> None:
        """Have so many of the next ones ready, if there are: then no worker waits for them."""
        while len(self._packed) < most and (chunk := next(self._rest, None)):
            self._packed.append((chunk, _packed(chunk)))

    def take(self) -> tuple[Chunk, bytes] | None:
        """The next one; none where that is too far ahead of the oldest that is not done."""
        if self._again:
            chunk = self._again.popleft()
            return chunk, _packed(chunk)
        self.prepare(1)
        if not self._packed:
            return None
        number = self._packed[0][0].number
        if self._open and number - min(self._open) >= self._most_ahead:
            return None
        self._open.add(number)
        return self._packed.popleft()

    def again(self, chunk: Chunk) -> None:
        """Try a chunk again that was taken."""
        self._again.append(chunk)

    def done(self, chunk: Chunk) -> None:
        """Be through with a chunk that was taken."""
        self._open.remove(chunk.number)


def _packed(chunk: Chunk) -> bytes:
    return pickle.dumps(chunk, pickle.HIGHEST_PROTOCOL)


class _Crew(Generic[T]):
    """Worker processes, with new ones in the place of those that have ended."""

    def __init__(self, begin: Begin[T], max_seconds: float) -> None:
        self._max_seconds = max_seconds
        self._nursery = Nursery(partial(_serve, begin))
        self._deaths = 0
        self._looked = time.monotonic()
        self._workers: list[_Worker] = []

    def start(self, jobs: int) -> None:
        """Start so many."""
        for _ in range(jobs):
            self._workers.append(_Worker(self._nursery.start()))

    def work_off(self, chunks: Iterator[Chunk], *, ahead: bool) -> Iterator[tuple[int, T]]:
        """Give out the chunks, and give back what comes of them."""
        plan = _Plan(chunks, _AHEAD * len(self._workers))
        while plan.has_more():
            for worker in self._workers:
                if worker.idle and (taken := plan.take()):
                    self._give(worker, *taken, plan)
            if ahead:
                plan.prepare(len(self._workers))
            for worker in self._heard():
                yield from self._hear(worker, plan)
            for worker in self._workers:
                if worker.silent > self._patience(worker):
                    self._lost(worker, plan, "time", _too_long(self._max_seconds))

    def release(self) -> None:
        """Let all of them end, for there is nothing to do."""
        while self._workers:
            self._workers.pop().child.release()

    def kill(self) -> None:
        """End all of them at once."""
        while self._workers:
            self._workers.pop().child.kill()
        self._nursery.close()

    def _give(self, worker: _Worker, chunk: Chunk, packed: bytes, plan: _Plan) -> None:
        worker.idle, worker.chunk = False, chunk
        worker.at, worker.id, worker.silent = -1, "", 0.0
        try:
            worker.child.connection.send_bytes(packed)
        except OSError:
            self._lost(worker, plan, "worker", _died())

    def _heard(self) -> list[_Worker]:
        """Wait for some that have something to say, and count the silence of the others.

        A machine that sleeps, and a process that is stopped with its parent, loses no time.
        """
        look = min(_LOOK_SECONDS, self._max_seconds / 4)
        ready = set(wait([worker.child.connection for worker in self._workers], look))
        now = time.monotonic()
        passed, self._looked = min(now - self._looked, 2 * look), now
        for worker in self._workers:
            worker.silent += 0.0 if worker.idle else passed
        return [worker for worker in self._workers if worker.child.connection in ready]

    def _hear(self, worker: _Worker, plan: _Plan) -> Iterator[tuple[int, T]]:
        try:
            kind, *said = worker.child.connection.recv()
        except (EOFError, OSError):
            self._lost(worker, plan, "worker", _died())
            return
        if kind == _AT:
            worker.hear(*said)
        elif kind == _RAISED:
            raise said[0]
        elif kind == _READY:
            worker.idle = True
        else:
            assert kind == _DONE
            assert worker.chunk
            chunk, worker.idle, worker.chunk = worker.chunk, True, None
            self._deaths = 0
            plan.done(chunk)
            yield chunk.number, said[0]

    def _patience(self, worker: _Worker) -> float:
        """How long a worker may say nothing."""
        if worker.idle:
            return inf
        if worker.chunk is None:
            return _START_SECONDS
        if worker.at == len(worker.chunk.entries):
            return inf  # What is done is being written, however slow the disk.
        if worker.chunk.apart:
            return self._max_seconds
        return min(self._max_seconds, _PATIENCE) + _NOTE_SECONDS

    def _lost(self, worker: _Worker, plan: _Plan, stage: str, reason: str) -> None:
        """Put a new process in the place of one, and try again what it had."""
        worker.child.kill()
        chunk, at, id = worker.chunk, worker.at, worker.id
        self._workers[self._workers.index(worker)] = _Worker(self._nursery.start())
        if chunk and not chunk.apart:
            plan.again(chunk._replace(apart=True))
            return
        if chunk and 0 <= at < len(chunk.entries):
            entries = list(chunk.entries)
            entries[at] = Failure(id, entries[at].place, stage, reason)
            plan.again(chunk._replace(entries=entries))
            return
        self._deaths += 1
        if self._deaths == _MOST_DEATHS:
            raise OutputError(
                "worker processes end whatever they are given: perhaps the memory is full, or "
                "another program ends them; mend that, then give the same command again"
            )
        if chunk:
            plan.again(chunk)


def _too_long(seconds: float) -> str:
    return say(
        "no result after {seconds:g} s, the limit of --max-seconds: raise it or divide the article",
        seconds=seconds,
    )


def _died() -> str:
    return say("the worker process died on this article, twice")


def _serve(begin: Begin[Any], connection: Connection) -> None:
    """In a process: do what there is to do with each chunk, until there are no more."""
    noted = 0.0
    chunk = Chunk(0, ())

    def note(at: int, id: str) -> None:
        nonlocal noted
        now = time.monotonic()
        if chunk.apart or at == len(chunk.entries) or now - noted >= _NOTE_SECONDS:
            connection.send((_AT, at, id))
            noted = now

    try:
        do = begin()
    except Exception as error:
        connection.send((_RAISED, _portable(error)))
        return
    connection.send((_READY,))
    while True:
        chunk = pickle.loads(connection.recv_bytes())
        noted = time.monotonic()
        try:
            answer = (_DONE, do(chunk, note))
        except Exception as error:
            answer = (_RAISED, _portable(error))
        connection.send(answer)


def _portable(error: Exception) -> Exception:
    """``error`` as it can travel to the parent."""
    if isinstance(error, PolicyNLPError | OSError):
        return error
    return RuntimeError(f"{type(error).__name__}: {error}")
