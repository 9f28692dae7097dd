"""Parquet files: one article a row, nested sections included."""

from collections.abc import Iterable, Iterator
from itertools import count
from typing import Any, Final

from policynlp.article import Failure
from policynlp.errors import InputError
from policynlp.reading.formats.finding import InputFile
from policynlp.reading.formats.items import Item, Reading, parse_cells
from policynlp.records import find_columns

_BATCH: Final = 1000


def find_in_parquet(file: InputFile, reading: Reading) -> Iterator[Item | Failure]:
    """The articles of a file, numbered from 1, read a batch of rows at a time."""
    assert file.path is not None
    import pyarrow.parquet

    try:
        table = pyarrow.parquet.ParquetFile(file.path)
    except pyarrow.ArrowInvalid as error:
        raise InputError("is no Parquet file, or a damaged one; get the file again") from error
    with table:
        try:
            find_columns(tuple(table.schema_arrow.names), reading.columns)
        except InputError as error:
            yield Failure(file.id, file.place, "parse", str(error))
            return
        numbers = count(1)
        for batch in table.iter_batches(_BATCH):
            names = ((f"{file.id}:{n}", f"{file.place}:{n}") for n in numbers)
            yield from items_of(batch, names)


def items_of(batch: Any, names: Iterable[tuple[str, str]]) -> Iterator[Item]:
    """The articles of an Arrow record batch, by ``names`` of an id and a place each."""
    size = batch.nbytes // max(1, batch.num_rows)
    for row, (id, place) in zip(batch.to_pylist(), names, strict=False):
        cells = {name: _plain(value) for name, value in row.items()}
        yield Item(id, place, size, cells, parse_cells)


def _plain(value: object) -> object:
    """``value`` as JSON has it: dates and the like as text."""
    if value is None or isinstance(value, str | int | float | bool | list | dict):
        return value
    return str(value)
