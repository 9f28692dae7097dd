"""The folder of a new theme: its definition, sheets to fill in, and the corpus that they make.

``themes.toml`` is the code book, with the seed terms; ``sheets/`` has what people read and fill in,
numbered from 1; ``reviewed.jsonl`` is the corpus of them (:mod:`policynlp.review.corpus_folder`).
"""

import datetime
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from sklearn.metrics import f1_score

from policynlp.article import Article
from policynlp.corpus.code_book import themes_in
from policynlp.corpus.dataset import Flags
from policynlp.corpus.labelled import LabelledSection
from policynlp.corpus.read import read_corpus
from policynlp.corpus.records import CODE_BOOK, SHEETS, section_of
from policynlp.errors import CorpusError, InputError
from policynlp.escaping import legal
from policynlp.evaluation.metrics import f1_threshold
from policynlp.files.atomic import write_whole
from policynlp.language.terms import Floats
from policynlp.model import Model
from policynlp.review.corpus_folder import FILE, add_to_corpus
from policynlp.review.returned import read_sheet, read_texts
from policynlp.review.rows import Row, context_of, fits
from policynlp.review.sheets import write_sheet
from policynlp.training.cold_start import (
    USUAL_SHARE,
    Pool,
    Scores,
    Seeds,
    choose_rows_to_label,
    crossed_scores,
    learnable,
    make_pool,
    probabilities,
    share_above,
    telling_words,
    weak_scores,
)

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
    folder: Path, seeds: Seeds, articles: Iterable[Article], model: Model, n_rows: int, kind: str
) -> tuple[Path, int]:
    """Begin a theme in ``folder`` and return its first sheet and how many rows it has.

    ``kind`` is the sheet's suffix, ``.xlsx`` or ``.csv``. Raises ``CorpusError`` if there is a
    theme already or too little to begin with.
    """
    if (folder / CODE_BOOK).exists():
        raise CorpusError(
            "{folder}: holds a theme already; go on with: policynlp theme next", folder=folder
        )
    rows = _choose(seeds, articles, model, n_rows, {}, frozenset())
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / CODE_BOOK, _code_book(seeds).encode())
    return _hand_out(folder, seeds, rows, kind)


def go_on(
    folder: Path, articles: Iterable[Article], model: Model, n_rows: int, kind: str
) -> tuple[Path, int]:
    """Write the next sheet, chosen by what was taken in, and return it as ``start`` does."""
    seeds = _read_seeds(folder)
    labels = {
        _plain(p.text): seeds.theme in p.themes
        for section in _reviewed(folder)
        for p in section.paragraphs
        if seeds.theme not in p.disputed
    }
    shown = frozenset(_plain(text) for path in _sheets(folder) for text in read_texts(path))
    rows = _choose(seeds, articles, model, n_rows, labels, shown)
    return _hand_out(folder, seeds, rows, kind)


def take_in(folder: Path, model: Model, *, date: str | None = None) -> Progress:
    """Put the labels of all sheets into the folder's corpus and say how far it has come.

    Raises ``InputError`` naming sheet and row where a label or a row is not as it should be.
    """
    theme, sheets = _read_seeds(folder).theme, _sheets(folder)
    day = date or datetime.date.today().isoformat()
    readings = [read_sheet(path) for path in sheets]
    for reading in readings:
        add_to_corpus(reading, folder, reviewer="", date=day)
    n_rows = sum(len(reading.rows) + reading.blank for reading in readings)
    if not any(reading.rows for reading in readings):
        return Progress(theme, n_rows, 0, 0, None)
    pool = make_pool(_reviewed(folder), model.vocabulary, model.idf)
    holds, known = _labelled(pool.corpus, theme)
    f1 = None
    if learnable(pool, holds, known):
        p = probabilities(crossed_scores(pool, holds, known).scores, holds, known)[known]
        f1 = float(f1_score(holds[known], p >= f1_threshold(holds[known], p)))
    return Progress(theme, n_rows, int(known.sum()), int((holds & known).sum()), f1)


class _Found(NamedTuple):
    """What is thought of each paragraph of a pool, and the share that may have the theme.

    ``probabilities`` are ``None`` where terms decide, which have none.
    """

    scores: Scores
    share: float
    likely: Flags
    probabilities: Floats | None


def _choose(
    seeds: Seeds,
    articles: Iterable[Article],
    model: Model,
    n_rows: int,
    labels: dict[str, bool],
    shown: frozenset[str],
) -> list[Row]:
    """Choose rows among the paragraphs of ``articles``; ``labels`` and ``shown`` go by text."""
    records = [r for article in articles for r in _records(article, seeds.theme, labels)]
    taken = _taken([p["text"] for record in records for p in record["paragraphs"]], shown)
    if taken.all():
        raise InputError("the articles hold no paragraph that was not on a sheet; name more")
    corpus = [section_of(record["id"], record) for record in records]
    pool = make_pool(corpus, model.vocabulary, model.idf)
    found = _estimate(pool, seeds)
    rows = choose_rows_to_label(pool, found.scores.scores, n_rows, share=found.share, taken=taken)
    return [_row(pool, found, seeds, row, records[pool.sections[row]], model.id) for row in rows]


