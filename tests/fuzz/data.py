"""Values, records and tables: what people, programs and hostile hands put into data files."""

import csv
import datetime
import io
import json
import math
import re
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from fuzz.texts import any_character, dates, filled, odd, pages, prose, raw_text, sections, usually

# By field, names that its column goes by; what is none of them is a column to keep.
NAMES: Final = {
    "id": ("id", "编号", "序号", "Article_ID"),
    "text": ("text", "正文", "Full Text", "ＣＯＮＴＥＮＴ", "内容"),
    "title": ("title", "标题", "headline"),
    "published": ("published", "发布时间", "date"),
    "source": ("source", "来源"),
    "author": ("author", "作者", "byline"),
    "url": ("url", "链接"),
}
_OTHERS: Final = (
    *("栏目", "status", "kept", "input_status", "=1+1", "a\nb", "a,b", '"', "'", "", " "),
    *("\ufeffx", "\x1b[2J", "\0", "\x85", "<b>", "text ", "__proto__", "列" * 300, "主题"),
    "section",
)  # fmt: skip
_NUMBERS: Final = (0, -0.0, 1, 12.0, 1e16, 1e308, 2**53, 2**63, 10**30, 0.1, 45000, 45000.5)
_STRANGE: Final = (math.nan, math.inf, -math.inf, 10**400, True, False, None)

