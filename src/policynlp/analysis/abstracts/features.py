"""What is measured of a sentence: in its article, and again in its section."""

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from policynlp.analysis.abstracts.sentences import Sentences
from policynlp.language.terms import Floats, Ints

Flags = NDArray[np.bool_]


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
_FIRST_Z: Final = FEATURES.index("z_length")  # from here on standardised within the unit


_FIGURE: Final = re.compile("[0-9０-９]+")
_PREPOSITION: Final = re.compile("在|据|对于|为|从|以|按照|根据|通过|围绕|聚焦")
_ENDS: Final = frozenset("。！？!?”")


_SHORT: Final = 20  # characters; a run-in head or an interjection rather than a sentence
_USUAL_LENGTH: Final = 50.0  # characters of a picked sentence, in the middle
_MOST_FIGURES: Final = 6.0  # more make it a table


_Columns = dict[str, Floats | Flags]  # one entry a row, by name of feature


class Rows(NamedTuple):
    """The rows that are measured: the article's sentences, then the same again by section.

    A unit is the article, or a section that has sentences; an article with only one such
    section is measured once. ``firsts`` and ``sizes`` [units] say where a unit's rows are,
    ``unit`` [rows] which one a row is in, ``place`` [rows] how many of it come before.
    """

    copies: int
    firsts: Ints
    sizes: Ints
    unit: Ints
    place: Ints


def rows_of(sections: Sequence[int]) -> Rows:
    """Say where the rows of each unit are."""
    n_sentences = sections[-1]
    bounds = [first for first, end in pairwise(sections) if first < end]
    copies = 1 if len(bounds) < 2 else 2
    firsts = [0] if copies == 1 else [0] + [n_sentences + first for first in bounds]
    begins = np.array([*firsts, copies * n_sentences])
    sizes = begins[1:] - begins[:-1]
    begins = begins[:-1]
    unit = np.repeat(np.arange(len(firsts)), sizes)
    return Rows(copies, begins, sizes, unit, np.arange(copies * n_sentences) - begins[unit])


class Words(NamedTuple):
    """The words of all rows, one entry a distinct word of a row, in the order of the rows.

    ``row``, ``term`` and ``value`` [entries] (rows scaled to length 1); ``slot`` [entries]
    numbers the distinct (unit, term) pairs, whose first entries are ``openers`` and whose
    terms, unit by unit, are ``keys`` (unit · terms of the vocabulary + term).
    """

    row: Ints
    term: Ints
    value: Floats
    norms: Floats
    slot: Ints
    openers: Ints
    keys: Ints


def words_of(sentences: Sentences, rows: Rows) -> Words:
    """Return the words of all rows."""
    counts, n_rows = sentences.counts, len(rows.unit)
    row, term, value = counts.rows(), counts.terms, counts.values * sentences.idf[counts.terms]
    if rows.copies == 2:
        row = np.concatenate((row, row + len(counts.indptr) - 1))
        term, value = np.concatenate((term, term)), np.concatenate((value, value))
    norms = np.sqrt(np.bincount(row, value * value, n_rows))
    norms[norms == 0.0] = 1.0
    openers, slot, keys = _number(rows.unit[row] * len(sentences.idf) + term)
    return Words(row, term, value / norms[row], norms, slot, openers, keys)


def _number(keys: Ints) -> tuple[Ints, Ints, Ints]:
    """Number distinct keys: return where each first stands, each key's number, the keys.

    As ``np.unique``, in two thirds of the time: a key and its place are sorted as one integer.
    """
    bits = len(keys).bit_length()
    places = np.arange(len(keys))
    packed = keys << bits | places
    packed.sort()
    places = packed & (1 << bits) - 1
    packed >>= bits
    new = np.ones(len(keys), dtype=bool)
    np.not_equal(packed[1:], packed[:-1], out=new[1:])
    numbers = np.empty_like(places)
    numbers[places] = new.cumsum() - 1
    return places[new], numbers, packed[new]


def _measure_words(
    sentences: Sentences, rows: Rows, words: Words, lexicon: Floats, out: _Columns
) -> None:
    """Measure what rows share with the rest of their unit and with its title.

    How much of a sentence's words comes again in other sentences is what is left of
    centrality once the rest is known: the cosine to the centroid added nothing to it.
    """
    n_rows = len(rows.unit)
    idf = sentences.idf[words.term]
    repeated = np.bincount(words.slot)[words.slot] > 1
    out["repeated_terms"] = np.bincount(words.row, idf * repeated, n_rows) / 50.0
    out["z_repeated_terms"] = out["repeated_terms"]
    opens = np.bincount(words.row[words.openers], minlength=n_rows)
    out["new_terms"] = opens / np.maximum(np.bincount(words.row, minlength=n_rows), 1)
    in_title = idf * _in_title(sentences, rows, words)[words.slot]
    mass = np.bincount(words.row, idf, n_rows)
    out["title_precision"] = np.bincount(words.row, in_title, n_rows) / np.maximum(mass, 1.0)
    out["words"] = np.bincount(words.row, lexicon[words.term] * idf, n_rows) / words.norms


