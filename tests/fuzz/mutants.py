"""What is nearly right: bytes of good files, changed at a few places."""

import gzip
import io
import json
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from fuzz.data import parquet_bytes, workbook_bytes

ROOT: Final = Path(__file__).parents[2]
_LONGEST: Final = 200_000
_HOSTILE: Final = (
    *(b"\0", b"\xff", b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\xc0\xaf"),
    *(b"\x1b[2J", b"\r", b"\n", b"\r\n\r\n", b'"', b"'", b",", b"\t", b"\\", b"\\ud800"),
    *(b"\\u0000", b"<", b"&#0;", b"NaN", b"Infinity", b"-1", b"1e999", b"9" * 400, b"null", b"{"),
    *(b"[" * 500, b"}" * 20, b"]]>", b"<table><tr><td>" * 60, b"<font>" * 300, b"<!--"),
    *(b"<script>", b"</body>", b"<p>\n" * 200, "首页>>>".encode() * 20),
    *("来源".encode() + b" " * 200, "。".encode() * 300, "一、".encode() * 50, "\u2028".encode()),
    *("\u202e".encode(), "\u0301".encode() * 30, "😀".encode(), b"PK\x03\x04", b"\x1f\x8b"),
)  # fmt: skip


class Seed(NamedTuple):
    """A good file: the suffix that it goes by, and its bytes."""

    suffix: str
    data: bytes


def _document() -> bytes:
    import docx

    document = docx.Document()
    document.add_paragraph("槐阳市推进数字化", style="Title")
    for level, text in enumerate(("抓项目", "建平台"), 1):
        document.add_heading(text, level)
        document.add_paragraph("全县开工十个项目，企业上云。群众少跑了腿。" * 4)
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


_ROWS: Final = [
    ["标题", "正文", "栏目"],
    ["槐阳", "全县抓项目建设，开工十个。\n数字化平台上线。", "要闻"],
    ["云溪", "科技创新。", 3],
]


@cache
def seeds() -> dict[str, Seed]:
    """Good files by name: the samples, sections of the corpus, one of every other kind."""
    found = {}
    for path in sorted((ROOT / "samples").rglob("*")):
        if path.suffix in (".txt", ".html", ".jsonl"):
            found[path.name] = Seed(path.suffix, path.read_bytes())
    for path in sorted((ROOT / "corpus" / "written").glob("*.jsonl")):
        lines = path.read_text(encoding="utf-8").splitlines()[:6]
        articles = []
        for record in map(json.loads, lines):
            part = {
                "heading": record["heading"],
                "paragraphs": [each["text"] for each in record["paragraphs"]],
            }
            articles.append({"id": record["id"], "title": record["title"], "sections": [part]})
        text = "\n".join(json.dumps(each, ensure_ascii=False) for each in articles)
        found[f"corpus-{path.name}"] = Seed(".jsonl", text.encode())
    divided = (ROOT / "samples" / "divided.jsonl").read_bytes()
    found["divided.jsonl.gz"] = Seed(".jsonl.gz", gzip.compress(divided, mtime=0))
    table = "\n".join(",".join(f'"{cell}"' for cell in row) for row in _ROWS)
    found["table.csv"] = Seed(".csv", table.encode())
    found["table-gbk.csv"] = Seed(".csv", table.encode("gb18030"))
    sheets = [{"title": "表", "above": 0, "rows": _ROWS}]
    found["table.xlsx"] = Seed(".xlsx", workbook_bytes({"sheets": sheets}))
    columns = [
        [name, "string", [str(row[i]) for row in _ROWS[1:]]] for i, name in enumerate(_ROWS[0])
    ]
    found["table.parquet"] = Seed(".parquet", parquet_bytes({"columns": columns}))
    found["document.docx"] = Seed(".docx", _document())
    return found


class Mutation(NamedTuple):
    """One change: what is done at a place (a share of the length) with so many bytes."""

    kind: str
    place: float
    length: int
    with_: bytes


def _flip(data: bytes, at: int, change: Mutation) -> bytes:
    return data[:at] + bytes((data[at] ^ (1 << change.length % 8),)) + data[at + 1 :]


def _splice(data: bytes, at: int, change: Mutation) -> bytes:
    other = seeds()[sorted(seeds())[change.length % len(seeds())]].data
    start = int(change.place * len(other))
    return data[:at] + other[start : start + 16 * change.length] + data[at:]


def _double(data: bytes, at: int, change: Mutation) -> bytes:
    end = at + change.length
    return data[:end] + data[at:end] * (1 + change.length % 9) + data[at:]


_KINDS: Final[dict[str, Callable[[bytes, int, Mutation], bytes]]] = {
    "flip": _flip,
    "set": lambda data, at, change: data[:at] + change.with_[:1] + data[at + 1 :],
    "insert": lambda data, at, change: data[:at] + change.with_ + data[at:],
    "delete": lambda data, at, change: data[:at] + data[at + change.length :],
    "double": _double,
    "cut": lambda data, at, change: data[:at],
    "splice": _splice,
}

mutations: SearchStrategy[list[Mutation]] = st.lists(
    st.builds(
        Mutation,
        st.sampled_from(tuple(_KINDS)),
        st.floats(0, 1, exclude_max=True),
        st.integers(1, 300),
        st.sampled_from(_HOSTILE) | st.binary(min_size=1, max_size=6),
    ),
    min_size=1,
    max_size=4,
)


def mutated(data: bytes, changes: list[Mutation]) -> bytes:
    """``data`` with the changes, one after the other."""
    for change in changes:
        if data:
            data = _KINDS[change.kind](data, int(change.place * len(data)), change)[:_LONGEST]
    return data


def _inside(data: bytes, changes: list[Mutation]) -> bytes:
    """``data`` packed again, with changes in one of the files that were packed in it."""
    if data.startswith(b"\x1f\x8b"):
        return gzip.compress(mutated(gzip.decompress(data), changes), mtime=0)
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(buffer, "w") as new:
        names = old.namelist()
        chosen = names[changes[0].length % len(names)]
        for name in names:
            member = old.read(name)
            new.writestr(name, mutated(member, changes) if name == chosen else member)
    return buffer.getvalue()


def _mutant(name: str, changes: list[Mutation], inside: bool) -> dict[str, Any]:
    seed = seeds()[name]
    packed = seed.data.startswith((b"\x1f\x8b", b"PK"))
    change = _inside if inside and packed else mutated
    return {"suffix": seed.suffix, "data": change(seed.data, changes)}


def mutants() -> SearchStrategy[dict[str, Any]]:
    """A good file that was changed, or what is packed in it: its ``suffix`` and ``data``."""
    by_suffix: dict[str, list[str]] = {}
    for name in sorted(seeds()):
        by_suffix.setdefault(seeds()[name].suffix, []).append(name)
    # Of each kind as many, however many samples there are.
    names = st.sampled_from(sorted(by_suffix)).flatmap(
        lambda kind: st.sampled_from(by_suffix[kind])
    )
    return st.builds(_mutant, names, mutations, st.sampled_from((True, True, False)))
