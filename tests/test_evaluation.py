"""Measuring: figures equal what one counts by hand, and parts equal what they are parts of."""

import csv
import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import f1_score, precision_score, recall_score

import policynlp
from conftest import THEMES
from html_tags import Tags
from policynlp import cli
from policynlp.corpus.counts import write_counts
from policynlp.corpus.dataset import Labels
from policynlp.corpus.labelled import LabelledSection
from policynlp.corpus.read import read_corpus
from policynlp.errors import CorpusError
from policynlp.evaluation.error_analysis import (
    confusion,
    doubtful_labels,
    raised_terms,
    worst_errors,
)
from policynlp.evaluation.evaluate import evaluate, figures_of, level_figures, read_agreement
from policynlp.evaluation.metrics import (
    RESAMPLES,
    brier_score,
    calibration_bins,
    calibration_error,
    coverage,
    draws,
    interval,
    macro_scores,
    precision_recall,
    resampled_sums,
    scores,
    tally,
)
from policynlp.evaluation.predictions import Outcome, article_labels, predict
from policynlp.messages import speaking
from policynlp.model import Model, Thresholds, load
from policynlp.report.evaluation import evaluation_page
from policynlp.themes.predict import sigmoid

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def model(small_model: Path) -> Model:
    return load(small_model)


def outcome(
    holds: Sequence[Sequence[int]],
    probabilities: Sequence[Sequence[float]],
    articles: Sequence[int] | None = None,
    known: Any = None,
) -> Outcome:
    """Rows of two themes, 甲 and 乙, tagged from 0.5 on."""
    labels = np.array(holds, dtype=bool)
    return Outcome(
        Labels(labels, np.ones_like(labels) if known is None else np.array(known, dtype=bool)),
        np.array(probabilities),
        Thresholds((0.5, 0.5), (0.25, 0.25)),
        np.arange(len(labels)) if articles is None else np.array(articles),
    )


def test_a_resample_counts_whole_articles() -> None:
    rng = np.random.default_rng(1)
    articles = rng.integers(0, 9, 60)
    rows = outcome(rng.integers(0, 2, (60, 2)), rng.random((60, 2)), articles)
    times = draws(9)
    assert times.shape == (RESAMPLES, 9)
    assert (times.sum(axis=1) == 9).all()
    resampled = macro_scores(resampled_sums(tally(rows)))[:, 2]
    for k in range(20):
        drawn = np.repeat(np.arange(9), times[k].astype(int))
        chosen = np.concatenate([(articles == article).nonzero()[0] for article in drawn])
        tagged, holds = rows.tagged[chosen], rows.holds[chosen]
        by_hand = [f1_score(holds[:, i], tagged[:, i], zero_division=0) for i in range(2)]
        assert resampled[k] == pytest.approx(np.mean(by_hand))


def test_an_interval_is_of_the_resamples_where_the_figure_is_defined() -> None:
    assert interval(np.full(50, np.nan)) is None
    values = np.append(np.arange(101.0), [np.nan] * 40)
    assert interval(values) == [2.5, 97.5]
    same = level_figures(["甲", "乙"], outcome([[1, 0]] * 8, [[0.9, 0.1]] * 8))
    assert same["themes"]["甲"]["intervals"]["f1"] == [1.0, 1.0]
    assert same["macro_f1"] == 1.0, "a theme that is not labelled is not averaged over"


def test_unknown_labels_are_left_out() -> None:
    known = [[1, 1], [1, 0], [0, 1]]
    figures = level_figures(
        ["甲", "乙"], outcome([[1, 1], [0, 0], [1, 0]], [[0.9, 0.9]] * 3, known=known)
    )
    assert figures["themes"]["甲"]["rows"] == figures["themes"]["乙"]["rows"] == 2
    assert figures["themes"]["甲"]["precision"] == 0.5
    assert figures["themes"]["乙"]["tagged"] == 2


