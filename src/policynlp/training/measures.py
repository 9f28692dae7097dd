"""Measures of tagging quality and the thresholds that optimise or promise them."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from policynlp.language.terms import Floats, Ints
from policynlp.training.dataset import Flags
from policynlp.training.judge import Outcome

LEAST_TAGGED = 20  # a precision of fewer rows is chance


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
    return count_hits(outcome.holds, outcome.tagged, outcome.articles)


def count_hits(holds: Flags, tagged: Flags, articles: Ints) -> Floats:
    """Count as :func:`tally` does, where labels and tags are [rows, themes], articles [rows]."""
    _, article = np.unique(articles, return_inverse=True)
    counts = np.zeros((int(article.max(initial=-1)) + 1, holds.shape[1], 3))
    np.add.at(counts, article, np.stack((holds & tagged, tagged, holds), axis=-1))
    return counts


def f1_threshold(holds: Flags, probabilities: Floats) -> float:
    """Return the threshold of greatest expected F1 for calibrated probabilities: half of it.

    Lipton, Elkan & Naryanaswamy, "Optimal thresholding of classifiers to maximize F1 measure",
    2014. Where F1 itself is greatest is a matter of few rows: thresholds learned on half of the
    articles had macro-F1 0.787 on the other half that way, 0.792 this way (sections 0.780, 0.781;
    60 splits).
    """
    tagged, hits, _ = _thresholds(holds, probabilities)
    return float((2 * hits / (tagged + hits[-1])).max()) / 2


def thresholds_by_precision(
    holds: Flags, probabilities: Floats, precisions: Sequence[float]
) -> dict[float, float | None]:
    """Return the lowest threshold whose tags are right in each of ``precisions``, rising.

    ``None`` where no threshold reaches it with at least ``LEAST_TAGGED`` rows tagged.
    """
    tagged, hits, thresholds = _thresholds(holds, probabilities)
    reached = np.where(tagged >= LEAST_TAGGED, hits / np.maximum(tagged, 1), 0.0)
    return {
        precision: float(thresholds[reached >= precision].min())
        if (reached >= precision).any()
        else None
        for precision in precisions
    }


def _thresholds(holds: Flags, probabilities: Floats) -> tuple[Floats, Floats, Floats]:
    """Return how many rows each threshold tags, and rightly: the highest threshold first."""
    order = np.argsort(-probabilities, kind="stable")
    ranked = probabilities[order]
    last_of_ties = np.append(ranked[1:] != ranked[:-1], True)[: len(ranked)]
    thresholds = (ranked + np.append(ranked[1:], 0.0)) / 2
    tagged = np.arange(1.0, len(ranked) + 1)
    hits = holds[order].cumsum(dtype=np.float64)
    return tagged[last_of_ties], hits[last_of_ties], thresholds[last_of_ties]
