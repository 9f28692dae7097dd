"""The output record, declared once: its fields in their order, their types, who may be missing.

From it come what reads a record again and its Parquet columns; a test holds what
:mod:`policynlp.schema.write` writes equal to it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields, is_dataclass
from functools import cache
from typing import Annotated, Any, Final, TypeAlias, get_args, get_origin, get_type_hints

from policynlp.messages import say
from policynlp.results import NONE, TAGGED, UNCERTAIN
from policynlp.validation import (
    Shape,
    anything,
    below,
    check_is_object,
    maps,
    missing,
    number,
    one_of,
    text,
    whole,
    wrong,
)

METADATA: Final = ("title", "published", "source", "author", "url")

# Types that are more than Python's own: how a value is checked, and what Arrow calls it.
Text: TypeAlias = Annotated[str, text, "string"]
Position: TypeAlias = Annotated[int, whole(), "int64"]
Level: TypeAlias = Annotated[int, whole(), "int32"]
Weight: TypeAlias = Annotated[float, number(), "float64"]
Probability: TypeAlias = Annotated[float, number(0.0, 1.0), "float64"]
Status: TypeAlias = Annotated[str, one_of(TAGGED, UNCERTAIN, NONE), "string"]
MaybeText: TypeAlias = Annotated[str | None, text, "string"]
Kept: TypeAlias = Annotated[Mapping[str, object] | None, maps(anything), "map"]


@dataclass(slots=True)
class Place:
    """A stretch of the article's text."""

    start: Position
    end: Position


@dataclass(slots=True)
class Removed(Place):
    """A stretch that is not body, and why."""

    reason: Text


@dataclass(slots=True)
class Quote(Place):
    """A stretch of the article's text and what it says."""

    text: Text


@dataclass(slots=True)
class Evidence(Quote):
    """A stretch that raised a theme; ``weight`` is by how much in log-odds."""

    weight: Weight


@dataclass(slots=True)
class ScoredTag:
    """A theme above its threshold."""

    theme: Text
    probability: Probability


@dataclass(slots=True)
class SectionTag(ScoredTag):
    """A theme of a section, with what raised it."""

    evidence: tuple[Evidence, ...]


@dataclass(slots=True)
class ScoredAbstract:
    """An abstract and the sentences that it is made of."""

    text: Text
    sentences: tuple[Quote, ...]


@dataclass(slots=True)
class ScoredParagraph(Place):
    """A paragraph; ``probabilities`` has every theme of the model."""

    status: Status
    themes: tuple[ScoredTag, ...]
    probabilities: dict[str, Probability]


@dataclass(slots=True)
class ScoredSection:
    """A section; ``probabilities`` has every theme of the model."""

    heading: Text
    level: Level
    start: Position
    end: Position
    status: Status
    probabilities: dict[str, Probability]
    themes: tuple[SectionTag, ...]
    abstract: ScoredAbstract
    paragraphs: tuple[ScoredParagraph, ...]


@dataclass(slots=True, kw_only=True)
class Scored:
    """An article as it was scored; ``text`` is ``None`` where it was left out."""

    id: Text
    title: Text = ""
    published: Text = ""
    source: Text = ""
    author: Text = ""
    url: Text = ""
    status: Status
    themes: tuple[ScoredTag, ...]
    abstract: ScoredAbstract
    sections: tuple[ScoredSection, ...]
    removed: tuple[Removed, ...]
    warnings: tuple[Text, ...] = ()
    model: Text
    theme_abstracts: dict[str, ScoredAbstract] = field(default_factory=dict)
    text: MaybeText = None
    kept: Kept = None


def scored_from(record: Any) -> Scored:
    """Take an article from its record; ``FieldError`` names the first field that is wrong."""
    whole_text = record.get("text") if isinstance(record, dict) else None
    scored: Scored = _reader(Scored)(
        record, "", whole_text if isinstance(whole_text, str) else None
    )
    return scored


