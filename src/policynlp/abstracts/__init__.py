"""Abstracts of whole sentences: a learned ranker, then selection under a hard length limit.

Every sentence is measured in its article and again in its section (``ranker``). A logistic
model over those features and the words of the sentence says how likely an editor is to pick it
(also there; fitted on the picks of 160 articles, see ``training/fit_ranker.py``). An abstract is
the set of sentences that fits and has the greatest sum of probabilities less what its sentences
say twice (``select``), and whose sentences can stand without what is left out
(``coherence``). docs/experiments.md has what else was tried.
"""

from policynlp.abstracts.ranker import FEATURES, Ranker, lexicon_of, measure_sentences
from policynlp.abstracts.select import Limits, select
from policynlp.abstracts.sentences import Sentences, lay_out
from policynlp.abstracts.similarity import Cosines
from policynlp.abstracts.write import Abstracts, make_abstracts

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
    "measure_sentences",
    "select",
]
