"""Processes that never outlive the one that started them, whatever they are busy with."""

import gc
import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import threading
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, Final, Generic, TypeVar

Serve = Callable[[Connection], None]
T = TypeVar("T")
R = TypeVar("R")

_MOST_PER_CPU: Final = 4
_AHEAD: Final = 8  # tasks for each process that may be done before an older one is

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


def of_use(jobs: int) -> int:
    """So many processes, at most a few for each of the machine's."""
    return min(jobs, _MOST_PER_CPU * (os.cpu_count() or 1))


def may_copy() -> bool:
    """Whether processes are copies of this one: copies of threads may wait for locks for ever."""
    return _is_linux() and threading.active_count() == 1


def may_start() -> bool:
    """Whether this process may have others: one of a user's own pool may not."""
    return not multiprocessing.current_process().daemon


@dataclass(slots=True)
class _Task(Generic[T]):
    """What there is to do and, once it is done, whether it went well and what came of it."""

    content: T
    answer: tuple[bool, Any] | None = None


def in_order(
    tasks: Iterable[T], work: Callable[[T], R], lost: Callable[[T], R], jobs: int
) -> Iterator[R]:
    """Do ``work``, which can be pickled, with ``tasks`` in as many processes as are of use.

    Tasks are taken as they are needed, and results come in their order; what ``tasks`` raises
    comes behind the results of those before. A task that cannot travel is worked on here, and one
    of which a process dies is ``lost``. No process is left, however the results are left.
    """
    team, waiting = _Team(work, lost, of_use(jobs)), deque[_Task[Any]]()
    rest, more = _drawn(tasks), True
    try:
        while more or waiting:
            while more and len(team.busy) < team.jobs and len(waiting) < _AHEAD * team.jobs:
                task = next(rest, None)
                more = task is not None
                if task:
                    waiting.append(task)
                    team.give(task)
            while waiting and (answer := waiting[0].answer):
                waiting.popleft()
                done, result = answer
                if not done:
                    raise result
                yield result
            if waiting:
                team.hear()
    finally:
        team.kill()


def _drawn(tasks: Iterable[T]) -> Iterator[_Task[Any]]:
    """Tasks as they come and, behind them, what they raise."""
    try:
        yield from map(_Task, tasks)
    except Exception as error:
        yield _Task(None, (False, error))


class _Team(Generic[T, R]):
    """At most ``jobs`` processes that work on a task each; ``busy`` has those that do."""

    def __init__(self, work: Callable[[T], R], lost: Callable[[T], R], jobs: int) -> None:
        self._work, self._lost, self.jobs = work, lost, jobs
        self._nursery = Nursery(partial(_serve, work))
        self._children: dict[Connection, Child] = {}
        self.busy: dict[Connection, _Task[T]] = {}

    def give(self, task: _Task[T]) -> None:
        """Let a process work on a task that has no answer, or do it here if it cannot travel."""
        if task.answer:
            return
        try:
            packed = pickle.dumps(task.content, pickle.HIGHEST_PROTOCOL)
        except Exception:  # An object may refuse by any error.
            task.answer = _answer(self._work, task.content)
            return
        while True:
            connection = next(iter(self._children.keys() - self.busy.keys()), None)
            if connection is None:
                child = self._nursery.start()
                connection = child.connection
                self._children[connection] = child
            self.busy[connection] = task
            try:
                connection.send_bytes(packed)
                return
            except OSError:  # It was killed while it was idle.
                self._end(connection)

    def hear(self) -> None:
        """Wait until some tasks are done."""
        ready = set(wait(list(self.busy)))
        for connection in [each for each in self.busy if each in ready]:
            task = self.busy[connection]
            try:
                answer = pickle.loads(connection.recv_bytes())
            except (EOFError, OSError):
                self._end(connection)
                task.answer = _answer(self._lost, task.content)
            else:
                del self.busy[connection]
                task.answer = answer or _answer(self._work, task.content)

    def kill(self) -> None:
        """End all processes at once."""
        for connection in list(self._children):
            self._end(connection)
        self._nursery.close()

    def _end(self, connection: Connection) -> None:
        self.busy.pop(connection, None)
        self._children.pop(connection).kill()


