"""Traditional characters as simplified ones, one for one, so that every place stays where it is."""

from functools import cache
from typing import Final

from policynlp.records import InputRecord

# The blocks with Han characters that OpenCC maps in the basic plane.
_BLOCKS: Final = ((0x3400, 0xA000), (0xF900, 0xFB00))


def simplified(record: InputRecord) -> InputRecord:
    """``record`` with its article in simplified characters; lengths do not change."""
    sections = record.sections and tuple(
        (_simplify(heading), tuple(map(_simplify, paragraphs)))
        for heading, paragraphs in record.sections
    )
    return record._replace(
        text=_simplify(record.text),
        sections=sections,
        title=_simplify(record.title),
        source=_simplify(record.source),
        author=_simplify(record.author),
    )


def _simplify(text: str) -> str:
    return text.translate(_table())


@cache
def _table() -> dict[int, str]:
    """OpenCC's choice for each character by itself; its phrases would change lengths."""
    from opencc import OpenCC

    characters = [chr(code) for block in _BLOCKS for code in range(*block)]
    converted = OpenCC("t2s").convert("\n".join(characters)).split("\n")
    return {
        ord(old): new
        for old, new in zip(characters, converted, strict=True)
        if old != new and len(new) == 1
    }
