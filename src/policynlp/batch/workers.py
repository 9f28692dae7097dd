"""Chunks scored here or by worker processes, whichever of them dies."""

import gc
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor
from contextlib import contextmanager
from itertools import chain, islice
from typing import Any, Final, NamedTuple

from policynlp.article import Failure
from policynlp.batch.outputs import Output
from policynlp.batch.scoring import Job, Part, Result, Scorer, score_chunk
from policynlp.batch.source import Chunk
from policynlp.messages import say, speak

# Chunks that wait for a worker, and results that wait for an older one, for each worker.
_WAITING: Final = 2
_AHEAD: Final = 8
_MOST_PER_CPU: Final = 4
_IDLE_SECONDS: Final = 60
_WATCH_SECONDS: Final = 1

Scored = tuple[int, Result]


def score_here(chunks: Iterable[Chunk], scorer: Scorer, job: Job) -> Iterator[Scored]:
    """Score one chunk after the other, in a process of its own the one that an earlier run died of.

    Otherwise the same command would die on the same article for ever.
    """
    output = job.output(scorer.themes)
    for chunk in chunks:
        if chunk.number == job.suspect:
            part = _score_apart(chunk, scorer, job)
        else:
            with job.begun(chunk.number):
                part = score_chunk(chunk, scorer, output, job.options)
        yield chunk.number, job.keep(chunk.number, part)


def _score_apart(chunk: Chunk, scorer: Scorer, job: Job) -> Part:
    pool = _Pool(scorer, job, 1)
    try:
        return _rescue(chunk, pool)
    finally:
        pool.kill()


def of_use(jobs: int) -> int:
    """So many processes, at most a few for each of the machine's."""
    return min(jobs, _MOST_PER_CPU * (os.cpu_count() or 1))


def score_parallel(
    chunks: Iterable[Chunk], scorer: Scorer, job: Job, jobs: int
) -> Iterator[Scored]:
    """Score chunks with ``jobs`` processes, if so many are of use; each comes when it is done.

    When a process dies, every chunk that was under way is tried again by itself; one on which a
    process dies again is divided until the article is found that does it, which is a failure.
    """
    rest = iter(chunks)
    first = list(islice(rest, of_use(jobs)))
    if not first:
        return
    jobs, rest = len(first), chain(first, rest)
    waiting: dict[Any, Chunk] = {}
    pool = _Pool(scorer, job, jobs)
    try:
        while True:
            _fill(waiting, rest, pool, jobs)
            if not waiting:
                pool.stop()
                return
            try:
                for future in pool.done(waiting):
                    result = future.result()
                    yield waiting.pop(future).number, result
            except BrokenExecutor:
                pool.restart()
                broken, waiting = waiting, {}
                for future, chunk in broken.items():
                    result = _result(future)
                    if result is None:
                        result = job.keep(chunk.number, _rescue(chunk, pool))
                    yield chunk.number, result
    except BaseException:  # Nobody waits for the rest.
        pool.kill()
        raise


def _fill(waiting: dict[Any, Chunk], rest: Iterator[Chunk], pool: "_Pool", jobs: int) -> None:
    """Give out chunks, but none too far ahead of the oldest one that is not done."""
    while len(waiting) < _WAITING * jobs:
        numbers = [chunk.number for chunk in waiting.values()]
        if numbers and max(numbers) - min(numbers) >= _AHEAD * jobs:
            return
        chunk = next(rest, None)
        if chunk is None:
            return
        waiting[pool.submit(chunk, _keep_in_worker)] = chunk


def _result(future: Any) -> Result | None:
    """What came of a chunk before the processes were ended, if anything did."""
    if future.cancelled() or not future.done() or future.exception():
        return None
    result: Result = future.result()
    return result


