"""Find where the body of a page lies, and the title and metadata that stand around it."""

import re
from collections.abc import Iterable, Sequence
from itertools import takewhile
from typing import Final, NamedTuple

from policynlp.reading.boilerplate import Line, is_prose, kind_of_line, weight
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
from policynlp.reading.title import find_title, is_subtitle

# A header announces the body where that has three tenths of what the best run of the page has:
# on 17 of 19 pages it is the best run, and a short item above long live comments had six tenths.
_HEADED_SHARE: Final = 0.3
# Of several headers the first counts whose body has nearly as much as the best.
_NEARLY: Final = 0.7
_FURTHEST_HEADER: Final = 40
# Date, source and author stand within so many lines.
_HEADER_LINES: Final = 12
# Above the body a title, or metadata that nothing marks as such, stand within so many.
_LINES_ABOVE: Final = 8
_METADATA_BELOW: Final = 12
LEAD_LINES: Final = 3
"""The line with the date may stand below a lead of so many lines."""

# Short lines between header and prose are names of sources, channels and buttons; from here on,
# or with a mark or a number, they are the body's first heading or salutation.
_SHORTEST_OPENING: Final = 8
_OPENING: Final = re.compile(r"[（(]?[一二三四五六七八九十\d]{1,2}[）)、.．]")
_OPENING_ENDS: Final = frozenset("。！？!?：:，,”")


# A paper's digital edition names the paper above its pages, and the page beside the date.
_EDITION: Final = re.compile(r"\d\s?版")
_PAPER: Final = re.compile(r"[\u4e00-\u9fff]{2,6}(?:日报|晚报|晨报|早报|时报|商报|都市报|周报)")


class Body(NamedTuple):
    """In line numbers: the first line of metadata, that of the header beside the title and the
    title, or -1; the body's extent."""

    top: int
    header: int
    title: int
    first: int
    last: int


def find_body(lines: Sequence[Line], title: str) -> Body | None:
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
        return _body(lines, title, [], most, lasts[most])
    first = next(starts[i] for i in headers if gains[starts[i]] >= _NEARLY * best)
    near = [i for i in headers if starts[i] == first]
    near = [i for i in near if near[-1] - i <= _HEADER_LINES]
    return _body(lines, title, near, first, lasts[first])


def _body(lines: Sequence[Line], title: str, headers: list[int], first: int, last: int) -> Body:
    """The body that a run of prose, whose first lines may be the title and lines above it."""
    top = range(first, min(first + _LINES_ABOVE, last))
    sentence = next((i for i in top if is_prose(lines[i].text)), first)
    if title:
        wanted = unspaced(title)
        chosen = next((i for i in range(sentence) if unspaced(lines[i].text) == wanted), -1)
    else:
        chosen = find_title(lines, headers, sentence)
    # The date of today at the top of a page has no title above it.
    header = next((i for i in headers if i > chosen), headers[0]) if headers else -1
    above = max((chosen, *headers[-1:]))
    below = (i for i in range(max(first, chosen + 1), sentence) if weight(lines[i]) > 0)
    first = next(below, sentence)
    if above >= 0:
        first = _with_short_lines(lines, above, first)
    return Body(headers[0] if headers else -1, header, chosen, first, last)


def find_metadata(lines: Sequence[Line], body: Body) -> tuple[Metadata, Body]:
    """The metadata above the body, failing that below it.

    With the body, which no longer holds a line that is nothing but the source's name.
    """
    top = body.header if body.header >= 0 else body.first - _LINES_ABOVE
    if 0 <= body.title < body.first:
        top = min(top, body.title)
    top = max(0, top)
    # What stands above the title, such as the date of today or an index, comes last.
    highest = max(0, min(top - 2, body.top) if body.top >= 0 else top - 2)
    above = (*range(top, body.first), *range(highest, top))
    lead = range(body.first + 1, min(body.first + LEAD_LINES, body.last) + 1)
    below = range(body.last + 1, min(len(lines), body.last + 1 + _METADATA_BELOW))
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
        source, line = _loose_source(lines, body)
        found = found._replace(source=source)
        body = body._replace(first=max(body.first, line + 1))
    return found, body


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
    if line.kind or is_subtitle(line.text):
        return False
    if len(line.text) >= _SHORTEST_OPENING or line.text[-1] in _OPENING_ENDS:
        return True
    return _OPENING.match(line.text) is not None


def unspaced(line: str) -> str:
    """A line without its white space, in which it may differ from what is looked for."""
    return "".join(line.split())


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


def _loose_source(lines: Sequence[Line], body: Body) -> tuple[str, int]:
    """A name without a label: beside the date, between it and the title, or below both.

    With the number of the line that is nothing but the name, or -1.
    """
    header, title = body.header, body.title
    if header >= 0:
        if any(_EDITION.search(line.text) for line in lines[body.top : body.first]):
            paper = _paper(lines[: body.first])
            if paper:
                return paper, -1
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


def _paper(lines: Iterable[Line]) -> str:
    """The first newspaper named in ``lines``, or an empty string."""
    papers = (_PAPER.search(line.text) for line in lines)
    return next((paper[0] for paper in papers if paper), "")


def _may_be_source(name: str) -> bool:
    return (
        2 <= len(name) <= 12
        and name[-1] not in "+-○"
        and name not in ("原创", "转载")
        and not kind_of_line(name)
    )
