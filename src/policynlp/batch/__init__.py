"""Many articles from files to a file, each of them accounted for."""

from policynlp.batch.manifest import drift_of
from policynlp.batch.merge import merge
from policynlp.batch.options import Options, Shard
from policynlp.batch.outputs import OUTPUT_SUFFIXES, check_output
from policynlp.batch.run import Summary, look, score
from policynlp.batch.scoring import Counts, Scorer
from policynlp.batch.store import Paths, finished_run, run_of

__all__ = [
    "OUTPUT_SUFFIXES",
    "Counts",
    "Options",
    "Paths",
    "Scorer",
    "Shard",
    "Summary",
    "check_output",
    "drift_of",
    "finished_run",
    "look",
    "merge",
    "run_of",
    "score",
]
