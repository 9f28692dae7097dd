"""Files, encodings and rows."""

import gzip
import io
import json
import os
import zipfile
from pathlib import Path

import pytest

from policynlp.article import Failure
from policynlp.errors import InputError
from policynlp.files.decode import decode
from policynlp.files.find import find_inputs
from policynlp.files.items import InputArticle, make_article
from policynlp.files.read import read_inputs
from policynlp.messages import CHINESE, speaking

SIMPLIFIED = (
    "云溪县把科技创新摆在发展全局的核心位置，支持龙头企业牵头组建创新联合体。今年以来，全县新建"
    "研发平台十二个，攻克关键技术三十余项，高新技术企业达到八十六家。下一步，将继续深化改革、"
    "扩大开放，推动传统产业数字化转型，加快重点项目建设，让更多成果惠及群众。"
)
TRADITIONAL = (
    "雲溪縣把科技創新擺在發展全局的核心位置，支持龍頭企業牽頭組建創新聯合體。今年以來，全縣新建"
    "研發平臺十二個，攻克關鍵技術三十餘項，高新技術企業達到八十六家。下一步，將繼續深化改革、"
    "擴大開放，推動傳統產業數字化轉型，加快重點項目建設，讓更多成果惠及群眾。"
)
ENGLISH = "A county opens a plant.\r\nIt is the first of its kind.\n"


def read(*paths: Path | str, stdin: bytes = b"") -> list[InputArticle | Failure]:
    return list(read_inputs(find_inputs(map(str, paths)), stdin=io.BytesIO(stdin)))


def reasons(found: list[InputArticle | Failure]) -> list[str]:
    return [entry.reason for entry in found if isinstance(entry, Failure)]


def texts(found: list[InputArticle | Failure]) -> list[str]:
    return [entry.record.text for entry in found if isinstance(entry, InputArticle)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030", "gbk", "gb2312"])
@pytest.mark.parametrize("text", [SIMPLIFIED, SIMPLIFIED[:9], ENGLISH, "云溪\r\n县\r村。"])
def test_simplified_text_in_every_encoding(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding), place="a.txt") == text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "big5", "cp950"])
@pytest.mark.parametrize("text", [TRADITIONAL, TRADITIONAL[:12], TRADITIONAL[60:]])
def test_traditional_text_in_every_encoding(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding), place="a.txt") == text


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_rare_names_in_common_text(encoding: str) -> None:
    text = SIMPLIFIED + "记者：喆淼、昇燚、犇骉、垚焱。"
    assert decode(text.encode(encoding), place="a.txt") == text
    assert decode("燚喆".encode(), place="a.txt") == "燚喆"


@pytest.mark.parametrize(
    "data",
    [
        "Résumé naïve café à la carte".encode("latin-1"),
        "“Smart quotes” — and a dash".encode("cp1252"),
        SIMPLIFIED.encode("utf-16-le"),
        ENGLISH.encode("utf-16-le"),
        SIMPLIFIED.encode("utf-32"),
        b"\xef\xbb\xbf" + SIMPLIFIED.encode("gb18030"),
        "これは日本語の文章です。東京都は新しい計画を発表した。".encode("shift_jis"),
        SIMPLIFIED.encode().decode("gb18030", "replace").encode(),
        SIMPLIFIED.encode().decode("latin-1").encode(),
        bytes(range(256)) * 4,
        b"\x00\x01\x02\x03" * 50,
    ],
)
def test_noise_is_refused(data: bytes) -> None:
    with pytest.raises(InputError, match=r"^a\.txt: unknown encoding .*; save it as UTF-8$"):
        decode(data, place="a.txt")


