"""Inputs that would take all memory or all time, were they read as they ask to be."""

import csv
import gzip
import io
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import docx
import pyarrow as pa
import pyarrow.parquet
import pytest

from policynlp.article import Failure
from policynlp.cli import main
from policynlp.errors import InputError
from policynlp.files import items, parquet
from policynlp.files.find import find_inputs
from policynlp.files.items import Reading
from policynlp.files.parquet_pages import groups_of, pages_of
from policynlp.files.read import read_inputs
from policynlp.messages import CHINESE, speaking
from policynlp.review.returned import read_rows

MB: Final = 1 << 20
MOST: Final = 10_000
"""The limit of an article's bytes where a test lowers it."""
TOO_LONG: Final = (
    "more than 10,000 bytes, which is all that one article may have: divide it, or score it "
    "with a --max-chars above 1,250"
)
TOO_LARGE: Final = "what it holds is longer than "
DAMAGED: Final = "cannot be read: it is damaged, locked with a password or of another kind"

NAMESPACE: Final = "http://schemas.openxmlformats.org/"
RELATED: Final = f"{NAMESPACE}officeDocument/2006/relationships"
MAIN: Final = f"{NAMESPACE}spreadsheetml/2006/main"
WORDS: Final = f"{NAMESPACE}wordprocessingml/2006/main"
LAUGHS: Final = (
    '<!DOCTYPE x [<!ENTITY a0 "ha">'
    + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    + "]>"
)

Pieces = Iterable[str | bytes]


@pytest.fixture
def low(monkeypatch: pytest.MonkeyPatch) -> Reading:
    """Let an article have 10,000 bytes."""
    monkeypatch.setattr(items, "_ALWAYS_READ", MOST)
    return Reading(max_chars=1000)


def said(path: Path, reading: Reading | None = None, stdin: bytes = b"") -> list[tuple[str, str]]:
    """The texts of articles and the reasons of failures, by id."""
    inputs = "-" if stdin else str(path)
    found = read_inputs(find_inputs([inputs]), reading or Reading(), stdin=io.BytesIO(stdin))
    return [
        (entry.id, entry.reason if isinstance(entry, Failure) else entry.record.text)
        for entry in found
    ]


def packed(path: Path, parts: dict[str, Pieces], method: int = zipfile.ZIP_DEFLATED) -> Path:
    """An Office file."""
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, pieces in parts.items():
            with archive.open(name, "w", force_zip64=True) as part:
                for piece in pieces:
                    part.write(piece.encode() if isinstance(piece, str) else piece)
    return path


def relations(**targets: str) -> list[str]:
    """Which parts another part refers to."""
    rows = (
        f'<Relationship Id="r{n}" Type="{RELATED}/{kind}" Target="{target}"/>'
        for n, (kind, target) in enumerate(targets.items())
    )
    namespace = f"{NAMESPACE}package/2006/relationships"
    return [f'<Relationships xmlns="{namespace}">{"".join(rows)}</Relationships>']


def content_types(**parts: str) -> list[str]:
    """What kinds of parts there are, which other readers of such files ask for."""
    base = "application/vnd.openxmlformats"
    rows = (
        f'<Override PartName="/{name}" ContentType="{base}-officedocument.{kind}+xml"/>'
        for kind, name in parts.items()
    )
    return [
        f'<Types xmlns="{NAMESPACE}package/2006/content-types">'
        f'<Default Extension="rels" ContentType="{base}-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f"{''.join(rows)}</Types>"
    ]


def cell(text: str, reference: str = "") -> str:
    return f'<c t="inlineStr"{reference}><is><t>{text}</t></is></c>'


