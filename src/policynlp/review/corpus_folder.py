"""A folder of reviewed paragraphs in the corpus format, each with where its labels come from."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, NamedTuple

from policynlp.corpus.read import read_corpus
from policynlp.corpus.records import RECORD, json_records, naming
from policynlp.errors import CorpusError
from policynlp.files.atomic import write_whole
from policynlp.review.returned import Reading, Reviewed
from policynlp.review.rows import row_hash
from policynlp.validation import check

FILE: Final = "reviewed.jsonl"
ORIGIN: Final = "reviewed"


class Added(NamedTuple):
    """How many paragraphs are new to a folder, have other labels now, or stood in it so."""

    new: int
    changed: int
    same: int


def add_to_corpus(reading: Reading, folder: Path, *, reviewer: str, date: str) -> Added:
    """Add what was reviewed to ``folder``; what stands in it with the same labels is left alone.

    ``date`` is YYYY-MM-DD. Other labels for a paragraph take the place of those it had. The
    folder is written whole or not at all.
    """
    path = folder / FILE
    records = {record["id"]: record for record in _records(path)}
    counts = {"new": 0, "changed": 0, "same": 0}
    for row in reading.rows:
        record = _record_of(path, records, row)
        paragraph = record["paragraphs"][row.at]
        labels = {"themes": sorted(row.labels)}
        if row.disputed:
            labels["disputed"] = sorted(row.disputed)
        if all(paragraph.get(key) == labels.get(key) for key in ("themes", "disputed")):
            counts["same"] += 1
            continue
        counts["new" if paragraph["themes"] is None else "changed"] += 1
        record["paragraphs"][row.at] = {
            "text": row.text,
            **labels,
            "review": _provenance(reading.name, row, reviewer, date),
        }
    if not records:
        return Added(0, 0, 0)
    for record in records.values():
        with naming(reading.name):  # Or nothing could read it again.
            check(record, RECORD)
    lines = (json.dumps(record, ensure_ascii=False) + "\n" for record in records.values())
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(path, "".join(lines).encode("utf-8", "backslashreplace"))
    return Added(**counts)


def reviewed_texts(folders: Iterable[Path]) -> set[str]:
    """Return the labelled paragraphs of corpus folders, without white space."""
    return {
        "".join(paragraph.text.split())
        for section in read_corpus(folders)
        for paragraph in section.paragraphs
        if not section.labelled_for or paragraph.disputed < section.labelled_for
    }


def _records(path: Path) -> list[dict[str, Any]]:
    if not path.exists():
        return []
    records = []
    for place, record in json_records(path):
        with naming(place):
            check(record, RECORD)
        records.append(record)
    return records


def _record_of(path: Path, records: dict[str, dict[str, Any]], row: Reviewed) -> dict[str, Any]:
    """Return the record that the row belongs to: where it stands already, or its own.

    A section is in two records if some of its paragraphs were drawn at random and others not,
    so that what was drawn at random can be told apart.
    """
    section = row_hash([row.section, row.heading, *row.paragraphs, *row.labelled_for])
    for sampling in ("random", "uncertain", ""):
        record = records.get(_id(section, sampling))
        if record and len(record["paragraphs"]) != len(row.paragraphs):
            raise CorpusError(
                "{path}: {id} has other paragraphs than when it was written; restore the file",
                path=path,
                id=record["id"],
            )
        if record and record["paragraphs"][row.at]["themes"] is not None:
            return record
    new: dict[str, Any] = {
        "id": _id(section, row.sampling),
        "article": row.article,
        "heading": row.heading,
        "paragraphs": [{"text": text, "themes": None} for text in row.paragraphs],
        "themes": None,
        "labelled_for": list(row.labelled_for),
        "origin": ORIGIN,
        "source": row.source,
        "sampling": row.sampling,
    }
    return records.setdefault(new["id"], new)


def _id(section: str, sampling: str) -> str:
    return "-".join(filter(None, (ORIGIN, section, sampling)))


def _provenance(sheet: str, row: Reviewed, reviewer: str, date: str) -> dict[str, Any]:
    provenance: dict[str, Any] = {"sheet": sheet, "reviewer": reviewer, "date": date}
    if row.predicted is not None:
        provenance |= {"model": row.model, "predicted": sorted(row.predicted)}
    return provenance | ({"note": row.note} if row.note else {})
