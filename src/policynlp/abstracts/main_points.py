"""The main points of many articles, by theme, each said once.

Points are the sentences of the articles' abstracts about each theme. A reprint adds none; what
other articles say in nearly the same words counts for a point instead of standing beside it.
All work is near-linear in the number of articles.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np

from policynlp.abstracts import Cosines, Limits, select
from policynlp.abstracts.coherence import stands_alone
from policynlp.article import AbstractLimits, Article, Span
from policynlp.language.terms import Floats
from policynlp.language.words import words
from policynlp.results import Analysis, Sentence

OTHER: Final = "其他"  # what articles without any of the themes say

# An article is a reprint if this share of its characters stands in an earlier one.
_REPRINTED: Final = 0.6
# Sentences that are as alike as this say the same.
_SAME: Final = 0.6
_LEAST_KEY: Final = 8  # characters; shorter sentences (他说。) are no sign of a reprint
_RARE_WORDS: Final = 6  # a sentence is compared with those that share one of its rarest words
_MOST_COMPARED: Final = 50
_CHARACTERS: Final = 150  # of what is taken from an article about a theme
_NOT_WORDS: Final = re.compile(r"[\W_]+")
_FIGURE: Final = re.compile(r"\d+(?:\.\d+)?")


class Point(NamedTuple):
    """A sentence of an article, and how many articles say it, reprints included."""

    article: Article
    sentence: Sentence
    articles: int

    @property
    def text(self) -> str:
        """The sentence."""
        return self.sentence.text


class Digest(NamedTuple):
    """The points of ``articles`` articles, by theme, the ones most often said first."""

    groups: dict[str, tuple[Point, ...]]
    articles: int
    reprints: int


class _Candidate:
    """A sentence that may become a point."""

    def __init__(
        self, article: Article, sentence: Sentence, probability: float, number: int
    ) -> None:
        self.article = article
        self.sentence = sentence
        self.probability = probability
        self.said_by = {number}  # the numbers of articles

    @property
    def text(self) -> str:
        """The sentence."""
        return self.sentence.text

    @property
    def score(self) -> float:
        """How much it is worth: one half of a certain point if a single article says it."""
        return self.probability * (1.0 - 0.5 ** len(self.said_by))


def limits_for(themes: Sequence[str]) -> AbstractLimits:
    """Return what an article must be analyzed with before it is added to a digest."""
    return AbstractLimits(_CHARACTERS, section_characters=None, themes=tuple(themes))


class Digester:
    """Collects what articles say. Keeps their text: some 5 kB an article."""

    def __init__(self, themes: Sequence[str], *, others: bool) -> None:
        """Take the themes, and whether articles without one are to be heard, too."""
        self._themes = tuple(themes)
        self._others = others
        self._articles = self._reprints = 0
        self._first_article: dict[str, int] = {}  # of each sentence that was ever read
        self._candidates: dict[str, dict[str, _Candidate]] = {
            theme: {} for theme in (*themes, OTHER)
        }

    def add(self, analysis: Analysis) -> None:
        """Add an article that was analyzed with :func:`limits_for` the same themes."""
        number, article = self._articles, analysis.article
        self._articles += 1
        reprint = self._is_reprint(article, number)
        self._reprints += reprint
        said = [(theme, analysis.theme_abstracts[theme]) for theme in self._themes]
        if self._others and not any(abstract.text for _, abstract in said):
            said = [(OTHER, analysis.abstract)]
        for theme, abstract in said:
            candidates = self._candidates[theme]
            probability = analysis.probabilities.get(theme, 1.0)
            for sentence in abstract.sentences:
                if not stands_alone(article.text, Span(sentence.start, sentence.end)):
                    continue
                key = _key(sentence.text)
                if key in candidates:
                    candidates[key].said_by.add(number)
                elif not reprint:
                    candidates[key] = _Candidate(article, sentence, probability, number)

    def _is_reprint(self, article: Article, number: int) -> bool:
        """Whether most of an article stands in one that came before."""
        size, shared = 0, Counter[int]()
        for section in article.sections:
            for paragraph in section.paragraphs:
                for start, end in paragraph.sentences:
                    key = _key(article.text[start:end])
                    if len(key) >= _LEAST_KEY:
                        size += len(key)
                        shared[self._first_article.setdefault(key, number)] += len(key)
        del shared[number]
        return bool(shared) and max(shared.values()) >= _REPRINTED * size

    def digest(self, length: int) -> Digest:
        """Choose the points: ``length`` characters in all, shared out between the themes."""
        filled = [theme for theme, candidates in self._candidates.items() if candidates]
        groups: dict[str, tuple[Point, ...]] = {}
        left, taken = length, set[str]()
        for place, theme in enumerate(filled):
            fresh = [each for key, each in self._candidates[theme].items() if key not in taken]
            chosen = _choose(_leaders(fresh), left // (len(filled) - place))
            left -= sum([len(point.text) for point in chosen])
            taken.update([_key(point.text) for point in chosen])
            if chosen:
                groups[theme] = tuple(chosen)
        return Digest(groups, self._articles, self._reprints)


def _key(text: str) -> str:
    """Return a sentence without its marks and white space, which reprints change."""
    return _NOT_WORDS.sub("", text)


def _choose(candidates: Sequence[_Candidate], length: int) -> list[Point]:
    """Select points as the sentences of an abstract are, but order them by what they are worth."""
    vectors = list(_vectors(candidates))
    chosen = select(
        [each.score for each in candidates],
        [len(each.text) for each in candidates],
        lambda places: Cosines(_cosines([vectors[i] for i in places]), range(len(places))),
        Limits(length),
    )
    best = sorted([candidates[i] for i in chosen], key=lambda each: -each.score)
    return [Point(each.article, each.sentence, len(each.said_by)) for each in best]


def _leaders(candidates: Sequence[_Candidate]) -> list[_Candidate]:
    """Return the first of those that say the same, with everyone who says it."""
    vectors = list(_vectors(candidates))
    holders: defaultdict[str, list[int]] = defaultdict(list)
    leaders: list[_Candidate] = []
    for number, (candidate, vector) in enumerate(zip(candidates, vectors, strict=True)):
        rare = sorted(vector, key=lambda word: (-vector[word], word))[:_RARE_WORDS]
        # More of a word's holders would be too many, even if all are new.
        rivals = dict.fromkeys(rival for word in rare for rival in holders[word][:_MOST_COMPARED])
        for rival in list(rivals)[:_MOST_COMPARED]:
            if _cosine(vector, vectors[rival]) >= _SAME:
                candidates[rival].said_by |= candidate.said_by
                break
        else:
            leaders.append(candidate)
            for word in rare:
                holders[word].append(number)
    return leaders


def _vectors(candidates: Sequence[_Candidate]) -> Iterator[dict[str, float]]:
    """Return the tf-idf of each sentence among all of them, scaled to length 1."""
    rows = [Counter(_terms(each.text)) for each in candidates]
    frequency = Counter(word for row in rows for word in row)
    for row in rows:
        weighted = {
            word: count * math.log((1 + len(rows)) / frequency[word]) for word, count in row.items()
        }
        norm = math.sqrt(sum([value * value for value in weighted.values()])) or 1.0
        yield {word: value / norm for word, value in weighted.items()}


def _terms(text: str) -> list[str]:
    """Cut a sentence into words and figures as they are: other figures say something else."""
    plain = [word for word in words(text) if "0" not in word and not _NOT_WORDS.fullmatch(word)]
    return plain + _FIGURE.findall(text)


def _cosine(left: dict[str, float], right: dict[str, float]) -> float:
    return sum(left[word] * right[word] for word in left.keys() & right.keys())


def _cosines(vectors: Sequence[dict[str, float]]) -> list[list[float]]:
    column = {word: i for i, word in enumerate(dict.fromkeys(w for v in vectors for w in v))}
    dense: Floats = np.zeros((len(vectors), len(column)))
    for row, vector in zip(dense, vectors, strict=True):
        row[[column[word] for word in vector]] = list(vector.values())
    cosines: list[list[float]] = (dense @ dense.T).tolist()
    return cosines