def book(
    path: Path,
    rows: Pieces,
    strings: Pieces = (f"<sst xmlns='{MAIN}'/>",),
    sheets: int = 1,
) -> Path:
    """A workbook with a column of texts, and below the rows one more text."""
    listed = "".join(f'<sheet name="s{n}" sheetId="{n}" r:id="r0"/>' for n in range(sheets))
    head = f'<worksheet xmlns="{MAIN}"><sheetData><row r="1">{cell("text")}</row>'
    tail = f"<row>{cell('好。')}</row></sheetData></worksheet>"
    sheet = "spreadsheetml"
    types = {
        f"{sheet}.sheet.main": "xl/workbook.xml",
        f"{sheet}.worksheet": "xl/worksheets/sheet1.xml",
        f"{sheet}.sharedStrings": "xl/sharedStrings.xml",
    }
    parts: dict[str, Pieces] = {
        "[Content_Types].xml": content_types(**types),
        "_rels/.rels": relations(officeDocument="xl/workbook.xml"),
        "xl/workbook.xml": [
            f'<workbook xmlns="{MAIN}" xmlns:r="{RELATED}"><sheets>{listed}</sheets></workbook>'
        ],
        "xl/_rels/workbook.xml.rels": relations(
            worksheet="worksheets/sheet1.xml", sharedStrings="sharedStrings.xml"
        ),
        "xl/worksheets/sheet1.xml": [head, *rows, tail],
        "xl/sharedStrings.xml": strings,
    }
    return packed(path, parts)


def document(path: Path, body: Pieces, before: str = "", **more: Pieces) -> Path:
    """A Word file."""
    main = "wordprocessingml.document.main"
    parts = {
        "[Content_Types].xml": content_types(**{main: "word/document.xml"}),
        "_rels/.rels": relations(officeDocument="word/document.xml"),
        "word/document.xml": [
            f'{before}<w:document xmlns:w="{WORDS}"><w:body>',
            *body,
            "</w:body></w:document>",
        ],
        **{name.replace("_", "/"): pieces for name, pieces in more.items()},
    }
    return packed(path, parts)


def paragraph(*texts: str) -> list[str]:
    return ["<w:p><w:r><w:t>", *texts, "</w:t></w:r></w:p>"]


