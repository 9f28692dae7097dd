"""Which sentences make the best abstracts under a hard limit, many abstracts at a time."""

import math
from bisect import bisect_left
from collections.abc import Callable, Sequence
from functools import partial
from itertools import accumulate, pairwise
from typing import Final, NamedTuple

import numpy as np

from policynlp.abstracts.coherence import unfit_of
from policynlp.abstracts.ranker import Measures, Ranker
from policynlp.abstracts.sentences import Sentences, Unit, Units
from policynlp.abstracts.similarity import Cosines, Likeness
from policynlp.article import Span

# Says how alike some sentences, in ascending order, are.
Among = Callable[[Sequence[int]], Likeness]

# Exact search looks at this many of the likeliest sentences. The number hardly matters:
# ROUGE-1 on other articles 42.3 with 8, 42.3 with 12, 42.5 with 14, 43.0 with 20, pick-F1 over
# ten folds of articles 43.7, 42.6, 42.7, 42.1; greedy choice had 41.6 and 42.0.
_EXACT_CANDIDATES: Final = 12
_MOST_NODES: Final = 2000  # ten is usual; equal sentences in a huge budget could take 2 ** 12
# Abstracts of more sentences than this are chosen greedily, from this many times as many.
_EXACT_PICKS: Final = 6
_POOL: Final = 4
# A greedy choice from more than this goes through them in stretches: it compares each sentence
# that it takes with all others, and half of a text of 250,000 characters took 16 s. The longest of
# 3,000 articles has 309.
_STRETCH: Final = 1000
_MOST_REPAIRS: Final = 8
# Of more sentences than this those that cannot stand are left out, and none is chosen instead:
# where each leans on the one before it, choosing eight times more took nine times as long, and of
# 6,400 sentences 60 times as long as of 800. Half of the longest of 3,000 articles are 93.
_MOST_REPLACED: Final = 500


class Limits(NamedTuple):
    """How long an abstract may be: neither limit is ever exceeded; ``None`` is no limit."""

    max_chars: int | None = None
    max_sentences: int | None = None


class Shortlist(NamedTuple):
    """The sentences that a choice is made from, ascending, with the score and the size of each.

    The choice is ``exact`` or greedy, of a size of ``budget`` and of ``room`` sentences at most.
    """

    places: list[int]
    scores: list[float]
    sizes: list[int]
    budget: int
    room: int
    exact: bool


def select(
    scores: Sequence[float], lengths: Sequence[int], among: Among, limits: Limits
) -> list[int]:
    """Choose the sentences of an abstract, in source order.

    Maximises the sum of p over the chosen less p·q·cosine over each pair of them, which is
    Maximal Marginal Relevance (Carbonell & Goldstein 1998) for sets, as a knapsack (McDonald
    2007). Exact for short abstracts; greedy for long ones.
    """
    candidates = shortlist(scores, lengths, limits, range(len(scores)))
    return best_of(candidates, among) if candidates.places else []


