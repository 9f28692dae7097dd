"""The types that travel: what reading makes of a text and what analysis says of it.

Every ``start`` and ``end`` counts Unicode code points in ``Article.text``, so that
``article.text[start:end]`` is what the object stands for.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

TAGGED, UNCERTAIN, NONE = "tagged", "uncertain", "none"


class Span(NamedTuple):
    """A stretch of the article's text."""

    start: int
    end: int


class Removed(NamedTuple):
    """A stretch that is not body, and why."""

    start: int
    end: int
    reason: str


class Paragraph(NamedTuple):
    """A paragraph with its sentences, which cover it without a gap.

    ``run_in`` is the first sentence where it announces the paragraph as a heading would.
    """

    start: int
    end: int
    sentences: tuple[Span, ...]
    run_in: Span | None = None


class Section(NamedTuple):
    """A heading and the paragraphs under it; the lead has none.

    ``level`` is 0 without a heading, 1 for ``一、`` and unnumbered headings, 2 for ``(一)``,
    3 for ``1.``; in a Word file that of its style. ``start`` is the heading's own where
    there is one.
    """

    heading: Span | None
    level: int
    start: int
    end: int
    paragraphs: tuple[Paragraph, ...]


@dataclass(slots=True)
class Article:
    """An article as read: its text, what was found in it, and what was left out."""

    text: str
    sections: tuple[Section, ...] = ()
    id: str = ""
    title: str = ""
    published: str = ""
    source: str = ""
    author: str = ""
    url: str = ""
    removed: tuple[Removed, ...] = ()
    warnings: tuple[str, ...] = ()


class Evidence(NamedTuple):
    """A stretch of source text that raised a theme, and by how much in log-odds."""

    start: int
    end: int
    weight: float


class Tag(NamedTuple):
    """A theme above its threshold, with the calibrated probability that it applies."""

    theme: str
    probability: float
    evidence: tuple[Evidence, ...] = ()


class AbstractLimits(NamedTuple):
    """How long abstracts may get, all limits together; ``None`` sets no limit of that kind.

    ``ratio`` is the largest share of the characters of the article or section, above 0.
    Without ``whole_sentences`` a sentence may give up an empty opening or tail, marked with
    ``…``, which counts. ``themes`` asks for an abstract for each of these themes, too.
    """

    characters: int | None = 200
    sentences: int | None = None
    section_characters: int | None = 100
    ratio: float | None = None
    whole_sentences: bool = True
    themes: tuple[str, ...] = ()


class Failure(NamedTuple):
    """An article that could not be processed: which, where it stands, at what stage, why."""

    id: str
    place: str
    stage: str
    reason: str


class Abstract(NamedTuple):
    """Sentences of the article in source order; ``text`` is these sentences joined.

    Where one gave up its opening or tail, ``text`` has a ``…`` that is not in ``sentences``.
    """

    text: str
    sentences: tuple[Span, ...]


class ParagraphAnalysis(NamedTuple):
    """A paragraph's themes, best first, and the probability of every theme."""

    paragraph: Paragraph
    status: str
    themes: tuple[Tag, ...]
    probabilities: dict[str, float]


class SectionAnalysis(NamedTuple):
    """A section's themes with their evidence, its abstract and its paragraphs."""

    section: Section
    status: str
    themes: tuple[Tag, ...]
    probabilities: dict[str, float]
    abstract: Abstract
    paragraphs: tuple[ParagraphAnalysis, ...]


@dataclass(slots=True)
class Analysis:
    """What the analyzer says of one article; ``model`` is the model's id.

    ``theme_abstracts`` has what the article says about each theme that was asked for, which is
    nothing where no paragraph is tagged with it. The model does not know ``unknown_words`` of
    the article's ``words``.
    """

    article: Article
    status: str
    themes: tuple[Tag, ...]
    probabilities: dict[str, float]
    abstract: Abstract
    sections: tuple[SectionAnalysis, ...]
    model: str
    theme_abstracts: dict[str, Abstract] = field(default_factory=dict)
    words: int = 0
    unknown_words: int = 0
