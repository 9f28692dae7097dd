"""The lines of a page: where each lies, what its words make it, how much prose it adds."""

from typing import Final, NamedTuple

from policynlp.reading.chrome import kind_of_line, kind_of_prose
from policynlp.reading.metadata import is_byline, is_metadata

BLANK: Final = "".join(
    chr(code)
    for code in (*range(0x9, 0xE), *range(0x1C, 0x21), *range(0x2000, 0x200E))
    + (0x85, 0xA0, 0x1680, 0x2028, 0x2029, 0x202F, 0x205F, 0x2060, 0x3000, 0xFEFF)
)
"""What is stripped from both ends of a line: white space and characters without width."""

# What a line adds to a body that holds it. Prose adds its length, up to what keeps one very long
# line from bridging a page; short lines and chrome take away. Halving or doubling any one of
# these moves the mean F1 of 19 pages by 0.001 at most.
_MOST_PROSE: Final = 200
_SHORT_LINE: Final = -10
_KIND_WEIGHTS: Final = {
    "navigation": -20,
    "tools": -15,
    "metadata": -20,
    "byline": -10,
    "photo_credit": 0,
    "promotion": -20,
    "editor": -150,
    "related": -100,
    "comments": -100,
    "disclaimer": -100,
    "copyright": -150,
    "contact": -60,
}


class Line(NamedTuple):
    """A line without its outer white space, and the kind of chrome that its words make it."""

    start: int
    end: int
    text: str
    kind: str


def read_lines(text: str) -> list[Line]:
    """The lines that are not blank, each with its kind or, for body, an empty string."""
    lines = []
    position = 0
    for raw in text.splitlines(keepends=True):
        line = raw.strip(BLANK)
        if line:
            start = position + len(raw) - len(raw.lstrip(BLANK))
            lines.append(Line(start, start + len(line), line, _kind(line)))
        position += len(raw)
    return lines


def is_prose(line: str) -> bool:
    """Whether a line ends as a sentence does, or holds one, or is too long for anything else."""
    return line[-1] in "。；;" or (len(line) > 12 and "。" in line) or len(line) > _MOST_PROSE


def weight(line: Line) -> int:
    """What a line adds to a body that holds it: above zero for prose, below for chrome."""
    if line.kind:
        return _KIND_WEIGHTS[line.kind]
    text, length = line.text, len(line.text)
    if is_prose(text):
        return min(length, _MOST_PROSE)
    if text[-1] in "！？!?…：:，,、”" or text.count("，") + text.count(",") > 1:
        # Headlines end in ？ and ！, too, and few have 40 characters.
        return length if length >= 40 else length // 2
    return _SHORT_LINE


def _kind(line: str) -> str:
    if is_prose(line):
        return kind_of_prose(line)
    if is_metadata(line):
        return "metadata"
    return "byline" if is_byline(line) else kind_of_line(line)
