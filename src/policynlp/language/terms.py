"""TF-IDF over words and single characters, as arrays of term ids.

A term is a word or, prefixed with ``字:``, a single Han character. Word pairs were tried
and left out: those of 20 sections moved macro-F1 by less than 0.002 (docs/experiments.md),
and pairs let runs of the counted news be put together again (corpus/README.md).
"""

import re
from collections import Counter
from collections.abc import Sequence
from itertools import repeat
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from policynlp.language.words import stop_words, words

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Codes = NDArray[np.uint32]

CHARACTER = "字:"
HAN = re.compile("[\u4e00-\u9fff]")
# Neither white space nor controls nor halves of characters are in any word.
WORD = rf"(?!{CHARACTER})[^\s\x00-\x1f\x7f-\x9f\ud800-\udfff]++"
TERM = re.compile(f"{CHARACTER}{HAN.pattern}|{WORD}")
_CONTENT = re.compile("[\u4e00-\u9fff0-9a-z]")
UNKNOWN, STOP, MARK = -1, -2, -3
# Space and punctuation, which Jieba cuts one by one: ASCII, Latin-1, the blocks from general
# punctuation to dingbats, CJK punctuation and full-width forms.
_MARK_BLOCKS = (
    *((0x00, 0x30), (0x3A, 0x41), (0x5B, 0x61), (0x7B, 0xAA), (0xAB, 0xB5), (0xB6, 0xBA)),
    *((0x2000, 0x2800), (0x3000, 0x3005), (0x3008, 0x3021), (0xFE30, 0xFE70)),
    *((0xFF01, 0xFF10), (0xFF1A, 0xFF21), (0xFF3B, 0xFF41), (0xFF5B, 0xFF66)),
)
_MARKS = ("\r\n", *(chr(code) for block in _MARK_BLOCKS for code in range(*block)))
_PLANE = 0x10000  # every character that becomes a term lies in the basic plane


def count_terms(text: str) -> Counter[str]:
    """Count the terms of ``text``; a word counts if it has a letter, digit or Han character."""
    counts = Counter(word for word in words(text) if _CONTENT.search(word))
    counts.update(CHARACTER + char for char in HAN.findall(text))
    return counts


class Counts(NamedTuple):
    """Term counts of rows of text, as in a CSR matrix of ``len(indptr) - 1`` rows.

    ``rows``, ``terms`` and ``values`` have one entry a distinct term of a row; the entries of row
    ``i`` are ``indptr[i]`` to ``indptr[i + 1]``, in ascending order of term.
    """

    indptr: Ints
    rows: Ints
    terms: Ints
    values: Floats

    def between(self, first: int, last: int) -> "Counts":
        """Return the rows from ``first`` up to ``last``."""
        begin, end = self.indptr[first], self.indptr[last]
        return Counts(
            self.indptr[first : last + 1] - begin,
            self.rows[begin:end] - first,
            self.terms[begin:end],
            self.values[begin:end],
        )


class Pooled(NamedTuple):
    """Counts of pairs: in ``order``, so many pairs as ``sizes`` make an entry each."""

    counts: Counts
    order: Ints
    sizes: Ints

    def entries(self) -> Ints:
        """Return the entry that each of the pairs went into."""
        entries = np.empty_like(self.order)
        entries[self.order] = np.arange(len(self.sizes)).repeat(self.sizes)
        return entries


class Located(NamedTuple):
    """The code points and words of a text in order, and those of its characters that are terms.

    ``words`` are ids of terms, ``UNKNOWN`` or, for a stop word that is no term, ``STOP``, and
    ``MARK`` for what is no word;
    ``characters`` are ids of terms that stand at ``places``.
    """

    codes: Codes
    word_starts: Ints
    words: Ints
    places: Ints
    characters: NDArray[np.int32]


