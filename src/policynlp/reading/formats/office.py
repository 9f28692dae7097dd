"""Excel files."""

import datetime
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Any, Final
from zipfile import BadZipFile

from policynlp.article import Failure
from policynlp.errors import InputError
from policynlp.messages import say
from policynlp.reading.formats.finding import InputFile
from policynlp.reading.formats.items import Item, Reading, parse_cells, reason_of
from policynlp.reading.formats.tables import read_header
from policynlp.records import Columns, find_columns

_Row = tuple[Any, ...]
# A title and a note may stand above the names of the columns.
_HEADER_ROWS: Final = 5
# Days since the workbook's epoch, 1954 to 2064: how Excel keeps a date.
_SERIAL: Final = re.compile(r"\d{5}(\.\d+)?")
_FIRST_DAY, _LAST_DAY = 20_000, 60_000


def find_in_workbook(file: InputFile, reading: Reading) -> Iterator[Item | Failure]:
    """One article a row of each sheet that has a column with articles.

    A sheet with cells and no such column is a failure that says so.
    """
    assert file.path is not None
    from openpyxl import load_workbook

    with file.path.open("rb") as stream:
        try:
            book = load_workbook(stream, read_only=True, data_only=True)
        except KeyError as error:  # A zip without what a workbook is made of.
            raise BadZipFile from error
        empty = True
        for number, sheet in enumerate(book.worksheets):
            place = file if number == 0 else file.part(sheet.title)
            rows = sheet.iter_rows(values_only=True)
            for entry in _find_in_sheet(place, rows, reading.columns, book.epoch):
                empty = False
                yield entry
        if empty:
            yield Failure(file.id, file.place, "parse", say("it has no sheet with articles"))


def _find_in_sheet(
    file: InputFile, rows: Iterator[_Row], columns: Columns, epoch: datetime.datetime
) -> Iterator[Item | Failure]:
    """The articles below the first row that names the columns."""
    first = [[_cell_text(cell) for cell in row] for row in islice(rows, _HEADER_ROWS)]
    for number, names in enumerate(first, 1):
        try:
            header = read_header(names, file.place, columns)
        except InputError:
            continue
        date = find_columns(tuple(filter(None, header)), columns).get("published", "")
        for item in _find_in_rows(file, header, number + 1, chain(first[number:], rows)):
            yield _dated(item, date, epoch)
        return
    # The row with most cells is most likely meant to name the columns.
    names = max(first, key=lambda row: sum(map(bool, row)), default=[])
    if any(names) or any(any(row) for row in rows):
        try:
            read_header(names, file.place, columns)
        except InputError as error:
            reason = say(
                "no row from 1 to {last} names the columns: {reason}",
                last=_HEADER_ROWS,
                reason=reason_of(error, file.place),
            )
            yield Failure(file.id, file.place, "parse", reason)


def _find_in_rows(
    file: InputFile, header: list[str], start: int, rows: Iterable[Sequence[object]]
) -> Iterator[Item]:
    for number, row in enumerate(rows, start):
        cells = {name: _cell_text(cell) for name, cell in zip(header, row, strict=False) if name}
        if any(cells.values()):
            size = sum(map(len, cells.values())) * 3
            yield Item(f"{file.id}:{number}", f"{file.place}:{number}", size, cells, parse_cells)


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
    if cell is None:
        return ""
    if isinstance(cell, datetime.datetime):
        midnight = cell.time() == datetime.time()
        return cell.date().isoformat() if midnight else cell.isoformat(" ", "minutes")
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)
