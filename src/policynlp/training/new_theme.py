"""The folder of a new theme: its definition, sheets to fill in, and the corpus that they make.

``themes.toml`` is the code book, with the seed terms; ``sheets/1.csv``, ``2.csv`` … are what
people read and fill in, a paragraph a row; ``sections.jsonl`` holds the sections of these
paragraphs as corpus records, in which a paragraph without a label has the theme ``disputed``: it
is read with its neighbours, and neither trains nor measures.
"""

import csv
import io
import json
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from policynlp.article import Article
from policynlp.errors import CorpusError
from policynlp.model import Model
from policynlp.reading.formats import decode
from policynlp.training.bootstrap import (
    USUAL_SHARE,
    Pool,
    Scores,
    Seeds,
    choose,
    crossed_scores,
    learnable,
    make_pool,
    probabilities,
    share_above,
    telling_words,
    weak_scores,
)
from policynlp.training.corpus import (
    CODE_BOOK,
    SHEETS,
    read_code_book,
    read_records,
    section_of,
    split_labels,
)
from policynlp.training.dataset import Flags
from policynlp.training.measures import f1_threshold, score

SECTIONS: Final = "sections.jsonl"
NO_THEME: Final = "无"
LABEL: Final = "人工标签"
COLUMNS: Final = (
    "编号", "标题", "小标题", "正文", "上下文", "预测标签", "概率", "证据", LABEL, "备注",
)  # fmt: skip
_ACCEPTED: Final = frozenset(("✓", "✔", "√", "对", "ok"))
_LEAST_CHARACTERS: Final = 15  # below it lines are signatures and captions

Record = dict[str, Any]


class Progress(NamedTuple):
    """What sheets have so far: rows, those labelled, those with the theme, and how it goes.

    ``f1`` is that of classifiers which did not see the article, on the labelled rows alone, which
    are harder than articles as they come; ``None`` before there are enough to tell.
    """

    theme: str
    rows: int
    labelled: int
    with_theme: int
    f1: float | None


def start(
    folder: Path, seeds: Seeds, articles: Iterable[Article], model: Model, n_rows: int
) -> list[tuple[object, ...]]:
    """Begin a theme in ``folder`` and return the first sheet's rows, in ``COLUMNS``.

    Raises ``CorpusError`` if there is a theme already or too little to begin with.
    """
    if (folder / CODE_BOOK).exists():
        raise CorpusError(f"{folder}: holds a theme already; go on with: policynlp theme next")
    folder.mkdir(parents=True, exist_ok=True)
    found = _Candidates([], articles, seeds.theme)
    rows = found.rows(seeds, model, n_rows)
    _write(folder / CODE_BOOK, _code_book(seeds))
    found.write(folder / SECTIONS)
    return rows


def go_on(
    folder: Path, articles: Iterable[Article], model: Model, n_rows: int
) -> list[tuple[object, ...]]:
    """Return the next sheet's rows, chosen by what the sheets before were labelled."""
    seeds, records = read_seeds(folder), _records(folder)
    found = _Candidates(records, articles, seeds.theme, _on_sheets(folder))
    rows = found.rows(seeds, model, n_rows)
    found.write(folder / SECTIONS)
    return rows


def take_in(folder: Path, model: Model) -> Progress:
    """Put the labels of all sheets into the folder's corpus and say how far it has come.

    Raises ``CorpusError`` naming file and row where a label or a row's number is wrong.
    """
    theme, records = read_seeds(folder).theme, _records(folder)
    paragraphs = dict(_keyed(records))
    for paragraph in paragraphs.values():
        paragraph.update(themes=[], disputed=[theme])
    for place, key, label in _labels(folder, theme):
        if key not in paragraphs:
            raise CorpusError(f"{place}: no paragraph has the number {key!r}; restore it")
        paragraphs[key].update(themes=[theme] if label else [], disputed=[])
    _write_records(folder / SECTIONS, records)
    pool = make_pool(_sections(records), model.vocabulary, model.idf)
    holds, known = _labelled(pool, theme)
    f1 = None
    if learnable(pool, holds, known):
        p = probabilities(crossed_scores(pool, holds, known).scores, holds, known)[known]
        f1 = score(holds[known], p >= f1_threshold(holds[known], p)).f1
    counts = (len(_on_sheets(folder)), int(known.sum()), int((holds & known).sum()))
    return Progress(theme, *counts, f1)


