"""The library in programs: used wrongly, by several threads, left half-way."""

import gc
import multiprocessing
import os
import pickle
import re
import signal
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

import policynlp
from policynlp import AbstractLimits, Analyzer, Article, analyzer, load, pipe, workers
from policynlp.article import Failure, Paragraph, Section, Span
from policynlp.errors import InputError, PolicyNLPError, UsageError
from policynlp.language import words as words_module
from policynlp.messages import speak, speaking
from policynlp.model import default_folder
from policynlp.reading import read_text
from policynlp.workers import Chunk, Note, Starter, Workers

ROOT = Path(__file__).parents[1]
TEXT = "一、抓项目\n全县推进项目建设，三个项目开工。\n二、强服务\n群众少跑了腿，一网通办。"
NAN = float("nan")


@pytest.fixture(scope="module")
def bundled() -> Analyzer:
    return load()


def divided(*sections: Section, text: str = TEXT) -> Article:
    return Article(text, sections)


def section(start: int, end: int, *sentences: Span) -> Section:
    return Section(None, 0, start, end, (Paragraph(start, end, sentences),))


Use = Callable[[Analyzer], object]
MISUSES: list[Use] = [
    lambda a: load(123),
    lambda a: load(b"models"),
    lambda a: load(Path(__file__)),
    lambda a: load("no such\0folder"),
    lambda a: load("长" * 300),
    lambda a: load("\ud800"),
    lambda a: load(min_precision="x"),
    lambda a: load(min_precision=2),
    lambda a: load(min_precision=NAN),
    lambda a: load(min_precision=True),
    lambda a: load(min_precision=[0.9]),
    lambda a: load(thresholds={"x": 0.5}),
    lambda a: load(thresholds={3: 0.5}),
    lambda a: load(thresholds={"数字化": "a"}),
    lambda a: load(thresholds={"数字化": NAN}),
    lambda a: load(thresholds={"数字化": None}),
    lambda a: load(thresholds=["数字化"]),
    lambda a: load(thresholds=0.5),
    lambda a: Analyzer(None),
    lambda a: Analyzer(str(default_folder())),
    lambda a: speak("xx"),
    lambda a: speak(["zh"]),
    lambda a: a.analyze(TEXT.encode()),
    lambda a: a.analyze([TEXT]),
    lambda a: a.analyze(Article(None)),
    lambda a: a.analyze(Article(TEXT, title=None)),
    lambda a: a.analyze(Article(TEXT, id=3)),
    lambda a: a.analyze(Article(TEXT, None, source=b"x")),
    lambda a: a.analyze(divided(section(0, 999, Span(0, 999)))),
    lambda a: a.analyze(divided(section(-5, 4, Span(-5, 4)))),
    lambda a: a.analyze(divided(section(9, 4, Span(9, 4)))),
    lambda a: a.analyze(divided(section(0, 9, Span(0, 9)), section(5, 12, Span(5, 12)))),
    lambda a: a.analyze(divided(section(8, 20, Span(8, 20)), section(0, 5, Span(0, 5)))),
    lambda a: a.analyze(divided(section(0, 9, Span(0, 6), Span(3, 9)))),
    lambda a: a.analyze(divided(section(0, 9, (0, 9)))),
    lambda a: a.analyze(divided(section(0, 9, None))),
    lambda a: a.analyze(divided(section("0", "9", Span("0", "9")))),
    lambda a: a.analyze(divided(section(0.0, 9.0, Span(0.0, 9.0)))),
    lambda a: a.analyze(divided((0, 9))),
    lambda a: a.analyze(Article(TEXT, 7)),
    lambda a: a.analyze(Article(TEXT, "一节")),
    lambda a: a.analyze(Article("", (section(0, 9, Span(0, 9)),))),
    lambda a: a.analyze(TEXT, limits=None),
    lambda a: a.analyze(TEXT, limits={"characters": 9}),
    lambda a: a.analyze(TEXT, limits=(9, None, None, None, True, ())),
    lambda a: a.analyze(TEXT, limits=AbstractLimits("a")),
    lambda a: a.analyze(TEXT, limits=AbstractLimits(True)),
    lambda a: a.analyze(TEXT, limits=AbstractLimits(9.0)),
    lambda a: a.analyze(TEXT, limits=AbstractLimits(NAN)),
    lambda a: a.analyze(TEXT, limits=AbstractLimits(ratio=NAN)),
    lambda a: a.analyze(TEXT, limits=AbstractLimits(ratio="1")),
    lambda a: a.analyze(TEXT, limits=AbstractLimits(ratio=True)),
    lambda a: a.analyze(TEXT, limits=AbstractLimits(whole_sentences=None)),
    lambda a: a.analyze(TEXT, limits=AbstractLimits(themes=None)),
    lambda a: a.analyze(TEXT, limits=AbstractLimits(themes=[1, 2])),
    lambda a: a.analyze(TEXT, limits=AbstractLimits(themes=([],))),
    lambda a: a.pipe(None),
    lambda a: a.pipe(3),
    lambda a: a.pipe(TEXT),
    lambda a: a.pipe(TEXT.encode()),
    lambda a: a.pipe(Article(TEXT)),
    lambda a: a.pipe([TEXT], jobs="2"),
    lambda a: a.pipe([TEXT], jobs=0),
    lambda a: a.pipe([TEXT], jobs=-1),
    lambda a: a.pipe([TEXT], jobs=True),
    lambda a: a.pipe([TEXT], jobs=1.5),
    lambda a: a.pipe([TEXT], jobs=None),
    lambda a: a.pipe([TEXT], on_error="x"),
    lambda a: a.pipe([TEXT], on_error=["raise"]),
    lambda a: list(a.pipe([TEXT, None])),
    lambda a: list(a.pipe([TEXT, None], jobs=2)),
    lambda a: list(a.pipe([TEXT, Article(None)])),
    lambda a: a.pipe({"a": TEXT}),
    lambda a: a.pipe([(TEXT, 1)], as_tuples=1),
    lambda a: a.pipe([TEXT], progress="yes"),
    lambda a: list(a.pipe([TEXT], as_tuples=True)),
    lambda a: list(a.pipe([(TEXT, 1), "对子"], as_tuples=True)),
]


