"""Which themes a paragraph, a section and an article have.

A paragraph is read in its section: its decision value is the sum of three linear scores
over TF-IDF, of its own text, of its whole section's and of the heading's. Sections roll
up from their paragraphs, an article has what its sections have.
"""

from collections.abc import Sequence
from itertools import pairwise
from operator import ge
from typing import NamedTuple

import numpy as np

from policynlp.language.term_index import Structure
from policynlp.language.terms import Counts, Floats, Ints, add_up, project, runs
from policynlp.model import ROLL_UP, Model, Thresholds
from policynlp.results import NONE, TAGGED, UNCERTAIN, Tag

# Beyond this a probability would be 0 or 1 at the four decimals of the output records.
_MOST_LOG_ODDS = 12.0
_LEAST = 1.0 / (1.0 + np.exp(_MOST_LOG_ODDS))
_VIEWS = ("paragraph", "heading", "section")  # in the order of a structure's rows


class Weighted(NamedTuple):
    """The TF-IDF of each row of a structure."""

    rows: Counts
    structure: Structure

    @property
    def paragraphs(self) -> Counts:
        """A row a paragraph."""
        return self.rows.between(0, self.structure.n_paragraphs)

    @property
    def headings(self) -> Counts:
        """A row a heading."""
        n, n_sections = self.structure.n_paragraphs, self.structure.n_sections
        return self.rows.between(n, n + n_sections)

    @property
    def sections(self) -> Counts:
        """A row a whole section."""
        end = self.structure.first_run_in
        return self.rows.between(end - self.structure.n_sections, end)

    @property
    def run_ins(self) -> Counts:
        """A row a run-in head."""
        return self.rows.between(self.structure.first_run_in, self.structure.n_rows)


class Probabilities(NamedTuple):
    """Calibrated probabilities: [paragraphs, themes], [sections, themes], [articles, themes]."""

    paragraphs: Floats
    sections: Floats
    articles: Floats


def decide(weighted: Weighted, model: Model) -> Floats:
    """Return decision values [paragraphs, themes], equal to the fitted classifiers' own."""
    rows, structure = weighted
    n, headed = structure.n_paragraphs, structure.n_paragraphs + structure.n_sections
    indptr = rows.indptr[: structure.first_run_in + 1]
    bounds = (0, indptr[n], indptr[headed], indptr[-1])
    weights = np.empty((bounds[-1], len(model.themes)))
    for view, (begin, end) in zip(_VIEWS, pairwise(bounds), strict=True):
        own = weights[begin:end]
        model.weights[view].take(rows.terms[begin:end], axis=0, out=own, mode="clip")
    values = add_up(indptr, rows.values[: len(weights)], weights)
    of_section = values[headed:] + values[n:headed]
    return values[:n] + of_section.take(structure.sections, axis=0) + model.intercepts


def announce(weighted: Weighted, model: Model) -> Floats:
    """Return how probable each theme is by each paragraph's run-in head: [paragraphs, themes].

    The head is read as a paragraph that is its own section; 0 where there is none.
    """
    (rows, structure), weights = weighted, model.weights
    probabilities = np.zeros((structure.n_paragraphs, len(model.themes)))
    if rows.indptr[structure.first_run_in] < len(rows.terms):
        run_ins = weighted.run_ins
        there = run_ins.indptr[1:] > run_ins.indptr[:-1]
        decisions = project(run_ins, weights["paragraph"]) + project(run_ins, weights["section"])
        slope, offset = model.calibration.T
        probabilities[there] = sigmoid(slope * (decisions[there] + model.intercepts) + offset)
    return probabilities


def infer(weighted: Weighted, model: Model) -> Probabilities:
    """Return the probability of every theme for each paragraph, section and article."""
    structure, (slope, offset) = weighted.structure, model.calibration.T
    paragraphs = sigmoid(slope * decide(weighted, model) + offset)
    evidence = roll_up(paragraphs, announce(weighted, model), structure)
    sections = sigmoid((evidence * model.roll_up).sum(axis=2))
    articles = greatest(sections, structure.articles, structure.n_articles)
    return Probabilities(paragraphs, sections, articles)


def greatest(sections: Floats, articles: Ints, n_articles: int) -> Floats:
    """Return the greatest probability of each theme among the sections of each article.

    An article has a theme as far as one of its sections has: who filters the news by a theme
    wants it then. Rolled up from all its paragraphs, as a section is, it would lose what one
    section of several is about (recall 0.65 in articles of two or three, 0.46 in longer ones).
    """
    probabilities = np.full((n_articles, sections.shape[1]), _LEAST)
    np.maximum.at(probabilities, articles, sections)
    return probabilities


def roll_up(probabilities: Floats, announced: Floats, structure: Structure) -> Floats:
    """Return what a section's themes are learned from: [sections, themes, 5].

    These are the log-odds of the greatest probability of a theme among the paragraphs, of the
    mean weighted by their length and of the plain mean, the greatest probability by a run-in
    head, and 1. A section without text has the least log-odds.
    """
    evidence = np.zeros((structure.n_sections, probabilities.shape[1], len(ROLL_UP)))
    begins, counts = runs(structure.sections)
    if len(begins):
        found = np.empty((len(begins), *evidence.shape[1:]))
        found[:, :, 0] = np.maximum.reduceat(probabilities, begins)
        lengths = np.maximum(structure.sizes, 1)
        sums = np.add.reduceat(probabilities * lengths[:, None], begins)
        found[:, :, 1] = sums / np.add.reduceat(lengths, begins)[:, None]
        found[:, :, 2] = np.add.reduceat(probabilities, begins) / counts[:, None]
        found[:, :, 3] = np.maximum.reduceat(announced, begins)
        evidence[structure.sections.take(begins)] = found
    evidence[:, :, :3] = log_odds(evidence[:, :, :3])
    evidence[:, :, 4] = 1.0
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


def status_of(probabilities: Sequence[float], thresholds: Thresholds) -> str:
    """Return the status of a paragraph, section or article from its theme probabilities."""
    if any(map(ge, probabilities, thresholds.threshold)):
        return TAGGED
    return UNCERTAIN if any(map(ge, probabilities, thresholds.uncertain_from)) else NONE


def tags_of(
    probabilities: Sequence[float], thresholds: Thresholds, themes: Sequence[str]
) -> list[Tag]:
    """Return the themes at or above their thresholds, most probable first."""
    tags = [
        Tag(theme, p)
        for theme, p, threshold in zip(themes, probabilities, thresholds.threshold, strict=True)
        if p >= threshold
    ]
    return sorted(tags, key=lambda tag: -tag.probability)
