"""How well themes are told, against learners that are given the same labelled paragraphs.

Two settings: the written text alone, in folds of whole articles; and, where the text of the
news part is present, all of the corpus, tested on newspaper features. A peer reads the words of
the paragraph, cut by jieba; ours reads it in its section, as it always does. Each learns its
thresholds on the training text: a peer's are where F1 is greatest in cross-validation.
"""

import argparse
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.metrics import precision_recall_curve
from sklearn.model_selection import GroupKFold

from benchmarks import peers
from benchmarks.figures import Floats, interval, missing_peers, resample
from benchmarks.peers import PLAIN, Flags, Learn, Words
from benchmarks.texts import read_records
from policynlp.abstracts import FEATURES
from policynlp.corpus.code_book import read_code_book
from policynlp.corpus.dataset import build_dataset
from policynlp.corpus.labelled import LabelledSection
from policynlp.corpus.read import read_corpus
from policynlp.themes.predict import infer
from policynlp.training.classifiers import N_FOLDS
from policynlp.training.fit import fit_model

OURS = "policynlp"
MOST_TRAINING = 10  # times as long as the plain pipeline


@dataclass
class Paragraphs:
    """Labelled sections, and of each paragraph its words, article and labels."""

    sections: list[LabelledSection]
    words: Words
    articles: list[str]
    holds: Flags
    known: Flags


@dataclass
class Tagged:
    """What the systems said of the test paragraphs, and how long they learned."""

    holds: list[Flags] = field(default_factory=list)
    known: list[Flags] = field(default_factory=list)
    articles: list[str] = field(default_factory=list)
    tags: dict[str, list[Flags]] = field(default_factory=dict)
    seconds: dict[str, dict[str, float]] = field(default_factory=dict)


class Cutter:
    """Cuts paragraphs into words, and says how long it took."""

    def __init__(self) -> None:
        self._cut = peers.cutter()
        self._cut("词典")  # jieba's dictionary, which is loaded once

    def paragraphs(
        self, sections: Sequence[LabelledSection], texts: Sequence[str], themes: Sequence[str]
    ) -> tuple[Paragraphs, float]:
        started = time.process_time()
        words = [self._cut(text) for text in texts]
        seconds = time.process_time() - started
        rows = [(section, p) for section in sections for p in section.paragraphs]
        holds = [[theme in p.themes for theme in themes] for _, p in rows]
        known = [[s.knows(theme) and theme not in p.disputed for theme in themes] for s, p in rows]
        articles = [section.article for section, _ in rows]
        found = Paragraphs(
            list(sections), words, articles, np.array(holds, bool), np.array(known, bool)
        )
        return found, seconds


def texts_of(sections: Iterable[LabelledSection]) -> list[str]:
    return [p.text for section in sections for p in section.paragraphs]


def read_news(corpus: Path, real: Path) -> tuple[list[LabelledSection], list[str]]:
    """The corpus's news, of which it has counts and labels, and its text from elsewhere."""
    sections = read_corpus([corpus / "news"])
    path = real / "themes_train.jsonl"
    found = {
        record["id"]: [p["text"] for p in record["paragraphs"]] for record in read_records(path)
    }
    texts = []
    for section in sections:
        own = found.get(section.id, [])
        if [len(text) for text in own] != [p.size for p in section.paragraphs]:
            raise SystemExit(f"{path}: section {section.id!r} is not the one that was counted")
        texts += own
    return sections, texts


def best_thresholds(scores: Floats, holds: Flags) -> Floats:
    """Where each theme's F1 is greatest: [themes]."""
    thresholds = []
    for own, right in zip(scores.T, holds.T, strict=True):
        precision, recall, cuts = precision_recall_curve(right, own)
        f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-9)
        thresholds.append(cuts[f1[:-1].argmax()])
    return np.array(thresholds)


