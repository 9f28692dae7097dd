"""The abstract of an article and of each of its sections."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from policynlp.analysis.abstracts.coherence import unfit_of
from policynlp.analysis.abstracts.ranker import Ranker, Unit
from policynlp.analysis.abstracts.selection import Limits, select
from policynlp.analysis.abstracts.sentences import Sentences
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
    article = Limits(limits.characters, limits.sentences)
    section = Limits(limits.section_characters, limits.sentences)
    bounds = pairwise(sentences.sections)
    units = ranker.rank(sentences)
    if not units:
        return Abstracts(EMPTY, tuple(EMPTY for _ in bounds))
    by_section = iter(units[1:] or units)
    return Abstracts(
        _abstract(sentences, units[0], article),
        tuple(
            _abstract(sentences, next(by_section), section) if first < end else EMPTY
            for first, end in bounds
        ),
    )


def _abstract(sentences: Sentences, unit: Unit, limits: Limits) -> Abstract:
    spans = sentences.spans[unit.first : unit.first + len(unit.scores)]
    lengths = [end - start for start, end in spans]
    if _within(lengths, limits):
        return _join(sentences.text, [span for span in spans if span.start < span.end])
    return _join(sentences.text, [spans[i] for i in _choose(sentences, unit, lengths, limits)])


def _within(lengths: Sequence[int], limits: Limits) -> bool:
    chars, count = limits
    return (chars is None or sum(lengths) <= chars) and (count is None or len(lengths) <= count)


def _join(text: str, spans: list[Span]) -> Abstract:
    return Abstract("".join([text[start:end] for start, end in spans]), tuple(spans))


def _choose(sentences: Sentences, unit: Unit, lengths: Sequence[int], limits: Limits) -> list[int]:
    """Select, and select again without the sentences that cannot stand where they would.

    Run-in heads are chosen only where nothing else fits: editors picked 8 of 103 of them, and
    three in ten of the other sentences.
    """
    usable = [i for i in range(len(lengths)) if unit.first + i not in sentences.run_in]
    chosen = select(unit.scores, lengths, unit.vectors, limits, usable)
    if not chosen:
        return select(unit.scores, lengths, unit.vectors, limits)
    for _ in range(_MOST_REPAIRS):
        unfit = unfit_of(sentences, unit.first, chosen)
        if not unfit:
            return chosen
        usable = [i for i in usable if i not in unfit]
        better = select(unit.scores, lengths, unit.vectors, limits, usable)
        if not better:
            return chosen
        chosen = better
    return chosen
