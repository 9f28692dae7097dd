"""HTML that cannot be broken by its content: whatever is not markup is escaped."""

import base64
import hashlib
import json
from collections.abc import Iterable, Sequence
from importlib.resources import files
from typing import Final

from policynlp import escaping

_VOID: Final = frozenset({"meta"})
_HEAT_STEPS: Final = 10


class Markup(str):
    """A string that is HTML already."""


def element(name: str, /, *children: str, **attributes: str | float | None) -> Markup:
    """Return an element; children that are not markup are escaped.

    ``class_`` stands for ``class`` and ``aria_label`` for ``aria-label``; an attribute that is
    ``None`` is left out.
    """
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escaping.html(str(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in _VOID:
        return Markup(f"<{name}{given}>")
    return Markup(f"<{name}{given}>{join(children)}</{name}>")


def join(parts: Iterable[str]) -> Markup:
    """Put parts together, escaping those that are not markup."""
    return Markup("".join(p if isinstance(p, Markup) else escaping.html(p) for p in parts))


def table(header: Sequence[str], rows: Iterable[Sequence[str]], caption: str) -> Markup:
    """Return a table under its caption; it scrolls by itself and keeps its first column."""
    head = element("tr", *(element("th", cell, scope="col") for cell in header))
    body = [
        element("tr", element("th", name, scope="row"), *(element("td", cell) for cell in cells))
        for name, *cells in rows
    ]
    whole = element("table", element("thead", head), element("tbody", *body), aria_label=caption)
    return join((element("p", caption, class_="caption"), element("div", whole, class_="wide")))


def data_script(value: object, **attributes: str) -> Markup:
    """Return data for a page's scripts: JSON that cannot end its element and is never run."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return element(
        "script",
        Markup(escaping.script(text)),
        type="application/json",
        **attributes,
    )


def heat(value: float, most: float) -> str:
    """Return the classes that shade a cell by its share of the greatest value."""
    return f"heat heat-{round(_HEAT_STEPS * value / most) if most else 0}"


def template(name: str) -> Markup:
    """Return a file of this package: a part of a page, its style or its script."""
    return Markup(files(__package__).joinpath(name).read_text(encoding="utf-8"))


def page(
    title: str,
    *body: str,
    lang: str = "en",
    styles: Sequence[str] = (),
    scripts: Sequence[str] = (),
) -> str:
    """Return a whole page with its style, in the reader's light or dark colours.

    ``styles`` and ``scripts`` are files of this package that join the common style and run
    when the body is there. The page allows these and nothing else: no network, no other
    script, no style in an attribute.
    """
    style = join(template(name) for name in ("page.css", *styles))
    script = join(template(name) for name in scripts)
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=_policy(style, script)),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", name="referrer", content="no-referrer"),
        element("title", title),
        element("style", style),
    )
    run = (element("script", script),) if script else ()
    return f"<!DOCTYPE html>\n{element('html', head, element('body', *body, *run), lang=lang)}\n"


def _policy(style: str, script: str) -> str:
    """The Content-Security-Policy of a page with only this style and this script."""
    allowed = [f"style-src {_hash(style)}", *([f"script-src {_hash(script)}"] if script else [])]
    return "; ".join(("default-src 'none'", *allowed, "base-uri 'none'", "form-action 'none'"))


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
