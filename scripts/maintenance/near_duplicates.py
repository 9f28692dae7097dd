"""Texts that repeat one another: nearly the same throughout, or in one long run."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from math import ceil

from policynlp.language.words import normalise

SHINGLE = 5  # characters
_APART = "\n"
_NOT_WORDS = re.compile(r"\W+")


def near_duplicates(texts: Sequence[str], least: float) -> Iterator[tuple[int, int, float]]:
    """Find all pairs of texts whose sets of shingles overlap by ``least`` or more (Jaccard).

    Marks do not count, and every digit is the same: a copier changes the figures.
    Exact: of two such sets, each holds the other's share among its rarest members, so only
    those are looked up (Chaudhuri, Ganti & Kaushik, "A primitive operator for similarity
    joins in data cleaning", 2006).
    """
    sets = [_shingles(_bare(normalise(text))) for text in texts]
    frequency = Counter(chain.from_iterable(sets))
    holders: dict[str, list[int]] = defaultdict(list)
    for i, mine in enumerate(sets):
        by_rarity = sorted(mine, key=lambda shingle: (frequency[shingle], shingle))
        rarest = by_rarity[: len(mine) - ceil(least * len(mine)) + 1]
        for j in sorted({j for shingle in rarest for j in holders[shingle]}):
            overlap = len(mine & sets[j]) / len(mine | sets[j])
            if overlap >= least:
                yield j, i, overlap
        for shingle in rarest:
            holders[shingle].append(i)


def shared_runs(
    texts: Sequence[str], groups: Sequence[str], length: int, formulas: Iterable[str] = ()
) -> Iterator[tuple[int, int, str]]:
    """Find texts of two groups that share ``length`` characters outside ``formulas``.

    A text is named once, with the first before it and the run's beginning.
    """
    standing = [_bare(formula) for formula in formulas]
    first: dict[str, int] = {}
    for i, text in enumerate(texts):
        runs = list(_windows(_bare(text), length, standing))
        shared = next((r for r in runs if r in first and groups[first[r]] != groups[i]), None)
        if shared is not None:
            yield first[shared], i, shared
        for run in runs:
            first.setdefault(run, i)


def _bare(text: str) -> str:
    return _NOT_WORDS.sub("", text)


def _shingles(text: str) -> frozenset[str]:
    return frozenset(text[i : i + SHINGLE] for i in range(max(1, len(text) - SHINGLE + 1)))


def _windows(text: str, length: int, formulas: Iterable[str]) -> Iterator[str]:
    for formula in formulas:
        text = text.replace(formula, _APART)
    for piece in text.split(_APART):
        yield from (piece[i : i + length] for i in range(len(piece) - length + 1))