def test_folders_are_walked_in_order(tmp_path: Path) -> None:
    for name in ["b.txt", "a/z.txt", "a/y/x.MD", "c.text", ".hidden/d.txt", "~$e.txt", ".f.txt"]:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(SIMPLIFIED, encoding="utf-8")
    found = read(tmp_path)
    assert [entry.id for entry in found] == ["a/y/x.MD", "a/z.txt", "b.txt", "c.text"]
    assert found[0].place == (tmp_path / "a/y/x.MD").as_posix()
    assert [entry.id for entry in read(tmp_path / "*.txt", tmp_path / "a")] == [
        *("b.txt", "y/x.MD", "z.txt")
    ]


def test_ids_of_named_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "news").mkdir()
    (tmp_path / "news/a.txt").write_text("甲。", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert [entry.id for entry in read("news/a.txt", tmp_path / "news/a.txt", "news")] == [
        *("news/a.txt", "a.txt", "a.txt")
    ]


def test_missing_inputs_are_an_error_at_once() -> None:
    with pytest.raises(InputError, match=r"nowhere\.txt: there is no such file or folder"):
        find_inputs(["nowhere.txt"])
    with pytest.raises(InputError, match=r"nowhere/\*\.txt: no file or folder matches"):
        find_inputs(["nowhere/*.txt"])


def test_text_is_kept_as_it_is(tmp_path: Path) -> None:
    text = "第一行。\r\n第二行。\r第三行。\n\u2028末行。"
    (tmp_path / "a.txt").write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert texts(read(tmp_path)) == [text]


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("a.pdf", "pdftotext"),
        ("a.doc", "--convert-to docx"),
        ("a.WPS", "save it as .docx or .txt"),
        ("a.xls", "--convert-to xlsx"),
        ("a.docx", "cannot be read: "),
        ("a.xlsx", "cannot be read: "),
        ("a.parquet", "is no Parquet file, or a damaged one"),
        ("a.json", "one object a line"),
        ("a.txt.gz", "unpack it"),
        ("a.xyz", ".xyz is not read: convert it to .txt, .jsonl or .csv"),
        ("a", "a file without an extension is not read"),
    ],
)
def test_other_files_are_failures_with_advice(tmp_path: Path, name: str, advice: str) -> None:
    (tmp_path / name).write_bytes(b"x")
    [failure] = read(tmp_path)
    assert isinstance(failure, Failure)
    assert (failure.id, failure.stage) == (name, "read")
    assert advice in failure.reason


