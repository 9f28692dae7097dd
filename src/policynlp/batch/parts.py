"""The folder of parts: what became of each chunk, kept until the output is whole."""

import json
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final
from zlib import crc32

from policynlp.article import Failure
from policynlp.batch.outputs import failure_rows
from policynlp.batch.scoring import Counts, Part
from policynlp.errors import OutputError
from policynlp.files import whole_file, writing

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

    def __init__(self, folder: Path, run: str) -> None:
        """Use ``folder``, which need not exist, for a run with this hash, and for no other."""
        self._folder, self._run = folder, run

    def put(self, number: int, part: Part) -> Kept:
        """Keep the part of chunk ``number``."""
        pieces = (part.output, failure_rows(part.failures), json.dumps(part.ids).encode())
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
            "first_failures": kept.first_failures,
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
