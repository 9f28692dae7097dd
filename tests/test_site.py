"""The pages of `make docs`, and the links of documents that are read as files.

MkDocs refuses in strict mode what it knows to be wrong; what it lets pass, such as links written as
HTML, an anchor of a page that is generated, or a script from elsewhere, is looked for here.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urldefrag, urlsplit

import pytest

import policynlp
from test_report_browser import browser  # noqa: F401

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROOT: Final = Path(__file__).parents[1]
DOCUMENTS: Final = sorted(
    [
        *ROOT.glob("*.md"),
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / part / "README.md" for part in ("corpus", "samples", "models/policy-themes")),
    ]
)
CODE: Final = re.compile(r"^```.*?^```$|`[^`\n]*`", re.MULTILINE | re.DOTALL)
LINK: Final = re.compile(r"\]\(([^)\s]+)\)")
HEADING: Final = re.compile(r"^#+ (.*)$", re.MULTILINE)
# What a line of Markdown begins with that was not understood as such: lists, tables, fences.
MARKDOWN: Final = re.compile(r"^\s*(?:[-*] |\||```)", re.MULTILINE)
# Elements whose address the browser loads by itself.
LOADED: Final = {"script": "src", "img": "src", "link": "href", "iframe": "src"}


class Page(HTMLParser):
    """A page: its anchors, its links, what it loads, and its paragraphs without their code."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.anchors, self.paragraphs = {""}, [""]
        self.links: list[str] = []
        self.loaded: list[str] = []
        self._open: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.anchors |= {values[name] for name in ("id", "name") if name in values}
        if tag == "a" and "href" in values:
            self.links.append(values["href"])
        if LOADED.get(tag) in values:
            self.loaded.append(values[LOADED[tag]])
        if tag == "p":
            self.paragraphs.append("")
        self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while tag in self._open and self._open.pop() != tag:
            pass  # elements that need no end

    def handle_data(self, data: str) -> None:
        if "p" in self._open:
            self.paragraphs[-1] += "…" if "code" in self._open else data


def slug(heading: str) -> str:
    """The anchor that sites which show Markdown give to a heading."""
    words = re.sub(r"\]\([^)]*\)", "", heading).lower()
    return re.sub(r"[^\w\- ]", "", words).replace(" ", "-")


def anchors(document: Path) -> set[str]:
    return {"", *map(slug, HEADING.findall(document.read_text(encoding="utf-8")))}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_of_documents_lead_somewhere(document: Path) -> None:
    for link in LINK.findall(CODE.sub("", document.read_text(encoding="utf-8"))):
        if urlsplit(link).scheme:
            continue
        path, anchor = urldefrag(link)
        to = document.parent / unquote(path) if path else document
        assert to.exists(), link
        assert not anchor or unquote(anchor) in anchors(to), link


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site as `make docs` builds it."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, Page]:
    return {path: Page(path) for path in site.rglob("*.html")}


def inside(pages: dict[Path, Page]) -> Iterator[tuple[Path, str, Path, str]]:
    """Every page with each of its links within the site, the file it leads to and the anchor."""
    for path, page in pages.items():
        for link in page.links + page.loaded:
            if urlsplit(link).scheme:
                continue
            to, anchor = urldefrag(link)
            target = (path.parent / unquote(to)).resolve() if to else path
            yield path, link, target / "index.html" if target.is_dir() else target, unquote(anchor)


@pytest.mark.docs
def test_links_of_pages_lead_somewhere(pages: dict[Path, Page], site: Path) -> None:
    # The page for what is not there can be shown at any address.
    known = {path: page for path, page in pages.items() if path.name != "404.html"}
    for path, link, target, anchor in inside(known):
        assert target.is_relative_to(site), (path, link)
        assert target.is_file(), (path, link)
        assert target not in pages or anchor in pages[target].anchors, (path, link)


@pytest.mark.docs
def test_pages_load_nothing_from_elsewhere(pages: dict[Path, Page], site: Path) -> None:
    assert [it for page in pages.values() for it in page.loaded if urlsplit(it).netloc] == []
    for style in site.rglob("*.css"):
        assert not re.search(r"(?:url\(|@import )[\"']?(?:https?:)?//", style.read_text("utf-8"))


@pytest.mark.docs
def test_pages_show_no_markdown(pages: dict[Path, Page]) -> None:
    shown = [
        (path.name, text)
        for path, page in pages.items()
        for text in page.paragraphs
        if MARKDOWN.search(text)
    ]
    assert shown == []


@pytest.mark.docs
def test_the_reference_has_every_public_name(pages: dict[Path, Page], site: Path) -> None:
    names = {name for name in policynlp.__all__ if not name.startswith("_")}
    found = {anchor.split(".")[-1] for anchor in pages[site / "api.html"].anchors}
    assert names - found == set()


@pytest.mark.docs
def test_both_languages_have_pages(pages: dict[Path, Page], site: Path) -> None:
    for page in ("index.html", "guide.html", "zh/index.html", "zh/guide.html", "tutorial.html"):
        assert site / page in pages, page


@pytest.mark.browser
@pytest.mark.parametrize("words", ["Parquet", "审阅表"])
def test_pages_on_a_disk_can_be_searched(
    browser: "Browser",  # noqa: F811
    site: Path,
    words: str,
) -> None:
    page = browser.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(urlsplit(request.url).scheme))
    page.goto((site / "index.html").as_uri())
    page.locator(".md-search__input").click()
    page.keyboard.type(words)
    page.keyboard.press("End")  # words of an input method come without a key
    page.locator(".md-search-result__item").first.wait_for()
    page.close()
    assert set(asked) <= {"file", "blob", "data"}
