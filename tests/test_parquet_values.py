"""Parquet files with values of every kind, some of them invalid: each fails its own row."""

import datetime
import decimal
import json
import struct
import uuid
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet
import pytest

from fake_analyzer import FakeAnalyzer
from policynlp.article import Failure
from policynlp.batch import Options, score
from policynlp.files.find import find_inputs
from policynlp.files.items import InputArticle, Reading
from policynlp.files.read import read_inputs

TEXT = "云溪县把科技创新摆在发展全局的核心位置，支持企业。"
KEEP = Reading(keep_columns=True)
INVALID = b"\xff\xff\xfd\xff\xff\xfd"


def strings(*values: bytes) -> pa.Array:
    """A column of text that need not be UTF-8, as careless writers make it."""
    ends = [sum(map(len, values[:n])) for n in range(len(values) + 1)]
    offsets = struct.pack(f"<{len(ends)}i", *ends)
    data = pa.py_buffer(b"".join(values))
    return pa.Array.from_buffers(pa.string(), len(values), [None, pa.py_buffer(offsets), data])


def read(tmp_path: Path, table: Any, reading: Reading | None = None) -> list[Any]:
    path = tmp_path / "a.parquet"
    if not isinstance(table, pa.Table):
        table = pa.table(table)
    pyarrow.parquet.write_table(table, path)
    return list(read_inputs(find_inputs([str(path)]), reading or Reading()))


def said(found: list[Any]) -> list[tuple[str, str]]:
    """Texts and reasons of failures, by id."""
    return [
        (entry.id, entry.reason if isinstance(entry, Failure) else entry.record.text)
        for entry in found
    ]


@pytest.mark.parametrize("kind", [pa.binary(), pa.large_binary(), pa.binary_view()])
def test_bytes_are_read_as_files_are(tmp_path: Path, kind: Any) -> None:
    values = [TEXT.encode(), b"\xef\xbb\xbf" + TEXT.encode(), TEXT.encode("gb18030"), INVALID, None]
    found = read(tmp_path, {"text": pa.array(values, pa.binary()).cast(kind)})
    assert [entry.record.text for entry in found[:3]] == [TEXT] * 3
    reason = '"text": unknown encoding (not utf-8 from byte 0 on, and noise in gb18030 and big5)'
    assert (found[3].id, found[3].stage) == ("a.parquet:4", "decode")
    assert found[3].reason.startswith(reason)
    assert found[4].reason == "the text is empty"


def test_text_that_is_not_utf8_fails_its_row_or_is_decoded(tmp_path: Path) -> None:
    column = strings("甲。".encode(), INVALID, TEXT.encode("gbk"), "乙。".encode())
    found = read(tmp_path, {"text": column})
    assert [text for _, text in said(found)[::2]] == ["甲。", TEXT]
    assert found[1].stage == "decode"
    assert said(found)[3] == ("a.parquet:4", "乙。")


OUT_OF_RANGE = [
    (pa.timestamp("us"), 2**62),
    (pa.timestamp("s", "Asia/Shanghai"), 2**50),
    (pa.date32(), 2**31 - 1),
    (pa.date64(), 2**60),
]


@pytest.mark.parametrize(("kind", "value"), OUT_OF_RANGE)
@pytest.mark.parametrize("name", ["published", "栏目"])
def test_a_time_that_does_not_exist_fails_its_row(
    tmp_path: Path, kind: Any, value: int, name: str
) -> None:
    number = pa.int32() if kind == pa.date32() else pa.int64()
    column = pa.array([0, value, None], number).cast(number).view(kind)
    found = read(tmp_path, {"text": ["甲。", "乙。", "丙。"], name: column}, KEEP)
    assert [isinstance(entry, Failure) for entry in found] == [False, True, False]
    assert found[1].stage == "parse"
    assert found[1].reason.startswith(f'"{name}" holds an invalid value: ')
    # A column that nobody asked for is not even read.
    if name == "栏目":
        again = read(tmp_path, {"text": ["甲。", "乙。", "丙。"], name: column})
        assert [text for _, text in said(again)] == ["甲。", "乙。", "丙。"]


def test_times_to_the_nanosecond_are_times(tmp_path: Path) -> None:
    column = pa.array([1_700_000_000_123_456_789], pa.timestamp("ns"))
    [found] = read(tmp_path, {"text": ["甲。"], "published": column, "k": column}, KEEP)
    assert found.record.published == "2023-11-14 22:13:20.123456"


