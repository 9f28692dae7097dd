"""Pages and articles from a small grammar of what sites, offices and hostile hands write."""

from collections.abc import Callable
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

_CHROME: Final = (
    *("首页", "网站首页", "当前位置：首页", "时政要闻", "登录", "注册", "打印", "关闭窗口"),
    *("字号", "大 中 小", "分享到：", "扫一扫", "上一篇：无", "下一篇", "相关新闻", "热门推荐"),
    *("新闻排行榜", "更多>>", "版权所有", "Copyright © 2024 槐阳网", "京ICP备12345678号"),
    *("联系我们", "免责声明：本网转载", "未经授权不得转载", "责任编辑：钱某", "（记者 赵某 摄）"),
    *("扫码关注公众号", "12 条评论", "回复 · 3", "第05版：深度", "无障碍浏览", "加载中..."),
    *("资料图", "友情链接", "1/3", "转发 12", "原标题：槐阳新事", "网友评论"),
)  # fmt: skip
_LABELS: Final = (
    *("来源", "来 源", "文章来源", "发布时间", "日期", "时间", "作者", "记者", "编辑", "责任编辑"),
    *("审核", "浏览次数", "字体", "关键词", "摘要", "标题", "索引号", "发文机关", "成文日期"),
    *("文号", "网址", "电话", "Source"),
)  # fmt: skip
_VALUES: Final = (
    *("槐阳日报", "云溪发布", "槐阳网", "赵某某", "本报记者 钱某", "2024-03-05"),
    *("https://www.example.org/a.html", "12", ""),
)  # fmt: skip
_DATES: Final = (
    *("2024-03-05", "2024年3月5日", "2024/3/5 08:30:00", "二〇二四年三月五日", "2022-13-45"),
    *("2023-02-29", "0000-00-00", "20240305", "2024-03-05T08:30:00Z", "99年1月", "1899年12月31日"),
    *("2024年3月5日 星期二 08:30", "３月５日", "发布于3小时前"),
)  # fmt: skip
_HEADINGS: Final = (
    *("一、抓项目", "（一）强服务", "(二)", "1.抓落地", "１．建平台", "第一章 总则", "第三条"),
    *("二是推进数字化", "——写在开工之际", "①项目", "十一、", "一、一、一、", "1、", "一 抓改革"),
    *("【专题】", "●要点", "◆", "抓项目促发展"),
)  # fmt: skip
_PROSE: Final = (
    *("槐阳市新开工项目12个，总投资3.6亿元。", "数字化平台覆盖全部乡镇，群众少跑了腿。"),
    *("会议指出，要解放思想、大胆创新。", "“企业上云，一次办好！”他说。"),
    *("云溪县推进科技创新（见附表）；三家企业落户。", "全县抓项目建设，开工十个……"),
    *("The city launched 12 projects.", "据介绍：“‘一网通办’上线了。”据统计，增长3.2%"),
    "修好一条路",
)  # fmt: skip
_MARKS: Final = tuple("，。！？；：、…—·“”‘’（）()【】《》<>＞»→|丨/\\-_=+*&^%$#@~`'\"{}[] \u3000")
_ODD: Final = (
    *("\0", "\x07", "\x08", "\t", "\x0b", "\x0c", "\x1b[31m", "\x1c", "\x1f", "\x7f", "\x85"),
    *("\x9b", "\u00a0", "\u00ad", "\u061c", "\u200b", "\u200d", "\u200e", "\u202e", "\u2028"),
    *("\u2029", "\u2066", "\ud800", "\udfff", "\ud83d", "\udc80", "\ue000", "\ufdd0", "\ufeff"),
    *("\ufffd", "\ufffe", "\uffff", "e\u0301", "\u0301" * 8, "👨\u200d👩\u200d👧", "🇨🇳", "👍🏽"),
    *("\U00020bb7", "\U0002a6d6", "\U0010ffff", "ﬁ", "㍿", "㏾", "Ⅷ", "½", "²", "ｱ", "ＡＩ"),
    *("９９％", "ẞ", "İ", "ı", "مرحبا", "שלום", "हिन्दी", "한글", "国務院", "臺灣發展數位化"),
    *("縣", "éé", "&nbsp;", "&#x0;", "&lt;", "%s", "{0}", "\\u0000", "$(id)", "=1+1"),
)  # fmt: skip
_ENDS: Final = ("\n", "\n", "\n", "\r\n", "\r", "\n\n", "\n\r", "\u2028", "\x85", "\x0b")

