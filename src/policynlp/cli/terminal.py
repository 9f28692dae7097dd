"""One article, printed for a person: wrapped by the width of its characters, in colour."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from policynlp.article import Article
from policynlp.escaping import Shown, seen, terminal
from policynlp.messages import say
from policynlp.results import NONE, TAGGED, Analysis, ParagraphAnalysis, SectionAnalysis, Tag

_INDENT: Final = "  "
_OPENING: Final = "“‘（《「『【〈("
_CLOSING: Final = "”’）》」』】〉)，。、；：！？…,.;:!?%"
# What must not be torn apart at a line's end: a Latin word, number, option or file name, and a
# character with its marks. Only so many dashes open an option: where any number did, a line of
# 8,000 took 0.25 s.
_WORD: Final = r"-{0,2}[0-9A-Za-z]+(?:[-._/]+[0-9A-Za-z]+)*"
_UNIT: Final = re.compile(rf"\s+|[{re.escape(_OPENING)}]*(?:{_WORD}|\S)[{re.escape(_CLOSING)}]*")
_COLOURS: Final = (34, 32, 35, 36, 33, 31)
_YELLOW: Final = 33
_BOLD: Final = 1
_DIM: Final = 2
_REVERSE: Final = 7
_PHRASES: Final = 6


class Look(NamedTuple):
    """How wide the output is and whether it has colours."""

    width: int = 80
    colour: bool = False

    def paint(self, text: str, *codes: int) -> Shown:
        """``text`` in the colours that ANSI gives these numbers."""
        shown = terminal(text)
        if not self.colour or not text:
            return shown
        return Shown(f"\x1b[{';'.join(map(str, codes))}m{shown}\x1b[0m")


def display_width(text: str) -> int:
    """How many columns ``text`` takes: Chinese characters two, combining marks none.

    Characters of ambiguous width, such as quotation marks, count two, as Chinese fonts have them.
    """
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WFA" else 1
        for c in text
    )


def wrap(text: str, width: int) -> list[str]:
    """Break ``text`` into lines of at most ``width`` columns, none of which starts with a comma."""
    lines, line, used = [], "", 0
    for unit in _units(seen(text), width):
        taken = display_width(unit)
        if used + taken > width and line:
            lines.append(line.rstrip())
            line, used = "", 0
        if line or not unit.isspace():
            line += unit
            used += taken
    return [*lines, line.rstrip()] if line else lines


def analysis_lines(analysis: Analysis, look: Look) -> Iterator[str]:
    """What is said of an article, line by line."""
    yield from _head(analysis.article, look)
    yield from _labels(analysis, look)
    yield ""
    yield from _indented(analysis.abstract.text, look)
    for theme, abstract in analysis.theme_abstracts.items():
        yield ""
        yield look.paint(theme, _BOLD)
        yield from _indented(abstract.text or say("(says nothing about it)"), look)
    for number, section in enumerate(analysis.sections):
        yield ""
        yield from _section_lines(section, number, look)


def page_lines(article: Article, look: Look, *, show_removed: bool) -> Iterator[str]:
    """The body of a page, and on request what was removed, in its place, with the reason."""
    yield from _head(article, look)
    yield ""
    lines = [(start, end, "") for start, end in body_spans(article)]
    if show_removed:
        lines += [(each.start, each.end, each.reason) for each in article.removed]
        lines.sort()
    for start, end, reason in lines:
        line = seen(article.text[start:end])
        yield look.paint(f"- [{reason}] {line}", _DIM) if reason else terminal(line)


def body_spans(article: Article) -> Iterator[tuple[int, int]]:
    """Where the headings and paragraphs of an article stand."""
    for section in article.sections:
        if section.heading:
            yield section.heading
        for paragraph in section.paragraphs:
            yield paragraph.start, paragraph.end


def _head(article: Article, look: Look) -> Iterator[str]:
    """The title, the metadata on one line, and what to beware of."""
    for line in wrap(article.title or article.id, look.width):
        yield look.paint(line, _BOLD)
    metadata = (article.published, article.source, article.author, article.url)
    for line in wrap(" · ".join(filter(None, metadata)), look.width):
        yield look.paint(line, _DIM)
    for warning in article.warnings:
        for line in wrap(say("warning: {warning}", warning=warning), look.width):
            yield look.paint(line, _YELLOW)


def _section_lines(section: SectionAnalysis, number: int, look: Look) -> Iterator[str]:
    if section.heading:
        for line in wrap(section.heading, look.width):
            yield look.paint(line, _BOLD)
    else:
        yield look.paint(say("(no heading)") if number else say("(lead)"), _DIM)
    yield from _labels(section, look, _INDENT)
    yield from _indented(section.abstract.text or _first_words(section.paragraphs), look)
    evidence = " · ".join(_phrases(section.themes))
    for line in _indented(say("evidence: {evidence}", evidence=evidence) if evidence else "", look):
        yield look.paint(line, _DIM)
    for part in section.paragraphs:
        if part.paragraph.run_in:
            yield from _indented(f"▸ {part.sentences[0].text}", look)
            if part.status != NONE:
                yield from _labels(part, look, _INDENT * 2)


def _indented(text: str, look: Look) -> Iterator[str]:
    for line in wrap(text, look.width - len(_INDENT)):
        yield _INDENT + line


def _labels(
    analysis: Analysis | SectionAnalysis | ParagraphAnalysis, look: Look, indent: str = ""
) -> Iterator[str]:
    """The themes with their probabilities, each theme in its colour, or what there is instead."""
    probabilities = analysis.probabilities
    if analysis.status != TAGGED:
        best = max(probabilities, key=probabilities.__getitem__, default="")
        is_near = analysis.status != NONE and best
        said = (
            say(
                "uncertain: {theme} {probability:.2f}",
                theme=best,
                probability=probabilities[best],
            )
            if is_near
            else say("no theme")
        )
        yield terminal(indent, look.paint(said, _DIM))
        return
    labels, used = list[str](), len(indent)
    for tag in analysis.themes:
        plain, label = _label(tag, tuple(probabilities), look)
        if used + display_width(plain) > look.width and labels:
            yield terminal(indent, *labels)
            labels, used = [], len(indent)
        labels += [" ", label] if labels else [label]
        used += display_width(plain) + 1
    yield terminal(indent, *labels)


def _label(tag: Tag, themes: Sequence[str], look: Look) -> tuple[str, str]:
    """A theme with its probability, without and with colour."""
    label = f"{tag.theme} {tag.probability:.2f}"
    number = themes.index(tag.theme) if tag.theme in themes else 0
    colour = _COLOURS[number % len(_COLOURS)]
    return f"[{label}]", look.paint(f" {label} ", _REVERSE, colour) if look.colour else f"[{label}]"


def _phrases(tags: Iterable[Tag]) -> list[str]:
    """The source text that spoke most for the themes, strongest first."""
    spans = sorted((span for tag in tags for span in tag.evidence), key=lambda span: -span.weight)
    return list(dict.fromkeys(span.text for span in spans))[:_PHRASES]


def _first_words(paragraphs: Sequence[ParagraphAnalysis], length: int = 60) -> str:
    """The beginning of a section that has no abstract."""
    if not paragraphs:
        return ""
    text = paragraphs[0].text
    return text if len(text) <= length else text[:length] + "…"


def _units(text: str, width: int) -> Iterator[str]:
    """What stays together; what is wider than a line comes character by character."""
    for unit in _UNIT.findall(text):
        if display_width(unit) > width:
            yield from unit
        else:
            yield unit
