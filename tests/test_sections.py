"""Sections: headings, lead, paragraphs and run-in heads; divided input stays as it is."""

import random

import pytest

from policynlp.article import Span
from policynlp.reading import find_sections, read_divided, read_text

PROSE = "青河市推进临港园区建设，一批项目相继开工，企业信心不断增强，群众得到实惠。"
SPEECH = "“我们的订单排到了明年三月，车间里天天加班。”南岭重工的负责人这样告诉记者。"


def outline(text, **given):
    """Level, heading and number of paragraphs of each section."""
    article = read_text(text, **given)
    return [
        (s.level, text[s.heading.start : s.heading.end] if s.heading else "", len(s.paragraphs))
        for s in article.sections
    ]


def run_ins(text):
    article = read_text(text)
    heads = [p.run_in for s in article.sections for p in s.paragraphs]
    return [head and text[head.start : head.end] for head in heads]


def assert_whole(article):
    """Sections lie in order, hold their paragraphs, and sentences cover each paragraph."""
    position = 0
    for section in article.sections:
        assert position <= section.start <= section.end <= len(article.text)
        position = section.start
        assert (section.level == 0) == (section.heading is None)
        if section.heading:
            assert section.heading.start == section.start
            position = section.heading.end
        for paragraph in section.paragraphs:
            assert position <= paragraph.start <= paragraph.end <= section.end
            spans = paragraph.sentences
            assert [s.start for s in spans[1:]] == [s.end for s in spans[:-1]]
            if spans:
                assert (spans[0].start, spans[-1].end) == (paragraph.start, paragraph.end)
            assert paragraph.run_in is None or paragraph.run_in == spans[0]
            position = paragraph.end


def test_lead_and_headings():
    text = f"{PROSE}\n{SPEECH}\n科技赋能传统产业\n{PROSE}\n“一网通办”提效能\n{PROSE}\n{PROSE}"
    assert outline(text) == [(0, "", 2), (1, "科技赋能传统产业", 1), (1, "“一网通办”提效能", 2)]


def test_numbered_headings_have_levels():
    text = (
        f"一、总体要求\n{PROSE}\n二、重点任务\n（一）推进项目\n{PROSE}\n1. 抓开工\n{PROSE}\n"
        f"2、抓投产。\n{PROSE}\n(二) 科技创新\n{PROSE}\n第三章 附则\n{PROSE}"
    )
    assert outline(text) == [
        (1, "一、总体要求", 1),
        (1, "二、重点任务", 0),
        (2, "（一）推进项目", 1),
        (3, "1. 抓开工", 1),
        (3, "2、抓投产。", 1),
        (2, "(二) 科技创新", 1),
        (1, "第三章 附则", 1),
    ]


@pytest.mark.parametrize(
    "line",
    [
        "本报记者 王某 李某",
        "2021年3月4日",
        "（资料）",
        "园区还能更快吗？",
        "女士们、先生们：",
        "——题记",
        "10",
        "王启明",
        "“还要等多久？”",
        "园区一角 王某摄",
    ],
)
def test_no_heading(line):
    assert all(level == 0 for level, _, _ in outline(f"{PROSE}\n{line}\n{PROSE}"))


def test_lists_and_captions_are_no_headings():
    listed = f"{PROSE}\n1. 青河临港园区\n2. 南岭新区\n3. 北原高新区"
    assert outline(listed) == [(0, "", 4)]
    captions = f"{PROSE}\n园区大门\n园区道路\n科技赋能产业\n{PROSE}"
    assert outline(captions) == [(0, "", 3), (1, "科技赋能产业", 1)]


def test_a_heading_needs_text_below():
    assert outline("一、总体要求") == [(0, "", 1)]
    assert outline(f"{PROSE}\n科技赋能传统产业") == [(0, "", 2)]
    assert outline("一、甲项\n二、乙项") == [(0, "", 2)]


