"""The reference of the command line is what the commands' parsers give."""

import argparse
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from policynlp.cli.program import build_parser

ROOT = Path(__file__).parents[1]


def test_the_reference_is_written_from_the_code() -> None:
    command = [sys.executable, str(ROOT / "scripts" / "cli_reference"), "--check"]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr


def options(parser: argparse.ArgumentParser) -> Iterator[tuple[str, argparse.Action]]:
    """Every option and argument of a command and of those below it."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                yield from options(command)
        else:
            yield f"{parser.prog} {action.dest}", action


def test_every_option_says_what_it_does_and_its_default() -> None:
    none = (None, False, [], "", argparse.SUPPRESS)
    silent = [
        name
        for name, action in options(build_parser())
        if not action.help or (action.default not in none and "default:" not in action.help)
    ]
    assert silent == []