@pytest.mark.parametrize("name", ["a.txt", "a.html", "a.jsonl", "a.csv"])
@pytest.mark.parametrize(
    ("start", "said"),
    [
        (b"%PDF-1.4\n1 0 obj\n", ".pdf: extract its text to .txt, for example with: pdftotext"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", ".doc, .xls, .wps: open it in Word, Excel or WPS"),
        (b"PK\x03\x04\x14", ".docx, .xlsx, .zip: give it its own extension again"),
        (b"\x1f\x8b\x08", ".gz: unpack it"),
        (b"{\\rtf1\\ansi text}", ".rtf: save it as .docx or .txt"),
    ],
)
def test_a_file_that_was_called_text_is_known_by_its_first_bytes(
    tmp_path: Path, name: str, start: bytes, said: str
) -> None:
    (tmp_path / name).write_bytes(start + b"\ntext\n" * 3)
    [reason] = reasons(read(tmp_path))
    assert reason.startswith(f"is not text but {said}")


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege on Windows")
def test_empty_and_unreadable_files_are_failures(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"")
    (tmp_path / "b.txt").write_bytes(b"\xef\xbb\xbf \r\n\xe3\x80\x80")
    (tmp_path / "c.txt").symlink_to(tmp_path / "gone.txt")
    (tmp_path / "d.txt").mkdir()
    (tmp_path / "e.csv").write_bytes(b"")
    (tmp_path / "f.jsonl").write_bytes(b"")
    assert reasons(read(tmp_path)) == [
        "the text is empty",
        "the text is empty",
        "cannot be read: No such file or directory",
        "the first row must hold the names of the columns",
    ]


def test_a_file_without_an_extension_in_chinese(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x")
    with speaking(CHINESE):
        [reason] = reasons(read(tmp_path))
    assert reason == "不支持读取没有扩展名的文件：请转换为 .txt、.jsonl 或 .csv"


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege on Windows")
def test_a_link_to_a_folder_is_followed_only_where_it_is_named(tmp_path: Path) -> None:
    inputs, elsewhere = tmp_path / "in", tmp_path / "elsewhere"
    for folder in (inputs, elsewhere):
        folder.mkdir()
    (elsewhere / "a.txt").write_text(SIMPLIFIED, encoding="utf-8")
    (inputs / "round.txt").symlink_to(inputs)
    link = inputs / "there"
    link.symlink_to(elsewhere)
    said = "is a link to a folder, and such links are not followed: name the folder itself"
    assert reasons(read(inputs)) == [said] * 2
    assert texts(read(link)) == [SIMPLIFIED]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_that_nobody_writes_to_is_a_failure(tmp_path: Path) -> None:
    for name in ("a.txt", "b.jsonl"):
        os.mkfifo(tmp_path / name)
    (tmp_path / "c.txt").write_text(SIMPLIFIED, encoding="utf-8")
    assert (
        reasons(read(tmp_path))
        == ["is a pipe or a device, not a file: send what it gives to standard input, -"] * 2
    )


LINES = [
    '{"id": "x1", "text": "甲。"}',
    "",
    '{"text": "乙。", "title": "题"}',
    '{"text": "丙。"',
    '["丁"]',
    '{"text": 5}',
    '{"text": " "}',
    '{"id": 8, "sections": [{"heading": "题", "paragraphs": ["戊。"]}]}',
]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_lines(tmp_path: Path, encoding: str, newline: str) -> None:
    (tmp_path / "a.jsonl").write_bytes(newline.join(LINES).encode(encoding))
    found = read(tmp_path / "a.jsonl")
    assert [entry.id for entry in found] == [
        *("x1", "a.jsonl:3", "a.jsonl:4", "a.jsonl:5", "a.jsonl:6", "a.jsonl:7", "8")
    ]
    assert found[2].place == (tmp_path / "a.jsonl").as_posix() + ":4"
    assert reasons(found) == [
        "not valid JSON: Expecting ',' delimiter at column 14",
        'each line must be an object such as {"id": …, "text": …}',
        '"text" must be a string, found the number 5',
        "the text is empty",
    ]
    assert texts(found)[:2] == ["甲。", "乙。"]


def test_a_line_is_decoded_by_itself(tmp_path: Path) -> None:
    lines = [
        json.dumps({"text": SIMPLIFIED}, ensure_ascii=False).encode(),
        json.dumps({"text": SIMPLIFIED}, ensure_ascii=False).encode("gb18030"),
        b'{"text": "\xff\xff"}',
        json.dumps({"text": TRADITIONAL}, ensure_ascii=False).encode("big5"),
        json.dumps({"text": SIMPLIFIED}).encode(),
    ]
    (tmp_path / "a.jsonl").write_bytes(b"\n".join(lines))
    found = read(tmp_path / "a.jsonl")
    assert texts(found) == [SIMPLIFIED, SIMPLIFIED, TRADITIONAL, SIMPLIFIED]
    assert isinstance(found[2], Failure)
    assert found[2].stage == "decode"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("[" * 100_000, "not valid JSON: nested too deep"),
        ('{"id": ' + "9" * 5000 + "}", "not valid JSON: a number has too many digits"),
        ('{"text": "a.", "title": {}}', '"title" must be a string'),
        ("NaN", "each line must be an object"),
    ],
)
def test_strange_lines_are_failures(tmp_path: Path, line: str, reason: str) -> None:
    (tmp_path / "a.jsonl").write_text(line + '\n{"text": "b.", "id": NaN}', encoding="utf-8")
    found = read(tmp_path)
    assert isinstance(found[0], Failure)
    assert found[0].reason.startswith(reason)
    assert texts(found) == ["b."]


