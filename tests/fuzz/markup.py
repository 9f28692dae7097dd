"""Web pages: tags in any order, nested, unclosed, with entities, comments and scripts."""

from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from fuzz.data import encodings
from fuzz.texts import lines, pages, prose, usually

_TAGS: Final = [
    "html",
    "head",
    "body",
    "title",
    "meta",
    "base",
    "link",
    "style",
    "script",
    "noscript",
    "template",
    "iframe",
    "svg",
    "select",
    "option",
    "div",
    "p",
    "br",
    "span",
    "font",
    "b",
    "a",
    "img",
    "table",
    "tbody",
    "tr",
    "td",
    "th",
    "ul",
    "li",
    "dl",
    "dt",
    "h1",
    "h2",
    "h3",
    "article",
    "section",
    "header",
    "footer",
    "nav",
    "form",
    "input",
    "button",
    "pre",
    "textarea",
    "blockquote",
    "center",
    "marquee",
    "frameset",
    "math",
    "video",
    "x:y",
    "o:p",
    "中文",
    "plaintext",
]
_ATTRIBUTES: Final = (
    *("", "", "", ' class="content"', " id=main", " style='display:none'", ' hidden=""'),
    *(' charset="gb2312"', ' content="text/html; charset=big5"', ' http-equiv="refresh"'),
    *(' name="PubDate" content="2024-13-45"', ' property="og:title" content="题"', ' href="//["'),
    *(' href="http://[::1"', ' src="data:,x"', " onclick=alert(1)", ' a="', " ='", " a" * 50),
    *(' lang="zh"', ' rowspan="999999999"', ' colspan="-1"', ' content="' + "长" * 3000 + '"'),
)  # fmt: skip
_BITS: Final = (
    *("<!doctype html>", "<?xml version='1.0' encoding='gbk'?>", "<!-- 注 -->", "<!-->", "<!--"),
    *("-->", "<![CDATA[", "]]>", "<?php echo 1 ?>", "</", "<", ">", "<>", "&", "&nbsp;"),
    *("&amp;lt;", "&#0;", "&#xD800;", "&#x110000;", "&#99999999999999999999;", "&notanentity;"),
    *("&#", "\0", "\x0c", "<script>var a='</p>'</script>", "<script>", "</script", "<style>p{"),
    *("</body></html>", "\n" * 20),
    '<script type="application/ld+json">{"@type":"NewsArticle","datePublished":"x"}</script>',
    *('<script type="application/ld+json">[[[{"@graph":1}', "<title>题_槐阳网</title>"),
    "<h1>题</h1>",
)  # fmt: skip

_open: SearchStrategy[str] = st.builds(
    "<{}{}{}>".format,
    st.sampled_from(_TAGS),
    st.sampled_from(_ATTRIBUTES),
    st.sampled_from(("", "", "/", " /", "\n")),
)
_close: SearchStrategy[str] = st.sampled_from(_TAGS).map("</{}>".format)
_text: SearchStrategy[str] = prose | lines


def _nested(inner: SearchStrategy[str]) -> SearchStrategy[str]:
    def around(tag: str, attribute: str, parts: list[str], times: int, close: bool) -> str:
        end = f"</{tag}>" * times if close else ""
        return f"<{tag}{attribute}>" * times + "".join(parts) + end

    return st.builds(
        around,
        st.sampled_from(_TAGS),
        st.sampled_from(_ATTRIBUTES),
        st.lists(inner, max_size=4),
        usually(st.just(1), st.sampled_from((2, 20, 150, 300, 2100)), 8),
        usually(st.just(True), st.just(False)),
    )


soup: SearchStrategy[str] = st.lists(
    st.one_of(_open, _close, _text, _text, st.sampled_from(_BITS)), max_size=25
).map("".join)
trees: SearchStrategy[str] = st.recursive(_text | st.sampled_from(_BITS), _nested, max_leaves=10)


def _whole(title: str, body: list[str]) -> str:
    paragraphs = "\n".join(f"<p>{paragraph}</p>" for paragraph in body)
    return f"<html><head><title>{title}</title></head><body>{paragraphs}</body></html>"


pages_of_html: SearchStrategy[str] = st.one_of(
    soup,
    trees,
    st.builds(_whole, lines, st.lists(_text | trees, max_size=8)),
    st.builds(lambda part, times: (part * times)[:60_000], soup, st.integers(1, 400)),
    pages,
)
html_files: SearchStrategy[dict[str, Any]] = st.builds(
    lambda html, encoding: {
        "data": html.encode(encoding, "surrogatepass" if encoding.startswith("utf") else "replace"),
        "articles": 1,
    },
    pages_of_html,
    usually(st.just("utf-8"), encodings),
)
