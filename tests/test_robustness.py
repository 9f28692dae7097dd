"""Whatever comes in, analysis ends, says where everything stands, and says it again."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

import policynlp
from analysis_check import check, check_abstract, check_section, quoted_parts
from policynlp.article import AbstractLimits, Article, Failure
from policynlp.errors import InputError
from policynlp.reading import read_divided
from policynlp.results import NONE, Abstract, Analysis, Evidence, Sentence
from policynlp.schema import to_record

ROOT = Path(__file__).parents[1]
MILLION = 1_000_000
LIMITS = (1, 20, 50, 100, 150, 200, None)

SENTENCE = "槐阳市新开工项目12个，总投资3.6亿元，数字化平台覆盖全部乡镇。"
ODD_TEXTS = {
    "empty": "",
    "one character": "县",
    "one mark": "。",
    "only marks": "。。！？……”」",
    "white space": " \t\r\n\u3000\u00a0\u2028\x0b\x0c\x1c\x85\n",
    "no width": "\u200b\ufeff\u200d",
    "one line": "槐阳市推进数字化改革",
    "one sentence": SENTENCE,
    "heading only": "一、推进项目建设",
    "headings only": "一、推进项目建设\n（一）抓招商\n1.抓落地\n二、推进科技创新",
    "no marks": "槐阳市推进项目建设 " * 200,
    "no marks in lines": "槐阳市推进项目建设\n" * 200,
    "emoji": "😀👍🏽🇨🇳👨\u200d👩\u200d👧。科技创新🚀🚀！\n🎉🎉",
    "broken": "科\ud800技创新，\udfff数字化改革。" * 3,
    "astral": "\U00020bb7市推进\U0002a6d6项目建设。" * 3,
    "private use": "\ue000\ue000科技\ue000创新。\ue001",
    "nul": "科技\x00创新。\x00\n\x00",
    "english": "The city launched 12 projects. It is the first of its kind! Is it?\n\nYes.",
    "url": "https://www.example.org/a?b=1&c=%E4%BD%A0#d",
    "digits": "0123456789" * 50 + "\n" + "０１２" * 50,
    "page frame only": "首页 > 新闻\n发布时间：2022-09-11 来源：槐阳日报\n版权所有\n上一篇：无",
    "old line ends": "第一段有句子。\r第二段也有句子。\r\n第三段。\n\r第四段。",
    "quotes": "“" * 300 + SENTENCE + "”" * 300 + '"' * 301,
    "brackets": "（" * 300 + "一" + "）" * 300,
}
LONG_TEXTS = {
    "a million characters in one line": "槐阳市推进项目建设和科技创新，" * (MILLION // 15),
    "a million characters in one line of sentences": SENTENCE * (MILLION // len(SENTENCE)),
    "a million characters in short lines": "推进项目建设。\n" * (MILLION // 8),
    "a million characters in headings": "一、推进项目建设\n" * (MILLION // 9),
    "a million marks": "。" * MILLION,
    "a million quotes": '"' * MILLION,
    "a million digits": "7" * MILLION,
    "a million times the same": "县" * MILLION,
}


@pytest.fixture(scope="module")
def analyzer() -> policynlp.Analyzer:
    return policynlp.load()


@cache
def pages() -> tuple[str, ...]:
    """The sample pages, and articles made of the sections of the corpus."""
    found = []
    for path in sorted((ROOT / "samples").glob("*.txt")):
        encoding = "gb18030" if "gbk" in path.name else "utf-8-sig"
        found.append(path.read_bytes().decode(encoding))
    for title, sections in divided():
        lines = [title, *(line for heading, body in sections for line in (heading, *body))]
        found.append("\n".join(line for line in lines if line))
    assert len(found) > 100, "the corpus was not found: nothing would be checked"
    return tuple(found)


Divided = tuple[str, list[tuple[str, list[str]]]]


@cache
def divided() -> tuple[Divided, ...]:
    """Titles and sections of the articles that are divided already."""
    articles: dict[str, Divided] = {}
    for path in sorted((ROOT / "corpus" / "written").glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            record = json.loads(line)
            article = articles.setdefault(record["article"], (record.get("title", ""), []))
            article[1].append((record["heading"], [p["text"] for p in record["paragraphs"]]))
    for line in (ROOT / "samples" / "divided.jsonl").read_text(encoding="utf-8").splitlines():
        record = json.loads(line)
        sections = [(part["heading"], part["paragraphs"]) for part in record["sections"]]
        articles[record["id"]] = (record["title"], sections)
    return tuple(articles.values())


def spoiled(good: Analysis) -> Iterator[Analysis]:
    """Copies of ``good`` with one thing wrong in each."""
    text, sentences = good.abstract.text, good.abstract.sentences
    yield replace(good, abstract=Abstract(text + "…", sentences))
    yield replace(good, abstract=Abstract(text, tuple(reversed(sentences))))
    first = sentences[0]
    shorter = Sentence(first.start + 1, first.end, first.text[1:])
    yield replace(good, abstract=Abstract(text[1:], (shorter, *sentences[1:])))
    yield replace(good, status=NONE)
    part = next(part for part in good.sections if part.themes)
    tag = part.themes[0]
    beyond = Evidence(part.end, part.end + 2, tag.evidence[0].weight, "")
    others = [other for other in good.sections if other is not part]
    yield replace(good, sections=tuple(others))
    wrong = replace(part, themes=(replace(tag, evidence=(beyond,)), *part.themes[1:]))
    yield replace(good, sections=tuple(wrong if s is part else s for s in good.sections))
    removed = good.article.removed
    yield replace(good, article=replace(good.article, removed=removed[1:]))
    shifted = tuple(replace(place, end=place.end + 2) for place in removed)
    yield replace(good, article=replace(good.article, removed=shifted))


def test_check_finds_what_is_wrong(analyzer: policynlp.Analyzer) -> None:
    good = analyzer.analyze(pages()[0])
    check(good)
    for bad in spoiled(good):
        with pytest.raises(AssertionError):
            check(bad)


@pytest.mark.parametrize("name", ODD_TEXTS)
def test_odd_texts(analyzer: policynlp.Analyzer, name: str) -> None:
    for limit in LIMITS:
        limits = AbstractLimits(limit, None, limit)
        check(analyzer.analyze(ODD_TEXTS[name], limits=limits), limits)


def test_an_empty_text_has_an_empty_analysis(analyzer: policynlp.Analyzer) -> None:
    for text in ("", "\n \u3000\n"):
        analysis = analyzer.analyze(text)
        assert (analysis.sections, analysis.themes) == ((), ())
        assert analysis.abstract.text == ""
        assert analysis.status == NONE


@pytest.mark.parametrize("name", LONG_TEXTS)
def test_long_texts(analyzer: policynlp.Analyzer, name: str) -> None:
    # Each takes a few seconds; what is quadratic in any of them would not end.
    check(analyzer.analyze(LONG_TEXTS[name]))


def test_pages_and_written_articles(analyzer: policynlp.Analyzer) -> None:
    for page in pages():
        check(analyzer.analyze(page))


def test_records_quote_the_text(analyzer: policynlp.Analyzer) -> None:
    quoted = 0
    for page in pages():
        record = to_record(analyzer.analyze(page), with_text=True)
        for part in quoted_parts(record):
            start, end = part["start"], part["end"]
            assert isinstance(start, int)
            assert isinstance(end, int)
            assert page[start:end] == part["text"]
            quoted += 1
    assert quoted > 1000


@pytest.mark.parametrize("limit", LIMITS)
def test_abstracts_keep_their_limits(analyzer: policynlp.Analyzer, limit: int | None) -> None:
    for sentences in (None, 1, 3):
        limits = AbstractLimits(limit, sentences, limit)
        for page in pages()[:40]:
            check(analyzer.analyze(page, limits=limits), limits)


def test_abstracts_without_limits_are_every_sentence_of_the_body(
    analyzer: policynlp.Analyzer,
) -> None:
    limits = AbstractLimits(None, None, None)
    for page in pages()[:20]:
        analysis = analyzer.analyze(page, limits=limits)
        text = analysis.article.text
        body = [s for c in analysis.article.sections for p in c.paragraphs for s in p.sentences]
        quoted = [each.text for each in analysis.abstract.sentences]
        left_out = Counter(text[start:end].strip() for start, end in body)
        left_out.subtract(quoted)
        assert min(left_out.values()) == 0
        assert len(quoted) > 0.9 * len(body)
        for each in left_out.elements():
            assert each in quoted or not each.rstrip("”）").endswith(tuple("。！？；…"))


def test_many_are_analyzed_as_one_by_one(analyzer: policynlp.Analyzer) -> None:
    items: list[str | Article] = [*pages()[:60], *ODD_TEXTS.values()]
    items += [read_divided(title, sections) for title, sections in divided()[:20]]
    single = [analyzer.analyze(item) for item in items]
    assert list(analyzer.pipe(items)) == single
    assert list(analyzer.pipe(iter(items), jobs=2)) == single


def test_again_and_from_a_second_load_the_same(analyzer: policynlp.Analyzer) -> None:
    other = policynlp.load()
    for page in pages()[:30]:
        first = analyzer.analyze(page)
        assert analyzer.analyze(page) == first
        assert other.analyze(page) == first


def test_divided_articles_stay_divided(analyzer: policynlp.Analyzer) -> None:
    odd: list[Divided] = [
        ("", []),
        ("题", []),
        ("", [("", [])]),
        ("题", [("", [""]), ("", ["", ""])]),
        ("", [("一、头", []), ("", ["一。", "", " 二。"]), ("头\n头", ["三。\n四。"])]),
        ("题", [("题", ["题"]), ("题", ["题", "责任编辑：某某", "版权所有"])]),
    ]
    for title, sections in (*divided(), *odd):
        analysis = analyzer.analyze(read_divided(title, sections))
        text = analysis.article.text
        found = [
            (
                text[slice(*part.section.heading)] if part.section.heading else "",
                [text[p.paragraph.start : p.paragraph.end] for p in part.paragraphs],
            )
            for part in analysis.sections
        ]
        assert found == [(heading, list(body)) for heading, body in sections]
        lines = [title, *(line for heading, body in sections for line in [heading, *body])]
        assert text.replace("\n", "") == "".join(lines).replace("\n", "")
        for part in analysis.sections:
            check_section(text, part.section)
            check_abstract(text, part.abstract, (part.section,), AbstractLimits())


@pytest.mark.parametrize(
    ("limits", "field"),
    [
        (AbstractLimits(characters=0), "characters=0"),
        (AbstractLimits(section_characters=-1), "section_characters=-1"),
        (AbstractLimits(sentences=0), "sentences=0"),
        (AbstractLimits(ratio=5.0), "ratio=5.0"),
        (AbstractLimits(themes="数字化"), "themes='数字化'"),
        (AbstractLimits(themes=("没有的主题",)), "没有的主题"),
    ],
)
def test_limits_that_no_abstract_can_keep_are_refused(
    analyzer: policynlp.Analyzer, limits: AbstractLimits, field: str
) -> None:
    with pytest.raises(InputError, match=field):
        analyzer.analyze("全县推进项目建设。", limits=limits)
    with pytest.raises(InputError, match=field):
        analyzer.pipe([], limits=limits)


def test_what_is_no_article_fails_alone(analyzer: policynlp.Analyzer) -> None:
    with pytest.raises(InputError, match="not NoneType"):
        analyzer.analyze(None)
    text = "全县推进项目建设。"
    first, failed, last = analyzer.pipe([text, None, text], on_error="return")
    assert first == last == analyzer.analyze(text)
    assert isinstance(failed, Failure)
    assert failed.reason == "an article is a string or an Article, not NoneType"


def test_an_article_that_is_not_divided_is_read(analyzer: policynlp.Analyzer) -> None:
    text = "一、抓项目\n全县推进项目建设，三个项目开工。\n二、强服务\n群众少跑了腿。"
    analysis = analyzer.analyze(Article(text, id="a1", title="题"))
    assert analysis.sections == analyzer.analyze(text).sections
    assert (analysis.article.id, analysis.article.title) == ("a1", "题")
