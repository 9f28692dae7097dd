"""Review sheets: what they hold, what comes back, and what is refused."""

import csv
import json
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from openpyxl import load_workbook

from conftest import ROOT, THEMES
from policynlp import cli
from policynlp.corpus.read import read_corpus
from policynlp.errors import InputError
from policynlp.files.decode import decode
from policynlp.files.workbook import MAX_CELL
from policynlp.review.agreement import Agreement, compare
from policynlp.review.labels import LabelError, read_labels
from policynlp.review.returned import read_sheet
from policynlp.review.rows import Row, read_scored
from policynlp.review.sampling import distances, sample_rows
from policynlp.review.sheets import COLUMNS, HIDDEN, LABEL, write_sheet

_AT = {name: number for number, name in enumerate(COLUMNS, 1)}
Fill = Callable[[Path, Sequence[str | None]], None]


def _run(*argv: object) -> int:
    return cli.main([str(arg) for arg in argv])


def _record(id: str, paragraphs: Sequence[str], *, source: str = "青岭发布") -> dict[str, object]:
    """Make an output record of one section; a paragraph has the themes that it names."""
    text = "\n".join(["抓发展", *paragraphs])
    found, start = [], len("抓发展") + 1
    for paragraph in paragraphs:
        p = {theme: 0.9 if theme in paragraph else 0.1 for theme in THEMES}
        tags = [{"theme": theme, "probability": 0.9} for theme in THEMES if theme in paragraph]
        end = start + len(paragraph)
        part = {"start": start, "end": end, "status": "tagged" if tags else "none"}
        found.append({**part, "themes": tags, "probabilities": p})
        start = end + 1
    evidence = [{"start": 4, "end": 8, "text": text[4:8], "weight": 1.0}]
    abstract: dict[str, object] = {"text": "", "sentences": []}
    section = {
        **{"start": 0, "end": len(text), "level": 1, "status": "tagged", "abstract": abstract},
        "heading": "抓发展",
        "probabilities": dict.fromkeys(THEMES, 0.5),
        "themes": [{"theme": "数字化", "probability": 0.9, "evidence": evidence}],
        "paragraphs": found,
    }
    return {
        "id": id, "title": "青岭县的一年", "source": source, "sections": [section],
        "model": "trial-1", "text": text, "status": "tagged", "themes": [],
        "abstract": abstract, "removed": [],
    }  # fmt: skip


@pytest.fixture
def scored(tmp_path: Path) -> Path:
    """Return output records of three articles, with text that spreadsheets would change."""
    articles = [
        ["=1+1 的数字化平台上线。", "村里修了路。", "科技创新与数字化并进。"],
        ["项目建设提速。", "“@青岭”账号\t有十万人关注。"],
        ["思想解放走在前。", "'-5℃的清晨，工地开了工。"],
    ]
    lines = [json.dumps(_record(f"{i:03}", each)) for i, each in enumerate(articles)]
    path = tmp_path / "out.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def fill_workbook(path: Path, labels: Sequence[str | None]) -> None:
    """Type ``labels`` into the rows of a workbook, in order."""
    book = load_workbook(path)
    for number, label in enumerate(labels, 2):
        book.worksheets[0].cell(number, _AT[LABEL]).value = label
    book.save(path)


def fill_csv(path: Path, labels: Sequence[str | None]) -> None:
    """Type ``labels`` into CSV and save it as Excel does in China."""
    text = decode(path.read_bytes(), place=path.name)
    header, *rows = csv.reader(text.splitlines(keepends=True))
    for row, label in zip(rows, labels, strict=False):
        row[_AT[LABEL] - 1] = label or ""
    with path.open("w", encoding="gb18030", newline="") as stream:
        csv.writer(stream).writerows([header, *rows])


def _texts(path: Path) -> list[str]:
    rows = load_workbook(path).worksheets[0].iter_rows(min_row=2, values_only=True)
    return [str(row[_AT["正文"] - 1]) for row in rows]


