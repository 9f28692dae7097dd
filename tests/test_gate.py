"""The quality gate: it holds the bundled model, and cannot pass by checking nothing."""

import hashlib
import json
import re
from pathlib import Path

import pytest

from maintenance.gate import (
    MARGIN,
    GateError,
    Measured,
    check,
    measure,
    pin,
    read_bounds,
    write_bounds,
)
from policynlp.corpus.read import read_corpus
from policynlp.corpus.records import corpus_files
from policynlp.errors import CorpusError
from policynlp.model import default_folder

ROOT = Path(__file__).parents[1]
HELD_OUT = ROOT / "corpus" / "held_out"
MEASURED = Measured("d1", {"macro-F1": 0.8}, {"ECE": 0.1})


def test_the_bundled_model_passes() -> None:
    bounds = read_bounds(ROOT / "tests" / "gate" / "floors.json")
    measured = measure(default_folder(), [HELD_OUT])
    assert len(measured.floors) == 10, "macro-F1 and F1 of four themes, at two levels"
    check(measured, bounds)


def test_articles_are_held_out_by_the_hash_of_their_name() -> None:
    """An article written later is split by the same rule, not by choice."""

    def residues(folder: Path) -> set[int]:
        names = {section.article for section in read_corpus([folder])}
        return {int(hashlib.sha256(name.encode()).hexdigest(), 16) % 8 for name in names}

    assert residues(HELD_OUT) == {0}
    assert residues(ROOT / "corpus" / "written") == {1, 2, 3, 4, 5, 6, 7}


def test_training_passes_held_out_text_over() -> None:
    held = set(corpus_files([HELD_OUT]))
    assert held
    assert held.isdisjoint(corpus_files([ROOT / "corpus"]))
    trained = json.loads((default_folder() / "manifest.json").read_text(encoding="utf-8"))
    names = {file["file"] for file in trained["corpus"]["files"]}
    assert "written/reports.jsonl" in names
    assert not any("held_out" in name for name in names)


@pytest.mark.parametrize(
    ("floors", "ceilings", "complaint"),
    [
        ({"macro-F1": 0.81}, {"ECE": 0.1}, "macro-F1 is 0.8000, below 0.8100"),
        ({"macro-F1": 0.8}, {"ECE": 0.09}, "ECE is 0.1000, above 0.0900"),
        ({"macro-F1": 0.8, "F1 甲": 0.7}, {"ECE": 0.1}, "F1 甲 is not measured"),
        ({"macro-F1": 0.8}, {"ECE": 0.1, "ECE 甲": 0.1}, "ECE 甲 is not measured"),
        ({}, {"ECE": 0.1}, "macro-F1 has no bound"),
    ],
)
def test_a_figure_beyond_its_bound_is_named(
    floors: dict[str, float], ceilings: dict[str, float], complaint: str
) -> None:
    with pytest.raises(GateError, match=re.escape(complaint)):
        check(MEASURED, Measured("d1", floors, ceilings))


def test_other_data_must_be_pinned_again() -> None:
    with pytest.raises(GateError, match="pin again"):
        check(MEASURED._replace(data="d2"), MEASURED)


def test_changed_data_change_the_hash(tmp_path: Path) -> None:
    lines = (HELD_OUT / "reports.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    (tmp_path / "reports.jsonl").write_text("".join(lines), encoding="utf-8")
    before = measure(default_folder(), [tmp_path])
    (tmp_path / "reports.jsonl").write_text("".join(lines[:-1]), encoding="utf-8")
    after = measure(default_folder(), [tmp_path])
    assert before.data != after.data


def test_nothing_to_measure_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="no labelled text"):
        measure(default_folder(), [tmp_path])
    record = {
        "id": "1",
        "article": "1",
        "heading": "",
        "paragraphs": [{"text": "县", "themes": []}],
    }
    path = tmp_path / "unlabelled.jsonl"
    path.write_text(json.dumps(record | {"themes": [], "labelled_for": []}), encoding="utf-8")
    with pytest.raises(CorpusError, match="nothing to measure"):
        measure(default_folder(), [path])


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (None, "no bounds"),
        ("{}", "not bounds"),
        ("[]", "not bounds"),
        ("{oops", "not bounds"),
        ('{"data": "d", "floors": {}, "ceilings": {}}', "bounds nothing"),
    ],
)
def test_empty_bounds_are_refused(tmp_path: Path, text: str | None, complaint: str) -> None:
    path = tmp_path / "floors.json"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    with pytest.raises(GateError, match=complaint):
        read_bounds(path)


def test_pinning_never_makes_a_bound_laxer(tmp_path: Path) -> None:
    first = pin(MEASURED, None)
    assert first.floors["macro-F1"] == pytest.approx(0.8 - MARGIN)
    assert first.ceilings["ECE"] == pytest.approx(0.1 + MARGIN)
    write_bounds(tmp_path / "floors.json", first)
    assert read_bounds(tmp_path / "floors.json") == first
    a_little_worse = Measured("d2", {"macro-F1": 0.795}, {"ECE": 0.105})
    assert pin(a_little_worse, first) == first._replace(data="d2")
    better = pin(Measured("d2", {"macro-F1": 0.9, "F1 乙": 0.7}, {"ECE": 0.05}), first)
    assert better.floors == pytest.approx({"macro-F1": 0.89, "F1 乙": 0.69})
    assert better.ceilings == pytest.approx({"ECE": 0.06})


@pytest.mark.parametrize(
    ("worse", "complaint"),
    [
        (Measured("d2", {"macro-F1": 0.78}, {"ECE": 0.1}), "macro-F1 is 0.7800"),
        (Measured("d2", {"macro-F1": 0.8}, {"ECE": 0.12}), "ECE is 0.1200"),
        (Measured("d2", {"F1": 0.8}, {"ECE": 0.1}), "macro-F1 is measured no more"),
    ],
)
def test_a_bound_is_lowered_only_on_purpose(worse: Measured, complaint: str) -> None:
    bounds = pin(MEASURED, None)
    with pytest.raises(GateError, match=f"{complaint}.*--lower"):
        pin(worse, bounds)
    check(worse, pin(worse, bounds, lower=True))
