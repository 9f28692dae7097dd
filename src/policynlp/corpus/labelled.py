"""Labelled paragraphs and sections: what training learns from and is measured on."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from policynlp.language.terms import TERM


@dataclass(frozen=True, slots=True)
class LabelledParagraph:
    """A paragraph's counted terms, its length in characters, and its labels.

    ``run_in`` are the terms of its first sentence where that announces it as a heading would;
    ``text`` is empty where only counts are known. ``disputed`` labels are left out both ways.
    """

    terms: Counter[str]
    run_in: Counter[str]
    size: int
    themes: frozenset[str]
    disputed: frozenset[str] = frozenset()
    text: str = ""


@dataclass(frozen=True, slots=True)
class LabelledSection:
    """A labelled section; ``themes`` is ``None`` where only its paragraphs were labelled.

    ``labelled_for`` is ``None`` where it was labelled for every theme of the corpus; ``place``
    is the file and line it was read from. ``weight`` is how much its labels count in training.
    ``words`` is the number of its words, counted or not, and 0 where that is unknown.
    """

    id: str
    article: str
    heading: Counter[str]
    paragraphs: tuple[LabelledParagraph, ...]
    themes: frozenset[str] | None
    labelled_for: frozenset[str] | None = None
    disputed: frozenset[str] = frozenset()
    heading_text: str = ""
    notes: dict[str, str] = field(default_factory=dict)
    place: str = ""
    weight: float = 1.0
    words: int = 0

    @property
    def file(self) -> str:
        """The file it was read from."""
        return self.place.rpartition(":")[0]

    @property
    def terms(self) -> Counter[str]:
        """The terms of its paragraphs, counted together."""
        return sum((paragraph.terms for paragraph in self.paragraphs), Counter[str]())

    def knows(self, theme: str) -> bool:
        """Say whether the section's readers looked for ``theme``."""
        return self.labelled_for is None or theme in self.labelled_for


def used_labels(section: LabelledSection) -> frozenset[str]:
    """Return every theme that the section's record names."""
    own = (p.themes for p in section.paragraphs)
    return frozenset().union(*own, section.themes or (), section.labelled_for or ())


def frequent(frequency: Mapping[str, int], least: int) -> Iterator[str]:
    """Yield the terms of at least so many sections, but for words with half a character."""
    return (t for t, n in frequency.items() if n >= least and TERM.fullmatch(t))


def document_frequency(sections: Iterable[LabelledSection]) -> Counter[str]:
    """Count the sections that each term occurs in, headings included."""
    frequency: Counter[str] = Counter()
    for section in sections:
        frequency.update({*section.heading, *(t for p in section.paragraphs for t in p.terms)})
    return frequency
