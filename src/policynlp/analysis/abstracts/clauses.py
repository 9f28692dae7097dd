"""Empty openings and tails that a sentence can give up without a change to what is kept.

An opening says when or where something was said and not what (会议指出，据了解，近年来，) or leans
on the sentence before (此外，因此，); a tail says what good it does (，为高质量发展提供有力支撑。).
Who said it is never given up: 负责人表示， makes a claim of what would read as a fact.
"""

import re
from typing import Final

from policynlp.article import Span

# Fewer characters than this are no sentence any more.
_LEAST_KEPT: Final = 15
_LEAST_SAVED: Final = 2

MARK: Final = "…"
_OPENING: Final = re.compile(
    r"(?:(?:"
    r"(?:会议|大会|全会|座谈会|推进会|通知|意见|方案|报告)(?:还|并|同时)?"
    r"(?:指出|强调|要求|认为|提出|明确|提到)"
    r"|据(?:了解|悉|介绍|统计|初步统计|不完全统计|测算)"
    r"|(?:记者)?(?:了解到|获悉)|(?:统计)?数据显示|统计显示"
    r"|近年来|近些年来|近几年来?|近日|日前|近期|连日来|长期以来|一直以来|今年以来|去年以来"
    r"|[^，。！？；：“”、]{2,14}以来"
    r"|目前|当前|眼下|如今|截至目前"
    r"|此外|另外|同时|与此同时|不仅如此|因此|为此|对此|总的来看|总体来看|总之|可以说"
    r"|值得(?:一提|注意|关注)的是"
    r")[，：])++"
)
_TAIL: Final = re.compile(
    r"，(?:也|并|进而)?(?:(?:为|给)[^，。！？；：“”]{2,24}?(?:"
    r"提供[^，。！？；：“”]{0,10}(?:支撑|支持|保障|动力|参考|借鉴)"
    r"|注入[^，。！？；：“”]{0,8}(?:动能|动力|活力|力量|能量)"
    r"|(?:奠定|打下)[^，。！？；：“”]{0,8}基础"
    r"|[作做]出[^，。！？；：“”]{0,8}贡献|贡献[^，。！？；：“”]{0,8}(?:力量|智慧))"
    r"|(?:取得|收到)[^，。！？；：“”]{0,10}(?:成效|效果|成果)|成效(?:显著|明显)"
    r"|(?:受到|得到|赢得|深受)[^，。！？；：“”]{0,14}(?:好评|欢迎|认可|点赞))[。！]$"
)


def shorten(text: str, sentence: Span) -> Span:
    """Return a sentence without its empty opening and tail, if that is worth the marks."""
    start, end = sentence
    opening, tail = _OPENING.match(text, start, end), _TAIL.search(text, start, end)
    kept = Span(opening.end() if opening else start, tail.start() if tail else end)
    short = cost(sentence, kept) <= end - start - _LEAST_SAVED
    return kept if short and kept.end - kept.start >= _LEAST_KEPT else sentence


def cost(sentence: Span, kept: Span) -> int:
    """Return how many characters what is kept of a sentence adds to an abstract."""
    (start, end), (begin, stop) = sentence, kept
    return stop - begin + len(MARK) * ((begin > start) + (stop < end))


def quote(text: str, sentence: Span, kept: Span) -> str:
    """Return what is kept of a sentence, with a mark for what is not."""
    (start, end), (begin, stop) = sentence, kept
    return MARK * (begin > start) + text[begin:stop] + MARK * (stop < end)