@pytest.mark.parametrize("number", range(len(MISUSES)))
def test_misuse_is_told_in_both_languages(bundled: Analyzer, number: int) -> None:
    with pytest.raises(PolicyNLPError) as caught:
        MISUSES[number](bundled)
    told = str(caught.value)
    with speaking("zh"):
        assert str(caught.value) != told


def test_numbers_may_be_of_other_kinds(bundled: Analyzer) -> None:
    import numpy as np

    loaded = load(min_precision=np.float32(0.5), thresholds={"数字化": np.float64(0.5)})
    assert type(loaded._model.section.threshold[-1]) is float
    limits = AbstractLimits(10**30, 10**30, None, np.float64(0.5), themes=["数字化"])
    assert bundled.analyze(TEXT, limits=limits).abstract.text


@pytest.mark.usefixtures("worth_it")
@pytest.mark.parametrize("jobs", [1, 2])
def test_what_is_no_article_fails_alone_in_the_language_spoken(
    bundled: Analyzer, jobs: int
) -> None:
    class Odd:
        """Something that cannot travel to another process."""

        def __reduce__(self) -> str:
            raise RuntimeError("stays here")

    wrong = [None, b"x", Odd(), Article(TEXT, id=Odd()), Article(None, id="a9"), Article(TEXT, "x")]
    with speaking("zh"):
        found = list(bundled.pipe([*[TEXT] * 40, *wrong, TEXT], jobs=jobs, on_error="return"))
        found = found[39:]
        assert found[0] == found[-1] == bundled.analyze(TEXT)
    reasons = [each.reason for each in found if isinstance(each, Failure)]
    assert len(reasons) == len(wrong)
    assert reasons[0] == "文章应为字符串或 Article，而不是 NoneType"
    assert not [reason for reason in reasons if "Error" in reason]
    assert (found[5].id, found[5].place) == ("a9", "items[44]")


