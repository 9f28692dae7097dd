"""Find where the body of a page lies, and the title and metadata that stand around it."""

import re
from collections.abc import Iterable, Sequence
from itertools import takewhile
from typing import Final, NamedTuple

from policynlp.reading.chrome import kind_of_line
from policynlp.reading.lines import Line, is_prose, weight
from policynlp.reading.metadata import (
    Metadata,
    clean_name,
    merge,
    names_source,
    read_bare_label,
    read_date,
    read_metadata,
    undated,
)

# A header announces the body where that has three tenths of what the best run of the page has:
# on 17 of 19 pages it is the best run, and a short item above long live comments had six tenths.
_HEADED_SHARE: Final = 0.3
# Of several headers the first counts whose body has nearly as much as the best.
_NEARLY: Final = 0.7
_FURTHEST_HEADER: Final = 40
# Date, source and author stand within so many lines, and the title as near above them.
_HEADER_LINES: Final = 12
_TITLE_LINES: Final = 8
_SHORTEST_TITLE, _LONGEST_TITLE = 8, 80
_METADATA_BELOW: Final = 12
LEAD_LINES: Final = 3
"""The line with the date may stand below a lead of so many lines."""

# Short lines between header and prose are names of sources, channels and buttons; from here on,
# or with a mark or a number, they are the body's first heading or salutation.
_SHORTEST_OPENING: Final = 8
_OPENING: Final = re.compile(r"[（(]?[一二三四五六七八九十\d]{1,2}[）)、.．]|.*[。！？!?：:，,”]$")


class Frame(NamedTuple):
    """In line numbers: the first line of metadata and the title, or -1; the body's extent."""

    header: int
    title: int
    first: int
    last: int


def find_frame(lines: Sequence[Line], title: str) -> Frame | None:
    """The run of lines with the most prose, if possible one that follows a line of metadata."""
    weights = [weight(line) for line in lines]
    gains, lasts = _best_runs(weights)
    most = max(range(len(lines)), key=gains.__getitem__)
    if gains[most] <= 0:
        return None
    starts = _next_prose(weights)
    headers = [
        i
        for i, line in enumerate(lines)
        if (line.kind == "metadata" or line.text == title)
        and starts[i] - i <= _FURTHEST_HEADER
        and not follows_prose(lines, i)
    ]
    best = max((gains[starts[i]] for i in headers), default=0)
    if best <= 0 or best < _HEADED_SHARE * gains[most]:
        return Frame(-1, _find_title(lines, title, most, most), most, lasts[most])
    first = next(starts[i] for i in headers if gains[starts[i]] >= _NEARLY * best)
    near = [i for i in headers if starts[i] == first]
    near = [i for i in near if near[-1] - i <= _HEADER_LINES]
    # The date of today at the top of a page has no title above it.
    header = next((i for i in near if _title_above(lines, i) >= 0), near[0])
    last = lasts[first]
    first = _with_short_lines(lines, near[-1], first)
    return Frame(header, _find_title(lines, title, header, first), first, last)


def find_metadata(lines: Sequence[Line], frame: Frame) -> tuple[Metadata, Frame]:
    """The metadata above the body, failing that below it.

    With the frame, whose body no longer holds a line that is nothing but the source's name.
    """
    top = frame.header if frame.header >= 0 else frame.first - _TITLE_LINES
    if 0 <= frame.title < frame.first:
        top = min(top, frame.title)
    top = max(0, top)
    # What stands above the title, such as the date of today, comes last.
    above = (*range(top, frame.first), *range(max(0, top - 2), top))
    lead = range(frame.first + 1, min(frame.first + LEAD_LINES, frame.last) + 1)
    below = range(frame.last + 1, min(len(lines), frame.last + 1 + _METADATA_BELOW))
    found = Metadata()
    for i in above:
        found = merge(found, read_metadata(_with_value(lines, i)))
        found = merge(found, read_bare_label(lines[i].text))
    for i in (*lead, *below):
        if lines[i].kind in ("metadata", "editor"):
            found = merge(found, read_metadata(_with_value(lines, i)))
    if not found.published:
        found = found._replace(published=_loose_date(lines[i] for i in (*above, *lead, *below)))
    if not found.source and not any(names_source(lines[i].text) for i in above):
        source, line = _loose_source(lines, frame)
        found = found._replace(source=source)
        frame = frame._replace(first=max(frame.first, line + 1))
    return found, frame


