"""Abstracts of whole sentences: a learned ranker, then selection under a hard length limit.

Every sentence is measured in its article and again in its section (``features``). A logistic
model over those features and the words of the sentence says how likely an editor is to pick it
(``ranker``; fitted on the picks of 160 articles, see ``training/abstracts.py``). An abstract is
the set of sentences that fits and has the greatest sum of probabilities less what its sentences
say twice (``selection``), and whose sentences can stand without what is left out
(``coherence``). docs/experiments.md has what else was tried.
"""

from policynlp.analysis.abstracts.assembly import Abstracts, make_abstracts
from policynlp.analysis.abstracts.features import FEATURES, measure
from policynlp.analysis.abstracts.ranker import Ranker, lexicon_of
from policynlp.analysis.abstracts.selection import Limits, select
from policynlp.analysis.abstracts.sentences import Sentences, lay_out
from policynlp.analysis.abstracts.words import Cosines

__all__ = [
    "FEATURES",
    "Abstracts",
    "Cosines",
    "Limits",
    "Ranker",
    "Sentences",
    "lay_out",
    "lexicon_of",
    "make_abstracts",
    "measure",
    "select",
]
