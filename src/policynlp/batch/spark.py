"""Scoring where an archive already lies: on the executors of a Spark cluster."""

import atexit
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial, reduce
from pathlib import Path
from typing import Any, Final

import policynlp
from policynlp.article import Failure
from policynlp.batch.arrow import FAILURE, PLACE, ArrowScorer
from policynlp.batch.options import DEFAULT_OPTIONS, Options
from policynlp.batch.run import Summary
from policynlp.batch.scoring import FAILURES_KEPT, Counts, Scorer
from policynlp.errors import InputError, OutputError
from policynlp.files.input_records import find_columns
from policynlp.model import default_folder

Open = Callable[[Path], Scorer]

# The first version of Hadoop's FileOutputCommitter, whatever the cluster's default: a task's files
# stay in a folder of the attempt until the whole job is committed. The second one moves them when
# their task ends, so that a driver that dies leaves some of them in the output.
_COMMITTER: Final = ("mapreduce.fileoutputcommitter.algorithm.version", "1")
# Shares of the work for each core: a lost or slow executor costs little. Parquet files are read a
# row group at a time, and many writers put a million rows into one.
_SHARES: Final = 4


def scored_frame(
    frame: Any,
    folder: Path | None = None,
    *,
    options: Options = DEFAULT_OPTIONS,
    open: Open = policynlp.load,
) -> Any:
    """The results and failures of the articles in a Spark data frame, as one of Arrow's.

    The model in ``folder``, by default the bundled one, travels once to each executor, where
    ``open`` loads it once for each Python process.
    """
    from pyspark.sql.pandas.types import from_arrow_schema

    find_columns(tuple(frame.columns), options.reading.columns)
    folder = folder or default_folder()
    scorer = ArrowScorer.of(partial(open, folder), options)
    archive = f"policynlp-model-{scorer.model_sha256[:16]}"
    _ship(frame.sparkSession.sparkContext, folder, archive)
    there = replace(scorer, load=partial(_open_shipped, archive, open))
    return _spread(frame).mapInArrow(there, from_arrow_schema(scorer.schema))


def score(
    spark: Any,
    inputs: Sequence[str],
    out: str,
    folder: Path | None = None,
    *,
    options: Options = DEFAULT_OPTIONS,
    open: Open = policynlp.load,
    overwrite: bool = False,
) -> Summary:
    """Score Parquet files or folders into the folder ``out``, failures into another beside it.

    ``out`` has all its parts when its ``_SUCCESS`` is there; a run that ends before it begins anew.
    """
    from pyspark import StorageLevel

    started = time.perf_counter()
    files = _Files(spark)
    files.check(inputs, out, overwrite=overwrite)
    frames = [scored_frame(files.read(path), folder, options=options, open=open) for path in inputs]
    # Scored once, though results and failures are written one after the other.
    scored = reduce(lambda one, other: one.union(other), frames).persist(StorageLevel.DISK_ONLY)
    try:
        summary = _summary(scored)
        if not summary.counts.done:
            raise InputError("{inputs}: no article found", inputs=", ".join(inputs))
        if summary.counts.failures:
            _write(_failures(scored), failures_of(out), overwrite=True)
        # Last, so that a whole output has all its failures beside it.
        _write(scored.where(f"{FAILURE} is null").drop(FAILURE), out, overwrite=overwrite)
        if not summary.counts.failures:
            files.remove(failures_of(out))
    finally:
        scored.unpersist()
    summary.seconds = time.perf_counter() - started
    return summary


def failures_of(out: str) -> str:
    """The folder with the articles of ``out`` that have no result."""
    return f"{out}.failures"


def _open_shipped(archive: str, open: Open) -> Scorer:
    """On an executor: load the model that was shipped as ``archive``."""
    from pyspark import SparkFiles

    return open(Path(SparkFiles.get(archive)))


def _ship(context: Any, folder: Path, archive: str) -> None:
    """Let every executor have the model, unpacked, before its first task."""
    if any(sent.endswith(f"#{archive}") for sent in context.listArchives):
        return
    temporary = Path(tempfile.mkdtemp())
    # Executors may come and ask for it until the session ends.
    atexit.register(shutil.rmtree, temporary, ignore_errors=True)
    packed = shutil.make_archive(str(temporary / archive), "zip", folder)
    context.addArchive(f"{packed}#{archive}")


