"""An analyzer that needs no model: a section is about each theme whose name it holds."""

from collections.abc import Iterable, Iterator
from typing import Literal

from policynlp.article import (
    NONE,
    TAGGED,
    Abstract,
    AbstractLimits,
    Analysis,
    Article,
    Evidence,
    Failure,
    ParagraphAnalysis,
    Section,
    SectionAnalysis,
    Tag,
)
from policynlp.reading import read_text

THEMES = ("思想解放", "科技创新", "项目建设", "数字化")
CRASH = "让程序崩溃"
LIMITS = AbstractLimits()


class FakeAnalyzer:
    """Has the methods of ``policynlp.Analyzer``; crashes on articles that hold ``CRASH``."""

    model_id = "fake-1"
    themes = THEMES

    def analyze(self, item: str | Article, *, limits: AbstractLimits = LIMITS) -> Analysis:
        article = read_text(item) if isinstance(item, str) else item
        if CRASH in article.text:
            raise ValueError("crashed on\npurpose")
        sections = tuple(_section(article.text, section) for section in article.sections)
        tags = tuple(dict.fromkeys(tag for section in sections for tag in section.themes))
        first = next((section.abstract for section in sections), Abstract("", ()))
        probabilities = dict.fromkeys(THEMES, 0.5)
        status = TAGGED if tags else NONE
        return Analysis(article, status, tags, probabilities, first, sections, self.model_id)

    def pipe(
        self,
        items: Iterable[str | Article],
        *,
        limits: AbstractLimits = LIMITS,
        jobs: int = 1,
        on_error: Literal["raise", "return"] = "raise",
    ) -> Iterator[Analysis | Failure]:
        for item in items:
            try:
                yield self.analyze(item, limits=limits)
            except ValueError as error:
                if on_error == "raise":
                    raise
                yield Failure("?", "", "analyze", str(error))


def _section(text: str, section: Section) -> SectionAnalysis:
    words = text[section.start : section.end]
    themes = [theme for theme in THEMES if theme in words]
    probabilities = {theme: 0.987654321 if theme in themes else 0.0123456 for theme in THEMES}
    tags = tuple(_tag(words, theme, section.start) for theme in themes)
    paragraphs = tuple(
        ParagraphAnalysis(part, NONE, (), probabilities) for part in section.paragraphs
    )
    sentence = section.paragraphs[0].sentences[0] if section.paragraphs else None
    abstract = Abstract(text[slice(*sentence)], (sentence,)) if sentence else Abstract("", ())
    status = TAGGED if tags else NONE
    return SectionAnalysis(section, status, tags, probabilities, abstract, paragraphs)


def _tag(words: str, theme: str, start: int) -> Tag:
    at = start + words.index(theme)
    return Tag(theme, 0.987654321, (Evidence(at, at + len(theme), 1.23456789),))
