"""Web pages: a well-kept extractor finds the body, our own reading the metadata around it."""

import re
from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from policynlp.errors import InputError
from policynlp.reading.formats.items import Item, Reading, decoded
from policynlp.reading.page import MIN_BODY, clean_page
from policynlp.records import InputRecord

if TYPE_CHECKING:
    from lxml.html import HtmlElement

# A table with a cell of so many characters lays a page out; it is no table of figures.
_LAYOUT_CELL: Final = 200
_SILENT: Final = ("script", "style", "noscript", "template", "head", "iframe", "svg", "select")
_INLINE: Final = frozenset(
    ("a", "b", "strong", "i", "em", "u", "s", "span", "font", "sub", "sup", "small", "big", "label")
)
# A line end in the source of a page parts no words in Chinese.
_WIDE: Final = "\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef“”‘’"
_WRAPPED: Final = re.compile(rf"(?<=[{_WIDE}])\s*[\r\n]\s*(?=[{_WIDE}])")
_PROSE: Final = re.compile("[。！？]")
_PAGE: Final = re.compile(r"\s*(?:<\?xml[^>]*>\s*)?<(?:!doctype html|html)\b", re.IGNORECASE)
_SITE: Final = re.compile(r"\s*[-_|–—]+\s*[^-_|–—]*$")


def parse_page(item: Item, reading: Reading) -> InputRecord:
    """The record of a saved web page, without its tables and scripts."""
    assert isinstance(item.content, Path)
    html = decoded(item.content.read_bytes(), item)
    if not html.strip():
        return InputRecord()
    return read_page(html)


def is_page(text: str) -> bool:
    """Whether a text is the source of a web page, whatever its file is called."""
    return _PAGE.match(text) is not None


def read_page(html: str) -> InputRecord:
    """Title, text and metadata of a page.

    The text is all that the page shows, one block a line, from which the cleaning of scraped
    text takes the chrome, if the extractor agrees that this leaves the article; else it is what
    the extractor found. On the pages that the cleaning is measured with, made HTML again in two
    ways, the mean F1 was 0.99 and 0.96 so, 0.99 and 0.86 with the cleaning behind the extractor,
    0.65 and 0.80 with the extractor alone.
    """
    import trafilatura
    from lxml.html import HTMLParser, document_fromstring

    data = html.encode("utf-8", "replace")
    parser = HTMLParser(encoding="utf-8", huge_tree=True)  # Else what is 255 deep is left out.
    tree = document_fromstring(data, parser=parser)
    if any("depth" in error.message for error in parser.error_log):
        raise InputError("its elements are nested too deep to be read; save its text as .txt")
    _open_layout(tree)
    shown = _shown_text(tree)
    found: Any = trafilatura.bare_extraction(
        deepcopy(tree), include_comments=False, include_tables=False, with_metadata=True
    )
    title = _title(found, shown)
    page = clean_page(shown, title)
    extracted = (found and found.text) or ""
    return InputRecord(
        text=shown if _agree([shown[slice(*span)] for span in page.body], extracted) else extracted,
        title=title,
        published=page.published or (found and found.date) or "",
        source=page.source,
        author=page.author,
        url=page.url or (found and found.url) or "",
    )


def _agree(body: Sequence[str], extracted: str) -> bool:
    """Whether most of the prose that the extractor found is in ``body``.

    Its other lines are often menus, and where it found next to nothing it has no say.
    """
    if len(extracted) < MIN_BODY:
        return sum(map(len, body)) >= len(extracted)
    kept = "".join("".join(line.split()) for line in body)
    lines = ["".join(line.split()) for line in extracted.split("\n") if _PROSE.search(line)]
    return 2 * sum(len(line) for line in lines if line in kept) >= sum(map(len, lines))


def _open_layout(tree: "HtmlElement") -> None:
    """Make tables that lay the page out plain blocks: old sites have their articles in them."""
    for table in tree.iter("table"):
        cells = [cell for cell in table.iter("td") if next(cell.iterancestors("table")) is table]
        if any(len(_inner_text(cell)) >= _LAYOUT_CELL for cell in cells):
            for part in [table, *table.iterdescendants("tbody", "tr", "td", "th")]:
                if part is table or next(part.iterancestors("table"), table) is table:
                    part.tag = "div"


def _inner_text(element: "HtmlElement") -> str:
    return "".join(str(element.text_content()).split())


def _shown_text(tree: "HtmlElement") -> str:
    """What the page shows, one block a line, without tables."""
    from lxml.etree import iterwalk

    lines = [""]
    # No recursion: old pages leave a font open in each paragraph, hundreds deep.
    walker = iterwalk(tree, events=("start", "end", "comment", "pi"))
    for event, element in walker:
        silent = not isinstance(element.tag, str) or element.tag in (*_SILENT, "table")
        if silent or element.tag not in _INLINE:
            lines.append("")
        if event == "start" and silent:
            walker.skip_subtree()
        else:
            lines[-1] += (element.text if event == "start" else element.tail) or ""
    joined = (" ".join(_WRAPPED.sub("", line).split()) for line in lines)
    return "\n".join(line for line in joined if line)


def _title(found: Any, shown: str) -> str:
    """The page's title, without the name of the site where the page shows it without."""
    title = " ".join(((found and found.title) or "").split())
    short = _SITE.sub("", title)
    return short if short != title and f"\n{short}\n" in f"\n{shown}\n" else title
