"""The commands that make and measure models: ``train`` and ``evaluate``."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from policynlp.cli.arguments import DONE

if TYPE_CHECKING:
    from policynlp.cli.arguments import Commands


def add_train(commands: "Commands") -> None:
    """Add ``train``."""
    parser = commands.add_parser(
        "train",
        help="train a model from labelled text",
        epilog="example: policynlp train corpus/ mine.jsonl -o my-model",
    )
    parser.add_argument("corpus", nargs="+", metavar="CORPUS", help="corpus folder, .jsonl or .csv")
    parser.add_argument("-o", "--output", required=True, metavar="MODEL", help="model folder")
    parser.set_defaults(run=_train)


def add_evaluate(commands: "Commands") -> None:
    """Add ``evaluate``."""
    parser = commands.add_parser(
        "evaluate",
        help="measure a model on labelled text",
        epilog="example: policynlp evaluate my-model held-out.jsonl",
    )
    parser.add_argument("model", metavar="MODEL", help="model folder")
    parser.add_argument("data", nargs="+", metavar="DATA", help="corpus folder, .jsonl or .csv")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.set_defaults(run=_evaluate)


def _train(args: argparse.Namespace) -> int:
    from policynlp.training.commands import run_train

    run_train([Path(path) for path in args.corpus], Path(args.output))
    return DONE


def _evaluate(args: argparse.Namespace) -> int:
    from policynlp.training.commands import run_evaluate

    run_evaluate(Path(args.model), [Path(path) for path in args.data], args.json)
    return DONE
