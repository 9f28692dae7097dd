"""Parquet files: one article a row, nested sections included."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate
from typing import IO, Any, Final, NamedTuple

from policynlp.article import Failure
from policynlp.errors import InputError
from policynlp.files.csv import find_used
from policynlp.files.find import InputFile
from policynlp.files.input_records import InputRecord, candidates, short
from policynlp.files.items import (
    Item,
    ItemError,
    Reading,
    cause,
    decoded,
    parse_cells,
    reason_of,
    too_long,
)
from policynlp.files.parquet_pages import groups_of, pages_of
from policynlp.messages import say

# Rows are read so many at a time, or fewer where they are long: 250 would be 1 % faster.
_BATCH: Final = 64
_BATCH_BYTES: Final = 64 << 20
# So much of the rows is made objects at a time; a value or list takes so much beside its text.
_OBJECTS: Final = 16 << 20
_OBJECT: Final = 16
# A page is unpacked as a whole, and mostly 1 MB. Lists may have all of a group in one row.
_MOST_OF_PAGES: Final = 128 << 20
_MOST_OF_LISTS: Final = 256 << 20
_BUFFER: Final = 1 << 20


def find_in_parquet(file: InputFile, reading: Reading) -> Iterator[Item | Failure]:
    """The articles of a file, numbered from 1, read some rows at a time."""
    assert file.path is not None
    from pyarrow import ArrowException

    with file.path.open("rb") as stream:
        table = _Table(stream)
        try:
            find_used(table.names, file.place, reading)
        except InputError as error:
            yield Failure(file.id, file.place, "parse", reason_of(error, file.place))
            return
        if not reading.keep_columns:
            table.choose(candidates(table.names, reading.columns))
        last = 0
        for group, (rows, _) in enumerate(table.groups):
            if not rows:
                continue
            number, last = last, last + rows
            try:
                for batch in table.batches(group):
                    numbers = range(number + 1, number + 1 + batch.num_rows)
                    names = ((f"{file.id}:{n}", f"{file.place}:{n}") for n in numbers)
                    yield from items_of(batch, names, reading)
                    number += batch.num_rows
            except (ArrowException, InputError, OSError) as error:
                reason = say(
                    "rows {first} to {last} cannot be read: {reason}",
                    first=number + 1,
                    last=last,
                    reason=error if isinstance(error, InputError) else cause(error),
                )
                id, place = f"{file.id}:{number + 1}", f"{file.place}:{number + 1}"
                yield Failure(id, place, "read", reason)


class _Table:
    """A Parquet file, of which nothing is read before it is known how much memory it takes."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self.groups = _sound(groups_of, stream)
        self._file = self._opened()
        self.names: list[str] = self._file.schema_arrow.names
        self.choose(self.names)

    def choose(self, names: Sequence[str]) -> None:
        """Let only columns with these ``names`` be read, and not at all what else there is."""
        self._wanted, wanted = list(names), set(names)
        paths = [self._file.schema.column(n).path for n in range(self._file.metadata.num_columns)]
        # The path of a list in a column begins with its name, in which there may be dots, too.
        self._columns = [
            (number, path)
            for number, path in enumerate(paths)
            if not wanted.isdisjoint(accumulate(path.split("."), "{}.{}".format))
        ]

    def _opened(self, **more: Any) -> Any:
        from pyarrow.parquet import ParquetFile

        # An ArrowInvalid is a ValueError.
        return _sound(ParquetFile, self._stream, pre_buffer=False, buffer_size=_BUFFER, **more)

    def batches(self, group: int) -> Iterator[Any]:
        """The rows of a group, some at a time."""
        plan = self._plan(group)
        file = self._file
        if plan.as_dictionaries:
            file = self._opened(metadata=file.metadata, read_dictionary=plan.as_dictionaries)
        # One thread: what takes long is one column. And what is forked has no other threads.
        yield from file.iter_batches(
            plan.batch, row_groups=[group], columns=self._wanted, use_threads=False
        )

    def _plan(self, group: int) -> "_Plan":
        """How to read a group of rows; ``InputError`` where no way takes little memory."""
        columns, schema = self.groups[group].columns, self._file.schema
        if len(columns) != self._file.metadata.num_columns:
            raise _damaged()
        in_pages = in_lists = in_row = 0
        as_dictionaries = []
        for number, path in self._columns:
            pages = _sound(pages_of, self._stream, *columns[number])
            in_pages = _checked(in_pages + pages.largest + pages.dictionary, _MOST_OF_PAGES)
            is_list = schema.column(number).max_repetition_level > 0
            rows = pages.values if is_list else _BATCH
            if pages.dictionary * rows > _BATCH_BYTES < self._longest(group, path) * rows:
                as_dictionaries.append(path)
            if is_list:
                in_lists += pages.total + pages.values * _OBJECT
                in_lists = _checked(
                    in_lists + pages.values * pages.largest * pages.prefixed, _MOST_OF_LISTS
                )
            else:
                in_row += max(pages.average, pages.largest * pages.prefixed)
        return _Plan(max(1, min(_BATCH, _BATCH_BYTES // max(1, in_row))), as_dictionaries)

    def _longest(self, group: int, path: str) -> int:
        """How long the longest value is in the dictionary of a column, which all rows may have."""
        import pyarrow.compute

        file = self._opened(metadata=self._file.metadata, read_dictionary=[path])
        batch = next(file.iter_batches(1, row_groups=[group], columns=[path]), None)
        leaf = batch.column(0) if batch else None
        while leaf is not None and not hasattr(leaf, "dictionary"):
            leaf = leaf.field(0) if hasattr(leaf, "field") else getattr(leaf, "values", None)
        if leaf is None:  # Numbers and the like.
            return _OBJECT
        return pyarrow.compute.max(pyarrow.compute.binary_length(leaf.dictionary)).as_py() or 0


class _Plan(NamedTuple):
    """How to read a group of rows: so many at a time, these columns as their dictionaries."""

    batch: int
    as_dictionaries: list[str]


def _checked(size: int, most: int) -> int:
    if size > most:
        raise InputError(
            "{size:,} bytes must be unpacked at once, more than {most:,}: "
            "write the file with fewer rows in a group and smaller pages, or as .jsonl",
            size=size,
            most=most,
        )
    return size


def _sound(read: Callable[..., Any], *what: Any, **how: Any) -> Any:
    """What ``read`` makes of a file, if it is a Parquet file."""
    try:
        return read(*what, **how)
    except ValueError as error:
        raise _damaged() from error


def _damaged() -> InputError:
    return InputError("is no Parquet file, or a damaged one; get the file again")


def items_of(
    batch: Any, names: Iterable[tuple[str, str]], reading: Reading
) -> Iterator[Item | Failure]:
    """The articles of an Arrow record batch, by ``names`` of an id and a place each."""
    sizes, batch = _sizes(batch), _with_times_of_python(batch)
    rows: list[dict[str, object]] = []
    if sum(sizes) <= _OBJECTS:
        try:
            rows = batch.to_pylist()
        except Exception:  # One value is invalid; which one, its row will say.
            rows = []
    for number, (id, place) in zip(range(batch.num_rows), names, strict=False):
        if sizes[number] > reading.max_bytes:
            yield Failure(id, place, "read", str(too_long(reading)))
            continue
        try:
            row = rows[number] if rows else _row(batch.slice(number, 1))
        except InputError as error:
            yield Failure(id, place, "parse", str(error))
            continue
        yield Item(id, place, sizes[number], row, _parse_row)


def _with_times_of_python(batch: Any) -> Any:
    """``batch`` with times to the microsecond: of finer ones Arrow makes pandas' or none."""
    import pyarrow

    for i, field in enumerate(batch.schema):
        if pyarrow.types.is_timestamp(field.type) and field.type.unit == "ns":
            kind = pyarrow.timestamp("us", field.type.tz)
            batch = batch.set_column(i, field.name, batch.column(i).cast(kind, safe=False))
    return batch


def _row(batch: Any) -> dict[str, object]:
    """The only row of ``batch``, value by value; text that is not UTF-8 is bytes."""
    import pyarrow

    row = {}
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        kind = column.type
        try:
            [row[name]] = column.to_pylist()
        except Exception as error:
            if not (pyarrow.types.is_string(kind) or pyarrow.types.is_large_string(kind)):
                raise InputError(
                    '"{name}" holds an invalid value: {error}',
                    name=short(name),
                    error=error,
                ) from error
            [row[name]] = column.cast(pyarrow.large_binary()).to_pylist()
    return row


def _sizes(batch: Any) -> list[int]:
    """About how many bytes each row takes as objects."""
    import numpy as np

    total = np.zeros(batch.num_rows, np.int64)
    for column in batch.columns:
        total += _lengths(column)
    sizes: list[int] = total.tolist()
    return sizes


def _lengths(column: Any) -> Any:
    """About how many bytes each value of an Arrow array takes, with all that is in it."""
    import numpy as np
    import pyarrow.compute
    from pyarrow import types

    kind = column.type
    if isinstance(column, pyarrow.ExtensionArray):
        return _lengths(column.storage)
    if types.is_dictionary(kind):
        lengths = _lengths(column.dictionary)
        indices = column.indices.fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64)
        return lengths[indices] if len(lengths) else np.zeros(len(column), np.int64)
    if types.is_struct(kind):
        return _OBJECT + sum(map(_lengths, column.flatten()), np.zeros(len(column), np.int64))
    if types.is_list(kind) or types.is_large_list(kind) or types.is_map(kind):
        offsets = column.offsets.to_numpy()
        inner = column.values.slice(offsets[0], offsets[-1] - offsets[0])
        sums = np.concatenate(([0], np.cumsum(_lengths(inner))))
        return _OBJECT + np.diff(sums[offsets - offsets[0]])
    if types.is_fixed_size_list(kind):
        return _lengths(column.cast(pyarrow.list_(kind.value_type)))
    try:
        lengths = pyarrow.compute.binary_length(column)
    except pyarrow.ArrowException:  # Numbers and the like.
        return np.full(len(column), _OBJECT, np.int64)
    return _OBJECT + lengths.fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64)


def _parse_row(item: Item, reading: Reading) -> InputRecord:
    """The record of a row, with its bytes read as those of files and its dates as text."""
    assert isinstance(item.content, dict)
    row = item.content
    for name in candidates(list(row), reading.columns):
        if not isinstance(row[name], str | int | float | None):
            row = row | {name: _plain(row[name], name, item)}
    return parse_cells(item._replace(content=row), reading)


def _plain(value: object, name: str, item: Item) -> object:
    """``value`` as JSON has it."""
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, bytes):
        try:
            return decoded(value, item)
        except ItemError as error:
            why = InputError('"{name}": {reason}', name=short(name), reason=error.reason)
            raise ItemError("decode", why, item.place) from error
    if isinstance(value, list | tuple):
        return [_plain(part, name, item) for part in value]
    if isinstance(value, dict):
        return {key: _plain(part, name, item) for key, part in value.items()}
    return str(value)
