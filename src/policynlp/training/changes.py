"""What a new model changes against the current one, on the same rows.

Differences have 95 % intervals of a paired bootstrap: both models are measured on the same
resamples of articles, so what the rows themselves vary by cancels (Efron & Tibshirani, "An
introduction to the bootstrap", 1993).
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from policynlp.language.terms import Floats
from policynlp.model import Cutoffs, Model
from policynlp.training.corpus import LabelledSection, corpus_files, read_corpus, sha256
from policynlp.training.dataset import Flags, Labels
from policynlp.training.fit import Fit
from policynlp.training.intervals import Interval, interval, resampled_sums
from policynlp.training.judge import Judged, Outcome, judge
from policynlp.training.measures import macro_scores, scores, tally

FIXED, BROKE = "fixed", "broke"
MACRO: Final = "macro"
_F1: Final = 2
_SHOWN: Final = 5  # cases of a kind on a terminal
_QUOTED: Final = 60  # characters


class Difference(NamedTuple):
    """F1 of a theme, or macro-F1, by both models, with the interval of its difference."""

    name: str
    before: float
    after: float
    interval: Interval

    @property
    def is_worse(self) -> bool:
        """Whether it fell by more than chance."""
        return self.interval is not None and self.interval[1] < 0

    def __str__(self) -> str:
        """Return the figures in one line."""
        bounds = f" ({self.interval[0]:+.3f} to {self.interval[1]:+.3f})" if self.interval else ""
        change = self.after - self.before
        return f"{self.name} F1 {self.before:.3f} → {self.after:.3f}  {change:+.3f}{bounds}"


class Case(NamedTuple):
    """A paragraph that is tagged rightly by one of two models only."""

    data: str
    change: str
    section: str
    paragraph: int
    labels: str
    before: str
    after: str
    text: str


class Change(NamedTuple):
    """What changes on some labelled paragraphs; ``known`` if the current model learned them."""

    data: str
    rows: int
    known: bool
    differences: list[Difference]
    cases: list[Case]

    def worse(self) -> list[str]:
        """Return what fell by more than chance."""
        return [str(each) for each in self.differences if each.is_worse]


def find_changes(
    current: Model, fit: Fit, held_out: Sequence[Path], added: Sequence[Path]
) -> Iterator[Change]:
    """Yield what changes on held-out files, and, out of fold, on added ones, where there are any.

    Themes that only one of the models knows are left out.
    """
    if held_out:
        sections = read_corpus(held_out)
        after = judge(fit.model, sections)
        yield _change("held-out text", current, held_out, sections, after, after.paragraphs)
    files = set(map(str, corpus_files(added)))
    chosen = np.array([section.file in files for section in fit.judged.corpus])
    if chosen.any():
        sections = [s for s, take in zip(fit.judged.corpus, chosen, strict=True) if take]
        outcome = fit.judged.levels(chosen)["paragraphs"]
        yield _change("added labels, out of fold", current, added, sections, fit.judged, outcome)


def change_lines(current: Model, changes: Sequence[Change]) -> Iterator[str]:
    """Lay changes out for a terminal."""
    for change in changes:
        yield f"{change.data}, {change.rows} paragraphs, {current.id} → new:"
        if change.known:
            yield f"  {current.id} was trained on some of them, which flatters it"
        yield from (f"  {difference}" for difference in change.differences)
        fixed, broke = (
            [case for case in change.cases if case.change == kind] for kind in (FIXED, BROKE)
        )
        yield f"  fixed {len(fixed)}, broke {len(broke)}"
        for case in (*broke[:_SHOWN], *fixed[:_SHOWN]):
            yield (
                f"    {case.change}: {case.before} → {case.after}, labelled {case.labels}: "
                f"{case.text[:_QUOTED] or f'{case.section}, paragraph {case.paragraph}'}"
            )


def _change(
    data: str,
    current: Model,
    paths: Sequence[Path],
    sections: Sequence[LabelledSection],
    found: Judged,
    after: Outcome,
) -> Change:
    before = judge(current, sections).paragraphs
    themes = [theme for theme in found.model.themes if theme in current.themes]
    before = _of_themes(before, [current.themes.index(theme) for theme in themes])
    after = _of_themes(after, [found.model.themes.index(theme) for theme in themes])
    learned = {file["sha256"] for file in current.details.get("corpus", {}).get("files", [])}
    return Change(
        data,
        int(before.labels.known.any(axis=1).sum()),
        any(sha256(path) in learned for path in corpus_files(paths)),
        list(_differences(themes, before, after)),
        list(_cases(data, themes, sections, before, after)),
    )


def _of_themes(outcome: Outcome, columns: Sequence[int]) -> Outcome:
    labels = Labels(*(part[:, columns] for part in outcome.labels))
    cutoffs = Cutoffs(*(tuple(part[i] for i in columns) for part in _parts(outcome.cutoffs)))
    return Outcome(labels, outcome.probabilities[:, columns], cutoffs, outcome.articles)


def _parts(cutoffs: Cutoffs) -> tuple[tuple[float, ...], tuple[float, ...]]:
    return cutoffs.threshold, cutoffs.uncertain_from


def _differences(themes: Sequence[str], before: Outcome, after: Outcome) -> Iterator[Difference]:
    counts = [tally(outcome) for outcome in (before, after)]
    resampled = [resampled_sums(each) for each in counts]
    totals = [each.sum(axis=0) for each in counts]
    yield _difference(
        MACRO, *([macro_scores(each)[..., _F1] for each in pair] for pair in (totals, resampled))
    )
    of_themes = [[scores(each)[..., _F1] for each in pair] for pair in (totals, resampled)]
    for i, theme in enumerate(themes):
        if any(total[i].any() for total in totals):
            yield _difference(theme, *([each[..., i] for each in pair] for pair in of_themes))


def _difference(name: str, totals: list[Floats], resampled: list[Floats]) -> Difference:
    one, other = (float(np.nan_to_num(value)) for value in totals)
    return Difference(name, one, other, interval(resampled[1] - resampled[0]))


def _cases(
    data: str,
    themes: Sequence[str],
    sections: Sequence[LabelledSection],
    before: Outcome,
    after: Outcome,
) -> Iterator[Case]:
    places = [(section, i) for section in sections for i in range(len(section.paragraphs))]
    was, now = ((each.tagged == each.holds).all(axis=1) for each in (before, after))
    for row in (was != now).nonzero()[0].tolist():
        section, i = places[row]
        yield Case(
            data,
            FIXED if now[row] else BROKE,
            section.id,
            i + 1,
            _named(themes, before.holds[row]),
            _named(themes, before.tagged[row]),
            _named(themes, after.tagged[row]),
            section.paragraphs[i].text,
        )


def _named(themes: Sequence[str], holds: Flags) -> str:
    return "、".join(theme for theme, each in zip(themes, holds, strict=True) if each) or "–"
