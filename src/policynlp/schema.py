"""Output records and table rows: what is written of an article, in the documented order."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
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

Record = dict[str, object]

METADATA: Final = ("title", "published", "source", "author", "url")
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


_THEME_SEPARATOR: Final = "、"
_WARNING_SEPARATOR: Final = "; "


def section_columns(themes: Sequence[str], asked: Sequence[str] = ()) -> list[str]:
    """The columns of :func:`section_rows`, where ``themes`` are the model's.

    ``asked`` are those that an article has an abstract about.
    """
    return [
        *("id", *METADATA, "section", "heading", "level", "status", "themes"),
        *themes,
        *("evidence", "section_abstract", "article_themes", "article_abstract"),
        *map(abstract_column, asked),
        *("warnings", "text"),
    ]


def abstract_column(theme: str) -> str:
    """The column with what an article says about ``theme``."""
    return f"abstract:{theme}"


def section_rows(analysis: Analysis) -> Iterator[Record]:
    """One flat row a section, for tables; an article without sections has one row, too."""
    article = analysis.article
    first: Record = {"id": article.id, **{field: getattr(article, field) for field in METADATA}}
    last: Record = {
        "article_themes": _joined_themes(analysis.themes),
        "article_abstract": analysis.abstract.text,
        **_theme_abstracts(analysis),
        "warnings": _WARNING_SEPARATOR.join(article.warnings),
    }
    if not analysis.sections:
        yield {**first, "status": analysis.status, **_rounded(analysis.probabilities), **last}
    for number, section in enumerate(analysis.sections, 1):
        yield {**first, "section": number, **_section_cells(section), **last}


def article_row(analysis: Analysis) -> Record:
    """One flat row an article, for tables."""
    article = analysis.article
    return {
        "id": article.id,
        **{field: getattr(article, field) for field in METADATA},
        "status": analysis.status,
        "article_themes": _joined_themes(analysis.themes),
        **_rounded(analysis.probabilities),
        "article_abstract": analysis.abstract.text,
        **_theme_abstracts(analysis),
        "warnings": _WARNING_SEPARATOR.join(article.warnings),
        "sections": len(analysis.sections),
        "characters": len(article.text),
        "model": analysis.model,
        "text": article.text,
    }


def _section_cells(analysis: SectionAnalysis) -> Record:
    """What a row says of its section."""
    evidence = dict.fromkeys(span.text for tag in analysis.themes for span in tag.evidence)
    return {
        "heading": analysis.heading,
        "level": analysis.level,
        "status": analysis.status,
        "themes": _joined_themes(analysis.themes),
        **_rounded(analysis.probabilities),
        "evidence": _THEME_SEPARATOR.join(evidence),
        "section_abstract": analysis.abstract.text,
        "text": "\n".join(part.text for part in analysis.paragraphs),
    }


def _theme_abstracts(analysis: Analysis) -> Record:
    found = analysis.theme_abstracts.items()
    return {abstract_column(theme): abstract.text for theme, abstract in found}


def _rounded(probabilities: Mapping[str, float]) -> Record:
    return {theme: round(value, DIGITS) for theme, value in probabilities.items()}


def _joined_themes(tags: Sequence[Tag]) -> str:
    return _THEME_SEPARATOR.join(tag.theme for tag in tags)
