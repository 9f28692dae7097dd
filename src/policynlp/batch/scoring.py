"""What becomes of a chunk of articles: output, failures and counts."""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, Protocol

from policynlp.analyzer import gc_paused
from policynlp.article import AbstractLimits, Article, Failure
from policynlp.batch.options import Options
from policynlp.batch.writers import Output, output_for
from policynlp.errors import PolicyNLPError
from policynlp.files.items import InputArticle, Item, make_article
from policynlp.messages import say, speaking
from policynlp.results import Analysis
from policynlp.themes.drift import Profile
from policynlp.workers import Chunk, Note

FAILURES_KEPT: Final = 5

ArticleChunk = Chunk[Item | Failure]


class Scorer(Protocol):
    """What a batch needs of an analyzer."""

    @property
    def themes(self) -> Sequence[str]:
        """The themes of the model."""

    @property
    def model_id(self) -> str:
        """What the model is called."""

    @property
    def model_sha256(self) -> str:
        """A hash of all that the model consists of."""

    @property
    def thresholds(self) -> Mapping[str, Mapping[str, float]]:
        """From which probability it tags, by level and theme."""

    @property
    def reference(self) -> Profile | None:
        """What its training text is like, if that is known."""

    def pipe(
        self,
        items: Iterable[str | Article],
        *,
        limits: AbstractLimits,
        on_error: Literal["raise", "return"],
    ) -> Iterator[Analysis | Failure]:
        """Analyze ``items`` in order."""


Load = Callable[[], Scorer]


class Loaded:
    """Loads a scorer once; what travels to a process that begins from nothing is how to load it."""

    def __init__(self, load: Load) -> None:
        """Load nothing yet."""
        self._load = load
        self._scorer: Scorer | None = None

    def __call__(self) -> Scorer:
        """The scorer."""
        self._scorer = self._scorer or self._load()
        return self._scorer

    def __reduce__(self) -> tuple[type["Loaded"], tuple[Load]]:
        """Travel without the scorer."""
        return Loaded, (self._load,)


@dataclass(slots=True)
class Counts:
    """``articles`` with a result and ``failures`` add up to what was found in the inputs.

    ``warned`` counts the articles with a warning, ``themes`` the sections with each theme.
    ``profile`` says what the text is like.
    """

    articles: int = 0
    failures: int = 0
    warned: int = 0
    sections: int = 0
    themes: Counter[str] = field(default_factory=Counter)
    profile: Profile = field(default_factory=Profile)

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> "Counts":
        """The counts that :meth:`as_record` made a record of."""
        profile = Profile.of(record.get("profile", {}))
        return cls(**{**record, "themes": Counter(record["themes"]), "profile": profile})

    def as_record(self) -> dict[str, Any]:
        """The counts as JSON has them."""
        return {
            "articles": self.articles,
            "failures": self.failures,
            "warned": self.warned,
            "sections": self.sections,
            "themes": dict(self.themes),
            "profile": self.profile.as_record(),
        }

    @property
    def done(self) -> int:
        """How many articles are accounted for."""
        return self.articles + self.failures

    def add(self, other: "Counts") -> None:
        """Count what ``other`` has counted, too."""
        self.articles += other.articles
        self.failures += other.failures
        self.warned += other.warned
        self.sections += other.sections
        self.themes.update(other.themes)
        self.profile.add(other.profile)

    def count(self, analysis: Analysis) -> None:
        """Count an article with a result."""
        self.articles += 1
        self.warned += bool(analysis.article.warnings)
        self.sections += len(analysis.sections)
        self.themes.update(tag.theme for part in analysis.sections for tag in part.themes)
        self.profile.note(analysis)


@dataclass(slots=True)
class Outcome:
    """What became of a chunk; ``ids`` are those of all its articles, failed or not."""

    output: bytes = b""
    failures: list[Failure] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    counts: Counts = field(default_factory=Counts)

    @property
    def first_failures(self) -> Sequence[Failure]:
        """The first of the failures."""
        return self.failures[:FAILURES_KEPT]

    def fail(self, failure: Failure) -> None:
        """Account for an article without a result."""
        self.failures.append(failure)
        self.ids.append(failure.id)
        self.counts.failures += 1


def scoring(
    load: Load, out: str, options: Options, columns: Sequence[str] = ()
) -> Callable[[ArticleChunk, Note], Outcome]:
    """What a worker does with each chunk, once it has loaded what it needs.

    ``columns`` are those that a table keeps of its inputs.
    """
    scorer = load()
    output = output_for(out, scorer.themes, options, columns)
    return lambda chunk, note: score_chunk(chunk, scorer, output, options, note)


def score_chunk(
    chunk: ArticleChunk,
    scorer: Scorer,
    output: Output,
    options: Options,
    note: Note = lambda at, id: None,
) -> Outcome:
    """Score every article of a chunk; whatever goes wrong with one, the others go on."""
    outcome = Outcome()
    rendered: list[bytes] = []
    with gc_paused():
        for found in analyzed(chunk, scorer, options, note):
            if isinstance(found, Failure):
                outcome.fail(found)
                continue
            read, analysis = found
            try:
                rendered.append(output.render(analysis, read.record.kept))
            except Exception as error:  # One article's crash must not be the run's.
                outcome.fail(Failure(read.id, read.place, "write", _crash(error)))
                continue
            outcome.ids.append(read.id)
            outcome.counts.count(analysis)
    note(len(chunk.entries), "")
    outcome.output = output.pack(b"".join(rendered))
    return outcome


def analyzed(
    chunk: ArticleChunk, scorer: Scorer, options: Options, note: Note
) -> Iterator[Failure | tuple[InputArticle, Analysis]]:
    """What became of each article: a failure, or what was read with what the scorer says of it."""
    numbered = list(enumerate(chunk.entries))
    for some in [[each] for each in numbered] if chunk.apart else [numbered]:
        # What the scorer has taken and not given back, with the failures in between.
        waiting: deque[InputArticle | Failure] = deque()
        articles = _articles(some, waiting, options, note)
        for result in scorer.pipe(articles, limits=options.limits, on_error="return"):
            while isinstance(read := waiting.popleft(), Failure):
                yield read
            if isinstance(result, Failure):
                reason = " ".join(result.reason.split())
                yield Failure(read.id, read.place, "analyze", reason)
            else:
                yield read, result
        for read in waiting:
            lost = Failure(read.id, read.place, "analyze", say("the analyzer gave no result"))
            yield read if isinstance(read, Failure) else lost


def _articles(
    numbered: Iterable[tuple[int, Item | Failure]],
    waiting: deque[InputArticle | Failure],
    options: Options,
    note: Note,
) -> Iterator[Article]:
    """Read the articles, and note each of them and each failure as waiting."""
    for at, entry in numbered:
        note(at, entry.id)
        read = entry if isinstance(entry, Failure) else entry.read(options.reading)
        if isinstance(read, Failure):
            waiting.append(read)
            continue
        try:
            # Warnings are output, which must not change with a machine's own language.
            with speaking(options.language):
                article = make_article(read.record)
        except Exception as error:  # As above.
            waiting.append(Failure(read.id, read.place, "read", _crash(error)))
            continue
        waiting.append(read)
        note(at, read.id)  # It may say what it is called.
        yield article


def _crash(error: Exception) -> str:
    said = str(error) if isinstance(error, PolicyNLPError) else f"{type(error).__name__}: {error}"
    return " ".join(said.split())
