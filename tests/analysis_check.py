"""What holds of every analysis, whatever was analyzed."""

from collections.abc import Iterator
from dataclasses import replace

from policynlp.article import AbstractLimits, Article, Section, Span
from policynlp.reading.boilerplate import BLANK
from policynlp.results import (
    NONE,
    TAGGED,
    UNCERTAIN,
    Abstract,
    Analysis,
    ParagraphAnalysis,
    SectionAnalysis,
    Tag,
)


def check(
    analysis: Analysis, limits: AbstractLimits | None = None, *, divided: bool = False
) -> None:
    """Assert that everything in ``analysis`` lies where it says and says what stands there.

    The title of an article that came ``divided`` is in its text, but in no section.
    """
    article = analysis.article
    limits = limits or AbstractLimits()
    assert [part.section for part in analysis.sections] == list(article.sections)
    if not divided:
        check_order(article.text, article)
    whole = replace(limits, section_characters=limits.characters)
    check_abstract(article.text, analysis.abstract, article.sections, whole)
    check_judgement(analysis)
    for part in analysis.sections:
        section = part.section
        check_section(article.text, section)
        check_abstract(article.text, part.abstract, (section,), limits)
        check_judgement(part)
        assert [p.paragraph for p in part.paragraphs] == list(section.paragraphs)
        for paragraph in part.paragraphs:
            check_judgement(paragraph)
        for tag in part.themes:
            check_evidence(tag, section)


def check_judgement(judged: Analysis | SectionAnalysis | ParagraphAnalysis) -> None:
    assert judged.status in (TAGGED, UNCERTAIN, NONE)
    assert (judged.status == TAGGED) == bool(judged.themes)
    assert all(0 < p < 1 for p in judged.probabilities.values())
    named = [judged.probabilities[tag.theme] for tag in judged.themes]
    assert [tag.probability for tag in judged.themes] == sorted(named, reverse=True)


def check_evidence(tag: Tag, section: Section) -> None:
    weights = [evidence.weight for evidence in tag.evidence]
    assert weights == sorted(weights, reverse=True)
    for each in tag.evidence:
        assert section.start <= each.start < each.end <= section.end
        assert each.weight > 0


def check_order(text: str, article: Article) -> None:
    """Body and removed lines follow one another; what is in neither is white space."""
    parts = [Span(each.start, each.end) for each in article.removed]
    for section in article.sections:
        parts += [section.heading] if section.heading else []
        parts += [Span(p.start, p.end) for p in section.paragraphs]
    position = 0
    for start, end in sorted(parts):
        assert position <= start <= end <= len(text)
        assert not text[position:start].strip(BLANK)
        position = end
    assert not text[position:].strip(BLANK)


def check_section(text: str, section: Section) -> None:
    parts = [section.heading] if section.heading else []
    parts += [Span(p.start, p.end) for p in section.paragraphs]
    if parts:
        assert (section.start, section.end) == (parts[0].start, parts[-1].end)
    assert parts == sorted(parts)
    for paragraph in section.paragraphs:
        position = paragraph.start
        for start, end in paragraph.sentences:
            assert start == position < end
            position = end
        assert position == paragraph.end
        assert paragraph.run_in in (None, *paragraph.sentences[:1])


def check_abstract(
    text: str, abstract: Abstract, sections: tuple[Section, ...], limits: AbstractLimits
) -> None:
    """Whole sentences of the body, in order, within the limits."""
    spans = [Span(sentence.start, sentence.end) for sentence in abstract.sentences]
    assert abstract.text == "".join(text[start:end] for start, end in spans)
    assert abstract.text == "".join(sentence.text for sentence in abstract.sentences)
    assert spans == sorted(spans)
    bare = {
        span
        for section in sections
        for paragraph in section.paragraphs
        for span in (_bare(text, sentence) for sentence in paragraph.sentences)
    }
    assert set(spans) <= bare
    assert all(start < end for start, end in spans)
    if limits.section_characters is not None:
        assert len(abstract.text) <= limits.section_characters
    if limits.sentences is not None:
        assert len(abstract.sentences) <= limits.sentences


def _bare(text: str, sentence: Span) -> Span:
    quoted = text[sentence.start : sentence.end]
    start = sentence.start + len(quoted) - len(quoted.lstrip())
    return Span(start, start + len(quoted.strip()))


def quoted_parts(record: object) -> Iterator[dict[str, object]]:
    """Every object of a record that quotes the text."""
    if isinstance(record, dict):
        if {"start", "end", "text"} <= record.keys():
            yield record
        for value in record.values():
            yield from quoted_parts(value)
    elif isinstance(record, list):
        for value in record:
            yield from quoted_parts(value)