# Every character there is, halves of characters and those that are none included.
any_character: SearchStrategy[str] = st.characters(codec=None)
odd: SearchStrategy[str] = st.sampled_from(_ODD)
raw_text: SearchStrategy[str] = st.text(any_character, max_size=40)
dates: SearchStrategy[str] = st.sampled_from(_DATES)
_TOKENS: Final = (*_CHROME, *_LABELS, *_DATES, *_HEADINGS, *_PROSE, *_MARKS, *_ODD)
tokens: SearchStrategy[str] = st.sampled_from(_TOKENS)
_repeated: SearchStrategy[str] = st.sampled_from(_MARKS) | tokens


def _times() -> SearchStrategy[int]:
    """How often a piece is repeated: what is exponential shows at 30, what is square at 5,000."""
    return st.sampled_from((2, 3, 8, 20, 30, 60)) | st.integers(1, 5000)


def pumped(pieces: SearchStrategy[str], most: int = 20_000) -> SearchStrategy[str]:
    """One or two pieces over and over, so many times that patterns which try again show it."""
    return st.builds(
        lambda head, part, times, tail: head + part * min(times, most // (len(part) or 1)) + tail,
        pieces | st.just(""),
        pieces | st.builds(str.__add__, pieces, pieces),
        _times(),
        pieces | st.just(""),
    )


def _joined(parts: SearchStrategy[str], most: int) -> SearchStrategy[str]:
    return st.lists(parts, max_size=most).map("".join)


labelled: SearchStrategy[str] = st.builds(
    lambda label, colon, value: label + colon + value,
    st.sampled_from(_LABELS),
    st.sampled_from(("：", ":", "： ", " : ", "】", "/", "", " " * 30)),
    st.sampled_from(_VALUES) | tokens | raw_text,
)
headings: SearchStrategy[str] = st.builds(
    str.__add__, st.sampled_from(_HEADINGS), st.just("") | tokens
)
sentences: SearchStrategy[str] = st.sampled_from(_PROSE) | st.builds(
    lambda start, what, end: start + what + end,
    st.sampled_from(("会议指出，", "据悉，", "与此同时，", "“", "（", "")),
    st.sampled_from(_PROSE) | raw_text,
    st.sampled_from(("", "。", "！”", "……", "；", "）", "：")),
)
prose: SearchStrategy[str] = _joined(sentences | sentences | odd, 8)
# Short enough for patterns that look at short lines only, where what is exponential shows.
runs_of_pieces: SearchStrategy[str] = st.lists(
    st.builds(str.__mul__, _repeated, st.sampled_from((1, 1, 2, 4, 16, 40))), min_size=2, max_size=4
).map("".join)
lines: SearchStrategy[str] = st.one_of(
    prose,
    prose,
    st.sampled_from(_CHROME),
    labelled,
    dates,
    headings,
    _joined(tokens, 6),
    _joined(labelled | dates, 4).map(lambda line: line.replace("：", "： ")),
    raw_text,
    pumped(_repeated),
    runs_of_pieces,
)


def _page(parts: list[tuple[str, str]]) -> str:
    return "".join(line + end for line, end in parts)


pages: SearchStrategy[str] = (
    st.lists(st.tuples(lines, st.sampled_from(_ENDS)), max_size=25).map(_page)
    | st.lists(lines, max_size=12).map("\n".join)
    | st.text(any_character, max_size=200)
    | pumped(lines, 60_000)
)

filled: SearchStrategy[str] = pages.map(lambda text: text if text.strip() else _PROSE[0] + text)

_paragraphs: SearchStrategy[list[str]] = st.lists(prose | lines, max_size=4)
sections: SearchStrategy[list[list[Any]]] = st.lists(
    st.tuples(st.just("") | headings | raw_text, _paragraphs).map(list), max_size=5
)
divided: SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {"title": st.just("") | prose | raw_text, "sections": sections}
)


def usually(
    good: SearchStrategy[Any], bad: SearchStrategy[Any], times: int = 4
) -> SearchStrategy[Any]:
    """``good`` ``times`` as often as ``bad``: what fails at once keeps the rest from being seen."""
    pick: Callable[[int], SearchStrategy[Any]] = lambda n: good if n < times else bad  # noqa: E731
    return st.integers(0, times).flatmap(pick)
