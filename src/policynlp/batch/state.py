"""What a run has done, part by part, and how its output, failures and manifest come of it."""

import hashlib
import json
import shutil
from array import array
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import astuple, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Final, NamedTuple
from zlib import crc32

from policynlp.article import Failure
from policynlp.batch.manifest import (
    DONE,
    RUNNING,
    Manifest,
    differences,
    identity,
    manifest_at,
    note_counts,
    read_manifest,
    write_manifest,
)
from policynlp.batch.scoring import FAILURES_KEPT, Counts, Part, Result
from policynlp.batch.writers import Output, failure_header, failure_rows
from policynlp.errors import InputError, OutputError
from policynlp.files.atomic import remove_unfinished, whole_file, writing
from policynlp.files.output_paths import check_place, check_unasked
from policynlp.messages import ENGLISH
from policynlp.validation import check, one_of

_COPY: Final = 1 << 20
_SUM: Final = b" %08x\n"
_SUM_LENGTH: Final = 10


@dataclass(frozen=True, slots=True)
class Kept:
    """A part on the disk: its counts, its first failures, the lengths and sums of its pieces.

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


class Parts:
    """Parts by the numbers of their chunks, each a file that appears whole or not at all."""

    def __init__(self, folder: Path, run: str, language: str) -> None:
        """Use ``folder``, which need not exist, for a run with this hash, and for no other.

        Failures are listed in ``language``.
        """
        self._folder, self._run, self._language = folder, run, language

    def put(self, number: int, part: Part) -> Kept:
        """Keep the part of chunk ``number``."""
        failures = failure_rows(part.failures, self._language)
        pieces = (part.output, failures, json.dumps(part.ids).encode())
        first, second, third = map(len, pieces)
        kept = Kept(
            self._path(number),
            part.counts,
            part.first_failures,
            (first, second, third),
            (crc32(pieces[0]), crc32(pieces[1]), crc32(pieces[2])),
        )
        head = {
            "run": self._run,
            "counts": part.counts.as_record(),
            "first_failures": [astuple(failure) for failure in kept.first_failures],
            "lengths": kept.lengths,
            "sums": kept.sums,
        }
        line = json.dumps(head).encode()
        with whole_file(kept.path) as stream:
            stream.write(line + _SUM % crc32(line))
            for piece in pieces:
                stream.write(piece)
        return kept

    def get(self, number: int) -> Kept | None:
        """The part of chunk ``number``, if there is one of this run whose first line is whole."""
        path = self._path(number)
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
        if head["run"] != self._run:
            return None
        return Kept(path, counts, failures, (first, second, third), (sums[0], sums[1], sums[2]))

    def create(self) -> None:
        """Make the folder if it is not there."""
        with writing(self._folder):
            self._folder.mkdir(parents=True, exist_ok=True)

    def remove(self) -> None:
        """Remove all parts."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _path(self, number: int) -> Path:
        return self._folder / f"{number:06d}.part"


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


@dataclass(frozen=True, slots=True)
class Paths:
    """An output and what stands beside it."""

    out: Path

    @classmethod
    def of(cls, out: str) -> "Paths":
        """What stands beside the output ``out``."""
        return cls(Path(out))

    @property
    def failures(self) -> Path:
        """The list of articles without a result."""
        return self._beside(".failures.csv")

    @property
    def manifest(self) -> Path:
        """The manifest of the run."""
        return self._beside(".run.json")

    @property
    def parts(self) -> Path:
        """The folder of parts."""
        return self._beside(".parts")

    @property
    def stdin(self) -> Path:
        """The copy of standard input."""
        return self._beside(".stdin")

    def all(self) -> frozenset[str]:
        """All of them as absolute paths: they may stand in a folder of inputs."""
        paths = (self.out, self.failures, self.manifest, self.parts, self.stdin)
        return frozenset(str(path.absolute()) for path in paths)

    def check(self) -> None:
        """Raise ``OutputError`` now, not after hours, where no such files can be written."""
        check_place(self.out, self.failures, self.manifest)

    def _beside(self, suffix: str) -> Path:
        return self.out.with_name(self.out.name + suffix)


