"""Hostile text through every command: nothing that a medium obeys reaches it."""

import csv
import html
import io
import json
import os
import re
import sys
import unicodedata
from collections.abc import Callable, Iterator
from itertools import cycle
from pathlib import Path

import openpyxl
import pytest

from html_tags import Tags
from policynlp import escaping
from policynlp.cli import main
from policynlp.cli.screen import give_bytes
from policynlp.messages import LANGUAGES
from policynlp.training.train import train

# What an attacker would put into a file's name, a title, a column, a theme or a label.
HOSTILE = {
    "colour": "\x1b[31m红\x1b]0;窗口\x07",
    "controls": "\x9b31m一\x85二\x7f三\x08四",
    "direction": "\u202e左\u2066右\u2069\u200f",
    "lines": "a\u2028b\u2029c\x0bd\x0ce\x1cf",
    "forged": "a\nfailed: 伪造\r伪造",
    "hidden": "政\u200b务\u2060\ufeff\u00ad\U000e0041\u3164",
    "halves": "\ud800半\udc80",
    "element": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "link": "[x](javascript:alert(1))![y](http://e.example) <http://e.example>",
    "markup": "`c` **b** _e_ ~~s~~ | # h &lt;b&gt; &#106; {: onclick=x} $x$",
    "address": "https://e.example www.e.example a@e.example",
    "formula": "=cmd|'/C calc'!A1",
    "behind": " \u200b=1+1",
}
BODY = "柳溪县实施科技创新工程，建成三家实验室，项目建设全面提速，政务服务一网通办。"
FORBIDDEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}
Run = Callable[..., str]


def obeyed(text: str) -> set[str]:
    """What a terminal obeys or hides, by Unicode's categories and not by our own list."""
    kept = set("\t\n")
    return {c for c in text if unicodedata.category(c) in FORBIDDEN or c == "\u3164"} - kept


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Give a command in a folder, and return what it printed, which no terminal obeys."""
    monkeypatch.chdir(tmp_path)

    def give(*argv: object, code: int | None = None) -> str:
        ended = main([str(arg) for arg in argv])
        told = "".join(capsys.readouterr())
        assert not obeyed(told), (argv, obeyed(told))
        assert not [line for line in told.splitlines() if line.startswith("failed: 伪造")]
        assert "Traceback" not in told
        assert code is None or ended == code, told
        return told

    return give


def name_of(text: str, suffix: str) -> str:
    """A file's name with ``text`` in it, as a system allows it."""
    name = text.replace("/", "∕").replace("\ud800", "")
    return f"{name}{suffix}"


