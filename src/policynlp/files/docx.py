"""Word files: their paragraphs, and the title and headings that their styles make."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple
from zipfile import ZipFile

from policynlp.files import ooxml
from policynlp.files.input_records import InputRecord
from policynlp.files.items import BYTES_A_CHARACTER, Item, Reading, too_long
from policynlp.files.ooxml import Attributes, attribute
from policynlp.reading.boilerplate import BLANK, is_prose

# As Word, WPS and their translations call the styles, and as files name them inside.
_HEADING: Final = re.compile(r"(?:heading|标题)\s?([1-9])", re.IGNORECASE)
_TITLE: Final = re.compile(r"title|标题|文档标题|主标题", re.IGNORECASE)
_TITLE_LEVEL: Final = 0
_BODY: Final = ["document", "body"]
# Where text stands below the body, and what is text there besides.
_RUNS: Final = (["p", "r"], ["p", "hyperlink", "r"])
_MARKS: Final = {"tab": "\t", "ptab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}


class _Line(NamedTuple):
    """A paragraph and the level that its style gives it: 0 a title, ``None`` plain text."""

    text: str
    level: int | None


def parse_document(item: Item, reading: Reading) -> InputRecord:
    """The record of a Word file: its paragraphs, one a line, without tables."""
    assert isinstance(item.content, Path)
    with ooxml.opened(item.content) as archive:
        lines = _Lines(archive, reading).lines
    title = _title(lines)
    headings = {}
    position = 0
    for number, (text, level) in enumerate(lines):
        if level and number != title:
            headings[position + len(text) - len(text.lstrip(BLANK))] = level
        position += len(text) + 1
    return InputRecord(
        text="\n".join(line.text for line in lines),
        title=lines[title].text.strip(BLANK) if title >= 0 else "",
        headings=headings,
    )


class _Styles:
    """The levels that styles make of paragraphs."""

    def __init__(self, archive: ZipFile, part: str) -> None:
        self._usual = self._id = ""
        self._names: dict[str, str] = {}
        self._bases: dict[str, str] = {}
        self._levels: dict[str, int | None] = {}
        ooxml.walk(archive, part, self._start)

    def _start(self, tag: str, attributes: Attributes) -> None:
        value = attribute(attributes, "val")
        if tag == "style":
            paragraphs = attribute(attributes, "type") in ("", "paragraph")
            self._id = attribute(attributes, "styleId") if paragraphs else ""
            if self._id and len(self._names) < ooxml.MOST_PARTS:
                self._names[self._id] = ""
                if attribute(attributes, "default") in ("1", "true", "on"):
                    self._usual = self._id
        elif tag == "name" and self._id in self._names:
            self._names[self._id] = value
        elif tag == "basedOn" and self._id in self._names:
            self._bases[self._id] = value

    def level(self, style: str) -> int | None:
        """What a style, or one that it is based on, makes of a paragraph."""
        style = style if style in self._names else self._usual
        if style not in self._levels:
            self._levels[style] = self._found_level(style)
        return self._levels[style]

    def _found_level(self, style: str) -> int | None:
        seen = set()
        while style in self._names and style not in seen:
            for name in (self._names[style], style):
                heading = _HEADING.fullmatch(name)
                if heading:
                    return int(heading[1])
                if _TITLE.fullmatch(name):
                    return _TITLE_LEVEL
            seen.add(style)
            style = self._bases.get(style, "")
        return None


class _Lines:
    """The paragraphs of a document that stand in no table, text box or the like."""

    def __init__(self, archive: ZipFile, reading: Reading) -> None:
        main = ooxml.main_part(archive)
        parts = dict(ooxml.related(archive, main).values())
        self.lines: list[_Line] = []
        self._styles = _Styles(archive, parts.get("styles", ""))
        self._reading = reading
        self._left = reading.max_bytes // BYTES_A_CHARACTER
        self._path: list[str] = []
        self._parts: list[str] = []
        self._style = ""
        ooxml.walk(archive, main, self._start, self._end, self._text)

    def _start(self, tag: str, attributes: Attributes) -> None:
        within = self._path[2:]
        if tag == "p" and self._path == _BODY:
            self._style, self._parts = "", []
        elif tag == "pStyle" and within == ["p", "pPr"]:
            self._style = attribute(attributes, "val")
        elif tag in _MARKS and within in _RUNS:
            ends_page = tag == "br" and attribute(attributes, "type") not in ("", "textWrapping")
            self._add("" if ends_page else _MARKS[tag])
        self._path.append(tag)

    def _text(self, text: str) -> None:
        if self._path[-1] == "t" and self._path[2:-1] in _RUNS:
            self._add(text)

    def _add(self, text: str) -> None:
        self._parts.append(text)
        self._left -= len(text)
        if self._left < 0:
            raise too_long(self._reading)

    def _end(self, tag: str) -> None:
        self._path.pop()
        if tag == "p" and self._path == _BODY:
            level = self._styles.level(self._style)
            text = "".join(self._parts)
            # A heading that is broken over two lines is one.
            line = text if level is None else " ".join(text.splitlines())
            self.lines.append(_Line(line, level if text else None))
            self._add("\n")


def _title(lines: Sequence[_Line]) -> int:
    """The number of the line that is the title, or -1: the first one styled as title.

    Without any, it is the sole heading of level 1, if no prose stands above it.
    """
    levels = [line.level for line in lines]
    if _TITLE_LEVEL in levels:
        return levels.index(_TITLE_LEVEL)
    if levels.count(1) != 1:
        return -1
    first = levels.index(1)
    above = [line.text.strip(BLANK) for line in lines[:first]]
    return -1 if any(is_prose(text) for text in above if text) or any(levels[:first]) else first
