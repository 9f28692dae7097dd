"""The words of an article's sentences: what they share, and how alike they are.

Sentences are vectors of tf-idf over words. The abstracts of an article of 12 sentences take
286 µs with a matrix of all its sentences and words, 349 with lists of entries; those of 60
sentences 977 and 713, and a matrix of a long article would not fit into memory.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from policynlp.analysis.abstracts.sentences import Sentences, Unit
from policynlp.language.terms import Floats, Ints, pool

Flags = NDArray[np.bool_]

# Cells of a matrix, some 35 sentences; beyond them lists of entries are faster.
_MOST_CELLS: Final = 30_000
_NOTHING: Final = 1e-30  # instead of 0 under a division


class Said(NamedTuple):
    """What each of n sentences says whatever stands around it, [n] each.

    ``mass`` is the sum of its words' idf, ``distinct`` their number, ``weight`` what they weigh
    by the lexicon, as tf-idf is scaled.
    """

    mass: Floats
    distinct: Floats
    weight: Floats


class Shared(NamedTuple):
    """What each sentence of a unit shares with the others and the title, [sentences] each.

    ``repeated`` and ``in_title`` are sums of idf: of words that other sentences have, too, and
    of words of the title; ``new`` is the number of words that no sentence before has.
    """

    repeated: Floats
    new: Ints
    in_title: Floats


class Likeness(Protocol):
    """How alike n sentences are: the cosines of their tf-idf."""

    def each_other(self) -> "Cosines":
        """Return the cosine of each with each."""

    def to(self, sentence: int) -> Floats:
        """Return the cosine of each with one of them, [n]."""


class Words(Protocol):
    """The words of one article's sentences."""

    said: Said

    def shared(self, unit: Unit) -> Shared:
        """Measure a unit."""

    def among(self, sentences: Sequence[int]) -> Likeness:
        """Return how alike some of the sentences are."""


def words_of(sentences: Sentences, lexicon: Floats) -> Words:
    """Return the words of an article; ``lexicon`` [terms] has the weight of each."""
    small = len(sentences.spans) * len(sentences.words.terms) <= _MOST_CELLS
    return _Matrix(sentences, lexicon) if small else _Entries(sentences, lexicon)


class _Matrix:
    """A row a sentence, a column a word: the last occurrence of it, the other columns are empty."""

    def __init__(self, sentences: Sentences, lexicon: Floats) -> None:
        n, rows, terms = len(sentences.spans), sentences.words.rows, sentences.words.terms
        width, n_terms = len(terms), len(sentences.idf)
        column = np.empty(n_terms, dtype=np.int64)  # read only where it is written
        column[terms] = np.arange(width)
        self._rows, self._terms, self._n_terms = rows, terms, n_terms
        self._columns = columns = column.take(terms)
        self._idf = idf = sentences.idf.take(terms)
        tf_idf = np.bincount(rows * width + columns, idf, n * width).reshape(n, width)
        self._has = np.zeros((n, width))
        self._has[rows, columns] = 1.0
        products = tf_idf @ tf_idf.T
        norms = np.sqrt(products.diagonal() + _NOTHING)
        self._cosines: list[list[float]] = (products / norms / norms[:, None]).tolist()
        weights = np.array((idf, np.ones(width), lexicon.take(terms) * idf))
        mass, distinct, weight = (self._has @ weights.T).T
        self.said = Said(mass, distinct, weight / norms)

    def shared(self, unit: Unit) -> Shared:
        """Measure a unit."""
        has = self._has[unit.first : unit.end]
        frequency = np.add.reduce(has, axis=0)
        repeated = has @ (self._idf * (frequency > 1.0))
        rows, columns = self._rows, self._columns
        if unit.size < len(self._has):
            own = slice(*rows.searchsorted((unit.first, unit.end)))
            rows, columns = rows[own] - unit.first, columns[own]
        firsts = np.empty(len(frequency), dtype=np.int64)  # of each column: its first sentence
        firsts[columns[::-1]] = rows[::-1]
        new = np.bincount(firsts[frequency > 0.0], minlength=unit.size)
        if not len(unit.title):
            return Shared(repeated, new, np.zeros(unit.size))
        in_title = _among(self._terms, unit.title, self._n_terms)
        return Shared(repeated, new, has @ (self._idf * in_title))

    def among(self, sentences: Sequence[int]) -> "Cosines":
        """Return how alike some of the sentences are."""
        return Cosines(self._cosines, sentences)