@pytest.mark.parametrize(
    ("cell", "labels"),
    [
        ("数字化、科技创新", {"数字化", "科技创新"}),
        ("数字化，科技创新 ；项目建设", {"数字化", "科技创新", "项目建设"}),
        (" 数字化　科技创新\n", {"数字化", "科技创新"}),
        ("数字化|科技创新/项目建设,ＡＩ＋", {"数字化", "科技创新", "项目建设", "AI+"}),
        ("农村 电商", {"农村 电商"}),
        ("ai+、农村　电商", {"AI+", "农村 电商"}),
        ("无", set()),
        (" 没有 ", set()),
        ("None", set()),
        ("－", set()),
        ("✓", {"项目建设"}),
        ("ＯＫ", {"项目建设"}),
        ("　", None),
    ],
)
def test_labels_are_read_as_people_type_them(cell: str, labels: set[str] | None) -> None:
    assert read_labels(cell, [*THEMES, "AI+", "农村 电商"], ["项目建设"]) == labels


@pytest.mark.parametrize(
    ("cell", "complaint"),
    [
        ("科技创兴", r"'科技创兴' is no theme \(did you mean 科技创新\?\); expected 思想解放、"),
        ("无、数字化", "has 无 beside a theme"),
        ("✓、数字化", "'✓' is no theme"),
    ],
)
def test_other_labels_are_refused(cell: str, complaint: str) -> None:
    with pytest.raises(LabelError, match=complaint):
        read_labels(cell, THEMES, [])


@pytest.mark.parametrize(("name", "fill"), [("r.xlsx", fill_workbook), ("r.csv", fill_csv)])
def test_what_is_filled_in_comes_back_as_a_corpus(
    scored: Path, tmp_path: Path, name: str, fill: Fill, capsys: pytest.CaptureFixture[str]
) -> None:
    sheet, folder = tmp_path / name, tmp_path / "mine"
    assert _run("review", scored, "-o", sheet) == 0
    fill(sheet, ["✓", "无", "思想解放，数字化", None, "✓", "✓", "✓"])
    assert _run("review", "--import", sheet, "-o", folder, "--reviewer", "LI") == 0
    told = capsys.readouterr().out
    assert "1 left blank" in told
    assert "6 new, 0 changed, 0 as they were" in told
    assert "trial-1, not with" in told
    sections = read_corpus([folder])
    paragraphs = [p for section in sections for p in section.paragraphs]
    known = [p for p in paragraphs if not p.disputed]
    asked = {
        p.text: set(row.tags)
        for row in read_scored([scored]).rows
        for p in known
        if p.text == row.text
    }
    assert len(known) == len(asked) == 6
    assert sum(p.themes == asked[p.text] for p in known) >= 4
    assert {section.labelled_for for section in sections} == {frozenset(THEMES)}
    assert {section.article for section in sections} == {"000", "001", "002"}
    assert {p.disputed for p in paragraphs} == {frozenset(), frozenset(THEMES)}
    record = (folder / "reviewed.jsonl").read_bytes()
    review = next(
        p["review"]
        for p in json.loads(record.splitlines()[0])["paragraphs"]
        if p["themes"] is not None
    )
    assert (review["sheet"], review["reviewer"], review["model"]) == (name, "LI", "trial-1")
    assert len(review["date"]) == len("2026-01-01")
    assert _run("review", "--import", sheet, "-o", folder) == 0
    assert (folder / "reviewed.jsonl").read_bytes() == record
    fill(sheet, ["项目建设"])
    assert _run("review", "--import", sheet, "-o", folder) == 0
    assert "1 changed" in capsys.readouterr().out
    assert len(read_corpus([folder])) == len(sections)


