"""Excel files."""

import datetime
import re
from array import array
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Final, NamedTuple
from zipfile import ZipFile

from policynlp.article import Failure
from policynlp.errors import InputError
from policynlp.files import ooxml
from policynlp.files.csv import read_header
from policynlp.files.find import InputFile
from policynlp.files.input_records import MAX_COLUMNS, find_columns
from policynlp.files.items import Item, Reading, parse_cells, reason_of, too_long
from policynlp.files.ooxml import Attributes, attribute
from policynlp.messages import say

MAX_ROWS: Final = 1_048_576
"""So many rows a sheet has."""
# A title and a note may stand above the names of the columns.
_HEADER_ROWS: Final = 5
# Days since the workbook's epoch, 1954 to 2064: how Excel keeps a date.
_SERIAL: Final = re.compile(r"\d{5}(\.\d+)?")
_FIRST_DAY, _LAST_DAY = 20_000, 60_000
_EPOCH, _EPOCH_OF_MACS = datetime.datetime(1899, 12, 30), datetime.datetime(1904, 1, 1)
_REFERENCE: Final = re.compile(r"([A-Za-z]{1,7})\d*")
# Excel writes _x000D_ for a character that XML lacks, and _x005F_x000D_ for this text itself.
# Other programs write it as it is, so only the latter is read in another way.
_ESCAPE: Final = "x005F_"
# All texts of a workbook are in memory while it is read.
_MOST_SHARED: Final = 256 << 20
_USUAL: Final = Reading()
# So many styles Excel has.
_MOST_STYLES: Final = 65_536


class Row(NamedTuple):
    """A row of a sheet: its number, its cells by column, both from 1 on, and what is wrong."""

    number: int
    cells: dict[int, str]
    trouble: str = ""

    def values(self) -> list[str]:
        """The cells from the first column to the last that has one."""
        return [self.cells.get(n, "") for n in range(1, max(self.cells, default=0) + 1)]


class Workbook:
    """A workbook, whose sheets are read one after the other."""

    def __init__(self, archive: ZipFile, reading: Reading) -> None:
        """Read what all sheets share."""
        self._archive, self._reading = archive, reading
        self._main = ooxml.main_part(archive)
        self._related = ooxml.related(archive, self._main)
        parts = dict(self._related.values())
        self.epoch = _EPOCH
        self._titles: dict[str, str] = {}
        ooxml.walk(archive, self._main, self._note)
        self._strings = _Strings(archive, parts.get("sharedStrings", ""))
        self._dates = _Dates(archive, parts.get("styles", ""))

    def _note(self, tag: str, attributes: Attributes) -> None:
        if tag == "workbookPr" and attribute(attributes, "date1904") in ("1", "true"):
            self.epoch = _EPOCH_OF_MACS
        elif tag == "sheet" and len(self._titles) < ooxml.MOST_PARTS:
            kind, part = self._related.get(attribute(attributes, "id"), ("", ""))
            if kind == "worksheet" and part in self._archive.NameToInfo:
                self._titles.setdefault(part, attribute(attributes, "name"))

    def sheets(self) -> Iterator[tuple[str, Iterator[Row]]]:
        """The names of the sheets with their rows that have cells."""
        for part, title in self._titles.items():
            yield title, self._rows(part)

    def _rows(self, part: str) -> Iterator[Row]:
        sheet = _Sheet(self._strings, self._dates, self.epoch, self._reading)
        for _ in ooxml.steps(self._archive, part, sheet.start, sheet.end, sheet.text):
            for number, cells, trouble in sheet.rows:
                yield Row(number, {n: self._text(cell) for n, cell in cells.items()}, trouble)
                if number > MAX_ROWS:
                    return
            sheet.rows.clear()

    def _text(self, cell: str | int) -> str:
        """What a cell says: that it is a shared text says its number."""
        return cell if isinstance(cell, str) else self._strings.get(cell)


@contextmanager
def opened(path: Path, reading: Reading = _USUAL) -> Iterator[Workbook]:
    """The workbook at ``path``."""
    import openpyxl.styles.numbers
    import openpyxl.utils.datetime  # noqa: F401 To say at once that it is missing.

    with ooxml.opened(path) as archive:
        yield Workbook(archive, reading)


