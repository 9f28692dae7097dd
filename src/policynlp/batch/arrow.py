"""Scoring as a function over Arrow record batches, for engines that spread rows over machines.

Spark's ``mapInArrow`` takes it as it is; Dask, Ray and the like call it for each batch.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Final

from policynlp import __version__
from policynlp.article import Failure
from policynlp.batch.options import DEFAULT_OPTIONS, Options
from policynlp.batch.parquet import Table
from policynlp.batch.scoring import Load, Scorer, score_chunk
from policynlp.batch.writers import STDOUT, output_for
from policynlp.errors import ModelError
from policynlp.files.parquet import items_of
from policynlp.messages import speaking, spoken
from policynlp.workers import Chunk

PLACE: Final = "policynlp_place"
"""A column of the input that says where a row stands, which names a row without an id."""
FAILURE: Final = "failure"
"""The column of the result that is null for an article with a result."""
# Results are objects for a moment. 1,000 short articles take no less time than 256 and 30 MB more,
# of long ones a GB.
_BATCH: Final = 256

_scorers: dict[str, Scorer] = {}  # By the model's hash: a process loads each model once.


@dataclass(frozen=True, slots=True)
class ArrowScorer:
    """Turns record batches of articles into record batches of results and failures.

    It travels by pickle; ``load`` finds the model where it arrives. An article that fails is a
    row with its ``id`` and ``failure`` (place, stage, reason), and nothing else; reasons are
    given in ``messages``, the language spoken where it was made.
    """

    load: Load
    themes: tuple[str, ...]
    model_sha256: str
    options: Options
    version: str = __version__
    messages: str = field(default_factory=spoken)

    @classmethod
    def of(cls, load: Load, options: Options = DEFAULT_OPTIONS) -> "ArrowScorer":
        """Take what there is to know of the model that ``load`` gives here."""
        scorer = load()
        return cls(load, tuple(scorer.themes), scorer.model_sha256, options)

    @property
    def schema(self) -> Any:
        """The columns of the results, as Arrow has them."""
        import pyarrow as pa

        texts = [(each.name, pa.string()) for each in fields(Failure) if each.name != "id"]
        return self._table.schema().append(pa.field(FAILURE, pa.struct(texts)))

    def __call__(self, batches: Iterable[Any]) -> Iterator[Any]:
        """Score the articles of each of ``batches``; those that failed come last in theirs."""
        scorer, schema = self._scorer(), self.schema
        for batch in batches:
            for start in range(0, batch.num_rows, _BATCH):
                yield self._score(batch.slice(start, _BATCH), scorer, schema)

    def _score(self, batch: Any, scorer: Scorer, schema: Any) -> Any:
        import pyarrow as pa

        places = [""] * batch.num_rows
        if PLACE in batch.schema.names:
            places = batch.column(PLACE).to_pylist()
            batch = batch.drop_columns([PLACE])
        names = zip(places, places, strict=True)
        chunk = Chunk(0, list(items_of(batch, names, self.options.reading)))
        output = output_for(STDOUT, self.themes, self.options)  # Lines of JSON.
        with speaking(self.messages):
            outcome = score_chunk(chunk, scorer, output, self.options)
        rows = self._table.rows(outcome.output.splitlines()) + _failed(outcome.failures)
        return pa.RecordBatch.from_pylist(rows, schema)

    @property
    def _table(self) -> Table:
        return Table.of(self.themes, self.options)

    def _scorer(self) -> Scorer:
        """The model, which must be the same everywhere: parts are never of two."""
        if self.version != __version__:
            raise ModelError(
                "policynlp {here} is installed here, but the run is of {there}; install the same",
                here=__version__,
                there=self.version,
            )
        if self.model_sha256 not in _scorers:
            scorer = self.load()
            if scorer.model_sha256 != self.model_sha256:
                raise ModelError(
                    "the model {model} here is not the one of the run; bring the same folder",
                    model=scorer.model_id,
                )
            _scorers[self.model_sha256] = scorer
        return _scorers[self.model_sha256]


def _failed(failures: Sequence[Failure]) -> list[dict[str, Any]]:
    """Rows of articles without a result."""
    rows = (asdict(failure) for failure in failures)
    return [{"id": row.pop("id"), FAILURE: row} for row in rows]