names: SearchStrategy[str] = st.sampled_from(_OTHERS) | st.text(any_character, max_size=6)
ids: SearchStrategy[Any] = st.one_of(
    st.sampled_from(("a1", "a1", "007", "=1+1", "../x", "", " ", "一")),
    st.integers(0, 3),
    raw_text,
    odd,
)
values: SearchStrategy[Any] = st.recursive(
    st.one_of(raw_text, odd, st.sampled_from(_NUMBERS), st.sampled_from(_STRANGE)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=6,
)
_FIELDS: Final = {
    "id": ids,
    "title": prose | raw_text,
    "published": dates | raw_text | st.sampled_from(_NUMBERS),
    "source": prose | odd,
    "author": raw_text | odd,
    "url": st.sampled_from(("https://www.example.org/", "javascript:alert(1)", "")) | raw_text,
}


@st.composite
def records(draw: st.DrawFn) -> dict[str, Any]:
    """An object as a line of JSON may hold one: mostly an article, under any usual names."""
    found: dict[str, Any] = {}
    for field in draw(st.lists(st.sampled_from(tuple(_FIELDS)), max_size=5, unique=True)):
        value = usually(_FIELDS[field], values, 8)
        found[draw(st.sampled_from(NAMES[field]))] = draw(value)
    if draw(usually(st.just(True), st.just(False), 8)):
        found[draw(st.sampled_from(NAMES["text"]))] = draw(usually(filled, pages | values, 8))
    else:
        parts = draw(sections)
        whole = [{"heading": heading, "paragraphs": body} for heading, body in parts]
        found["sections"] = draw(usually(st.just(whole), values))
    for name in draw(st.lists(names, max_size=3)):
        found.setdefault(name, draw(values))
    return found


def line_of(record: Any, *, plain: bool) -> str:
    """A record as a line of JSON, NaN and halves of characters as Python writes them."""
    return json.dumps(record, ensure_ascii=plain)


def _encoded(text: str, encoding: str) -> bytes:
    return text.encode(encoding, "surrogatepass" if encoding.startswith("utf") else "replace")


encodings: SearchStrategy[str] = st.sampled_from(
    ("utf-8", "utf-8", "utf-8", "utf-8-sig", "gb18030", "big5", "utf-16", "utf-16-le", "euc-kr")
)
_BROKEN_LINES: Final = (
    *('{"text": ', "[]", "null", '{"text": "a"} x', "[" * 3000, '{"a":' * 3000),
    '{"id": 1' + "0" * 5000,
)
_broken_lines: SearchStrategy[str] = st.sampled_from(_BROKEN_LINES) | raw_text.map(
    lambda text: text.replace("\n", " ").replace("\r", " ")
)


@st.composite
def line_files(draw: st.DrawFn) -> dict[str, Any]:
    """A file of lines of JSON: ``data`` and, where that is known, how many ``articles`` it has.

    A line is one that ends in \\n and is not white space.
    """
    plain = draw(st.booleans())
    good = records().map(lambda record: line_of(record, plain=plain))
    lines = draw(st.lists(usually(good, _broken_lines | st.just(""), 6), max_size=6))
    end = draw(st.sampled_from(("\n", "\n", "\r\n")))
    encoding = draw(usually(st.just("utf-8"), encodings, 8))
    known = encoding == "utf-8"
    return {
        "data": _encoded(end.join(lines), encoding),
        "articles": sum(bool(line.strip(" \t\r\n")) for line in lines) if known else None,
    }


cells: SearchStrategy[str] = st.one_of(filled, filled, prose, dates, raw_text, odd, st.just(""))


@st.composite
def _rows(draw: st.DrawFn, cell: SearchStrategy[Any]) -> list[list[Any]]:
    """A table's names and rows; a row may have too few or too many cells."""
    fields = draw(st.permutations(tuple(NAMES)))[: draw(st.integers(1, 4))]
    header = [draw(st.sampled_from(NAMES[field])) for field in dict.fromkeys((*fields, "text"))]
    header += draw(st.lists(names, max_size=2))
    width = len(header)
    row = st.lists(cell, min_size=width, max_size=width)
    odd_row = st.lists(cell, max_size=width + 2)
    return [header, *draw(st.lists(usually(row, odd_row, 8), max_size=5))]


@st.composite
def tables(draw: st.DrawFn) -> dict[str, Any]:
    """A table as text: ``data``, and the ``suffix`` of its file."""
    suffix = draw(st.sampled_from((".csv", ".csv", ".tsv")))
    delimiter = "\t" if suffix == ".tsv" else draw(st.sampled_from(",,;\t"))
    quoting = draw(st.sampled_from((csv.QUOTE_MINIMAL, csv.QUOTE_ALL)))
    buffer = io.StringIO()
    end = draw(st.sampled_from(("\r\n", "\n")))
    writer = csv.writer(buffer, delimiter=delimiter, quoting=quoting, lineterminator=end)
    writer.writerows(draw(_rows(cells)))
    text = buffer.getvalue() + draw(usually(st.just(""), raw_text | st.just('"'), 8))
    return {"data": _encoded(text, draw(usually(st.just("utf-8"), encodings, 8))), "suffix": suffix}


# What XML has no way to hold.
_NOT_IN_XML: Final = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def book_cell(value: Any) -> Any:
    """What a cell of a workbook holds; a list stands for a day."""
    if isinstance(value, list):
        return datetime.datetime.fromisoformat(value[1])
    return _NOT_IN_XML.sub("", value) if isinstance(value, str) else value


_book_cells: SearchStrategy[Any] = st.one_of(
    cells.map(lambda text: text[:32_000]),
    st.sampled_from(_NUMBERS[:-2]),
    st.sampled_from((True, False, None, "=1+1", "#N/A", "#REF!", "'=1", "1899-12-31")),
    st.sampled_from((["day", "2024-03-05"], ["day", "2024-03-05T08:30:00"])),
)
workbooks: SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {
        "sheets": st.lists(
            st.fixed_dictionaries(
                {
                    "title": st.sampled_from(("表1", "a b", "2024年", "x" * 29)),
                    "above": st.integers(0, 6),
                    "rows": _rows(_book_cells) | st.just([]),
                }
            ),
            min_size=1,
            max_size=3,
        )
    }
)


