"""What a run is asked for: all of it changes the output, none of it how the work is shared."""

from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

from policynlp.article import AbstractLimits
from policynlp.files.items import Reading

DEFAULT_LIMITS = AbstractLimits()
DEFAULT_READING = Reading()


class Shard(NamedTuple):
    """The ``number``-th (from 1 on) of ``of`` equal shares of the inputs."""

    number: int
    of: int


@dataclass(frozen=True, slots=True)
class Options:
    """How a batch reads, scores and writes.

    ``limit`` takes the first articles, ``sample`` so many from all over, the same every time;
    ``language`` is that of the names of columns and of warnings about articles.
    """

    limits: AbstractLimits = DEFAULT_LIMITS
    reading: Reading = field(default=DEFAULT_READING)
    with_text: bool = False
    language: str = "en"
    limit: int | None = None
    sample: int | None = None
    shard: Shard | None = None

    def as_record(self) -> dict[str, Any]:
        """The options as JSON has them, without the shard."""
        record = asdict(self)
        record["reading"]["columns"] = dict(self.reading.columns)
        del record["shard"]
        return record


DEFAULT_OPTIONS = Options()