LONG: Final = "字" * MOST


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz", "-"])
def test_a_line_that_is_too_long_is_skipped(
    tmp_path: Path, low: Reading, name: str, encoding: str
) -> None:
    lines = ['{"text": "甲。"}', f'{{"text": "{LONG * 300}"}}', "", '{"text": "乙。"}', ""]
    data = "\n".join(lines).encode(encoding)
    (tmp_path / name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    id = "stdin" if name == "-" else name
    found = said(tmp_path / name, low, data if name == "-" else b"")
    assert found == [(f"{id}:1", "甲。"), (f"{id}:2", TOO_LONG), (f"{id}:4", "乙。")]


def test_what_is_too_long_is_said_in_chinese(tmp_path: Path, low: Reading) -> None:
    (tmp_path / "a.txt").write_text(LONG, encoding="utf-8")
    with speaking(CHINESE):
        [(_, reason)] = said(tmp_path, low)
    assert reason == (
        "超过 10,000 字节，一篇文章最多只能有这么多："
        "请拆分文章，或在标注时用大于 1,250 的 --max-chars"
    )


def test_blank_lines_are_not_gone_through_one_by_one(tmp_path: Path) -> None:
    """Nor kept: standard input could begin with nothing else."""
    blank = b"\n" * (3 * MB)
    (tmp_path / "a.jsonl").write_bytes(blank + b'{"text": "a."}' + blank)
    assert said(tmp_path) == [(f"a.jsonl:{len(blank) + 1}", "a.")]
    assert said(tmp_path, None, blank + b'{"text": "a."}') == [(f"stdin:{len(blank) + 1}", "a.")]


def test_utf16_that_ends_in_half_a_character(tmp_path: Path) -> None:
    data = '{"text": "甲。"}\n{"text": "乙。"}\n{"text": "丙'.encode("utf-16")
    (tmp_path / "a.jsonl").write_bytes(data[:-1])
    assert [text for _, text in said(tmp_path)[:2]] == ["甲。", "乙。"]
    assert said(tmp_path)[2][1].startswith("cannot be read from here on: it is damaged")


def test_lines_of_one_zipped_file_in_several_pieces(tmp_path: Path) -> None:
    """As ``cat a.gz b.gz`` makes it; what comes behind and is none is told."""
    data = gzip.compress(b'{"text": "a."}\n{"te') + gzip.compress(b'xt": "b."}\n{"text": "c."}\n')
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(data)
    assert [text for _, text in said(path)] == ["a.", "b.", "c."]
    path.write_bytes(data + b"garbage")
    assert [text for _, text in said(path)[:3]] == ["a.", "b.", "c."]
    assert said(path)[3][1].startswith("cannot be read from here on: ")
    path.write_bytes(data + bytes(1000))  # As tapes have it.
    assert [text for _, text in said(path)] == ["a.", "b.", "c."]


def test_a_line_of_too_many_values(tmp_path: Path) -> None:
    """Which would be 70 times as long in memory."""
    values = ",".join(["{}"] * 1_100_000)
    (tmp_path / "a.jsonl").write_text(
        f'{{"text": "a.", "k": [{values}]}}\n{{"text": "b."}}', encoding="utf-8"
    )
    reason = "more than 1,048,576 values in one line: divide it"
    assert said(tmp_path) == [("a.jsonl:1", reason), ("a.jsonl:2", "b.")]


@pytest.mark.parametrize("name", ["a.txt", "a.html", "-"])
def test_a_text_that_is_too_long(tmp_path: Path, low: Reading, name: str) -> None:
    (tmp_path / name).write_text(LONG, encoding="utf-8")
    [(_, reason)] = said(tmp_path / name, low, LONG.encode() if name == "-" else b"")
    assert reason == TOO_LONG


@pytest.mark.parametrize("field", ["title", "id", "author"])
def test_a_title_that_is_too_long(tmp_path: Path, field: str) -> None:
    (tmp_path / "a.jsonl").write_text(f'{{"{field}": "{"题" * 99}", "text": "甲。"}}', "utf-8")
    [(id, reason)] = said(tmp_path, Reading(max_chars=50))
    assert id == "a.jsonl:1"
    assert reason.startswith("99 characters, more than the 50 of --max-chars: divide it")


def test_rows_of_a_table(tmp_path: Path, low: Reading) -> None:
    rows = ["id,text", "1,甲。", f"2,{LONG}{LONG}", "3,乙。", f'4,"{LONG}"', "5,丙。"]
    (tmp_path / "a.csv").write_text("\n".join(rows), encoding="utf-8")
    assert said(tmp_path, low) == [
        ("1", "甲。"),
        ("a.csv:3", TOO_LONG),
        ("3", "乙。"),
        ("a.csv:5", TOO_LONG),
        ("5", "丙。"),
    ]


@pytest.mark.parametrize("line", ["一行。\n", '\n","'])
def test_a_row_that_does_not_end(tmp_path: Path, low: Reading, line: str) -> None:
    text = f'id,text\n1,甲。\n2,"{line * 9000}'
    (tmp_path / "a.csv").write_text(text, encoding="utf-8")
    first, (id, reason) = said(tmp_path, low)
    assert (first, id) == (("1", "甲。"), "a.csv:3")
    assert reason.startswith("a quotation mark opens a cell here that does not end, so the rows")
    assert reason.endswith(TOO_LONG)


def test_a_table_leaves_a_limit_of_the_process_no_lower(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("text\n甲。\n", encoding="utf-8")
    before = csv.field_size_limit(2**31 - 1)
    try:
        assert said(tmp_path) == [("a.csv:2", "甲。")]
        assert csv.field_size_limit() == 2**31 - 1
    finally:
        csv.field_size_limit(before)


def test_a_table_of_a_million_columns(tmp_path: Path) -> None:
    names = ",".join(f"c{n}" for n in range(200_000))
    (tmp_path / "a.csv").write_text(f"{names},text\n1\n", encoding="utf-8")
    reason = "200,001 columns, more than 16,384: drop those that are not needed"
    assert said(tmp_path) == [("a.csv", reason)]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.csv", "{0},{0},text\n1,2,3\n"),
        ("a.jsonl", '{{"text": "a.", "{0}": 1, "{0}": 2}}\n'),
        ("b.jsonl", '{{"{0}": 1}}\n'),
    ],
)
def test_a_name_that_is_a_megabyte_long_is_not_told_as_a_whole(
    tmp_path: Path, name: str, data: str
) -> None:
    (tmp_path / name).write_text(data.format("n" * MB), encoding="utf-8")
    [(_, reason)] = said(tmp_path)
    assert len(reason) < 250