def tag_by_peer(learn: Learn, train: Paragraphs, test: Paragraphs) -> tuple[Flags, float, float]:
    """Tags of ``test``, seconds of one fit and seconds of the thresholds' cross-validation.

    A row with a disputed label is left out of a peer's training, for all themes.
    """
    rows = np.flatnonzero(train.known.all(axis=1)).tolist()
    words, holds = [train.words[i] for i in rows], train.holds[rows]
    articles = [train.articles[i] for i in rows]
    started = time.process_time()
    decide = learn(words, holds)
    fitted = time.process_time()
    scores = np.zeros(holds.shape)
    for some, rest in GroupKFold(N_FOLDS).split(rows, groups=articles):
        scores[rest] = learn([words[i] for i in some], holds[some])([words[i] for i in rest])
    thresholds = best_thresholds(scores, holds)
    tuned = time.process_time()
    return decide(test.words) >= thresholds, fitted - started, tuned - fitted


def tag_by_ours(
    read: Callable[[], list[LabelledSection]], test: Sequence[LabelledSection], themes: list[str]
) -> tuple[Flags, float]:
    """Tags of ``test`` by a model fitted as ``train`` fits it, and seconds from ``read`` on."""
    started = time.process_time()
    no_ranker: dict[str, Any] = {"abstracts": np.zeros(len(FEATURES) + 1), "abstract_words": {}}
    model = fit_model(read(), themes, name=OURS, details={}, **no_ranker).model
    seconds = time.process_time() - started
    data = build_dataset(test, themes, model.vocabulary, model.idf)
    found = infer(data.weighted, model).paragraphs
    return found >= np.array(model.paragraph.threshold), seconds


def add(tagged: Tagged, name: str, tags: Flags, **seconds: float) -> None:
    tagged.tags.setdefault(name, []).append(tags)
    spent = tagged.seconds.setdefault(name, dict.fromkeys(seconds, 0.0))
    for part, value in seconds.items():
        spent[part] += value


def run(
    learners: Mapping[str, Learn],
    parts: Iterable[tuple[Paragraphs, float, Paragraphs, Callable[[], list[LabelledSection]]]],
    themes: list[str],
) -> Tagged:
    """Train on the first of each part and test on the last."""
    tagged = Tagged()
    for train, cut, test, read in parts:
        tags, fit = tag_by_ours(read, test.sections, themes)
        add(tagged, OURS, tags, fit=fit)
        for name, learn in learners.items():
            tags, fit, tune = tag_by_peer(learn, train, test)
            add(tagged, name, tags, fit=cut + fit, thresholds=tune)
        tagged.holds.append(test.holds)
        tagged.known.append(test.known)
        tagged.articles += test.articles
    return tagged


def written_parts(
    corpus: Path, themes: list[str], n_folds: int
) -> Iterator[tuple[Paragraphs, float, Paragraphs, Callable[[], list[LabelledSection]]]]:
    """Folds of the written articles."""
    sections, cutter = read_corpus([corpus / "written"]), Cutter()
    groups = [section.article for section in sections]
    for chosen, held in GroupKFold(n_folds).split(sections, groups=groups):
        train, test = ([sections[i] for i in rows] for rows in (chosen, held))
        ids = {section.id for section in train}

        def read(ids: set[str] = ids) -> list[LabelledSection]:
            return [s for s in read_corpus([corpus / "written"]) if s.id in ids]

        paragraphs, cut = cutter.paragraphs(train, texts_of(train), themes)
        yield paragraphs, cut, cutter.paragraphs(test, texts_of(test), themes)[0], read


def whole_parts(
    corpus: Path, real: Path, themes: list[str]
) -> Iterator[tuple[Paragraphs, float, Paragraphs, Callable[[], list[LabelledSection]]]]:
    """All of the corpus, and newspaper features that it does not have."""
    written, cutter = read_corpus([corpus / "written"]), Cutter()
    news, texts = read_news(corpus, real)
    test = read_corpus([real / "themes_dev.jsonl"])
    train, cut = cutter.paragraphs([*written, *news], [*texts_of(written), *texts], themes)
    tested, _ = cutter.paragraphs(test, texts_of(test), themes)
    yield train, cut, tested, lambda: read_corpus([corpus / "written", corpus / "news"])


