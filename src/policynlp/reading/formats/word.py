"""Word files: their paragraphs, and the title and headings that their styles make."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple
from zipfile import BadZipFile

from policynlp.reading.formats.items import Item, Reading
from policynlp.reading.lines import BLANK, is_prose
from policynlp.records import InputRecord

# As Word, WPS and their translations call the styles, and as files name them inside.
_HEADING: Final = re.compile(r"(?:heading|标题)\s?([1-9])", re.IGNORECASE)
_TITLE: Final = re.compile(r"title|标题|文档标题|主标题", re.IGNORECASE)
_TITLE_LEVEL: Final = 0


class _Line(NamedTuple):
    """A paragraph and the level that its style gives it: 0 a title, ``None`` plain text."""

    text: str
    level: int | None


def parse_document(item: Item, reading: Reading) -> InputRecord:
    """The record of a Word file: its paragraphs, one a line, without tables."""
    assert isinstance(item.content, Path)
    from docx import Document

    with item.content.open("rb") as stream:
        try:
            document = Document(stream)
        except KeyError as error:  # A zip without what a document is made of.
            raise BadZipFile from error
        lines = [_line(paragraph) for paragraph in document.paragraphs]
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


def _line(paragraph: Any) -> _Line:
    level = _level(paragraph)
    text = str(paragraph.text)
    # A heading that is broken over two lines is one.
    return _Line(text if level is None else " ".join(text.splitlines()), level if text else None)


def _level(paragraph: Any) -> int | None:
    """What the paragraph's style, or one that it is based on, makes of it."""
    style = paragraph.style
    while style is not None:
        for name in (style.name or "", style.style_id or ""):
            heading = _HEADING.fullmatch(name)
            if heading:
                return int(heading[1])
            if _TITLE.fullmatch(name):
                return _TITLE_LEVEL
        style = style.base_style
    return None


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