def names(suffix: str) -> list[str]:
    return [name_of(text, suffix) for text in HOSTILE.values()]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Articles whose files are called so, some of which cannot be read, and lines that say so."""
    if os.name == "nt":
        pytest.skip("Windows has no such names")
    news = tmp_path / "news"
    news.mkdir()
    for text in HOSTILE.values():
        (news / name_of(text, ".txt")).write_text(f"{BODY}\n", encoding="utf-8")
        (news / name_of(text, ".pdf")).write_bytes(b"%PDF")
    lines = [record_of(text) for text in HOSTILE.values() for _ in (1, 2)]
    (news / "a.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    return news


def record_of(text: str) -> dict[str, object]:
    """An article that has ``text`` wherever there can be text."""
    fields = ("id", "title", "source", "author", "url")
    paragraphs = [f"{text}{BODY}", f"{BODY}{text}"]
    sections = [{"heading": text, "paragraphs": paragraphs}, {"heading": "", "paragraphs": [BODY]}]
    kept = "".join(c for c in text if c not in "\ud800\udc80")
    return dict.fromkeys(fields, text) | {"sections": sections, kept: kept}


@pytest.mark.parametrize("kind", ["jsonl", "csv", "xlsx", "parquet"])
def test_scoring_names_what_failed_and_what_repeats(run: Run, folder: Path, kind: str) -> None:
    out = name_of(HOSTILE["colour"] + HOSTILE["forged"], f".{kind}")
    told = run("score", "news", "-o", out, "--keep-columns")
    assert r"failed: news/\x1b[31m红" in told
    assert "(2 times)" in told
    assert r"written to \u001b[31m红" in told
    assert r"a\nfailed: 伪造\r伪造" in told
    assert "left alone" in run("score", "news", "-o", out, "--keep-columns")
    run("score", "news", "-o", out)
    run("score", "news", "-o", "out.jsonl", "--dry-run")


def test_cells_are_no_formulas(run: Run, folder: Path) -> None:
    run("score", "news", "-o", "out.csv", "--keep-columns")
    run("score", "news", "-o", "out.xlsx", "--keep-columns")
    for name in ("out.csv", "out.csv.failures.csv", "out.xlsx.failures.csv"):
        with Path(name).open(encoding="utf-8-sig", newline="") as stream:
            assert not [cell for row in csv.reader(stream) for cell in row if is_formula(cell)]
    book = openpyxl.load_workbook("out.xlsx")
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert not [c.coordinate for c in cells if c.data_type == "f" or is_formula(str(c.value or ""))]
    titles = {row[1].value for row in book.worksheets[1].iter_rows(min_row=2)}
    assert f"'{HOSTILE['formula']}" in titles
    assert HOSTILE["element"] in titles


def is_formula(cell: str) -> bool:
    number = re.fullmatch(r"[-+]?[\d.]+(e[-+]?\d+)?", cell)
    return cell.lstrip(" \u200b\ufeff")[:1] in tuple("=+-@\t\r") and bool(cell) and not number


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_errors_name_what_is_wrong(run: Run, tmp_path: Path, text: str) -> None:
    commands = (
        ("analyze", text),
        ("clean", text),
        ("digest", text),
        ("report", text, "-o", "r.html"),
        ("report", text, "-o", text),
        ("review", text, "-o", "s.xlsx"),
        ("review", "--import", text, "-o", "corpus"),
        ("review", "--compare", text, text),
        ("train", text, "-o", "m"),
        ("train", "corpus", "-o", text, "--against", text),
        ("evaluate", text, text),
        ("models", text),
        ("theme", "new", text, "--definition", "d", "--seed-terms", "t", "--articles", text),
        ("theme", "new", "甲", "--definition", text, "--seed-terms", text, "-o", "f"),
        ("theme", "next", text, "--articles", text),
        ("theme", "done", text),
        ("score", text, "-o", "o.jsonl"),
        ("score", "a.jsonl", "-o", text),
        ("score", "--merge", "all.jsonl", text),
        ("score", "a.jsonl", "-o", "o.jsonl", "--threshold", text),
        ("score", "a.jsonl", "-o", "o.jsonl", "--threshold", f"{text}=0.5"),
        ("score", "a.jsonl", "-o", "o.jsonl", "--theme", text),
        ("score", "a.jsonl", "-o", "o.jsonl", "--jobs", text),
        ("score", "a.jsonl", "-o", "o.jsonl", "--model", text),
        ("score", "a.jsonl", "-o", "o.jsonl", "--engine", "spark", "--master", text),
        ("score", "a.jsonl", "-o", "o.jsonl", f"--{text}"),
        (text,),
        ("models", f"--{text}"),
    )
    for command, language in zip(commands, cycle(LANGUAGES), strict=False):
        assert run(*command, "--lang", language).count("\n") == 1


def test_columns_are_named_in_errors(run: Run, tmp_path: Path) -> None:
    for i, text in enumerate(HOSTILE.values()):
        with (tmp_path / f"{i}.csv").open("w", encoding="utf-8", errors="replace") as stream:
            csv.writer(stream).writerows([[text, f"{text}2"], [BODY, text]])
    assert r"\u001b[31m红" in run("score", "*.csv", "-o", "o.jsonl", code=3)
    for i, text in enumerate(HOSTILE.values()):
        run("score", f"{i}.csv", "-o", "o.jsonl", "--overwrite", "--text-column", text)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_pages_are_shown(run: Run, tmp_path: Path, text: str) -> None:
    record = json.dumps(record_of(text))
    (tmp_path / "a.jsonl").write_text(record, encoding="utf-8")
    text = text.replace("\n", " ")  # Lines of a page are lines on the screen.
    page = f"{text}标题\n来源：{text}\n{text}{BODY}\n{BODY}{text}\n版权所有{text}\n"
    (tmp_path / "a.txt").write_bytes(page.encode("utf-8", "replace"))
    for path in ("a.jsonl", "a.txt"):
        for command in (("analyze", path), ("clean", path, "--show-removed")):
            assert BODY[:8] in run(*command)


def test_our_own_colours_stay(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "a.jsonl"
    page.write_text(json.dumps(record_of(HOSTILE["colour"])), encoding="utf-8")
    assert main(["analyze", str(page), "--color", "always"]) == 0
    told = capsys.readouterr().out
    assert re.search("\x1b\\[7;3\\dm 科技创新 \\d", told)
    assert not obeyed(re.sub("\x1b\\[(\\d;)?\\d+m", "", told))
    assert "\x1b[31m红" not in told


def test_digests_hold_no_markup(run: Run, folder: Path) -> None:
    told = run("digest", "news", "--length", "9000", code=3)
    run("digest", "news", "--length", "9000", "-o", "d.md", code=3)
    run("digest", "news", "--length", "9000", "-o", "d.json", code=3)
    written = Path("d.md").read_text(encoding="utf-8")
    assert told.startswith(written)
    assert not markup_in(written)
    points = [
        p for group in json.loads(Path("d.json").read_bytes())["themes"] for p in group["points"]
    ]
    shown = [shown_by(line[2:]) for line in written.splitlines() if line.startswith("- ")]
    assert len(shown) == len(points) > 5
    for point, line in zip(points, shown, strict=True):
        assert line.startswith(" ".join(escaping.seen(point["text"]).split()))


def markup_in(text: str) -> list[str]:
    """What a reader of Markdown would take for more than text, line by line."""
    found = []
    for line in text.splitlines():
        bare = re.sub(r"\\[!-/:-@\[-`{-~]", "", re.sub(r"^(- |##? )", "", line))
        found += re.findall(r"[`*_\[\]{}|<~^$\\]|://|www\.|@\w|==|&(?!(?:lt|gt|amp);)#?\w+;", bare)
        found += re.findall(r"^(?:[#>]|[-+][ -]|\d+[.)] )", bare)
    return found


def shown_by(line: str) -> str:
    """What a reader of Markdown shows for a line without markup."""
    return html.unescape(re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", line))


@pytest.mark.parametrize(
    "text",
    [
        *("《甲》：“乙”——丙……（丁）、戊", "同比增长5.2%，1.5倍、3-5家、#5号楼", "A&B公司，5>3"),
        *("“放管服”改革 1.0 版", "2024年1月-6月", "C++、-5℃、+3%"),
    ],
)
def test_ordinary_text_is_the_same_in_markdown(text: str) -> None:
    assert escaping.markdown(text) == text


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("1. 加快建设", r"1\. 加快建设"),
        ("- 甲", r"\- 甲"),
        ("# 甲 #", r"\# 甲 \#"),
        ("> 甲 > 乙", "&gt; 甲 > 乙"),
        ("---", r"\---"),
        ("<b>&amp;</b>", r"&lt;b>&amp;amp;&lt;/b>"),
        ("见http://a.cn", r"见http\://a.cn"),
    ],
)
def test_what_a_line_of_markdown_may_begin_with(text: str, written: str) -> None:
    assert escaping.markdown(text) == written
    assert shown_by(written) == text


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of hostile themes, trained on hostile text; its corpus lies beside it."""
    root = tmp_path_factory.mktemp("hostile")
    themes = [HOSTILE["colour"] + HOSTILE["element"], HOSTILE["direction"] + HOSTILE["link"]]
    texts = ["数字政府云平台一网通办。", "项目开工投资建设厂房。", "村民晒被子，河水退去。"]
    lines = []
    for i in range(48):
        labels = themes[i % 3 : i % 3 + 1]
        text = f"{texts[i % 3]}{list(HOSTILE.values())[i % len(HOSTILE)]}{i}"
        lines.append(
            {
                "id": f"{i}{HOSTILE['colour']}",
                "article": f"{i}{HOSTILE['forged']}",
                "heading": HOSTILE["element"],
                "paragraphs": [{"text": text, "themes": labels}],
                "themes": labels,
                "source": HOSTILE["element"] + HOSTILE["colour"],
            }
        )
    (root / "corpus").mkdir()
    (root / "corpus" / "c.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    train([root / "corpus"], root / "model")
    return root / "model"


def test_models_are_trained_listed_and_measured(run: Run, model: Path, tmp_path: Path) -> None:
    corpus = model.with_name("corpus")
    out = name_of(HOSTILE["colour"] + HOSTILE["forged"], "-model")
    told = run("train", corpus, "-o", out, "--doubts", "doubts.csv", code=0)
    assert r"\u001b[31m红" in told
    run("train", corpus, "-o", "second", "--against", out, "--changes", "c.csv", "--force", code=0)
    assert not markup_in("\n".join(card_cells((tmp_path / out / "README.md").read_text("utf-8"))))
    for listed in (run("models", "."), run("models", out, model)):
        assert r"\u001b[31m红" in listed
    run("evaluate", out, corpus, "--html", "e.html", "--json", "e.json", code=0)
    run("evaluate", out, corpus, code=0)
    tags = Tags(Path("e.html").read_text(encoding="utf-8"))
    assert not tags.links
    assert not {"script", "img"} & set(tags.seen)
    run("score", corpus / "c.jsonl", "-o", "o.jsonl", "--model", out)


def card_cells(card: str) -> Iterator[str]:
    """The first cells of a card's tables, which are themes."""
    for line in card.splitlines():
        if line.startswith("| ") and not line.startswith("| theme"):
            yield re.split(r"(?<!\\)\|", line)[1].strip()


def test_reports_and_sheets_of_hostile_articles(run: Run, folder: Path, model: Path) -> None:
    run("score", "news/a.jsonl", "-o", "out.jsonl", "--with-text", "--model", model)
    run("report", "out.jsonl", "-o", "r.html", "--title", HOSTILE["element"], code=0)
    run("report", "out.jsonl", "-o", name_of(HOSTILE["colour"], ".html"), code=0)
    page = Path("r.html").read_text(encoding="utf-8")
    tags = Tags(page)
    assert "img" not in tags.seen
    assert [link for link in tags.links if link != "#list"] == []
    scripts = re.findall(r"<script([^>]*)>", page)
    assert len([script for script in scripts if "application/json" not in script]) == 1
    for kind in ("xlsx", "csv"):
        sheet = name_of(HOSTILE["colour"] + HOSTILE["forged"], f".{kind}")
        run("review", "out.jsonl", "-o", sheet, "--model", model, code=0)
        filled = fill_in(Path(sheet))
        run("review", "--import", sheet, "-o", "mine", "--reviewer", HOSTILE["colour"], code=0)
        run("review", "--compare", sheet, sheet, code=0)
        if kind == "csv":
            assert not [cell for row in filled for cell in row if is_formula(cell)]


def fill_in(sheet: Path) -> list[list[str]]:
    """Accept every row of a sheet."""
    if sheet.suffix == ".xlsx":
        book = openpyxl.load_workbook(sheet)
        first = book.worksheets[0]
        label = [cell.value for cell in first[1]].index("人工标签")
        for row in first.iter_rows(min_row=2):
            row[label].value = "✓"
        book.save(sheet)
        return []
    rows = list(csv.reader(io.StringIO(sheet.read_text(encoding="utf-8-sig"), newline="")))
    for row in rows[1:]:
        row[rows[0].index("人工标签")] = "✓"
    with sheet.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows(rows)
    return rows


def test_a_theme_of_hostile_articles(run: Run, folder: Path) -> None:
    out = name_of(HOSTILE["colour"] + HOSTILE["forged"], "")
    for i in range(20):
        other = f"村民在第{i}天晒被子，河水退了下去，孩子们都在岸边玩耍。"
        (folder / f"{i}.txt").write_text(other, encoding="utf-8")
    given = ("--definition", HOSTILE["colour"] + "\x7f\udc80", "--seed-terms", "实验室,\x1b[1m")
    assert "a theme's name is a word" in run(
        "theme", "new", HOSTILE["colour"], *given, "--articles", "news", "-o", out
    )
    run("theme", "new", "科研", *given, "--articles", "news", "-o", out, "--csv", code=3)
    fill_in(next(Path(out, "sheets").glob("*.csv")))
    run("theme", "next", out, "--articles", "news", code=1)
    run("theme", "done", out, code=0)


def test_data_keeps_every_byte_but_on_a_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    monkeypatch.chdir(tmp_path)
    lines = [json.dumps(record_of(text)) for text in HOSTILE.values()]
    Path("a.jsonl").write_text("\n".join(lines), encoding="utf-8")
    Path("b.jsonl").write_text(lines[1], encoding="utf-8")
    assert main(["score", "a.jsonl", "-o", "o.jsonl", "--quiet"]) == 0
    command = ["score", "a.jsonl", "-o", "-", "--quiet"]
    assert main(command) == 0
    piped = capsysbinary.readouterr().out
    assert piped == Path("o.jsonl").read_bytes()
    assert obeyed(piped.decode())
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    for shown in (command, [*command, "--format", "csv"], ["analyze", "b.jsonl", "--json"]):
        assert main(shown) == 0
        told = capsysbinary.readouterr().out.decode()
        assert not obeyed(told)
        if shown is command:
            assert list(map(json.loads, told.splitlines())) == json_lines(piped)
    give_bytes(b"\xff\x1b")
    assert capsysbinary.readouterr().out == "\ufffd\\u001b".encode()


def test_nothing_floods_a_screen_but_articles(run: Run, tmp_path: Path) -> None:
    long = "长" * 100_000
    lines = [json.dumps({"id": long, "text": text}) for text in (BODY, "", long)]
    (tmp_path / "a.jsonl").write_text("\n".join(lines), encoding="utf-8")
    (tmp_path / "a.txt").write_text(f"标题\n{long}。\n", encoding="utf-8")
    assert len(run("score", "a.jsonl", "-o", "o.jsonl", code=3)) < 20_000
    assert long in run("clean", "a.txt", code=0)


def json_lines(data: bytes) -> list[object]:
    return [json.loads(line) for line in data.splitlines()]


@pytest.mark.parametrize("text", ["云溪县：向新而行", "a.txt\t甲", "👨‍👩‍👧❤️", "葛󠄀", "　全角　"])
def test_a_terminal_shows_what_is_seen_as_it_is(text: str) -> None:
    assert escaping.terminal(text) == text


def test_cells_that_begin_like_formulas_are_marked() -> None:
    for cell in ("=1", " =1", "\u3000＝1", "\u200b@x", "\x00-1", "\t甲", "\r甲", "＋1"):
        assert escaping.escape_formula(cell) == f"'{cell}"
    for kept in ("甲=1", " 甲", "'=1", "", -5, 1.5):
        assert escaping.escape_formula(kept) == kept


def test_a_page_shows_hostile_text_as_it_is() -> None:
    from policynlp.report.pages import environment

    text = "".join(HOSTILE.values())
    template = environment().from_string('<p title="{{ text }}">{{ text }}</p>')
    page = template.render(text=text)
    assert Tags(page).seen == ["p"]
    assert html.unescape(re.sub(r"<[^>]*>", "", page)) == text
