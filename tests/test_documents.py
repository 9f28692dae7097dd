"""Web pages, Word, Excel and Parquet files, as the programs that make them write them."""

import datetime
import json
import sys
from pathlib import Path

import docx
import openpyxl
import pyarrow
import pyarrow.parquet
import pytest
from docx.enum.style import WD_STYLE_TYPE

from fake_analyzer import FakeAnalyzer
from policynlp.article import Article, Failure
from policynlp.batch import Options, score
from policynlp.errors import InputError
from policynlp.files.find import find_inputs
from policynlp.files.input_records import article_from_record
from policynlp.files.items import InputArticle, Reading, make_article
from policynlp.files.read import read_inputs

TITLE = "云溪县：向新而行开新局"
BODY = [
    f"今年以来，云溪县把数字化作为重要抓手，推动第{n}批企业上云，各项工作都取得了新的进展。"
    for n in "一二三四五"
]
TRADITIONAL = "雲溪縣把科技創新擺在發展全局的核心位置，推動傳統產業數字化轉型，幹部帶頭抓項目。"
SIMPLIFIED = "云溪县把科技创新摆在发展全局的核心位置，推动传统产业数字化转型，干部带头抓项目。"


def read(path: Path, reading: Reading | None = None) -> list[InputArticle | Failure]:
    return list(read_inputs(find_inputs([str(path)]), reading or Reading()))


def article(path: Path, reading: Reading | None = None) -> Article:
    [entry] = read(path, reading)
    assert isinstance(entry, InputArticle), entry
    return make_article(entry.record)


def texts(path: Path) -> list[str]:
    return [entry.record.text for entry in read(path) if isinstance(entry, InputArticle)]


def body(made: Article) -> list[str]:
    lines = []
    for section in made.sections:
        if section.heading:
            lines.append(made.text[slice(*section.heading)])
        lines += [made.text[part.start : part.end] for part in section.paragraphs]
    return lines


def page(main: str) -> str:
    """A page of a site: menu, title, date and source, the article, related links, footer."""
    menu = "".join(f'<li><a href="/{n}">{n}</a></li>' for n in ("首页", "要闻", "图片", "专题"))
    return f"""<!DOCTYPE html><html><head><meta charset="gb2312">
<title>{TITLE}_云溪新闻网</title><script>var text = "脚本不是正文。";</script>
<style>p {{ color: red }}</style></head><body><ul>{menu}</ul>
<div>当前位置：<a href="/">首页</a> &gt; <a href="/news">要闻</a></div><h1>{TITLE}</h1>
<div class="info">发布时间：2024-03-05 08:30 来源：云溪日报 作者：张三</div>
{main}<p>责任编辑：李四</p><div>相关新闻</div><ul><li><a href="/1">南岭县：开工十个项目</a></li>
</ul><div>版权所有 云溪新闻网</div></body></html>"""


PAGES = {
    "paragraphs": "".join(f"<p>{line}</p>" for line in BODY),
    "inline": "".join(f"<p>\n{line[:9]}<b>{line[9:12]}</b>\n{line[12:]}</p>" for line in BODY),
    "breaks": f"<div>{'<br/>　　'.join(BODY)}</div>",
    "layout table": "<table><tr><td width=800>"
    + "".join(f"<p>{line}</p>" for line in BODY)
    + "</td></tr></table>",
    "figures": "".join(f"<p>{line}</p>" for line in BODY[:3])
    + "<table><tr><td>指标</td><td>数值</td></tr><tr><td>增速</td><td>5.6%</td></tr></table>"
    + "".join(f"<p>{line}</p>" for line in BODY[3:]),
}


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-16"])
@pytest.mark.parametrize("layout", PAGES)
def test_a_page(tmp_path: Path, layout: str, encoding: str) -> None:
    """Whatever encoding it declares, and however it is laid out."""
    (tmp_path / "a.html").write_bytes(page(PAGES[layout]).encode(encoding))
    made = article(tmp_path / "a.html")
    assert body(made) == BODY
    assert (made.title, made.published) == (TITLE, "2024-03-05")
    assert (made.source, made.author) == ("云溪日报", "张三")
    assert "脚本" not in made.text
    assert "数值" not in made.text


