"""What it costs to score files: a batch beside the library, and two workers beside one."""

import json
import multiprocessing
import os
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.texts import ROOT
from policynlp.analyzer import Analyzer
from policynlp.batch import score
from policynlp.results import Analysis
from policynlp.schema import to_json

PIPE, LOOP, BATCH = "pipe over its texts", "the shortest loop from lines to lines", "a batch"
MOST_OVERHEAD, LEAST_BY_TWO = 15, 1.6
JOBS = (1, 2)

Timed = dict[str, Callable[[], object]]


def time_files(
    analyzer: Analyzer, texts: Sequence[str], model: Path | None, rounds: int
) -> dict[str, Any]:
    """Seconds for a file of all ``texts``: the library, a loop that reads and writes lines with it,
    and a batch in processor time; the whole command by the clock on the wall with one worker and
    with two."""
    with TemporaryDirectory() as folder:
        source, out = Path(folder, "in.jsonl"), str(Path(folder, "out.jsonl"))
        lines = (json.dumps({"text": text}, ensure_ascii=False) for text in texts)
        source.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        batch = partial(score, lambda: analyzer, [str(source)], out, overwrite=True)
        within = _best(
            {
                PIPE: lambda: deque(analyzer.pipe(texts), maxlen=0),
                LOOP: partial(_loop, analyzer, source, Path(out)),
                BATCH: batch,
            },
            rounds,
            _processor_time,
        )
        commands: Timed = {f"--jobs {n}": partial(_command, source, out, model, n) for n in JOBS}
        whole = _best(commands, rounds, time.perf_counter)
    return {"articles": len(texts), "within": within, "whole": whole}


def file_table(files: dict[str, Any]) -> Iterable[str]:
    within, whole = files["within"], files["whole"]
    over_pipe, over_loop = (100 * (within[BATCH] / within[name] - 1) for name in (PIPE, LOOP))
    one, two = whole.values()
    yield f"\n{'a file of ' + str(files['articles']) + ' articles':48}{'seconds':>10}"
    yield from (f"{name:48}{seconds:10.2f}" for name, seconds in {**within, **whole}.items())
    yield (
        f"a batch adds {over_pipe:.0f} % to pipe, which reads and writes no file, and "
        f"{over_loop:.0f} % to the loop (at most {MOST_OVERHEAD})"
    )
    yield (
        f"two workers are {one / two:.2f} times as fast as one (at least {LEAST_BY_TWO}; the clock "
        "on the wall: of use only where nothing else runs)"
    )


def _loop(analyzer: Analyzer, source: Path, out: Path) -> None:
    """What a user would write, who does without a batch's checks and never stops halfway."""
    with source.open(encoding="utf-8") as lines, out.open("w", encoding="utf-8") as written:
        texts = (json.loads(line)["text"] for line in lines)
        for analysis in analyzer.pipe(texts):
            assert isinstance(analysis, Analysis)
            written.write(f"{to_json(analysis)}\n")


def _command(source: Path, out: str, model: Path | None, jobs: int) -> None:
    line = ["score", str(source), "-o", out, "--overwrite", "--quiet", "--jobs", str(jobs)]
    options = ["--model", str(model)] if model else []
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    command = [sys.executable, "-m", "policynlp", *line, *options]
    subprocess.run(command, env=environment, check=True)


def _processor_time() -> float:
    """Of this process and of all that it has started, once they have ended."""
    import resource  # Windows, which has none, is measured by nobody.

    for child in multiprocessing.active_children():
        child.join()
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def _best(works: Timed, rounds: int, clock: Callable[[], float]) -> dict[str, float]:
    """Seconds, the best of some interleaved rounds."""
    best = dict.fromkeys(works, float("inf"))
    for _ in range(rounds):
        for name, work in works.items():
            started = clock()
            work()
            best[name] = min(best[name], clock() - started)
    return best
