"""Divide the lines of a body into sections: the lead, then each heading with its paragraphs."""

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from policynlp.article import Paragraph, Section, Span
from policynlp.reading.boilerplate import BLANK
from policynlp.reading.sentences import split_sentences

NO_HEADINGS: Final[Mapping[int, int]] = MappingProxyType({})

# Numbers by the level that they give a heading. 第一条 heads no section but a clause of a law,
# and 一是 runs in with its sentence.
_NUMBERED: Final = re.compile(
    r"(?P<one>[一二三四五六七八九十]{1,3}\s?[、.．]|第[一二三四五六七八九十百\d]{1,4}\s?(?:章|部分|篇|编)(?=\s|[：:]|\w))"
    r"|(?P<two>[（(]\s?[一二三四五六七八九十]{1,3}\s?[）)]|第[一二三四五六七八九十百\d]{1,4}\s?节)"
    r"|(?P<three>\d{1,2}\s?[、.．](?!\d)|[（(]\s?\d{1,2}\s?[）)]|[①-⑳])"
)
_LEVELS: Final = {"one": 1, "two": 2, "three": 3}
_LONGEST_NUMBERED: Final = 60
# Two and three characters are names as often as headings. The 92 headings of 38 features have 8
# to 31, titles of items in bulletins up to 40.
_SHORTEST_UNNUMBERED, _LONGEST_UNNUMBERED = 4, 40
# A heading may be a sentence with its mark, where it names a task (紧盯园区建设不松劲。).
_LONGEST_SENTENCE: Final = 20

# Line ends after which more must come, or which close a sentence: no heading has them.
_NO_HEADING_ENDS: Final = frozenset("。！!？?；;：:，,、…．—-")
_SENTENCE_INSIDE: Final = re.compile(r"[。；;！!]")

# Bylines, datelines, captions, dates, places of publication: short lines that head nothing.
_NO_HEADING: Final = re.compile(
    r"记者|通讯员|主持人|作者|编辑|供稿|来源|供图|[摄图][）)]?$|^图|^文\s?[/／丨|]|[电讯]$"
    r"|^\W*\d{4}\s?年[\d月日\s]*$|^[\W\dA-Za-z]+$"
)
_LEADER: Final = re.compile(
    r"[一二三四五六七八九十][是要]|其[一二三四五六]|第[一二三四五六七八九十][，,是]"
)

# A head that runs in with its paragraph names a task or a state, with no person, time or number.
# These take three in four of the short first sentences of provincial reports (of 30 looked at all
# were heads), and one in ten of a news bulletin's: 1 paragraph in 37.
_SHORTEST_RUN_IN, _LONGEST_RUN_IN = 5, 32
_TASK: Final = re.compile(
    r"推[动进广行]|加[快强大速力]|强化|深[化入耕挖度]|扩大|优化|完善|健全|提[升高质振]"
    r"|坚[持决定守]|构[建筑]|打[造好响通破]|促进|发[展挥]|实施|落实|聚[焦力]"
    r"|抓[好实牢住紧]|[做建办用管守护]([强优大好实细牢住]|设)|培[育植塑优]|壮大|激发|释放"
    r"|夯实|筑[牢]|守护|支持|鼓励|保[持障护]|稳[定住步妥]|防范|化解|创新|改革|开[展创]"
    r"|营造|统筹|拓[展宽]|引[导领育]|巩固|突出|咬[住定]|紧[盯扣抓]|锚定|围绕|瞄准|立足"
    r"|着[力眼]|全[面力方链]|大力|积极|扎实|持续|有[序效力]|切实|毫不|千方百计|多措并举"
    r"|以[^，,。]{2,16}[推促引带赋激提驱为筑保谋]|让[^，,。]{2,12}|把[^，,。]{2,12}"
    r"|因[地城]|充分|更[好大加高]|进一步|继续|严[格守把]|纵深|高[质水标]|前瞻|分类|协同"
    r"|集中|突破|厚[植培]|擦亮|锻造|赋能|繁荣|弘扬|牢固|牢牢|树立|破除|解放|转变|重拳|不断"
    r"|搭建|增强|防控|兜[牢住]|扩容|重塑|实行|整合|盘活|畅通|补齐|延[伸长链]|织[密牢]|绘就|汇聚|凝聚"
)
_STATE: Final = re.compile(
    r"[^，,。]{2,16}(?:稳步|持续|扎实|深入|全面|加快|不断|明显|显著|加速|有力|有效|进一步|稳中|蓬勃)"
    r"[^，,。]{2,6}。"
)
_NARRATIVE: Final = re.compile(
    r"[我你您他她它这那哪谁吗呢吧啊]|[了过]|着(?![力眼重])|说|称|表示|指出|强调|要求|认为|提出|记者"
    r"|各位|同志|会议|今[年天日]|去年|明年|近[日年来]|日前|目前|如今|当前|眼下|时候|同时"
    r"|预计|以来|期间|正在|已经|曾|将于|是|\d|[０-９]|[：:；;]|[，,][要就也还则又却都可]"
    r"|，但"
)


def find_sections(
    text: str, body: Sequence[Span], headings: Mapping[int, int] = NO_HEADINGS
) -> tuple[Section, ...]:
    """The sections that the body lines make, each line in exactly one of them.

    ``headings`` has the levels of lines that are known to be headings, by their starts.
    """
    found = _heading_levels(text, body)
    levels = [headings.get(line.start, level) for line, level in zip(body, found, strict=True)]
    sections: list[Section] = []
    heading: Span | None = None
    level = 0
    first = 0
    for i, line_level in enumerate([*levels, 1]):
        if line_level == 0:
            continue
        paragraphs = make_paragraphs(text, body[first:i])
        if heading or paragraphs:
            sections.append(make_section(heading, level, paragraphs))
        if i < len(body):
            heading, level, first = body[i], line_level, i + 1
    return tuple(sections)


