"""Adding labels to a corpus: what changes, what is refused, and that the bytes are the same."""

import csv
import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from conftest import ROOT
from policynlp import cli
from policynlp.corpus.read import read_corpus
from policynlp.model import Thresholds, load
from policynlp.training.changes import Difference, change_lines, changes_on_held_out
from policynlp.training.train import Additions, train


def _run(*argv: object) -> int:
    return cli.main([str(arg) for arg in argv])


def _records(names: str, step: int) -> list[dict[str, object]]:
    lines = (ROOT / "corpus" / "written" / f"{names}.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines[1::3][::step]]


def _labels(folder: Path, *, turned: bool) -> Path:
    """Write labels to add, of text that the small corpus has not; ``turned`` ones are wrong."""
    folder.mkdir()
    records = [r for name in ("reports", "digital") for r in _records(name, 3)]
    for record in records:
        record |= {"id": f"added-{record['id']}", "themes": None, "labelled_for": ["数字化"]}
        for paragraph in record["paragraphs"]:
            holds = ("数字化" in paragraph["themes"]) != turned
            paragraph["themes"] = ["数字化"] if holds else []
    text = "\n".join(json.dumps(record, ensure_ascii=False) for record in records)
    (folder / "reviewed.jsonl").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def corpus(small_corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a part of the small corpus with a folder of held-out text."""
    folder = tmp_path_factory.mktemp("with_held_out") / "corpus"
    folder.mkdir()
    for path in small_corpus.glob("*.jsonl"):
        lines = path.read_text("utf-8").splitlines(keepends=True)
        (folder / path.name).write_text("".join(lines[::3]), encoding="utf-8")
    shutil.copytree(ROOT / "corpus" / "held_out", folder / "held_out")
    return folder


@pytest.fixture(scope="module")
def current(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a model trained on that part."""
    folder = tmp_path_factory.mktemp("models") / "current"
    train([corpus], folder)
    return folder


def test_added_labels_say_what_they_change(
    corpus: Path, current: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    added, changes = _labels(tmp_path / "mine", turned=False), tmp_path / "changes.csv"
    models = [tmp_path / n / "model" for n in "ab"]
    command = ("train", corpus, "--add", added, "--against", current, "-o", models[0])
    assert _run(*command, "--changes", changes) == 0
    train([corpus], models[1], Additions([added]))
    told = capsys.readouterr().out
    files = sorted(path.relative_to(models[0]) for path in models[0].rglob("*") if path.is_file())
    assert len(files) > 5
    assert [(models[0] / f).read_bytes() == (models[1] / f).read_bytes() for f in files] == [
        True
    ] * len(files)
    assert "held-out text, 545 paragraphs, current-" in told
    n_added = sum(len(section.paragraphs) for section in read_corpus([added]))
    assert f"added labels, out of fold, {n_added} paragraphs" in told
    with changes.open(encoding="utf-8-sig", newline="") as stream:
        cases = list(csv.DictReader(stream))
    for data in ("held-out text", "added labels, out of fold"):
        counts = [
            sum(case["data"] == data and case["change"] == change for case in cases)
            for change in ("fixed", "broke")
        ]
        assert "fixed {}, broke {}".format(*counts) in told
    assert all((case["labels"] == case["after"]) == (case["change"] == "fixed") for case in cases)
    assert all((case["labels"] == case["before"]) == (case["change"] == "broke") for case in cases)
    file = load(models[0]).details["corpus"]["files"][-1]
    assert (file["file"], file["weight"]) == ("mine/reviewed.jsonl", 1.0)


def test_a_worse_model_is_not_written(
    corpus: Path, current: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Labels that say the opposite, with much weight, are found out by the held-out text."""
    added, model = _labels(tmp_path / "turned", turned=True), tmp_path / "model"
    shutil.copytree(current, model)
    before = (model / "manifest.json").read_bytes()
    command = ("train", corpus, "--add", added, "--add-weight", "5", "-o", model)
    assert _run(*command) == 1
    error = capsys.readouterr().err
    assert "was not written: worse than current-" in error
    assert "数字化 F1" in error
    assert (model / "manifest.json").read_bytes() == before
    assert _run(*command, "--force") == 0
    assert (model / "manifest.json").read_bytes() != before


def test_a_model_does_not_differ_from_itself(small_model: Path) -> None:
    model = load(small_model)
    (change,) = changes_on_held_out(model, model, [ROOT / "corpus" / "held_out"])
    assert change.cases == change.worse() == []
    assert len(change.differences) == 5
    assert all(each.before == each.after for each in change.differences)
    assert all(each.interval == [0.0, 0.0] for each in change.differences)


def test_worse_is_a_whole_interval_below_zero() -> None:
    assert Difference("数字化", 0.9, 0.8, [-0.15, -0.05]).is_worse
    assert not Difference("数字化", 0.9, 0.8, [-0.25, 0.01]).is_worse
    assert not Difference("数字化", 0.0, 0.0, None).is_worse
    assert not np.isnan(Difference("数字化", 0.9, 0.8, None).after)


@pytest.mark.parametrize(("n_articles", "is_judged"), [(1, False), (9, False), (10, True)])
def test_a_few_articles_are_too_few_to_judge(
    n_articles: int, is_judged: bool, small_model: Path, tmp_path: Path
) -> None:
    """Resamples of one article are all alike: its interval is a point, which says nothing."""
    paragraphs = [{"text": "全市数字化平台上线，数据多跑路，一网通办。", "themes": ["数字化"]}]
    records = [
        {"id": str(i), "article": str(i), "heading": "", "paragraphs": paragraphs, "themes": None}
        for i in range(n_articles)
    ]
    lines = "\n".join(json.dumps(record, ensure_ascii=False) for record in records)
    (tmp_path / "reviewed.jsonl").write_text(lines, encoding="utf-8")
    model = load(small_model)
    blind = replace(model, paragraph=Thresholds((1.0,) * 4, (1.0,) * 4))
    (change,) = changes_on_held_out(model, blind, [tmp_path])
    assert [(each.before, each.after) for each in change.differences] == [(1.0, 0.0)] * 2
    assert bool(change.worse()) == is_judged
    told = "\n".join(change_lines(model, [change]))
    assert ("fewer than 10 articles: too few to judge" in told) != is_judged


def test_unread_paragraphs_need_to_be_labelled_for_something(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record = {
        "id": "1",
        "article": "1",
        "heading": "",
        "paragraphs": [{"text": "文", "themes": None}],
    }
    path = tmp_path / "bad.jsonl"
    path.write_text(json.dumps(record), encoding="utf-8")
    assert _run("train", path, "-o", tmp_path / "model") == 1
    assert '"themes" may be null only in a section with "labelled_for"' in capsys.readouterr().err


def test_models_are_listed(
    small_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("model-1", "model-2"):
        shutil.copytree(small_model, tmp_path / name)
    (tmp_path / "model-2" / "terms.txt").write_text("改过\n", encoding="utf-8")
    assert _run("models", tmp_path) == 0
    first, second = capsys.readouterr().out.split(str(tmp_path / "model-2") + "\n")
    assert "思想解放、科技创新、项目建设、数字化" in first
    figure = load(small_model).details["metrics"]["sections"]["macro_f1"]
    assert f"sections {figure:.3f}" in first
    assert "unusable:" in second
    assert _run("models", tmp_path / "model-1" / "weights") == 1
    assert "neither a model folder nor" in capsys.readouterr().err
