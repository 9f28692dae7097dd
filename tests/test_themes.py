"""Tags: probabilities, status, roll-up and evidence."""

import random
import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from policynlp import Analyzer, load
from policynlp.corpus.labelled import LabelledSection
from policynlp.language.term_index import NOWHERE, Structure, lay_out
from policynlp.language.terms import count_terms
from policynlp.model import Thresholds
from policynlp.model import load as load_model
from policynlp.reading import read_divided
from policynlp.results import NONE, TAGGED, UNCERTAIN, Analysis
from policynlp.themes.predict import log_odds, roll_up, sigmoid, status_of, tags_of

CUTOFFS = Thresholds((0.5, 0.4), (0.2, 0.1))


@pytest.fixture(scope="module")
def analyzer(small_model: Path) -> Analyzer:
    """Return an analyzer with the small model."""
    return load(small_model)


@pytest.mark.parametrize(
    ("probabilities", "status", "themes"),
    [
        ([0.5, 0.0], TAGGED, ["甲"]),
        ([0.6, 0.9], TAGGED, ["乙", "甲"]),
        ([0.3, 0.05], UNCERTAIN, []),
        ([0.1, 0.1], UNCERTAIN, []),
        ([0.19, 0.09], NONE, []),
    ],
)
def test_status_and_tags(probabilities: list[float], status: str, themes: list[str]) -> None:
    assert status_of(probabilities, CUTOFFS) == status
    assert [tag.theme for tag in tags_of(probabilities, CUTOFFS, ["甲", "乙"])] == themes


def test_sigmoid_and_log_odds_undo_each_other() -> None:
    values = np.linspace(-11, 11, 23)
    np.testing.assert_allclose(log_odds(sigmoid(values)), values, rtol=1e-9)
    assert np.isfinite(log_odds(np.array([0.0, 1.0]))).all()


def test_roll_up_takes_the_greatest_the_means_and_what_is_announced() -> None:
    p, announced = np.array([[0.2], [0.8], [0.5]]), np.array([[0.9], [0.0], [0.0]])
    sections, sizes = np.array([0, 0, 2]), np.array([30, 10, 7])
    evidence = roll_up(p, announced, Structure(sections, sizes, np.zeros(3, dtype=np.int64), 1))
    np.testing.assert_allclose(sigmoid(evidence[:, 0, 0]), [0.8, 0.0, 0.5], atol=1e-5)
    np.testing.assert_allclose(sigmoid(evidence[:, 0, 1]), [0.35, 0.0, 0.5], atol=1e-5)
    np.testing.assert_allclose(sigmoid(evidence[:, 0, 2]), [0.5, 0.0, 0.5], atol=1e-5)
    np.testing.assert_array_equal(evidence[:, 0, 3], [0.9, 0.0, 0.0])
    np.testing.assert_array_equal(evidence[:, 0, 4], 1.0)


def test_a_run_in_head_announces_a_theme_of_its_section(analyzer: Analyzer) -> None:
    plain = "全县今年新增就业三千人，城乡居民收入继续增长，社会大局保持稳定。"
    rest = "上云企业达到80户，数字化平台覆盖全部乡镇，群众少跑了不少路。"
    themes = {
        head: analyzer.analyze(read_divided("", [("", [plain, head + rest, plain])])).sections[0]
        for head in ("以数字化赋能推动高质量发展。", "去年以来，全县的数字化有了新变化。")
    }
    announced, told = (section.probabilities["数字化"] for section in themes.values())
    assert announced > told


def test_an_article_has_a_theme_as_far_as_one_of_its_sections_has(analyzer: Analyzer) -> None:
    sections = [("数字赋能", ["全县上云企业达到80户。", "会议闭幕。"]), ("", ["天气转凉。"] * 9)]
    analysis = analyzer.analyze(read_divided("", sections))
    for theme, p in analysis.probabilities.items():
        assert p == max(section.probabilities[theme] for section in analysis.sections)
    empty = analyzer.analyze("")
    assert max(empty.probabilities.values()) < 0.001


def test_other_sections_do_not_change_a_section(analyzer: Analyzer) -> None:
    section = ("抓项目", ["临港码头二期开工建设。", "总投资3.2亿元。"])
    alone = analyzer.analyze(read_divided("", [section]))
    beside = analyzer.analyze(read_divided("题", [("", ["天气转凉。"]), section]))
    for theme, p in alone.sections[0].probabilities.items():
        assert beside.sections[1].probabilities[theme] == pytest.approx(p, abs=1e-12)


