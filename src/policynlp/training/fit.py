"""Fit a model to a labelled corpus. The only importer of scikit-learn.

Everything that turns scores into decisions (calibration, roll-up, thresholds) is fitted on
out-of-fold values, with an article's sections always in one fold.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from policynlp.analysis.abstracts import lexicon_of
from policynlp.analysis.layout import Structure
from policynlp.analysis.themes import Weighted, roll_up, sigmoid
from policynlp.errors import CorpusError
from policynlp.language.terms import Counts, Floats
from policynlp.model import VIEWS, Cutoffs, Model, Promises
from policynlp.training.corpus import LabelledSection
from policynlp.training.dataset import (
    Dataset,
    Flags,
    Labels,
    build_dataset,
    choose_vocabulary,
    folds,
)
from policynlp.training.judge import Judged, compare
from policynlp.training.measures import f1_threshold, thresholds_by_precision

# Chosen by grouped cross-validation and on newspaper features; the losers and their figures
# stand in docs/experiments.md. The scales weigh a paragraph's own text against its context.
VIEW_SCALES = {"paragraph": 1.0, "section": 0.7, "heading": 0.5}
COST = 0.2
N_FOLDS = 5
# A theme is uncertain from this part of its threshold up. That makes 7 % of the news paragraphs
# uncertain, of which 30 % have a label; of those below, 5 %. At 0.3 it would be 13 % with 27 %.
UNCERTAIN_PART = 0.5
# What a user can ask for with min_precision. Beyond 0.95 too few rows are tagged to tell.
PRECISIONS = (0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)
# Half weight serves news and features better than full, 0.780 against 0.775 on news.
WRITTEN_WEIGHT = 0.5
_UNREGULARISED = 1e6
_MIN_EXAMPLES = 10
_MIN_JUDGED = 100


class Fit(NamedTuple):
    """A fitted model and what classifiers that never saw the article say out of fold."""

    model: Model
    judged: Judged


class CrossFit(NamedTuple):
    """Decision values by classifiers that never saw the article, and the mean classifiers.

    ``decisions`` [paragraphs, themes], ``coefficients`` [themes, features], ``intercepts``
    [themes].
    """

    decisions: Floats
    coefficients: Floats
    intercepts: Floats


def fit_model(
    sections: Sequence[LabelledSection],
    themes: Sequence[str],
    *,
    id: str,
    abstracts: Floats,
    abstract_words: Mapping[str, float],
    details: dict[str, Any],
) -> Fit:
    """Fit classifiers, calibration, roll-up and thresholds for ``themes``.

    ``abstracts`` and ``abstract_words`` are the weights of the sentence ranker, which is
    fitted apart from the themes (``training/abstracts.py``).

    Raises ``CorpusError`` if a theme has fewer than ten paragraphs with the label, or without,
    or has either in too few articles to cross-validate.
    """
    vocabulary, idf = choose_vocabulary(sections)
    data = build_dataset(sections, themes, vocabulary, idf)
    _check_enough(data, themes)
    features = feature_matrix(data.weighted, data.structure, len(vocabulary))
    decisions, coefficients, intercepts = cross_fit(features, data)
    judged = _judged(data.paragraphs, data.written[data.structure.sections])
    calibration = _calibrate(decisions, judged)
    paragraphs = sigmoid(decisions * calibration[:, 0] + calibration[:, 1])
    evidence = roll_up(
        paragraphs, data.structure.sizes, data.structure.sections, data.structure.n_sections
    )
    judged_sections = _judged(data.sections, data.written)
    weights = _fit_roll_up(evidence, judged_sections)
    rolled = sigmoid((evidence * weights).sum(axis=2))
    views = np.split(coefficients, len(VIEWS), axis=1)
    model = Model(
        id,
        tuple(themes),
        vocabulary,
        idf,
        {view: VIEW_SCALES[view] * part.T for view, part in zip(VIEWS, views, strict=True)},
        intercepts,
        calibration,
        weights,
        _cutoffs(paragraphs, judged),
        _cutoffs(rolled, judged_sections),
        abstracts,
        lexicon_of(abstract_words, vocabulary.terms),
        details,
        {
            "paragraph": _promises(paragraphs, judged),
            "section": _promises(rolled, judged_sections),
        },
    )
    return Fit(model, compare(model, sections, data, paragraphs, rolled))


def feature_matrix(weighted: Weighted, structure: Structure, n_terms: int) -> sp.csr_matrix:
    """Return the three views side by side, scaled: [paragraphs, 3 · terms]."""

    def matrix(rows: Counts) -> sp.csr_matrix:
        shape = (len(rows.indptr) - 1, n_terms)
        return sp.csr_matrix((rows.values, rows.terms, rows.indptr), shape=shape)

    parts = {
        "paragraph": matrix(weighted.paragraphs),
        "section": matrix(weighted.sections)[structure.sections],
        "heading": matrix(weighted.headings)[structure.sections],
    }
    return sp.hstack([VIEW_SCALES[view] * parts[view] for view in VIEWS], format="csr")


def row_weights(data: Dataset) -> Floats:
    """Return how much each paragraph counts in training: [paragraphs]."""
    return np.where(data.written[data.structure.sections], WRITTEN_WEIGHT, 1.0)


def classifier(features: sp.csr_matrix, holds: Flags, weights: Floats) -> LinearSVC:
    """Fit one theme's linear support vector machine."""
    machine = LinearSVC(C=COST, random_state=0, max_iter=5000)
    return machine.fit(features, holds, sample_weight=weights)


