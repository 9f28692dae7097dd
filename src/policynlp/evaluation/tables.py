"""Figures laid out for a terminal."""

from collections.abc import Iterator, Sequence
from typing import Final

from policynlp.evaluation.evaluate import Figures
from policynlp.evaluation.predictions import LEVELS
from policynlp.messages import say

_LEAST: Final = 30  # labelled paragraphs; of fewer a share may be off by 0.2 or more
_COLUMNS: Final = (("P", "precision"), ("R", "recall"), ("F1", "f1"))


def in_words(figures: Figures) -> Iterator[str]:
    """Say for everybody what a model is good for: a sentence a theme, of paragraphs.

    Rows drawn as they come count where there are enough of a theme: the others were chosen, so
    that themes are more frequent among them than in the news.
    """
    yield say("what to expect on articles that are new to the model:")
    come = figures.get("as_they_come", {}).get("paragraphs", {"themes": {}})["themes"]
    for theme, chosen in figures["paragraphs"]["themes"].items():
        enough = theme in come and come[theme]["labelled"] >= _LEAST
        row = come[theme] if enough else chosen
        found = say("it finds about {found} of 100", found=_in_100(row["recall"]))
        if row["tagged"]:
            yield say(
                "  of 100 paragraphs tagged {theme}, about {right} are right; {found}{caution}",
                theme=theme,
                right=_in_100(row["precision"]),
                found=found,
                caution=_caution(row["labelled"]),
            )
        else:
            yield say("  {theme} is never tagged: label more paragraphs of it", theme=theme)


def _in_100(share: float) -> int:
    return round(100 * share)


def _caution(n_labelled: int) -> str:
    if n_labelled >= _LEAST:
        return ""
    return say(" (a rough guess: only {n} paragraphs have this label)", n=n_labelled)


def as_table(figures: Figures) -> Iterator[str]:
    """Lay the levels of figures out, each with a line a theme."""
    yield from _levels(figures)
    for line in _levels(figures.get("as_they_come", {})):
        yield line if line.startswith(" ") else say("as they come, {line}", line=line)


def as_report(figures: Figures) -> Iterator[str]:
    """Lay all figures out: the levels, sources, rows as they come, and coverage."""
    yield from as_table(figures)
    yield from _sources(figures["sources"])
    yield from _coverage(figures["coverage"]["paragraphs"])
    if figures["trained_on"]:
        yield say(
            "these figures flatter the model: it was trained on {trained_on}",
            trained_on=say(", ").join(figures["trained_on"]),
        )


def _levels(figures: Figures) -> Iterator[str]:
    for level in LEVELS:
        if level in figures and figures[level]["themes"]:
            yield from _level(level, figures[level])


def _level(level: str, report: Figures) -> Iterator[str]:
    macro = (f"{name} {_with_interval(report, f'macro_{key}')}" for name, key in _COLUMNS)
    yield say("{level}: macro {macro}", level=_named(level), macro="  ".join(macro))
    for theme, row in report["themes"].items():
        cells = "  ".join(f"{name} {_with_interval(row, key)}" for name, key in _COLUMNS)
        error = row["calibration_error"]
        further = f"ECE {'–' if error is None else f'{error:.3f}'}  Brier {row['brier']:.3f}"
        if "agreement" in row:
            further += say("  readers {agreement:.3f}", agreement=row["agreement"])
        yield say(
            "  {theme}  {cells}  {further}  ({labelled} of {rows})",
            theme=theme,
            cells=cells,
            further=further,
            labelled=row["labelled"],
            rows=row["rows"],
        )


def _named(level: str) -> str:
    names = (say("paragraphs"), say("sections"), say("articles"))
    return dict(zip(LEVELS, names, strict=True))[level]


def _with_interval(row: Figures, key: str) -> str:
    bounds = row["intervals"][key]
    return f"{row[key]:.3f}" + (f" ({bounds[0]:.2f}–{bounds[1]:.2f})" if bounds else "")


def _sources(sources: Figures) -> Iterator[str]:
    for name, part in sources.items():
        for level in LEVELS:
            report = part[level]
            if report["themes"]:
                cells = (f"{n} {_with_interval(report, f'macro_{key}')}" for n, key in _COLUMNS)
                yield say(
                    "source {name}, {rows} {level}: macro {cells}",
                    name=name,
                    rows=report["rows"],
                    level=_named(level),
                    cells="  ".join(cells),
                )


def _coverage(curve: Sequence[Figures]) -> Iterator[str]:
    yield say("paragraphs decided, and how many of these rightly, as the uncertain band narrows:")
    for point in curve:
        yield say(
            "  from {part:.1f} of the threshold  {decided:.3f} decided  {right:.3f} right",
            part=point["part"],
            decided=point["decided"],
            right=point["right"],
        )