def make_section(
    heading: Span | None, level: int, paragraphs: tuple[Paragraph, ...], start: int = 0
) -> Section:
    """A section from its parts; one without any lies at ``start``."""
    if heading:
        start, end = heading
    elif paragraphs:
        start = end = paragraphs[0].start
    else:
        end = start
    if paragraphs:
        end = paragraphs[-1].end
    return Section(heading, level, start, end, paragraphs)


def make_paragraphs(text: str, lines: Sequence[Span]) -> tuple[Paragraph, ...]:
    """The paragraphs of some lines, a sentence broken over two lines made whole."""
    paragraphs = []
    for start, end in _joined(text, lines):
        paragraphs.append(make_paragraph(text, start, end))
    return tuple(paragraphs)


def make_paragraph(text: str, start: int, end: int) -> Paragraph:
    """A paragraph with its sentences and the head that runs in with it, if any."""
    sentences = split_sentences(text, start, end)
    run_in = None
    if len(sentences) > 1 and _is_run_in(text, sentences[0]):
        run_in = sentences[0]
    return Paragraph(start, end, sentences, run_in)


def heading_level(heading: str) -> int:
    """The level of a heading by its number: 1 for 一、 and none, 2 for (一), 3 for 1."""
    match = _NUMBERED.match(heading)
    return _LEVELS[match.lastgroup or "one"] if match else 1


def _heading_levels(text: str, body: Sequence[Span]) -> list[int]:
    """For each line the level of the heading that it is, or 0 for a paragraph."""
    levels = [0] * len(body)
    following = ""  # the kind of the line below: "" none, "text", or a candidate's number
    run = 0
    for i in range(len(body) - 1, -1, -1):
        start, end = body[i]
        kind = _candidate(text, start, end)
        if kind == "text":
            run = 0
        elif kind == "plain":
            # Of some short lines in a row only the last can head what follows; the others are
            # captions, verse or a list.
            run += 1
            if following not in ("", "plain") and _goes_under(text, body[i + 1], following):
                levels[i] = 1
        elif following and following != kind:
            levels[i] = _LEVELS[kind]
        following = kind
    return levels


def _goes_under(text: str, below: Span, kind: str) -> bool:
    """Whether the line below can be the first of a section: a numbered heading or prose."""
    return kind != "text" or below.end - below.start >= 30 or text[below.end - 1] in "。！？!?：:”"


def _candidate(text: str, start: int, end: int) -> str:
    """``text`` for a paragraph, else what kind of heading the line could be."""
    length = end - start
    if length > _LONGEST_NUMBERED or (length > _LONGEST_UNNUMBERED and text[end - 1] in "。；;"):
        return "text"
    line = text[start:end]
    last = line[-1]
    match = _NUMBERED.match(line)
    if match:
        if last in _NO_HEADING_ENDS and not (last in "。？?" and length <= 30):
            return "text"
        return "text" if _SENTENCE_INSIDE.search(line, 0, length - 1) else match.lastgroup or ""
    if last == "。" and length <= _LONGEST_SENTENCE and _TASK.match(line) and _announces(line):
        return "plain"
    if last in _NO_HEADING_ENDS or not _SHORTEST_UNNUMBERED <= length <= _LONGEST_UNNUMBERED:
        return "text"
    if line[-2] in _NO_HEADING_ENDS and last in "”’」』）)":
        return "text"
    commas = line.count("，") + line.count(",")
    if line[0] in "（([—" or commas > 2 or _SENTENCE_INSIDE.search(line):
        return "text"
    return "text" if _NO_HEADING.search(line) else "plain"


def _joined(text: str, lines: Sequence[Span]) -> list[Span]:
    """The lines, two of them as one where the first breaks off and the second goes on."""
    joined: list[Span] = []
    has_sentence = False
    for line in lines:
        if joined and _breaks_off(text, joined[-1], line, has_sentence=has_sentence):
            joined[-1] = Span(joined[-1].start, line.end)
        else:
            joined.append(line)
            has_sentence = False
        has_sentence = has_sentence or text.find("。", *line) >= 0
    return joined


def _breaks_off(text: str, line: Span, following: Span, *, has_sentence: bool) -> bool:
    """Whether a line ends within a sentence that the line right below it goes on with.

    That is after a comma, or without any mark in a line that has sentences.
    """
    start, end = line
    last = text[end - 1]
    goes_on = has_sentence and last.isalnum() and end - start > _LONGEST_UNNUMBERED
    return (last in "，、," or goes_on) and not text[end : following.start].strip(BLANK)


def _is_run_in(text: str, sentence: Span) -> bool:
    """Whether a paragraph's first sentence announces it as a heading would."""
    start, end = sentence
    if not _SHORTEST_RUN_IN <= end - start <= _LONGEST_RUN_IN:
        return False
    head = text[start:end].rstrip()
    if head[-1] != "。":
        return False
    return bool(_NUMBERED.match(head) or _LEADER.match(head)) or _announces(head)


def _announces(sentence: str) -> bool:
    """Whether a sentence names a task or a state of things, and tells nothing."""
    if not _SHORTEST_RUN_IN <= len(sentence) <= _LONGEST_RUN_IN:
        return False
    names = _TASK.match(sentence) or _STATE.fullmatch(sentence)
    return names is not None and not _NARRATIVE.search(sentence)
