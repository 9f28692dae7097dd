"""The sentences of many abstracts, measured in one table and chosen one abstract after another."""

from bisect import bisect_left
from collections.abc import Sequence
from functools import partial
from typing import Final, NamedTuple

from policynlp.analysis.abstracts.coherence import unfit_of
from policynlp.analysis.abstracts.features import Measures
from policynlp.analysis.abstracts.ranker import Ranker
from policynlp.analysis.abstracts.selection import Among, Limits, Shortlist, choose, shortlist
from policynlp.analysis.abstracts.sentences import Sentences, Unit, Units
from policynlp.analysis.abstracts.words import Cosines
from policynlp.article import Span

_MOST_REPAIRS: Final = 8
# Of more sentences than this those that cannot stand are left out, and none is chosen instead:
# where each leans on the one before it, choosing eight times more took nine times as long, and of
# 6,400 sentences 60 times as long as of 800. Half of the longest of 3,000 articles are 93.
_MOST_REPLACED: Final = 500


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
    return chooser.choose([chooser.prepare(task) for task in tasks])


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

    def choose(self, choices: Sequence[_Choice]) -> list[list[int]]:
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
            best = self._repaired(choice, choose(candidates, among))
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
        return choose(candidates, partial(self._words.among, choice.number))


def _measured(table: list[list[float]], compared: Sequence[int], places: Sequence[int]) -> Cosines:
    """Return how alike some of the sentences are that were ``compared``."""
    return Cosines(table, list(map(partial(bisect_left, compared), places)))
