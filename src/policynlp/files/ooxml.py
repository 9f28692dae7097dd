"""Office files: zipped XML, of which what is needed is unpacked, some at a time."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path
from typing import Final
from xml.parsers.expat import ExpatError, ParserCreate
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from policynlp.errors import InputError
from policynlp.files.items import grows_too_much

MOST_PARTS: Final = 10_000
"""So many files may be in an Office file, and so many sheets or styles in a list of them."""
# So much is read of any; a second for each 10 MB.
_UNPACKED: Final = 64 << 20
# The list of so many files takes half of this.
_MOST_LISTED: Final = 4 << 20
_BLOCK: Final = 64 << 10
# A tag with its attributes; text comes in pieces, however long it is.
_LONGEST_TAG: Final = 1 << 20
_DEEPEST: Final = 200
# No name in an Office file is longer.
_LONGEST_NAME: Final = 1000

Attributes = dict[str, str]
Start = Callable[[str, Attributes], None]
Text = Callable[[str], None]


class _File(FileIO):
    """A file whose list of contents, which is read as a whole, is not too long."""

    def read(self, size: int | None = -1, /) -> bytes:
        """Read ``size`` bytes."""
        if size is not None and size > _MOST_LISTED:
            raise _too_many()
        return super().read(size)


@contextmanager
def opened(path: Path) -> Iterator[ZipFile]:
    """The Office file at ``path``, unless what it says of itself is no Office file's."""
    with _File(path) as stream, ZipFile(stream) as archive:
        infos = archive.infolist()
        if len(infos) > MOST_PARTS:
            raise _too_many()
        size = sum(info.file_size for info in infos)
        trouble = grows_too_much(size, path.stat().st_size, _UNPACKED)
        if trouble:
            raise trouble
        yield archive


def _too_many() -> InputError:
    return InputError(
        "it holds more than {most:,} files: open it and save it anew, or as .txt or .csv",
        most=MOST_PARTS,
    )


def related(archive: ZipFile, part: str) -> dict[str, tuple[str, str]]:
    """The kind and the name of each part that ``part`` refers to, by the id that it uses."""
    folder, _, name = part.rpartition("/")
    found: dict[str, tuple[str, str]] = {}

    def start(tag: str, attributes: Attributes) -> None:
        if tag == "Relationship" and len(found) < MOST_PARTS:
            kind = attribute(attributes, "Type").rpartition("/")[2]
            target = attribute(attributes, "Target")
            found[attribute(attributes, "Id")] = kind, _joined(folder, target)

    walk(archive, f"{folder}/_rels/{name}.rels".removeprefix("/"), start)
    return found


def main_part(archive: ZipFile) -> str:
    """The name of the part that holds the document or the list of sheets."""
    kinds = related(archive, "").values()
    name = next((name for kind, name in kinds if kind == "officeDocument"), "")
    if name not in archive.NameToInfo:
        raise BadZipFile(name)
    return name


def attribute(attributes: Attributes, name: str) -> str:
    """The value of the attribute ``name``, whatever its prefix, or nothing."""
    found = (value for key, value in attributes.items() if key.rpartition(":")[2] == name)
    return next(found, "")[:_LONGEST_NAME]


def _joined(folder: str, target: str) -> str:
    """The name of a part that is named from ``folder``, or from the root if it begins with /."""
    parts: list[str] = []
    for step in target.split("/") if target.startswith("/") else f"{folder}/{target}".split("/"):
        if step == "..":
            parts = parts[:-1]
        elif step not in ("", "."):
            parts.append(step)
    return "/".join(parts)


def _check_packing(info: ZipInfo) -> None:
    """Refuse what is encrypted, or packed as no Office program does."""
    if info.compress_type not in (ZIP_STORED, ZIP_DEFLATED) or info.flag_bits & 1:
        raise BadZipFile(info.filename)


def walk(
    archive: ZipFile,
    part: str,
    start: Start,
    end: Callable[[str], None] | None = None,
    text: Text | None = None,
) -> None:
    """Call ``start`` and ``end`` for elements of ``part``, if it is there, ``text`` for text."""
    for _ in steps(archive, part, start, end, text):
        pass


def steps(
    archive: ZipFile,
    part: str,
    start: Start,
    end: Callable[[str], None] | None = None,
    text: Text | None = None,
) -> Iterator[None]:
    """As :func:`walk`, a step for each some thousand bytes of ``part``.

    Names of elements come without the prefixes of their namespaces.
    """
    info = archive.NameToInfo.get(part)
    if info is None:
        return
    _check_packing(info)
    parser = ParserCreate()
    parser.buffer_text = True
    depth = read = 0

    def started(name: str, attributes: Attributes) -> None:
        nonlocal depth
        depth += 1
        if depth > _DEEPEST:
            raise BadZipFile(part)
        start(name.rpartition(":")[2], attributes)

    def ended(name: str) -> None:
        nonlocal depth
        depth -= 1
        if end:
            end(name.rpartition(":")[2])

    def refuse(*_: object) -> None:
        raise BadZipFile(part)  # Office files have no entities, which could grow without end.

    parser.StartElementHandler, parser.EndElementHandler = started, ended
    parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = refuse
    with archive.open(info) as stream:
        try:
            while block := stream.read(_BLOCK):
                parser.Parse(block)
                read += len(block)
                if read - parser.CurrentByteIndex > _LONGEST_TAG:
                    raise BadZipFile(part)
                yield
            parser.Parse(b"", True)
        except (ExpatError, LookupError) as error:  # As of an encoding that nobody knows.
            raise BadZipFile(part) from error
        yield
