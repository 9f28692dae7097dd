"""How good abstracts are that fit 150 characters, against other ways to choose the sentences.

All are given the same sentences. A ranking becomes an abstract by adding its sentences while
they fit, the best first, and putting them in source order. Where no editors' picks and abstracts
are present, only times and lengths can be compared, on our own articles.
"""

import argparse
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

import policynlp
from benchmarks import peers
from benchmarks.figures import Floats, interval, missing_peers, resample
from benchmarks.page import write_page
from benchmarks.texts import sample_pages, written_articles
from policynlp.analyzer import Analyzer
from policynlp.corpus.picks import PickedArticle, read_picks
from policynlp.evaluation.abstracts import picks_f1, rouge, write
from policynlp.reading import read_text

LENGTH = 150
OURS, LEAD, RANDOM = "policynlp", "lead", "random"
DRAWS = 20
ON_PAGE = 20
MEASURES = ("length use", "ROUGE-1", "ROUGE-2", "ROUGE-L", "pick-F1")


Choose = Callable[[PickedArticle], list[int]]


def own_sources(texts: Iterable[str]) -> Iterator[PickedArticle]:
    """Our own articles, as our own reading divides them."""
    for text in texts:
        article = read_text(text)
        found = [p.sentences for section in article.sections for p in section.paragraphs]
        paragraphs = [[text[a:b].strip() for a, b in sentences] for sentences in found]
        divided = tuple(tuple(filter(None, own)) for own in paragraphs)
        yield PickedArticle("", article.title, "", divided, (), ())


def fill(sentences: Sequence[str], order: Iterable[int]) -> list[int]:
    """The sentences that fit, taken in ``order``, in source order."""
    chosen, left = [], LENGTH
    for i in order:
        if len(sentences[i]) <= left:
            chosen.append(i)
            left -= len(sentences[i])
    return sorted(chosen)


def by_ours(analyzer: Analyzer) -> Choose:
    """Ours, with all else that ``analyze`` does."""
    return lambda source: write(analyzer, source, LENGTH).sentences


def by_lead(source: PickedArticle) -> list[int]:
    return fill(source.sentences, range(len(source.sentences)))


def by_rank(rank: peers.Rank) -> Choose:
    def choose(source: PickedArticle) -> list[int]:
        return fill(source.sentences, rank(source.sentences))

    return choose


def compare(source: PickedArticle, chosen: Sequence[int]) -> list[float]:
    """MEASURES of an abstract; without editors the length alone."""
    text = "".join(source.sentences[i] for i in chosen)
    if not source.abstracts:
        return [len(text) / LENGTH]
    rouges = np.mean([rouge(text, each) for each in source.abstracts], axis=0).tolist()
    picks = float(np.mean([picks_f1(chosen, each) for each in source.picks]))
    return [len(text) / LENGTH, *rouges, picks]


def compare_random(sources: Sequence[PickedArticle]) -> Floats:
    """The mean of some random orders: [articles, MEASURES]."""
    random, rows = np.random.default_rng(0), []
    for source in sources:
        orders = [random.permutation(len(source.sentences)).tolist() for _ in range(DRAWS)]
        rows.append([compare(source, fill(source.sentences, order)) for order in orders])
    return np.array([np.mean(draws, axis=0) for draws in rows])


def measure(args: argparse.Namespace) -> dict[str, Any]:
    analyzer, path = policynlp.load(args.model), args.real / "abstracts_dev.jsonl"
    name, sources = "samples", list(own_sources(sample_pages()))
    if path.exists():
        name, sources = path.name, read_picks([path])
    rankers, missing = peers.make(peers.RANKERS) if args.peers else ({}, {})
    systems = {OURS: by_ours(analyzer), LEAD: by_lead}
    systems |= {name: by_rank(rank) for name, rank in rankers.items()}
    values, times = {}, {}
    for system, choose in systems.items():
        choose(sources[0])  # loads what is loaded on first use
        started = time.process_time()
        chosen = [choose(source) for source in sources]
        times[system] = 1000.0 * (time.process_time() - started) / len(sources)
        values[system] = np.array([compare(*each) for each in zip(sources, chosen, strict=True)])
    values[RANDOM] = compare_random(sources)
    if args.page:
        write_page(args.page, list(_abstracts(page_sources(), systems)))
    rows = {system: _row(own, values[OURS], times.get(system)) for system, own in values.items()}
    return {"data": name, "articles": len(sources), "systems": rows, "missing": missing}


def _row(own: Floats, ours: Floats, ms: float | None) -> dict[str, Any]:
    gains = resample(ours - own) / len(own)
    names = MEASURES[: own.shape[1]]
    intervals = [interval(gains[:, i]) for i in range(len(names))]
    return {
        "means": dict(zip(names, own.mean(axis=0).tolist(), strict=True)),
        "gains": dict(zip(names, (ours - own).mean(axis=0).tolist(), strict=True)),
        "gain_intervals": dict(zip(names, intervals, strict=True)),
        "ms": ms,
    }


def page_sources() -> list[PickedArticle]:
    """Twenty of our own articles: the samples, and written ones from everywhere."""
    texts, written = list(sample_pages()), list(written_articles())
    step = len(written) // (ON_PAGE - len(texts))
    texts += written[step // 2 :: step][: ON_PAGE - len(texts)]
    return list(own_sources(texts))


def _abstracts(
    sources: Iterable[PickedArticle], systems: dict[str, Choose]
) -> Iterator[tuple[str, dict[str, str]]]:
    """Title and abstracts of each article."""
    for source in sources:
        sentences = source.sentences
        found = {
            name: "".join(sentences[i] for i in choose(source)) for name, choose in systems.items()
        }
        yield source.title or sentences[0], found


def table(result: dict[str, Any]) -> Iterable[str]:
    names = list(result["systems"][OURS]["means"])
    yield f"\n{result['data']}: {result['articles']} articles, at most {LENGTH} characters"
    yield f"{'':16}{''.join(f'{name:>12}' for name in names)}{'ms':>12}"
    for system, row in result["systems"].items():
        cells = "".join(f"{100 * value:12.1f}" for value in row["means"].values())
        yield f"{system:16}{cells}" + ("" if row["ms"] is None else f"{row['ms']:12.2f}")
    if len(names) == len(MEASURES):
        yield from _gains_table(result["systems"], names[1:])
    yield from missing_peers(result["missing"])


def _gains_table(systems: dict[str, Any], names: Sequence[str]) -> Iterable[str]:
    yield f"\n{'ours less …':16}{''.join(f'{name:>24}' for name in names)}"
    for system, row in systems.items():
        if system != OURS:
            bounds = ([100 * bound for bound in row["gain_intervals"][name]] for name in names)
            gains = (100 * row["gains"][name] for name in names)
            cells = map("{:.1f} ({:.1f} to {:.1f})".format, gains, *zip(*bounds, strict=True))
            yield f"{system:16}{''.join(f'{cell:>24}' for cell in cells)}"
