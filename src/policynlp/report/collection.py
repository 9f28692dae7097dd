"""The page of a scored collection: its charts, and every article to filter, open and read."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from math import sqrt
from typing import Any, Final, NamedTuple

from policynlp.errors import InputError
from policynlp.messages import CHINESE, speaking
from policynlp.report.html import Markup, data_script, element, join, page, table, template
from policynlp.report.overview import Collection, collect, day, overview
from policynlp.schema import Evidence, Place, Scored, ScoredParagraph, ScoredSection
from policynlp.themes.drift import FAR, SOMEWHAT, TOO_FEW, Drift

# A theme's share has changed if it has by so much, and by so many standard errors.
_LEAST_CHANGE: Final = 0.05
_ERRORS: Final = 3.0


class Earlier(NamedTuple):
    """An earlier run's name, how many sections it had, and how many with each theme."""

    name: str
    sections: int
    themes: Mapping[str, int]

    @classmethod
    def of(cls, name: str, counts: Mapping[str, Any]) -> "Earlier":
        """Take it from the counts of its manifest."""
        return cls(name, counts["sections"], counts["themes"])


def from_training(drifts: Sequence[tuple[str, Drift]]) -> Markup:
    """Say of each scored file how far it is from the model's training text."""
    if not drifts:
        return Markup("")
    said = (_said(name if len(drifts) > 1 else "", drift) for name, drift in drifts)
    return element("div", element("h3", "与模型训练文本的差距"), *said, class_="card")


def _said(name: str, drift: Drift) -> Markup:
    with speaking(CHINESE):
        sentence = drift.sentence()
    loud = drift.verdict in (FAR, SOMEWHAT)
    told = element(
        "p", f"{name}：{sentence}" if name else sentence, class_="warning" if loud else None
    )
    if drift.verdict == TOO_FEW:
        return told
    batch, usual = drift.batch, drift.reference
    figures = (
        f"模型不认识的词 {batch.unknown_rate:.1%}（训练文本 {usual.unknown_rate:.1%}），"
        f"分布距离 {drift.unknown:.2f}；最高概率的分布距离 {drift.scores:.2f}；"
        f"待定的节 {batch.uncertain_share:.1%}（训练文本 {usual.uncertain_share:.1%}）。"
        "距离从 0（相同）到 1（毫无重合）。"
    )
    return join((told, element("p", figures, class_="soft")))


def from_earlier(collection: Collection, earlier: Earlier | None) -> Markup:
    """Set the themes' shares of the sections beside those of an earlier run."""
    if earlier is None or not earlier.sections:
        return Markup("")
    counts = Counter(tag.theme for _, part in collection.sections() for tag in part.themes)
    sections = sum(1 for _ in collection.sections())
    themes = dict.fromkeys((*collection.themes, *earlier.themes))
    shares = {
        theme: (counts[theme] / max(sections, 1), earlier.themes.get(theme, 0) / earlier.sections)
        for theme in themes
    }
    changed = [
        f"{theme}由 {before:.1%} {'升' if now > before else '降'}至 {now:.1%}"
        for theme, (now, before) in shares.items()
        if _has_changed(now, sections, before, earlier.sections)
    ]
    said = f"变化较大：{'；'.join(changed)}。" if changed else "各主题所占比例没有大的变化。"
    rows = [
        [theme, f"{now:.1%}", f"{before:.1%}", f"{100 * (now - before):+.1f}"]
        for theme, (now, before) in shares.items()
    ]
    return element(
        "div",
        element("h3", f"与上次（{earlier.name}）相比"),
        element("p", said, class_="warning" if changed else None),
        table(["主题", "本次", "上次", "相差（百分点）"], rows, "各主题的节占全部节的比例。"),
        class_="card",
    )


def _has_changed(now: float, n_now: int, before: float, n_before: int) -> bool:
    """Say whether a share has changed by more than chance: a test of two proportions."""
    if not n_now:
        return False
    both = (now * n_now + before * n_before) / (n_now + n_before)
    error = sqrt(both * (1.0 - both) * (1.0 / n_now + 1.0 / n_before))
    return abs(now - before) >= max(_LEAST_CHANGE, _ERRORS * error)


_LEAST_PROBABILITY: Final = 0.01  # those below are left out, as 40 themes a paragraph add up
_SCRIPTS: Final = ("spans.js", "article.js", "collection.js")

Data = dict[str, Any]


def collection_page(
    articles: Iterable[Scored],
    title: str = "主题报告",
    *,
    drifts: Sequence[tuple[str, Drift]] = (),
    earlier: Earlier | None = None,
) -> str:
    """Return the page of ``articles`` as one HTML file that needs no network.

    ``drifts`` says of scored files how far they are from the model's training text, and the
    themes are compared with those of an ``earlier`` run.
    The articles lie in it as JSON, one element each, so that a browser parses the one it opens.
    """
    collection = collect(tuple(articles))
    if not collection.articles:
        raise InputError("there is no article to report; score some first")
    numbers = {theme: i for i, theme in enumerate(collection.themes)}
    models = "、".join(dict.fromkeys(article.model for article in collection.articles))
    return page(
        title,
        element(
            "header",
            element("h1", title),
            element(
                "p", f"模型 {models}。主题、概率与摘要由程序给出，供核对原文之用。", class_="soft"
            ),
            element("a", "文章列表 ↓", href="#list", id="skip"),
        ),
        from_training(drifts),
        element("section", overview(collection), id="overview", aria_label="概览"),
        from_earlier(collection, earlier),
        template("collection.html"),
        data_script(_index(collection, numbers), id="index"),
        *(data_script(_article(each, numbers), class_="article") for each in collection.articles),
        lang="zh-Hans",
        styles=("collection.css",),
        scripts=_SCRIPTS,
    )


def _index(collection: Collection, numbers: Mapping[str, int]) -> Data:
    """What the list shows and filters by."""
    sources = {name: i for i, name in enumerate(collection.sources)}
    rows = [
        {
            "id": article.id,
            "title": article.title,
            "published": article.published,
            "day": day(article.published),
            "source": sources[article.source],
            "status": article.status,
            "themes": [numbers[theme] for theme in _themes(article)],
            "abstract": article.abstract.text,
        }
        for article in collection.articles
    ]
    return {"themes": collection.themes, "sources": collection.sources, "articles": rows}


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


def _place(quote: Place) -> list[int]:
    return [quote.start, quote.end]