def workbook_bytes(case: dict[str, Any]) -> bytes:
    """The workbook that a case of :data:`workbooks` describes, as openpyxl writes it."""
    from openpyxl import Workbook

    book = Workbook()
    book.remove(book.active)
    for number, described in enumerate(case["sheets"]):
        sheet = book.create_sheet(f"{number} {described['title']}")
        for row, values in enumerate(described["rows"], 1 + described["above"]):
            for column, value in enumerate(values, 1):
                sheet.cell(row, column).value = book_cell(value)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


# Types of Arrow by the names that cases have for them, and what goes into their columns.
_ARROW: Final = {
    "string": filled.map(lambda text: text.encode("utf-8", "replace").decode()),
    "large_string": prose.map(lambda text: text.encode("utf-8", "replace").decode()),
    "binary": prose.map(lambda text: text.encode("utf-8", "replace")) | st.binary(max_size=40),
    "int64": st.integers(-(2**63), 2**63 - 1),
    "float64": st.floats(),
    "bool": st.booleans(),
    "timestamp": st.integers(-(2**62), 2**62),
    "date32": st.integers(-(2**31), 2**31 - 1),
    "list": st.lists(st.integers(0, 9), max_size=3),
    "null": st.none(),
}


@st.composite
def parquets(draw: st.DrawFn) -> dict[str, Any]:
    """A Parquet file: so many ``articles``, and columns with a name, a type and values."""
    rows = draw(st.integers(0, 4))
    columns = []
    known = draw(st.lists(st.sampled_from(tuple(NAMES)), max_size=4, unique=True))
    for field in dict.fromkeys(("text", *known, "other")):
        usual = "string" if field != "other" else draw(st.sampled_from(tuple(_ARROW)))
        kind = draw(usually(st.just(usual), st.sampled_from(tuple(_ARROW)), 3))
        name = draw(st.sampled_from(NAMES[field]) if field in NAMES else st.sampled_from(_OTHERS))
        value = usually(_ARROW[kind], st.none(), 8)
        columns.append([name, kind, draw(st.lists(value, min_size=rows, max_size=rows))])
    # Of a file without rows, or with two columns for the text, there is one failure to tell.
    known_text = [name for name, _, _ in columns if name.strip().casefold() in NAMES["text"]]
    return {"articles": rows if rows and len(known_text) == 1 else None, "columns": columns}


def parquet_bytes(case: dict[str, Any]) -> bytes:
    """The file that a case of :func:`parquets` describes."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    types = {
        "string": pa.string(),
        "large_string": pa.large_string(),
        "binary": pa.binary(),
        "int64": pa.int64(),
        "float64": pa.float64(),
        "bool": pa.bool_(),
        "timestamp": pa.timestamp("ms"),
        "date32": pa.int32(),
        "list": pa.list_(pa.int64()),
        "null": pa.null(),
    }
    arrays = [pa.array(values, types[kind]) for _, kind, values in case["columns"]]
    kinds = [kind for _, kind, _ in case["columns"]]
    arrays = [
        array.view(pa.date32()) if kind == "date32" else array
        for array, kind in zip(arrays, kinds, strict=True)
    ]
    buffer = io.BytesIO()
    pq.write_table(pa.table(arrays, names=[name for name, _, _ in case["columns"]]), buffer)
    return buffer.getvalue()


# Names of files, of any bytes but those that no name has: not all of them are UTF-8.
_NAMES: Final = (
    *("新闻", "=cmd", "-o", "a b", "\x1b[31m红", "行\n末", "*", "%s", ".x", "a:1", "'", "#"),
)
_part: SearchStrategy[bytes] = st.one_of(
    st.sampled_from(_NAMES).map(str.encode),
    st.sampled_from(("槐阳日报", "项目")).map(lambda name: name.encode("gb18030")),
    st.binary(min_size=1, max_size=6),
)
file_names: SearchStrategy[bytes] = st.builds(
    lambda stem, suffix: stem.replace(b"\0", b"0").replace(b"/", b"1") + suffix,
    _part,
    st.sampled_from((b".txt", b".html", b".jsonl", b".csv", b"", b".PDF")),
).filter(lambda name: name not in (b".", b".."))
