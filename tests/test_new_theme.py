"""A theme of one's own from a definition, a few terms and unlabelled articles."""

import csv
import io
import json
import shutil
from collections.abc import Iterator, Sequence
from itertools import groupby, zip_longest
from pathlib import Path

import pytest
from openpyxl import load_workbook
from sklearn.metrics import f1_score

from conftest import ROOT, THEMES
from policynlp import cli
from policynlp.corpus.code_book import read_code_book
from policynlp.corpus.read import read_corpus
from policynlp.evaluation.predictions import predict
from policynlp.files.decode import decode
from policynlp.model import load

ECOLOGY = ROOT / "tests" / "data" / "ecology.txt"
OWN = ROOT / "tests" / "data" / "own_themes"
THEME = "生态环保"
TERMS = "生态,污染,环保,水质,湿地,绿化"
FILES = ("reports", "plans", "bulletins", "features")
N_ROWS = 60


def _run(*argv: object) -> None:
    assert cli.main([str(arg) for arg in argv]) == 0


def _articles() -> Iterator[tuple[str, list[dict[str, object]]]]:
    """Yield the written articles as their sections, which are told apart by their titles."""
    for name in FILES:
        lines = (ROOT / "corpus" / "written" / f"{name}.jsonl").read_text(encoding="utf-8")
        records = [json.loads(line) for line in lines.splitlines()]
        for article, sections in groupby(records, key=lambda record: record["article"]):
            yield article, list(sections)


class Reviewer:
    """Fills in sheets by the list of paragraphs, as somebody would who read them."""

    def __init__(self, folder: Path) -> None:
        read = ECOLOGY.read_text(encoding="utf-8").splitlines()
        of_theme = {key for line in read if not line.startswith("#") for key in line.split()}
        self._folder, self.truth = folder, dict[str, bool]()
        for article, sections in _articles():
            for n, section in enumerate(sections, 1):
                for p in range(1, len(section["paragraphs"]) + 1):
                    self.truth[f"{article}#{n}.{p}"] = f"{section['id']}.{p}" in of_theme
        assert sum(self.truth.values()) == len(of_theme)

    def path(self, number: int) -> Path:
        (path,) = (self._folder / "sheets").glob(f"{number}.*")
        return path

    def rows(self, number: int) -> list[dict[str, str]]:
        path = self.path(number)
        if path.suffix == ".csv":
            lines = io.StringIO(decode(path.read_bytes(), place=str(path)), newline="")
            return list(csv.DictReader(lines))
        header, *rows = load_workbook(path)["审阅"].iter_rows(values_only=True)
        return [dict(zip(map(str, header), row, strict=True)) for row in rows]

    def fill_in(self, number: int, encoding: str = "utf-8-sig") -> int:
        """Label all rows of a sheet and return how many have the theme."""
        about = [self.truth[row["编号"]] for row in self.rows(number)]
        self.write(number, labels=[THEME if yes else "无" for yes in about], encoding=encoding)
        return sum(about)

    def write(
        self,
        number: int,
        *,
        labels: Sequence[str],
        encoding: str = "utf-8-sig",
    ) -> None:
        rows = self.rows(number)
        for row, label in zip_longest(rows, labels, fillvalue=""):
            row["人工标签"] = label
        if self.path(number).suffix == ".csv":
            with self.path(number).open("w", encoding=encoding, newline="") as out:
                writer = csv.DictWriter(out, list(rows[0]))
                writer.writeheader()
                writer.writerows(rows)
            return
        book = load_workbook(self.path(number))
        for i, row in enumerate(rows, 2):
            for j, cell in enumerate(row.values(), 1):
                book["审阅"].cell(i, j).value = cell
        book.save(self.path(number))


@pytest.fixture(scope="module")
def articles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the written articles as a user has them: without a label."""
    path = tmp_path_factory.mktemp("news") / "articles.jsonl"
    with path.open("w", encoding="utf-8") as out:
        for article, sections in _articles():
            divided = [
                {"heading": s["heading"], "paragraphs": [p["text"] for p in s["paragraphs"]]}
                for s in sections
            ]
            record = {"id": article, "title": "", "sections": divided}
            out.write(json.dumps(record, ensure_ascii=False) + "\n")
    return path


@pytest.fixture(scope="module")
def begun(articles: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a theme with its first sheet."""
    folder = tmp_path_factory.mktemp("theme") / "ecology"
    definition = (read_code_book([OWN]) or {})[THEME]
    _run(
        "theme", "new", THEME, "--definition", definition, "--seed-terms", TERMS,
        "--articles", articles, "--rows", N_ROWS, "-o", folder,
    )  # fmt: skip
    return folder


def _measured(folders: list[Path], model: Path) -> float:
    """Train, and measure F1 on sections that were written apart from the articles."""
    _run("train", *folders, "-o", model)
    loaded = load(model)
    assert list(loaded.themes) == [*THEMES, THEME]
    outcome = predict(loaded, read_corpus([OWN])).paragraphs
    return float(f1_score(outcome.holds[:, -1], outcome.tagged[:, -1]))