def compare_systems(tagged: Tagged, themes: Sequence[str]) -> dict[str, Any]:
    """F1 of every system, and how far ours is ahead in bootstrap samples of the articles."""
    holds, known = np.concatenate(tagged.holds), np.concatenate(tagged.known)
    article = np.unique(tagged.articles, return_inverse=True)[1]
    figures: dict[str, Any] = {}
    resampled: dict[str, Floats] = {}
    for name, parts in tagged.tags.items():
        tags = np.concatenate(parts)
        counted = np.stack([holds & tags & known, tags & known, holds & known], axis=-1)
        counts = np.zeros((article.max() + 1, *counted.shape[1:]))
        np.add.at(counts, article, counted)
        f1, resampled[name] = _f1(counts.sum(axis=0)), _f1(resample(counts)).mean(axis=-1)
        figures[name] = {
            "macro_f1": float(f1.mean()),
            "f1": dict(zip(themes, f1.tolist(), strict=True)),
            "interval": interval(resampled[name]),
            "gain": float(_gain(figures, f1)),
            "gain_interval": interval(resampled[OURS] - resampled[name]),
            "seconds": tagged.seconds[name],
        }
    return {"paragraphs": len(holds), "articles": int(article.max()) + 1, "systems": figures}


def _f1(counts: Floats) -> Floats:
    hits, tagged, holds = np.moveaxis(counts, -1, 0)
    return 2 * hits / np.maximum(tagged + holds, 1)


def _gain(figures: Mapping[str, Any], f1: Floats) -> float:
    return figures[OURS]["macro_f1"] - f1.mean() if figures else 0.0


def measure(args: argparse.Namespace) -> dict[str, Any]:
    learners, missing = peers.make(peers.LEARNERS) if args.peers else ({}, {})
    themes = list(read_code_book([args.corpus]) or ())
    found: dict[str, Any] = {"themes": themes, "missing": missing, "settings": {}}
    title = f"written text alone, {args.folds} folds of articles"
    tagged = run(learners, written_parts(args.corpus, themes, args.folds), themes)
    found["settings"][title] = compare_systems(tagged, themes)
    if (args.real / "themes_train.jsonl").exists():
        tagged = run(learners, whole_parts(args.corpus, args.real, themes), themes)
        found["settings"]["the whole corpus, tested on features"] = compare_systems(tagged, themes)
    return found


def table(result: dict[str, Any]) -> Iterable[str]:
    yield from (f"theme {n}: {theme}" for n, theme in enumerate(result["themes"], 1))
    themes = "".join(f"{n:8}" for n in range(1, len(result["themes"]) + 1))
    for title, setting in result["settings"].items():
        yield f"\n{title}: {setting['paragraphs']} paragraphs of {setting['articles']} articles"
        gain, training = "ours less this", "training, s    × plain"
        yield f"{'':36}{'macro-F1':22}{themes}  {gain:24}{training}"
        systems = setting["systems"]
        plain = systems.get(PLAIN, systems[OURS])["seconds"]["fit"]
        yield from (_row(name, row, plain) for name, row in systems.items())
    yield "\ntraining is one fit with the cut into words; ours has its cross-validation in it, and"
    yield f"is to take at most {MOST_TRAINING} times the plain {PLAIN}"
    yield from missing_peers(result["missing"])


def _row(name: str, row: dict[str, Any], plain: float) -> str:
    macro = "{:.3f} ({:.3f} to {:.3f})".format(row["macro_f1"], *row["interval"])
    own = "".join(f"{f1:8.3f}" for f1 in row["f1"].values())
    gain = "{:+.3f} ({:+.3f} to {:+.3f})".format(row["gain"], *row["gain_interval"])
    fit = row["seconds"]["fit"]
    return f"{name:36}{macro}{own}  {'' if name == OURS else gain:24}{fit:11.1f}{fit / plain:11.1f}"
