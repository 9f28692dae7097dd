"""Labelled rows as people have them: tables, lines, and rows of programs, in any order."""

import csv
import json
import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

import policynlp
from policynlp import cli
from policynlp.corpus.labelled import LabelledSection
from policynlp.corpus.read import labelled, read_corpus
from policynlp.errors import CorpusError, OutputError, PolicyNLPWarning

THEMES = ("营商环境", "乡村旅游")
ROWS = (
    ("某县把开办企业的环节减到两个。", "营商环境"),
    ("山口村的民宿客房住满了游客。", "乡村旅游"),
    ("老街改成夜市，办证只跑一次。", "营商环境；乡村旅游"),
    ("今天下午有小雨。", "无"),
)


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        csv.writer(stream).writerows([header, *rows])


def write_xlsx(path: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    book = Workbook()
    for row in [header, *rows]:
        book.active.append(list(row))
    book.save(path)


def write_parquet(path: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    import pyarrow
    import pyarrow.parquet

    records = [dict(zip(header, row, strict=True)) for row in rows]
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(records), path)


def write_jsonl(path: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    lines = (json.dumps(dict(zip(header, r, strict=True)), ensure_ascii=False) for r in rows)
    path.write_text("\n".join(lines), encoding="utf-8")


def write_fasttext(path: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    del header
    lines = []
    for text, themes in rows:
        labels = [f"__label__{theme}" for theme in themes.split("；") if theme != "无"]
        lines.append(" ".join([*labels, text]))
    path.write_text("\n".join(lines), encoding="utf-8")


WRITERS = {
    "rows.csv": write_csv,
    "rows.xlsx": write_xlsx,
    "rows.parquet": write_parquet,
    "rows.jsonl": write_jsonl,
    "rows.txt": write_fasttext,
}


def read(path: Path) -> list[LabelledSection]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PolicyNLPWarning)
        return read_corpus([path])


def contents(sections: Iterable[LabelledSection]) -> list[Any]:
    return [
        [(p.text, sorted(p.themes)) for p in section.paragraphs] + [section.labelled_for]
        for section in sections
    ]


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize("header", [("text", "themes"), ("正文", "标签"), ("Content", "主题")])
def test_two_columns_suffice_in_every_format(
    tmp_path: Path, name: str, header: tuple[str, str]
) -> None:
    path = tmp_path / name
    WRITERS[name](path, header, ROWS)
    sections = read(path)
    expected = [
        [(text, sorted(set(themes.split("；")) - {"无"})), frozenset(THEMES)]
        for text, themes in ROWS
    ]
    assert contents(sections) == expected
    assert len({section.id for section in sections}) == len(ROWS)
    assert len({section.article for section in sections}) == len(ROWS)


def test_rows_of_a_section_are_found_wherever_they_stand(tmp_path: Path) -> None:
    header = ("文章", "小标题", "text", "themes", "labelled_for")
    rows = [
        ("甲", "一", "第一段。", "营商环境", "营商环境"),
        ("乙", "一", "另一篇。", "", "营商环境"),
        ("甲", "二", "第三段。", "", "营商环境"),
        ("甲", "一", "第二段。", "", "营商环境"),
    ]
    write_csv(tmp_path / "r.csv", header, rows)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sections = read_corpus([tmp_path])
    assert [(s.article, s.heading_text, len(s.paragraphs)) for s in sections] == [
        ("甲", "一", 2),
        ("乙", "一", 1),
        ("甲", "二", 1),
    ]
    assert [p.text for p in sections[0].paragraphs] == ["第一段。", "第二段。"]
    assert len({section.id for section in sections}) == 3


def test_rows_with_the_id_of_their_article_stay_in_it(tmp_path: Path) -> None:
    """Also where the id looks like the end of a row's place: folds go by article."""
    rows = [(str(i % 5), f"第{i}段。", "营商环境") for i in range(20)]
    write_csv(tmp_path / "r.csv", ("id", "text", "themes"), rows)
    sections = read(tmp_path)
    assert [section.article for section in sections] == [id for id, _, _ in rows]
    assert len({section.id for section in sections}) == 20


def test_rows_that_name_their_section_may_have_an_id_each(tmp_path: Path) -> None:
    rows = [("r1", "甲", "第一段。", "营商环境"), ("r2", "甲", "第二段。", "")]
    write_csv(tmp_path / "r.csv", ("id", "section", "text", "themes"), rows)
    (section,) = read(tmp_path)
    assert (section.id, len(section.paragraphs)) == ("甲", 2)


def test_rows_that_do_not_say_what_they_were_read_for_are_told_of(tmp_path: Path) -> None:
    write_csv(tmp_path / "r.csv", ("text", "themes"), ROWS)
    with pytest.warns(PolicyNLPWarning, match="no labelled_for, so 4 rows count as read for"):
        sections = read_corpus([tmp_path])
    assert {section.labelled_for for section in sections} == {frozenset(THEMES)}
    book = '[[themes]]\nname = "营商环境"\ndefinition = "办事"\n'
    book += '[[themes]]\nname = "乡村旅游"\ndefinition = "玩"\n'
    book += '[[themes]]\nname = "养老"\ndefinition = "老人"\n'
    (tmp_path / "themes.toml").write_text(book, encoding="utf-8")
    with pytest.warns(PolicyNLPWarning, match="营商环境、乡村旅游、养老"):
        sections = read_corpus([tmp_path])
    assert {section.labelled_for for section in sections} == {frozenset((*THEMES, "养老"))}


@pytest.mark.parametrize(
    ("rows", "complaint"),
    [
        ("text,other\n某县,1\n", r"r\.csv:2: no column with themes"),
        ("id,themes\n1,甲\n", r"r\.csv: .*text"),
        ("text,themes\n,甲\n", r"r\.csv:2: the text is empty"),
        ('text,themes\n"某县,甲\n', r"r\.csv:2: "),
    ],
)
def test_rows_that_are_wrong_are_named(tmp_path: Path, rows: str, complaint: str) -> None:
    (tmp_path / "r.csv").write_text(rows, encoding="utf-8")
    with pytest.raises(CorpusError, match=complaint):
        read_corpus([tmp_path])


def test_lines_of_fasttext_without_any_label_are_no_corpus(tmp_path: Path) -> None:
    (tmp_path / "page.txt").write_text("某县今天下雨。\n", encoding="utf-8")
    with pytest.raises(CorpusError, match=r"page\.txt: no line begins with __label__"):
        read_corpus([tmp_path / "page.txt"])


def test_rows_of_a_program_are_as_those_of_a_table(tmp_path: Path) -> None:
    rows = [{"text": text, "themes": themes} for text, themes in ROWS]
    with pytest.warns(PolicyNLPWarning):
        found = labelled(rows)
    write_csv(tmp_path / "r.csv", ("text", "themes"), ROWS)
    assert contents(found) == contents(read(tmp_path))

    class Frame:
        """As pandas has it."""

        def to_dict(self, orient: str) -> list[dict[str, object]]:
            assert orient == "records"
            return [*rows, {"text": "没有标签。", "themes": float("nan")}]

    with pytest.warns(PolicyNLPWarning):
        assert contents(labelled(Frame()))[: len(rows)] == contents(found)


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (7, "labelled text is rows"),
        ({"text": "某县"}, "labelled text is rows"),
        ([], "there are no rows"),
        (["a.csv", {"text": "某县"}], r"rows\[0\]: must be a mapping"),
        ([{"text": "某县", "themes": 3}], r'rows\[0\]: "themes" must be names of themes'),
        ([{"text": "某县"}], r"rows\[0\]: no column with themes"),
    ],
)
def test_what_is_no_labelled_text_is_refused(data: object, complaint: str) -> None:
    with pytest.raises(CorpusError, match=complaint):
        labelled(data)