def test_damaged_files_are_called_so(tmp_path: Path) -> None:
    for name in ("a.docx", "b.xlsx"):
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            archive.writestr("x.txt", "x")
    (tmp_path / "c.jsonl.gz").write_bytes(b"no zip")
    (tmp_path / "d.parquet").write_bytes(b"PAR1" + b"x" * 100 + b"\x10\x00\x00\x00PAR1")
    damaged = "cannot be read: it is damaged, locked with a password or of another kind; "
    assert reasons(read(tmp_path)) == [
        *[damaged + "get it again or save it anew"] * 3,
        "is no Parquet file, or a damaged one; get the file again",
    ]


def test_zipped_lines(tmp_path: Path) -> None:
    lines = [json.dumps({"text": os.urandom(3000).hex()}) for _ in range(50)]
    data = gzip.compress("\n".join(lines).encode())
    (tmp_path / "a.jsonl.gz").write_bytes(data)
    assert len(texts(read(tmp_path))) == 50
    (tmp_path / "a.jsonl.gz").write_bytes(data[: len(data) // 2])
    found = read(tmp_path)
    assert 10 < len(texts(found)) < 50
    assert "cannot be read from here on" in reasons(found)[-1]
    (tmp_path / "a.jsonl.gz").write_bytes(data[:5000] + b"noise" + data[5005:])
    assert "cannot be read from here on" in reasons(read(tmp_path))[-1]
    (tmp_path / "a.jsonl.gz").write_bytes(b"no zip")
    assert len(reasons(read(tmp_path))) == 1


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_tables(tmp_path: Path, encoding: str) -> None:
    rows = (
        '编号,标题,正文\r\n1,题,"第一行，\n""二""行。"\r\n\r\n,题,乙。\r\n3,题\r\n4,题,丁。,,\r\n'
    )
    (tmp_path / "a.csv").write_bytes(rows.encode(encoding))
    found = read(tmp_path / "a.csv")
    assert texts(found) == ['第一行，\n"二"行。', "乙。", "丁。"]
    assert [entry.id for entry in found] == ["1", "a.csv:4", "3", "4"]
    assert found[1].place.endswith("a.csv:4")
    assert reasons(found) == ["the text is empty"]


def test_big5_table(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(f"標題,正文\n題,{TRADITIONAL}\n".encode("big5"))
    assert texts(read(tmp_path)) == [TRADITIONAL]


@pytest.mark.parametrize(
    ("name", "header", "row"),
    [("a.tsv", "题名\t内容", "题\t甲,乙。"), ("a.csv", "题名;内容", "题;甲,乙。")],
)
def test_other_delimiters(tmp_path: Path, name: str, header: str, row: str) -> None:
    (tmp_path / name).write_text(f"{header}\n{row}\n", encoding="utf-8")
    assert texts(read(tmp_path)) == ["甲,乙。"]


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        ("题名,作者\n甲,乙\n", "nothing is called text, content"),
        ("正文,内容\n甲,乙\n", '"正文" and "内容" could each be the text'),
        ("text,text\n甲,乙\n", 'two columns are called "text"'),
        ("id,text\n1,甲,乙\n", "3 cells in a table of 2 columns"),
        ('id,text\n1,"甲"乙"\n', "double the quotation marks inside of cells"),
        ('id,text\n1,"甲\n2,乙\n', "a quotation mark opens a cell here that never ends"),
    ],
)
def test_bad_tables(tmp_path: Path, table: str, reason: str) -> None:
    (tmp_path / "a.csv").write_text(table, encoding="utf-8")
    found = read(tmp_path)
    assert reason in reasons(found)[0]


def test_rows_after_a_bad_one_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('text\n"甲"乙\n丙。\n', encoding="utf-8")
    found = read(tmp_path)
    assert texts(found) == ["丙。"]
    assert [entry.id for entry in found] == ["a.csv:2", "a.csv:3"]


def test_a_very_long_cell(tmp_path: Path) -> None:
    text = SIMPLIFIED * 3000
    (tmp_path / "a.csv").write_text(f"text\n{text}\n", encoding="utf-8")
    assert texts(read(tmp_path)) == [text]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_stdin_text(encoding: str) -> None:
    text = "\n\n" + SIMPLIFIED
    found = read("-", stdin=text.encode(encoding))
    assert (texts(found), found[0].id) == ([text], "stdin")


@pytest.mark.parametrize("before", [b"", b"\xef\xbb\xbf", b"\n \n"])
def test_stdin_lines(before: bytes) -> None:
    found = read("-", stdin=before + b'{"text": "a."}\n{"text": "b."}\n')
    assert texts(found) == ["a.", "b."]
    last = 2 + before.count(b"\n")
    assert found[-1].id == f"stdin:{last}"


def test_articles_are_made_of_records(tmp_path: Path) -> None:
    line = {
        "text": f"题目\n{SIMPLIFIED}",
        "title": "题目",
        "日期": "2024/3/5 08:30",
        "作者": " 张三 ",
    }
    (tmp_path / "a.jsonl").write_text(json.dumps(line), encoding="utf-8")
    [entry] = read(tmp_path)
    assert isinstance(entry, InputArticle)
    article = make_article(entry.record)
    assert (article.id, article.title) == ("a.jsonl:1", "题目")
    assert (article.published, article.author) == ("2024-03-05", "张三")
    body = [article.text[p.start : p.end] for s in article.sections for p in s.paragraphs]
    assert body == [SIMPLIFIED]


def test_divided_articles_stay_divided(tmp_path: Path) -> None:
    sections = [
        {"heading": "", "paragraphs": ["导语。"]},
        {"heading": "一、题", "paragraphs": ["甲。\n乙。", "", "责任编辑：李四"]},
        {"heading": "空", "paragraphs": []},
    ]
    (tmp_path / "a.jsonl").write_text(json.dumps({"sections": sections}), encoding="utf-8")
    [entry] = read(tmp_path)
    assert isinstance(entry, InputArticle)
    article = make_article(entry.record)
    assert [
        {
            "heading": article.text[slice(*s.heading)] if s.heading else "",
            "paragraphs": [article.text[p.start : p.end] for p in s.paragraphs],
        }
        for s in article.sections
    ] == sections


def test_a_workbook_may_have_lines_above_its_columns(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for row in [["清溪县要闻"], [], ["编号", "正文"], ["n1", SIMPLIFIED], ["", ENGLISH]]:
        book.active.append(row)
    notes = book.create_sheet("说明")
    notes.append(["甲", "乙"])
    book.create_sheet("空")
    book.save(tmp_path / "a.xlsx")
    found = read(tmp_path / "a.xlsx")
    assert [entry.id for entry in found] == ["n1", "a.xlsx:5", "a.xlsx:说明"]
    assert texts(found) == [SIMPLIFIED, ENGLISH]
    assert "no row from 1 to 5 names the columns: nothing is called" in reasons(found)[0]


@pytest.mark.parametrize("end", [SIMPLIFIED.encode()[:-1], SIMPLIFIED.encode() + b"\xff"])
def test_damage_at_the_end_is_called_so(tmp_path: Path, end: bytes) -> None:
    whole = len(SIMPLIFIED.encode())
    at = whole if len(end) > whole else whole - 3
    for name in ("a.txt", "b.csv"):
        (tmp_path / name).write_bytes(end)
    wanted = f"UTF-8, but cut off or damaged at byte {at}; "
    assert [reason.startswith(wanted) for reason in reasons(read(tmp_path))] == [True, True]
