"""What is done of a run, chunk by chunk on the disk, and how its output and failures come of it."""

import json
import shutil
from array import array
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import astuple, dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import IO, Any, Final, NamedTuple
from zlib import crc32

from policynlp.article import Failure
from policynlp.batch.manifest import (
    DONE,
    RUNNING,
    Manifest,
    Paths,
    about,
    differences,
    digest_of,
    identity,
    note_counts,
    read_manifest,
    write_manifest,
)
from policynlp.batch.scoring import FAILURES_KEPT, ArticleChunk, Counts, Outcome
from policynlp.batch.writers import Output, failure_header, failure_rows
from policynlp.errors import OutputError
from policynlp.files.atomic import remove_unfinished, whole_file, writing
from policynlp.files.items import Item
from policynlp.files.output_paths import check_unasked
from policynlp.messages import ENGLISH
from policynlp.workers import Begin, Note

_COPY: Final = 1 << 20
_SUM: Final = b" %08x\n"
_SUM_LENGTH: Final = 10


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of a chunk, on the disk: counts, first failures, lengths and sums of its pieces.

    The sums are CRC-32, which no damage to 32 bits in a row leaves as they were. The line before
    the three pieces ends in its own.
    """

    path: Path
    counts: Counts
    first_failures: Sequence[Failure]
    lengths: tuple[int, int, int]
    sums: tuple[int, int, int]

    @property
    def is_whole(self) -> bool:
        """Whether all pieces are as they were written."""
        try:
            return all(sum(map(len, self._piece(number))) >= 0 for number in range(3))
        except (OSError, OutputError):
            return False

    def output(self) -> Iterator[bytes]:
        """The output, some at a time."""
        return self._piece(0)

    def failures(self) -> Iterator[bytes]:
        """The rows of the list of failures."""
        return self._piece(1)

    def ids(self) -> list[str]:
        """The ids of all its articles."""
        ids: list[str] = json.loads(b"".join(self._piece(2)))
        return ids

    def _piece(self, number: int) -> Iterator[bytes]:
        """A piece; an ``OutputError`` at its end where it is not as it was written."""
        found = 0
        with self.path.open("rb") as stream:
            stream.readline()
            stream.seek(sum(self.lengths[:number]), 1)
            for data in copied(stream, self.lengths[number]):
                found = crc32(data, found)
                yield data
        if found != self.sums[number]:
            raise OutputError(
                "{path}: was damaged since it was written; "
                "give the same command again: it makes this part anew",
                path=self.path,
            )


def store(folder: Path, run: str, number: int, outcome: Outcome, language: str) -> Stored:
    """Keep what became of chunk ``number``, in a file that appears whole or not at all.

    It is of the run with the hash ``run``, and of no other; failures are listed in ``language``.
    """
    failures = failure_rows(outcome.failures, language)
    pieces = (outcome.output, failures, json.dumps(outcome.ids).encode())
    first, second, third = map(len, pieces)
    stored = Stored(
        _part(folder, number),
        outcome.counts,
        outcome.first_failures,
        (first, second, third),
        (crc32(pieces[0]), crc32(pieces[1]), crc32(pieces[2])),
    )
    head = {
        "run": run,
        "counts": outcome.counts.as_record(),
        "first_failures": [astuple(failure) for failure in stored.first_failures],
        "lengths": stored.lengths,
        "sums": stored.sums,
    }
    line = json.dumps(head).encode()
    with whole_file(stored.path) as stream:
        stream.write(line + _SUM % crc32(line))
        for piece in pieces:
            stream.write(piece)
    return stored


def find_stored(folder: Path, run: str, number: int) -> Stored | None:
    """What :func:`store` has kept, if there is a file whose first line is whole."""
    path = _part(folder, number)
    try:
        with path.open("rb") as stream:
            whole = stream.readline()
        line = whole[:-_SUM_LENGTH]
        if whole[-_SUM_LENGTH:] != _SUM % crc32(line):
            return None
        head: dict[str, Any] = json.loads(line)
        counts = Counts.of(head["counts"])
        failures = [Failure(*failure) for failure in head["first_failures"]]
        first, second, third = head["lengths"]
        sums = head["sums"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if head["run"] != run:
        return None
    return Stored(path, counts, failures, (first, second, third), (sums[0], sums[1], sums[2]))


def _part(folder: Path, number: int) -> Path:
    return folder / f"{number:06d}.part"


def storing(
    begin: Begin[Item | Failure, Outcome], folder: Path, run: str, language: str
) -> Callable[[ArticleChunk, Note], Stored]:
    """What a worker does that keeps itself what it has done, so that none of it can be lost."""
    work = begin()
    return lambda chunk, note: store(folder, run, chunk.number, work(chunk, note), language)


def copied(stream: IO[bytes], length: int) -> Iterator[bytes]:
    """The next ``length`` bytes of ``stream``, some at a time."""
    while length and (data := stream.read(min(length, _COPY))):
        length -= len(data)
        yield data


_EXAMPLES: Final = 5


class Repeats(NamedTuple):
    """How many ids occur more than once, and some of them with how often they do."""

    number: int = 0
    examples: tuple[tuple[str, int], ...] = ()


def find_repeats(read: Callable[[], Iterator[list[str]]]) -> Repeats:
    """Look for repeated ids in all lists that ``read`` gives, which is called twice at most.

    Only hashes are remembered, 8 bytes an id: a million ids themselves would take 100 MB.
    """
    import numpy as np

    hashes = array("q")
    for ids in read():
        hashes.extend(map(hash, ids))
    ordered = np.asarray(hashes, np.int64)
    ordered.sort()
    again = ordered[1:][ordered[1:] == ordered[:-1]]
    # What np.unique does, which imports numpy.ma for it: 12 ms at the end of every run.
    repeated = np.concatenate((again[:1], again[1:][again[1:] != again[:-1]]))
    if not len(repeated):
        return Repeats()
    some = set(repeated[:_EXAMPLES].tolist())
    found = Counter(id for ids in read() for id in ids if hash(id) in some)
    return Repeats(len(repeated), tuple(found.items()))


class State:
    """What is done of one run, maybe by earlier calls, and how its output comes of it."""

    def __init__(self, paths: Paths, manifest: Manifest, *, overwrite: bool) -> None:
        """Look at what there is.

        Raises ``OutputError`` where it comes of another run and must not be overwritten.
        """
        self._paths, self._run = paths, identity(manifest)
        self._language: str = manifest["options"]["language"]
        self.manifest = manifest
        self.finished = self._goes_on = False
        try:
            self._compare(read_manifest(paths.manifest))
        except OutputError:
            if not overwrite:
                raise
        if self.finished and overwrite:
            self.finished, self.manifest = False, manifest

    def _compare(self, earlier: Manifest | None) -> None:
        out = self._paths.out
        if earlier is None:
            check_unasked(out, self._paths.failures, self._paths.parts, overwrite=False)
            return
        different = differences(earlier, self.manifest)
        if different:
            raise OutputError(
                "{path}: an earlier run had {different}; --overwrite begins anew",
                path=out,
                different=different,
            )
        if earlier["status"] == RUNNING:
            self._goes_on = True
            self.manifest["started"] = earlier["started"]
            # All reasons of failures are in one language, that in which the run began.
            self.manifest["messages"] = earlier.get("messages", ENGLISH)
        elif out.exists():
            if digest_of(out) != earlier["output"]:
                raise OutputError(
                    "{path}: was changed since it was written; --overwrite scores it again",
                    path=out,
                )
            self.finished, self.manifest = True, earlier

    def begin(self) -> None:
        """Make ready to keep results, and forget those of other runs."""
        out = self._paths.out
        with writing(out):
            out.parent.mkdir(parents=True, exist_ok=True)
            if out.exists():
                out.open("r+b").close()  # Fails now, not after hours, where Excel has it open.
        remove_unfinished(out, self._paths.failures, self._paths.manifest)
        if not self._goes_on:
            self.tidy()
        self.manifest.setdefault("started", _now())
        write_manifest(self._paths.manifest, self.manifest)
        with writing(self._paths.parts):
            self._paths.parts.mkdir(parents=True, exist_ok=True)

    def get(self, number: int) -> Stored | None:
        """What became of chunk ``number``, if that is there and whole."""
        stored = find_stored(self._paths.parts, self._run, number)
        return stored if stored and stored.is_whole else None

    def keeping(self, begin: Begin[Item | Failure, Outcome]) -> Begin[Item | Failure, Stored]:
        """What workers do who keep here what they do by ``begin``."""
        return partial(storing, begin, self._paths.parts, self._run, self._language)

    def finish(self, output: Output, chunks: int, counts: Counts) -> tuple[Repeats, list[Failure]]:
        """Put together what became of so many chunks; the repeated ids and the first failures.

        The manifest says that the run is done only when everything else is on the disk.
        """
        found = find_repeats(lambda: (part.ids() for part in self._all(chunks)))
        first = [failure for part in self._all(chunks) for failure in part.first_failures]
        self._join_failures(chunks)
        with whole_file(self._paths.out) as stream:
            if output.assemble:
                whole = (b"".join(part.output()) for part in self._all(chunks))
                output.assemble(stream, whole, about(self.manifest, counts))
            else:
                stream.write(output.opening)
                stream.writelines(data for part in self._all(chunks) for data in part.output())
        note_counts(self.manifest, counts)
        self.manifest |= {
            "repeated_ids": found._asdict(),
            "output": digest_of(self._paths.out),
        }
        if self.manifest["shard"]:
            self.manifest["pieces"] = [part.lengths[:2] for part in self._all(chunks)]
            self.manifest["failures"] = digest_of(self._paths.failures)
        return found, first[:FAILURES_KEPT]

    def close(self, seconds: float, resumed: int) -> None:
        """Say that all is done, and remove what is no longer needed."""
        self.manifest |= {
            "status": DONE,
            "resumed": resumed,
            "finished": _now(),
            "seconds": round(seconds, 1),
        }
        write_manifest(self._paths.manifest, self.manifest)
        self.tidy()

    def tidy(self) -> None:
        """Remove the parts, which a run that was killed at its very end has left."""
        shutil.rmtree(self._paths.parts, ignore_errors=True)

    def _join_failures(self, chunks: int) -> None:
        """List the failures; without any there is no list, nor an old one."""
        if not any(part.counts.failures for part in self._all(chunks)):
            with writing(self._paths.failures):
                self._paths.failures.unlink(missing_ok=True)
            return
        with whole_file(self._paths.failures) as stream:
            stream.write(failure_header(self.manifest["options"]["language"]))
            stream.writelines(data for part in self._all(chunks) for data in part.failures())

    def _all(self, chunks: int) -> Iterator[Stored]:
        for number in range(chunks):
            part = find_stored(self._paths.parts, self._run, number)
            if part is None:
                raise OutputError(
                    "{path}: part {number} is gone or damaged; "
                    "give the same command again: it goes on from here",
                    path=self._paths.parts,
                    number=number,
                )
            yield part


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
