"""What the command line does: it finds the command, and says in one line what goes wrong.

Nothing heavy is imported before it is needed, so that a single page is done in a moment.
"""

import argparse
import os
import sys
import warnings
from collections.abc import Sequence
from typing import Final

from policynlp import __version__
from policynlp.cli.analyze import add_analyze, add_clean
from policynlp.cli.arguments import BAD_USAGE, DONE, FAILED, Examples, Parser, examples
from policynlp.cli.digest import add_digest
from policynlp.cli.report import add_report
from policynlp.cli.review import add_review, add_theme
from policynlp.cli.score import add_score
from policynlp.cli.screen import discard_output, warn, write_utf8
from policynlp.cli.train import add_evaluate, add_models, add_train
from policynlp.errors import PolicyNLPError, UsageError
from policynlp.messages import asked, say, speak

_DEBUG_VARIABLE: Final = "POLICYNLP_DEBUG"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    try:
        write_utf8()
        speak(asked(sys.argv[1:] if argv is None else argv))
        args = build_parser().parse_args(argv)
        with warnings.catch_warnings():
            warnings.showwarning = _warn
            code: int = args.run(args)
        sys.stdout.flush()
    except BrokenPipeError:
        discard_output()
        return FAILED
    # Help, version and bad usage, which argparse has told, or the command that alone can see it.
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else DONE
    except (Exception, KeyboardInterrupt) as error:
        return _fail(error)
    return code


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    parser = Parser(
        prog="policynlp",
        description=say("Themes, sections and abstracts of Chinese government and party news."),
        epilog=_epilog(),
        formatter_class=Examples,
    )
    parser.add_argument(
        "--version",
        action="version",
        version=f"policynlp {__version__}",
        help=say("show program's version number and exit"),
    )
    parser.set_defaults(lang=None)
    commands = parser.add_subparsers(title=say("commands"), metavar="COMMAND", required=True)
    for add in (
        add_score,
        add_analyze,
        add_digest,
        add_report,
        add_clean,
        add_review,
        add_theme,
        add_train,
        add_evaluate,
        add_models,
    ):
        add(commands)
    return parser


def _epilog() -> str:
    shown = examples(
        ("policynlp analyze page.txt", say("one article, printed with its themes")),
        (
            "policynlp clean page.txt --show-removed",
            say("what is kept of a page, and why not the rest"),
        ),
        ("policynlp score news/ -o news.csv", say("a folder of articles into a table for Excel")),
        ("policynlp score a.jsonl b.csv -o out.jsonl --length 150 --jobs 2", ""),
        ("policynlp digest news/ -o digest.md", say("what many articles say, each point once")),
        (
            "policynlp report out.jsonl -o report.html",
            say("what score wrote, as a page to filter and read"),
        ),
        (
            "cat page.txt | policynlp score - -o -",
            say("from standard input to standard output"),
        ),
    )
    codes = say(
        "exit codes: 0 all done; 1 the run could not be done; 2 bad usage;\n"
        "3 done, but some articles failed: OUT.failures.csv says which and why"
    )
    return f"{shown}\n\n{codes}\n"


def _warn(message: Warning | str, *_place: object, **_further: object) -> None:
    """Say what a library warns of, without the place in its code."""
    warn(say("policynlp: warning: {message}", message=message))


def _fail(error: BaseException) -> int:
    """Say in one line what went wrong."""
    if os.environ.get(_DEBUG_VARIABLE):
        raise error
    message = " ".join(_message(error).split())
    warn(say("policynlp: error: {message}", message=message))
    return BAD_USAGE if isinstance(error, UsageError) else FAILED


def _message(error: BaseException) -> str:
    if isinstance(error, KeyboardInterrupt):
        return say("interrupted")
    if isinstance(error, PolicyNLPError):
        return str(error)
    if isinstance(error, OSError) and error.strerror:
        why = say(error.strerror)
        return say("{path}: {why}", path=error.filename, why=why) if error.filename else why
    if isinstance(error, ModuleNotFoundError) and not str(error.name).startswith("policynlp"):
        return say(
            "{name} is not installed: pip install {package}",
            name=error.name,
            package=_package(error.name),
        )
    return say(
        "unexpected {kind}: {error}; set {variable}=1 to see where",
        kind=type(error).__name__,
        error=error,
        variable=_DEBUG_VARIABLE,
    )


def _package(module: str | None) -> str:
    """What a module is called where it is installed from."""
    top = str(module).partition(".")[0]
    return {"sklearn": "scikit-learn", "pyspark": '"policynlp[spark]"'}.get(top, top)
