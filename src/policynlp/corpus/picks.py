"""Articles that editors picked sentences from: what abstracts are learned from and measured on."""

from collections.abc import Iterator, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any, Final, NamedTuple

from policynlp.article import Article, Paragraph, Section, Span
from policynlp.corpus.records import json_records, naming
from policynlp.errors import CorpusError
from policynlp.validation import FieldError, check, lists, maybe, objects, shown, text, whole

_RECORD: Final = objects(
    {
        **dict.fromkeys(("id", "title", "source"), text),
        "sentences": lists(text, least=1),
        "picks": lists(lists(whole()), least=1),
    },
    paragraphs=maybe(lists(text)),
    abstracts=lists(text),
)


class PickedArticle(NamedTuple):
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

    def as_article(self) -> Article:
        """The article as one section of these paragraphs and sentences."""
        paragraphs, start = [], 0
        for sentences in self.paragraphs:
            bounds = list(accumulate(map(len, sentences), initial=start))
            spans = tuple(map(Span, bounds, bounds[1:]))
            paragraphs.append(Paragraph(start, bounds[-1], spans))
            start = bounds[-1] + 1
        text = "\n".join(map("".join, self.paragraphs))
        section = Section(None, 0, 0, len(text), tuple(paragraphs))
        return Article(text, (section,), id=self.id, title=self.title)


def read_picks(paths: Sequence[Path], *, picks_alone: bool = False) -> list[PickedArticle]:
    """Read JSONL of ``{"id", "title", "source", "sentences", "picks", "abstracts"}``.

    ``paragraphs``, the sentences joined, say where paragraphs end; without them there is one.
    With ``picks_alone`` there need be no ``abstracts``. Raises ``CorpusError`` naming file, line
    and field of the first record that is wrong.
    """
    found = [article for path in paths for article in _read(path, picks_alone)]
    if not found:
        raise CorpusError("no articles with editors' picks: name a .jsonl file that has some")
    return found


def _read(path: Path, picks_alone: bool) -> Iterator[PickedArticle]:
    if not path.is_file():
        raise CorpusError("{path}: no such file", path=path)
    for place, record in json_records(path):
        article = _picked(place, record)
        if not (article.abstracts or picks_alone):
            raise CorpusError('{place}: "abstracts" must not be empty', place=place)
        yield article


def _picked(place: str, record: dict[str, Any]) -> PickedArticle:
    with naming(place):
        check(record, _RECORD)
        sentences, picks = record["sentences"], record["picks"]
        if any(pick >= len(sentences) for editor in picks for pick in editor):
            raise FieldError(
                '"picks" must number sentences from 0 to {last}', last=len(sentences) - 1
            )
        return PickedArticle(
            record["id"],
            record["title"],
            record["source"],
            _divided(sentences, record.get("paragraphs") or ["".join(sentences)]),
            tuple(map(tuple, picks)),
            tuple(record.get("abstracts", ())),
        )


def _divided(sentences: list[str], paragraphs: list[str]) -> tuple[tuple[str, ...], ...]:
    """Give each paragraph its sentences, which joined must be the paragraph."""
    rest, divided = iter(sentences), []
    for paragraph in paragraphs:
        own: list[str] = []
        while sum(map(len, own)) < len(paragraph) and (sentence := next(rest, None)) is not None:
            own.append(sentence)
        if "".join(own) != paragraph:
            raise FieldError(
                '"sentences" do not make up the paragraph {text}', text=shown(paragraph)
            )
        divided.append(tuple(own))
    if next(rest, None) is not None:
        raise FieldError('"sentences" go on after the last of "paragraphs"')
    return tuple(divided)
