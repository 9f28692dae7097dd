"""The files of a corpus: which belong to it, their text and their hashes."""

import hashlib
import io
import tomllib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from policynlp.errors import CorpusError, InputError
from policynlp.fields import FieldError, Shape, anything, check, maps, parse
from policynlp.reading.formats.encodings import decode

CODE_BOOK: Final = "themes.toml"
HELD_OUT: Final = "held_out"
SHEETS: Final = "sheets"


def corpus_files(paths: Iterable[Path]) -> list[Path]:
    """Return the corpus files that ``paths`` stand for, folders in order of name.

    A folder ``held_out`` inside one of ``paths`` is passed over: what measures a model must
    not train it. Named itself, it is read. So are the ``sheets`` of a new theme.
    """
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            found = (
                p for p in path.rglob("*") if p.suffix.lower() in {".jsonl", ".csv"} and p.is_file()
            )
            apart = {HELD_OUT, SHEETS}
            files += sorted(p for p in found if apart.isdisjoint(p.relative_to(path).parts))
        elif path.is_file():
            files += [path] if path.name != CODE_BOOK else []
        else:
            raise CorpusError("{path}: no such file or folder", path=path)
    return files


def sha256(path: Path) -> str:
    """Return the hash by which a model and a gate know a corpus file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def text_of(path: Path) -> str:
    """Decode a file as batches are, for a Chinese Excel saves tables in GB18030."""
    try:
        return decode(path.read_bytes(), place=str(path)).removeprefix("\ufeff")
    except InputError as error:
        raise CorpusError(error.template, **error.values) from error


def json_records(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the place and the object of each line of JSON that is not blank."""
    with io.StringIO(text_of(path), newline=None) as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            place = f"{path}:{number}"
            with naming(place):
                record = parse(line)
                check(record, _OBJECT)
            yield place, record


def read_toml(path: Path, shape: Shape) -> dict[str, Any]:
    """Read a file of TOML that has this shape."""
    with naming(path):
        try:
            values = tomllib.loads(text_of(path))
        except RecursionError as error:
            raise FieldError("not TOML: nested too deep") from error
        except ValueError as error:
            raise FieldError(
                "not TOML: {error}; names and texts stand in quotes", error=error
            ) from error
        check(values, shape)
    return values


@contextmanager
def naming(place: object) -> Iterator[None]:
    """Let an error of a field be one of the corpus that says where the record stands."""
    try:
        yield
    except FieldError as error:
        raise CorpusError("{place}: {error}", place=place, error=error) from error


_OBJECT: Final = maps(anything)
