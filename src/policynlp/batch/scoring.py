"""What becomes of a chunk of articles: output, failures and counts."""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, Literal, NamedTuple, Protocol

from policynlp.analyzer import gc_paused
from policynlp.article import AbstractLimits, Article, Failure
from policynlp.batch.options import Options
from policynlp.batch.source import Chunk, Note
from policynlp.batch.writers import Output, output_for
from policynlp.errors import PolicyNLPError
from policynlp.files.items import Item, make_article
from policynlp.messages import say, speak, speaking, spoken
from policynlp.results import Analysis
from policynlp.themes.drift import Profile

FAILURES_KEPT: Final = 5


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


@dataclass(frozen=True, slots=True)
class Job:
    """All that a worker must know: how to load the model and what to make of an article.

    ``columns`` are those that a table keeps of its inputs; ``keep`` puts away what became of a
    chunk, in the worker itself, so that nothing that is done can be lost on the way. Reasons of
    failures are given in ``messages``, the language spoken where the job was made.
    """

    load: Load
    out: str
    options: Options
    columns: tuple[str, ...] = ()
    keep: "Callable[[int, Part], Result]" = field(default=lambda number, part: part)
    messages: str = field(default_factory=spoken)

    def begin(self) -> "Callable[[Chunk, Note], Result]":
        """Load what a worker needs, and return what it does with each chunk."""
        speak(self.messages)
        scorer = self.load()
        return partial(self._score, scorer, self.output(scorer.themes))

    def _score(self, scorer: Scorer, output: Output, chunk: Chunk, note: Note) -> "Result":
        return self.keep(chunk.number, score_chunk(chunk, scorer, output, self.options, note))

    def output(self, themes: Sequence[str]) -> Output:
        """How results are written."""
        return output_for(self.out, themes, self.options, self.columns)


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


class Result(Protocol):
    """What is told of a chunk whose part may be put away already."""

    @property
    def counts(self) -> Counts:
        """What became of its articles."""

    @property
    def first_failures(self) -> Sequence[Failure]:
        """Some of them that failed, if any did."""


@dataclass(slots=True)
class Part:
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

    def add(self, other: "Part") -> None:
        """Put ``other``, which comes next in the inputs, behind this part."""
        self.output += other.output
        self.failures += other.failures
        self.ids += other.ids
        self.counts.add(other.counts)


def score_chunk(
    chunk: Chunk,
    scorer: Scorer,
    output: Output,
    options: Options,
    note: Note = lambda at, id: None,
) -> Part:
    """Score every article of a chunk; whatever goes wrong with one, the others go on."""
    part = Part()
    rendered: list[bytes] = []
    with gc_paused():
        for found in analyzed(chunk, scorer, options, note):
            if isinstance(found, Failure):
                part.fail(found)
            else:
                _write(*found, output, part, rendered)
    note(len(chunk.entries), "")
    part.output = output.pack(b"".join(rendered))
    return part


def analyzed(
    chunk: Chunk, scorer: Scorer, options: Options, note: Note
) -> "Iterator[Failure | tuple[Read, Analysis]]":
    """What became of each article: a failure, or what was read with what the scorer says of it."""
    numbered = list(enumerate(chunk.entries))
    for some in [[each] for each in numbered] if chunk.apart else [numbered]:
        # What the scorer has taken and not given back, with the failures in between.
        waiting: deque[Read | Failure] = deque()
        articles = _articles(some, waiting, options, note)
        for result in scorer.pipe(articles, limits=options.limits, on_error="return"):
            while isinstance(entry := waiting.popleft(), Failure):
                yield entry
            if isinstance(result, Failure):
                reason = " ".join(result.reason.split())
                yield Failure(entry.id, entry.place, "analyze", reason)
            else:
                yield entry, result
        for entry in waiting:
            lost = Failure(entry.id, entry.place, "analyze", say("the analyzer gave no result"))
            yield entry if isinstance(entry, Failure) else lost


class Read(NamedTuple):
    """An article that was read, and what there is to say of it besides."""

    id: str
    place: str
    article: Article
    kept: Mapping[str, object]


def _articles(
    numbered: Iterable[tuple[int, Item | Failure]],
    waiting: "deque[Read | Failure]",
    options: Options,
    note: Note,
) -> Iterator[Article]:
    """Read the articles, and note each of them and each failure as waiting."""
    for at, entry in numbered:
        note(at, entry.id)
        read = entry if isinstance(entry, Failure) else _read(entry, options)
        waiting.append(read)
        if isinstance(read, Read):
            note(at, read.id)  # It may say what it is called.
            yield read.article


def _read(entry: Item, options: Options) -> Read | Failure:
    found = entry.read(options.reading)
    if isinstance(found, Failure):
        return found
    id, place, record = found
    try:
        # Warnings are output, which must not change with a machine's own language.
        with speaking(options.language):
            return Read(id, place, make_article(record), record.kept)
    except Exception as error:  # One article's crash must not be the run's.
        return Failure(id, place, "read", _crash(error))


def _write(
    entry: Read, result: Analysis, output: Output, part: Part, rendered: list[bytes]
) -> None:
    """Write what there is to say of an article."""
    try:
        rendered.append(output.render(result, entry.kept))
    except Exception as error:  # As above.
        part.fail(Failure(entry.id, entry.place, "write", _crash(error)))
        return
    part.ids.append(entry.id)
    part.counts.count(result)


def _crash(error: Exception) -> str:
    said = str(error) if isinstance(error, PolicyNLPError) else f"{type(error).__name__}: {error}"
    return " ".join(said.split())
