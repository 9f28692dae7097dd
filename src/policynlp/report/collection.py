"""The page of a scored collection: its charts, and every article to filter, open and read."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any, Final, NamedTuple

from policynlp.errors import InputError
from policynlp.messages import say
from policynlp.report.pages import render
from policynlp.results import TAGGED
from policynlp.schema import Evidence, Place, Scored, ScoredParagraph, ScoredSection
from policynlp.themes.drift import FAR, SOMEWHAT, TOO_FEW, Drift

# A theme's share has changed if it has by so much, and by so many standard errors.
_LEAST_CHANGE: Final = 0.05
_ERRORS: Final = 3.0

_LEAST_PROBABILITY: Final = 0.01  # those below are left out, as 40 themes a paragraph add up
_MOST_PERIODS: Final = 60
_DAY: Final = re.compile(r"(\d{4})-(0[1-9]|1[0-2])-([0-2]\d|3[01])")

Data = dict[str, Any]


class Earlier(NamedTuple):
    """An earlier run's name, how many sections it had, and how many with each theme."""

    name: str
    sections: int
    themes: Mapping[str, int]

    @classmethod
    def of(cls, name: str, counts: Mapping[str, Any]) -> "Earlier":
        """Take it from the counts of its manifest."""
        return cls(name, counts["sections"], counts["themes"])


def collection_page(
    articles: Iterable[Scored],
    title: str = "",
    *,
    drifts: Sequence[tuple[str, Drift]] = (),
    earlier: Earlier | None = None,
) -> str:
    """Return the page of ``articles`` as one HTML file in the language spoken.

    ``drifts`` says of scored files how far they are from the model's training text, and the
    themes are compared with those of an ``earlier`` run.
    The articles lie in it as JSON, one element each, so that a browser parses the one it opens.
    """
    collection = tuple(articles)
    if not collection:
        raise InputError("there is no article to report; score some first")
    overview = Overview.of(collection)
    numbers = {theme: i for i, theme in enumerate(overview.themes)}
    return render(
        "collection.html",
        title=title or say("Theme report"),
        models=dict.fromkeys(article.model for article in collection),
        drifts=drifts,
        loud=(FAR, SOMEWHAT),
        too_few=TOO_FEW,
        overview=overview,
        earlier=earlier,
        changes=_changes(overview, earlier) if earlier and earlier.sections else [],
        index=_index(collection, overview, numbers),
        articles=(_article(article, numbers) for article in collection),
    )


class Share(NamedTuple):
    """How many sections are of a source or a time, and how many of these have a theme."""

    name: str
    all: int
    tagged: int


@dataclass(frozen=True)
class Overview:
    """The collection at a glance: how many sections by status, theme, source and time.

    ``themes`` come in the order of the records, ``sources`` with the most sections first.
    ``days`` are the first and the last that are known, ``periods`` the months between them or,
    where those are many, the years. ``cells`` counts sections by theme and period.
    """

    articles: int
    statuses: Counter[str]
    themes: Mapping[str, int]
    sources: Sequence[Share]
    days: Sequence[str]
    periods: Sequence[Share]
    undated: int
    cells: Mapping[tuple[str, str], int]

    @classmethod
    def of(cls, articles: Sequence[Scored]) -> "Overview":
        """Count the sections of ``articles``."""
        days = sorted(filter(None, (_day(article.published) for article in articles)))
        periods = _periods(days)
        length = len(periods[0]) if periods else 0
        statuses, themes, cells = Counter[str](), Counter[str](), Counter[tuple[str, str]]()
        of_source, of_period = _Tally(), _Tally()
        for article in articles:
            of_source.all[article.source] += 0
            period = _day(article.published)[:length]
            for part in article.sections:
                statuses[part.status] += 1
                of_source.add(article.source, part)
                of_period.add(period, part)
                themes.update(dict.fromkeys(part.probabilities, 0))
                found = dict.fromkeys(tag.theme for tag in part.themes)
                themes.update(found.keys())
                if period:
                    cells.update((theme, period) for theme in found)
            themes.update(dict.fromkeys((tag.theme for tag in article.themes), 0))
        return cls(
            len(articles),
            statuses,
            themes,
            [of_source.share(name) for name, _ in of_source.all.most_common()],
            (days[0], days[-1]) if days else (),
            [of_period.share(period) for period in periods],
            of_period.all[""] if periods else 0,
            cells,
        )

    @property
    def sections(self) -> int:
        """The number of sections."""
        return self.statuses.total()


