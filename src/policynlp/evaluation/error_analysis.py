"""Where labels and model disagree: themes taken for others, worst errors, doubtful labels."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np

from policynlp.article import Article, Paragraph, Section, Span
from policynlp.corpus.dataset import weigh_sections
from policynlp.corpus.labelled import LabelledSection
from policynlp.evaluation.predictions import Outcome, Predictions
from policynlp.language.term_index import count_rows, lay_out
from policynlp.language.terms import CHARACTER, Floats, Ints, tf_idf
from policynlp.messages import say
from policynlp.model import Model
from policynlp.themes.evidence import Contributions, Question
from policynlp.themes.predict import Weighted

MOST_ERRORS: Final = 20  # of a theme and kind
MOST_DOUBTS: Final = 200
_DOUBTFUL: Final = 0.5  # from here on the label is the less probable one
_QUOTED: Final = 60  # characters
_MOST_WORDS: Final = 8
_DIGITS: Final = 4
NO_THEME: Final = "none"
YES, NO = "yes", "no"  # whether a row has the label


def confusion(themes: Sequence[str], outcome: Outcome) -> dict[str, Any]:
    """Say which themes are tagged wrongly on rows that hold which.

    ``wrong[theme][other]`` counts the rows that hold ``theme`` and wrongly have the tag
    ``other``, ``instead`` those of them where ``theme`` itself was missed. The theme "none"
    stands for rows without a label. ``missed`` counts the rows whose own tag is missing,
    ``wrong_tags`` all rows with a wrong tag: a row with two labels stands in two lines.
    """
    holds, tagged = outcome.holds, outcome.tagged
    wrongly = (tagged & ~holds).astype(np.int64)
    missed = holds & ~tagged
    none = ~holds.any(axis=1)
    wrong = np.vstack((holds.T @ wrongly, none @ wrongly))
    names = (*themes, NO_THEME)
    return {
        "labelled": _named(names, [*holds.sum(axis=0), none.sum()]),
        "missed": _named(themes, missed.sum(axis=0)),
        "wrong_tags": _named(themes, wrongly.sum(axis=0)),
        "wrong": {n: _named(themes, row) for n, row in zip(names, wrong, strict=True)},
        "instead": {
            n: _named(themes, row) for n, row in zip(themes, missed.T @ wrongly, strict=True)
        },
    }


def _named(names: Sequence[str], values: Any) -> dict[str, int]:
    return {name: int(value) for name, value in zip(names, values, strict=True)}


def worst_errors(found: Predictions) -> dict[str, dict[str, list[dict[str, Any]]]]:
    """Return each theme's paragraphs that are most surely tagged wrongly or missed.

    Each has its section's id, its number from 1, heading, text, probabilities, labels, and
    what raised the theme: where the text is known, ``evidence`` as start, end and weight in
    the text; where only counts are, ``words`` with their weights.
    """
    outcome, model = found.paragraphs, found.model
    first_rows = np.searchsorted(found.of_paragraphs, np.arange(len(found.corpus)))
    wrongly, missed = outcome.tagged & ~outcome.holds, outcome.holds & ~outcome.tagged

    def described(row: int, theme: int) -> dict[str, Any]:
        number = int(found.of_paragraphs[row])
        section, place = found.corpus[number], row - int(first_rows[number])
        probabilities = outcome.probabilities[row].round(_DIGITS).tolist()
        return {
            "id": section.id,
            "paragraph": place + 1,
            "heading": section.heading_text,
            "text": section.paragraphs[place].text,
            "themes": sorted(section.paragraphs[place].themes),
            "probabilities": dict(zip(model.themes, probabilities, strict=True)),
            **_reasons(model, section, place, theme),
        }

    errors = {}
    for i, theme in enumerate(model.themes):
        p = outcome.probabilities[:, i]
        errors[theme] = {
            "false_positives": [described(row, i) for row in _first(wrongly[:, i], -p)],
            "false_negatives": [described(row, i) for row in _first(missed[:, i], p)],
        }
    return errors


def _first(chosen: Any, by: Floats) -> list[int]:
    rows = chosen.nonzero()[0]
    ordered: list[int] = rows[np.argsort(by[rows], kind="stable")][:MOST_ERRORS].tolist()
    return ordered


def _reasons(model: Model, section: LabelledSection, place: int, theme: int) -> dict[str, Any]:
    if not section.paragraphs[place].text:
        return {"words": _telling_words(model, section, place, theme)}
    article = _as_article(section)
    (body,) = article.sections
    layout = lay_out([article], model.vocabulary)
    pooled = count_rows(layout, len(model.idf))
    weighted = Weighted(tf_idf(pooled.counts, model.idf), layout.structure)
    paragraph = body.paragraphs[place]
    contributions = Contributions(weighted, pooled, layout, model)
    (found,) = contributions.evidence([article], [Question(0, paragraph, theme)])
    begin = paragraph.start
    return {"evidence": [(e.start - begin, e.end - begin, round(e.weight, _DIGITS)) for e in found]}


def _as_article(section: LabelledSection) -> Article:
    """Put a section of known text together, a paragraph a line, each of one sentence."""
    heading = Span(0, len(section.heading_text)) if section.heading_text else None
    start, paragraphs = (heading.end + 1 if heading else 0), []
    for text in (paragraph.text for paragraph in section.paragraphs):
        end = start + len(text)
        paragraphs.append(Paragraph(start, end, (Span(start, end),)))
        start = end + 1
    lines = [p.text for p in section.paragraphs]
    text = "\n".join([section.heading_text, *lines] if heading else lines)
    return Article(text, (Section(heading, 0, 0, len(text), tuple(paragraphs)),))


def raised_terms(
    model: Model, section: LabelledSection, place: int, theme: int
) -> tuple[Ints, Floats]:
    """Return a counted paragraph's terms and what each adds to the log-odds of a theme.

    The section's value of a term is shared out by how often each paragraph has it.
    """
    weighted, _ = weigh_sections([section], model.vocabulary, model.idf)
    own, whole = weighted.paragraphs.between(place, place + 1), weighted.sections
    terms, entries = own.terms, whole.terms.searchsorted(own.terms)
    times = model.vocabulary.count([section.paragraphs[place].terms]).values
    times /= model.vocabulary.count([section.terms]).values.take(entries)
    shared = whole.values.take(entries) * times
    raised = own.values * model.weights["paragraph"][terms, theme]
    raised += shared * model.weights["section"][terms, theme]
    return terms, raised * model.calibration[theme, 0]


def _telling_words(
    model: Model, section: LabelledSection, place: int, theme: int
) -> list[tuple[str, float]]:
    """Return the words of a counted paragraph that raised a theme most, with their log-odds."""
    terms, raised = raised_terms(model, section, place, theme)
    ranked = np.argsort(-raised, kind="stable").tolist()
    found = [(model.vocabulary.terms[terms[i]], float(raised[i])) for i in ranked]
    words = [(t, round(w, _DIGITS)) for t, w in found if w > 0 and not t.startswith(CHARACTER)]
    return words[:_MOST_WORDS]


class Doubt(NamedTuple):
    """A label that a model trained on other articles disagrees with."""

    file: str
    section: str
    paragraph: int
    theme: str
    label: str
    probability: float
    text: str


def doubt_table(doubts: Sequence[Doubt]) -> list[Sequence[object]]:
    """Return the rows of a table of doubts, its head first, in the language spoken."""
    head = (
        say("file"),
        say("section"),
        say("paragraph"),
        say("theme"),
        say("label"),
        say("probability"),
        say("text"),
    )
    answers = {YES: say("yes"), NO: say("no")}
    return [head, *(doubt._replace(label=answers[doubt.label]) for doubt in doubts)]


def doubtful_labels(found: Predictions) -> list[Doubt]:
    """Return the labels of paragraphs that are likeliest wrong, the likeliest first.

    ``found`` must be out of fold. Labels are ranked by the probability that they are given,
    the self-confidence of Northcutt et al., "Confident learning: estimating uncertainty in
    dataset labels", 2021; a paragraph stands in the list once, for its most doubtful theme.
    Paragraphs of which only counts are known come after all others: nobody can read them.
    """
    outcome, themes = found.paragraphs, found.model.themes
    apart = np.where(outcome.labels.known, np.abs(outcome.probabilities - outcome.holds), 0.0)
    most, theme_of = apart.max(axis=1), apart.argmax(axis=1)
    first_rows = np.searchsorted(found.of_paragraphs, np.arange(len(found.corpus)))
    doubts = []
    unread = np.array([not p.text for section in found.corpus for p in section.paragraphs])
    ranked = np.lexsort((-most, unread))
    for row in ranked[most[ranked] > _DOUBTFUL][:MOST_DOUBTS].tolist():
        number, theme = int(found.of_paragraphs[row]), int(theme_of[row])
        section, place = found.corpus[number], row - int(first_rows[number])
        doubts.append(
            Doubt(
                section.file,
                section.id,
                place + 1,
                themes[theme],
                YES if outcome.holds[row, theme] else NO,
                round(float(outcome.probabilities[row, theme]), _DIGITS),
                section.paragraphs[place].text[:_QUOTED],
            )
        )
    return doubts
