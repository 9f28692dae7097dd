"""How likely an editor is to pick each sentence: a logistic model over features and words."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from policynlp.analysis.abstracts.features import (
    FEATURES,
    Rows,
    Words,
    features_of,
    rows_of,
    words_of,
)
from policynlp.analysis.abstracts.sentences import Sentences
from policynlp.analysis.abstracts.vectors import Vectors
from policynlp.errors import ModelError
from policynlp.language.terms import Floats


class Unit(NamedTuple):
    """A ranked unit: its first sentence in the article, and how likely each is a pick."""

    first: int
    scores: list[float]
    vectors: Vectors


class Ranker:
    """Says how likely an editor is to pick each sentence of an article."""

    def __init__(self, weights: Floats, lexicon: Floats) -> None:
        """Take the bias and a weight for each of FEATURES, and [terms] weights of words."""
        if weights.shape != (len(FEATURES) + 1,) or not np.isfinite(weights).all():
            raise ModelError(
                f"abstracts: expected {len(FEATURES) + 1} finite weights, got {weights.shape}; "
                "train the model again with this version"
            )
        if lexicon.ndim != 1 or not np.isfinite(lexicon).all():
            raise ModelError("abstracts: the weights of words must be one finite number a term")
        self.weights = weights
        self.lexicon = lexicon

    def rank(self, sentences: Sentences) -> tuple[Unit, ...]:
        """Rank the sentences in the article and, if several have any, in its sections.

        The first unit is the article; the others are the sections that have sentences.
        """
        if not sentences.spans:
            return ()
        rows = rows_of(sentences.sections)
        words = words_of(sentences, rows)
        features = features_of(sentences, rows, words, self.lexicon)
        logits = self.weights[1:] @ features + self.weights[0]
        scores = (1.0 / (1.0 + np.exp(-logits))).tolist()
        return _units(sentences, rows, words, scores)


def _units(sentences: Sentences, rows: Rows, words: Words, scores: list[float]) -> tuple[Unit, ...]:
    n_sentences, n_terms = len(sentences.spans), len(sentences.idf)
    indptr = words.row.searchsorted(np.arange(len(rows.unit) + 1)).tolist()
    lows = words.keys.searchsorted(np.arange(len(rows.sizes) + 1) * n_terms).tolist()
    units = []
    for k, (first, size) in enumerate(zip(rows.firsts.tolist(), rows.sizes.tolist(), strict=True)):
        begin, end = indptr[first], indptr[first + size]
        vectors = Vectors(
            [entry - begin for entry in indptr[first : first + size + 1]],
            words.row[begin:end] - first,
            words.slot[begin:end] - lows[k],
            words.value[begin:end],
            lows[k + 1] - lows[k],
        )
        units.append(Unit(first % n_sentences, scores[first : first + size], vectors))
    return tuple(units)


def lexicon_of(weights: Mapping[str, float], terms: Sequence[str]) -> Floats:
    """Return the weight of each of ``terms``, 0 where ``weights`` has none."""
    return np.array([weights.get(term, 0.0) for term in terms])
