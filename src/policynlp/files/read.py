"""From files to records: which files there are, how they are encoded, what articles they hold."""

import sys
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import PurePosixPath
from typing import IO, Final

from policynlp.article import Failure
from policynlp.files.csv import find_in_table
from policynlp.files.decode import advice_for
from policynlp.files.docx import parse_document
from policynlp.files.find import InputFile
from policynlp.files.html import parse_page
from policynlp.files.items import (
    InputArticle,
    Item,
    Parse,
    Reading,
    grows_too_much,
    read_trouble,
    too_long,
    unread,
)
from policynlp.files.jsonl import find_in_line_file, find_in_stream, parse_text
from policynlp.files.parquet import find_in_parquet
from policynlp.files.xlsx import find_in_workbook
from policynlp.messages import say

_Find = Callable[[InputFile, Reading], Iterator[Item | Failure]]

# Files that hold one article, and what reads it.
_PAGES: Final[dict[tuple[str, ...], Parse]] = {
    (".txt", ".text", ".md"): parse_text,
    (".html", ".htm", ".xhtml", ".shtml"): parse_page,
    (".docx",): parse_document,
}
# Files that hold many, and what finds them.
_COLLECTIONS: Final[dict[tuple[str, ...], _Find]] = {
    (".jsonl", ".ndjson", ".jsonl.gz", ".ndjson.gz"): find_in_line_file,
    (".csv", ".tsv"): find_in_table,
    (".xlsx", ".xlsm"): find_in_workbook,
    (".parquet",): find_in_parquet,
}
DEFAULT_READING: Final = Reading()
_PACKED: Final = (".gz", ".xlsx", ".xlsm", ".parquet")
# However short an article is, reading it takes as long as so many bytes.
_ENTRY: Final = 1000


def read_inputs(
    files: Iterable[InputFile],
    reading: Reading = DEFAULT_READING,
    *,
    stdin: IO[bytes] | None = None,
) -> Iterator[InputArticle | Failure]:
    """Every article in ``files``, in order; what cannot be read is a failure, and no end."""
    for found in find_items(files, reading, stdin=stdin):
        yield found if isinstance(found, Failure) else found.read(reading)


def find_items(
    files: Iterable[InputFile],
    reading: Reading = DEFAULT_READING,
    *,
    stdin: IO[bytes] | None = None,
) -> Iterator[Item | Failure]:
    """Every article in ``files``, in order, found but not read.

    It can be read where it is analyzed, in another process.
    """
    for file in files:
        try:
            yield from _bounded(file, _finder(file, stdin)(file, reading))
        except Exception as error:  # Whatever is wrong with a file, the others are read.
            yield Failure(file.id, file.place, "read", read_trouble(error))


def _bounded(file: InputFile, found: Iterator[Item | Failure]) -> Iterator[Item | Failure]:
    """What was ``found`` in ``file``, as long as it does not grow out of next to nothing."""
    if file.path is None or not file.path.name.lower().endswith(_PACKED):
        yield from found
        return
    length, packed = 0, file.path.stat().st_size
    for entry in found:
        length += _ENTRY + (entry.size if isinstance(entry, Item) else 0)
        trouble = grows_too_much(length, packed)
        if trouble:
            yield Failure(entry.id, entry.place, "read", unread(trouble))
            return
        yield entry


def _finder(file: InputFile, stdin: IO[bytes] | None) -> _Find:
    """What finds the articles of ``file``, by its name."""
    if file.path is None:
        return lambda file, reading: find_in_stream(file, stdin or sys.stdin.buffer, reading)
    if file.path.is_dir() and file.path.is_symlink():
        return _refuse_link
    if file.path.is_dir():  # One that cannot be opened: reading it says why.
        return partial(_find_page, parse_text)
    if file.is_stream:
        return _refuse_stream
    name = file.path.name.lower()
    for suffixes, parse in _PAGES.items():
        if name.endswith(suffixes):
            return partial(_find_page, parse)
    found = (find for suffixes, find in _COLLECTIONS.items() if name.endswith(suffixes))
    return next(found, _refuse)


def _find_page(parse: Parse, file: InputFile, reading: Reading) -> Iterator[Item | Failure]:
    assert file.path is not None
    size = file.path.stat().st_size
    if size > reading.max_bytes and parse is not parse_document:  # Which may be full of pictures.
        yield Failure(file.id, file.place, "read", str(too_long(reading)))
    else:
        yield Item(file.id, file.place, size, file.path, parse)


def _refuse_link(file: InputFile, reading: Reading) -> Iterator[Item | Failure]:
    """The failure of a link in a folder to a folder, which could lead round in a circle."""
    reason = say("is a link to a folder, and such links are not followed: name the folder itself")
    yield Failure(file.id, file.place, "read", reason)


def _refuse_stream(file: InputFile, reading: Reading) -> Iterator[Item | Failure]:
    """The failure of a pipe or device."""
    reason = say("is a pipe or a device, not a file: send what it gives to standard input, -")
    yield Failure(file.id, file.place, "read", reason)


def _refuse(file: InputFile, reading: Reading) -> Iterator[Item | Failure]:
    """The failure of a file of a kind that is not read, with what to do."""
    suffix = PurePosixPath(file.place).suffix.lower()
    advice = advice_for(suffix)
    reason = say("a file without an extension is not read: {advice}", advice=advice)
    if suffix:
        reason = say("{kind} is not read: {advice}", kind=suffix, advice=advice)
    yield Failure(file.id, file.place, "read", reason)
