"""One record of a corpus, checked: the section that it labels.

A theme outside a record's ``labelled_for``, or one that its readers dispute, is unknown there:
it neither trains nor measures.
"""

import json
from collections import Counter
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from policynlp.errors import CorpusError
from policynlp.language.terms import CHARACTER, count_terms
from policynlp.reading.sections import make_paragraph
from policynlp.training.labelled import LabelledParagraph, LabelledSection

_NOTES: Final = ("genre", "origin", "source", "sampling")


class Counted(NamedTuple):
    """What is read of a paragraph besides its labels; see :class:`LabelledParagraph`."""

    terms: Counter[str]
    run_in: Counter[str]
    size: int
    text: str = ""


def section_of(place: str, record: dict[str, Any]) -> LabelledSection:
    """Count the text of a corpus record; ``place`` is its file and line, for errors."""
    heading = _string(place, record, "heading")
    return check_section(place, record, count_terms(heading), _text_paragraph, heading)


def _text_paragraph(place: str, value: dict[str, Any]) -> Counted:
    text = _string(place, value, "text")
    run_in = make_paragraph(text, 0, len(text)).run_in
    head = text[run_in.start : run_in.end] if run_in else ""
    return Counted(count_terms(text), count_terms(head), len(text), text)


def check_section(
    place: str,
    record: dict[str, Any],
    heading: Counter[str],
    read: Callable[[str, dict[str, Any]], Counted],
    heading_text: str,
) -> LabelledSection:
    """Check ``record`` and its labels; ``read`` counts what is in one of its paragraphs."""
    values = _objects(place, record)
    places = [f'{place}: "paragraphs"[{i}]' for i in range(len(values))]
    own = [_own_labels(where, value) for where, value in zip(places, values, strict=True)]
    themes = None if record.get("themes") is None else _labels(place, record, "themes")
    labelled_for = _labelled_for(place, record, frozenset().union(*own, themes or ()))
    paragraphs = []
    for where, value, labels in zip(places, values, own, strict=True):
        terms, run_in, size, text = read(where, value)
        disputed = _disputed(where, value)
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
        _disputed(place, record),
        heading_text,
        {key: str(record[key]) for key in _NOTES if record.get(key)},
        place,
        words=_n_words(heading) + sum(_n_words(paragraph.terms) for paragraph in paragraphs),
    )


def _objects(place: str, record: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the paragraphs of a record, of which there must be one."""
    values = record.get("paragraphs")
    if not isinstance(values, list) or not values:
        raise CorpusError(
            '{place}: "paragraphs" must be a list with at least one paragraph', place=place
        )
    for i, value in enumerate(values):
        if not isinstance(value, dict):
            raise CorpusError('{place}: "paragraphs"[{i}] must be an object', place=place, i=i)
    return values


def _labelled_for(
    place: str, record: dict[str, Any], used: frozenset[str]
) -> frozenset[str] | None:
    """Return what a record's readers looked for, which must have what they found."""
    if record.get("labelled_for") is None:
        return None
    labelled_for = _labels(place, record, "labelled_for")
    stray = used - labelled_for
    if stray:
        raise CorpusError(
            '{place}: label {stray} not in "labelled_for"',
            place=place,
            stray="、".join(sorted(stray)),
        )
    return labelled_for


def _n_words(counts: Counter[str]) -> int:
    return sum(n for term, n in counts.items() if not term.startswith(CHARACTER))


def _own_labels(place: str, value: dict[str, Any]) -> frozenset[str]:
    """Return a paragraph's labels; one whose themes are ``null`` is there for its neighbours."""
    if "themes" in value and value["themes"] is None:
        return frozenset()
    return _labels(place, value, "themes")


def _disputed(place: str, value: dict[str, Any]) -> frozenset[str]:
    return _labels(place, value, "disputed") if "disputed" in value else frozenset()


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
