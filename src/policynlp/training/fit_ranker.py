"""Fit the ranker of abstracts on sentences that editors picked.

The editors' articles are not ours to publish, so the repository holds what was measured on
them and no text: a row of features a sentence (``corpus/abstracts/rows.tsv``) and a weight a
word (``corpus/abstracts/words.tsv``). ``fit_ranker`` makes the ranker's weights of the rows.
"""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from policynlp.abstracts import FEATURES, Sentences, lay_out, measure_sentences
from policynlp.corpus.picks import PickedArticle
from policynlp.corpus.records import PACKED, text_of
from policynlp.errors import CorpusError
from policynlp.language.term_index import lay_out as lay_out_terms
from policynlp.language.terms import Floats, Ints, Vocabulary, pool
from policynlp.validation import check, number

ROWS, WORDS = "rows.tsv", "words.tsv"
_WORDS_COLUMN: Final = FEATURES.index("words")
_COLUMNS: Final = ("article", "sentence", "length", "pick", *FEATURES)
_UNPICKED: Final = -1
_FIGURE: Final = number(-1e6, 1e6)

# How far weights may go: the variances of their priors, of standardised features and of the
# words' tf-idf. Log-loss over ten folds of articles with that of words at 0: 0.4326, at 0.8:
# 0.4227, at 1.8: 0.4200, at 3.2: 0.4211.
_FEATURE_VARIANCE: Final = 0.05
_WORD_VARIANCE: Final = 1.8
_BIAS_VARIANCE: Final = 100.0
_FOLDS: Final = 10
_MOST_STEPS: Final = 50
_TOLERANCE: Final = 1e-9
_WEIGHT_DIGITS: Final = 6  # far above what solvers differ by, so that weights are the same
_DIGITS: Final = 4  # of committed figures; more would change no abstract


def lay_out_picked(source: PickedArticle, vocabulary: Vocabulary, idf: Floats) -> Sentences:
    """Lay out an edited article for the ranker."""
    layout = lay_out_terms([source.as_article()], vocabulary)
    return lay_out(layout, idf, [vocabulary.word_ids(source.title)])


class Rows(NamedTuple):
    """What was measured on the sentences of edited articles, one entry or row a sentence.

    ``articles`` are numbers, since an id may tell where a text comes from; ``picks`` the rank
    that the editor gave, 0 first, or -1; ``features`` [n, len(FEATURES)] has out of fold what
    words say.
    """

    articles: tuple[str, ...]
    sentences: Ints
    lengths: Ints
    picks: Ints
    features: Floats


def build_rows(
    sources: Sequence[PickedArticle], vocabulary: Vocabulary, idf: Floats
) -> tuple[Rows, dict[str, float]]:
    """Measure articles by their first editors' picks; return the rows and each word's weight.

    The weights of words are fitted with those of the features, but in the rows a sentence's
    words are weighed by a fit to other articles, or the ranker would trust them too much.
    """
    laid = [lay_out_picked(source, vocabulary, idf) for source in sources]
    sizes = [len(each.starts) for each in laid]
    article = np.repeat(np.arange(len(laid)), sizes)
    picks = np.concatenate([_pick_ranks(*each) for each in zip(sources, sizes, strict=True)])
    nothing = np.zeros(len(idf))
    features = np.vstack([measure_sentences(each, nothing) for each in laid])
    words = np.vstack([_word_values(each, len(vocabulary)) for each in laid])
    picked = (picks >= 0).astype(np.float64)
    kernels = _kernels(features, words)
    for fold in range(_FOLDS):
        held = article % _FOLDS == fold
        residuals = _residuals(kernels.both[np.ix_(~held, ~held)], picked[~held])
        by_words: Floats = kernels.words[np.ix_(held, ~held)]
        features[held, _WORDS_COLUMN] = by_words @ residuals
    weights = _WORD_VARIANCE * (words.T @ _residuals(kernels.both, picked))
    rounded = weights.round(_DIGITS).tolist()
    lexicon = {term: w for term, w in zip(vocabulary.terms, rounded, strict=True) if w}
    return (
        Rows(
            tuple(f"a{i:03d}" for i in article.tolist()),
            np.concatenate([np.arange(size) for size in sizes]),
            np.concatenate([each.ends - each.starts for each in laid]),
            picks,
            features.round(_DIGITS),
        ),
        lexicon,
    )


def _pick_ranks(source: PickedArticle, size: int) -> Ints:
    ranks = np.full(size, _UNPICKED)
    picks = list(source.picks[0])
    ranks[picks] = np.arange(len(picks))
    return ranks


def _word_values(sentences: Sentences, n_terms: int) -> Floats:
    """Return, for each sentence and term, what :func:`measure_sentences` weighs by the lexicon."""
    words, n = sentences.words, len(sentences.starts)
    counts = pool(words.rows, words.terms, n, n_terms).counts
    rows, idf = counts.rows, sentences.idf[counts.terms]
    norms = np.sqrt(np.bincount(rows, (counts.values * idf) ** 2, n))
    values = np.zeros((n, n_terms))
    values[rows, counts.terms] = idf / norms[rows]
    return values


class _Kernels(NamedTuple):
    """How sentences covary a priori [n, n]: by their words, and by these and the features."""

    words: Floats
    both: Floats