def test_calibration_by_hand() -> None:
    p = np.array([0.02, 0.05, 0.15, 0.19, 0.81, 0.85, 0.85, 0.85, 1.0])
    holds = np.array([1, 0, 0, 1, 1, 1, 0, 1, 1], dtype=bool)
    bins = calibration_bins(holds, p)
    assert [each.rows for each in bins] == [2, 2, 4, 1]
    # Seven rows from 0.1 up: |0.17 − 0.5|, |0.84 − 0.75| and |1 − 1|.
    assert calibration_error(bins) == pytest.approx((2 * 0.33 + 4 * 0.09) / 7, abs=1e-4)
    assert calibration_error(calibration_bins(holds[:2], p[:2])) is None
    assert brier_score(holds[:2], p[:2]) == pytest.approx((0.98**2 + 0.05**2) / 2, abs=1e-4)


def test_precision_recall_passes_through_the_threshold() -> None:
    rng = np.random.default_rng(2)
    p = rng.random(60).round(1)
    holds = rng.random(60) < p
    for recall, precision in precision_recall(holds, p):
        tags = [p >= threshold for threshold in np.unique(p)]
        found = [(recall_score(holds, t), precision_score(holds, t)) for t in tags]
        assert any((recall, precision) == pytest.approx(each, abs=1e-4) for each in found)


def test_coverage_by_hand() -> None:
    rows = outcome(
        [[1, 0], [0, 0], [0, 0], [1, 0], [0, 1]],
        [[0.9, 0.0], [0.6, 0.0], [0.1, 0.0], [0.3, 0.1], [0.0, 0.44]],
    )
    curve = {point["part"]: point for point in coverage(rows)}
    # With no band all is decided: the first and the third row rightly.
    assert curve[1.0] == {"part": 1.0, "decided": 1.0, "right": 0.4, "right_none": 0.3333}
    # From 0.25 the last two are uncertain, and of the three left two are right.
    assert curve[0.5] == {"part": 0.5, "decided": 0.6, "right": 0.6667, "right_none": 1.0}
    assert curve[0.1]["decided"] == 0.4


def test_confusion_by_hand() -> None:
    rows = outcome(
        [[1, 0], [1, 0], [0, 1], [0, 0], [1, 1]],
        [[0.9, 0.9], [0.1, 0.9], [0.1, 0.1], [0.1, 0.9], [0.9, 0.9]],
    )
    found = confusion(["甲", "乙"], rows)
    assert found["labelled"] == {"甲": 3, "乙": 2, "none": 1}
    assert found["missed"] == {"甲": 1, "乙": 1}
    assert found["wrong_tags"] == {"甲": 0, "乙": 3}
    assert found["wrong"] == {
        "甲": {"甲": 0, "乙": 2},
        "乙": {"甲": 0, "乙": 0},
        "none": {"甲": 0, "乙": 1},
    }
    assert found["instead"]["甲"]["乙"] == 1


def test_an_article_has_the_themes_of_its_sections() -> None:
    labels = Labels(
        np.array([[1, 0], [0, 0], [0, 0]], dtype=bool),
        np.array([[1, 1], [0, 1], [0, 1]], dtype=bool),
    )
    found = article_labels(labels, np.array([0, 0, 1]), 2)
    assert found.holds.tolist() == [[True, False], [False, False]]
    # Of 甲 the second article is unknown; the first has it, whatever its other section has.
    assert found.known.tolist() == [[True, True], [False, True]]


def test_an_articles_probabilities_are_the_analyzers(model: Model) -> None:
    from policynlp.analyzer import Analyzer
    from policynlp.article import Article, Section, Span
    from policynlp.reading.sections import make_paragraph

    corpus = read_corpus([ROOT / "corpus" / "held_out"])[::-1]
    found = predict(model, corpus)
    article = max({s.article for s in corpus}, key=[s.article for s in corpus].count)
    text, sections = "", []
    for section in (s for s in corpus if s.article == article):
        start, heading = len(text), None
        if section.heading_text:
            heading = Span(start, start + len(section.heading_text))
            text += section.heading_text + "\n"
        paragraphs = []
        for paragraph in section.paragraphs:
            first = len(text)
            text += paragraph.text + "\n"
            paragraphs.append(make_paragraph(text, first, len(text) - 1))
        sections.append(Section(heading, 0, start, len(text) - 1, tuple(paragraphs)))
    assert len(sections) > 1
    analysis = Analyzer(model).analyze(Article(text, tuple(sections)))
    number = found.sections.articles[[s.article for s in corpus].index(article)]
    ours = found.articles.probabilities[number].tolist()
    assert ours == pytest.approx(list(analysis.probabilities.values()))


