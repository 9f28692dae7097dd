"""The command that says what many articles say: ``digest``."""

import argparse
from functools import partial
from typing import TYPE_CHECKING

from policynlp.cli.arguments import (
    DONE,
    SOME_FAILED,
    add_max_seconds,
    add_overwrite,
    add_simplify,
    check_themes,
    positive,
)
from policynlp.cli.screen import give, warn
from policynlp.messages import say

if TYPE_CHECKING:
    from policynlp.article import Failure
    from policynlp.cli.arguments import Commands


def add_digest(commands: "Commands") -> None:
    """Add ``digest``."""
    parser = commands.add_parser(
        "digest",
        help=say("print the main points of many articles, by theme"),
        description=say(
            "The main points of many articles by theme, each said once, with its source."
        ),
        epilog=say(
            "example: {command}", command="policynlp digest news/ --length 600 -o digest.md"
        ),
    )
    parser.add_argument(
        "inputs", nargs="+", metavar="IN", help=say("file, folder, glob, or - for standard input")
    )
    parser.add_argument(
        "--model", metavar="PATH", help=say("model folder (default: the bundled one)")
    )
    parser.add_argument(
        "--theme",
        action="append",
        default=[],
        metavar="THEME",
        help=say("a theme to hear about (default: all of the model and the rest); may be repeated"),
    )
    parser.add_argument(
        "--length",
        type=positive,
        default=600,
        metavar="N",
        help=say("most characters of all points together (default: 600)"),
    )
    parser.add_argument(
        "-o",
        "--output",
        default="-",
        type=_output,
        metavar="OUT",
        help=say(".md or .json, or - to print it (default: -)"),
    )
    add_overwrite(parser)
    parser.add_argument(
        "--jobs", type=positive, default=1, metavar="N", help=say("processes (default: 1)")
    )
    add_max_seconds(parser)
    add_simplify(parser)
    parser.set_defaults(run=_digest)


def _output(text: str) -> str:
    if text != "-" and not text.lower().endswith((".md", ".json")):
        raise argparse.ArgumentTypeError(
            say("{text}: a digest must end in .md or .json, or be -", text=text)
        )
    return text


def _digest(args: argparse.Namespace) -> int:
    import policynlp
    from policynlp.batch.digest import check_target, digest, write_digest

    check_target(args.output, args.inputs, overwrite=args.overwrite)
    load = partial(policynlp.load, args.model)
    if args.theme:
        check_themes(args.theme, load().themes)
    found = digest(
        load,
        args.inputs,
        themes=tuple(dict.fromkeys(args.theme)),
        length=args.length,
        jobs=args.jobs,
        max_seconds=args.max_seconds,
        simplify=args.simplify,
    )
    give(write_digest(found, args.output))
    for id, warning in found.first_warnings:
        warn(say("warning: {id}: {warning}", id=id, warning=warning))
    warn(*map(_failed, found.failures))
    return SOME_FAILED if found.failures else DONE


def _failed(failure: "Failure") -> str:
    return say(
        "failed: {place}: {reason}", place=failure.place or failure.id, reason=failure.reason
    )
