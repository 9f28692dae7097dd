"""Many articles from files to a file, each of them accounted for.

``run`` leads them, and a ``Summary`` counts them. ``Inputs`` (``inputs``) finds the articles, looks
at all of them once (a ``Survey``) and cuts them into chunks, always at the same places. Worker
processes (``policynlp.workers``) take the chunks: ``scoring`` reads each article, has the model
analyze it and an ``Output`` (``writers``, ``parquet``) write it. What becomes of a
chunk is an ``Outcome``: its output, failures, ids and counts. The worker puts it on the disk as
``Stored``, and the ``State`` of the run (``state``) tells what is there, also after a stop. When
all chunks are, it joins them to the output, lists the failures and says in the manifest
(``manifest``) what was made of what. ``merge`` joins the outputs of shards in the same way.

Beside that way, ``digest`` asks workers for analyses and writes main points, and ``arrow`` does
what a worker does where ``spark`` and other engines spread the articles.
"""

from policynlp.batch.manifest import Paths, drift_of, finished_run, run_of
from policynlp.batch.merge import merge
from policynlp.batch.options import Options, Shard
from policynlp.batch.run import Summary, look, score
from policynlp.batch.scoring import Counts, Scorer
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
