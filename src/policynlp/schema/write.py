"""Output records as lines of JSON, written by hand, for every article of a batch waits for it."""

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from json.encoder import encode_basestring as quoted
from typing import Final

from policynlp.article import Abstract, Analysis, ParagraphAnalysis, SectionAnalysis, Tag
from policynlp.schema.record import METADATA

Record = dict[str, object]

DIGITS: Final = 4
"""How many digits of probabilities and weights are written."""


def to_record(analysis: Analysis, *, with_text: bool = False) -> Record:
    """The output record of one article."""
    record: Record = json.loads(to_json(analysis, with_text=with_text))
    return record


def to_json(
    analysis: Analysis, *, with_text: bool = False, kept: Mapping[str, object] | None = None
) -> str:
    """The output record of one article as a line of JSON, without its end.

    ``kept`` are columns of the input to be kept in it, as :func:`article_from_record` gives them.
    """
    article = analysis.article
    text = article.text
    fields = [
        f'"id": {quoted(article.id)}',
        *[f'"{field}": {quoted(getattr(article, field))}' for field in METADATA],
        f'"status": "{analysis.status}"',
        f'"themes": {_tags(analysis.themes)}',
        f'"abstract": {_abstract(text, analysis.abstract)}',
        f'"sections": {_list([_section(text, section) for section in analysis.sections])}',
        f'"removed": {_list([_removed(*removed) for removed in article.removed])}',
        f'"warnings": {_list(map(quoted, article.warnings))}',
        f'"model": {quoted(analysis.model)}',
    ]
    if analysis.theme_abstracts:
        found = analysis.theme_abstracts.items()
        pairs = [f"{quoted(theme)}: {_abstract(text, abstract)}" for theme, abstract in found]
        fields.append(f'"theme_abstracts": {{{", ".join(pairs)}}}')
    if with_text:
        fields.append(f'"text": {quoted(text)}')
    if kept is not None:
        fields.append(f'"kept": {json.dumps(dict(kept), ensure_ascii=False, allow_nan=False)}')
    return f"{{{', '.join(fields)}}}"


def heading_of(text: str, analysis: SectionAnalysis) -> str:
    """The heading of a section, or an empty string."""
    heading = analysis.section.heading
    return text[heading.start : heading.end] if heading else ""


def _section(text: str, analysis: SectionAnalysis) -> str:
    section = analysis.section
    return (
        f'{{"heading": {quoted(heading_of(text, analysis))}, "level": {section.level}, '
        f'"start": {section.start}, "end": {section.end}, "status": "{analysis.status}", '
        f'"probabilities": {_probabilities(analysis.probabilities)}, '
        f'"themes": {_list([_tag_with_evidence(text, tag) for tag in analysis.themes])}, '
        f'"abstract": {_abstract(text, analysis.abstract)}, '
        f'"paragraphs": {_list([_paragraph(part) for part in analysis.paragraphs])}}}'
    )


def _paragraph(analysis: ParagraphAnalysis) -> str:
    paragraph = analysis.paragraph
    return (
        f'{{"start": {paragraph.start}, "end": {paragraph.end}, "status": "{analysis.status}", '
        f'"themes": {_tags(analysis.themes)}, '
        f'"probabilities": {_probabilities(analysis.probabilities)}}}'
    )


def _probabilities(probabilities: Mapping[str, float]) -> str:
    return _theme_format(tuple(probabilities)) % tuple(probabilities.values())


@lru_cache(maxsize=64)
def _theme_format(themes: tuple[str, ...]) -> str:
    names = (quoted(theme).replace("%", "%%") for theme in themes)
    return f"{{{', '.join(f'{name}: %.{DIGITS}f' for name in names)}}}"


def _tags(tags: Sequence[Tag]) -> str:
    return _list([f"{{{_tag(tag)}}}" for tag in tags]) if tags else "[]"


def _tag_with_evidence(text: str, tag: Tag) -> str:
    evidence = _list([_evidence(text, *span) for span in tag.evidence])
    return f'{{{_tag(tag)}, "evidence": {evidence}}}'


def _tag(tag: Tag) -> str:
    return f'"theme": {quoted(tag.theme)}, "probability": {tag.probability:.{DIGITS}f}'


def _evidence(text: str, start: int, end: int, weight: float) -> str:
    return f'{{{_quote(text, start, end)}, "weight": {weight:.{DIGITS}f}}}'


def _abstract(text: str, abstract: Abstract) -> str:
    sentences = _list([f"{{{_quote(text, *span)}}}" for span in abstract.sentences])
    return f'{{"text": {quoted(abstract.text)}, "sentences": {sentences}}}'


def _quote(text: str, start: int, end: int) -> str:
    return f'"start": {start}, "end": {end}, "text": {quoted(text[start:end])}'


def _removed(start: int, end: int, reason: str) -> str:
    return f'{{"start": {start}, "end": {end}, "reason": {quoted(reason)}}}'


def _list(parts: Iterable[str]) -> str:
    return f"[{', '.join(parts)}]"
