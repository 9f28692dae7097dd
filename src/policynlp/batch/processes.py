"""Processes that never outlive the one that started them, whatever they are busy with."""

import gc
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any, Final

Serve = Callable[[Connection], None]

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
        # took 1.7 s, with processes that begin from nothing 2.0 s, and 2.7 s with one. Copies
        # of threads, which may hold locks, are not safe.
        self._copies = _is_linux() and threading.active_count() == 1
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
        with _interrupts_ignored(), _frozen():
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
        with _interrupts_ignored():
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
def _interrupts_ignored() -> Iterator[None]:
    """Let processes that start meanwhile ignore Ctrl-C: it is for the parent, which ends them."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


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
