"""Labelled sections, from text (JSONL, CSV) or from term counts, each record checked.

The formats stand in corpus/README.md. A theme outside a record's ``labelled_for``, or one
that its readers dispute, is unknown there: it neither trains nor measures.
"""

import csv
import hashlib
import io
import json
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

from policynlp.errors import CorpusError, InputError
from policynlp.language.terms import CHARACTER, count_terms
from policynlp.language.words import fingerprint
from policynlp.messages import say
from policynlp.reading.formats.encodings import decode
from policynlp.reading.sections import make_paragraph

CODE_BOOK = "themes.toml"
COUNTS_SUFFIX = ".counts.jsonl"
COUNTS_FORMAT = "policynlp-counts-1"
HELD_OUT = "held_out"
SHEETS = "sheets"
LABEL_SEPARATORS = "、，,;；|/"
NO_LABEL = frozenset(("", "无", "无主题", "没有", "都没有", "不涉及", "none", "no", "n/a", "-"))


@dataclass(frozen=True, slots=True)
class LabelledParagraph:
    """A paragraph's counted terms, its length in characters, and its labels.

    ``run_in`` are the terms of its first sentence where that announces it as a heading would;
    ``text`` is empty where only counts are known. ``disputed`` labels are left out both ways.
    """

    terms: Counter[str]
    run_in: Counter[str]
    size: int
    themes: frozenset[str]
    disputed: frozenset[str] = frozenset()
    text: str = ""


@dataclass(frozen=True, slots=True)
class LabelledSection:
    """A labelled section; ``themes`` is ``None`` where only its paragraphs were labelled.

    ``labelled_for`` is ``None`` where it was labelled for every theme of the corpus; ``place``
    is the file and line it was read from. ``weight`` is how much its labels count in training.
    ``words`` is the number of its words, counted or not, and 0 where that is unknown.
    """

    id: str
    article: str
    heading: Counter[str]
    paragraphs: tuple[LabelledParagraph, ...]
    themes: frozenset[str] | None
    labelled_for: frozenset[str] | None = None
    disputed: frozenset[str] = frozenset()
    heading_text: str = ""
    notes: dict[str, str] = field(default_factory=dict)
    place: str = ""
    weight: float = 1.0
    words: int = 0

    @property
    def file(self) -> str:
        """The file it was read from."""
        return self.place.rpartition(":")[0]

    def knows(self, theme: str) -> bool:
        """Say whether the section's readers looked for ``theme``."""
        return self.labelled_for is None or theme in self.labelled_for


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


def corpus_files(paths: Iterable[Path]) -> list[Path]:
    """Return the corpus files that ``paths`` stand for, folders in order of name.

    A folder ``held_out`` inside one of ``paths`` is passed over: what measures a model must
    not train it. Named itself, it is read. So are the ``sheets`` of a new theme.
    """
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            found = (p for p in path.rglob("*") if p.suffix.lower() in {".jsonl", ".csv"})
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


def read_code_book(paths: Iterable[Path]) -> dict[str, str] | None:
    """Return theme names and definitions of every ``themes.toml`` among ``paths``, or ``None``.

    Raises ``CorpusError`` where one is malformed or two define a theme differently.
    """
    definitions: dict[str, str] = {}
    books = [path / CODE_BOOK if path.is_dir() else path for path in paths]
    books = [book for book in books if book.name == CODE_BOOK and book.is_file()]
    for book in books:
        for theme, definition in _read_definitions(book):
            if definitions.setdefault(theme, definition) != definition:
                raise CorpusError(
                    "{book}: theme {theme!r} is defined otherwise in another book",
                    book=book,
                    theme=theme,
                )
    return definitions if books else None


def _read_definitions(book: Path) -> list[tuple[str, str]]:
    try:
        themes = tomllib.loads(_text(book))["themes"]
        return [(str(theme["name"]), str(theme["definition"])) for theme in themes]
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise CorpusError(
            "{book}: each [[themes]] needs a name and a definition ({error})",
            book=book,
            error=error,
        ) from error


def themes_of(sections: Iterable[LabelledSection], code_book: dict[str, str] | None) -> list[str]:
    """Return the themes to learn: the code book's, or all that the sections were labelled for.

    Raises ``CorpusError`` for a label that the code book does not know.
    """
    found: dict[str, str] = {}
    for section in sections:
        for theme in sorted(used_labels(section)):
            found.setdefault(theme, section.place or section.id)
    if code_book is None:
        return list(found)
    for theme, place in found.items():
        if theme not in code_book:
            raise CorpusError(
                "{place}: theme {theme!r} is not in the code book ({code_book}); "
                "mend the label or add the theme to a {book}",
                place=place,
                theme=theme,
                code_book="、".join(code_book),
                book=CODE_BOOK,
            )
    return list(code_book)


def used_labels(section: LabelledSection) -> frozenset[str]:
    """Return every theme that the section's record names."""
    own = (p.themes for p in section.paragraphs)
    return frozenset().union(*own, section.themes or (), section.labelled_for or ())


