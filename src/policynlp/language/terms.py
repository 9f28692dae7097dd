"""TF-IDF over words and single characters, as arrays of term ids.

A term is a word or, prefixed with ``字:``, a single Han character. Word pairs were tried
and left out: those of 20 sections moved macro-F1 by less than 0.002 (docs/experiments.md),
and pairs let runs of the counted news be put together again (corpus/README.md).
"""

import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from policynlp.language.words import words

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

CHARACTER = "字:"
HAN = re.compile("[\u4e00-\u9fff]")
_CONTENT = re.compile("[\u4e00-\u9fff0-9a-z]")
UNKNOWN = -1
_PLANE = 0x10000  # every character that becomes a term lies in the basic plane


def count_terms(text: str) -> Counter[str]:
    """Count the terms of ``text``; a word counts if it has a letter, digit or Han character."""
    counts = Counter(word for word in words(text) if _CONTENT.search(word))
    counts.update(CHARACTER + char for char in HAN.findall(text))
    return counts


class Counts(NamedTuple):
    """Term counts of rows of text, as in a CSR matrix of ``len(indptr) - 1`` rows.

    ``terms`` and ``values`` have one entry a distinct term of a row; the entries of row
    ``i`` are ``indptr[i]`` to ``indptr[i + 1]``, in ascending order of term.
    """

    indptr: Ints
    terms: Ints
    values: Floats

    def rows(self) -> Ints:
        """Return the row of each entry."""
        return np.repeat(np.arange(len(self.indptr) - 1), np.diff(self.indptr))


class Occurrences(NamedTuple):
    """Where known terms stand: ``terms[i]`` at ``starts[i]``, ``lengths[i]`` characters long."""

    terms: Ints
    starts: Ints
    lengths: Ints


class Located(NamedTuple):
    """The known terms of a text, and where each of its words starts, known or not."""

    occurrences: Occurrences
    word_starts: Ints


class _Ids(dict[str, int]):
    """Term ids, ``UNKNOWN`` for any other word: looked up without a call into Python."""

    def __missing__(self, term: str) -> int:
        return UNKNOWN


class Vocabulary:
    """The terms that a model knows; a term's id is its place in the list, words first."""

    def __init__(self, terms: Sequence[str]) -> None:
        """Take the terms in the order of their ids."""
        self.terms = tuple(terms)
        self.ids = _Ids({term: i for i, term in enumerate(self.terms)})
        self.n_words = sum(not term.startswith(CHARACTER) for term in self.terms)
        self._characters = np.full(_PLANE, UNKNOWN, dtype=np.int64)
        for term in self.terms[self.n_words :]:
            self._characters[ord(term[-1])] = self.ids[term]

    def __len__(self) -> int:
        """Return the number of terms."""
        return len(self.terms)

    def locate(self, text: str, offset: int = 0) -> Located:
        """Find the known terms of ``text``: words in order, then characters in order.

        ``offset`` is added to every start.
        """
        cut = words(text)
        ids = np.fromiter(map(self.ids.__getitem__, cut), np.int64, len(cut))
        lengths = np.fromiter(map(len, cut), np.int64, len(cut))
        starts = lengths.cumsum() - lengths
        known = (ids >= 0).nonzero()[0]
        codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
        characters = self._characters.take(np.minimum(codes, _PLANE - 1))
        places = (characters >= 0).nonzero()[0]
        occurrences = Occurrences(
            np.concatenate((ids.take(known), characters.take(places))),
            np.concatenate((starts.take(known), places)) + offset,
            np.concatenate((lengths.take(known), np.ones(len(places), dtype=np.int64))),
        )
        return Located(occurrences, starts + offset)

    def word_ids(self, text: str) -> Ints:
        """Return the distinct known words of a short text, ascending."""
        found = {self.ids[word] for word in words(text)} if text else set()
        return np.array(sorted(found - {UNKNOWN}), np.int64)

    def count(self, rows: Sequence[Counter[str]]) -> Counts:
        """Count the known terms of rows of counted text."""
        entries = [
            (row, self.ids[term], count)
            for row, counts in enumerate(rows)
            for term, count in counts.items()
            if term in self.ids
        ]
        row, term, count = np.array(entries, dtype=np.int64).reshape(-1, 3).T
        return pool(row, term, count.astype(np.float64), len(rows), len(self))


def pool(rows: Ints, terms: Ints, values: Floats, n_rows: int, n_terms: int) -> Counts:
    """Sum ``values`` over equal (row, term) pairs into ``n_rows`` rows of counts."""
    keys = rows * n_terms + terms
    order = keys.argsort()
    keys = keys.take(order)
    begins = _begins(keys)
    sums = np.add.reduceat(values.take(order), begins) if len(begins) else values[:0]
    return _counts(keys.take(begins), sums, n_rows, n_terms)


def count_pairs(rows: Ints, terms: Ints, n_rows: int, n_terms: int) -> Counts:
    """Count equal (row, term) pairs: :func:`pool` of ones, in a third of its time."""
    keys = np.sort(rows * n_terms + terms)
    begins = _begins(keys)
    ends = np.append(begins[1:], len(keys))
    return _counts(keys.take(begins), (ends - begins).astype(np.float64), n_rows, n_terms)


def _begins(keys: Ints) -> Ints:
    """Return where each run of equal keys begins."""
    first = np.ones(len(keys), dtype=bool)
    np.not_equal(keys[1:], keys[:-1], out=first[1:])
    return first.nonzero()[0]


def _counts(keys: Ints, sums: Floats, n_rows: int, n_terms: int) -> Counts:
    indptr = keys.searchsorted(np.arange(n_rows + 1) * n_terms)
    return Counts(indptr, keys % n_terms, sums)


def tf_idf(counts: Counts, idf: Floats) -> Counts:
    """Weigh counts by (1 + ln count) · idf and scale each row to length 1.

    Sublinear term frequency and cosine normalisation as in Salton & Buckley, "Term-weighting
    approaches in automatic text retrieval", 1988; ``idf`` has one entry a term.
    """
    values = (1.0 + np.log(counts.values)) * idf.take(counts.terms)
    rows = counts.rows()
    norms = np.sqrt(np.bincount(rows, values * values, minlength=len(counts.indptr) - 1))
    return Counts(counts.indptr, counts.terms, values / norms[rows])


def inverse_document_frequency(document_frequency: Ints, n_documents: int) -> Floats:
    """Return ln((1 + n) / (1 + df)) + 1, scikit-learn's smoothed idf."""
    smoothed: Floats = np.log((1.0 + n_documents) / (1.0 + document_frequency)) + 1.0
    return smoothed


def project(rows: Counts, weights: Floats) -> Floats:
    """Multiply weighted rows with ``weights`` [terms, columns] to [rows, columns]."""
    product = np.zeros((len(rows.indptr) - 1, weights.shape[1]))
    if len(rows.terms):
        filled = (rows.indptr[1:] > rows.indptr[:-1]).nonzero()[0]
        contributions = weights.take(rows.terms, axis=0) * rows.values[:, None]
        product[filled] = np.add.reduceat(contributions, rows.indptr[filled])
    return product
