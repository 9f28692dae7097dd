"""What training and measuring say on their way and at their end, in both languages."""

import csv
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random

import pytest

from policynlp import cli
from policynlp.cli.progress import Phases
from policynlp.corpus.code_book import themes_in
from policynlp.evaluation.tables import in_words
from policynlp.model import Model, load
from policynlp.phases import Phase, steps
from policynlp.training.changes import BROKE, FIXED, HELD_OUT_TEXT, Case, Change, Difference
from policynlp.training.train import train_folder
from test_docs import block_with

OWN = Path(__file__).parent / "data" / "own_themes"
OF_TRAINING = [
    "getting ready",
    "reading the corpus",
    "counting words",
    "fitting each theme 4 times, without a part of the articles",
    "calibrating probabilities and choosing thresholds",
    "measuring on articles that were left out",
    "writing the model",
]


def _run(*argv: object) -> int:
    return cli.main([str(arg) for arg in argv])


@pytest.fixture(scope="module")
def own_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a model of two themes."""
    folder = tmp_path_factory.mktemp("own") / "two"
    train_folder([OWN], folder)
    return folder


def test_the_library_is_silent(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    train_folder([OWN], tmp_path / "model")
    assert capsys.readouterr() == ("", "")


def test_each_theme_of_each_fold_is_a_step(tmp_path: Path) -> None:
    phases: list[Phase] = []
    train_folder([OWN], tmp_path / "model", tell_phase=phases.append)
    fitting = [phase for phase in phases if phase.total]
    assert [(phase.step, phase.total) for phase in fitting] == [(n, 8) for n in range(1, 9)]
    assert list(dict.fromkeys(phase.name for phase in phases)) == OF_TRAINING[1:]


def test_a_log_has_a_line_a_phase(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    loud, quiet = tmp_path / "a" / "model", tmp_path / "b" / "model"
    assert _run("train", OWN, "-o", loud) == 0
    told = capsys.readouterr()
    assert told.err.splitlines() == OF_TRAINING
    assert _run("train", OWN, "-o", quiet, "--quiet") == 0
    silent = capsys.readouterr()
    assert silent.err == ""
    assert silent.out == told.out.replace(str(loud), str(quiet))
    for path in (path for path in loud.rglob("*") if path.is_file()):
        assert path.read_bytes() == (quiet / path.relative_to(loud)).read_bytes(), path.name


def test_measuring_has_phases_too(own_model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run("evaluate", own_model, OWN, "--lang", "zh") == 0
    assert capsys.readouterr().err.splitlines() == [
        "正在准备",
        "读取语料",
        "用模型标注",
        "计算指标",
    ]
    assert _run("evaluate", own_model, OWN, "--quiet") == 0
    assert capsys.readouterr().err == ""


def test_a_terminal_has_one_line_that_ends_empty(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    with Phases(shown=True) as phases:
        phases(Phase("reading the corpus"))
        begin = steps(phases, "fitting", 20)
        begin()
        begin()  # Too soon after the first to be drawn.
    drawn = capsys.readouterr().err.split("\r")
    assert drawn == ["", "reading the corpus", "fitting: 1 of 20  ", " " * 16, ""]


def test_a_shorter_line_covers_a_longer_one_of_chinese(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    with Phases(shown=True) as phases:
        phases(Phase("用没有参与训练的文章检验"))
        phases(Phase("写入模型"))
    drawn = capsys.readouterr().err.split("\r")
    assert drawn[1:] == ["用没有参与训练的文章检验", "写入模型" + " " * 16, " " * 8, ""]


def test_a_long_phase_says_in_a_log_how_far_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    phases = Phases(shown=True)
    begin = steps(phases, "fitting", 20)
    begin()
    begin()
    phases._next = 0.0
    begin()
    assert capsys.readouterr().err == "fitting\nfitting: 3 of 20\n"


def _row(precision: float, recall: float, tagged: int, labelled: int) -> dict[str, float]:
    return {"precision": precision, "recall": recall, "tagged": tagged, "labelled": labelled}


def test_figures_are_told_in_words() -> None:
    themes = {
        "数字化": _row(0.868, 0.8, 92, 100),
        "养老服务": _row(0.5, 0.25, 6, 12),
        "夜间经济": _row(0.0, 0.0, 0, 40),
    }
    assert list(in_words({"paragraphs": {"themes": themes}}))[1:] == [
        "  of 100 paragraphs tagged 数字化, about 87 are right; it finds about 80 of 100",
        "  of 100 paragraphs tagged 养老服务, about 50 are right; it finds about 25 of 100"
        " (a rough guess: only 12 paragraphs have this label)",
        "  夜间经济 is never tagged: label more paragraphs of it",
    ]


@pytest.mark.parametrize(("n_labelled", "right"), [(29, 90), (30, 70)])
def test_rows_as_they_come_count_if_there_are_enough(n_labelled: int, right: int) -> None:
    come = {"数字化": _row(0.7, 0.6, 30, n_labelled)}
    themes = {"数字化": _row(0.9, 0.8, 92, 100)}
    figures = {"paragraphs": {"themes": themes}, "as_they_come": {"paragraphs": {"themes": come}}}
    assert f"about {right} are right" in list(in_words(figures))[1]


def test_words_come_before_figures(
    own_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run("train", OWN, "-o", tmp_path / "model") == 0
    lines = capsys.readouterr().out.splitlines()
    row = load(own_model).details["metrics"]["paragraphs"]["themes"]["乡村振兴"]
    right, found = (round(100 * row[key]) for key in ("precision", "recall"))
    assert f"乡村振兴, about {right} are right; it finds about {found} of 100" in lines[1]
    assert lines[3].startswith("paragraphs: macro P ")


def _case(change: str) -> Case:
    return Case(HELD_OUT_TEXT, change, "a", 1, "数字化", "–", "数字化", "文")


@pytest.mark.parametrize(
    ("macro", "theme", "judged"),
    [
        ([0.01, 0.05], [0.0, 0.1], "better than {id}"),
        ([0.01, 0.05], [-0.2, -0.1], "worse than {id}"),
        ([-0.05, -0.01], None, "worse than {id}"),
        ([0.0, 0.05], None, "as good as {id}: the difference may be chance"),
        (None, None, "too few articles to judge"),
    ],
)
def test_a_comparison_has_a_verdict(
    macro: list[float] | None, theme: list[float] | None, judged: str, own_model: Path
) -> None:
    model: Model = load(own_model)
    differences = [
        Difference("macro", 0.8, 0.8, macro),
        Difference("数字化", 0.8, 0.8, theme),
    ]
    cases = [_case(FIXED), _case(FIXED), _case(BROKE)]
    change = Change(HELD_OUT_TEXT, 90, False, differences, cases)
    said = "held-out text, 90 paragraphs: fixed 2, broke 1; " + judged.format(id=model.id)
    assert change.verdict(model) == said


@pytest.mark.parametrize("language", ["en", "zh", None])
def test_a_comparison_is_in_the_language_asked_for(
    language: str | None,
    own_model: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A corpus of which a half was added, with the labels of the two themes turned.

    The columns do not follow a system in Chinese: programs rely on them.
    """
    monkeypatch.setenv("LANG", "C.UTF-8" if language else "zh_CN.UTF-8")
    corpus, added = tmp_path / "corpus", tmp_path / "added"
    lines = (OWN / "sections.jsonl").read_text(encoding="utf-8").splitlines()
    turned = [json.dumps(_turned(json.loads(line)), ensure_ascii=False) for line in lines]
    for folder, part in ((corpus, lines), (added, turned)):
        folder.mkdir()
        (folder / "rows.jsonl").write_text("\n".join(part), encoding="utf-8")
    changes, doubts = tmp_path / "changes.csv", tmp_path / "doubts.csv"
    command = ("train", corpus, "--add", added, "--against", own_model, "-o", tmp_path / "new")
    tables = ("--changes", changes, "--doubts", doubts)
    assert _run(*command, *tables, "--force", *(("--lang", language) if language else ())) == 0
    told = capsys.readouterr()
    head, *cases = _table(changes)
    doubted, *rows = _table(doubts)
    assert cases
    assert rows
    columns = ["data", "change", "section", "paragraph", "labels", "before", "after", "text"]
    of_doubts = ["file", "section", "paragraph", "theme", "label", "probability", "text"]
    kinds, data, answers = ("fixed", "broke"), "added labels, out of fold", {"yes", "no"}
    if language == "zh":
        columns = ["数据", "变化", "节", "段", "人工标签", "原模型", "新模型", "正文"]
        of_doubts = ["文件", "节", "段", "主题", "是否有此标签", "概率", "正文"]
        kinds, data, answers = ("改对", "改错"), "新增标签（交叉验证）", {"是", "否"}
    assert (head, doubted) == (columns, of_doubts)
    assert {case[0] for case in cases} == {data}
    assert {case[1] for case in cases} <= set(kinds)
    assert {row[4] for row in rows} <= answers
    comparing = "comparing with two-" if language == "en" else "与 two-"
    assert any(line.startswith(comparing) for line in told.err.splitlines())
    counts = [sum(case[1] == kind for case in cases) for kind in kinds]
    said = "fixed {}, broke {}; " if language == "en" else "改对 {} 段，改错 {} 段；"
    assert said.format(*counts) in told.out.splitlines()[0]


