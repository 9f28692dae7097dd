"""Score many articles into a file, lose none, and go on where an earlier run was stopped."""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

from policynlp.article import Failure
from policynlp.batch.inputs import Inputs, Survey, copy_stdin, how_many, make_chunks
from policynlp.batch.manifest import Manifest, Paths, new_manifest
from policynlp.batch.options import DEFAULT_OPTIONS, Options
from policynlp.batch.scoring import (
    FAILURES_KEPT,
    ArticleChunk,
    Counts,
    Load,
    Loaded,
    Outcome,
    scoring,
)
from policynlp.batch.state import Repeats, State, Stored, copied
from policynlp.batch.writers import STDOUT, check_output, is_table, output_for
from policynlp.errors import InputError, OutputError
from policynlp.files.atomic import UnwritableError, writing
from policynlp.files.find import STDIN, find_inputs
from policynlp.files.items import check_installed
from policynlp.messages import speaking
from policynlp.themes.drift import Drift, measure_drift
from policynlp.workers import MAX_SECONDS, Note, Workers


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
    paths = None if out == STDOUT else Paths.of(out)
    if paths:
        paths.check()
        find_inputs(inputs, skip=paths.all())  # What is missing or written over ends here.
    check_installed((*inputs, out), simplify=options.reading.simplify)
    loaded = Loaded(load)
    scorer = loaded()
    run = _Run(inputs, options, jobs, max_seconds, progress)
    run.summary.counts.themes.update(dict.fromkeys(scorer.themes, 0))
    if paths:
        run.write(loaded, paths, stdin, overwrite=overwrite)
    else:
        run.send(loaded, stdin, stdout or _print)
    run.summary.drift = measure_drift(run.summary.counts.profile, scorer.reference)
    return run.summary


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
    run = _Run(inputs, options, jobs, max_seconds, progress)
    run.look(stdin)
    return run.summary


