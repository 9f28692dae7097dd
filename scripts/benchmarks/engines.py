"""What an article costs by each engine, for archives of millions (docs/scale.md).

In processor time of this process and of all that it started, which are Spark's Java and Python.
Spark's is the difference of two sizes, so that starting a run falls out; with half of the default
size Java's part, a sixth, was lost in what its compiler does beside.
"""

import argparse
import json
import os
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, suppress
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet

import policynlp
from benchmarks.texts import ROOT, read_articles
from policynlp.analyzer import Analyzer
from policynlp.batch import score
from policynlp.batch.arrow import ArrowScorer

PIPE, SPARK, SPARK_LARGE = (
    "Analyzer.pipe",
    "Spark, Parquet in and out",
    "Spark, three times as many",
)
LARGER = 3
WARM_UP = 64  # articles: two lots of pipe
PROC = Path("/proc")

Works = dict[str, Callable[[], object]]


class Cost(NamedTuple):
    """Seconds of the processor."""

    python: float
    java: float

    def less(self, other: "Cost") -> "Cost":
        return Cost(self.python - other.python, self.java - other.java)


class Process(NamedTuple):
    pid: int
    parent: int
    name: str
    seconds: float


class Archive(NamedTuple):
    """The same articles in both formats, and where an engine writes its results."""

    jsonl: str
    parquet: str
    out: str


def measure(args: argparse.Namespace) -> dict[str, Any]:
    data, texts = read_articles(args.data, args.real)
    count = args.size
    with TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        warm, small, large = (
            write_archive(texts, n, folder) for n in (WARM_UP, count, LARGER * count)
        )
        works = local_works(policynlp.load(args.model), texts, count, small)
        start = time.perf_counter()
        spark, missing = start_spark(stack)
        if spark:
            on_spark(spark, warm, args.model)
            works[SPARK] = partial(on_spark, spark, small, args.model)
            works[SPARK_LARGE] = partial(on_spark, spark, large, args.model)
        first = time.perf_counter() - start
        costs = least_costs(works, args.rounds)
        return {
            "data": data,
            "articles": count,
            "characters": sum(map(len, islice(cycle(texts), count))) / count,
            "seconds": per_run(costs),
            "spark": spark and {"first_run_seconds": first, "worker_mb": worker_memory()},
            "bytes": {
                "in": size(small.parquet) / count,
                "out": size(f"{small.out}.parquet") / count,
            },
            "missing": missing,
        }


def write_archive(texts: Sequence[str], count: int, folder: Path) -> Archive:
    """``count`` articles, the same ones again and again."""
    rows = [{"id": f"n{n}", "text": t} for n, t in enumerate(islice(cycle(texts), count))]
    lines, table, out = (str(folder / f"{count}{end}") for end in (".jsonl", ".parquet", "-out"))
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    Path(lines).write_text(text, encoding="utf-8")
    pyarrow.parquet.write_table(pa.Table.from_pylist(rows), table)
    return Archive(lines, table, out)


def local_works(analyzer: Analyzer, texts: Sequence[str], count: int, archive: Archive) -> Works:
    def load() -> Analyzer:
        return analyzer

    def pipe() -> None:
        deque(analyzer.pipe(islice(cycle(texts), count)), maxlen=0)

    def arrow() -> None:
        deque(scorer(pyarrow.parquet.ParquetFile(archive.parquet).iter_batches()), maxlen=0)

    scorer = ArrowScorer.of(load)
    analyzer.analyze(texts[0])  # Jieba's dictionary
    run = partial(score, load, overwrite=True)
    return {
        PIPE: pipe,
        "local engine, JSONL in and out": partial(run, [archive.jsonl], f"{archive.out}.jsonl"),
        "local engine, Parquet in and out": partial(
            run, [archive.parquet], f"{archive.out}.parquet"
        ),
        "the Arrow function, Parquet in, batches out": arrow,
    }


