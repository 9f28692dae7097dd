"""A labelled corpus as arrays: one structure of many sections, as an article is of few."""

import zlib
from collections import Counter
from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from policynlp.corpus.labelled import (
    LabelledParagraph,
    LabelledSection,
    document_frequency,
    frequent,
    used_labels,
)
from policynlp.errors import CorpusError
from policynlp.language.term_index import Structure
from policynlp.language.terms import (
    CHARACTER,
    Floats,
    Ints,
    Vocabulary,
    inverse_document_frequency,
    tf_idf,
)
from policynlp.themes.predict import Weighted

Flags = NDArray[np.bool_]

MIN_SECTIONS = 5  # 3 gave 15,919 terms for no gain, 10 gave 7,201 for -0.002 (cross-validated)

WRITTEN = "written"


class Labels(NamedTuple):
    """Which themes hold and which are known: [rows, themes] each."""

    holds: Flags
    known: Flags


class Dataset(NamedTuple):
    """The corpus as the model reads it.

    ``articles``, ``written`` and ``weights`` [sections] say which article a section is of,
    whether it was written for a corpus rather than found, and how much its labels count.
    """

    weighted: Weighted
    structure: Structure
    paragraphs: Labels
    sections: Labels
    articles: tuple[str, ...]
    written: Flags
    weights: Floats


def choose_vocabulary(
    sections: Sequence[LabelledSection], min_sections: int = MIN_SECTIONS
) -> tuple[Vocabulary, Floats]:
    """Return the terms of at least ``min_sections`` sections, words first, and their idf.

    Raises ``CorpusError`` if there are none.
    """
    frequency = document_frequency(sections)
    terms = sorted(
        frequent(frequency, min_sections),
        key=lambda term: (term.startswith(CHARACTER), term),
    )
    if not terms:
        raise CorpusError(
            "no word occurs in {min_sections} of the {n_sections} sections; label more sections",
            min_sections=min_sections,
            n_sections=len(sections),
        )
    counts: Ints = np.array([frequency[term] for term in terms], dtype=np.int64)
    return Vocabulary(terms), inverse_document_frequency(counts, len(sections))


def build_dataset(
    sections: Sequence[LabelledSection],
    themes: Sequence[str],
    vocabulary: Vocabulary,
    idf: Floats,
) -> Dataset:
    """Count, weigh and label ``sections``."""
    return Dataset(
        *weigh_sections(sections, vocabulary, idf),
        _paragraph_labels(sections, themes),
        _section_labels(sections, themes),
        tuple(section.article for section in sections),
        np.array([section.notes.get("origin") == WRITTEN for section in sections]),
        np.array([section.weight for section in sections]),
    )


def weigh_sections(
    sections: Sequence[LabelledSection], vocabulary: Vocabulary, idf: Floats
) -> tuple[Weighted, Structure]:
    """Lay out and weigh counted sections, as the analyzer does with an article's."""
    paragraphs = [p for section in sections for p in section.paragraphs]
    structure = Structure(
        np.repeat(np.arange(len(sections)), [len(s.paragraphs) for s in sections]),
        np.array([p.size for p in paragraphs], dtype=np.int64),
        *_runs([section.article for section in sections]),
    )
    counts = vocabulary.count(
        [
            *(p.terms for p in paragraphs),
            *(s.heading for s in sections),
            *(s.terms for s in sections),
            *(p.run_in for p in paragraphs),
        ]
    )
    return Weighted(tf_idf(counts, idf), structure), structure


def _runs(articles: Sequence[str]) -> tuple[Ints, int]:
    """Number the runs of sections of one article: [sections], and how many runs there are."""
    numbers = list(accumulate((a != b for a, b in pairwise(articles)), initial=0))
    return np.array(numbers, dtype=np.int64), numbers[-1] + 1


def unknown_themes(sections: Sequence[LabelledSection], themes: Sequence[str]) -> Counter[str]:
    """Count the sections that were labelled for each theme outside ``themes``.

    Raises ``CorpusError`` if no section was labelled for any of ``themes``.
    """
    unknown = Counter(t for section in sections for t in used_labels(section) - {*themes})
    if not any(section.knows(theme) for section in sections for theme in themes):
        raise CorpusError(
            "the sections are labelled for {unknown}, and the model knows {themes}: "
            "there is nothing to measure",
            unknown="、".join(sorted(unknown)),
            themes="、".join(themes),
        )
    return unknown


def folds(articles: Sequence[str], n_folds: int) -> Ints:
    """Assign each section to a fold by its article's name, the same in every run."""
    hashes = [zlib.crc32(name.encode("utf-8", "replace")) for name in articles]
    return np.array(hashes, dtype=np.int64) % n_folds


def _paragraph_labels(sections: Sequence[LabelledSection], themes: Sequence[str]) -> Labels:
    def known(section: LabelledSection, paragraph: LabelledParagraph) -> list[bool]:
        return [section.knows(theme) and theme not in paragraph.disputed for theme in themes]

    rows = [(s, p) for s in sections for p in s.paragraphs]
    return Labels(
        np.array([[theme in p.themes for theme in themes] for _, p in rows], dtype=bool),
        np.array([known(s, p) for s, p in rows], dtype=bool),
    )


def _section_labels(sections: Sequence[LabelledSection], themes: Sequence[str]) -> Labels:
    def known(section: LabelledSection) -> list[bool]:
        return [
            section.themes is not None and section.knows(theme) and theme not in section.disputed
            for theme in themes
        ]

    return Labels(
        np.array([[t in (s.themes or ()) for t in themes] for s in sections], dtype=bool),
        np.array([known(section) for section in sections], dtype=bool),
    )
