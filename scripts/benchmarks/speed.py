"""How fast policynlp is, beside the bare cut into words and beside its peers.

Each figure is the best of some interleaved rounds, in processor time, which other processes
disturb less than the clock on the wall; only whole commands, processes of their own, go by that.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from typing import Any
from unittest.mock import patch

import policynlp
from benchmarks import peers
from benchmarks.figures import columns, missing_peers
from benchmarks.files import file_table, time_files
from benchmarks.peers import BATCHED, LEXRANK, SINGLE
from benchmarks.texts import ROOT, read_articles, sample_pages
from policynlp import analyzer as module
from policynlp.language.words import python_cut
from policynlp.reading import read_text, split_sentences

PAGE = "samples/01-city-feature.txt"
MOST_CUTS, LEAST_SPEEDUP, MOST_START = 8, 20, 3
LEAST_OVER_LEXRANK, MOST_GROWTH = 40, 15
LEXRANK_SENTENCES = 1000  # ten times as many would take it an hour

Work = Callable[[Sequence[str]], object]

# What is timed as which stage; the rest of a run is tagging, its evidence and the results.
STAGES = (
    (module, "read_text", "reading"),
    (module, "lay_out", "cutting"),
    (module.Analyzer, "_abstracts", "abstracts"),
)


def each(work: Callable[[str], object]) -> Work:
    """Do ``work`` on one text after the other."""

    def run(texts: Sequence[str]) -> None:
        for text in texts:
            work(text)

    return run


def best_times(
    works: dict[str, Work],
    texts: Sequence[str],
    rounds: int,
    clock: Callable[[], float] = time.process_time,
) -> dict[str, float]:
    """Milliseconds a text, the best of some rounds over all ``texts``."""
    best = dict.fromkeys(works, float("inf"))
    for _ in range(rounds):
        for name, work in works.items():
            started = clock()
            work(texts)
            best[name] = min(best[name], clock() - started)
    return {name: 1000.0 * seconds / len(texts) for name, seconds in best.items()}


def time_peers(works: dict[str, Work], texts: Sequence[str], rounds: int) -> dict[str, float]:
    times = best_times(works, texts, rounds) if len(works) > 1 else {}
    if LEXRANK in times:
        times["themes in batches, LexRank"] = times[BATCHED] + times[LEXRANK]
        times["themes a call a paragraph, LexRank"] = times[SINGLE] + times[LEXRANK]
    return times


def time_stages(run: Work, texts: Sequence[str]) -> dict[str, float]:
    """The share of each stage in one run."""
    seconds: defaultdict[str, float] = defaultdict(float)

    def timed(function: Callable[..., Any], stage: str) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            started = time.process_time()
            result = function(*args, **kwargs)
            if isinstance(result, Iterator):
                result = list(result)  # or its work would be done later
            seconds[stage] += time.process_time() - started
            return result

        return call

    with ExitStack() as patches:
        for owner, name, stage in STAGES:
            patches.enter_context(patch.object(owner, name, timed(getattr(owner, name), stage)))
        started = time.process_time()
        run(texts)
        total = time.process_time() - started
    seconds["tagging and results"] = total - sum(seconds.values())
    return {stage: spent / total for stage, spent in seconds.items()}


def time_streams(args: argparse.Namespace) -> list[dict[str, float]]:
    """Ten articles, a hundred, … in a process each."""
    counts = [10**n for n in range(1, 10) if 10**n <= args.most_articles]
    paths = {"data": args.data, "real": args.real, "model": args.model}
    told = json.dumps({name: path and str(path) for name, path in paths.items()})
    command = [sys.executable, "-m", "benchmarks.stream"]
    return [json.loads(run_process([*command, str(count), told])) for count in counts]


def run_process(command: Sequence[str]) -> bytes:
    path = os.pathsep.join(str(ROOT / name) for name in ("src", "scripts"))
    environment = {**os.environ, "PYTHONPATH": path}
    return subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True).stdout


def time_growth(
    works: dict[str, Work], texts: Sequence[str], rounds: int, most: int
) -> dict[str, dict[str, float]]:
    """Milliseconds for one article of so many sentences, four to a paragraph."""
    times, spans = {}, [(t, s) for t in texts[:400] for s in split_sentences(t, 0, len(t))]
    found = [line for text, (a, b) in spans if len(line := text[a:b].strip()) > 15]
    for count in (10**n for n in range(1, 6) if 10**n <= most):
        chosen = [found[i % len(found)] for i in range(count)]
        article = "\n".join("".join(chosen[i : i + 4]) for i in range(0, count, 4))
        some = {n: w for n, w in works.items() if n != LEXRANK or count <= LEXRANK_SENTENCES}
        own = 3 * rounds if LEXRANK not in some or count < LEXRANK_SENTENCES else 1
        times[str(count)] = best_times(some, [article], own)
    return times


def time_start(args: argparse.Namespace) -> dict[str, float]:
    """Milliseconds from the command to its end, for one page and for the bare imports."""
    options = ["--model", str(args.model)] if args.model else []
    page = ["-m", "policynlp", "analyze", str(ROOT / PAGE), *options]
    commands = {"import numpy, rjieba": ["-c", "import numpy, rjieba"], f"analyze {PAGE}": page}
    works: dict[str, Work] = {
        n: partial(_run, [sys.executable, *line]) for n, line in commands.items()
    }
    return best_times(works, [""], args.rounds, time.perf_counter)


def _run(command: Sequence[str], _: Sequence[str]) -> object:
    return run_process(command)


def measure(args: argparse.Namespace) -> dict[str, Any]:
    streams = time_streams(args)  # first: a process begins with the memory of the one it is from
    data, texts = read_articles(args.data, args.real)
    started = time.process_time()
    analyzer = policynlp.load(args.model)
    loaded = time.process_time()
    analyzer.analyze(texts[0])
    first = time.process_time()
    import rjieba

    made, missing = peers.make(peers.TIMED) if args.peers else ({}, {})
    some = texts[:: max(1, len(texts) // max(args.peers, 1))][: args.peers]
    analyze, pages, rounds = each(analyzer.analyze), list(sample_pages()), args.rounds
    fast: dict[str, Work] = {
        "bare cut": each(rjieba.Jieba().cut),
        "cut by jieba": each(python_cut(())),
        "read_text": each(read_text),
    }
    fast |= {"analyze": analyze, "pipe": lambda texts: list(analyzer.pipe(texts))}
    works = {"policynlp": analyze, **{name: each(work) for name, work in made.items()}}
    for work in (*fast.values(), *works.values()):
        work(texts[:1])  # loads what is loaded on first use
    grown = {name: work for name, work in works.items() if name in ("policynlp", LEXRANK)}
    return {
        "data": data,
        "articles": len(texts),
        "characters": sum(map(len, texts)),
        "load_ms": 1000.0 * (loaded - started),
        "first_article_ms": 1000.0 * (first - loaded),
        "ms": best_times(fast, texts, rounds),
        "pages_ms": best_times(fast, pages, rounds),
        "stages": time_stages(fast["pipe"], texts),
        "streams": streams,
        "peers_ms": time_peers(works, some, rounds),
        "peers_pages_ms": time_peers(works, pages, rounds),
        "missing": missing,
        "files": time_files(analyzer, texts, args.model, rounds),
        "growth_ms": time_growth(grown, texts, rounds, args.most_sentences),
        "start_ms": time_start(args),
    }


def table(result: dict[str, Any]) -> Iterable[str]:
    yield f"\n{result['data']}: {result['articles']} articles, {result['characters']} characters"
    load, first = result["load_ms"], result["first_article_ms"]
    yield f"not counted: loading {load:.0f} ms, Jieba's dictionary for the first {first:.0f} ms"
    title = f"times the cut (at most {MOST_CUTS})"
    yield from columns("one article", result["ms"], title)
    yield from columns("one page of samples/", result["pages_ms"], title)
    shares = (f"{stage} {100 * share:.0f} %" for stage, share in result["stages"].items())
    yield f"\nof the time of pipe: {', '.join(shares)}"
    yield from _stream_table(result["streams"])
    yield from file_table(result["files"])
    title = f"times ours (the last: at least {LEAST_SPEEDUP})"
    yield from columns("one of some articles", result["peers_ms"], title)
    yield from columns("one page of samples/", result["peers_pages_ms"], title)
    yield from missing_peers(result["missing"])
    yield from _growth_table(result["growth_ms"])
    title = f"times the imports (at most {MOST_START})"
    yield from columns("a process from start to end", result["start_ms"], title)


def _stream_table(streams: Sequence[dict[str, float]]) -> Iterable[str]:
    yield f"\n{'a stream of articles':48}{'a second':>10}{'MB/s':>10}{'peak MB':>10}"
    for row in streams:
        count, seconds = row["articles"], row["seconds"]
        rate = row["bytes"] / 1e6 / seconds
        yield f"{count:<48}{count / seconds:10.0f}{rate:10.2f}{row['peak_mb']:10.0f}"


def _growth_table(growth: dict[str, dict[str, float]]) -> Iterable[str]:
    yield f"\n{'one article of n sentences':28}{'ms':>10}{'× a tenth':>16}{LEXRANK:>16}, × ours"
    before = None
    for count, times in growth.items():
        ours, theirs = times["policynlp"], times.get(LEXRANK)
        grown = f"{ours / before:.1f}" if before else ""
        beside = f"{theirs / ours:.1f}" if theirs else ""
        yield f"{count:28}{ours:10.2f}{grown:>16}{beside:>16}"
        before = ours
    yield (
        f"aims: 10,000 takes at most {MOST_GROWTH} times 1,000, {LEXRANK} for 1,000 at least "
        f"{LEAST_OVER_LEXRANK} times ours"
    )