def _rescue(chunk: Chunk, pool: "_Pool") -> Part:
    """Score a chunk on which a process may have died, article by article if need be."""
    try:
        part: Part = pool.submit(chunk, _score_in_worker).result()
        return part
    except BrokenExecutor as error:
        pool.restart()
        if len(chunk.entries) == 1:
            part, (entry,) = Part(), chunk.entries
            reason = say(
                "the worker process died on this article ({error})", error=type(error).__name__
            )
            part.fail(Failure(entry.id, entry.place, "worker", reason))
            return part
    half = len(chunk.entries) // 2
    part = _rescue(chunk._replace(entries=chunk.entries[:half]), pool)
    part.add(_rescue(chunk._replace(entries=chunk.entries[half:]), pool))
    return part


class _Pool:
    """Processes that have the model loaded, and new ones when one of them has died."""

    def __init__(self, scorer: Scorer, job: Job, jobs: int) -> None:
        self._scorer, self._job, self._jobs = scorer, job, jobs
        self._start()

    def submit(self, chunk: Chunk, work: Callable[[Chunk], Result]) -> Any:
        """Let a process do its ``work`` on ``chunk`` when one is free."""
        try:
            return self._executor.submit(work, chunk)
        except BrokenExecutor:  # One died while none was looked at.
            self.restart()
            return self._executor.submit(work, chunk)

    def done(self, waiting: Iterable[Any]) -> list[Any]:
        """Wait until some of what was submitted is done."""
        from concurrent.futures import FIRST_COMPLETED, wait

        return list(wait(waiting, return_when=FIRST_COMPLETED).done)

    def restart(self) -> None:
        """Start again after a process has died."""
        self.kill()
        self._start()

    def stop(self) -> None:
        """Let the processes, which have nothing to do, end while the parent goes on: 15 ms."""
        self._executor.shutdown(wait=False)

    def kill(self) -> None:
        """End all processes at once, whatever they do."""
        self._executor.shutdown(wait=True, kill_workers=True)

    def _start(self) -> None:
        # 100 ms that one process need not wait for.
        from joblib.externals.loky import ProcessPoolExecutor

        # A copy of this process has all modules and the model: with two of them 3,000 articles
        # took 1.7 s, with processes that begin from nothing 2.0 s, and 2.7 s with one. Copies
        # of threads, which may hold locks, are not safe.
        fork = sys.platform == "linux" and threading.active_count() == 1
        self._executor = ProcessPoolExecutor(
            self._jobs,
            timeout=_IDLE_SECONDS,
            context=multiprocessing.get_context("fork") if fork else None,
            initializer=_start_worker,
            initargs=(os.getpid(), self._job, self._scorer if fork else None),
        )
        with _interrupts_ignored(), _frozen():
            self._executor.submit(os.getpid)  # The first task starts the processes.


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


class _Worker(NamedTuple):
    """What a worker process needs for every chunk; ``parent`` is the process that started it."""

    parent: int
    job: Job
    scorer: Scorer
    output: Output

    def leave_if_alone(self) -> None:
        """End when the parent was killed: nobody would read what this process writes."""
        if os.getppid() != self.parent:
            os._exit(1)

    def watch(self) -> None:
        """Go on looking: a process that waits to write would wait for ever."""
        while True:
            time.sleep(_WATCH_SECONDS)
            self.leave_if_alone()


_workers: list[_Worker] = []  # In a worker there is one.


def _start_worker(parent: int, job: Job, scorer: Scorer | None) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Windows hands down no such setting.
    speak(job.messages)
    scorer = scorer or job.load()
    worker = _Worker(parent, job, scorer, job.output(scorer.themes))
    threading.Thread(target=worker.watch, daemon=True).start()
    _workers.append(worker)


def _score_in_worker(chunk: Chunk) -> Part:
    [worker] = _workers
    worker.leave_if_alone()
    part = score_chunk(chunk, worker.scorer, worker.output, worker.job.options)
    worker.leave_if_alone()
    return part


def _keep_in_worker(chunk: Chunk) -> Result:
    part = _score_in_worker(chunk)
    return _workers[0].job.keep(chunk.number, part)
