"""A corpus read: labelled sections from text (JSONL, CSV) or from term counts.

The formats stand in corpus/README.md.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

from policynlp.errors import CorpusError
from policynlp.training.counts import COUNTS_SUFFIX, read_counts
from policynlp.training.files import corpus_files, json_records
from policynlp.training.labelled import LabelledSection
from policynlp.training.paragraph_table import read_table
from policynlp.training.record import section_of


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
    if path.name.lower().endswith(COUNTS_SUFFIX):
        return read_counts(path)
    return read_table(path) if path.suffix.lower() == ".csv" else _read_text_records(path)


def _read_text_records(path: Path) -> Iterator[LabelledSection]:
    for place, record in json_records(path):
        yield section_of(place, record)
