"""Review sheets as they come back, checked row by row before anything is taken from them."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple

from policynlp.errors import InputError, OutputError
from policynlp.files import csv
from policynlp.files.decode import find_encoding
from policynlp.files.items import Reading as TableReading
from policynlp.files.xlsx import opened
from policynlp.messages import say
from policynlp.review.labels import LabelError, read_labels
from policynlp.review.rows import HERE, JOINT, NONE, Row
from policynlp.review.sheets import COLUMNS, LABEL, NOTE, hash_of, unguarded


class Reviewed(NamedTuple):
    """A paragraph with the labels that a reader gave it.

    ``paragraphs`` is its section and ``at`` its place there; ``section`` names the section;
    ``disputed`` are labels that readers of one export differ on; ``predicted`` is ``None``
    where the reader was shown no tags.
    """

    section: str
    article: str
    heading: str
    paragraphs: tuple[str, ...]
    at: int
    labels: frozenset[str]
    labelled_for: tuple[str, ...]
    disputed: frozenset[str] = frozenset()
    predicted: frozenset[str] | None = None
    sampling: str = ""
    source: str = ""
    model: str = ""
    note: str = ""

    @property
    def text(self) -> str:
        """The paragraph itself."""
        return self.paragraphs[self.at]

    @property
    def accepted(self) -> bool:
        """Whether the reader left the tags as they were."""
        return self.labels == self.predicted


class Reading(NamedTuple):
    """A file of labels: its name, what was reviewed, and how many rows were left blank."""

    name: str
    rows: list[Reviewed]
    blank: int


_NEEDED: Final = tuple(name for name in COLUMNS if name not in ("标题", "概率", "证据", NOTE))
_MOST_TOLD: Final = 8
_PLACE: Final = re.compile(r"([0-9]{1,9})\.([0-9]{1,9})")

Cells = Mapping[str, str]


def read_sheet(path: Path) -> Reading:
    """Read a filled sheet, ``.xlsx`` or ``.csv``.

    Raises ``InputError`` that names sheet, row and column of what is wrong, and what is
    expected; then nothing of the sheet counts.
    """
    rows, blank = read_rows(path)
    return Reading(path.name, [reviewed for _, reviewed in rows.values()], blank)


def read_rows(path: Path) -> tuple[dict[str, tuple[Row, Reviewed]], int]:
    """Read the filled rows of a sheet by key, as written and as they came, and count the blank."""
    found: dict[str, tuple[Row, Reviewed]] = {}
    problems: list[str] = []
    blank = 0
    for sheet, number, cells in _rows(path):
        if not cells[LABEL].strip():
            blank += 1
            continue
        try:
            row, reviewed = _reviewed(cells)
        except (LabelError, InputError) as error:
            problems.append(
                say("{sheet}row {number}, {error}", sheet=sheet, number=number, error=error)
            )
            continue
        if found.setdefault(row.key, (row, reviewed))[1].labels != reviewed.labels:
            problems.append(
                say(
                    "{sheet}row {number}: {key} stands above with another {label}",
                    sheet=sheet,
                    number=number,
                    key=row.key,
                    label=LABEL,
                )
            )
    models = {row.model for row, _ in found.values()}
    if len(models) > 1:
        names = say(" and ").join(sorted(models))
        problems.append(
            say("rows of more than one model ({names}); import each sheet by itself", names=names)
        )
    if problems:
        raise InputError(
            "{path}: {problems}; nothing was imported", path=path, problems=_told(problems)
        )
    return found, blank


def read_texts(path: Path) -> list[str]:
    """Read the paragraphs of a sheet, filled in or blank."""
    return [cells["正文"] for _, _, cells in _rows(path)]


def check_unfilled(path: Path) -> None:
    """Refuse to write over a sheet that people have filled in, whatever a command allows.

    What is no sheet is none of it. Raises ``OutputError``.
    """
    try:
        filled = sum(bool(cells[LABEL].strip()) for _, _, cells in _rows(path))
    except InputError:
        return
    if filled:
        raise OutputError(
            "{path}: {filled} rows are filled in and would be lost; choose another name, and take "
            "them in with: policynlp review --import {path} -o FOLDER",
            path=path,
            filled=filled,
        )


def _told(problems: list[str]) -> str:
    more = len(problems) - _MOST_TOLD
    told = say("; ").join(problems[:_MOST_TOLD])
    return say("{told}; and {more} more", told=told, more=more) if more > 0 else told


def _reviewed(cells: Cells) -> tuple[Row, Reviewed]:
    row = _row(cells)
    if row is None:
        raise InputError(
            "a cell other than 人工标签 and 备注 was changed since the sheet was written, so "
            "the label is of other text; restore the row, or clear its {label}",
            label=LABEL,
        )
    predicted = frozenset(row.tags)
    try:
        labels = read_labels(cells[LABEL], row.themes, predicted)
    except LabelError as error:
        raise LabelError("column {label}: {error}", label=LABEL, error=error) from error
    assert labels is not None
    lines = row.context.split("\n")
    at = lines.index(HERE)
    lines[at] = row.text
    reviewed = Reviewed(
        row.key.rpartition(".")[0],
        row.article,
        row.heading,
        tuple(lines),
        at,
        labels,
        row.themes,
        predicted=predicted,
        sampling=row.sampling,
        source=row.source,
        model=row.model,
        note=row.note,
    )
    return row, reviewed


def _row(cells: Cells) -> Row | None:
    """Return the row as it was written, but for its probabilities and evidence, if it still is."""
    article, _, number = cells["编号"].rpartition("#")
    place = _PLACE.fullmatch(number)
    tags = () if cells["预测标签"] == NONE else tuple(cells["预测标签"].split(JOINT))
    themes = tuple(cells["主题"].split(JOINT))
    context = cells["上下文"].replace("\r\n", "\n")
    if (
        hash_of(cells) != cells["校验"]
        or place is None
        or "#" not in cells["编号"]
        or HERE not in context.split("\n")
        or not set(tags) <= set(themes)
    ):
        return None
    return Row(
        article,
        int(place[1]),
        int(place[2]),
        cells.get("标题", ""),
        cells["小标题"],
        cells["正文"],
        context,
        tags,
        themes,
        cells["模型"],
        cells["来源"],
        cells.get("证据", ""),
        sampling=cells["抽样"],
        note=cells.get(NOTE, ""),
    )


def _rows(path: Path) -> Iterator[tuple[str, int, Cells]]:
    """The rows of the sheet with labels: its name, for messages, their numbers and cells."""
    missing: list[str] = []
    for name, rows in _sheets(path):
        numbered = iter(rows)
        header = [_plain(unguarded(cell)) for cell in next(numbered, (1, []))[1]]
        lacking = [column for column in _NEEDED if column not in header]
        if not lacking:
            for number, row in numbered:
                found = zip(header, map(unguarded, row), strict=False)
                cells = dict.fromkeys(header, "") | dict(found)
                if any(cell.strip() for cell in cells.values()):
                    yield name, number, cells
            return
        missing = missing if missing and len(missing) <= len(lacking) else lacking
    raise InputError(
        "{path}: no column {missing}; a review sheet keeps all its columns, the hidden ones, too",
        path=path,
        missing=say(", ").join(missing),
    )


def _sheets(path: Path) -> Iterator[tuple[str, Iterable[tuple[int, list[str]]]]]:
    """The tables in a file by their names: numbered rows of cells."""
    if not path.is_file():
        raise InputError("{path}: no such file", path=path)
    if path.suffix.lower() == ".csv":
        lines = csv.read_rows(path, find_encoding(path, place=str(path)), TableReading())
        yield "", _numbered(path, ((row.number, row.cells, row.trouble) for row in lines))
        return
    try:
        with opened(path) as book:
            for title, found in book.sheets():
                rows = ((row.number, row.values(), row.trouble) for row in found)
                yield say("sheet {title}, ", title=title), _readable(path, _numbered(path, rows))
    except InputError:
        raise
    except Exception as error:  # openpyxl is surprised by much of what a file can hold.
        raise _damaged(path) from error


def _readable(path: Path, rows: Iterable[tuple[int, list[str]]]) -> Iterator[tuple[int, list[str]]]:
    """``rows``, which are read when they are asked for."""
    try:
        yield from rows
    except InputError:
        raise
    except Exception as error:  # As above.
        raise _damaged(path) from error


def _damaged(path: Path) -> InputError:
    return InputError("{path}: not a workbook, or a damaged one; save it as .xlsx", path=path)


def _numbered(
    path: Path, rows: Iterable[tuple[int, list[str], str]]
) -> Iterator[tuple[int, list[str]]]:
    for number, cells, trouble in rows:
        if trouble:
            raise InputError(
                "{path}, line {number}: {error}", path=path, number=number, error=trouble
            )
        yield number, cells


def _plain(name: str) -> str:
    return "".join(unicodedata.normalize("NFKC", name).split()).removeprefix("\ufeff")
