"""Which themes a paragraph, a section and an article have, and what in the text says so.

A paragraph is read in its section: its decision value is the sum of three linear scores
over TF-IDF, of its own text, of its whole section's and of the heading's. Sections and
the article roll up from their paragraphs.
"""

from collections.abc import Iterator, Sequence
from functools import cached_property
from operator import ge
from typing import NamedTuple

import numpy as np

from policynlp.analysis.layout import NOWHERE, Layout, Structure
from policynlp.article import NONE, TAGGED, UNCERTAIN, Evidence, Paragraph, Section, Tag
from policynlp.language.terms import Counts, Floats, Ints, pool, project, tf_idf
from policynlp.language.words import stop_words
from policynlp.model import Cutoffs, Model

# Beyond this a probability would be 0 or 1 at the four decimals of the output records.
_MOST_LOG_ODDS = 12.0
_LEAST = 1.0 / (1.0 + np.exp(_MOST_LOG_ODDS))
_MOST_EVIDENCE = 5
_LEAST_EVIDENCE = 1e-9  # what is left of sums that cancel out


class Weighted(NamedTuple):
    """TF-IDF rows: one a paragraph, one a heading, one a whole section."""

    paragraphs: Counts
    headings: Counts
    sections: Counts


class Probabilities(NamedTuple):
    """Calibrated probabilities [paragraphs, themes], [sections, themes] and [themes]."""

    paragraphs: Floats
    sections: Floats
    article: Floats


def weigh(counts: Counts, structure: Structure, idf: Floats) -> Weighted:
    """Return the rows that the model's three views read, from counts of structure's rows."""
    indptr, terms, values = tf_idf(counts, idf)
    n = structure.n_paragraphs
    body = indptr[n]
    whole = pool(
        structure.sections[counts.rows()[:body]],
        counts.terms[:body],
        counts.values[:body],
        structure.n_sections,
        len(idf),
    )
    return Weighted(
        Counts(indptr[: n + 1], terms[:body], values[:body]),
        Counts(indptr[n:] - body, terms[body:], values[body:]),
        tf_idf(whole, idf),
    )


def decide(weighted: Weighted, structure: Structure, model: Model) -> Floats:
    """Return decision values [paragraphs, themes], equal to the fitted classifiers' own."""
    own = project(weighted.paragraphs, model.weights["paragraph"])
    of_section = project(weighted.sections, model.weights["section"])
    of_section += project(weighted.headings, model.weights["heading"])
    return own + of_section[structure.sections] + model.intercepts


def infer(weighted: Weighted, structure: Structure, model: Model) -> Probabilities:
    """Return the probability of every theme for each paragraph, section and the whole."""
    slope, offset = model.calibration.T
    paragraphs = sigmoid(slope * decide(weighted, structure, model) + offset)
    sections = roll_up(paragraphs, structure.sizes, structure.sections, structure.n_sections)
    whole = sections  # as for most short articles, which are one section
    if structure.n_sections != 1:
        whole = roll_up(paragraphs, structure.sizes, np.zeros_like(structure.sections), 1)
    return Probabilities(
        paragraphs, sigmoid(sections @ model.roll_up), sigmoid(whole @ model.roll_up)[0]
    )


def roll_up(probabilities: Floats, sizes: Ints, groups: Ints, n_groups: int) -> Floats:
    """Return what a group's themes are learned from: [groups, themes, 3].

    These are the log-odds of the greatest probability of a theme among the group's
    paragraphs, the log-odds of the mean weighted by length, and 1. A group without text
    has the least log-odds for both. ``groups`` is ascending.
    """
    evidence = np.zeros((n_groups, probabilities.shape[1], 3))
    if len(groups):
        begins = np.concatenate(([True], groups[1:] != groups[:-1])).nonzero()[0]
        filled = groups[begins]
        evidence[filled, :, 0] = np.maximum.reduceat(probabilities, begins)
        sums = np.add.reduceat(probabilities * sizes[:, None], begins)
        evidence[filled, :, 1] = sums / np.maximum(np.add.reduceat(sizes, begins), 1)[:, None]
    evidence = log_odds(evidence)
    evidence[:, :, 2] = 1.0
    return evidence


def sigmoid(log_odds: Floats) -> Floats:
    """Return the probabilities of ``log_odds``."""
    bounded = np.minimum(np.maximum(log_odds, -_MOST_LOG_ODDS), _MOST_LOG_ODDS)
    probabilities: Floats = 1.0 / (1.0 + np.exp(-bounded))
    return probabilities


def log_odds(probabilities: Floats) -> Floats:
    """Return ln(p / (1 - p)), bounded so that 0 and 1 stay finite."""
    p = np.minimum(np.maximum(probabilities, _LEAST), 1.0 - _LEAST)
    odds: Floats = np.log(p / (1.0 - p))
    return odds