class Vocabulary:
    """The terms that a model knows; a term's id is its place in the list, words first."""

    def __init__(self, terms: Sequence[str]) -> None:
        """Take the terms in the order of their ids."""
        self.terms = tuple(terms)
        self.ids = {term: i for i, term in enumerate(self.terms)}
        self.n_words = sum(not term.startswith(CHARACTER) for term in self.terms)
        marks, stops = dict.fromkeys(_MARKS, MARK), dict.fromkeys(stop_words(), STOP)
        self._words = {**marks, **stops, **self.ids}
        # Three places more, so that UNKNOWN, STOP and MARK index it from behind.
        self._stops = np.zeros(len(self.terms) + 3, dtype=bool)
        self._stops[[STOP, *(self.ids[word] for word in stop_words() & self.ids.keys())]] = True
        self._characters = np.full(_PLANE, UNKNOWN, dtype=np.int32)  # more of it stays cached
        for term in self.terms[self.n_words :]:
            self._characters[ord(term[-1])] = self.ids[term]

    def __len__(self) -> int:
        """Return the number of terms."""
        return len(self.terms)

    def locate(self, text: str) -> Located:
        """Find the words of ``text`` and its known terms."""
        cut = words(text)
        ids = np.fromiter(map(self._words.get, cut, repeat(UNKNOWN)), np.int64, len(cut))
        lengths = np.fromiter(map(len, cut), np.int64, len(cut))
        codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
        characters = self._characters.take(codes, mode="clip")
        places = (characters >= 0).nonzero()[0]
        return Located(codes, lengths.cumsum() - lengths, ids, places, characters.take(places))

    def are_stop_words(self, ids: Ints) -> NDArray[np.bool_]:
        """Say of the words of a :class:`Located` which are stop words."""
        return self._stops.take(ids)

    def word_ids(self, text: str) -> Ints:
        """Return the distinct known words of a short text, ascending."""
        found = {self.ids.get(word, UNKNOWN) for word in words(text)} if text else set()
        return np.array(sorted(found - {UNKNOWN}), np.int64)

    def count(self, rows: Sequence[Counter[str]]) -> Counts:
        """Count the known terms of rows of counted text."""
        entries = [
            (row, self.ids[term], count)
            for row, counts in enumerate(rows)
            for term, count in counts.items()
            if term in self.ids
        ]
        row, term, count = np.array(sorted(entries), dtype=np.int64).reshape(-1, 3).T
        indptr = row.searchsorted(np.arange(len(rows) + 1))
        return Counts(indptr, row, term, count.astype(np.float64))


def pool(rows: Ints, terms: Ints, n_rows: int, n_terms: int) -> Pooled:
    """Count equal (row, term) pairs into ``n_rows`` rows of counts.

    Numbers of 16 bits are sorted by counting, in half the time of comparing pairs.
    """
    order = np.lexsort((_narrow(terms, n_terms), _narrow(rows, n_rows)))
    rows, terms = rows.take(order), terms.take(order)
    starts, sizes = runs(terms, rows)
    rows = rows.take(starts)
    indptr = rows.searchsorted(np.arange(n_rows + 1))
    counts = Counts(indptr, rows, terms.take(starts), sizes.astype(np.float64))
    return Pooled(counts, order, sizes)


def runs(keys: Ints, *more: Ints) -> tuple[Ints, Ints]:
    """Return where runs of equal ``keys``, and of all ``more``, begin, and their sizes."""
    is_bound = np.empty(len(keys) + 1, dtype=bool)
    is_bound[0] = is_bound[-1] = True
    inner = is_bound[1:-1]
    np.not_equal(keys[1:], keys[:-1], out=inner)
    for others in more:
        inner |= others[1:] != others[:-1]
    bounds = is_bound.nonzero()[0]
    return bounds[:-1], bounds[1:] - bounds[:-1]


def _narrow(numbers: Ints, limit: int) -> NDArray[np.unsignedinteger[Any]]:
    """Return ``numbers`` below ``limit`` in as few bits as that needs."""
    return numbers.astype(np.min_scalar_type(limit))


def tf_idf(counts: Counts, idf: Floats) -> Counts:
    """Weigh counts by (1 + ln count) · idf and scale each row to length 1.

    Sublinear term frequency and cosine normalisation as in Salton & Buckley, "Term-weighting
    approaches in automatic text retrieval", 1988; ``idf`` has one entry a term.
    """
    values = (1.0 + np.log(counts.values)) * idf.take(counts.terms)
    norms = np.sqrt(np.bincount(counts.rows, values * values, len(counts.indptr) - 1))
    return Counts(counts.indptr, counts.rows, counts.terms, values / norms.take(counts.rows))


def inverse_document_frequency(document_frequency: Ints, n_documents: int) -> Floats:
    """Return ln((1 + n) / (1 + df)) + 1, scikit-learn's smoothed idf."""
    smoothed: Floats = np.log((1.0 + n_documents) / (1.0 + document_frequency)) + 1.0
    return smoothed


def project(rows: Counts, weights: Floats) -> Floats:
    """Multiply weighted rows with ``weights`` [terms, columns] to [rows, columns]."""
    return add_up(rows.indptr, rows.values, weights.take(rows.terms, axis=0))


def add_up(indptr: Ints, values: Floats, weights: Floats) -> Floats:
    """Multiply ``values`` with ``weights`` [entries, columns], in place, and sum them by row."""
    product = np.zeros((len(indptr) - 1, weights.shape[1]))
    if len(weights):
        filled = (indptr[1:] > indptr[:-1]).nonzero()[0]
        weights *= values[:, None]
        product[filled] = np.add.reduceat(weights, indptr.take(filled))
    return product
