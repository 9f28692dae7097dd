"""The known terms of some articles, each with its paragraph, heading and sentence.

Articles are cut into words once, several in one call; everything after that is arithmetic on
these arrays. What numpy costs a call, whatever the size of an array, is then paid for all of
them together.
"""

from collections.abc import Sequence
from itertools import accumulate, repeat
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from policynlp.article import Article
from policynlp.language.terms import MARK, Codes, Ints, Located, Pooled, Vocabulary, pool

NOWHERE = -1


class Structure(NamedTuple):
    """How rows of counts hang together: the paragraphs, a heading a section, the whole sections.

    Behind them are the run-in heads, one row a paragraph, which is empty where none announces it.
    ``sections`` has the section of each paragraph and ``articles`` the article of each section,
    both ascending; ``sizes`` are the paragraphs' lengths in characters.
    """

    sections: Ints
    sizes: Ints
    articles: Ints
    n_articles: int

    @property
    def n_paragraphs(self) -> int:
        """The number of paragraphs."""
        return len(self.sections)

    @property
    def n_sections(self) -> int:
        """The number of sections."""
        return len(self.articles)

    @property
    def n_rows(self) -> int:
        """The number of paragraphs, headings, sections and run-in heads."""
        return 2 * len(self.sections) + 2 * len(self.articles)

    @property
    def first_run_in(self) -> int:
        """The row of the first paragraph's run-in head."""
        return len(self.sections) + 2 * len(self.articles)


class Pieces(NamedTuple):
    """The headings and sentences of some articles in order, [pieces] each.

    ``starts`` and ``ends`` are places in the articles' bodies as one text, ``rows`` those of
    their structure; ``run_ins`` is the row of the run-in head that a sentence is, if it is one.
    ``sentences`` counts those of all paragraphs and is ``NOWHERE`` for headings.
    """

    starts: Ints
    ends: Ints
    rows: Ints
    run_ins: Ints
    sentences: Ints


class Layout(NamedTuple):
    """The term occurrences of some articles with the row and the sentence each stands in.

    The articles' bodies, each with a line end behind it, count as one ``text`` with the code
    points ``codes``; ``bases`` [articles] is what a place in an article lies further on in it.
    ``terms``, ``starts``, ``rows``, ``run_ins`` and ``sentences`` [occurrences] have the
    ``n_words`` words in order, then the characters in order. ``run_ins``
    is the row of the run-in head that an occurrence is in, if any, besides its paragraph's;
    ``sentences`` is as in ``pieces``; article i has those from ``first_sentences[i]`` up to
    ``first_sentences[i + 1]``. ``word_starts`` and ``stop_words`` [words] are of every word,
    known or not. ``coverage`` [articles, 2] is how many words each article has, and how many of
    them the model does not know.
    """

    structure: Structure
    text: str
    codes: Codes
    bases: tuple[int, ...]
    pieces: Pieces
    terms: Ints
    starts: Ints
    rows: Ints
    run_ins: Ints
    sentences: Ints
    first_sentences: Ints
    n_words: int
    word_starts: Ints
    stop_words: NDArray[np.bool_]
    coverage: Ints

    def in_body(self) -> Ints:
        """Return the occurrences that are in no heading."""
        return (self.rows < self.structure.n_paragraphs).nonzero()[0]


def lay_out(articles: Sequence[Article], vocabulary: Vocabulary) -> Layout:
    """Cut the bodies and headings of ``articles`` and place every known term."""
    sections = [section for article in articles for section in article.sections]
    paragraphs = [paragraph for section in sections for paragraph in section.paragraphs]
    structure = Structure(
        np.arange(len(sections)).repeat([len(section.paragraphs) for section in sections]),
        np.array([p.end - p.start for p in paragraphs], dtype=np.int64),
        np.arange(len(articles)).repeat([len(article.sections) for article in articles]),
        len(articles),
    )
    text, begins, bases = _join(articles)
    pieces, first_sentences = _pieces(articles, bases, structure)
    found = vocabulary.locate(text)
    known = (found.words >= 0).nonzero()[0]
    places = np.concatenate((found.word_starts.take(known), found.places))
    terms: Ints = np.concatenate((found.words.take(known), found.characters), dtype=np.int64)
    piece = pieces.starts.searchsorted(places, side="right") - 1
    inside = (places < pieces.ends.take(piece)).nonzero()[0]  # not between two body lines
    piece = piece.take(inside)
    return Layout(
        structure,
        text,
        found.codes,
        bases,
        pieces,
        terms.take(inside),
        places.take(inside),
        pieces.rows.take(piece),
        pieces.run_ins.take(piece),
        pieces.sentences.take(piece),
        first_sentences,
        int(inside.searchsorted(len(known))),
        found.word_starts,
        vocabulary.are_stop_words(found.words),
        _coverage(found, known, begins),
    )


