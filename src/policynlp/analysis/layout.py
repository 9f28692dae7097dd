"""An article's known terms, each with its paragraph, heading and sentence.

An article is cut into words once; everything after that is arithmetic on these arrays.
"""

from typing import NamedTuple

import numpy as np

from policynlp.article import Article
from policynlp.language.terms import Counts, Ints, Occurrences, Vocabulary, count_pairs

NOWHERE = -1


class Structure(NamedTuple):
    """How rows of counts hang together: first the paragraphs, then one heading a section.

    ``sections`` has the section of each paragraph, ascending; ``sizes`` the paragraphs'
    lengths in characters.
    """

    sections: Ints
    sizes: Ints
    n_sections: int

    @property
    def n_paragraphs(self) -> int:
        """The number of paragraphs."""
        return len(self.sections)

    @property
    def n_rows(self) -> int:
        """The number of paragraphs and headings."""
        return len(self.sections) + self.n_sections


class Layout(NamedTuple):
    """An article's term occurrences with the row and the sentence each stands in.

    ``sentences`` counts the sentences of all paragraphs and is ``NOWHERE`` in headings;
    ``word_starts`` has the place of every word, known or not.
    """

    occurrences: Occurrences
    rows: Ints
    sentences: Ints
    structure: Structure
    word_starts: Ints


def lay_out(article: Article, vocabulary: Vocabulary) -> Layout:
    """Cut the body and headings of ``article`` and place every known term."""
    starts, ends, rows, sentences = [], [], [], []
    paragraphs = [p for section in article.sections for p in section.paragraphs]
    row = sentence = 0
    for number, section in enumerate(article.sections):
        if section.heading:
            starts.append(section.heading.start)
            ends.append(section.heading.end)
            rows.append(len(paragraphs) + number)
            sentences.append(NOWHERE)
        for paragraph in section.paragraphs:
            for start, end in paragraph.sentences:
                starts.append(start)
                ends.append(end)
                rows.append(row)
                sentences.append(sentence)
                sentence += 1
            row += 1
    first, last = (starts[0], ends[-1]) if starts else (0, 0)
    found, word_starts = vocabulary.locate(article.text[first:last], first)
    unit = np.array(starts, dtype=np.int64).searchsorted(found.starts, side="right") - 1
    inside = found.starts < np.array(ends, dtype=np.int64)[unit]  # not between two body lines
    unit = unit[inside]
    per_section = [len(section.paragraphs) for section in article.sections]
    return Layout(
        Occurrences(*(array[inside] for array in found)),
        np.array(rows, dtype=np.int64)[unit],
        np.array(sentences, dtype=np.int64)[unit],
        Structure(
            np.repeat(np.arange(len(per_section)), per_section),
            np.array([p.end - p.start for p in paragraphs], dtype=np.int64),
            len(per_section),
        ),
        word_starts,
    )


def count_rows(layout: Layout, n_terms: int) -> Counts:
    """Count the terms of each row of the layout's structure."""
    return count_pairs(layout.rows, layout.occurrences.terms, layout.structure.n_rows, n_terms)
