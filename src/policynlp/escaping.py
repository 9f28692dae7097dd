"""Text of others, made safe for what shows it: a terminal, Markdown, HTML, tables, workbooks.

File names, titles and columns come from anywhere. Each medium obeys some characters instead of
showing them; it has one function here, called where text is written and not where it is read.
The templates of pages escape by themselves (``report/pages.py``).
"""

import html as _html
import re
from typing import Final

# What no eye sees but a terminal, an editor or a reader obeys: controls, line separators, marks
# of direction, what Unicode has ignored by default, halves of characters. Variation selectors
# choose among forms of a Chinese character or an emoji, and stay; so does a tab.
_IGNORED: Final = (
    r"\x00-\x08\x0a-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200c"
    r"\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ud800-\udfff\ufeff\uffa0\ufff9-\ufffb"
    r"\ufffe\uffff\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e00ff"
    r"\U000e01f0-\U000e0fff"
)
# The joiner that makes one emoji of several hides where there is none.
_UNSEEN: Final = re.compile(rf"[{_IGNORED}]|(?<![\u2600-\u27bf\ufe0f\U0001f000-\U0001faff])\u200d")
_LINE_ENDS: Final = re.compile(r"[\r\n\x85\u2028\u2029]+")
_BYTES: Final = range(0xDC80, 0xDD00)  # what Python makes of bytes in a name that are not UTF-8

# Marks that may mean something anywhere, what would be an entity, an address or an e-mail
# address that is made a link, and what a line may begin or end with: a heading, a list, a quote.
_MARKS: Final = re.compile(
    r"[\\`*_{}\[\]|~^$<]|&(?=#?\w+;)|:(?=//)|(?<=[wW]{3})\.|@(?=\w)|=(?==)"
    r"|^[#>]|#$|^[-+](?=[ -]|$)|^[0-9]{1,9}[.)](?= |$)"
)
_ENTITIES: Final = {"<": "&lt;", ">": "&gt;", "&": "&amp;"}

# What would end or disturb a script element, or a line of JavaScript, within JSON.
_IN_SCRIPT: Final = "<>&\u2028\u2029"

# Excel and its like take a cell that begins so for a formula, some also behind white space; in
# China also in full-width forms. A tab or an end of a line they take away themselves.
_FORMULA: Final = re.compile(rf"\A(?:[\t\r\n]|[\s{_IGNORED}]*[=+\-@＝＋－＠])")
_NOT_IN_XML: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


class Shown(str):
    """Text that is safe for a terminal: made so, or our own colours."""


def terminal(*parts: str) -> Shown:
    r"""Put parts of a line together; what no eye sees in them is written out, as ``\u001b``.

    So a file whose name has some can still be told from others. What is :class:`Shown` is taken
    as it is. JSON stays the same JSON.
    """
    return Shown("".join(p if isinstance(p, Shown) else _UNSEEN.sub(_written, p) for p in parts))


def seen(text: str) -> str:
    """``text`` on one line, without what no eye sees: to read an article, not to know a name."""
    return _UNSEEN.sub("", _LINE_ENDS.sub(" ", text))


def markdown(text: str) -> str:
    """``text`` as the whole of a paragraph, heading or item of Markdown that shows just this.

    Only what would be markup is escaped, so that the page also reads well as it is.
    """
    return _MARKS.sub(_escaped, " ".join(seen(text).split()))


def html(text: str) -> str:
    """``text`` as HTML that shows just this, in an element or an attribute."""
    return _html.escape(text)


def script(json: str) -> str:
    """JSON as it may stand in a script element."""
    for character in _IN_SCRIPT:
        json = json.replace(character, f"\\u{ord(character):04x}")
    return json


def escape_formula(cell: object) -> object:
    """``cell`` so that no program takes it for a formula."""
    if isinstance(cell, str) and _FORMULA.match(cell):
        return "'" + cell
    return cell


def legal(text: str) -> str:
    """``text`` without the characters that a cell of a workbook cannot have."""
    return _NOT_IN_XML.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def _written(found: re.Match[str]) -> str:
    character = found[0]
    if character in "\r\n":
        return {"\r": r"\r", "\n": r"\n"}[character]
    if ord(character) in _BYTES:
        return f"\\x{ord(character) - 0xDC00:02x}"
    units = character.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[i : i + 4]}" for i in range(0, len(units), 4))


def _escaped(found: re.Match[str]) -> str:
    before, mark = found[0][:-1], found[0][-1]
    return before + _ENTITIES.get(mark, f"\\{mark}")
