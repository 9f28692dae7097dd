"""The form of abstracts, whatever the article, the limits and the theme."""

import csv
import json
import math
import random
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pyarrow.parquet
import pytest
from openpyxl import load_workbook

import policynlp
from policynlp.abstracts.write import MARK, quote, shorten
from policynlp.analyzer import Analyzer
from policynlp.article import AbstractLimits, Article, Span
from policynlp.cli import main
from policynlp.errors import InputError
from policynlp.files.find import find_inputs
from policynlp.files.items import InputArticle, make_article
from policynlp.files.read import read_inputs
from policynlp.results import Abstract, Analysis

SAMPLES = Path(__file__).parents[1] / "samples"
PAIRS = ("“”", "「」", "（）", "()")


@pytest.fixture(scope="module")
def analyzer() -> Analyzer:
    return policynlp.load()


@pytest.fixture(scope="module")
def articles() -> list[Article]:
    found = list(read_inputs(find_inputs([str(SAMPLES)])))
    assert len(found) > 10
    return [make_article(each.record) for each in found if isinstance(each, InputArticle)]


def some_limits(themes: tuple[str, ...]) -> Iterator[AbstractLimits]:
    rng = random.Random(11)
    for _ in range(40):
        yield AbstractLimits(
            rng.choice([None, rng.randint(1, 60), rng.randint(60, 900)]),
            rng.choice([None, None, rng.randint(1, 9)]),
            rng.choice([None, rng.randint(1, 300)]),
            rng.choice([None, None, rng.random()]),
            rng.random() < 0.5,
            themes,
        )


def abstracts_of(
    analysis: Analysis, limits: AbstractLimits
) -> Iterator[tuple[Abstract, float, list[Span]]]:
    """Each abstract with the characters that it may have and the paragraphs that it is of."""

    def most(characters: int | None, spans: list[Span]) -> float:
        size = sum(end - start for start, end in spans)
        return min(
            math.inf if characters is None else characters,
            math.inf if limits.ratio is None else limits.ratio * size,
        )

    paragraphs = [
        [Span(p.start, p.end) for p in part.section.paragraphs] for part in analysis.sections
    ]
    everything = [span for section in paragraphs for span in section]
    yield analysis.abstract, most(limits.characters, everything), everything
    for part, spans in zip(analysis.sections, paragraphs, strict=True):
        yield part.abstract, most(limits.section_characters, spans), spans
    for theme, abstract in analysis.theme_abstracts.items():
        tagged = [
            Span(each.paragraph.start, each.paragraph.end)
            for part in analysis.sections
            for each in part.paragraphs
            if theme in [tag.theme for tag in each.themes]
        ]
        assert tagged or not abstract.text, theme
        yield abstract, most(limits.characters, everything), tagged


def test_every_abstract_keeps_its_form(analyzer: Analyzer, articles: list[Article]) -> None:
    written = marked = 0
    for number, limits in enumerate(some_limits(analyzer.themes)):
        for article in articles[number % 3 :: 3]:
            analysis = analyzer.analyze(article, limits=limits)
            assert analysis.theme_abstracts.keys() == set(analyzer.themes)
            for abstract, most, paragraphs in abstracts_of(analysis, limits):
                keeps_form(article, abstract, limits, most, paragraphs)
                written += bool(abstract.text)
                marked += MARK in abstract.text and not limits.whole_sentences
    assert written > 500
    assert marked > 5


def keeps_form(
    article: Article,
    abstract: Abstract,
    limits: AbstractLimits,
    most: float,
    paragraphs: list[Span],
) -> None:
    quotes = [article.text[each.start : each.end] for each in abstract.sentences]
    assert quotes == [each.text for each in abstract.sentences]
    assert len(abstract.text) <= most
    assert limits.sentences is None or len(quotes) <= limits.sentences
    # In source order, each inside a paragraph: no heading, no metadata, nothing removed.
    spans = [(each.start, each.end) for each in abstract.sentences]
    assert spans == sorted(spans)
    for (_, end), (start, _) in pairwise(spans):
        assert end <= start
    for start, end in spans:
        assert any(first <= start < end <= last for first, last in paragraphs)
    if limits.whole_sentences:
        assert abstract.text == "".join(quotes)
    else:
        rest = abstract.text
        for each in quotes:
            before, found, rest = rest.partition(each)
            assert found
            assert before in ("", MARK, MARK * 2)
        assert rest in ("", MARK)
    if len(quotes) > 1:
        assert all(abstract.text.count(a) == abstract.text.count(b) for a, b in PAIRS)


def ended_size(article: Article) -> int:
    spans = [s for c in article.sections for p in c.paragraphs for s in p.sentences]
    quoted = [article.text[start:end].strip() for start, end in spans]
    return sum(len(each) for each in quoted if each.rstrip("”）)").endswith(tuple("。！？!?…；")))