def test_a_workbook_is_ready_to_be_filled_in(scored: Path, tmp_path: Path) -> None:
    sheet, again = tmp_path / "r.xlsx", tmp_path / "again.xlsx"
    for path in (sheet, again):
        assert _run("review", scored, "-o", path) == 0
    assert sheet.read_bytes() == again.read_bytes()
    book = load_workbook(sheet)
    page, choices = book["审阅"], book["选项"]
    assert page.freeze_panes == "A2"
    assert [cell.value for cell in page[1]] == list(COLUMNS)
    hidden = [
        name
        for name in COLUMNS
        if page.column_dimensions[page.cell(1, _AT[name]).column_letter].hidden
    ]
    assert hidden == list(HIDDEN)
    (offered,) = page.data_validations.dataValidation
    assert (offered.type, offered.formula1) == ("list", "=选项!$A$1:$A$6")
    assert [cell.value for (cell,) in choices.iter_rows()] == ["✓", "无", *THEMES]
    cells = [cell for row in page.iter_rows(min_row=2) for cell in row if cell.value]
    assert {cell.data_type for cell in cells} == {"s"}
    assert not [cell.value for cell in cells if str(cell.value).startswith(("=", "+", "-", "@"))]
    evidence = {page.cell(row, _AT["证据"]).value for row in range(2, page.max_row + 1)}
    assert "数字化：=1+1" in {str(each).replace("'", "") for each in evidence}


@pytest.mark.parametrize(
    ("column", "value", "complaint"),
    [
        (LABEL, "数字画", "sheet 审阅, row 2, column 人工标签: '数字画' is no theme"),
        ("正文", "别的话", "sheet 审阅, row 2, a cell other than 人工标签 and 备注 was changed"),
        ("预测标签", "数字化、思想解放", "row 2, a cell other than"),
        ("主题", "数字化", "row 2, a cell other than"),
    ],
)
def test_a_wrong_row_is_named_and_nothing_is_imported(
    scored: Path, tmp_path: Path, column: str, value: str, complaint: str
) -> None:
    sheet = tmp_path / "r.xlsx"
    assert _run("review", scored, "-o", sheet) == 0
    fill_workbook(sheet, ["✓", "✓"])
    book = load_workbook(sheet)
    book.worksheets[0].cell(2, _AT[column]).value = value
    book.save(sheet)
    with pytest.raises(InputError, match=complaint):
        read_sheet(sheet)
    assert _run("review", "--import", sheet, "-o", tmp_path / "mine") == 1
    assert not (tmp_path / "mine").exists()


def test_what_is_no_review_sheet_is_refused(scored: Path, tmp_path: Path) -> None:
    sheet = tmp_path / "r.xlsx"
    assert _run("review", scored, "-o", sheet) == 0
    book = load_workbook(sheet)
    book.worksheets[0].delete_cols(_AT["编号"])
    book.save(sheet)
    with pytest.raises(InputError, match="no column 编号; a review sheet keeps all its columns"):
        read_sheet(sheet)
    sheet.write_bytes(b"PK no workbook")
    with pytest.raises(InputError, match="not a workbook"):
        read_sheet(sheet)
    plain = tmp_path / "plain.jsonl"
    record = json.loads(scored.read_text().splitlines()[0])
    plain.write_text(json.dumps({k: v for k, v in record.items() if k != "text"}))
    with pytest.raises(InputError, match=r"plain\.jsonl:1: no text; score again with --with-text"):
        read_scored([plain])
    plain.write_text(f"{json.dumps(record)}\n{json.dumps(record | {'model': 'trial-2'})}")
    with pytest.raises(InputError, match="scored by trial-2, other records by trial-1"):
        read_scored([plain])


def test_text_that_no_cell_can_hold(tmp_path: Path) -> None:
    """Context is cut to the nearest paragraphs; a paragraph too long for a cell has no row."""
    long, paragraphs = "长" * MAX_CELL, [f"第{i}段" + "文" * 4000 for i in range(12)]
    path, sheet = tmp_path / "out.jsonl", tmp_path / "r.xlsx"
    path.write_text(json.dumps(_record("a", [*paragraphs, long])), encoding="utf-8")
    found = read_scored([path])
    rows = found.rows
    assert (found.overlong, found.repeated) == (1, 0)
    assert [row.text for row in rows] == paragraphs
    write_sheet(sheet, rows, {})
    fill_workbook(sheet, ["✓"] * 12)
    for at, reviewed in enumerate(read_sheet(sheet).rows):
        assert reviewed.text == paragraphs[at]
        assert 7 <= len(reviewed.paragraphs) < 12


