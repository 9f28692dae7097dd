"""Which files there are: those named, those in folders, those that a glob matches."""

import glob
import os
from collections.abc import Collection, Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Final, NamedTuple

from policynlp.errors import InputError

STDIN: Final = "-"
_MAGIC: Final = frozenset("*?[")
_CLUTTER: Final = frozenset(("thumbs.db", "desktop.ini"))
_MANIFEST: Final = ".run.json"
_BESIDE_OUTPUT: Final = (".failures.csv", ".parts")


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

    @property
    def is_stream(self) -> bool:
        """Whether this is a pipe or a device, which could keep a reader waiting without end."""
        path = self.path
        if path is None or os.path.isfile(path) or os.path.isdir(path):
            return False
        return os.path.exists(path)

    def part(self, name: str) -> "InputFile":
        """A part of the file, such as a sheet, as if it were a file of its own."""
        return InputFile(self.path, f"{self.id}:{name}", f":{name}")


def find_inputs(paths: Iterable[str], *, skip: Collection[str] = ()) -> Iterator[InputFile]:
    """The files that ``paths`` name: files, folders with all they hold, globs, ``-`` for stdin.

    An article's id is its path below the folder given, with ``/``. The files of a folder come in
    the order of their paths, without hidden ones, those in ``skip`` (absolute paths) and what
    other runs wrote there. What does not exist is an error at once.
    """
    paths = expand(paths)
    clash = next((path for path in paths if os.path.abspath(path) in skip), None)
    if clash is not None:
        raise InputError("{path}: is also what this run writes; choose another output", path=clash)
    return chain.from_iterable(_files(path, skip) for path in paths)


def expand(patterns: Iterable[str]) -> list[str]:
    """The paths that are named or that globs match: the shell of Windows leaves those to us.

    What does not exist, or matches nothing, is an error.
    """
    return [path for pattern in patterns for path in _expand(pattern)]


def _expand(pattern: str) -> list[str]:
    if pattern == STDIN or os.path.exists(pattern):
        return [pattern]
    matches = sorted(glob.glob(pattern, recursive=True))
    paths = [path for path in matches if not _is_clutter(os.path.basename(path))]
    if not paths and _MAGIC & set(pattern):
        raise InputError("{path}: no file or folder matches", path=pattern)
    if not paths:
        raise InputError("{path}: there is no such file or folder", path=pattern)
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
    names = {entry.name for entry in found}
    for entry in found:
        path = folder / entry.name
        if _is_clutter(entry.name) or _is_of_a_run(entry.name, names):
            continue
        if skip and os.path.abspath(path) in skip:
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(path, f"{prefix}{entry.name}/", skip)
        else:
            yield InputFile(path, prefix + entry.name)


def _is_clutter(name: str) -> bool:
    """Whether a file is hidden, or left by a system or an open office program."""
    return name.startswith((".", "~$")) or name.lower() in _CLUTTER


def _is_of_a_run(name: str, names: Collection[str]) -> bool:
    """Whether a file is a run's manifest, or one of ``names`` is the manifest of its run."""
    out = name
    for suffix in _BESIDE_OUTPUT:
        out = out.removesuffix(suffix)
    return name.endswith(_MANIFEST) or out + _MANIFEST in names


def _own_id(path: Path) -> str:
    """The id of a file that was named itself."""
    return path.name if path.is_absolute() or ".." in path.parts else path.as_posix()