def test_sections_that_our_reader_makes_pass(bundled: Analyzer) -> None:
    for path in sorted((ROOT / "samples").glob("*.txt")):
        article = read_text(path.read_text(encoding="utf-8", errors="replace"))
        assert bundled.analyze(article) == bundled.analyze(article.text)
    touching = divided(section(0, 5, Span(0, 5)), section(5, len(TEXT), Span(5, len(TEXT))))
    assert len(bundled.analyze(touching).sections) == 2


@pytest.mark.usefixtures("worth_it")
@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("on_error", ["raise", "return"])
def test_what_the_items_raise_comes_out_as_it_is(
    bundled: Analyzer, jobs: int, on_error: Any
) -> None:
    """Behind the results of the items before, and once."""
    mine = LookupError("mine")

    def items() -> Iterator[str]:
        yield from [TEXT] * 40
        raise mine

    results = bundled.pipe(items(), jobs=jobs, on_error=on_error)
    assert [next(results) for _ in range(40)] == [bundled.analyze(TEXT)] * 40
    with pytest.raises(LookupError) as caught:
        next(results)
    assert caught.value is mine
    assert list(results) == []


@pytest.mark.usefixtures("worth_it")
def test_an_analyzer_without_folder_has_processes_too(bundled: Analyzer) -> None:
    other = Analyzer(bundled._model)
    texts = [TEXT + "全市。" * i for i in range(70)]
    assert list(other.pipe(texts, jobs=2)) == list(bundled.pipe(texts))
    again = pickle.loads(pickle.dumps(other))  # As it travels where processes begin from nothing.
    assert again.analyze(TEXT) == bundled.analyze(TEXT)


