"""The page of scored articles as a reader meets it, in a headless Chromium.

``make test-full`` runs these. The browser is the one that POLICYNLP_BROWSER names, else one that
is installed, else the one that ``playwright install chromium`` brought.
"""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from policynlp.messages import speaking
from policynlp.report.collection import Earlier, collection_page
from policynlp.schema import read_scored
from scored_records import record
from test_report import HAN, HOSTILE, english_record, write

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    Open = Callable[..., Page]

pytestmark = pytest.mark.browser

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome", "msedge")
# Nothing that the browser itself would fetch; as root it has no sandbox.
SWITCHES = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-gpu",
    *(["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []),
]
# A character of two UTF-16 units and one of a letter with a combining mark.
ASTRAL, COMBINING = "𠮷", "e\u0301"


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    """A Chromium; without one these tests fail, and say what to install."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        given = os.environ.get("POLICYNLP_BROWSER") or next(
            filter(None, map(shutil.which, NAMES)), ""
        )
        path = given or playwright.chromium.executable_path
        if not Path(path).is_file():
            pytest.fail(
                f"no Chromium at {path}: install one (Debian: apt-get install chromium; elsewhere: "
                "playwright install chromium), or name it in POLICYNLP_BROWSER",
                pytrace=False,
            )
        running = playwright.chromium.launch(executable_path=path, args=SWITCHES)
        yield running
        running.close()


@pytest.fixture
def opened(browser: "Browser", tmp_path: Path) -> Iterator["Open"]:
    """Opens the page of some records; whatever goes wrong in it fails the test."""
    wrong: list[str] = []
    contexts = []

    def open_page(
        *records: dict[str, Any],
        watched: bool = True,
        language: str = "en",
        earlier: Earlier | None = None,
        **options: Any,
    ) -> "Page":
        path = tmp_path / "page.html"
        scored = read_scored([write(tmp_path / "out.jsonl", [*records])])
        with speaking(language):
            page_of_records = collection_page(scored, earlier=earlier)
        path.write_text(page_of_records, encoding="utf-8", newline="")
        contexts.append(browser.new_context(**options))
        page = contexts[-1].new_page()
        if watched:
            page.on("console", lambda message: wrong.append(f"console: {message.text}"))
            page.on("pageerror", lambda error: wrong.append(f"error: {error}"))
            page.on("dialog", lambda dialog: (wrong.append("dialog"), dialog.dismiss()))
            page.on("request", lambda request: wrong.append(f"request: {request.url}"))
        page.goto(path.as_uri())
        if watched:
            wrong.remove(f"request: {path.as_uri()}")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert wrong == []


def many(count: int = 120) -> list[dict[str, Any]]:
    """Articles of 2024, a day apart, every third without a theme, in two sources."""
    return [
        record(
            f"标题一\n第{i}篇有证据一处。\n结尾。",
            evidence=((("甲主题", "乙主题")[i % 2], "证据"),) if i % 3 else (),
            id=str(i),
            title=f"文章{i}",
            published=f"2024-{1 + i // 28:02}-{1 + i % 28:02}",
            source=("日报", "晚报")[i % 2],
        )
        for i in range(count)
    ]


def settle(page: "Page") -> None:
    """Wait until the page has done what typing or resetting set off, with a timer of its own."""
    page.evaluate("() => new Promise((done) => setTimeout(done, 100))")


def read_first(page: "Page") -> None:
    """Open the first article of the list."""
    page.locator("#rows a").first.click()
    page.wait_for_selector("#content h2")


def titles(page: "Page") -> list[str]:
    """The titles in the list, once the filters have settled."""
    settle(page)
    return page.locator("#rows h3").all_inner_texts()


def test_the_list_comes_in_slices_and_filters(opened: "Open") -> None:
    page = opened(*many())
    assert titles(page) == [f"文章{i}" for i in range(50)]
    page.get_by_role("button", name="Show more").press("Enter")
    assert len(titles(page)) == 100
    assert page.evaluate("document.activeElement.textContent") == "文章50"
    page.get_by_role("checkbox", name="甲主题").check()
    expected = [i for i in range(120) if i % 3 and not i % 2]
    assert titles(page) == [f"文章{i}" for i in expected]
    assert page.locator("#count").inner_text() == "Articles: 40 of 120"
    page.get_by_label("From", exact=True).fill("2024-01-09")
    page.get_by_label("To", exact=True).fill("2024-01-17")
    assert titles(page) == [f"文章{i}" for i in expected if 8 <= i <= 16]
    page.get_by_label("Search").fill("第１４篇 证据")  # full-width digits mean the same
    assert titles(page) == ["文章14"]
    page.get_by_role("button", name="Clear filters").click()
    page.get_by_label("Status").select_option("no theme")
    page.get_by_label("Source").select_option("晚报")
    assert titles(page) == [f"文章{i}" for i in range(120) if not i % 3 and i % 2]
    page.get_by_label("Search").fill("没有这样的文章")
    assert titles(page) == []


def test_charts_set_the_filters(opened: "Open") -> None:
    page = opened(*many())
    page.get_by_role("button", name="甲主题, 2024-02:").click()
    inside = [i for i in range(28, 56) if i % 3 and not i % 2]
    assert titles(page) == [f"文章{i}" for i in inside]
    assert page.get_by_label("To", exact=True).input_value() == "2024-02-29"
    page.locator('[data-source="1"]').click()
    assert len(titles(page)) == 50
    assert page.locator("#count").inner_text() == "Articles: 60 of 120"
    assert not page.get_by_role("checkbox", name="甲主题").is_checked()


@pytest.mark.parametrize(
    "before", ["", ASTRAL * 3, COMBINING * 3, f"{ASTRAL}\r\n{COMBINING}{ASTRAL}"]
)
def test_the_right_characters_are_marked(opened: "Open", before: str) -> None:
    body = f"{before}正文里有证据{ASTRAL}一处{before}，另一处。\n结尾{ASTRAL}。"
    text = f"{before}导航\n标{ASTRAL}题\n{body}"
    quotes = (("甲主题", f"证据{ASTRAL}"), ("乙主题", f"据{ASTRAL}一处"), ("甲主题", f"尾{ASTRAL}"))
    page = opened(record(text, heading=f"标{ASTRAL}题", evidence=quotes))
    read_first(page)
    marks = [
        (m.inner_text(), m.get_attribute("title")) for m in page.locator("#content mark").all()
    ]
    weight = "+1.50 log-odds"
    assert marks == [
        ("证", f"甲主题 {weight}"),
        (f"据{ASTRAL}", f"甲主题 {weight}; 乙主题 {weight}"),
        ("一处", f"乙主题 {weight}"),
        (f"尾{ASTRAL}", f"甲主题 {weight}"),
    ]
    assert page.locator("#content section h3").inner_text() == f"标{ASTRAL}题"
    whole = page.locator(".paragraph > p:first-child").all()
    assert [each.evaluate("e => e.textContent") for each in whole] == [
        text[part["start"] : part["end"]]
        for part in record(text, heading=f"标{ASTRAL}题", evidence=quotes)["sections"][0][
            "paragraphs"
        ]
    ]


def test_an_opened_article_shows_where_its_parts_come_from(opened: "Open") -> None:
    page = opened(
        record(
            title="甲",
            url="https://example.org/1",
            theme_abstracts={"乙主题": {"text": "关于乙的摘要。", "sentences": []}},
        )
    )
    read_first(page)
    assert (
        page.get_by_role("link", name="Original page").get_attribute("href")
        == "https://example.org/1"
    )
    assert page.get_by_text("关于乙的摘要。").is_visible()
    removed = page.locator(".removed")
    assert not removed.is_visible()
    page.get_by_label("Show what was removed (places: 1, characters: 4)").check()
    assert removed.inner_text().replace("\n", "") == "navigation开头。"
    page.get_by_role("button", name="Sentence 1 in the text").click()
    assert page.locator(".shown").all_inner_texts() == ["正文里有", "证据", "一处。"]


def test_an_opened_article_stands_alone(opened: "Open") -> None:
    page = opened(record(), earlier=Earlier("0.jsonl", 10, {}))
    comparison = page.get_by_text("Compared with the earlier run")
    assert comparison.is_visible()
    read_first(page)
    assert not comparison.is_visible()
    assert page.locator("header, #overview").filter(visible=True).count() == 0


def test_removed_lines_within_a_section_stand_between_its_paragraphs(opened: "Open") -> None:
    article = record("标题一\n甲段证据。\n责任编辑\n乙段。")
    paragraphs = article["sections"][0]["paragraphs"]
    editor = paragraphs.pop(1)
    article["removed"] = [{"start": editor["start"], "end": editor["end"], "reason": "editor"}]
    page = opened(article)
    read_first(page)
    page.get_by_label("Show what was removed").check()
    parts = page.locator(".paragraph > p:first-child, .removed").all_inner_texts()
    assert [part.replace("\n", "") for part in parts] == ["甲段证据。", "editor责任编辑", "乙段。"]


def test_without_text_the_evidence_is_listed(opened: "Open") -> None:
    bare = record()
    del bare["text"]
    page = opened(bare)
    read_first(page)
    assert page.locator("#content mark").all_inner_texts() == ["证据"]
    assert page.get_by_text("The record holds no text").is_visible()
    assert page.locator("#abstract p").first.inner_text() == "正文里有证据一处。"


def test_a_hostile_article_stays_text(opened: "Open") -> None:
    title = HOSTILE.replace("\0", "") + "长" * 3000
    text = f"{HOSTILE}\n标题一\n{HOSTILE}证据{HOSTILE}"
    quotes = ((HOSTILE, f"{HOSTILE}证据"),)
    fields = dict.fromkeys(("source", "author", "published", "model"), HOSTILE)
    hostile = record(
        text, evidence=quotes, themes=(HOSTILE,), title=title, url="javascript:alert(1)", **fields
    )
    hostile["removed"][0]["reason"] = hostile["sections"][0]["heading"]
    page = opened(hostile, viewport={"width": 390, "height": 800})
    assert titles(page)[0].startswith("</script><img src=x onerror=alert(1)>")
    page.get_by_label("Search").fill("</script><img")
    settle(page)
    read_first(page)
    page.get_by_label("Show what was removed").check()
    page.locator(".paragraph").first.hover()
    assert page.locator("#content mark").evaluate("e => e.textContent") == f"{HOSTILE}证据"
    assert page.locator("img, #content svg:not(.meter), iframe, #content script").count() == 0
    assert page.get_by_text("javascript:").evaluate("e => e.tagName") == "BDI"
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    settle(page)


def test_injected_markup_would_not_run(opened: "Open") -> None:
    page = opened(record(), watched=False)
    refused: list[str] = page.evaluate(
        """async () => {
            const refused = [];
            addEventListener("securitypolicyviolation", (e) => refused.push(e.effectiveDirective));
            const image = document.createElement("img");
            image.src = "https://example.org/x.png";
            const script = document.createElement("script");
            script.textContent = "window.ran = true";
            document.body.append(image, script);
            await new Promise((done) => setTimeout(done, 100));
            return [...refused.sort(), String(window.ran)];
        }"""
    )
    assert refused == ["img-src", "script-src-elem", "undefined"]


def test_the_keyboard_leads_from_the_list_to_an_article_and_back(opened: "Open") -> None:
    page = opened(*many())
    page.locator("#skip").press("Enter")
    page.get_by_label("Search").fill("第7")
    assert len(titles(page)) == 11
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('#rows a')"):
            break
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector("#content h2")
    assert page.evaluate("document.activeElement.textContent") == "文章70"
    assert page.locator("#position").inner_text() == "2 / 11"
    odds = page.locator(".paragraph .odds").first
    assert not odds.is_visible()
    for _ in range(10):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('.paragraph')"):
            break
    assert odds.is_visible()
    assert odds.inner_text().split() == ["甲主题", "90%", "乙主题", "1%"]
    page.get_by_role("link", name="Next").press("Enter")
    page.locator("#content h2", has_text="文章71").wait_for()
    page.keyboard.press("Escape")
    page.wait_for_selector("#rows a")
    assert page.evaluate("document.activeElement.textContent") == "文章71"
    assert len(titles(page)) == 11
    page.go_back()
    page.wait_for_selector("#content h2")


# Text nodes and attributes that a reader meets, wherever they are shown.
SAID = """() => [...document.querySelectorAll("body *:not(script, noscript)")].flatMap((each) => [
    ...["aria-label", "placeholder", "title"].map((name) => each.getAttribute(name) || ""),
    ...[...each.childNodes].filter((node) => node.nodeType === 3).map((node) => node.data),
]).join(" ")"""


@pytest.mark.parametrize("with_text", [True, False])
def test_list_and_article_speak_english_or_chinese(opened: "Open", with_text: bool) -> None:
    url = "https://example.org/1"
    own = english_record(url=url, title="Title"), record(url=url, title="标题")
    for each, language, foreign in zip(own, ("en", "zh"), (HAN, r"[A-Za-z]{2,}"), strict=True):
        each["removed"] += [each["removed"][0] | {"reason": "title"}]
        if not with_text:
            del each["text"]
        page = opened(each, language=language)
        said = page.evaluate(SAID)
        read_first(page)
        said += page.evaluate(SAID)
        assert len(said) > 400
        assert set(re.findall(foreign, said)) <= {"with", "text"}, language


def test_a_phone_needs_no_sideways_scroll(opened: "Open") -> None:
    themes = tuple(f"一个名字相当长的主题之{i}" for i in range(40))
    dated = [
        record(
            evidence=((themes[i % 40], "证据"),),
            themes=themes,
            source="某某新闻网" * 9,
            published=f"20{20 + i % 5}-{1 + i % 12:02}-01",
            title="https://example.org/" + "x" * 300,
        )
        for i in range(60)
    ]
    page = opened(*dated, viewport={"width": 390, "height": 800})
    wide = "document.documentElement.scrollWidth"
    assert page.evaluate(wide) == 390
    read_first(page)
    page.locator(".paragraph").first.click()
    assert page.locator(".paragraph .odds").first.is_visible()
    assert page.evaluate(wide) == 390


def test_print_has_every_found_article_and_no_controls(opened: "Open") -> None:
    page = opened(*many())
    page.emulate_media(media="print")
    assert not page.locator("#filters, #more, nav, #skip").filter(visible=True).count()
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert len(titles(page)) == 120


def test_dark_readers_get_a_dark_page(opened: "Open") -> None:
    shades = []
    for scheme in ("light", "dark"):
        page = opened(record(), color_scheme=scheme)
        colour: str = page.evaluate("getComputedStyle(document.body).backgroundColor")
        shades.append(sum(int(part) for part in colour.strip("rgb()").split(",")))
    assert shades[0] > 600
    assert shades[1] < 150
