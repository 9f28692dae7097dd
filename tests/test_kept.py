"""Columns that are kept, whatever they hold, in outputs that strict readers take."""

import csv
import json
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow.parquet
import pytest

from fake_analyzer import FakeAnalyzer
from policynlp.article import Failure
from policynlp.batch import Options, score
from policynlp.batch.writers import output_for
from policynlp.errors import InputError, OutputError
from policynlp.files.find import find_inputs
from policynlp.files.input_records import MAX_COLUMNS, article_from_record, find_columns
from policynlp.files.items import Reading
from policynlp.files.read import read_inputs
from policynlp.reading import read_text
from policynlp.results import Analysis
from policynlp.schema import to_json

KEEP = Options(reading=Reading(keep_columns=True))
# Python reads and writes these, and no other reader of JSON does.
LINES = [
    '{"text": "数字化。", "a": NaN, "b": [Infinity, {"c": -Infinity}], "d": 1e999}',
    '{"text": "数字化。", "\\ud800": 1, "\\udfff": "\\ud83d", "\\ufffd": {"\\ud800": ["\\udfff"]}}',
    '{"text": "数字化。", "x\\u0000y": "\\u0001", "xy": 2, "": 3, "行\\n二": "\\r\\n"}',
    '{"text": "数字化。", "大": 123456789012345678901234567890, "=1+1": "=2+2", "t": true}',
    '{"text": "数字化。", "deep": ' + "[" * 90 + "1" + "]" * 90 + "}",
    '{"text": "数字化。", "deep": ' + "[" * 200 + "1" + "]" * 200 + "}",
]


def constant(name: str) -> object:
    raise AssertionError(f"{name} is no JSON")


def strict(line: bytes | str) -> Any:
    """What a reader makes of JSON that knows only what is JSON, and only UTF-8."""
    text = line.decode() if isinstance(line, bytes) else line
    value = json.loads(text, parse_constant=constant)
    json.dumps(value, ensure_ascii=False).encode()
    return value


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "in.jsonl"
    path.write_text("\n".join(LINES), encoding="utf-8")
    return path


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("suffix", [".jsonl", ".csv", ".xlsx", ".parquet"])
def test_strict_readers_take_every_output(source: Path, suffix: str, jobs: int) -> None:
    out = source.with_name(f"out{suffix}")
    summary = score(FakeAnalyzer, [str(source)], str(out), options=KEEP, jobs=jobs)
    assert (summary.counts.articles, summary.counts.failures) == (5, 1)
    assert [failure.reason for failure in summary.first_failures] == [
        '"deep" is nested more than 100 deep and cannot be kept: drop or flatten it'
    ]
    strict(source.with_name(f"out{suffix}.run.json").read_bytes())
    kept = {
        ".jsonl": lambda: [strict(line)["kept"] for line in out.read_bytes().splitlines()],
        ".csv": lambda: list(csv.DictReader(out.open(encoding="utf-8-sig", newline=""))),
        ".xlsx": lambda: sheet(out),
        ".parquet": lambda: list(map(dict, pyarrow.parquet.read_table(out)["kept"].to_pylist())),
    }[suffix]()
    for row in kept:
        for name, value in row.items():
            f"{name}{value}".encode()
    missing = None if suffix in (".jsonl", ".xlsx") else ""
    assert (kept[0]["a"], kept[0]["d"]) == (missing, missing)
    cells = [None, {"c": None}] if suffix == ".jsonl" else '[null, {"c": null}]'
    assert kept[0]["b"] == cells
    large = 123456789012345678901234567890
    assert kept[3]["大"] == (large if suffix == ".jsonl" else str(large))
    names = [name for name in kept[1] if name and set(name) == {"\ufffd"}]
    assert len(names) == len(set(names)) == 3


def sheet(path: Path) -> list[dict[str, Any]]:
    rows = openpyxl.load_workbook(path)["articles"].iter_rows(values_only=True)
    header = [str(name or "") for name in next(rows)]
    assert len(set(header)) == len(header)
    return [dict(zip(header, row, strict=True)) for row in rows]


def test_keys_are_kept_apart() -> None:
    record = {"text": "甲。", chr(0xD800): 1, chr(0xDFFF): 2, "\ufffd": 3}
    kept = article_from_record(record, place="a:1", keep=True).kept
    assert sorted(kept.values()) == [1, 2, 3]  # type: ignore[type-var]
    assert kept["\ufffd"] == 3
    "".join(kept).encode()


