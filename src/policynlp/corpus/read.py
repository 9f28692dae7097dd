"""A corpus read: labelled sections from text (JSONL, CSV) or from term counts."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from policynlp.corpus.counts import COUNTS_SUFFIX, read_counts
from policynlp.corpus.labelled import LabelledSection
from policynlp.corpus.records import (
    corpus_files,
    json_records,
    plain_name,
    section_of,
    text_of,
)
from policynlp.errors import CorpusError
from policynlp.messages import say


def read_corpus(paths: Iterable[Path]) -> list[LabelledSection]:
    """Read every corpus file under ``paths`` (files or folders), in order of name.

    Raises ``CorpusError`` naming file, line and field of the first record that is wrong.
    """
    sections: list[LabelledSection] = []
    seen: dict[str, str] = {}
    for path in corpus_files(paths):
        for section in _read_file(path):
            if section.id in seen:
                raise CorpusError(
                    "{place}: id {id!r} stands in {seen} already",
                    place=section.place,
                    id=section.id,
                    seen=seen[section.id],
                )
            seen[section.id] = section.place
            sections.append(section)
    if not sections:
        raise CorpusError("no labelled sections: name a .jsonl or .csv file or a folder of them")
    return sections


def _read_file(path: Path) -> Iterator[LabelledSection]:
    name = plain_name(path).lower()
    if name.endswith(COUNTS_SUFFIX):
        return read_counts(path)
    return read_table(path) if name.endswith(".csv") else _read_text_records(path)


def _read_text_records(path: Path) -> Iterator[LabelledSection]:
    for place, record in json_records(path):
        yield section_of(place, record)


LABEL_SEPARATORS: Final = "、，,;；|/"
NO_LABEL: Final = frozenset(
    ("", "无", "无主题", "没有", "都没有", "不涉及", "none", "no", "n/a", "-")
)


def read_table(path: Path) -> Iterator[LabelledSection]:
    """Read one paragraph a row; neighbouring rows of one section id make a section."""
    with io.StringIO(text_of(path), newline="") as lines:
        reader = csv.DictReader(lines)
        try:
            missing = {"section", "text", "themes"} - set(reader.fieldnames or ())
            rows = list(enumerate(reader, 2))
        except csv.Error as error:
            raise CorpusError("{place}: {error}", place=path, error=error) from error
        if missing:
            raise CorpusError(
                "{path}: no column {missing}; a corpus table has section, text, themes and, "
                "if known, article, heading, labelled_for",
                path=path,
                missing=say(", ").join(sorted(missing)),
            )
    for section_id, group in groupby(rows, key=lambda row: row[1]["section"]):
        members = list(group)
        number, first = members[0]
        _check_alike(path, members)
        record: dict[str, Any] = {
            "id": section_id,
            "article": first.get("article") or section_id,
            "heading": first.get("heading") or "",
            "paragraphs": [
                {"text": row["text"], "themes": split_labels(row["themes"] or "")}
                for _, row in members
            ],
        }
        if first.get("labelled_for"):
            record["labelled_for"] = split_labels(first["labelled_for"])
        yield section_of(f"{path}:{number}", record)


def _check_alike(path: Path, members: Sequence[tuple[int, dict[str, str]]]) -> None:
    """Refuse rows of one section that say different things of it."""
    number, first = members[0]
    for name in ("article", "heading", "labelled_for"):
        for other, row in members[1:]:
            if (row.get(name) or "") != (first.get(name) or ""):
                raise CorpusError(
                    '{path}:{other}: "{name}" is {value!r}, but {first!r} in row {number} of the '
                    "same section {section!r}; make them alike, or name another section",
                    path=path,
                    other=other,
                    name=name,
                    value=row.get(name) or "",
                    first=first.get(name) or "",
                    number=number,
                    section=first["section"],
                )


def split_labels(cell: str) -> list[str]:
    """Split labels as people type them: by 、 ，, ; | or /, with 无 for none."""
    for separator in LABEL_SEPARATORS:
        cell = cell.replace(separator, "\n")
    labels = (label.strip() for label in cell.split("\n"))
    return [label for label in labels if label.lower() not in NO_LABEL]
