"""The abstract of an article, of each of its sections and of what it says about a theme."""

import sys
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final, NamedTuple

from policynlp.analysis.abstracts.clauses import cost, quote, shorten
from policynlp.analysis.abstracts.coherence import stands, unfit_of
from policynlp.analysis.abstracts.features import Measures
from policynlp.analysis.abstracts.ranker import Ranker
from policynlp.analysis.abstracts.selection import Limits, select
from policynlp.analysis.abstracts.sentences import Sentences, Unit
from policynlp.analysis.abstracts.words import Likeness
from policynlp.article import Abstract, AbstractLimits, Span

_MOST_REPAIRS: Final = 8


class Abstracts(NamedTuple):
    """The abstract of an article, of each of its sections and for each theme asked for."""

    article: Abstract
    sections: tuple[Abstract, ...]
    themes: dict[str, Abstract]


EMPTY: Final = Abstract("", ())
_NO_THEMES: Final[Mapping[str, Sequence[float]]] = {}


def make_abstracts(
    sentences: Sentences,
    ranker: Ranker,
    limits: AbstractLimits,
    themes: Mapping[str, Sequence[float]] = _NO_THEMES,
) -> Abstracts:
    """Choose the abstract of an article, of each of its sections and for each of ``themes``.

    A text within its limits is its own abstract; where nothing fits, the abstract is empty.
    ``themes`` has for every sentence how likely it is about the theme, 0 where it does not
    belong to the theme's abstract.
    """
    writer = _Writer(sentences, ranker, limits)
    whole, *sections = sentences.units()
    return Abstracts(
        writer.abstract(whole, limits.characters),
        tuple([writer.abstract(unit, limits.section_characters) for unit in sections]),
        {theme: writer.about(whole, relevance) for theme, relevance in themes.items()},
    )


class _Writer:
    """Writes the abstracts of one article; measures only what must be chosen from."""

    def __init__(self, sentences: Sentences, ranker: Ranker, limits: AbstractLimits) -> None:
        self._sentences = sentences
        self._ranker = ranker
        self._limits = limits
        self._lengths = [end - start for start, end in sentences.spans]
        self._measured: Measures | None = None
        self._scores: dict[tuple[int, int], list[float]] = {}
        # What an abstract quotes of each sentence, and how many characters that adds to it.
        self._kept, self._costs = sentences.spans, self._lengths
        if not limits.whole_sentences:
            self._kept = [shorten(sentences.text, span) for span in sentences.spans]
            self._costs = list(map(cost, sentences.spans, self._kept))

    @property
    def _measures(self) -> Measures:
        if self._measured is None:
            self._measured = Measures(self._sentences, self._ranker.lexicon)
        return self._measured

    def abstract(self, unit: Unit | None, characters: int | None) -> Abstract:
        """Write the abstract of a unit, of so many characters at most."""
        if unit is None:
            return EMPTY
        lengths = self._lengths[unit.first : unit.end]
        limits = self._limits_of(lengths, characters)
        if _within(lengths, limits):
            spans = self._sentences.spans[unit.first : unit.end]
            return _join(self._sentences.text, [span for span in spans if span[0] < span[1]])
        return self._write(unit, self._scores_of(unit), limits)

    def about(self, unit: Unit | None, relevance: Sequence[float]) -> Abstract:
        """Write what an article says about a theme; ``relevance`` has 0 for what is not."""
        if unit is None or not any(relevance):
            return EMPTY
        scores = [p * r for p, r in zip(self._scores_of(unit), relevance, strict=True)]
        limits = self._limits_of(self._lengths, self._limits.characters)
        return self._write(unit, scores, limits)

    def _limits_of(self, lengths: Sequence[int], characters: int | None) -> Limits:
        if self._limits.ratio is not None:
            share = int(self._limits.ratio * sum(lengths))
            characters = share if characters is None else min(characters, share)
        return Limits(characters, self._limits.sentences)

    def _write(self, unit: Unit, scores: Sequence[float], limits: Limits) -> Abstract:
        costs = self._costs[unit.first : unit.end]
        chosen = self._choose(unit, scores, costs, limits)
        places = [unit.first + i for i in chosen]
        if self._limits.whole_sentences:
            return _join(self._sentences.text, [self._kept[i] for i in places])
        left = sys.maxsize if limits.max_chars is None else limits.max_chars
        left -= sum([self._costs[i] for i in places])
        quotes = [(self._sentences.spans[i], self._kept[i]) for i in places]
        return _join_parts(self._sentences.text, _restored(self._sentences.text, quotes, left))

    def _choose(
        self, unit: Unit, scores: Sequence[float], lengths: Sequence[int], limits: Limits
    ) -> list[int]:
        """Select, and select again without the sentences that cannot stand where they would.

        Run-in heads are chosen only where nothing else fits: editors picked 8 of 103 of them,
        and three in ten of the other sentences. What scores 0 is never chosen.
        """
        among, run_in = partial(self._among, unit), self._sentences.run_in
        allowed = [i for i, score in enumerate(scores) if score]
        usable = [i for i in allowed if unit.first + i not in run_in] if run_in else allowed
        chosen = select(scores, lengths, among, limits, usable)
        if not chosen:
            return select(scores, lengths, among, limits, allowed)
        for _ in range(_MOST_REPAIRS):
            unfit = unfit_of(self._sentences.text, self._kept, unit.first, chosen)
            if not unfit:
                return chosen
            usable = [i for i in usable if i not in unfit]
            better = select(scores, lengths, among, limits, usable)
            if not better:
                return chosen
            chosen = better
        return chosen

    def _among(self, unit: Unit, some: Sequence[int]) -> Likeness:
        return self._measures.words.among([unit.first + i for i in some])

    def _scores_of(self, unit: Unit) -> list[float]:
        """Score a unit once: an article with one section has two abstracts of the same unit."""
        place = unit.first, unit.end
        if place not in self._scores:
            self._scores[place] = self._ranker.scores(self._measures, unit)
        return self._scores[place]


def _join(text: str, spans: Sequence[Span]) -> Abstract:
    return Abstract("".join([text[start:end] for start, end in spans]), tuple(spans))


def _join_parts(text: str, quotes: Sequence[tuple[Span, Span]]) -> Abstract:
    """Join what is kept of sentences."""
    said = "".join([quote(text, *each) for each in quotes])
    return Abstract(said, tuple([kept for _, kept in quotes]))


def _restored(text: str, quotes: Sequence[tuple[Span, Span]], left: int) -> list[tuple[Span, Span]]:
    """Give sentences back what they need not have given up, the first ones first."""
    restored = []
    for sentence, kept in quotes:
        added = sentence.end - sentence.start - cost(sentence, kept)
        whole = added <= left and stands(text, sentence)
        restored.append((sentence, sentence if whole else kept))
        left -= added if whole else 0
    return restored


def _within(lengths: Sequence[int], limits: Limits) -> bool:
    chars, count = limits
    return (chars is None or sum(lengths) <= chars) and (count is None or len(lengths) <= count)
