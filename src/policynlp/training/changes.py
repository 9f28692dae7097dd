"""What a new model changes against the current one, on the same rows.

Differences have 95 % intervals of a paired bootstrap: both models are measured on the same
resamples of articles, so what the rows themselves vary by cancels (Efron & Tibshirani, "An
introduction to the bootstrap", 1993).
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple, Protocol

import numpy as np

from policynlp.corpus.dataset import Flags, folds
from policynlp.corpus.labelled import LabelledSection, used_labels
from policynlp.corpus.read import read_corpus
from policynlp.corpus.records import corpus_files, sha256
from policynlp.errors import CorpusError
from policynlp.evaluation.metrics import (
    Interval,
    count_hits,
    interval,
    macro_scores,
    resampled_sums,
    scores,
)
from policynlp.evaluation.predictions import predict
from policynlp.language.terms import Floats, Ints
from policynlp.messages import say
from policynlp.model import Model
from policynlp.phases import TellPhase, silent, steps
from policynlp.training.classifiers import N_FOLDS
from policynlp.training.fit import Fit

FIXED, BROKE = "fixed", "broke"
HELD_OUT_TEXT, ADDED_LABELS = "held-out text", "added labels, out of fold"
MACRO: Final = "macro"
LEAST_ARTICLES: Final = 10  # resamples of fewer are much alike, and those of one all the same
_F1: Final = 2
_SHOWN: Final = 5  # cases of a kind on a terminal
_QUOTED: Final = 60  # characters


class Difference(NamedTuple):
    """F1 of a theme, or macro-F1, by both models, with the interval of its difference.

    ``interval`` is ``None`` where fewer than ``LEAST_ARTICLES`` articles bear on it: nobody can
    tell it from chance then.
    """

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
        bounds = (
            say(
                " ({low:+.3f} to {high:+.3f})",
                low=self.interval[0],
                high=self.interval[1],
            )
            if self.interval
            else say(" (fewer than {least} articles: too few to judge)", least=LEAST_ARTICLES)
        )
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

    @property
    def name(self) -> str:
        """What to call the data before a person; ``data`` is for programs."""
        return _data_names()[self.data]

    def count(self, kind: str) -> int:
        """Return how many paragraphs are ``FIXED``, or ``BROKE``."""
        return sum(case.change == kind for case in self.cases)

    def worse(self) -> list[str]:
        """Return what fell by more than chance."""
        return [str(each) for each in self.differences if each.is_worse]

    def verdict(self, current: Model) -> str:
        """Say in a sentence for everybody what changes, and whether it is for the better."""
        macro = self.differences[0].interval
        if self.worse():
            judged = say("worse than {id}", id=current.id)
        elif macro is None:
            judged = say("too few articles to judge")
        elif macro[0] > 0:
            judged = say("better than {id}", id=current.id)
        else:
            judged = say("as good as {id}: the difference may be chance", id=current.id)
        return say(
            "{data}, {rows} paragraphs: fixed {n_fixed}, broke {n_broke}; {judged}",
            data=self.name,
            rows=self.rows,
            n_fixed=self.count(FIXED),
            n_broke=self.count(BROKE),
            judged=judged,
        )


def _data_names() -> dict[str, str]:
    return {
        HELD_OUT_TEXT: say("held-out text"),
        ADDED_LABELS: say("added labels, out of fold"),
    }


def _kind_names() -> dict[str, str]:
    return {FIXED: say("fixed"), BROKE: say("broke")}


def case_table(cases: Sequence[Case]) -> list[Sequence[object]]:
    """Return the rows of a table of cases, its head first, in the language spoken."""
    head = (
        say("data"),
        say("change"),
        say("section"),
        say("paragraph"),
        say("labels"),
        say("before"),
        say("after"),
        say("text"),
    )
    data, kinds = _data_names(), _kind_names()
    named = (case._replace(data=data[case.data], change=kinds[case.change]) for case in cases)
    return [head, *named]


class Refit(Protocol):
    """Fits a model to some sections, for all themes or some."""

    def __call__(
        self,
        chosen: Sequence[LabelledSection],
        only: Sequence[str] = ...,
        tell_phase: TellPhase = ...,
    ) -> Fit:
        """Return the fit."""
        ...


class _Tags(NamedTuple):
    """Which themes hold and are tagged, of those that are known: [rows, themes] each."""

    holds: Flags
    tagged: Flags
    known: Flags


def changes_on_held_out(current: Model, new: Model, held_out: Sequence[Path]) -> Iterator[Change]:
    """Yield what changes on held-out files, if there are any."""
    if held_out:
        sections, themes = read_corpus(held_out), _shared(current, new.themes)
        before, after = (_tags(model, sections, themes) for model in (current, new))
        files = corpus_files(held_out)
        yield _change(HELD_OUT_TEXT, current, files, sections, themes, before, after)


def changes_on_added(
    current: Model,
    sections: Sequence[LabelledSection],
    refit: Refit,
    files: Sequence[Path],
    tell_phase: TellPhase = silent,
) -> Iterator[Change]:
    """Yield what changes on the sections of added ``files``, if there are any.

    Each fold of their articles is tagged by a model that learned from all but that fold, so the
    rest of the corpus is as it is in the new model. Cross-validation of everything would be
    unjust to the new model: one of its five machines, trained on four fifths, against the mean
    of five of the current one (macro-F1 of 184 rows 0.777 for 0.801).
    """
    names = set(map(str, files))
    added = [section for section in sections if section.file in names]
    themes = _shared(current, sorted({t for s in sections for t in used_labels(s)}))
    if not added or not themes:
        return
    numbers = folds([section.article for section in added], N_FOLDS).tolist()
    in_fold = [
        [s for s, n in zip(added, numbers, strict=True) if n == fold]
        for fold in sorted(set(numbers))
    ]
    parts = []
    name = say("comparing with {id} on added labels", id=current.id)
    begin = steps(tell_phase, name, len(in_fold))
    for part in in_fold:
        begin()
        held = {section.id for section in part}
        left = [section for section in sections if section.id not in held]
        try:
            model = refit(left, themes).model
        except CorpusError:  # Without a fold there is too little of a theme to learn from.
            return
        parts.append(_tags(model, part, themes))
    added = [section for part in in_fold for section in part]
    after = _Tags(*map(np.concatenate, zip(*parts, strict=True)))
    before = _tags(current, added, themes)
    yield _change(ADDED_LABELS, current, files, added, themes, before, after)


def change_lines(current: Model, changes: Sequence[Change]) -> Iterator[str]:
    """Lay changes out for a terminal."""
    kinds = _kind_names()
    for change in changes:
        yield say(
            "{data}, {rows} paragraphs, {id} → new:",
            data=change.name,
            rows=change.rows,
            id=current.id,
        )
        if change.known:
            yield say("  {id} was trained on some of them, which flatters it", id=current.id)
        yield from (f"  {difference}" for difference in change.differences)
        fixed, broke = (
            [case for case in change.cases if case.change == kind] for kind in (FIXED, BROKE)
        )
        for case in (*broke[:_SHOWN], *fixed[:_SHOWN]):
            yield (
                say(
                    "    {change}: {before} → {after}, labelled {labels}: {text}",
                    change=kinds[case.change],
                    before=case.before,
                    after=case.after,
                    labels=case.labels,
                    text=case.text[:_QUOTED]
                    or say(
                        "{section}, paragraph {number}", section=case.section, number=case.paragraph
                    ),
                )
            )


def _shared(current: Model, themes: Sequence[str]) -> list[str]:
    """Return the themes that both models know: only these can be compared."""
    return [theme for theme in current.themes if theme in themes]


def _tags(model: Model, sections: Sequence[LabelledSection], themes: Sequence[str]) -> _Tags:
    found = predict(model, sections).paragraphs
    columns = [model.themes.index(theme) for theme in themes]
    return _Tags(*(part[:, columns] for part in (found.holds, found.tagged, found.labels.known)))


def _change(
    data: str,
    current: Model,
    files: Sequence[Path],
    sections: Sequence[LabelledSection],
    themes: Sequence[str],
    before: _Tags,
    after: _Tags,
) -> Change:
    article_of = [section.article for section in sections for _ in section.paragraphs]
    articles = np.unique(article_of, return_inverse=True)[1]
    learned = {file["sha256"] for file in current.details.get("corpus", {}).get("files", [])}
    return Change(
        data,
        int(before.known.any(axis=1).sum()),
        any(sha256(path) in learned for path in files),
        list(_differences(themes, articles, before, after)),
        list(_cases(data, themes, sections, before, after)),
    )


def _differences(
    themes: Sequence[str], articles: Ints, before: _Tags, after: _Tags
) -> Iterator[Difference]:
    counts = [count_hits(each.holds, each.tagged, articles) for each in (before, after)]
    resampled = [resampled_sums(each) for each in counts]
    totals = [each.sum(axis=0) for each in counts]
    # Articles without label and tag bear on no F1.
    bear: Flags = np.any(np.stack(counts), axis=(0, 3))

    def difference(name: str, figures: list[list[Floats]], n_articles: int) -> Difference:
        one, other = (float(np.nan_to_num(total)) for total in figures[0])
        bounds = interval(figures[1][1] - figures[1][0])
        return Difference(name, one, other, bounds if n_articles >= LEAST_ARTICLES else None)

    macro = [[macro_scores(each)[..., _F1] for each in pair] for pair in (totals, resampled)]
    yield difference(MACRO, macro, int(bear.any(axis=1).sum()))
    of_themes = [[scores(each)[..., _F1] for each in pair] for pair in (totals, resampled)]
    for i, theme in enumerate(themes):
        if bear[:, i].any():
            own = [[each[..., i] for each in pair] for pair in of_themes]
            yield difference(theme, own, int(bear[:, i].sum()))


def _cases(
    data: str,
    themes: Sequence[str],
    sections: Sequence[LabelledSection],
    before: _Tags,
    after: _Tags,
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
