"""What the commands' arguments share."""

import argparse
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias

from policynlp.cli.screen import warn
from policynlp.errors import UsageError
from policynlp.messages import ENGLISH, LANGUAGES, say, spoken

if TYPE_CHECKING:
    from policynlp.analyzer import Analyzer
    from policynlp.article import AbstractLimits

    # argparse has no public name for what add_subparsers returns.
    Commands: TypeAlias = "argparse._SubParsersAction[Parser]"

DONE, FAILED, BAD_USAGE, SOME_FAILED = range(4)

_MAX_SECONDS = 60.0  # as of workers, which takes 30 ms to import


# argparse asks gettext for its own words, whose catalogues would have to be compiled files.
vars(argparse).update(_=say, ngettext=lambda one, many, n: say(one if n == 1 else many))


class Help(argparse.HelpFormatter):
    """Help whose lines are as wide as they look: a Chinese character takes two columns."""

    def _split_lines(self, text: str, width: int) -> list[str]:
        if spoken() == ENGLISH:
            return super()._split_lines(text, width)
        from policynlp.cli.terminal import wrap

        return wrap(text, width)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return "\n".join(indent + line for line in self._split_lines(text, width - len(indent)))


class Examples(argparse.RawDescriptionHelpFormatter, Help):
    """Help with an epilog that is laid out already."""


class Parser(argparse.ArgumentParser):
    """A parser that takes no option for another one, and whose errors are one line."""

    def __init__(self, **options: Any) -> None:
        """Take the options of ``ArgumentParser``."""
        super().__init__(**{"formatter_class": Help, **options}, allow_abbrev=False)
        # :func:`asked` has read it before there is a parser, for these texts are said already.
        self.add_argument(
            "--lang",
            choices=LANGUAGES,
            default=argparse.SUPPRESS,
            help=say("language of messages (default: the system's), and of the columns of tables"),
        )

    def error(self, message: str) -> NoReturn:
        """Leave with one line and the exit code of bad usage."""
        warn(
            say("policynlp: error: {message} (see {prog} --help)", message=message, prog=self.prog)
        )
        self.exit(BAD_USAGE)


def examples(*commands: tuple[str, str]) -> str:
    """Lay example commands out, each with what it is for."""
    width = max(len(command) for command, said in commands if said)
    lines = (f"  {command:{width}}  {said}".rstrip() for command, said in commands)
    return "\n".join((say("examples:"), *lines))


def add_limits(parser: argparse.ArgumentParser) -> None:
    """Add the model, its thresholds and the limits of abstracts."""
    parser.add_argument(
        "--model", metavar="PATH", help=say("model folder (default: the bundled one)")
    )
    parser.add_argument(
        "--min-precision",
        type=_fraction,
        metavar="P",
        help=say("tag from where so many tags are right, as 0.9 (default: for the best F1)"),
    )
    parser.add_argument(
        "--threshold",
        type=_theme_threshold,
        action="append",
        default=[],
        metavar="THEME=P",
        help=say("tag a theme from this probability; may be repeated"),
    )
    parser.add_argument(
        "--length",
        type=positive,
        metavar="N",
        help=say("most characters of an article's abstract (default: 200, none with --ratio)"),
    )
    parser.add_argument(
        "--section-length",
        type=positive,
        metavar="N",
        help=say("most characters of a section's abstract (default: 100, none with --ratio)"),
    )
    parser.add_argument(
        "--sentences", type=positive, metavar="N", help=say("most sentences of any abstract")
    )
    parser.add_argument(
        "--ratio",
        type=share,
        metavar="P",
        help=say("most of a text that its abstract may be, 0 to 1"),
    )
    parts = parser.add_mutually_exclusive_group()
    parts.add_argument(
        "--whole-sentences", action="store_true", help=say("quote whole sentences (the default)")
    )
    parts.add_argument(
        "--clauses",
        action="store_true",
        help=say("let sentences give up an empty opening or tail, marked with …"),
    )
    parser.add_argument(
        "--theme",
        action="append",
        default=[],
        metavar="THEME",
        help=say("also say what each article says about THEME; may be repeated"),
    )


def add_overwrite(parser: argparse.ArgumentParser) -> None:
    """Add what lets a file be replaced; without it none is, by any command."""
    parser.add_argument(
        "--overwrite", action="store_true", help=say("replace a file that is there already")
    )


def add_simplify(parser: "argparse._ActionsContainer") -> None:
    """Add what reads traditional characters."""
    parser.add_argument(
        "--simplify",
        action="store_true",
        help=say("turn traditional characters into simplified ones, one for one"),
    )


def add_max_seconds(parser: "argparse._ActionsContainer") -> None:
    """Add how long an article may take."""
    parser.add_argument(
        "--max-seconds",
        type=above_zero,
        default=_MAX_SECONDS,
        metavar="S",
        help=say(
            "an article that takes longer fails (default: {max_seconds:g})",
            max_seconds=_MAX_SECONDS,
        ),
    )


def load_analyzer(args: argparse.Namespace) -> "Analyzer":
    """Load the model with the thresholds that :func:`add_limits` asked for."""
    return loader(args)(args.model)


def loader(args: argparse.Namespace) -> "Callable[[Path | str | None], Analyzer]":
    """Return what loads a model, here or elsewhere, with the thresholds asked for."""
    import policynlp

    return partial(
        policynlp.load, min_precision=args.min_precision, thresholds=dict(args.threshold)
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
    parser.add_argument("--json", action="store_true", help=say("print a record instead"))
    parser.add_argument(
        "--color",
        choices=("auto", "always", "never"),
        default="auto",
        help=say("when to use colours (default: auto, on a terminal)"),
    )


def named(patterns: Iterable[str]) -> list[Path]:
    """The files and folders of a command that takes several, by name or by a glob."""
    from policynlp.files.find import expand

    return [Path(path) for path in expand(patterns)]


def positive(text: str) -> int:
    """Read a whole number from 1 on."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(
            say("must be a whole number from 1 on, not {text!r}", text=text)
        )
    return int(text)


def share(text: str) -> float:
    """Read a share above 0, at most 1."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.0 < value <= 1.0:
        raise argparse.ArgumentTypeError(
            say("must be above 0 and at most 1, not {text!r}", text=text)
        )
    return value


def above_zero(text: str) -> float:
    """Read a number above 0."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.0 < value < float("inf"):
        raise argparse.ArgumentTypeError(say("must be a number above 0, not {text!r}", text=text))
    return value


def check_themes(asked: Sequence[str], known: Sequence[str]) -> None:
    """Stop before a run that asks for a theme that the model does not have."""
    for theme in asked:
        if theme not in known:
            raise UsageError(
                "--theme {theme}: the model has {known}", theme=theme, known=say(", ").join(known)
            )


def _theme_threshold(text: str) -> tuple[str, float]:
    theme, equals, threshold = text.rpartition("=")
    if not equals or not theme.strip():
        raise argparse.ArgumentTypeError(
            say("must be a theme, = and a probability, not {text!r}", text=text)
        )
    return theme.strip(), _fraction(threshold)


def _fraction(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < 1:
        raise argparse.ArgumentTypeError(
            say("must be a number between 0 and 1, not {text!r}", text=text)
        )
    return number
