"""The page of a scored collection: its charts, and every article to filter, open and read."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from policynlp.analysis.drift import Drift
from policynlp.errors import InputError
from policynlp.report.distance import Earlier, from_earlier, from_training
from policynlp.report.html import data_script, element, page, template
from policynlp.report.overview import Collection, collect, day, overview
from policynlp.report.scored import Part, Quote, Scored

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
            "abstract": article.abstract_text,
        }
        for article in collection.articles
    ]
    return {"themes": collection.themes, "sources": collection.sources, "articles": rows}


def _themes(article: Scored) -> Iterable[str]:
    """An article's themes, best first, then those that only a section has."""
    of_sections = (theme for part in article.sections for theme in part.evidence)
    return dict.fromkeys((*article.themes, *of_sections))


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
        "themes": [[numbers[theme], p] for theme, p in article.themes.items()],
        "sentences": [_place(quote) for quote in article.abstract],
        "themeAbstracts": [*article.theme_abstracts.items()],
        "sections": [_section(part, numbers, with_text) for part in article.sections],
        "removed": [[*_place(quote), quote.text] for quote in article.removed],
    }


def _section(part: Part, numbers: Mapping[str, int], with_text: bool) -> Data:
    evidence = [
        [numbers[theme], [_evidence(quote, with_text) for quote in quotes]]
        for theme, quotes in part.evidence.items()
    ]
    return {
        **_part(part, numbers),
        "heading": part.heading,
        "level": part.level,
        "abstract": part.abstract,
        "evidence": evidence,
        "paragraphs": [_part(paragraph, numbers) for paragraph in part.paragraphs],
    }


def _part(part: Part, numbers: Mapping[str, int]) -> Data:
    ranked = sorted(part.probabilities.items(), key=lambda pair: -pair[1])
    return {
        "start": part.start,
        "end": part.end,
        "status": part.status,
        "themes": [numbers[theme] for theme in part.evidence],
        "probabilities": [
            [numbers[theme], p]
            for theme, p in ranked
            if p >= _LEAST_PROBABILITY or theme in part.evidence
        ],
    }


def _evidence(quote: Quote, with_text: bool) -> Sequence[object]:
    return [*_place(quote), quote.weight, *(() if with_text else (quote.text,))]


def _place(quote: Quote) -> list[int]:
    return [quote.start, quote.end]
