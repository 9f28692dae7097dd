"""Where a command may write: over nothing that it reads, by whatever name, and nothing unasked."""

import errno
import os
import re
import stat
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from policynlp.errors import OutputError

Identity = tuple[int | str, ...]

_ROOM: Final = ".1234567.part"  # what is added to a name while a file is written
_WINDOWS: Final = os.name == "nt"
# What Windows takes for a device in every folder, with any extension.
_DEVICE: Final = re.compile(r"(con|prn|aux|nul|(com|lpt)[0-9¹²³])[ .]*(\..*)?", re.IGNORECASE)


def identity(path: str | os.PathLike[str]) -> Identity:
    """What all names of one file have in common: links of both kinds, other spellings.

    Of one that is not there yet it is the folder and the name that it would have.
    """
    missing: list[str] = []
    for place in (path, *_above(path)):
        try:
            found = os.stat(place)
        except OSError:
            missing.append(os.path.normcase(os.path.basename(os.path.realpath(place))))
        else:
            return (found.st_dev, found.st_ino, *reversed(missing))
    return tuple(missing)


def within(path: str | os.PathLike[str]) -> Iterator[Identity]:
    """The identities of ``path`` and of the folders that it lies in."""
    return map(identity, (path, *_above(path)))


def identity_of_stream(stream: Any) -> Identity | None:
    """The identity of the file that a stream comes from or goes to, if it is one."""
    try:
        found = os.fstat(stream.fileno())
    except (OSError, ValueError, AttributeError):  # The stream of a test, a notebook, no console.
        return None
    return (found.st_dev, found.st_ino) if stat.S_ISREG(found.st_mode) else None


def check_files(
    files: Sequence[Path], reads: Iterable[Path | None], *, overwrite: bool = False
) -> None:
    """Refuse files that must not or cannot be written, before hours of work and not after.

    Those that are there already must not be written unless ``overwrite`` allows it; for the rest
    see :func:`check_apart`. Raises ``OutputError``.
    """
    for file in files:
        check_name(file)
    check_apart(files, reads)
    for i, file in enumerate(files):
        if any(identity(other) in within(file) for other in files[:i]):
            raise OutputError(
                "{file}: named for two outputs; choose another name for one", file=file
            )
        check_place(file)
        if not file.absolute().parent.exists():
            raise OutputError(
                "{file}: there is no folder {parent}; make it first", file=file, parent=file.parent
            )
        check_writable(file)
        check_unasked(file, overwrite=overwrite)


def check_apart(files: Sequence[Path], reads: Iterable[Path | None]) -> None:
    """Refuse files that are, or lie in, what a command reads; ``None`` is standard input.

    Raises ``OutputError``.
    """
    places = {place: file for file in files for place in within(file)}
    deeply = any(map(os.path.exists, files))
    for path in reads if files else ():
        for name, read in _read(path, deeply=deeply):
            if read in places:
                raise OutputError(
                    "{file}: must not be written over or into {path}, which this command needs; "
                    "choose another place",
                    file=places[read],
                    path=name,
                )


def check_unasked(*files: Path, overwrite: bool) -> None:
    """Refuse files that are there already, unless ``overwrite`` allows it."""
    for file in files:
        if not overwrite and os.path.lexists(file):
            raise OutputError("{path}: is there already; --overwrite replaces it", path=file)


def check_place(*files: Path) -> None:
    """Refuse places that no file can have, whatever stands there now."""
    for file in files:
        check_name(file)
        if file.is_dir():
            raise OutputError("{file}: is a folder; name a file in it", file=file)
        if file.exists() and not file.is_file():
            raise OutputError("{file}: is a pipe or a device; name a file", file=file)
        _parent(file)


def check_name(path: Path) -> None:
    """Refuse a name that no file or folder can have."""
    if _WINDOWS and _DEVICE.fullmatch(path.name):
        raise OutputError("{path}: Windows has a device of this name; choose another", path=path)
    try:
        os.lstat(path.with_name(f".{path.name}{_ROOM}"))
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            raise OutputError(
                "{path}: the name is too long; choose a shorter one", path=path
            ) from error


def check_writable(path: Path) -> None:
    """Refuse a path whose folder, or the first above it that is there, cannot be written in."""
    parent = _parent(path)
    if not os.access(parent, os.W_OK | os.X_OK):
        raise OutputError(
            "{path}: nothing may be written in {parent}; choose another place",
            path=path,
            parent=parent,
        )


def _parent(path: Path) -> Path:
    """The folder of a path, or the first above it that is there."""
    parent = next(folder for folder in path.absolute().parents if folder.exists())
    if not parent.is_dir():
        raise OutputError(
            "{path}: {parent} is a file, not a folder; choose another place",
            path=path,
            parent=parent,
        )
    return parent


def _above(path: str | os.PathLike[str]) -> Iterator[Path]:
    """The folders that a path truly lies in; they are looked for only when they are needed."""
    yield from Path(os.path.realpath(path)).parents


def _read(path: Path | None, *, deeply: bool) -> Iterator[tuple[str, Identity | None]]:
    """What is read at ``path``, with its identity; ``deeply`` also each file of a folder."""
    if path is None:
        yield "-", identity_of_stream(sys.stdin)
        return
    yield str(path), identity(path)
    if deeply and path.is_dir():
        for folder, _, names in os.walk(path):
            yield from ((name, identity(name)) for name in (os.path.join(folder, n) for n in names))
