"""One analyzer for many threads: the same results as alone, and Python left as it was."""

import gc
import json
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from threading import Barrier, Event, Thread

import pytest

import policynlp
from policynlp.article import AbstractLimits
from policynlp.messages import speaking
from policynlp.results import Analysis
from policynlp.schema import to_json

ROOT = Path(__file__).parents[1]
THREADS, EACH = 8, 20
ABOUT = AbstractLimits(120, None, None, themes=("数字化",))


@pytest.fixture(autouse=True)
def impatient() -> Iterator[None]:
    """Let threads take turns as often as Python can, with garbage looked for before and after."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)
    gc.enable()  # Other tests must not pay for what fails here.


@pytest.fixture(scope="module")
def texts() -> list[str]:
    found = [
        path.read_bytes().decode("gb18030" if "gbk" in path.name else "utf-8-sig")
        for path in sorted((ROOT / "samples").glob("*.txt"))
    ]
    with (ROOT / "corpus" / "written" / "firms.jsonl").open(encoding="utf-8") as stream:
        records = map(json.loads, islice(stream, EACH - len(found)))
        found += ["\n".join(part["text"] for part in record["paragraphs"]) for record in records]
    return found


def together(work: Callable[[int], list[str]], count: int = THREADS) -> list[list[str]]:
    """What each of some threads gets that begin at the same time."""
    barrier = Barrier(count)

    def begin(number: int) -> list[str]:
        barrier.wait(60)
        return work(number)

    with ThreadPoolExecutor(count) as pool:
        return [*pool.map(begin, range(count))]


def test_eight_threads_on_one_analyzer_get_what_each_gets_alone(texts: list[str]) -> None:
    assert len(texts) == EACH
    alone = [to_json(policynlp.load().analyze(text), with_text=True) for text in texts]
    shared = policynlp.load()  # Whose caches are empty.

    def work(number: int) -> list[str]:
        order = [*range(number, EACH), *range(number)]
        found = {i: to_json(shared.analyze(texts[i]), with_text=True) for i in order}
        return [found[i] for i in range(EACH)]

    assert together(work) == [alone] * THREADS


def test_threads_that_ask_for_different_things_get_them(texts: list[str]) -> None:
    """Lots and single articles, with other limits and in other languages, at the same time."""
    shared = policynlp.load()

    def work(number: int) -> list[str]:
        limits = ABOUT if number % 2 else AbstractLimits(60)
        with speaking("zh" if number % 4 > 1 else "en"):
            if number % 3:
                return [to_json(shared.analyze(text, limits=limits)) for text in texts]
            found = shared.pipe(texts, limits=limits)
            return [to_json(each) for each in found if isinstance(each, Analysis)]

    alone = [work(number) for number in range(THREADS)]
    assert together(work) == alone


def test_garbage_is_looked_for_after_two_calls_that_overlap(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The second looks whether collection is on while the first has it off, and ends last."""
    shared = policynlp.load()
    first_began, second_began, first_ended = Event(), Event(), Event()
    disable = gc.disable

    def in_turn() -> None:
        if not first_began.is_set():
            disable()
            first_began.set()
            second_began.wait(5)
        else:
            second_began.set()
            first_ended.wait(5)
            disable()

    monkeypatch.setattr(gc, "disable", in_turn)

    def first() -> None:
        shared.analyze("县")
        first_began.set()  # Where nothing is turned off, nothing overlaps.
        first_ended.set()

    threads = [Thread(target=first), Thread(target=lambda: shared.analyze("县"))]
    threads[0].start()
    first_began.wait(30)
    threads[1].start()
    for thread in threads:
        thread.join(60)
    assert gc.isenabled()