@pytest.mark.parametrize("before", ["", " \n<?xml version='1.0'?>\n"])
def test_a_page_that_is_called_text(tmp_path: Path, before: str) -> None:
    """A page saved as .txt, or sent to standard input, is no article full of tags."""
    data = (before + page(PAGES["paragraphs"])).encode()
    (tmp_path / "a.html").write_bytes(data)
    (tmp_path / "a.txt").write_bytes(data)
    assert body(article(tmp_path / "a.txt")) == body(article(tmp_path / "a.html")) == BODY


def test_pages_without_an_article(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_bytes(b"")
    (tmp_path / "b.htm").write_text("<html><body><script>x</script></body></html>")
    (tmp_path / "c.html").write_bytes("<p>\xff\xfe</p>".encode("latin-1") * 50)
    found = read(tmp_path)
    assert [entry.stage for entry in found if isinstance(entry, Failure)] == [
        *("read", "read", "decode")
    ]


@pytest.mark.parametrize("depth", [300, 1500])
def test_a_page_that_never_closes_its_fonts_is_read_to_its_end(tmp_path: Path, depth: int) -> None:
    page = "<p>前文在先。</p>" + "<font>" * depth + "".join(f"<p>{line}</p>" for line in BODY)
    (tmp_path / "a.html").write_text(page, encoding="utf-8")
    [found] = read(tmp_path)
    assert isinstance(found, InputArticle)
    assert found.record.text.split("\n") == ["前文在先。", *BODY]


def test_a_page_that_would_lose_its_end_is_a_failure(tmp_path: Path) -> None:
    page = "<p>前文在先。</p>" + "<div>" * 3000 + f"<p>{BODY[0]}</p>"
    (tmp_path / "a.html").write_text(page, encoding="utf-8")
    [failure] = read(tmp_path)
    assert isinstance(failure, Failure)
    assert "nested too deep" in failure.reason


def test_a_short_page_is_kept(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(f"<p>{BODY[0]}</p>", encoding="utf-8")
    assert body(article(tmp_path / "a.html")) == [BODY[0]]


def word_file(path: Path, *lines: tuple[str, str]) -> Article:
    """An article of paragraphs, each with its style's name."""
    document = docx.Document()
    for style, text in lines:
        if style not in document.styles:
            document.styles.add_style(style, WD_STYLE_TYPE.PARAGRAPH)
        document.add_paragraph(text, style)
    document.add_table(1, 1).cell(0, 0).text = "表格不是正文"
    document.save(str(path))
    return article(path)


def outline(made: Article) -> list[tuple[int, str]]:
    return [
        (part.level, made.text[slice(*part.heading)] if part.heading else "")
        for part in made.sections
    ]


@pytest.mark.parametrize("names", [("Title", "Heading"), ("标题", "标题"), ("主标题", "heading")])
def test_a_word_file(tmp_path: Path, names: tuple[str, str]) -> None:
    """The text is that of the paragraphs, whatever their styles say of them."""
    title, heading = names
    lines = [
        (title, TITLE),
        ("Normal", BODY[0]),
        (f"{heading} 1", "　抓项目，促发展；稳增长。"),
        (f"{heading} 3", "重点工程"),
        ("Normal", BODY[1]),
    ]
    made = word_file(tmp_path / "a.docx", *lines)
    assert made.text == "\n".join(text for _, text in lines)
    assert made.title == TITLE
    assert outline(made) == [(0, ""), (1, "抓项目，促发展；稳增长。"), (3, "重点工程")]
    assert body(made) == [BODY[0], "抓项目，促发展；稳增长。", "重点工程", BODY[1]]


@pytest.mark.parametrize(
    ("lines", "title", "expected"),
    [
        ([("Heading 1", TITLE), ("Normal", BODY[0])], TITLE, [(0, "")]),
        (
            [("Heading 1", TITLE), ("Heading 2", "重点工程"), ("Normal", BODY[0])],
            TITLE,
            [(2, "重点工程")],
        ),
        ([("Normal", BODY[0]), ("Heading 1", "重点工程")], "", [(0, ""), (1, "重点工程")]),
        (
            [(f"Heading {level}", f"重点工程{level}") for level in (2, 1)],
            "",
            [(2, "重点工程2"), (1, "重点工程1")],
        ),
        (
            [("Heading 1", "甲工程"), ("Normal", BODY[0]), ("Heading 1", "乙工程")],
            "",
            [(1, "甲工程"), (1, "乙工程")],
        ),
    ],
)
def test_the_sole_first_heading_of_a_word_file_is_its_title(
    tmp_path: Path, lines: list[tuple[str, str]], title: str, expected: list[tuple[int, str]]
) -> None:
    made = word_file(tmp_path / "a.docx", *lines)
    assert (made.title, outline(made)) == (title, expected)


def test_a_style_that_is_based_on_a_heading_is_one(tmp_path: Path) -> None:
    document = docx.Document()
    own = document.styles.add_style("公文一级", WD_STYLE_TYPE.PARAGRAPH)
    own.base_style = document.styles["Heading 2"]
    document.add_paragraph(BODY[0])
    document.add_paragraph("重点\n工程", own)
    document.add_paragraph(BODY[1])
    document.save(str(tmp_path / "a.docx"))
    made = article(tmp_path / "a.docx")
    assert outline(made) == [(0, ""), (2, "重点 工程")]


def workbook(path: Path, **sheets: list[list[object]]) -> None:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)


def test_a_workbook(tmp_path: Path) -> None:
    workbook(
        tmp_path / "a.xlsx",
        第一=[
            ["编号", "标题", "发布时间", "正文", "点击"],
            [7, TITLE, datetime.datetime(2024, 3, 5), BODY[0], 12],
            [None, 2024, datetime.datetime(2024, 3, 6, 8, 30), BODY[1]],
            [None, None, None, None],
            [9, "无正文", None, None],
        ],
        说明=[["本表说明"]],
        第二=[["内容"], [BODY[2]]],
    )
    found = read(tmp_path, Reading(keep_columns=True))
    assert [entry.id for entry in found] == [
        *("7", "a.xlsx:3", "9", "a.xlsx:说明", "a.xlsx:第二:2")
    ]
    assert [entry.record.text for entry in found if isinstance(entry, InputArticle)] == [
        *(BODY[0], BODY[1], BODY[2])
    ]
    first, second, failure, *_ = found
    assert isinstance(first, InputArticle)
    assert isinstance(second, InputArticle)
    assert isinstance(failure, Failure)
    assert (first.record.published, first.record.kept) == ("2024-03-05", {"点击": "12"})
    assert (second.record.title, second.record.published) == ("2024", "2024-03-06 08:30")
    assert (failure.place, failure.reason) == (f"{tmp_path}/a.xlsx:5", "the text is empty")


def test_a_workbook_without_articles(tmp_path: Path) -> None:
    workbook(tmp_path / "a.xlsx", 一=[["作者"], ["张三"]])
    workbook(tmp_path / "b.xlsx", 一=[])
    [first, second] = read(tmp_path)
    assert isinstance(first, Failure)
    assert isinstance(second, Failure)
    assert "no row from 1 to 5 names the columns: nothing is called text, content" in first.reason
    assert second.reason == "it has no sheet with articles"


def test_a_parquet_file(tmp_path: Path) -> None:
    sections = [{"heading": "一、抓项目", "paragraphs": [BODY[1]]}]
    rows = [
        {"id": 5, "text": BODY[0], "date": datetime.date(2024, 3, 5), "sections": None},
        {"id": None, "text": None, "date": None, "sections": sections},
        {"id": 6, "text": "", "date": None, "sections": None},
    ]
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), tmp_path / "a.parquet")
    first, second, third = read(tmp_path)
    assert isinstance(first, InputArticle)
    assert isinstance(second, InputArticle)
    assert isinstance(third, Failure)
    assert (first.id, first.record.published) == ("5", "2024-03-05")
    assert (second.id, second.record.sections) == ("a.parquet:2", (("一、抓项目", (BODY[1],)),))
    assert (third.id, third.reason) == ("6", "the text is empty")


