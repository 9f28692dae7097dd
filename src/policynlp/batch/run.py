"""Score many articles into a file, lose none, and go on where an earlier run was stopped."""

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

from policynlp.article import Failure
from policynlp.batch.manifest import Manifest, new_manifest
from policynlp.batch.options import DEFAULT_OPTIONS, Options
from policynlp.batch.scoring import FAILURES_KEPT, Counts, Job, Load, Loaded, Part, Result
from policynlp.batch.source import Chunk, Note, Source, Survey, copy_stdin, how_many, make_chunks
from policynlp.batch.state import Paths, Repeats, Store, copied
from policynlp.batch.workers import MAX_SECONDS, ordered, work_off
from policynlp.batch.writers import STDOUT, check_output, is_table
from policynlp.errors import InputError, OutputError
from policynlp.files.atomic import UnwritableError, writing
from policynlp.files.find import STDIN, find_inputs
from policynlp.files.items import InputArticle, check_installed
from policynlp.messages import speak, speaking, spoken
from policynlp.themes.drift import Drift, Profile, measure_drift


@dataclass(slots=True)
class Summary:
    """What a run did: ``counts`` add up to what was found in its inputs.

    Of the ``total``, which is unknown for streams, ``resumed`` articles were taken over from an
    earlier run; ``finished`` says that all of them were. The first failures are kept to be shown.
    ``drift`` is how far the articles are from what the model was trained on, if that is known.
    """

    counts: Counts = field(default_factory=Counts)
    total: int | None = None
    resumed: int = 0
    finished: bool = False
    seconds: float = 0.0
    repeated_ids: Repeats = field(default_factory=Repeats)
    first_failures: list[Failure] = field(default_factory=list)
    drift: Drift | None = None


Progress = Callable[[Summary], object]


class _Watch:
    """Counts what is done and tells who watches."""

    def __init__(self, progress: Progress, themes: Sequence[str] = ()) -> None:
        self.summary = Summary(Counts(themes=Counter(dict.fromkeys(themes, 0))))
        self._progress = progress
        self._started = time.perf_counter()

    def note(self, result: Result, *, resumed: bool = False) -> None:
        """Count what became of a chunk."""
        summary = self.summary
        summary.counts.add(result.counts)
        summary.resumed += result.counts.done if resumed else 0
        room = FAILURES_KEPT - len(summary.first_failures)
        summary.first_failures += result.first_failures[:room]
        summary.seconds = time.perf_counter() - self._started
        self._progress(summary)

    def compared(self, reference: Profile | None) -> Summary:
        """The summary with how far its articles are from a model's training text."""
        self.summary.drift = measure_drift(self.summary.counts.profile, reference)
        return self.summary


def score(
    load: Load,
    inputs: Sequence[str],
    out: str,
    *,
    options: Options = DEFAULT_OPTIONS,
    jobs: int = 1,
    max_seconds: float = MAX_SECONDS,
    overwrite: bool = False,
    kind: str = "jsonl",
    stdin: IO[bytes] | None = None,
    stdout: Callable[[bytes], object] | None = None,
    progress: Progress = lambda summary: None,
) -> Summary:
    """Score the articles in ``inputs`` into ``out``, in order, and list what failed beside it.

    Until the output is whole, what is done is kept beside it, and the same call goes on from
    there. A finished output is left alone, and one that other inputs, options or another model
    made is an ``OutputError``, unless ``overwrite`` replaces it. Inputs that change meanwhile are
    an ``InputError``; an article that takes longer than ``max_seconds`` is a failure. With ``-``
    as ``out``, lines of JSON go to ``stdout`` as they are made and failures are only counted;
    another ``kind`` of output (``csv``, ``xlsx``, ``parquet`` or ``jsonl.gz``) goes there when it
    is whole.
    """
    check_output(out, options.shard)
    if out == STDOUT and kind != "jsonl":
        with TemporaryDirectory() as folder:
            whole = Path(folder, f"out.{kind}")
            again = partial(score, load, inputs, str(whole), options=options, jobs=jobs)
            summary = again(max_seconds=max_seconds, stdin=stdin, progress=progress)
            with whole.open("rb") as stream:
                for data in copied(stream, whole.stat().st_size):
                    (stdout or _print)(data)
        return summary
    if out != STDOUT:
        Paths.of(out).check()
        find_inputs(inputs, skip=Paths.of(out).all())  # What is missing or written over ends here.
    check_installed((*inputs, out), simplify=options.reading.simplify)
    loaded = Loaded(load)
    scorer = loaded()
    watch = _Watch(progress, scorer.themes)
    if out != STDOUT:
        run = _Run(loaded, inputs, Paths.of(out), options, jobs, max_seconds)
        run.score(stdin, overwrite, watch)
        return watch.compared(scorer.reference)
    source = Source(inputs, options, stream=stdin)
    single = jobs == 1  # A lone worker's articles are written one by one, each when it is done.
    chunks, begin = make_chunks(source.chosen(), single=single), Job(loaded, out, options).begin
    for part in ordered(work_off(chunks, begin, jobs, max_seconds, ahead=not single)):
        assert isinstance(part, Part)
        (stdout or _print)(part.output)
        watch.note(part)
    source.confirm()
    if not watch.summary.counts.done:
        raise _nothing(inputs)
    return watch.compared(scorer.reference)


