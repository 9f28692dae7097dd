"""Bootstrap intervals that resample articles, since an article's rows are not independent.

Efron & Tibshirani, "An introduction to the bootstrap", 1993: percentiles of a figure over
samples of as many articles, drawn with replacement.
"""

from typing import Final

import numpy as np

from policynlp.language.terms import Floats

RESAMPLES: Final = 1000
_SEED: Final = 0
_OUTSIDE: Final = 0.05  # of the resamples lie outside a 95 % interval
_DIGITS: Final = 4

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