def test_a_parquet_file_without_articles(tmp_path: Path) -> None:
    pyarrow.parquet.write_table(pyarrow.table({"a": [1]}), tmp_path / "a.parquet")
    [failure] = read(tmp_path)
    assert isinstance(failure, Failure)
    assert failure.reason.startswith("nothing is called text, content")


def test_traditional_text_is_simplified_in_place(tmp_path: Path) -> None:
    record = {"title": TRADITIONAL[:3], "sections": [{"heading": "", "paragraphs": [TRADITIONAL]}]}
    (tmp_path / "a.jsonl").write_text(json.dumps({"text": TRADITIONAL}) + "\n" + json.dumps(record))
    first, second = read(tmp_path, Reading(simplify=True))
    assert isinstance(first, InputArticle)
    assert isinstance(second, InputArticle)
    assert first.record.text == SIMPLIFIED
    assert len(SIMPLIFIED) == len(TRADITIONAL)
    assert (second.record.title, second.record.sections) == ("云溪县", (("", (SIMPLIFIED,)),))


@pytest.mark.parametrize(
    ("text", "warned"),
    [(TRADITIONAL, True), (SIMPLIFIED, False), ("堃喆镕" + SIMPLIFIED, False), ("雲溪", False)],
)
def test_traditional_text_says_what_would_read_it_better(
    tmp_path: Path, text: str, warned: bool
) -> None:
    (tmp_path / "a.jsonl").write_text(json.dumps({"text": text}), encoding="utf-8")
    found = article(tmp_path / "a.jsonl").warnings
    assert any("--simplify" in warning for warning in found) == warned
    assert not any("--simplify" in w for w in article(tmp_path, Reading(simplify=True)).warnings)


