"""Which themes a paragraph, a section and an article have, and what in the text says so.

A paragraph is read in its section: its decision value is the sum of three linear scores
over TF-IDF, of its own text, of its whole section's and of the heading's. Sections roll
up from their paragraphs, an article has what its sections have.
"""

import re
from collections.abc import Sequence
from functools import cached_property
from operator import ge
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from policynlp.analysis.layout import Layout, Structure
from policynlp.article import NONE, TAGGED, UNCERTAIN, Article, Evidence, Paragraph, Section, Tag
from policynlp.language.terms import Counts, Floats, Ints, pool, project, tf_idf
from policynlp.model import ROLL_UP, Cutoffs, Model

# Beyond this a probability would be 0 or 1 at the four decimals of the output records.
_MOST_LOG_ODDS = 12.0
_LEAST = 1.0 / (1.0 + np.exp(_MOST_LOG_ODDS))
_MOST_EVIDENCE = 5
_LEAST_EVIDENCE = 1e-9  # what is left of sums that cancel out
# What is quoted whole or not at all: a figure with its unit, letters and figures that are joined.
_UNITS: Final = (
    "美元|欧元|英镑|日元|元|平方公里|平方米|立方米|公里|千米|毫米|厘米|千瓦时|千瓦|兆瓦|公斤|公顷"
    "|人次|小时|分钟|周年|余?[米吨亩斤克升度倍个家项座台套件人名户条辆艘架颗次年月日天号种所处批期"
    "轮届册张只头株]"
)
_WHOLE: Final = re.compile(
    rf"[0-9A-Za-z０-９]+(?:[-./,，．][0-9A-Za-z０-９]+)*(?:[%％℃]|[十百千万亿]*[多余]?(?:{_UNITS})?)"
)


class Weighted(NamedTuple):
    """TF-IDF rows: one a paragraph, one a heading, one a run-in head, one a whole section.

    ``times`` [entries] is how often the term of each entry occurs, paragraphs before headings;
    ``in_section`` [entries of paragraphs] is the entry of sections that each is part of.
    """

    paragraphs: Counts
    headings: Counts
    run_ins: Counts
    sections: Counts
    times: Floats
    in_section: Ints


class Probabilities(NamedTuple):
    """Calibrated probabilities: [paragraphs, themes], [sections, themes], [articles, themes]."""

    paragraphs: Floats
    sections: Floats
    articles: Floats


def weigh(counts: Counts, structure: Structure, idf: Floats) -> Weighted:
    """Return the rows that the model's views read, from counts of structure's rows."""
    weighted = tf_idf(counts, idf)
    n, headed = structure.n_paragraphs, structure.n_paragraphs + structure.n_sections
    body = counts.indptr[n]
    whole, in_section = pool(
        structure.sections.take(counts.rows()[:body]),
        counts.terms[:body],
        structure.n_sections,
        len(idf),
        counts.values[:body],
    )
    return Weighted(
        weighted.between(0, n),
        weighted.between(n, headed),
        weighted.between(headed, structure.n_rows),
        tf_idf(whole, idf),
        counts.values[: counts.indptr[headed]],
        in_section,
    )


def decide(weighted: Weighted, structure: Structure, model: Model) -> Floats:
    """Return decision values [paragraphs, themes], equal to the fitted classifiers' own."""
    own = project(weighted.paragraphs, model.weights["paragraph"])
    of_section = project(weighted.sections, model.weights["section"])
    of_section += project(weighted.headings, model.weights["heading"])
    return own + of_section[structure.sections] + model.intercepts


def announce(weighted: Weighted, model: Model) -> Floats:
    """Return how probable each theme is by each paragraph's run-in head: [paragraphs, themes].

    The head is read as a paragraph that is its own section; 0 where there is none.
    """
    run_ins, weights = weighted.run_ins, model.weights
    there = run_ins.indptr[1:] > run_ins.indptr[:-1]
    probabilities = np.zeros((len(there), len(model.themes)))
    if there.any():
        decisions = project(run_ins, weights["paragraph"]) + project(run_ins, weights["section"])
        slope, offset = model.calibration.T
        probabilities[there] = sigmoid(slope * (decisions[there] + model.intercepts) + offset)
    return probabilities


