"""Tell the body of a scraped page from what stands around it, and say why of each line.

A page of one block a line is navigation, title, date and source, tools, body, editor, related
links, comments, footer, in about this order. Each line gets a kind by its words and a weight by
its prose; the body is the run of lines with the greatest sum of weights after the line with the
date, and the title the line above the body that has most of what titles have. A text
without such lines is taken as a clean article, of which next to nothing is removed.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from policynlp.article import Removed, Span
from policynlp.messages import say
from policynlp.reading.body import (
    LEAD_LINES,
    Body,
    find_body,
    find_metadata,
    follows_prose,
    unspaced,
)
from policynlp.reading.boilerplate import Line, read_lines
from policynlp.reading.metadata import Metadata, merge, read_metadata

MIN_BODY: Final = 100
"""A page with fewer characters of body than this gets a warning."""

# Kinds that end an article: what has no kind below them belongs to the last of them.
_ENDINGS: Final = frozenset(
    ("editor", "related", "comments", "disclaimer", "copyright", "contact", "promotion")
)
# Inside the body these are its own: a date, names, the address of an event, a short heading.
_KEPT_INSIDE: Final = frozenset(("metadata", "byline", "contact", "navigation"))

# Removed from a text that is no page wherever they stand, and in its first and last lines.
_ALWAYS_REMOVED: Final = frozenset(("photo_credit", "editor"))
_NOTICES: Final = frozenset(("disclaimer", "copyright", "promotion"))
_EDGE_LINES: Final = 3
# Notices of tenders have contacts in their body, and clean articles a byline.
_NO_SIGN_OF_A_PAGE: Final = _ALWAYS_REMOVED | {"contact", "byline"}
# So many lines of boilerplate make a page where no header does.
_SIGNS_OF_A_PAGE: Final = 3


class Page(NamedTuple):
    """A page's metadata, its body lines, what was removed and why."""

    title: str
    published: str
    source: str
    author: str
    url: str
    body: tuple[Span, ...]
    removed: tuple[Removed, ...]
    warnings: tuple[str, ...]


def clean_page(text: str, title: str = "") -> Page:
    """Read a page's metadata and body lines; one of the first lines equal to ``title`` is it."""
    lines = read_lines(text)
    signs = sum(_is_sign(lines, i) for i, line in enumerate(lines) if line.kind)
    if signs:
        body = find_body(lines, title)
        # No article begins with a menu or a crumb trail: none of 3,000 clean ones does.
        on_top = lines[0].kind == "navigation"
        if body and (body.header >= 0 or on_top or signs >= _SIGNS_OF_A_PAGE):
            return _around_body(lines, title, body)
    return _whole_text(lines, title, drop_all=signs >= _SIGNS_OF_A_PAGE)


def _is_sign(lines: Sequence[Line], i: int) -> bool:
    """Whether a line of boilerplate shows that the text is a page, not an article alone.

    A date or source below a paragraph does not: timelines and digests have them inside.
    """
    kind = lines[i].kind
    if kind == "metadata":
        return not follows_prose(lines, i)
    return kind not in _NO_SIGN_OF_A_PAGE


def _whole_text(lines: Sequence[Line], title: str, *, drop_all: bool) -> Page:
    """Keep every line but the title, captions, the editor and notices; a single line always."""
    kept, removed = [], []
    metadata = Metadata()
    wanted = unspaced(title)
    for i, line in enumerate(lines):
        at_edge = i < _EDGE_LINES or i >= len(lines) - _EDGE_LINES
        if i < _EDGE_LINES and title and unspaced(line.text) == wanted:
            removed.append(Removed(line.start, line.end, "title"))
        elif line.kind and len(lines) > 1 and (drop_all or _is_boilerplate(line, at_edge=at_edge)):
            removed.append(Removed(line.start, line.end, line.kind))
            metadata = merge(metadata, read_metadata(line.text))
        else:
            kept.append(Span(line.start, line.end))
    return _page(title, metadata, kept, removed)


def _is_boilerplate(line: Line, *, at_edge: bool) -> bool:
    """Whether a line goes even from a text that is no page.

    A label in its first or last lines must say more than a name: interviews have 记者：….
    """
    if line.kind in _ALWAYS_REMOVED:
        return True
    if line.kind == "metadata":
        return at_edge and any(read_metadata(line.text)._replace(author=""))
    return at_edge and line.kind in _NOTICES


def _around_body(lines: Sequence[Line], title: str, body: Body) -> Page:
    """Keep the lines of the body that are no boilerplate, and read the metadata around them."""
    metadata, body = find_metadata(lines, body)
    if not title and body.title >= 0:
        title = lines[body.title].text
    wanted = unspaced(title)
    kept, removed = [], []
    region = "navigation"
    for i, line in enumerate(lines):
        if i == body.header:
            region = "tools"
        elif i > body.last:
            region = _region_below(region, line.kind)
        reason = _reason(line, wanted, body, i, region)
        if reason:
            removed.append(Removed(line.start, line.end, reason))
        else:
            kept.append(Span(line.start, line.end))
    return _page(title, metadata, kept, removed)


def _region_below(region: str, kind: str) -> str:
    """What a line below the body belongs to, by itself or by the last ending above it."""
    if kind in _ENDINGS:
        return kind
    return region if region in _ENDINGS else "footer"


def _reason(line: Line, title: str, body: Body, i: int, region: str) -> str:
    """Why a line is removed, or an empty string for a line of the body.

    ``title`` is without white space.
    """
    inside = body.first < i < body.last
    below_lead = line.kind == "metadata" and i <= body.first + LEAD_LINES
    if line.kind:
        return "" if inside and line.kind in _KEPT_INSIDE and not below_lead else line.kind
    in_body = body.first <= i <= body.last
    # Within the body a line like the title is a heading, but for one repeated at its start.
    if title and (not in_body or i <= body.first + 2) and unspaced(line.text) == title:
        return "title"
    return "" if in_body else region


def _page(title: str, metadata: Metadata, body: list[Span], removed: list[Removed]) -> Page:
    """Put a page together, with a warning where little of it is body."""
    left = sum(end - start for start, end in body)
    warnings = (say("only {left} characters of body remain", left=left),) if left < MIN_BODY else ()
    return Page(title, *metadata, tuple(body), tuple(removed), warnings)