class _Entries:
    """An entry a distinct word of a sentence, in the order of the sentences."""

    def __init__(self, sentences: Sentences, lexicon: Floats) -> None:
        n = len(sentences.spans)
        counts = pool(sentences.words.rows, sentences.words.terms, n, len(sentences.idf)).counts
        self._rows, self._terms = counts.rows(), counts.terms
        self._idf = sentences.idf.take(counts.terms)
        values = counts.values * self._idf
        norms = np.sqrt(_sums(self._rows, values * values, n) + _NOTHING)
        self._values = values / norms[self._rows]
        self._indptr = counts.indptr.tolist()
        weight = _sums(self._rows, lexicon.take(counts.terms) * self._idf, n) / norms
        mass = _sums(self._rows, self._idf, n)
        distinct: Floats = np.bincount(self._rows, minlength=n).astype(np.float64)
        self.said = Said(mass, distinct, weight)
        self._column = np.empty(len(sentences.idf), dtype=np.int64)

    def shared(self, unit: Unit) -> Shared:
        """Measure a unit."""
        own = slice(self._indptr[unit.first], self._indptr[unit.end])
        rows, terms, idf = self._rows[own] - unit.first, self._terms[own], self._idf[own]
        firsts = self._firsts(terms)
        repeated = np.bincount(firsts)[firsts] > 1
        new = np.bincount(rows[firsts == np.arange(len(terms))], minlength=unit.size)
        in_title = _among(terms, unit.title, len(self._column))
        return Shared(
            _sums(rows, idf * repeated, unit.size),
            new,
            _sums(rows, idf * in_title, unit.size),
        )

    def _firsts(self, terms: Ints) -> Ints:
        """Return the first entry with each entry's term."""
        backwards = np.arange(len(terms))[::-1]
        self._column[terms[::-1]] = backwards  # of equal terms, the last that is written stays
        return self._column.take(terms)

    def among(self, sentences: Sequence[int]) -> "_Vectors":
        """Return how alike some of the sentences are."""
        entries = [slice(self._indptr[i], self._indptr[i + 1]) for i in sentences]
        terms = np.concatenate([self._terms[own] for own in entries])
        return _Vectors(
            np.array([own.stop - own.start for own in entries]),
            self._firsts(terms),
            np.concatenate([self._values[own] for own in entries]),
        )


class Cosines(NamedTuple):
    """How alike sentences are: ``table[places[i]][places[j]]`` is the cosine of i and j."""

    table: list[list[float]]
    places: Sequence[int]

    def each_other(self) -> "Cosines":
        """Return the cosine of each with each."""
        return self

    def to(self, sentence: int) -> Floats:
        """Return the cosine of each with one of them, [n]."""
        row = self.table[self.places[sentence]]
        return np.array([row[place] for place in self.places])


class _Vectors:
    """How alike sentences are, where their number is too large to know all cosines."""

    def __init__(self, sizes: Ints, columns: Ints, values: Floats) -> None:
        self._owners = np.arange(len(sizes)).repeat(sizes)
        self._begins = [0, *sizes.cumsum().tolist()]
        self._columns, self._values = columns, values
        self._one = np.zeros(len(columns))

    def each_other(self) -> Cosines:
        """Return the cosine of each with each."""
        dense = np.zeros((len(self._begins) - 1, len(self._columns)))
        dense[self._owners, self._columns] = self._values
        return Cosines((dense @ dense.T).tolist(), range(len(dense)))

    def to(self, sentence: int) -> Floats:
        """Return the cosine of each with one of them, [n]."""
        own = slice(self._begins[sentence], self._begins[sentence + 1])
        self._one[self._columns[own]] = self._values[own]
        shared = self._values * self._one[self._columns]
        self._one[self._columns[own]] = 0.0
        return _sums(self._owners, shared, len(self._begins) - 1)


def _sums(rows: Ints, values: Floats, n: int) -> Floats:
    """Return the sum of ``values`` in each of n rows."""
    return cast(Floats, np.bincount(rows, values, n))


def _among(terms: Ints, title: Ints, n_terms: int) -> Flags:
    """Say of each of ``terms`` whether the title has it."""
    named = np.zeros(n_terms, dtype=bool)
    named[title] = True
    return named.take(terms)