_Reader: TypeAlias = Callable[[Any, str, str | None], Any]


@cache
def _reader(kind: Any) -> _Reader:
    """What makes a ``kind`` of a value in a field, in an article with this text, if it is known."""
    if is_dataclass(kind):
        return _object_reader(kind)
    arguments = get_args(kind)
    if get_origin(kind) is tuple:
        return _list_reader(_reader(arguments[0]))
    if get_origin(kind) is dict:
        return _map_reader(_reader(arguments[1]))
    shape: Shape = arguments[1]

    def read(value: Any, field: str, text: str | None) -> Any:
        shape(value, field)
        return value

    return read


def _list_reader(each: _Reader) -> _Reader:
    def read(value: Any, field: str, text: str | None) -> Any:
        if not isinstance(value, list):
            raise wrong(field, say("a list"), value)
        return tuple([each(v, f"{field}[{i}]", text) for i, v in enumerate(value)])

    return read


def _map_reader(each: _Reader) -> _Reader:
    def read(value: Any, field: str, text: str | None) -> Any:
        check_is_object(value, field)
        return {key: each(v, below(field, key), text) for key, v in value.items()}

    return read


def _object_reader(kind: Any) -> _Reader:
    hints = get_type_hints(kind, include_extras=True)
    readers = {name: _reader(hint) for name, hint in hints.items()}
    optional = {f.name for f in fields(kind) if (f.default, f.default_factory) != (MISSING,) * 2}
    placed = "start" in readers

    def read(value: Any, field: str, text: str | None) -> Any:
        check_is_object(value, field)
        found = {}
        for name, reader in readers.items():
            given = value.get(name)
            if given is not None or (name in value and name not in optional):
                found[name] = reader(given, below(field, name), text)
            elif name not in optional:
                raise missing(below(field, name))
        made = kind(**found)
        if placed:
            _check_place(made, field, text)
        return made

    return read


def _check_place(place: Any, field: str, text: str | None) -> None:
    """Raise ``FieldError`` for what is no stretch of the text, or says another thing."""
    start, end = place.start, place.end
    if start > end or (text is not None and end > len(text)):
        raise wrong(field, say("a stretch of the text, start before end"), [start, end])
    if text is not None and isinstance(place, Quote) and text[start:end] != place.text:
        stands = say("what stands at {start}–{end} of the text", start=start, end=end)
        raise wrong(below(field, "text"), stands, place.text)


def arrow_schema(
    themes: Sequence[str],
    asked: Sequence[str] = (),
    *,
    with_text: bool = False,
    keep: bool = False,
) -> Any:
    """Parquet's columns of records of a model with ``themes``, as Arrow has them.

    ``theme_abstracts`` are there for those ``asked``, and ``text`` and ``kept`` where they are.
    """
    import pyarrow as pa

    left_out = {"theme_abstracts": not asked, "text": not with_text, "kept": not keep}
    hints = get_type_hints(Scored, include_extras=True)
    return pa.schema(
        [
            (name, _arrow_type(hint, asked if name == "theme_abstracts" else themes))
            for name, hint in hints.items()
            if not left_out.get(name)
        ]
    )


def _arrow_type(kind: Any, themes: Sequence[str]) -> Any:
    """What Arrow calls ``kind``; objects by theme have a field for each of ``themes``."""
    import pyarrow as pa

    if is_dataclass(kind):
        hints = get_type_hints(kind, include_extras=True)
        return pa.struct([(name, _arrow_type(hint, themes)) for name, hint in hints.items()])
    arguments = get_args(kind)
    if get_origin(kind) is tuple:
        return pa.list_(_arrow_type(arguments[0], themes))
    if get_origin(kind) is dict:
        return pa.struct([(theme, _arrow_type(arguments[1], themes)) for theme in themes])
    if arguments[2] == "map":
        return pa.map_(pa.string(), pa.string())  # Whatever a kept column holds.
    return getattr(pa, arguments[2])()
