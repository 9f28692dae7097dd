"""Files that appear whole or not at all, whatever stops the program."""

import errno
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO, Final

from policynlp.errors import OutputError


class UnwritableError(OutputError):
    """A file that could not be written, for now."""


@contextmanager
def whole_file(path: Path) -> Iterator[IO[bytes]]:
    """Write a file beside its place, and move it there when all of it is on the disk.

    If not, what was written is removed, and what stood in its place before is left alone.
    """
    with whole_files(path) as (stream,):
        yield stream


@contextmanager
def whole_files(*paths: Path) -> Iterator[Sequence[IO[bytes]]]:
    """Write files as :func:`whole_file` does, and move none before all are on the disk."""
    remove_unfinished(*paths)
    parts = [path.with_name(f".{path.name}.{os.getpid()}.part") for path in paths]
    path = paths[0]  # The one that an error is about.
    try:
        with ExitStack() as stack:
            streams = []
            for path, part in zip(paths, parts, strict=True):  # noqa: B007
                streams.append(stack.enter_context(part.open("wb")))
            yield streams
            for path, stream in zip(paths, streams, strict=True):  # noqa: B007
                stream.flush()
                os.fsync(stream.fileno())
        for path, part in zip(paths, parts, strict=True):
            part.replace(path)
    except BaseException as error:
        for part in parts:
            with suppress(OSError):  # Where nothing can be written, nothing can be removed.
                part.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise unwritable(path, error) from error
        raise


def remove_unfinished(*paths: Path) -> None:
    """Remove what a killed program has left of :func:`whole_file`: it may fill the disk.

    All ``paths`` are in one folder. What a program that runs is writing is left alone.
    """
    names = "|".join(re.escape(path.name) for path in paths)
    unfinished = re.compile(rf"\.({names})\.(\d+)\.part")
    with suppress(OSError):  # Windows keeps what a program has open; writing says what is wrong.
        for path in paths[0].parent.iterdir():
            match = unfinished.fullmatch(path.name)
            if match and not runs(int(match[2])):
                path.unlink()


def runs(number: int) -> bool:
    """Whether another process with this number runs; on Windows nothing need be known of it."""
    if os.name == "nt" or number == os.getpid():
        return False
    try:
        os.kill(number, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        pass
    return True


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Say of what goes wrong with files meanwhile that ``path`` cannot be written."""
    try:
        yield
    except OSError as error:
        raise unwritable(path, error) from error


def write_whole(path: Path, data: bytes) -> None:
    """Write ``data`` as :func:`whole_file` does."""
    with whole_file(path) as stream:
        stream.write(data)


# What to do where something cannot be written, said in the language of whoever prints it: what is
# so for now, what will be so again with the same command, and what is left.
_NOT_ALLOWED: Final = OutputError(
    "perhaps another program has it open or you may not write there; mend that or choose another "
    "output, then give the same command again"
)
_FOR_NOW: Final = {
    errno.EACCES: _NOT_ALLOWED,
    errno.EPERM: _NOT_ALLOWED,
    errno.EROFS: _NOT_ALLOWED,
    errno.ENOSPC: OutputError("make room on the disk, then give the same command again"),
    errno.EDQUOT: OutputError(
        "you may fill no more of this disk: remove files of yours or ask for more room, then give "
        "the same command again"
    ),
    errno.EFBIG: OutputError(
        "neither the disk nor a limit of this session (ulimit -f) allows a file as large as this "
        "one: lift the limit, then give the same command again, or choose an output on another disk"
    ),
    errno.EIO: OutputError(
        "the disk or its connection fails: check it, then give the same command again, or choose "
        "an output on another disk"
    ),
}
_LASTING: Final = {
    errno.ENOENT: OutputError("its folder is not there (any more): make it, or choose another"),
    errno.ENOTDIR: OutputError("what should be its folder is a file: choose another place"),
    errno.EISDIR: OutputError("there is a folder of this name: choose another name"),
    errno.ENAMETOOLONG: OutputError("choose a shorter name"),
    errno.EINVAL: OutputError("the file system allows no such name: choose another one"),
}
_OTHER: Final = OutputError("mend that or choose another output, then give the same command again")


def unwritable(path: Path, error: OSError) -> OutputError:
    """Say why ``path`` cannot be written, and what to do."""
    number, reason = error.errno or 0, error.strerror or str(error)
    advice = (_FOR_NOW | _LASTING).get(number, _OTHER)
    values = {"path": path, "reason": OutputError(reason), "advice": advice}
    if number in _LASTING:
        return OutputError("{path}: cannot be written: {reason}; {advice}", **values)
    return UnwritableError("{path}: cannot be written: {reason}; {advice}", **values)
