"""The commands for labels by people: ``review``, and ``theme`` for a theme of one's own."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from policynlp.cli.arguments import (
    DONE,
    SOME_FAILED,
    Examples,
    add_overwrite,
    examples,
    named,
    positive,
)
from policynlp.cli.screen import tell, warn
from policynlp.errors import InputError
from policynlp.escaping import seen
from policynlp.messages import say

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policynlp.article import Article, Failure
    from policynlp.cli.arguments import Commands
    from policynlp.model import Model
    from policynlp.review.new_theme import Progress

_EXAMPLE = """\
  policynlp theme new 营商环境 --definition "政府为企业办事…" \\
      --seed-terms 营商环境,一网通办,减证便民 --articles news/ -o my_theme/
  … {first} …
  policynlp theme next my_theme/ --articles news/
  … {second} …
  policynlp theme done my_theme/
  policynlp train corpus/ my_theme/ -o my-model
"""


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
    from policynlp.review.agreement import comparison_lines
    from policynlp.review.commands import compare_sheets

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


def add_theme(commands: "Commands") -> None:
    """Add ``theme``."""
    parser = commands.add_parser(
        "theme",
        help=say("begin a theme of your own from a definition and your articles"),
        epilog=_example(),
        formatter_class=Examples,
    )
    steps = parser.add_subparsers(title=say("steps"), metavar="STEP", required=True)
    new = steps.add_parser("new", help=say("find the first paragraphs to label"))
    new.add_argument("theme", metavar="THEME", help=say("its name"))
    new.add_argument("--definition", required=True, metavar="TEXT", help=say("what it is about"))
    new.add_argument(
        "--seed-terms",
        required=True,
        type=_terms,
        metavar="TERM,…",
        help=say("a few terms that such paragraphs have"),
    )
    new.add_argument("-o", "--output", required=True, metavar="FOLDER", help=say("a folder for it"))
    new.set_defaults(run=_new)
    further = steps.add_parser("next", help=say("take in the labels, find the next paragraphs"))
    further.set_defaults(run=_next)
    done = steps.add_parser("done", help=say("take in the labels"))
    done.set_defaults(run=_done)
    for step in (further, done):
        step.add_argument("folder", metavar="FOLDER", help=say("the folder of theme new"))
    for step in (new, further):
        step.add_argument(
            "--articles",
            required=True,
            nargs="+",
            metavar="IN",
            help=say("unlabelled articles: file, folder or glob, as for score"),
        )
        step.add_argument(
            "--rows", type=positive, default=100, metavar="N", help=say("paragraphs (default: 100)")
        )
        step.add_argument("--csv", action="store_true", help=say("write .csv instead of .xlsx"))
    for step in (new, further, done):
        step.add_argument("--model", metavar="PATH", help=say("model whose words to use"))


def _example() -> str:
    first = say("fill in the column 人工标签 of {sheet}", sheet="my_theme/sheets/1.xlsx")
    second = say("fill in {sheet}", sheet="my_theme/sheets/2.xlsx")
    return say("example:") + "\n" + _EXAMPLE.format(first=first, second=second)


def _terms(text: str) -> tuple[str, ...]:
    text = seen(text)
    for separator in "，、;；":
        text = text.replace(separator, ",")
    terms = tuple(term.strip() for term in text.split(",") if term.strip())
    if not terms:
        raise argparse.ArgumentTypeError(say("must be terms, separated by commas"))
    return terms


def _new(args: argparse.Namespace) -> int:
    from policynlp.review.new_theme import start
    from policynlp.training.cold_start import Seeds

    name = args.theme.strip()
    if not name or set(name) & set("、，,;；|/:") or seen(name) != name:
        raise InputError(
            "{theme!r}: a theme's name is a word without 、 , ; : | or /", theme=args.theme
        )
    folder, failures = Path(args.output), list["Failure"]()
    seeds = Seeds(name, seen(args.definition).strip(), args.seed_terms)
    articles = _articles(args.articles, failures)
    sheet = start(folder, seeds, articles, _model(args), args.rows, _kind(args))
    return _handed_out(*sheet, failures)


def _next(args: argparse.Namespace) -> int:
    from policynlp.review.new_theme import go_on, take_in

    folder, model, failures = Path(args.folder), _model(args), list["Failure"]()
    progress = take_in(folder, model)
    if not progress.labelled:
        raise InputError(
            "{folder}: no row is labelled; fill in the column 人工标签", folder=folder / "sheets"
        )
    tell(_so_far(progress))
    sheet = go_on(folder, _articles(args.articles, failures), model, args.rows, _kind(args))
    return _handed_out(*sheet, failures)


def _done(args: argparse.Namespace) -> int:
    from policynlp.review.new_theme import take_in

    tell(_so_far(take_in(Path(args.folder), _model(args))))
    tell(say("train with: policynlp train CORPUS {folder} -o MODEL", folder=args.folder))
    return DONE


def _kind(args: argparse.Namespace) -> str:
    return ".csv" if args.csv else ".xlsx"


def _so_far(progress: "Progress") -> str:
    told = say(
        "{theme}: {labelled} of {rows} rows labelled, {with_theme} with the theme",
        theme=progress.theme,
        labelled=progress.labelled,
        rows=progress.rows,
        with_theme=progress.with_theme,
    )
    if progress.f1 is None:
        return told
    return say("{told}; F1 on these rows, out of fold: {f1:.2f}", told=told, f1=progress.f1)


def _model(args: argparse.Namespace) -> "Model":
    from policynlp.model import default_folder, load

    return load(Path(args.model) if args.model else default_folder())


def _articles(inputs: "Sequence[str]", failures: "list[Failure]") -> "Iterator[Article]":
    from policynlp.article import Failure
    from policynlp.files.find import find_inputs
    from policynlp.files.items import make_article
    from policynlp.files.read import read_inputs

    for entry in read_inputs(find_inputs(inputs)):
        if isinstance(entry, Failure):
            failures.append(entry)
        else:
            yield make_article(entry.record)


def _handed_out(sheet: Path, n_rows: int, failures: "Sequence[Failure]") -> int:
    """Say where a sheet is and which articles could not be read."""
    tell(say("{n_rows} rows to label in {sheet}: fill in 人工标签", n_rows=n_rows, sheet=sheet))
    for failure in failures:
        warn(say("failed: {place}: {reason}", place=failure.place, reason=failure.reason))
    return SOME_FAILED if failures else DONE
