"""Bars of counts as inline SVG, stretched by the page's style to the room that there is."""

from collections.abc import Sequence
from typing import Final

from policynlp.report.html import Markup, element

_LONG, _WIDE = 100, 10
# Few columns keep their width instead of filling the chart.
_LEAST_COLUMNS: Final = 24


def bar(value: int, most: int, whole: int = 0) -> Markup:
    """Draw a bar to the right, within a paler one for the ``whole`` that it is a part of."""
    parts = [
        element("rect", x=0, y=0, width=_of(length, most), height=_WIDE, class_=name)
        for length, name in ((whole, "all"), (value, "tagged"))
        if length
    ]
    return _svg(_LONG, _WIDE, *parts, aria_hidden="true", class_="bar")


def columns(values: Sequence[tuple[str, int, int, str]], says: str) -> Markup:
    """Draw a column for each name, value, whole and what it says; the names go below."""
    most = max((whole for _, _, whole, _ in values), default=0)
    parts = []
    for i, (_, value, whole, text) in enumerate(values):
        bars = (
            _column(i, height, most, name) for height, name in ((whole, "all"), (value, "tagged"))
        )
        parts.append(element("g", element("title", text), *bars))
    width = _WIDE * max(len(values), _LEAST_COLUMNS)
    chart = _svg(width, _LONG, *parts, role="img", aria_label=says, class_="columns")
    ends = (values[0][0], values[-1][0]) if len(values) > 1 else (values[0][0],)
    names = element("div", *(element("span", name) for name in ends), class_="ends")
    top = element("p", f"最高 {most:,} 节", class_="soft")
    return element("div", top, chart, names, class_="columns-chart")


def _column(i: int, height: int, most: int, name: str) -> Markup:
    length = _of(height, most)
    y = round(_LONG - length, 1)
    return element("rect", x=i * _WIDE + 1, y=y, width=_WIDE - 2, height=length, class_=name)


def _of(value: int, most: int) -> float:
    return round(_LONG * value / most, 1) if most else 0.0


def _svg(width: int, height: int, *parts: Markup, **attributes: str) -> Markup:
    box = f"0 0 {width} {height}"
    return element("svg", *parts, viewBox=box, preserveAspectRatio="none", **attributes)
