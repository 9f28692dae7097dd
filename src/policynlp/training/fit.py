"""Fit a model to a labelled corpus: classifiers, calibration, roll-up and thresholds.

Everything that turns scores into decisions (calibration, roll-up, thresholds) is fitted on
out-of-fold values, with an article's sections always in one fold.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from sklearn.linear_model import LogisticRegression

from policynlp.abstracts import lexicon_of
from policynlp.corpus.dataset import Dataset, Flags, Labels, build_dataset, choose_vocabulary, folds
from policynlp.corpus.labelled import LabelledSection
from policynlp.errors import CorpusError
from policynlp.evaluation.metrics import f1_threshold, thresholds_by_precision
from policynlp.evaluation.predictions import Predictions, set_beside_labels
from policynlp.language.terms import Floats
from policynlp.messages import say
from policynlp.model import ROLL_UP, VIEWS, Model, Promises, Thresholds, digest
from policynlp.phases import Phase, TellPhase, silent
from policynlp.themes.predict import roll_up, sigmoid
from policynlp.training.classifiers import N_FOLDS, VIEW_SCALES, cross_fit

# A theme is uncertain from this part of its threshold up. That makes 7 % of the news paragraphs
# uncertain, of which 30 % have a label; of those below, 5 %. At 0.3 it would be 13 % with 27 %.
UNCERTAIN_PART = 0.5
# What a user can ask for with min_precision. Beyond 0.95 too few rows are tagged to tell.
PRECISIONS = (0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)
# Written sections follow the code book's measure of a co-main theme to the letter. With a tenth of
# the weight of found ones sections score 0.794 on news and 0.805 on features, without 0.793 and
# 0.793, with half 0.782 and 0.771.
WRITTEN_ROLL_UP = 0.1
_UNREGULARISED = 1e6
_MIN_EXAMPLES = 10
_MIN_TUNING = 100


class Fit(NamedTuple):
    """A fitted model and what classifiers that never saw the article say out of fold."""

    model: Model
    predictions: Predictions


def fit_model(
    sections: Sequence[LabelledSection],
    themes: Sequence[str],
    *,
    name: str,
    abstracts: Floats,
    abstract_words: Mapping[str, float],
    details: dict[str, Any],
    tell_phase: TellPhase = silent,
) -> Fit:
    """Fit classifiers, calibration, roll-up and thresholds for ``themes``.

    The model's id is ``name`` and a hash of what it holds.
    ``abstracts`` and ``abstract_words`` are the weights of the sentence ranker, which is
    fitted apart from the themes (``training/fit_ranker.py``).

    Raises ``CorpusError`` if a theme has fewer than ten paragraphs with the label, or without,
    or has either in too few articles to cross-validate.
    """
    tell_phase(Phase(say("counting words")))
    vocabulary, idf = choose_vocabulary(sections)
    data = build_dataset(sections, themes, vocabulary, idf)
    _check_enough(data, themes)
    crossed = cross_fit(data, len(vocabulary), tell_phase)
    tell_phase(Phase(say("calibrating probabilities and choosing thresholds")))
    tuning = _tuning_labels(data.paragraphs, data.written[data.structure.sections])
    calibration = _calibrate(crossed.paragraphs, tuning)
    paragraphs = sigmoid(crossed.paragraphs * calibration[:, 0] + calibration[:, 1])
    announced = sigmoid(crossed.run_ins * calibration[:, 0] + calibration[:, 1])
    announced[np.isinf(crossed.run_ins)] = 0.0
    evidence = roll_up(paragraphs, announced, data.structure)
    tuning_sections = _tuning_labels(data.sections, data.written)
    weights = _fit_roll_up(evidence, data.sections, tuning_sections)
    rolled = sigmoid((evidence * weights).sum(axis=2))
    views = np.split(crossed.coefficients, len(VIEWS), axis=1)
    model = Model(
        name,
        tuple(themes),
        vocabulary,
        idf,
        {view: VIEW_SCALES[view] * part.T for view, part in zip(VIEWS, views, strict=True)},
        crossed.intercepts,
        calibration,
        weights,
        _thresholds(paragraphs, tuning),
        _thresholds(rolled, tuning_sections),
        abstracts,
        lexicon_of(abstract_words, vocabulary.terms),
        details,
        {
            "paragraph": _promises(paragraphs, tuning),
            "section": _promises(rolled, tuning_sections),
        },
    )
    model = replace(model, id=f"{name}-{digest(model)}")
    return Fit(model, set_beside_labels(model, sections, data, paragraphs, rolled))


def _tuning_labels(labels: Labels, written: Flags) -> Labels:
    """Return the labels that calibration and thresholds go by: those of found text.

    Written text is easier than news (cross-validated macro-F1 0.90 against 0.78), so it
    would make probabilities too sure. It counts for a theme with too little else.
    """
    found = labels.known & ~written[:, None]
    with_it, without = (labels.holds & found).sum(axis=0), (~labels.holds & found).sum(axis=0)
    enough = np.minimum(with_it, without) >= _MIN_TUNING
    return Labels(labels.holds, np.where(enough, found, labels.known))


def _check_enough(data: Dataset, themes: Sequence[str]) -> None:
    (holds, known), sections = data.paragraphs, data.structure.sections
    fold = folds(data.articles, N_FOLDS)[sections]
    for i, theme in enumerate(themes):
        rows = (
            (say("with"), holds[:, i] & known[:, i]),
            (say("without"), ~holds[:, i] & known[:, i]),
        )
        n_with, n_without = (int(chosen.sum()) for _, chosen in rows)
        if min(n_with, n_without) < _MIN_EXAMPLES:
            raise CorpusError(
                "theme {theme!r} has {n_with} paragraphs with the label and {n_without} "
                "without; at least {min_examples} of each are needed",
                theme=theme,
                n_with=n_with,
                n_without=n_without,
                min_examples=_MIN_EXAMPLES,
            )
        for which, chosen in rows:
            if len(np.unique(fold[chosen])) == 1:
                articles = len({data.articles[section] for section in sections[chosen]})
                raise CorpusError(
                    "theme {theme!r}: its paragraphs {which} the label are of {articles} "
                    "articles, too few to cross-validate; label some of other articles",
                    theme=theme,
                    which=which,
                    articles=articles,
                )


def _calibrate(decisions: Floats, labels: Labels) -> Floats:
    """Fit slope and offset [themes, 2] of a sigmoid on decision values (Platt, 1999)."""
    rows = []
    for holds, values in _known(decisions, labels):
        sigmoid_fit = LogisticRegression(C=_UNREGULARISED).fit(values[:, None], holds)
        rows.append((float(sigmoid_fit.coef_[0, 0]), float(sigmoid_fit.intercept_[0])))
    return np.array(rows)


def _fit_roll_up(evidence: Floats, labels: Labels, tuning: Labels) -> Floats:
    """Fit one logistic regression on sections whose own label is known: weights [themes, 5].

    Themes share the slopes and have a constant each, drawn to a common one. With fewer labels
    than a fit needs, a section is as its mean by length.
    """
    n_themes = evidence.shape[1]
    known, holds = labels.known, labels.holds[labels.known]
    if min(holds.sum(), (~holds).sum()) < _MIN_EXAMPLES:
        return np.tile([float(name == "mean_by_length") for name in ROLL_UP], (n_themes, 1))
    theme = np.broadcast_to(np.eye(n_themes), (len(evidence), n_themes, n_themes))
    rows = np.concatenate((evidence[:, :, :-1], theme), axis=2)[known]
    weights = np.where(tuning.known, 1.0, WRITTEN_ROLL_UP)[known]
    fitted = LogisticRegression(C=1.0, max_iter=1000).fit(rows, holds, sample_weight=weights)
    n_slopes = len(ROLL_UP) - 1
    slopes = np.tile(fitted.coef_[0, :n_slopes], (n_themes, 1))
    return np.column_stack((slopes, fitted.coef_[0, n_slopes:] + fitted.intercept_))


def _thresholds(probabilities: Floats, labels: Labels) -> Thresholds:
    thresholds = tuple(
        f1_threshold(holds, p) if _tells(holds) else 0.5
        for holds, p in _known(probabilities, labels)
    )
    return Thresholds(thresholds, tuple(UNCERTAIN_PART * threshold for threshold in thresholds))


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
