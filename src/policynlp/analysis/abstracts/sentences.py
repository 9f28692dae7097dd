"""An article's sentences with what the ranker and the selection must know of each."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from policynlp.analysis.layout import NOWHERE, Layout
from policynlp.article import Article, Span
from policynlp.language.terms import Floats, Ints


class Unit(NamedTuple):
    """What an abstract is made of: the sentences ``first`` to ``end`` of an article.

    ``title`` holds word ids: of the article's title or of the section's heading.
    """

    first: int
    end: int
    title: Ints

    @property
    def size(self) -> int:
        """The number of sentences."""
        return self.end - self.first


class Occurrences(NamedTuple):
    """The words of an article's body: the sentence, ascending, and the id of each occurrence."""

    rows: Ints
    terms: Ints


class Sentences(NamedTuple):
    """The n sentences of one article in source order, as the ranker wants them.

    ``spans`` leave out the white space around a sentence. ``paragraphs`` has the first sentence
    of each paragraph that has any, and n; section s holds the sentences ``sections[s]`` to
    ``sections[s + 1]``. ``words`` has the known words of all sentences, ``idf`` [terms] their
    inverse document frequencies. ``titles`` holds word ids: of the article's title, then of each
    heading.
    """

    text: str
    spans: list[Span]
    paragraphs: list[int]
    sections: list[int]
    run_in: frozenset[int]
    words: Occurrences
    idf: Floats
    titles: tuple[Ints, ...]

    def units(self) -> Iterator[Unit | None]:
        """Return the article's unit, then each section's; ``None`` is one without sentences.

        An article with a single section is measured once: the two units are one and the same.
        """
        title, *headings = self.titles
        bounds = list(pairwise(self.sections))
        filled = [s for s, (first, end) in enumerate(bounds) if first < end]
        if len(filled) == 1 and not len(title):
            title = headings[filled[0]]
        whole = Unit(0, len(self.spans), title) if filled else None
        yield whole
        for (first, end), heading in zip(bounds, headings, strict=True):
            alone = len(filled) == 1
            yield None if first == end else whole if alone else Unit(first, end, heading)

    def first_paragraph(self, unit: Unit) -> int:
        """Return how many sentences of a unit stand in its first paragraph."""
        return self.paragraphs[bisect_right(self.paragraphs, unit.first)] - unit.first

    def last_paragraph(self, unit: Unit) -> int:
        """Return how many sentences of a unit stand before its last paragraph."""
        return self.paragraphs[bisect_left(self.paragraphs, unit.end) - 1] - unit.first


def lay_out(
    article: Article, words: Occurrences, idf: Floats, title: Ints, headings: Sequence[Ints] = ()
) -> Sentences:
    """Lay out an article for the ranker.

    ``words`` numbers the sentences of each paragraph of each section, in order; ``headings`` has
    the word ids of each section's heading, or is left out.
    """
    spans: list[Span] = []
    paragraphs, sections, run_in = [], [0], []
    for section in article.sections:
        for paragraph in section.paragraphs:
            if paragraph.run_in:
                run_in.append(len(spans) + paragraph.sentences.index(paragraph.run_in))
            if paragraph.sentences:
                paragraphs.append(len(spans))
                spans += paragraph.sentences
        sections.append(len(spans))
    paragraphs.append(len(spans))
    return Sentences(
        article.text,
        _stripped(article.text, spans),
        paragraphs,
        sections,
        frozenset(run_in),
        words,
        idf,
        (title, *(headings or [title[:0]] * len(article.sections))),
    )


def _stripped(text: str, spans: list[Span]) -> list[Span]:
    """Leave out the white space around sentences."""
    for place, (start, end) in enumerate(spans):
        quoted = text[start:end]
        bare = quoted.strip()
        if bare != quoted:
            start += len(quoted) - len(quoted.lstrip())
            spans[place] = Span(start, start + len(bare))
    return spans


def words_in(
    layout: Layout, articles: Sequence[Article]
) -> Iterator[tuple[Occurrences, list[Ints]]]:
    """Return the words of each article's body, and those of each of its sections' headings."""
    terms, sentences = layout.terms[: layout.n_words], layout.sentences[: layout.n_words]
    in_body = sentences != NOWHERE
    body, headed = in_body.nonzero()[0], (~in_body).nonzero()[0]
    rows, body_terms = sentences.take(body), terms.take(body)
    bounds = rows.searchsorted(layout.first_sentences).tolist()
    sections = layout.rows.take(headed) - layout.structure.n_paragraphs
    starts = sections.searchsorted(np.arange(layout.structure.n_sections + 1)).tolist()
    heading_terms = terms.take(headed)
    headings = [heading_terms[start:end] for start, end in pairwise(starts)]
    section = 0
    for article, first, (begin, end) in zip(
        articles, layout.first_sentences.tolist(), pairwise(bounds), strict=False
    ):
        last = section + len(article.sections)
        own = Occurrences(rows[begin:end] - first, body_terms[begin:end])
        yield own, headings[section:last]
        section = last