def test_a_part_has_the_figures_of_its_rows_alone(
    written: list[LabelledSection], model: Model
) -> None:
    part = [replace(s, notes=s.notes | {"sampling": "natural"}) for s in written[:150]]
    whole = figures_of(predict(model, part + written[150:300]))
    alone = figures_of(predict(model, part))
    assert whole["as_they_come"]["sections"] == alone["sections"]
    assert whole["as_they_come"]["paragraphs"] == alone["paragraphs"]
    genres = {section.notes["genre"] for section in part + written[150:300]}
    assert whole["sources"].keys() == genres
    for level in ("paragraphs", "sections", "articles"):
        rows = [whole["sources"][genre][level]["rows"] for genre in genres]
        assert sum(rows) == whole[level]["rows"]


def test_the_worst_errors_are_errors_with_their_reasons(
    written: list[LabelledSection], model: Model, tmp_path: Path
) -> None:
    write_counts(written[100:200], tmp_path / "part.counts.jsonl", 1)
    counted = {s.id: s for s in read_corpus([tmp_path / "part.counts.jsonl"])}
    texts = {s.id: s for s in written[:100]}
    errors = worst_errors(predict(model, [*texts.values(), *counted.values()]))
    kinds = set()
    for theme, threshold in zip(THEMES, model.paragraph.threshold, strict=True):
        for kind, found in errors[theme].items():
            ranked = [error["probabilities"][theme] for error in found]
            assert ranked == sorted(ranked, reverse=kind == "false_positives")
            for error in found:
                kinds.add((kind, bool(error["text"])))
                section = (texts | counted)[error["id"]]
                paragraph = section.paragraphs[error["paragraph"] - 1]
                tagged = kind == "false_positives"
                assert (theme in paragraph.themes) != tagged
                assert (error["probabilities"][theme] >= threshold) == tagged
                if error["text"]:
                    assert error["text"] == paragraph.text
                    spans = sorted(error["evidence"])
                    assert all(0 <= a < b <= len(paragraph.text) for a, b, _ in spans)
                    assert all(a[1] <= b[0] for a, b in pairwise(spans))
                else:
                    assert {word for word, _ in error["words"]} <= paragraph.terms.keys()
                    assert error["words"]
    assert len(kinds) == 4


def test_terms_add_up_to_the_log_odds(written: list[LabelledSection], model: Model) -> None:
    """Of a section that is one paragraph without a heading, terms and the constant are all."""
    alone = [replace(s, paragraphs=s.paragraphs[:1], heading=Counter()) for s in written[:50]]
    found = predict(model, alone).paragraphs.probabilities
    for theme in range(len(THEMES)):
        slope, offset = model.calibration[theme]
        constant = slope * model.intercepts[theme] + offset
        for row, section in enumerate(alone):
            total = raised_terms(model, section, 0, theme)[1].sum() + constant
            assert sigmoid(total) == pytest.approx(found[row, theme])


@pytest.fixture(scope="module")
def doubted(
    small_corpus: Path, model: Model, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, int, Path]:
    """Train on a corpus with one label turned round; which it is, and the file of doubts."""
    found = predict(model, read_corpus([small_corpus]))
    surest = found.paragraphs.probabilities[:, model.themes.index("项目建设")].argmax()
    section = found.corpus[found.of_paragraphs[surest]]
    number = int(surest - np.searchsorted(found.of_paragraphs, found.of_paragraphs[surest]))
    folder, written = (tmp_path_factory.mktemp(name) for name in ("doubted", "written"))
    for path in small_corpus.glob("*.jsonl"):
        lines = []
        for record in map(json.loads, path.read_text(encoding="utf-8").splitlines()):
            if record["id"] == section.id:
                record["paragraphs"][number]["themes"].remove("项目建设")
            lines.append(json.dumps(record, ensure_ascii=False) + "\n")
        (folder / path.name).write_text("".join(lines), encoding="utf-8")
    labelled, doubts = folder / "*.jsonl", written / "d.csv"
    command = ["train", str(labelled), "-o", str(written / "model"), "--doubts", str(doubts)]
    assert cli.main(command) == 0
    return section.id, number + 1, doubts