@pytest.fixture
def looked_for(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether garbage is looked for while articles are laid out."""
    seen: list[bool] = []
    lay_out = analyzer.lay_out

    def noted(articles: Any, vocabulary: Any) -> Any:
        seen.append(gc.isenabled())
        if articles[0].id == "wrong":
            raise ArithmeticError
        return lay_out(articles, vocabulary)

    monkeypatch.setattr(analyzer, "lay_out", noted)
    return seen


def test_garbage_is_looked_for_as_before(bundled: Analyzer, looked_for: list[bool]) -> None:
    wrong = Article(TEXT, id="wrong")
    bundled.analyze(TEXT)
    next(bundled.pipe(text for text in [TEXT] * 99 if gc.isenabled()))
    list(bundled.pipe([wrong], on_error="return"))
    with pytest.raises(ArithmeticError):
        bundled.analyze(wrong)
    assert gc.isenabled()
    gc.disable()
    try:
        bundled.analyze(TEXT)
        assert not gc.isenabled()
    finally:
        gc.enable()
    assert set(looked_for) == {len(sys._current_frames()) > 1}  # Other tests may have left threads.


def in_threads(n: int, work: Callable[[int], object]) -> list[object]:
    """What ``n`` threads return that begin at once."""
    found: dict[int, object] = {}
    barrier = threading.Barrier(n)

    def run(number: int) -> None:
        barrier.wait()
        found[number] = work(number)

    threads = [threading.Thread(target=run, args=(i,)) for i in range(n)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [found[i] for i in range(n)]


def test_eight_threads_have_the_results_of_one(looked_for: list[bool]) -> None:
    """And none of them stops the search for garbage, which is that of all."""
    shared = load()
    texts = [
        path.read_text(encoding="utf-8") for path in sorted((ROOT / "samples").glob("0[1-8]*"))
    ]
    limits = AbstractLimits(80, whole_sentences=False, themes=shared.themes)

    def work(number: int) -> object:
        turned = texts[number:] + texts[:number]
        found = [shared.analyze(text) for text in turned]
        piped = list(shared.pipe(turned, limits=limits))
        assert shared.reference is not None
        back = len(texts) - number
        return found[back:] + found[:back], piped[back:] + piped[:back]

    alone = load()
    expected = ([alone.analyze(text) for text in texts], list(alone.pipe(texts, limits=limits)))
    looked_for.clear()
    assert in_threads(8, work) == [expected] * 8
    assert set(looked_for) == {True}


@pytest.mark.parametrize("engine", ["rust_cut", "python_cut"])
def test_threads_that_begin_at_once_make_one_jieba(
    monkeypatch: pytest.MonkeyPatch, engine: str
) -> None:
    made = []
    make = getattr(words_module, engine)

    def noted(terms: Any) -> Any:
        made.append(engine)
        return make(terms)

    if engine == "python_cut":
        monkeypatch.setenv(words_module.ENGINE_VARIABLE, "python")
    texts = [f"全市推进数字化改革，第{i}家企业一网通办。" * 20 for i in range(8)]
    expected = list(map(words_module.words, texts))
    monkeypatch.setattr(words_module, engine, noted)
    caches = words_module._cut, words_module._engine
    for cache in caches:
        cache.cache_clear()
    try:
        found = in_threads(8, lambda i: [words_module.words(text) for text in texts])
    finally:
        for cache in caches:
            cache.cache_clear()
    assert found == [expected] * 8
    assert made == [engine]


SCRIPT = """
import sys, threading, time
import policynlp
if {thread}:
    threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
def items():
    for i in range(10_000):
        yield "全市推进数字化改革，政务服务一网通办。" * 30 + str(i)
from policynlp import pipe
pipe._pay = lambda *known: True
results = policynlp.load().pipe(items(), jobs=2)
{leave}
print("end")
"""
WAYS = {
    "never begun": "",
    "break": "for number, result in enumerate(results):\n    if number == 40: break",
    "closed": "[*zip(results, range(40))]; results.close()",
    "a context": "with results: [*zip(results, range(40))]",
    "forgotten": "[*zip(results, range(40))]; del results",
    "the consumer's error": "try:\n    next(results); next(results); raise KeyError\n"
    "except KeyError: pass",
    "exit": "[*zip(results, range(40))]; print('end'); sys.exit()",
}


@pytest.mark.parametrize(("way", "thread"), [*((way, False) for way in WAYS), ("exit", True)])
def test_results_may_be_left_half_way(way: str, thread: bool) -> None:
    """In a script without ``if __name__ == "__main__"``, with copies and from nothing."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(leave=WAYS[way], thread=thread)],
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "end\n", "")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no groups to signal")
@pytest.mark.parametrize("thread", [False, True])
def test_ctrl_c_is_for_the_script_alone(thread: bool) -> None:
    """Every process of the terminal hears it, and one has something to say."""
    script = SCRIPT.format(
        leave="[*zip(results, range(40))]; print(1, flush=True); list(results)", thread=thread
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout
    process.stdout.readline()
    os.killpg(process.pid, signal.SIGINT)
    told = process.communicate(timeout=60)[1]
    assert told.count("Traceback") == 1
    assert told.endswith("KeyboardInterrupt\n")


@pytest.fixture
def worth_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let processes begin behind the first lot, however few articles there are."""
    monkeypatch.setattr(pipe, "_pay", lambda *known: True)


@pytest.mark.usefixtures("worth_it")
def test_no_process_is_left(bundled: Analyzer) -> None:
    texts = [TEXT + str(i) for i in range(200)]
    list(bundled.pipe(texts, jobs=2))
    assert multiprocessing.active_children() == []
    results = bundled.pipe(texts, jobs=2)
    list(islice(results, 40))
    assert len(multiprocessing.active_children()) == 2
    results.close()
    assert multiprocessing.active_children() == []


class Deadly(Article):
    """Ends the process that it comes to."""

    def __reduce__(self) -> Any:
        return os._exit, (9,)


@pytest.mark.usefixtures("worth_it")
def test_an_article_of_which_a_process_dies_is_a_failure(bundled: Analyzer) -> None:
    items = [*[TEXT] * 40, Deadly(TEXT, id="a7"), *[TEXT] * 40]
    found = list(bundled.pipe(items, jobs=2, on_error="return"))
    assert found[40] == Failure(
        "a7", "items[40]", "analyze", "the worker process died on this article"
    )
    assert [*found[:40], *found[41:]] == [bundled.analyze(TEXT)] * 80
    with pytest.raises(InputError, match="a worker process died"):
        list(bundled.pipe(items, jobs=2))


def _die_once(marker: Path) -> str:
    """End the process that is the first to come here."""
    if not marker.exists():
        marker.touch()
        os._exit(9)
    return TEXT


class DeadlyOnce(Article):
    """Ends the first process that it comes to, as a full memory might, and is a text to others."""

    def __reduce__(self) -> Any:
        return _die_once, (Path(self.url),)


@pytest.mark.usefixtures("worth_it")
def test_a_process_that_dies_once_costs_nothing(bundled: Analyzer, tmp_path: Path) -> None:
    """Whatever of: its lot is tried again, in its place."""
    items = [*[TEXT] * 40, DeadlyOnce(TEXT, url=str(tmp_path / "died")), *[TEXT] * 40]
    assert list(bundled.pipe(items, jobs=2)) == [bundled.analyze(TEXT)] * 81
    assert (tmp_path / "died").exists()


def _squaring() -> Callable[[Chunk[int], Note], int]:
    return lambda chunk, note: chunk.entries[0] ** 2


@pytest.mark.parametrize(("tasks", "expected"), [(1, 1), (100, 8)])
def test_as_many_processes_as_are_of_use(
    monkeypatch: pytest.MonkeyPatch, tasks: int, expected: int
) -> None:
    started: list[object] = []
    start = Starter.start

    def noted(starter: Any) -> Any:
        started.append(start(starter))
        return started[-1]

    monkeypatch.setattr(Starter, "start", noted)
    monkeypatch.setattr(workers.os, "cpu_count", lambda: 2)
    chunks = (Chunk(n, [n]) for n in range(tasks))
    assert list(Workers(_squaring, 9999).in_order(chunks)) == [n * n for n in range(tasks)]
    assert len(started) == expected


def test_tasks_are_taken_as_they_are_needed() -> None:
    taken = []

    def tasks() -> Iterator[Chunk[int]]:
        for number in range(1000):
            taken.append(number)
            yield Chunk(number, [number])

    results = Workers(_squaring, 2, ahead=False).in_order(tasks())
    assert [next(results) for _ in range(3)] == [0, 1, 4]
    assert len(taken) < 50


def test_a_process_that_may_have_none_does_it_alone(
    bundled: Analyzer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of a user's own pool, that is."""
    known = (2, 10.0, 1000.0, 10.0)
    monkeypatch.setattr(pipe, "_processors", lambda: 2)
    assert pipe._pay(*known)
    monkeypatch.setitem(multiprocessing.current_process()._config, "daemon", True)
    assert not pipe._pay(*known)


@pytest.mark.usefixtures("worth_it")
@pytest.mark.parametrize("jobs", [1, 2])
def test_a_context_comes_back_beside_its_result(bundled: Analyzer, jobs: int) -> None:
    """As it is, though a process could not be given it."""
    contexts = [object() for _ in range(70)]
    pairs = [(TEXT + "全市。" * i, context) for i, context in enumerate(contexts)]
    pairs[50] = (None, contexts[50])
    found = list(bundled.pipe(pairs, jobs=jobs, on_error="return", as_tuples=True))
    assert [context for _, context in found] == contexts
    assert found[50][0].place == "items[50]"
    assert found[69][0] == bundled.analyze(pairs[69][0])


@pytest.mark.usefixtures("worth_it")
@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("wrong", [None, NAN, 7, b"x", Article(None, id="a9")])
def test_what_fails_is_named_behind_the_results_before(
    bundled: Analyzer, jobs: int, wrong: Any
) -> None:
    results = bundled.pipe([*[TEXT] * 44, wrong, TEXT], jobs=jobs)
    assert list(islice(results, 44)) == [bundled.analyze(TEXT)] * 44
    with pytest.raises(InputError) as caught:
        next(results)
    name = "items[44] (a9): " if isinstance(wrong, Article) else "items[44]: "
    assert str(caught.value).startswith(name)


def test_our_own_mistakes_keep_their_kind_and_say_where(
    bundled: Analyzer, looked_for: list[bool]
) -> None:
    with pytest.raises(ArithmeticError) as caught:
        list(bundled.pipe([Article(TEXT, id="wrong")]))
    assert caught.value.__notes__ == ["items[0]"]


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_slow_source_is_not_waited_for(bundled: Analyzer, jobs: int) -> None:
    taken = []

    def items() -> Iterator[str]:
        for number in range(5):
            time.sleep(0.05)
            taken.append(number)
            yield TEXT

    for number, _ in enumerate(bundled.pipe(items(), jobs=jobs)):
        assert taken[-1] == number
    assert multiprocessing.active_children() == []


def test_a_fast_source_comes_in_lots() -> None:
    assert [len(lot.items) for lot in pipe._lots(iter(["短"] * 70))] == [32, 32, 6]
    assert [len(lot.items) for lot in pipe._lots(iter(["长" * 40_000] * 3))] == [2, 1]


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ((2, 0.02, 0.5, 0.02), True),
        ((2, 0.02, 0.15, 0.02), False),
        ((2, 0.02, 0.05, 0.02), False),  # few are left
        ((2, 0.02, 0.5, 1.0), False),  # the source is slow
        ((1, 9.0, 99.0, 9.0), False),
    ],
)
def test_processes_begin_where_they_are_worth_it(
    monkeypatch: pytest.MonkeyPatch, known: tuple[int, float, float, float], expected: bool
) -> None:
    monkeypatch.setattr(workers, "may_copy", lambda: True)
    monkeypatch.setattr(pipe, "_processors", lambda: 2)
    assert pipe._pay(*known) is expected
    monkeypatch.setattr(workers, "may_copy", lambda: False)  # From nothing they begin later.
    assert not pipe._pay(*known)
    monkeypatch.setattr(pipe, "_processors", lambda: 1)
    assert not pipe._pay(2, 10.0, 1000.0, 10.0)


