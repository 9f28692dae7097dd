"""Labelled rows, one paragraph each, from tables, lines and programs: the sections they make."""

import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from policynlp.article import Failure
from policynlp.corpus.labelled import LabelledSection
from policynlp.corpus.records import section_of, text_of
from policynlp.errors import CorpusError, InputError, PolicyNLPWarning
from policynlp.files.find import find_inputs
from policynlp.files.input_records import InputRecord, article_from_record, fold_name
from policynlp.files.items import Reading
from policynlp.files.read import find_items
from policynlp.messages import say

TABLES: Final = (".csv", ".tsv", ".xlsx", ".xlsm", ".parquet")
FASTTEXT: Final = (".txt", ".ft")
LABEL_SEPARATORS: Final = "、，,;；|/"
NO_LABEL: Final = frozenset(
    ("", "无", "无主题", "没有", "都没有", "不涉及", "none", "no", "n/a", "-")
)
# What columns are called besides those of an article, whose text, id and title are found as
# everywhere (files/input_records.py).
_SYNONYMS: Final = {
    "themes": "themes theme labels label tags tag 主题 标签 类别 人工标签",
    "section": "section 节",
    "heading": "heading subheading 小标题",
    "article": "article 文章",
    "labelled_for": "labelledfor 标注范围",
    "genre": "genre 文体",
    "origin": "origin",
    "sampling": "sampling",
}
_FIELD_OF: Final = {name: field for field, names in _SYNONYMS.items() for name in names.split()}
_NOTES: Final = ("genre", "origin", "sampling")
_READING: Final = Reading(keep_columns=True, max_chars=None)
_FASTTEXT_LABEL: Final = "__label__"


class Row(NamedTuple):
    """A labelled paragraph and where it stands.

    ``section`` is what the row shares with the others of its section, and empty where it is
    one by itself; ``labelled_for`` is ``None`` where nothing is said of it.
    """

    place: str
    id: str
    article: str
    section: str
    text: str
    themes: list[str]
    heading: str
    labelled_for: list[str] | None
    notes: dict[str, str]


def rows_of_file(path: Path) -> Iterator[Row]:
    """Read a table, or lines as fastText has them; ``CorpusError`` names row and column."""
    if path.suffix.lower() in FASTTEXT:
        yield from _fasttext_rows(path)
        return
    for item in find_items(find_inputs([str(path)]), _READING):
        found = item if isinstance(item, Failure) else item.read(_READING)
        if isinstance(found, Failure):
            raise CorpusError("{place}: {reason}", place=found.place, reason=found.reason)
        nameless = found.id == item.id  # A row without an id is called by its place.
        record = found.record._replace(id="") if nameless else found.record
        yield _row(found.place, record)


def rows_of_records(records: Iterable[object], name: str = "rows") -> Iterator[Row]:
    """Read mappings with a text and themes, as programs have them; places count from 0."""
    for number, record in enumerate(records):
        place = f"{name}[{number}]"
        if not isinstance(record, Mapping):
            raise CorpusError(
                "{place}: must be a mapping with text and themes, not {value!r:.40}",
                place=place,
                value=record,
            )
        yield row_of_record(place, record)


def row_of_record(place: str, record: Mapping[str, object]) -> Row:
    """Read a row that came as a mapping."""
    try:
        return _row(place, article_from_record(record, place=place, keep=True))
    except InputError as error:
        raise CorpusError(error.template, **error.values) from error


def sections_of_rows(
    rows: Iterable[Row], themes: Iterable[str] | None = None
) -> list[LabelledSection]:
    """Put rows together that share article and section, in any order; else each is a section.

    Rows without ``labelled_for`` count as read for ``themes``, by default those that occur in
    any row; a ``PolicyNLPWarning`` says so. An unlabelled row is then a counter-example for
    these, and for no others. Raises ``CorpusError`` where rows of a section contradict.
    """
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        key = (row.article, row.section) if row.section else ("", row.place)
        groups.setdefault(key, []).append(row)
    members = [row for group in groups.values() for row in group]
    if themes is None:
        themes = dict.fromkeys(theme for row in members for theme in row.themes)
    themes = list(themes)
    _warn_of_unsaid([row for row in members if row.labelled_for is None], themes)
    names = Counter(section for _, section in groups)
    sections, ids = [], set[str]()
    for (_, name), group in groups.items():
        first = group[0]
        id = (
            (name if names[name] == 1 else f"{first.article}/{name}".strip("/"))
            if name
            else first.id
        )
        id = id if id and id not in ids else first.place
        ids.add(id)
        sections.append(_section(id, group, themes))
    return sections


