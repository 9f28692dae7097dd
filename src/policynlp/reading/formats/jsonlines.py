"""Text files and lines of JSON: from a file, a zipped file or standard input."""

import codecs
import io
import json
import zlib
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import IO, Final

from policynlp.article import Failure
from policynlp.errors import InputError
from policynlp.messages import say
from policynlp.reading.formats.encodings import decode
from policynlp.reading.formats.finding import InputFile
from policynlp.reading.formats.html import is_page, read_page
from policynlp.reading.formats.items import (
    Item,
    ItemError,
    Reading,
    cause,
    decoded,
    parse_cells,
    reason_of,
)
from policynlp.reading.formats.kinds import LONGEST_START, check_is_text
from policynlp.records import InputRecord

_WIDE: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def parse_text(item: Item, reading: Reading) -> InputRecord:
    """The record of a text file, or of its bytes; a web page under its name is read as one."""
    data = item.content.read_bytes() if isinstance(item.content, Path) else item.content
    assert isinstance(data, bytes)
    text = decoded(data, item)
    return read_page(text) if is_page(text) else InputRecord(text=text)


def parse_line(item: Item, reading: Reading) -> InputRecord:
    """The record of a line of JSON."""
    assert isinstance(item.content, bytes)
    text = decoded(item.content, item)
    try:
        cells = _parse_object(text)
    except InputError as error:
        raise ItemError("parse", error, item.place) from error
    return parse_cells(item._replace(content=cells), reading)


def find_in_stream(file: InputFile, stream: IO[bytes]) -> Iterator[Item | Failure]:
    """One article as text, or where the first line is an object, one a line."""
    start, line = b"", b"\n"
    while line and not line.strip():
        line = stream.readline()
        start += line
    if line.removeprefix(codecs.BOM_UTF8).lstrip().startswith(b"{"):
        yield from _find_in_lines(file, chain(io.BytesIO(start), stream))
    else:
        data = start + stream.read()
        yield Item(file.id, file.place, len(data), data, parse_text)


def find_in_line_file(file: InputFile, reading: Reading) -> Iterator[Item | Failure]:
    """One article a line."""
    assert file.path is not None
    with _open(file.path) as stream:
        start = stream.read(LONGEST_START)
        stream.seek(0)
        lines: Iterable[bytes] = stream
        try:
            check_is_text(start, file.place)
            if start.startswith(_WIDE):  # Whose line ends are not single bytes.
                text = decode(stream.read(), place=file.place)
                lines = (line.encode() for line in text.split("\n"))
        except InputError as error:
            yield Failure(file.id, file.place, "decode", reason_of(error, file.place))
            return
        yield from _find_in_lines(file, lines)


def _open(path: Path) -> io.BufferedIOBase:
    if path.name.lower().endswith(".gz"):
        import gzip  # Costs start-up time that most runs need not pay.

        return gzip.open(path, "rb")
    return path.open("rb")


def _find_in_lines(file: InputFile, lines: Iterable[bytes]) -> Iterator[Item | Failure]:
    """One article a line, to be decoded each by itself: one bad line is one failure."""
    number = 0
    lines = iter(lines)
    while True:
        number += 1
        try:
            line = next(lines, None)
        except (OSError, EOFError, zlib.error) as error:  # A zipped file that is not whole.
            id, place = f"{file.id}:{number}", f"{file.place}:{number}"
            reason = say("cannot be read from here on: {reason}", reason=cause(error))
            yield Failure(id, place, "read", reason)
            return
        if line is None:
            return
        line = line.strip(b"\r\n \t")
        if number == 1:
            line = line.removeprefix(codecs.BOM_UTF8)
        if line:
            yield Item(f"{file.id}:{number}", f"{file.place}:{number}", len(line), line, parse_line)


def _parse_object(line: str) -> dict[str, object]:
    try:
        value = json.loads(line)
    except json.JSONDecodeError as error:
        raise InputError(
            "not valid JSON: {error} at column {column}",
            error=say(error.msg),
            column=error.colno,
        ) from error
    except RecursionError as error:
        raise InputError("not valid JSON: nested too deep") from error
    except ValueError as error:
        raise InputError("not valid JSON: a number has too many digits") from error
    if not isinstance(value, dict):
        raise InputError('each line must be an object such as {"id": …, "text": …}')
    return value
