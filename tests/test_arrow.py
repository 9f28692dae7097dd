"""The function over Arrow record batches, as Spark, Dask and their like call it."""

import csv
import pickle
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet
import pytest

from fake_analyzer import CRASH, FakeAnalyzer
from policynlp.batch import Options, arrow, score
from policynlp.batch.arrow import FAILURE, PLACE, ArrowScorer
from policynlp.errors import ModelError
from policynlp.files.items import Reading
from policynlp.messages import speaking

ROWS = [
    {"编号": "a", "正文": "云溪县推进数字化。\n全县上云企业新增十家。", "栏目": "要闻"},
    {"编号": "b", "正文": "", "栏目": None},
    {"编号": None, "正文": "临川镇推进项目建设。", "栏目": "综合"},
    {"编号": "d", "正文": f"青石乡{CRASH}。", "栏目": None},
    {"编号": "e", "正文": None, "栏目": None},
]
OPTIONS = Options(reading=Reading(keep_columns=True), with_text=True)


@pytest.fixture(autouse=True)
def no_model_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrow, "_scorers", {})


def rows_of(batches: Iterable[pa.RecordBatch]) -> list[dict[str, Any]]:
    return [row for batch in batches for row in batch.to_pylist()]


def test_results_are_those_of_a_run_over_the_same_rows(tmp_path: Path) -> None:
    pyarrow.parquet.write_table(pa.Table.from_pylist(ROWS), tmp_path / "in.parquet")
    out = tmp_path / "out.parquet"
    score(FakeAnalyzer, [str(tmp_path / "in.parquet")], str(out), options=OPTIONS)
    expected = pyarrow.parquet.read_table(out).to_pylist()
    places = [f"in.parquet:{number}" for number, _ in enumerate(ROWS, 1)]
    batch = pa.RecordBatch.from_pylist(ROWS).append_column(PLACE, pa.array(places))
    scorer = pickle.loads(pickle.dumps(ArrowScorer.of(FakeAnalyzer, OPTIONS)))
    found = rows_of(scorer([batch.slice(0, 2), batch.slice(2)]))
    results = [row for row in found if row[FAILURE] is None]
    assert [{k: v for k, v in row.items() if k != FAILURE} for row in results] == expected
    assert [(row["id"], row["kept"]) for row in results] == [
        ("a", [("栏目", "要闻")]),
        ("in.parquet:3", [("编号", ""), ("栏目", "综合")]),
    ]
    with Path(f"{out}.failures.csv").open(encoding="utf-8-sig", newline="") as stream:
        failed = [(row["id"], row["stage"], row["reason"]) for row in csv.DictReader(stream)]
    failures = {row["id"]: row[FAILURE] for row in found if row[FAILURE] is not None}
    assert len(failed) == 3
    assert [(id, row["stage"], row["reason"]) for id, row in failures.items()] == failed
    assert failures["d"]["place"] == "in.parquet:4"
    assert all(row["sections"] is None for row in found if row[FAILURE])


def test_large_batches_are_scored_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrow, "_BATCH", 3)
    rows = [{"id": str(number), "text": "云溪县推进数字化。"} for number in range(7)]
    scorer = ArrowScorer.of(FakeAnalyzer)
    batches = list(scorer([pa.RecordBatch.from_pylist(rows)]))
    assert [batch.num_rows for batch in batches] == [3, 3, 1]
    assert [row["id"] for row in rows_of(batches)] == [row["id"] for row in rows]
    assert all(batch.schema == scorer.schema for batch in batches)


def test_a_process_loads_a_model_once() -> None:
    loads = []

    def load() -> FakeAnalyzer:
        loads.append(1)
        return FakeAnalyzer()

    scorer = ArrowScorer.of(load)
    batch = pa.RecordBatch.from_pylist([{"text": "云溪县推进数字化。"}])
    for _ in range(3):
        assert len(rows_of(scorer([batch]))) == 1
    assert len(loads) == 2  # Once to know it, once to use it.


@pytest.mark.parametrize(("field", "said"), [("model_sha256", "fake-1"), ("version", "0.0.9")])
def test_another_model_or_version_scores_nothing(field: str, said: str) -> None:
    scorer = replace(ArrowScorer.of(FakeAnalyzer), **{field: "0.0.9"})
    with pytest.raises(ModelError, match=said):
        next(scorer([pa.RecordBatch.from_pylist([{"text": "云溪县推进数字化。"}])]))


def test_reasons_are_in_the_language_of_whoever_asked() -> None:
    with speaking("zh"):
        scorer = ArrowScorer.of(FakeAnalyzer)
    [row] = rows_of(scorer([pa.RecordBatch.from_pylist([{"id": "a", "text": " "}])]))
    assert row[FAILURE]["reason"] == "文本为空"