def shortlist(
    scores: Sequence[float], lengths: Sequence[int], limits: Limits, usable: Sequence[int]
) -> Shortlist:
    """Return what to choose from: the most promising of the ``usable`` sentences that fit.

    What scores 0 is never chosen.
    """
    room = len(scores) if limits.max_sentences is None else limits.max_sentences
    # Where only their number is limited, sentences are all of one size.
    sizes = [min(length, 1) for length in lengths] if limits.max_chars is None else lengths
    budget = room if limits.max_chars is None else limits.max_chars
    fit = [i for i in usable if 0 < sizes[i] <= budget and scores[i]]
    best, exact = fit, len(fit) <= _EXACT_CANDIDATES
    if not exact:
        best = sorted(fit, key=scores.__getitem__, reverse=True)[:_EXACT_CANDIDATES]
        picks = min(room, budget * len(best) // sum([sizes[i] for i in best]))
        exact = picks <= _EXACT_PICKS
        best = sorted(best) if exact else _pool(fit, scores, sizes, picks)
    return Shortlist(best, [scores[i] for i in best], [sizes[i] for i in best], budget, room, exact)


def best_of(candidates: Shortlist, among: Among) -> list[int]:
    """Choose the best of a shortlist, in source order."""
    places, scores, sizes, budget, room, exact = candidates
    if exact:
        chosen = _best_set(scores, sizes, among(places), budget, room)
        return sorted([places[i] for i in chosen])
    found: list[int] = []
    n, rest = len(places), sum(sizes)
    n_stretches = -(-n // _STRETCH)
    bounds = [n * number // n_stretches for number in range(n_stretches + 1)]
    for first, end in pairwise(bounds):
        # Each may have its share of what the ones before it have left.
        own = slice(first, end)
        share, places_left = budget * sum(sizes[own]) // rest, room * (end - first) // (n - first)
        chosen = _greedy_set(scores[own], sizes[own], among(places[own]), share, places_left)
        found += sorted([places[first + i] for i in chosen])
        budget -= sum([sizes[first + i] for i in chosen])
        room -= len(chosen)
        rest -= sum(sizes[own])
    return found


def _pool(
    fit: Sequence[int], scores: Sequence[float], sizes: Sequence[int], picks: int
) -> list[int]:
    """Return the sentences that a greedy choice of about ``picks`` looks at."""
    densest = sorted(fit, key=lambda i: -scores[i] / math.sqrt(sizes[i]))
    return sorted(densest[: _POOL * (picks + 1)])


def _best_set(
    scores: list[float], sizes: list[int], likeness: Likeness, budget: int, room: int
) -> list[int]:
    """Search all sets by branch and bound, densest sentences first."""
    densities = [score / size for score, size in zip(scores, sizes, strict=True)]
    order = sorted(range(len(scores)), key=densities.__getitem__, reverse=True)
    rest = list(accumulate([scores[i] for i in reversed(order)]))[::-1]
    table, places = likeness.each_other()
    best_value, best = 0.0, list[int]()
    # A set that is being extended, and where; those on the stack go on without the sentence
    # that was just taken. A function that calls itself would leave a cycle of garbage.
    place, value, left, chosen = 0, 0.0, budget, list[int]()
    n = len(order)
    stack = [(n, value, left, chosen)]
    nodes = 0
    while stack:
        full = len(chosen) == room or nodes > _MOST_NODES
        while place < n and not full:
            # What comes later is less dense, so no set from here on gains more than this.
            i, missing = order[place], best_value - value
            if left * densities[i] <= missing or rest[place] <= missing:
                break
            place += 1
            if sizes[i] > left:
                continue
            cosines, said = table[places[i]], 0.0
            for j in chosen:
                said += cosines[places[j]] * scores[j]
            gain = scores[i] * (1.0 - said)
            if gain > 0.0:
                nodes += 1
                stack.append((place, value, left, chosen))
                value, left, chosen = value + gain, left - sizes[i], [*chosen, i]
                if value > best_value:
                    best_value, best = value, chosen
                full = len(chosen) == room or nodes > _MOST_NODES
        place, value, left, chosen = stack.pop()
    return best


def _greedy_set(
    scores: list[float], sizes: list[int], likeness: Likeness, budget: int, room: int
) -> list[int]:
    """Take the sentence that gains most for the root of its length until none fits.

    A sentence loses by the chosen one that is most like it: summed over many chosen, as in
    :func:`_best_set`, the losses would end a long abstract far below its limit.
    """
    lengths, probabilities, roots = np.array(sizes), np.array(scores), np.sqrt(sizes)
    said = np.zeros(len(sizes))  # how much of each sentence a chosen one says
    left, chosen = budget, list[int]()
    open_ = lengths <= left
    while len(chosen) < room and open_.any():
        best = int(np.where(open_, probabilities * (1.0 - said) / roots, -1.0).argmax())
        chosen.append(best)
        left -= sizes[best]
        open_[best] = False
        open_ &= lengths <= left
        np.maximum(said, probabilities[best] * likeness.to(best), out=said)
    return chosen


class Task(NamedTuple):
    """An abstract to choose, of a unit of an article.

    ``relevance``, if any, has how likely each sentence of the unit is about a theme.
    """

    article: Units
    unit: Unit
    limits: Limits
    relevance: Sequence[float] | None = None


class Quotes(NamedTuple):
    """What an abstract would quote of each sentence, and how many characters that adds to it."""

    spans: Sequence[Span]
    costs: Sequence[int]


class _Choice(NamedTuple):
    """What an abstract is chosen from; sentences count from the first of the unit."""

    task: Task
    number: int  # of the unit, among those that were measured
    scores: Sequence[float]
    costs: Sequence[int]
    usable: Sequence[int]  # all but run-in heads and what is no sentence
    candidates: Shortlist


def choose_all(
    tasks: Sequence[Task], sentences: Sentences, quotes: Quotes, ranker: Ranker
) -> list[list[int]]:
    """Return the numbers of the sentences of each abstract, in source order."""
    if not tasks:
        return []
    chooser = _Chooser(tasks, sentences, quotes, ranker)
    return chooser.run([chooser.prepare(task) for task in tasks])


class _Chooser:
    """Chooses from the sentences of some units, each measured once."""

    def __init__(
        self, tasks: Sequence[Task], sentences: Sentences, quotes: Quotes, ranker: Ranker
    ) -> None:
        self._sentences, self._quotes = sentences, quotes
        self._unusable = sentences.run_in | sentences.fragments
        # An article with one section has two abstracts of the same unit.
        units = {(task.unit.first, task.unit.end): task.unit for task in tasks}
        self._numbers = {place: number for number, place in enumerate(units)}
        measures = Measures(sentences, list(units.values()), ranker.lexicon)
        self._words = measures.words
        self._scores = ranker.scores(measures)
        self._begins = measures.table.begins.tolist()

    def prepare(self, task: Task) -> _Choice:
        """Look up what an abstract is chosen from."""
        first, end, _ = task.unit
        number = self._numbers[first, end]
        begin = self._begins[number]
        scores, costs = self._scores[begin : begin + end - first], self._quotes.costs[first:end]
        if task.relevance is not None:
            scores = [p * r for p, r in zip(scores, task.relevance, strict=True)]
        usable: Sequence[int] = range(end - first)
        if self._unusable:
            usable = [i for i in usable if first + i not in self._unusable]
        return _Choice(
            task, number, scores, costs, usable, shortlist(scores, costs, task.limits, usable)
        )

    def run(self, choices: Sequence[_Choice]) -> list[list[int]]:
        """Choose the sentences of each abstract."""
        wanted: list[set[int]] = [set() for _ in self._begins]
        for choice in choices:
            if choice.candidates.exact:
                wanted[choice.number].update(choice.candidates.places)
        compared = [sorted(places) for places in wanted]
        tables = list(self._words.cosines(compared))
        chosen = []
        for choice in choices:
            candidates, number = choice.candidates, choice.number
            among: Among = partial(self._words.among, number)
            if candidates.exact:
                among = partial(_measured, tables[number], compared[number])
            best = self._repaired(choice, best_of(candidates, among))
            chosen.append([choice.task.unit.first + i for i in best])
        return chosen

    def _repaired(self, choice: _Choice, chosen: list[int]) -> list[int]:
        """Select again without the sentences that cannot stand where they would.

        Run-in heads and what is no sentence are chosen only where nothing else fits: editors
        picked 8 of 103 run-in heads, and three in ten of the other sentences.
        """
        if not chosen:
            return self._select(choice, range(len(choice.scores)))
        usable, first = choice.usable, choice.task.unit.first
        start = choice.task.article.first
        for _ in range(_MOST_REPAIRS):
            unfit = unfit_of(self._sentences.text, self._quotes.spans, start, first, chosen)
            if not unfit:
                return chosen
            if len(chosen) > _MOST_REPLACED:
                better = [i for i in chosen if i not in unfit]
            else:
                usable = [i for i in usable if i not in unfit]
                better = self._select(choice, usable)
            if not better:
                return chosen
            chosen = better
        return chosen

    def _select(self, choice: _Choice, usable: Sequence[int]) -> list[int]:
        candidates = shortlist(choice.scores, choice.costs, choice.task.limits, usable)
        if not candidates.places:
            return []
        return best_of(candidates, partial(self._words.among, choice.number))


def _measured(table: list[list[float]], compared: Sequence[int], places: Sequence[int]) -> Cosines:
    """Return how alike some of the sentences are that were ``compared``."""
    return Cosines(table, list(map(partial(bisect_left, compared), places)))