def test_values_of_every_kind_are_kept(tmp_path: Path) -> None:
    """As what any reader of JSON understands."""
    columns = {
        "text": ["甲。"],
        "decimal": pa.array([decimal.Decimal("1.50")]),
        "duration": pa.array([5], pa.duration("s")),
        "map": pa.array([[("a", 1), ("b", None)]], pa.map_(pa.string(), pa.int32())),
        "category": pa.array(["x"]).dictionary_encode(),
        "picture": [b"\x89PNG\xff"],
        "bytes": ["乙".encode()],
        "struct": pa.array(
            [{"b": INVALID, "n": float("nan"), "t": datetime.datetime(2024, 1, 2), "l": [None]}]
        ),
        "infinite": [float("inf")],
        "large": [2**62],
        "uuid": pa.ExtensionArray.from_storage(pa.uuid(), pa.array([b"1" * 16], pa.binary(16))),
    }
    [found] = read(tmp_path, columns, KEEP)
    expected = {
        "decimal": "1.50",
        "duration": "0:00:05",
        "map": [["a", 1], ["b", None]],
        "category": "x",
        "picture": "iVBOR/8=",
        "bytes": "乙",
        "struct": {"b": "///9///9", "n": None, "t": "2024-01-02 00:00:00", "l": [None]},
        "infinite": None,
        "large": 2**62,
        "uuid": str(uuid.UUID(bytes=b"1" * 16)),
    }
    assert found.record.kept == expected
    for suffix in (".jsonl", ".csv", ".xlsx", ".parquet"):
        out = tmp_path / f"out{suffix}"
        options = Options(reading=KEEP)
        summary = score(FakeAnalyzer, [str(tmp_path / "a.parquet")], str(out), options=options)
        assert summary.counts.failures == 0
    assert json.loads((tmp_path / "out.jsonl").read_text("utf-8"))["kept"] == expected


def test_ids_that_tables_made_numbers(tmp_path: Path) -> None:
    columns = {"text": ["甲。"] * 3, "id": [7.0, float("nan"), float("inf")]}
    found = read(tmp_path, columns)
    assert [entry.id for entry in found] == ["7", "a.parquet:2", "a.parquet:3"]
    assert found[2].reason == '"id" must be a string, found the number inf'


def test_sections_in_bytes_and_with_nulls(tmp_path: Path) -> None:
    kind = pa.list_(pa.struct([("heading", pa.binary()), ("paragraphs", pa.list_(pa.binary()))]))
    sections = [
        [{"heading": None, "paragraphs": [TEXT.encode("gbk"), b""]}],
        None,
        [None],
        [{"heading": b"", "paragraphs": None}],
        [{"heading": b"", "paragraphs": [INVALID]}],
    ]
    found = read(tmp_path, {"sections": pa.array(sections, kind)})
    assert found[0].record.sections == (("", (TEXT, "")),)
    assert [entry.reason for entry in found[1:4]] == [
        "the text is empty",
        '"sections"[0] must be an object with "heading" and "paragraphs", found null',
        '"sections"[0]["paragraphs"] must be a list of strings, found null',
    ]
    assert found[4].stage == "decode"


def test_columns_that_are_there_twice_or_not_at_all(tmp_path: Path) -> None:
    column = pa.array(["甲。"])
    twice = pa.Table.from_arrays([column] * 3, names=["text", "栏目", "栏目"])
    [failure] = read(tmp_path, twice)
    assert (failure.id, failure.stage) == ("a.parquet", "parse")
    assert failure.reason == 'two columns are called "栏目"; rename one of them'
    [failure] = read(tmp_path, {})
    assert failure.reason.startswith("nothing is called text, content")
    assert read(tmp_path, {"text": pa.array([], pa.string())}) == []


def test_only_columns_that_may_hold_an_article_are_read(tmp_path: Path) -> None:
    """Where its own name has no value, another one may; names may have dots."""
    columns = {
        "a.text": ["x", "y"],
        "text": ["甲。", None],
        "内容": [None, "乙。"],
        "nested": [{"text": "z"}] * 2,
    }
    assert said(read(tmp_path, columns)) == [("a.parquet:1", "甲。"), ("a.parquet:2", "乙。")]
    chosen = Reading(columns=(("text", "a.text"),))
    assert [text for _, text in said(read(tmp_path, columns, chosen))] == ["x", "y"]
    kept = read(tmp_path, columns, KEEP)[0]
    assert isinstance(kept, InputArticle)
    assert kept.record.kept == {"a.text": "x", "内容": None, "nested": {"text": "z"}}


def test_rows_are_numbered_over_groups(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    table = pa.table({"text": [f"第{n}篇。" for n in range(500)]})
    pyarrow.parquet.write_table(table, path, row_group_size=70)
    found = list(read_inputs(find_inputs([str(path)])))
    assert said(found) == [(f"a.parquet:{n + 1}", f"第{n}篇。") for n in range(500)]