class _Strings:
    """The texts that cells share, as bytes: as strings they would take up to ten times as much."""

    def __init__(self, archive: ZipFile, part: str) -> None:
        self._data, self._ends = bytearray(), array("Q")
        self._taken = self._silent = False
        ooxml.walk(archive, part, self._start, self._end, self._text)

    def _start(self, tag: str, attributes: Attributes) -> None:
        self._silent |= tag == "rPh"  # How it is pronounced.
        self._taken = tag == "t" and not self._silent

    def _end(self, tag: str) -> None:
        self._taken = False
        if tag == "rPh":
            self._silent = False
        elif tag == "si":
            self._ends.append(len(self._data))
            self._check()

    def _text(self, text: str) -> None:
        if self._taken:
            self._data += text.encode()
            self._check()

    def _check(self) -> None:
        if len(self._data) + 8 * len(self._ends) > _MOST_SHARED:
            raise InputError(
                "its cells have more than {most:,} bytes of text: save it as .csv, "
                "or in several workbooks",
                most=_MOST_SHARED,
            )

    def length(self, index: int) -> int:
        """How many bytes a text has."""
        if index < 0:
            raise IndexError(index)
        return self._ends[index] - self._start_of(index)

    def get(self, index: int) -> str:
        """A text by its number."""
        text = self._data[self._start_of(index) : self._ends[index]].decode()
        return text.replace(_ESCAPE, "")

    def _start_of(self, index: int) -> int:
        return self._ends[index - 1] if index else 0


class _Dates:
    """Which styles make a date or a duration of a number."""

    def __init__(self, archive: ZipFile, part: str) -> None:
        self._formats: dict[str, str] = {}
        self._dates: set[int] = set()
        self._durations: set[int] = set()
        self._styles = 0
        self._inside = False
        ooxml.walk(archive, part, self._start, self._end)

    def _start(self, tag: str, attributes: Attributes) -> None:
        from openpyxl.styles.numbers import builtin_format_code, is_date_format, is_timedelta_format

        if tag == "numFmt" and len(self._formats) < _MOST_STYLES:
            self._formats[attribute(attributes, "numFmtId")] = attribute(attributes, "formatCode")
        elif tag == "xf" and self._inside and self._styles < _MOST_STYLES:
            number = attribute(attributes, "numFmtId")
            known = number.isdecimal() and len(number) < 9
            code = self._formats.get(number) or (builtin_format_code(int(number)) if known else "")
            if is_date_format(code):
                self._dates.add(self._styles)
            if is_timedelta_format(code):
                self._durations.add(self._styles)
            self._styles += 1
        self._inside |= tag == "cellXfs"

    def _end(self, tag: str) -> None:
        self._inside &= tag != "cellXfs"

    def read(self, number: float, style: int, epoch: datetime.datetime) -> object:
        """``number`` as what its style makes of it."""
        if style not in self._dates:
            return number
        from openpyxl.utils.datetime import from_excel

        try:
            return from_excel(number, epoch, timedelta=style in self._durations)
        except (OverflowError, ValueError):
            return "#VALUE!"


class _Sheet:
    """What is known of a sheet while its parts come; ``rows`` are those that are whole."""

    def __init__(
        self, strings: _Strings, dates: _Dates, epoch: datetime.datetime, reading: Reading
    ) -> None:
        # Of shared texts the numbers: those of a few thousand bytes of a sheet may be gigabytes.
        self.rows: list[tuple[int, dict[int, str | int], str]] = []
        self._strings, self._dates, self._epoch, self._reading = strings, dates, epoch, reading
        self._number = 0
        self._begin_row()

    def _begin_row(self) -> None:
        self._cells: dict[int, str | int] = {}
        self._column = self._size = 0
        self._trouble = ""
        self._begin_cell({})

    def _begin_cell(self, attributes: Attributes) -> None:
        self._type, self._style = attributes.get("t", "n"), attributes.get("s", "0")
        self._parts: list[str] = []
        self._taken = self._silent = False

    def start(self, tag: str, attributes: Attributes) -> None:
        """Note that an element begins."""
        if self._trouble and tag != "row":
            return
        if tag == "c":
            self._begin_cell(attributes)
            self._column = _column(attributes.get("r", "")) or self._column + 1
            if self._column > MAX_COLUMNS:
                self._trouble = say(
                    "a cell in column {column:,}, and a sheet has {most:,}: save it anew in Excel",
                    column=self._column,
                    most=MAX_COLUMNS,
                )
        elif tag in ("v", "t"):
            self._taken = not self._silent and (tag == "t") == (self._type == "inlineStr")
        elif tag == "rPh":
            self._silent = True
        elif tag == "row":
            self._begin_row()
            number = attributes.get("r", "")
            known = number.isdecimal() and len(number) < 20
            self._number = max(self._number + 1, int(number) if known else 0)
            if self._number > MAX_ROWS:
                self._trouble = say(
                    "row {number:,}, and a sheet has {most:,}: save it anew in Excel; "
                    "what comes below is unread",
                    number=self._number,
                    most=MAX_ROWS,
                )

    def text(self, text: str) -> None:
        """Note some text."""
        if self._taken:
            self._parts.append(text)
            self._add(len(text))

    def _add(self, size: int) -> None:
        """Count what a row has; of one that has too much nothing more is kept."""
        self._size += size
        if self._size > self._reading.max_bytes:
            self._trouble = str(too_long(self._reading))
            self._taken = False
            self._parts.clear()
            self._cells.clear()

    def end(self, tag: str) -> None:
        """Note that an element ends."""
        if tag in ("v", "t"):
            self._taken = False
        elif tag == "rPh":
            self._silent = False
        elif tag == "c" and self._parts and not self._trouble:
            try:
                self._cells[self._column] = self._value("".join(self._parts))
            except (ValueError, IndexError, OverflowError):
                self._trouble = say(
                    "the cell in column {column:,} holds no valid value: save it anew in Excel",
                    column=self._column,
                )
        elif tag == "row" and (self._cells or self._trouble):
            self.rows.append((self._number, self._cells, self._trouble))

    def _value(self, text: str) -> str | int:
        if self._type == "s":
            self._add(self._strings.length(int(text)))
            return int(text)
        if self._type == "n":
            number = float(text) if set(text) & set(".eE") else int(text)
            return _cell_text(self._dates.read(number, int(self._style), self._epoch))
        if self._type == "b":
            return str(bool(int(text)))
        if self._type == "d":
            from openpyxl.utils.datetime import from_ISO8601

            return _cell_text(from_ISO8601(text))
        return text


