"""HTML that cannot be broken by its content: whatever is not markup is escaped."""

from collections.abc import Iterable, Sequence
from html import escape
from importlib.resources import files
from typing import Final

_VOID: Final = frozenset({"meta"})


class Markup(str):
    """A string that is HTML already."""


def element(name: str, /, *children: str, **attributes: str | float | None) -> Markup:
    """Return an element; children that are not markup are escaped.

    ``class_`` stands for ``class`` and ``aria_label`` for ``aria-label``; an attribute that is
    ``None`` is left out.
    """
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(str(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in _VOID:
        return Markup(f"<{name}{given}>")
    return Markup(f"<{name}{given}>{join(children)}</{name}>")


def join(parts: Iterable[str]) -> Markup:
    """Put parts together, escaping those that are not markup."""
    return Markup("".join(p if isinstance(p, Markup) else escape(p) for p in parts))


def table(header: Sequence[str], rows: Iterable[Sequence[str]], caption: str) -> Markup:
    """Return a table under its caption; it scrolls by itself and keeps its first column."""
    head = element("tr", *(element("th", cell, scope="col") for cell in header))
    body = [
        element("tr", element("th", name, scope="row"), *(element("td", cell) for cell in cells))
        for name, *cells in rows
    ]
    whole = element("table", element("thead", head), element("tbody", *body), aria_label=caption)
    return join((element("p", caption, class_="caption"), element("div", whole, class_="wide")))


def page(title: str, *body: str) -> str:
    """Return a whole page with its style, in the reader's light or dark colours."""
    style = files(__package__).joinpath("page.css").read_text(encoding="utf-8")
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", title),
        element("style", Markup(style)),
    )
    return f"<!DOCTYPE html>\n{element('html', head, element('body', *body), lang='en')}\n"
