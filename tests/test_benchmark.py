"""The four benchmarks run without their peers, and count what they say they count."""

import json
import subprocess
import sys
from argparse import Namespace
from pathlib import Path
from subprocess import PIPE, Popen
from types import ModuleType
from typing import Any

import numpy as np
import pytest

ROOT = Path(__file__).parents[1]


def run(*arguments: object, to: Path) -> dict[str, Any]:
    """Run scripts/benchmark without peers and return its figures."""
    command = [sys.executable, ROOT / "scripts" / "benchmark", "--peers", 0, "--json", to]
    subprocess.run([*map(str, [*command, *arguments])], check=True, capture_output=True)
    found: dict[str, Any] = json.loads(to.read_text(encoding="utf-8"))
    return found


@pytest.fixture
def part(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function that imports a part of the benchmark."""
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))

    def load(name: str) -> ModuleType:
        return __import__(f"benchmarks.{name}", fromlist=[name])

    return load


def test_speed(tmp_path: Path) -> None:
    data = tmp_path / "articles.jsonl"
    sentence = "松禾市港口新开三条航线，全年吞吐量增长一成。"
    texts = ["\n".join([sentence * 4] * 3), sentence * 9]
    lines = [json.dumps({"text": text}, ensure_ascii=False) + "\n" for text in texts]
    data.write_text("".join(lines), encoding="utf-8")
    sizes = ("--rounds", 1, "--most-articles", 10, "--most-sentences", 10)
    found = run("--data", data, *sizes, to=tmp_path / "figures.json")
    assert (found["articles"], found["characters"]) == (2, sum(map(len, texts)))
    assert {"bare cut", "cut by jieba", "read_text", "analyze", "pipe"} == found["ms"].keys()
    assert {"reading", "cutting", "abstracts", "tagging and results"} == found["stages"].keys()
    assert sum(found["stages"].values()) == pytest.approx(1)
    files = found["files"]
    assert files["articles"] == 2
    within = {"pipe over its texts", "the shortest loop from lines to lines", "a batch"}
    assert within == files["within"].keys()
    assert {"--jobs 1", "--jobs 2"} == files["whole"].keys()
    (stream,) = found["streams"]
    assert stream["articles"] == 10
    assert stream["bytes"] == 5 * sum(len(text.encode()) for text in texts)


def test_quality(tmp_path: Path, small_corpus: Path) -> None:
    corpus = tmp_path / "corpus"
    (corpus / "written").mkdir(parents=True)
    (corpus / "themes.toml").write_bytes((small_corpus / "themes.toml").read_bytes())
    n_paragraphs = 0
    for path in small_corpus.glob("*.jsonl"):
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)[::2]
        n_paragraphs += sum(len(json.loads(line)["paragraphs"]) for line in lines)
        (corpus / "written" / path.name).write_text("".join(lines), encoding="utf-8")
    where = ("--corpus", corpus, "--real", tmp_path / "nowhere", "--folds", 2)
    found = run("--quality", *where, to=tmp_path / "figures.json")
    (setting,) = found["settings"].values()
    assert setting["paragraphs"] == n_paragraphs
    assert setting["systems"].keys() == {"policynlp"}
    assert 0.5 < setting["systems"]["policynlp"]["macro_f1"] < 1


def test_abstracts(tmp_path: Path) -> None:
    long, first, second = "长" * 200 + "。", "松禾市港口开工。", "明年建成两个泊位。"
    record = {
        "title": "港口<b>",
        "paragraphs": [long, first + second],
        "sentences": [long, first, second],
        "picks": [[1], [0]],
        "abstracts": [first + second, first + second],
        "id": "a1",
        "source": "清溪日报",
    }
    (tmp_path / "abstracts_dev.jsonl").write_text(json.dumps(record) + "\n", encoding="utf-8")
    page = tmp_path / "page.html"
    found = run("--abstracts", "--real", tmp_path, "--page", page, to=tmp_path / "figures.json")
    lead = found["systems"]["lead"]["means"]
    assert [lead[f"ROUGE-{n}"] for n in "12L"] == [1, 1, 1]
    assert lead["pick-F1"] == pytest.approx((2 / 3 + 0) / 2)  # the second picked what cannot fit
    assert lead["length use"] == pytest.approx(len(first + second) / 150)
    assert page.read_text(encoding="utf-8").count("<h2>") == 20


def test_engines_without_spark(tmp_path: Path, part: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyspark.errors", None)
    engines = part("engines")
    data = tmp_path / "articles.jsonl"
    data.write_text('{"text": "松禾市港口新开三条航线。"}\n', encoding="utf-8")
    asked = Namespace(data=data, real=tmp_path, model=None, size=1000, rounds=1)
    found = engines.measure(asked)
    assert (found["articles"], found["characters"]) == (1000, 12)
    assert len(found["seconds"]) == 4
    assert found["bytes"].keys() == {"in", "out"}
    assert any("not measured: Spark" in line for line in engines.table(found))


def test_what_spark_costs_is_what_more_articles_cost(part: Any) -> None:
    engines = part("engines")
    costs = {engines.SPARK: engines.Cost(5, 9), engines.SPARK_LARGE: engines.Cost(13, 11)}
    assert engines.per_run(costs) == {engines.SPARK: {"python": 4, "java": 1}}


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
def test_work_of_a_child_counts(part: Any) -> None:
    engines = part("engines")
    busy = "import time\nwhile time.process_time() < 0.2: pass\nprint(flush=True)\ninput()"
    before = engines.spent()
    with Popen([sys.executable, "-c", busy], stdin=PIPE, stdout=PIPE) as child:
        assert child.stdout
        child.stdout.readline()
        running = engines.spent().less(before)
        child.communicate(b"\n")
    ended = engines.spent().less(before)
    assert 0.15 < running.python <= ended.python
    assert running.java == 0


def test_page_escapes_text(tmp_path: Path, part: Any) -> None:
    part("page").write_page(tmp_path / "p.html", [("<b>&", {"<i>": "a<script>"})])
    page = (tmp_path / "p.html").read_text(encoding="utf-8")
    assert "&lt;b&gt;&amp;" in page
    assert "<script" not in page
    assert "<i>" not in page


def test_gain_is_paired_and_unknown_labels_do_not_count(part: Any) -> None:
    quality = part("quality")
    holds = np.array([[True], [True], [False], [True]])
    known = np.array([[True], [True], [True], [False]])
    half = np.array([[True], [False], [False], [True]])
    tags = {"policynlp": [holds], "the same": [holds], "half": [half]}
    seconds = {name: {"fit": 1.0} for name in tags}
    tagged = quality.Tagged([holds], [known], ["a", "b", "b", "c"], tags, seconds)
    systems = quality.compare_systems(tagged, ["项目建设"])["systems"]
    assert systems["policynlp"]["macro_f1"] == 1
    assert systems["the same"]["gain_interval"] == [0, 0]
    assert systems["half"]["macro_f1"] == pytest.approx(2 / 3)
    assert systems["half"]["gain"] == pytest.approx(1 / 3)


def test_a_missing_peer_is_named(part: Any) -> None:
    def absent() -> Any:
        raise ImportError("no module named absent")

    made, missing = part("peers").make({"present": lambda: 1, "absent": absent})
    assert made == {"present": 1}
    assert missing == {"absent": "no module named absent"}
