"""What is to be scored: the articles of the inputs, which of them count, and their chunks."""

import hashlib
import json
import random
import stat
from array import array
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import IO, Final, NamedTuple

from policynlp.article import Failure
from policynlp.batch.options import Options, Shard
from policynlp.errors import InputError, UsageError
from policynlp.files.atomic import unwritable
from policynlp.files.find import STDIN, InputFile, find_inputs
from policynlp.files.items import InputArticle, Item
from policynlp.files.read import find_items
from policynlp.messages import say
from policynlp.workers import Chunk

# Loss and idle workers grow with a chunk, the cost of keeping one (a file, 1 to 10 ms) does not.
# A short run has small chunks, so that all workers have some; a long one has few files. The last
# ones are smaller: one of two workers was idle for 60 ms at the end of 3,000 articles.
_SMALLEST: Final = 256 << 10
_LARGEST: Final = 2 << 20
_GROWTH: Final = 16
_SMALLEST_LAST: Final = 96 << 10
_LAST: Final = 4  # of what is left a chunk is at most one part in so many
_MOST_HELD: Final = 128 << 20  # of all shares of a chunk, of which a shard keeps its own
# An article costs about as much as so many bytes of text, however short it is.
_FIXED: Final = 1500
_READ: Final = 1 << 20


class Survey(NamedTuple):
    """What there is to do, and a hash that changes with any byte of the inputs.

    ``size`` is that of all articles, as chunks are measured.
    """

    files: int
    bytes: int
    sha256: str
    articles: int
    size: int
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Inputs:
    """The articles in the files, folders and globs of ``named`` but for the files in ``skip``.

    ``stdin`` is a copy of standard input, which can be read as often as the files; without it
    ``stream`` is read, which can be read once.
    """

    named: Sequence[str]
    options: Options
    skip: Collection[str] = ()
    stdin: Path | None = None
    stream: IO[bytes] | None = None
    _seen: "_Seen" = field(default_factory=lambda: _Seen())

    def files(self) -> Iterator[InputFile]:
        """The files, in order; what does not exist is an error at once.

        So is what is not as it was the first time: each pass must find the same.
        """
        return self._seen.as_before(find_inputs(self.named, skip=self.skip))

    def confirm(self) -> None:
        """Raise ``InputError`` that names the first file which has changed since it was read."""
        self._seen.confirm(find_inputs(self.named, skip=self.skip))

    def entries(self) -> Iterator[Item | Failure]:
        """Every article, in order, found but not read."""
        with ExitStack() as stack:
            stdin = stack.enter_context(self.stdin.open("rb")) if self.stdin else self.stream
            yield from find_items(self.files(), self.options.reading, stdin=stdin)

    def chosen(self, articles: int | None = None) -> Iterator[Item | Failure]:
        """The entries that the options choose, of so many as :meth:`survey` has found."""
        if articles is None and self.options.sample is not None:
            if STDIN in self.named and not self.stdin:
                raise UsageError("a sample of standard input needs a file to go to, not -")
            articles = sum(1 for _ in self.entries())
        chosen = _chosen(self.entries(), self.options, articles or 0)
        return chosen if articles is None else _all(chosen, how_many(self.options, articles))

    def size(self) -> int:
        """The size of all articles, as chunks are measured."""
        return sum(map(_size, self.entries()))

    def survey(self, *, columns: bool = False) -> Survey:
        """Look at everything once; ``columns`` names the ones that tables keep."""
        digest, files, n_bytes = hashlib.sha256(), 0, 0
        for file in self.files():
            files += 1
            n_bytes += _hash(file, self.stdin, digest)
        kept: dict[str, None] = {}
        articles = size = 0
        for entry in self.entries():
            articles += 1
            size += _size(entry)
            # A page has no columns, and is not to be read here, where nobody watches.
            if columns and isinstance(entry, Item) and not isinstance(entry.content, Path):
                found = entry.read(self.options.reading)
                if isinstance(found, InputArticle):
                    kept.update(dict.fromkeys(found.record.kept))
        return Survey(files, n_bytes, digest.hexdigest(), articles, size, tuple(kept))


