"""An article's sentences with what the ranker and the selection must know of each."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from policynlp.article import Article, Span
from policynlp.language.terms import Counts, Floats, Ints


class Sentences(NamedTuple):
    """The n sentences of one article in source order, as the ranker wants them.

    ``spans`` leave out the white space around a sentence. ``paragraphs`` [n] numbers each
    one's paragraph; section s holds the sentences ``sections[s]`` to ``sections[s + 1]``.
    ``counts`` has n rows over the words whose inverse document frequencies are ``idf``.
    ``titles`` holds distinct word ids: of the article's title, then of each heading.
    """

    text: str
    spans: tuple[Span, ...]
    paragraphs: Ints
    sections: tuple[int, ...]
    run_in: frozenset[int]
    counts: Counts
    idf: Floats
    titles: tuple[Ints, ...]


def lay_out(
    article: Article, counts: Counts, idf: Floats, title: Ints, headings: Sequence[Ints] = ()
) -> Sentences:
    """Lay out an article for the ranker.

    ``counts`` has a row for each sentence of each paragraph of each section, in order;
    ``headings`` has the word ids of each section's heading, or is left out.
    """
    spans: list[Span] = []
    paragraphs: list[int] = []
    run_in: list[int] = []
    sections = [0]
    number = 0
    for section in article.sections:
        for paragraph in section.paragraphs:
            if paragraph.run_in:
                run_in.append(len(spans) + paragraph.sentences.index(paragraph.run_in))
            spans += [_stripped(article.text, sentence) for sentence in paragraph.sentences]
            paragraphs += [number] * len(paragraph.sentences)
            number += 1
        sections.append(len(spans))
    return Sentences(
        article.text,
        tuple(spans),
        np.array(paragraphs, dtype=np.int64),
        tuple(sections),
        frozenset(run_in),
        counts,
        idf,
        (title, *(headings or [title[:0]] * len(article.sections))),
    )


def _stripped(text: str, span: Span) -> Span:
    quoted = text[span[0] : span[1]]
    bare = quoted.strip()
    if len(bare) == len(quoted):
        return span
    start = span[0] + len(quoted) - len(quoted.lstrip())
    return Span(start, start + len(bare))