WORDS = {
    "营商环境": ["审批", "窗口", "办证", "惠企", "开办企业", "减环节"],
    "乡村旅游": ["民宿", "游客", "农家乐", "采摘", "古村", "露营"],
    "无": ["小雨", "气温", "停水", "通知", "球赛", "路灯"],
}


def made_up(n: int) -> list[dict[str, object]]:
    """Rows of invented themes, each of words of its own."""
    kinds = list(WORDS.items())
    rows: list[dict[str, object]] = []
    for i in range(n):
        theme, words = kinds[i % len(kinds)]
        picked = "、".join(words[(i // 3 + k * (1 + i % 2)) % len(words)] for k in range(3))
        rows.append({"text": f"青河县第{i}则：{picked}有了新变化。", "themes": theme})
    return rows


def test_a_program_trains_and_evaluates_in_memory() -> None:
    with pytest.warns(PolicyNLPWarning):
        analyzer = policynlp.train(made_up(300), name="mine")
    assert sorted(analyzer.themes) == sorted(THEMES)
    (section,) = analyzer.analyze("青河县窗口审批提速，惠企办证一次办成。").sections
    assert [tag.theme for tag in section.themes] == ["营商环境"]
    with pytest.warns(PolicyNLPWarning):
        figures = policynlp.evaluate(analyzer, made_up(90))
    assert figures["paragraphs"]["macro_f1"] > 0.9


def test_what_a_program_trains_is_saved_and_loaded(tmp_path: Path) -> None:
    with pytest.warns(PolicyNLPWarning):
        analyzer = policynlp.train(made_up(150), name="mine")
    analyzer.save(tmp_path / "model")
    again = policynlp.load(tmp_path / "model")
    assert again.model_id == analyzer.model_id
    text = "青河县民宿和露营地迎来游客。"
    assert again.analyze(text) == analyzer.analyze(text)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "notes.txt").touch()
    with pytest.raises(OutputError, match="holds files but no model"):
        analyzer.save(tmp_path / "other")


def test_a_command_trains_from_a_workbook_of_two_columns(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [(str(row["text"]), str(row["themes"])) for row in made_up(300)]
    write_xlsx(tmp_path / "labels.xlsx", ("正文", "标签"), rows)
    model = str(tmp_path / "model")
    assert cli.main(["train", str(tmp_path / "labels.xlsx"), "-o", model, "--quiet"]) == 0
    told = capsys.readouterr()
    assert "warning: " in told.err
    assert "no labelled_for, so 300 rows count as read for" in told.err
    assert "营商环境" in told.out
    assert cli.main(["evaluate", model, str(tmp_path / "labels.xlsx"), "--quiet"]) == 0
    assert "macro P 1.000" in capsys.readouterr().out
