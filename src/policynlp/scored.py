"""Reads again what ``policynlp score`` wrote: one record an article, checked field by field."""

import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

from policynlp.errors import InputError
from policynlp.messages import say
from policynlp.results import NONE, TAGGED, UNCERTAIN
from policynlp.schema import METADATA
from policynlp.validation import MOST, parse, shown

_SUFFIXES: Final = (".jsonl", ".ndjson", ".jsonl.gz", ".ndjson.gz")
_STATUSES: Final = (TAGGED, UNCERTAIN, NONE)

Object = dict[str, Any]
_Kind = TypeVar("_Kind", str, list[Any], Object, int)


class Quote(NamedTuple):
    """A stretch of the article and what it says; ``weight`` is what it adds to a theme."""

    start: int
    end: int
    text: str
    weight: float = 0.0


class Part(NamedTuple):
    """A section or paragraph; ``evidence`` has the themes that it is tagged with, best first.

    ``probabilities`` has every theme of the model.
    """

    start: int
    end: int
    status: str
    probabilities: dict[str, float]
    evidence: dict[str, tuple[Quote, ...]]
    heading: str = ""
    level: int = 0
    abstract: str = ""
    paragraphs: tuple["Part", ...] = ()


class Scored(NamedTuple):
    """An article as it was scored; ``text`` is ``None`` where it was left out."""

    id: str
    title: str
    published: str
    source: str
    author: str
    url: str
    status: str
    model: str
    text: str | None
    themes: dict[str, float]
    abstract: tuple[Quote, ...]
    abstract_text: str
    theme_abstracts: dict[str, str]
    sections: tuple[Part, ...]
    removed: tuple[Quote, ...]


def read_scored(paths: Sequence[Path]) -> Iterator[Scored]:
    """Read every record of ``paths``: JSON lines of ``policynlp score``, zipped or not.

    The first record that is not one is an :class:`InputError` that names file, line and field.
    """
    for path in paths:
        if not path.name.lower().endswith(_SUFFIXES):
            raise InputError(
                "{path}: a report is made of {suffixes}: policynlp score IN --with-text -o "
                "out.jsonl",
                path=path,
                suffixes=say(", ").join(_SUFFIXES),
            )
        for _, article in records_of(path):
            yield article


def records_of(path: Path) -> Iterator[tuple[str, Scored]]:
    """Read every record of a file, each with where it stands."""
    for number, line in enumerate(_lines(path), 1):
        if line.strip():
            where = f"{path}:{number}: "
            yield where, _scored(_parsed(line, where), where)


def _lines(path: Path) -> Iterator[bytes]:
    if not path.name.lower().endswith(".gz"):
        with path.open("rb") as stream:
            yield from stream
        return
    import gzip  # Costs start-up time that most runs need not pay.

    try:
        with path.open("rb") as zipped, gzip.open(zipped) as stream:
            yield from stream
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InputError("{path}: cannot be unzipped: {error}", path=path, error=error) from error


def _parsed(line: bytes, where: str) -> Object:
    try:
        value = parse(line.decode("utf-8-sig"))
    except ValueError as error:
        raise InputError("{where}not a line of JSON: {error}", where=where, error=error) from error
    return _of(value, dict, where + say("a line"))


def _scored(record: Object, where: str) -> Scored:
    text = None if record.get("text") is None else _of(record["text"], str, _below(where, "text"))
    reader = _Reader(text)
    return Scored(
        id=_string(record, "id", where),
        title=_string(record, "title", where),
        published=_string(record, "published", where),
        source=_string(record, "source", where),
        author=_string(record, "author", where),
        url=_string(record, "url", where),
        status=_status(record, where),
        model=_string(record, "model", where),
        text=text,
        themes={
            _string(tag, "theme", at): _probability(tag.get("probability"), at)
            for tag, at in _objects(record, "themes", where)
        },
        abstract=reader.abstract(record, where),
        abstract_text=_abstract_text(record, where),
        theme_abstracts=_theme_abstracts(record, where),
        sections=tuple(reader.section(*each) for each in _objects(record, "sections", where)),
        removed=tuple(
            Quote(*reader.span(each, at), _string(each, "reason", at))
            for each, at in _objects(record, "removed", where)
        ),
    )


