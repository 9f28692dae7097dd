"""What is measured of a sentence in its unit: in the article, and again in its section."""

import math
import re
from itertools import chain
from typing import Final

import numpy as np

from policynlp.analysis.abstracts.sentences import Sentences, Unit
from policynlp.analysis.abstracts.words import words_of
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

_OPENING: Final = re.compile("在|据|对于|为|从|以|按照|根据|通过|围绕|聚焦")
_DIGIT, _PER_CENT, _LARGE, _END = 1, 2, 4, 8
_MARKS: Final = {
    _DIGIT: "0123456789０１２３４５６７８９",
    _PER_CENT: "%％",
    _LARGE: "亿万",
    _END: "。！？!?”",
}
_PLANE: Final = 0x10000  # every mark lies in the basic plane
_MARK_OF: Final = np.zeros(_PLANE, dtype=np.uint8)
for _mark, _characters in _MARKS.items():
    _MARK_OF[[ord(character) for character in _characters]] = _mark

_SHORT: Final = 20  # characters; a run-in head or an interjection rather than a sentence
_USUAL_LENGTH: Final = 50.0  # characters of a picked sentence, in the middle
_MOST_FIGURES: Final = 6.0  # more make it a table


class Measures:
    """What was measured of an article's sentences.

    What depends on the sentence alone is measured once; :meth:`features` puts it in a unit.
    """

    def __init__(self, sentences: Sentences, lexicon: Floats) -> None:
        """Take an article and the weight of each word, [terms]."""
        self._sentences = sentences
        self.words = words_of(sentences, lexicon)
        self._alone = _surface(sentences)
        self._alone[_WORDS] = self.words.said.weight

    def features(self, unit: Unit) -> Floats:
        """Return the features of a unit's sentences, [len(FEATURES), sentences]."""
        features = self._alone[:, unit.first : unit.end].copy()
        self._measure_place(unit, features)
        self._measure_words(unit, features)
        _standardise(features[_Z_LENGTH:])
        return features

    def _measure_place(self, unit: Unit, out: Floats) -> None:
        out[_LOG_SENTENCES] = math.log(unit.size)
        out[_FIRST, 0] = 1.0
        out[_SECOND, 1:2] = 1.0
        out[_FIRST_PARAGRAPH, : self._sentences.first_paragraph(unit)] = 1.0
        out[_LAST_PARAGRAPH, self._sentences.last_paragraph(unit) :] = 1.0
        out[_PARAGRAPH_SHARE] /= np.add.reduce(out[_Z_LENGTH])
        out[_AFTER_UNDER_20, 1:] = out[_UNDER_20, :-1]
        out[_FIGURE_SHARE] = np.add.reduce(out[_FIGURE_SHARE]) / unit.size

    def _measure_words(self, unit: Unit, out: Floats) -> None:
        """Measure what sentences share with the rest of their unit and with its title.

        How much of a sentence's words comes again in other sentences is what is left of
        centrality once the rest is known: the cosine to the centroid added nothing to it.
        """
        repeated, new, in_title = self.words.shared(unit)
        own = slice(unit.first, unit.end)
        out[_REPEATED_TERMS] = out[_Z_REPEATED_TERMS] = repeated / 50.0
        out[_NEW_TERMS] = new / np.maximum(self.words.said.distinct[own], 1.0)
        out[_TITLE_PRECISION] = in_title / np.maximum(self.words.said.mass[own], 1.0)


def measure(sentences: Sentences, lexicon: Floats) -> Floats:
    """Return the features of every row, [rows, len(FEATURES)], as the ranker uses them.

    Rows are the n sentences in their article and, if several sections have sentences, n
    more: the same in their sections. ``lexicon`` [terms] has the weight of each word.
    """
    measures = Measures(sentences, lexicon)
    units = {(unit.first, unit.end): unit for unit in sentences.units() if unit}
    return np.hstack([measures.features(unit) for unit in units.values()]).T


def _surface(sentences: Sentences) -> Floats:
    """Measure what sentences look like, whatever stands around them, [len(FEATURES), n].

    The share of figures and of the paragraph are left to be divided by what the unit has.
    """
    text, spans = sentences.text, sentences.spans
    out = np.zeros((len(FEATURES), len(spans)))
    bounds = np.fromiter(chain.from_iterable(spans), np.int64, 2 * len(spans))
    starts, ends = bounds[::2], bounds[1::2]
    # The space is for reduceat, which must not be sent to the end of what it reduces.
    codes = np.frombuffer((text + " ").encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    marks = _MARK_OF.take(codes, mode="clip")
    has = np.bitwise_or.reduceat(marks, bounds)[::2]
    out[_PERCENT] = has & _PER_CENT > 0
    out[_LARGE_NUMBER] = has & _LARGE > 0
    out[_PREPOSITION] = [_OPENING.match(text, start) is not None for start, _ in spans]
    out[_ODD_END] = marks[ends - 1] != _END
    digits = marks & _DIGIT
    digits[1:] &= ~digits[:-1]  # the first of each figure
    figures = np.add.reduceat(digits, bounds, dtype=np.int64)[::2]
    out[_Z_LENGTH] = lengths = np.maximum(ends - starts, 1)
    out[_Z_FIGURES] = np.minimum(figures, _MOST_FIGURES)
    out[_FIGURE_SHARE] = np.minimum(figures, 1)
    out[_LENGTH_OFF] = np.log(lengths / _USUAL_LENGTH) ** 2
    out[_UNDER_20] = lengths < _SHORT
    begins = np.array(sentences.paragraphs)
    in_paragraph = np.add.reduceat(lengths, begins[:-1])
    out[_PARAGRAPH_SHARE] = in_paragraph.repeat(begins[1:] - begins[:-1])
    return out


def _standardise(features: Floats) -> None:
    """Shift and scale ``features`` [k, sentences] in place to mean 0 and deviation 1."""
    size = features.shape[1]
    features -= np.add.reduce(features, axis=1, keepdims=True) / size
    variances = np.add.reduce(features * features, axis=1, keepdims=True) / size
    features /= np.sqrt(variances + 1e-9)
