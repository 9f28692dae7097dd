"""``policynlp review``: sheets on which people correct a model's tags."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from policynlp.cli.arguments import DONE, Examples, add_overwrite, examples, named, positive
from policynlp.cli.screen import tell
from policynlp.errors import InputError
from policynlp.messages import say

if TYPE_CHECKING:
    from policynlp.cli.arguments import Commands


def add_review(commands: "Commands") -> None:
    """Add ``review``."""
    parser = commands.add_parser(
        "review",
        help=say("make a sheet of tags to correct, take it back, or compare two"),
        epilog=_examples(),
        formatter_class=Examples,
    )
    parser.add_argument(
        "scored", nargs="*", metavar="OUT.jsonl", help=say("output of score --with-text")
    )
    parser.add_argument(
        "-o",
        "--output",
        metavar="PATH",
        help=say("the sheet (.xlsx or .csv); with --import the corpus folder"),
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--import",
        dest="filled",
        metavar="FILE",
        help=say("a filled sheet, Label Studio's .json export or doccano's .jsonl"),
    )
    what.add_argument(
        "--compare", nargs=2, metavar="SHEET", help=say("two filled copies of one sheet")
    )
    parser.add_argument(
        "--rows",
        type=positive,
        default=200,
        metavar="N",
        help=say("rows of the sheet (default: 200)"),
    )
    parser.add_argument(
        "--seed", type=int, default=0, metavar="N", help=say("draws other random rows (default: 0)")
    )
    parser.add_argument(
        "--done",
        action="append",
        default=[],
        metavar="FOLDER",
        help=say("leave out what stands in this corpus folder; may be repeated"),
    )
    parser.add_argument("--reviewer", default="", metavar="NAME", help=say("who filled the sheet"))
    parser.add_argument(
        "--model", metavar="PATH", help=say("model folder (default: the bundled one)")
    )
    add_overwrite(parser)
    parser.set_defaults(run=_review)


def _examples() -> str:
    return examples(
        ("policynlp review out.jsonl -o review.xlsx", say("a sheet of tags to correct")),
        (
            "policynlp review --import review.xlsx -o my_corpus/ --reviewer LI",
            say("… and back, as a corpus"),
        ),
        (
            "policynlp review --compare li.xlsx wang.xlsx -o differences.xlsx",
            say("how far two readers agree"),
        ),
        ("policynlp train corpus/ --add my_corpus/ -o my-model", say("learn from them")),
    )


def _review(args: argparse.Namespace) -> int:
    if bool(args.scored) == bool(args.filled or args.compare):
        raise InputError("review: name outputs of score, or --import FILE, or --compare A B")
    if not (args.output or args.compare):
        raise InputError("review: -o is missing: a sheet (.xlsx, .csv), with --import a folder")
    tell(*(_compare(args) if args.compare else _make_or_import(args)))
    return DONE


def _make_or_import(args: argparse.Namespace) -> list[str]:
    from policynlp.model import default_folder, load
    from policynlp.review.commands import import_labels, make_sheet

    model = load(Path(args.model) if args.model else default_folder())
    output = Path(args.output)
    if args.filled:
        return import_labels(Path(args.filled), output, model, reviewer=args.reviewer)
    return make_sheet(
        named(args.scored),
        output,
        model,
        rows=args.rows,
        seed=args.seed,
        done=[Path(path) for path in args.done],
        overwrite=args.overwrite,
    )


def _compare(args: argparse.Namespace) -> list[str]:
    from policynlp.review.commands import compare_sheets
    from policynlp.review.compare import comparison_lines

    output = Path(args.output) if args.output else None
    first, second = map(Path, args.compare)
    found = compare_sheets(first, second, output, overwrite=args.overwrite)
    lines = list(comparison_lines(found))
    if output and found.differences:
        lines.append(
            say(
                "what differs is written to {output}, to be settled there and imported",
                output=output,
            )
        )
    return lines