class _Seen:
    """What files are like when they are first come across, by which a change is noticed.

    Eight bytes a file are kept, a hash of its id, size and times: two runs over what others still
    write would else end as if nothing were missing.
    """

    def __init__(self) -> None:
        self._states, self._complete = array("q"), False

    def as_before(self, files: Iterator[InputFile]) -> Iterator[InputFile]:
        """``files``, each looked at before it is given."""
        number = 0
        for number, file in enumerate(files, 1):
            self._look(number, file)
            yield file
        if number < len(self._states):
            raise _changed(say("one of the inputs"))
        self._complete = True

    def confirm(self, files: Iterator[InputFile]) -> None:
        """Look at all of them again that were given."""
        if self._complete:
            for _ in self.as_before(files):
                pass
            return
        for number, file in enumerate(islice(files, len(self._states)), 1):
            self._look(number, file)

    def _look(self, number: int, file: InputFile) -> None:
        state = hash((file.id, *_look_of(file.path)))
        if number > len(self._states) and not self._complete:
            self._states.append(state)
        elif number > len(self._states) or self._states[number - 1] != state:
            raise _changed(file.place)


def _look_of(path: Path | None) -> tuple[int, ...]:
    """What changes with a file's content: on Windows the last number does not, the others do."""
    if path is None:
        return ()
    try:
        found = path.stat()
    except OSError as error:
        return (-(error.errno or 1),)
    if not stat.S_ISREG(found.st_mode):
        return ()
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns


def _changed(place: str) -> InputError:
    return InputError(
        "{place}: was changed, added or removed during the run, which is therefore not done; when "
        "nothing changes any more give the same command again: it says if it needs --overwrite",
        place=place,
    )


def make_chunks(
    entries: Iterable[Item | Failure],
    shard: Shard | None = None,
    *,
    total: int | None = None,
    single: bool = False,
) -> Iterator[Chunk[Item | Failure]]:
    """Cut ``entries``, whose sizes sum to ``total`` if that is known, always at the same places.

    A shard has its share of each chunk, which is so much larger, so that its chunks, too, have
    a fair size and all of them together the order of the inputs. ``single`` makes a chunk of
    every article.
    """
    number, of = shard or (1, 1)
    chunk: list[Item | Failure] = []
    seen = size = count = 0
    for entry in entries:
        chunk.append(entry)
        size += _size(entry)
        enough = of * _enough(seen // of, None if total is None else total // of)
        if single or size >= min(enough, _MOST_HELD):
            yield Chunk(count, _share(chunk, number, of))
            seen += size
            count += 1
            chunk, size = [], 0
    if chunk:
        yield Chunk(count, _share(chunk, number, of))


def _size(entry: Item | Failure) -> int:
    return _FIXED + (entry.size if isinstance(entry, Item) else 0)


def _enough(seen: int, total: int | None) -> int:
    """How large the next chunk must be, of so much of which so much was seen."""
    enough = min(_LARGEST, max(_SMALLEST, seen // _GROWTH))
    return enough if total is None else min(enough, max(_SMALLEST_LAST, (total - seen) // _LAST))


def _share(chunk: list[Item | Failure], number: int, of: int) -> list[Item | Failure]:
    return chunk[len(chunk) * (number - 1) // of : len(chunk) * number // of]


def how_many(options: Options, articles: int) -> int:
    """How many of ``articles`` the options choose, over all shards."""
    wanted = (n for n in (options.limit, options.sample, articles) if n is not None)
    return min(wanted)


def _chosen(
    entries: Iterator[Item | Failure], options: Options, articles: int
) -> Iterator[Item | Failure]:
    if options.limit is not None:
        articles = min(articles, options.limit)
        entries = islice(entries, options.limit)
    if options.sample is not None and options.sample < articles:
        places = set(random.Random(0).sample(range(articles), options.sample))
        entries = (entry for place, entry in enumerate(entries) if place in places)
    return entries


def _all(entries: Iterator[Item | Failure], expected: int) -> Iterator[Item | Failure]:
    """``entries``, which must be as many as were found before."""
    left = expected
    for entry in entries:
        left -= 1
        yield entry
    if left:
        raise _changed(say("one of the inputs"))


def _hash(file: InputFile, stdin: Path | None, digest: "hashlib._Hash") -> int:
    """Add a file's id and content to ``digest``; its size, or 0 if it cannot be read."""
    path = file.path or stdin
    assert path is not None
    digest.update(json.dumps([file.id]).encode())
    if file.is_stream:  # Finding its articles is a failure that says why.
        return 0
    own, size = hashlib.sha256(), 0
    try:
        with path.open("rb") as stream:
            while data := stream.read(_READ):
                own.update(data)
                size += len(data)
    except OSError:  # Reading it again is a failure that says why.
        own.update(b"unreadable")
    digest.update(own.digest())
    return size


def copy_stdin(stream: IO[bytes], path: Path) -> None:
    """Keep standard input, which comes only once."""
    try:
        path.unlink(missing_ok=True)  # It may be a link to another file.
        with path.open("wb") as copy:
            while data := stream.read(_READ):
                copy.write(data)
    except OSError as error:
        raise unwritable(path, error) from error
