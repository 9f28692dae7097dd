"""What in the text says so: the phrases that raised a theme, and by how much."""

import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from policynlp.article import Article, Paragraph, Section
from policynlp.language.term_index import Layout, ranges
from policynlp.language.terms import Floats, Ints, Pooled
from policynlp.model import Model
from policynlp.results import Evidence
from policynlp.themes.predict import Weighted

_MOST_EVIDENCE: Final = 5
_LEAST_EVIDENCE: Final = 1e-9  # what is left of sums that cancel out
# What is quoted whole or not at all: a figure with its unit, letters and figures that are joined.
_UNITS: Final = (
    "美元|欧元|英镑|日元|元|平方公里|平方米|立方米|公里|千米|毫米|厘米|千瓦时|千瓦|兆瓦|公斤|公顷"
    "|人次|小时|分钟|周年|余?[米吨亩斤克升度倍个家项座台套件人名户条辆艘架颗次年月日天号种所处批期"
    "轮届册张只头株]"
)
_WHOLE: Final = re.compile(
    rf"[0-9A-Za-z０-９]+(?:[-./,，．][0-9A-Za-z０-９]+)*(?:[%％℃]|[十百千万亿]*[多余]?(?:{_UNITS})?)"
)


class Question(NamedTuple):
    """What raised a theme in a section or paragraph of an article, by its number."""

    article: int
    within: Section | Paragraph
    theme: int


class _Extents(NamedTuple):
    """The words of each question, [questions]: from ``firsts`` on so many as ``sizes``.

    ``begins`` is where the first of them begins, ``ends`` where the question's text ends.
    """

    firsts: Ints
    sizes: Ints
    begins: Ints
    ends: Ints


