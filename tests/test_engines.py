"""Which options go with which engine of ``score``, and that no other engine is needed."""

import importlib.machinery
import importlib.util
import sys
from pathlib import Path

import pytest

import spark_needs
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


@pytest.mark.skipif(sys.platform == "win32", reason="its java would be a shell script")
@pytest.mark.parametrize(
    ("version", "pyspark", "said"),
    [
        (None, True, "no Java in the path: install Java 17 or newer"),
        ("1.8.0_412", True, "is Java 8: install Java 17 or newer"),
        ("11.0.2", True, "is Java 11: install Java 17 or newer"),
        ("?", True, "is Java of no known version: install Java 17 or newer"),
        ("17-ea", False, 'no pyspark: pip install "policynlp[spark]"'),
        ("21.0.1", True, None),
    ],
)
@pytest.mark.parametrize("where", ["PATH", "JAVA_HOME"])
def test_the_cluster_tests_say_what_to_install(
    where: str,
    version: str | None,
    pyspark: bool,
    said: str | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    java = tmp_path / "bin" / "java"
    java.parent.mkdir()
    if version:
        java.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\"' >&2\n")
        java.chmod(0o755)
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(java.parent if where == "PATH" else tmp_path))
    if where == "JAVA_HOME":
        monkeypatch.setenv("JAVA_HOME", str(tmp_path))
        said = said and said.replace("the path", "JAVA_HOME")
    found = importlib.machinery.ModuleSpec("pyspark", None) if pyspark else None
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: found)
    lacks = spark_needs.missing()
    assert lacks is None if said is None else said in (lacks or "")
