"""How far probabilities can be taken at their word.

Expected calibration error as in Naeini et al., "Obtaining well calibrated probabilities using
Bayesian binning", 2015; Brier, "Verification of forecasts expressed in terms of probability",
1950.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from policynlp.language.terms import Floats
from policynlp.training.dataset import Flags

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
    judged = [each for each in bins if each.probability >= 1.0 / N_BINS]
    rows = sum(each.rows for each in judged)
    if not rows:
        return None
    apart = sum(each.rows * abs(each.probability - each.share) for each in judged)
    return round(apart / rows, _DIGITS)


def brier_score(holds: Flags, probabilities: Floats) -> float:
    """Return the mean squared distance of probabilities from what holds, over all rows."""
    return round(float(np.mean((probabilities - holds) ** 2)), _DIGITS)
