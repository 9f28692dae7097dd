"""What reading makes of a text, what abstracts are asked for, and what failed.

Every ``start`` and ``end`` counts Unicode code points in ``Article.text``, so that
``article.text[start:end]`` is what the object stands for.
"""

from dataclasses import dataclass
from typing import Any, Final, NamedTuple

LONGEST_LINE: Final = 120
_LONGEST_VALUE: Final = 24


class Packed:
    """A frozen dataclass that travels to and from processes as what it is made of.

    As dataclasses do it by themselves, which asks for their fields each time, it takes twice as
    long: 140 microseconds an article, not 80.
    """

    __slots__ = ()
    __match_args__: tuple[str, ...] = ()

    def __reduce__(self) -> tuple[Any, ...]:
        """Be made again of the values of the fields."""
        return type(self), tuple([getattr(self, name) for name in self.__match_args__])


class Span(NamedTuple):
    """A stretch of the article's text: a pair, as ``re.Match.span()`` gives it.

    An article has one for each sentence, and what cuts and chooses sentences takes them apart.
    """

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Removed(Packed):
    """A stretch that is not body, and why."""

    start: int
    end: int
    reason: str


@dataclass(frozen=True, slots=True)
class Paragraph(Packed):
    """A paragraph with its sentences, which cover it without a gap.

    ``run_in`` is the first sentence where it announces the paragraph as a heading would.
    """

    start: int
    end: int
    sentences: tuple[Span, ...]
    run_in: Span | None = None


@dataclass(frozen=True, slots=True)
class Section(Packed):
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


@dataclass(frozen=True, slots=True, repr=False)
class Article(Packed):
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

    def __repr__(self) -> str:
        """Name the article on one line."""
        return brief(
            "Article",
            id=self.id,
            title=self.title,
            text=self.text,
            characters=len(self.text),
            sections=len(self.sections),
        )


@dataclass(frozen=True, slots=True)
class AbstractLimits:
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


@dataclass(frozen=True, slots=True)
class Failure:
    """An article that could not be processed: which, where it stands, at what stage, why."""

    id: str
    place: str
    stage: str
    reason: str


def brief(name: str, **values: object) -> str:
    """One line of at most ``LONGEST_LINE`` characters for a ``__repr__``; long text is cut."""
    said = [
        f"{key}={_cut(value, _LONGEST_VALUE)!r}" if isinstance(value, str) else f"{key}={value!r}"
        for key, value in values.items()
    ]
    line = f"{name}({', '.join(said)}"
    return _cut(line, LONGEST_LINE - 1) + ")"


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
