"""How likely an editor is to pick each sentence: a logistic model over features and words."""

from collections.abc import Mapping, Sequence

import numpy as np

from policynlp.analysis.abstracts.features import FEATURES, Measures
from policynlp.errors import ModelError
from policynlp.language.terms import Floats


class Ranker:
    """Says how likely an editor is to pick each sentence of an article."""

    def __init__(self, weights: Floats, lexicon: Floats) -> None:
        """Take the bias and a weight for each of FEATURES, and [terms] weights of words."""
        if weights.shape != (len(FEATURES) + 1,) or not np.isfinite(weights).all():
            raise ModelError(
                "weights/abstracts.npy: expected {expected} finite weights, found {found}; "
                "train the model again with this version",
                expected=len(FEATURES) + 1,
                found=weights.shape,
            )
        if lexicon.ndim != 1 or not np.isfinite(lexicon).all():
            raise ModelError(
                "weights/abstract_words.npy: the weights of words must be one finite number a term"
            )
        self.weights = weights
        self.lexicon = lexicon

    def scores(self, measures: Measures) -> list[float]:
        """Return how likely each sentence of each unit that was measured is a pick."""
        # A product of matrices would sum in an order that depends on their size.
        weighted = np.multiply(measures.features.T, self.weights[1:], order="C")
        logits = np.add.reduce(weighted, axis=1) + self.weights[0]
        with np.errstate(over="ignore"):  # as of a model with far greater weights than any has
            scores: list[float] = (1.0 / (1.0 + np.exp(-logits))).tolist()
        return scores


def lexicon_of(weights: Mapping[str, float], terms: Sequence[str]) -> Floats:
    """Return the weight of each of ``terms``, 0 where ``weights`` has none."""
    return np.array([weights.get(term, 0.0) for term in terms])
