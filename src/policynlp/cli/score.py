"""The command for many articles: ``score``."""

import argparse
import sys
from functools import partial
from typing import TYPE_CHECKING, Final

from policynlp.cli.arguments import (
    DONE,
    SOME_FAILED,
    add_limits,
    add_max_seconds,
    add_simplify,
    check_themes,
    limits,
    load_analyzer,
    positive,
)
from policynlp.cli.progress import Progress, merge_lines, summary_lines
from policynlp.cli.screen import give_bytes, warn
from policynlp.cli.spark import ENGINES, LOCAL, check_engine, score_on_spark
from policynlp.errors import InputError, UsageError
from policynlp.messages import ENGLISH, say

if TYPE_CHECKING:
    from policynlp.batch import Options, Shard, Summary
    from policynlp.cli.arguments import Commands

_STDOUT: Final = "-"
_FORMATS: Final = ("jsonl", "csv", "xlsx", "parquet", "jsonl.gz")
_BINARY: Final = ("xlsx", "parquet", "jsonl.gz")
# What --merge has a use for; the rest is of scoring.
_OF_MERGE: Final = frozenset(("inputs", "merge", "overwrite", "quiet", "lang", "run"))
_MAX_CHARS: Final = 1_000_000
_FIELDS: Final = ("id", "text", "title", "published", "source", "author", "url")


def add_score(commands: "Commands") -> None:
    """Add ``score``."""
    parser = commands.add_parser(
        "score",
        help=say("score many articles into a file"),
        description=say(
            "Score files and folders into OUT, every article accounted for. Text, HTML "
            "and Word files hold one article each; .jsonl, .csv, .xlsx and .parquet hold "
            "many. A run that was stopped goes on with the same command."
        ),
        epilog=say(
            "example: {command}",
            command="policynlp score news/ archive.jsonl -o out.jsonl --jobs 2",
        ),
    )
    parser.add_argument(
        "inputs", nargs="+", metavar="IN", help=say("file, folder, glob, or - for standard input")
    )
    target = parser.add_mutually_exclusive_group(required=True)
    target.add_argument(
        "-o",
        "--output",
        type=_output,
        metavar="OUT",
        help=say(
            ".jsonl, .jsonl.gz or .parquet, one record an article; .csv or .xlsx, one "
            "row a section; - for lines of JSON on standard output"
        ),
    )
    target.add_argument(
        "--merge",
        type=_output,
        metavar="OUT",
        help=say("join IN, the outputs of all shards, to OUT"),
    )
    add_limits(parser)
    _add_reading(parser)
    _add_writing(parser)
    _add_running(parser)
    parser.set_defaults(run=partial(_score, parser))


