"""The commands for one page: ``analyze`` and ``clean``."""

import argparse
import os
import sys
from typing import TYPE_CHECKING, Final

from policynlp.cli.arguments import (
    DONE,
    add_limits,
    add_looks,
    add_simplify,
    check_themes,
    limits,
    load_analyzer,
)
from policynlp.cli.screen import give, tell
from policynlp.errors import InputError, UsageError
from policynlp.messages import say

if TYPE_CHECKING:
    from policynlp.article import Article
    from policynlp.cli.arguments import Commands
    from policynlp.cli.terminal import Look

_WIDEST: Final = 100


def add_analyze(commands: "Commands") -> None:
    """Add ``analyze``."""
    parser = commands.add_parser(
        "analyze",
        help=say("print one article with its themes and abstracts"),
        epilog=say("example: {command}", command="policynlp analyze page.txt --length 120"),
    )
    parser.add_argument("file", metavar="FILE", help=say("one article, or - for standard input"))
    add_limits(parser)
    parser.add_argument(
        "--with-text", action="store_true", help=say("with --json: add the whole text")
    )
    add_simplify(parser)
    add_looks(parser)
    parser.set_defaults(run=_analyze)


def add_clean(commands: "Commands") -> None:
    """Add ``clean``."""
    parser = commands.add_parser(
        "clean",
        help=say("print what a scraped page says without what stands around it"),
        epilog=say("example: {command}", command="policynlp clean page.txt --show-removed"),
    )
    parser.add_argument(
        "file", metavar="PAGE", help=say("one page as text, or - for standard input")
    )
    parser.add_argument(
        "--show-removed", action="store_true", help=say("show the removed lines and why they were")
    )
    add_simplify(parser)
    add_looks(parser)
    parser.set_defaults(run=_clean)


def _analyze(args: argparse.Namespace) -> int:
    if args.with_text and not args.json:
        raise UsageError("--with-text adds to a record: give --json, too")
    article = _read_article(args.file, simplify=args.simplify)
    analyzer = load_analyzer(args)
    check_themes(args.theme, analyzer.themes)
    analysis = analyzer.analyze(article, limits=limits(args))
    if args.json:
        from policynlp.schema import to_record

        _print_json(to_record(analysis, with_text=args.with_text))
    else:
        from policynlp.cli.terminal import analysis_lines

        tell(*analysis_lines(analysis, _look(args.color)))
    return DONE


def _clean(args: argparse.Namespace) -> int:
    from policynlp.cli.terminal import page_lines

    article = _read_article(args.file, simplify=args.simplify)
    if args.json:
        _print_json(_page_record(article))
    else:
        tell(*page_lines(article, _look(args.color), show_removed=args.show_removed))
    return DONE


def _read_article(path: str, *, simplify: bool) -> "Article":
    """The one article in ``path``."""
    from itertools import islice

    from policynlp.article import Failure
    from policynlp.files.find import find_inputs
    from policynlp.files.items import Reading, make_article
    from policynlp.files.read import read_inputs

    found = list(islice(read_inputs(find_inputs([path]), Reading(simplify=simplify)), 2))
    if not found:
        raise InputError("{path}: no article found", path=path)
    if len(found) > 1:
        raise InputError(
            "{path}: holds more than one article; score them with: policynlp score {path} -o OUT",
            path=path,
        )
    if isinstance(found[0], Failure):
        raise InputError("{place}: {reason}", place=found[0].place, reason=found[0].reason)
    return make_article(found[0].record)


def _page_record(article: "Article") -> dict[str, object]:
    """What ``clean --json`` prints."""
    from policynlp.cli.terminal import body_spans
    from policynlp.schema import METADATA

    text = article.text
    return {
        "id": article.id,
        **{field: getattr(article, field) for field in METADATA},
        "body": [
            {"start": start, "end": end, "text": text[start:end]}
            for start, end in body_spans(article)
        ],
        "removed": [
            {
                "start": each.start,
                "end": each.end,
                "text": text[each.start : each.end],
                "reason": each.reason,
            }
            for each in article.removed
        ],
        "warnings": list(article.warnings),
    }


def _look(color: str) -> "Look":
    """The width of the terminal, and whether to use colours."""
    from shutil import get_terminal_size

    from policynlp.cli.terminal import Look

    terminal = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    colour = color == "always" or (color == "auto" and terminal)
    if colour and os.name == "nt":
        os.system("")  # Makes the console of Windows understand colours.
    return Look(max(20, min(get_terminal_size().columns, _WIDEST)), colour)


def _print_json(record: dict[str, object]) -> None:
    import json

    give(json.dumps(record, ensure_ascii=False, indent=2) + "\n")
