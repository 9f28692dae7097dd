"""The abstracts of articles, of each of their sections and of what they say about a theme."""

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, islice
from operator import sub
from typing import Final, NamedTuple

from policynlp.abstracts.coherence import closed, stands
from policynlp.abstracts.ranker import Ranker
from policynlp.abstracts.select import Limits, Quotes, Task, choose_all
from policynlp.abstracts.sentences import Sentences, Unit, Units
from policynlp.article import AbstractLimits, Span
from policynlp.results import Abstract, Sentence

EMPTY: Final = Abstract("", ())
_NOT_WORDS: Final = re.compile(r"[\W_]+")
# Of an article: for each theme, how likely each sentence is about it.
Relevance = Mapping[str, Sequence[float]]
# Fewer characters than this are no sentence any more.
_LEAST_KEPT: Final = 15
_LEAST_SAVED: Final = 2
MARK: Final = "…"
_OPENING: Final = re.compile(
    r"(?:(?:"
    r"(?:会议|大会|全会|座谈会|推进会|通知|意见|方案|报告)(?:还|并|同时)?"
    r"(?:指出|强调|要求|认为|提出|明确|提到)"
    r"|据(?:了解|悉|介绍|统计|初步统计|不完全统计|测算)"
    r"|(?:记者)?(?:了解到|获悉)|(?:统计)?数据显示|统计显示"
    r"|近年来|近些年来|近几年来?|近日|日前|近期|连日来|长期以来|一直以来|今年以来|去年以来"
    r"|[^，。！？；：“”、]{2,14}以来"
    r"|目前|当前|眼下|如今|截至目前"
    r"|此外|另外|同时|与此同时|不仅如此|因此|为此|对此|总的来看|总体来看|总之|可以说"
    r"|值得(?:一提|注意|关注)的是"
    r")[，：])++"
)
_TAIL: Final = re.compile(
    r"，(?:也|并|进而)?(?:(?:为|给)[^，。！？；：“”]{2,24}?(?:"
    r"提供[^，。！？；：“”]{0,10}(?:支撑|支持|保障|动力|参考|借鉴)"
    r"|注入[^，。！？；：“”]{0,8}(?:动能|动力|活力|力量|能量)"
    r"|(?:奠定|打下)[^，。！？；：“”]{0,8}基础"
    r"|[作做]出[^，。！？；：“”]{0,8}贡献|贡献[^，。！？；：“”]{0,8}(?:力量|智慧))"
    r"|(?:取得|收到)[^，。！？；：“”]{0,10}(?:成效|效果|成果)|成效(?:显著|明显)"
    r"|(?:受到|得到|赢得|深受)[^，。！？；：“”]{0,14}(?:好评|欢迎|认可|点赞))[。！]$"
)


class Abstracts(NamedTuple):
    """The abstract of an article, of each of its sections and for each theme asked for."""

    article: Abstract
    sections: tuple[Abstract, ...]
    themes: dict[str, Abstract]


def make_abstracts(
    sentences: Sentences,
    ranker: Ranker,
    limits: AbstractLimits,
    themes: Sequence[Relevance] | None = None,
) -> list[Abstracts]:
    """Choose the abstracts of articles, of their sections and of what they say about themes.

    A text within its limits is its own abstract, without what is no sentence if anything is one;
    where nothing fits, the abstract is empty. No abstract says the same sentence twice.
    ``themes`` [articles] has for every sentence of an article how likely it is about each theme,
    0 where it does not belong to the theme's abstract.
    """
    themes = [{}] * len(sentences.articles) if themes is None else themes
    writer = _Writer(sentences, limits)
    parts = list(chain.from_iterable(map(writer.parts, sentences.articles, themes)))
    tasks = [part for part in parts if isinstance(part, Task)]
    chosen = iter(choose_all(tasks, sentences, writer.quotes, ranker))
    written = iter(
        [writer.write(part, next(chosen)) if isinstance(part, Task) else part for part in parts]
    )
    return [
        Abstracts(
            next(written),
            tuple(islice(written, len(units.sections))),
            dict(zip(relevance, written, strict=False)),
        )
        for units, relevance in zip(sentences.articles, themes, strict=True)
    ]