@pytest.mark.parametrize(
    ("said", "published", "warned"),
    [
        ("2022-13-45", "", True),
        ("2022年2月30日", "", True),
        ("2022-12-05", "2022-12-05", False),
        ("2022年春", "2022年春", False),
        ("44927", "44927", False),
        ("", "", False),
    ],
)
def test_a_date_that_no_calendar_has(
    tmp_path: Path, said: str, published: str, warned: bool
) -> None:
    """Free forms stay; only a workbook counts days."""
    (tmp_path / "a.jsonl").write_text(json.dumps({"text": SIMPLIFIED, "date": said}))
    made = article(tmp_path / "a.jsonl")
    assert made.published == published
    assert (f"there is no such date: {said}" in made.warnings) == warned


@pytest.mark.parametrize(("epoch", "expected"), [(1900, "2023-01-01"), (1904, "2027-01-02")])
def test_days_that_a_workbook_counts_are_dates(tmp_path: Path, epoch: int, expected: str) -> None:
    book = openpyxl.Workbook()
    if epoch == 1904:
        book.epoch = datetime.datetime(1904, 1, 1)
    for row in (["正文", "日期"], [BODY[0], 44927], [BODY[1], "44927.5"], [BODY[2], 2022]):
        book.active.append(row)
    book.save(tmp_path / "a.xlsx")
    found = read(tmp_path / "a.xlsx")
    dates = [entry.record.published for entry in found if isinstance(entry, InputArticle)]
    assert dates == [expected, expected, "2022"]


