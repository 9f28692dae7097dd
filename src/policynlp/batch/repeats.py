"""Ids that more than one article has."""

from array import array
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

_EXAMPLES: Final = 5


class Repeats(NamedTuple):
    """How many ids occur more than once, and some of them with how often they do."""

    number: int = 0
    examples: tuple[tuple[str, int], ...] = ()


def find_repeats(read: Callable[[], Iterator[list[str]]]) -> Repeats:
    """Look for repeated ids in all lists that ``read`` gives, which is called twice at most.

    Only hashes are remembered, 8 bytes an id: a million ids themselves would take 100 MB.
    """
    import numpy as np

    hashes = array("q")
    for ids in read():
        hashes.extend(map(hash, ids))
    ordered = np.asarray(hashes, np.int64)
    ordered.sort()
    again = ordered[1:][ordered[1:] == ordered[:-1]]
    # What np.unique does, which imports numpy.ma for it: 12 ms at the end of every run.
    repeated = np.concatenate((again[:1], again[1:][again[1:] != again[:-1]]))
    if not len(repeated):
        return Repeats()
    some = set(repeated[:_EXAMPLES].tolist())
    found = Counter(id for ids in read() for id in ids if hash(id) in some)
    return Repeats(len(repeated), tuple(found.items()))