def look(
    inputs: Sequence[str],
    options: Options = DEFAULT_OPTIONS,
    *,
    jobs: int = 1,
    max_seconds: float = MAX_SECONDS,
    stdin: IO[bytes] | None = None,
    progress: Progress = lambda summary: None,
) -> Summary:
    """Read all articles as a run would, but score none."""
    check_installed(inputs, simplify=options.reading.simplify)
    watch = _Watch(progress)
    with _twice_read(inputs, options, stdin) as copy:
        source = Source(inputs, options, stdin=copy, stream=stdin)
        total = source.size() if options.shard else None  # Shares are those of the run's chunks.
        chunks = make_chunks(source.chosen(), options.shard, total=total)
        for part in ordered(work_off(chunks, _Look(options).begin, jobs, max_seconds)):
            watch.note(part)
        source.confirm()
    if not watch.summary.counts.done:
        raise _nothing(inputs)
    return watch.summary


@dataclass(frozen=True, slots=True)
class _Look:
    """Reads the articles of chunks, in a worker."""

    options: Options
    messages: str = field(default_factory=spoken)

    def begin(self) -> Callable[[Chunk, Note], Part]:
        """What a worker does with each chunk."""
        speak(self.messages)
        return self._look

    def _look(self, chunk: Chunk, note: Note) -> Part:
        part = Part()
        for at, entry in enumerate(chunk.entries):
            note(at, entry.id)
            found = entry if isinstance(entry, Failure) else entry.read(self.options.reading)
            if isinstance(found, InputArticle):
                part.counts.articles += 1
            else:
                part.fail(found)
        return part


@contextmanager
def _twice_read(
    inputs: Sequence[str], options: Options, stdin: IO[bytes] | None
) -> Iterator[Path | None]:
    """A copy of standard input where its articles are looked at before they are chosen."""
    if STDIN not in inputs or (options.sample is None and options.shard is None):
        yield None
        return
    with TemporaryDirectory() as folder:
        copy = Path(folder, "stdin")
        copy_stdin(stdin or sys.stdin.buffer, copy)
        yield copy


@dataclass(frozen=True, slots=True)
class _Run:
    """A run that writes to a file."""

    load: Loaded
    inputs: Sequence[str]
    paths: Paths
    options: Options
    jobs: int
    max_seconds: float

    def score(self, stdin: IO[bytes] | None, overwrite: bool, watch: _Watch) -> None:
        """Score what an earlier run has not, and put all of it together."""
        with self._stdin(stdin) as copy:
            source = Source(self.inputs, self.options, self.paths.all(), copy)
            keeps = self.options.reading.keep_columns and is_table(self.paths.out.name)
            survey = source.survey(columns=keeps)
            if not survey.articles:
                raise _nothing(self.inputs)
            manifest = new_manifest(self.load(), survey, self.options)
            store = Store(self.paths, manifest, overwrite=overwrite)
            if store.finished:
                store.tidy()
                _recall(watch.summary, store.manifest)
            else:
                try:
                    with speaking(store.manifest["messages"]):
                        self._score(source, survey, store, watch)
                except UnwritableError as error:
                    raise OutputError("{error}: it goes on from here", error=error) from error

    def _score(self, source: Source, survey: Survey, store: Store, watch: _Watch) -> None:
        shard, summary = self.options.shard, watch.summary
        store.begin()
        summary.total = how_many(self.options, survey.articles) // (shard.of if shard else 1)
        job = Job(self.load, str(self.paths.out), self.options, survey.columns, store.keep)
        output = job.output(self.load().themes)  # Says at once what it cannot hold.
        entries = source.chosen(survey.articles)
        chunks = _Left(make_chunks(entries, shard, total=survey.size), store, watch)
        for _, result in work_off(iter(chunks), job.begin, self.jobs, self.max_seconds):
            watch.note(result)
        source.confirm()
        finished = store.finish(output, chunks.count, summary.counts)
        summary.repeated_ids, summary.first_failures = finished
        store.close(summary.seconds, summary.resumed)

    @contextmanager
    def _stdin(self, stdin: IO[bytes] | None) -> Iterator[Path | None]:
        """A copy of standard input while it is needed, which can be read again."""
        if STDIN not in self.inputs:
            yield None
            return
        with writing(self.paths.out):
            self.paths.out.parent.mkdir(parents=True, exist_ok=True)
        try:
            copy_stdin(stdin or sys.stdin.buffer, self.paths.stdin)
            yield self.paths.stdin
        finally:
            with suppress(OSError):  # The next run with this output removes it.
                self.paths.stdin.unlink(missing_ok=True)


class _Left:
    """The chunks that no earlier run has scored; what one has is counted."""

    def __init__(self, chunks: Iterator[Chunk], store: Store, watch: _Watch) -> None:
        self._chunks, self._store, self._watch = chunks, store, watch
        self.count = 0

    def __iter__(self) -> Iterator[Chunk]:
        for chunk in self._chunks:
            self.count += 1
            kept = self._store.get(chunk.number)
            if kept is None:
                yield chunk
            else:
                self._watch.note(kept, resumed=True)


def _recall(summary: Summary, manifest: Manifest) -> None:
    """What a finished run had to say."""
    summary.counts = Counts.of(manifest["counts"])
    summary.total = summary.resumed = summary.counts.done
    summary.finished = True


def _print(data: bytes) -> None:
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def _nothing(inputs: Sequence[str]) -> InputError:
    return InputError("{inputs}: no article found", inputs=", ".join(inputs))
