"""Many items in, their results out in order: lots, processes, failures, progress."""

import os
import sys
import time
import warnings
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence, Sized
from functools import partial
from math import inf
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, TypeAlias, TypeVar

from policynlp.article import Article, Failure
from policynlp.errors import InputError, PolicyNLPError, PolicyNLPWarning, UsageError
from policynlp.messages import say
from policynlp.results import Analysis

if TYPE_CHECKING:
    from policynlp.workers import Chunk, Note

Item: TypeAlias = str | Article
OnError: TypeAlias = Literal["raise", "return"]
Progress: TypeAlias = Callable[[int], object] | bool | None
Analyze: TypeAlias = Callable[[Sequence[Any]], list[Analysis]]
Context = TypeVar("Context")
R = TypeVar("R", covariant=True)

# What numpy costs a call is shared by the articles of a lot, and so is a journey to a worker.
_LOT_ARTICLES, _LOT_CHARACTERS = 32, 64_000
_LOT_SECONDS: Final = 0.01  # a source that takes longer is not waited for
# What processes cost to begin, as copies of this one and from nothing.
_COPIES_SECONDS, _OTHERS_SECONDS = 0.1, 1.5
_LEAST_SHARE: Final = 0.1  # of the time that passes, which analysis must take
# From how many seconds, and from how much longer than alone, processes were a mistake to tell of.
_LEAST_WARNED, _SLOWER = 1.0, 1.2


class Results(Iterator[R]):
    """Results in the order of the items, made as they are asked for.

    Whoever leaves before the end can say so, by :meth:`close` or by using them as a context:
    ``with analyzer.pipe(texts, jobs=2) as results``. What is forgotten is closed, too.
    """

    def __init__(self, results: Generator[R, None, None]) -> None:
        """Take the results of a generator, of which nothing is done yet."""
        self._results = results

    def __next__(self) -> R:
        """The next result."""
        return next(self._results)

    def close(self) -> None:
        """End the processes that are at work."""
        self._results.close()

    def __enter__(self) -> "Results[R]":
        """Use them."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close them."""
        self.close()


class _Lot(NamedTuple):
    """Some items, and the place of the first of them among all."""

    first: int
    items: Sequence[Any]


def piped(
    items: Iterable[Any],
    analyze: Analyze,
    jobs: int,
    on_error: OnError,
    as_tuples: bool,
    progress: Progress,
) -> Results[Any]:
    """The results of ``items`` by ``analyze``, which can be pickled; see ``Analyzer.pipe``.

    Raises ``UsageError`` where this is not asked for as it must be.
    """
    wrong = isinstance(items, str | bytes | Article | Mapping) or hasattr(items, "columns")
    if wrong or not isinstance(items, Iterable):
        raise UsageError(
            "several articles are needed, in a list or the like, not {type}: analyze takes one",
            type=type(items).__name__,
        )
    if isinstance(jobs, bool) or not isinstance(jobs, int) or jobs < 1:
        raise UsageError("jobs={value!r} must be a whole number from 1 on", value=jobs)
    if on_error not in ("raise", "return"):
        raise UsageError("on_error={value!r} must be 'raise' or 'return'", value=on_error)
    if not isinstance(as_tuples, bool):
        raise UsageError("as_tuples={value!r} must be True or False", value=as_tuples)
    if not (progress is None or isinstance(progress, bool) or callable(progress)):
        raise UsageError("progress={value!r} must be True or be called", value=progress)
    return Results(_results(items, analyze, jobs, on_error, as_tuples, progress))


def _results(
    items: Iterable[Any],
    analyze: Analyze,
    jobs: int,
    on_error: OnError,
    as_tuples: bool,
    progress: Progress,
) -> Generator[Any, None, None]:
    waiting: deque[tuple[Any, object]] = deque()  # what was taken and has no result yet
    lots = _lots(_contents(items, waiting, as_tuples))
    total = len(items) if isinstance(items, Sized) else None
    done = 0
    with _Told(progress) as told:
        for results in _worked_on(lots, total, analyze, jobs, on_error):
            for result in results:
                item, context = waiting.popleft()
                if isinstance(result, Failure) and on_error == "raise":
                    result = _again(analyze, item, done)
                done += 1
                told(done)
                yield (result, context) if as_tuples else result


