"""What scored articles are written as, and files that appear whole or not at all."""

import csv
import io
import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from policynlp.article import Analysis, Failure
from policynlp.errors import InputError
from policynlp.records import section_columns, section_rows, to_record

Write = Callable[[str], object]

STDOUT: Final = "-"
OUTPUT_SUFFIXES: Final = (".jsonl", ".ndjson", ".csv")

# Excel and its like take a cell that starts with one of these for a formula, or, with white
# space, look behind it for one; in China also with their full-width forms.
_FORMULA_STARTS: Final = tuple("=+-@\t\r\n＝＋－＠")
BOM: Final = "\ufeff"


class OutputKind(NamedTuple):
    """How an output begins, and what each article adds to it."""

    opening: str
    render: Callable[[Analysis], str]


def output_kind(path: str, themes: Sequence[str], *, with_text: bool = False) -> OutputKind:
    """The kind of output that the name of a file asks for; standard output gets JSON lines."""
    name = path.lower()
    if name.endswith(".csv"):
        columns = section_columns(themes)
        return OutputKind(BOM + csv_row(columns), lambda analysis: _csv_rows(analysis, columns))
    if path == STDOUT or name.endswith((".jsonl", ".ndjson")):
        return OutputKind("", lambda analysis: json_line(to_record(analysis, with_text=with_text)))
    raise InputError(f"{path}: an output must end in {', '.join(OUTPUT_SUFFIXES)}, or be -")


def failures_path(out: str) -> Path:
    """Where the failures of an output are listed."""
    return Path(out + ".failures.csv")


def json_line(record: dict[str, object]) -> str:
    """One line of JSON, with Chinese as it is."""
    return json.dumps(record, ensure_ascii=False) + "\n"


def csv_row(cells: Iterable[object]) -> str:
    """One row of CSV as Excel writes it, without cells that it could take for formulas."""
    buffer = io.StringIO(newline="")
    csv.writer(buffer).writerow([_harmless(cell) for cell in cells])
    return buffer.getvalue()


def _csv_rows(analysis: Analysis, columns: Sequence[str]) -> str:
    rows = section_rows(analysis)
    return "".join(csv_row([row.get(column, "") for column in columns]) for row in rows)


def _harmless(cell: object) -> object:
    if isinstance(cell, str) and cell.startswith(_FORMULA_STARTS):
        return "'" + cell
    return cell


@contextmanager
def whole_file(path: Path) -> Iterator[Write]:
    """Write a text file beside its place, and move it there when all went well.

    If not, what was written is removed, and what stood in its place before is left alone.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        # A lone surrogate must not end a run; everything else is encoded as it is.
        with part.open("w", encoding="utf-8", errors="replace", newline="") as stream:
            yield stream.write
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    try:
        part.replace(path)
    except PermissionError as error:
        raise InputError(
            f"{path}: cannot be replaced, perhaps another program has it open; "
            f"the results are in {part}"
        ) from error


@contextmanager
def failure_log(path: Path) -> Iterator[Callable[[Failure], object]]:
    """The list of failures beside an output; without any there is none, nor an old one."""
    empty = True

    def add(failure: Failure) -> None:
        nonlocal empty
        empty = False
        write(csv_row(failure))

    with whole_file(path) as write:
        write(BOM + csv_row(Failure._fields))
        yield add
    if empty:
        path.unlink()