def _answer(work: Callable[[T], R], content: T) -> tuple[bool, R | Exception]:
    try:
        return True, work(content)
    except Exception as error:
        return False, error


def _serve(work: Callable[[Any], Any], connection: Connection) -> None:
    """In a process: work on each task, until there are no more."""
    while True:
        packed = connection.recv_bytes()
        try:
            task = pickle.loads(packed)
        except Exception:  # As of a class in a script, which this process has not run.
            connection.send_bytes(pickle.dumps(None))
            continue
        done, result = _answer(work, task)
        if isinstance(result, Exception):
            result.add_note("".join(traceback.format_exception(result)))
        try:
            packed = pickle.dumps((done, result), pickle.HIGHEST_PROTOCOL)
            if not done:
                pickle.loads(packed)  # Not every error can be made again.
        except Exception:
            packed = pickle.dumps((False, RuntimeError(f"{type(result).__name__}: {result}")))
        connection.send_bytes(packed)


class Child:
    """A process and the way to talk with it; receiving raises ``EOFError`` once it has ended."""

    def __init__(
        self, process: BaseProcess, connection: Connection, guard: "_Guard | None"
    ) -> None:
        """Take a process that was just started."""
        self._process, self._guard = process, guard
        self.connection = connection

    def release(self) -> None:
        """Let it end by itself, as it does when nobody can say anything any more: 15 ms."""
        self.connection.close()
        self._forget()

    def kill(self) -> None:
        """End it at once, whatever it does."""
        if os.name == "nt":
            self._process.terminate()
        elif self._process.pid:  # Those that begin from nothing have no method for it.
            with suppress(ProcessLookupError):
                os.kill(self._process.pid, signal.SIGKILL)
        self._process.join()
        self.connection.close()
        self._forget()

    def _forget(self) -> None:
        if self._guard:
            self._guard.toggle(self._process.pid)


class Nursery:
    """Starts processes that all do the same, and end at the latest when this one does.

    A signal handler or a thread of their own could not end them: both need the interpreter, which
    a regular expression that backtracks without end does not give back.
    """

    def __init__(self, serve: Serve) -> None:
        """Let each process run ``serve``, which can be pickled, with its end of a connection."""
        self._serve = serve
        # A copy of this process has all modules and the model: with two of them 3,000 articles
        # took 1.7 s, with processes that begin from nothing 2.0 s, and 2.7 s with one.
        self._copies = may_copy()
        self._guard = None if _is_linux() else _Guard()  # There the kernel does what it does.
        self._ends: list[Connection] = []  # of this process, which its copies have, too

    def start(self) -> Child:
        """Start a process."""
        context = _context(copies=self._copies)
        here, there = multiprocessing.Pipe()
        self._ends = [*(end for end in self._ends if not end.closed), here]
        ends = self._ends if self._copies else []
        args = (there, ends, os.getpid(), self._guard is None, self._serve)
        process = context.Process(target=_run, args=args, daemon=True)
        with _interrupts_held(), _frozen():
            process.start()
        there.close()
        if self._guard:
            self._guard.toggle(process.pid)
        return Child(process, here, self._guard)

    def close(self) -> None:
        """Need no guard any more."""
        if self._guard:
            self._guard.close()


class _Guard:
    """A process that ends others when the one which started it ends, where no system call does."""

    def __init__(self) -> None:
        with _interrupts_held():
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", _GUARD], stdin=subprocess.PIPE, text=True
            )

    def toggle(self, number: int | None) -> None:
        """Guard the process with this number, or guard it no more."""
        assert self._process.stdin
        with suppress(OSError):  # It was killed: then nothing is guarded.
            self._process.stdin.write(f"{number}\n")
            self._process.stdin.flush()

    def close(self) -> None:
        assert self._process.stdin
        with suppress(OSError):
            self._process.stdin.close()
        self._process.wait()


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
    connection: Connection, ends: list[Connection], parent: int, is_linux: bool, serve: Serve
) -> None:
    """In the process: see that it ends with its parent, then serve.

    As long as it had the parent's ``ends`` of connections, it would not hear that they are closed.
    """
    for end in ends:
        end.close()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Windows hands down no such setting.
    if is_linux:
        _die_with(parent)
    with suppress(Exception):  # Nobody listens any more, or hears that it ends, and does not wait.
        serve(connection)


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
