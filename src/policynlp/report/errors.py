"""The worst errors of an evaluation, with the text and what in it raised the theme."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from policynlp.report.html import Markup, element, join

_KINDS: Final = {
    "false_positives": ("tagged, but not labelled", "the most probable first"),
    "false_negatives": ("labelled, but not tagged", "the least probable first"),
}
_LEAST_SHOWN: Final = 0.05  # probabilities below are left out


def error_lists(
    errors: Mapping[str, Mapping[str, Sequence[Mapping[str, Any]]]],
) -> Iterator[Markup]:
    """Show each theme's worst errors, folded."""
    yield element("h2", "Worst errors")
    yield element(
        "p",
        "Marked is what raised the theme most. An error may be the label's.",
        class_="soft",
    )
    for theme, kinds in errors.items():
        for kind, (what, order) in _KINDS.items():
            found = [_error(error, theme) for error in kinds[kind]]
            if found:
                summary = element("summary", f"{theme}: {what} – {len(found)}, {order}")
                yield element("details", summary, element("div", *found))


def _error(error: Mapping[str, Any], theme: str) -> Markup:
    heading = f" · {error['heading']}" if error["heading"] else ""
    place = f"{error['id']}, paragraph {error['paragraph']}{heading}"
    parts = (element("h3", place), _chips(error, theme), _text(error))
    return element("div", *parts, class_="error", lang="zh-Hans")


def _chips(error: Mapping[str, Any], theme: str) -> Markup:
    ranked = sorted(error["probabilities"].items(), key=lambda pair: -pair[1])
    shown = [(name, p) for name, p in ranked if p >= _LEAST_SHOWN or name == theme]
    labels = error["themes"] or ["no theme"]
    return join(
        (
            *(element("span", f"label: {label}", class_="chip holds") for label in labels),
            *(
                element("span", f"{name} {p:.2f}", class_="chip wrong" if name == theme else "chip")
                for name, p in shown
            ),
        )
    )


def _text(error: Mapping[str, Any]) -> Markup:
    if not error["text"]:
        words = "、".join(f"{word} +{weight:.2f}" for word, weight in error["words"])
        return element("p", f"Counts only. Most telling words: {words or 'none'}")
    parts: list[str] = []
    text, end = error["text"], 0
    for start, stop, weight in sorted(error["evidence"]):
        marked = element("mark", text[start:stop], title=f"+{weight:.2f} log-odds")
        parts += [text[end:start], marked]
        end = stop
    return element("p", *parts, text[end:])
