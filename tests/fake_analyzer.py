"""An analyzer that needs no model: a section is about each theme whose name it holds."""

import os
import re
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Literal

from policynlp.article import AbstractLimits, Article, Failure, Section
from policynlp.files.input_records import InputRecord
from policynlp.files.items import Item, Reading
from policynlp.reading import read_text
from policynlp.results import (
    NONE,
    TAGGED,
    Abstract,
    Analysis,
    Evidence,
    ParagraphAnalysis,
    SectionAnalysis,
    Sentence,
    Tag,
)

THEMES = ("思想解放", "科技创新", "项目建设", "数字化")
CRASH = "让程序崩溃"
DIE = "让进程死去"
HANG = "让程序停住"
LIMITS = AbstractLimits()


class FakeAnalyzer:
    """Has what a batch needs; crashes on articles that hold ``CRASH``, ends at ``DIE``.

    At ``HANG`` it does what only another process can end: it does not give the interpreter back.
    """

    model_id = "fake-1"
    model_sha256 = "f" * 64
    thresholds: Mapping[str, Mapping[str, float]] = {"paragraph": dict.fromkeys(THEMES, 0.5)}
    themes = THEMES
    reference = None

    def analyze(self, item: str | Article, *, limits: AbstractLimits = LIMITS) -> Analysis:
        article = read_text(item) if isinstance(item, str) else item
        if CRASH in article.text:
            raise ValueError("crashed on\npurpose")
        if DIE in article.text:
            os._exit(9)
        if HANG in article.text:
            hang()
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
        on_error: Literal["raise", "return"] = "raise",
    ) -> Iterator[Analysis | Failure]:
        for item in items:
            try:
                yield self.analyze(item, limits=limits)
            except ValueError as error:
                if on_error == "raise":
                    raise
                yield Failure("?", "", "analyze", f"ValueError: {error}")


def hang() -> None:
    """Do what a signal or a thread of this process cannot end."""
    re.match("(?:a|aa)+$", "a" * 100 + "b")


def read_hanging(item: Item, reading: Reading) -> InputRecord:
    """Read an article for ever."""
    hang()
    return InputRecord(text="never")


class LoggingAnalyzer(FakeAnalyzer):
    """Takes its time and writes the id of every article, and its own process's, to a file."""

    def __init__(self, log: Path, seconds: float = 0.0) -> None:
        self._log, self._seconds = log, seconds

    def analyze(self, item: str | Article, *, limits: AbstractLimits = LIMITS) -> Analysis:
        assert isinstance(item, Article)
        with self._log.open("a", encoding="utf-8") as stream:
            stream.write(f"{item.id} {os.getpid()}\n")
        time.sleep(self._seconds)
        return super().analyze(item, limits=limits)


def _section(text: str, section: Section) -> SectionAnalysis:
    words = text[section.start : section.end]
    themes = [theme for theme in THEMES if theme in words]
    probabilities = {theme: 0.987654321 if theme in themes else 0.0123456 for theme in THEMES}
    tags = tuple(_tag(words, theme, section.start) for theme in themes)
    paragraphs = tuple(
        ParagraphAnalysis(part, NONE, (), probabilities, text) for part in section.paragraphs
    )
    sentence = section.paragraphs[0].sentences[0] if section.paragraphs else None
    quoted = [Sentence(*span, text[slice(*span)]) for span in ([sentence] if sentence else [])]
    abstract = Abstract("".join(each.text for each in quoted), tuple(quoted))
    status = TAGGED if tags else NONE
    return SectionAnalysis(section, status, tags, probabilities, abstract, paragraphs, text)


def _tag(words: str, theme: str, start: int) -> Tag:
    at = start + words.index(theme)
    return Tag(theme, 0.987654321, (Evidence(at, at + len(theme), 1.23456789, theme),))