class _Writer:
    """Writes the abstracts of some articles."""

    def __init__(self, sentences: Sentences, limits: AbstractLimits) -> None:
        self._text, self._limits = sentences.text, limits
        self._fragments = sentences.fragments
        starts, ends = sentences.starts.tolist(), sentences.ends.tolist()
        self._spans = list(map(Span, starts, ends))
        self._lengths = list(map(sub, ends, starts))
        self.quotes = Quotes(self._spans, self._lengths)
        if not limits.whole_sentences:
            kept = [shorten(self._text, span) for span in self._spans]
            self.quotes = Quotes(kept, list(map(cost, self._spans, kept)))

    def parts(self, units: Units, themes: Relevance) -> Iterator[Abstract | Task]:
        """Return what is written of an article: itself, its sections, its themes."""
        limits, whole = self._limits, units.article
        yield self._part(units, whole, limits.characters)
        for unit in units.sections:
            yield self._part(units, unit, limits.section_characters)
        for relevance in themes.values():
            if whole and any(relevance):
                yield Task(units, whole, self._limits_of(whole, limits.characters), relevance)
            else:
                yield EMPTY

    def _part(self, units: Units, unit: Unit | None, characters: int | None) -> Abstract | Task:
        if unit is None:
            return EMPTY
        limits = self._limits_of(unit, characters)
        if not _within(self._lengths[unit.first : unit.end], limits):
            return Task(units, unit, limits)
        places = range(unit.first, unit.end)
        whole = [i for i in places if not self._can_go(i)] if self._fragments else places
        spans = [self._spans[i] for i in whole or places]
        return self._join(_said_once(self._text, spans), units.base)

    def _can_go(self, i: int) -> bool:
        """Whether a piece is no sentence, and no half of a quotation that goes on."""
        return i in self._fragments and closed(self._text, *self._spans[i])

    def _limits_of(self, unit: Unit, characters: int | None) -> Limits:
        if self._limits.ratio is not None:
            share = int(self._limits.ratio * sum(self._lengths[unit.first : unit.end]))
            characters = share if characters is None else min(characters, share)
        return Limits(characters, self._limits.sentences)

    def write(self, task: Task, chosen: Sequence[int]) -> Abstract:
        """Quote the sentences that were chosen."""
        if self._limits.whole_sentences:
            spans = [self.quotes.spans[i] for i in chosen]
            return self._join(_said_once(self._text, spans), task.article.base)
        whole = _said_once(self._text, [self._spans[i] for i in chosen])
        quotes = [(span, shorten(self._text, span)) for span in whole]
        left = sys.maxsize if task.limits.max_chars is None else task.limits.max_chars
        left -= sum([cost(*each) for each in quotes])
        quotes = _restored(self._text, quotes, left)
        said = "".join([quote(self._text, *each) for each in quotes])
        return Abstract(said, self._quoted([kept for _, kept in quotes], task.article.base))

    def _join(self, spans: Sequence[Span], base: int) -> Abstract:
        quoted = self._quoted(spans, base)
        return Abstract("".join([sentence.text for sentence in quoted]), quoted)

    def _quoted(self, spans: Sequence[Span], base: int) -> tuple[Sentence, ...]:
        """Return spans of the articles' text as sentences of the article."""
        text = self._text
        return tuple([Sentence(start - base, end - base, text[start:end]) for start, end in spans])


def _said_once(text: str, spans: Sequence[Span]) -> list[Span]:
    """Leave out empty spans and those that say what one before them says, marks aside.

    What opens or closes a quotation stays, since the quotation would lose its end.
    """
    said: dict[str, Span] = {}
    for start, end in spans:
        if start < end:
            quoted = text[start:end]
            key = _NOT_WORDS.sub("", quoted) if closed(text, start, end) else f"{quoted}{start}"
            said.setdefault(key or quoted, Span(start, end))
    return list(said.values())


def _restored(text: str, quotes: Sequence[tuple[Span, Span]], left: int) -> list[tuple[Span, Span]]:
    """Give sentences back what they need not have given up, the first ones first."""
    restored = []
    for sentence, kept in quotes:
        added = sentence.end - sentence.start - cost(sentence, kept)
        whole = added <= left and stands(text, sentence)
        restored.append((sentence, sentence if whole else kept))
        left -= added if whole else 0
    return restored


def _within(lengths: Sequence[int], limits: Limits) -> bool:
    chars, count = limits
    return (chars is None or sum(lengths) <= chars) and (count is None or len(lengths) <= count)


def shorten(text: str, sentence: Span) -> Span:
    """Return a sentence without its empty opening and tail, if that is worth the marks."""
    start, end = sentence
    opening, tail = _OPENING.match(text, start, end), _TAIL.search(text, start, end)
    kept = Span(opening.end() if opening else start, tail.start() if tail else end)
    short = cost(sentence, kept) <= end - start - _LEAST_SAVED
    return kept if short and kept.end - kept.start >= _LEAST_KEPT else sentence


def cost(sentence: Span, kept: Span) -> int:
    """Return how many characters what is kept of a sentence adds to an abstract."""
    (start, end), (begin, stop) = sentence, kept
    return stop - begin + len(MARK) * ((begin > start) + (stop < end))


def quote(text: str, sentence: Span, kept: Span) -> str:
    """Return what is kept of a sentence, with a mark for what is not."""
    (start, end), (begin, stop) = sentence, kept
    return MARK * (begin > start) + text[begin:stop] + MARK * (stop < end)