def test_a_ratio_is_of_the_characters_of_all_sentences(
    analyzer: Analyzer, articles: list[Article]
) -> None:
    for article in articles:
        size = sum(e - s for c in article.sections for p in c.paragraphs for s, e in p.sentences)
        for ratio in (0.1, 0.35, 1.0):
            limits = AbstractLimits(None, None, None, ratio)
            text = analyzer.analyze(article, limits=limits).abstract.text
            assert len(text) <= ratio * size
            filled = min(ratio * size, ended_size(article))
            assert ratio < 0.3 or size < 300 or len(text) > 0.7 * filled
    smallest = AbstractLimits(80, None, None, 0.9)
    texts = [analyzer.analyze(each, limits=smallest).abstract.text for each in articles]
    assert max(map(len, texts)) in range(70, 81)


def test_a_theme_that_the_model_does_not_know_is_refused(analyzer: Analyzer) -> None:
    with pytest.raises(InputError, match="no theme is called 体育; there are 思想解放"):
        analyzer.analyze("港口开工。", limits=AbstractLimits(themes=("体育",)))
    empty = analyzer.analyze("", limits=AbstractLimits(themes=("数字化",)))
    assert empty.theme_abstracts == {"数字化": Abstract("", ())}


@pytest.mark.parametrize(
    ("sentence", "kept"),
    [
        ("会议指出，清溪县要在年底前建成三座渔港码头。", "…清溪县要在年底前建成三座渔港码头。"),
        ("据了解，近年来，全县渔民人均收入增长了12%以上。", "…全县渔民人均收入增长了12%以上。"),
        ("自渔港开工以来，清溪县引进冷链企业17家、船厂3家。", "…清溪县引进冷链企业17家、船厂3家。"),
        (
            "清溪县今年建成冷库12座、码头3座，为渔业高质量发展提供有力支撑。",
            "清溪县今年建成冷库12座、码头3座…",
        ),
        ("因此，清溪县把渔港码头的审批时间减少了一半。", "…清溪县把渔港码头的审批时间减少了一半。"),
        # Who says it, what is promised and what is counted are not empty.
        ("县长表示，清溪县将在年底前建成三座渔港码头。", None),
        ("未来，清溪县将在年底前建成三座渔港码头。", None),
        ("清溪县新建冷库12座、码头3座，为渔民提供贷款2亿元。", None),
        ("会议指出，要建码头。", None),
        ("在会议指出，清溪县要在年底前建成三座渔港码头。", None),
    ],
)
def test_sentences_give_up_what_is_empty(sentence: str, kept: str | None) -> None:
    whole = Span(0, len(sentence))
    part = shorten(sentence, whole)
    assert quote(sentence, whole, part) == (kept or sentence)


def test_a_sentence_gives_up_its_opening_only_where_there_is_no_room(analyzer: Analyzer) -> None:
    text = (
        "会议指出，清溪县要在年底前建成三座渔港码头。\n清溪县今年将新建冷库12座，改造渔船80艘。\n"
        "当天下着小雨，渔民们都来了。"
    )
    first, second = text.splitlines()[:2]
    short = AbstractLimits(len(first + second) - 1, whole_sentences=False)
    assert analyzer.analyze(text, limits=short).abstract.text == MARK + first[5:] + second
    enough = replace(short, characters=len(first + second))
    assert analyzer.analyze(text, limits=enough).abstract.text == first + second
    whole = replace(short, whole_sentences=True)
    assert MARK not in analyzer.analyze(text, limits=whole).abstract.text


def test_every_output_has_what_an_article_says_about_a_theme(tmp_path: Path) -> None:
    page = str(SAMPLES / "01-city-feature.txt")
    outs = [tmp_path / f"out.{kind}" for kind in ("jsonl", "csv", "xlsx", "parquet")]
    for out in outs:
        assert main(["score", page, "-o", str(out), "--theme", "数字化", "--lang", "zh"]) == 0
    lines, table, workbook, parquet = outs
    said = json.loads(lines.read_text(encoding="utf-8"))["theme_abstracts"]
    text = said["数字化"]["text"]
    assert text
    with table.open(encoding="utf-8-sig", newline="") as stream:
        assert {row["摘要:数字化"] for row in csv.DictReader(stream)} == {text}
    for sheet in ("章节", "文章"):
        header, first, *_ = load_workbook(workbook)[sheet].iter_rows(values_only=True)
        assert dict(zip(header, first, strict=True))["摘要:数字化"] == text
    [row] = pyarrow.parquet.read_table(parquet).to_pylist()
    assert row["theme_abstracts"] == said


def test_commands_say_what_an_article_says_about_a_theme(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = str(SAMPLES / "01-city-feature.txt")
    assert main(["analyze", page, "--theme", "思想解放", "--ratio", "0.05"]) == 0
    assert "\n思想解放\n" in capsys.readouterr().out
    assert main(["analyze", page, "--json", "--theme", "数字化", "--theme", "科技创新"]) == 0
    assert '"theme_abstracts": {' in capsys.readouterr().out
    assert main(["analyze", page, "--theme", "体育"]) == 2
    assert "--theme 体育: the model has 思想解放, " in capsys.readouterr().err
    for wrong in ("0", "1.5", "nan", "half"):
        assert main(["analyze", page, "--ratio", wrong]) == 2
