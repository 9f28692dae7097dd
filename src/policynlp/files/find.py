"""Which files there are, and names for them that can be shown and are never alike."""

import glob
import os
import re
import sys
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path
from typing import Final, NamedTuple

from policynlp.errors import InputError
from policynlp.files.decode import decode_names
from policynlp.files.output_paths import Identity, identity, identity_of_stream, within

# What no name should hold, among it the halves of characters that stand for bytes that are not
# UTF-8, and what turns the direction of writing.
_UNPRINTABLE: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
_BYTES: Final = range(0xDC80, 0xDD00)
"""The characters that Python has for bytes from 0x80 on."""
STDIN: Final = "-"
_MAGIC: Final = frozenset("*?[")
_CLUTTER: Final = frozenset(("thumbs.db", "desktop.ini"))
_MANIFEST: Final = ".run.json"
_BESIDE_OUTPUT: Final = (".failures.csv", ".parts")


def readable(names: Sequence[str]) -> dict[str, str]:
    """How each of ``names``, all those in a folder or paths, is shown.

    Those in one folder that are not UTF-8 are read as GBK if all of them are GBK, as in archives
    that Windows has packed. What remains unprintable is escaped, as ``\\xb0``. One that would
    look like another name is escaped throughout, or numbered.
    """
    shown = {name: name for name in names if not _UNPRINTABLE.search(name)}
    if len(shown) == len(names):
        return shown
    taken = set(shown)
    strange = [name for name in names if name not in shown]
    for name, read in zip(strange, _read(strange), strict=True):
        plain = printable(name)
        numbered = (f"{plain}~{number}" for number in count(2))
        shown[name] = next(n for n in chain((printable(read), plain), numbered) if n not in taken)
        taken.add(shown[name])
    return shown


def printable(name: str) -> str:
    """``name``, or path, with escapes for what cannot be printed."""
    if not _UNPRINTABLE.search(name):
        return name
    return _UNPRINTABLE.sub(_escape, "/".join(map(_with_bytes_escaped, name.split("/"))))


def _with_bytes_escaped(part: str) -> str:
    """``part`` with all its bytes escaped if it is not UTF-8: some could be taken for that."""
    data = _bytes(part)
    return data.decode("ascii", "backslashreplace") if data and _has_bytes(part) else part


def _bytes(part: str) -> bytes | None:
    """What the name is on the disk, unless it holds a half of a character, as Windows allows."""
    try:
        return part.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return None


def _has_bytes(part: str) -> bool:
    return any(ord(c) in _BYTES for c in part)


def _read(paths: Sequence[str]) -> list[str]:
    """``paths`` with their parts that are not UTF-8 read as GBK, where all in a folder are GBK."""
    split = [tuple(path.split("/")) for path in paths]
    folders: dict[tuple[str, ...], dict[str, str]] = {}
    for parts in split:
        for number, part in enumerate(parts):
            if _has_bytes(part):
                folders.setdefault(parts[:number], {})[part] = part
    for names in folders.values():
        data = list(map(_bytes, names))
        if all(data):
            names |= zip(names, decode_names(list(filter(None, data))) or names, strict=True)
    return [
        "/".join(folders.get(parts[:n], {}).get(part, part) for n, part in enumerate(parts))
        for parts in split
    ]


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    code -= 0xDC00 * (code in _BYTES)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


class InputFile(NamedTuple):
    """A file to read; its id is that of the article in it, or where its articles' ids begin.

    ``path`` is ``None`` for standard input; ``place`` is what messages call the file. Both
    ``id`` and ``place`` are printable, whatever the file is called.
    """

    path: Path | None
    id: str
    place: str

    @property
    def is_stream(self) -> bool:
        """Whether this is a pipe or a device, which could keep a reader waiting without end."""
        path = self.path
        if path is None or os.path.isfile(path) or os.path.isdir(path):
            return False
        return os.path.exists(path)

    def part(self, name: str) -> "InputFile":
        """A part of the file, such as a sheet, as if it were a file of its own."""
        name = printable(name)
        return InputFile(self.path, f"{self.id}:{name}", f"{self.place}:{name}")


def find_inputs(paths: Iterable[str], *, skip: Collection[str] = ()) -> Iterator[InputFile]:
    """The files that ``paths`` name: files, folders with all they hold, globs, ``-`` for stdin.

    An article's id is its path below the folder given, with ``/``. The files of a folder come in
    the order of their paths, without hidden ones, those in ``skip`` (what this run writes) and
    what other runs wrote there. What does not exist is an error at once; so is, by any name,
    what this run writes.
    """
    paths, own = expand(paths), _Own.of(skip)
    for path in paths:
        own.refuse(path)
    places = {path: Path(path).as_posix() for path in paths}
    shown = readable(list(dict.fromkeys(places.values())))
    return chain.from_iterable(_files(path, shown[places[path]], own) for path in paths)


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
        raise InputError("{path}: no file or folder matches", path=printable(pattern))
    if not paths:
        raise InputError("{path}: there is no such file or folder", path=printable(pattern))
    return paths


