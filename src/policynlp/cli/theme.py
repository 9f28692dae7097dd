"""The command for a theme of one's own: ``theme new``, ``theme next``, ``theme done``."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from policynlp.cli.arguments import DONE, SOME_FAILED, positive
from policynlp.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policynlp.article import Article, Failure
    from policynlp.cli.arguments import Commands
    from policynlp.model import Model
    from policynlp.review.new_theme import Progress

_EXAMPLE = """\
example:
  policynlp theme new 营商环境 --definition "政府为企业办事…" \\
      --seed-terms 营商环境,一网通办,减证便民 --articles news/ -o my_theme/
  … fill in the column 人工标签 of my_theme/sheets/1.xlsx …
  policynlp theme next my_theme/ --articles news/
  … fill in my_theme/sheets/2.xlsx …
  policynlp theme done my_theme/
  policynlp train corpus/ my_theme/ -o my-model
"""


def add_theme(commands: "Commands") -> None:
    """Add ``theme``."""
    parser = commands.add_parser(
        "theme",
        help="begin a theme of your own from a definition and your articles",
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    steps = parser.add_subparsers(title="steps", metavar="STEP", required=True)
    new = steps.add_parser("new", help="find the first paragraphs to label")
    new.add_argument("theme", metavar="THEME", help="its name")
    new.add_argument("--definition", required=True, metavar="TEXT", help="what it is about")
    new.add_argument(
        "--seed-terms",
        required=True,
        type=_terms,
        metavar="TERM,…",
        help="a few terms that such paragraphs have",
    )
    new.add_argument("-o", "--output", required=True, metavar="FOLDER", help="a folder for it")
    new.set_defaults(run=_new)
    further = steps.add_parser("next", help="take in the labels, find the next paragraphs")
    further.set_defaults(run=_next)
    done = steps.add_parser("done", help="take in the labels")
    done.set_defaults(run=_done)
    for step in (further, done):
        step.add_argument("folder", metavar="FOLDER", help="the folder of theme new")
    for step in (new, further):
        step.add_argument(
            "--articles",
            required=True,
            nargs="+",
            metavar="IN",
            help="unlabelled articles: file, folder or glob, as for score",
        )
        step.add_argument(
            "--rows", type=positive, default=100, metavar="N", help="paragraphs (default: 100)"
        )
        step.add_argument("--csv", action="store_true", help="write .csv instead of .xlsx")
    for step in (new, further, done):
        step.add_argument("--model", metavar="PATH", help="model whose words to use")


def _terms(text: str) -> tuple[str, ...]:
    for separator in "，、;；":
        text = text.replace(separator, ",")
    terms = tuple(term.strip() for term in text.split(",") if term.strip())
    if not terms:
        raise argparse.ArgumentTypeError("must be terms, separated by commas")
    return terms


def _new(args: argparse.Namespace) -> int:
    from policynlp.review.new_theme import start
    from policynlp.training.bootstrap import Seeds

    name = args.theme.strip()
    if not name or set(name) & set("、，,;；|/:"):
        raise InputError(f"{args.theme!r}: a theme's name is a word without 、 , ; : | or /")
    folder, failures = Path(args.output), list["Failure"]()
    seeds = Seeds(name, args.definition.strip(), args.seed_terms)
    articles = _articles(args.articles, failures)
    sheet = start(folder, seeds, articles, _model(args), args.rows, _kind(args))
    return _handed_out(*sheet, failures)


def _next(args: argparse.Namespace) -> int:
    from policynlp.review.new_theme import go_on, take_in

    folder, model, failures = Path(args.folder), _model(args), list["Failure"]()
    progress = take_in(folder, model)
    if not progress.labelled:
        raise InputError(f"{folder / 'sheets'}: no row is labelled; fill in the column 人工标签")
    print(_so_far(progress))
    sheet = go_on(folder, _articles(args.articles, failures), model, args.rows, _kind(args))
    return _handed_out(*sheet, failures)


def _done(args: argparse.Namespace) -> int:
    from policynlp.review.new_theme import take_in

    print(_so_far(take_in(Path(args.folder), _model(args))))
    print(f"train with: policynlp train CORPUS {args.folder} -o MODEL")
    return DONE


def _kind(args: argparse.Namespace) -> str:
    return ".csv" if args.csv else ".xlsx"


def _so_far(progress: "Progress") -> str:
    told = "" if progress.f1 is None else f"; F1 on these rows, out of fold: {progress.f1:.2f}"
    return (
        f"{progress.theme}: {progress.labelled} of {progress.rows} rows labelled, "
        f"{progress.with_theme} with the theme{told}"
    )


def _model(args: argparse.Namespace) -> "Model":
    from policynlp.model import default_folder, load

    return load(Path(args.model) if args.model else default_folder())


def _articles(inputs: "Sequence[str]", failures: "list[Failure]") -> "Iterator[Article]":
    from policynlp.article import Failure
    from policynlp.reading.formats import find_inputs, make_article, read_inputs

    for entry in read_inputs(find_inputs(inputs)):
        if isinstance(entry, Failure):
            failures.append(entry)
        else:
            yield make_article(entry.record)


def _handed_out(sheet: Path, n_rows: int, failures: "Sequence[Failure]") -> int:
    """Say where a sheet is and which articles could not be read."""
    print(f"{n_rows} rows to label in {sheet}: fill in 人工标签")
    for failure in failures:
        print(f"failed: {failure.place}: {failure.reason}", file=sys.stderr)
    return SOME_FAILED if failures else DONE
