"""What analysis says of an article: frozen objects that quote, print and convert themselves.

Every ``start`` and ``end`` counts Unicode code points in the article's text, and every ``text`` is
that text from ``start`` to ``end``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from policynlp.article import Article, Packed, Paragraph, Section, brief
from policynlp.notebook import Mark, article_html, labels_html, section_html

TAGGED, UNCERTAIN, NONE = "tagged", "uncertain", "none"

_SHOWN_DIGITS: Final = 2


@dataclass(frozen=True, slots=True, repr=False)
class Sentence(Packed):
    """A sentence of the article, or what is kept of one."""

    start: int
    end: int
    text: str

    def __repr__(self) -> str:
        """Quote it."""
        return brief("Sentence", text=self.text, start=self.start, end=self.end)


@dataclass(frozen=True, slots=True, repr=False)
class Evidence(Packed):
    """A stretch of source text that raised a theme, and by how much in log-odds."""

    start: int
    end: int
    weight: float
    text: str

    def __repr__(self) -> str:
        """Quote it with its weight."""
        weight = round(self.weight, _SHOWN_DIGITS)
        return brief("Evidence", text=self.text, start=self.start, end=self.end, weight=weight)


@dataclass(frozen=True, slots=True, repr=False)
class Tag(Packed):
    """A theme above its threshold, with the calibrated probability that it applies.

    The tags of sections have their ``evidence``, best first.
    """

    theme: str
    probability: float
    evidence: tuple[Evidence, ...] = ()

    def __repr__(self) -> str:
        """Name the theme, and how much evidence there is."""
        probability = round(self.probability, _SHOWN_DIGITS)
        return brief("Tag", theme=self.theme, probability=probability, evidence=len(self.evidence))


@dataclass(frozen=True, slots=True, repr=False)
class Abstract(Packed):
    """Sentences of the article in source order; ``text`` is these sentences joined.

    Where one gave up its opening or tail, ``text`` has a ``…`` that is not in ``sentences``.
    """

    text: str
    sentences: tuple[Sentence, ...]

    def __repr__(self) -> str:
        """Say how it begins."""
        characters, sentences = len(self.text), len(self.sentences)
        return brief("Abstract", text=self.text, characters=characters, sentences=sentences)


@dataclass(frozen=True, slots=True, repr=False)
class ParagraphAnalysis(Packed):
    """A paragraph's themes, best first, and the probability of every theme."""

    paragraph: Paragraph
    status: str
    themes: tuple[Tag, ...]
    probabilities: Mapping[str, float] = field(hash=False)
    article_text: str

    @property
    def start(self) -> int:
        """Where the paragraph begins."""
        return self.paragraph.start

    @property
    def end(self) -> int:
        """Where it ends."""
        return self.paragraph.end

    @property
    def text(self) -> str:
        """What it says."""
        return self.article_text[self.paragraph.start : self.paragraph.end]

    @property
    def sentences(self) -> tuple[Sentence, ...]:
        """Its sentences, which cover it without a gap."""
        return tuple(
            Sentence(start, end, self.article_text[start:end])
            for start, end in self.paragraph.sentences
        )

    def __repr__(self) -> str:
        """Say how it begins and what it is about."""
        return brief("ParagraphAnalysis", text=self.text, **_found(self.status, self.themes))


@dataclass(frozen=True, slots=True, repr=False)
class SectionAnalysis(Packed):
    """A section's themes with their evidence, its abstract and its paragraphs."""

    section: Section
    status: str
    themes: tuple[Tag, ...]
    probabilities: Mapping[str, float] = field(hash=False)
    abstract: Abstract
    paragraphs: tuple[ParagraphAnalysis, ...]
    article_text: str

    @property
    def heading(self) -> str:
        """Its heading, which is empty where it has none."""
        heading = self.section.heading
        return self.article_text[heading.start : heading.end] if heading else ""

    @property
    def level(self) -> int:
        """The level of the heading, 0 without one."""
        return self.section.level

    @property
    def start(self) -> int:
        """Where the section begins, with its heading."""
        return self.section.start

    @property
    def end(self) -> int:
        """Where its last paragraph ends."""
        return self.section.end

    @property
    def text(self) -> str:
        """All that stands there: the heading, the paragraphs and what is between them."""
        return self.article_text[self.section.start : self.section.end]

    def __repr__(self) -> str:
        """Name it and its themes."""
        found = _found(self.status, self.themes)
        return brief(
            "SectionAnalysis", heading=self.heading, paragraphs=len(self.paragraphs), **found
        )

    def _repr_html_(self) -> str:
        """Show it in a notebook, with its evidence marked."""
        paragraphs = ((part.start, part.text) for part in self.paragraphs)
        heading = (self.start, self.heading) if self.heading else None
        return section_html(heading, _labels(self.themes), paragraphs, _marks(self.themes))


@dataclass(frozen=True, slots=True, repr=False)
class Analysis(Packed):
    """What the analyzer says of one article; ``model`` is the model's id.

    ``theme_abstracts`` has what the article says about each theme that was asked for, which is
    nothing where no paragraph is tagged with it. The model does not know ``unknown_words`` of
    the article's ``words``.
    """

    article: Article
    status: str
    themes: tuple[Tag, ...]
    probabilities: Mapping[str, float] = field(hash=False)
    abstract: Abstract
    sections: tuple[SectionAnalysis, ...]
    model: str
    theme_abstracts: Mapping[str, Abstract] = field(default_factory=dict, hash=False)
    words: int = 0
    unknown_words: int = 0

    @property
    def id(self) -> str:
        """What the article is called by its source."""
        return self.article.id

    @property
    def title(self) -> str:
        """The article's title, which is empty where none was found."""
        return self.article.title

    @property
    def text(self) -> str:
        """The whole text that was read, with what was removed from it."""
        return self.article.text

    def to_dict(self, *, with_text: bool = False) -> dict[str, object]:
        """The record that ``policynlp score`` writes: what JSON has, probabilities rounded."""
        from policynlp.schema import to_record

        return to_record(self, with_text=with_text)

    def rows(self) -> list[dict[str, object]]:
        """One dict a section with the columns of the CSV; an article without any has one, too.

        What there is not, as the number of a section, is ``None``.
        """
        from policynlp.schema import section_rows

        return list(section_rows(self))

    def __repr__(self) -> str:
        """Name the article and its themes."""
        found = _found(self.status, self.themes)
        return brief("Analysis", id=self.id, title=self.title, sections=len(self.sections), **found)

    def _repr_html_(self) -> str:
        """Show it in a notebook: themes, abstract, sections with their evidence marked."""
        article = self.article
        about = filter(None, (article.id, article.published, article.source, article.url))
        sections = (section._repr_html_() for section in self.sections)
        return article_html(
            article.title, [*about], _labels(self.themes), self.abstract.text, sections
        )


def _found(status: str, tags: Sequence[Tag]) -> dict[str, object]:
    """What a line says of themes, or of there being none."""
    if not tags:
        return {"status": status}
    return {"themes": {tag.theme: round(tag.probability, _SHOWN_DIGITS) for tag in tags}}


def _labels(tags: Sequence[Tag]) -> str:
    return labels_html((tag.theme, tag.probability) for tag in tags)


def _marks(tags: Sequence[Tag]) -> list[Mark]:
    return [
        (evidence.start, evidence.end, f"{tag.theme} +{evidence.weight:.{_SHOWN_DIGITS}f}")
        for tag in tags
        for evidence in tag.evidence
    ]
