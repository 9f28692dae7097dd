"""What the commands write on standard output and standard error: all of it passes here.

Nothing that a terminal obeys comes through but our own colours, whoever gave a file its name.
"""

import io
import os
import sys
from pathlib import Path
from typing import IO, Final

from policynlp.escaping import Shown, terminal

_LONGEST: Final = 4_000  # characters of a line; an id or a column may have a million


def write_utf8() -> None:
    """Write utf-8 wherever this runs: Windows has its own code page for pipes and files."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="replace", newline="\n")


def tell(*lines: str) -> None:
    """Write lines for a person on standard output."""
    _write(sys.stdout, lines)


def warn(*lines: str) -> None:
    """Write lines for a person on standard error."""
    _write(sys.stderr, lines)


def redraw(line: str) -> None:
    """Write a line on standard error in the place of the one before, where that is a terminal."""
    sys.stderr.write("\r" + terminal(line))
    sys.stderr.flush()


def give(text: str) -> None:
    """Write data on standard output, to the last byte; on a terminal what it shows of them."""
    sys.stdout.write(_on_terminal(text) if sys.stdout.isatty() else text)


def give_bytes(data: bytes) -> None:
    """Write data as :func:`give` does, at once."""
    if sys.stdout.isatty():
        data = _on_terminal(data.decode("utf-8", "replace")).encode()
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def discard_output() -> None:
    """Let nothing be written when Python ends: the reader has gone."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):
        sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115


def _write(stream: IO[str], lines: tuple[str, ...]) -> None:
    """Write what is :class:`Shown` as it is; of the rest, which names things, no book."""
    for line in lines:
        whole = isinstance(line, Shown) or len(line) <= _LONGEST
        stream.write(f"{terminal(line if whole else line[:_LONGEST] + '…')}\n")


def _on_terminal(text: str) -> str:
    return "\n".join(map(terminal, text.replace("\r\n", "\n").split("\n")))