def infer(weighted: Weighted, structure: Structure, model: Model) -> Probabilities:
    """Return the probability of every theme for each paragraph, section and article."""
    slope, offset = model.calibration.T
    paragraphs = sigmoid(slope * decide(weighted, structure, model) + offset)
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
    groups, sizes = structure.sections, structure.sizes
    if len(groups):
        begins = np.concatenate(([True], groups[1:] != groups[:-1])).nonzero()[0]
        filled = groups[begins]
        evidence[filled, :, 0] = np.maximum.reduceat(probabilities, begins)
        for place, weights in ((1, np.maximum(sizes, 1)), (2, np.ones_like(sizes))):
            sums = np.add.reduceat(probabilities * weights[:, None], begins)
            evidence[filled, :, place] = sums / np.add.reduceat(weights, begins)[:, None]
        evidence[filled, :, 3] = np.maximum.reduceat(announced, begins)
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
    """What each term occurrence of some articles adds to its paragraphs' log-odds."""

    def __init__(self, weighted: Weighted, layout: Layout, entries: Ints, model: Model) -> None:
        """Take what probabilities were inferred from; ``entries`` says what was counted where."""
        self._weighted = weighted
        self._layout = layout
        self._entries = entries
        self._model = model

    @cached_property
    def _shares(self) -> tuple[Floats, Floats]:
        """Each occurrence's equal part of its row's value, and of its section's: [occurrences].

        An occurrence in a heading has no part of the section.
        """
        weighted, entries = self._weighted, self._entries
        own = np.concatenate((weighted.paragraphs.values, weighted.headings.values))
        own /= weighted.times
        body = weighted.times[: len(weighted.in_section)]
        times = np.bincount(weighted.in_section, body, len(weighted.sections.values))
        of_section = np.zeros(len(own))
        of_section[: len(body)] = (weighted.sections.values / times).take(weighted.in_section)
        return own.take(entries), of_section.take(entries)

    def evidence(
        self, article: Article, number: int, within: Section | Paragraph, theme: int
    ) -> tuple[Evidence, ...]:
        """Return the phrases of a section or paragraph that raised ``theme`` most, best first.

        ``number`` is the place of ``article`` among those laid out. A phrase is a run of
        neighbouring words that each raised the theme, parted by stop words; a figure or a name
        in Latin letters that is part of it is quoted whole, with its unit, which adds nothing
        to the weight. Of equal phrases the first is quoted.
        """
        layout, base = self._layout, self._layout.bases[number]
        begin, end = within.start + base, within.end + base
        first, last = layout.word_starts.searchsorted((begin, end))
        words = layout.word_starts[first:last]
        weights = self._word_weights(words, end, theme)
        raises = np.zeros(len(words) + 2, dtype=bool)  # with a word before and after that does not
        raised = (weights > _LEAST_EVIDENCE) & ~layout.stop_words[first:last]
        weights = np.where(raised, weights, 0.0)
        raises[1:-1] = _made_whole(raised, layout.text, words, end)
        edges = (raises[1:] != raises[:-1]).nonzero()[0]
        sums = np.add.reduceat(np.append(weights, 0.0), edges)[::2]
        bounds = (np.append(words, end) - base)[edges].tolist()
        best: dict[str, Evidence] = {}
        for phrase in (-sums).argsort(kind="stable").tolist():
            start, stop = bounds[2 * phrase : 2 * phrase + 2]
            best.setdefault(article.text[start:stop], Evidence(start, stop, float(sums[phrase])))
            if len(best) == _MOST_EVIDENCE:
                break
        return tuple(best.values())

    def _word_weights(self, words: Ints, end: int, theme: int) -> Floats:
        """Return what each of some neighbouring words adds, itself and by its characters.

        ``words`` are where they start, ``end`` where the last of them ends.
        """
        layout, (own, of_section) = self._layout, self._shares
        extent = (words[0], end) if len(words) else (end, end)
        n_words = layout.n_words
        in_words = layout.starts[:n_words].searchsorted(extent)
        in_characters = layout.starts[n_words:].searchsorted(extent) + n_words
        here = np.concatenate((np.arange(*in_words), np.arange(*in_characters)))
        terms, weights = layout.terms.take(here), self._model.weights
        in_heading = layout.rows.take(here) >= layout.structure.n_paragraphs
        heading, paragraph = weights["heading"][terms, theme], weights["paragraph"][terms, theme]
        raised = own.take(here) * np.where(in_heading, heading, paragraph)
        raised += of_section.take(here) * weights["section"][terms, theme]
        raised *= self._model.calibration[theme, 0]
        word = words.searchsorted(layout.starts.take(here), side="right") - 1
        added: Floats = np.bincount(word, raised, len(words)).astype(np.float64, copy=False)
        return added


def _made_whole(raised: NDArray[np.bool_], text: str, words: Ints, end: int) -> NDArray[np.bool_]:
    """Add to the words that raised a theme the rest of the figures that they are part of."""
    made = raised.copy()
    if len(words):
        spans = [match.span() for match in _WHOLE.finditer(text, int(words[0]), end)]
        bounds = words.searchsorted(np.array(spans, np.int64).reshape(-1, 2))
        bounds[:, 0] = words.searchsorted([start for start, _ in spans], side="right") - 1
        for begin, stop in bounds.tolist():
            if raised[begin:stop].any():
                made[begin:stop] = True
    return made
