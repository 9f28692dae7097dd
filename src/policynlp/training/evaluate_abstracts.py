"""How near abstracts come to editors' picks and to their own abstracts."""

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from policynlp.analyzer import Analyzer
from policynlp.article import AbstractLimits, Article, Paragraph, Section, Span
from policynlp.errors import CorpusError
from policynlp.language.terms import Floats
from policynlp.messages import say
from policynlp.model import Model
from policynlp.training.intervals import interval, resampled_sums
from policynlp.training.rouge import picks_f1, rouge

DEFAULT_LENGTH: Final = 150
MEASURES: Final = ("rouge_1", "rouge_2", "rouge_l", "pick_f1", "length_use")
_DIGITS: Final = 4


class Reference(NamedTuple):
    """An article divided into sentences, with what editors picked and wrote.

    ``picks`` has for each editor the numbers of sentences, ``abstracts`` the texts.
    """

    id: str
    title: str
    source: str
    paragraphs: tuple[tuple[str, ...], ...]
    picks: tuple[tuple[int, ...], ...]
    abstracts: tuple[str, ...]

    @property
    def sentences(self) -> list[str]:
        """The sentences of all paragraphs."""
        return [sentence for paragraph in self.paragraphs for sentence in paragraph]


def read_references(paths: Sequence[Path]) -> list[Reference]:
    """Read JSONL of ``{"id", "title", "source", "sentences", "picks", "abstracts"}``.

    ``paragraphs``, the sentences joined, say where paragraphs end; without them there is one.
    Raises ``CorpusError`` naming file, line and field of the first record that is wrong.
    """
    found = [reference for path in paths for reference in _read(path)]
    if not found:
        raise CorpusError("no articles with abstracts: name a .jsonl file that has some")
    return found


def _read(path: Path) -> Iterator[Reference]:
    if not path.is_file():
        raise CorpusError("{path}: no such file", path=path)
    for number, line in enumerate(path.read_text(encoding="utf-8-sig").split("\n"), 1):
        if line.strip():
            yield _reference(f"{path}:{number}", line)


def _reference(place: str, line: str) -> Reference:
    try:
        record = json.loads(line)
        sentences = [_text(sentence) for sentence in record["sentences"]]
        paragraphs = list(map(_text, record.get("paragraphs") or ["".join(sentences)]))
        picks = tuple(tuple(map(int, editor)) for editor in record["picks"])
        abstracts = tuple(map(_text, record["abstracts"]))
        id, title, source = (_text(record[name]) for name in ("id", "title", "source"))
        if not (sentences and picks and abstracts):
            raise ValueError(say('"sentences", "picks" and "abstracts" must not be empty'))
        if any(pick not in range(len(sentences)) for editor in picks for pick in editor):
            raise ValueError(
                say('"picks" must number sentences from 0 to {last}', last=len(sentences) - 1)
            )
        return Reference(id, title, source, _divided(sentences, paragraphs), picks, abstracts)
    except KeyError as error:
        raise CorpusError("{place}: no field {error}", place=place, error=error) from error
    except (TypeError, ValueError, AttributeError) as error:
        raise CorpusError("{place}: {error}", place=place, error=error) from error


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(say("{value!r} must be a string", value=value))
    return value


def _divided(sentences: list[str], paragraphs: list[str]) -> tuple[tuple[str, ...], ...]:
    """Give each paragraph its sentences, which joined must be the paragraph."""
    rest, divided = iter(sentences), []
    for paragraph in paragraphs:
        own: list[str] = []
        while sum(map(len, own)) < len(paragraph) and (sentence := next(rest, None)) is not None:
            own.append(sentence)
        if "".join(own) != paragraph:
            raise ValueError(
                say('"sentences" do not make up the paragraph {text!r}', text=paragraph[:20])
            )
        divided.append(tuple(own))
    if next(rest, None) is not None:
        raise ValueError(say('"sentences" go on after the last of "paragraphs"'))
    return tuple(divided)


