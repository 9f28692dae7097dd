"""What people type for labels."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Final

from policynlp.corpus.rows import LABEL_SEPARATORS, NO_LABEL
from policynlp.errors import PolicyNLPError
from policynlp.messages import say
from policynlp.review.rows import JOINT, NONE

ACCEPT: Final = "✓"
_ACCEPTED: Final = frozenset(
    ("✓", "✔", "√", "v", "对", "是", "同意", "正确", "接受", "确认", "ok", "yes", "y", "accepted")
)
_SEPARATORS: Final = re.compile(f"[{re.escape(LABEL_SEPARATORS)}\n]")


class LabelError(PolicyNLPError):
    """A cell that names no theme."""


def read_labels(
    cell: str, themes: Sequence[str], predicted: Iterable[str]
) -> frozenset[str] | None:
    """Return the labels that a cell gives, or ``None`` if it is blank.

    Themes are told apart by 、 ， , ; | / or white space; 无 and its like are no theme, a mark
    such as ✓ accepts what was ``predicted``. Raises ``LabelError`` for anything else.
    """
    if not cell.strip():
        return None
    if _folded(cell) in _ACCEPTED:
        return frozenset(predicted)
    names = {_folded(theme): theme for theme in themes}
    found = [label for part in _parts(cell, names) for label in [names.get(part, part)]]
    unknown = [label for label in found if label not in themes and label not in NO_LABEL]
    if unknown:
        raise _trouble(unknown[0], themes)
    labels = frozenset(found) - NO_LABEL
    if labels and len(labels) < len(set(found)):
        raise LabelError(
            "{cell!r} has {none} beside a theme; keep one of them", cell=cell, none=NONE
        )
    return labels


def _parts(cell: str, names: Iterable[str]) -> list[str]:
    """Split a cell; white space divides only what is no theme with white space in its name."""
    if _folded(cell) in names:
        return [_folded(cell)]
    parts: list[str] = []
    for part in map(_folded, _SEPARATORS.split(unicodedata.normalize("NFKC", cell))):
        parts += [part] if part in names else part.split()
    return parts


def _folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).split()).casefold()


def _trouble(label: str, themes: Sequence[str]) -> LabelError:
    near = get_close_matches(label, themes, n=1, cutoff=0.5)
    advice = say(" (did you mean {near}?)", near=near[0]) if near else ""
    return LabelError(
        "{label!r} is no theme{advice}; expected {themes}, {none} or {accept}",
        label=label,
        advice=advice,
        themes=JOINT.join(themes),
        none=NONE,
        accept=ACCEPT,
    )