class Contributions:
    """What each term occurrence of some articles adds to its paragraphs' log-odds."""

    def __init__(self, weighted: Weighted, pooled: Pooled, layout: Layout, model: Model) -> None:
        """Take what probabilities were inferred from, and what was counted for it."""
        self._weighted = weighted
        self._pooled = pooled
        self._layout = layout
        self._model = model

    @cached_property
    def _shares(self) -> tuple[Floats, Floats]:
        """Each occurrence's equal part of its row's value, and of its section's: [occurrences].

        An occurrence in a heading has no part of the section.
        """
        parts = self._weighted.rows.values / self._pooled.counts.values
        of_pairs = parts.take(self._pooled.entries())
        n, body = len(self._layout.terms), self._layout.in_body()
        of_section = np.zeros(n)
        of_section[body] = of_pairs[n : n + len(body)]
        return of_pairs[:n], of_section

    def evidence(
        self, articles: Sequence[Article], questions: Sequence[Question]
    ) -> Iterator[tuple[Evidence, ...]]:
        """Yield the phrases that answer each question about ``articles``, best first.

        A phrase is a run of neighbouring words that each raised the theme, parted by stop words;
        a figure or a name in Latin letters that is part of it is quoted whole, with its unit,
        which adds nothing to the weight. Of equal phrases the first is quoted.
        """
        if not questions:
            return
        bases = [self._layout.bases[question.article] for question in questions]
        asked = self._extents(questions, bases)
        # Each question's words and, as a word that raises nothing, the end of its text.
        bounds = np.arange(len(questions) + 1) + (0, *asked.sizes.cumsum())
        closing = bounds[1:] - 1
        words = ranges(asked.firsts, asked.sizes + 1)
        places = self._layout.word_starts.take(words, mode="clip")
        places[closing] = asked.ends
        stops = self._layout.stop_words.take(words, mode="clip")
        weights = self._word_weights(questions, asked, bounds)
        raised = (weights > _LEAST_EVIDENCE) & ~stops
        raised[closing] = False
        weights = np.where(raised, weights, 0.0)
        raises = np.append(False, self._made_whole(raised, asked, bounds))
        edges = (raises[1:] != raises[:-1]).nonzero()[0]
        sums = np.add.reduceat(weights, edges)[::2].tolist() if len(edges) else []
        spans = places.take(edges).reshape(-1, 2).tolist()
        of_question = edges[::2].searchsorted(bounds).tolist()
        for question, base, (first, last) in zip(
            questions, bases, pairwise(of_question), strict=True
        ):
            text = articles[question.article].text
            yield _best(text, base, spans[first:last], sums[first:last])

    def _extents(self, questions: Sequence[Question], bases: Sequence[int]) -> _Extents:
        """Find the words that begin in the text of each question."""
        texts = [(question.within.start, question.within.end) for question in questions]
        begins, ends = np.array(texts).T + bases
        word_starts = self._layout.word_starts
        firsts, lasts = word_starts.searchsorted((begins, ends))
        begins = np.where(lasts > firsts, word_starts.take(firsts, mode="clip"), ends)
        return _Extents(firsts, lasts - firsts, begins, ends)

    def _word_weights(self, questions: Sequence[Question], asked: _Extents, bounds: Ints) -> Floats:
        """Return what each word adds, itself and by its characters, and 0 behind the last.

        Those of a question stand from one of ``bounds`` to the next.
        """
        layout, (own, of_section) = self._layout, self._shares
        word_starts, n_words = layout.word_starts, layout.n_words
        extents = (asked.begins, asked.ends)
        in_words = layout.starts[:n_words].searchsorted(extents)
        in_characters = layout.starts[n_words:].searchsorted(extents) + n_words
        numbers = np.arange(len(questions))
        found = [
            (ranges(first, last - first), numbers.repeat(last - first))
            for first, last in (in_words, in_characters)
        ]
        here, question = map(np.concatenate, zip(*found, strict=True))
        terms, weights = layout.terms.take(here), self._model.weights
        themes = np.array([each.theme for each in questions]).take(question)
        in_heading = layout.rows.take(here) >= layout.structure.n_paragraphs
        heading, paragraph = weights["heading"][terms, themes], weights["paragraph"][terms, themes]
        raised = own.take(here) * np.where(in_heading, heading, paragraph)
        raised += of_section.take(here) * weights["section"][terms, themes]
        raised *= self._model.calibration[themes, 0]
        word = word_starts.searchsorted(layout.starts.take(here), side="right") - 1
        word += (bounds[:-1] - asked.firsts).take(question)
        added: Floats = np.bincount(word, raised, bounds[-1]).astype(np.float64, copy=False)
        return added

    def _made_whole(
        self, raised: NDArray[np.bool_], asked: _Extents, bounds: Ints
    ) -> NDArray[np.bool_]:
        """Add to the words that raised a theme the rest of the figures that they are part of."""
        layout = self._layout
        texts = enumerate(zip(asked.begins.tolist(), asked.ends.tolist(), strict=True))
        found = [
            (question, *match.span())
            for question, extent in texts
            for match in _WHOLE.finditer(layout.text, *extent)
        ]
        if not found:
            return raised
        question, begins, ends = np.array(found).T
        moved = (bounds[:-1] - asked.firsts).take(question)
        firsts = layout.word_starts.searchsorted(begins, side="right") - 1 + moved
        lasts = layout.word_starts.searchsorted(ends) + moved
        so_far = np.append(0, raised.cumsum())
        partly = so_far.take(lasts) > so_far.take(firsts)
        made = raised.copy()
        made[ranges(firsts[partly], (lasts - firsts)[partly])] = True
        return made


def _best(
    text: str, base: int, spans: Sequence[Sequence[int]], sums: Sequence[float]
) -> tuple[Evidence, ...]:
    """Return the phrases of ``spans`` with the greatest ``sums``, each once."""
    best: dict[str, Evidence] = {}
    for phrase in sorted(range(len(sums)), key=sums.__getitem__, reverse=True):
        start, stop = spans[phrase]
        start, stop = start - base, stop - base
        quoted = text[start:stop]
        if quoted not in best:
            best[quoted] = Evidence(start, stop, sums[phrase], quoted)
        if len(best) == _MOST_EVIDENCE:
            break
    return tuple(best.values())
