"""A corpus read: labelled sections from records, tables and lines, or from term counts."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from policynlp.corpus.code_book import read_code_book
from policynlp.corpus.counts import COUNTS_SUFFIX, read_counts
from policynlp.corpus.labelled import LabelledSection
from policynlp.corpus.records import corpus_files, json_records, plain_name, section_of
from policynlp.corpus.rows import (
    FASTTEXT,
    TABLES,
    Row,
    row_of_record,
    rows_of_file,
    rows_of_records,
    sections_of_rows,
)
from policynlp.errors import CorpusError, InputError
from policynlp.files.input_records import find_columns


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
        raise CorpusError(
            "no labelled text: name a .jsonl, .csv, .xlsx or .parquet file or a folder of them"
        )
    return sections


def paths_of(data: object) -> list[Path]:
    """Return the paths that ``data`` is, one or some of them; none if it is rows."""
    some = [data] if isinstance(data, str | Path) else data
    if not isinstance(some, list | tuple) or not all(isinstance(p, str | Path) for p in some):
        return []
    return [Path(path) for path in some]


def labelled(data: object) -> list[LabelledSection]:
    """Read labelled text: paths, or rows as mappings, or the rows of a pandas ``DataFrame``.

    A row has ``text`` and ``themes`` (names, as a list or with ； between them) and, if known,
    ``article``, ``section``, ``heading`` and ``labelled_for``, by any of their names. Raises
    ``CorpusError`` for what is none of these, and for the first row that is wrong.
    """
    paths = paths_of(data)
    if paths:
        return read_corpus(paths)
    records = data.to_dict("records") if hasattr(data, "to_dict") else data
    if isinstance(records, Mapping | str | bytes) or not isinstance(records, Iterable):
        raise CorpusError(
            "labelled text is rows with text and themes, a DataFrame of them, or paths, not "
            "{value!r:.60}",
            value=data,
        )
    sections = sections_of_rows(rows_of_records(records))
    if not sections:
        raise CorpusError("no labelled text: there are no rows")
    return sections


def _read_file(path: Path) -> Iterator[LabelledSection]:
    name = plain_name(path).lower()
    if name.endswith(COUNTS_SUFFIX):
        yield from read_counts(path)
        return
    rows: list[Row] = []
    if name.endswith((*TABLES, *FASTTEXT)):
        rows += rows_of_file(path)
    else:
        for place, record in json_records(path):
            if _is_row(record):
                rows.append(row_of_record(place, record))
            else:
                yield section_of(place, record)
    # Who fills in a table beside a code book reads for its themes.
    yield from sections_of_rows(rows, read_code_book([path.parent]))


def _is_row(record: dict[str, object]) -> bool:
    """Whether a record is a paragraph with its themes, and not a section of some."""
    if "paragraphs" in record:
        return False
    try:
        return "text" in find_columns(tuple(record))
    except InputError:
        return False