def _in_title(sentences: Sentences, rows: Rows, words: Words) -> Floats:
    """Say for each of a unit's words whether its title has it, [keys]."""
    in_title = np.zeros(len(words.keys))
    n_terms = len(sentences.idf)
    wanted = np.concatenate(
        [title + i * n_terms for i, title in enumerate(_unit_titles(sentences, rows))]
    )
    if len(words.keys) and len(wanted):
        found = np.minimum(words.keys.searchsorted(wanted), len(words.keys) - 1)
        in_title[found[words.keys[found] == wanted]] = 1.0
    return in_title


def _unit_titles(sentences: Sentences, rows: Rows) -> list[Ints]:
    title, *headings = sentences.titles
    bounds = pairwise(sentences.sections)
    filled = [each for each, (first, end) in zip(headings, bounds, strict=True) if first < end]
    if rows.copies == 1:
        return [title if len(title) or not filled else filled[0]]
    return [title, *filled]


def _surface(sentences: Sentences) -> Floats:
    """Measure what sentences look like, whatever stands around them, [6, sentences].

    The rows are length, figures, per cent, 万 or 亿, a preposition first, an odd end.
    """
    texts = [sentences.text[start:end] for start, end in sentences.spans]
    return np.array(
        [
            [len(text) or 1 for text in texts],
            [len(_FIGURE.findall(text)) for text in texts],
            ["%" in text or "％" in text for text in texts],
            ["亿" in text or "万" in text for text in texts],
            [_PREPOSITION.match(text) is not None for text in texts],
            [text[-1:] not in _ENDS for text in texts],
        ],
        dtype=np.float64,
    )


def measure(sentences: Sentences, lexicon: Floats) -> Floats:
    """Return the features of every row, [rows, len(FEATURES)], as the ranker uses them.

    Rows are the n sentences in their article and, if several sections have sentences, n
    more: the same in their sections. ``lexicon`` [terms] has the weight of each word.
    """
    rows = rows_of(sentences.sections)
    return features_of(sentences, rows, words_of(sentences, rows), lexicon).T


def features_of(sentences: Sentences, rows: Rows, words: Words, lexicon: Floats) -> Floats:
    """Return the features of every row, [len(FEATURES), rows]."""
    out: _Columns = {}
    surface, paragraph = _surface(sentences), sentences.paragraphs
    if rows.copies == 2:
        surface = np.concatenate((surface, surface), axis=1)
        paragraph = np.concatenate((paragraph, paragraph))
    _measure_place(rows, surface[0], paragraph, out)
    _measure_surface(rows, surface, out)
    _measure_words(sentences, rows, words, lexicon, out)
    features = np.empty((len(FEATURES), len(rows.unit)))
    for row, name in zip(features, FEATURES, strict=True):
        row[:] = out[name]
    _standardise(features[_FIRST_Z:], rows)
    return features


def _measure_place(rows: Rows, lengths: Floats, paragraph: Ints, out: _Columns) -> None:
    unit, firsts = rows.unit, rows.firsts
    lasts = firsts + rows.sizes - 1
    out["log_sentences"] = np.log(rows.sizes)[unit]
    out["first"] = rows.place == 0
    out["second"] = rows.place == 1
    out["first_paragraph"] = paragraph == paragraph[firsts][unit]
    out["last_paragraph"] = paragraph == paragraph[lasts][unit]
    in_paragraph = np.bincount(paragraph, lengths)[paragraph] / rows.copies
    out["paragraph_share"] = in_paragraph / np.add.reduceat(lengths, firsts)[unit]
    short = lengths < _SHORT
    out["under_20"] = short
    out["after_under_20"] = after = np.empty_like(short)
    after[1:] = short[:-1]
    after[firsts] = False


def _measure_surface(rows: Rows, surface: Floats, out: _Columns) -> None:
    length, figures, percent, large_number, preposition, odd_end = surface
    out["length_off"] = np.log(length / _USUAL_LENGTH) ** 2
    has_figure = np.minimum(figures, 1.0)
    out["figure_share"] = (np.add.reduceat(has_figure, rows.firsts) / rows.sizes)[rows.unit]
    out["percent"], out["large_number"] = percent, large_number
    out["preposition"], out["odd_end"] = preposition, odd_end
    out["z_length"], out["z_figures"] = length, np.minimum(figures, _MOST_FIGURES)


def _standardise(features: Floats, rows: Rows) -> None:
    """Shift and scale ``features`` [k, rows] in place to mean 0 and deviation 1 in each unit."""
    means = np.add.reduceat(features, rows.firsts, axis=1) / rows.sizes
    features -= means[:, rows.unit]
    variances = np.add.reduceat(features * features, rows.firsts, axis=1) / rows.sizes
    features /= np.sqrt(variances + 1e-9)[:, rows.unit]
