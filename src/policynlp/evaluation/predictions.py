"""What a model says of labelled text beside what holds, per paragraph, section and article."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from policynlp.corpus.dataset import Dataset, Flags, Labels, build_dataset
from policynlp.corpus.labelled import LabelledSection
from policynlp.language.terms import Floats, Ints
from policynlp.model import Model, Thresholds
from policynlp.themes.predict import greatest, infer

LEVELS: Final = ("paragraphs", "sections", "articles")
AS_THEY_COME: Final = ("random", "natural")
_UNNAMED: Final = "unnamed"


class Outcome(NamedTuple):
    """Labels and probabilities of rows of one level: [rows, themes] each.

    ``articles`` [rows] numbers the article that each row stands in.
    """

    labels: Labels
    probabilities: Floats
    thresholds: Thresholds
    articles: Ints

    @property
    def holds(self) -> Flags:
        """Which themes are known to hold: [rows, themes]."""
        return self.labels.holds & self.labels.known

    @property
    def tagged(self) -> Flags:
        """Which themes the model tags, of those whose truth is known: [rows, themes]."""
        return (self.probabilities >= np.array(self.thresholds.threshold)) & self.labels.known

    def rows(self, chosen: Flags) -> "Outcome":
        """Return the chosen rows: [rows]."""
        labels = Labels(self.labels.holds[chosen], self.labels.known[chosen])
        return Outcome(labels, self.probabilities[chosen], self.thresholds, self.articles[chosen])


@dataclass(frozen=True, slots=True)
class Predictions:
    """The outcomes of one model on one corpus; ``of_paragraphs`` has each one's section."""

    model: Model
    corpus: Sequence[LabelledSection]
    of_paragraphs: Ints
    paragraphs: Outcome
    sections: Outcome
    articles: Outcome

    def levels(self, chosen: Flags | None = None) -> dict[str, Outcome]:
        """Return the outcomes of each level, of all or of the ``chosen`` [sections].

        An article is chosen if all its sections are.
        """
        outcomes = (self.paragraphs, self.sections, self.articles)
        if chosen is not None:
            n_articles = len(self.articles.articles)
            whole = np.bincount(self.sections.articles, ~chosen, n_articles) == 0
            masks = (chosen[self.of_paragraphs], chosen, whole)
            outcomes = tuple(map(Outcome.rows, outcomes, masks))  # type: ignore[assignment]
        return dict(zip(LEVELS, outcomes, strict=True))

    def sources(self) -> dict[str, Flags]:
        """Return which sections are of which source, genre or, failing these, origin."""
        names = np.array([source_of(section) for section in self.corpus])
        return {str(name): names == name for name in np.unique(names)}

    def as_they_come(self) -> Flags:
        """Return which sections were drawn from the news without regard to any model."""
        return np.array([s.notes.get("sampling") in AS_THEY_COME for s in self.corpus])


def source_of(section: LabelledSection) -> str:
    """Return what a section's figures are grouped by."""
    notes = section.notes
    return next((notes[k] for k in ("source", "genre", "origin") if notes.get(k)), _UNNAMED)


def predict(model: Model, corpus: Sequence[LabelledSection]) -> Predictions:
    """Let ``model`` tag a corpus of which labels are known."""
    data = build_dataset(corpus, model.themes, model.vocabulary, model.idf)
    found = infer(data.weighted, model)
    return set_beside_labels(model, corpus, data, found.paragraphs, found.sections)


def set_beside_labels(
    model: Model,
    corpus: Sequence[LabelledSection],
    data: Dataset,
    paragraphs: Floats,
    sections: Floats,
) -> Predictions:
    """Set probabilities of paragraphs and sections, out of fold or not, beside the labels.

    An article's probabilities are the greatest of its sections', as the analyzer's are.
    """
    of_sections = np.unique(data.articles, return_inverse=True)[1]
    of_paragraphs = data.structure.sections
    n_articles = int(of_sections.max(initial=-1)) + 1
    return Predictions(
        model,
        corpus,
        of_paragraphs,
        Outcome(data.paragraphs, paragraphs, model.paragraph, of_sections[of_paragraphs]),
        Outcome(data.sections, sections, model.section, of_sections),
        Outcome(
            article_labels(data.sections, of_sections, n_articles),
            greatest(sections, of_sections, n_articles),
            model.section,
            np.arange(n_articles),
        ),
    )


def article_labels(sections: Labels, of_sections: Ints, n_articles: int) -> Labels:
    """Derive which themes an article has: those that at least one of its sections has.

    The corpus labels no articles. A section is what readers judged as a whole, and who
    filters the news by a theme wants an article with a section on it. A third of the text, the
    code book's measure of long passages, would not do: it gives readers' own section labels
    again at F1 0.86 only, and hardly any theme of a long article. A theme is known to be absent
    only where it is known of all sections that the corpus has of the article, which need not
    be all that it had.
    """
    holds = np.zeros((n_articles, sections.holds.shape[1]), dtype=bool)
    known = np.ones_like(holds)
    np.logical_or.at(holds, of_sections, sections.holds & sections.known)
    np.logical_and.at(known, of_sections, sections.known)
    return Labels(holds, holds | known)
