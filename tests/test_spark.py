"""Scoring on a cluster of two executors, each a Java process of its own on this machine.

``make test-full`` runs these. They need Java 17 or newer on the path or in JAVA_HOME.
"""

import csv
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet
import pytest

import policynlp
from fake_analyzer import CRASH, FakeAnalyzer
from policynlp.batch import Options, score
from policynlp.batch.scoring import Counts
from policynlp.cli import main
from policynlp.errors import InputError, OutputError
from policynlp.files.items import Reading
from policynlp.themes.drift import Profile
from spark_needs import missing
from test_docs import block_with

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from policynlp.batch import Scorer

pytestmark = pytest.mark.spark

ROOT = Path(__file__).parents[1]
MASTER = "local-cluster[2,1,1024]"
OPTIONS = Options(reading=Reading(keep_columns=True))
ARTICLES = 400
# Two minutes of work would be worth compiling well, two seconds are not.
JAVA = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Say what is missing, keep the cluster on this machine, and return where Java starts."""
    folder = tmp_path_factory.mktemp("notebook")
    if lacks := missing():
        pytest.fail(lacks)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
        patch.setenv("PYSPARK_PYTHON", sys.executable)
        patch.chdir(folder)
        yield folder


@pytest.fixture
def spark(ready: Path) -> Iterator["SparkSession"]:
    """The one session, which the last test ends."""
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master(MASTER).appName("tests")
    for process in ("driver", "executor"):
        builder = builder.config(f"spark.{process}.extraJavaOptions", JAVA)
    for off in ("ui.enabled", "sql.codegen.wholeStage", "sql.adaptive.enabled"):
        builder = builder.config(f"spark.{off}", "false")
    session = builder.config("spark.ui.showConsoleProgress", "false").getOrCreate()
    session.sparkContext.setLogLevel("OFF")  # A killed executor is no news here.
    session.sparkContext.addPyFile(str(ROOT / "tests" / "fake_analyzer.py"))
    return session


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """A folder as people have them: deep, with odd names, rows without ids, without text."""
    texts = [path.read_text(encoding="utf-8") for path in sorted(ROOT.glob("samples/0[1-4]*.txt"))]
    rows = [
        {"编号": f"n{n}" if n % 3 else None, "正文": text, "栏目": f"第{n}版"}
        for n, text in enumerate([*texts, " "] * 3)
    ]
    folder = tmp_path / "稿件 1+%41"
    (folder / "旧").mkdir(parents=True)
    half = len(rows) // 2
    write(rows[:half], folder / "一 a.parquet")
    write([row | {"作者": "林溪"} for row in rows[half:]], folder / "旧" / "b.parquet")
    return folder


def write(rows: list[dict[str, Any]], path: Path) -> None:
    pyarrow.parquet.write_table(pa.Table.from_pylist(rows), path)


def results_in(path: Path) -> dict[str, dict[str, Any]]:
    """Results by id, without empty kept columns: Spark's rows have those of all files."""
    rows = pyarrow.parquet.read_table(path).to_pylist()
    assert len({row["id"] for row in rows}) == len(rows), "an article was written twice"
    for row in rows:
        row["kept"] = {name: value for name, value in row.get("kept", []) if value}
    return {row["id"]: row for row in rows}


def failures_in(path: Path) -> list[tuple[str, str, str]]:
    """Id, stage and reason of failures, whichever engine wrote them."""
    if path.is_dir():
        rows = pyarrow.parquet.read_table(path).to_pylist()
    else:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            rows = list(csv.DictReader(stream))
    return sorted((row["id"], row["stage"], row["reason"]) for row in rows)


def without_profile(counts: Counts) -> Counts:
    """Return the counts that Spark's run has as well: it notes no drift."""
    return replace(counts, profile=Profile())


