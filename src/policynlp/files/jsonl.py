"""Text files and lines of JSON: from a file, a zipped file or standard input."""

import codecs
import json
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Final

from policynlp.article import Failure
from policynlp.errors import InputError
from policynlp.files.decode import check_is_text
from policynlp.files.find import InputFile
from policynlp.files.html import is_page, read_page
from policynlp.files.input_records import InputRecord, short
from policynlp.files.items import (
    Item,
    ItemError,
    Reading,
    decoded,
    grows_too_much,
    parse_cells,
    reason_of,
    too_long,
    unread,
)
from policynlp.messages import say

_WIDE: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_BLANK: Final = b"\r\n \t"
_BLOCK: Final = 1 << 20
# What a stream begins with, a mark and a brace, may come in pieces.
_FIRST: Final = 8
# Where a zipped file is damaged, so much before is lost.
_UNPACKED_BLOCK: Final = 8 << 10
# A value takes up to 230 bytes in memory, and so many in a line at least.
_BYTES_A_VALUE: Final = 16

_Read = Callable[[int], bytes]
"""What gives up to so many bytes, at the end none."""


def parse_text(item: Item, reading: Reading) -> InputRecord:
    """The record of a text file, or of its bytes; a web page under its name is read as one."""
    data = item.content
    if isinstance(data, Path):
        with data.open("rb") as stream:
            data = stream.read(reading.max_bytes + 1)
    assert isinstance(data, bytes)
    if len(data) > reading.max_bytes:  # It has grown since it was found.
        raise too_long(reading)
    text = decoded(data, item)
    return read_page(text) if is_page(text) else InputRecord(text=text)


def parse_line(item: Item, reading: Reading) -> InputRecord:
    """The record of a line of JSON."""
    assert isinstance(item.content, bytes)
    text = decoded(item.content, item)
    try:
        cells = _parse_object(text, reading.max_bytes // _BYTES_A_VALUE)
    except InputError as error:
        raise ItemError("parse", error, item.place) from error
    return parse_cells(item._replace(content=cells), reading)


def find_in_stream(
    file: InputFile, stream: IO[bytes], reading: Reading
) -> Iterator[Item | Failure]:
    """One article as text, or where the first line is an object, one a line."""
    read: _Read = getattr(stream, "read1", stream.read)  # An article is not kept waiting.
    start, block = bytearray(), b"\n"
    while block and (len(start) < _FIRST or not block.strip(_BLANK)):
        if len(start) > reading.max_bytes:
            break
        block = read(_BLOCK)
        start += block
    head = bytes(start)
    if start.startswith(_WIDE):
        head = head[len(_WIDE[0]) :].replace(b"\0", b"")
    if head.lstrip(_BLANK).removeprefix(codecs.BOM_UTF8).lstrip().startswith(b"{"):
        yield from _find_in_lines(file, _joined(bytes(start), read), reading)
        return
    data = bytes(start) + stream.read(max(0, reading.max_bytes - len(start)) + 1)
    yield Item(file.id, file.place, len(data), data, parse_text)


def find_in_line_file(file: InputFile, reading: Reading) -> Iterator[Item | Failure]:
    """One article a line."""
    assert file.path is not None
    with file.path.open("rb") as stream:
        read = _unpacked(stream) if file.path.name.lower().endswith(".gz") else stream.read
        yield from _find_in_lines(file, read, reading)


def _find_in_lines(file: InputFile, read: _Read, reading: Reading) -> Iterator[Item | Failure]:
    """One article a line, to be decoded each by itself: one bad line is one failure."""
    start = read(_BLOCK)
    try:
        check_is_text(start, file.place)
    except InputError as error:
        yield Failure(file.id, file.place, "decode", reason_of(error, file.place))
        return
    read = _joined(start, read)
    if start.startswith(_WIDE):  # Whose line ends are not single bytes.
        read = _transcoded(read)
    for number, line in _lines(read, reading.max_bytes):
        id, place = f"{file.id}:{number}", f"{file.place}:{number}"
        if isinstance(line, Exception):  # For instance a zipped file that is not whole.
            yield Failure(id, place, "read", unread(line))
        elif line is None:
            yield Failure(id, place, "read", str(too_long(reading)))
        elif line := line.removeprefix(codecs.BOM_UTF8) if number == 1 else line:
            yield Item(id, place, len(line), line, parse_line)


def _lines(read: _Read, most: int) -> Iterator[tuple[int, bytes | Exception | None]]:
    """The lines that are not blank, with their numbers.

    One that is longer than ``most`` is ``None``; its rest is skipped. What keeps the lines from
    being read comes last.
    """
    number, block = 1, b"\n"
    pending: list[bytes] = []  # The pieces of the line that has begun, and their length.
    length = 0
    while block:
        try:
            block = read(_BLOCK)
        except (OSError, EOFError, UnicodeDecodeError, zlib.error, InputError) as error:
            yield number, error
            return
        if not pending and not block.strip(_BLANK):
            number += block.count(b"\n")
            continue
        first, *others = (block or b"\n").split(b"\n")
        if length <= most:
            pending.append(first)
            length += len(first)
        for line in others:
            if length > most:
                yield number, None
            elif whole := b"".join(pending).strip(_BLANK):
                yield number, whole
            number += 1
            pending, length = [line], len(line)
        if not length:
            pending = []


def _joined(start: bytes, read: _Read) -> _Read:
    """What gives ``start`` and then what ``read`` does."""
    begun = iter((start,) if start else ())
    return lambda size: next(begun, None) or read(size)


def _transcoded(read: _Read) -> _Read:
    """What gives as UTF-8 what ``read`` does as UTF-16; what is broken stays so."""
    decoder = codecs.getincrementaldecoder("utf-16")("surrogatepass")

    def transcoded(size: int) -> bytes:
        while data := read(size):
            if text := decoder.decode(data):
                return text.encode("utf-8", "surrogatepass")
        decoder.decode(b"", final=True)  # An error where half a character is left.
        return b""

    return transcoded


def _unpacked(stream: IO[bytes]) -> _Read:
    """What gives a zipped file unpacked, as long as there is something in it."""
    import gzip  # Costs start-up time that most runs need not pay.

    unpacked = gzip.GzipFile(fileobj=stream)

    def read(size: int) -> bytes:
        trouble = grows_too_much(unpacked.tell(), stream.tell())
        if trouble:
            raise trouble
        return unpacked.read1(min(size, _UNPACKED_BLOCK))

    return read


def _parse_object(line: str, most: int) -> dict[str, object]:
    if len(line) > _BLOCK and sum(map(line.count, "[{,")) > most:
        raise InputError("more than {most:,} values in one line: divide it", most=most)
    try:
        value = _DECODER.decode(line)
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


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """An object of JSON, each of whose names must stand in it once."""
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = next(name for name, number in Counter(n for n, _ in pairs).items() if number > 1)
        raise InputError('"{name}" stands twice in one object; keep one', name=short(twice))
    return found


_DECODER: Final = json.JSONDecoder(object_pairs_hook=_object)
