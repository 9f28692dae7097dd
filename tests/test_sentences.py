"""Sentences and clauses: lossless always, and cut where an editor would cut."""

import random

import pytest

from policynlp.article import Span
from policynlp.reading import split_clauses, split_sentences

# All that matters to the splitter, and a little that does not.
ALPHABET = "青河项目的说他。！？!?…；;，,：:“”‘’\"'（）()《》 \u3000\n\u200b.aBc Mr3１"


def sentences(text):
    return [text[start:end] for start, end in split_sentences(text, 0, len(text))]


def clauses(text):
    return [text[start:end] for start, end in split_clauses(text, 0, len(text))]


def assert_covers(spans, start, end):
    position = start
    for span in spans:
        assert span.start == position < span.end
        position = span.end
    assert position == end


def random_texts(seed, count, longest):
    source = random.Random(seed)
    for _ in range(count):
        yield "".join(source.choices(ALPHABET, k=source.randrange(longest)))


@pytest.mark.parametrize("split", [split_sentences, split_clauses])
def test_spans_cover_the_text_without_gap_or_overlap(split):
    for text in random_texts(seed=1, count=3000, longest=40):
        assert_covers(split(text, 0, len(text)), 0, len(text))


@pytest.mark.parametrize("split", [split_sentences, split_clauses])
def test_a_stretch_is_split_as_if_it_stood_alone(split):
    source = random.Random(2)
    for text in random_texts(seed=3, count=1000, longest=40):
        start = source.randrange(len(text) + 1)
        end = source.randrange(start, len(text) + 1)
        spans = split(text, start, end)
        assert_covers(spans, start, end)


def test_every_clause_lies_in_one_sentence():
    for text in random_texts(seed=4, count=1000, longest=40):
        ends = {end for _, end in split_clauses(text, 0, len(text))}
        assert {end for _, end in split_sentences(text, 0, len(text))} <= ends


def test_splitting_is_deterministic_and_idempotent():
    for text in random_texts(seed=5, count=500, longest=40):
        spans = split_sentences(text, 0, len(text))
        assert spans == split_sentences(text, 0, len(text))


def test_nothing_has_no_sentence():
    assert split_sentences("青河", 1, 1) == ()
    assert split_clauses("", 0, 0) == ()


def test_spans_are_spans():
    assert split_sentences("好。", 0, 2) == (Span(0, 2),)


@pytest.mark.parametrize(
    "expected",
    [
        ["青河开工。", "南岭投产！", "北原呢？", "都好"],
        ["青河开工!", "南岭投产?", "好"],
        ["全市推进项目；县区跟上;干部下沉。", "好"],
        ["没有句号的一行"],
        # Quotes and brackets close with the sentence.
        ["他说：“项目要快。”", "会议结束。"],
        ["（见附表。）", "下同。"],
        ["《青河日报》报道了。", "是真的吗？！", "是"],
        ['他说:"要快。"', "会后,他走了。"],
        ['"要快。', '要好。"', '"要省。"', "完"],
        # A mark within an open quote ends a sentence, too.
        ["“先立项。", "再开工。", "最后验收。”", "完毕。"],
        # What follows the quote belongs to it.
        ["“为什么要改？”他说。", "没有人答。"],
        ["“能不能快？”的疑问消失了。", "好"],
        ["喊出“大干一百天！”，效果不错。"],
        ["“要快。”", "他表示，今年将开工。"],
        # Ellipses end a sentence when doubled; one alone does not.
        ["一个、两个、三个……", "数不过来。"],
        ["这……的确难。"],
        ["他…走了。"],
        # Figures, addresses and English.
        ["增长11.2%，达到3.5亿元。", "好"],
        ["见https://example.org/?id=3。", "好"],
        ["The project started. ", "It went well."],
        ["Mr. Li of Qinghe Co. Ltd came. ", "Good"],
        # White space goes with the sentence before it.
        ["青河开工。\u3000", "南岭投产。\n", "好"],
        ["。。。", "好"],
    ],
)
def test_sentences(expected):
    assert sentences("".join(expected)) == expected


@pytest.mark.parametrize(
    "expected",
    [
        ["全市推进项目；", "县区跟上;", "干部下沉，", "好。", "完"],
        ["会议指出:", "要快,", "要好。"],
        ["投资1,200万元，", "10:30开工。"],
        ["他说“快，”", "又说“好”。"],
    ],
)
def test_clauses(expected):
    assert clauses("".join(expected)) == expected


@pytest.mark.parametrize(
    "unit", ["青河推进项目。", "青河，", "”。好", '"。好', "aa. B", "…", "。", "他说“好？”"]
)
def test_long_texts_lose_nothing(unit):
    """A pattern that backtracks would take hours here."""
    text = unit * (200_000 // len(unit))
    assert "".join(text[start:end] for start, end in split_clauses(text, 0, len(text))) == text
