"""The counted news in corpus/news, which the wheel has, too, cannot be put together again.

The attack gets one paragraph's counts. It joins what joins in one way only: words that are
counted as a pair where one never stands without the other, and terms that overlap each other
and nothing else, as neighbouring character n-grams do. What it returns it can assert.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from maintenance.wheel_corpus import SHIPPED
from policynlp.corpus.counts import COUNTS_FORMAT
from policynlp.language.terms import CHARACTER, count_terms
from policynlp.language.words import words

ROOT = Path(__file__).parents[1]
COUNTS = ROOT / "corpus" / "news" / "sections.counts.jsonl"
OWN = ("README.md", "themes.toml", "written", "held_out")  # text that is ours
REAL = ROOT.parent / "shared" / "real" / "themes_train.jsonl"

RUN = 22  # characters that no one may assert of a text that is not ours
MOST_ASSERTED = 0.01  # of the paragraphs
MIN_SECTIONS = 5
MIN_OVERLAP = 2  # one shared character joins most words to many others
PAIR = "\t"  # between the words of a pair

# What the record of a paragraph may say of it.
FIELDS = {"size", "counts", "run_in", "themes", "disputed"}

_CONTENT = re.compile("[\u4e00-\u9fff0-9a-z]")


class Link(NamedTuple):
    """One term that is next to another, and the text that it adds there."""

    term: str
    text: str


Links = dict[str, list[Link]]


def assertable(counts: Counter[str]) -> list[str]:
    """The runs of text that ``counts`` prove or all but prove, longest first."""
    singles = [t for t in counts if PAIR not in t and not t.startswith(CHARACTER)]
    after, before = _paired(counts), _paired(counts, backwards=True)
    _add_overlaps(singles, after, before)
    known = {*singles, *after, *before}
    runs = {_grown(term, after, before) for term in known}
    return sorted(runs, key=len, reverse=True)


def _paired(counts: Counter[str], *, backwards: bool = False) -> Links:
    """Where each occurrence of a word has one and the same word next to it, which that is."""
    links: Links = {}
    for term, times in counts.items():
        first, mark, second = term.partition(PAIR)
        if mark:
            here, there = (second, first) if backwards else (first, second)
            if counts[here] in (0, times):  # 0 where the words themselves are not counted
                links.setdefault(here, []).append(Link(there, there))
    return links


def _add_overlaps(terms: Iterable[str], after: Links, before: Links) -> None:
    starts: dict[str, list[str]] = {}
    for term in terms:
        for size in range(MIN_OVERLAP, len(term)):
            starts.setdefault(term[:size], []).append(term)
    for term in terms:
        size = next(
            (n for n in range(len(term) - 1, MIN_OVERLAP - 1, -1) if term[-n:] in starts), 0
        )
        for other in starts[term[-size:]] if size else ():
            after.setdefault(term, []).append(Link(other, other[size:]))
            before.setdefault(other, []).append(Link(term, term[:-size]))


def _grown(term: str, after: Links, before: Links) -> str:
    """``term`` with all that must stand before and after it."""
    left = [link.text for link in _chain(term, before, after)]
    right = [link.text for link in _chain(term, after, before)]
    return "".join([*reversed(left), term, *right])


def _chain(term: str, onwards: Links, back: Links) -> Iterator[Link]:
    seen = {term}
    while len(onwards.get(term, ())) == 1:
        link = onwards[term][0]
        # Two terms that could both come first leave it open which of them does.
        if link.term in seen or len(back.get(link.term, ())) > 1:
            return
        yield link
        term = link.term
        seen.add(term)


def content(text: str) -> list[str]:
    """The words of ``text`` that are counted: all but marks."""
    return [word for word in words(text) if _CONTENT.search(word)]


def count_pairs(text: str) -> Counter[str]:
    """Count the terms of ``text`` and, as a model could want, its pairs of words."""
    return count_terms(text) + Counter(PAIR.join(pair) for pair in pairwise(content(text)))


def count_ngrams(text: str) -> Counter[str]:
    """Count the runs of four characters, another feature that a model could want."""
    bare = "".join(content(text))
    return Counter(bare[i : i + 4] for i in range(len(bare) - 3))


def share_asserted(paragraphs: Iterable[tuple[str, Counter[str]]]) -> float:
    """How many of the paragraphs of RUN characters and more have so long a run asserted.

    Marks are not counted, so runs are looked for in the text without them.
    """
    asserted = total = 0
    for text, counts in paragraphs:
        bare = "".join(content(text))
        if len(bare) < RUN:
            continue
        total += 1
        asserted += any(len(run) >= RUN and _longest_part(run, bare) for run in assertable(counts))
    assert total > 100, "with so few paragraphs nothing is shown"
    return asserted / total


def _longest_part(run: str, bare: str) -> bool:
    """Whether RUN characters of ``run`` stand in ``bare`` together, whatever else is wrong."""
    return any(run[i : i + RUN] in bare for i in range(len(run) - RUN + 1))


@cache
def own_paragraphs() -> tuple[str, ...]:
    files = sorted((ROOT / "corpus" / "written").glob("*.jsonl"))
    records = (json.loads(line) for path in files for line in path.open(encoding="utf-8"))
    return tuple(p["text"] for record in records for p in record["paragraphs"])


@cache
def counted() -> tuple[dict[str, Any], ...]:
    """The header and the records of the committed counts."""
    with COUNTS.open(encoding="utf-8") as lines:
        return tuple(json.loads(line) for line in lines)


def unflat(flat: list[int], terms: list[str]) -> Counter[str]:
    return Counter(dict(zip((terms[i] for i in flat[::2]), flat[1::2], strict=True)))


def test_committed_counts_cannot_be_put_together() -> None:
    if not REAL.exists():
        pytest.skip("the texts behind the counts are not here: they are not ours to publish")
    header, *records = counted()
    with REAL.open(encoding="utf-8") as lines:
        texts = {(r := json.loads(line))["id"]: r["paragraphs"] for line in lines}
    pairs = []
    for record in records:
        paragraphs = texts[record["id"]]
        assert len(paragraphs) == len(record["paragraphs"])
        for ours, theirs in zip(record["paragraphs"], paragraphs, strict=True):
            pairs.append((theirs["text"], unflat(ours["counts"], header["terms"])))
    assert all(counts <= count_terms(text) for text, counts in pairs), "not of these texts"
    assert share_asserted(pairs) <= MOST_ASSERTED


def test_no_term_is_a_run_of_text_by_itself() -> None:
    terms = counted()[0]["terms"]
    assert [term for term in terms if len(term) >= RUN or PAIR in term] == []


@pytest.mark.parametrize(("count", "least"), [(count_pairs, 0.5), (count_ngrams, 0.9)])
def test_attack_works_where_neighbours_are_counted(
    count: Callable[[str], Counter[str]], least: float
) -> None:
    share = share_asserted((text, count(text)) for text in own_paragraphs()[::3])
    assert share > least


def test_attack_fails_on_our_own_words_and_characters() -> None:
    share = share_asserted((text, count_terms(text)) for text in own_paragraphs())
    assert share <= MOST_ASSERTED


def test_attack_asserts_what_follows_and_no_more() -> None:
    chain = Counter({"槐阳": 1, "推进": 1, "改革": 2, "槐阳\t推进": 1, "推进\t改革": 1})
    assert assertable(chain)[0] == "槐阳推进改革"
    fork = Counter({"改革": 2, "创新": 1, "开放": 1, "改革\t创新": 1, "改革\t开放": 1})
    assert set(assertable(fork)) == {"改革", "改革创新", "改革开放"}
    overlapping = Counter(["槐阳推进", "阳推进改", "推进改革"])
    assert assertable(overlapping)[0] == "槐阳推进改革"
    ambiguous = Counter(["推进改革", "改革创新", "改革开放"])
    assert set(assertable(ambiguous)) == set(ambiguous)


def test_every_kept_term_occurs_in_five_sections() -> None:
    header, *records = counted()
    assert header["format"] == COUNTS_FORMAT
    assert len(records) > 1000
    frequency: Counter[int] = Counter()
    for record in records:
        rows = [record["heading"], *(p["counts"] for p in record["paragraphs"])]
        rows += [p["run_in"] for p in record["paragraphs"] if "run_in" in p]
        frequency.update({term for flat in rows for term in flat[::2]})
    assert set(frequency) == set(range(len(header["terms"])))
    assert min(frequency.values()) >= MIN_SECTIONS


def test_counts_keep_no_order_and_no_text() -> None:
    header, *records = counted()
    assert header["terms"] == sorted(set(header["terms"]))
    for record in records:
        rows = [record["heading"], *(p["counts"] for p in record["paragraphs"])]
        rows += [p["run_in"] for p in record["paragraphs"] if "run_in" in p]
        for flat in rows:
            assert flat[::2] == sorted(set(flat[::2]))
            assert all(isinstance(number, int) and number >= 0 for number in flat)
        assert not {"text", "title"} & record.keys()
        assert all(p.keys() <= FIELDS for p in record["paragraphs"])


def test_the_wheel_ships_of_others_texts_nothing_but_counts() -> None:
    corpus = ROOT / "corpus"
    found = (path for pattern in SHIPPED for path in corpus.glob(pattern))
    shipped = [path for path in found if path.relative_to(corpus).parts[0] not in OWN]
    tables = [path for path in shipped if path != COUNTS]
    assert sorted(path.name for path in shipped if path not in tables) == [COUNTS.name]
    assert sorted(path.name for path in tables) == ["rows.tsv", "words.tsv"]
    for table in tables:
        cells = re.split(r"[\t\n]", table.read_text(encoding="utf-8"))
        assert len(cells) > 1000
        assert [cell for cell in cells if len(cell) >= RUN] == []