class Store:
    """The results of one run, some of which may be there from earlier."""

    def __init__(self, paths: Paths, manifest: Manifest, *, overwrite: bool) -> None:
        """Look at what there is.

        Raises ``OutputError`` where it comes of another run and must not be overwritten.
        """
        language = manifest["options"]["language"]
        self._paths, self._parts = paths, Parts(paths.parts, identity(manifest), language)
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
        self._parts.create()

    def get(self, number: int) -> Kept | None:
        """What there is of chunk ``number``, if it is whole."""
        kept = self._parts.get(number)
        return kept if kept and kept.is_whole else None

    @property
    def keep(self) -> Callable[[int, Part], Result]:
        """What keeps the part of a chunk, in any process."""
        return self._parts.put

    def finish(self, output: Output, chunks: int, counts: Counts) -> "Finished":
        """Put the parts of so many chunks together, and remove them.

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
        return Finished(found, first[:FAILURES_KEPT])

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
        self._parts.remove()

    def _join_failures(self, chunks: int) -> None:
        """List the failures; without any there is no list, nor an old one."""
        if not any(part.counts.failures for part in self._all(chunks)):
            with writing(self._paths.failures):
                self._paths.failures.unlink(missing_ok=True)
            return
        with whole_file(self._paths.failures) as stream:
            stream.write(failure_header(self.manifest["options"]["language"]))
            stream.writelines(data for part in self._all(chunks) for data in part.failures())

    def _all(self, chunks: int) -> Iterator[Kept]:
        for number in range(chunks):
            part = self._parts.get(number)
            if part is None:
                raise OutputError(
                    "{path}: part {number} is gone or damaged; "
                    "give the same command again: it goes on from here",
                    path=self._paths.parts,
                    number=number,
                )
            yield part


def run_of(out: Path) -> Manifest | None:
    """The manifest beside ``out``, if it is of the run that wrote ``out`` as it is."""
    paths = Paths(out)
    if not paths.manifest.exists():
        return None
    manifest = read_manifest(paths.manifest)
    written = manifest and manifest["status"] == DONE and manifest["output"] == digest_of(out)
    return manifest if written else None


def finished_run(path: Path) -> Manifest:
    """The manifest at ``path``; ``InputError`` if it is none, or of a run that is not finished."""
    try:
        manifest = manifest_at(path)
        check(manifest["status"], one_of(DONE))
    except (OSError, ValueError) as error:
        raise InputError(
            "{path}: is no manifest of a finished run ({error}); "
            "score writes OUT.run.json beside OUT",
            path=path,
            error=error,
        ) from error
    return manifest


class Finished(NamedTuple):
    """What is known only when all parts are there: repeated ids, the first failures."""

    repeated_ids: Repeats
    first_failures: list[Failure]


def about(manifest: Manifest, counts: Counts) -> list[tuple[str, object]]:
    """What a workbook says about its run: nothing that differs from one run to the next."""
    rows: list[tuple[str, object]] = [
        ("policynlp", manifest["policynlp"]),
        ("model", manifest["model"]["id"]),
        ("model sha256", manifest["model"]["sha256"]),
        ("files", manifest["inputs"]["files"]),
        ("inputs sha256", manifest["inputs"]["sha256"]),
        ("articles", counts.articles),
        ("failures", counts.failures),
        ("sections", counts.sections),
        *counts.themes.items(),
    ]
    options = json.dumps(manifest["options"], ensure_ascii=False)
    return [*rows, ("options", options)]


def digest_of(path: Path) -> dict[str, Any] | None:
    """Size and hash of a file, or ``None`` if there is none."""
    if not path.exists():
        return None
    with path.open("rb") as stream:
        return {
            "bytes": path.stat().st_size,
            "sha256": hashlib.file_digest(stream, "sha256").hexdigest(),
        }


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
