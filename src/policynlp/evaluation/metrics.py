"""Measures of tagging quality with intervals, thresholds, curves and calibration."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from sklearn.metrics import brier_score_loss, precision_recall_curve

from policynlp.corpus.dataset import Flags
from policynlp.evaluation.predictions import Outcome
from policynlp.language.terms import Floats, Ints

LEAST_TAGGED = 20  # a precision of fewer rows is chance


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
    precision, recall, _ = precision_recall_curve(holds, probabilities)
    half = precision * recall / np.maximum(precision + recall, np.finfo(float).tiny)
    return float(half.max())


def thresholds_by_precision(
    holds: Flags, probabilities: Floats, precisions: Sequence[float]
) -> dict[float, float | None]:
    """Return the lowest threshold whose tags are right in each of ``precisions``, rising.

    ``None`` where no threshold reaches it with at least ``LEAST_TAGGED`` rows tagged.
    """
    precision, _, least = precision_recall_curve(holds, probabilities)
    n_tagged = len(probabilities) - np.searchsorted(np.sort(probabilities), least)
    reached = np.where(n_tagged >= LEAST_TAGGED, precision[:-1], 0.0)
    # Halfway from the least probability that is tagged to the greatest that is not.
    thresholds = (least + np.append(0.0, least[:-1])) / 2
    return {
        wanted: float(thresholds[reached >= wanted].min()) if (reached >= wanted).any() else None
        for wanted in precisions
    }


N_BINS: Final = 10
_DIGITS: Final = 4


class Bin(NamedTuple):
    """Rows of like probability: how many, their mean probability and the share that holds."""

    rows: int
    probability: float
    share: float


def calibration_bins(holds: Flags, probabilities: Floats) -> list[Bin]:
    """Group rows into ten bins of equal width; a bin without rows is left out."""
    number = np.minimum((probabilities * N_BINS).astype(np.int64), N_BINS - 1)
    return [
        Bin(
            int(inside.sum()),
            round(float(probabilities[inside].mean()), _DIGITS),
            round(float(holds[inside].mean()), _DIGITS),
        )
        for inside in (number == i for i in range(N_BINS))
        if inside.any()
    ]


def calibration_error(bins: Sequence[Bin]) -> float | None:
    """Return the mean distance of probability and share from 0.1 up, weighted by rows.

    The first bin is left out: most rows are easy negatives, which would make any model look
    calibrated. ``None`` without a row from 0.1 up.
    """
    likely = [each for each in bins if each.probability >= 1.0 / N_BINS]
    rows = sum(each.rows for each in likely)
    if not rows:
        return None
    apart = sum(each.rows * abs(each.probability - each.share) for each in likely)
    return round(apart / rows, _DIGITS)


def brier_score(holds: Flags, probabilities: Floats) -> float:
    """Return the mean squared distance of probabilities from what holds, over all rows."""
    return round(float(brier_score_loss(holds, probabilities)), _DIGITS)


PARTS: Final = tuple(round(0.1 * i, 1) for i in range(1, 11))
_MOST_POINTS: Final = 100  # of a curve; more would not show


def precision_recall(holds: Flags, probabilities: Floats) -> list[tuple[float, float]]:
    """Return recall and precision at falling thresholds, a hundred recalls at most.

    At least one row must hold.
    """
    precision, recall, _ = precision_recall_curve(holds, probabilities)
    precision, recall = precision[-2::-1], recall[-2::-1]  # The last point is of no threshold.
    hits = np.rint(recall * holds.sum())
    targets = np.linspace(hits[0], hits[-1], min(_MOST_POINTS, len(hits)))
    points = np.unique(np.searchsorted(hits, targets))
    pairs = np.column_stack((recall, precision))[points].round(_DIGITS)
    return [(each[0], each[1]) for each in pairs.tolist()]


def coverage(outcome: Outcome) -> list[dict[str, float]]:
    """Return how much is decided, and how rightly, as the band of *uncertain* widens.

    A row is decided if it is tagged or has none: no theme from ``part`` of its threshold up.
    It is right if its tags are its labels, of the themes that are known. ``right_none`` is the
    share of the rows without a theme that have no label.
    """
    rows = outcome.labels.known.any(axis=1)
    holds, tagged = outcome.holds[rows], outcome.tagged[rows]
    relative = outcome.probabilities[rows] / np.array(outcome.thresholds.threshold)
    highest = np.where(outcome.labels.known[rows], relative, 0.0).max(axis=1)
    right = (holds == tagged).all(axis=1)
    curve = []
    for part in PARTS:
        none = highest < part
        decided = none | tagged.any(axis=1)
        curve.append(
            {
                "part": part,
                "decided": _mean(decided),
                "right": _mean(right[decided]),
                "right_none": _mean(right[none]),
            }
        )
    return curve


def _mean(flags: Flags) -> float:
    return round(float(flags.mean()), _DIGITS) if len(flags) else 0.0


RESAMPLES: Final = 1000
_SEED: Final = 0
_OUTSIDE: Final = 0.05  # of the resamples lie outside a 95 % interval

Interval = list[float] | None


def draws(n_articles: int) -> Floats:
    """Return how often each article is drawn: [RESAMPLES, articles], the same in every run."""
    if not n_articles:
        return np.zeros((RESAMPLES, 0))
    picked = np.random.default_rng(_SEED).integers(0, n_articles, (RESAMPLES, n_articles))
    picked += np.arange(RESAMPLES)[:, None] * n_articles
    times = np.bincount(picked.ravel(), minlength=RESAMPLES * n_articles)
    return times.reshape(RESAMPLES, n_articles).astype(np.float64)


def resampled_sums(values: Floats) -> Floats:
    """Sum ``values`` [articles, ...] over each resample: [RESAMPLES, ...]."""
    sums: Floats = np.tensordot(draws(len(values)), values, axes=1)
    return sums


def interval(resampled: Floats) -> Interval:
    """Return the bounds of the 95 % interval of a figure's values, one a resample.

    Resamples where the figure is undefined are left out; it is ``None`` if all are.
    """
    defined = resampled[~np.isnan(resampled)]
    if not len(defined):
        return None
    bounds = np.quantile(defined, (_OUTSIDE / 2, 1 - _OUTSIDE / 2))
    return [round(bound, _DIGITS) for bound in bounds.tolist()]