def _kernels(features: Floats, words: Floats) -> _Kernels:
    standard = (features - features.mean(axis=0)) / np.maximum(features.std(axis=0), 1e-9)
    by_words = _WORD_VARIANCE * (words @ words.T)
    return _Kernels(
        by_words, by_words + _FEATURE_VARIANCE * (standard @ standard.T) + _BIAS_VARIANCE
    )


def _residuals(kernel: Floats, picked: Floats) -> Floats:
    """Fit ridge logistic regression in its dual form; return picked less probability, [n].

    Newton's method as in Rasmussen & Williams, "Gaussian Processes for Machine Learning",
    2006, algorithm 3.1: words outnumber sentences, so n equations are fewer. The weights of
    the primal are the prior variance times features.T @ residuals.
    """
    scores = np.zeros(len(kernel))
    for _ in range(_MOST_STEPS):
        probabilities = 1.0 / (1.0 + np.exp(-scores))
        curvature = probabilities * (1.0 - probabilities)
        target = curvature * scores + picked - probabilities
        root = np.sqrt(curvature)
        system = root[:, None] * kernel * root + np.eye(len(kernel))
        solved = target - root * np.linalg.solve(system, root * (kernel @ target))
        before, scores = scores, kernel @ solved
        if np.abs(scores - before).max() < _TOLERANCE:
            break
    residuals: Floats = picked - 1.0 / (1.0 + np.exp(-scores))
    return residuals


def fit_ranker(rows: Rows) -> Floats:
    """Fit the ranker: the bias and a weight for each of FEATURES, for features as measured.

    Ridge logistic regression of whether the editor picked the sentence at all: weighing
    picks by their rank lost (docs/experiments.md).
    """
    mean, scale = rows.features.mean(axis=0), rows.features.std(axis=0)
    scale[scale < 1e-9] = 1.0
    ones = np.ones((len(rows.features), 1))
    design = np.hstack((ones, (rows.features - mean) / scale))
    precision = np.diag([1.0 / _BIAS_VARIANCE] + [1.0 / _FEATURE_VARIANCE] * len(scale))
    picked = rows.picks >= 0
    weights = np.zeros(design.shape[1])
    for _ in range(_MOST_STEPS):
        probabilities = 1.0 / (1.0 + np.exp(-design @ weights))
        gradient = design.T @ (picked - probabilities) - precision @ weights
        curvature = (design.T * (probabilities * (1.0 - probabilities))) @ design + precision
        step = np.linalg.solve(curvature, gradient)
        weights += step
        if np.abs(step).max() < _TOLERANCE:
            break
    slopes = weights[1:] / scale
    return np.concatenate(([weights[0] - slopes @ mean], slopes)).round(_WEIGHT_DIGITS)


def write_corpus(folder: Path, rows: Rows, words: Mapping[str, float]) -> None:
    """Write ``rows`` and ``words`` to a folder, tab-separated."""
    records = zip(*rows[:-1], rows.features, strict=True)
    _write(folder / ROWS, _COLUMNS, ((*head, *map(_short, tail)) for *head, tail in records))
    _write(folder / WORDS, ("word", "weight"), ((w, _short(x)) for w, x in words.items()))


def _short(value: float) -> str:
    return f"{value:.{_DIGITS}f}".rstrip("0").rstrip(".")


def _write(path: Path, header: Sequence[str], rows: Iterator[Sequence[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, "excel-tab", lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def read_rows(folder: Path) -> Rows:
    """Read the rows of a folder that :func:`write_corpus` wrote.

    Raises ``CorpusError`` naming file and line where it did not.
    """
    records = list(_read(folder / ROWS, _COLUMNS))
    numbers = np.array([values for _, values in records])
    sentences, lengths, picks = numbers[:, :3].astype(np.int64).T
    return Rows(tuple(id for id, _ in records), sentences, lengths, picks, numbers[:, 3:])


def read_words(folder: Path) -> dict[str, float]:
    """Read the weights of words of a folder that :func:`write_corpus` wrote."""
    return {word: weight for word, (weight,) in _read(folder / WORDS, ("word", "weight"))}


def _read(path: Path, header: Sequence[str]) -> Iterator[tuple[str, list[float]]]:
    packed = path.with_name(path.name + PACKED)
    path = packed if packed.is_file() else path
    line = 1
    try:
        lines = csv.reader(io.StringIO(text_of(path), newline=""), "excel-tab")
        if tuple(next(lines, ())) != tuple(header):
            raise CorpusError(
                "{path}: the columns must be {header}", path=path, header=" ".join(header)
            )
        for line, cells in enumerate(lines, 2):
            if len(cells) != len(header):
                raise CorpusError(
                    "{path}, line {number}: not {n_header} cells",
                    path=path,
                    number=line,
                    n_header=len(header),
                )
            values = list(map(float, cells[1:]))
            for value in values:
                check(value, _FIGURE)
            yield cells[0], values
    except (csv.Error, ValueError) as error:
        raise CorpusError(
            "{path}, line {number}: {error}", path=path, number=line, error=error
        ) from error
    if line == 1:
        raise CorpusError("{path}: no rows", path=path)