def evaluate_abstracts(
    model: Model, references: Sequence[Reference], length: int = DEFAULT_LENGTH
) -> dict[str, Any]:
    """Measure abstracts of at most ``length`` characters, and the lead beside them.

    The sentences are the editors' own. ROUGE-1, -2 and -L are F1 over characters, the mean
    over an article's reference abstracts; ``pick_f1`` compares sentences with each editor's
    picks; ``length_use`` is the used part of ``length``. Intervals resample articles;
    ``gain`` over the lead is of the same articles (a paired bootstrap).
    """
    analyzer = Analyzer(model)
    ours = np.array([_measure(r, write(analyzer, r, length), length) for r in references])
    leads = np.array([_measure(r, lead(r, length), length) for r in references])
    sources = np.array([reference.source for reference in references])
    parts = {str(name): sources == name for name in np.unique(sources)}
    return {
        "model": model.id,
        "articles": len(references),
        "length": length,
        **_compared(ours, leads),
        "sources": {name: _compared(ours[rows], leads[rows]) for name, rows in parts.items()},
    }


class Summary(NamedTuple):
    """An abstract, and the numbers of the sentences that it takes."""

    text: str
    sentences: list[int]


def write(analyzer: Analyzer, reference: Reference, length: int) -> Summary:
    """Return the analyzer's abstract of the article."""
    article = _as_article(reference)
    ends = [s.end for p in article.sections[0].paragraphs for s in p.sentences]
    abstract = analyzer.analyze(article, limits=AbstractLimits(length, None, None)).abstract
    starts = [sentence.start for sentence in abstract.sentences]
    return Summary(abstract.text, np.searchsorted(ends, starts, side="right").tolist())


def lead(reference: Reference, length: int) -> Summary:
    """Return the first sentences that fit; one that does not is passed over."""
    chosen: list[int] = []
    text = ""
    for number, sentence in enumerate(reference.sentences):
        if len(text) + len(sentence) <= length:
            chosen.append(number)
            text += sentence
    return Summary(text, chosen)


def _as_article(reference: Reference) -> Article:
    paragraphs, start = [], 0
    for sentences in reference.paragraphs:
        bounds = list(accumulate(map(len, sentences), initial=start))
        spans = tuple(map(Span, bounds, bounds[1:]))
        paragraphs.append(Paragraph(start, bounds[-1], spans))
        start = bounds[-1] + 1
    text = "\n".join(map("".join, reference.paragraphs))
    section = Section(None, 0, 0, len(text), tuple(paragraphs))
    return Article(text, (section,), id=reference.id, title=reference.title)


def _measure(reference: Reference, summary: Summary, length: int) -> list[float]:
    """Return MEASURES of a summary."""
    rouges = np.mean([rouge(summary.text, each) for each in reference.abstracts], axis=0)
    picks = np.mean([picks_f1(summary.sentences, editor) for editor in reference.picks])
    return [*rouges.tolist(), float(picks), len(summary.text) / length]


def _compared(ours: Floats, leads: Floats) -> dict[str, Any]:
    return {
        "abstracts": _means(ours),
        "lead": _means(leads),
        "gain": _means(ours - leads),
    }


def _means(values: Floats) -> dict[str, Mapping[str, Any]]:
    means, resampled = values.mean(axis=0).tolist(), resampled_sums(values) / len(values)
    return {
        name: {"mean": round(means[i], _DIGITS), "interval": interval(resampled[:, i])}
        for i, name in enumerate(MEASURES)
    }


def as_table(figures: Mapping[str, Any]) -> str:
    """Lay the figures of :func:`evaluate_abstracts` out for a terminal, in per cent."""
    lines = [
        say(
            "{articles} articles, at most {length} characters",
            articles=figures["articles"],
            length=figures["length"],
        )
    ]
    rows = {"abstracts": say("abstracts"), "lead": say("lead"), "gain": say("gain")}
    for name, part in {say("all"): figures, **figures["sources"]}.items():
        for key, row in rows.items():
            cells = "  ".join(f"{m} {_percent(part[key][m])}" for m in MEASURES)
            lines.append(say("{name}, {row}: {cells}", name=name, row=row, cells=cells))
    return "\n".join(lines)


def _percent(figure: Mapping[str, Any]) -> str:
    low, high = figure["interval"]
    return say(
        "{mean:.1f} ({low:.1f} to {high:.1f})",
        mean=100 * figure["mean"],
        low=100 * low,
        high=100 * high,
    )
