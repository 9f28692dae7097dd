"""Worker processes: the same output as without, and none of them missed when it dies."""

import csv
import json
import os
import signal
import threading
import time
from functools import partial
from pathlib import Path

import pytest

from fake_analyzer import CRASH, DIE, FakeAnalyzer, LoggingAnalyzer
from policynlp.batch import Scorer, score, workers
from policynlp.batch import source as source_module
from policynlp.batch.scoring import Job
from policynlp.messages import speaking


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_module, "_SMALLEST", 8 * 1600)
    monkeypatch.setattr(source_module, "_LARGEST", 8 * 1600)


def archive(folder: Path, poison: dict[int, str]) -> str:
    lines = [
        json.dumps({"id": f"n{i}", "text": f"云溪县推进数字化第{i}家。{poison.get(i, '')}"})
        for i in range(80)
    ]
    (folder / "in.jsonl").write_text("\n".join(lines), encoding="utf-8")
    return str(folder / "in.jsonl")


@pytest.mark.parametrize("alone", [True, False])
def test_serial_and_parallel_are_the_same(tmp_path: Path, alone: bool) -> None:
    """Whether workers are copies of the process or, where it has threads, begin from nothing."""
    inputs = [archive(tmp_path, {3: CRASH, 50: CRASH})]
    done = threading.Event()
    other = threading.Thread(target=done.wait)
    if not alone:
        other.start()
    for jobs in (1, 2):
        score(FakeAnalyzer, inputs, str(tmp_path / f"{jobs}.csv"), jobs=jobs)
    done.set()
    for name in ("{}.csv", "{}.csv.failures.csv"):
        one, two = ((tmp_path / name.format(jobs)).read_bytes() for jobs in (1, 2))
        assert one == two


@pytest.mark.parametrize("alone", [True, False])
def test_workers_speak_the_language_of_the_run(tmp_path: Path, alone: bool) -> None:
    inputs = [archive(tmp_path, {}), str(tmp_path / "in")]
    (tmp_path / "in").mkdir()
    cut = "云溪县".encode()[:-1]
    for name, data in {"a.txt": b" ", "b.txt": cut, "c.pdf": b"%PDF"}.items():
        (tmp_path / "in" / name).write_bytes(data)
    done = threading.Event()
    if not alone:
        threading.Thread(target=done.wait).start()
    with speaking("zh"):
        for jobs in (1, 2):
            score(FakeAnalyzer, inputs, str(tmp_path / f"{jobs}.jsonl"), jobs=jobs)
    done.set()
    one, two = ((tmp_path / f"{jobs}.jsonl.failures.csv").read_bytes() for jobs in (1, 2))
    assert one == two
    rows = list(csv.DictReader(two.decode("utf-8-sig").splitlines()))
    assert [(row["stage"], row["reason"]) for row in rows] == [
        ("read", "文本为空"),
        (
            "decode",
            "编码为 UTF-8，但文件在偏移 6 字节处截断或损坏；请重新获取文件，或另存为 UTF-8",
        ),
        ("read", "不支持读取 .pdf：请将其中的文字提取为 .txt，例如用命令：pdftotext 文件名"),
    ]


def test_an_article_that_kills_is_a_failure(tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    summary = score(FakeAnalyzer, [archive(tmp_path, {13: DIE, 70: DIE})], str(out), jobs=2)
    assert (summary.counts.articles, summary.counts.failures) == (78, 2)
    with Path(f"{out}.failures.csv").open(encoding="utf-8-sig", newline="") as stream:
        failures = list(csv.DictReader(stream))
    assert [(row["place"][-12:], row["stage"]) for row in failures] == [
        ("/in.jsonl:14", "worker"),
        ("/in.jsonl:71", "worker"),
    ]
    ids = [json.loads(line)["id"] for line in out.read_text(encoding="utf-8").splitlines()]
    assert ids == [f"n{i}" for i in range(80) if i not in (13, 70)]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signal")
@pytest.mark.parametrize(("articles", "expected"), [(1, 1), (40, 5), (100, 8)])
def test_no_more_processes_than_are_of_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, articles: int, expected: int
) -> None:
    started = []
    pool = workers._Pool

    def noted(scorer: Scorer, job: Job, jobs: int) -> object:
        started.append(jobs)
        return pool(scorer, job, min(jobs, 2))

    monkeypatch.setattr(workers, "_Pool", noted)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    source = tmp_path / "in"
    source.mkdir()
    for number in range(articles):
        (source / f"{number}.txt").write_text("云溪县推进数字化。" * 9, encoding="utf-8")
    summary = score(FakeAnalyzer, [str(source)], str(tmp_path / "out.jsonl"), jobs=9999)
    assert (summary.counts.articles, started) == (articles, [expected])


def test_a_killed_worker_is_replaced(tmp_path: Path) -> None:
    log, out = tmp_path / "log", tmp_path / "out.jsonl"
    killed: list[int] = []

    def kill_one() -> None:
        while not log.exists() or not log.read_text().endswith("\n"):
            time.sleep(0.01)
        killed.append(int(log.read_text().split()[1]))
        os.kill(killed[0], signal.SIGKILL)

    inputs = [archive(tmp_path, {})]
    killer = threading.Thread(target=kill_one)
    killer.start()
    summary = score(partial(LoggingAnalyzer, log, 0.01), inputs, str(out), jobs=2)
    killer.join()
    assert len(killed) == 1
    assert (summary.counts.articles, summary.counts.failures) == (80, 0)
    score(FakeAnalyzer, inputs, str(tmp_path / "whole.jsonl"))
    assert out.read_bytes() == (tmp_path / "whole.jsonl").read_bytes()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows cannot copy a process")
def test_a_lone_process_that_an_article_kills_goes_on_without_it(tmp_path: Path) -> None:
    """Each start gets past one such article: the next dies of it in a worker."""
    inputs, out = [archive(tmp_path, {13: DIE, 70: DIE})], tmp_path / "out.jsonl"
    for _ in range(2):
        child = os.fork()
        if not child:
            score(FakeAnalyzer, inputs, str(out))
            os._exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    summary = score(FakeAnalyzer, inputs, str(out))
    assert (summary.counts.articles, summary.counts.failures) == (78, 2)
    assert not Path(f"{out}.parts").exists()
    score(FakeAnalyzer, inputs, str(tmp_path / "two.jsonl"), jobs=2)
    for name in ("{}.jsonl", "{}.jsonl.failures.csv"):
        one, two = ((tmp_path / name.format(run)).read_bytes() for run in ("out", "two"))
        assert one == two
