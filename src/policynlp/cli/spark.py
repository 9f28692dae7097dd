"""``score --engine spark``: the same command for an archive on a cluster."""

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from policynlp.cli.arguments import loader
from policynlp.errors import InputError, OutputError, UsageError

if TYPE_CHECKING:
    from policynlp.batch import Options, Summary

LOCAL, SPARK = ENGINES = ("local", "spark")
_PARQUET: Final = ".parquet"
# Spark gives its Python rows in batches, by default of 10,000, which for long articles is a GB.
_SETTINGS: Final = {
    "spark.sql.execution.arrow.maxRecordsPerBatch": "1000",
    "spark.sql.session.timeZone": "UTC",
}


def check_engine(args: argparse.Namespace) -> None:
    """Stop where a command asks for what its engine does not do."""
    if args.engine == LOCAL:
        if args.master:
            raise UsageError("--master is for --engine spark")
        return
    asked = {
        "--merge": args.merge,
        "--shard": args.shard,
        "--jobs": args.jobs != 1,
        "--limit": args.limit,
        "--sample": args.sample,
        "--dry-run": args.dry_run,
        "--format": args.format,
    }
    for option, given in asked.items():
        if given:
            raise UsageError("{option} does not go with --engine spark", option=option)
    wrong = [path for path in args.inputs if not _may_be_parquet(path)]
    if not args.output.lower().endswith(_PARQUET):
        wrong = [args.output]
    if wrong:
        raise UsageError("{path}: --engine spark reads and writes .parquet only", path=wrong[0])


def _may_be_parquet(path: str) -> bool:
    """Whether a path may be a Parquet file, or a folder of such: one with a dot ends in /."""
    return path.endswith("/") or (path != "-" and Path(path).suffix.lower() in ("", _PARQUET))


def score_on_spark(args: argparse.Namespace, options: "Options") -> "Summary":
    """Score as ``args`` and ``options`` ask, on the cluster at ``args.master``."""
    from policynlp.batch.spark import score

    session = _session(args)
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException

    folder = Path(args.model) if args.model else None
    try:
        return score(
            session,
            args.inputs,
            args.output,
            folder,
            options=options,
            open=loader(args),
            overwrite=args.overwrite,
        )
    except (PySparkException, Py4JError) as error:
        raise OutputError(
            "{path}: Spark stopped: {reason}; the same command begins anew",
            path=args.output,
            reason=_reason(error),
        ) from error
    finally:
        session.stop()


def _session(args: argparse.Namespace) -> Any:
    """A session on the cluster, or on the one that spark-submit or Spark's settings name."""
    from pyspark.errors import PySparkException
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.appName("policynlp").config(map=_SETTINGS)
    builder = builder.config("spark.ui.showConsoleProgress", str(not args.quiet).lower())
    if args.master:
        builder = builder.master(args.master)
        if args.master.startswith("local"):
            # Spark would take the first python3 of the path, which may know no policynlp.
            os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    try:
        session = builder.getOrCreate()
    except PySparkException as error:
        raise InputError(
            "Spark did not start: {reason}; it needs Java 17 or newer and a --master that answers",
            reason=_reason(error),
        ) from error
    session.sparkContext.setLogLevel("ERROR" if args.quiet else "WARN")
    return session


def _reason(error: Exception) -> str:
    """What Spark says first, for traces go on for a page; Java's error says more than py4j's."""
    text = str(getattr(error, "java_exception", error))
    return text.strip().partition("\n")[0].rstrip(".") or repr(error)
