"""Corpora that somebody has changed: records, counts, tables and code books."""

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from fuzz.data import values
from fuzz.mutants import ROOT, Mutation, mutated, mutations
from fuzz.texts import raw_text, usually
from policynlp.corpus.code_book import read_code_book, themes_of
from policynlp.corpus.counts import write_counts
from policynlp.corpus.dataset import build_dataset, choose_vocabulary
from policynlp.corpus.picks import read_picks
from policynlp.corpus.read import read_corpus

Case = dict[str, Any]
_NUMBERS: Final = (-1, 0, 1.5, 1e9, 10**9, 10**30, float("nan"), float("inf"), True)
_KEYS: Final = (
    *(("id",), ("article",), ("heading",), ("paragraphs",), ("paragraphs", 0), ("themes",)),
    *(("paragraphs", 0, "text"), ("paragraphs", 0, "themes"), ("paragraphs", 0, "counts")),
    *(("paragraphs", 0, "counts", 0), ("paragraphs", 0, "counts", 1), ("paragraphs", 0, "size")),
    *(("paragraphs", 0, "run_in"), ("heading", 0), ("labelled_for",), ("disputed",), ("words",)),
    *(("origin",), ("format",), ("fingerprint",), ("terms",), ("terms", 0), ("sentences",)),
    *(("picks",), ("picks", 0), ("picks", 0, 0), ("abstracts",), ("title",), ("source",)),
)  # fmt: skip
_FILES: Final = ("text.jsonl", "news.counts.jsonl", "table.csv", "themes.toml", "edited.jsonl")
changed: SearchStrategy[Case] = st.fixed_dictionaries(
    {
        "file": st.sampled_from(_FILES),
        "sets": st.lists(
            st.tuples(
                st.integers(0, 3),
                st.sampled_from(_KEYS).map(list),
                st.sampled_from(_NUMBERS) | raw_text | values | st.just([[]]),
            ).map(list),
            max_size=3,
        ),
        "bytes": usually(st.just([]), mutations.map(lambda each: [list(m) for m in each])),
    }
)
_EDITED: Final = {
    "id": "1",
    "title": "松禾县开通新航线",
    "source": "",
    "sentences": ["松禾县开通三条航线。", "码头上十分热闹。"],
    "picks": [[0]],
    "abstracts": ["松禾县开通三条航线。"],
}


@cache
def _good() -> dict[str, list[bytes]]:
    """Each file of a small corpus, in lines."""
    corpus = ROOT / "corpus"
    table = (
        "section,text,themes\n1,全县开工二十个项目。,项目建设\n1,修了路。,无\n2,上了云。,数字化\n"
    )
    return {
        "text.jsonl": (corpus / "written" / "firms.jsonl").read_bytes().split(b"\n")[:4],
        "news.counts.jsonl": _counts(),
        "table.csv": table.encode().split(b"\n"),
        "themes.toml": (corpus / "themes.toml").read_bytes().split(b"\n"),
        "edited.jsonl": [json.dumps(_EDITED).encode()],
    }


def _counts() -> list[bytes]:
    """Lines of a small file of term counts."""
    text = ROOT / "corpus" / "written" / "firms.jsonl"
    with TemporaryDirectory() as folder:
        path = Path(folder, "few.counts.jsonl")
        write_counts(read_corpus([text])[:3], path, 1)
        return path.read_bytes().split(b"\n")


def build(case: Case, folder: Path) -> Path:
    """Write the file of a case of :data:`changed`."""
    path = folder / case["file"]
    lines = list(_good()[case["file"]])
    if path.suffix == ".jsonl":
        for number, keys, value in case["sets"]:
            at = number % len(lines)
            lines[at] = _set(lines[at], keys, value)
    changes = [Mutation(*change) for change in case["bytes"]]
    path.write_bytes(mutated(b"\n".join(lines), changes))
    return path


def _set(line: bytes, keys: list[Any], value: Any) -> bytes:
    record = inner = json.loads(line)
    try:
        for key in keys[:-1]:
            inner = inner[key]
        inner[keys[-1]] = value
    except (TypeError, LookupError):
        return line
    return json.dumps(record).encode()


def _learn(path: Path) -> None:
    """Read sections and lay them out as training does."""
    sections = read_corpus([path])
    themes = themes_of(sections, None)
    vocabulary, idf = choose_vocabulary(sections, 1)
    data = build_dataset(sections, themes, vocabulary, idf)
    assert np.isfinite(idf).all()
    assert np.isfinite(data.weighted.rows.values).all()


READERS: Final[dict[str, Callable[[Path], object]]] = {
    "text.jsonl": _learn,
    "news.counts.jsonl": _learn,
    "table.csv": _learn,
    "themes.toml": lambda path: read_code_book([path]),
    "edited.jsonl": lambda path: read_picks([path]),
}
