"""Word and Excel files."""

import datetime
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from policynlp.article import Failure
from policynlp.errors import InputError
from policynlp.reading.formats.finding import InputFile
from policynlp.reading.formats.items import Item, Reading, parse_cells
from policynlp.reading.formats.tables import read_header
from policynlp.records import InputRecord


def parse_document(item: Item, reading: Reading) -> InputRecord:
    """The record of a Word file: its paragraphs, one a line, without tables."""
    assert isinstance(item.content, Path)
    from docx import Document

    with item.content.open("rb") as stream:
        document = Document(stream)
    return InputRecord(text="\n".join(paragraph.text for paragraph in document.paragraphs))


def find_in_workbook(file: InputFile, reading: Reading) -> Iterator[Item | Failure]:
    """One article a row of each sheet that has a column with articles.

    A workbook without such a sheet is a failure that says what its first sheet lacks.
    """
    assert file.path is not None
    from openpyxl import load_workbook

    with file.path.open("rb") as stream:
        book = load_workbook(stream, read_only=True, data_only=True)
        trouble, found = "it has no sheet with cells", False
        for number, sheet in enumerate(book.worksheets):
            rows = sheet.iter_rows(values_only=True)
            place = file if number == 0 else file.part(sheet.title)
            try:
                names = [_cell_text(cell) for cell in next(rows, ())]
                header = read_header(names, file.place, reading.columns)
            except InputError as error:
                trouble = trouble if number else str(error).removeprefix(f"{file.place}: ")
                continue
            found = True
            yield from _find_in_rows(place, header, rows)
        if not found:
            yield Failure(file.id, file.place, "parse", trouble)


def _find_in_rows(
    file: InputFile, header: list[str], rows: Iterable[tuple[Any, ...]]
) -> Iterator[Item]:
    for number, row in enumerate(rows, 2):
        cells = {name: _cell_text(cell) for name, cell in zip(header, row, strict=False) if name}
        if any(cells.values()):
            size = sum(map(len, cells.values())) * 3
            yield Item(f"{file.id}:{number}", f"{file.place}:{number}", size, cells, parse_cells)


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