def test_a_wrong_label_is_doubted(doubted: tuple[str, int, Path]) -> None:
    section, number, path = doubted
    with path.open(encoding="utf-8-sig", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert 0 < len(rows) <= 200
    apart = [abs(float(row["probability"]) - (row["label"] == "yes")) for row in rows]
    assert apart == sorted(apart, reverse=True)
    assert min(apart) > 0.5
    (row,) = (r for r in rows if (r["section"], r["paragraph"]) == (section, str(number)))
    assert (row["theme"], row["label"]) == ("项目建设", "no")
    assert section in Path(row["file"]).read_text(encoding="utf-8")
    assert 0 < len(row["text"]) <= 60


def test_doubts_that_can_be_read_come_first(written: list[LabelledSection], model: Model) -> None:
    turned = [
        replace(
            s,
            paragraphs=tuple(
                replace(p, themes=frozenset(THEMES) - p.themes, text="" if i % 2 else p.text)
                for p in s.paragraphs
            ),
        )
        for i, s in enumerate(written[:60])
    ]
    doubts = doubtful_labels(predict(model, turned))
    read = [bool(doubt.text) for doubt in doubts]
    assert len(set(read)) == 2
    assert read == sorted(read, reverse=True)


def test_labels_that_nobody_knows_are_not_doubted(
    written: list[LabelledSection], model: Model
) -> None:
    unknown = [replace(s, labelled_for=frozenset(), themes=None) for s in written[:60]]
    assert doubtful_labels(predict(model, unknown)) == []


def test_readers_agreement_stands_beside_the_data(tmp_path: Path, model: Model) -> None:
    shown = evaluate(
        analyzer := policynlp.load(ROOT / "models" / "policy-themes"), ROOT / "corpus/held_out"
    )
    rows = shown["paragraphs"]["themes"]
    assert {theme: row["agreement"] for theme, row in rows.items()} == read_agreement(
        [ROOT / "corpus" / "held_out" / "reports.jsonl"]
    )["paragraphs"]
    assert shown["trained_on"] == []
    (one := tmp_path / "one").mkdir()
    (two := tmp_path / "two").mkdir()
    (one / "agreement.toml").write_text('[paragraphs]\n"数字化" = 0.9\n', encoding="utf-8")
    assert read_agreement([one / "a.jsonl"]) == {"paragraphs": {"数字化": 0.9}}
    assert read_agreement([one / "a.jsonl", two / "b.jsonl"]) == {}
    assert read_agreement([two / "b.jsonl"]) == {}
    trained_on = evaluate(analyzer, [ROOT / "corpus" / "written" / "reports.jsonl"])
    assert [Path(path).name for path in trained_on["trained_on"]] == ["reports.jsonl"]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("数字化 = 0.9", "not TOML: .*; names and texts stand in quotes"),
        (
            '[paragraphs]\n"数字化" = 93',
            "must be a number from 0 to 1, found 93",
        ),
        ('"数字化" = 0.9', '"数字化" must be an object, found 0.9'),
    ],
)
def test_a_wrong_agreement_is_named(tmp_path: Path, text: str, complaint: str) -> None:
    (tmp_path / "agreement.toml").write_text(text, encoding="utf-8")
    with pytest.raises(CorpusError, match=rf"agreement\.toml: .*{complaint}"):
        read_agreement([tmp_path / "a.jsonl"])


def test_the_page_is_whole_and_reaches_for_nothing(model: Model) -> None:
    corpus = read_corpus([ROOT / "corpus" / "held_out"])
    found = predict(model, corpus)
    agreement = {"paragraphs": dict.fromkeys(THEMES, 0.95)}
    figures = figures_of(found, agreement) | {"trained_on": [], "errors": worst_errors(found)}
    page = evaluation_page(figures)
    tags = Tags(page)
    assert tags.open == []
    assert tags.links == []
    assert "@import" not in page
    assert "url(" not in page
    assert "script" not in tags.seen
    # Two charts a theme and level, and one of coverage a level.
    assert page.count('role="img"') == 3 * (2 * len(THEMES) + 1)
    assert f"{figures['paragraphs']['macro_f1']:.3f}" in page
    assert evaluation_page(json.loads(json.dumps(figures))) == page, "JSON is enough for it"