def _spread(frame: Any) -> Any:
    """``frame`` in shares for all cores; one that has as many is left as it is."""
    shares = _SHARES * frame.sparkSession.sparkContext.defaultParallelism
    return frame if frame.rdd.getNumPartitions() >= shares else frame.repartition(shares)


def _summary(scored: Any) -> Summary:
    """Count what became of the articles, for which all of them are scored."""
    from pyspark.sql import functions

    themes = scored.schema["sections"].dataType.elementType["probabilities"].dataType.names
    tags = functions.flatten(functions.transform("sections", lambda section: section["themes"]))

    def sections_with(theme: str) -> Any:
        return functions.array_size(functions.filter(tags, lambda tag: tag["theme"] == theme))

    row = scored.agg(
        functions.count_if(functions.col(FAILURE).isNull()),
        functions.count(FAILURE),
        functions.count_if(functions.array_size("warnings") > 0),
        *(
            functions.sum(one)
            for one in (functions.array_size("sections"), *map(sections_with, themes))
        ),
    ).first()
    articles, failures, warned, sections, *numbers = (number or 0 for number in row)
    by_theme = Counter(dict(zip(themes, numbers, strict=True)))
    counts = Counts(articles, failures, warned, sections, by_theme)
    first = _failures(scored).take(FAILURES_KEPT) if failures else []
    return Summary(counts, total=counts.done, first_failures=[Failure(*row) for row in first])


def _failures(scored: Any) -> Any:
    return scored.where(f"{FAILURE} is not null").select("id", f"{FAILURE}.*")


def _write(frame: Any, out: str, *, overwrite: bool = False) -> None:
    mode = "overwrite" if overwrite else "error"
    frame.write.mode(mode).option(*_COMMITTER).parquet(out)


@dataclass(frozen=True, slots=True)
class _Files:
    """The file systems that Spark sees, whose paths may have a scheme: ``hdfs://…``."""

    spark: Any

    def check(self, inputs: Sequence[str], out: str, *, overwrite: bool) -> None:
        """Raise an error now, not after hours, where inputs are missing or ``out`` must stay."""
        targets = [f"{self._path(path)}/" for path in (out, failures_of(out))]
        for path in inputs:
            if not self._system(path).exists(self._path(path)):
                raise InputError("{path}: there is no such file or folder", path=path)
            read = f"{self._path(path)}/"
            if any(t.startswith(read) or read.startswith(t) for t in targets):
                raise InputError("{path}: is one of the inputs; choose another output", path=out)
        if self._system(out).exists(self._path(out)) and not overwrite:
            raise OutputError("{path}: is there already; --overwrite replaces it", path=out)

    def read(self, path: str) -> Any:
        """The rows of a file or folder, each with its place: its file's path and its number."""
        from pyspark.sql import functions

        found = self._path(path)
        root = found.getParent() if self._system(path).isFile(found) else found
        # Spark gives an address, in which some characters are escaped, but no plus.
        place = functions.expr("url_decode(replace(_metadata.file_path, '+', '%2B'))")
        place = functions.regexp_replace(place, "^[^:/]+:(//[^/]*)?", "")
        place = functions.substr(place, functions.lit(len(root.toUri().getPath()) + 2))
        number = functions.expr("_metadata.row_index + 1")
        reader = self.spark.read.options(mergeSchema=True, recursiveFileLookup=True)
        return reader.parquet(path).select(
            "*", functions.concat_ws(":", place, number).alias(PLACE)
        )

    def remove(self, path: str) -> None:
        """Remove a folder, if there is one."""
        self._system(path).delete(self._path(path), True)

    def _system(self, path: str) -> Any:
        configuration = self.spark.sparkContext._jsc.hadoopConfiguration()
        return self._hadoop_path(path).getFileSystem(configuration)

    def _path(self, path: str) -> Any:
        return self._system(path).makeQualified(self._hadoop_path(path))

    def _hadoop_path(self, path: str) -> Any:
        return self.spark.sparkContext._jvm.org.apache.hadoop.fs.Path(path)