def _taken(texts: Sequence[str], shown: frozenset[str]) -> Flags:
    """Say which paragraphs are not to be chosen: [paragraphs]."""
    taken, seen = [], set(shown)
    for text in texts:
        plain = _plain(text)
        taken.append(plain in seen or len(plain) < _LEAST_CHARACTERS or not fits(text))
        seen.add(plain)
    return np.array(taken, dtype=bool)


def _estimate(pool: Pool, seeds: Seeds) -> _Found:
    """Score paragraphs by what is labelled or, before that is enough, by the terms."""
    holds, known = _labelled(pool.corpus, seeds.theme)
    if learnable(pool, holds, known):
        found = crossed_scores(pool, holds, known)
        p = probabilities(found.scores, holds, known)
        likely = p >= f1_threshold(holds[known], p[known])
        return _Found(found, share_above(found.scores), likely, p)
    weak = weak_scores(pool, seeds)
    likely = weak.scores > np.quantile(weak.scores, 1 - USUAL_SHARE)
    return _Found(weak, USUAL_SHARE, likely, None)


def _row(pool: Pool, found: _Found, seeds: Seeds, row: int, record: Record, model: str) -> Row:
    place = row - int(np.searchsorted(pool.sections, pool.sections[row]))
    texts = [paragraph["text"] for paragraph in record["paragraphs"]]
    words = telling_words(pool, found.scores.coefficients, row)
    p = found.probabilities
    return Row(
        record["article"],
        record["number"],
        place + 1,
        record["title"],
        record["heading"],
        texts[place],
        context_of(texts, place),
        (seeds.theme,) if found.likely[row] else (),
        (seeds.theme,),
        model,
        record["source"],
        "；".join(dict.fromkeys([*seeds.matched(texts[place]), *words])),
        {} if p is None else {seeds.theme: float(p[row])},
    )


def _records(article: Article, theme: str, labels: dict[str, bool]) -> Iterator[Record]:
    """Yield an article's sections as corpus records with what is known of ``theme`` in them."""
    for number, section in enumerate(article.sections, 1):
        texts = [legal(article.text[p.start : p.end]) for p in section.paragraphs]
        if texts:
            heading = section.heading
            of_texts = [labels.get(_plain(text)) for text in texts]
            yield {
                "id": f"{article.id}#{number}",
                "article": article.id,
                "number": number,
                "title": article.title,
                "source": article.source,
                "heading": article.text[heading.start : heading.end] if heading else "",
                "paragraphs": [
                    {"text": text, "themes": None if known is None else [theme] * known}
                    for text, known in zip(texts, of_texts, strict=True)
                ],
                "labelled_for": [theme],
            }


def _labelled(corpus: Sequence[LabelledSection], theme: str) -> tuple[Flags, Flags]:
    """Return which paragraphs have the theme, and of which it is known: [paragraphs] each."""
    paragraphs = [p for section in corpus for p in section.paragraphs]
    holds = np.array([theme in p.themes for p in paragraphs], dtype=bool)
    return holds, np.array([theme not in p.disputed for p in paragraphs], dtype=bool)


def _reviewed(folder: Path) -> list[LabelledSection]:
    return read_corpus([folder / FILE])


def _sheets(folder: Path) -> list[Path]:
    found = (p for p in (folder / SHEETS).glob("*") if p.suffix.lower() in (".xlsx", ".csv"))
    # A file that begins with ~$ is what Excel keeps beside a workbook that is open.
    named = (path for path in found if not path.name.startswith(("~$", ".")))
    return sorted(named, key=lambda path: (len(path.stem), path.name))


def _hand_out(folder: Path, seeds: Seeds, rows: Sequence[Row], kind: str) -> tuple[Path, int]:
    numbers = [int(path.stem) for path in _sheets(folder) if path.stem.isdecimal()]
    sheet = folder / SHEETS / f"{max(numbers, default=0) + 1}{kind}"
    sheet.parent.mkdir(exist_ok=True)
    write_sheet(sheet, rows, {seeds.theme: seeds.definition})
    return sheet, len(rows)


def _read_seeds(folder: Path) -> Seeds:
    book = folder / CODE_BOOK
    themes = themes_in(book) if book.is_file() else []
    if len(themes) != 1:
        raise CorpusError(
            "{folder}: no {code_book} with one theme; begin with: policynlp theme new",
            folder=folder,
            code_book=CODE_BOOK,
        )
    (theme,) = themes
    return Seeds(theme["name"], theme["definition"], tuple(theme.get("seed_terms", ())))


def _code_book(seeds: Seeds) -> str:
    def quoted(value: object) -> str:  # JSON's strings and lists are TOML's, too.
        return json.dumps(value, ensure_ascii=False)

    return (
        f"[[themes]]\nname = {quoted(seeds.theme)}\ndefinition = {quoted(seeds.definition)}\n"
        f"seed_terms = {quoted(list(seeds.terms))}\n"
    )


def _plain(text: str) -> str:
    return "".join(text.split())
