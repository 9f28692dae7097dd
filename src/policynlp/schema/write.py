"""Output records as lines of JSON, written by hand, for every article of a batch waits for it."""

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from json.encoder import encode_basestring as quoted
from typing import Final

from policynlp.article import Removed
from policynlp.results import (
    Abstract,
    Analysis,
    Evidence,
    ParagraphAnalysis,
    SectionAnalysis,
    Sentence,
    Tag,
)
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
    fields = [
        f'"id": {quoted(article.id)}',
        *[f'"{field}": {quoted(getattr(article, field))}' for field in METADATA],
        f'"status": "{analysis.status}"',
        f'"themes": {_tags(analysis.themes)}',
        f'"abstract": {_abstract(analysis.abstract)}',
        f'"sections": {_list(map(_section, analysis.sections))}',
        f'"removed": {_list(map(_removed, article.removed))}',
        f'"warnings": {_list(map(quoted, article.warnings))}',
        f'"model": {quoted(analysis.model)}',
    ]
    if analysis.theme_abstracts:
        found = analysis.theme_abstracts.items()
        pairs = [f"{quoted(theme)}: {_abstract(abstract)}" for theme, abstract in found]
        fields.append(f'"theme_abstracts": {{{", ".join(pairs)}}}')
    if with_text:
        fields.append(f'"text": {quoted(article.text)}')
    if kept is not None:
        fields.append(f'"kept": {json.dumps(dict(kept), ensure_ascii=False, allow_nan=False)}')
    return f"{{{', '.join(fields)}}}"


def _section(analysis: SectionAnalysis) -> str:
    section = analysis.section
    return (
        f'{{"heading": {quoted(analysis.heading)}, "level": {section.level}, '
        f'"start": {section.start}, "end": {section.end}, "status": "{analysis.status}", '
        f'"probabilities": {_probabilities(analysis.probabilities)}, '
        f'"themes": {_list(map(_tag_with_evidence, analysis.themes))}, '
        f'"abstract": {_abstract(analysis.abstract)}, '
        f'"paragraphs": {_list(map(_paragraph, analysis.paragraphs))}}}'
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


def _tag_with_evidence(tag: Tag) -> str:
    return f'{{{_tag(tag)}, "evidence": {_list(map(_evidence, tag.evidence))}}}'


def _tag(tag: Tag) -> str:
    return f'"theme": {quoted(tag.theme)}, "probability": {tag.probability:.{DIGITS}f}'


def _evidence(evidence: Evidence) -> str:
    return f'{{{_quote(evidence)}, "weight": {evidence.weight:.{DIGITS}f}}}'


def _abstract(abstract: Abstract) -> str:
    sentences = _list([f"{{{_quote(sentence)}}}" for sentence in abstract.sentences])
    return f'{{"text": {quoted(abstract.text)}, "sentences": {sentences}}}'


def _quote(found: Sentence | Evidence) -> str:
    return f'"start": {found.start}, "end": {found.end}, "text": {quoted(found.text)}'


def _removed(removed: Removed) -> str:
    reason = quoted(removed.reason)
    return f'{{"start": {removed.start}, "end": {removed.end}, "reason": {reason}}}'


def _list(parts: Iterable[str]) -> str:
    return f"[{', '.join(parts)}]"