def test_a_row_of_a_million_cells(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(f"id,text\n{'a,' * MB}\n3,乙。\n", encoding="utf-8")
    assert said(tmp_path)[0][1].startswith("1048577 cells in a table of 2 columns")
    assert said(tmp_path)[1] == ("3", "乙。")


FARTHER: Final = ' r="XFE2"'
FAR: Final = '<row r="2000000000">' + cell("远。") + "</row>"
ROWS: Final = {
    "far": (
        [f'<row r="7">{cell("甲。")}</row>', FAR],
        [
            ("a.xlsx:7", "甲。"),
            (
                "a.xlsx:2000000000",
                "row 2,000,000,000, and a sheet has 1,048,576: save it anew in Excel; what comes "
                "below is unread",
            ),
        ],
    ),
    "wide": (
        [f"<row>{cell('宽。', FARTHER)}</row>"],
        [
            (
                "a.xlsx:2",
                "a cell in column 16,385, and a sheet has 16,384: save it anew in Excel",
            ),
            ("a.xlsx:3", "好。"),
        ],
    ),
    "many cells": (
        ["<row>", "<c/>" * 20_000, "</row>"],
        [
            (
                "a.xlsx:2",
                "a cell in column 16,385, and a sheet has 16,384: save it anew in Excel",
            ),
            ("a.xlsx:3", "好。"),
        ],
    ),
    "long": (
        [f"<row>{cell(LONG)}{cell('短')}</row>"],
        [("a.xlsx:2", TOO_LONG), ("a.xlsx:3", "好。")],
    ),
    "long in sum": (
        ["<row>", cell("") + cell("字" * 999) * 11, "</row>"],
        [("a.xlsx:2", TOO_LONG), ("a.xlsx:3", "好。")],
    ),
    "long by a shared text": (
        ['<row><c t="s"><v>1</v></c><c t="s"><v>1</v></c></row>'],
        [("a.xlsx:2", TOO_LONG), ("a.xlsx:3", "好。")],
    ),
    "no such shared text": (
        ['<row><c t="s"><v>2</v></c></row>', '<row><c t="s"><v>-1</v></c></row>'],
        [
            ("a.xlsx:2", "the cell in column 1 holds no valid value: save it anew in Excel"),
            ("a.xlsx:3", "the cell in column 1 holds no valid value: save it anew in Excel"),
            ("a.xlsx:4", "好。"),
        ],
    ),
    "back again": (
        [f'<row r="9">{cell("甲。")}</row>', f'<row r="3">{cell("乙。")}</row>'],
        [("a.xlsx:9", "甲。"), ("a.xlsx:10", "乙。"), ("a.xlsx:11", "好。")],
    ),
}


@pytest.mark.parametrize("case", ROWS)
def test_rows_of_a_sheet(tmp_path: Path, low: Reading, case: str) -> None:
    rows, expected = ROWS[case]
    strings = [f"<sst xmlns='{MAIN}'><si><t>短</t></si><si><t>", "字" * 2000, "</t></si></sst>"]
    book(tmp_path / "a.xlsx", rows, strings)
    assert said(tmp_path, low) == expected


def test_cells_far_to_the_right_make_no_wide_rows(tmp_path: Path) -> None:
    """Each row was filled up with 16,384 cells, a million rows in an hour."""
    rows = "<row><c r='XFD1'><v>1</v></c></row>" * 30_000
    book(tmp_path / "a.xlsx", [rows])
    assert said(tmp_path) == [("a.xlsx:30002", "好。")]


def test_a_sheet_that_is_named_many_times_is_read_once(tmp_path: Path) -> None:
    book(tmp_path / "a.xlsx", [], sheets=5000)
    assert said(tmp_path) == [("a.xlsx:2", "好。")]


def test_entities_are_refused(tmp_path: Path) -> None:
    """In every part, whatever they would become."""
    document(tmp_path / "a.docx", paragraph("&a9;"), LAUGHS)
    book(tmp_path / "b.xlsx", [], [LAUGHS, f"<sst xmlns='{MAIN}'><si><t>&a9;</t></si></sst>"])
    assert [reason.startswith(DAMAGED) for _, reason in said(tmp_path)] == [True, True]


NESTED: Final = "<a>" * 100_000
BAD_PARTS: Final[dict[str, Callable[[Path], Path]]] = {
    "deep": lambda path: document(path, [NESTED]),
    "a long tag": lambda path: document(path, ['<w:p x="', "a" * 2 * MB, '"/>']),
    "a long comment": lambda path: document(path, ["<!--", "a" * 2 * MB, "-->"]),
    "no end": lambda path: document(path, ["</w:p>"]),
    "other packing": lambda path: packed(
        path, {"_rels/.rels": relations(officeDocument="a.xml"), "a.xml": []}, zipfile.ZIP_BZIP2
    ),
    "nothing": lambda path: packed(path, {"a.txt": ["a"]}),
}


@pytest.mark.parametrize("case", BAD_PARTS)
def test_parts_of_no_office_file(tmp_path: Path, case: str) -> None:
    BAD_PARTS[case](tmp_path / "a.docx")
    [(_, reason)] = said(tmp_path)
    assert reason.startswith(DAMAGED)


def test_sizes_that_lie(tmp_path: Path) -> None:
    """What is longer than a file says is not unpacked, nor taken for whole."""
    path = document(tmp_path / "a.docx", paragraph("字" * 100_000))
    data = path.read_bytes()
    size = zipfile.ZipFile(path).getinfo("word/document.xml").file_size
    place = data.rindex(size.to_bytes(4, "little"))
    path.write_bytes(data[:place] + (50_000).to_bytes(4, "little") + data[place + 4 :])
    [(_, reason)] = said(tmp_path)
    assert reason.startswith(DAMAGED)


def test_office_files_that_hold_too_much(tmp_path: Path) -> None:
    names = {f"{n}": [""] for n in range(10_001)}
    packed(tmp_path / "a.docx", names)
    packed(tmp_path / "b.xlsx", {"a.xml": ["a" * MB] * 70})
    (_, many), (_, large) = said(tmp_path)
    assert many.startswith("it holds more than 10,000 files: open it and save it anew")
    assert large.startswith("what it holds is longer than 67,108,864 bytes and 200 times its own")


def test_a_list_of_contents_is_not_read_however_long_it_says_it_is(tmp_path: Path) -> None:
    path = document(tmp_path / "a.docx", paragraph("甲。"))
    data = bytearray(path.read_bytes())
    end = data.rindex(b"PK\5\6")
    listed = bytes(5 * MB)
    data[end + 12 : end + 16] = len(listed).to_bytes(4, "little")
    path.write_bytes(data[:end] + listed + data[end:])
    [(_, reason)] = said(tmp_path)
    assert reason.startswith("it holds more than 10,000 files")


def test_pictures_in_a_word_file_are_not_unpacked(tmp_path: Path) -> None:
    made = docx.Document()
    made.add_paragraph("甲。")
    made.save(str(tmp_path / "a.docx"))
    with zipfile.ZipFile(tmp_path / "a.docx", "a") as archive:
        archive.writestr("word/media/image1.png", os.urandom(20 * MB))
    assert said(tmp_path) == [("a.docx", "甲。")]


def test_styles_that_are_based_on_each_other(tmp_path: Path) -> None:
    """They kept a reader going round in a circle for ever."""
    style = '<w:style w:type="paragraph" w:styleId="{0}"><w:basedOn w:val="{1}"/></w:style>'
    styles = f'<w:styles xmlns:w="{WORDS}">{style.format("a", "b")}{style.format("b", "a")}'
    body = ['<w:p><w:pPr><w:pStyle w:val="a"/></w:pPr><w:r><w:t>甲。</w:t></w:r></w:p>']
    more = {
        "word__rels_document.xml.rels": relations(styles="styles.xml"),
        "word_styles.xml": [styles, "</w:styles>"],
    }
    path = document(tmp_path / "a.docx", body)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("word/_rels/document.xml.rels", more["word__rels_document.xml.rels"][0])
        archive.writestr("word/styles.xml", "".join(more["word_styles.xml"]))
    assert said(tmp_path) == [("a.docx", "甲。")]


def test_a_word_file_of_too_much_text_or_too_many_paragraphs(tmp_path: Path, low: Reading) -> None:
    document(tmp_path / "a.docx", paragraph("字" * 2000))
    document(tmp_path / "b.docx", ["<w:p/>" * 2000])
    assert [reason for _, reason in said(tmp_path, low)] == [TOO_LONG] * 2


def test_review_sheets_have_the_limits_of_workbooks(tmp_path: Path) -> None:
    for name, rows in (("a.xlsx", [f"<row>{cell('好')}</row>", FAR]), ("b.xlsx", ["a" * 70 * MB])):
        book(tmp_path / name, rows)
        with pytest.raises(InputError, match=r"no column|what it holds is longer than"):
            read_rows(tmp_path / name)


BIG: Final = "好" * (2 * MB)


def test_a_long_text_in_many_rows_of_a_small_parquet_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A dictionary makes 6 MB in 500 rows a file of 1 KB, and 3 GB in memory."""
    monkeypatch.setattr(items, "MOST_UNPACKED", 50 * MB)
    column = pa.DictionaryArray.from_arrays(pa.array([0] * 500, pa.int32()), pa.array([BIG]))
    for stored in (True, False):
        pyarrow.parquet.write_table(
            pa.table({"text": column}),
            tmp_path / "a.parquet",
            compression="zstd",
            store_schema=stored,
        )
        found = said(tmp_path)
        assert len(found) == 9
        assert found[0][1].startswith("2,097,152 characters, more than the 1,000,000")
        assert found[8][1].startswith("cannot be read from here on: what it holds is longer than")


def test_rows_and_groups_of_a_parquet_file_that_are_too_large(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, low: Reading
) -> None:
    monkeypatch.setattr(parquet, "_MOST_OF_PAGES", 50_000)
    texts = ["甲。", "x" * 20_000, "x" * 60_000, "乙。"]
    path, table = tmp_path / "a.parquet", pa.table({"text": texts})
    pyarrow.parquet.write_table(table, path, row_group_size=1, use_dictionary=False)
    assert said(tmp_path, low) == [
        ("a.parquet:1", "甲。"),
        ("a.parquet:2", TOO_LONG),
        (
            "a.parquet:3",
            "rows 3 to 3 cannot be read: 60,010 bytes must be unpacked at once, more than 50,000: "
            "write the file with fewer rows in a group and smaller pages, or as .jsonl",
        ),
        ("a.parquet:4", "乙。"),
    ]


@pytest.mark.parametrize("version", ["1.0", "2.0"])
@pytest.mark.parametrize("compression", ["none", "snappy", "zstd"])
@pytest.mark.parametrize("dictionary", [True, False])
def test_pages_are_as_large_as_they_say(
    tmp_path: Path, version: str, compression: str, dictionary: bool
) -> None:
    """The list of contents says the same of a file that does not lie, with the pages' headers."""
    texts = [f"第{n % 50}篇。" * (n % 7) for n in range(20_000)]
    columns = {"text": texts, "n": range(20_000), "list": [[text, None] for text in texts]}
    pyarrow.parquet.write_table(
        pa.table({name: pa.array(values) for name, values in columns.items()}),
        tmp_path / "a.parquet",
        compression=compression,
        data_page_version=version,
        use_dictionary=dictionary,
        data_page_size=10_000,
        write_page_checksum=True,
    )
    listed = pyarrow.parquet.read_metadata(tmp_path / "a.parquet").row_group(0)
    with (tmp_path / "a.parquet").open("rb") as stream:
        [group] = groups_of(stream)
        assert (group.rows, len(group.columns)) == (20_000, listed.num_columns)
        for number, (start, length) in enumerate(group.columns):
            column = listed.column(number)
            assert start == (column.dictionary_page_offset or column.data_page_offset)
            assert length == column.total_compressed_size
            pages = pages_of(stream, start, length)
            assert pages.values == column.num_values
            assert bool(pages.dictionary) == column.has_dictionary_page
            headers = column.total_uncompressed_size - pages.total - pages.dictionary
            assert 0 < headers < 5000
            assert pages.largest < 50_000


def test_a_parquet_file_that_contradicts_itself_ends_no_process(tmp_path: Path) -> None:
    """Arrow's reader of the list of contents does, where a histogram has a number too many."""
    path = tmp_path / "a.parquet"
    table = pa.table({"sections": [[{"heading": "题", "paragraphs": ["甲。"]}]]})
    pyarrow.parquet.write_table(table, path)
    whole = path.read_bytes()
    length = int.from_bytes(whole[-8:-4], "little")
    for at in range(len(whole) - 8 - length, len(whole) - 8):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x10]) + whole[at + 1 :])
        for _, text in said(tmp_path):
            assert "Error" not in text


