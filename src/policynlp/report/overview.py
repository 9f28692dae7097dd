"""The collection at a glance: how many sections by theme, month and source, as charts."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from policynlp.report.charts import Column, bar, columns
from policynlp.report.html import Markup, element, heat, join, table
from policynlp.results import TAGGED, UNCERTAIN
from policynlp.scored import Part, Scored

_HUES: Final = 8
_SHAPES: Final = 5
_MOST_PERIODS: Final = 60
_MOST_SOURCES: Final = 8
_DAY: Final = re.compile(r"(\d{4})-(0[1-9]|1[0-2])-([0-2]\d|3[01])")
UNKNOWN_SOURCE: Final = "来源不明"


class Collection(NamedTuple):
    """Articles, and the themes and sources that they have between them.

    Themes come in the order of the records, sources with the most sections first.
    """

    articles: Sequence[Scored]
    themes: Sequence[str]
    sources: Sequence[str]

    def sections(self) -> Iterator[tuple[Scored, Part]]:
        """Each section with its article."""
        yield from ((article, part) for article in self.articles for part in article.sections)


def collect(articles: Sequence[Scored]) -> Collection:
    """Find the themes and sources of ``articles``."""
    themes: dict[str, None] = {}
    sources: Counter[str] = Counter()
    for article in articles:
        sources[article.source] += len(article.sections)
        for part in article.sections:
            themes |= dict.fromkeys(part.probabilities) | dict.fromkeys(part.evidence)
        themes |= dict.fromkeys(article.themes)
    return Collection(articles, tuple(themes), [name for name, _ in sources.most_common()])


def day(published: str) -> str:
    """Return the date that ``published`` begins with as YYYY-MM-DD, or an empty string."""
    found = _DAY.match(published)
    return found[0] if found else ""


def swatch(theme: int) -> Markup:
    """Return a theme's mark; hue and shape together are its own for forty themes."""
    shape = theme // _HUES % _SHAPES
    classes = f"swatch hue-{theme % _HUES} shape-{shape}"
    return element("span", class_=classes, aria_hidden="true")


def overview(collection: Collection) -> Markup:
    """Draw the figures and charts of a collection."""
    charts = (
        _card("各主题节数", _by_theme(collection)),
        _card("各来源节数", _by_source(collection), "浅色为全部，深色为有主题的。"),
    )
    return join(
        (
            _tiles(collection),
            element("div", *charts, class_="cards"),
            *_by_time(collection),
        )
    )


def _tiles(collection: Collection) -> Markup:
    statuses = Counter(part.status for _, part in collection.sections())
    days = sorted(filter(None, (day(article.published) for article in collection.articles)))
    tiles = [
        ("文章", f"{len(collection.articles):,}", _range(days)),
        ("节", f"{statuses.total():,}", ""),
        ("有主题的节", f"{statuses[TAGGED]:,}", _share(statuses[TAGGED], statuses.total())),
        ("待定的节", f"{statuses[UNCERTAIN]:,}", _share(statuses[UNCERTAIN], statuses.total())),
    ]
    made = (
        element(
            "div",
            element("span", name),
            element("b", value),
            element("span", note),
            class_="tile",
        )
        for name, value, note in tiles
    )
    return element("div", *made, class_="tiles")


def _range(days: Sequence[str]) -> str:
    return f"{days[0]} 至 {days[-1]}" if days else "日期不明"


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else ""


def _card(title: str, content: Markup, note: str = "") -> Markup:
    notes = (element("p", note, class_="soft"),) if note else ()
    return element("div", element("h3", title), *notes, content, class_="card")


def _by_theme(collection: Collection) -> Markup:
    counts = Counter(theme for _, part in collection.sections() for theme in part.evidence)
    most = max(counts.values(), default=0)
    rows = (
        _row(
            join((swatch(i), theme)),
            bar(counts[theme], most),
            counts[theme],
            data_theme=i,
            class_=f"row hue-{i % _HUES}",
        )
        for i, theme in enumerate(collection.themes)
    )
    return element("ul", *rows, class_="rows")


