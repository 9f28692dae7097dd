"""Cut text into sentences and clauses without losing a character.

Sentences end at 。！？!? and ……, with the quotes and brackets that close there; ；and ; end
clauses, not sentences. White space after an end goes with the sentence before it, so that a
sentence starts at its own first character. Marks end a sentence inside an open quote too:
editors who picked sentences from 192 articles cut there, and a speech of five sentences is
five sentences. What follows a closing quote can still belong to it: see ``_goes_on``.
"""

import re
from typing import Final

from policynlp.article import Span

_CLOSERS: Final = "”’」』）)】》〉〕］]"

_CLOSE: Final = re.escape(_CLOSERS)
_AFTER_END: Final = rf"[。！？!?…{_CLOSE}\"]*[\s\u200b\ufeff]*"

# One pass finds every place that may end a sentence. The second form also stops at full stops
# in ASCII, between two English sentences only: two letters, the stop, white space, a capital.
# It is four times as slow, because a branch has no first character to search for.
_CHINESE_END: Final = re.compile(rf"[。！？!?｡…]{_AFTER_END}")
_ENGLISH_END: Final = re.compile(rf"(?:[。！？!?｡…]|(?<=[A-Za-z]{{2}})\.(?=\s+[A-Z])){_AFTER_END}")
_CLAUSE_END: Final = re.compile(rf"[，,；;：:]+[{_CLOSE}]*[\s\u200b\ufeff]*")

# After a closing quote or ……: these go on with the sentence.
_CAN_GO_ON: Final = frozenset(_CLOSERS + '"…')
_CONTINUATION: Final = frozenset("，,、；;：:的之")

# Who said it, after the quote and up to the end of the sentence: “……。”他说。 A reporting verb
# followed by a comma opens a sentence of its own (“……。”他表示，今年将……).
_ATTRIBUTION: Final = re.compile(
    r"[^，,。！？!?：:；;“”\s]{1,16}?"
    r"(?:说|说道|表示|介绍|认为|指出|强调|坦言|告诉记者|回忆|感慨|感叹|解释|透露|补充|如是说)[。！!]"
)
_ABBREVIATIONS: Final = frozenset(("Mr", "Mrs", "Ms", "Dr", "Prof", "St", "No", "vs", "Inc", "Co"))
_LAST_WORD: Final = re.compile(r"[A-Za-z]{1,5}$")


def split_sentences(text: str, start: int, end: int) -> tuple[Span, ...]:
    """Cut ``text[start:end]`` into sentences that cover it without gap or overlap."""
    sentences = []
    begin = counted = start
    quotes = 0
    ends = _CHINESE_END if text.find(". ", start, end) < 0 else _ENGLISH_END
    for match in ends.finditer(text, start, end):
        mark, stop = match.span()
        if '"' in match[0]:
            quotes += text.count('"', counted, mark)
            counted = mark
            stop = _closed(text, mark, stop, is_open=quotes % 2 == 1)
        if stop < end and _ends_here(text, mark, stop, end):
            sentences.append(Span(begin, stop))
            begin = stop
    if begin < end:
        sentences.append(Span(begin, end))
    return tuple(sentences)


def split_clauses(text: str, start: int, end: int) -> tuple[Span, ...]:
    """Cut ``text[start:end]`` into clauses: at ，；： and at the ends of sentences."""
    clauses = []
    for sentence in split_sentences(text, start, end):
        begin, last = sentence
        for match in _CLAUSE_END.finditer(text, begin, last):
            stop = match.end()
            if stop < last and not _in_figure(text, match.start()):
                clauses.append(Span(begin, stop))
                begin = stop
        clauses.append(Span(begin, last))
    return tuple(clauses)


def _closed(text: str, mark: int, stop: int, *, is_open: bool) -> int:
    """Where an end with straight quotes stops: one closes an open quote, the next opens one."""
    opening = text.index('"', mark)
    if is_open:
        opening = text.find('"', opening + 1, stop)
    return opening if opening >= 0 else stop


def _ends_here(text: str, mark: int, stop: int, end: int) -> bool:
    """Whether the mark at ``mark``, closed by ``stop``, ends a sentence."""
    first = text[mark]
    if stop == mark + 1:
        if first in "。！？":
            return True
        if first == "…":
            return False
    last = text[stop - 1]
    if first < "\x80" and not _ends_in_ascii(text, mark, stop):
        return False
    if last not in _CAN_GO_ON:
        return True
    if text[stop] in _CONTINUATION:
        return False
    return last == "…" or _ATTRIBUTION.match(text, stop, end) is None


def _ends_in_ascii(text: str, mark: int, stop: int) -> bool:
    """Whether ``! ?`` or ``.`` is a mark here, not part of an address or an abbreviation."""
    if text[mark] == ".":
        word = _LAST_WORD.search(text, max(0, mark - 5), mark)
        return word is None or word[0] not in _ABBREVIATIONS
    before, after = text[max(0, mark - 1)], text[stop]
    return not (stop == mark + 1 and before.isascii() and after.isascii() and after.isalnum())


def _in_figure(text: str, mark: int) -> bool:
    """Whether a comma or colon stands between digits (1,200 and 10:30)."""
    return (
        text[mark] in ",:"
        and 0 < mark < len(text) - 1
        and text[mark - 1].isdigit()
        and text[mark + 1].isdigit()
    )
