"""How far a run is, and at its end what it did, where that is and what failed."""

import argparse
import sys
import time
from typing import TYPE_CHECKING, Final

from policynlp.cli.screen import redraw, warn
from policynlp.cli.spark import LOCAL
from policynlp.messages import say

if TYPE_CHECKING:
    from policynlp.batch import Counts, Summary
    from policynlp.themes.drift import Drift


class Progress:
    """Tells standard error how far a run is, if it is ``shown``."""

    _TERMINAL_SECONDS: Final = 0.2
    _LOG_SECONDS: Final = 10.0

    def __init__(self, *, shown: bool) -> None:
        """Say nothing yet, and in a log nothing of a run that is soon done."""
        self._shown = shown
        self._terminal = sys.stderr.isatty()
        self._next = 0.0 if self._terminal else time.monotonic() + self._LOG_SECONDS
        self._length = 0

    def show(self, summary: "Summary") -> None:
        """Say how many articles are done, if it is time to."""
        if not self._shown or time.monotonic() < self._next:
            return
        line = progress_line(summary)
        if self._terminal:
            self._next = time.monotonic() + self._TERMINAL_SECONDS
            redraw(line.ljust(self._length))
            self._length = len(line)
        else:
            self._next = time.monotonic() + self._LOG_SECONDS
            warn(line)
            sys.stderr.flush()

    def clear(self) -> None:
        """Take the line away from a terminal."""
        if self._length:
            redraw(" " * self._length)
            redraw("")


def progress_line(summary: "Summary") -> str:
    """How many articles are done, of how many, how fast, and how long the rest will take."""
    done = summary.counts.done
    said = [articles(done)]
    if summary.total:
        share = done / summary.total
        total = articles(summary.total)
        said = [say("{done:,} of {total} ({share:.0%})", done=done, total=total, share=share)]
    said.append(rate(summary))
    if summary.counts.failures:
        said.append(say("{failures:,} failed", failures=summary.counts.failures))
    new = done - summary.resumed
    if summary.total and new:
        rest = _clock((summary.total - done) * summary.seconds / new)
        said.append(say("{rest} left", rest=rest))
    return say(", ").join(said)


def articles(number: int) -> str:
    """A number of articles."""
    return counted(number, "{n:,} article", "{n:,} articles")


def counted(number: int, one: str, many: str) -> str:
    """A number with its noun, of which English has two forms."""
    return say(one if number == 1 else many, n=number)


def rate(summary: "Summary") -> str:
    """How fast this run has been, without what it took over."""
    new = summary.counts.done - summary.resumed
    return say("{n:,.0f} a second", n=new / max(summary.seconds, 0.001))


def _clock(seconds: float) -> str:
    minutes, seconds = divmod(max(0, round(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"


def summary_lines(summary: "Summary", args: argparse.Namespace) -> list[str]:
    """What a run did, and where it is."""
    counts = summary.counts
    if args.dry_run:
        said = say("{articles} could be scored; nothing was", articles=articles(counts.articles))
        return [said, *_failure_lines(summary, "")]
    if summary.finished:
        return [
            say(
                "{output}: is finished and left alone ({articles}, {failures:,} failed); "
                "--overwrite scores it again",
                output=args.output,
                articles=articles(counts.articles),
                failures=counts.failures,
            )
        ]
    return [*_run_lines(summary), *_drift_lines(summary.drift), *_place_lines(summary, args)]


def merge_lines(shards: int, out: str, counts: "Counts", drift: "Drift | None") -> list[str]:
    """What shards were joined, and where to."""
    said = say(
        "{articles} of {shards} written to {out}",
        articles=articles(counts.done),
        shards=counted(shards, "{n:,} shard", "{n:,} shards"),
        out=out,
    )
    return [said, *_drift_lines(drift)]


def _run_lines(summary: "Summary") -> list[str]:
    """How much was scored, how fast, and what was found."""
    counts = summary.counts
    lines = [
        say(
            "{articles} with {sections} in {seconds:.1f} s ({rate})",
            articles=articles(counts.articles),
            sections=counted(counts.sections, "{n:,} section", "{n:,} sections"),
            seconds=summary.seconds,
            rate=rate(summary),
        )
    ]
    if summary.resumed:
        resumed = articles(summary.resumed)
        lines.append(say("{articles} of these taken over from an earlier run", articles=resumed))
    if counts.themes:
        themes = say(", ").join(f"{theme} {number:,}" for theme, number in counts.themes.items())
        lines.append(say("sections by theme: {themes}", themes=themes))
    if counts.warned:
        lines.append(say("with a warning, which the output names: {n:,}", n=counts.warned))
    return lines


def _place_lines(summary: "Summary", args: argparse.Namespace) -> list[str]:
    """Where the output is, and what there is to know of its ids and failures."""
    from policynlp.batch import Paths
    from policynlp.batch.writers import STDOUT

    if args.output == STDOUT:
        return _failure_lines(summary, "")
    if args.engine != LOCAL:
        from policynlp.batch.spark import failures_of

        written = say("written to {output}", output=args.output)
        return [written, *_failure_lines(summary, failures_of(args.output))]
    paths = Paths.of(args.output)
    written = say(
        "written to {out}; about the run: {manifest}", out=paths.out, manifest=paths.manifest
    )
    return [written, *_repeat_lines(summary), *_failure_lines(summary, str(paths.failures))]


def _drift_lines(drift: "Drift | None") -> list[str]:
    """A warning, if the articles are not what the model was trained on."""
    from policynlp.themes.drift import FAR, SOMEWHAT

    loud = drift and drift.verdict in (FAR, SOMEWHAT)
    return [say("warning: {warning}", warning=drift.sentence())] if drift and loud else []


def _repeat_lines(summary: "Summary") -> list[str]:
    number, examples = summary.repeated_ids
    if not number:
        return []
    some = say(", ").join(say("{id} ({times} times)", id=id, times=times) for id, times in examples)
    if number > len(examples):
        some += " …"
    ids = counted(number, "{n:,} id", "{n:,} ids")
    return [say("{ids} more than once: {some}", ids=ids, some=some)]


def _failure_lines(summary: "Summary", path: str) -> list[str]:
    if not summary.counts.failures:
        return []
    lines = [
        say("failed: {place}: {reason}", place=failure.place, reason=failure.reason)
        for failure in summary.first_failures
    ]
    failures, done = summary.counts.failures, summary.counts.done
    last = say("{failures:,} of {done:,} failed", failures=failures, done=done)
    if path:
        last = say("{failed}, listed in {path}", failed=last, path=path)
    return [*lines, last]
