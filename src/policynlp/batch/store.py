"""Where a run keeps what it has done, and how its output, failures and manifest come of it."""

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

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
from policynlp.batch.outputs import Output, failure_header
from policynlp.batch.parts import Kept, Parts
from policynlp.batch.repeats import Repeats, find_repeats
from policynlp.batch.scoring import FAILURES_KEPT, Counts, Part, Result
from policynlp.destinations import check_place, check_unasked
from policynlp.errors import InputError, OutputError
from policynlp.fields import check, one_of
from policynlp.files import remove_unfinished, whole_file, writing
from policynlp.messages import ENGLISH


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
        self._paths, self._parts = paths, Parts(paths.parts, identity(manifest))
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
            stream.write(failure_header())
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