def next_sheet(folder: Path) -> Path:
    """Return where the next sheet belongs."""
    return folder / SHEETS / f"{len(_sheets(folder)) + 1}.csv"


def read_seeds(folder: Path) -> Seeds:
    """Read the one theme of a folder's code book.

    Raises ``CorpusError`` where there is none, or more than one.
    """
    book = read_code_book([folder]) or {}
    if len(book) != 1:
        raise CorpusError(
            f"{folder}: no {CODE_BOOK} with one theme; begin with: policynlp theme new"
        )
    (theme,) = tomllib.loads((folder / CODE_BOOK).read_text(encoding="utf-8"))["themes"]
    return Seeds(theme["name"], theme["definition"], tuple(theme.get("seed_terms", ())))


class _Candidates:
    """Sections of a theme's folder and those of articles, and which paragraphs to choose from."""

    def __init__(
        self,
        records: Sequence[Record],
        articles: Iterable[Article],
        theme: str,
        on_sheets: frozenset[str] = frozenset(),
    ) -> None:
        known = {record["id"]: record for record in records}
        fresh = (r for article in articles for r in _article_records(article, theme))
        self._records = list((known | {r["id"]: known.get(r["id"], r) for r in fresh}).values())
        self._kept = frozenset(known)
        self._theme = theme
        self._paragraphs = list(_keyed(self._records))
        seen: set[str] = set()
        taken = []
        for key, paragraph in self._paragraphs:
            plain = "".join(paragraph["text"].split())
            taken.append(key in on_sheets or plain in seen or len(plain) < _LEAST_CHARACTERS)
            seen.add(plain)
        self._taken: Flags = np.array(taken, dtype=bool)

    def rows(self, seeds: Seeds, model: Model, n_rows: int) -> list[tuple[object, ...]]:
        """Choose rows and describe them."""
        if self._taken.all():
            raise CorpusError("the articles hold no paragraph that was not on a sheet; name more")
        pool = make_pool(_sections(self._records), model.vocabulary, model.idf)
        holds, known = _labelled(pool, self._theme)
        if learnable(pool, holds, known):
            found = crossed_scores(pool, holds, known)
            share, p = share_above(found.scores), probabilities(found.scores, holds, known)
            likely = p >= f1_threshold(holds[known], p[known])
            shown = [f"{value:.2f}" for value in p]
        else:
            found, share = weak_scores(pool, seeds), USUAL_SHARE
            likely = found.scores > np.quantile(found.scores, 1 - share)
            shown = [""] * len(likely)
        chosen = choose(pool, found.scores, n_rows, share=share, taken=self._taken)
        self._kept |= {self._records[pool.sections[row]]["id"] for row in chosen}
        return [self._row(pool, found, seeds, row, bool(likely[row]), shown[row]) for row in chosen]

    def write(self, path: Path) -> None:
        """Write the sections that are on a sheet."""
        _write_records(path, [r for r in self._records if r["id"] in self._kept])

    def _row(
        self, pool: Pool, found: Scores, seeds: Seeds, row: int, likely: bool, shown: str
    ) -> tuple[object, ...]:
        record, (key, paragraph) = self._records[pool.sections[row]], self._paragraphs[row]
        text = paragraph["text"]
        words = [*seeds.matched(text), *telling_words(pool, found.coefficients, row)]
        label = seeds.theme if likely else NO_THEME
        around = "\n".join(
            "【本段】" if p is paragraph else p["text"] for p in record["paragraphs"]
        )
        evidence = "；".join(dict.fromkeys(words))
        head = (key, record.get("title", ""), record["heading"])
        return (*head, text, around, label, shown, evidence, "", "")


