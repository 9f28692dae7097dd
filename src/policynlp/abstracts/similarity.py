"""The words of sentences: what those of a unit share, and how alike they are.

Sentences are vectors of tf-idf over words, kept as lists of entries. A matrix of sentences and
words took longer for all articles but the shortest, and would not fit into memory for long ones.
"""

from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import chain
from typing import Final, NamedTuple, Protocol, cast

import numpy as np

from policynlp.abstracts.sentences import Flags, Sentences, Table, Unit
from policynlp.language.term_index import ranges
from policynlp.language.terms import Floats, Ints, runs

_NOTHING: Final = 1e-30  # instead of 0 under a division
_NOWHERE: Final = -1
# The sentences of longer units are chosen in stretches, and all entries are not looked through
# for each. Sorting them by row takes 2 % of the time of ordinary articles, so it is not done there.
_LONG: Final = 1000


class Likeness(Protocol):
    """How alike n sentences are: the cosines of their tf-idf."""

    def each_other(self) -> "Cosines":
        """Return the cosine of each with each other."""

    def to(self, sentence: int) -> Floats:
        """Return the cosine of each other with one of them, [n]."""


class Cosines(NamedTuple):
    """How alike sentences are: ``table[places[i]][places[j]]`` is the cosine of i and j."""

    table: list[list[float]]
    places: Sequence[int]

    def each_other(self) -> "Cosines":
        """Return the cosine of each with each other."""
        return self

    def to(self, sentence: int) -> Floats:
        """Return the cosine of each other with one of them, [n]."""
        row = self.table[self.places[sentence]]
        return np.array([row[place] for place in self.places])


class Words:
    """The words of a table's sentences, an entry a distinct word of a row.

    Entries are sorted by unit, word and row, so that those of a word in a unit stand together,
    and whatever is summed for a row is summed in the order of its words.
    """

    # [rows]: the sum of the idf of a sentence's words, how many there are, and what they weigh
    # by the lexicon, as tf-idf is scaled.
    mass: Floats
    distinct: Ints
    weight: Floats
    # [rows]: the sums of idf of words that other sentences of the unit have, too, and of words
    # of the title, and the number of words that no sentence of the unit before has.
    repeated: Floats
    in_title: Floats
    new: Ints

    def __init__(
        self, sentences: Sentences, units: Sequence[Unit], table: Table, lexicon: Floats
    ) -> None:
        """Take a table of ``units`` and the weight of each word, [terms]."""
        self._table, n = table, len(table.sentences)
        term_bits, row_bits = len(lexicon).bit_length(), n.bit_length()
        keys = _keys(sentences, units, table, term_bits, row_bits)
        starts, counts = runs(keys)
        keys = keys.take(starts)
        self._rows = rows = keys & (1 << row_bits) - 1
        self._pairs = pairs = keys >> row_bits  # of unit and term
        terms = pairs & (1 << term_bits) - 1
        idf = sentences.idf.take(terms)
        values = counts * idf
        norms = np.sqrt(_sums(rows, values * values, n) + _NOTHING)
        self._values = values / norms.take(rows)
        self.mass, self.distinct = _sums(rows, idf, n), np.bincount(rows, minlength=n)
        self.weight = _sums(rows, lexicon.take(terms) * idf, n) / norms
        is_same = np.zeros(len(pairs) + 1, dtype=bool)  # as the entry before
        np.equal(pairs[1:], pairs[:-1], out=is_same[1:-1])
        self.repeated = _sums(rows, idf * (is_same[1:] | is_same[:-1]), n)
        self.new = np.bincount(rows[~is_same[:-1]], minlength=n)
        self.in_title = _sums(rows, idf * _in_title(pairs, units, term_bits), n)
        self._bounds = pairs.searchsorted(np.arange(len(units) + 1) << term_bits).tolist()

    def among(self, unit: int, places: Sequence[int]) -> "Vectors":
        """Return how alike some sentences of one of the units are."""
        rows = self._table.begins[unit] + np.array(places)
        if self._table.sizes[unit] <= _LONG:
            return self._vectors(unit, unit, rows, [len(places)])
        counts = self.distinct.take(rows)
        begins = (self.distinct.cumsum() - self.distinct).take(rows)
        entries = self._by_row.take(ranges(begins, counts))
        entries.sort()
        owners = rows.searchsorted(self._rows.take(entries))
        return Vectors(owners, self._pairs.take(entries), self._values.take(entries), [len(places)])

    def cosines(self, wanted: Sequence[Sequence[int]]) -> Iterator[list[list[float]]]:
        """Return the cosines of some sentences of each of the units with each other."""
        sizes = [len(places) for places in wanted]
        places = np.fromiter(chain.from_iterable(wanted), np.int64, sum(sizes))
        rows = self._table.begins.repeat(sizes) + places
        return self._vectors(0, len(sizes) - 1, rows, sizes).tables()

    @cached_property
    def _by_row(self) -> Ints:
        """The entries of one row after the other."""
        return self._rows.argsort(kind="stable")

    def _vectors(self, first: int, last: int, rows: Ints, sizes: Sequence[int]) -> "Vectors":
        """Return the vectors of ``rows``, ascending, so many of each unit from first to last."""
        table, own = self._table, slice(self._bounds[first], self._bounds[last + 1])
        begin, end = table.begins[first], table.begins[last] + table.sizes[last]
        numbers = np.full(end - begin, _NOWHERE)
        numbers[rows - begin] = np.arange(len(rows))
        owners = numbers.take(self._rows[own] - begin)
        among = (owners != _NOWHERE).nonzero()[0]
        return Vectors(
            owners.take(among), self._pairs[own].take(among), self._values[own].take(among), sizes
        )


