"""The page of an evaluation of abstracts: a table a source.

It reads the figures of ``training/evaluate_abstracts.py`` as plain data, as JSON has them.
"""

from collections.abc import Mapping
from typing import Any

from policynlp.report.html import Markup, element, join, page, table

Figures = Mapping[str, Any]


def abstracts_page(figures: Figures) -> str:
    """Return the page of an evaluation of abstracts as one HTML file."""
    title = f"Abstracts of {figures['model']}"
    parts = {"all": figures, **figures["sources"]}
    tables = [join((element("h2", name), _measures_table(part))) for name, part in parts.items()]
    return page(
        title,
        element("h1", title),
        element(
            "p",
            f"{figures['articles']} articles, at most {figures['length']} characters. ROUGE is F1 "
            "over characters, the mean over an article's reference abstracts; pick-F1 compares "
            "sentences with each editor's picks. Per cent; in brackets: 95 % intervals from "
            "resampling articles.",
        ),
        *tables,
    )


def _measures_table(part: Figures) -> Markup:
    rows = ("abstracts", "lead", "gain")
    measures = part[rows[0]]
    body = [[row, *(_per_cent(part[row][measure]) for measure in measures)] for row in rows]
    header = ["", *(measure.replace("_", "-").replace("rouge", "ROUGE") for measure in measures)]
    return table(header, body, "The model, the lead sentences that fit, and the difference.")


def _per_cent(figure: Figures) -> Markup:
    low, high = (100 * bound for bound in figure["interval"])
    return join((f"{100 * figure['mean']:.1f}", element("small", f"({low:.1f} to {high:.1f})")))
