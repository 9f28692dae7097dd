"""How well a model tags labelled text, per paragraph and per section."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from policynlp.analysis.themes import infer
from policynlp.language.terms import Floats
from policynlp.model import Model
from policynlp.training.corpus import LabelledSection
from policynlp.training.dataset import Labels, build_dataset
from policynlp.training.measures import score


def evaluate(model: Model, sections: Sequence[LabelledSection]) -> dict[str, Any]:
    """Score ``model`` on labelled sections; what is disputed or unknown is left out."""
    data = build_dataset(sections, model.themes, model.vocabulary, model.idf)
    found = infer(data.weighted, data.structure, model)
    return {
        "paragraphs": report(
            model.themes, data.paragraphs, found.paragraphs, model.paragraph.threshold
        ),
        "sections": report(model.themes, data.sections, found.sections, model.section.threshold),
    }


def report(
    themes: Sequence[str], labels: Labels, probabilities: Floats, threshold: Sequence[float]
) -> dict[str, Any]:
    """Return precision, recall and F1 a theme and macro-F1 over the themes that occur."""
    rows = {}
    for i, theme in enumerate(themes):
        known = labels.known[:, i]
        holds, p = labels.holds[known, i], probabilities[known, i]
        if not holds.any():
            continue
        precision, recall, f1 = score(holds, p >= threshold[i])
        rows[theme] = {
            "rows": int(known.sum()),
            "labelled": int(holds.sum()),
            "precision": round(precision, 4),
            "recall": round(recall, 4),
            "f1": round(f1, 4),
        }
    macro = float(np.mean([row["f1"] for row in rows.values()])) if rows else 0.0
    return {"macro_f1": round(macro, 4), "themes": rows}


def as_table(result: dict[str, Any]) -> str:
    """Lay the figures of :func:`evaluate` out for a terminal."""
    lines = []
    for level in ("paragraphs", "sections"):
        lines.append(f"{level}: macro-F1 {result[level]['macro_f1']:.3f}")
        for theme, row in result[level]["themes"].items():
            lines.append(
                f"  {theme}  P {row['precision']:.3f}  R {row['recall']:.3f}  "
                f"F1 {row['f1']:.3f}  ({row['labelled']} of {row['rows']})"
            )
    return "\n".join(lines)
