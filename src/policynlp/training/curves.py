"""What other thresholds and bands would give: precision by recall, rightness by coverage."""

from typing import Final

import numpy as np

from policynlp.language.terms import Floats
from policynlp.training.dataset import Flags
from policynlp.training.judge import Outcome

PARTS: Final = tuple(round(0.1 * i, 1) for i in range(1, 11))
_MOST_POINTS: Final = 100  # of a curve; more would not show
_DIGITS: Final = 4


def precision_recall(holds: Flags, probabilities: Floats) -> list[tuple[float, float]]:
    """Return recall and precision at falling thresholds, a hundred recalls at most.

    At least one row must hold.
    """
    order = np.argsort(-probabilities, kind="stable")
    hits = np.cumsum(holds[order])
    last_of_ties = np.append(np.diff(probabilities[order]) != 0, True).nonzero()[0]
    found = hits[last_of_ties]
    targets = np.linspace(found[0], found[-1], min(_MOST_POINTS, len(found)))
    rows = np.unique(last_of_ties[np.searchsorted(found, targets)])
    recall, precision = hits[rows] / hits[-1], hits[rows] / (rows + 1)
    return list(zip(recall.round(_DIGITS).tolist(), precision.round(_DIGITS).tolist(), strict=True))


def coverage(outcome: Outcome) -> list[dict[str, float]]:
    """Return how much is decided, and how rightly, as the band of *uncertain* widens.

    A row is decided if it is tagged or has none: no theme from ``part`` of its threshold up.
    It is right if its tags are its labels, of the themes that are known. ``right_none`` is the
    share of the rows without a theme that have no label.
    """
    rows = outcome.labels.known.any(axis=1)
    holds, tagged = outcome.holds[rows], outcome.tagged[rows]
    relative = outcome.probabilities[rows] / np.array(outcome.cutoffs.threshold)
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
