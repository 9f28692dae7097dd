"""Where the pages of a Parquet file are, and what they unpack to by their own headers.

The list of contents at the end of a file says so, too, but what unpacks a page goes by its header.
Arrow's reader is not asked for that list: where parts of it contradict each other it ends the
process.
"""

from collections.abc import Iterator
from typing import IO, Any, Final, NamedTuple

from policynlp.errors import InputError

# Fields of a page's header, and kinds of pages and encodings, as the format numbers them.
_KIND, _UNPACKED, _PACKED = 1, 2, 3
_OF_KIND: Final = {0: 5, 2: 7, 3: 8}
_DICTIONARY: Final = 2
_ENCODING: Final = {0: 2, 2: 2, 3: 4}
_DELTA_BYTE_ARRAY: Final = 7
# Fields of the list of contents, of a group of rows and of a column in it.
_GROUPS, _COLUMNS, _ROWS, _COLUMN = 4, 1, 3, 3
_LENGTH, _DATA, _DICTIONARY_AT = 7, 9, 11
# The list of contents takes up to 50 times as much in memory.
_MOST_OF_CONTENTS: Final = 8 << 20
_MOST_NESTED: Final = 1_000_000
_TAIL: Final = 8
# A header is mostly a hundred bytes; it may hold the least and the greatest value of the page.
_HEADERS: Final = (1 << 10, 1 << 16, 1 << 24)
_DEEPEST: Final = 10


class Pages(NamedTuple):
    """The pages of a column in a group of rows: their sizes when they are unpacked, in bytes.

    ``largest`` is that of the largest page and ``average`` the greatest of averages of a value
    in a page; ``prefixed`` says that values may share their beginnings.
    """

    total: int = 0
    values: int = 0
    largest: int = 0
    average: int = 0
    dictionary: int = 0
    prefixed: bool = False


class Group(NamedTuple):
    """A group of rows: how many, and where each column of it begins and how long it is."""

    rows: int
    columns: list[tuple[int, int]]


def groups_of(stream: IO[bytes]) -> list[Group]:
    """The groups of rows of a file; ``ValueError`` where it is no Parquet file."""
    size = stream.seek(0, 2)
    stream.seek(max(0, size - _TAIL))
    length = int.from_bytes(stream.read(_TAIL)[:4], "little")
    if length > size - _TAIL:
        raise ValueError(length)
    if length > _MOST_OF_CONTENTS:
        raise InputError(
            "its list of contents has {length:,} bytes, more than {most:,}: "
            "write it with fewer columns or larger groups of rows, or as .jsonl",
            length=length,
            most=_MOST_OF_CONTENTS,
        )
    stream.seek(size - _TAIL - length)
    try:
        contents, _ = _Thrift(stream.read(length)).struct()
    except IndexError as error:
        raise ValueError(length) from error
    return [_group(found) for found in _structs(contents, _GROUPS)]


def _group(fields: dict[int, Any]) -> Group:
    columns = []
    for column in _structs(fields, _COLUMNS):
        found = column.get(_COLUMN)
        if not isinstance(found, dict):
            raise ValueError(found)
        starts = (_number(found, _DATA), _number(found, _DICTIONARY_AT))
        columns.append((min(filter(None, starts), default=0), _number(found, _LENGTH)))
    return Group(_number(fields, _ROWS), columns)


def _structs(fields: dict[int, Any], field: int) -> list[dict[int, Any]]:
    found = fields.get(field, [])
    if not isinstance(found, list) or not all(isinstance(part, dict) for part in found):
        raise ValueError(field)
    return found


def pages_of(stream: IO[bytes], start: int, length: int) -> Pages:
    """The pages in so many bytes from ``start``; ``ValueError`` where they are none."""
    found = Pages()
    end = start + length
    while start < end:
        header, size = _header(stream, start)
        kind, unpacked, packed = (_number(header, field) for field in (_KIND, _UNPACKED, _PACKED))
        said = header.get(_OF_KIND.get(kind, 0), {})
        if not isinstance(said, dict):
            raise ValueError(kind)
        if kind == _DICTIONARY:
            found = found._replace(dictionary=max(found.dictionary, unpacked))
        elif said:
            values = _number(said, 1)
            prefixed = said.get(_ENCODING[kind]) == _DELTA_BYTE_ARRAY
            found = Pages(
                found.total + unpacked,
                found.values + values,
                max(found.largest, unpacked),
                max(found.average, unpacked // max(1, values)),
                found.dictionary,
                found.prefixed or prefixed,
            )
        start += size + packed
    return found


def _number(fields: dict[int, Any], field: int) -> int:
    number = fields.get(field, 0)
    if not isinstance(number, int) or number < 0:
        raise ValueError(field)
    return number


def _header(stream: IO[bytes], start: int) -> tuple[dict[int, Any], int]:
    """The fields of a page's header and how long it is."""
    for most in _HEADERS:
        stream.seek(start)
        data = stream.read(most)
        try:
            return _Thrift(data).struct()
        except IndexError:  # It is longer than that.
            continue
    raise ValueError(start)


class _Thrift:
    """Reads Thrift's compact protocol, in which headers and contents are written."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at, self._nested = data, 0, 0

    def struct(self) -> tuple[dict[int, Any], int]:
        """The fields by their numbers, and how many bytes they take."""
        found = dict(self._fields(_DEEPEST))
        if self._at > len(self._data):
            raise IndexError
        return found, self._at

    def _fields(self, depth: int) -> Iterator[tuple[int, Any]]:
        self._nested += 1
        if not depth or self._nested > _MOST_NESTED:
            raise ValueError(depth)
        field = 0
        while head := self._byte():
            field = field + (head >> 4) if head >> 4 else self._signed()
            kind = head & 15
            # A field that is true or false is so by its kind.
            yield field, kind == 1 if kind in (1, 2) else self._value(kind, depth)

    def _value(self, kind: int, depth: int) -> Any:
        if kind in (1, 2, 3):
            return self._byte()
        if kind in (4, 5, 6):
            return self._signed()
        if kind == 7:
            self._at += 8
        elif kind == 8:
            length = self._unsigned()
            self._at += length
        elif kind in (9, 10):
            head = self._byte()
            number = head >> 4 if head >> 4 < 15 else self._unsigned()
            return [self._value(head & 15, depth - 1) for _ in range(number)]
        elif kind == 12:
            return dict(self._fields(depth - 1))
        else:
            raise ValueError(kind)
        return None

    def _byte(self) -> int:
        self._at += 1
        return self._data[self._at - 1]

    def _unsigned(self) -> int:
        number = shift = 0
        while (byte := self._byte()) & 0x80:
            number |= (byte & 0x7F) << shift
            shift += 7
            if shift > 70:
                raise ValueError(shift)
        return number | byte << shift

    def _signed(self) -> int:
        number = self._unsigned()
        return number >> 1 ^ -(number & 1)
