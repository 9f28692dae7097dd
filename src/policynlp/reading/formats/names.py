"""File names as ids and messages show them: printable, and no two of them alike."""

import re
from collections.abc import Sequence
from itertools import chain, count
from typing import Final

from policynlp.reading.formats.encodings import decode_names

# What no name should hold, among it the halves of characters that stand for bytes that are not
# UTF-8, and what turns the direction of writing.
_UNPRINTABLE: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
_BYTES: Final = range(0xDC80, 0xDD00)
"""The characters that Python has for bytes from 0x80 on."""


def readable(names: Sequence[str]) -> dict[str, str]:
    """How each of ``names``, all those in a folder or paths, is shown.

    Those in one folder that are not UTF-8 are read as GBK if all of them are GBK, as in archives
    that Windows has packed. What remains unprintable is escaped, as ``\\xb0``. One that would
    look like another name is escaped throughout, or numbered.
    """
    shown = {name: name for name in names if not _UNPRINTABLE.search(name)}
    if len(shown) == len(names):
        return shown
    taken = set(shown)
    strange = [name for name in names if name not in shown]
    for name, read in zip(strange, _read(strange), strict=True):
        plain = printable(name)
        numbered = (f"{plain}~{number}" for number in count(2))
        shown[name] = next(n for n in chain((printable(read), plain), numbered) if n not in taken)
        taken.add(shown[name])
    return shown


def printable(name: str) -> str:
    """``name``, or path, with escapes for what cannot be printed."""
    if not _UNPRINTABLE.search(name):
        return name
    return _UNPRINTABLE.sub(_escape, "/".join(map(_with_bytes_escaped, name.split("/"))))


def _with_bytes_escaped(part: str) -> str:
    """``part`` with all its bytes escaped if it is not UTF-8: some could be taken for that."""
    data = _bytes(part)
    return data.decode("ascii", "backslashreplace") if data and _has_bytes(part) else part


def _bytes(part: str) -> bytes | None:
    """What the name is on the disk, unless it holds a half of a character, as Windows allows."""
    try:
        return part.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return None


def _has_bytes(part: str) -> bool:
    return any(ord(c) in _BYTES for c in part)


def _read(paths: Sequence[str]) -> list[str]:
    """``paths`` with their parts that are not UTF-8 read as GBK, where all in a folder are GBK."""
    split = [tuple(path.split("/")) for path in paths]
    folders: dict[tuple[str, ...], dict[str, str]] = {}
    for parts in split:
        for number, part in enumerate(parts):
            if _has_bytes(part):
                folders.setdefault(parts[:number], {})[part] = part
    for names in folders.values():
        data = list(map(_bytes, names))
        if all(data):
            names |= zip(names, decode_names(list(filter(None, data))) or names, strict=True)
    return [
        "/".join(folders.get(parts[:n], {}).get(part, part) for n, part in enumerate(parts))
        for parts in split
    ]


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    code -= 0xDC00 * (code in _BYTES)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