def _column(reference: str) -> int:
    """The number of the column that a cell's reference names, as 28 of AB7, or 0."""
    found = _REFERENCE.match(reference)
    number = 0
    for letter in found[1].upper() if found else "":
        number = 26 * number + ord(letter) - ord("A") + 1
    return number


def find_in_workbook(file: InputFile, reading: Reading) -> Iterator[Item | Failure]:
    """One article a row of each sheet that has a column with articles.

    A sheet with cells and no such column is a failure that says so.
    """
    assert file.path is not None
    with opened(file.path, reading) as book:
        empty = True
        for number, (title, rows) in enumerate(book.sheets()):
            place = file if number == 0 else file.part(title)
            for entry in _find_in_sheet(place, rows, reading, book.epoch):
                empty = False
                yield entry
        if empty:
            yield Failure(file.id, file.place, "parse", say("it has no sheet with articles"))


def _find_in_sheet(
    file: InputFile, rows: Iterator[Row], reading: Reading, epoch: datetime.datetime
) -> Iterator[Item | Failure]:
    """The articles below the first row that names the columns."""
    first: list[Row] = []
    for row in rows:
        if row.number > _HEADER_ROWS:
            rows = chain((row,), rows)
            break
        first.append(row)
    for place, row in enumerate(first):
        names = row.values()
        try:
            header = read_header(names, file.place, reading)
        except InputError:
            continue
        named = tuple(name.strip() for name in names if name.strip())
        date = find_columns(named, reading.columns).get("published", "")
        below = chain(first[place + 1 :], rows)
        for entry in _find_in_rows(file, header, _named(names), below):
            yield entry if isinstance(entry, Failure) else _dated(entry, date, epoch)
        return
    # The row with most cells is most likely meant to name the columns.
    names = max((row.values() for row in first), key=lambda row: sum(map(bool, row)), default=[])
    if any(names) or any(any(row.cells.values()) for row in rows):
        try:
            read_header(names, file.place, reading)
        except InputError as error:
            reason = say(
                "no row from 1 to {last} names the columns: {reason}",
                last=_HEADER_ROWS,
                reason=reason_of(error, file.place),
            )
            yield Failure(file.id, file.place, "parse", reason)


def _named(names: Sequence[str]) -> Collection[int]:
    """The columns that have names."""
    return {column for column, name in enumerate(names, 1) if name.strip()}


def _find_in_rows(
    file: InputFile, header: Sequence[str], named: Collection[int], rows: Iterable[Row]
) -> Iterator[Item | Failure]:
    columns = [(column, name) for column, name in enumerate(header, 1) if name]
    for number, found, trouble in rows:
        id, place = f"{file.id}:{number}", f"{file.place}:{number}"
        if trouble:
            yield Failure(id, place, "parse", trouble)
        elif any(value and column in named for column, value in found.items()):
            cells = {name: found.get(column, "") for column, name in columns}
            yield Item(id, place, 3 * sum(map(len, cells.values())), cells, parse_cells)


def _dated(item: Item, column: str, epoch: datetime.datetime) -> Item:
    """``item`` with a date for the bare number of days that a cell without a format has."""
    cells = item.content
    assert isinstance(cells, dict)
    number = cells.get(column, "")
    if _SERIAL.fullmatch(number) and _FIRST_DAY <= float(number) <= _LAST_DAY:
        day = epoch + datetime.timedelta(days=int(float(number)))
        cells[column] = day.date().isoformat()
    return item


def _cell_text(cell: object) -> str:
    """What a cell says, with dates as YYYY-MM-DD."""
    if isinstance(cell, datetime.datetime):
        midnight = cell.time() == datetime.time()
        return cell.date().isoformat() if midnight else cell.isoformat(" ", "minutes")
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)
