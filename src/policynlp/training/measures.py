"""Measures of tagging quality and the thresholds that optimise them."""

from typing import NamedTuple

import numpy as np

from policynlp.language.terms import Floats
from policynlp.training.dataset import Flags
from policynlp.training.judge import Outcome


class Score(NamedTuple):
    """Precision, recall and F1 of one theme; each is 0 where its denominator is."""

    precision: float
    recall: float
    f1: float


def score(holds: Flags, tagged: Flags) -> Score:
    """Compare tags with labels, one boolean a row."""
    counts = np.array([(holds & tagged).sum(), tagged.sum(), holds.sum()], dtype=np.float64)
    return Score(*np.nan_to_num(scores(counts)).tolist())


def scores(counts: Floats) -> Floats:
    """Return precision, recall and F1 [..., 3] of numbers of hits, tags and labels [..., 3].

    Each is not a number where its denominator is 0.
    """
    hits, tags, labels = np.moveaxis(counts, -1, 0)
    with np.errstate(invalid="ignore"):
        return np.stack((hits / tags, hits / labels, 2.0 * hits / (tags + labels)), axis=-1)


def macro_scores(counts: Floats) -> Floats:
    """Return the means of precision, recall and F1 [..., 3] of counts [..., themes, 3].

    They are over the themes that are labelled, with 0 for what is undefined, and not a number
    where no theme is.
    """
    labelled = counts[..., 2:] > 0
    with np.errstate(invalid="ignore"):
        sums = np.where(labelled, np.nan_to_num(scores(counts)), 0.0).sum(axis=-2)
        means: Floats = sums / labelled.sum(axis=-2)
    return means


def tally(outcome: Outcome) -> Floats:
    """Count hits, tags and labels of each article and theme: [articles, themes, 3]."""
    holds, tagged = outcome.holds, outcome.tagged
    _, article = np.unique(outcome.articles, return_inverse=True)
    counts = np.zeros((int(article.max(initial=-1)) + 1, holds.shape[1], 3))
    np.add.at(counts, article, np.stack((holds & tagged, tagged, holds), axis=-1))
    return counts


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