def start_spark(stack: ExitStack) -> tuple[Any, str]:
    """A session of one core until ``stack`` closes, or why there is none."""
    if not PROC.exists():
        return None, "Spark: its processes are found in /proc, which only Linux has"
    try:
        from pyspark.errors import PySparkException
        from pyspark.sql import SparkSession
    except ImportError as error:
        return None, f"Spark ({error}): install [spark]"
    # Spark's Python is to be this one, with this package.
    os.environ |= {"PYSPARK_PYTHON": sys.executable, "PYTHONPATH": str(ROOT / "src")}
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    builder = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
    try:
        session = builder.config("spark.ui.showConsoleProgress", "false").getOrCreate()
    except PySparkException as error:
        return None, f"Spark ({str(error).splitlines()[0]}): install Java 17 or newer"
    stack.callback(session.stop)
    session.sparkContext.setLogLevel("ERROR")
    return session, ""


def on_spark(session: Any, archive: Archive, model: Path | None) -> None:
    from policynlp.batch.spark import score as score_on_spark

    score_on_spark(session, [archive.parquet], f"{archive.out}-spark", model, overwrite=True)


def least_costs(works: Works, rounds: int) -> dict[str, Cost]:
    """The best of some interleaved rounds."""
    best: dict[str, Cost] = {}
    for _ in range(rounds):
        for name, work in works.items():
            before = spent()
            work()
            cost = spent().less(before)
            best[name] = min(best.get(name, cost), cost, key=sum)
    return best


def per_run(costs: dict[str, Cost]) -> dict[str, dict[str, float]]:
    """Seconds for the articles of a run, Spark's without starting it."""
    if SPARK in costs:
        more = costs.pop(SPARK_LARGE).less(costs[SPARK])
        costs[SPARK] = Cost(*(seconds / (LARGER - 1) for seconds in more))
    return {name: cost._asdict() for name, cost in costs.items()}


def spent() -> Cost:
    """What this process and those that it started have cost until now."""
    if not PROC.exists():
        return Cost(time.process_time(), 0.0)
    family = list(_family())
    java = sum(process.seconds for process in family if process.name == "java")
    return Cost(sum(process.seconds for process in family) - java, java)


def _family() -> Iterator[Process]:
    """This process and all that come from it."""
    running, generation = list(_running()), {os.getpid()}
    yield from (process for process in running if process.pid in generation)
    while generation:
        children = [process for process in running if process.parent in generation]
        yield from children
        generation = {process.pid for process in children}


def _running() -> Iterator[Process]:
    tick = os.sysconf("SC_CLK_TCK")
    for path in PROC.glob("[0-9]*/stat"):
        with suppress(FileNotFoundError, ProcessLookupError):  # it ended meanwhile
            start, _, rest = path.read_text(encoding="utf-8", errors="replace").rpartition(")")
            fields = rest.split()
            # Of the process and of its children that ended: user, system, user, system.
            seconds = sum(map(int, fields[11:15])) / tick
            pid, _, name = start.partition(" (")
            yield Process(int(pid), int(fields[1]), name, seconds)


def worker_memory() -> float:
    """The most memory that one of Spark's Python processes had, in MB."""
    others = (p.pid for p in _family() if p.name != "java" and p.pid != os.getpid())
    lines = (line for pid in others for line in (PROC / f"{pid}/status").open(encoding="utf-8"))
    return max(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:"))


def size(path: str) -> int:
    """Bytes of a file."""
    return Path(path).stat().st_size


def table(result: dict[str, Any]) -> Iterable[str]:
    count, costs = result["articles"], result["seconds"]
    yield f"\n{result['data']}: {count} articles of {result['characters']:.0f} characters"
    base = sum(costs[PIPE].values())
    yield f"\n{'processor time':48}{'a second':>10}   times pipe"
    for name, cost in costs.items():
        seconds = sum(cost.values())
        yield f"{name:48}{count / seconds:10.0f}{seconds / base:10.2f}"
    if spark := result["spark"]:
        share = costs[SPARK]["java"] / sum(costs[SPARK].values())
        yield f"of Spark's time Java has {100 * share:.0f} %, Python the rest"
        first = spark["first_run_seconds"]
        yield f"starting it and a first run took {first:.0f} s by the clock on the wall"
        yield f"a Python process took {spark['worker_mb']:.0f} MB"
    else:
        yield f"not measured: {result['missing']}"
    yield "bytes of Parquet an article: {in:.0f} in, {out:.0f} out".format(**result["bytes"])