@dataclass(slots=True)
class _Run:
    """The way of chunks from the inputs through workers to where they go, counted on the way."""

    named: Sequence[str]
    options: Options
    jobs: int
    max_seconds: float
    progress: Progress
    summary: Summary = field(default_factory=Summary)
    started: float = field(default_factory=time.perf_counter)

    def send(self, load: Loaded, stdin: IO[bytes] | None, give: Callable[[bytes], object]) -> None:
        """Score all articles, and give away what is written of them, in order."""
        inputs = Inputs(self.named, self.options, stream=stdin)
        single = self.jobs == 1  # A lone worker's articles are sent one by one, each when done.
        chunks = make_chunks(inputs.chosen(), single=single)
        begin = partial(scoring, load, STDOUT, self.options)
        workers = Workers(begin, self.jobs, self.max_seconds, ahead=not single)
        for outcome in workers.in_order(chunks):
            give(outcome.output)
            self._note(outcome)
        self._end(inputs)

    def look(self, stdin: IO[bytes] | None) -> None:
        """Read all articles."""
        chooses = self.options.sample is not None or self.options.shard is not None
        with ExitStack() as stack:
            copy = None
            if STDIN in self.named and chooses:  # It is looked at before articles are chosen.
                copy = Path(stack.enter_context(TemporaryDirectory()), "stdin")
                copy_stdin(stdin or sys.stdin.buffer, copy)
            inputs = Inputs(self.named, self.options, stdin=copy, stream=stdin)
            shard = self.options.shard
            total = inputs.size() if shard else None  # Shares are those of the run's chunks.
            chunks = make_chunks(inputs.chosen(), shard, total=total)
            begin = partial(_looking, self.options)
            for outcome in Workers(begin, self.jobs, self.max_seconds).in_order(chunks):
                self._note(outcome)
            self._end(inputs)

    def write(
        self, load: Loaded, paths: Paths, stdin: IO[bytes] | None, *, overwrite: bool
    ) -> None:
        """Score what an earlier run has not, and put all of it together."""
        with self._copied(stdin, paths) as copy:
            inputs = Inputs(self.named, self.options, paths.all(), copy)
            keeps = self.options.reading.keep_columns and is_table(paths.out.name)
            survey = inputs.survey(columns=keeps)
            if not survey.articles:
                raise _nothing(self.named)
            manifest = new_manifest(load(), survey, self.options)
            state = State(paths, manifest, overwrite=overwrite)
            if state.finished:
                state.tidy()
                self._recall(state.manifest)
                return
            try:
                with speaking(state.manifest["messages"]):
                    self._score(load, inputs, survey, state, paths)
            except UnwritableError as error:
                raise OutputError("{error}: it goes on from here", error=error) from error

    def _score(
        self, load: Loaded, inputs: Inputs, survey: Survey, state: State, paths: Paths
    ) -> None:
        state.begin()
        shard, summary, out = self.options.shard, self.summary, str(paths.out)
        summary.total = how_many(self.options, survey.articles) // (shard.of if shard else 1)
        # Says at once what it cannot hold.
        output = output_for(out, load().themes, self.options, survey.columns)
        count = 0

        def left() -> Iterator[ArticleChunk]:
            nonlocal count
            entries = inputs.chosen(survey.articles)
            for chunk in make_chunks(entries, shard, total=survey.size):
                count += 1
                stored = state.get(chunk.number)
                if stored:
                    self._note(stored, resumed=True)
                else:
                    yield chunk

        begin = state.keeping(partial(scoring, load, out, self.options, survey.columns))
        for _, stored in Workers(begin, self.jobs, self.max_seconds).as_done(left()):
            self._note(stored)
        inputs.confirm()
        finished = state.finish(output, count, summary.counts)
        summary.repeated_ids, summary.first_failures = finished
        state.close(summary.seconds, summary.resumed)

    @contextmanager
    def _copied(self, stdin: IO[bytes] | None, paths: Paths) -> Iterator[Path | None]:
        """A copy of standard input while it is needed, which can be read again."""
        if STDIN not in self.named:
            yield None
            return
        with writing(paths.out):
            paths.out.parent.mkdir(parents=True, exist_ok=True)
        try:
            copy_stdin(stdin or sys.stdin.buffer, paths.stdin)
            yield paths.stdin
        finally:
            with suppress(OSError):  # The next run with this output removes it.
                paths.stdin.unlink(missing_ok=True)

    def _note(self, outcome: Outcome | Stored, *, resumed: bool = False) -> None:
        """Count what became of a chunk, and tell who watches."""
        summary = self.summary
        summary.counts.add(outcome.counts)
        summary.resumed += outcome.counts.done if resumed else 0
        room = FAILURES_KEPT - len(summary.first_failures)
        summary.first_failures += outcome.first_failures[:room]
        summary.seconds = time.perf_counter() - self.started
        self.progress(summary)

    def _recall(self, manifest: Manifest) -> None:
        """Say again what a finished run had to say."""
        self.summary.counts = Counts.of(manifest["counts"])
        self.summary.total = self.summary.resumed = self.summary.counts.done
        self.summary.finished = True

    def _end(self, inputs: Inputs) -> None:
        inputs.confirm()
        if not self.summary.counts.done:
            raise _nothing(self.named)


def _looking(options: Options) -> Callable[[ArticleChunk, Note], Outcome]:
    """What a worker does with each chunk that is only to be read."""

    def look(chunk: ArticleChunk, note: Note) -> Outcome:
        outcome = Outcome()
        for at, entry in enumerate(chunk.entries):
            note(at, entry.id)
            found = entry if isinstance(entry, Failure) else entry.read(options.reading)
            if isinstance(found, Failure):
                outcome.fail(found)
            else:
                outcome.counts.articles += 1
        return outcome

    return look


def _print(data: bytes) -> None:
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def _nothing(inputs: Sequence[str]) -> InputError:
    return InputError("{inputs}: no article found", inputs=", ".join(inputs))
