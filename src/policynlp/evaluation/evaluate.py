"""How well a model tags labelled text: every figure, per paragraph, section and article."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from policynlp.analyzer import Analyzer
from policynlp.corpus.dataset import Flags, unknown_themes
from policynlp.corpus.read import labelled, paths_of
from policynlp.corpus.records import corpus_files, read_toml, sha256
from policynlp.evaluation.error_analysis import confusion, worst_errors
from policynlp.evaluation.metrics import (
    brier_score,
    calibration_bins,
    calibration_error,
    coverage,
    interval,
    macro_scores,
    precision_recall,
    resampled_sums,
    scores,
    tally,
)
from policynlp.evaluation.predictions import Outcome, Predictions, predict
from policynlp.language.terms import Floats
from policynlp.messages import say
from policynlp.phases import Phase, TellPhase, silent
from policynlp.validation import maps, number

_DIGITS = 4
_NAMES = ("precision", "recall", "f1")

Figures = dict[str, Any]
# The F1 of two readers by level and theme.
Agreement = Mapping[str, Mapping[str, float]]


def evaluate(analyzer: Analyzer, data: object, *, tell_phase: TellPhase = silent) -> Figures:
    """Return all figures of an analyzer's model on labelled text, as JSON has them.

    ``data`` is paths or rows as :func:`policynlp.corpus.read.labelled` takes them. Besides those
    of :func:`figures_of` there are its worst ``errors``; ``trained_on``, the files that trained
    the model, whose figures flatter it; and ``not_measured``, how many sections are labelled for
    each theme that it does not know. The readers' agreement, where it lies beside the data,
    stands beside the model's figures. Raises ``CorpusError`` for the first row that is wrong.
    """
    tell_phase(Phase(say("reading the corpus")))
    model, corpus = analyzer.model, labelled(data)
    files = corpus_files(paths_of(data))
    unknown = unknown_themes(corpus, model.themes)
    tell_phase(Phase(say("tagging it")))
    found = predict(model, corpus)
    tell_phase(Phase(say("measuring")))
    trained = model.details.get("corpus", {}).get("files", [])
    known = {file["sha256"] for file in trained}
    return {
        **figures_of(found, read_agreement(files)),
        "trained_on": [str(file) for file in files if sha256(file) in known],
        "not_measured": dict(sorted(unknown.items())),
        "errors": worst_errors(found),
    }


def figures_of(found: Predictions, agreement: Agreement | None = None) -> Figures:
    """Return all figures of a labelled corpus, as JSON has them.

    ``paragraphs``, ``sections`` and ``articles`` are as :func:`report` has them; so are those
    in ``sources``, by source, and in ``as_they_come``, of rows drawn without a model.
    """
    themes = found.model.themes
    return {
        "model": found.model.id,
        "data": {
            "articles": len(found.articles.articles),
            "sections": len(found.corpus),
            "paragraphs": len(found.of_paragraphs),
        },
        **_reports(found, None, agreement or {}),
        "sources": {name: _reports(found, rows) for name, rows in found.sources().items()},
        "as_they_come": _reports(found, found.as_they_come()),
        "coverage": {level: coverage(outcome) for level, outcome in found.levels().items()},
        "curves": {level: _curves(themes, o) for level, o in found.levels().items()},
        "confusion": {level: confusion(themes, o) for level, o in found.levels().items()},
    }


def _reports(
    found: Predictions, chosen: Flags | None, agreement: Agreement | None = None
) -> Figures:
    return {
        level: level_figures(found.model.themes, outcome, (agreement or {}).get(level, {}))
        for level, outcome in found.levels(chosen).items()
    }


def level_figures(
    themes: Sequence[str], outcome: Outcome, agreement: Mapping[str, float] | None = None
) -> Figures:
    """Return the figures of one level, each theme that is labelled or tagged apart.

    Precision, recall and F1 have 95 % intervals; macro averages are over the labelled themes.
    """
    counts = tally(outcome)
    total, resampled = counts.sum(axis=0), resampled_sums(counts)
    of_themes, macro = scores(resampled), macro_scores(resampled)
    rows = {
        theme: _theme_row(outcome, i, total[i], of_themes[:, i])
        | ({"agreement": agreement[theme]} if agreement and theme in agreement else {})
        for i, theme in enumerate(themes)
        if total[i, 1:].any()
    }
    names = [f"macro_{name}" for name in _NAMES]
    return {
        "rows": int(outcome.labels.known.any(axis=1).sum()),
        **_rounded(names, macro_scores(total)),
        "intervals": {name: interval(macro[:, k]) for k, name in enumerate(names)},
        "themes": rows,
    }


def _theme_row(outcome: Outcome, i: int, total: Floats, resampled: Floats) -> Figures:
    known = outcome.labels.known[:, i]
    holds, p = outcome.labels.holds[known, i], outcome.probabilities[known, i]
    return {
        "rows": int(known.sum()),
        "labelled": int(total[2]),
        "tagged": int(total[1]),
        **_rounded(_NAMES, scores(total)),
        "intervals": {name: interval(resampled[:, k]) for k, name in enumerate(_NAMES)},
        "calibration_error": calibration_error(calibration_bins(holds, p)),
        "brier": brier_score(holds, p),
    }


def _curves(themes: Sequence[str], outcome: Outcome) -> Figures:
    """Return each labelled theme's threshold and its curves."""
    curves = {}
    for i, theme in enumerate(themes):
        known = outcome.labels.known[:, i]
        holds, p = outcome.labels.holds[known, i], outcome.probabilities[known, i]
        if holds.any():
            curves[theme] = {
                "threshold": round(outcome.thresholds.threshold[i], _DIGITS),
                "precision_recall": precision_recall(holds, p),
                "calibration": [each._asdict() for each in calibration_bins(holds, p)],
            }
    return curves


def _rounded(names: Sequence[str], values: Floats) -> dict[str, float]:
    """Name ``values``; what is undefined is 0."""
    return dict(zip(names, np.nan_to_num(values).round(_DIGITS).tolist(), strict=True))


AGREEMENT: Final = "agreement.toml"
_FIGURES: Final = maps(maps(number(0, 1)))


def read_agreement(files: Iterable[Path]) -> Mapping[str, Mapping[str, float]]:
    """Return F1 by level and theme from ``agreement.toml`` beside the data ``files``.

    Data from several folders have one only if all of these say the same: the agreement on
    some rows is not that on others. Raises ``CorpusError`` naming a file with anything else
    than tables of figures from 0 to 1.
    """
    found = [_read(folder / AGREEMENT) for folder in sorted({file.parent for file in files})]
    return found[0] if found and all(each == found[0] for each in found) else {}


def _read(path: Path) -> dict[str, dict[str, float]]:
    return read_toml(path, _FIGURES) if path.is_file() else {}