def _article_records(article: Article, theme: str) -> Iterator[Record]:
    """Yield the sections of an article, in which nothing is known of ``theme``."""
    for number, section in enumerate(article.sections, 1):
        texts = [article.text[p.start : p.end] for p in section.paragraphs]
        if texts:
            heading = section.heading
            yield {
                "id": f"{theme}:{article.id}#{number}",
                "article": article.id,
                "title": article.title,
                "heading": article.text[heading.start : heading.end] if heading else "",
                "paragraphs": [{"text": t, "themes": [], "disputed": [theme]} for t in texts],
                "themes": None,
                "labelled_for": [theme],
            }


def _keyed(records: Iterable[Record]) -> Iterator[tuple[str, Record]]:
    """Yield every paragraph with its number: article, section and place, as on the sheets."""
    for record in records:
        of_section = record["id"].partition(":")[2]
        for number, paragraph in enumerate(record["paragraphs"], 1):
            yield f"{of_section}.{number}", paragraph


def _sections(records: Iterable[Record]) -> list[Any]:
    return [section_of(record["id"], record) for record in records]


def _labelled(pool: Pool, theme: str) -> tuple[Flags, Flags]:
    """Return which paragraphs have the theme, and of which it is known: [paragraphs] each."""
    paragraphs = [p for section in pool.corpus for p in section.paragraphs]
    holds = np.array([theme in p.themes for p in paragraphs])
    return holds, np.array([theme not in p.disputed for p in paragraphs])


def _records(folder: Path) -> list[Record]:
    return [record for _, record in read_records(folder / SECTIONS)]


def _sheets(folder: Path) -> list[Path]:
    return sorted((folder / SHEETS).glob("*.csv"), key=lambda path: (len(path.name), path.name))


def _sheet_rows(folder: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield each row of each sheet with its place; a sheet may be saved in Excel's encoding."""
    for path in _sheets(folder):
        lines = io.StringIO(decode(path.read_bytes(), place=str(path)), newline="")
        reader = csv.DictReader(lines)
        missing = {COLUMNS[0], LABEL} - set(reader.fieldnames or ())
        if missing:
            raise CorpusError(f"{path}: no column {'、'.join(sorted(missing))}; restore its header")
        for number, row in enumerate(reader, 2):
            yield f"{path}: row {number}", row


def _key(row: dict[str, str]) -> str:
    # Cells that a spreadsheet could take for formulas begin with an apostrophe.
    return (row[COLUMNS[0]] or "").strip().removeprefix("'")


def _on_sheets(folder: Path) -> frozenset[str]:
    return frozenset(_key(row) for _, row in _sheet_rows(folder))


def _labels(folder: Path, theme: str) -> Iterator[tuple[str, str, bool]]:
    """Yield place, number and label of each row that was filled in; later sheets come later."""
    for place, row in _sheet_rows(folder):
        cell = (row[LABEL] or "").strip()
        if cell.lower() in _ACCEPTED:
            yield place, _key(row), row["预测标签"] == theme
        elif cell:
            themes = split_labels(cell)
            if themes not in ([], [theme]):
                raise CorpusError(
                    f"{place}: {LABEL} is {cell!r}; write {theme}, {NO_THEME}, or ✓ where "
                    "预测标签 is right, or leave it empty"
                )
            yield place, _key(row), bool(themes)


def _code_book(seeds: Seeds) -> str:
    def quoted(value: object) -> str:  # JSON's strings and lists are TOML's, too.
        return json.dumps(value, ensure_ascii=False)

    return (
        f"[[themes]]\nname = {quoted(seeds.theme)}\ndefinition = {quoted(seeds.definition)}\n"
        f"seed_terms = {quoted(list(seeds.terms))}\n"
    )


def _write_records(path: Path, records: Iterable[Record]) -> None:
    _write(path, "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in records))


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")
