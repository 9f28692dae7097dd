"""Results as a notebook shows them: HTML without scripts, addresses or a style of its own page."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final

from policynlp.escaping import html, seen
from policynlp.messages import say

Part = tuple[int, str]
"""Where a heading or paragraph starts in an article's text, and what it says."""
Mark = tuple[int, int, str]
"""A stretch of an article's text, and what a reader is told of it."""

_MOST_SHOWN: Final = 20_000  # characters of an article's sections; a notebook keeps all of them
_BOX: Final = "max-width:50em;line-height:1.6"
_LABEL: Final = "border:1px solid;border-radius:.6em;padding:0 .5em;margin-right:.4em"
_FAINT: Final = "opacity:.7"


def article_html(
    title: str, about: Sequence[str], themes: str, abstract: str, sections: Iterable[str]
) -> str:
    """An article: its title, what else there is about it, and what its parts made of themselves.

    Sections come as HTML, as ``themes`` does; what is too long ends with ``…``.
    """
    shown, size = [], 0
    for section in sections:
        if size >= _MOST_SHOWN:
            shown.append("<p>…</p>")
            break
        shown.append(section)
        size += len(section)
    head = f"<strong>{_text(title)}</strong>" if title else ""
    rest = f'<br><small style="{_FAINT}">{_text(" · ".join(about))}</small>' if about else ""
    said = f"<p>{_text(abstract)}</p>" if abstract else ""
    return f'<div style="{_BOX}"><p>{head}{rest}</p><p>{themes}</p>{said}{"".join(shown)}</div>'


def section_html(
    heading: Part | None, themes: str, paragraphs: Iterable[Part], marks: Sequence[Mark]
) -> str:
    """A section that can be opened, with its ``themes`` as HTML."""
    name = _marked(*heading, marks) if heading else _faint(say("(no heading)"))
    said = "".join(f"<p>{_marked(start, text, marks)}</p>" for start, text in paragraphs)
    return f"<details><summary>{name} {themes}</summary>{said}</details>"


def labels_html(themes: Iterable[tuple[str, float]]) -> str:
    """Themes with their probabilities, or that there is none."""
    labels = [
        f'<span style="{_LABEL}">{_text(theme)} {probability:.2f}</span>'
        for theme, probability in themes
    ]
    return "".join(labels) or _faint(say("no theme"))


def _marked(start: int, text: str, marks: Sequence[Mark]) -> str:
    """A paragraph with what is marked in it, where marks of several themes may overlap."""
    end = start + len(text)
    here = [mark for mark in marks if mark[0] < end and mark[1] > start]
    inner = {place for first, last, _ in here for place in (first, last) if start < place < end}
    parts = []
    for first, last in pairwise(sorted({start, end} | inner)):
        part = _text(text[first - start : last - start])
        told = [label for begin, stop, label in here if begin <= first and last <= stop]
        if told:
            part = f'<mark title="{_text("; ".join(told))}">{part}</mark>'
        parts.append(part)
    return "".join(parts)


def _faint(text: str) -> str:
    return f'<span style="{_FAINT}">{_text(text)}</span>'


def _text(text: str) -> str:
    return html(seen(text))
