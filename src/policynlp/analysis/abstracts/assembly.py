"""The abstract of an article and of each of its sections."""

from collections.abc import Sequence
from functools import cached_property, partial
from typing import Final, NamedTuple

from policynlp.analysis.abstracts.coherence import unfit_of
from policynlp.analysis.abstracts.features import Measures
from policynlp.analysis.abstracts.ranker import Ranker
from policynlp.analysis.abstracts.selection import Limits, select
from policynlp.analysis.abstracts.sentences import Sentences, Unit
from policynlp.analysis.abstracts.words import Likeness
from policynlp.article import Abstract, AbstractLimits, Span

_MOST_REPAIRS: Final = 8


class Abstracts(NamedTuple):
    """The abstract of an article and of each of its sections."""

    article: Abstract
    sections: tuple[Abstract, ...]


EMPTY: Final = Abstract("", ())


def make_abstracts(sentences: Sentences, ranker: Ranker, limits: AbstractLimits) -> Abstracts:
    """Choose the abstract of an article and of each of its sections.

    A text within its limits is its own abstract; where nothing fits, the abstract is empty.
    """
    write = _Writer(sentences, ranker).write
    article = Limits(limits.characters, limits.sentences)
    section = Limits(limits.section_characters, limits.sentences)
    whole, *sections = sentences.units()
    return Abstracts(write(whole, article), tuple([write(unit, section) for unit in sections]))


class _Writer:
    """Writes the abstracts of one article's units; measures only what must be chosen from."""

    def __init__(self, sentences: Sentences, ranker: Ranker) -> None:
        self._sentences = sentences
        self._ranker = ranker
        self._lengths = [end - start for start, end in sentences.spans]
        self._scores: dict[tuple[int, int], list[float]] = {}

    @cached_property
    def _measures(self) -> Measures:
        return Measures(self._sentences, self._ranker.lexicon)

    def write(self, unit: Unit | None, limits: Limits) -> Abstract:
        if unit is None:
            return EMPTY
        spans = self._sentences.spans[unit.first : unit.end]
        lengths = self._lengths[unit.first : unit.end]
        if _within(lengths, limits):
            return _join(self._sentences.text, [span for span in spans if span.start < span.end])
        chosen = self._choose(unit, lengths, limits)
        return _join(self._sentences.text, [spans[i] for i in chosen])

    def _choose(self, unit: Unit, lengths: Sequence[int], limits: Limits) -> list[int]:
        """Select, and select again without the sentences that cannot stand where they would.

        Run-in heads are chosen only where nothing else fits: editors picked 8 of 103 of them,
        and three in ten of the other sentences.
        """
        scores = self._scores_of(unit)
        among = partial(self._among, unit)
        run_in = self._sentences.run_in
        usable = [i for i in range(unit.size) if unit.first + i not in run_in]
        chosen = select(scores, lengths, among, limits, usable)
        if not chosen:
            return select(scores, lengths, among, limits)
        for _ in range(_MOST_REPAIRS):
            unfit = unfit_of(self._sentences, unit.first, chosen)
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


def _within(lengths: Sequence[int], limits: Limits) -> bool:
    chars, count = limits
    return (chars is None or sum(lengths) <= chars) and (count is None or len(lengths) <= count)


def _join(text: str, spans: list[Span]) -> Abstract:
    return Abstract("".join([text[start:end] for start, end in spans]), tuple(spans))
