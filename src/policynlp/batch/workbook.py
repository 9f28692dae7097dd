"""Workbooks: a sheet of sections, one of articles, one about the run."""

import errno
import json
import os
import re
import shutil
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from copy import copy
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from policynlp.batch.writers import Columns, translated
from policynlp.errors import OutputError
from policynlp.escaping import escape_formula, legal
from policynlp.files.atomic import unwritable
from policynlp.files.records import MAX_COLUMNS

# What the format allows. A cell's length counts UTF-16 units, as Excel does.
MAX_ROWS: Final = 1_048_576
MAX_CELL: Final = 32_767
_MOST: Final = MAX_CELL - 1  # An apostrophe may come before it.
_ROW_HEIGHT: Final = 60
_NARROW, _MIDDLE, _WIDE = 12, 24, 60
_WIDTHS: Final = (
    dict.fromkeys(
        ("id", "title", "heading", "themes", "article_themes", "warnings", "model"), _MIDDLE
    )
    | dict.fromkeys(("evidence", "abstract", "section_abstract", "article_abstract", "text"), _WIDE)
    | {"field": _MIDDLE, "value": _WIDE}
)
# Without the clock the same rows give the same bytes.
_DATE: Final = (1980, 1, 1, 0, 0, 0)
_MODIFIED: Final = re.compile(rb"(<dcterms:(created|modified)[^<>]*>)[^<]*")


@dataclass(frozen=True, slots=True)
class Book:
    """A workbook with these columns; a sheet that is full goes on in another."""

    sections: Columns
    articles: Columns
    language: str

    def __post_init__(self) -> None:
        """Raise ``OutputError`` where no sheet has so many columns."""
        number = len(self.articles.names) + len(self.articles.kept)
        if number > MAX_COLUMNS:
            raise OutputError(
                "{number:,} columns, more than the {most:,} of a sheet: "
                "drop --keep-columns, or write .jsonl or .parquet",
                number=number,
                most=MAX_COLUMNS,
            )

    def write(
        self, stream: IO[bytes], parts: Iterable[bytes], about: Sequence[tuple[str, object]]
    ) -> None:
        """Write the rows in ``parts``, and what there is to say ``about`` the run."""
        from lxml.etree import SerialisationError
        from openpyxl import Workbook

        book = Workbook(write_only=True)
        try:
            self._fill(book, parts, about)
            _save(book, stream)
        except BaseException as error:
            _abandon(book)
            if isinstance(error, SerialisationError):
                raise _no_room(error) from error
            raise

    def _fill(self, book: Any, parts: Iterable[bytes], about: Sequence[tuple[str, object]]) -> None:
        sections = _Sheets(book, translated("sections", self.language), self.sections)
        articles = _Sheets(book, translated("articles", self.language), self.articles)
        for part in parts:
            for line in part.splitlines():
                row = json.loads(line)
                articles.add(row["article"])
                for cells in row["sections"]:
                    sections.add(cells)
        run = _Sheets(
            book, translated("run", self.language), Columns(("field", "value"), (), self.language)
        )
        for cells in about:
            run.add(cells)
        for sheets in (sections, articles, run):
            sheets.close()


