"""Bars of counts as inline SVG, in per cent of whatever room the page's style gives them."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from policynlp.report.html import Markup, element

_LEAST_COLUMNS: Final = 12  # fewer keep their width instead of filling the chart
_LEAST_LABELLED: Final = 6  # fewer leave no room for a second name on a phone
_BASE: Final = 82  # where columns stand; names are below


class Column(NamedTuple):
    """A whole, the part of it that is marked, its name and what it says when pointed at."""

    name: str
    part: int
    whole: int
    says: str


def bar(part: int, most: int, whole: int = 0) -> Markup:
    """Draw a bar to the right, within a paler one for the ``whole`` that it is a part of."""
    bars = [
        element("rect", width=_per_cent(100 * length, most), height="100%", class_=name)
        for length, name in ((whole, "all"), (part, "tagged"))
        if length
    ]
    return element("svg", *bars, aria_hidden="true", class_="bar")


def columns(values: Sequence[Column], says: str) -> Markup:
    """Draw a column for each value, with the names of the first and the last."""
    most = max(column.whole for column in values)
    places = max(len(values), _LEAST_COLUMNS)
    drawn = [_column(i, column, most, places) for i, column in enumerate(values)]
    drawn.append(element("line", x2="100%", y1=f"{_BASE}%", y2=f"{_BASE}%", class_="grid"))
    drawn.append(element("text", values[0].name, y="98%", class_="tick"))
    if len(values) >= _LEAST_LABELLED:
        end = _per_cent(100 * len(values), places)
        drawn.append(
            element("text", values[-1].name, x=end, y="98%", text_anchor="end", class_="tick")
        )
    return element("svg", *drawn, role="img", aria_label=says, class_="columns")


def _column(i: int, column: Column, most: int, places: int) -> Markup:
    rects = (
        element(
            "rect",
            x=_per_cent(100 * i + 10, places),
            width=_per_cent(80, places),
            y=_per_cent(_BASE * (most - height), most),
            height=_per_cent(_BASE * height, most),
            class_=name,
        )
        for height, name in ((column.whole, "all"), (column.part, "tagged"))
        if height
    )
    return element("g", element("title", column.says), *rects)


def _per_cent(value: float, whole: int) -> str:
    return f"{value / whole:.2f}%"
