"""The command line: ``policynlp score | analyze | clean | train | evaluate``.

Nothing heavy is imported before it is needed, so that a single page is done in a moment.
"""

import argparse
import io
import os
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn, TypeAlias

from policynlp import __version__
from policynlp.errors import InputError, PolicyNLPError

if TYPE_CHECKING:
    from policynlp.article import AbstractLimits, Article
    from policynlp.batch import Summary
    from policynlp.terminal import Look

    # argparse has no public name for what add_subparsers returns.
    _Commands: TypeAlias = "argparse._SubParsersAction[_Parser]"

DONE, FAILED, BAD_USAGE, SOME_FAILED = range(4)

_WIDEST: Final = 100
_DEBUG_VARIABLE: Final = "POLICYNLP_DEBUG"
_EXAMPLES: Final = """\
examples:
  policynlp analyze page.txt                 one article, printed with its themes
  policynlp clean page.txt --show-removed    what is kept of a page, and why not the rest
  policynlp score news/ -o news.csv          a folder of articles into a table for Excel
  policynlp score a.jsonl b.csv -o out.jsonl --length 150 --jobs 2
  cat page.txt | policynlp score - -o -      from standard input to standard output

exit codes: 0 all done; 1 the run could not be done; 2 bad usage;
3 done, but some articles failed: OUT.failures.csv says which and why
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    _write_utf8()
    try:
        args = _parser().parse_args(argv)
    except SystemExit as stop:  # Help, version and bad usage, which argparse has printed.
        return stop.code if isinstance(stop.code, int) else DONE
    try:
        code: int = args.run(args)
        sys.stdout.flush()
    except BrokenPipeError:
        _discard_output()
        return FAILED
    except (Exception, KeyboardInterrupt) as error:
        return _fail(error)
    return code


# Arguments


class _Parser(argparse.ArgumentParser):
    """A parser that takes no option for another one, and whose errors are one line."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options, allow_abbrev=False)

    def error(self, message: str) -> NoReturn:
        self.exit(BAD_USAGE, f"policynlp: error: {message} (see {self.prog} --help)\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="policynlp",
        description="Themes, sections and abstracts of Chinese government and party news.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"policynlp {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for add in (_add_score, _add_analyze, _add_clean, _add_train, _add_evaluate):
        add(commands)
    return parser


def _add_score(commands: "_Commands") -> None:
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
    _add_limits(parser)
    parser.add_argument(
        "--jobs", type=_positive, default=1, metavar="N", help="processes (default: 1)"
    )
    parser.add_argument("--quiet", action="store_true", help="print nothing but errors")
    parser.add_argument("--with-text", action="store_true", help="add each article's whole text")
    parser.set_defaults(run=_score)


def _add_analyze(commands: "_Commands") -> None:
    parser = commands.add_parser(
        "analyze",
        help="print one article with its themes and abstracts",
        epilog="example: policynlp analyze page.txt --length 120",
    )
    parser.add_argument("file", metavar="FILE", help="one article, or - for standard input")
    _add_limits(parser)
    parser.add_argument("--with-text", action="store_true", help="with --json: add the whole text")
    _add_looks(parser)
    parser.set_defaults(run=_analyze)


def _add_clean(commands: "_Commands") -> None:
    parser = commands.add_parser(
        "clean",
        help="print what a scraped page says without what stands around it",
        epilog="example: policynlp clean page.txt --show-removed",
    )
    parser.add_argument("file", metavar="PAGE", help="one page as text, or - for standard input")
    parser.add_argument(
        "--show-removed", action="store_true", help="show the removed lines and why they were"
    )
    _add_looks(parser)
    parser.set_defaults(run=_clean)


def _add_train(commands: "_Commands") -> None:
    parser = commands.add_parser(
        "train",
        help="train a model from labelled text",
        epilog="example: policynlp train corpus/ mine.jsonl -o my-model",
    )
    parser.add_argument("corpus", nargs="+", metavar="CORPUS", help="corpus folder, .jsonl or .csv")
    parser.add_argument("-o", "--output", required=True, metavar="MODEL", help="model folder")
    parser.set_defaults(run=_train)


def _add_evaluate(commands: "_Commands") -> None:
    parser = commands.add_parser(
        "evaluate",
        help="measure a model on labelled text",
        epilog="example: policynlp evaluate my-model held-out.jsonl",
    )
    parser.add_argument("model", metavar="MODEL", help="model folder")
    parser.add_argument("data", nargs="+", metavar="DATA", help="corpus folder, .jsonl or .csv")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.set_defaults(run=_evaluate)


def _add_limits(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", metavar="PATH", help="model folder (default: the bundled one)")
    parser.add_argument(
        "--length",
        type=_positive,
        default=200,
        metavar="N",
        help="most characters of an article's abstract (default: 200)",
    )
    parser.add_argument(
        "--section-length",
        type=_positive,
        default=100,
        metavar="N",
        help="most characters of a section's abstract (default: 100)",
    )
    parser.add_argument(
        "--sentences", type=_positive, metavar="N", help="most sentences of any abstract"
    )


def _add_looks(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print a record instead")
    parser.add_argument("--color", choices=("auto", "always", "never"), default="auto")


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number from 1 on, not {text!r}")
    return int(text)


def _output(text: str) -> str:
    from policynlp.batch.outputs import output_kind

    try:
        output_kind(text, ())
    except InputError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return text


# Commands


def _score(args: argparse.Namespace) -> int:
    import policynlp
    from policynlp.batch import score

    progress = _Progress(shown=not args.quiet and sys.stderr.isatty())
    try:
        summary = score(
            policynlp.load(args.model),
            args.inputs,
            args.output,
            limits=_limits(args),
            jobs=args.jobs,
            with_text=args.with_text,
            progress=progress.show,
        )
    finally:
        progress.clear()
    if not args.quiet:
        print(*_summary_lines(summary, args.output), sep="\n", file=sys.stderr)
    return SOME_FAILED if summary.failures else DONE


def _analyze(args: argparse.Namespace) -> int:
    import policynlp

    article = _read_article(args.file)
    analysis = policynlp.load(args.model).analyze(article, limits=_limits(args))
    if args.json:
        from policynlp.records import to_record

        _print_json(to_record(analysis, with_text=args.with_text))
    else:
        from policynlp.terminal import analysis_lines

        _print_lines(analysis_lines(analysis, _look(args.color)))
    return DONE


def _clean(args: argparse.Namespace) -> int:
    from policynlp.terminal import page_lines

    article = _read_article(args.file)
    if args.json:
        _print_json(_page_record(article))
    else:
        _print_lines(page_lines(article, _look(args.color), show_removed=args.show_removed))
    return DONE


def _train(args: argparse.Namespace) -> int:
    from policynlp.training.commands import run_train

    run_train([Path(path) for path in args.corpus], Path(args.output))
    return DONE


def _evaluate(args: argparse.Namespace) -> int:
    from policynlp.training.commands import run_evaluate

    run_evaluate(Path(args.model), [Path(path) for path in args.data], args.json)
    return DONE


def _limits(args: argparse.Namespace) -> "AbstractLimits":
    from policynlp.article import AbstractLimits

    return AbstractLimits(args.length, args.sentences, args.section_length)


def _read_article(path: str) -> "Article":
    """The one article in ``path``."""
    from itertools import islice

    from policynlp.article import Failure
    from policynlp.reading.formats import find_inputs, make_article, read_inputs

    found = list(islice(read_inputs(find_inputs([path])), 2))
    if len(found) != 1:
        raise InputError(
            f"{path}: holds more than one article; score them with: policynlp score {path} -o OUT"
            if found
            else f"{path}: no article found"
        )
    if isinstance(found[0], Failure):
        raise InputError(f"{found[0].place}: {found[0].reason}")
    return make_article(found[0].record)


def _page_record(article: "Article") -> dict[str, object]:
    """What ``clean --json`` prints."""
    from policynlp.records import METADATA
    from policynlp.terminal import body_spans

    text = article.text
    return {
        "id": article.id,
        **{field: getattr(article, field) for field in METADATA},
        "body": [
            {"start": start, "end": end, "text": text[start:end]}
            for start, end in body_spans(article)
        ],
        "removed": [
            {"start": start, "end": end, "text": text[start:end], "reason": reason}
            for start, end, reason in article.removed
        ],
        "warnings": list(article.warnings),
    }


# Printing


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


def _look(color: str) -> "Look":
    """The width of the terminal, and whether to use colours."""
    from shutil import get_terminal_size

    from policynlp.terminal import Look

    terminal = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    colour = color == "always" or (color == "auto" and terminal)
    if colour and os.name == "nt":
        os.system("")  # Makes the console of Windows understand colours.
    return Look(max(20, min(get_terminal_size().columns, _WIDEST)), colour)


def _print_lines(lines: Iterable[str]) -> None:
    for line in lines:
        sys.stdout.write(line + "\n")


def _print_json(record: dict[str, object]) -> None:
    import json

    json.dump(record, sys.stdout, ensure_ascii=False, indent=2)
    sys.stdout.write("\n")


def _write_utf8() -> None:
    """Write utf-8 wherever this runs: Windows has its own code page for pipes and files."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="replace", newline="\n")


def _discard_output() -> None:
    """Let nothing be written when Python ends: the reader has gone."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115


def _fail(error: BaseException) -> int:
    """Say in one line what went wrong."""
    if os.environ.get(_DEBUG_VARIABLE):
        raise error
    print("policynlp: error:", " ".join(_message(error).split()), file=sys.stderr)
    return FAILED


def _message(error: BaseException) -> str:
    if isinstance(error, KeyboardInterrupt):
        return "interrupted"
    if isinstance(error, PolicyNLPError):
        return str(error)
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    if isinstance(error, ModuleNotFoundError) and not str(error.name).startswith("policynlp"):
        return f"{error.name} is not installed: pip install {_package(error.name)}"
    return f"unexpected {type(error).__name__}: {error}; set {_DEBUG_VARIABLE}=1 to see where"


def _package(module: str | None) -> str:
    """What a module is called where it is installed from."""
    return "scikit-learn" if module == "sklearn" else str(module)


if __name__ == "__main__":
    sys.exit(main())