def _best_runs(weights: Sequence[int]) -> tuple[list[int], list[int]]:
    """For each line the greatest sum of a run that starts with it, and that run's last line."""
    gains, lasts = [0] * (len(weights) + 1), list(range(len(weights) + 1))
    for i in range(len(weights) - 1, -1, -1):
        goes_on = i + 1 < len(weights) and gains[i + 1] >= 0
        gains[i] = weights[i] + (gains[i + 1] if goes_on else 0)
        lasts[i] = lasts[i + 1] if goes_on else i
    return gains, lasts


def _next_prose(weights: Sequence[int]) -> list[int]:
    """For each line the next one that is prose: there a body begins that it announces."""
    starts = [len(weights)] * (len(weights) + 1)
    for i in range(len(weights) - 1, -1, -1):
        starts[i] = i if weights[i] > 0 else starts[i + 1]
    return starts


def follows_prose(lines: Sequence[Line], i: int) -> bool:
    """Whether a paragraph stands right above: then the line is a date or source inside a body."""
    return i > 0 and not lines[i - 1].kind and is_prose(lines[i - 1].text)


def _with_short_lines(lines: Sequence[Line], header: int, first: int) -> int:
    """The body's first line: short lines right above its first prose belong to it.

    Not so below a heading of links, and not the value of a label that ends in a colon.
    """
    above = first
    while above > header + 1 and _may_open_body(lines[above - 1]):
        above -= 1
    stopper = lines[above - 1]
    if stopper.kind in ("related", "comments"):
        return first
    if stopper.kind == "metadata" and stopper.text[-1] in ":：" and above < first:
        return above + 1
    return above


def _may_open_body(line: Line) -> bool:
    """Whether a line between header and prose may be the body's own."""
    if line.kind:
        return False
    return len(line.text) >= _SHORTEST_OPENING or _OPENING.match(line.text) is not None


def _find_title(lines: Sequence[Line], title: str, top: int, first: int) -> int:
    """The number of the title's line, or -1: the nearest above ``top``, else above the body."""
    if title:
        return next((i for i, line in enumerate(lines) if same_line(line.text, title)), -1)
    above = _title_above(lines, top)
    if above >= 0:
        return above
    below = (i for i in range(top + 1, first) if _may_be_title(lines[i], _SHORTEST_TITLE))
    return next(below, _title_above(lines, top, shortest=5))


def _title_above(lines: Sequence[Line], top: int, shortest: int = _SHORTEST_TITLE) -> int:
    """The number of the nearest line above ``top`` that may be a title, or -1."""
    above = range(top - 1, max(-1, top - 1 - _TITLE_LINES), -1)
    return next((i for i in above if _may_be_title(lines[i], shortest)), -1)


def _may_be_title(line: Line, shortest: int) -> bool:
    """Whether the line is of a title's length, and no chrome and no subtitle (——…)."""
    return not line.kind and shortest <= len(line.text) <= _LONGEST_TITLE and line.text[0] != "—"


def same_line(line: str, title: str) -> bool:
    """Whether two lines differ at most in their white space."""
    return line == title or "".join(line.split()) == "".join(title.split())


def _with_value(lines: Sequence[Line], i: int) -> str:
    """A line, with the next one where the value of its last label stands there."""
    text = lines[i].text
    if text[-1] in ":：" and i + 1 < len(lines) and len(lines[i + 1].text) <= 30:
        return text + lines[i + 1].text
    return text


def _loose_date(lines: Iterable[Line]) -> str:
    """The first date of a metadata line that has no label for it."""
    dates = (read_date(line.text) for line in lines if line.kind == "metadata")
    return next(filter(None, dates), "")


def _loose_source(lines: Sequence[Line], frame: Frame) -> tuple[str, int]:
    """A name without a label: beside the date, between it and the title, or below both.

    With the number of the line that is nothing but the name, or -1.
    """
    header, title = frame.header, frame.title
    if header >= 0:
        words = map(clean_name, undated(lines[header].text).split())
        name = next(filter(_may_be_source, words), "")
        if name:
            return name, -1
    lowest = max(header, title)
    if lowest < 0:
        return "", -1
    between = range(title + 1, header) if title >= 0 else range(0)
    below = takewhile(lambda i: weight(lines[i]) <= 0, range(lowest + 1, len(lines)))
    for i in (*between, *takewhile(lambda i: i <= lowest + 3, below)):
        if not lines[i].kind and _may_be_source(lines[i].text):
            return lines[i].text, i
    return "", -1


def _may_be_source(name: str) -> bool:
    return 2 <= len(name) <= 12 and name not in ("原创", "转载") and not kind_of_line(name)