def test_two_sheets_make_a_theme(
    begun: Path,
    articles: Path,
    small_corpus: Path,
    small_model: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The walk-through of docs/new-theme.md."""
    reviewer = Reviewer(begun)
    found = [reviewer.fill_in(1)]
    _run("theme", "next", begun, "--articles", articles, "--rows", N_ROWS, "--csv")
    assert f"60 of 60 rows labelled, {found[0]} with the theme" in capsys.readouterr().out
    first = _measured([small_corpus, begun], tmp_path / "first")
    found.append(reviewer.fill_in(2, encoding="gb18030"))  # as Excel saves a CSV in China
    _run("theme", "done", begun)
    assert f"120 of 120 rows labelled, {sum(found)} with the theme" in capsys.readouterr().out
    second = _measured([small_corpus, begun], tmp_path / "second")
    # Of 1,195 paragraphs 44 have the theme: 120 drawn at random would hold four or five.
    assert found[0] >= 8
    assert sum(found) >= 28
    assert first >= 0.6
    assert second >= 0.85
    assert len({row["编号"] for sheet in (1, 2) for row in reviewer.rows(sheet)}) == 2 * N_ROWS
    # Nothing of the others' rows was read for it, nor of its rows for the others.
    rows = {t: figures(tmp_path / "second")[t]["rows"] for t in [*THEMES, THEME]}
    assert rows[THEME] == 2 * N_ROWS
    assert {t: rows[t] for t in THEMES} == {t: figures(small_model)[t]["rows"] for t in THEMES}


def figures(model: Path) -> dict[str, dict[str, int]]:
    themes: dict[str, dict[str, int]] = load(model).details["metrics"]["paragraphs"]["themes"]
    return themes


@pytest.fixture
def copied(begun: Path, tmp_path: Path) -> Path:
    """Return a copy of the theme's folder, with its first sheet as it was handed out."""
    folder = tmp_path / "copied"
    shutil.copytree(begun, folder)
    (folder / "sheets" / "2.csv").unlink(missing_ok=True)
    (folder / "reviewed.jsonl").unlink(missing_ok=True)
    return folder


def test_a_row_shows_what_it_is_and_why(begun: Path) -> None:
    rows = Reviewer(begun).rows(1)
    assert all(row["正文"] and "【本段】" in row["上下文"] for row in rows)
    assert {row["预测标签"] for row in rows} == {THEME, "无"}
    matched = [row for row in rows if "污染" in row["正文"]]
    assert matched
    assert all("污染" in row["证据"].split("；") for row in matched)


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("数字化", "1.xlsx: sheet 审阅, row 2, column 人工标签: '数字化' is"),
        ("生态环保、无", "column 人工标签: '生态环保、无' has 无 beside a theme"),
    ],
)
def test_a_wrong_label_is_named(
    copied: Path, capsys: pytest.CaptureFixture[str], cell: str, message: str
) -> None:
    Reviewer(copied).write(1, labels=[cell])
    assert cli.main(["theme", "done", str(copied)]) == 1
    assert message in capsys.readouterr().err


def test_a_mark_accepts_what_was_predicted(copied: Path) -> None:
    reviewer = Reviewer(copied)
    predicted = [row["预测标签"] == THEME for row in reviewer.rows(1)]
    reviewer.write(1, labels=["✓"] * 20)
    _run("theme", "done", copied)
    paragraphs = [p for s in read_corpus([copied]) for p in s.paragraphs]
    known = [p for p in paragraphs if THEME not in p.disputed]
    assert len(known) == 20
    assert sum(THEME in p.themes for p in known) == sum(predicted[:20])


def test_no_filled_sheet_is_written_over(copied: Path, articles: Path) -> None:
    """A further sheet has the number after the greatest, whatever kind the others are of."""
    Reviewer(copied).fill_in(1)
    (copied / "sheets" / "1.xlsx").rename(copied / "sheets" / "7.xlsx")
    before = (copied / "sheets" / "7.xlsx").read_bytes()
    for number, kind in ((8, "xlsx"), (9, "csv")):
        more = ["--csv"] if kind == "csv" else []
        _run("theme", "next", copied, "--articles", articles, "--rows", 5, *more)
        assert (copied / "sheets" / f"{number}.{kind}").is_file()
    assert (copied / "sheets" / "7.xlsx").read_bytes() == before


def test_an_empty_sheet_asks_for_labels(
    copied: Path, articles: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Reviewer(copied).write(1, labels=[])
    assert cli.main(["theme", "next", str(copied), "--articles", str(articles)]) == 1
    assert "no row is labelled; fill in the column 人工标签" in capsys.readouterr().err


def test_without_any_of_the_theme_terms_choose_again(copied: Path, articles: Path) -> None:
    reviewer = Reviewer(copied)
    reviewer.write(1, labels=["无"] * N_ROWS)
    _run("theme", "next", copied, "--articles", articles, "--rows", 20)
    assert sum(reviewer.truth[row["编号"]] for row in reviewer.rows(2)) >= 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["蓬莱仙话", "--seed-terms", "蓬莱仙山"], "seed terms and definition fit 0 of"),
        (["新、主题", "--seed-terms", "生态"], "a theme's name is a word without"),
    ],
)
def test_what_cannot_begin(
    articles: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    message: str,
) -> None:
    rest = ["--definition", "蓬莱仙话", "--articles", str(articles), "-o", str(tmp_path / "theme")]
    assert cli.main(["theme", "new", *options, *rest]) == 1
    assert message in capsys.readouterr().err
    assert not (tmp_path / "theme" / "themes.toml").exists()


def test_a_theme_is_not_begun_twice(
    begun: Path, articles: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = ["theme", "new", THEME, "--definition", "生态", "--seed-terms", "生态"]
    assert cli.main([*argv, "--articles", str(articles), "-o", str(begun)]) == 1
    assert "holds a theme already; go on with: policynlp theme next" in capsys.readouterr().err