def _contents(
    items: Iterable[Any], waiting: "deque[tuple[Any, object]]", as_tuples: bool
) -> Iterator[Any]:
    """The articles, noted as waiting for their results."""
    for position, item in enumerate(items):
        if not as_tuples:
            waiting.append((item, None))
            yield item
        elif isinstance(item, tuple | list) and len(item) == 2:
            waiting.append((item[0], item[1]))
            yield item[0]
        else:
            raise InputError(
                "{place}: as_tuples=True takes pairs of an article and what belongs to it",
                place=_place(position),
            )


def _lots(items: Iterable[Any]) -> Iterator[_Lot]:
    """Group ``items``; a lot with a long article is a short one, as is one from a slow source."""
    lot: list[Any] = []
    first = size = 0
    begun = time.monotonic()
    try:
        for item in items:
            lot.append(item)
            text = item.text if isinstance(item, Article) else item
            size += len(text) if isinstance(text, str) else 0  # anything else fails later, alone
            full = len(lot) == _LOT_ARTICLES or size >= _LOT_CHARACTERS
            if full or time.monotonic() - begun > _LOT_SECONDS:
                yield _Lot(first, lot)
                first, lot, size = first + len(lot), [], 0
                begun = time.monotonic()
    except Exception:
        if lot:
            yield _Lot(first, lot)
        raise
    if lot:
        yield _Lot(first, lot)


def _worked_on(
    lots: Iterator[_Lot], total: int | None, analyze: Analyze, jobs: int, on_error: OnError
) -> Iterator[list[Analysis | Failure]]:
    """The results of each lot: of the first here, and of others elsewhere if that is worth it."""
    begun, spent, done = time.perf_counter(), 0.0, 0
    for lot in lots:
        began = time.perf_counter()
        results = _attempt(analyze, lot)
        ended = time.perf_counter()
        spent, done = spent + ended - began, done + len(lot.items)
        yield results
        rest = done if total is None else total - done
        if jobs > 1 and _pay(jobs, spent, rest * spent / done, ended - begun):
            break
    else:
        return
    from policynlp import workers  # 20 ms that one need not wait for

    chunks = (workers.Chunk(number, [*_singles(lot)]) for number, lot in enumerate(lots))
    blame = _blame if on_error == "return" else _refuse
    team = workers.Workers(partial(_begin, analyze), jobs, inf, ahead=False, blame=blame)
    alone = (ended - begun) / done
    began, waited, done = time.perf_counter(), 0.0, 0
    for results in team.in_order(chunks):
        waited += time.perf_counter() - began
        done += len(results)
        yield results
        began = time.perf_counter()
    _warn_if_slower(jobs, done, waited, done * alone)


def _warn_if_slower(jobs: int, done: int, seconds: float, alone: float) -> None:
    """Say it where processes took longer than this one would have taken ``alone``."""
    if seconds > _LEAST_WARNED and seconds > _SLOWER * alone:
        told = say(
            "jobs={jobs}: {done:,} articles took {seconds:.1f} s, which one process would have "
            "done in {alone:.1f} s; are the processors busy?",
            jobs=jobs,
            done=done,
            seconds=seconds,
            alone=alone,
        )
        warnings.warn(told, PolicyNLPWarning, stacklevel=2)


def _pay(jobs: int, spent: float, rest: float, passed: float) -> bool:
    """Whether so many processes are worth it where ``rest`` seconds of work seem to be left.

    So much is known of it: ``spent`` seconds of work within all that ``passed``. A source of
    which most of the time is waited for is not made faster by them.
    """
    from policynlp.workers import may_copy, may_start

    saved = rest * (1.0 - 1.0 / min(jobs, _processors()))
    cost = _COPIES_SECONDS if may_copy() else _OTHERS_SECONDS
    return saved > cost and spent > _LEAST_SHARE * passed and may_start()


