"""Paragraphs of scored articles as rows to judge, and how a row is known again."""

import hashlib
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, count
from pathlib import Path
from typing import Final, NamedTuple

from policynlp.errors import InputError
from policynlp.escaping import legal
from policynlp.files.workbook import MAX_CELL
from policynlp.schema import Scored, ScoredParagraph, ScoredSection, records_of

RANDOM, UNCERTAIN = "random", "uncertain"
HERE: Final = "【本段】"  # stands in a row's context for the row's own paragraph
NONE: Final = "无"
JOINT: Final = "、"


@dataclass(frozen=True, slots=True)
class Row:
    """A paragraph with what the model says of it.

    ``section`` and ``paragraph`` count from 1; ``context`` is the section, a paragraph a line,
    with ``HERE`` in the paragraph's place; ``themes`` are all that the model looks for, and
    ``sampling`` says why the row was chosen.
    """

    article: str
    section: int
    paragraph: int
    title: str
    heading: str
    text: str
    context: str
    tags: tuple[str, ...]
    themes: tuple[str, ...]
    model: str
    source: str = ""
    evidence: str = ""
    probabilities: Mapping[str, float] = field(default_factory=dict)
    sampling: str = UNCERTAIN
    note: str = ""

    @property
    def key(self) -> str:
        """Name of the row, which no spreadsheet takes for a number or a date."""
        return f"{self.article}#{self.section}.{self.paragraph}"

    @property
    def predicted(self) -> str:
        """The tags as a cell has them."""
        return JOINT.join(self.tags) or NONE


class Found(NamedTuple):
    """Paragraphs to review, and how many are no row: too long for a cell, or said by another."""

    rows: list[Row]
    overlong: int
    repeated: int


def row_hash(cells: Iterable[str]) -> str:
    """Hash what must come back as it was, without white space, which spreadsheets change."""
    plain = ("".join(unicodedata.normalize("NFC", cell).split()) for cell in cells)
    return hashlib.sha256("\n".join(plain).encode("utf-8", "replace")).hexdigest()[:16]


def read_scored(paths: Iterable[Path]) -> Found:
    """Read every paragraph of the output records in ``paths`` as a row.

    Paragraphs that say the same are one row; those that no cell can hold are none. Raises
    ``InputError`` where records are none of ``score --with-text`` or of more than one model.
    """
    rows: dict[str, Row] = {}
    names: set[str] = set()
    overlong = repeated = 0
    model = ""
    for path in paths:
        for place, article in records_of(path):
            model = model or article.model
            if article.model != model:
                raise InputError(
                    "{place}scored by {model}, other records by {other}; make one sheet a model",
                    place=place,
                    model=article.model,
                    other=model,
                )
            if article.text is None:
                raise InputError("{place}no text; score again with --with-text", place=place)
            name = _name(article.id, names)
            for row in _rows_of(name, article, article.text):
                if not fits(row.text):
                    overlong += 1
                elif key := "".join(row.text.split()):
                    repeated += key in rows
                    rows.setdefault(key, row)
    if not rows:
        raise InputError("no paragraphs to review: name outputs of score that hold some")
    return Found(list(rows.values()), overlong, repeated)


def _name(id: str, names: set[str]) -> str:
    """What to call an article in a sheet: by its id, unless another one is called so.

    Rows of the same name would be taken for one row, and one of them be lost.
    """
    id = legal(id)
    name = next(n for n in chain([id], (f"{id}~{i}" for i in count(2))) if n not in names)
    names.add(name)
    return name


def _rows_of(name: str, article: Scored, text: str) -> Iterator[Row]:
    for number, section in enumerate(article.sections, 1):
        parts = [text[p.start : p.end] for p in section.paragraphs]
        for i, paragraph in enumerate(section.paragraphs):
            yield Row(
                name,
                number,
                i + 1,
                article.title,
                section.heading,
                legal(parts[i]),
                context_of(parts, i),
                tuple(tag.theme for tag in paragraph.themes),
                tuple(paragraph.probabilities),
                article.model,
                article.source,
                _evidence(section, paragraph),
                paragraph.probabilities,
            )


def context_of(parts: Sequence[str], own: int) -> str:
    """Return the section with ``HERE`` for its own paragraph, the nearest that fit in a cell."""
    lines = [" ".join(legal(part).split("\n")) for part in parts]
    lines[own] = HERE
    if fits("\n".join(lines)):
        return "\n".join(lines)
    first, last, grows = own, own + 1, True
    while grows:
        grows = False
        if first > 0 and fits("\n".join(lines[first - 1 : last])):
            first, grows = first - 1, True
        if last < len(lines) and fits("\n".join(lines[first : last + 1])):
            last, grows = last + 1, True
    return "\n".join(lines[first:last])


def fits(text: str) -> bool:
    """Say whether a cell can hold ``text``."""
    return len(text.encode("utf-16-le", "replace")) // 2 < MAX_CELL


def _evidence(section: ScoredSection, paragraph: ScoredParagraph) -> str:
    """Return what in the paragraph raised each theme of its section, a theme a line."""
    lines = []
    for tag in section.themes:
        quotes = [
            legal(quote.text)
            for quote in tag.evidence
            if paragraph.start <= quote.start and quote.end <= paragraph.end
        ]
        if quotes:
            lines.append(f"{tag.theme}：{'；'.join(dict.fromkeys(quotes))}")
    return "\n".join(lines)
