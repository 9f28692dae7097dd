"""Training: reproducible, equal to scikit-learn's own output, and strict about its records."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import f1_score

from conftest import THEMES
from policynlp.corpus.code_book import read_code_book, themes_of
from policynlp.corpus.counts import write_counts
from policynlp.corpus.dataset import Labels, build_dataset, choose_vocabulary, folds
from policynlp.corpus.labelled import LabelledSection
from policynlp.corpus.read import read_corpus
from policynlp.corpus.rows import split_labels
from policynlp.errors import CorpusError
from policynlp.evaluation.evaluate import figures_of
from policynlp.evaluation.metrics import f1_threshold
from policynlp.evaluation.predictions import predict
from policynlp.model import load
from policynlp.themes.predict import decide, sigmoid
from policynlp.training.classifiers import N_FOLDS, classifier, feature_matrix, row_weights
from policynlp.training.fit import _fit_roll_up, fit_model
from policynlp.training.train import train_folder


def test_the_same_corpus_gives_the_same_bytes(
    small_corpus: Path, small_model: Path, tmp_path: Path
) -> None:
    again = tmp_path / "small"
    train_folder([small_corpus], again)
    for path in small_model.rglob("*.*"):
        assert path.read_bytes() == (again / path.relative_to(small_model)).read_bytes(), path.name


def test_the_card_says_how_far_probabilities_are_off(small_model: Path) -> None:
    card = (small_model / "README.md").read_text(encoding="utf-8")
    metrics = load(small_model).details["metrics"]
    for level in ("paragraphs", "sections"):
        for theme, row in metrics[level]["themes"].items():
            error = row["calibration_error"]
            said = "–" if error is None else f"{error:.3f}"
            assert re.search(rf"\| {theme} \|.* \| {said} \|\n", card), (level, theme)


def test_decisions_equal_the_mean_of_scikit_learns(written: list[LabelledSection]) -> None:
    part = written[::4]
    vocabulary, idf = choose_vocabulary(part)
    data = build_dataset(part, THEMES, vocabulary, idf)
    features = feature_matrix(data, len(vocabulary))
    weights = row_weights(data)
    fold = folds(data.articles, N_FOLDS)[data.structure.sections]
    theirs = np.zeros((N_FOLDS, *data.paragraphs.holds.shape))
    for held in range(N_FOLDS):
        train = fold != held
        for theme, holds in enumerate(data.paragraphs.holds.T):
            machine = classifier(features[train], holds[train], weights[train])
            theirs[held, :, theme] = machine.decision_function(features)
    fit = fit_model(part, THEMES, name="t", abstracts=np.zeros(0), abstract_words={}, details={})
    ours = decide(data.weighted, fit.model)
    np.testing.assert_allclose(ours, theirs.mean(axis=0), atol=1e-6)


def test_articles_never_straddle_folds(written: list[LabelledSection]) -> None:
    articles = [section.article for section in written]
    fold = folds(articles, 5)
    assert len(set(zip(articles, fold.tolist(), strict=True))) == len(set(articles))
    assert set(fold.tolist()) == set(range(5))


def test_counts_train_as_text_does(written: list[LabelledSection], tmp_path: Path) -> None:
    part = written[::3]
    path = tmp_path / "part.counts.jsonl"
    write_counts(part, path, min_sections=1)
    counted = read_corpus([path])
    for one, other in zip(part, counted, strict=True):
        assert (one.id, one.heading) == (other.id, other.heading)
        assert one.themes == other.themes
        for p, q in zip(one.paragraphs, other.paragraphs, strict=True):
            assert (p.terms, p.size, p.themes) == (q.terms, q.size, q.themes)
            assert q.text == ""
    pairs = {(one.article, other.article) for one, other in zip(part, counted, strict=True)}
    assert len(pairs) == len({a for a, _ in pairs}) == len({b for _, b in pairs})
    assert {a for a, _ in pairs}.isdisjoint({b for _, b in pairs})


def test_counts_of_other_words_are_refused(written: list[LabelledSection], tmp_path: Path) -> None:
    path = tmp_path / "part.counts.jsonl"
    write_counts(written[:9], path, min_sections=1)
    lines = path.read_text(encoding="utf-8").splitlines()
    header = json.loads(lines[0]) | {"fingerprint": "0" * 16}
    path.write_text("\n".join([json.dumps(header), *lines[1:]]), encoding="utf-8")
    with pytest.raises(CorpusError, match="other words"):
        read_corpus([path])


def test_a_theme_trains_only_rows_labelled_for_it(written: list[LabelledSection]) -> None:
    """A new theme on a few rows does not take the other rows as its negatives."""
    from dataclasses import replace

    few = [replace(section, labelled_for=frozenset(THEMES)) for section in written[::2]]
    more = [replace(section, labelled_for=frozenset(THEMES[:3])) for section in written[1::2]]
    data = build_dataset(few + more, THEMES, *choose_vocabulary(few + more))
    n_few = sum(len(section.paragraphs) for section in few)
    assert data.paragraphs.known[:n_few].all()
    assert not data.paragraphs.known[n_few:, 3].any()
    assert data.paragraphs.known[n_few:, :3].all()


def test_disputed_labels_are_left_out(tmp_path: Path) -> None:
    record = _record() | {"disputed": ["数字化"]}
    record["paragraphs"][0]["disputed"] = ["科技创新"]
    (section,) = read_corpus([_write(tmp_path, [record])])
    data = build_dataset([section], THEMES, *choose_vocabulary([section], 1))
    assert data.paragraphs.known.tolist() == [[True, False, True, True]]
    assert data.sections.known.tolist() == [[True, True, True, False]]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"id": None}, r'c\.jsonl:1: "id" must be a string, found null'),
        ({"paragraphs": []}, r'c\.jsonl:1: "paragraphs" must be a list'),
        (
            {"paragraphs": [{"text": 3, "themes": []}]},
            r'"paragraphs\[0\]\.text" must be a string, found 3',
        ),
        (
            {"paragraphs": [{"text": "某县", "themes": "数字化"}]},
            r'"paragraphs\[0\]\.themes" must be a list',
        ),
        ({"paragraphs": ["某县"]}, r'"paragraphs\[0\]" must be an object'),
        ({"labelled_for": ["科技创新"]}, "数字化.*not in .labelled_for."),
        ({"heading": 7}, '"heading" must be a string'),
    ],
)
def test_a_wrong_record_is_named(tmp_path: Path, change: dict[str, object], message: str) -> None:
    with pytest.raises(CorpusError, match=message):
        read_corpus([_write(tmp_path, [_record() | change])])


def test_a_line_that_is_not_json_is_named(tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"
    path.write_text(json.dumps(_record()) + "\n{oops\n", encoding="utf-8")
    with pytest.raises(CorpusError, match=r"c\.jsonl:2: not valid JSON"):
        read_corpus([path])


def test_an_id_that_occurs_twice_is_named(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="'s1' stands in"):
        read_corpus([_write(tmp_path, [_record(), _record()])])


def test_a_label_outside_the_code_book_is_named(tmp_path: Path) -> None:
    record = _record()
    record["paragraphs"][0]["themes"] = ["数字話"]
    del record["labelled_for"]
    sections = read_corpus([_write(tmp_path, [record])])
    with pytest.raises(CorpusError, match=r":\d+: theme '数字話' is not in the code book"):
        themes_of(sections, dict.fromkeys(THEMES, ""))


def test_an_empty_corpus_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="no labelled text"):
        read_corpus([tmp_path])


def test_too_few_examples_are_an_error(written: list[LabelledSection]) -> None:
    with pytest.raises(CorpusError, match="'生态环保' has 0 paragraphs"):
        fit_model(
            written[:40],
            ["生态环保"],
            name="t",
            abstracts=np.zeros(0),
            abstract_words={},
            details={},
        )


def test_a_table_of_ones_own_is_read(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text(
        "section,article,heading,text,themes\n"
        "a,1,上云,某厂设备上云。,数字化；项目建设\n"
        "a,1,上云,工人午休。,无\n"
        "b,1,,县里开会。,\n",
        encoding="utf-8-sig",
    )
    first, second = read_corpus([path])
    assert [sorted(p.themes) for p in first.paragraphs] == [["数字化", "项目建设"], []]
    assert (first.article, first.heading_text, second.article) == ("1", "上云", "1")
    assert first.themes is None


@pytest.mark.parametrize("name", ["heading", "labelled_for"])
@pytest.mark.parametrize("other", ["", "科技创新"])
def test_rows_of_a_section_that_differ_are_named(tmp_path: Path, name: str, other: str) -> None:
    path = tmp_path / "mine.csv"
    rows = f"section,{name},text,themes\na,数字化,设备上云。,\na,{other},工人午休。,\n"
    path.write_text(rows, encoding="utf-8")
    with pytest.raises(CorpusError, match=rf'mine\.csv:3: "{name}" is .*数字化.* at .*mine\.csv:2'):
        read_corpus([path])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_a_corpus_is_read_in_what_excel_saves(tmp_path: Path, encoding: str) -> None:
    table = "section,heading,text,themes\r\na,设备上云,某厂的设备接入平台。,数字化\r\n"
    (tmp_path / "M.CSV").write_bytes(table.encode(encoding))
    record = json.dumps(_record(), ensure_ascii=False) + "\r\n"
    (tmp_path / "r.JSONL").write_bytes(record.encode(encoding))
    book = '[[themes]]\nname = "数字化"\ndefinition = "用数据和网络改造生产"\n'
    (tmp_path / "themes.toml").write_bytes(book.encode(encoding))
    first, second = read_corpus([tmp_path])
    assert (first.heading_text, first.paragraphs[0].text) == ("设备上云", "某厂的设备接入平台。")
    assert second.paragraphs[0].text == "某厂设备上云。"
    assert read_code_book([tmp_path]) == {"数字化": "用数据和网络改造生产"}


def test_a_corpus_that_cannot_be_decoded_is_named(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_bytes(b"section,text,themes\na,\xff\xff\x81,\n")
    with pytest.raises(CorpusError, match=r"m\.csv: unknown encoding"):
        read_corpus([tmp_path])


def test_a_table_without_its_columns_is_named(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("正文\n某县\n", encoding="utf-8")
    with pytest.raises(CorpusError, match=r"mine\.csv:2: no column with themes"):
        read_corpus([path])


def test_labels_are_split_as_people_type_them() -> None:
    assert split_labels("数字化、 科技创新;项目建设，思想解放 | 数字化") == [
        "数字化",
        "科技创新",
        "项目建设",
        "思想解放",
        "数字化",
    ]
    assert split_labels(" 无 ") == []


def test_threshold_has_nearly_the_greatest_f1_of_calibrated_probabilities() -> None:
    draw = np.random.default_rng(3)
    for rate in (0.3, 1.0, 3.0):
        p = draw.beta(rate, 4.0, 40_000)
        holds = draw.random(40_000) < p
        found = f1_score(holds, p >= f1_threshold(holds, p))
        assert found > max(f1_score(holds, p >= t) for t in np.linspace(0, 1, 101)) - 0.01


def test_a_section_of_a_theme_that_rolls_up_more_often_is_more_probable() -> None:
    """Sections alike in their paragraphs, 80 % labelled for one theme and 20 % for the other."""
    evidence = np.zeros((200, 2, 5))
    evidence[:, :, :3] = np.random.default_rng(5).normal(size=(200, 1, 1))
    evidence[:, :, 4] = 1.0
    holds = np.arange(200)[:, None] % 10 < [8, 2]
    labels = Labels(holds, np.ones((200, 2), dtype=bool))
    weights = _fit_roll_up(evidence, labels, labels)
    assert (weights[0, :4] == weights[1, :4]).all()
    rolled = sigmoid((evidence * weights).sum(axis=2))
    np.testing.assert_allclose(rolled.mean(axis=0), [0.8, 0.2], atol=0.02)


def test_evaluation_is_perfect_on_perfect_labels(
    written: list[LabelledSection], small_model: Path
) -> None:
    from policynlp.model import load

    result = figures_of(predict(load(small_model), written))
    assert 0.5 < result["paragraphs"]["macro_f1"] <= 1.0
    for row in result["paragraphs"]["themes"].values():
        assert 0 < row["labelled"] < row["rows"]


def _record() -> dict[str, object]:
    return {
        "id": "s1",
        "article": "a1",
        "heading": "",
        "paragraphs": [{"text": "某厂设备上云。", "themes": ["数字化"]}],
        "themes": ["数字化"],
        "labelled_for": THEMES,
    }


def _write(folder: Path, records: list[dict[str, object]]) -> Path:
    path = folder / "c.jsonl"
    lines = [json.dumps(record, ensure_ascii=False) + "\n" for record in records]
    path.write_text("".join(lines), encoding="utf-8")
    return path
