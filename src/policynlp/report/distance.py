"""How far the articles are from what the model was trained on, and from an earlier run."""

from collections import Counter
from collections.abc import Mapping, Sequence
from math import sqrt
from typing import Any, Final, NamedTuple

from policynlp.analysis.drift import FAR, SOMEWHAT, TOO_FEW, Drift
from policynlp.messages import CHINESE, speaking
from policynlp.report.html import Markup, element, join, table
from policynlp.report.overview import Collection

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
    counts = Counter(theme for _, part in collection.sections() for theme in part.evidence)
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
