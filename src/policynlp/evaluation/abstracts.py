"""How near abstracts come to editors' picks (F1) and to their own abstracts (ROUGE)."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np

from policynlp.analyzer import Analyzer
from policynlp.article import AbstractLimits
from policynlp.corpus.picks import PickedArticle
from policynlp.evaluation.metrics import interval, resampled_sums
from policynlp.language.terms import Floats
from policynlp.messages import say
from policynlp.model import Model

_TOKEN: Final = re.compile(r"[A-Za-z]+|[0-9]+(?:\.[0-9]+)?|[\u3400-\u9fff]")


class Rouge(NamedTuple):
    """F1 of characters, of pairs of characters and of the longest common subsequence."""

    one: float
    two: float
    longest: float


def tokens(text: str) -> list[str]:
    """Cut ``text`` into Han characters, Latin words and numbers, in lower case."""
    return _TOKEN.findall(text.lower())


def rouge(summary: str, reference: str) -> Rouge:
    """Compare a summary with one reference; an empty side scores 0."""
    left, right = tokens(summary), tokens(reference)
    return Rouge(
        _f1_of_runs(left, right, 1),
        _f1_of_runs(left, right, 2),
        _f1(longest_common(left, right), len(left), len(right)),
    )


def _f1_of_runs(left: Sequence[str], right: Sequence[str], size: int) -> float:
    ours, theirs = _runs(left, size), _runs(right, size)
    return _f1((ours & theirs).total(), ours.total(), theirs.total())


def _runs(sequence: Sequence[str], size: int) -> Counter[tuple[str, ...]]:
    return Counter(zip(*(sequence[start:] for start in range(size)), strict=False))


def _f1(common: int, ours: int, theirs: int) -> float:
    return 2.0 * common / (ours + theirs) if common else 0.0


def longest_common(left: Sequence[str], right: Sequence[str]) -> int:
    """Return the length of the longest common subsequence.

    By bits (Hyyrö, "Bit-parallel LCS-length computation revisited", 2004): two texts of 150
    characters take 30 µs, a table of cells in Python 3 ms.
    """
    where: defaultdict[str, int] = defaultdict(int)
    for place, token in enumerate(left):
        where[token] |= 1 << place
    everything = (1 << len(left)) - 1
    rest = everything
    for token in right:
        matches = rest & where.get(token, 0)
        rest = ((rest + matches) | (rest - matches)) & everything
    return len(left) - rest.bit_count()


def picks_f1(chosen: Sequence[int], picks: Sequence[int]) -> float:
    """Return the F1 of chosen sentences against an editor's picks."""
    return _f1(len(set(chosen) & set(picks)), len(set(chosen)), len(set(picks)))


DEFAULT_LENGTH: Final = 150
MEASURES: Final = ("rouge_1", "rouge_2", "rouge_l", "pick_f1", "length_use")
_DIGITS: Final = 4


def evaluate_abstracts(
    model: Model, articles: Sequence[PickedArticle], length: int = DEFAULT_LENGTH
) -> dict[str, Any]:
    """Measure abstracts of at most ``length`` characters, and the lead beside them.

    The sentences are the editors' own. ROUGE-1, -2 and -L are F1 over characters, the mean
    over an article's reference abstracts; ``pick_f1`` compares sentences with each editor's
    picks; ``length_use`` is the used part of ``length``. Intervals resample articles;
    ``gain`` over the lead is of the same articles (a paired bootstrap).
    """
    analyzer = Analyzer(model)
    ours = np.array([_measure(r, write(analyzer, r, length), length) for r in articles])
    leads = np.array([_measure(r, lead(r, length), length) for r in articles])
    sources = np.array([article.source for article in articles])
    parts = {str(name): sources == name for name in np.unique(sources)}
    return {
        "model": model.id,
        "articles": len(articles),
        "length": length,
        **_compared(ours, leads),
        "sources": {name: _compared(ours[rows], leads[rows]) for name, rows in parts.items()},
    }


class Summary(NamedTuple):
    """An abstract, and the numbers of the sentences that it takes."""

    text: str
    sentences: list[int]


def write(analyzer: Analyzer, picked: PickedArticle, length: int) -> Summary:
    """Return the analyzer's abstract of the article."""
    article = picked.as_article()
    ends = [s.end for p in article.sections[0].paragraphs for s in p.sentences]
    abstract = analyzer.analyze(article, limits=AbstractLimits(length, None, None)).abstract
    starts = [sentence.start for sentence in abstract.sentences]
    return Summary(abstract.text, np.searchsorted(ends, starts, side="right").tolist())


def lead(picked: PickedArticle, length: int) -> Summary:
    """Return the first sentences that fit; one that does not is passed over."""
    chosen: list[int] = []
    text = ""
    for number, sentence in enumerate(picked.sentences):
        if len(text) + len(sentence) <= length:
            chosen.append(number)
            text += sentence
    return Summary(text, chosen)


def _measure(picked: PickedArticle, summary: Summary, length: int) -> list[float]:
    """Return MEASURES of a summary."""
    rouges = np.mean([rouge(summary.text, each) for each in picked.abstracts], axis=0)
    picks = np.mean([picks_f1(summary.sentences, editor) for editor in picked.picks])
    return [*rouges.tolist(), float(picks), len(summary.text) / length]


def _compared(ours: Floats, leads: Floats) -> dict[str, Any]:
    return {
        "abstracts": _means(ours),
        "lead": _means(leads),
        "gain": _means(ours - leads),
    }


def _means(values: Floats) -> dict[str, Mapping[str, Any]]:
    means, resampled = values.mean(axis=0).tolist(), resampled_sums(values) / len(values)
    return {
        name: {"mean": round(means[i], _DIGITS), "interval": interval(resampled[:, i])}
        for i, name in enumerate(MEASURES)
    }


def as_table(figures: Mapping[str, Any]) -> Iterator[str]:
    """Lay the figures of :func:`evaluate_abstracts` out for a terminal, in per cent."""
    yield say(
        "{articles} articles, at most {length} characters",
        articles=figures["articles"],
        length=figures["length"],
    )
    rows = {"abstracts": say("abstracts"), "lead": say("lead"), "gain": say("gain")}
    for name, part in {say("all"): figures, **figures["sources"]}.items():
        for key, row in rows.items():
            cells = "  ".join(f"{m} {_percent(part[key][m])}" for m in MEASURES)
            yield say("{name}, {row}: {cells}", name=name, row=row, cells=cells)


def _percent(figure: Mapping[str, Any]) -> str:
    low, high = figure["interval"]
    return say(
        "{mean:.1f} ({low:.1f} to {high:.1f})",
        mean=100 * figure["mean"],
        low=100 * low,
        high=100 * high,
    )