def _processors() -> int:
    """How many processors this process may use."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _begin(analyze: Analyze) -> "Callable[[Chunk[Any], Note], list[Analysis | Failure]]":
    """What a process does with the items of a lot, each of which is one of its own."""

    def attempt(chunk: "Chunk[Any]", note: "Note") -> list[Analysis | Failure]:
        if not chunk.apart:
            items = [item for single in chunk.entries for item in single.items]
            return _attempt(analyze, _Lot(chunk.entries[0].first, items))
        found: list[Analysis | Failure] = []
        for at, single in enumerate(chunk.entries):
            note(at, "")
            found += [single] if isinstance(single, Failure) else _attempt(analyze, single)
        return found

    return attempt


def _attempt(analyze: Analyze, lot: _Lot) -> list[Analysis | Failure]:
    """Analyze a lot; where that fails, its items one by one."""
    try:
        return [*analyze(lot.items)]
    except Exception as error:
        if len(lot.items) > 1:
            return [_attempt(analyze, each)[0] for each in _singles(lot)]
        ours = isinstance(error, PolicyNLPError)
        reason = str(error) if ours else f"{type(error).__name__}: {error}"
        return [_failure(lot, reason)]


def _singles(lot: _Lot) -> Iterator[_Lot]:
    for position, item in enumerate(lot.items, lot.first):
        yield _Lot(position, [item])


def _blame(lot: Any, id: str, stage: str, reason: str) -> Any:
    """What stands for an item of which a process has died."""
    return _failure(lot, say("the worker process died on this article"))


def _refuse(lot: Any, id: str, stage: str, reason: str) -> Any:
    """Let an item of which a process has died end everything."""
    raise InputError(
        "a worker process died: perhaps of an article, perhaps the memory is full; "
        "with on_error='return' the rest goes on"
    )


def _again(analyze: Analyze, item: Any, position: int) -> Analysis:
    """Analyze an item that failed, so that what went wrong is raised with all that is known."""
    try:
        return analyze([item])[0]
    except PolicyNLPError as error:
        id = _id(item)
        place = f"{_place(position)} ({id})" if id else _place(position)
        raise InputError("{place}: {error}", place=place, error=error) from error
    except Exception as error:
        error.add_note(_place(position))
        raise


def _failure(lot: _Lot, reason: str) -> Failure:
    """What became of the one item of a lot."""
    return Failure(_id(lot.items[0]), _place(lot.first), "analyze", reason)


def _id(item: object) -> str:
    return item.id if isinstance(item, Article) and isinstance(item.id, str) else ""


def _place(position: int) -> str:
    return f"items[{position}]"


class _Told:
    """Tells how many results there are: a function, standard error or nobody."""

    _TERMINAL_SECONDS: Final = 0.2
    _LOG_SECONDS: Final = 10.0

    def __init__(self, progress: Progress) -> None:
        """Say nothing yet, and in a log nothing of what is soon done."""
        self._call = progress if callable(progress) else None
        self._shown = progress is True
        self._terminal = self._shown and sys.stderr.isatty()
        self._begun = self._last = time.monotonic()
        self._done = 0

    def __enter__(self) -> "_Told":
        return self

    def __call__(self, done: int) -> None:
        """Tell it, if it is time to."""
        self._done = done
        if self._call:
            self._call(done)
        if not self._shown:
            return
        now = time.monotonic()
        if now - self._last >= (self._TERMINAL_SECONDS if self._terminal else self._LOG_SECONDS):
            self._last = now
            self._say("" if self._terminal else "\n")

    def __exit__(self, *_: object) -> None:
        """Say at the end what was done."""
        if self._shown:
            self._say("\n")

    def _say(self, end: str) -> None:
        done = say("{n:,} article" if self._done == 1 else "{n:,} articles", n=self._done)
        rate = say("{n:,.0f} a second", n=self._done / max(time.monotonic() - self._begun, 0.001))
        start = "\r" if self._terminal else ""
        print(f"{start}{done}{say(', ')}{rate}", end=end, file=sys.stderr, flush=True)