def _warn_of_unsaid(rows: Sequence[Row], themes: Sequence[str]) -> None:
    """Say what follows where nothing says for which themes rows were read."""
    if rows:
        said = say(
            "{place}: no labelled_for, so {n} rows count as read for {themes}: where such a label "
            "is missing, the theme is taken not to hold; of other themes they say nothing",
            place=rows[0].place,
            n=len(rows),
            themes="、".join(themes) or say("no theme"),
        )
        warnings.warn(said, PolicyNLPWarning, stacklevel=2)


def split_labels(cell: str) -> list[str]:
    """Split labels as people type them: by 、 ，, ; | or /, with 无 for none."""
    for separator in LABEL_SEPARATORS:
        cell = cell.replace(separator, "\n")
    labels = (label.strip() for label in cell.split("\n"))
    return [label for label in labels if label.lower() not in NO_LABEL]


def _section(id: str, group: Sequence[Row], themes: list[str]) -> LabelledSection:
    first = group[0]
    for row in group[1:]:
        _check_alike(first, row)
    record: dict[str, Any] = {
        "id": id,
        "article": first.article or id,
        "heading": first.heading,
        "paragraphs": [{"text": row.text, "themes": row.themes} for row in group],
        "labelled_for": themes if first.labelled_for is None else first.labelled_for,
        **first.notes,
    }
    return section_of(first.place, record)


def _check_alike(first: Row, row: Row) -> None:
    """Refuse rows of one section that say different things of it."""
    for name in ("heading", "labelled_for"):
        one, other = getattr(first, name), getattr(row, name)
        if one != other:
            raise CorpusError(
                '{place}: "{name}" is {value!r}, but {first!r} at {other}, in the same section '
                "{section!r}; make them alike, or name another section",
                place=row.place,
                name=name,
                value=_shown(other),
                first=_shown(one),
                other=first.place,
                section=row.section,
            )


def _shown(value: str | list[str] | None) -> str:
    return "、".join(value) if isinstance(value, list) else value or ""


def _row(place: str, record: InputRecord) -> Row:
    columns = {_FIELD_OF.get(fold_name(name), ""): name for name in reversed(list(record.kept))}
    if record.sections is not None or "themes" not in columns:
        raise CorpusError(
            "{place}: no column with themes beside the text; labelled rows have text and themes "
            "(正文, 主题 or 标签) and, if known, article, section, heading, labelled_for",
            place=place,
        )
    cells = {field: record.kept[name] for field, name in columns.items() if field}
    heading, section = _text(cells.get("heading")), _text(cells.get("section"))
    id = record.id.strip()
    for_themes = cells.get("labelled_for")
    own = {field: _text(cells.get(field)) for field in _NOTES} | {"source": record.source}
    return Row(
        place,
        id,
        # Rows that name their section may have an id each; the others' is their article's.
        _text(cells.get("article")) or record.title.strip() or ("" if section else id),
        section or heading,
        record.text,
        _labels(place, "themes", cells["themes"]),
        heading,
        _labels(place, "labelled_for", for_themes) if for_themes not in (None, "") else None,
        {name: value for name, value in own.items() if value},
    )


def _text(value: object) -> str:
    return "" if value is None else str(value).strip()


def _labels(place: str, field: str, value: object) -> list[str]:
    """The labels of a cell, or of a list of them."""
    if value is None:
        return []
    if isinstance(value, str):
        return list(dict.fromkeys(split_labels(value)))
    if isinstance(value, list | tuple) and all(isinstance(each, str) for each in value):
        return list(dict.fromkeys(value))
    raise CorpusError(
        '{place}: "{field}" must be names of themes, with ； between them, or a list of names',
        place=place,
        field=field,
    )


def _fasttext_rows(path: Path) -> Iterator[Row]:
    """A row a line: ``__label__甲 __label__乙 text``."""
    lines = text_of(path).splitlines()
    if not any(line.startswith(_FASTTEXT_LABEL) for line in lines):
        raise CorpusError(
            "{path}: no line begins with {label}, as labelled lines of fastText do; "
            "tables and JSONL have a column with themes",
            path=path,
            label=_FASTTEXT_LABEL,
        )
    for number, line in enumerate(lines, 1):
        words, themes = line.strip(), list[str]()
        while words.startswith(_FASTTEXT_LABEL):
            label, _, words = words.partition(" ")
            themes.append(label.removeprefix(_FASTTEXT_LABEL))
            words = words.lstrip()
        if words:
            yield Row(f"{path}:{number}", "", "", "", words, themes, "", None, {})
        elif themes:
            raise CorpusError("{place}: labels without a text", place=f"{path}:{number}")