def test_a_record_is_never_more_than_json() -> None:
    with pytest.raises(ValueError, match="JSON"):
        to_json(FakeAnalyzer().analyze("甲。"), kept={"a": float("nan")})


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"text": "甲。", "text": "乙。"}', '"text" stands twice in one object; keep one'),
        ('{"text": "甲。", "k": {"a": 1, "a": 2}}', '"a" stands twice in one object'),
        ('{"text": "甲。", "id": Infinity}', '"id" must be a string, found the number inf'),
        ('{"text": "甲。", "published": -Infinity}', '"published" must be a string, found the'),
        ('{"text": "甲。", "id": 1e400}', '"id" must be a string, found the number inf'),
        ('{"text": "甲。", "id": {}}', '"id" must be a string, found an object'),
        ('{"text": "甲。", "id": []}', '"id" must be a string, found a list'),
        ('{"text": "甲。", "id": true}', '"id" must be a string, found true'),
        ('{"text": "甲。", "title": NaN1}', "not valid JSON"),
        ('{"text": "甲。", "title": 7}', '"title" must be a string, found the number 7'),
        ('{"text": NaN}', "the text is empty"),
        ('{"text": 1' + "0" * 400 + "}", '"text" must be a string, found the number 1000'),
    ],
)
def test_what_is_wrong_names_the_field(tmp_path: Path, line: str, reason: str) -> None:
    (tmp_path / "a.jsonl").write_text(line + '\n{"text": "好。"}', encoding="utf-8")
    failure, good = read_inputs(find_inputs([str(tmp_path)]))
    assert isinstance(failure, Failure)
    assert failure.reason.startswith(reason)
    assert len(failure.reason) < 200
    assert good.id == "a.jsonl:2"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("NaN", "a.jsonl:1"),
        ("null", "a.jsonl:1"),
        ("7.0", "7"),
        ("1" * 400, "1" * 400),
        ("-0.5", "-0.5"),
    ],
)
def test_numbers_that_are_ids(tmp_path: Path, value: str, expected: str) -> None:
    (tmp_path / "a.jsonl").write_text(f'{{"text": "甲。", "id": {value}}}', encoding="utf-8")
    [found] = read_inputs(find_inputs([str(tmp_path)]))
    assert found.id == expected


def test_too_many_columns() -> None:
    """For a record, and for a sheet, which has its own besides."""
    record = {"text": "甲。", **{str(n): n for n in range(MAX_COLUMNS)}}
    with pytest.raises(InputError, match=r"a:1: 16,385 fields, more than 16,384: drop those"):
        article_from_record(record, place="a:1")
    columns = [str(n) for n in range(MAX_COLUMNS - 13)]
    with pytest.raises(OutputError, match=r"16,385 columns, more than the 16,384 of a sheet"):
        output_for("out.xlsx", ["数字化"], KEEP, columns)


def test_names_of_many_columns_are_not_remembered() -> None:
    """Nor all of them told."""
    from policynlp.files.input_records import _found_columns

    before = _found_columns.cache_info().currsize
    names = tuple(f"{n}{'长' * 100}" for n in range(10_000))
    with pytest.raises(InputError) as error:
        find_columns(names)
    assert len(str(error.value)) < 1200
    assert _found_columns.cache_info().currsize == before


def test_a_table_repeats_no_more_than_there_is_room_for(tmp_path: Path) -> None:
    """In a table the row of each section has all columns that are kept."""
    text = "\n".join(f"一、数字化\n数字化第{n}年。" for n in range(400))
    line = json.dumps({"text": text, "raw": "x" * 200_000})
    (tmp_path / "a.jsonl").write_text(line, encoding="utf-8")
    for suffix, failures in ((".jsonl", 0), (".csv", 1), (".xlsx", 1)):
        out = str(tmp_path / f"out{suffix}")
        summary = score(FakeAnalyzer, [str(tmp_path / "a.jsonl")], out, options=KEEP)
        assert summary.counts.failures == failures
    assert "sections, each a row with the same title" in summary.first_failures[0].reason
    assert len(sections(text)) == 400


def sections(text: str) -> Any:
    analysis: Analysis = FakeAnalyzer().analyze(read_text(text))
    return analysis.sections
