"""One article in, its analysis out; or many, in order."""

import gc
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property, partial
from hashlib import sha256
from itertools import accumulate, pairwise, repeat
from numbers import Real
from os import PathLike
from pathlib import Path
from typing import Any, Literal, overload

import numpy as np

from policynlp import abstracts
from policynlp.abstracts import Abstracts
from policynlp.article import AbstractLimits, Article, Failure, Paragraph, Section
from policynlp.errors import InputError, ModelError, UsageError
from policynlp.language.term_index import Layout, count_rows, lay_out
from policynlp.language.terms import Floats, Ints, tf_idf
from policynlp.model import MANIFEST, Model, Thresholds, default_folder
from policynlp.model import load as load_model
from policynlp.pipe import Context, Item, OnError, Progress, Results, piped
from policynlp.reading import read_text
from policynlp.results import TAGGED, Abstract, Analysis, ParagraphAnalysis, SectionAnalysis, Tag
from policynlp.themes.drift import Profile
from policynlp.themes.evidence import Contributions, Question
from policynlp.themes.predict import Probabilities, Weighted, infer, status_of, tags_of
from policynlp.thresholds import with_thresholds
from policynlp.validation import FieldError

DEFAULT_LIMITS = AbstractLimits()
_METADATA = ("id", "title", "published", "source", "author", "url")


