"""The command for many articles: ``score``."""

import argparse
import sys
import time
from typing import TYPE_CHECKING, Final

from policynlp.cli.arguments import (
    DONE,
    SOME_FAILED,
    add_limits,
    check_themes,
    limits,
    load_analyzer,
    positive,
)
from policynlp.errors import InputError

if TYPE_CHECKING:
    from policynlp.batch import Summary
    from policynlp.cli.arguments import Commands


def add_score(commands: "Commands") -> None:
    """Add ``score``."""
    parser = commands.add_parser(
        "score",
        help="score many articles into a file",
        description="Score files, folders, .jsonl and .csv into OUT, every article accounted for.",
        epilog="example: policynlp score news/ archive.jsonl -o out.jsonl --jobs 2",
    )
    parser.add_argument(
        "inputs", nargs="+", metavar="IN", help="file, folder, glob, or - for standard input"
    )
    parser.add_argument(
        "-o",
        "--output",
        required=True,
        type=_output,
        metavar="OUT",
        help=".jsonl, one object an article; .csv, one row a section; - for standard output",
    )
    add_limits(parser)
    parser.add_argument(
        "--jobs", type=positive, default=1, metavar="N", help="processes (default: 1)"
    )
    parser.add_argument("--quiet", action="store_true", help="print nothing but errors")
    parser.add_argument("--with-text", action="store_true", help="add each article's whole text")
    parser.set_defaults(run=_score)


def _output(text: str) -> str:
    from policynlp.batch.outputs import output_kind

    try:
        output_kind(text, ())
    except InputError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return text


def _score(args: argparse.Namespace) -> int:
    from policynlp.batch import score

    analyzer = load_analyzer(args)
    check_themes(args.theme, analyzer.themes)
    if args.theme and args.output.lower().endswith(".csv"):
        raise InputError(f"{args.output}: --theme needs a .jsonl output; a table has no place")
    progress = _Progress(shown=not args.quiet and sys.stderr.isatty())
    try:
        summary = score(
            analyzer,
            args.inputs,
            args.output,
            limits=limits(args),
            jobs=args.jobs,
            with_text=args.with_text,
            progress=progress.show,
        )
    finally:
        progress.clear()
    if not args.quiet:
        print(*_summary_lines(summary, args.output), sep="\n", file=sys.stderr)
    return SOME_FAILED if summary.failures else DONE


class _Progress:
    """A line on a terminal that says how far a run is."""

    _SECONDS: Final = 0.2

    def __init__(self, *, shown: bool) -> None:
        self._shown = shown
        self._next = 0.0
        self._length = 0

    def show(self, summary: "Summary") -> None:
        """Say how many articles are done, at most a few times a second."""
        if not self._shown or time.monotonic() < self._next:
            return
        self._next = time.monotonic() + self._SECONDS
        line = f"{_count(summary.articles, 'article')}, {_rate(summary)}"
        if summary.failures:
            line += f", {summary.failures:,} failed"
        sys.stderr.write("\r" + line.ljust(self._length))
        sys.stderr.flush()
        self._length = len(line)

    def clear(self) -> None:
        """Take the line away."""
        if self._length:
            sys.stderr.write("\r" + " " * self._length + "\r")
            sys.stderr.flush()


def _summary_lines(summary: "Summary", out: str) -> list[str]:
    from policynlp.batch import failures_path

    themes = ", ".join(f"{theme} {count:,}" for theme, count in summary.themes.items())
    lines = [
        f"{_count(summary.articles, 'article')} with {_count(summary.sections, 'section')} "
        f"in {summary.seconds:.1f} s ({_rate(summary)})"
    ]
    if themes:
        lines.append(f"sections by theme: {themes}")
    if out != "-":
        lines.append(f"written to {out}")
    if summary.failures:
        lines += [f"failed: {place}: {reason}" for _, place, _, reason in summary.first_failures]
        where = "" if out == "-" else f", listed in {failures_path(out)}"
        lines.append(
            f"{summary.failures:,} of {summary.articles + summary.failures:,} failed{where}"
        )
    return lines


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _rate(summary: "Summary") -> str:
    done = summary.articles + summary.failures
    return f"{done / max(summary.seconds, 0.001):,.0f} a second"
