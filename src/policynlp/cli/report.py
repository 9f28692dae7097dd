"""The command that makes scored articles a page to read: ``report``."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from policynlp.cli.arguments import DONE, add_overwrite, named
from policynlp.cli.screen import warn
from policynlp.messages import say

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policynlp.cli.arguments import Commands
    from policynlp.report.collection import Earlier
    from policynlp.themes.drift import Drift


def add_report(commands: "Commands") -> None:
    """Add ``report``."""
    parser = commands.add_parser(
        "report",
        help=say("make a page of scored articles, to filter and read in a browser"),
        description=say("One HTML file of the articles that score wrote; it needs no network."),
        epilog=say(
            "example: {command}",
            command="policynlp score news/ --with-text -o out.jsonl && policynlp report "
            "out.jsonl -o report.html",
        ),
    )
    parser.add_argument(
        "inputs",
        nargs="+",
        metavar="OUT.jsonl",
        help=say("what policynlp score --with-text wrote, .jsonl or .jsonl.gz"),
    )
    parser.add_argument(
        "-o", "--output", required=True, type=_output, metavar="PAGE", help=say("the page, .html")
    )
    parser.add_argument(
        "--title",
        default="",
        metavar="TEXT",
        help=say("what the page is called (default: {title})", title=say("Theme report")),
    )
    parser.add_argument(
        "--compare-run",
        type=Path,
        metavar="OUT.run.json",
        help=say("show how the themes' shares have changed since an earlier run of score"),
    )
    add_overwrite(parser)
    parser.set_defaults(run=_report)


def _output(text: str) -> str:
    if not text.lower().endswith((".html", ".htm")):
        raise argparse.ArgumentTypeError(say("{text}: a report must end in .html", text=text))
    return text


def _report(args: argparse.Namespace) -> int:
    from policynlp.batch import Paths
    from policynlp.files.atomic import write_whole
    from policynlp.files.output_paths import check_files
    from policynlp.report.collection import collection_page
    from policynlp.schema import read_scored

    inputs, output = named(args.inputs), Path(args.output)
    earlier = [args.compare_run] if args.compare_run else []
    manifests = [Paths(path).manifest for path in inputs]
    check_files([output], [*inputs, *manifests, *earlier], overwrite=args.overwrite)
    page = collection_page(
        read_scored(inputs),
        args.title,
        drifts=list(_drifts(inputs)),
        earlier=_earlier(args.compare_run) if args.compare_run else None,
    )
    # A lone surrogate must not be the end of a page.
    write_whole(output, page.encode(errors="replace"))
    warn(say("written to {output}", output=args.output))
    return DONE


def _drifts(inputs: "Sequence[Path]") -> "Iterator[tuple[str, Drift]]":
    """How far each input is from the training text, where its run has noted it."""
    from policynlp.batch import drift_of, run_of

    for path in inputs:
        manifest = run_of(path)
        drift = drift_of(manifest) if manifest else None
        if drift:
            yield path.name, drift


def _earlier(path: Path) -> "Earlier":
    from policynlp.batch import finished_run
    from policynlp.report.collection import Earlier

    return Earlier.of(path.name.removesuffix(".run.json"), finished_run(path)["counts"])
