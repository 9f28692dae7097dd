"""Tables as text: CSV with commas, semicolons or tabs."""

import csv
from collections.abc import Iterator, Sequence

from policynlp.article import Failure
from policynlp.errors import InputError
from policynlp.messages import say
from policynlp.reading.formats.encodings import find_encoding
from policynlp.reading.formats.finding import InputFile
from policynlp.reading.formats.items import Item, Reading, parse_cells, reason_of
from policynlp.records import Columns, find_columns


def find_in_table(file: InputFile, reading: Reading) -> Iterator[Item | Failure]:
    """One article a row, below a row with the names of the columns."""
    assert file.path is not None
    try:
        encoding = find_encoding(file.path, place=file.place)
    except InputError as error:
        yield Failure(file.id, file.place, "decode", reason_of(error, file.place))
        return
    csv.field_size_limit(2**31 - 1)  # The default refuses articles over 131,072 characters.
    with file.path.open(encoding=encoding, newline="") as stream:
        first = stream.readline()
        stream.seek(0)
        delimiter = "\t" if file.path.suffix.lower() == ".tsv" else _delimiter(first)
        rows = csv.reader(stream, delimiter=delimiter, strict=True)
        try:
            header = read_header(next(rows, []), file.place, reading.columns)
        except (InputError, csv.Error) as error:
            yield Failure(file.id, file.place, "parse", reason_of(error, file.place))
            return
        yield from _find_in_rows(file, header, rows)


def read_header(names: Sequence[str], place: str, columns: Columns) -> list[str]:
    """The names of a table's columns, one of which must hold the articles."""
    names = [name.strip().removeprefix("\ufeff") for name in names]
    if not any(names):
        raise InputError("{place}: the first row must hold the names of the columns", place=place)
    twice = next((name for name in names if name and names.count(name) > 1), "")
    if twice:
        raise InputError(
            '{place}: two columns are called "{name}"; rename one of them', place=place, name=twice
        )
    find_columns(tuple(filter(None, names)), columns)
    return names


def _delimiter(header: str) -> str:
    """What stands between the names of the columns: Excel writes ; in some countries."""
    return max(",;\t", key=header.count)


def _find_in_rows(
    file: InputFile, header: list[str], rows: Iterator[list[str]]
) -> Iterator[Item | Failure]:
    """The articles of a table, numbered as Excel numbers its rows."""
    number = 1
    while True:
        number += 1
        id, place = f"{file.id}:{number}", f"{file.place}:{number}"
        try:
            row = next(rows, None)
        except csv.Error as error:
            yield Failure(id, place, "parse", _row_trouble(error))
            continue
        if row is None:
            return
        if any(row):
            yield _find_in_row(id, place, header, row)


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