def nested(path: Path, inner: Any, **how: Any) -> None:
    """A Parquet file of one article with one section."""
    paragraphs = pa.ListArray.from_arrays(pa.array([0, len(inner)], pa.int32()), inner)
    section = pa.StructArray.from_arrays([pa.array(["题"]), paragraphs], ["heading", "paragraphs"])
    sections = pa.ListArray.from_arrays(pa.array([0, 1], pa.int32()), section)
    pyarrow.parquet.write_table(pa.table({"sections": sections}), path, **how)


def test_lists_in_parquet_that_are_small_only_in_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nulls, texts that stand once in a dictionary, and texts with the same beginning."""
    nested(tmp_path / "a.parquet", pa.array([BIG] * 40))
    monkeypatch.setattr(parquet, "_MOST_OF_LISTS", 20 * MB)
    nested(tmp_path / "b.parquet", pa.nulls(2_000_000, pa.string()))
    delta = {"use_dictionary": False, "column_encoding": "DELTA_BYTE_ARRAY"}
    nested(tmp_path / "c.parquet", pa.array([f"{'好' * 9000}{n}" for n in range(2000)]), **delta)
    (_, many), (_, nulls), (_, same) = said(tmp_path)
    assert many.startswith("more than 16,777,216 bytes, which is all that one article may have")
    assert nulls.startswith("rows 1 to 1 cannot be read: 32,000,")
    assert same.startswith("rows 1 to 1 cannot be read: ")
    assert (tmp_path / "c.parquet").stat().st_size < 200_000


def test_rows_in_parquet_that_share_their_beginnings(tmp_path: Path) -> None:
    pyarrow.parquet.write_table(
        pa.table({"text": [f"{BIG}{n}" for n in range(9)]}),
        tmp_path / "a.parquet",
        use_dictionary=False,
        column_encoding={"text": "DELTA_BYTE_ARRAY"},
    )
    assert (tmp_path / "a.parquet").stat().st_size < MB
    assert [id for id, _ in said(tmp_path)] == [f"a.parquet:{n + 1}" for n in range(9)]


def bombs(folder: Path) -> Iterator[str]:
    """Files that are quickly made and ask for a lot; how the failures of each begin."""
    part = gzip.compress(b"a" * MB)
    long = gzip.compress(b'{"text": "a."}\n{"text": "') + 80 * part
    (folder / "line.jsonl.gz").write_bytes(long + gzip.compress(b'"}\n{"text": "b."}\n'))
    yield "line.jsonl.gz:2 more than 2,097,152 bytes"
    blank = gzip.compress(b"\n" * (16 * MB))
    (folder / "blank.jsonl.gz").write_bytes(gzip.compress(b'{"text": "a."}') + 8 * blank)
    yield "blank.jsonl.gz:* cannot be read from here on: what it holds is longer than 104,857,600"
    for name, id in (("a.txt", "a.txt"), ("b.html", "b.html"), ("c.jsonl", "c.jsonl:1")):
        (folder / name).touch()
        os.truncate(folder / name, 80 * MB)
        yield f"{id} more than 2,097,152 bytes"
    (folder / "cell.csv").write_bytes(b"text\n" + b"a" * (50 * MB) + b"\nb.\n")
    yield "cell.csv:2 more than 2,097,152 bytes"
    (folder / "quote.csv").write_bytes(b'text\na.\n"' + b"bcdefgh\n" * (2 * MB))
    yield "quote.csv:3 a quotation mark opens a cell here that does not end"
    book(folder / "far.xlsx", [FAR])
    yield "far.xlsx:2000000000 row 2,000,000,000, and a sheet has 1,048,576"
    inside = ["<row><c t='inlineStr'><is><t>", *["a" * MB] * 40, "</t></is></c></row>"]
    book(folder / "cell.xlsx", inside)
    yield "cell.xlsx:2 more than 2,097,152 bytes"
    shared = [f"<sst xmlns='{MAIN}'><si><t>", "啊" * (MB // 2), "</t></si></sst>"]
    book(folder / "shared.xlsx", ['<row><c t="s"><v>0</v></c></row>' * 5000], shared)
    yield "shared.xlsx:* cannot be read from here on: what it holds is longer than 104,857,600"
    document(folder / "long.docx", paragraph(*["a" * MB] * 40))
    yield "long.docx more than 2,097,152 bytes"
    document(folder / "many.docx", ["<w:p/>" * MB] * 4)
    yield "many.docx more than 2,097,152 bytes"
    column = pa.DictionaryArray.from_arrays(pa.array([0] * 3000, pa.int32()), pa.array([BIG]))
    pyarrow.parquet.write_table(
        pa.table({"text": column}), folder / "shared.parquet", store_schema=False
    )
    yield "shared.parquet:1 more than 2,097,152 bytes"
    rows = pa.table({"text": ["a.", "x" * (130 * MB)]})
    pyarrow.parquet.write_table(rows, folder / "cell.parquet", compression="zstd")
    yield "cell.parquet:1 rows 1 to 2 cannot be read: "


RUN: Final = """
import resource, sys
from policynlp.files import items
items._ALWAYS_READ = 2 << 20
items.MOST_UNPACKED = 100 << 20
resource.setrlimit(resource.RLIMIT_AS, (8 << 30, 8 << 30))
from policynlp.cli import main
codes = [main(line.split()) for line in sys.argv[1:]]
with open("/proc/self/status") as status:
    peak = status.read().partition("VmHWM:")[2].split()[0]
