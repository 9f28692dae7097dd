"""Worker processes: the same output as without, and none of them missed when it dies."""

import csv
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from functools import partial
from pathlib import Path

import pytest

from fake_analyzer import CRASH, DIE, HANG, THEMES, FakeAnalyzer, LoggingAnalyzer, read_hanging
from policynlp.batch import Options, look, score
from policynlp.batch import inputs as inputs_module
from policynlp.errors import OutputError
from policynlp.files import read
from policynlp.files.items import Reading
from policynlp.messages import speaking
from policynlp.workers import Starter


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inputs_module, "_SMALLEST", 8 * 1600)
    monkeypatch.setattr(inputs_module, "_LARGEST", 8 * 1600)


def archive(folder: Path, poison: dict[int, str], count: int = 80) -> str:
    lines = [
        json.dumps({"id": f"n{i}", "text": f"云溪县推进数字化第{i}家。{poison.get(i, '')}"})
        for i in range(count)
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


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("name", ["out.jsonl", "out.jsonl.gz"])
def test_an_article_that_kills_or_hangs_is_a_failure(tmp_path: Path, jobs: int, name: str) -> None:
    """It is named, and what is written is what would be if it had failed otherwise."""
    poison = {13: DIE, 14: HANG, 70: DIE}
    inputs, out = [archive(tmp_path, poison)], tmp_path / name
    summary = score(FakeAnalyzer, inputs, str(out), jobs=jobs, max_seconds=0.5)
    assert (summary.counts.articles, summary.counts.failures) == (77, 3)
    assert [(row["id"], row["place"][-12:], row["stage"]) for row in failures(out)] == [
        ("n13", "/in.jsonl:14", "worker"),
        ("n14", "/in.jsonl:15", "time"),
        ("n70", "/in.jsonl:71", "worker"),
    ]
    assert "no result after 0.5 s" in failures(out)[1]["reason"]
    inputs = [archive(tmp_path, dict.fromkeys(poison, CRASH))]
    score(FakeAnalyzer, inputs, str(tmp_path / f"crashed-{name}"), jobs=jobs)
    assert out.read_bytes() == (tmp_path / f"crashed-{name}").read_bytes()


def failures(out: Path) -> list[dict[str, str]]:
    with Path(f"{out}.failures.csv").open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def test_a_file_that_hangs_while_it_is_read_is_a_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether it is to be scored, looked at or sent on at once."""
    for name in ("a.txt", "b.html", "c.txt"):
        (tmp_path / name).write_text("云溪县推进数字化。", encoding="utf-8")
    monkeypatch.setitem(read._PAGES, (".html", ".htm", ".xhtml", ".shtml"), read_hanging)
    inputs, sent = [str(tmp_path / name) for name in ("a.txt", "b.html", "c.txt")], list[bytes]()
    out = str(tmp_path / "out.csv")
    options = Options(reading=Reading(keep_columns=True))
    for summary in (
        score(FakeAnalyzer, inputs, out, options=options, max_seconds=0.3),
        score(FakeAnalyzer, inputs, "-", stdout=sent.append, max_seconds=0.3),
        look(inputs, max_seconds=0.3),
    ):
        assert (summary.counts.articles, summary.counts.failures) == (2, 1)
        [failure] = summary.first_failures
        assert (failure.id, failure.stage) == ("b.html", "time")
    assert [json.loads(line)["id"] for line in b"".join(sent).splitlines()] == ["a.txt", "c.txt"]


def test_a_limit_is_each_articles_own(tmp_path: Path) -> None:
    """Eight of a lot, and of a chunk, take longer together than one may take."""
    load = partial(LoggingAnalyzer, tmp_path / "log", 0.12)
    inputs = [archive(tmp_path, {3: HANG}, 16)]
    summary = score(load, inputs, str(tmp_path / "out.jsonl"), jobs=2, max_seconds=0.8)
    assert (summary.counts.articles, summary.counts.failures) == (15, 1)


class DiesAtStart(FakeAnalyzer):
    """Loads here, and ends every worker that begins."""

    def __reduce__(self) -> tuple[type, tuple[()]]:
        return DiesAtStart, ()

    @property
    def themes(self) -> tuple[str, ...]:  # type: ignore[override]
        if multiprocessing.parent_process():
            os._exit(7)
        return THEMES


@pytest.mark.parametrize("alone", [True, False])
def test_workers_end_when_a_run_is_done(tmp_path: Path, alone: bool) -> None:
    """Also where the process that has used them goes on, as a server does."""
    done = threading.Event()
    if not alone:
        threading.Thread(target=done.wait).start()
    score(FakeAnalyzer, [archive(tmp_path, {})], str(tmp_path / "out.jsonl"), jobs=2)
    done.set()
    children = multiprocessing.active_children()
    for child in children:
        child.join(20)
    assert not any(child.is_alive() for child in children)


def test_workers_that_cannot_begin_end_the_run(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="worker processes end whatever they are given"):
        score(DiesAtStart, [archive(tmp_path, {})], str(tmp_path / "out.jsonl"))


PARENT = """
import os, sys, time
from fake_analyzer import HANG, FakeAnalyzer, LoggingAnalyzer
from functools import partial
from pathlib import Path
from policynlp import workers
from policynlp.batch import score
if {guarded}:
    workers._is_linux = lambda: False
data, out, log = sys.argv[1:]
score(partial(LoggingAnalyzer, Path(log)), [data], out, jobs=2)
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signal")
@pytest.mark.parametrize("guarded", [True, False])
def test_a_worker_that_hangs_ends_with_its_parent(tmp_path: Path, guarded: bool) -> None:
    """By the kernel on Linux, by a guard elsewhere: neither needs the worker's interpreter."""
    data, log = archive(tmp_path, {0: HANG}), tmp_path / "log"
    paths = os.pathsep.join((str(Path(__file__).parents[1] / "src"), str(Path(__file__).parent)))
    parent = subprocess.Popen(
        [
            sys.executable,
            "-c",
            PARENT.format(guarded=guarded),
            data,
            str(tmp_path / "o.jsonl"),
            log,
        ],
        env={**os.environ, "PYTHONPATH": paths},
    )
    while not log.exists() or "n0 " not in log.read_text():
        assert parent.poll() is None
        time.sleep(0.01)
    workers = {int(line.split()[1]) for line in log.read_text().splitlines()}
    time.sleep(0.2)  # It hangs now.
    parent.kill()
    parent.wait()
    deadline = time.monotonic() + 20
    while any(map(is_alive, workers)) and time.monotonic() < deadline:
        time.sleep(0.05)
    left = [number for number in workers if is_alive(number)]
    for number in left:
        os.kill(number, signal.SIGKILL)
    assert not left


def is_alive(number: int) -> bool:
    """Whether a process runs; one that nobody has waited for does not."""
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.parametrize(("articles", "expected"), [(1, 1), (40, 5), (100, 8)])
def test_no_more_processes_than_are_of_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, articles: int, expected: int
) -> None:
    started = []
    start = Starter.start

    def noted(starter: Starter) -> object:
        started.append(starter)
        return start(starter)

    monkeypatch.setattr(Starter, "start", noted)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    source = tmp_path / "in"
    source.mkdir()
    for number in range(articles):
        (source / f"{number}.txt").write_text("云溪县推进数字化。" * 9, encoding="utf-8")
    summary = score(FakeAnalyzer, [str(source)], str(tmp_path / "out.jsonl"), jobs=9999)
    assert (summary.counts.articles, len(started)) == (articles, expected)


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