def test_processes_that_do_not_help_are_told_of() -> None:
    with pytest.warns(UserWarning, match=r"jobs=2: 900 articles took 3.0 s, .* in 2.0 s"):
        pipe._warn_if_slower(2, 900, 3.0, 2.0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pipe._warn_if_slower(2, 900, 2.0, 1.9)
        pipe._warn_if_slower(2, 20, 0.5, 0.1)


def test_few_articles_start_no_process(bundled: Analyzer, monkeypatch: pytest.MonkeyPatch) -> None:
    def start(starter: workers.Starter[Any, Any]) -> Any:
        raise AssertionError

    monkeypatch.setattr(workers.Starter, "start", start)
    assert list(bundled.pipe([TEXT] * 40, jobs=2)) == [bundled.analyze(TEXT)] * 40


def test_progress_is_told(bundled: Analyzer, capsys: pytest.CaptureFixture[str]) -> None:
    told: list[int] = []
    list(bundled.pipe([TEXT] * 40, progress=told.append))
    assert told == list(range(1, 41))
    assert capsys.readouterr().err == ""
    list(bundled.pipe([TEXT] * 40, progress=True))
    assert re.fullmatch(r"40 articles, [\d,]+ a second\n", capsys.readouterr().err)


def test_a_table_is_not_taken_for_its_columns(bundled: Analyzer) -> None:
    class Table(list[str]):
        columns = ("text",)

    with pytest.raises(UsageError, match="not Table"):
        bundled.pipe(Table(["text"]))
    with pytest.raises(UsageError, match="not str"):
        bundled.pipe(TEXT)


def test_the_front_names_all_that_it_offers() -> None:
    assert dir(policynlp) == sorted(policynlp.__all__)
    assert {name for name in policynlp.__all__ if hasattr(policynlp, name)} == {
        *("AbstractLimits", "Analysis", "Analyzer", "Article", "Failure", "__version__"),
        *("PolicyNLPError", "InputError", "OutputError", "CorpusError", "ModelError"),
        *("ThresholdError", "UsageError", "WorseModelError", "evaluate", "load", "train"),
        "PolicyNLPWarning",
    }
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        policynlp.nothing  # noqa: B018


def test_the_package_runs_as_the_command_does() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "policynlp", "--version"],
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == f"policynlp {policynlp.__version__}\n"


def test_a_users_script_passes_strict_checks(tmp_path: Path) -> None:
    """And runs."""
    script = ROOT / "tests" / "data" / "user_script.py"
    checked = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path), str(script)],
        env={**os.environ, "MYPYPATH": str(ROOT / "src")},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout
    done = subprocess.run(
        [sys.executable, str(script)],
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "科技局" in done.stdout