def _add_reading(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group(say("reading"))
    for field in _FIELDS:
        group.add_argument(
            f"--{field}-column",
            metavar="NAME",
            help=say("the column with the {field} of an article", field=field),
        )
    group.add_argument(
        "--keep-columns", action="store_true", help=say("keep the other columns of the inputs")
    )
    add_simplify(group)
    group.add_argument(
        "--max-chars",
        type=positive,
        default=_MAX_CHARS,
        metavar="N",
        help=say("longer articles fail (default: {max_chars:,})", max_chars=_MAX_CHARS),
    )
    group.add_argument("--limit", type=positive, metavar="N", help=say("only the first N articles"))
    group.add_argument(
        "--sample",
        type=positive,
        metavar="N",
        help=say("N articles from all over, always the same"),
    )
    group.add_argument(
        "--shard", type=_shard, metavar="I/N", help=say("only the I-th of N shares; see --merge")
    )


def _add_writing(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group(say("writing"))
    group.add_argument(
        "--with-text", action="store_true", help=say("add each article's whole text")
    )
    group.add_argument(
        "--overwrite", action="store_true", help=say("replace what another or a finished run wrote")
    )
    group.add_argument(
        "--format", choices=_FORMATS, help=say("with -o -: what to write (default: jsonl)")
    )


def _add_running(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group(say("running"))
    group.add_argument(
        "--jobs", type=positive, default=1, metavar="N", help=say("processes (default: 1)")
    )
    add_max_seconds(group)
    group.add_argument(
        "--engine",
        choices=ENGINES,
        default=LOCAL,
        help=say(
            "who does the work (default: local); spark reads and writes .parquet (docs/scale.md)"
        ),
    )
    group.add_argument(
        "--master", metavar="URL", help=say("Spark's cluster, as yarn or spark://HOST:7077")
    )
    group.add_argument("--quiet", action="store_true", help=say("print nothing but errors"))
    group.add_argument(
        "--dry-run", action="store_true", help=say("read everything, score and write nothing")
    )


def _output(text: str) -> str:
    from policynlp.batch import check_output

    try:
        check_output(text)
    except InputError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return text


def _shard(text: str) -> "Shard":
    from policynlp.batch import Shard

    number, _, of = text.partition("/")
    if not (number.isdecimal() and of.isdecimal() and 1 <= int(number) <= int(of)):
        raise argparse.ArgumentTypeError(
            say("must be I/N with I from 1 to N, not {text!r}", text=text)
        )
    return Shard(int(number), int(of))


def _options(args: argparse.Namespace) -> "Options":
    from policynlp.batch import Options
    from policynlp.files.items import Reading

    columns = ((field, getattr(args, f"{field}_column")) for field in _FIELDS)
    reading = Reading(
        tuple((field, name) for field, name in columns if name is not None),
        args.keep_columns,
        args.simplify,
        args.max_chars,
    )
    return Options(
        limits(args),
        reading,
        args.with_text,
        args.lang or ENGLISH,  # Scripts rely on columns, so the system's language is not asked.
        args.limit,
        args.sample,
        args.shard,
    )


def _check_options(parser: argparse.ArgumentParser, args: argparse.Namespace) -> None:
    """Stop where options contradict each other, before anything is read."""
    from policynlp.batch import check_output

    check_engine(args)
    if args.merge:
        given = {name for name, value in vars(args).items() if value != parser.get_default(name)}
        names = sorted(f"--{name.replace('_', '-')}" for name in given - _OF_MERGE)
        if names:
            options = say(", ").join(names)
            raise UsageError(
                "--merge joins what is scored already: drop {options}", options=options
            )
        return
    to_stdout = args.output == _STDOUT
    check_output(args.output, args.shard)
    if to_stdout and args.overwrite:
        raise UsageError("--overwrite replaces a file, and -o - writes none")
    _check_format(args)


def _check_format(args: argparse.Namespace) -> None:
    """Stop where standard output cannot have the format."""
    if args.format and args.output != _STDOUT:
        raise UsageError("--format is for -o -; a file has the format that its name ends in")
    if args.format in _BINARY and sys.stdout.isatty():
        raise UsageError(
            "--format {format} is no text to show on a terminal: send it to a file or a program",
            format=args.format,
        )


def _score(parser: argparse.ArgumentParser, args: argparse.Namespace) -> int:
    _check_options(parser, args)
    if args.merge:
        return _merge(args)
    if args.theme:
        check_themes(args.theme, load_analyzer(args).themes)
    progress = Progress(shown=not args.quiet)
    try:
        summary = _run(args, progress)
    except KeyboardInterrupt:
        progress.clear()
        if not args.quiet:
            _say_how_to_go_on(args)
        raise
    finally:
        progress.clear()
    if not args.quiet:
        warn(*summary_lines(summary, args))
    return SOME_FAILED if summary.counts.failures else DONE


def _say_how_to_go_on(args: argparse.Namespace) -> None:
    from policynlp.batch import Paths

    parts = Paths.of(args.output).parts
    if parts.exists():
        said = say(
            "{parts}: what was done is kept; the same command goes on from there", parts=parts
        )
        warn(said)


def _run(args: argparse.Namespace, progress: Progress) -> "Summary":
    from policynlp.batch import look, score

    if args.engine != LOCAL:
        return score_on_spark(args, _options(args))
    if args.dry_run:
        return look(
            args.inputs,
            _options(args),
            jobs=args.jobs,
            max_seconds=args.max_seconds,
            progress=progress.show,
        )
    return score(
        partial(load_analyzer, args),
        args.inputs,
        args.output,
        options=_options(args),
        jobs=args.jobs,
        max_seconds=args.max_seconds,
        overwrite=args.overwrite,
        kind=args.format or "jsonl",
        stdout=give_bytes,
        progress=progress.show,
    )


def _merge(args: argparse.Namespace) -> int:
    from policynlp.batch import Paths, drift_of, finished_run, merge
    from policynlp.files.find import expand

    shards = expand(args.inputs)
    counts = merge(args.merge, shards, overwrite=args.overwrite)
    if not args.quiet:
        drift = drift_of(finished_run(Paths.of(args.merge).manifest))
        warn(*merge_lines(len(shards), args.merge, counts, drift))
    return SOME_FAILED if counts.failures else DONE