print(*codes, int(peak) >> 10)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="measures memory as Linux does")
def test_a_run_over_bombs_takes_little_memory(tmp_path: Path) -> None:
    inputs = tmp_path / "in"
    inputs.mkdir()
    expected = list(bombs(inputs))
    commands = [
        f"score {inputs} -o {tmp_path}/out.jsonl --keep-columns --max-chars 1000 --quiet",
        f"score {inputs} -o - --dry-run --max-chars 1000 --quiet",
        f"analyze {inputs}/line.jsonl.gz",
        f"clean {inputs}/a.txt",
        f"digest {inputs}/cell.xlsx {inputs}/cell.parquet -o {tmp_path}/digest.md",
    ]
    done = subprocess.run(
        [sys.executable, "-c", RUN, *commands], capture_output=True, text=True, check=False
    )
    *codes, peak = map(int, done.stdout.split())
    assert codes == [3, 3, 1, 1, 3], done.stderr
    assert peak < 250, f"{peak} MB"
    with (tmp_path / "out.jsonl.failures.csv").open(encoding="utf-8-sig", newline="") as stream:
        failures = [f"{row['id']} {row['reason']}" for row in csv.DictReader(stream)]
    for begins in expected:
        id, _, reason = begins.partition(" ")
        name = id.rstrip("*")
        assert any(f.startswith(name) and f" {reason}" in f for f in failures), begins


def test_the_limit_of_the_command_line_is_that_of_the_library(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["score", "--help"]) == 0
    most = Reading().max_chars
    assert f"(default: {most:,})" in " ".join(capsys.readouterr().out.split())


def test_any_limit_may_be_raised(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes("字".encode() * (6 * MB))
    [(_, reason)] = said(tmp_path)
    assert reason.startswith("more than 16,777,216 bytes")
    [(_, text)] = said(tmp_path, Reading(max_chars=7 * MB))
    assert len(text) == 6 * MB


def test_articles_without_a_limit_of_characters(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes("字".encode() * (2 * MB))
    reading: Any = Reading(max_chars=None)
    assert reading.max_bytes == 16 * MB
    assert len(said(tmp_path, reading)[0][1]) == 2 * MB
