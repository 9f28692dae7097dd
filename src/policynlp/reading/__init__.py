"""From a text to an article: what is body, its sections, paragraphs and sentences."""

from collections.abc import Iterable, Mapping, Sequence

from policynlp.article import Article, Section, Span
from policynlp.reading.page import Page, clean_page
from policynlp.reading.sections import (
    NO_HEADINGS,
    find_sections,
    heading_level,
    make_paragraph,
    make_section,
)
from policynlp.reading.sentences import split_clauses, split_sentences

__all__ = [
    "Page",
    "clean_page",
    "find_sections",
    "read_divided",
    "read_text",
    "split_clauses",
    "split_sentences",
]


def read_text(
    text: str,
    *,
    id: str = "",
    title: str = "",
    published: str = "",
    source: str = "",
    author: str = "",
    url: str = "",
    headings: Mapping[int, int] = NO_HEADINGS,
) -> Article:
    """Read a scraped page or a clean article; metadata given here win over those found in it.

    ``headings`` has the levels of lines that are known to be headings, by their starts.
    """
    page = clean_page(text, title)
    return Article(
        text,
        find_sections(text, page.body, headings),
        id,
        page.title,
        published or page.published,
        source or page.source,
        author or page.author,
        url or page.url,
        page.removed,
        page.warnings,
    )


def read_divided(
    title: str,
    sections: Iterable[tuple[str, Sequence[str]]],
    *,
    id: str = "",
    published: str = "",
    source: str = "",
    author: str = "",
    url: str = "",
) -> Article:
    """Read an article that comes divided: the same sections and paragraphs come out.

    Its text is the title, headings and paragraphs joined by line ends; an empty title or heading
    adds no line, an empty paragraph an empty line.
    """
    sections = [(heading, tuple(paragraphs)) for heading, paragraphs in sections]
    lines = [title] if title else []
    for heading, paragraphs in sections:
        lines += [heading, *paragraphs] if heading else paragraphs
    text = "\n".join(lines)
    position = len(title) + 1 if title else 0
    read = []
    for heading, paragraphs in sections:
        section, position = _read_section(text, position, heading, paragraphs)
        read.append(section)
    return Article(text, tuple(read), id, title, published, source, author, url)


def _read_section(
    text: str, position: int, heading: str, paragraphs: Sequence[str]
) -> tuple[Section, int]:
    """One section of a divided article that starts at ``position``, and where the next does."""
    start = min(position, len(text))
    span = None
    if heading:
        span = Span(position, position + len(heading))
        position = span.end + 1
    read = []
    for paragraph in paragraphs:
        end = position + len(paragraph)
        read.append(make_paragraph(text, position, end))
        position = end + 1
    level = heading_level(heading) if heading else 0
    return make_section(span, level, tuple(read), start), position
