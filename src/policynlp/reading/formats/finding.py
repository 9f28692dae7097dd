"""Which files there are: those named, those in folders, those that a glob matches."""

import glob
import os
from collections.abc import Collection, Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Final, NamedTuple

from policynlp.errors import InputError

STDIN: Final = "-"
_CLUTTER: Final = frozenset(("thumbs.db", "desktop.ini"))


class InputFile(NamedTuple):
    """A file to read; its id is that of the article in it, or where its articles' ids begin.

    ``path`` is ``None`` for standard input.
    """

    path: Path | None
    id: str
    within: str = ""

    @property
    def place(self) -> str:
        """What messages call the file."""
        return (self.id if self.path is None else self.path.as_posix()) + self.within

    def part(self, name: str) -> "InputFile":
        """A part of the file, such as a sheet, as if it were a file of its own."""
        return InputFile(self.path, f"{self.id}:{name}", f":{name}")


def find_inputs(paths: Iterable[str], *, skip: Collection[str] = ()) -> Iterator[InputFile]:
    """The files that ``paths`` name: files, folders with all they hold, globs, ``-`` for stdin.

    An article's id is its path below the folder given, with ``/``. The files of a folder come in
    the order of their paths, without hidden ones and those in ``skip`` (absolute paths). What
    does not exist is an error at once.
    """
    paths = [path for pattern in paths for path in _expand(pattern)]
    clash = next((path for path in paths if os.path.abspath(path) in skip), None)
    if clash is not None:
        raise InputError(f"{clash}: is also what this run writes; choose another output")
    return chain.from_iterable(_files(path, skip) for path in paths)


def _expand(pattern: str) -> list[str]:
    """The paths that a glob matches: the shell of Windows leaves them to the program."""
    if pattern == STDIN or os.path.exists(pattern):
        return [pattern]
    matches = sorted(glob.glob(pattern, recursive=True))
    paths = [path for path in matches if not _is_clutter(os.path.basename(path))]
    if not paths:
        raise InputError(f"{pattern}: there is no such file or folder")
    return paths


def _files(path: str, skip: Collection[str]) -> Iterator[InputFile]:
    if path == STDIN:
        yield InputFile(None, "stdin")
    elif os.path.isdir(path):
        yield from _walk(Path(path), "", skip)
    else:
        yield InputFile(Path(path), _own_id(Path(path)))


def _walk(folder: Path, prefix: str, skip: Collection[str]) -> Iterator[InputFile]:
    """The files below ``folder``, whose ids begin with ``prefix``."""
    try:
        with os.scandir(folder) as entries:
            found = sorted(entries, key=lambda entry: entry.name)
    except OSError:
        yield InputFile(folder, prefix)  # Reading it is a failure that says why.
        return
    for entry in found:
        path = folder / entry.name
        if _is_clutter(entry.name) or (skip and os.path.abspath(path) in skip):
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(path, f"{prefix}{entry.name}/", skip)
        else:
            yield InputFile(path, prefix + entry.name)


def _is_clutter(name: str) -> bool:
    """Whether a file is hidden, or left by a system or an open office program."""
    return name.startswith((".", "~$")) or name.lower() in _CLUTTER


def _own_id(path: Path) -> str:
    """The id of a file that was named itself."""
    return path.name if path.is_absolute() or ".." in path.parts else path.as_posix()