@dataclass(frozen=True, slots=True)
class _Own:
    """What a run writes, known by identity: a link to it, or another spelling, is the same file.

    ``names`` are those in each folder; ``inodes`` are of what may have further names; ``streams``
    are files that standard output and standard error go to.
    """

    files: frozenset[Identity]
    names: Mapping[Identity, Collection[str]]
    inodes: frozenset[int | str]
    streams: frozenset[Identity]

    @classmethod
    def of(cls, paths: Collection[str]) -> "_Own":
        found = {path: identity(path) for path in paths}
        printed = identity_of_stream(sys.stdout), identity_of_stream(sys.stderr)
        streams = frozenset(filter(None, printed))
        linked = (key for path, key in found.items() if _has_names(path))
        names: dict[Identity, list[str]] = {}
        for path in paths:
            folder, name = os.path.split(path)
            names.setdefault(identity(folder), []).append(_folded(name))
        inodes = frozenset(key[1] for key in (*linked, *streams))
        return cls(frozenset(found.values()), names, inodes, streams)

    def refuse(self, path: str) -> None:
        """Raise ``InputError`` where an input that is named is or lies in what is written."""
        read = [identity_of_stream(sys.stdin)] if path == STDIN else within(path)
        if not (self.files | self.streams).isdisjoint(read):
            raise InputError(
                "{path}: is also what this run writes; choose another output", path=path
            )

    def names_in(self, folder: Path) -> Collection[str]:
        """The names that are written in a folder, which is there: its identity is its own."""
        try:
            found = os.stat(folder)
        except OSError:  # Too deep for its path, as nothing is that is written.
            return ()
        return self.names.get((found.st_dev, found.st_ino), ())

    def has(self, entry: "os.DirEntry[str]", names: Collection[str]) -> bool:
        """Whether to pass over an entry of a folder in which ``names`` are written.

        Raises ``InputError`` if it is another name of what is written.
        """
        is_named = _folded(entry.name) in names
        may_be = is_named or entry.is_symlink() or (self.inodes and entry.inode() in self.inodes)
        key = identity(entry.path) if may_be else ()
        if key in self.files and not is_named:
            self.refuse(entry.path)
        return key in self.files or key in self.streams


def _folded(name: str) -> str:
    """A name as file systems compare it that do not tell cases apart."""
    return unicodedata.normalize("NFC", name).casefold()


def _has_names(path: str) -> bool:
    """Whether a file may be met by another name than this one."""
    if not os.path.isfile(path):
        return False
    return os.stat(path).st_nlink > 1 or os.path.realpath(path) != os.path.abspath(path)


def _files(path: str, place: str, own: _Own) -> Iterator[InputFile]:
    if path == STDIN:
        yield InputFile(None, "stdin", "stdin")
    elif os.path.isdir(path):
        yield from _walk(InputFile(Path(path), "", place), own)
    else:
        yield InputFile(Path(path), _own_id(Path(path), place), place)


def _walk(folder: InputFile, own: _Own) -> Iterator[InputFile]:
    """The files below ``folder``, with whose id theirs begin."""
    walked = [_entries(folder, own)]  # No recursion: folders may be thousands deep.
    while walked:
        file, is_folder = next(walked[-1], (None, False))
        if file is None:
            walked.pop()
        elif is_folder:
            walked.append(_entries(file, own))
        else:
            yield file


def _entries(folder: InputFile, own: _Own) -> Iterator[tuple[InputFile, bool]]:
    """What is in ``folder``, and whether it is a folder; of those the ids end in ``/``."""
    assert folder.path is not None
    try:
        with os.scandir(folder.path) as entries:
            found = sorted(entries, key=lambda entry: entry.name)
    except OSError:
        yield folder, False  # Reading it is a failure that says why.
        return
    names, written = {entry.name for entry in found}, own.names_in(folder.path)
    shown = readable([entry.name for entry in found])
    place = "" if folder.place == "." else f"{folder.place.rstrip('/')}/"
    for entry in found:
        name, is_folder = entry.name, entry.is_dir(follow_symlinks=False)
        if _is_clutter(name) or _is_of_a_run(name, names) or own.has(entry, written):
            continue
        id = f"{folder.id}{shown[name]}{'/' * is_folder}"
        yield InputFile(folder.path / name, id, f"{place}{shown[name]}"), is_folder


def _is_clutter(name: str) -> bool:
    """Whether a file is hidden, or left by a system or an open office program."""
    return name.startswith((".", "~$")) or name.lower() in _CLUTTER


def _is_of_a_run(name: str, names: Collection[str]) -> bool:
    """Whether a file is a run's manifest, or one of ``names`` is the manifest of its run."""
    out = name
    for suffix in _BESIDE_OUTPUT:
        out = out.removesuffix(suffix)
    return name.endswith(_MANIFEST) or out + _MANIFEST in names


def _own_id(path: Path, place: str) -> str:
    """The id of a file that was named itself."""
    elsewhere = path.is_absolute() or ".." in path.parts
    return place.rpartition("/")[2] if elsewhere else place
