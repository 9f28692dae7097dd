"""Files that appear whole or not at all, whatever stops the program."""

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from policynlp.errors import OutputError


class UnwritableError(OutputError):
    """A file that could not be written, for now."""


@contextmanager
def whole_file(path: Path) -> Iterator[IO[bytes]]:
    """Write a file beside its place, and move it there when all of it is on the disk.

    If not, what was written is removed, and what stood in its place before is left alone.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
    except BaseException as error:
        with suppress(OSError):  # Where nothing can be written, nothing can be removed.
            part.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise unwritable(path, error) from error
        raise
    try:
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise unwritable(path, error) from error


def remove_unfinished(*paths: Path) -> None:
    """Remove what a killed program has left of :func:`whole_file`: it may fill the disk.

    All ``paths`` are in one folder.
    """
    names = "|".join(re.escape(path.name) for path in paths)
    unfinished = re.compile(rf"\.({names})\.\d+\.part")
    for path in paths[0].parent.iterdir():
        if unfinished.fullmatch(path.name):
            with suppress(OSError):  # Windows keeps what a program has open.
                path.unlink()


def write_whole(path: Path, data: bytes) -> None:
    """Write ``data`` as :func:`whole_file` does."""
    with whole_file(path) as stream:
        stream.write(data)


def unwritable(path: Path, error: OSError) -> OutputError:
    """Say why ``path`` cannot be written, and what to do."""
    if isinstance(error, PermissionError) or error.errno == errno.EROFS:
        return UnwritableError(
            "{path}: cannot be written: {reason}; perhaps another program has it open or you may "
            "not write there; mend that or choose another output, then give the same command again",
            path=path,
            reason=error.strerror,
        )
    return UnwritableError(
        "{path}: cannot be written: {reason}; make room on the disk, "
        "then give the same command again",
        path=path,
        reason=error.strerror,
    )
