"""Many articles from files to a file, each of them accounted for."""

from policynlp.batch.outputs import OUTPUT_SUFFIXES, failures_path, output_kind
from policynlp.batch.run import Scorer, Summary, score

__all__ = ["OUTPUT_SUFFIXES", "Scorer", "Summary", "failures_path", "output_kind", "score"]
