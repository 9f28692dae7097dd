"""One article in, its analysis out; or many, in order."""

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from itertools import chain, islice
from pathlib import Path
from typing import Literal

from policynlp.analysis import abstracts
from policynlp.analysis.layout import Layout, count_rows, lay_out
from policynlp.analysis.themes import (
    Contributions,
    Probabilities,
    infer,
    status_of,
    tags_of,
    weigh,
)
from policynlp.article import (
    AbstractLimits,
    Analysis,
    Article,
    Evidence,
    Failure,
    Paragraph,
    ParagraphAnalysis,
    Section,
    SectionAnalysis,
    Tag,
)
from policynlp.errors import InputError
from policynlp.language.terms import Floats
from policynlp.model import Model, default_folder
from policynlp.model import load as load_model
from policynlp.reading import read_text

DEFAULT_LIMITS = AbstractLimits()
# Articles travel to workers in lots: one at a time costs more than it takes to analyze it.
_LOT = 32


class Analyzer:
    """Analyzes articles with one model. Make it once: loading takes longer than an article."""

    def __init__(self, model: Model, folder: Path | None = None) -> None:
        """Take a loaded model; ``folder`` is where other processes can load it from."""
        self._model = model
        self._folder = folder
        self._places = {theme: i for i, theme in enumerate(model.themes)}
        self._ranker = abstracts.Ranker(model.abstracts, model.abstract_words)

    @property
    def model_id(self) -> str:
        """The model's name and corpus hash, which every record carries."""
        return self._model.id

    @property
    def themes(self) -> tuple[str, ...]:
        """The themes that the model knows."""
        return self._model.themes

    def analyze(self, item: str | Article, *, limits: AbstractLimits = DEFAULT_LIMITS) -> Analysis:
        """Find the themes of ``item`` and write its abstracts.

        A string is read as a scraped page or a clean article; an :class:`Article` is taken as
        it is divided. An empty text gives an empty analysis. Raises ``InputError`` if ``limits``
        names a theme that the model does not know.
        """
        article = read_text(item) if isinstance(item, str) else item
        model = self._model
        layout = lay_out(article, model.vocabulary)
        weighted = weigh(count_rows(layout, len(model.idf)), layout.structure, model.idf)
        probabilities = infer(weighted, layout.structure, model)
        whole = probabilities.article.tolist()
        contributions = Contributions(article.text, weighted, layout, model)
        found = self._abstracts(article, layout, probabilities.paragraphs, limits)
        return Analysis(
            article,
            status_of(whole, model.section),
            tuple(tags_of(whole, model.section, model.themes)),
            self._named(whole),
            found.article,
            tuple(self._sections(article, probabilities, found, contributions.evidence)),
            model.id,
            found.themes,
        )

    def pipe(
        self,
        items: Iterable[str | Article],
        *,
        limits: AbstractLimits = DEFAULT_LIMITS,
        jobs: int = 1,
        on_error: Literal["raise", "return"] = "raise",
    ) -> Iterator[Analysis | Failure]:
        """Analyze ``items`` in order, with ``jobs`` processes, as they are asked for.

        With ``on_error="return"`` an item that fails gives a :class:`Failure` in its place.
        """
        if jobs == 1:
            return (self._attempt(item, limits, on_error) for item in items)
        return self._pipe_parallel(items, limits, jobs, on_error)

    def _pipe_parallel(
        self,
        items: Iterable[str | Article],
        limits: AbstractLimits,
        jobs: int,
        on_error: Literal["raise", "return"],
    ) -> Iterator[Analysis | Failure]:
        from joblib import Parallel, delayed  # 300 ms that one article need not wait for

        if self._folder is None:
            raise ValueError("jobs needs an analyzer that was loaded from a folder")
        rest = iter(items)
        lots = iter(lambda: list(islice(rest, _LOT)), [])
        results = Parallel(n_jobs=jobs, return_as="generator")(
            delayed(_analyze_lot)(self._folder, lot, limits, on_error) for lot in lots
        )
        return chain.from_iterable(results)

    def _attempt(
        self, item: str | Article, limits: AbstractLimits, on_error: Literal["raise", "return"]
    ) -> Analysis | Failure:
        try:
            return self.analyze(item, limits=limits)
        except Exception as error:
            if on_error == "raise":
                raise
            name = item.id if isinstance(item, Article) else ""
            return Failure(name, "", "analyze", f"{type(error).__name__}: {error}")

    def _abstracts(
        self, article: Article, layout: Layout, probabilities: Floats, limits: AbstractLimits
    ) -> abstracts.Abstracts:
        model = self._model
        words, headings = abstracts.words_in(layout, article, model.vocabulary.n_words)
        title = model.vocabulary.word_ids(article.title)
        sentences = abstracts.lay_out(article, words, model.idf, title, headings)
        relevance = {
            theme: self._relevance(article, probabilities, theme) for theme in limits.themes
        }
        return abstracts.make_abstracts(sentences, self._ranker, limits, relevance)

    def _relevance(self, article: Article, probabilities: Floats, theme: str) -> list[float]:
        """How likely each sentence's paragraph has a theme, 0 where it is not tagged with it."""
        place = self._places.get(theme)
        if place is None:
            raise InputError(f"no theme is called {theme}; there are {', '.join(self.themes)}")
        threshold = self._model.paragraph.threshold[place]
        paragraphs = chain.from_iterable(section.paragraphs for section in article.sections)
        relevance: list[float] = []
        for paragraph, p in zip(paragraphs, probabilities[:, place].tolist(), strict=True):
            relevance += [p if p >= threshold else 0.0] * len(paragraph.sentences)
        return relevance

    def _sections(
        self,
        article: Article,
        probabilities: Probabilities,
        found: abstracts.Abstracts,
        evidence: Callable[[int, Section, int], tuple[Evidence, ...]],
    ) -> Iterator[SectionAnalysis]:
        model, row = self._model, 0
        rows = probabilities.paragraphs.tolist()
        for number, (section, own) in enumerate(
            zip(article.sections, probabilities.sections.tolist(), strict=True)
        ):
            last = row + len(section.paragraphs)
            yield SectionAnalysis(
                section,
                status_of(own, model.section),
                tuple(
                    Tag(theme, p, evidence(number, section, self._places[theme]))
                    for theme, p, _ in tags_of(own, model.section, model.themes)
                ),
                self._named(own),
                found.sections[number],
                tuple(map(self._paragraph, section.paragraphs, rows[row:last])),
            )
            row = last

    def _paragraph(self, paragraph: Paragraph, probabilities: list[float]) -> ParagraphAnalysis:
        cutoffs = self._model.paragraph
        return ParagraphAnalysis(
            paragraph,
            status_of(probabilities, cutoffs),
            tuple(tags_of(probabilities, cutoffs, self._model.themes)),
            self._named(probabilities),
        )

    def _named(self, probabilities: list[float]) -> dict[str, float]:
        return dict(zip(self._model.themes, probabilities, strict=True))


def load(path: str | Path | None = None) -> Analyzer:
    """Load a model folder, by default the bundled one.

    Raises ``ModelError`` naming the file if the folder is not whole or was made for other
    words than this version cuts.
    """
    folder = default_folder() if path is None else Path(path)
    return Analyzer(load_model(folder), folder)


@cache
def _worker_analyzer(folder: Path) -> Analyzer:
    return load(folder)


def _analyze_lot(
    folder: Path,
    lot: list[str | Article],
    limits: AbstractLimits,
    on_error: Literal["raise", "return"],
) -> list[Analysis | Failure]:
    return list(_worker_analyzer(folder).pipe(lot, limits=limits, on_error=on_error))
