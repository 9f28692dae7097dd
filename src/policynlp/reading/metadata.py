"""Read the line that says when, where and by whom an article was published."""

import re
from datetime import date
from typing import Final, NamedTuple


class Metadata(NamedTuple):
    """What one line, or one page, says of its article; an empty string where it says nothing."""

    published: str = ""
    source: str = ""
    author: str = ""
    url: str = ""


# Labels by the field that they fill, in the spellings of government, party and news sites.
# Letters may stand apart (来 源), as narrow table columns had them.
_LABELS: Final = {
    "published": (
        "发布时间|发布日期|发表时间|发表日期|发稿时间|更新时间|更新日期|上传时间"
        "|录入时间|添加时间|公布日期|公布时间|公开日期|公开时间|创建时间|发布于|发表于|日期|时间"
        "|Updated|Published|Date"
    ),
    "source": (
        "信息来源|文章来源|稿件来源|新闻来源|内容来源|消息来源|资料来源|来源于|来源|稿源|出处"
        "|转载自|摘自|转自|发布机构|发布单位|供稿单位|信息提供|Source"
    ),
    "author": "文章作者|作者|本报记者|记者|撰稿人|撰稿|撰文|通讯员|供稿|Author",
    "url": "原文链接|原文地址|原文网址|原始链接|阅读原文|文章链接|本文链接|本文网址|本文地址",
    # The index of government papers. Its dates are those of the paper, not of its publication,
    # and count only where there is no other.
    "index": (
        "索引号|文号|发文字号|发文机关|发文单位|制发机关|主题分类|体裁分类|组配分类|服务对象|主题词|公开方式"
        "|公开范围|公开时限|公开形式|公开属性|信息名称|内容概述|有效性|时效性|效力状态|统一登记号|规范性文件编号"
        "|成文日期|发文日期|印发日期|生成日期|生效日期|制发日期"
    ),
    # Labels whose values are of no use here, but end the value before them.
    "other": (
        "责任编辑|责编|编辑|校对|审核|录入|发布人|浏览次数|浏览量|浏览|点击次数|点击数|点击量|点击率"
        "|点击|阅读次数|阅读量|阅读|访问量|访问次数|人气|评论|字号|字体|栏目|分类|关键词|关键字|标签"
        "|打印|收藏|分享|保护视力色|视力保护色|背景色"
    ),
}


def _spaced(labels: str) -> str:
    """Let white space stand between the letters of each label."""
    return "|".join(r"[ \u3000]*".join(label) for label in labels.split("|"))


_LABEL: Final = re.compile(
    r"(?<![\u4e00-\u9fff])(?:"
    + "|".join(f"(?P<{field}>{_spaced(labels)})" for field, labels in _LABELS.items())
    + r")[】\]]?(?:\s*[:：]|(?=\s?(?:19|20)\d\d[-/.年]))"
)
_LABELLED: Final = re.compile(r"[:：]|(?:19|20)\d\d")
# 来源某报| and 作者张三 without a colon, where the line is known to be one of metadata. The value
# takes white space, too: none of what stands before it is given back (*+), or 来源 with
# 4,000 spaces and ， took 1.8 s.
_BARE_LABEL: Final = re.compile(
    r"^(?P<label>来源于?|稿源|作者)(?=..)\s*+[|丨]?(?P<value>[^，。！？：:]{1,16}?)\s*+[|丨]?$"
)
# 本报记者 张三 李四 · 文/张三
_BYLINE: Final = re.compile(
    r"^[■□●◆（(]?\s*(?:(?:[^，。：\s]{0,8}(?:记者|通讯员|特派员))|文\s?[/／|丨])\s*+[:：]?\s*+"
    r"(?P<names>[\u4e00-\u9fff]{2,4}(?:[\s、，/]+(?:通讯员\s*)?[\u4e00-\u9fff]{2,4}){0,5})[）)]?$"
)
_ROLE: Final = re.compile(
    r"(?:本报|本网|本台|特约|见习|实习)?(?:记者|通讯员|特派员)(?![站部团])[\s:：]*"
)
_DATE: Final = re.compile(
    r"(?<!\d)((?:19|20|１９|２０)\d\d)\s?[-－—/／.．年]\s?(\d{1,2})\s?[-－—/／.．月]\s?(\d{1,2})(?!\d{3})"
)
_HAN_DATE: Final = re.compile(
    r"([〇○零一二三四五六七八九]{4})年([一二三四五六七八九十]{1,3})月([一二三四五六七八九十]{1,3})日"
)
_HAN_DIGITS: Final = {c: i for i, c in enumerate("〇一二三四五六七八九")} | {"○": 0, "零": 0}
# A line of its own with a date: 中国某网 2019-05-17 10:08 参与互动. No white space is given back
# (*+, ++): a date with 148 spaces and ， took 70 ms, eight times that with twice as many.
_DATE_LINE: Final = re.compile(
    rf"^(?:[^，。！？：:]{{0,24}}?[\s|｜（(》])?\s*+{_DATE.pattern}\s?日?(?:\s*+(?:星期|周).)?"
    r"(?:\s*+(?:$|[\s|｜]*+第?\s?[A-Z]?\d{1,3}\s?版.{0,60}$"
    r"|T?\d{1,2}[:：]\d\d(?:[:：]\d\d)?(?:$|\W.{0,40}$|[^\d，。！？\s]{2,10}$))"
    r"|(?:\s++|\s*+[|｜)）])[^，。！？]{0,12}$)"
)
_LONGEST: Final = 160
_URL: Final = re.compile(r"https?://[^\s，。；）)】\"'<>]+", re.IGNORECASE)
# What follows a value on its line: columns apart, a bar, a bracketed tool, a date, a time.
_VALUE_END: Final = re.compile(
    r"[ \t\xa0]{2,}|\u3000|[|｜丨│]|【|\[|\d{4}[-/年.]|\d{1,2}:\d\d"
    r"|我要评论|我有话说|参与互动|打印|扫一扫"
)
_CLOCK: Final = re.compile(
    r"^日|(?<=\s)日|(?:星期|周)[一二三四五六日天]|\d{1,2}[:：]\d\d(?:[:：]\d\d)?"
)
_NOBODY: Final = frozenset(("佚名", "未知", "无", "不详", "匿名", "暂无", "admin", "管理员"))
_EDGES: Final = ' \t\r\n\xa0\u3000:：|｜丨/·-—()（）[]【】<>《》“”"，,。；;'


