"""Measures of tagging quality and the thresholds that optimise them."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from policynlp.language.terms import Floats

Flags = NDArray[np.bool_]


class Score(NamedTuple):
    """Precision, recall and F1 of one theme; each is 0 where its denominator is."""

    precision: float
    recall: float
    f1: float


def score(holds: Flags, tagged: Flags) -> Score:
    """Compare tags with labels, one boolean a row."""
    hits = int((holds & tagged).sum())
    n_tagged, n_holds = int(tagged.sum()), int(holds.sum())
    return Score(
        hits / n_tagged if n_tagged else 0.0,
        hits / n_holds if n_holds else 0.0,
        2 * hits / (n_tagged + n_holds) if n_tagged + n_holds else 0.0,
    )


def best_threshold(holds: Flags, probabilities: Floats) -> float:
    """Return the threshold of greatest F1, halfway between two neighbouring probabilities."""
    order = np.argsort(-probabilities, kind="stable")
    ranked = probabilities[order]
    hits = np.cumsum(holds[order])
    f1 = 2 * hits / (np.arange(1, len(ranked) + 1) + hits[-1])
    last_of_ties = np.append(ranked[1:] != ranked[:-1], True)
    best = int(np.argmax(np.where(last_of_ties, f1, -1.0)))
    below = ranked[best + 1] if best + 1 < len(ranked) else 0.0
    return float((ranked[best] + below) / 2)