def _by_source(collection: Collection) -> Markup:
    totals, tagged = _totals((article.source, part) for article, part in collection.sections())
    most = max(totals.values(), default=0)
    rows = [
        _row(
            name or UNKNOWN_SOURCE,
            bar(tagged[name], most, totals[name]),
            totals[name],
            data_source=i,
            class_="row",
        )
        for i, name in enumerate(collection.sources[:_MOST_SOURCES])
    ]
    rest = collection.sources[_MOST_SOURCES:]
    if rest:
        sections = sum(totals[name] for name in rest)
        rows.append(element("li", f"另有 {len(rest):,} 个来源，共 {sections:,} 节", class_="soft"))
    return element("ul", *rows, class_="rows")


def _row(name: str, chart: Markup, count: int, **attributes: str | int) -> Markup:
    """A line of a chart; it sets the filter that shows what it counts."""
    cells = (element("span", name), chart, element("span", f"{count:,}", class_="count"))
    return element("li", element("button", *cells, type="button", **attributes))


def _by_time(collection: Collection) -> Iterator[Markup]:
    days = [day(article.published) for article in collection.articles]
    periods = _periods(sorted(set(filter(None, days))))
    if not periods:
        return
    length = len(periods[0])
    totals, tagged = _totals(
        (day(article.published)[:length], part) for article, part in collection.sections()
    )
    unit = "月" if length == len("2024-01") else "年"
    drawn = [
        Column(
            period,
            tagged[period],
            totals[period],
            f"{period}：{totals[period]:,} 节，有主题 {tagged[period]:,} 节",
        )
        for period in periods
    ]
    note = f"浅色为全部，深色为有主题的；最高 {max(column.whole for column in drawn):,} 节。"
    if totals[""]:
        note += f"另有 {totals['']:,} 节日期不明。"
    chart = columns(drawn, f"各{unit}节数，{periods[0]} 至 {periods[-1]}")
    yield _card(f"各{unit}节数", chart, note)
    yield _heat_map(collection, periods, unit)


def _heat_map(collection: Collection, periods: Sequence[str], unit: str) -> Markup:
    """The sections of each theme in each period; a cell sets the filter that shows them."""
    length = len(periods[0])
    counts = Counter(
        (theme, day(article.published)[:length])
        for article, part in collection.sections()
        for theme in part.evidence
    )
    most = max((n for (_, period), n in counts.items() if period), default=0)

    def cell(theme: int, period: str) -> str:
        count = counts[collection.themes[theme], period]
        if not count:
            return ""
        says = f"{collection.themes[theme]}，{period}：{count} 节"
        return element(
            "button",
            str(count),
            type="button",
            class_=heat(count, most),
            data_theme=theme,
            data_period=period,
            aria_label=says,
            tabindex=-1,
        )

    rows = [
        [join((swatch(i), theme)), *(cell(i, period) for period in periods)]
        for i, theme in enumerate(collection.themes)
    ]
    return element(
        "div",
        element("h3", f"主题 × {unit}"),
        table(["主题", *periods], rows, f"每格是该{unit}有该主题的节数，点按即筛选。"),
        class_="card heat-map",
    )


def _totals(parts: Iterator[tuple[str, Part]]) -> tuple[Counter[str], Counter[str]]:
    """Count sections by a name: all of them, and those with a theme."""
    totals, tagged = Counter[str](), Counter[str]()
    for name, part in parts:
        totals[name] += 1
        tagged[name] += part.status == TAGGED
    return totals, tagged


def _periods(days: Sequence[str]) -> Sequence[str]:
    """Return the months from the first day to the last, or the years where those are many."""
    if not days:
        return ()
    first, last = ([int(part) for part in each.split("-")[:2]] for each in (days[0], days[-1]))
    months = [first[0] * 12 + first[1] - 1, last[0] * 12 + last[1]]
    if months[1] - months[0] <= _MOST_PERIODS:
        return [f"{month // 12:04}-{month % 12 + 1:02}" for month in range(*months)]
    if last[0] - first[0] < _MOST_PERIODS:
        return [f"{year:04}" for year in range(first[0], last[0] + 1)]
    return sorted({each[:4] for each in days})