class Vectors:
    """How alike some sentences are, in groups of sizes: an entry a distinct word of a sentence.

    Entries of the same word in the same group stand together.
    """

    def __init__(self, owners: Ints, pairs: Ints, values: Floats, sizes: Sequence[int]) -> None:
        """Take the sentence, the pair of group and word, and the weight of each entry."""
        self._owners, self._pairs, self._values, self._sizes = owners, pairs, values, sizes

    def each_other(self) -> Cosines:
        """Return the cosine of each with each other, if there is one group."""
        (table,) = self.tables()
        return Cosines(table, range(len(table)))

    def to(self, sentence: int) -> Floats:
        """Return the cosine of each other with one of them, [n], if there is one group."""
        own = (self._owners == sentence).nonzero()[0]
        pairs = self._pairs.take(own)
        begins, ends = self._pairs.searchsorted(pairs), self._pairs.searchsorted(pairs, "right")
        sizes = ends - begins
        entries = ranges(begins, sizes)
        products = self._values.take(own).repeat(sizes) * self._values.take(entries)
        return _sums(self._owners.take(entries), products, self._sizes[0])

    def tables(self) -> Iterator[list[list[float]]]:
        """Yield the cosines of each sentence of a group with each other, for every group."""
        # Where the row of a sentence begins, less the number of the group's first sentence.
        offsets: list[int] = []
        n_cells = 0
        for size in self._sizes:
            begin = n_cells - len(offsets)
            n_cells += size * size
            offsets.extend([begin + i * size for i in range(size)])
        left, right = _couples(self._pairs)
        one, other = self._owners.take(left), self._owners.take(right)
        products = self._values.take(left) * self._values.take(right)
        cells = np.array(offsets, np.int64).take(one) + other
        half, end = _sums(cells, products, n_cells), 0
        for size in self._sizes:
            begin, end = end, end + size * size
            table = half[begin:end].reshape(size, size)
            yield (table + table.T).tolist()


def _keys(
    sentences: Sentences, units: Sequence[Unit], table: Table, term_bits: int, row_bits: int
) -> Ints:
    """Return unit, term and row of each word of a table as one integer, ascending."""
    rows, terms = sentences.words
    firsts = [unit.first for unit in units]
    begins, ends = rows.searchsorted((firsts, [unit.end for unit in units]))
    moved = table.begins - firsts + (np.arange(len(units)) << term_bits + row_bits)
    words = (terms << row_bits) + rows
    own = map(slice, begins.tolist(), ends.tolist())
    keys = np.concatenate([words[each] for each in own])
    keys += moved.repeat(ends - begins)
    keys.sort()
    return keys


def _couples(pairs: Ints) -> tuple[Ints, Ints]:
    """Return every two entries, one before the other, that have the same pair."""
    starts, sizes = runs(pairs)
    places = np.arange(len(pairs))
    followers = (starts + sizes - 1).repeat(sizes) - places
    return places.repeat(followers), ranges(places + 1, followers)


def _sums(rows: Ints, values: Floats, n: int) -> Floats:
    """Return the sum of ``values`` in each of n rows."""
    return cast(Floats, np.bincount(rows, values, n))


def _in_title(pairs: Ints, units: Sequence[Unit], term_bits: int) -> Flags:
    """Say of each entry whether its word is in the title of its unit."""
    flags = np.zeros(len(pairs), dtype=bool)
    titles = [unit.title for unit in units]
    sizes = [len(title) for title in titles]
    if any(sizes):
        named = (np.arange(len(units)) << term_bits).repeat(sizes) + np.concatenate(titles)
        begins = pairs.searchsorted(named)
        flags[ranges(begins, pairs.searchsorted(named, side="right") - begins)] = True
    return flags