def test_what_is_not_installed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    workbook_path = tmp_path / "a.xlsx"
    workbook_path.write_bytes(b"")
    [failure] = read(workbook_path)
    assert isinstance(failure, Failure)
    assert failure.reason == 'openpyxl is not installed: pip install "policynlp[files]"'


@pytest.mark.parametrize(
    ("module", "inputs", "out", "named"),
    [
        ("openpyxl", ["a.jsonl"], "out.xlsx", "out.xlsx needs openpyxl, which"),
        ("pyarrow", ["a.jsonl"], "out.parquet", "out.parquet needs pyarrow, which"),
        ("pyarrow", ["a.jsonl", "b.PARQUET"], "out.jsonl", "b.PARQUET needs pyarrow, which"),
        ("lxml", ["b.htm"], "out.jsonl", "b.htm needs lxml, which"),
        ("opencc", ["a.jsonl"], "out.jsonl", "--simplify needs opencc, which"),
    ],
)
def test_what_is_not_installed_stops_a_run_before_it_begins(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    module: str,
    inputs: list[str],
    out: str,
    named: str,
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.chdir(tmp_path)
    for name in ("a.jsonl", "b.PARQUET", "b.htm"):
        (tmp_path / name).write_text('{"text": "数字化。"}', encoding="utf-8")
    options = Options(reading=Reading(simplify=module == "opencc"))

    def load() -> FakeAnalyzer:
        pytest.fail("began")

    with pytest.raises(InputError, match=named):
        score(load, inputs, out, options=options)
    if "b.PARQUET" not in inputs:
        return
    # One of many in a folder stops nobody.
    summary = score(FakeAnalyzer, ["."], out)
    assert (summary.counts.articles, summary.counts.failures) == (2, 1)
    assert "pyarrow is not installed" in summary.first_failures[0].reason


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ((("text", "报道"),), ("甲。", "题")),
        ((("text", "报道"), ("title", "text")), ("甲。", "乙。")),
        ((("title", "栏目"),), ("乙。", "丙")),
        ((("title", "没有"),), ("乙。", "")),
    ],
)
def test_named_columns(columns: tuple[tuple[str, str], ...], expected: tuple[str, str]) -> None:
    row = {"报道": "甲。", "text": "乙。", "标题": "题", "栏目": "丙"}
    record = article_from_record(row, place="a.csv:2", columns=columns, keep=True)
    assert (record.text, record.title) == expected
    used = {"text": "乙。", "报道": "甲。", "标题": "题", "栏目": "丙"}
    assert record.kept == {k: v for k, v in used.items() if v not in expected}


def test_a_named_text_column_must_be_there() -> None:
    with pytest.raises(InputError, match='nothing is called "报道"; found text'):
        article_from_record({"text": "甲"}, place="a:1", columns=(("text", "报道"),))


def test_a_page_of_too_many_tags_is_not_read(tmp_path: Path) -> None:
    """Its tree would take more memory than a run has."""
    (tmp_path / "a.html").write_text("<html>" + "<p>" * 2_000_000, encoding="utf-8")
    [failure] = read_inputs(find_inputs([str(tmp_path / "a.html")]))
    assert isinstance(failure, Failure)
    assert "more than 2,000,000 tags" in failure.reason


def test_reasons_are_of_one_line_and_name_no_class(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text("</math>", encoding="utf-8")
    (tmp_path / "b.csv").write_text('text,"a\nb","a\nb"\n1,2,3\n', encoding="utf-8")
    (tmp_path / "c.csv").write_text('"a\nb"\n1\n', encoding="utf-8")
    found = list(read_inputs(find_inputs([str(tmp_path)])))
    reasons = [failure.reason for failure in found if isinstance(failure, Failure)]
    assert reasons[0] == "the text is empty"
    assert 'two columns are called "a b"' in reasons[1]
    assert reasons[2].endswith("found a b")
