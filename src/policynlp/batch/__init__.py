"""Many articles from files to a file, each of them accounted for."""

from policynlp.batch.manifest import drift_of
from policynlp.batch.merge import merge
from policynlp.batch.options import Options, Shard
from policynlp.batch.run import Summary, look, score
from policynlp.batch.scoring import Counts, Scorer
from policynlp.batch.state import Paths, finished_run, run_of
from policynlp.batch.writers import OUTPUT_SUFFIXES, check_output

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
