"""Workbooks as they are written: row by row, safe to open, the same bytes for the same rows."""

import errno
import os
import re
import shutil
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, Final, NamedTuple

from policynlp.errors import OutputError
from policynlp.escaping import escape_formula, legal
from policynlp.files.atomic import unwritable
from policynlp.files.xlsx import MAX_ROWS

# What the format allows. A cell's length counts UTF-16 units, as Excel does.
MAX_CELL: Final = 32_767
_MOST: Final = MAX_CELL - 1  # An apostrophe may come before it.
# Without the clock the same rows give the same bytes.
_DATE: Final = (1980, 1, 1, 0, 0, 0)
_MODIFIED: Final = re.compile(rb"(<dcterms:(created|modified)[^<>]*>)[^<]*")


class Look(NamedTuple):
    """What a cell looks like: bold or not, and in which colours; text is always wrapped."""

    bold: bool = False
    color: str = ""
    fill: str = ""


PLAIN, BOLD = Look(), Look(bold=True)


class Layout(NamedTuple):
    """A column: its width in characters, what its cells look like, whether it is hidden."""

    width: int
    look: Look = PLAIN
    hidden: bool = False


class Book:
    """A workbook while it is written."""

    def __init__(self) -> None:
        """Begin one without sheets."""
        from openpyxl import Workbook

        self._book = Workbook(write_only=True)
        self._sheets: list[Sheet] = []

    def sheet(
        self,
        title: str,
        layout: Sequence[Layout] = (),
        header: Sequence[str] = (),
        *,
        header_look: Look = BOLD,
        row_height: int | None = None,
    ) -> "Sheet":
        """Add a sheet; one with a header keeps it in sight and has filters."""
        self._sheets.append(Sheet(self._book, title, layout, header, header_look, row_height))
        return self._sheets[-1]

    def save(self, stream: IO[bytes]) -> None:
        """Write all that was added."""
        from openpyxl.writer.excel import ExcelWriter

        for sheet in self._sheets:
            sheet.finish()
        with _Undated(stream, "w", zipfile.ZIP_DEFLATED) as archive:
            ExcelWriter(self._book, archive).save()

    def abandon(self) -> None:
        """End what writes the sheets, which Python would do with a traceback for each of them."""
        for sheet in self._book.worksheets:
            for _ in range(2):  # A full disk stops it at the rows, then at what comes below them.
                with suppress(Exception):
                    sheet.close()


@contextmanager
def writing_book(stream: IO[bytes]) -> Iterator[Book]:
    """A workbook, written to ``stream`` once all is added to it.

    Raises ``OutputError`` where the files that the sheets are in until then have no room.
    """
    from lxml.etree import SerialisationError

    book = Book()
    try:
        yield book
        book.save(stream)
    except BaseException as error:
        book.abandon()
        if isinstance(error, SerialisationError):
            raise _no_room(error) from error
        raise


def _no_room(error: Exception) -> OutputError:
    """The error of the temporary files, which lxml writes."""
    number = getattr(errno, str(error).removeprefix("IO_"), errno.EIO)
    return unwritable(Path(tempfile.gettempdir()), OSError(number, os.strerror(number)))


class Sheet:
    """A sheet, which goes on in another one where it is full."""

    def __init__(
        self,
        book: Any,
        title: str,
        layout: Sequence[Layout],
        header: Sequence[str],
        header_look: Look,
        row_height: int | None,
    ) -> None:
        """Add it to ``book``; see :meth:`Book.sheet`."""
        self._book, self._title, self._layout = book, title, layout
        self._header, self._header_look = _legal_header(header), header_look
        self._row_height = row_height
        self._sheet: Any = None
        self._sheets = 0
        self._open()

    def add(self, cells: Sequence[object], height: int | None = None) -> None:
        """Add a row, and further rows for what does not fit into its cells."""
        for row in _fitting(cells):
            if self._rows == MAX_ROWS:
                self.finish()
                self._open()
            self._append(row, self._looks, height)

    def finish(self) -> None:
        """Put filters over all columns that have names."""
        if self._header:
            self._sheet.auto_filter.ref = f"A1:{_letter(len(self._header))}{self._rows}"

    def hide(self) -> None:
        """Hide the sheet itself."""
        self._sheet.sheet_state = "hidden"

    def offer(self, column: int, cells: str) -> None:
        """Offer what stands in ``cells`` as a list in each cell of a column; it is no must."""
        from openpyxl.worksheet.datavalidation import DataValidation

        offered = DataValidation("list", f"={cells}", showErrorMessage=False, allow_blank=True)
        offered.add(f"{_letter(column)}2:{_letter(column)}{self._rows}")
        self._sheet.data_validations.append(offered)

    def mark_filled(self, column: int, last_column: int, color: str) -> None:
        """Colour the rows, up to a last column, that have something in ``column``."""
        from openpyxl.formatting.rule import FormulaRule
        from openpyxl.styles import PatternFill

        rule = FormulaRule([f'TRIM(${_letter(column)}2)<>""'], fill=PatternFill(bgColor=color))
        self._sheet.conditional_formatting.add(f"A2:{_letter(last_column)}{self._rows}", rule)

    def _open(self) -> None:
        self._sheets += 1
        title = self._title if self._sheets == 1 else f"{self._title} {self._sheets}"
        index = None if self._sheets == 1 else self._book.index(self._sheet) + 1
        self._sheet = self._book.create_sheet(title, index)
        if self._row_height:
            self._sheet.sheet_format.defaultRowHeight = self._row_height
            self._sheet.sheet_format.customHeight = True
        for number, layout in enumerate(self._layout, 1):
            column = self._sheet.column_dimensions[_letter(number)]
            column.width, column.hidden = layout.width, layout.hidden
        self._looks = [self._like(layout.look) for layout in self._layout] or [self._like(PLAIN)]
        self._rows = 0
        if self._header:
            self._sheet.freeze_panes = "A2"
            names = [name[: _MOST // 2] for name in self._header]
            self._append(names, [self._like(self._header_look)])

    def _like(self, look: Look) -> Any:
        """A cell that looks so, to be filled again and again."""
        from openpyxl.cell import WriteOnlyCell
        from openpyxl.styles import Alignment, Font, PatternFill

        cell = WriteOnlyCell(self._sheet)
        cell.alignment = Alignment(wrap_text=True, vertical="top")
        if look.bold:
            cell.font = Font(bold=True, color=look.color or None)
        if look.fill:
            cell.fill = PatternFill("solid", fgColor=look.fill)
        return cell

    def _append(
        self, cells: Sequence[object], looks: Sequence[Any], height: int | None = None
    ) -> None:
        self._rows += 1
        if height:
            self._sheet.row_dimensions[self._rows].height = height
        self._sheet.append(self._filled(cells, looks))
        if height:
            del self._sheet.row_dimensions[self._rows]

    def _filled(self, cells: Sequence[object], looks: Sequence[Any]) -> Iterator[Any]:
        """The cells of a row, each written before the next is made."""
        for number, value in enumerate(cells):
            cell = looks[number % len(looks)]
            cell.value = escape_formula(value)
            yield cell


def _letter(column: int) -> str:
    from openpyxl.utils import get_column_letter

    letter: str = get_column_letter(column)
    return letter


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


class _Undated(zipfile.ZipFile):
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
