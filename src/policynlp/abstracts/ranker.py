"""How likely an editor is to pick each sentence: its features, and a logistic model over them."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from policynlp.abstracts.sentences import Flags, Sentences, Table, Unit, tabulate
from policynlp.abstracts.similarity import Words
from policynlp.errors import ModelError
from policynlp.language.terms import Floats

FEATURES: Final = (
    "log_sentences",
    "first",
    "second",
    "first_paragraph",
    "last_paragraph",
    "paragraph_share",
    "length_off",
    "under_20",
    "after_under_20",
    "figure_share",
    "percent",
    "large_number",
    "preposition",
    "odd_end",
    "repeated_terms",
    "new_terms",
    "title_precision",
    "words",
    "z_length",
    "z_figures",
    "z_repeated_terms",
)
(
    _LOG_SENTENCES,
    _FIRST,
    _SECOND,
    _FIRST_PARAGRAPH,
    _LAST_PARAGRAPH,
    _PARAGRAPH_SHARE,
    _LENGTH_OFF,
    _UNDER_20,
    _AFTER_UNDER_20,
    _FIGURE_SHARE,
    _PERCENT,
    _LARGE_NUMBER,
    _PREPOSITION,
    _ODD_END,
    _REPEATED_TERMS,
    _NEW_TERMS,
    _TITLE_PRECISION,
    _WORDS,
    _Z_LENGTH,
    _Z_FIGURES,
    _Z_REPEATED_TERMS,
) = range(len(FEATURES))

_OPENINGS: Final = ("在", "据", "对于", "为", "从", "以", "按照", "根据", "通过", "围绕", "聚焦")
_SHORT: Final = 20  # characters; a run-in head or an interjection rather than a sentence
_USUAL_LENGTH: Final = 50.0  # characters of a picked sentence, in the middle
_MOST_FIGURES: Final = 6.0  # more make it a table

_PLANE: Final = 0x10000  # every character that is looked for lies in the basic plane
_DIGIT, _PER_CENT, _LARGE, _END = 1, 2, 4, 8
_HAS: Final = np.array([[_DIGIT], [_PER_CENT], [_LARGE]], dtype=np.uint8)
# Openings of two characters have a bit each. Those of one share another, which any second has.
_PAIRS: Final = {word: 1 << n for n, word in enumerate(w for w in _OPENINGS if len(w) > 1)}
_SINGLE: Final = 1 << len(_PAIRS)


def _marked(marks: dict[str, int]) -> NDArray[np.uint8]:
    """Return for each code point the mark of the characters that it is among, or 0."""
    table = np.zeros(_PLANE, dtype=np.uint8)
    for characters, mark in marks.items():
        table[[ord(character) for character in characters]] = mark
    return table


_MARKS: Final = _marked(
    {"0123456789０１２３４５６７８９": _DIGIT, "%％": _PER_CENT, "亿万": _LARGE, "。！？!?”": _END}
)
_FIRST_OF_OPENING: Final = _marked({w[0]: _PAIRS.get(w, _SINGLE) for w in _OPENINGS})
_SECOND_OF_OPENING: Final = _marked({w[1]: bit for w, bit in _PAIRS.items()}) | np.uint8(_SINGLE)


class Measures:
    """What was measured of the sentences of some units, a row for each sentence of each unit.

    Sums run over the rows of one unit, in their order, so that what is measured does not
    depend on which units are measured together.
    """

    features: Floats  # [len(FEATURES), rows]
    words: Words
    table: Table

    def __init__(self, sentences: Sentences, units: Sequence[Unit], lexicon: Floats) -> None:
        """Take sentences, the units to measure and the weight of each word, [terms]."""
        self.table = table = tabulate(units)
        self.words = Words(sentences, units, table, lexicon)
        self.features = np.zeros((len(FEATURES), len(table.sentences)))
        self._measure_form(sentences)
        self._measure_words()
        self._measure_place(sentences)
        self._standardise(self.features[_Z_LENGTH:])

    def _measure_form(self, sentences: Sentences) -> None:
        """Measure what sentences look like."""
        out, rows, codes = self.features, self.table.sentences, sentences.codes
        starts, ends = sentences.starts.take(rows), sentences.ends.take(rows)
        lasts = ends - 1
        marks = _MARKS.take(codes, mode="clip")
        out[_ODD_END] = marks.take(lasts, mode="clip") != _END
        # The only character of a sentence is no second of a pair that it begins.
        seconds = codes.take(np.minimum(starts + 1, lasts), mode="clip")
        opens = _FIRST_OF_OPENING.take(codes.take(starts), mode="clip")
        opens &= _SECOND_OF_OPENING.take(seconds, mode="clip")
        out[_PREPOSITION] = opens > 0
        bounds = np.array((starts, ends)).T.ravel()
        has = np.bitwise_or.reduceat(marks, bounds)[::2]
        digits = marks & _DIGIT
        digits[1:] &= ~marks[:-1]  # the first of each figure
        digits[starts] = marks.take(starts) & _DIGIT
        figures = np.add.reduceat(digits, bounds, dtype=np.int64)[::2]
        empty = (starts == ends).nonzero()[0]
        has[empty] = figures[empty] = 0  # where reduceat gives what stands after it
        out[_PREPOSITION, empty] = 0.0
        out[_ODD_END, empty] = 1.0
        out[_FIGURE_SHARE : _LARGE_NUMBER + 1] = has & _HAS > 0
        out[_FIGURE_SHARE] = self._mean(out[_FIGURE_SHARE])
        out[_Z_LENGTH] = lengths = np.maximum(ends - starts, 1)
        out[_Z_FIGURES] = np.minimum(figures, _MOST_FIGURES)
        out[_LENGTH_OFF] = np.log(lengths / _USUAL_LENGTH) ** 2
        out[_UNDER_20] = lengths < _SHORT

    def _measure_place(self, sentences: Sentences) -> None:
        """Measure where sentences stand; their lengths and which are short must be known."""
        out, (rows, owners, begins, sizes) = self.features, self.table
        lasts = begins + sizes - 1
        out[_LOG_SENTENCES] = np.log(sizes).take(owners)
        out[_FIRST, begins] = 1.0
        out[_SECOND, begins[sizes > 1] + 1] = 1.0
        paragraphs = sentences.paragraphs.take(rows)
        out[_FIRST_PARAGRAPH] = paragraphs == paragraphs.take(begins).take(owners)
        out[_LAST_PARAGRAPH] = paragraphs == paragraphs.take(lasts).take(owners)
        out[_AFTER_UNDER_20, 1:] = out[_UNDER_20, :-1]
        out[_AFTER_UNDER_20, begins] = 0.0
        lengths = out[_Z_LENGTH]
        in_paragraph = np.bincount(
            sentences.paragraphs, np.maximum(sentences.ends - sentences.starts, 1)
        )
        in_unit = np.add.reduceat(lengths, begins).take(owners)
        out[_PARAGRAPH_SHARE] = in_paragraph.take(paragraphs) / in_unit

    def _measure_words(self) -> None:
        """Measure what sentences share with the rest of their unit and with its title.

        How much of a sentence's words comes again in other sentences is what is left of
        centrality once the rest is known: the cosine to the centroid added nothing to it.
        """
        out, words = self.features, self.words
        out[_WORDS] = words.weight
        out[_REPEATED_TERMS] = out[_Z_REPEATED_TERMS] = words.repeated / 50.0
        out[_NEW_TERMS] = words.new / np.maximum(words.distinct, 1.0)
        out[_TITLE_PRECISION] = words.in_title / np.maximum(words.mass, 1.0)

    def _mean(self, values: Floats | Flags) -> Floats:
        """Return, for each row, the mean of ``values`` [..., rows] in its unit."""
        table = self.table
        sums = np.add.reduceat(values, table.begins, axis=-1, dtype=np.float64)
        return (sums / table.sizes).take(table.units, axis=-1)

    def _standardise(self, features: Floats) -> None:
        """Shift and scale ``features`` [k, rows] in place to mean 0 and deviation 1 by unit."""
        features -= self._mean(features)
        features /= np.sqrt(self._mean(features * features) + 1e-9)


def measure_sentences(sentences: Sentences, lexicon: Floats) -> Floats:
    """Return the features of every row, [rows, len(FEATURES)], as the ranker uses them.

    Rows are the sentences of each article and, if several of its sections have sentences, the
    same in their sections. ``lexicon`` [terms] has the weight of each word.
    """
    return Measures(sentences, sentences.distinct_units(), lexicon).features.T


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
