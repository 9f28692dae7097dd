"""Themes of one's own: none is built in, and new ones leave the others as they are."""

import csv
import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from random import Random

import numpy as np
import pytest

import policynlp
from conftest import ROOT, THEMES
from maintenance.corpus_check import complaints, read
from policynlp import cli
from policynlp.corpus.code_book import read_code_book
from policynlp.corpus.dataset import build_dataset, choose_vocabulary
from policynlp.corpus.labelled import LabelledSection
from policynlp.corpus.read import read_corpus
from policynlp.errors import CorpusError
from policynlp.model import load
from policynlp.training.classifiers import feature_matrix, fit_classifiers, row_weights
from policynlp.training.train import train_folder

OWN = ROOT / "tests" / "data" / "own_themes"
NEW = ["乡村振兴", "生态环保"]
ARTICLE = (
    "石桥镇：好风景带来好光景\n"
    "石桥镇治理污水、修复湿地，河道水质达到Ⅲ类，白鹭又来筑巢，生态环境一年比一年好。\n"
    "村集体把闲置农房租给返乡青年，农户年底分红，乡村产业越走越实。\n"
)


def _run(*argv: object) -> None:
    assert cli.main([str(arg) for arg in argv]) == 0


@pytest.fixture(scope="module")
def own_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a model of the two new themes alone, as a user trains it."""
    folder = tmp_path_factory.mktemp("own") / "two"
    _run("train", OWN, "-o", folder)
    return folder


@pytest.fixture(scope="module")
def joint_model(small_corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a model of the four themes and the two new ones, from two folders."""
    folder = tmp_path_factory.mktemp("own") / "six"
    _run("train", small_corpus, OWN, "-o", folder)
    return folder


def test_no_theme_is_built_in() -> None:
    package = ROOT / "src" / "policynlp"
    sources = {path: path.read_text(encoding="utf-8") for path in package.rglob("*.py")}
    assert len(sources) > 20
    assert [path for path, text in sources.items() if any(theme in text for theme in THEMES)] == []


def test_the_data_keep_the_rules_of_a_corpus() -> None:
    corpus = read([OWN])
    assert corpus.themes == NEW
    assert complaints(corpus) == []


