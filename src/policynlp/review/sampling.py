"""Which paragraphs teach a model most, and a random few that say how well it does.

Uncertainty sampling (Lewis & Gale, "A sequential algorithm for training text classifiers",
1994): the rows nearest to a theme's threshold, spread over themes and sources.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import chain, zip_longest
from math import ceil
from random import Random
from typing import Final

import numpy as np

from policynlp.language.terms import Floats
from policynlp.review.rows import RANDOM, Row

RANDOM_SHARE: Final = 0.2
_POOL: Final = 3  # a theme's rows are spread over sources among so many times what it needs
_LEAST: Final = 5e-5  # records have four digits


def sample_rows(rows: Sequence[Row], n_rows: int, *, seed: int = 0) -> list[Row]:
    """Choose ``n_rows`` of ``rows``, the same in every run, the most telling first.

    A fifth is drawn at random from all ``rows`` and stands evenly among the others, so that a
    sheet that is done in part has its share of them, too.
    """
    rows = sorted(rows, key=lambda row: row.key)
    n_rows = min(n_rows, len(rows))
    drawn = Random(seed).sample(range(len(rows)), round(RANDOM_SHARE * n_rows))
    random = [replace(rows[i], sampling=RANDOM) for i in drawn]
    taken = set(drawn)
    others = [row for i, row in enumerate(rows) if i not in taken]
    return _mixed(_most_uncertain(others, n_rows - len(random)), random)


def distances(rows: Sequence[Row]) -> Floats:
    """Return how far each probability is from its theme's threshold, in log-odds: [rows, themes].

    The threshold lies between the least probability that was tagged and the greatest that was
    not; so it is the one the articles were scored with, whatever the model's own is.
    """
    themes = rows[0].themes
    p = np.array([[row.probabilities[theme] for theme in themes] for row in rows])
    log_odds = np.log(np.clip(p, _LEAST, 1 - _LEAST)) - np.log1p(-np.clip(p, _LEAST, 1 - _LEAST))
    tagged = np.array([[theme in row.tags for theme in themes] for row in rows])
    least = np.where(tagged, log_odds, np.inf).min(axis=0)
    greatest = np.where(tagged, -np.inf, log_odds).max(axis=0)
    least, greatest = (
        np.where(np.isinf(least), greatest, least),
        np.where(np.isinf(greatest), least, greatest),
    )
    far: Floats = np.abs(log_odds - (least + greatest) / 2)
    return far


def _most_uncertain(rows: Sequence[Row], n_rows: int) -> list[Row]:
    """Take the rows by turns from each theme's own order."""
    if not n_rows:
        return []
    far = distances(rows)
    wanted = _POOL * ceil(n_rows / far.shape[1])
    by_theme = (_spread(rows, column, wanted) for column in far.T)
    turns = (i for i in chain.from_iterable(zip_longest(*by_theme)) if i is not None)
    return [rows[i] for i in list(dict.fromkeys(turns))[:n_rows]]


def _spread(rows: Sequence[Row], far: Floats, wanted: int) -> list[int]:
    """Order rows nearest first; of the first ``wanted``, each source's nearest come first."""
    order: list[int] = np.argsort(far, kind="stable").tolist()
    seen: Counter[str] = Counter()
    turn = {}
    for i in order[:wanted]:
        source = rows[i].source or rows[i].article
        turn[i] = seen[source]
        seen[source] += 1
    return sorted(turn, key=turn.__getitem__) + order[wanted:]


def _mixed(rows: Sequence[Row], others: Sequence[Row]) -> list[Row]:
    """Put ``others`` among ``rows``, evenly."""
    placed = [((i + 1) / (len(rows) + 1), row) for i, row in enumerate(rows)]
    placed += [((i + 1) / (len(others) + 1), row) for i, row in enumerate(others)]
    return [row for _, row in sorted(placed, key=lambda each: each[0])]
