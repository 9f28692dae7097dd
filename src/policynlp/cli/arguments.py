"""What the commands' arguments share."""

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias

from policynlp.errors import InputError

if TYPE_CHECKING:
    from policynlp.analyzer import Analyzer
    from policynlp.article import AbstractLimits

    # argparse has no public name for what add_subparsers returns.
    Commands: TypeAlias = "argparse._SubParsersAction[Parser]"

DONE, FAILED, BAD_USAGE, SOME_FAILED = range(4)


class Parser(argparse.ArgumentParser):
    """A parser that takes no option for another one, and whose errors are one line."""

    def __init__(self, **options: Any) -> None:
        """Take the options of ``ArgumentParser``."""
        super().__init__(**options, allow_abbrev=False)

    def error(self, message: str) -> NoReturn:
        """Leave with one line and the exit code of bad usage."""
        self.exit(BAD_USAGE, f"policynlp: error: {message} (see {self.prog} --help)\n")


def add_limits(parser: argparse.ArgumentParser) -> None:
    """Add the model, its thresholds and the limits of abstracts."""
    parser.add_argument("--model", metavar="PATH", help="model folder (default: the bundled one)")
    parser.add_argument(
        "--min-precision",
        type=_fraction,
        metavar="P",
        help="tag from where so many tags are right, as 0.9 (default: for the best F1)",
    )
    parser.add_argument(
        "--threshold",
        type=_theme_threshold,
        action="append",
        default=[],
        metavar="THEME=P",
        help="tag a theme from this probability; may be repeated",
    )
    parser.add_argument(
        "--length",
        type=positive,
        metavar="N",
        help="most characters of an article's abstract (default: 200, none with --ratio)",
    )
    parser.add_argument(
        "--section-length",
        type=positive,
        metavar="N",
        help="most characters of a section's abstract (default: 100, none with --ratio)",
    )
    parser.add_argument(
        "--sentences", type=positive, metavar="N", help="most sentences of any abstract"
    )
    parser.add_argument(
        "--ratio", type=share, metavar="P", help="most of a text that its abstract may be, 0 to 1"
    )
    parts = parser.add_mutually_exclusive_group()
    parts.add_argument(
        "--whole-sentences", action="store_true", help="quote whole sentences (the default)"
    )
    parts.add_argument(
        "--clauses",
        action="store_true",
        help="let sentences give up an empty opening or tail, marked with …",
    )
    parser.add_argument(
        "--theme",
        action="append",
        default=[],
        metavar="THEME",
        help="also say what each article says about THEME; may be repeated",
    )


def load_analyzer(args: argparse.Namespace) -> "Analyzer":
    """Load the model with the thresholds that :func:`add_limits` asked for."""
    import policynlp

    return policynlp.load(
        args.model, min_precision=args.min_precision, thresholds=dict(args.threshold)
    )


def limits(args: argparse.Namespace) -> "AbstractLimits":
    """Return the limits that :func:`add_limits` asked for."""
    from policynlp.article import AbstractLimits

    usual = AbstractLimits() if args.ratio is None else AbstractLimits(None, None, None)
    return AbstractLimits(
        args.length or usual.characters,
        args.sentences,
        args.section_length or usual.section_characters,
        args.ratio,
        not args.clauses,
        tuple(dict.fromkeys(args.theme)),
    )


def add_looks(parser: argparse.ArgumentParser) -> None:
    """Add how a result is printed."""
    parser.add_argument("--json", action="store_true", help="print a record instead")
    parser.add_argument("--color", choices=("auto", "always", "never"), default="auto")


def positive(text: str) -> int:
    """Read a whole number from 1 on."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number from 1 on, not {text!r}")
    return int(text)


def share(text: str) -> float:
    """Read a share above 0, at most 1."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.0 < value <= 1.0:
        raise argparse.ArgumentTypeError(f"must be above 0 and at most 1, not {text!r}")
    return value


def weight(text: str) -> float:
    """Read a weight above 0."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"must be a number above 0, not {text!r}")
    return value


def check_themes(asked: Sequence[str], known: Sequence[str]) -> None:
    """Stop before a run that asks for a theme that the model does not have."""
    for theme in asked:
        if theme not in known:
            raise InputError(f"--theme {theme}: the model has {', '.join(known)}")


def _theme_threshold(text: str) -> tuple[str, float]:
    theme, equals, threshold = text.rpartition("=")
    if not equals or not theme.strip():
        raise argparse.ArgumentTypeError(f"must be a theme, = and a probability, not {text!r}")
    return theme.strip(), _fraction(threshold)


def _fraction(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < 1:
        raise argparse.ArgumentTypeError(f"must be a number between 0 and 1, not {text!r}")
    return number
