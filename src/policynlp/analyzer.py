"""One article in, its analysis out; or many, in order."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache, cached_property
from hashlib import sha256
from itertools import accumulate, chain, pairwise
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np

from policynlp.analysis import abstracts
from policynlp.analysis.drift import Profile
from policynlp.analysis.evidence import Contributions
from policynlp.analysis.goals import aim
from policynlp.analysis.layout import Layout, count_rows, lay_out
from policynlp.analysis.results import put_together
from policynlp.analysis.themes import Weighted, infer
from policynlp.article import AbstractLimits, Analysis, Article, Failure
from policynlp.errors import InputError, ModelError
from policynlp.fields import FieldError
from policynlp.garbage import without_collection
from policynlp.language.terms import Floats, tf_idf
from policynlp.messages import speak, spoken
from policynlp.model import MANIFEST, Cutoffs, Model, default_folder
from policynlp.model import load as load_model
from policynlp.reading import read_text

DEFAULT_LIMITS = AbstractLimits()
# What numpy costs a call is shared by the articles of a lot, and so is a journey to a worker.
_LOT_ARTICLES, _LOT_CHARACTERS = 32, 64_000

_METADATA = ("id", "title", "published", "source", "author", "url")

OnError: TypeAlias = Literal["raise", "return"]


class Analyzer:
    """Analyzes articles with one model. Make it once: loading takes longer than an article."""

    def __init__(self, model: Model, folder: Path | None = None) -> None:
        """Take a loaded model; ``folder`` is where other processes can load it from."""
        self._model = model
        self._folder = folder
        self._places = {theme: i for i, theme in enumerate(model.themes)}
        self._ranker = abstracts.Ranker(model.abstracts, model.abstract_words)

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
        cutoffs = repr((self._model.paragraph, self._model.section))
        return sha256(manifest + cutoffs.encode()).hexdigest()

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
        with without_collection():
            return self._analyze([_article(item)], limits)[0]

    def pipe(
        self,
        items: Iterable[str | Article],
        *,
        limits: AbstractLimits = DEFAULT_LIMITS,
        jobs: int = 1,
        on_error: OnError = "raise",
    ) -> Iterator[Analysis | Failure]:
        """Analyze ``items`` in order, with ``jobs`` processes, as they are asked for.

        Articles go through in lots of up to 32: one by one, short ones take twice as long.
        With ``on_error="return"`` an item that fails gives a :class:`Failure` in its place.
        """
        self._check(limits)
        if jobs < 1 or on_error not in ("raise", "return"):
            raise ValueError(
                f"jobs={jobs!r} must be 1 or more, on_error={on_error!r} raise or return"
            )
        lots = _lots(items)
        if jobs > 1:
            return chain.from_iterable(self._attempt_parallel(lots, limits, on_error, jobs))
        return chain.from_iterable(self._attempt(lot, limits, on_error) for lot in lots)

    def _attempt_parallel(
        self,
        lots: Iterable[list[str | Article]],
        limits: AbstractLimits,
        on_error: OnError,
        jobs: int,
    ) -> Iterator[list[Analysis | Failure]]:
        from joblib import Parallel, delayed  # 300 ms that one article need not wait for

        if self._folder is None:
            raise ValueError("jobs needs an analyzer that was loaded from a folder")
        cutoffs = (self._model.paragraph, self._model.section)
        results: Iterator[list[Analysis | Failure]] = Parallel(n_jobs=jobs, return_as="generator")(
            delayed(_attempt_lot)(self._folder, cutoffs, lot, limits, on_error, spoken())
            for lot in lots
        )
        return results

    def _attempt(
        self, lot: list[str | Article], limits: AbstractLimits, on_error: OnError
    ) -> list[Analysis | Failure]:
        """Analyze a lot; where that fails, its items one by one."""
        try:
            with without_collection():
                return [*self._analyze([_article(item) for item in lot], limits)]
        except Exception as error:
            if on_error == "raise":
                raise
            if len(lot) > 1:
                return [self._attempt([item], limits, on_error)[0] for item in lot]
            name = lot[0].id if isinstance(lot[0], Article) else ""
            return [Failure(name, "", "analyze", f"{type(error).__name__}: {error}")]

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
        for name in ("characters", "sentences", "section_characters"):
            most = getattr(limits, name)
            if most is not None and (not isinstance(most, int) or most < 1):
                raise InputError(
                    "{name}={value!r} must be a whole number from 1 on, or None",
                    name=name,
                    value=most,
                )
        if limits.ratio is not None and not 0.0 < limits.ratio <= 1.0:
            raise InputError("ratio={value!r} must be above 0 and at most 1", value=limits.ratio)
        if isinstance(limits.themes, str):
            raise InputError("themes={value!r} must be a tuple of themes", value=limits.themes)
        for theme in limits.themes:
            if theme not in self._places:
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
    folder = default_folder() if path is None else Path(path)
    return Analyzer(aim(load_model(folder), min_precision, thresholds or {}), folder)


@cache
def _worker_analyzer(folder: Path, paragraph: Cutoffs, section: Cutoffs) -> Analyzer:
    return Analyzer(replace(load_model(folder), paragraph=paragraph, section=section), folder)


def _attempt_lot(
    folder: Path,
    cutoffs: tuple[Cutoffs, Cutoffs],
    lot: list[str | Article],
    limits: AbstractLimits,
    on_error: OnError,
    language: str,
) -> list[Analysis | Failure]:
    speak(language)  # A failure's reason is said here.
    return _worker_analyzer(folder, *cutoffs)._attempt(lot, limits, on_error)


def _article(item: str | Article) -> Article:
    if isinstance(item, str):
        return read_text(item)
    if not isinstance(item, Article):
        raise InputError(
            "an article is a string or an Article, not {type}", type=type(item).__name__
        )
    if item.sections or not item.text.strip():
        return item
    metadata = {name: getattr(item, name) for name in _METADATA}
    return read_text(item.text, **metadata)


def _lots(items: Iterable[str | Article]) -> Iterator[list[str | Article]]:
    """Group ``items``; a lot with a long article is a short one."""
    lot: list[str | Article] = []
    size = 0
    for item in items:
        lot.append(item)
        if isinstance(item, str | Article):  # anything else fails later, alone
            size += len(item if isinstance(item, str) else item.text)
        if len(lot) == _LOT_ARTICLES or size >= _LOT_CHARACTERS:
            yield lot
            lot, size = [], 0
    if lot:
        yield lot