def test_the_page_escapes_what_it_quotes(model: Model) -> None:
    error = {
        "id": "<i>1",
        "paragraph": 1,
        "heading": "<script>alert(1)</script>",
        "text": "甲<b>&乙丙",
        "themes": ["数字化"],
        "probabilities": {"数字化": 0.9, '"><img>': 0.3},
        "evidence": [(5, 6, 0.5), (1, 4, 0.7)],
    }
    counted = error | {"text": "", "words": [("<td>", 0.3)]}
    figures = figures_of(predict(model, read_corpus([ROOT / "corpus" / "held_out"])[:9]))
    errors = {"数字化": {"false_positives": [error, counted], "false_negatives": []}}
    page = evaluation_page(figures | {"trained_on": ["<s>"], "errors": errors})
    assert '<mark title="+0.70 log-odds">&lt;b&gt;</mark>&amp;<mark' in page
    tags = Tags(page)
    assert tags.open == []
    assert {"mark", "details"} <= set(tags.seen)
    assert not {"script", "i", "b", "img", "s"} & {*tags.seen[tags.seen.index("details") :]}


def test_the_page_speaks_english_or_chinese(model: Model) -> None:
    found = predict(model, read_corpus([ROOT / "corpus" / "held_out"]))
    figures = figures_of(found, {"paragraphs": dict.fromkeys(THEMES, 0.95)})
    figures |= {"trained_on": ["1.jsonl", "2.jsonl"], "errors": {}}
    figures["as_they_come"] = {level: figures[level] for level in ("paragraphs", "sections")}
    figures["as_they_come"]["articles"] = figures["articles"]
    error = {"id": "1", "paragraph": 1, "heading": "", "themes": [], "probabilities": {}}
    errors = [
        error | {"text": "--", "evidence": [(0, 1, 0.5)]},
        error | {"text": "", "words": [("-", 0.1)]},
        error | {"text": "", "words": []},
    ]
    figures["errors"][THEMES[0]] = {"false_positives": errors, "false_negatives": errors}
    plain = json.dumps(figures, ensure_ascii=False)
    for i, theme in enumerate(THEMES):
        plain = plain.replace(theme, f"Theme{i}")
    page = evaluation_page(json.loads(plain))
    assert '<html lang="en">' in page
    han = r"[\u2e80-\u9fff\uff00-\uffef]"
    assert re.findall(han, "".join(Tags(page).said)) == []
    with speaking("zh"):
        page = evaluation_page(figures)
    assert '<html lang="zh-Hans">' in page
    words = set(re.findall(r"[A-Za-z]+", " ".join(Tags(page).said)))
    names = {"jsonl", *re.findall(r"[A-Za-z]+", " ".join((model.id, *figures["sources"])))}
    assert words - names == {"F", "ECE", "Brier"}


def test_evaluate_prints_and_writes(
    small_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = str(ROOT / "corpus" / "held_o*")  # as the shell of Windows hands it on
    files = ["--json", str(tmp_path / "f.json"), "--html", str(tmp_path / "f.html")]
    assert cli.main(["evaluate", str(small_model), data, *files]) == 0
    printed = capsys.readouterr().out
    for expected in (
        "paragraphs: macro P",
        "articles: macro P",
        "数字化  P",
        "ECE",
        "readers 0.981",
    ):
        assert expected in printed
    written = json.loads((tmp_path / "f.json").read_text(encoding="utf-8"))
    assert f"F1 {written['sections']['macro_f1']:.3f}" in printed
    assert (tmp_path / "f.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    for as_json in (["--json", "-"], ["--json"]):
        assert cli.main(["evaluate", str(small_model), data, *as_json]) == 0
        assert json.loads(capsys.readouterr().out) == written


def test_undefined_scores_are_not_numbers() -> None:
    assert np.isnan(scores(np.zeros(3))).all()
