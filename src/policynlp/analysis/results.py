"""Analyses of articles, put together from what was found in them."""

from collections.abc import Sequence

from policynlp.analysis.abstracts import Abstracts
from policynlp.analysis.evidence import Contributions, Question
from policynlp.analysis.themes import Probabilities, status_of, tags_of
from policynlp.article import (
    TAGGED,
    Abstract,
    Analysis,
    Article,
    Paragraph,
    ParagraphAnalysis,
    Section,
    SectionAnalysis,
    Tag,
)
from policynlp.language.terms import Ints
from policynlp.model import Cutoffs, Model


def put_together(
    articles: Sequence[Article],
    probabilities: Probabilities,
    abstracts: Sequence[Abstracts],
    contributions: Contributions,
    coverage: Ints,
    model: Model,
) -> list[Analysis]:
    """Return the analysis of each article; sections are tagged with their evidence.

    ``coverage`` is that of the articles' layout.
    """
    results = _Results(articles, probabilities, contributions, model)
    return [
        results.analysis(*each)
        for each in zip(
            articles, probabilities.articles.tolist(), abstracts, coverage.tolist(), strict=True
        )
    ]


class _Results:
    """What becomes of some articles, to be taken in their order."""

    def __init__(
        self,
        articles: Sequence[Article],
        probabilities: Probabilities,
        contributions: Contributions,
        model: Model,
    ) -> None:
        self._model, self._names = model, model.themes
        self._paragraphs = iter(probabilities.paragraphs.tolist())
        sections: list[list[float]] = probabilities.sections.tolist()
        found = [self._status_and_tags(own, model.section) for own in sections]
        self._sections = zip(sections, found, strict=True)
        self._evidence = contributions.evidence(articles, self._questions(articles, found))

    def _questions(
        self, articles: Sequence[Article], found: Sequence[tuple[str, tuple[Tag, ...]]]
    ) -> list[Question]:
        """Ask for the evidence of every tag of a section."""
        places = {theme: place for place, theme in enumerate(self._names)}
        tags = iter(found)
        return [
            Question(number, section, places[tag.theme])
            for number, article in enumerate(articles)
            for section, (_, own) in zip(article.sections, tags, strict=False)
            for tag in own
        ]

    def analysis(
        self, article: Article, own: list[float], abstract: Abstracts, coverage: list[int]
    ) -> Analysis:
        """Return the next article's analysis."""
        status, tags = self._status_and_tags(own, self._model.section)
        return Analysis(
            article,
            status,
            tags,
            self._named(own),
            abstract.article,
            tuple(map(self._section, article.sections, abstract.sections)),
            self._model.id,
            abstract.themes,
            *coverage,
        )

    def _section(self, section: Section, abstract: Abstract) -> SectionAnalysis:
        own, (status, tags) = next(self._sections)
        return SectionAnalysis(
            section,
            status,
            tuple([tag._replace(evidence=next(self._evidence)) for tag in tags]),
            self._named(own),
            abstract,
            tuple(map(self._paragraph, section.paragraphs, self._paragraphs)),
        )

    def _paragraph(self, paragraph: Paragraph, own: list[float]) -> ParagraphAnalysis:
        status, tags = self._status_and_tags(own, self._model.paragraph)
        return ParagraphAnalysis(paragraph, status, tags, self._named(own))

    def _status_and_tags(
        self, probabilities: list[float], cutoffs: Cutoffs
    ) -> tuple[str, tuple[Tag, ...]]:
        status = status_of(probabilities, cutoffs)
        if status != TAGGED:  # Nine paragraphs in ten.
            return status, ()
        return status, tuple(tags_of(probabilities, cutoffs, self._names))

    def _named(self, probabilities: list[float]) -> dict[str, float]:
        return dict(zip(self._names, probabilities, strict=True))