class _Reader(NamedTuple):
    """Reads what stands at places of one article's text, if there is one."""

    text: str | None

    def section(self, record: Object, where: str) -> Part:
        start, end = self.span(record, where)
        return Part(
            start,
            end,
            _status(record, where),
            _probabilities(record, where),
            self.evidence(record, where),
            _string(record, "heading", where),
            _of(record.get("level"), int, _below(where, "level")),
            _abstract_text(record, where),
            tuple(self.paragraph(*each) for each in _objects(record, "paragraphs", where)),
        )

    def paragraph(self, record: Object, where: str) -> Part:
        start, end = self.span(record, where)
        status, probabilities = _status(record, where), _probabilities(record, where)
        return Part(start, end, status, probabilities, self.evidence(record, where))

    def evidence(self, record: Object, where: str) -> dict[str, tuple[Quote, ...]]:
        return {
            _string(tag, "theme", at): tuple(
                self.quote(*each) for each in _objects(tag, "evidence", at, optional=True)
            )
            for tag, at in _objects(record, "themes", where)
        }

    def abstract(self, record: Object, where: str) -> tuple[Quote, ...]:
        at = _below(where, "abstract")
        abstract: Object = _of(record.get("abstract"), dict, at)
        return tuple(self.quote(*each) for each in _objects(abstract, "sentences", at))

    def quote(self, record: Object, where: str) -> Quote:
        start, end = self.span(record, where)
        quoted = _of(record.get("text"), str, _below(where, "text"))
        if self.text is not None and self.text[start:end] != quoted:
            raise _wrong(
                quoted,
                _below(where, "text"),
                say("what stands at {start}–{end} of the text", start=start, end=end),
            )
        weight = record.get("weight", 0.0)
        return Quote(start, end, quoted, _number(weight, _below(where, "weight")))

    def span(self, record: Object, where: str) -> tuple[int, int]:
        start, end = (_of(record.get(key), int, _below(where, key)) for key in ("start", "end"))
        if not 0 <= start <= end or (self.text is not None and end > len(self.text)):
            raise _wrong([start, end], where, say("a stretch of the text, start before end"))
        return start, end


def _theme_abstracts(record: Object, where: str) -> dict[str, str]:
    at = _below(where, "theme_abstracts")
    found: Object = _of(record.get("theme_abstracts", {}), dict, at)
    return {theme: _abstract_text({"abstract": found[theme]}, at) for theme in found}


def _abstract_text(record: Object, where: str) -> str:
    at = _below(where, "abstract")
    return _string(_of(record.get("abstract"), dict, at), "text", at)


def _probabilities(record: Object, where: str) -> dict[str, float]:
    at = _below(where, "probabilities")
    found: Object = _of(record.get("probabilities"), dict, at)
    return {theme: _probability(value, _below(at, theme)) for theme, value in found.items()}


def _probability(value: object, where: str) -> float:
    number = _number(value, where)
    if not 0.0 <= number <= 1.0:
        raise _wrong(value, where, say("a probability from 0 to 1"))
    return number


def _number(value: object, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= MOST:
        raise _wrong(value, where, say("a number"))
    return value


def _status(record: Object, where: str) -> str:
    status = _string(record, "status", where)
    if status not in _STATUSES:
        raise _wrong(status, _below(where, "status"), say(" or ").join(_STATUSES))
    return status


def _string(record: Object, key: str, where: str) -> str:
    """A string; one that is not there is an error for all but metadata."""
    if key in METADATA and record.get(key) is None:
        return ""
    return _of(record.get(key), str, _below(where, key))


def _objects(
    record: Object, key: str, where: str, *, optional: bool = False
) -> Iterator[tuple[Object, str]]:
    """The objects of a list, each with where it stands."""
    if optional and key not in record:
        return
    at = _below(where, key)
    for i, value in enumerate(_of(record.get(key), list, at)):
        yield _of(value, dict, f"{at}[{i}]"), f"{at}[{i}]"


def _of(value: object, kind: type[_Kind], where: str) -> _Kind:
    if not isinstance(value, kind) or isinstance(value, bool):
        kinds: dict[type, str] = {
            str: say("a string"),
            list: say("a list"),
            dict: say("an object"),
            int: say("a whole number"),
        }
        raise _wrong(value, where, kinds[kind])
    return value


def _below(where: str, key: str) -> str:
    return f"{where}{'' if where.endswith(': ') else '.'}{key}"


def _wrong(value: object, where: str, wanted: str) -> InputError:
    return InputError(
        "{where} must be {wanted}, found {found}: not a record of policynlp score",
        where=where,
        wanted=wanted,
        found=shown(value),
    )
