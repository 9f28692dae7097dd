"""Tables as text: CSV with commas, semicolons or tabs."""

import csv
import io
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import IO, Final, NamedTuple

from policynlp.article import Failure
from policynlp.errors import InputError
from policynlp.escaping import escape_formula
from policynlp.files.decode import find_encoding
from policynlp.files.find import InputFile
from policynlp.files.input_records import MAX_COLUMNS, find_columns, short
from policynlp.files.items import Item, Reading, parse_cells, reason_of, too_long
from policynlp.messages import say

BOM: Final = "\ufeff"
"""What a file begins with that Excel is to read as UTF-8."""
_PIECE: Final = 1 << 20


def csv_rows(rows: Iterable[Iterable[object]]) -> str:
    """Rows of CSV as Excel writes them, without cells that it could take for formulas."""
    buffer = io.StringIO(newline="")
    csv.writer(buffer).writerows([escape_formula(cell) for cell in row] for row in rows)
    return buffer.getvalue()


def find_in_table(file: InputFile, reading: Reading) -> Iterator[Item | Failure]:
    """One article a row, below a row with the names of the columns."""
    assert file.path is not None
    try:
        encoding = find_encoding(file.path, place=file.place)
    except InputError as error:
        yield Failure(file.id, file.place, "decode", reason_of(error, file.place))
        return
    rows = read_rows(file.path, encoding, reading)
    first = next(rows, Row(1, []))
    if first.trouble:
        yield Failure(file.id, file.place, "parse", first.trouble)
        return
    try:
        header = read_header(first.cells, file.place, reading)
    except InputError as error:
        yield Failure(file.id, file.place, "parse", reason_of(error, file.place))
        return
    for row in rows:
        id, place = f"{file.id}:{row.number}", f"{file.place}:{row.number}"
        if row.trouble:
            yield Failure(id, place, "parse", row.trouble)
        elif any(row.cells):
            yield _find_in_row(id, place, header, row.cells)


class Row(NamedTuple):
    """A row of a table: its number as Excel has it, its cells, and what is wrong with it."""

    number: int
    cells: list[str]
    trouble: str = ""


def read_rows(path: Path, encoding: str, reading: Reading) -> Iterator[Row]:
    """The rows of the table at ``path``, that with the names of its columns first."""
    # Of the whole process, by default 131,072 characters. Rows are limited by their lines.
    most = min(reading.max_bytes, 2**31 - 1)  # That of Windows.
    csv.field_size_limit(max(csv.field_size_limit(), most))
    with path.open(encoding=encoding, newline="") as stream:
        first = stream.readline(reading.max_bytes)
        stream.seek(0)
        delimiter = "\t" if path.suffix.lower() == ".tsv" else _delimiter(first)
        lines = _Lines(stream, reading)
        rows = csv.reader(lines, delimiter=delimiter, strict=True)
        for number in count(1):
            lines.begin()
            try:
                cells = next(rows, None)
            except csv.Error as error:
                yield Row(number, [], _row_trouble(error))
                continue
            except InputError as error:
                yield Row(number, [], str(error))
                if lines.is_lost:
                    return
                continue
            if cells is None:
                return
            yield Row(number, cells)


class _Lines:
    """The lines of a table, of which those of one row may take so many characters together.

    It ``is_lost`` where nobody can say which of the lines below begins a row.
    """

    def __init__(self, stream: IO[str], reading: Reading) -> None:
        self._readline, self._reading, self.is_lost = stream.readline, reading, False
        self.begin()

    def begin(self) -> None:
        """Let a row begin with the next line."""
        self._left = self._most = self._reading.max_bytes

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self._readline(self._left + 1)
        if not line:
            raise StopIteration
        self._left -= len(line)
        if self._left < 0:
            raise self._trouble(line)
        return line

    def _trouble(self, line: str) -> InputError:
        """What is wrong with a row that ``line`` makes too long, the rest of which is skipped."""
        if self._left + len(line) < self._most:
            self.is_lost = True
            return InputError(
                "a quotation mark opens a cell here that does not end, so the rows below are "
                "unread: {reason}",
                reason=too_long(self._reading),
            )
        while line and not line.endswith(("\n", "\r")):
            line = self._readline(_PIECE)
        return too_long(self._reading)


def read_header(names: Sequence[str], place: str, reading: Reading) -> list[str]:
    """The names of a table's columns, among them those of the fields that are needed.

    A name that is empty stands for a column that nobody asked for.
    """
    names = [name.strip().removeprefix("\ufeff") for name in names]
    if not any(names):
        raise InputError("{place}: the first row must hold the names of the columns", place=place)
    used = find_used(list(filter(None, names)), place, reading)
    return [name if reading.keep_columns or name in used else "" for name in names]


def find_used(names: Sequence[str], place: str, reading: Reading) -> Collection[str]:
    """Which of the columns ``names`` hold fields; those that are needed must be there."""
    if len(names) > MAX_COLUMNS:
        raise InputError(
            "{place}: {number:,} columns, more than {most:,}: drop those that are not needed",
            place=place,
            number=len(names),
            most=MAX_COLUMNS,
        )
    twice = [name for name, number in Counter(names).items() if number > 1]
    if twice:
        raise InputError(
            '{place}: two columns are called "{name}"; rename one of them',
            place=place,
            name=short(twice[0]),
        )
    return set(find_columns(tuple(names), reading.columns).values())


def _delimiter(header: str) -> str:
    """What stands between the names of the columns: Excel writes ; in some countries."""
    return max(",;\t", key=header.count)


def _row_trouble(error: csv.Error) -> str:
    if "unexpected end of data" in str(error):
        return say("a quotation mark opens a cell here that never ends: the rows below are unread")
    return say(
        "the row is broken: {error}; double the quotation marks inside of cells", error=error
    )


def _find_in_row(id: str, place: str, header: list[str], row: list[str]) -> Item | Failure:
    if any(row[len(header) :]):
        reason = say(
            "{cells} cells in a table of {columns} columns; put cells in quotes",
            cells=len(row),
            columns=len(header),
        )
        return Failure(id, place, "parse", reason)
    # A row that ends early has no value, not even an empty one, in its last columns.
    cells = {name: "" for name in header if name} | {
        name: cell for name, cell in zip(header, row, strict=False) if name
    }
    return Item(id, place, 3 * sum(map(len, row)), cells, parse_cells)
