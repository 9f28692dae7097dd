"""Input records: what a row of data must look like, whatever its columns are called."""

import base64
import math
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from typing import Final, NamedTuple

from policynlp.errors import InputError
from policynlp.messages import say

# What people call their columns, compared without case, white space, "_", "-" and width.
# A field's own name comes first: it decides where several columns could be the field.
_SYNONYMS: Final = {
    "id": "id articleid docid newsid 编号 序号 文章id 文章编号 稿件编号",
    "text": "text content body fulltext articletext maintext "
    "正文 内容 全文 文本 文章内容 文章正文 正文内容 新闻内容 新闻正文",
    "sections": "sections 章节",
    "title": "title headline 标题 题名 题目 文章标题 新闻标题",
    "published": "published publishedat publishdate publishtime pubdate pubtime date datetime time "
    "发布时间 发布日期 发表时间 发表日期 刊发日期 发文日期 成文日期 日期 时间",
    "source": "source media publisher 来源 文章来源 新闻来源 信息来源 稿源 媒体",
    "author": "author byline 作者 文章作者 记者",
    "url": "url link href 链接 网址 原文链接 原文网址 文章链接",
}
_FIELD_OF: Final = {name: field for field, names in _SYNONYMS.items() for name in names.split()}

_NUMBERS: Final = ("id", "published")
MAX_COLUMNS: Final = 16_384
"""So many columns a sheet of Excel has; no record has more."""
# What is remembered of columns must not be the greater part of the memory.
_MOST_REMEMBERED: Final = 200
_DEEPEST: Final = 100
_MOST_NAMED: Final = 20
_LONGEST_NAME: Final = 40

Columns = tuple[tuple[str, str], ...]
"""Fields with the names of the columns that hold them."""