def read_date(text: str) -> str:
    """The first date in ``text`` as YYYY-MM-DD, or an empty string."""
    match = _DATE.search(text)
    if match:
        year, month, day = (int(part) for part in match.groups())
    else:
        match = _HAN_DATE.search(text)
        if not match:
            return ""
        year = int("".join(str(_HAN_DIGITS[digit]) for digit in match[1]))
        month, day = _han_number(match[2]), _han_number(match[3])
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return ""


def is_false_date(text: str) -> bool:
    """Whether ``text`` is written as a date that no calendar has, as 2022-13-45."""
    written = _DATE.search(text) or _HAN_DATE.search(text)
    return written is not None and not read_date(text)


def read_metadata(line: str) -> Metadata:
    """What the labels on ``line`` say; the first value of a field counts."""
    found: dict[str, str] = {}
    matches = list(_LABEL.finditer(line))
    ends = [*(match.start() for match in matches), len(line)][1:]
    for match, end in zip(matches, ends, strict=True):
        field = match.lastgroup or ""
        value = _value(field, line[match.end() : end])
        if field in Metadata._fields and value and field not in found:
            found[field] = value
    return Metadata(**found)


def merge(found: Metadata, more: Metadata) -> Metadata:
    """What was found first, and where nothing was, the rest."""
    return Metadata(*(old or new for old, new in zip(found, more, strict=True)))


def read_bare_label(line: str) -> Metadata:
    """What 来源某报 or 本报记者 张三 says: a label without a colon, or a byline."""
    match = _BARE_LABEL.match(line)
    if not match:
        byline = _BYLINE.match(line)
        return Metadata(author=_names(byline["names"])) if byline else Metadata()
    name = clean_name(match["value"])
    return Metadata(author=_names(name)) if match["label"] == "作者" else Metadata(source=name)


def is_metadata(line: str) -> bool:
    """Whether the line is there to say when, where or by whom the article was published."""
    if len(line) > _LONGEST or line[-1] in "。！？!?；;":
        return False
    # A label needs one of these after it, which one heading in six has.
    match = _LABEL.search(line) if _LABELLED.search(line) else None
    if match and match.lastgroup != "other" and match.start() <= 24:
        return match.lastgroup != "author" or _names_someone(line, match)
    return ("20" in line or "19" in line) and _DATE_LINE.match(line) is not None


def is_byline(line: str) -> bool:
    """Whether the line is nothing but the names of its writers."""
    return len(line) <= 40 and ("记者" in line or line[0] == "文") and bool(_BYLINE.match(line))


def _names_someone(line: str, match: re.Match[str]) -> bool:
    """Whether a name follows the label, not a speech: interviews have 记者：您怎么看"""
    return match.start() == 0 and bool(clean_name(line[match.end() :])) and len(line) <= 40


def names_source(line: str) -> bool:
    """Whether the line has a label for the source, be it with nobody (来源：未知)."""
    return any(match.lastgroup == "source" for match in _LABEL.finditer(line))


def undated(line: str) -> str:
    """What stands beside date and time and under no other label: often the source."""
    kept: list[str] = []
    start, field = 0, "published"
    for match in _LABEL.finditer(line):
        if field == "published":
            kept.append(line[start : match.start()])
        start, field = match.end(), match.lastgroup or ""
    if field == "published":
        kept.append(line[start:])
    return _CLOCK.sub(" ", _DATE.sub(" ", " ".join(kept)))


def _value(field: str, text: str) -> str:
    """The value of ``field`` at the start of ``text``."""
    if field == "published":
        return read_date(text)
    if field == "url":
        match = _URL.search(text)
        return match[0] if match else ""
    value = clean_name(text)
    if field == "author":
        value = _names(value)
    return value if len(value) <= 40 else ""


def clean_name(text: str) -> str:
    """A source's or an author's name without what stands around it; nobody's is empty."""
    text = text.strip(_EDGES)
    end = _VALUE_END.search(text)
    name = (text[: end.start()] if end else text).strip(_EDGES)
    for left, right in ("《》", "（）", "“”"):
        if name.count(left) > name.count(right):
            name += right
    return "" if name in _NOBODY else name


def _names(text: str) -> str:
    """The names of authors without what they are: 记者 张三 通讯员 李四."""
    return " ".join(_ROLE.sub(" ", text).split())


def _han_number(text: str) -> int:
    """十一 as 11."""
    tens, ten, ones = text.rpartition("十")
    if not ten:
        return _HAN_DIGITS[text] if len(text) == 1 else 0
    return 10 * (_HAN_DIGITS[tens] if tens else 1) + (_HAN_DIGITS[ones] if ones else 0)