@pytest.mark.parametrize(
    "head",
    [
        "紧盯园区建设不松劲。",
        "以数字技术带动老厂焕发新活力。",
        "构建“一港一区”发展新格局。",
        "一是强化要素保障。",
        "（一）加强组织领导。",
        "坚持统筹推进，优化营商环境。",
        "营商环境持续改善。",
    ],
)
def test_run_in_heads(head):
    assert run_ins(head + PROSE) == [head]


@pytest.mark.parametrize(
    "sentence",
    [
        "今年以来，青河市推进项目建设。",
        "走进车间，机器轰鸣。",
        "推进项目是他的工作。",
        "推进37个项目。",
        "为什么要推进项目？",
        "会议指出，要推进项目。",
        "不破不立。",
    ],
)
def test_no_run_in_heads(sentence):
    assert run_ins(sentence + PROSE) == [None]


def test_a_run_in_head_needs_text_after_it():
    assert run_ins("紧盯园区建设不松劲。") == [None]


def test_a_sentence_broken_over_two_lines_is_one_paragraph():
    broken = f"{PROSE}项目总投资从去年的三千万元增加到今年的\n7600万元。\n{PROSE}"
    article = read_text(broken)
    assert [len(p.sentences) for p in article.sections[0].paragraphs] == [2, 1]
    assert outline("青河市推进项目，\n企业信心增强。") == [(0, "", 1)]


def test_lines_with_something_removed_between_them_stay_apart():
    text = f"{PROSE}\n青河市推进项目，\n（资料图）\n企业信心增强。"
    assert outline(text) == [(0, "", 3)]


def test_offsets_hold_and_reading_is_deterministic():
    source = random.Random(6)
    pieces = [
        PROSE,
        SPEECH,
        "一、总体要求",
        "（二）推进",
        "科技赋能产业",
        "1. 抓开工",
        "好，",
        "",
        "图",
    ]
    for _ in range(500):
        text = "\n".join(source.choices(pieces, k=source.randrange(12)))
        article = read_text(text)
        assert_whole(article)
        assert article == read_text(text)
        lines = sum(bool(line) for line in text.split("\n"))
        held = "".join(
            text[start:end] + "\n"
            for s in article.sections
            for start, end in [s.heading or Span(0, 0), *((p.start, p.end) for p in s.paragraphs)]
            if end > start
        )
        assert sum(map(bool, held.split("\n"))) + len(article.removed) == lines


def test_no_lines_no_sections():
    assert find_sections("青河", ()) == ()


def random_sections(source):
    words = ["", "青河推进项目。", "一行\n两行", "一、总体要求", "首页", "来源：青河日报", " 空白 "]
    return [
        (source.choice(words).replace("\n", ""), source.choices(words, k=source.randrange(4)))
        for _ in range(source.randrange(5))
    ]


def test_divided_input_comes_out_as_it_was():
    source = random.Random(7)
    for _ in range(500):
        title = source.choice(["", "青河新动能"])
        sections = random_sections(source)
        article = read_divided(title, sections)
        text = article.text
        assert_whole(article)
        assert [
            (
                text[s.heading.start : s.heading.end] if s.heading else "",
                [text[p.start : p.end] for p in s.paragraphs],
            )
            for s in article.sections
        ] == sections
        lines = [title] if title else []
        for heading, paragraphs in sections:
            lines += ([heading] if heading else []) + paragraphs
        assert text == "\n".join(lines)
        assert article.removed == ()


def test_divided_input_keeps_its_metadata_and_levels():
    article = read_divided(
        "青河新动能",
        [("", ["导语。"]), ("（一）推进", ["一。", ""]), ("产业", [])],
        id="a1",
        published="2021-03-04",
        source="青河日报",
        author="王某",
        url="https://example.org/1",
    )
    assert (article.id, article.title, article.published) == ("a1", "青河新动能", "2021-03-04")
    assert (article.source, article.author, article.url) == (
        "青河日报",
        "王某",
        "https://example.org/1",
    )
    assert [s.level for s in article.sections] == [0, 2, 1]
    assert article.sections[0].start == len("青河新动能\n")
