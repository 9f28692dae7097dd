"""How far many articles are from the text that a model was trained on.

A profile is histograms of whole numbers, so profiles of parts add up to that of the whole in any
order. Two profiles are compared by the Jensen-Shannon divergence of their histograms (Lin,
"Divergence measures based on the Shannon entropy", 1991), which is 0 where they are alike and 1
where they share nothing. docs/drift.md has what was measured.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from math import log2
from typing import Any, Final, NamedTuple

from policynlp.messages import say
from policynlp.results import UNCERTAIN, Analysis
from policynlp.validation import Shape, check, lists, objects, whole

NEAR, SOMEWHAT, FAR, TOO_FEW = "near", "somewhat", "far", "too few"
FEWEST: Final = 20
_RATES: Final = 20
_SCORES: Final = (0.01, 0.03, 0.1, 0.3, 0.5, 0.7, 0.9)
# Bulletins of five years come to 0.01, market news of 2011 to 0.15, lots of 20 of either by chance
# to 0.38; novels, sports, English and the like begin at 0.97 (docs/drift.md).
_SOMEWHAT: Final = 0.25
_CHANCE: Final = 3.0  # divided by the number of articles
_FAR: Final = 0.6
# 3 % of the sections of bulletins are uncertain, 11 % of features', 36 % of novels'.
_MORE_UNCERTAIN: Final = 0.2


@dataclass(slots=True)
class Profile:
    """What a batch, or a corpus, is like.

    ``unknown_words`` of the ``words`` are outside the model's vocabulary; ``unknown`` counts the
    articles by their share of such words, in twentieths. ``scores`` counts the sections by their
    greatest probability of a theme, and ``uncertain`` those that are so.
    """

    words: int = 0
    unknown_words: int = 0
    unknown: list[int] = field(default_factory=lambda: [0] * _RATES)
    scores: list[int] = field(default_factory=lambda: [0] * (len(_SCORES) + 1))
    uncertain: int = 0

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> "Profile":
        """Read what :meth:`as_record` made; ``FieldError`` if it is not that."""
        check(record, PROFILE)
        return cls(**{name: record[name] for name in _FIELDS if name in record})

    def as_record(self) -> dict[str, Any]:
        """Return the profile as JSON has it."""
        return asdict(self)

    @property
    def articles(self) -> int:
        """The number of articles with words."""
        return sum(self.unknown)

    @property
    def unknown_rate(self) -> float:
        """The share of the words that are outside the vocabulary."""
        return self.unknown_words / max(self.words, 1)

    @property
    def uncertain_share(self) -> float:
        """The share of the sections that are uncertain."""
        return self.uncertain / max(sum(self.scores), 1)

    def note(self, analysis: Analysis) -> None:
        """Count an article."""
        self.note_words(analysis.words, analysis.unknown_words)
        for section in analysis.sections:
            self.note_section(section.probabilities.values(), section.status == UNCERTAIN)

    def note_words(self, words: int, unknown: int) -> None:
        """Count an article's words."""
        if words:
            self.words += words
            self.unknown_words += unknown
            self.unknown[min(_RATES * unknown // words, _RATES - 1)] += 1

    def note_section(self, probabilities: Iterable[float], uncertain: bool) -> None:
        """Count a section."""
        self.scores[bisect_right(_SCORES, max(probabilities, default=0.0))] += 1
        self.uncertain += uncertain

    def add(self, other: "Profile") -> None:
        """Count what ``other`` has counted, too."""
        self.words += other.words
        self.unknown_words += other.unknown_words
        self.unknown = [a + b for a, b in zip(self.unknown, other.unknown, strict=True)]
        self.scores = [a + b for a, b in zip(self.scores, other.scores, strict=True)]
        self.uncertain += other.uncertain


_FIELDS: Final[Mapping[str, Shape]] = {
    **dict.fromkeys(("words", "unknown_words", "uncertain"), whole()),
    "unknown": lists(whole(), length=_RATES),
    "scores": lists(whole(), length=len(_SCORES) + 1),
}
PROFILE: Final = objects({}, **_FIELDS)


class Drift(NamedTuple):
    """How far a batch is from a reference.

    The verdict rests on ``unknown`` words, where the batch has more of them, and on the share of
    uncertain sections: both say what the model does not know. ``scores`` is told besides; a batch
    chosen for its themes is far there, and no worse for it.
    """

    batch: Profile
    reference: Profile
    unknown: float
    scores: float

    @property
    def verdict(self) -> str:
        """``near``, ``somewhat``, ``far`` or ``too few``."""
        if self.batch.articles < FEWEST:
            return TOO_FEW
        if self._more_unknown and self.unknown >= _FAR:
            return FAR
        return SOMEWHAT if self._differs or self._more_uncertain else NEAR

    def as_record(self) -> dict[str, Any]:
        """Return the figures, the verdict and what it means, as JSON has them."""
        batch, reference = self.batch, self.reference
        return {
            "verdict": self.verdict,
            "says": self.sentence(),
            "unknown_words": {
                "share": round(batch.unknown_rate, 4),
                "usual": round(reference.unknown_rate, 4),
                "distance": round(self.unknown, 4),
            },
            "scores": {"distance": round(self.scores, 4)},
            "uncertain": {
                "share": round(batch.uncertain_share, 4),
                "usual": round(reference.uncertain_share, 4),
            },
        }

    def sentence(self) -> str:
        """Say it plainly, in the language spoken."""
        batch, reference = self.batch, self.reference
        if self.verdict == TOO_FEW:
            return say(
                "{n} articles are too few to tell how far they are from the text that the model "
                "was trained on",
                n=batch.articles,
            )
        rates = {"rate": f"{batch.unknown_rate:.0%}", "usual": f"{reference.unknown_rate:.0%}"}
        if self.verdict == FAR:
            return say(
                "these articles are far from the text that the model was trained on: it does not "
                "know {rate} of their words, of that text's {usual}; do not rely on the themes",
                **rates,
            )
        if self._differs:
            return say(
                "these articles differ from the text that the model was trained on: it does not "
                "know {rate} of their words, of that text's {usual}; check some before you rely "
                "on the themes",
                **rates,
            )
        if self.verdict == SOMEWHAT:
            return say(
                "these articles differ from the text that the model was trained on: {share} of "
                "their sections are uncertain, of that text's {usual}; check some before you "
                "rely on the themes",
                share=f"{batch.uncertain_share:.0%}",
                usual=f"{reference.uncertain_share:.0%}",
            )
        return say(
            "these articles are like the text that the model was trained on: it does not know "
            "{rate} of their words, of that text's {usual}",
            **rates,
        )

    @property
    def _more_unknown(self) -> bool:
        return self.batch.unknown_rate > self.reference.unknown_rate

    @property
    def _differs(self) -> bool:
        return self._more_unknown and self.unknown >= _SOMEWHAT + _CHANCE / self.batch.articles

    @property
    def _more_uncertain(self) -> bool:
        return self.batch.uncertain_share - self.reference.uncertain_share >= _MORE_UNCERTAIN


def measure_drift(batch: Profile, reference: Profile | None) -> Drift | None:
    """Compare a batch with a reference, if there is one with articles."""
    if reference is None or not reference.articles:
        return None
    return Drift(
        batch,
        reference,
        divergence(batch.unknown, reference.unknown),
        divergence(batch.scores, reference.scores),
    )


def divergence(one: Sequence[int], other: Sequence[int]) -> float:
    """Return the Jensen-Shannon divergence of two histograms in bits; 0 where one is empty."""
    n_one, n_other = sum(one), sum(other)
    if not n_one or not n_other:
        return 0.0
    found = 0.0
    for p, q in ((a / n_one, b / n_other) for a, b in zip(one, other, strict=True)):
        found += sum(part * log2(2.0 * part / (p + q)) / 2.0 for part in (p, q) if part)
    return found
