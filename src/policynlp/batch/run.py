"""Score many articles: inputs, analyzer, output, and a failure for every one without a result."""

import os
import sys
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final, Literal, NamedTuple, Protocol

from policynlp.article import AbstractLimits, Analysis, Article, Failure
from policynlp.batch.outputs import (
    STDOUT,
    Write,
    failure_log,
    failures_path,
    output_kind,
    whole_file,
)
from policynlp.errors import InputError
from policynlp.reading.formats import InputArticle, find_inputs, make_article, read_inputs

FAILURES_KEPT: Final = 5
_DEFAULT_LIMITS: Final = AbstractLimits()


class Scorer(Protocol):
    """What a batch needs of an analyzer."""

    @property
    def themes(self) -> Sequence[str]:
        """The themes of the model."""

    def pipe(
        self,
        items: Iterable[str | Article],
        *,
        limits: AbstractLimits = ...,
        jobs: int = ...,
        on_error: Literal["raise", "return"] = ...,
    ) -> Iterator[Analysis | Failure]:
        """Analyze ``items`` in order."""


@dataclass(slots=True)
class Summary:
    """What a run did: ``articles`` and ``failures`` add up to what was found in its inputs.

    ``themes`` counts the sections with each theme; the first failures are kept to be shown.
    """

    articles: int = 0
    failures: int = 0
    sections: int = 0
    themes: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    first_failures: list[Failure] = field(default_factory=list)

    def add(self, result: Analysis | Failure) -> None:
        """Count one article."""
        if isinstance(result, Failure):
            self.failures += 1
            if len(self.first_failures) < FAILURES_KEPT:
                self.first_failures.append(result)
        else:
            self.articles += 1
            self.sections += len(result.sections)
            self.themes.update(tag.theme for part in result.sections for tag in part.themes)


class _Outcome(NamedTuple):
    """What became of the article ``id`` that stands at ``place``; ``None`` is not known yet."""

    id: str
    place: str
    result: Analysis | Failure | None = None


def score(
    analyzer: Scorer,
    inputs: Sequence[str],
    out: str,
    *,
    limits: AbstractLimits = _DEFAULT_LIMITS,
    jobs: int = 1,
    with_text: bool = False,
    stdin: IO[bytes] | None = None,
    stdout: Write | None = None,
    progress: Callable[[Summary], object] = lambda summary: None,
) -> Summary:
    """Score the articles in ``inputs`` into ``out``, in order, and list what failed beside it.

    With ``-`` as ``out``, lines of JSON go to ``stdout`` and failures are only counted.
    """
    started = time.perf_counter()
    kind = output_kind(out, analyzer.themes, with_text=with_text)
    summary = Summary(themes=Counter(dict.fromkeys(analyzer.themes, 0)))
    entries = read_inputs(find_inputs(inputs, skip=_written_by(out)), stdin=stdin)
    with ExitStack() as stack:
        write, log = _open_outputs(out, stack, stdout or sys.stdout.write)
        write(kind.opening)
        for outcome in _outcomes(analyzer, entries, limits, jobs):
            result = _write(outcome, kind.render, write)
            if isinstance(result, Failure):
                log(result)
            summary.add(result)
            summary.seconds = time.perf_counter() - started
            progress(summary)
        if not summary.articles + summary.failures:
            raise InputError(f"{', '.join(inputs)}: no article found")
    return summary


def _open_outputs(
    out: str, stack: ExitStack, stdout: Write
) -> tuple[Write, Callable[[Failure], object]]:
    """What writes results, and what writes failures."""
    if out == STDOUT:
        return stdout, lambda failure: None
    path = Path(out)
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists():
        path.open("r+b").close()  # Fails now, not after hours, where Excel has it open.
    log = stack.enter_context(failure_log(failures_path(out)))
    return stack.enter_context(whole_file(path)), log


def _written_by(out: str) -> frozenset[str]:
    """The files of earlier runs, which may stand in a folder of inputs."""
    if out == STDOUT:
        return frozenset()
    return frozenset((os.path.abspath(out), os.path.abspath(failures_path(out))))


def _outcomes(
    analyzer: Scorer,
    entries: Iterable[InputArticle | Failure],
    limits: AbstractLimits,
    jobs: int,
) -> Iterator[_Outcome]:
    """One outcome for each of ``entries``, in their order."""
    # What the analyzer has taken and not given back, with the failures in between. It may take
    # from another thread, which a deque allows.
    waiting: deque[_Outcome] = deque()
    articles = _articles(entries, waiting)
    for result in analyzer.pipe(articles, limits=limits, jobs=jobs, on_error="return"):
        while waiting[0].result is not None:
            yield waiting.popleft()
        yield waiting.popleft()._replace(result=result)
    yield from waiting


def _articles(
    entries: Iterable[InputArticle | Failure], waiting: deque[_Outcome]
) -> Iterator[Article]:
    """Read the articles, and note each of them and each failure as waiting."""
    for entry in entries:
        read = entry if isinstance(entry, Failure) else _read(entry)
        if isinstance(read, Failure):
            waiting.append(_Outcome(entry.id, entry.place, read))
        else:
            waiting.append(_Outcome(entry.id, entry.place))
            yield read


def _read(entry: InputArticle) -> Article | Failure:
    try:
        return make_article(entry.record)
    except Exception as error:  # One article's crash must not be the run's.
        return Failure(entry.id, entry.place, "read", _crash(error))


def _write(
    outcome: _Outcome, render: Callable[[Analysis], str], write: Write
) -> Analysis | Failure:
    """Write the article if it has an analysis; what it has instead is a failure."""
    id, place, result = outcome
    if result is None:
        return Failure(id, place, "analyze", "the analyzer gave no result")
    if isinstance(result, Failure):
        return result._replace(id=id, place=place)
    try:
        rendered = render(result)
    except Exception as error:  # As above; what cannot be written to the disk ends the run.
        return Failure(id, place, "write", _crash(error))
    write(rendered)
    return result


def _crash(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".replace("\n", " ")