class InputRecord(NamedTuple):
    """An article as it comes in: a text, or a title with sections, and its metadata.

    ``sections`` holds headings with their paragraphs; it is ``None`` where ``text`` counts.
    ``headings`` has the levels of lines of ``text`` that are headings, by their starts;
    ``kept`` are the columns that hold none of these, where they were asked for.
    """

    id: str = ""
    text: str = ""
    sections: tuple[tuple[str, tuple[str, ...]], ...] | None = None
    title: str = ""
    published: str = ""
    source: str = ""
    author: str = ""
    url: str = ""
    kept: Mapping[str, object] = {}  # Nobody changes it, nor this.
    headings: Mapping[int, int] = {}

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to read but, at most, a title."""
        if self.sections is None:
            return not self.text.strip()
        return not any(text.strip() for text in self._texts())

    @property
    def length(self) -> int:
        """How many characters the article has without its title."""
        return len(self.text) if self.sections is None else sum(map(len, self._texts()))

    def body(self) -> str:
        """The article without its title, as it would be read aloud."""
        return self.text if self.sections is None else "\n".join(self._texts())

    def _texts(self) -> Iterator[str]:
        for heading, paragraphs in self.sections or ():
            yield heading
            yield from paragraphs


def article_from_record(
    record: Mapping[str, object],
    *,
    place: str,
    columns: Columns = (),
    keep: bool = False,
) -> InputRecord:
    """Check ``record`` and take its fields by ``columns`` or by any of their usual names.

    ``place`` is where the record stands, for the error that names what is wrong with it. With
    ``keep`` all that is no field of an article is kept.
    """
    found = _columns(record, place, columns)
    article = _article(record, place, found)
    if not keep:
        return article
    used = set(found.values())
    kept = {k: _kept(v, k, place, 0) for k, v in record.items() if k not in used}
    return article._replace(kept=_with_valid_keys(kept))


def _article(record: Mapping[str, object], place: str, columns: dict[str, str]) -> InputRecord:
    sections = record[columns.pop("sections")] if "sections" in columns else None
    fields = {
        field: _as_text(record[name], f'"{short(name)}"', place, numbers=field in _NUMBERS)
        for field, name in columns.items()
    }
    # None of the fields is "sections", "kept" or "headings".
    article = InputRecord(**fields)  # type: ignore[arg-type]
    if sections is None:
        return article
    return article._replace(sections=_as_sections(sections, '"sections"', place))


def _columns(record: Mapping[str, object], place: str, chosen: Columns) -> dict[str, str]:
    """Which field of ``record`` is which of ours, where each has a value."""
    if len(record) > MAX_COLUMNS:
        raise InputError(
            "{place}: {number:,} fields, more than {most:,}: drop those that are not needed",
            place=place,
            number=len(record),
            most=MAX_COLUMNS,
        )
    names = tuple([name for name, value in record.items() if not _is_missing(value)])
    try:
        columns = dict(find_columns(names, chosen))
    except InputError as error:
        why = error
        with suppress(InputError):  # A column is there without a value, too.
            find_columns(tuple(record), chosen)
            why = InputError("the text is empty")
        raise InputError("{place}: {error}", place=place, error=why) from error
    if "text" in columns and "sections" in columns:
        given = [field for field in ("text", "sections") if record[columns[field]]]
        if len(given) > 1:
            raise InputError(
                '{place}: "text" and "sections" both hold the article; keep one', place=place
            )
        del columns["sections" if given == ["text"] else "text"]
    return columns


def find_columns(names: tuple[str, ...], chosen: Columns = ()) -> Mapping[str, str]:
    """Say which of the columns ``names`` is which field; one of them must hold the article.

    ``chosen`` names the columns of some fields, which are then looked for under no other name.
    """
    few = len(names) <= _MOST_REMEMBERED
    return _found_columns(names, chosen) if few else _found_columns.__wrapped__(names, chosen)


def candidates(names: Sequence[str], chosen: Columns = ()) -> list[str]:
    """Which of the columns ``names`` may hold a field, where others have no value."""
    chosen_names = {name for _, name in chosen}
    return [name for name in names if name in chosen_names or fold_name(name) in _FIELD_OF]


@lru_cache(maxsize=64)
def _found_columns(names: tuple[str, ...], chosen: Columns) -> Mapping[str, str]:
    fixed = dict(chosen)
    found = {field: [name] for field, name in chosen if name in names}
    for name in names:
        field = _FIELD_OF.get(fold_name(name))
        if field and field not in fixed and name not in fixed.values():
            found.setdefault(field, []).append(name)
    if "text" in fixed:
        found.pop("sections", None)
    if "text" not in found and "sections" not in found:
        raise _no_article(names, fixed)
    return {field: _the_column(field, names) for field, names in found.items()}


def _no_article(names: Sequence[str], fixed: Mapping[str, str]) -> InputError:
    """Say which column is looked for, and which there are."""
    found = _listed(names) or say("no field with a value")
    if "text" in fixed:
        return InputError(
            'nothing is called "{name}"; found {found}', name=fixed["text"], found=found
        )
    *others, last = _SYNONYMS["text"].split()
    return InputError(
        "nothing is called {others} or {last}; found {found}",
        others=", ".join(others),
        last=last,
        found=found,
    )


def _listed(names: Sequence[str]) -> str:
    """``names`` in a message, where a million of them would be no help."""
    named = [short(name) for name in names[:_MOST_NAMED]]
    return ", ".join(named) + " …" * (len(names) > _MOST_NAMED)


def short(text: str) -> str:
    """``text`` as long as a message may quote it."""
    return text if len(text) <= _LONGEST_NAME else text[: _LONGEST_NAME - 1] + "…"


def fold_name(name: str) -> str:
    """A column's name without what people write in different ways."""
    name = unicodedata.normalize("NFKC", name).casefold()
    return "".join(c for c in name if not c.isspace() and c not in "_-\ufeff")


def _the_column(field: str, names: Sequence[str]) -> str:
    """The one of ``names`` that is ``field``."""
    own = [name for name in names if fold_name(name) == field]
    candidates = own or names
    if len(candidates) > 1:
        raise InputError(
            '{columns} could each be the {field}; call the one you mean "{field}" '
            "and rename the others",
            columns=say(" and ").join(f'"{short(name)}"' for name in candidates[:_MOST_NAMED]),
            field=field,
        )
    return candidates[0]


