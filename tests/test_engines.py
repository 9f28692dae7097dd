"""Which options go with which engine of ``score``, and that no other engine is needed."""

import sys

import pytest

from policynlp.cli import main

SPARK = ["--engine", "spark"]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ([*SPARK, "a.parquet", "-o", "out.jsonl"], "out.jsonl: --engine spark reads and writes"),
        ([*SPARK, "a.parquet", "-o", "-"], "-: --engine spark reads and writes .parquet only"),
        ([*SPARK, "a.csv", "-o", "out.parquet"], "a.csv: --engine spark reads and writes"),
        ([*SPARK, "-", "-o", "out.parquet"], "-: --engine spark reads and writes .parquet only"),
        ([*SPARK, "a", "-o", "out.parquet", "--jobs", "2"], "--jobs does not go with"),
        ([*SPARK, "a", "-o", "out.parquet", "--shard", "1/2"], "--shard does not go with"),
        ([*SPARK, "a", "-o", "out.parquet", "--limit", "2"], "--limit does not go with"),
        ([*SPARK, "a", "-o", "out.parquet", "--sample", "2"], "--sample does not go with"),
        ([*SPARK, "a", "-o", "out.parquet", "--dry-run"], "--dry-run does not go with"),
        ([*SPARK, "a", "-o", "out.parquet", "--format", "csv"], "--format does not go with"),
        ([*SPARK, "a", "--merge", "out.parquet"], "--merge does not go with"),
        (["--master", "yarn", "a", "-o", "out.jsonl"], "--master is for --engine spark"),
    ],
)
def test_options_that_make_no_sense(
    asked: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["score", *asked]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("source", ["a.parquet", "archive", "news.2026/", "hdfs://host/a.PARQUET"])
def test_without_spark_it_says_what_to_install(
    source: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "pyspark", None)
    assert main(["score", *SPARK, source, "-o", "out.parquet"]) == 1
    assert 'pip install "policynlp[spark]"' in capsys.readouterr().err