class _Tally:
    """Counts sections by a name: all of them, and those with a theme."""

    def __init__(self) -> None:
        self.all, self.tagged = Counter[str](), Counter[str]()

    def add(self, name: str, part: ScoredSection) -> None:
        self.all[name] += 1
        self.tagged[name] += part.status == TAGGED

    def share(self, name: str) -> Share:
        return Share(name, self.all[name], self.tagged[name])


def _day(published: str) -> str:
    """Return the date that ``published`` begins with as YYYY-MM-DD, or an empty string."""
    found = _DAY.match(published)
    return found[0] if found else ""


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


class Change(NamedTuple):
    """A theme's share of the sections now and before; ``is_large`` if that is not chance."""

    theme: str
    now: float
    before: float
    is_large: bool

    @property
    def says(self) -> str:
        """Say it, in the language spoken."""
        if self.now > self.before:
            return say("{theme} up from {before:.1%} to {now:.1%}", **self._asdict())
        return say("{theme} down from {before:.1%} to {now:.1%}", **self._asdict())


def _changes(overview: Overview, earlier: Earlier) -> list[Change]:
    sections = overview.sections
    changes = []
    for theme in dict.fromkeys((*overview.themes, *earlier.themes)):
        now = overview.themes.get(theme, 0) / max(sections, 1)
        before = earlier.themes.get(theme, 0) / earlier.sections
        is_large = _has_changed(now, sections, before, earlier.sections)
        changes.append(Change(theme, now, before, is_large))
    return changes


def _has_changed(now: float, n_now: int, before: float, n_before: int) -> bool:
    """Say whether a share has changed by more than chance: a test of two proportions."""
    if not n_now:
        return False
    both = (now * n_now + before * n_before) / (n_now + n_before)
    error = sqrt(both * (1.0 - both) * (1.0 / n_now + 1.0 / n_before))
    return abs(now - before) >= max(_LEAST_CHANGE, _ERRORS * error)


def _index(articles: Iterable[Scored], overview: Overview, numbers: Mapping[str, int]) -> Data:
    """What the list shows and filters by."""
    names = [source.name for source in overview.sources]
    sources = {name: i for i, name in enumerate(names)}
    rows = [
        {
            "id": article.id,
            "title": article.title,
            "published": article.published,
            "day": _day(article.published),
            "source": sources[article.source],
            "status": article.status,
            "themes": [numbers[theme] for theme in _themes(article)],
            "abstract": article.abstract.text,
        }
        for article in articles
    ]
    return {"themes": [*overview.themes], "sources": names, "articles": rows}


def _themes(article: Scored) -> Iterable[str]:
    """An article's themes, best first, then those that only a section has."""
    of_sections = (tag for part in article.sections for tag in part.themes)
    return dict.fromkeys(tag.theme for tag in (*article.themes, *of_sections))


def _article(article: Scored, numbers: Mapping[str, int]) -> Data:
    """What an opened article shows beyond its row in the index.

    Places are ``[start, end]`` in code points; a quote has its text only where the article
    has none.
    """
    with_text = article.text is not None
    return {
        "author": article.author,
        "url": article.url,
        "text": article.text,
        "themes": [[numbers[tag.theme], tag.probability] for tag in article.themes],
        "sentences": [_place(quote) for quote in article.abstract.sentences],
        "themeAbstracts": [[theme, each.text] for theme, each in article.theme_abstracts.items()],
        "sections": [_section(part, numbers, with_text) for part in article.sections],
        "removed": [[*_place(each), each.reason] for each in article.removed],
    }


def _section(part: ScoredSection, numbers: Mapping[str, int], with_text: bool) -> Data:
    evidence = [
        [numbers[tag.theme], [_evidence(quote, with_text) for quote in tag.evidence]]
        for tag in part.themes
    ]
    return {
        **_part(part, numbers),
        "heading": part.heading,
        "level": part.level,
        "abstract": part.abstract.text,
        "evidence": evidence,
        "paragraphs": [_part(paragraph, numbers) for paragraph in part.paragraphs],
    }


def _part(part: ScoredSection | ScoredParagraph, numbers: Mapping[str, int]) -> Data:
    themes = [tag.theme for tag in part.themes]
    ranked = sorted(part.probabilities.items(), key=lambda pair: -pair[1])
    return {
        "start": part.start,
        "end": part.end,
        "status": part.status,
        "themes": [numbers[theme] for theme in themes],
        "probabilities": [
            [numbers[theme], p] for theme, p in ranked if p >= _LEAST_PROBABILITY or theme in themes
        ],
    }


def _evidence(quote: Evidence, with_text: bool) -> Sequence[object]:
    return [*_place(quote), quote.weight, *(() if with_text else (quote.text,))]


def _place(place: Place) -> list[int]:
    return [place.start, place.end]