def _save(book: Any, stream: IO[bytes]) -> None:
    from openpyxl.writer.excel import ExcelWriter

    with Undated(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        ExcelWriter(book, archive).save()


def _abandon(book: Any) -> None:
    """End what writes the sheets, which Python would do with a traceback for each of them."""
    for sheet in book.worksheets:
        with suppress(Exception):
            sheet._rows.close()
        with suppress(Exception):
            sheet._writer.xf.close()


def _no_room(error: Exception) -> OutputError:
    """The error of the files that the sheets are in until they are packed, which lxml writes."""
    number = getattr(errno, str(error).removeprefix("IO_"), errno.EIO)
    return unwritable(Path(tempfile.gettempdir()), OSError(number, os.strerror(number)))


class _Sheets:
    """A table on as many sheets as it needs."""

    def __init__(self, book: Any, name: str, columns: Columns) -> None:
        self._book, self._name = book, name
        self._widths = [_WIDTHS.get(name.partition(":")[0], _NARROW) for name in columns.names]
        self._widths += [_MIDDLE] * len(columns.kept)
        self._header = _legal_header(columns.header)
        self._sheet: Any = None
        self._sheets = 0
        self._open()

    def add(self, cells: Sequence[object]) -> None:
        """Add a row, and further rows for what does not fit into its cells."""
        for row in _fitting(cells):
            if self._rows == MAX_ROWS:
                self.close()
                self._open()
            self._append(row, self._plain)

    def close(self) -> None:
        """Put filters over all columns."""
        from openpyxl.utils import get_column_letter

        last = get_column_letter(len(self._header))
        self._sheet.auto_filter.ref = f"A1:{last}{self._rows}"

    def _open(self) -> None:
        from openpyxl.cell import WriteOnlyCell
        from openpyxl.styles import Alignment, Font
        from openpyxl.utils import get_column_letter

        self._sheets += 1
        title = self._name if self._sheets == 1 else f"{self._name} {self._sheets}"
        index = None if self._sheets == 1 else self._book.index(self._sheet) + 1
        self._sheet = self._book.create_sheet(title, index)
        self._sheet.freeze_panes = "A2"
        self._sheet.sheet_format.defaultRowHeight = _ROW_HEIGHT
        self._sheet.sheet_format.customHeight = True
        for number, width in enumerate(self._widths, 1):
            self._sheet.column_dimensions[get_column_letter(number)].width = width
        self._plain, bold = WriteOnlyCell(self._sheet), WriteOnlyCell(self._sheet)
        self._plain.alignment = bold.alignment = Alignment(wrap_text=True, vertical="top")
        bold.font = Font(bold=True)
        self._rows = 0
        self._append([legal(name)[: _MOST // 2] for name in self._header], bold)

    def _append(self, cells: Iterable[object], like: Any) -> None:
        from openpyxl.cell import WriteOnlyCell

        row = []
        for value in cells:
            cell = WriteOnlyCell(self._sheet, escape_formula(value))
            cell._style = copy(like._style)
            row.append(cell)
        self._rows += 1
        self._sheet.append(row)


def _fitting(cells: Sequence[object]) -> Iterator[list[object]]:
    """``cells`` as a row; what is too long goes on in rows that have nothing else.

    The first cell, an article's id, stands in all of them.
    """
    pieces = [_pieces(cell) for cell in cells]
    for number in range(max(map(len, pieces))):
        row = [part[number] if number < len(part) else "" for part in pieces]
        yield [pieces[0][0], *row[1:]] if number else row


def _legal_header(names: Iterable[str]) -> list[str]:
    """The names of columns as cells can have them, still no two alike."""
    found: dict[str, None] = {}
    for name in map(legal, names):
        while name in found:
            name += "_"
        found[name] = None
    return list(found)


def _pieces(cell: object) -> list[object]:
    """``cell`` in pieces that a cell can hold, without the characters that it cannot."""
    if not isinstance(cell, str):
        return [cell]
    text = legal(cell)
    if 2 * len(text) > _MOST and len(text.encode("utf-16-le")) > 2 * _MOST:
        # Half as many characters fit in any case, however many count twice.
        return [text[i : i + _MOST // 2] for i in range(0, len(text), _MOST // 2)]
    return [text]


class Undated(zipfile.ZipFile):
    """An archive whose files say nothing of when they were made."""

    def writestr(self, name: Any, data: Any, *options: Any) -> None:
        """Add ``data`` as a file called ``name``."""
        data = data.encode() if isinstance(data, str) else data
        with self.open(self._entry(name), "w") as stream:
            stream.write(_MODIFIED.sub(rb"\g<1>1980-01-01T00:00:00Z", data))

    def write(self, filename: Any, arcname: Any = None, *options: Any) -> None:
        """Add the file ``filename`` as ``arcname``."""
        with Path(filename).open("rb") as source, self.open(self._entry(arcname), "w") as stream:
            shutil.copyfileobj(source, stream)

    def _entry(self, name: str) -> zipfile.ZipInfo:
        entry = zipfile.ZipInfo(name, _DATE)
        entry.compress_type = zipfile.ZIP_DEFLATED
        return entry
