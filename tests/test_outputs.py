"""Outputs as the programs that open them see them."""

import csv
import gzip
import json
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow.parquet
import pytest

from fake_analyzer import FakeAnalyzer
from policynlp.batch import Options, Summary, score
from policynlp.files import workbook
from policynlp.files.items import Reading

BODY = "云溪县推进数字化，企业上云。\n一、抓项目\n全县抓项目建设，开工十个。"
ROWS = [
    {"id": "=1+1", "title": "@题", "text": BODY, "栏目": "-1", "status": {"深": [1]}},
    {"id": "b", "text": ""},
    {"id": "c", "text": "科技创新\x01。", "date": "2024年3月5日", "点击": 3},
]
KEEP = Options(reading=Reading(keep_columns=True))


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "in.jsonl"
    path.write_text("\n".join(map(json.dumps, ROWS)), encoding="utf-8")
    return path


def run(source: Path, out: str, options: Options = KEEP, **more: Any) -> Summary:
    where = str(source.with_name(out))
    return score(FakeAnalyzer, [str(source)], where, options=options, **more)


def sheet(path: Path, name: str) -> list[dict[str, Any]]:
    rows = openpyxl.load_workbook(path)[name].iter_rows(values_only=True)
    header = next(rows)
    return [dict(zip(map(str, header), row, strict=True)) for row in rows]


def test_lines_keep_columns(source: Path) -> None:
    run(source, "out.jsonl")
    lines = source.with_name("out.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["kept"] for line in lines] == [
        {"栏目": "-1", "status": {"深": [1]}},
        {"点击": 3},
    ]


