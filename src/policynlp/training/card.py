"""The model card that lies in every model folder, written from the manifest's own figures."""

from typing import Any

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
Thresholds are those that maximise F1 on the same out-of-fold values. Much of the corpus was
drawn near a decision boundary: in news as it comes themes are rarer and precision is lower.

{tables}
## How a probability comes about
The mean of five linear support vector machines a theme, one without each fold, over TF-IDF of
words and single characters of the paragraph, its section and its heading; a sigmoid calibrated
out of fold; sections and articles
by a logistic regression on the greatest and the mean probability of their paragraphs, with a
constant a theme. From
`uncertain_from` up to `threshold` a theme is reported as uncertain.

## Limits
News and reports of mainland China in simplified characters. Words outside its vocabulary of
{n_terms} terms say nothing to it; irony, denial and history are read as if they were news.
"""


def model_card(model: Model) -> str:
    """Return the Markdown card of a trained model."""
    metrics = model.details["metrics"]
    return _CARD.format(
        id=model.id,
        n_themes=len(model.themes),
        themes="、".join(model.themes),
        version=model.details["versions"]["policynlp"],
        n_terms=len(model.vocabulary),
        tables="\n".join(_table(level, metrics[level]) for level in ("paragraphs", "sections")),
        **{key: model.details["corpus"][key] for key in ("articles", "sections", "paragraphs")},
    )


def _table(level: str, result: dict[str, Any]) -> str:
    lines = [
        f"Per {level.removesuffix('s')}, macro-F1 {result['macro_f1']:.3f}:",
        "",
        "| theme | labelled | precision | recall | F1 |",
        "|---|---|---|---|---|",
    ]
    for theme, row in result["themes"].items():
        lines.append(
            f"| {theme} | {row['labelled']} of {row['rows']} | {row['precision']:.3f} | "
            f"{row['recall']:.3f} | {row['f1']:.3f} |"
        )
    return "\n".join(lines) + "\n"
