"""One spelling for what means the same, character for character.

Every step maps one character to one character, so offsets into the normalised text
are offsets into the source.
"""

import re

_FULL_WIDTH = 0xFEE0  # from an ASCII character to its full-width form
_ASCII_WORD = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ+#&._%-"

# One private-use character stands for a run while Jieba cuts (see words.py), so a source
# that holds it already has it treated as part of a run.
PLACEHOLDER = "\ue000"

# Han characters that jieba's pattern leaves out: 々 〇, extensions, compatibility forms.
_RARE_HAN = "\u3005-\u3007\u3400-\u4dbf\u9fd6-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
# Halves of a broken character, which rjieba refuses to read.
_SURROGATES = "\ud800-\udfff"

# What Jieba's own pattern treats as part of a word besides Han characters, in both widths,
# rare Han and broken characters. The engines differ only on such runs (dates, URLs, numbers,
# names with rare characters), so each is kept whole and never reaches them.
RUN = re.compile(
    "([{}{}{}{}{}]+)".format(
        re.escape(_ASCII_WORD),
        re.escape("".join(chr(ord(char) + _FULL_WIDTH) for char in _ASCII_WORD)),
        PLACEHOLDER,
        _RARE_HAN,
        _SURROGATES,
    )
)


def _folded(char: str) -> str:
    return "0" if char.isdigit() else char.lower()


_FOLD = {ord(char): _folded(char) for char in _ASCII_WORD}
_FOLD |= {code + _FULL_WIDTH: char for code, char in _FOLD.items()}


def fold(run: str) -> str:
    """Fold one run: half width, lower case, every digit ``0``. Keeps the length."""
    return run.translate(_FOLD)


def normalise(text: str) -> str:
    """Fold the runs of Latin letters and digits in ``text`` and leave the rest alone.

    A number becomes its class: ``2022年`` and ``２０２３年`` are both ``0000年``, ``37.2%``
    is ``00.0%``. The result has the length of ``text``.
    """
    return RUN.sub(lambda match: fold(match.group()), text)
