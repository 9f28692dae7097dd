"""The model card that lies in every model folder, written from the manifest's own figures."""

from collections.abc import Iterator
from typing import Any

from policynlp.escaping import markdown
from policynlp.model import Model

_CARD = """# {id}

Tags sections and paragraphs of Chinese government and party news with {n_themes} themes
({themes}) and ranks sentences for abstracts. Made by policynlp {version}; read it with
`policynlp.load(PATH)`.

## What it was trained on
{articles} articles, {sections} sections, {paragraphs} paragraphs. The files and their hashes
stand in `manifest.json`; what they are and how they were labelled, in the corpus's own card.

## How well it does
Five-fold cross-validation on its training corpus, no article in training and test at once.
Thresholds rest on the same out-of-fold values: half of the greatest F1. Much of the corpus was
drawn near a decision boundary: in news as it comes themes are rarer. In brackets: 95 %
intervals from resampling articles. ECE: how far probabilities from 0.1 up are off, in the
mean, from the share of texts that have the theme.

{tables}
## How a probability comes about
The mean of five linear support vector machines a theme, one without each fold, over TF-IDF of
words and single characters of the paragraph, its section and its heading; a sigmoid calibrated
out of fold; sections by a logistic regression on the greatest and the mean probability of their
paragraphs, with a constant a theme; articles by the greatest of their sections. From
`uncertain_from` up to `threshold` a theme is uncertain.

## Limits
News and reports of mainland China in simplified characters. Words outside its vocabulary of
{n_terms} terms say nothing to it; irony, denial and history are read as if they were news.
"""


def model_card(model: Model) -> str:
    """Return the Markdown card of a trained model."""
    metrics = model.details["metrics"]
    return _CARD.format(
        id=markdown(model.id),
        n_themes=len(model.themes),
        themes=markdown("、".join(model.themes)),
        version=model.details["versions"]["policynlp"],
        n_terms=len(model.vocabulary),
        tables="\n".join(_tables(metrics)),
        **{key: model.details["corpus"][key] for key in ("articles", "sections", "paragraphs")},
    )


def _tables(metrics: dict[str, Any]) -> Iterator[str]:
    reports = {
        f"Per {level.removesuffix('s')}": metrics[level] for level in ("paragraphs", "sections")
    }
    if "as_they_come" in metrics:
        reports["Per paragraph of news as it comes"] = metrics["as_they_come"]["paragraphs"]
    # Where only paragraphs were labelled there is nothing to say of sections.
    yield from (_table(title, report) for title, report in reports.items() if report["themes"])


def _table(title: str, result: dict[str, Any]) -> str:
    lines = [
        f"{title}, macro-F1 {_with_interval(result, 'macro_f1')}:",
        "",
        "| theme | labelled | precision | recall | F1 | ECE |",
        "|---|---|---|---|---|---|",
    ]
    for theme, row in result["themes"].items():
        lines.append(
            f"| {markdown(theme)} | {row['labelled']} of {row['rows']} | {row['precision']:.3f} | "
            f"{row['recall']:.3f} | {_with_interval(row, 'f1')} | {_error(row)} |"
        )
    return "\n".join(lines) + "\n"


def _error(row: dict[str, Any]) -> str:
    error = row["calibration_error"]
    return "–" if error is None else f"{error:.3f}"


def _with_interval(row: dict[str, Any], key: str) -> str:
    bounds = row["intervals"][key]
    return f"{row[key]:.3f}" + (f" ({bounds[0]:.2f}–{bounds[1]:.2f})" if bounds else "")