def test_zipped_lines(source: Path) -> None:
    run(source, "out.jsonl")
    run(source, "out.jsonl.gz")
    data = gzip.decompress(source.with_name("out.jsonl.gz").read_bytes())
    assert data == source.with_name("out.jsonl").read_bytes()


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", ["status", "text", "栏目", "input_status"]),
        ("zh", ["状态", "正文", "栏目", "status"]),
    ],
)
def test_table_keeps_columns(source: Path, language: str, expected: list[str]) -> None:
    run(source, "out.csv", Options(reading=KEEP.reading, language=language))
    with source.with_name("out.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 3
    values = [rows[0][name] for name in expected]
    tagged = {"en": "tagged", "zh": "有主题"}[language]
    assert values == [tagged, "云溪县推进数字化，企业上云。", "'-1", '{"深": [1]}']
    assert rows[2]["点击"] == "3"


def test_workbook(source: Path) -> None:
    run(source, "out.xlsx")
    path = source.with_name("out.xlsx")
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["sections", "articles", "run"]
    first = book["sections"]
    assert first.freeze_panes == "A2"
    assert first.auto_filter.ref == first.dimensions
    assert first["A2"].alignment.wrap_text
    sections, articles = sheet(path, "sections"), sheet(path, "articles")
    assert [(row["id"], row["section"], row["heading"]) for row in sections] == [
        ("'=1+1", 1, None),
        ("'=1+1", 2, "一、抓项目"),
        ("c", 1, None),
    ]
    assert sections[2]["text"] == "科技创新。"
    assert (sections[0]["title"], sections[0]["栏目"]) == ("'@题", "'-1")
    assert sections[0]["数字化"] == 0.9877
    assert [row["sections"] for row in articles] == [2, 1]
    assert articles[1]["published"] == "2024-03-05"
    about = {row[0]: row[1] for row in book["run"].iter_rows(values_only=True)}
    assert (about["articles"], about["failures"], about["model"]) == (2, 1, "fake-1")


def test_workbook_in_chinese(source: Path) -> None:
    run(source, "out.xlsx", Options(language="zh"))
    book = openpyxl.load_workbook(source.with_name("out.xlsx"))
    assert book.sheetnames == ["章节", "文章", "运行"]
    assert book["章节"]["A1"].value == "编号"
    assert [row["状态"] for row in sheet(source.with_name("out.xlsx"), "文章")] == ["有主题"] * 2
    about = {row[0]: row[1] for row in book["运行"].iter_rows(values_only=True)}
    assert about.keys() >= {"项", "policynlp", "模型", "文章", "失败", "节", "数字化", "选项"}
    options = str(about["选项"]).split("\n")
    assert {"摘要·全文摘要字数：200", "附正文：否", "语言：中文", "抽取篇数：无"} <= set(options)
    # Every option has a Chinese name.
    assert not [line for line in options if line.partition("：")[0].isascii()]


@pytest.mark.parametrize(
    ("language", "header", "stage"),
    [
        ("en", ["id", "place", "stage", "reason"], "read"),
        ("zh", ["编号", "位置", "步骤", "原因"], "读取"),
    ],
)
def test_the_list_of_failures_has_names_in_a_language(
    source: Path, language: str, header: list[str], stage: str
) -> None:
    run(source, "out.csv", Options(language=language))
    path = source.with_name("out.csv.failures.csv")
    with path.open(encoding="utf-8-sig", newline="") as stream:
        found, failed = csv.reader(stream)
    assert found == header
    assert (failed[0], failed[2]) == ("b", stage)


def test_workbook_beyond_what_the_format_holds(
    source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows go on in another sheet, long cells in another row; nothing is cut off."""
    monkeypatch.setattr(workbook, "MAX_ROWS", 3)
    long = "项目😀" * 20_000  # 60,000 characters, 80,000 UTF-16 units
    source.write_text("\n".join(json.dumps({"id": i, "text": long}) for i in (1, 2)))
    run(source, "out.xlsx")
    path = source.with_name("out.xlsx")
    names = openpyxl.load_workbook(path).sheetnames
    assert names[:2] == ["sections", "sections 2"]
    rows = [
        row
        for name in names
        if name.startswith("sections")
        for row in sheet(path, name)
        if row["id"] == "1"
    ]
    assert "".join(row["text"] for row in rows) == long
    assert all(len(row["text"].encode("utf-16-le")) // 2 <= 32_767 for row in rows)
    assert [row["section"] for row in rows] == [1] + [None] * (len(rows) - 1)


@pytest.mark.parametrize("out", ["out.xlsx", "out.parquet"])
def test_the_same_run_gives_the_same_bytes(source: Path, out: str) -> None:
    def stop(summary: Summary) -> None:
        raise KeyboardInterrupt

    run(source, out)
    first = source.with_name(out).read_bytes()
    source.with_name(out).unlink()
    with pytest.raises(KeyboardInterrupt):
        run(source, out, progress=stop)
    assert run(source, out).resumed == 3
    assert source.with_name(out).read_bytes() == first


def test_parquet(source: Path) -> None:
    options = Options(reading=KEEP.reading, with_text=True)
    run(source, "out.jsonl", options)
    run(source, "out.parquet", options)
    rows = pyarrow.parquet.read_table(source.with_name("out.parquet")).to_pylist()
    lines = source.with_name("out.jsonl").read_text(encoding="utf-8").splitlines()
    records = [json.loads(line) for line in lines]
    kept = [row.pop("kept") for row in rows]
    assert kept == [[("栏目", "-1"), ("status", '{"深": [1]}')], [("点击", "3")]]
    assert rows == [{k: v for k, v in record.items() if k != "kept"} for record in records]


def test_warnings_reach_every_output(tmp_path: Path) -> None:
    source = tmp_path / "in.jsonl"
    rows = [{"text": "数字化。", "date": "2022-13-45"}, {"text": "企业上云。" * 30}]
    source.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    said = ["only 4 characters of body remain", "there is no such date: 2022-13-45"]
    for out in ("out.jsonl", "out.csv", "out.xlsx", "out.parquet"):
        assert run(source, out, Options()).counts.warned == 1
        manifest = json.loads((tmp_path / f"{out}.run.json").read_text(encoding="utf-8"))
        assert manifest["counts"]["warned"] == 1
    lines = (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["warnings"] for line in lines] == [said, []]
    table = pyarrow.parquet.read_table(tmp_path / "out.parquet").to_pylist()
    assert [row["warnings"] for row in table] == [said, []]
    with (tmp_path / "out.csv").open(encoding="utf-8-sig", newline="") as stream:
        assert [row["warnings"] for row in csv.DictReader(stream)] == ["; ".join(said), ""]
    articles = sheet(tmp_path / "out.xlsx", "articles")
    assert [row["warnings"] for row in articles] == ["; ".join(said), None]