def fit_classifiers(
    features: sp.csr_matrix, labels: Labels, weights: Floats
) -> tuple[Floats, Floats]:
    """Return coefficients [themes, features] and intercepts [themes], each from known rows."""
    fitted = [
        classifier(features[known], holds[known], weights[known])
        for holds, known in zip(labels.holds.T, labels.known.T, strict=True)
    ]
    coefficients = np.concatenate([machine.coef_ for machine in fitted])
    return coefficients, np.array([float(machine.intercept_[0]) for machine in fitted])


def cross_fit(features: sp.csr_matrix, data: Dataset) -> CrossFit:
    """Fit classifiers on all folds but one, in turn, and average them into the model's own.

    A mean of linear machines is a linear machine. Calibrated on values out of fold, it is less
    sure of itself than one fitted to all rows: expected calibration error on features 0.06,
    0.05, 0.08, 0.18 a theme against 0.09, 0.07, 0.10, 0.19, at the same macro-F1. Averaged as
    in bagging (Breiman, "Bagging predictors", 1996).
    """
    holds, known = data.paragraphs
    weights = row_weights(data)
    fold = folds(data.articles, N_FOLDS)[data.structure.sections]
    decisions = np.zeros(holds.shape)
    fitted = []
    for held in np.unique(fold):
        train, test = fold != held, fold == held
        coefficients, intercepts = fit_classifiers(
            features[train], Labels(holds[train], known[train]), weights[train]
        )
        decisions[test] = features[test] @ coefficients.T + intercepts
        fitted.append((coefficients, intercepts))
    means = (np.mean(part, axis=0) for part in zip(*fitted, strict=True))
    return CrossFit(decisions, *means)


def _judged(labels: Labels, written: Flags) -> Labels:
    """Return the labels that calibration and thresholds go by: those of found text.

    Written text is easier than news (cross-validated macro-F1 0.90 against 0.78), so it
    would make probabilities too sure. It counts for a theme with too little else.
    """
    found = labels.known & ~written[:, None]
    with_it, without = (labels.holds & found).sum(axis=0), (~labels.holds & found).sum(axis=0)
    enough = np.minimum(with_it, without) >= _MIN_JUDGED
    return Labels(labels.holds, np.where(enough, found, labels.known))


def _check_enough(data: Dataset, themes: Sequence[str]) -> None:
    (holds, known), sections = data.paragraphs, data.structure.sections
    fold = folds(data.articles, N_FOLDS)[sections]
    for i, theme in enumerate(themes):
        rows = {"with": holds[:, i] & known[:, i], "without": ~holds[:, i] & known[:, i]}
        n_with, n_without = (int(chosen.sum()) for chosen in rows.values())
        if min(n_with, n_without) < _MIN_EXAMPLES:
            raise CorpusError(
                f"theme {theme!r} has {n_with} paragraphs with the label and {n_without} without; "
                f"at least {_MIN_EXAMPLES} of each are needed"
            )
        for which, chosen in rows.items():
            if len(np.unique(fold[chosen])) == 1:
                articles = len({data.articles[section] for section in sections[chosen]})
                raise CorpusError(
                    f"theme {theme!r}: its paragraphs {which} the label are of {articles} "
                    "articles, too few to cross-validate; label some of other articles"
                )


def _calibrate(decisions: Floats, labels: Labels) -> Floats:
    """Fit slope and offset [themes, 2] of a sigmoid on decision values (Platt, 1999)."""
    rows = []
    for holds, values in _known(decisions, labels):
        sigmoid_fit = LogisticRegression(C=_UNREGULARISED).fit(values[:, None], holds)
        rows.append((float(sigmoid_fit.coef_[0, 0]), float(sigmoid_fit.intercept_[0])))
    return np.array(rows)


def _fit_roll_up(evidence: Floats, labels: Labels) -> Floats:
    """Fit one logistic regression on sections whose own label is known: weights [themes, 3].

    Themes share the slopes and have a constant each, drawn to a common one: of paragraphs as
    probable, a section is more often about 思想解放 than about 数字化. With fewer labels than a
    fit needs, a section is as its mean: weights 0, 1, 0.
    """
    n_themes = evidence.shape[1]
    holds = labels.holds[labels.known]
    if min(holds.sum(), (~holds).sum()) < _MIN_EXAMPLES:
        return np.tile([0.0, 1.0, 0.0], (n_themes, 1))
    theme = np.broadcast_to(np.eye(n_themes), (len(evidence), n_themes, n_themes))
    rows = np.concatenate((evidence[:, :, :2], theme), axis=2)[labels.known]
    fitted = LogisticRegression(C=1.0).fit(rows, holds)
    slopes = np.tile(fitted.coef_[0, :2], (n_themes, 1))
    return np.column_stack((slopes, fitted.coef_[0, 2:] + fitted.intercept_))


def _cutoffs(probabilities: Floats, labels: Labels) -> Cutoffs:
    thresholds = tuple(
        f1_threshold(holds, p) if _tells(holds) else 0.5
        for holds, p in _known(probabilities, labels)
    )
    return Cutoffs(thresholds, tuple(UNCERTAIN_PART * threshold for threshold in thresholds))


def _promises(probabilities: Floats, labels: Labels) -> tuple[Promises, ...]:
    return tuple(
        thresholds_by_precision(holds, p, PRECISIONS)
        if _tells(holds)
        else dict.fromkeys(PRECISIONS)
        for holds, p in _known(probabilities, labels)
    )


def _known(probabilities: Floats, labels: Labels) -> Iterator[tuple[Flags, Floats]]:
    """Yield each theme's labels and probabilities of the rows that were labelled for it."""
    for p, holds, known in zip(probabilities.T, labels.holds.T, labels.known.T, strict=True):
        yield holds[known], p[known]


def _tells(holds: Flags) -> bool:
    """Say whether a threshold can be learned: some rows have the label and some have not."""
    return bool(holds.any() and not holds.all())