def test_every_known_term_of_the_body_is_placed_once(analyzer: Analyzer) -> None:
    text = [("一、上云", ["临河县数字化改革提速。数据跑路。", "第二段"]), ("", ["开工。"])]
    articles = [read_divided("题", text), read_divided("", []), read_divided("另题", text[:1])]
    vocabulary = analyzer._model.vocabulary
    layout = lay_out(articles, vocabulary)
    sections = [(n, s) for n, article in enumerate(articles) for s in article.sections]
    spans = [(n, p.start, p.end) for n, section in sections for p in section.paragraphs]
    spans += [(n, *(section.heading or (0, 0))) for n, section in sections]
    assert (layout.run_ins == NOWHERE).all()
    for row, (number, start, end) in enumerate(spans):
        mine = layout.rows == row
        expected = vocabulary.count([count_terms(articles[number].text[start:end])])
        assert set(layout.terms[mine]) == set(expected.terms)
        assert mine.sum() == expected.values.sum()
        places = layout.starts[mine] - layout.bases[number]
        assert ((places >= start) & (places < end)).all()


def test_evidence_quotes_the_words_that_carry_a_tag(analyzer: Analyzer) -> None:
    paragraph = "当天，汐湾县举行重大项目集中开工仪式，36个项目总投资88亿元。"
    analysis = analyzer.analyze(read_divided("", [("", [paragraph])]))
    (tag,) = analysis.sections[0].themes
    quotes = [analysis.article.text[e.start : e.end] for e in tag.evidence]
    assert tag.theme == "项目建设"
    assert any("项目" in quote or "开工" in quote for quote in quotes)
    weights = [e.weight for e in tag.evidence]
    assert weights == sorted(weights, reverse=True)
    assert all(weight > 0 for weight in weights)


def test_evidence_quotes_figures_and_names_whole(
    analyzer: Analyzer, written: list[LabelledSection]
) -> None:
    lines = [
        "当天，汐湾县举行重大项目集中开工仪式，36个项目总投资12.5亿元，另有B-12号厂房开工建设。",
        "清溪县铺设光缆3.5万多公里，建成数字平台160余个，接入AI-360模型。",
    ]
    sections = [(s.heading_text, [p.text for p in s.paragraphs]) for s in written[::20]]
    analysis = analyzer.analyze(read_divided("", [*[("", [line]) for line in lines], *sections]))
    text, quoted = analysis.article.text, set[str]()
    for section in analysis.sections:
        for tag in section.themes:
            spans = sorted((e.start, e.end) for e in tag.evidence)
            assert all(e.weight > 0 for e in tag.evidence)
            assert all(end <= start for (_, end), (start, _) in pairwise(spans))
            for start, end in spans:
                quoted.add(text[start:end])
                for edge in (start, end):
                    assert not re.match(r"[0-9A-Za-z.]{2}", text[edge - 1 : edge + 1])
                assert (
                    not re.match(r"[万亿元个家项座公千]", text[end:]) or not text[end - 1].isdigit()
                )
    assert any("12.5亿元" in quote for quote in quoted)


def test_deleting_the_evidence_lowers_the_probability_more_than_chance(
    analyzer: Analyzer, written: list[LabelledSection]
) -> None:
    draw = random.Random(1)
    by_evidence, by_chance = [], []
    for section in written[1::40]:
        paragraphs = [p.text for p in section.paragraphs]
        analysis = analyzer.analyze(read_divided("", [(section.heading_text, paragraphs)]))
        for tag in analysis.sections[0].themes:
            spans = [(e.start, e.end) for e in tag.evidence]
            before = _log_odds(analysis, tag.theme)
            by_evidence.append(before - _without(analyzer, analysis, spans, tag.theme))
            shifted = [_elsewhere(draw, analysis, end - start) for start, end in spans]
            by_chance.append(before - _without(analyzer, analysis, shifted, tag.theme))
    assert len(by_evidence) > 10
    assert np.mean(by_evidence) > 2 * max(np.mean(by_chance), 0.0)


def _log_odds(analysis: Analysis, theme: str) -> float:
    return float(log_odds(np.array(analysis.sections[0].probabilities[theme])))


def _elsewhere(draw: random.Random, analysis: Analysis, length: int) -> tuple[int, int]:
    start = draw.randrange(max(1, len(analysis.article.text) - length))
    return start, start + length


def _without(
    analyzer: Analyzer, analysis: Analysis, spans: list[tuple[int, int]], theme: str
) -> float:
    """Replace the spans with a character that no term has, keeping every paragraph."""
    chars = list(analysis.article.text)
    for start, end in spans:
        chars[start:end] = ["\n" if c == "\n" else "　" for c in chars[start:end]]
    text = "".join(chars)
    (section,) = analysis.article.sections
    heading = text[section.heading.start : section.heading.end] if section.heading else ""
    paragraphs = [text[p.start : p.end] for p in section.paragraphs]
    return _log_odds(analyzer.analyze(read_divided("", [(heading, paragraphs)])), theme)


def test_the_bundled_model_knows_the_code_book() -> None:
    root = Path(__file__).parents[1]
    model = load_model(root / "models" / "policy-themes")
    assert list(model.details["definitions"]) == list(model.themes)
