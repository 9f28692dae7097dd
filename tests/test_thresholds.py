"""Thresholds by goal: what training promises, and what a user who asks for it gets."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import policynlp
from conftest import THEMES
from policynlp import cli
from policynlp.errors import ModelError, UsageError
from policynlp.evaluation.metrics import LEAST_TAGGED, thresholds_by_precision
from policynlp.model import LEVELS, Model, default_folder, load
from policynlp.results import NONE, TAGGED, UNCERTAIN
from policynlp.themes.predict import status_of
from policynlp.thresholds import with_thresholds
from policynlp.training.fit import PRECISIONS, Fit

PAGE = Path(__file__).parents[1] / "samples" / "01-city-feature.txt"


@pytest.fixture(scope="module")
def model(small_model: Path) -> Model:
    """Return the small model."""
    return load(small_model)


def _reached(holds: np.ndarray, p: np.ndarray, precision: float) -> Iterator[float]:
    """Yield the probabilities that reach ``precision`` as thresholds, by trying each."""
    for threshold in np.unique(p):
        tagged = p >= threshold
        if tagged.sum() >= LEAST_TAGGED and holds[tagged].mean() >= precision:
            yield threshold


def test_the_lowest_threshold_of_each_precision_is_found() -> None:
    draw = np.random.default_rng(5)
    unreached = 0
    for _ in range(40):
        p = draw.integers(0, 30, 90) / 29
        holds = draw.random(90) < p * draw.random()
        holds[0] = True
        found = thresholds_by_precision(holds, p, PRECISIONS)
        for precision, threshold in found.items():
            reached = list(_reached(holds, p, precision))
            assert (threshold is None) == (not reached)
            if threshold is None:
                unreached += 1
            else:
                assert p[p >= threshold].min() == min(reached)
        rising = [threshold for threshold in found.values() if threshold is not None]
        assert rising == sorted(rising)
    assert 0 < unreached < 400


def test_what_is_promised_held_out_of_fold(small_fit: Fit) -> None:
    """The small corpus is all written text, so all of its known rows are what promises go by."""
    found, model = small_fit.predictions, small_fit.model
    rows = {"paragraph": found.paragraphs, "section": found.sections}
    kept = 0
    for level in LEVELS:
        (holds, known), probabilities, *_ = rows[level]
        for i, promises in enumerate(model.promises[level]):
            mine = known[:, i]
            for precision, threshold in promises.items():
                if threshold is not None:
                    tagged = mine & (probabilities[:, i] >= threshold)
                    assert holds[tagged, i].mean() >= precision
                    kept += 1
    assert kept > 40


def test_no_goal_changes_nothing(model: Model) -> None:
    same = with_thresholds(model, None, {})
    assert (same.paragraph, same.section) == (model.paragraph, model.section)


def test_the_next_step_up_is_taken(model: Model) -> None:
    promised = model.promises["section"][0]
    for asked, step in ((0.01, 0.5), (0.5, 0.5), (0.62, 0.65), (0.7, 0.7)):
        assert with_thresholds(model, asked, {}).section.threshold[0] == promised[step]
    assert promised[0.5] < model.section.threshold[0], "an analyst may ask for more recall"


def test_more_precision_is_fewer_tags_of_the_same() -> None:
    text = PAGE.read_text(encoding="utf-8")

    def tags(goal: float) -> set[tuple[int, str]]:
        sections = policynlp.load(min_precision=goal).analyze(text).sections
        own = {(part.section.start, tag.theme) for part in sections for tag in part.themes}
        paragraphs = [p for section in sections for p in section.paragraphs]
        return own | {(p.paragraph.start, tag.theme) for p in paragraphs for tag in p.themes}

    many, some, few = map(tags, (0.5, 0.7, 0.95))
    assert many >= some >= few > set()
    assert many > few


def test_a_threshold_by_hand_comes_first(model: Model) -> None:
    aimed = with_thresholds(model, 0.7, {THEMES[1]: 0.6})
    for level, thresholds in zip(LEVELS, (aimed.paragraph, aimed.section), strict=True):
        assert thresholds.threshold[1] == 0.6
        assert thresholds.threshold[0] == model.promises[level][0][0.7]


def test_the_uncertain_range_begins_where_it_did_and_below_the_threshold(model: Model) -> None:
    begins = model.section.uncertain_from[1]
    above, below = (
        with_thresholds(model, None, {THEMES[1]: x}).section for x in (0.99, begins / 2)
    )
    assert status_of([0, 0.98, 0, 0], above) == UNCERTAIN
    assert status_of([0, begins * 0.99, 0, 0], above) == NONE
    assert status_of([0, begins * 0.51, 0, 0], below) == TAGGED
    assert status_of([0, begins * 0.49, 0, 0], below) == NONE


@pytest.mark.parametrize(
    ("goal", "thresholds", "message"),
    [
        (0.96, {}, r"cannot promise precision 0.96 for paragraphs of '思想解放', at most 0\.\d+"),
        (None, {"数字話": 0.5}, "no theme '数字話'.*思想解放、科技创新、项目建设、数字化"),
    ],
)
def test_what_cannot_be_promised_is_named(
    model: Model, goal: float | None, thresholds: dict[str, float], message: str
) -> None:
    with pytest.raises(ModelError, match=message):
        with_thresholds(model, goal, thresholds)


def test_a_theme_that_reached_nothing_is_named_and_may_be_set_by_hand(model: Model) -> None:
    none = (*model.promises["section"][:3], dict.fromkeys(PRECISIONS))
    poor = replace(model, promises=model.promises | {"section": none})
    with pytest.raises(ModelError, match=r"0\.6 for sections of '数字化', none; ask for less, or"):
        with_thresholds(poor, 0.6, {})
    assert with_thresholds(poor, 0.6, {"数字化": 0.8}).section.threshold[3] == 0.8


def test_a_model_without_promises_says_so(model: Model) -> None:
    old = replace(model, promises={})
    with pytest.raises(ModelError, match="trained before models had"):
        with_thresholds(old, 0.9, {})
    assert with_thresholds(old, None, {THEMES[0]: 0.4}).paragraph.threshold[0] == 0.4


@pytest.mark.parametrize("goal", [0.0, 1.0, -1.0, 1.5, float("nan")])
def test_a_goal_lies_between_0_and_1(model: Model, goal: float) -> None:
    with pytest.raises(UsageError, match="between 0 and 1"):
        with_thresholds(model, goal, {})
    with pytest.raises(UsageError, match="between 0 and 1"):
        with_thresholds(model, None, {THEMES[0]: goal})


def test_the_commands_take_goals(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def tagged(*options: str) -> int:
        assert cli.main(["analyze", str(PAGE), "--json", *options]) == 0
        record = json.loads(capsys.readouterr().out)
        return sum(len(section["themes"]) for section in record["sections"])

    assert 0 < tagged("--min-precision", "0.95") < tagged("--min-precision", "0.5")
    some = tagged("--threshold", "科技创新=0.000001", "--threshold", "数字化=0.000001")
    assert some > tagged("--threshold", "数字化=0.000001") > tagged()
    assert cli.main(["analyze", str(PAGE), "--min-precision", "0.97"]) == 2
    assert "cannot promise precision 0.97" in capsys.readouterr().err


@pytest.mark.parametrize(
    "options",
    [
        ["--min-precision", "1"],
        ["--min-precision", "90%"],
        ["--min-precision", "nan"],
        ["--threshold", "科技创新"],
        ["--threshold", "=0.5"],
        ["--threshold", "科技创新=2"],
    ],
)
def test_goals_that_are_none_are_bad_usage(
    options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["analyze", str(PAGE), *options]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_workers_have_the_same_thresholds() -> None:
    analyzer = policynlp.load(default_folder(), min_precision=0.6, thresholds={"数字化": 0.01})
    texts = [PAGE.read_text(encoding="utf-8"), "全县数字化改革提速。"]
    assert list(analyzer.pipe(texts, jobs=2)) == [analyzer.analyze(text) for text in texts]


def test_evidence_in_a_lot_is_that_of_each_article_alone() -> None:
    """Every section has every tag: some with words, some with marks alone, one with nothing."""
    themes = policynlp.load().themes
    analyzer = policynlp.load(thresholds=dict.fromkeys(themes, 1e-6))
    texts = [
        "，，，。\n！！。",
        PAGE.read_text(encoding="utf-8"),
        "嗯。",
        "",
        "科技创新是动力。项目开工。",
    ]
    alone = [analyzer.analyze(text) for text in texts]
    assert list(analyzer.pipe(texts)) == alone
    tags = [{t.theme: t.evidence for t in s.themes} for found in alone for s in found.sections]
    assert {len(own) for own in tags} == {len(themes)}
    assert tags[0] == dict.fromkeys(themes, ())
    assert tags[-1]["科技创新"][0].text == "科技创新"
