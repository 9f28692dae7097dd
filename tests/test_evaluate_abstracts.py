"""Measuring abstracts: known figures, whole records, and the lead beside the model."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from html_tags import Tags
from policynlp import cli
from policynlp.corpus.picks import PickedArticle, read_picks
from policynlp.errors import CorpusError
from policynlp.evaluation.abstracts import MEASURES, evaluate_abstracts, lead, rouge
from policynlp.model import Model, default_folder, load

FIRST = ["清溪县数字港口一期工程12日开工。", "工程计划投资3.5亿元，建成后年吞吐量提高40%。"]
SECOND = ["当天下着小雨。", "县长说，港口是清溪的门户。", "工期18个月。"]
RECORD: dict[str, Any] = {
    "id": "r1",
    "title": "清溪县数字港口开工",
    "source": "清溪日报",
    "paragraphs": ["".join(FIRST), "".join(SECOND)],
    "sentences": FIRST + SECOND,
    "picks": [[0, 1], [1, 0, 4]],
    "abstracts": ["".join(FIRST), "清溪县数字港口开工，投资3.5亿元。"],
}
REAL = Path(__file__).parents[2] / "shared" / "real" / "abstracts_dev.jsonl"


@pytest.fixture(scope="module")
def model() -> Model:
    return load(default_folder())


def write(folder: Path, *records: dict[str, Any]) -> Path:
    path = folder / "edited.jsonl"
    lines = [json.dumps(record, ensure_ascii=False) + "\n" for record in records]
    path.write_text("".join(lines), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("summary", "reference", "expected"),
    [
        (
            "清溪县数字港口一期12日开工，投资3.5亿元。",
            "12日，投资3.5亿元的清溪县数字港口开工建设，工期18个月。",
            (0.809524, 0.6, 0.428571),
        ),
        (
            "柳叶湾渔村用上AI平台，卖鱼不再靠等，鱼价高了两成。",
            "渔民说，有了ai平台，鱼不愁卖；鱼价比去年高两成，鱼鱼都有“身份”。",
            (0.541667, 0.26087, 0.458333),
        ),
        ("敢闯敢试敢闯敢试敢为人先", "敢为人先，敢闯敢试", (0.8, 0.666667, 0.5)),
        ("全县上下解放思想，敢闯敢试。", "会议部署防汛工作。", (0.0, 0.0, 0.0)),
    ],
)
def test_rouge_is_that_of_rouge_score(
    summary: str, reference: str, expected: tuple[float, ...]
) -> None:
    """By rouge-score 0.1.2 (Google), given the tokens cut by hand: rouge1, rouge2, rougeL."""
    assert rouge(summary, reference) == pytest.approx(expected, abs=1e-6)


def test_a_record_keeps_its_sentences(tmp_path: Path) -> None:
    (one,) = read_picks([write(tmp_path, RECORD)])
    assert one.paragraphs == (tuple(FIRST), tuple(SECOND))
    without = {key: value for key, value in RECORD.items() if key != "paragraphs"}
    (other,) = read_picks([write(tmp_path, without)])
    assert other.paragraphs == (tuple(FIRST + SECOND),)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"sentences": FIRST, "picks": [[0]]}, "do not make up the paragraph"),
        ({"sentences": [*FIRST, *SECOND, "又。"]}, "go on after the last"),
        ({"picks": [[0, 5]]}, "must number sentences from 0 to 4"),
        ({"picks": []}, '"picks" must be a list that is not empty'),
        ({"abstracts": []}, "must not be empty"),
        ({"abstracts": [None]}, "must be a string"),
        ({"title": 3}, "must be a string"),
        ({"picks": [["first"]]}, r'"picks\[0\]\[0\]" must be a whole number'),
    ],
)
def test_a_wrong_record_is_named(tmp_path: Path, change: dict[str, Any], complaint: str) -> None:
    with pytest.raises(CorpusError, match=rf"edited\.jsonl:2: .*{complaint}"):
        read_picks([write(tmp_path, RECORD, RECORD | change)])


def test_picks_are_enough_to_learn_from(tmp_path: Path) -> None:
    without = {key: value for key, value in RECORD.items() if key != "abstracts"}
    (one,) = read_picks([write(tmp_path, without)], picks_alone=True)
    assert (one.picks, one.abstracts) == (tuple(map(tuple, RECORD["picks"])), ())
    article = one.as_article()
    spans = [span for part in article.sections[0].paragraphs for span in part.sentences]
    assert [article.text[start:end] for start, end in spans] == FIRST + SECOND


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    without = {key: value for key, value in RECORD.items() if key != "source"}
    with pytest.raises(CorpusError, match='"source" is missing'):
        read_picks([write(tmp_path, without)])
    with pytest.raises(CorpusError, match="no articles"):
        read_picks([write(tmp_path)])
    with pytest.raises(CorpusError, match=r"none\.jsonl: no such file"):
        read_picks([tmp_path / "none.jsonl"])


def test_the_lead_passes_over_what_does_not_fit(tmp_path: Path) -> None:
    (one,) = read_picks([write(tmp_path, RECORD)])
    found = lead(one, len(FIRST[0]) + len(SECOND[0]))
    assert found.sentences == [0, 2]
    assert found.text == FIRST[0] + SECOND[0]


def test_where_all_fits_the_model_is_the_lead(tmp_path: Path, model: Model) -> None:
    """One sentence leaves no choice, so the gain and its interval are nothing."""
    whole = RECORD | {"paragraphs": [FIRST[0]], "sentences": FIRST[:1], "picks": [[0], [0]]}
    records = [whole | {"abstracts": [FIRST[0]]}, whole | {"id": "r2", "abstracts": [SECOND[0]]}]
    figures = evaluate_abstracts(model, read_picks([write(tmp_path, *records)]), 40)
    assert figures["abstracts"] == figures["lead"]
    assert figures["abstracts"]["pick_f1"] == {"mean": 1.0, "interval": [1.0, 1.0]}
    assert figures["abstracts"]["rouge_1"]["interval"] == [0.0, 1.0]
    assert figures["abstracts"]["length_use"]["mean"] == pytest.approx(len(FIRST[0]) / 40)
    for measure in MEASURES:
        assert figures["gain"][measure] == {"mean": 0.0, "interval": [0.0, 0.0]}


def test_sources_are_measured_apart(tmp_path: Path, model: Model) -> None:
    records = [RECORD, RECORD | {"id": "r2", "source": "柳湾日报", "picks": [[2], [3]]}]
    articles = read_picks([write(tmp_path, *records)])
    both = evaluate_abstracts(model, articles, 60)
    assert both["sources"].keys() == {"清溪日报", "柳湾日报"}
    for article in articles:
        alone = evaluate_abstracts(model, [article], 60)
        assert both["sources"][article.source]["abstracts"] == alone["abstracts"]
    for measure in MEASURES:
        means = [part["lead"][measure]["mean"] for part in both["sources"].values()]
        assert both["lead"][measure]["mean"] == pytest.approx(sum(means) / 2, abs=1e-4)


def test_the_command_prints_and_writes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = write(tmp_path, RECORD, RECORD | {"id": "r2"})
    page, figures = tmp_path / "a.html", tmp_path / "a.json"
    command = ["evaluate", str(default_folder()), str(data), "--abstracts", "--length", "50"]
    assert cli.main([*command, "--html", str(page), "--json", str(figures)]) == 0
    printed = capsys.readouterr().out
    assert "2 articles, at most 50 characters" in printed
    assert "清溪日报, gain: rouge_1" in printed
    mean = json.loads(figures.read_text(encoding="utf-8"))["abstracts"]["rouge_2"]["mean"]
    assert f"rouge_2 {100 * mean:.1f}" in printed
    assert f"{100 * mean:.1f}<small>" in page.read_text(encoding="utf-8")
    assert "length used" in page.read_text(encoding="utf-8")
    assert cli.main([*command, "--html", str(page), "--overwrite", "--lang", "zh"]) == 0
    said = " ".join(Tags(page.read_text(encoding="utf-8")).said)
    assert "长度利用率" in said
    names = re.findall(r"[A-Za-z]{2,}", load(default_folder()).id)
    assert set(re.findall(r"[A-Za-z]{2,}", said)) == {"ROUGE", *names}


def test_editors_abstracts_are_met_better_than_by_the_lead(model: Model) -> None:
    if not REAL.exists():
        pytest.skip("the editors' articles are not here: they are not ours to publish")
    articles: list[PickedArticle] = read_picks([REAL])
    figures = evaluate_abstracts(model, articles)
    for measure in ("rouge_1", "rouge_2", "rouge_l", "pick_f1"):
        assert figures["gain"][measure]["interval"][0] > 0, measure
    assert max(part["length_use"]["mean"] for part in (figures["abstracts"], figures["lead"])) <= 1