def _rows(n: int) -> list[Row]:
    """Make rows of three sources, each nearest to the threshold of one theme."""
    rows = []
    for i in range(n):
        theme, off = THEMES[i % 4], (i // 4) / n
        p = dict.fromkeys(THEMES, 0.001) | {theme: min(0.5 + off, 0.99)}
        tags = (theme,) if p[theme] > 0.55 else ()
        names, source = tuple(THEMES), "甲乙丙"[i % 3]
        row = Row(f"a{i}", 1, 1, "", "", f"第{i}段", "【本段】", tags, names, "m", source)
        rows.append(replace(row, probabilities=p))
    return rows


def test_rows_are_uncertain_spread_and_a_fifth_random() -> None:
    rows = _rows(400)
    chosen = sample_rows(rows, 100)
    assert sample_rows(rows[::-1], 100) == chosen
    assert len({row.key for row in chosen}) == 100
    random = [row for row in chosen if row.sampling == "random"]
    assert len(random) == 20
    assert {row.key for row in sample_rows(rows, 100, seed=1)} != {row.key for row in chosen}
    assert sum(row.sampling == "random" for row in chosen[:50]) == 10
    uncertain = [row for row in chosen if row.sampling != "random"]
    likeliest = [max(row.probabilities, key=row.probabilities.__getitem__) for row in uncertain]
    assert set(Counter(likeliest).values()) == {20}
    assert max(Counter(row.source for row in uncertain).values()) < 35
    far = distances(rows)
    at = {row.key: far[i].min() for i, row in enumerate(rows)}
    typical = sorted(at.values())[len(rows) // 2]
    assert all(at[row.key] <= typical for row in uncertain)


def test_rows_that_were_reviewed_are_passed_over(scored: Path, tmp_path: Path) -> None:
    first, second, folder = tmp_path / "1.xlsx", tmp_path / "2.xlsx", tmp_path / "mine"
    assert _run("review", scored, "-o", first, "--rows", 3) == 0
    fill_workbook(first, ["✓"] * 3)
    assert _run("review", "--import", first, "-o", folder) == 0
    assert _run("review", scored, "-o", second, "--done", folder) == 0
    assert len(_texts(second)) == 4
    assert not set(_texts(first)) & set(_texts(second))
    fill_workbook(second, ["✓"] * 4)
    assert _run("review", "--import", second, "-o", folder) == 0
    assert _run("review", scored, "-o", tmp_path / "3.xlsx", "--done", folder) == 1


def test_a_pattern_of_scored_files(
    scored: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one, all_ = tmp_path / "one.csv", tmp_path / "all.csv"
    assert _run("review", scored, "-o", one) == 0
    assert _run("review", scored.with_name("*.jsonl"), "-o", all_) == 0
    assert all_.read_bytes() == one.read_bytes()
    capsys.readouterr()
    assert _run("review", scored.with_name("*.none"), "-o", tmp_path / "no.csv") == 1
    assert "*.none: no file or folder matches" in capsys.readouterr().err


def test_articles_that_share_an_id_lose_no_row(tmp_path: Path) -> None:
    """Nor do those whose ids a cell makes equal."""
    ids = ("1", "1", "1~2", "a\x01", "a\x02", "")
    lines = [json.dumps(_record(id, [f"数字化平台{i}上线。"])) for i, id in enumerate(ids)]
    (tmp_path / "out.jsonl").write_text("\n".join(lines), encoding="utf-8")
    rows = read_scored([tmp_path / "out.jsonl"]).rows
    assert len({row.key for row in rows}) == len({row.article for row in rows}) == len(ids)
    for name, fill in (("r.xlsx", fill_workbook), ("r.csv", fill_csv)):
        write_sheet(tmp_path / name, rows, {})
        fill(tmp_path / name, ["数字化"] * len(ids))
        reviewed = read_sheet(tmp_path / name).rows
        assert [row.paragraphs[row.at] for row in reviewed] == [row.text for row in rows]


def test_what_is_left_out_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, folder = tmp_path / "out.jsonl", tmp_path / "mine"
    first, second = tmp_path / "1.xlsx", tmp_path / "2.xlsx"
    paragraphs = ["村里修了路。", "长" * MAX_CELL, "项目开了工。", "村里 修了路。", "长" * MAX_CELL]
    path.write_text(json.dumps(_record("a", paragraphs)), encoding="utf-8")
    assert _run("review", path, "-o", first, "--rows", 1) == 0
    told = capsys.readouterr().out
    assert "left out: 2 paragraphs longer than a cell can hold (32767 characters)" in told
    assert "left out: 1 paragraphs that say what another says" in told
    assert "reviewed before" not in told
    fill_workbook(first, ["✓"])
    assert _run("review", "--import", first, "-o", folder) == 0
    assert _run("review", path, "-o", second, "--done", folder) == 0
    assert "left out: 1 paragraphs that were reviewed before" in capsys.readouterr().out


@pytest.mark.parametrize("kind", ["xlsx", "csv"])
def test_what_was_filled_in_is_never_written_over(
    scored: Path, tmp_path: Path, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    sheet, other = tmp_path / f"r.{kind}", tmp_path / f"other.{kind}"
    fill = fill_workbook if kind == "xlsx" else fill_csv
    assert _run("review", scored, "-o", sheet) == 0
    shutil.copy(sheet, other)
    # Nothing is lost of a sheet that nobody has filled in.
    assert _run("review", scored, "-o", sheet, "--overwrite") == 0
    fill(sheet, ["✓", None, "无"])
    fill(other, ["无", None, "✓"])
    before = sheet.read_bytes()
    capsys.readouterr()
    assert _run("review", scored, "-o", sheet, "--overwrite") == 1
    said = capsys.readouterr().err
    assert f"r.{kind}: 2 rows are filled in and would be lost; choose another name" in said
    assert "review --import" in said
    differences = tmp_path / f"differences.{kind}"
    assert _run("review", "--compare", sheet, other, "-o", differences) == 0
    fill(differences, ["✓"])
    kept = differences.read_bytes()
    assert _run("review", "--compare", sheet, other, "-o", differences, "--overwrite") == 1
    assert "1 rows are filled in" in capsys.readouterr().err
    assert (sheet.read_bytes(), differences.read_bytes()) == (before, kept)


def test_two_readers_are_compared(
    scored: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    li, wang, differences = (tmp_path / f"{name}.xlsx" for name in ("li", "wang", "differences"))
    assert _run("review", scored, "-o", li) == 0
    shutil.copy(li, wang)
    fill_workbook(li, ["数字化", "无", "数字化", "数字化", "无", "无", None])
    fill_workbook(wang, ["数字化", "无", "数字化", "无", "数字化", None, "无"])
    found = compare(li, wang)
    assert found.rows == 5
    digital = next(each for each in found.agreements if each.theme == "数字化")
    assert digital[1:5] == (2, 1, 1, 1)
    # Agreement 3/5, by chance 3/5 · 3/5 + 2/5 · 2/5 = 13/25.
    assert digital.kappa == pytest.approx((0.6 - 0.52) / 0.48)
    assert digital.f1 == pytest.approx(4 / 6)
    projects = next(each for each in found.agreements if each.theme == "项目建设")
    assert projects == Agreement("项目建设", 0, 0, 0, 5, None, None), "nobody gave it"
    assert _run("review", "--compare", li, wang, "-o", differences) == 0
    assert "数字化  κ 0.167  F1 0.667  both 2" in capsys.readouterr().out
    notes = [row[_AT["备注"] - 1] for row in load_workbook(differences).worksheets[0].values][1:]
    assert notes == ["li：数字化\nwang：无", "li：无\nwang：数字化"]
    fill_workbook(differences, ["无", "数字化"])
    assert len(read_sheet(differences).rows) == 2


def test_labels_of_other_tools(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def task(text: str, *readers: list[str] | None) -> dict[str, object]:
        """Make a task that each reader chose labels for; None is a cancelled annotation."""
        annotations = [
            {
                "was_cancelled": choices is None,
                "result": [{"type": "choices", "value": {"choices": choices}}] if choices else [],
            }
            for choices in readers
        ]
        return {"id": 1, "data": {"text": text, "heading": "小标题"}, "annotations": annotations}

    studio, doccano = tmp_path / "export.json", tmp_path / "export.jsonl"
    tasks = [
        task("云桥县上线一网通办。", ["数字化"], ["数字化", "科技创新"]),
        task("村口的樱花开了。", []),
        task("还没有人看过。", None),
    ]
    studio.write_text(json.dumps(tasks), encoding="utf-8")
    assert _run("review", "--import", studio, "-o", tmp_path / "mine") == 0
    assert "2 texts labelled, 1 without labels" in capsys.readouterr().out
    first, second = (section.paragraphs[0] for section in read_corpus([tmp_path / "mine"]))
    assert (first.themes, first.disputed) == ({"数字化"}, {"科技创新"})
    assert (second.text, second.themes, second.disputed) == ("村口的樱花开了。", set(), set())
    lines = [
        {"id": 7, "text": "云桥县的实验室攻克难题。", "label": ["科技创新"]},
        {"id": 8, "text": "云桥县开工三个项目。", "cats": ["项目建设"]},
        {"id": 9, "text": "集市上人来人往。", "label": ["无"]},
        {"id": 10, "text": "没有看过。", "label": []},
    ]
    doccano.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    assert _run("review", "--import", doccano, "-o", tmp_path / "other") == 0
    assert "3 texts labelled, 1 without labels" in capsys.readouterr().out
    found = [section.paragraphs[0].themes for section in read_corpus([tmp_path / "other"])]
    assert found == [{"科技创新"}, {"项目建设"}, set()]
    doccano.write_text(json.dumps({"text": "云桥", "label": [[0, 2, "地名"]]}), encoding="utf-8")
    assert _run("review", "--import", doccano, "-o", tmp_path / "other") == 1
    assert 'export.jsonl:1: "label[0]" must be a string,' in capsys.readouterr().err
    studio.write_text(json.dumps([{"text": "云桥", "choice": "数字化"}]), encoding="utf-8")
    assert _run("review", "--import", studio, "-o", tmp_path / "other") == 1
    assert 'task 1: "data" is missing; export the project' in capsys.readouterr().err


def test_a_real_output_becomes_a_sheet(tmp_path: Path) -> None:
    out, sheet = tmp_path / "out.jsonl", tmp_path / "r.xlsx"
    samples = sorted((ROOT / "samples").glob("0*.txt"))
    assert _run("score", *samples, "-o", out, "--with-text", "--quiet") == 0
    assert _run("review", out, "-o", sheet, "--rows", 20) == 0
    fill_workbook(sheet, ["✓"] * 20)
    rows = read_sheet(sheet).rows
    assert len(rows) == 20
    assert all(row.accepted for row in rows)
    assert any(row.labels for row in rows)


@pytest.mark.office
@pytest.mark.parametrize("kind", ["xlsx", "csv"])
def test_a_sheet_saved_by_libreoffice_comes_back(scored: Path, tmp_path: Path, kind: str) -> None:
    sheet, saved = tmp_path / f"r.{kind}", tmp_path / "saved"
    assert _run("review", scored, "-o", sheet) == 0
    if kind == "xlsx":
        fill_workbook(sheet, ["✓", "无", "数字化、科技创新", None, "✓", "✓", "✓"])
        how = "xlsx"
    else:
        fill_csv(sheet, ["✓", "无", "数字化、科技创新", None, "✓", "✓", "✓"])
        sheet.write_bytes(b"\xef\xbb\xbf" + sheet.read_text("gb18030").encode())
        how = "csv:Text - txt - csv (StarCalc):44,34,76"
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    read = ["--infilter=CSV:44,34,76"] if kind == "csv" else []
    command = ["soffice", profile, "--headless", *read, "--convert-to", how, "--outdir", saved]
    command.append(sheet)
    subprocess.run(command, check=True, capture_output=True, timeout=180)
    expected = read_sheet(sheet)
    assert read_sheet(saved / sheet.name) == expected
    assert len(expected.rows) == 6
