"""The articles that are measured: the real ones where present, else our own."""

import json
from collections.abc import Iterable
from itertools import chain, groupby
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


def read_articles(data: Path | None, real: Path) -> tuple[str, list[str]]:
    """Name and texts of the articles: a JSONL file with "text", or our own."""
    path = data or real / "articles_unlabelled.jsonl"
    if data or path.exists():
        texts = (record["text"] for record in read_records(path))
        return path.name, [text for text in texts if text.strip()]
    return "samples and corpus/written", list(own_articles())


def read_records(path: Path) -> list[dict[str, Any]]:
    # Not splitlines(): a text may hold U+2028.
    return [json.loads(line) for line in path.open(encoding="utf-8")]


def sample_pages() -> Iterable[str]:
    for page in sorted((ROOT / "samples").glob("*.txt")):
        yield page.read_bytes().decode("gb18030" if "gbk" in page.name else "utf-8-sig")


def written_articles() -> Iterable[str]:
    for _, records in groupby(written_sections(), key=lambda record: record["article"]):
        lines = [[r["heading"], *(p["text"] for p in r["paragraphs"])] for r in records]
        yield "\n".join(filter(None, chain(*lines)))


def own_articles() -> Iterable[str]:
    yield from sample_pages()
    yield from written_articles()


def written_sections() -> Iterable[dict[str, Any]]:
    for path in sorted((ROOT / "corpus" / "written").glob("*.jsonl")):
        yield from read_records(path)
