"""The strategies make what they say: not only what fails at once, and all that is hostile."""

import re
import unicodedata
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import SearchStrategy

from fuzz import corpora, data, markup, models, mutants, sheets, texts
from policynlp.article import Failure
from policynlp.errors import PolicyNLPError
from policynlp.files.find import find_inputs
from policynlp.files.items import Reading
from policynlp.files.read import read_inputs
from policynlp.model import load
from policynlp.reading import read_text

Drawn = Callable[[SearchStrategy[Any], int], list[Any]]


def drawn(strategy: SearchStrategy[Any], count: int) -> list[Any]:
    """Cases of a strategy, the same every time."""
    found: list[Any] = []
    short = settings(
        max_examples=count,
        derandomize=True,
        deadline=None,
        database=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    short(given(case=strategy)(lambda case: found.append(case)))()
    return found


def share(found: list[Any], holds: Callable[[Any], object]) -> float:
    return sum(map(bool, map(holds, found))) / len(found)


@pytest.fixture(scope="module")
def pages() -> list[str]:
    return drawn(texts.pages, 150)


def test_pages_are_articles_as_often_as_noise(pages: list[str]) -> None:
    articles = [read_text(page) for page in pages]
    assert share(articles, lambda article: article.sections) > 0.5
    assert share(articles, lambda article: len(article.sections) > 1) > 0.05
    assert share(articles, lambda article: article.removed) > 0.1
    assert share(articles, lambda article: article.published or article.source) > 0.05
    assert len({article.text for article in articles}) > 0.8 * len(articles)


def test_pages_have_every_kind_of_character(pages: list[str]) -> None:
    kinds = {unicodedata.category(character) for page in pages for character in page}
    # Controls, formats, halves, private and unassigned ones, marks, ends of lines, emoji.
    assert kinds >= {"Cc", "Cf", "Cs", "Co", "Cn", "Mn", "Zl", "So", "Lo", "Nd"}
    assert share(pages, lambda page: any("\ud800" <= c <= "\udfff" for c in page)) > 0.02


def test_pages_are_pumped(pages: list[str]) -> None:
    assert share(pages, lambda page: len(page) > 5_000) > 0.02
    runs = drawn(texts.runs_of_pieces, 200)
    short = re.compile(r"(?=.{20,100}$).*(.)\1{15}", re.DOTALL)
    assert share(runs, short.match) > 0.1


def read(case: dict[str, Any], path: Any) -> list[Any]:
    path.write_bytes(case["data"])
    return list(read_inputs(find_inputs([str(path)]), Reading()))


@pytest.mark.parametrize(
    ("suffix", "cases"),
    [
        (".jsonl", data.line_files()),
        (".csv", data.tables().filter(lambda case: case["suffix"] == ".csv")),
        (".xlsx", data.workbooks.map(lambda case: {"data": data.workbook_bytes(case)})),
        (".parquet", data.parquets().map(lambda case: {"data": data.parquet_bytes(case)})),
        (".html", markup.html_files),
    ],
)
@pytest.mark.filterwarnings("ignore")
def test_files_have_articles_and_failures(
    suffix: str, cases: SearchStrategy[Any], tmp_path: Any
) -> None:
    found = [read(case, tmp_path / f"in{suffix}") for case in drawn(cases, 40)]
    every = [entry for entries in found for entry in entries]
    assert share(every, lambda entry: not isinstance(entry, Failure)) > 0.2
    assert share(every, lambda entry: isinstance(entry, Failure)) > 0.05


@pytest.mark.filterwarnings("ignore")
def test_mutants_are_nearly_right(tmp_path: Any) -> None:
    cases = drawn(mutants.mutants(), 120)
    assert {case["suffix"] for case in cases} >= {
        ".txt",
        ".jsonl",
        ".html",
        ".csv",
        ".docx",
        ".xlsx",
    }
    assert (
        share(cases, lambda case: case["data"] not in {s.data for s in mutants.seeds().values()})
        > 0.9
    )
    found = [read(case, tmp_path / f"in{case['suffix']}") for case in cases]
    assert share(found, lambda each: any(not isinstance(entry, Failure) for entry in each)) > 0.15
    assert share(found, lambda each: any(isinstance(entry, Failure) for entry in each)) > 0.15


def test_every_mutation_changes_something() -> None:
    whole = bytes(range(256)) * 4
    for kind in mutants._KINDS:
        change = mutants.Mutation(kind, 0.5, 3, b"\xee\xee")
        assert mutants.mutated(whole, [change]) != whole
        assert mutants.mutated(b"", [change]) == b""


def test_names_are_of_any_bytes() -> None:
    names = drawn(data.file_names, 100)
    assert not [name for name in names if b"/" in name or b"\0" in name or not name]
    assert share(names, lambda name: not _is_utf8(name)) > 0.1
    assert share(names, _is_utf8) > 0.3


def _is_utf8(name: bytes) -> bool:
    try:
        name.decode()
    except UnicodeDecodeError:
        return False
    return True


def test_models_are_refused_by_more_than_their_hashes(tmp_path: Any) -> None:
    said, loaded = set(), 0
    for number, case in enumerate(drawn(models.folders, 60)):
        folder = tmp_path / str(number)
        models.build(case, folder)
        try:
            load(folder)
            loaded += 1
        except PolicyNLPError as error:
            said.add(error.template)
        except Exception as error:
            said.add(type(error).__name__)  # What test_short.py is for.
    assert loaded > 3
    assert len(said) > 4
    assert load(models.tiny()).themes


def test_sheets_have_rows(tmp_path: Any) -> None:
    rows = []
    for number, case in enumerate(drawn(sheets.written, 25)):
        (tmp_path / str(number)).mkdir()
        rows.append(sheets.sheet_of(case, tmp_path / str(number))[1])
    assert share(rows, lambda each: each) > 0.4
    assert max(map(len, rows)) > 3


def test_corpora_are_read_and_refused(tmp_path: Any) -> None:
    ended = []
    for case in drawn(corpora.changed, 50):
        path = corpora.build(case, tmp_path)
        try:
            corpora.READERS[path.name](path)
            ended.append("read")
        except Exception:
            ended.append("refused")
    assert share(ended, lambda end: end == "read") > 0.15
    assert share(ended, lambda end: end == "refused") > 0.1