def status_of(probabilities: Sequence[float], cutoffs: Cutoffs) -> str:
    """Return the status of a paragraph, section or article from its theme probabilities."""
    if any(map(ge, probabilities, cutoffs.threshold)):
        return TAGGED
    return UNCERTAIN if any(map(ge, probabilities, cutoffs.uncertain_from)) else NONE


def tags_of(probabilities: Sequence[float], cutoffs: Cutoffs, themes: Sequence[str]) -> list[Tag]:
    """Return the themes at or above their thresholds, most probable first."""
    tags = [
        Tag(theme, p)
        for theme, p, threshold in zip(themes, probabilities, cutoffs.threshold, strict=True)
        if p >= threshold
    ]
    return sorted(tags, key=lambda tag: -tag.probability)


class Contributions:
    """What each term occurrence of an article adds to its paragraphs' log-odds."""

    def __init__(self, text: str, weighted: Weighted, layout: Layout, model: Model) -> None:
        """Take the article's text and what its probabilities were inferred from."""
        self._text = text
        self._weighted = weighted
        self._layout = layout
        self._model = model

    @cached_property
    def _shares(self) -> dict[str, Floats]:
        """Each occurrence's part of its row's value in each view: [occurrences].

        An occurrence in a heading counts for that view alone, one in the body for the others.
        """
        terms, rows = self._layout.occurrences.terms, self._layout.rows
        n = self._layout.structure.n_paragraphs
        in_heading = rows >= n
        body = np.where(in_heading, NOWHERE, rows)
        sections = np.where(in_heading, NOWHERE, self._sections)
        headings = np.where(in_heading, rows - n, NOWHERE)
        return {
            "paragraph": _share(self._weighted.paragraphs, body, terms),
            "section": _share(self._weighted.sections, sections, terms),
            "heading": _share(self._weighted.headings, headings, terms),
        }

    @cached_property
    def _sections(self) -> Ints:
        """The section that each occurrence stands in: [occurrences]."""
        structure = self._layout.structure
        of_rows = np.concatenate((structure.sections, np.arange(structure.n_sections)))
        sections: Ints = of_rows[self._layout.rows]
        return sections

    def evidence(self, within: Section | Paragraph, theme: int) -> tuple[Evidence, ...]:
        """Return the phrases of a section or paragraph that raised ``theme`` most, best first.

        A phrase is a run of neighbouring words that each raised it; of equal phrases the
        first is quoted.
        """
        places = self._layout.occurrences.starts
        mine = (places >= within.start) & (places < within.end)
        terms, starts, lengths = (array[mine] for array in self._layout.occurrences)
        raised = np.zeros(len(terms))
        for view, share in self._shares.items():
            raised += share[mine] * self._model.weights[view][terms, theme]
        raised *= self._model.calibration[theme, 0]
        size = within.end - within.start
        total = _accumulated(raised, starts - within.start, lengths, size)
        first, last = self._layout.word_starts.searchsorted((within.start, within.end))
        bounds = np.append(self._layout.word_starts[first:last], within.end)
        weights = np.diff(total[bounds - within.start]).tolist()
        best: dict[str, Evidence] = {}
        for phrase in sorted(self._phrases(bounds.tolist(), weights), key=lambda e: -e.weight):
            best.setdefault(self._text[phrase.start : phrase.end], phrase)
        return tuple(list(best.values())[:_MOST_EVIDENCE])

    def _phrases(self, bounds: list[int], weights: list[float]) -> Iterator[Evidence]:
        """Join neighbouring words of positive weight; stop words part phrases."""
        begin, sum_ = None, 0.0
        for start, end, weight in zip(bounds, bounds[1:], [*weights, 0.0], strict=False):
            raises = weight > _LEAST_EVIDENCE and self._text[start:end] not in stop_words()
            if raises:
                begin = start if begin is None else begin
                sum_ += weight
            elif begin is not None:
                yield Evidence(begin, start, sum_)
                begin, sum_ = None, 0.0
        if begin is not None:
            yield Evidence(begin, bounds[-1], sum_)


def _share(weighted: Counts, rows: Ints, terms: Ints) -> Floats:
    """Return each occurrence's equal share of its row's value for its term, 0 without one."""
    if not len(weighted.terms):
        return np.zeros(len(terms))
    width = int(max(weighted.terms.max(), terms.max())) + 1
    keys = rows * width + terms
    known = weighted.rows() * width + weighted.terms
    entry = np.minimum(known.searchsorted(keys), len(known) - 1)
    found = known[entry] == keys
    times = np.bincount(entry[found], minlength=len(known))
    share: Floats = np.where(found, weighted.values[entry] / np.maximum(times[entry], 1), 0.0)
    return share


def _accumulated(raised: Floats, starts: Ints, lengths: Ints, size: int) -> Floats:
    """Spread each occurrence over its characters and sum up to each place: [size + 1]."""
    density = raised / lengths
    opened = np.bincount(starts, density, size + 1)
    closed = np.bincount(starts + lengths, density, size + 1)
    return np.concatenate(([0.0], (opened - closed).cumsum()[:size].cumsum()))