def _turned(record: dict[str, object]) -> dict[str, object]:
    other = {"乡村振兴": "生态环保", "生态环保": "乡村振兴"}
    paragraphs = [
        {"text": p["text"], "themes": [other[theme] for theme in p["themes"]]}
        for p in record["paragraphs"]  # type: ignore[attr-defined]
    ]
    name = f"turned-{record['id']}"
    return record | {"id": name, "article": name, "paragraphs": paragraphs, "themes": None}


def _table(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.reader(stream))


SIGNS = {
    "养老服务": ("老年食堂开门助餐", "护理员上门照护老人", "养老院添了床位", "楼道装上适老化扶手"),
    "夜间经济": ("夜市摊位亮灯迎客", "灯会引来夜游人群", "深夜食堂坐满食客", "夜间消费券发放"),
}
NEITHER = ("县里召开防汛会议", "学校组织运动会", "粮站收购新麦", "交警疏导车流")


def _rows(names: Sequence[str]) -> Iterator[list[str]]:
    """Yield rows of invented sections, a paragraph about a theme and one about neither."""
    draw = Random(4)
    for name in names:
        for number in range(12):
            section = f"{name}{number}"
            yield [section, "，".join(draw.sample(SIGNS[name], 3)) + "。", name]
            yield [section, "，".join(draw.sample(NEITHER, 3)) + "。", "无"]


@pytest.mark.parametrize("document", ["docs/new-theme.md", "docs/tutorial.md"])
def test_the_code_book_of_the_documents_trains(document: str, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "themes.toml").write_text(block_with(document, "[[themes]]"), encoding="utf-8")
    themes = themes_in(mine / "themes.toml")
    names = [theme["name"] for theme in themes]
    with (mine / "rows.csv").open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([["section", "text", "themes"], *_rows(names)])
    assert _run("train", mine, "-o", tmp_path / "model", "--quiet") == 0
    model = load(tmp_path / "model")
    assert list(model.themes) == names
    assert model.details["definitions"] == {t["name"]: t["definition"] for t in themes}
    # Each key that a code book is read for is in the example.
    assert set().union(*themes) == {"name", "definition", "seed_terms"}
    figures = model.details["metrics"]["paragraphs"]["themes"]
    assert all(figures[name]["f1"] > 0.9 for name in names)
