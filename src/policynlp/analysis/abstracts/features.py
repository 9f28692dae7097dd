"""What is measured of a sentence in its unit: in the article, and again in its section."""

import math
import re
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
_FIGURE: Final = re.compile("[0-9０-９]+")
_ENDS: Final = frozenset("。！？!?”")

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
        self._measure_words(unit, features)
        sums = np.add.reduce(features[_Z_LENGTH:], axis=1, keepdims=True)
        self._measure_place(unit, sums[0, 0], features)
        _standardise(features[_Z_LENGTH:], sums / unit.size)
        return features

    def _measure_place(self, unit: Unit, length: float, out: Floats) -> None:
        size = unit.end - unit.first
        out[_LOG_SENTENCES] = math.log(size)
        out[_FIRST, 0] = 1.0
        out[_SECOND, 1:2] = 1.0
        out[_FIRST_PARAGRAPH, : self._sentences.first_paragraph(unit)] = 1.0
        out[_LAST_PARAGRAPH, self._sentences.last_paragraph(unit) :] = 1.0
        out[_PARAGRAPH_SHARE] /= length
        out[_AFTER_UNDER_20, 1:] = out[_UNDER_20, :-1]
        out[_FIGURE_SHARE] = np.add.reduce(out[_FIGURE_SHARE]) / size

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
    texts = [sentences.text[start:end] for start, end in sentences.spans]
    out = np.zeros((len(FEATURES), len(texts)))
    out[_PERCENT : _ODD_END + 1] = [
        ["%" in text or "％" in text for text in texts],
        ["亿" in text or "万" in text for text in texts],
        [_OPENING.match(text) is not None for text in texts],
        [text[-1:] not in _ENDS for text in texts],
    ]
    lengths = np.array([len(text) or 1 for text in texts])
    figures = np.array([len(_FIGURE.findall(text)) for text in texts])
    out[_Z_LENGTH] = lengths
    out[_Z_FIGURES] = np.minimum(figures, _MOST_FIGURES)
    out[_FIGURE_SHARE] = figures > 0
    out[_LENGTH_OFF] = np.log(lengths / _USUAL_LENGTH) ** 2
    out[_UNDER_20] = lengths < _SHORT
    begins = np.array(sentences.paragraphs)
    in_paragraph = np.add.reduceat(lengths, begins[:-1])
    out[_PARAGRAPH_SHARE] = in_paragraph.repeat(begins[1:] - begins[:-1])
    return out


def _standardise(features: Floats, means: Floats) -> None:
    """Shift and scale ``features`` [k, sentences] in place to mean 0 and deviation 1."""
    features -= means
    variances = np.add.reduce(features * features, axis=1, keepdims=True) / features.shape[1]
    features /= np.sqrt(variances + 1e-9)
