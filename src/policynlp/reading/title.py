"""Choose the title among the lines above the body: each gets points for what titles have.

Sites put the date below the title or above it, and their own name, menus, index tables and the
series' name (a kicker) near both, so that no place alone tells the title.
"""

import re
from collections.abc import Sequence
from typing import Final

from policynlp.reading.boilerplate import Line

_LINES_ABOVE: Final = 8
_SHORTEST, _LONGEST = 4, 80

_NAMES: Final = (
    "网|网站|在线|热线|日报|晚报|时报|周刊|杂志|电视台|广播|政府|党委|委员会|委|局|厅|部|处|办|办公室|中心|平台"
    "|集团|公司|协会|学会|大学|学院|医院|发布|融媒|频道|栏目|专栏|专题|专区|大厅|信箱|公众号|客户端|版|公开|概况|公示公告"
)
# What the words of a line are worth. All titles of 61 pages are right (42 invented, ten of them
# written after these weights, and 19 real); with any one part left out 59 or more, without the
# length 52, and with one weight doubled 56 or more.
_WORDS: Final = tuple(
    (points, re.compile(pattern))
    for points, pattern in (
        (4, r"^.{8,40}$"),
        (1, r"^.{4,7}$|^.{41,80}$"),
        # The marks of headlines: quotation, colon, question, two clauses.
        (1, r"[“”‘’《》？！?!]|.[:：，,].|[\u4e00-\u9fff][ \u3000]+[\u4e00-\u9fff]"),
        # Sentences, salutations, labels.
        (-6, r"[。；;，,、：:]$|^(?:标\s*题|名\s*称|摘\s*要|导\s*[语读]|核心提示|提\s*要)\s*[:：]"),
        # Sites, papers, departments, accounts.
        (
            -5,
            rf"^[^“”《》：:，？！]{{1,14}}(?:{_NAMES})$|^原创\s|^(?:点击|关注|欢迎|请输入|热搜|热词)",
        ),
        # Menus: many short words.
        (-6, r"^(?:\S{1,5}\s+){3,}\S{1,5}$"),
        # Series, and headings of a body.
        (-4, r"[①-⑳]$|[（(][一二三四五六七八九十\d]+[）)]$|进行时|系列报道|^【[^】]*】$"),
        (-2, r"[·•]"),
        (-4, r"^[（(]?[一二三四五六七八九十\d]{1,3}[）)、.．]"),
        (-4, r"^[^\u4e00-\u9fff]*$|〔\d{4}〕"),
    )
)
_ECHOED: Final = 4
_REPEATED: Final = 2
_SUBTITLE_BELOW: Final = 3
_BELOW: Final = {"metadata": 2, "byline": 2, "tools": 1}
_NAMES_THE_SITE: Final = -4
_BELOW_HEADER: Final = -2
_LINE_APART: Final = -1

_BEFORE_ECHO: Final = re.compile(r"(?:[>＞›»→/]|(?:标\s*题|名\s*称)\s*[:：])\s*$")
_AFTER_ECHO: Final = tuple("_-－–—|｜丨")
_FOOTERS: Final = frozenset(("copyright", "metadata", "contact"))


def find_title(lines: Sequence[Line], headers: Sequence[int], first: int) -> int:
    """The number of the title's line, or -1.

    ``headers`` are the lines of metadata above the body, of which the first prose is ``first``.
    """
    start = max(0, min((*headers, first)) - _LINES_ABOVE)
    scored = [
        (_score(lines, i, headers, first), i) for i in range(start, first) if _may_be(lines, i)
    ]
    score, best = max(scored, default=(0, -1))
    return best if score >= 0 else -1


def is_subtitle(line: str) -> bool:
    """Whether a line is the second deck of a headline: ——记某某."""
    return line[0] in "—―─" or line.startswith("--")


def _may_be(lines: Sequence[Line], i: int) -> bool:
    """Whether a line is of a title's length, not boilerplate, subtitle or a label's value."""
    line = lines[i]
    if line.kind or not _SHORTEST <= len(line.text) <= _LONGEST or is_subtitle(line.text):
        return False
    return i == 0 or lines[i - 1].kind != "metadata" or lines[i - 1].text[-1] not in ":："


def _score(lines: Sequence[Line], i: int, headers: Sequence[int], first: int) -> int:
    """The points of a line, by its words, its place and what stands around it."""
    text = lines[i].text
    points = sum(points for points, pattern in _WORDS if pattern.search(text))
    below = next((j for j in headers if j > i), -1)
    if below >= 0:
        points += _LINE_APART * _lines_between(lines, i, below)
    elif headers:
        points += _BELOW_HEADER + _LINE_APART * _lines_between(lines, headers[-1], i)
    else:
        points += _LINE_APART * _lines_between(lines, i, first)
    follower = i + 1
    if follower < len(lines) and is_subtitle(lines[follower].text):
        points += _SUBTITLE_BELOW
        follower += 1
    if follower < len(lines):
        points += _BELOW.get(lines[follower].kind, 0)
    points += max((_echo(line.text, text) for line in lines[:i]), default=0)
    if len(text) <= 16 and _names_the_site(lines, text):
        points += _NAMES_THE_SITE
    return points


def _lines_between(lines: Sequence[Line], above: int, below: int) -> int:
    """How many lines that may be titles, too, stand between two lines."""
    return sum(_may_be(lines, i) for i in range(above + 1, below))


def _echo(line: str, title: str) -> int:
    """What it adds that a line repeats the title: alone, as a crumb's last step, before _site."""
    if len(line) <= len(title):
        return _REPEATED if line == title else 0
    before = line.endswith(title) and _BEFORE_ECHO.search(line[: -len(title)])
    after = line.startswith(title) and line[len(title) :].lstrip().startswith(_AFTER_ECHO)
    return _ECHOED if before or after else 0


def _names_the_site(lines: Sequence[Line], name: str) -> bool:
    """Whether a line with the publisher, date or rights names it, too."""
    return any(name in line.text for line in lines if line.kind in _FOOTERS)
