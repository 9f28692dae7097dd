"""The folder of parts: what became of each chunk, kept until the output is whole."""

import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from policynlp.article import Failure
from policynlp.batch.files import unwritable, whole_file
from policynlp.batch.outputs import failure_rows
from policynlp.batch.scoring import Counts, Part

_COPY: Final = 1 << 20
_MARK: Final = "begun"


@dataclass(frozen=True, slots=True)
class Kept:
    """A part on the disk: its counts, its first failures, and how long its three pieces are."""

    path: Path
    counts: Counts
    first_failures: Sequence[Failure]
    lengths: tuple[int, int, int]

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
        with self.path.open("rb") as stream:
            stream.readline()
            stream.seek(sum(self.lengths[:number]), 1)
            yield from copied(stream, self.lengths[number])


class Parts:
    """Parts by the numbers of their chunks, each a file that appears whole or not at all."""

    def __init__(self, folder: Path, run: str) -> None:
        """Use ``folder``, which need not exist, for a run with this hash, and for no other."""
        self._folder, self._run = folder, run

    def put(self, number: int, part: Part) -> Kept:
        """Keep the part of chunk ``number``."""
        pieces = (part.output, failure_rows(part.failures), json.dumps(part.ids).encode())
        head = {
            "run": self._run,
            "counts": part.counts.as_record(),
            "first_failures": part.first_failures,
            "lengths": list(map(len, pieces)),
        }
        with whole_file(self._path(number)) as stream:
            stream.write(json.dumps(head).encode() + b"\n")
            for piece in pieces:
                stream.write(piece)
        lengths = (len(pieces[0]), len(pieces[1]), len(pieces[2]))
        return Kept(self._path(number), part.counts, part.first_failures, lengths)

    def get(self, number: int) -> Kept | None:
        """The part of chunk ``number``, if it is there and whole."""
        path = self._path(number)
        try:
            with path.open("rb") as stream:
                line = stream.readline()
                head: dict[str, Any] = json.loads(line)
            counts = Counts.of(head["counts"])
            failures = [Failure(*failure) for failure in head["first_failures"]]
            output, failed, ids = head["lengths"]
        except (OSError, ValueError, KeyError, TypeError):
            return None
        if head["run"] != self._run or path.stat().st_size != len(line) + output + failed + ids:
            return None
        return Kept(path, counts, failures, (output, failed, ids))

    @contextmanager
    def begun(self, number: int) -> Iterator[None]:
        """Leave a mark while a chunk is scored, which stays only where the process dies of it."""
        mark = self._folder / _MARK
        try:
            mark.write_text(str(number), encoding="ascii")
        except OSError as error:
            raise unwritable(mark, error) from error
        try:
            yield
        finally:
            mark.unlink(missing_ok=True)

    def suspect(self) -> int | None:
        """The chunk during which an earlier process died, if one did."""
        try:
            return int((self._folder / _MARK).read_text(encoding="ascii"))
        except (OSError, ValueError):
            return None

    def create(self) -> None:
        """Make the folder if it is not there."""
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