def _as_text(value: object, name: str, place: str, *, numbers: bool = False) -> str:
    """``value`` as a string; a field that may be a number is one written out."""
    if isinstance(value, str):
        return _without_lone_surrogates(value)
    if numbers and isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if numbers and isinstance(value, float) and math.isfinite(value):
        # Tables turn whole numbers into 12.0 where one of them is missing.
        return str(int(value)) if value.is_integer() else str(value)
    raise InputError(
        "{place}: {name} must be a string, found {found}",
        place=place,
        name=name,
        found=_kind(value),
    )


def _as_sections(value: object, name: str, place: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    if not isinstance(value, list | tuple):
        raise InputError(
            "{place}: {name} must be a list of objects, found {found}",
            place=place,
            name=name,
            found=_kind(value),
        )
    return tuple(_as_section(part, f"{name}[{i}]", place) for i, part in enumerate(value))


def _as_section(value: object, name: str, place: str) -> tuple[str, tuple[str, ...]]:
    if not isinstance(value, Mapping):
        raise InputError(
            '{place}: {name} must be an object with "heading" and "paragraphs", found {found}',
            place=place,
            name=name,
            found=_kind(value),
        )
    heading = value.get("heading")
    paragraphs = value.get("paragraphs")
    name_of_paragraphs = f'{name}["paragraphs"]'
    if not isinstance(paragraphs, list | tuple):
        raise InputError(
            "{place}: {name} must be a list of strings, found {found}",
            place=place,
            name=name_of_paragraphs,
            found=_kind(paragraphs),
        )
    return (
        "" if heading is None else _as_text(heading, f'{name}["heading"]', place),
        tuple(
            _as_text(part, f"{name_of_paragraphs}[{i}]", place) for i, part in enumerate(paragraphs)
        ),
    )


def _kind(value: object) -> str:
    """What ``value`` is, or what JSON calls it."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return say("the number {value}", value=short(str(value)))
    if isinstance(value, str):
        return say("a string")
    return say("an object") if isinstance(value, Mapping) else say("a list")


def _is_missing(value: object) -> bool:
    """Whether a field has no value: null, or NaN, which is what tables write for it."""
    return value is None or (isinstance(value, float) and math.isnan(value))


def _kept(value: object, name: str, place: str, depth: int) -> object:
    """``value`` of the column ``name`` as any reader of JSON takes it."""
    if isinstance(value, str):
        return _without_lone_surrogates(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, int):
        return value
    if isinstance(value, bytes):
        return _text_of(value)
    if not isinstance(value, Mapping | list | tuple):  # Dates and the like.
        return _without_lone_surrogates(str(value))
    if depth == _DEEPEST:
        raise InputError(
            '{place}: "{name}" is nested more than {most} deep and cannot be kept: '
            "drop or flatten it",
            place=place,
            name=short(name),
            most=_DEEPEST,
        )
    if isinstance(value, Mapping):
        found = {str(k): _kept(v, name, place, depth + 1) for k, v in value.items()}
        return _with_valid_keys(found)
    return [_kept(part, name, place, depth + 1) for part in value]


def _with_valid_keys(record: dict[str, object]) -> dict[str, object]:
    """``record`` with keys that are valid Unicode, and no two alike."""
    found: dict[str, object] = {}
    for key, value in record.items():
        valid = _without_lone_surrogates(key)
        while valid != key and (valid in record or valid in found):
            valid += "\ufffd"
        found[valid] = value
    return found


def _text_of(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return base64.b64encode(value).decode()


def _without_lone_surrogates(text: str) -> str:
    """``text`` with U+FFFD for halves of characters, which JSON can hold and UTF-8 cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return "".join("\ufffd" if "\ud800" <= c <= "\udfff" else c for c in text)
    return text
