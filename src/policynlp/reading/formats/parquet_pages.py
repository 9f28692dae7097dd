"""What the pages of a Parquet file unpack to, by their own headers.

The list of contents at the end of a file says so, too, but what unpacks a page goes by its header.
"""

from collections.abc import Iterator
from typing import IO, Any, Final, NamedTuple

# Fields of a page's header, and kinds of pages and encodings, as the format numbers them.
_KIND, _UNPACKED, _PACKED = 1, 2, 3
_OF_KIND: Final = {0: 5, 2: 7, 3: 8}
_DICTIONARY: Final = 2
_ENCODING: Final = {0: 2, 2: 2, 3: 4}
_DELTA_BYTE_ARRAY: Final = 7
# Mostly a hundred bytes; it may hold the least and the greatest value of the page.
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


def pages_of(stream: IO[bytes], start: int, length: int) -> Pages:
    """The pages in so many bytes from ``start``; ``ValueError`` where they are none."""
    found = Pages()
    end = start + length
    while start < end:
        header, size = _header(stream, start)
        kind, unpacked, packed = (header.get(field, 0) for field in (_KIND, _UNPACKED, _PACKED))
        said = header.get(_OF_KIND.get(kind, 0), {})
        if unpacked < 0 or packed < 0:
            raise ValueError(kind)
        if kind == _DICTIONARY:
            found = found._replace(dictionary=max(found.dictionary, unpacked))
        elif said:
            values = max(0, said.get(1, 0))
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


def _header(stream: IO[bytes], start: int) -> tuple[dict[int, Any], int]:
    """The fields of a page's header and how long it is."""
    for most in _HEADERS:
        stream.seek(start)
        data = stream.read(most)
        try:
            return _Thrift(data).header()
        except IndexError:  # It is longer than that.
            continue
    raise ValueError(start)


class _Thrift:
    """Reads Thrift's compact protocol, in which headers are written."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def header(self) -> tuple[dict[int, Any], int]:
        """The fields by their numbers, and how many bytes they take."""
        found = dict(self._fields(_DEEPEST))
        if self._at > len(self._data):
            raise IndexError
        return found, self._at

    def _fields(self, depth: int) -> Iterator[tuple[int, Any]]:
        if not depth:
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
            for _ in range(head >> 4 if head >> 4 < 15 else self._unsigned()):
                self._value(head & 15, depth)
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