def _coverage(found: Located, known: Ints, begins: Sequence[int]) -> Ints:
    """Count the words, and those not among the known, from each of ``begins`` up to the next."""
    bounds = found.word_starts.searchsorted(begins)
    marks = (found.words == MARK).nonzero()[0]
    words = bounds - marks.searchsorted(bounds)
    counts = np.array((words, words - known.searchsorted(bounds)))
    coverage: Ints = (counts[:, 1:] - counts[:, :-1]).T
    return coverage


def _join(articles: Sequence[Article]) -> tuple[str, list[int], tuple[int, ...]]:
    """Return the articles' bodies as one text, where each begins, and what its places move by.

    Each has a line end behind it, so that a place can be where the last one ends.
    Behind the last article another one would begin.
    """
    bodies, firsts = [], []
    for article in articles:
        first = article.sections[0].start if article.sections else 0
        last = article.sections[-1].end if article.sections else 0
        bodies.append(article.text[first:last] + "\n")
        firsts.append(first)
    begins = list(accumulate(map(len, bodies), initial=0))
    bases = tuple(begin - first for begin, first in zip(begins, firsts, strict=False))
    return "".join(bodies), begins, bases


def _pieces(
    articles: Sequence[Article], bases: Sequence[int], structure: Structure
) -> tuple[Pieces, Ints]:
    """Place headings and sentences in the articles' bodies as one text.

    Second, the first sentence of each article, and how many there are in all.
    """
    starts: list[int] = []
    ends: list[int] = []
    rows: list[int] = []
    run_ins: list[int] = []
    sentences: list[int] = []
    firsts = [0]
    heading, first_run_in = structure.n_paragraphs, structure.first_run_in
    row = number = 0
    for article, base in zip(articles, bases, strict=True):
        for section in article.sections:
            if section.heading:
                starts.append(base + section.heading.start)
                ends.append(base + section.heading.end)
                rows.append(heading)
                run_ins.append(NOWHERE)
                sentences.append(NOWHERE)
            heading += 1
            for paragraph in section.paragraphs:
                for sentence in paragraph.sentences:
                    starts.append(base + sentence.start)
                    ends.append(base + sentence.end)
                    rows.append(row)
                    is_run_in = sentence == paragraph.run_in
                    run_ins.append(first_run_in + row if is_run_in else NOWHERE)
                    sentences.append(number)
                    number += 1
                row += 1
        firsts.append(number)
    found = map(np.array, (starts, ends, rows, run_ins, sentences), repeat(np.int64))
    return Pieces(*found), np.array(firsts)


def count_rows(layout: Layout, n_terms: int) -> Pooled:
    """Count the terms of each row of the layout's structure.

    The pairs are the occurrences in their paragraph or heading, then those of paragraphs in their
    section, then those of run-in heads.
    """
    structure, rows, terms = layout.structure, layout.rows, layout.terms
    body, run_in = layout.in_body(), (layout.run_ins != NOWHERE).nonzero()[0]
    sections = structure.sections.take(rows.take(body))
    sections += structure.n_paragraphs + structure.n_sections
    return pool(
        np.concatenate((rows, sections, layout.run_ins.take(run_in))),
        np.concatenate((terms, terms.take(body), terms.take(run_in))),
        structure.n_rows,
        n_terms,
    )


def ranges(begins: Ints, sizes: Ints) -> Ints:
    """Return ``range(begin, begin + size)`` of each of ``begins``, one after the other."""
    ends = sizes.cumsum()
    shifts = begins - ends + sizes
    places: Ints = shifts.repeat(sizes) + np.arange(ends[-1] if len(ends) else 0)
    return places