def write_counts(sections: Sequence[LabelledSection], path: Path, min_sections: int = 5) -> None:
    """Write ``sections`` as term counts without text, as RCV1 was published.

    Only terms that occur in at least ``min_sections`` of them are kept, in alphabetical
    order, so that nothing of the order of words remains; articles are named by a hash
    (Lewis et al., "RCV1: a new benchmark collection for text categorization research", 2004).
    """
    frequency = document_frequency(sections)
    terms = sorted(term for term, n in frequency.items() if n >= min_sections)
    ids = {term: i for i, term in enumerate(terms)}

    def flat(counts: Counter[str]) -> list[int]:
        return [n for term in sorted(counts, key=lambda t: ids.get(t, -1)) if term in ids
                for n in (ids[term], counts[term])]  # fmt: skip

    with path.open("w", encoding="utf-8", newline="\n") as out:
        header = {"format": COUNTS_FORMAT, "fingerprint": fingerprint(), "terms": terms}
        for record in [header, *(_counts_record(section, flat) for section in sections)]:
            out.write(json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n")


def document_frequency(sections: Iterable[LabelledSection]) -> Counter[str]:
    """Count the sections that each term occurs in, headings included."""
    frequency: Counter[str] = Counter()
    for section in sections:
        frequency.update({*section.heading, *(t for p in section.paragraphs for t in p.terms)})
    return frequency


def _article_key(article: str) -> str:
    """Return a name that keeps an article's sections together and says nothing of its source."""
    return hashlib.sha256(article.encode()).hexdigest()[:10]


def _counts_record(section: LabelledSection, flat: Any) -> dict[str, Any]:
    return {
        "id": section.id,
        "article": _article_key(section.article),
        "heading": flat(section.heading),
        "words": section.words,
        "paragraphs": [
            {
                "size": p.size,
                "counts": flat(p.terms),
                **({"run_in": flat(p.run_in)} if p.run_in else {}),
                "themes": sorted(p.themes),
                "disputed": sorted(p.disputed),
            }
            for p in section.paragraphs
        ],
        "themes": None if section.themes is None else sorted(section.themes),
        "disputed": sorted(section.disputed),
        "labelled_for": None if section.labelled_for is None else sorted(section.labelled_for),
        **section.notes,
    }


def _read_file(path: Path) -> Iterator[LabelledSection]:
    if path.name.lower().endswith(COUNTS_SUFFIX):
        return _read_counts(path)
    return _read_csv(path) if path.suffix.lower() == ".csv" else _read_text_records(path)


def _text(path: Path) -> str:
    """Decode a file as batches are, for a Chinese Excel saves tables in GB18030."""
    try:
        return decode(path.read_bytes(), place=str(path)).removeprefix("\ufeff")
    except InputError as error:
        raise CorpusError(error.template, **error.values) from error


def _records(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    with io.StringIO(_text(path), newline=None) as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            place = f"{path}:{number}"
            try:
                record = json.loads(line)
            except json.JSONDecodeError as error:
                raise CorpusError(
                    "{place}: not JSON ({error})", place=place, error=error
                ) from error
            if not isinstance(record, dict):
                raise CorpusError("{place}: a record must be a JSON object", place=place)
            yield place, record


def _read_text_records(path: Path) -> Iterator[LabelledSection]:
    for place, record in _records(path):
        yield section_of(place, record)


def section_of(place: str, record: dict[str, Any]) -> LabelledSection:
    """Count the text of a corpus record; ``place`` is its file and line, for errors."""
    heading = _string(place, record, "heading")
    return _section(place, record, count_terms(heading), _text_paragraph, heading)


class _Counted(NamedTuple):
    """What is read of a paragraph besides its labels; see :class:`LabelledParagraph`."""

    terms: Counter[str]
    run_in: Counter[str]
    size: int
    text: str = ""


def _text_paragraph(place: str, value: dict[str, Any]) -> _Counted:
    text = _string(place, value, "text")
    run_in = make_paragraph(text, 0, len(text)).run_in
    head = text[run_in.start : run_in.end] if run_in else ""
    return _Counted(count_terms(text), count_terms(head), len(text), text)


def _read_counts(path: Path) -> Iterator[LabelledSection]:
    records = _records(path)
    place, header = next(records, (str(path), {}))
    if header.get("format") != COUNTS_FORMAT:
        raise CorpusError(
            "{place}: the first line must say format {counts_format!r}",
            place=place,
            counts_format=COUNTS_FORMAT,
        )
    if header.get("fingerprint") != fingerprint():
        raise CorpusError(
            "{place}: counted with other words (fingerprint {other}, this version cuts "
            "{own}); count the text again with scripts/count_corpus",
            place=place,
            other=header.get("fingerprint"),
            own=fingerprint(),
        )
    terms = header["terms"]

    def unflat(place: str, flat: Any) -> Counter[str]:
        try:
            pairs = zip(flat[::2], flat[1::2], strict=True)
            return Counter({terms[i]: n for i, n in pairs})
        except (TypeError, IndexError, ValueError) as error:
            raise CorpusError(
                '{place}: "counts" must be pairs of term and count', place=place
            ) from error

    def paragraph(place: str, value: dict[str, Any]) -> _Counted:
        run_in = unflat(place, value.get("run_in", []))
        return _Counted(unflat(place, value.get("counts")), run_in, int(value.get("size", 0)))

    for place, record in records:
        section = _section(place, record, unflat(place, record.get("heading")), paragraph, "")
        words = record.get("words", 0)  # Files of before there were totals have none.
        if not isinstance(words, int) or words < 0:
            raise CorpusError('{place}: "words" must be a whole number', place=place)
        yield replace(section, words=words)


def _read_csv(path: Path) -> Iterator[LabelledSection]:
    """Read one paragraph a row; neighbouring rows of one section id make a section."""
    with io.StringIO(_text(path), newline="") as lines:
        reader = csv.DictReader(lines)
        missing = {"section", "text", "themes"} - set(reader.fieldnames or ())
        if missing:
            raise CorpusError(
                "{path}: no column {missing}; a corpus table has section, text, themes and, "
                "if known, article, heading, labelled_for",
                path=path,
                missing=say(", ").join(sorted(missing)),
            )
        rows = list(enumerate(reader, 2))
    for section_id, group in groupby(rows, key=lambda row: row[1]["section"]):
        members = list(group)
        number, first = members[0]
        _check_alike(path, members)
        record = {
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
        heading = record["heading"]
        yield _section(f"{path}:{number}", record, count_terms(heading), _text_paragraph, heading)


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


def _section(
    place: str, record: dict[str, Any], heading: Counter[str], read: Any, heading_text: str
) -> LabelledSection:
    values = record.get("paragraphs")
    if not isinstance(values, list) or not values:
        raise CorpusError(
            '{place}: "paragraphs" must be a list with at least one paragraph', place=place
        )
    for i, value in enumerate(values):
        if not isinstance(value, dict):
            raise CorpusError('{place}: "paragraphs"[{i}] must be an object', place=place, i=i)
    own = [_own_labels(f'{place}: "paragraphs"[{i}]', v) for i, v in enumerate(values)]
    themes = None if record.get("themes") is None else _labels(place, record, "themes")
    labelled_for = None
    if record.get("labelled_for") is not None:
        labelled_for = _labels(place, record, "labelled_for")
        stray = frozenset().union(*own, themes or ()) - labelled_for
        if stray:
            raise CorpusError(
                '{place}: label {stray} not in "labelled_for"',
                place=place,
                stray="、".join(sorted(stray)),
            )
    paragraphs = []
    for i, (value, labels) in enumerate(zip(values, own, strict=True)):
        where = f'{place}: "paragraphs"[{i}]'
        terms, run_in, size, text = read(where, value)
        disputed = _labels(where, value, "disputed") if "disputed" in value else frozenset()
        if value["themes"] is None:
            disputed = _unread(where, labelled_for)
        paragraphs.append(LabelledParagraph(terms, run_in, size, labels, disputed, text))
    return LabelledSection(
        _string(place, record, "id"),
        _string(place, record, "article"),
        heading,
        tuple(paragraphs),
        themes,
        labelled_for,
        _labels(place, record, "disputed") if "disputed" in record else frozenset(),
        heading_text,
        {
            key: str(record[key])
            for key in ("genre", "origin", "source", "sampling")
            if record.get(key)
        },
        place,
        words=_n_words(heading) + sum(_n_words(paragraph.terms) for paragraph in paragraphs),
    )


def _n_words(counts: Counter[str]) -> int:
    return sum(n for term, n in counts.items() if not term.startswith(CHARACTER))


def _own_labels(place: str, value: dict[str, Any]) -> frozenset[str]:
    """Return a paragraph's labels; one whose themes are ``null`` is there for its neighbours."""
    if "themes" in value and value["themes"] is None:
        return frozenset()
    return _labels(place, value, "themes")


def _unread(place: str, labelled_for: frozenset[str] | None) -> frozenset[str]:
    """Return what is unknown of a paragraph that nobody labelled: all that others are for."""
    if labelled_for is None:
        raise CorpusError(
            '{place}: "themes" may be null only in a section with "labelled_for"', place=place
        )
    return labelled_for


def _string(place: str, record: dict[str, Any], name: str) -> str:
    value = record.get(name)
    if not isinstance(value, str):
        raise CorpusError(
            '{place}: "{name}" must be a string, found {dumps}',
            place=place,
            name=name,
            dumps=json.dumps(value),
        )
    return value


def _labels(place: str, record: dict[str, Any], name: str) -> frozenset[str]:
    value = record.get(name)
    if not isinstance(value, list) or not all(isinstance(label, str) for label in value):
        raise CorpusError('{place}: "{name}" must be a list of themes', place=place, name=name)
    return frozenset(value)
