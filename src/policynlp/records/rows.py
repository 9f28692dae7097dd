"""Flat rows for tables: one a section, or one an article."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from policynlp.article import Analysis, SectionAnalysis, Tag
from policynlp.records.outgoing import DIGITS, METADATA, Record, heading_of

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
        yield {**first, "section": number, **_section_cells(article.text, section), **last}


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


def _section_cells(text: str, analysis: SectionAnalysis) -> Record:
    """What a row says of its section."""
    section = analysis.section
    evidence = dict.fromkeys(
        text[span.start : span.end] for tag in analysis.themes for span in tag.evidence
    )
    return {
        "heading": heading_of(text, analysis),
        "level": section.level,
        "status": analysis.status,
        "themes": _joined_themes(analysis.themes),
        **_rounded(analysis.probabilities),
        "evidence": _THEME_SEPARATOR.join(evidence),
        "section_abstract": analysis.abstract.text,
        "text": "\n".join(text[part.start : part.end] for part in section.paragraphs),
    }


def _theme_abstracts(analysis: Analysis) -> Record:
    found = analysis.theme_abstracts.items()
    return {abstract_column(theme): abstract.text for theme, abstract in found}


def _rounded(probabilities: Mapping[str, float]) -> Record:
    return {theme: round(value, DIGITS) for theme, value in probabilities.items()}


def _joined_themes(tags: Sequence[Tag]) -> str:
    return _THEME_SEPARATOR.join(tag.theme for tag in tags)
