"""Laws of the package on cases that hypothesis makes, the same ones in every run.

Others are held in tests/fuzz/targets.py, where the input is hostile, too: that an analysis quotes
what stands at its offsets ("page"), that many articles at once are as each by itself ("lot", and
with a run's files "lines" and the like), that limits are refused where they make no sense
("limits").
"""

import tempfile
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sklearn.metrics import f1_score

from fuzz.outcome import analyzer
from fuzz.texts import lines, pages
from policynlp.article import AbstractLimits
from policynlp.evaluation.metrics import (
    calibration_bins,
    f1_threshold,
    precision_recall,
    thresholds_by_precision,
)
from policynlp.language.words import fold, normalise, words
from policynlp.reading import read_text, split_clauses, split_sentences
from policynlp.results import Analysis
from policynlp.schema import DIGITS, Scored, read_scored, to_json

law = settings(
    max_examples=120,
    derandomize=True,
    deadline=None,
    database=None,
    phases=(Phase.explicit, Phase.generate, Phase.shrink),
    suppress_health_check=list(HealthCheck),
)
lengths = st.none() | st.integers(1, 300)
# Files hold no halves of characters.
sound_pages = pages.map(lambda text: text.encode("utf-8", "replace").decode())


@law
@given(text=lines | pages)
def test_sentences_and_their_clauses_lose_nothing(text: str) -> None:
    clauses, sentences = (
        [(span.start, span.end) for span in split(text, 0, len(text))]
        for split in (split_clauses, split_sentences)
    )
    for spans in (clauses, sentences):
        assert "".join(text[start:end] for start, end in spans) == text
        assert all(one[1] == other[0] for one, other in pairwise(spans))
        assert all(start < end for start, end in spans)
    assert {end for _, end in sentences} <= {end for _, end in clauses}


@law
@given(text=lines | pages)
def test_words_lose_nothing(text: str) -> None:
    joined = "".join(words(text))
    assert joined == normalise(text) == normalise(joined)
    assert all(new in (old, fold(old)) for old, new in zip(text, joined, strict=True))


@law
@given(text=pages)
def test_paragraphs_are_made_of_their_sentences(text: str) -> None:
    article = read_text(text)
    for section in article.sections:
        for paragraph in section.paragraphs:
            quoted = [article.text[span.start : span.end] for span in paragraph.sentences]
            assert "".join(quoted) == article.text[paragraph.start : paragraph.end]


@law
@given(
    text=pages,
    limits=st.builds(
        AbstractLimits,
        characters=lengths,
        sentences=st.none() | st.integers(1, 6),
        section_characters=lengths,
        ratio=st.none() | st.floats(0.01, 1.0),
        whole_sentences=st.booleans(),
        themes=st.sampled_from(((), ("数字化",))),
    ),
)
def test_abstracts_keep_every_limit(text: str, limits: AbstractLimits) -> None:
    analysis = analyzer().analyze(text, limits=limits)
    everything = [(analysis.abstract, limits.characters, len(text))]
    everything += [(each, limits.characters, len(text)) for each in _theme_abstracts(analysis)]
    for part in analysis.sections:
        size = part.section.end - part.section.start
        everything.append((part.abstract, limits.section_characters, size))
    for abstract, characters, size in everything:
        assert characters is None or len(abstract.text) <= characters
        assert limits.sentences is None or len(abstract.sentences) <= limits.sentences
        assert limits.ratio is None or len(abstract.text) <= limits.ratio * size
        starts = [span.start for span in abstract.sentences]
        assert starts == sorted(set(starts)), "no sentence twice, and in the order of the text"


def _theme_abstracts(analysis: Analysis) -> list[Any]:
    return list(analysis.theme_abstracts.values())


@law
@given(text=sound_pages)
def test_records_are_read_as_they_were_written(text: str) -> None:
    limits = AbstractLimits(themes=("数字化",))
    analysis = analyzer().analyze(text, limits=limits)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "out.jsonl")
        path.write_bytes(to_json(analysis, with_text=True).encode() + b"\n")
        (scored,) = read_scored([path])
    article = analysis.article
    assert scored.text == article.text == text
    for name in ("id", "title", "published", "source", "author", "url"):
        assert getattr(scored, name) == getattr(article, name)
    assert (scored.status, scored.model) == (analysis.status, analysis.model)
    found = {tag.theme: tag.probability for tag in scored.themes}
    assert found == {tag.theme: round(tag.probability, DIGITS) for tag in analysis.themes}
    assert scored.abstract.text == analysis.abstract.text
    found_abstracts = {t: a.text for t, a in scored.theme_abstracts.items()}
    assert found_abstracts == {t: a.text for t, a in analysis.theme_abstracts.items()}
    assert [(each.start, each.end, each.reason) for each in scored.removed] == [
        (each.start, each.end, each.reason) for each in article.removed
    ]
    _check_sections(scored, analysis)


def _check_sections(scored: Scored, analysis: Analysis) -> None:
    text = analysis.article.text
    quotes = list(scored.abstract.sentences)
    for read, written in zip(scored.sections, analysis.sections, strict=True):
        section, heading = written.section, written.section.heading
        assert read.heading == (text[heading.start : heading.end] if heading else "")
        assert (read.start, read.end, read.level) == (section.start, section.end, section.level)
        assert (read.status, read.abstract.text) == (written.status, written.abstract.text)
        assert read.probabilities == {
            theme: round(p, DIGITS) for theme, p in written.probabilities.items()
        }
        assert [(p.start, p.end, p.status) for p in read.paragraphs] == [
            (p.paragraph.start, p.paragraph.end, p.status) for p in written.paragraphs
        ]
        found, wanted = (
            {tag.theme: [(e.start, e.end) for e in tag.evidence] for tag in part.themes}
            for part in (read, written)
        )
        assert found == wanted
        quotes += [quote for tag in read.themes for quote in tag.evidence]
    assert all(text[quote.start : quote.end] == quote.text for quote in quotes)


rows = st.lists(st.tuples(st.booleans(), st.integers(0, 40)), min_size=30, max_size=80).filter(
    lambda rows: any(holds for holds, _ in rows)
)


@settings(law, max_examples=60)
@given(rows=rows)
def test_thresholds_and_curves_are_of_the_rows(rows: list[tuple[bool, int]]) -> None:
    holds = np.array([each for each, _ in rows])
    p = np.array([each / 40 for _, each in rows])
    best = max(f1_score(holds, p >= threshold) for threshold in np.unique(p))
    assert f1_threshold(holds, p) == pytest.approx(best / 2)
    for precision, threshold in thresholds_by_precision(holds, p, (0.5, 0.9)).items():
        assert threshold is None or holds[p >= threshold].mean() >= precision
    curve = precision_recall(holds, p)
    assert curve == sorted(curve, key=lambda point: point[0])
    assert curve[-1][0] == 1.0
    bins = calibration_bins(holds, p)
    assert sum(each.rows for each in bins) == len(rows)
    assert sum(each.rows * each.share for each in bins) == pytest.approx(holds.sum(), abs=0.01)
