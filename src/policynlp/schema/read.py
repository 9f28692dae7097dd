"""Reads again what ``policynlp score`` wrote: one record an article, checked field by field."""

import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from policynlp.errors import InputError
from policynlp.messages import say
from policynlp.schema.record import Scored, scored_from
from policynlp.validation import FieldError, parse

_SUFFIXES: Final = (".jsonl", ".ndjson", ".jsonl.gz", ".ndjson.gz")


def read_scored(paths: Sequence[Path]) -> Iterator[Scored]:
    """Read every record of ``paths``: JSON lines of ``policynlp score``, zipped or not.

    The first record that is not one is an :class:`InputError` that names file, line and field.
    """
    for path in paths:
        if not path.name.lower().endswith(_SUFFIXES):
            raise InputError(
                "{path}: a report is made of {suffixes}: policynlp score IN --with-text -o "
                "out.jsonl",
                path=path,
                suffixes=say(", ").join(_SUFFIXES),
            )
        for _, article in records_of(path):
            yield article


def records_of(path: Path) -> Iterator[tuple[str, Scored]]:
    """Read every record of a file, each with where it stands."""
    for number, line in enumerate(_lines(path), 1):
        if line.strip():
            where = f"{path}:{number}: "
            yield where, _scored(line, where)


def _lines(path: Path) -> Iterator[bytes]:
    if not path.name.lower().endswith(".gz"):
        with path.open("rb") as stream:
            yield from stream
        return
    import gzip  # Costs start-up time that most runs need not pay.

    try:
        with path.open("rb") as zipped, gzip.open(zipped) as stream:
            yield from stream
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InputError("{path}: cannot be unzipped: {error}", path=path, error=error) from error


def _scored(line: bytes, where: str) -> Scored:
    try:
        value = parse(line.decode("utf-8-sig"))
    except ValueError as error:
        raise InputError("{where}not a line of JSON: {error}", where=where, error=error) from error
    try:
        return scored_from(value)
    except FieldError as error:
        raise InputError(
            "{where}{error}: not a record of policynlp score", where=where, error=error
        ) from error