class Analyzer:
    """Analyzes articles with one model. Make it once: loading takes longer than an article."""

    def __init__(self, model: Model, folder: Path | None = None) -> None:
        """Take a loaded model and, if it is known, the folder that it comes from."""
        if not isinstance(model, Model):
            raise UsageError(
                "an analyzer is made of a model, not of {value!r}: policynlp.load reads one",
                value=model,
            )
        self._model = model
        self._folder = folder
        self._places = {theme: i for i, theme in enumerate(model.themes)}
        try:
            self._ranker = abstracts.Ranker(model.abstracts, model.abstract_words)
        except ModelError as error:
            raise ModelError("{place}: {error}", place=folder or model.id, error=error) from error

    def save(self, folder: "str | PathLike[str]") -> None:
        """Write the model as a folder, whole or not at all; a model that is there is replaced.

        Raises ``OutputError`` where the folder holds something else or cannot be written.
        """
        from policynlp.card import model_card
        from policynlp.model import check_model_folder, save

        check_model_folder(path := Path(folder))
        save(self._model, path, model_card(self._model))

    @cached_property
    def reference(self) -> Profile | None:
        """What the model's training text is like; unknown for one of before this was noted."""
        record = self._model.details.get("reference")
        try:
            return None if record is None else Profile.of(record)
        except FieldError as error:
            path = (self._folder or Path()) / MANIFEST
            raise ModelError(
                '{path}: "reference": {error}; restore it or train again', path=path, error=error
            ) from error

    @property
    def model(self) -> Model:
        """The model, with its themes, thresholds and, as ``details``, how good it is."""
        return self._model

    @property
    def model_id(self) -> str:
        """The model's name and hash, which every record carries."""
        return self._model.id

    @property
    def model_sha256(self) -> str:
        """A hash of all that decides an analysis, thresholds included; empty without a folder."""
        if self._folder is None:
            return ""
        # The manifest has the hashes of the other files.
        manifest = (self._folder / "manifest.json").read_bytes()
        thresholds = repr((self._model.paragraph, self._model.section))
        return sha256(manifest + thresholds.encode()).hexdigest()

    @property
    def thresholds(self) -> dict[str, dict[str, float]]:
        """From which probability paragraphs and sections are tagged with each theme."""
        levels = {"paragraph": self._model.paragraph, "section": self._model.section}
        return {
            level: dict(zip(self._model.themes, thresholds.threshold, strict=True))
            for level, thresholds in levels.items()
        }

    @property
    def themes(self) -> tuple[str, ...]:
        """The themes that the model knows."""
        return self._model.themes

    def analyze(self, item: str | Article, *, limits: AbstractLimits = DEFAULT_LIMITS) -> Analysis:
        """Find the themes of ``item`` and write its abstracts.

        A string is read as a scraped page or a clean article; an :class:`Article` is taken as
        it is divided, and read like a string where it is not. An empty text gives an empty
        analysis. Raises ``InputError`` for anything else, and for limits that no abstract can
        keep or that name a theme which the model does not know.
        """
        self._check(limits)
        return _analyze_items(self, limits, [item])[0]

    @overload
    def pipe(
        self,
        items: Iterable[Item],
        *,
        limits: AbstractLimits = ...,
        jobs: int = ...,
        on_error: Literal["raise"] = ...,
        as_tuples: Literal[False] = ...,
        progress: Progress = ...,
    ) -> Results[Analysis]: ...

    @overload
    def pipe(
        self,
        items: Iterable[Item],
        *,
        limits: AbstractLimits = ...,
        jobs: int = ...,
        on_error: OnError,
        as_tuples: Literal[False] = ...,
        progress: Progress = ...,
    ) -> Results[Analysis | Failure]: ...

    @overload
    def pipe(
        self,
        items: Iterable[tuple[Item, Context]],
        *,
        limits: AbstractLimits = ...,
        jobs: int = ...,
        on_error: Literal["raise"] = ...,
        as_tuples: Literal[True],
        progress: Progress = ...,
    ) -> Results[tuple[Analysis, Context]]: ...

    @overload
    def pipe(
        self,
        items: Iterable[tuple[Item, Context]],
        *,
        limits: AbstractLimits = ...,
        jobs: int = ...,
        on_error: OnError,
        as_tuples: Literal[True],
        progress: Progress = ...,
    ) -> Results[tuple[Analysis | Failure, Context]]: ...

    def pipe(
        self,
        items: Iterable[Any],
        *,
        limits: AbstractLimits = DEFAULT_LIMITS,
        jobs: int = 1,
        on_error: OnError = "raise",
        as_tuples: bool = False,
        progress: Progress = None,
    ) -> Results[Any]:
        """Analyze ``items`` in order, as they are asked for, with at most ``jobs`` processes.

        With ``on_error="return"`` an item that fails gives a :class:`Failure` in its place, which
        ``items[3]`` names; else what went wrong is raised behind the results of the items before,
        as is what ``items`` itself raises. With ``as_tuples`` an item is a pair of an article and
        anything that belongs to it, which comes back beside the result. ``progress`` is called
        with the number of results so far; ``True`` writes it on standard error.

        Articles go through in lots of up to 32: one by one, short ones take twice as long. A lot
        does not wait for a source that is slow, and processes begin once they are worth it: few
        articles, or a single processor, are worked on here; where they took longer than this
        process would have, a warning says so. To leave before the end, close the results, or use
        them as a context.
        """
        self._check(limits)
        analyze = partial(_analyze_items, self, limits)
        return piped(items, analyze, jobs, on_error, as_tuples, progress)

    def _analyze(self, articles: Sequence[Article], limits: AbstractLimits) -> list[Analysis]:
        model = self._model
        layout = lay_out(articles, model.vocabulary)
        pooled = count_rows(layout, len(model.idf))
        weighted = Weighted(tf_idf(pooled.counts, model.idf), layout.structure)
        probabilities = infer(weighted, model)
        contributions = Contributions(weighted, pooled, layout, model)
        found = self._abstracts(articles, layout, probabilities.paragraphs, limits)
        return put_together(articles, probabilities, found, contributions, layout.coverage, model)

    def _abstracts(
        self,
        articles: Sequence[Article],
        layout: Layout,
        probabilities: Floats,
        limits: AbstractLimits,
    ) -> list[abstracts.Abstracts]:
        model = self._model
        titles = [model.vocabulary.word_ids(article.title) for article in articles]
        sentences = abstracts.lay_out(layout, model.idf, titles)
        relevance = None
        if limits.themes:
            sizes = [sum([len(s.paragraphs) for s in article.sections]) for article in articles]
            relevance = [
                self._relevance(article, probabilities[first:last], limits.themes)
                for article, (first, last) in zip(
                    articles, pairwise(accumulate(sizes, initial=0)), strict=True
                )
            ]
        return abstracts.make_abstracts(sentences, self._ranker, limits, relevance)

    def _check(self, limits: AbstractLimits) -> None:
        """Raise ``InputError`` naming the first of ``limits`` that cannot be kept."""
        if limits is DEFAULT_LIMITS:
            return
        if not isinstance(limits, AbstractLimits):
            raise InputError("limits={value!r} must be AbstractLimits", value=limits)
        for name in ("characters", "sentences", "section_characters"):
            most = getattr(limits, name)
            if most is not None and (
                isinstance(most, bool) or not isinstance(most, int) or most < 1
            ):
                raise InputError(
                    "{name}={value!r} must be a whole number from 1 on, or None",
                    name=name,
                    value=most,
                )
        ratio = limits.ratio
        if ratio is not None and (
            isinstance(ratio, bool) or not isinstance(ratio, Real) or not 0.0 < ratio <= 1.0
        ):
            raise InputError("ratio={value!r} must be above 0 and at most 1", value=ratio)
        if not isinstance(limits.whole_sentences, bool):
            raise InputError(
                "whole_sentences={value!r} must be True or False", value=limits.whole_sentences
            )
        if not isinstance(limits.themes, tuple | list):
            raise InputError("themes={value!r} must be a tuple of themes", value=limits.themes)
        for theme in limits.themes:
            if theme not in self.themes:
                raise InputError(
                    "no theme is called {theme}; there are {themes}",
                    theme=theme,
                    themes=", ".join(self.themes),
                )

    def _relevance(
        self, article: Article, probabilities: Floats, themes: Sequence[str]
    ) -> dict[str, list[float]]:
        """How likely each sentence's paragraph has a theme, 0 where it is not tagged with it."""
        sizes = [len(p.sentences) for section in article.sections for p in section.paragraphs]
        found = {}
        for theme in themes:
            place = self._places[theme]
            own, threshold = probabilities[:, place], self._model.paragraph.threshold[place]
            found[theme] = np.where(own >= threshold, own, 0.0).repeat(sizes).tolist()
        return found


