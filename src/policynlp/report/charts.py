"""Small charts as inline SVG: axes from 0 to 1, and bars of counts."""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from policynlp.report.html import Markup, element

_WIDTH, _HEIGHT = 320, 250
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 14, 12, 46
_TICKS: Final = 5

Point = tuple[float, float]


class Dot(NamedTuple):
    """A marked point, with what it says when pointed at; ``size`` is its radius."""

    x: float
    y: float
    says: str
    size: float = 4.0
    label: str = ""


class Axes(NamedTuple):
    """What the axes show, and the value that each starts at; both end at 1."""

    x: str
    y: str
    x_from: float = 0.0
    y_from: float = 0.0

    def place(self, x: float, y: float) -> Point:
        """Return where a point of these axes stands in the drawing."""
        across = (x - self.x_from) / (1.0 - self.x_from)
        up = (y - self.y_from) / (1.0 - self.y_from)
        return (
            round(_LEFT + across * (_WIDTH - _LEFT - _RIGHT), 1),
            round(_HEIGHT - _BOTTOM - up * (_HEIGHT - _TOP - _BOTTOM), 1),
        )


def chart(
    says: str,
    axes: Axes,
    lines: Iterable[Sequence[Point]] = (),
    dots: Iterable[Dot] = (),
    *,
    diagonal: bool = False,
) -> Markup:
    """Draw lines and dots over axes; ``says`` describes the chart to who cannot see it."""
    parts = [*_grid(axes)]
    if diagonal:
        parts.append(_line(axes, [(0.0, 0.0), (1.0, 1.0)], "ideal"))
    parts += (_line(axes, points, "line") for points in lines)
    for dot in dots:
        x, y = axes.place(dot.x, dot.y)
        title = element("title", dot.says)
        parts.append(element("circle", title, cx=x, cy=y, r=round(dot.size, 1), class_="dot"))
        if dot.label:
            # Inside the frame on whichever side there is room.
            anchor, aside = ("start", 8) if x < _WIDTH * 0.6 else ("end", -8)
            parts.append(_text(dot.label, x + aside, y + 18, "label", anchor))
    box = f"0 0 {_WIDTH} {_HEIGHT}"
    return element("svg", *parts, viewBox=box, role="img", aria_label=says, class_="chart")


def whisker(low: float, value: float, high: float, other: float | None = None) -> Markup:
    """Draw a figure from 0 to 1 with its interval, and another to compare it with as a tick."""

    def x(at: float) -> float:
        return round(4 + 112 * at, 1)

    parts = [
        element("line", x1=x(0), x2=x(1), y1=8, y2=8, class_="grid"),
        element("line", x1=x(low), x2=x(high), y1=8, y2=8, class_="interval"),
        element("circle", cx=x(value), cy=8, r=4, class_="dot"),
    ]
    if other is not None:
        parts.append(element("line", x1=x(other), x2=x(other), y1=1, y2=15, class_="other"))
    return element("svg", *parts, viewBox="0 0 120 16", class_="whisker", aria_hidden="true")


def _grid(axes: Axes) -> Iterable[Markup]:
    for i in range(_TICKS):
        part = i / (_TICKS - 1)
        x_value = axes.x_from + part * (1.0 - axes.x_from)
        y_value = axes.y_from + part * (1.0 - axes.y_from)
        left, y = axes.place(axes.x_from, y_value)
        right, _ = axes.place(1.0, y_value)
        x, bottom = axes.place(x_value, axes.y_from)
        yield element("line", x1=left, x2=right, y1=y, y2=y, class_="grid")
        yield _text(_tick(y_value), left - 6, y + 4, "tick", "end")
        yield _text(_tick(x_value), x, bottom + 18, "tick", "middle")
    middle = (_LEFT + _WIDTH - _RIGHT) / 2
    yield _text(axes.x, middle, _HEIGHT - 6, "axis", "middle")
    height = (_TOP + _HEIGHT - _BOTTOM) / 2
    yield element(
        "text",
        axes.y,
        transform=f"translate(12 {height}) rotate(-90)",
        class_="axis",
        text_anchor="middle",
    )


def _tick(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") or "0"


def _text(text: str, x: float, y: float, class_: str, anchor: str) -> Markup:
    place = {"x": round(x, 1), "y": round(y, 1)}
    return element("text", text, class_=class_, text_anchor=anchor, **place)


def _line(axes: Axes, points: Sequence[Point], class_: str) -> Markup:
    places = " ".join(f"{x},{y}" for x, y in (axes.place(*point) for point in points))
    return element("polyline", points=places, class_=class_)


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
