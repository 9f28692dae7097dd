"""What ``score`` says at the end: what a run did, where it is, and what failed."""

import argparse
from typing import TYPE_CHECKING

from policynlp.cli.cluster import LOCAL
from policynlp.cli.progress import articles, counted, rate
from policynlp.messages import say

if TYPE_CHECKING:
    from policynlp.analysis.drift import Drift
    from policynlp.batch import Counts, Summary


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
    from policynlp.batch.outputs import STDOUT

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
    from policynlp.analysis.drift import FAR, SOMEWHAT

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
        say("failed: {place}: {reason}", place=place, reason=reason)
        for _, place, _, reason in summary.first_failures
    ]
    failures, done = summary.counts.failures, summary.counts.done
    last = say("{failures:,} of {done:,} failed", failures=failures, done=done)
    if path:
        last = say("{failed}, listed in {path}", failed=last, path=path)
    return [*lines, last]