def test_both_engines_write_the_same(spark: "SparkSession", archive: Path) -> None:
    from policynlp.batch.spark import score as score_on_spark

    here, there = (archive.with_name(f"{name}.parquet") for name in ("here", "there"))
    local = score(policynlp.load, [str(archive)], str(here), options=OPTIONS)
    summary = score_on_spark(spark, [str(archive)], str(there), options=OPTIONS)
    assert summary.counts == without_profile(local.counts)
    assert summary.counts.failures == 3
    expected = results_in(here)
    assert any(id.startswith("旧/b.parquet:") for id in expected)
    assert results_in(there) == expected
    assert expected["n1"]["kept"] == {"栏目": "第1版"}
    failed = Path(f"{there}.failures")
    assert failures_in(failed) == failures_in(Path(f"{here}.failures.csv"))

    write([{"id": "n1", "text": "云溪县推进数字化。"}], archive / "旧" / "b.parquet")
    one = [str(archive / "旧" / "b.parquet")]
    with pytest.raises(OutputError, match="is there already"):
        score_on_spark(spark, one, str(there))
    score_on_spark(spark, one, str(there), overwrite=True)
    assert list(results_in(there)) == ["n1"]
    with pytest.raises(InputError, match="is one of the inputs"):
        score_on_spark(spark, [str(next(there.glob("*.parquet")))], str(there), overwrite=True)
    assert not failed.exists(), "the list of a run that was replaced"
    assert len([*spark.sparkContext.listArchives]) == 1, "the model travels once"


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
def test_killed_processes_lose_and_repeat_nothing(spark: "SparkSession", tmp_path: Path) -> None:
    from policynlp.batch.spark import score as score_on_spark

    log, source = tmp_path / "log", tmp_path / "in.parquet"
    rows = [
        {"id": f"n{n}", "text": CRASH if n % 50 == 7 else f"云溪县推进数字化第{n}家。"}
        for n in range(ARTICLES)
    ]
    write(rows, source)

    def open_slowly(folder: Path) -> "Scorer":
        from fake_analyzer import LoggingAnalyzer

        return LoggingAnalyzer(log, 0.02)

    def kill() -> None:
        worker = process_after(log, ARTICLES // 8)
        os.kill(worker, signal.SIGKILL)
        killed.append(worker)
        executor = parent(parent(process_after(log, ARTICLES // 3, but=worker)))
        assert b"CoarseGrainedExecutorBackend" in Path(f"/proc/{executor}/cmdline").read_bytes()
        os.kill(executor, signal.SIGKILL)
        killed.append(executor)

    killed: list[int] = []
    killer = threading.Thread(target=kill)
    killer.start()
    there = tmp_path / "there.parquet"
    summary = score_on_spark(spark, [str(source)], str(there), open=open_slowly)
    killer.join()
    assert len(killed) == 2
    assert len(log.read_text().splitlines()) > ARTICLES, "nothing was done again"
    here = tmp_path / "here.parquet"
    local = score(FakeAnalyzer, [str(source)], str(here))
    assert summary.counts == without_profile(local.counts)
    assert results_in(there) == results_in(here)
    assert failures_in(Path(f"{there}.failures")) == failures_in(Path(f"{here}.failures.csv"))


def process_after(log: Path, articles: int, but: int = 0) -> int:
    """The process, other than ``but``, that last scored, once so many articles are."""
    while True:
        lines = log.read_text().splitlines()[:-1] if log.exists() else []
        pid = int(lines[-1].split()[1]) if len(lines) >= articles else but
        if pid != but:
            return pid
        time.sleep(0.01)


def parent(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("PPid:"))


def test_what_must_not_be_is_said_before_anything_is_scored(
    spark: "SparkSession", archive: Path
) -> None:
    from policynlp.batch.spark import score as score_on_spark

    out = str(archive.with_name("out.parquet"))
    with pytest.raises(InputError, match="there is no such file"):
        score_on_spark(spark, [f"{archive}/none.parquet"], out)
    with pytest.raises(InputError, match="is one of the inputs"):
        score_on_spark(spark, [str(archive)], f"{archive}/out.parquet", overwrite=True)
    other = Options(reading=Reading((("text", "报道"),)))
    with pytest.raises(InputError, match='nothing is called "报道"'):
        score_on_spark(spark, [str(archive)], out, options=other)
    assert not Path(out).exists()


def test_the_notebook_in_the_documentation(
    spark: "SparkSession", ready: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    texts = {"n0": "云溪县推进数字化，全县企业上云一百家。", "n1": " "}
    write([{"id": id, "text": text} for id, text in texts.items()], ready / "archive.parquet")
    (ready / "my-model").symlink_to(ROOT / "models" / "policy-themes", target_is_directory=True)
    names: dict[str, Any] = {}
    exec(block_with("docs/scale.md", "SparkSession"), names)
    names["scored"].unpersist()
    assert list(results_in(ready / "themes.parquet")) == ["n0"]
    assert "n1" in capsys.readouterr().out


def test_the_command(
    spark: "SparkSession", archive: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = archive.with_name("out.parquet")
    asked = ["score", "--engine", "spark", "--master", MASTER, str(archive), "-o", str(out)]
    assert main([*asked, "--threshold", "数字化=0.9"]) == 3
    said = capsys.readouterr().err
    assert f"3 of {len(results_in(out)) + 3} failed, listed in {out}.failures" in said
    sections = [section for row in results_in(out).values() for section in row["sections"]]
    tags = [tag for section in sections for tag in section["themes"]]
    assert tags
    assert all(tag["probability"] >= 0.9 for tag in tags if tag["theme"] == "数字化")