def load(
    path: str | Path | None = None,
    *,
    min_precision: float | None = None,
    thresholds: Mapping[str, float] | None = None,
) -> Analyzer:
    """Load a model folder, by default the bundled one.

    ``min_precision`` asks for tags that are right so often, on text like the training corpus;
    ``thresholds`` sets the probability from which a theme is tagged, by its name, and comes
    first. Without either a theme is tagged from where its F1 was best.

    Raises ``ModelError`` naming the file if the folder is not whole or was made for other
    words than this version cuts, and naming the theme if it cannot promise ``min_precision``.
    """
    if path is not None and not isinstance(path, str | PathLike):
        raise UsageError("a model is loaded by the path of its folder, not {value!r}", value=path)
    folder = default_folder() if path is None else Path(path)
    goals = {} if thresholds is None else thresholds
    return Analyzer(with_thresholds(load_model(folder), min_precision, goals), folder)


def _analyze_items(
    analyzer: Analyzer, limits: AbstractLimits, items: Sequence[Item]
) -> list[Analysis]:
    """Analyze some items, here or in another process."""
    with gc_paused():
        return analyzer._analyze([_article(item) for item in items], limits)


def _article(item: str | Article) -> Article:
    if isinstance(item, str):
        return read_text(item)
    if not isinstance(item, Article):
        raise InputError(
            "an article is a string or an Article, not {type}", type=type(item).__name__
        )
    for name in ("text", *_METADATA):
        if not isinstance(getattr(item, name), str):
            raise InputError(
                "{name}={value!r} of an Article must be a string",
                name=name,
                value=getattr(item, name),
            )
    if item.sections or not item.text.strip():
        _check_sections(item)
        return item
    metadata = {name: getattr(item, name) for name in _METADATA}
    return read_text(item.text, **metadata)


