"""What a corpus is like for a model that has not seen it: what later batches are held against."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import compress
from typing import Final

from policynlp.corpus.dataset import MIN_SECTIONS, WRITTEN, Flags, folds
from policynlp.corpus.labelled import LabelledSection, document_frequency
from policynlp.evaluation.predictions import Predictions
from policynlp.language.terms import CHARACTER
from policynlp.results import UNCERTAIN
from policynlp.themes.drift import Profile
from policynlp.themes.predict import status_of
from policynlp.training.classifiers import N_FOLDS

_ENOUGH: Final = 100


def reference_of(found: Predictions) -> Profile:
    """Profile a fit's corpus by words outside the other folds' vocabulary and scores out of fold.

    The vocabulary of the whole corpus knows the words of its own articles too well.
    """
    profile = Profile()
    chosen = _like_a_batch(found)
    for words, unknown in _coverage(found.corpus, chosen):
        profile.note_words(words, unknown)
    thresholds = found.model.section
    for probabilities in compress(found.sections.probabilities.tolist(), chosen):
        profile.note_section(probabilities, status_of(probabilities, thresholds) == UNCERTAIN)
    return profile


def _like_a_batch(found: Predictions) -> Sequence[bool]:
    """Choose the sections drawn as news comes, or else all found ones, or all.

    What was drawn near a decision boundary, or written, is no measure of news.
    """
    as_they_come: Flags = found.as_they_come()
    not_written = [section.notes.get("origin") != WRITTEN for section in found.corpus]
    choices = (as_they_come.tolist(), not_written)
    return next((c for c in choices if sum(c) >= _ENOUGH), [True] * len(found.corpus))


def _coverage(corpus: Sequence[LabelledSection], chosen: Sequence[bool]) -> Iterator[list[int]]:
    """Yield how many words each article's chosen sections have, and how many are unknown.

    A file of counts from before they had totals of words has no say.
    """
    fold = folds([section.article for section in corpus], N_FOLDS).tolist()
    own = [
        document_frequency(s for s, f in zip(corpus, fold, strict=True) if f == number)
        for number in range(N_FOLDS)
    ]
    total = sum(own, Counter[str]())
    articles: dict[str, list[int]] = {}
    for section, number in compress(zip(corpus, fold, strict=True), chosen):
        terms = sum((p.terms for p in section.paragraphs), section.heading)
        known = sum(
            n
            for term, n in terms.items()
            if total[term] - own[number][term] >= MIN_SECTIONS and not term.startswith(CHARACTER)
        )
        if section.words:
            coverage = articles.setdefault(section.article, [0, 0])
            coverage[0] += section.words
            coverage[1] += section.words - known
    yield from articles.values()
