"""Parquet: one row an article, nested as a record is."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import IO, Any, Final

from policynlp.batch.options import Options
from policynlp.batch.writers import kept_cells
from policynlp.schema import arrow_schema

# Records are written so many at a time, or fewer where they are long: as objects they take ten
# times the memory.
_BATCH: Final = 1000
_BATCH_BYTES: Final = 16 << 20


@dataclass(frozen=True, slots=True)
class Table:
    """A table of records for a model with these themes, with abstracts about those ``asked``."""

    themes: Sequence[str]
    asked: Sequence[str] = ()
    with_text: bool = False
    keep: bool = False

    @classmethod
    def of(cls, themes: Sequence[str], options: Options) -> "Table":
        """The table that ``options`` ask for."""
        keep = options.reading.keep_columns
        return cls(tuple(themes), options.limits.themes, options.with_text, keep)

    def write(
        self, stream: IO[bytes], parts: Iterable[bytes], about: Sequence[tuple[str, object]]
    ) -> None:
        """Write the records in ``parts``; what there is to say ``about`` the run is metadata."""
        import pyarrow.parquet

        said = {f"policynlp.{name}": str(value) for name, value in about}
        schema = self.schema().with_metadata(said)
        lines = (line for part in parts for line in part.splitlines())
        with pyarrow.parquet.ParquetWriter(stream, schema) as writer:
            for batch in _batches(lines):
                writer.write_table(pyarrow.Table.from_pylist(self.rows(batch), schema))

    def rows(self, lines: Iterable[bytes]) -> list[dict[str, Any]]:
        """The rows of records that come as lines of JSON."""
        return [self._row(line) for line in lines]

    def _row(self, line: bytes) -> dict[str, Any]:
        record: dict[str, Any] = json.loads(line)
        if self.keep:
            kept = record["kept"]
            record["kept"] = list(zip(kept, map(str, kept_cells(kept, list(kept))), strict=True))
        return record

    def schema(self) -> Any:
        """The columns as Arrow has them."""
        return arrow_schema(self.themes, self.asked, with_text=self.with_text, keep=self.keep)


def _batches(lines: Iterable[bytes]) -> Iterator[list[bytes]]:
    """``lines`` in as many lists as their number and length ask for."""
    batch: list[bytes] = []
    size = 0
    for line in lines:
        batch.append(line)
        size += len(line)
        if len(batch) == _BATCH or size >= _BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