def test_themes_of_ones_own_go_the_whole_way(
    own_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page, out, table = tmp_path / "page.txt", tmp_path / "out.jsonl", tmp_path / "out.csv"
    page.write_text(ARTICLE, encoding="utf-8")
    _run("score", page, "-o", out, "--model", own_model)
    (section,) = json.loads(out.read_text(encoding="utf-8"))["sections"]
    assert [list(p["probabilities"]) for p in (section, *section["paragraphs"])] == [NEW] * 3
    best = [max(NEW, key=p["probabilities"].get) for p in section["paragraphs"]]
    assert best == ["生态环保", "乡村振兴"]
    _run("score", page, "-o", table, "--model", own_model)
    with table.open(encoding="utf-8-sig", newline="") as rows:
        columns = csv.DictReader(rows).fieldnames or []
    assert [theme in "".join(columns) for theme in NEW + THEMES] == [True] * 2 + [False] * 4
    capsys.readouterr()
    _run("analyze", page, "--model", own_model, "--threshold", "生态环保=0.001")
    assert "[生态环保 " in capsys.readouterr().out
    _run("evaluate", own_model, OWN, "--json")
    measured = json.loads(capsys.readouterr().out)["paragraphs"]["themes"]
    assert {theme: row["labelled"] for theme, row in measured.items()} == {
        "乡村振兴": 14,
        "生态环保": 12,
    }


def test_rows_of_new_themes_leave_the_coefficients_of_the_others(
    written: list[LabelledSection],
) -> None:
    """With the same terms, to the last bit: what was not labelled for a theme is not read."""
    old = written[::6]
    both = [*old, *read_corpus([OWN])]
    vocabulary, idf = choose_vocabulary(both)

    def fitted(sections: Sequence[LabelledSection]) -> tuple[np.ndarray, np.ndarray]:
        data = build_dataset(sections, THEMES, vocabulary, idf)
        n_old = sum(len(section.paragraphs) for section in old)
        assert data.paragraphs.known[:n_old].all()
        assert not data.paragraphs.known[n_old:].any()
        features = feature_matrix(data, len(vocabulary))
        return fit_classifiers(features, data.paragraphs, row_weights(data))

    for alone, beside in zip(fitted(old), fitted(both), strict=True):
        np.testing.assert_array_equal(alone, beside)


def test_new_themes_leave_the_tags_of_the_others(
    small_model: Path, joint_model: Path, written: list[LabelledSection]
) -> None:
    """The terms and their idf differ a little, and with them some tag near its threshold."""
    before, after = policynlp.load(small_model), policynlp.load(joint_model)
    assert after.themes == (*THEMES, *NEW)
    same, n_tags, part = 0, 0, written[1::9]
    for section in part:
        text = "\n".join(p.text for p in section.paragraphs)
        one, other = before.analyze(text), after.analyze(text)
        tags = [{tag.theme for tag in found.themes} & {*THEMES} for found in (one, other)]
        n_tags += len(tags[0])
        same += tags[0] == tags[1]
        for theme in THEMES:
            assert abs(one.probabilities[theme] - other.probabilities[theme]) < 0.05
    assert n_tags > 40
    assert same >= 0.9 * len(part)


def test_new_themes_are_measured_by_their_own_rows(joint_model: Path, small_model: Path) -> None:
    joint = load(joint_model).details["metrics"]["paragraphs"]["themes"]
    alone = load(small_model).details["metrics"]["paragraphs"]["themes"]
    assert [(joint[t]["rows"], joint[t]["labelled"]) for t in NEW] == [(44, 14), (44, 12)]
    assert [joint[t]["rows"] for t in THEMES] == [alone[t]["rows"] for t in THEMES]


def _forty(folder: Path) -> list[str]:
    """Write a corpus of forty made-up themes, each section labelled for one of them alone."""
    draw = Random(2)
    characters = [chr(code) for code in range(0x5200, 0x5200 + 400)]
    neutral = ["".join(draw.sample(characters, 2)) for _ in range(60)]
    themes = [f"主题{number:02}" for number in range(40)]
    lines = []
    for theme in themes:
        signs = ["".join(draw.sample(characters, 3)) for _ in range(4)]
        for number in range(12):
            about = [*draw.sample(signs, 2), *draw.sample(neutral, 4)]
            texts = ["，".join(about) + "。", "，".join(draw.sample(neutral, 6)) + "。"]
            paragraphs = [{"text": texts[0], "themes": [theme]}, {"text": texts[1], "themes": []}]
            name = f"{theme}-{number}"
            lines.append(
                {"id": name, "article": name, "heading": "", "paragraphs": paragraphs,
                 "themes": [theme], "labelled_for": [theme]}
            )  # fmt: skip
    text = "\n".join(json.dumps(line, ensure_ascii=False) for line in lines)
    (folder / "forty.jsonl").write_text(text, encoding="utf-8")
    return themes


def test_forty_themes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    themes = _forty(tmp_path)
    corpus, model, out = tmp_path / "forty.jsonl", tmp_path / "model", tmp_path / "out.csv"
    _run("train", corpus, "-o", model)
    assert list(load(model).themes) == themes
    # No section was labelled as without its theme, so there is no threshold to learn.
    assert load(model).section.threshold == (0.5,) * 40
    section = read_corpus([corpus])[-1]
    page = tmp_path / "page.txt"
    page.write_text(section.paragraphs[0].text, encoding="utf-8")
    _run("score", page, "-o", out, "--model", model, "--quiet")
    (row,) = csv.DictReader(out.open(encoding="utf-8-sig", newline=""))
    assert all(any(theme in column for column in row) for theme in themes)
    assert row["themes"] == themes[-1]
    capsys.readouterr()
    _run("evaluate", model, corpus, "--json")
    result = json.loads(capsys.readouterr().out)["paragraphs"]
    assert list(result["themes"]) == themes
    assert {row["rows"] for row in result["themes"].values()} == {24}
    assert result["macro_f1"] > 0.9


def test_evaluate_says_what_it_cannot_measure(
    small_model: Path, own_model: Path, small_corpus: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["evaluate", str(small_model), str(OWN)]) == 1
    assert (
        "labelled for 乡村振兴、生态环保, and the model knows 思想解放" in capsys.readouterr().err
    )
    _run("evaluate", own_model, OWN, small_corpus / "reports.jsonl")
    printed = capsys.readouterr()
    n = len(read_corpus([small_corpus / "reports.jsonl"]))
    assert f"数字化 ({n} sections) is not measured: two-" in printed.err
    assert "数字化" not in printed.out


def test_a_theme_in_too_few_articles_is_an_error(tmp_path: Path) -> None:
    lines = (OWN / "sections.jsonl").read_text(encoding="utf-8").splitlines()
    one = [json.dumps(json.loads(line) | {"article": "one"}) for line in lines]
    (tmp_path / "one.jsonl").write_text("\n".join(one), encoding="utf-8")
    with pytest.raises(CorpusError, match="'乡村振兴': its paragraphs with the label are of 1 art"):
        train_folder([tmp_path / "one.jsonl"], tmp_path / "model")


def test_sections_without_a_common_word_are_an_error() -> None:
    with pytest.raises(CorpusError, match="no word occurs in 5 of the 4 sections"):
        choose_vocabulary(read_corpus([OWN])[:4])


def test_code_books_are_joined(small_corpus: Path, tmp_path: Path) -> None:
    shutil.copy(OWN / "themes.toml", tmp_path)
    for named in (tmp_path, tmp_path / "themes.toml"):
        assert list(read_code_book([small_corpus, named]) or ()) == [*THEMES, *NEW]
    assert list(read_code_book([small_corpus, small_corpus]) or ()) == THEMES
    other = (OWN / "themes.toml").read_text(encoding="utf-8").replace("讲农村", "讲山村")
    (tmp_path / "themes.toml").write_text(other, encoding="utf-8")
    with pytest.raises(CorpusError, match="'乡村振兴' is defined otherwise"):
        read_code_book([OWN, tmp_path])


def test_a_code_book_is_no_file_of_records() -> None:
    assert len(read_corpus([OWN / "themes.toml", OWN / "sections.jsonl"])) == 12
