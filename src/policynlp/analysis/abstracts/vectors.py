"""Sentences as vectors of their words."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from policynlp.language.terms import Floats, Ints


class Vectors(NamedTuple):
    """The words of one unit's sentences, as vectors of length 1.

    Entry e is the value ``values[e]`` at ``places[e]``, below ``width``, of the sentence
    ``owners[e]``; sentence i has the entries ``indptr[i]`` to ``indptr[i + 1]``.
    """

    indptr: list[int]
    owners: Ints
    places: Ints
    values: Floats
    width: int

    def among(self, sentences: Sequence[int]) -> "Vectors":
        """Return the vectors of some of the sentences, in ascending order."""
        if len(sentences) == len(self.indptr) - 1:
            return self
        begins = np.array([self.indptr[i] for i in sentences])
        ends = np.array([self.indptr[i + 1] for i in sentences])
        sizes = ends - begins
        indptr = [0, *sizes.cumsum().tolist()]
        owners = np.arange(len(sizes)).repeat(sizes)
        entries = np.arange(indptr[-1]) + (begins - indptr[:-1])[owners]
        return Vectors(indptr, owners, self.places[entries], self.values[entries], self.width)

    def cosines(self) -> Floats:
        """Return the cosine of each of n sentences with each other, [n, n]."""
        dense = np.zeros((len(self.indptr) - 1, self.width))
        dense[self.owners, self.places] = self.values
        product: Floats = dense @ dense.T
        return product