def _check_sections(article: Article) -> None:
    """Raise ``InputError`` where an article is divided in places that its text does not have."""
    try:
        places = [0]
        for section in article.sections:
            places.append(section.start)
            if section.heading:
                places += (section.heading.start, section.heading.end)
            for paragraph in section.paragraphs:
                places.append(paragraph.start)
                for sentence in paragraph.sentences:
                    places += (sentence.start, sentence.end)
                places.append(paragraph.end)
            places.append(section.end)
        places.append(len(article.text))
        in_order = set(map(type, places)) == {int} and places == sorted(places)
    except (AttributeError, TypeError):
        in_order = False
    if not in_order:
        raise InputError(
            "the sections of an Article must be Section objects whose places follow one another "
            "in its text; without sections it is divided by its text"
        )


def put_together(
    articles: Sequence[Article],
    probabilities: Probabilities,
    abstracts: Sequence[Abstracts],
    contributions: Contributions,
    coverage: Ints,
    model: Model,
) -> list[Analysis]:
    """Return the analysis of each article; sections are tagged with their evidence.

    ``coverage`` is that of the articles' layout.
    """
    results = _Results(articles, probabilities, contributions, model)
    return [
        results.analysis(*each)
        for each in zip(
            articles, probabilities.articles.tolist(), abstracts, coverage.tolist(), strict=True
        )
    ]


class _Results:
    """What becomes of some articles, to be taken in their order."""

    def __init__(
        self,
        articles: Sequence[Article],
        probabilities: Probabilities,
        contributions: Contributions,
        model: Model,
    ) -> None:
        self._model, self._names = model, model.themes
        self._paragraphs = iter(probabilities.paragraphs.tolist())
        sections: list[list[float]] = probabilities.sections.tolist()
        found = [self._status_and_tags(own, model.section) for own in sections]
        self._sections = zip(sections, found, strict=True)
        self._evidence = contributions.evidence(articles, self._questions(articles, found))

    def _questions(
        self, articles: Sequence[Article], found: Sequence[tuple[str, tuple[Tag, ...]]]
    ) -> list[Question]:
        """Ask for the evidence of every tag of a section."""
        places = {theme: place for place, theme in enumerate(self._names)}
        tags = iter(found)
        return [
            Question(number, section, places[tag.theme])
            for number, article in enumerate(articles)
            for section, (_, own) in zip(article.sections, tags, strict=False)
            for tag in own
        ]

    def analysis(
        self, article: Article, own: list[float], abstract: Abstracts, coverage: list[int]
    ) -> Analysis:
        """Return the next article's analysis."""
        status, tags = self._status_and_tags(own, self._model.section)
        return Analysis(
            article,
            status,
            tags,
            self._named(own),
            abstract.article,
            tuple(map(self._section, repeat(article.text), article.sections, abstract.sections)),
            self._model.id,
            abstract.themes,
            *coverage,
        )

    def _section(self, text: str, section: Section, abstract: Abstract) -> SectionAnalysis:
        own, (status, tags) = next(self._sections)
        return SectionAnalysis(
            section,
            status,
            tuple([Tag(tag.theme, tag.probability, next(self._evidence)) for tag in tags]),
            self._named(own),
            abstract,
            tuple([self._paragraph(text, part) for part in section.paragraphs]),
            text,
        )

    def _paragraph(self, text: str, paragraph: Paragraph) -> ParagraphAnalysis:
        own = next(self._paragraphs)
        status, tags = self._status_and_tags(own, self._model.paragraph)
        return ParagraphAnalysis(paragraph, status, tags, self._named(own), text)

    def _status_and_tags(
        self, probabilities: list[float], thresholds: Thresholds
    ) -> tuple[str, tuple[Tag, ...]]:
        status = status_of(probabilities, thresholds)
        if status != TAGGED:  # Nine paragraphs in ten.
            return status, ()
        return status, tuple(tags_of(probabilities, thresholds, self._names))

    def _named(self, probabilities: list[float]) -> dict[str, float]:
        return dict(zip(self._names, probabilities, strict=True))


@contextmanager
def gc_paused() -> Iterator[None]:
    """Look for no garbage meanwhile: articles leave none, and looking takes 5 % of a lot's time.

    Nothing changes where other threads run, to which it would happen, too: one would find it off
    and leave it so, and threads that take turns would keep it off for ever.
    """
    if not gc.isenabled() or len(sys._current_frames()) > 1:
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
