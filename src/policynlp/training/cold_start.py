"""A new theme from few labels: which paragraphs of unlabelled articles to read next.

The first rows are found by weak labels, from seed terms, the definition and what occurs with
them; later rows by what was labelled so far. Terms serve this search alone: the model learns from
the labels, and its words stay as they are. docs/experiments.md has what was measured.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import scipy.sparse as sp
from sklearn.cluster import KMeans
from sklearn.decomposition import TruncatedSVD
from sklearn.linear_model import LogisticRegression

from policynlp.corpus.dataset import Flags, build_dataset, folds
from policynlp.corpus.labelled import LabelledSection
from policynlp.errors import CorpusError
from policynlp.language.terms import CHARACTER, Floats, Ints, Vocabulary
from policynlp.language.words import stop_words, words
from policynlp.model import VIEWS
from policynlp.training.classifiers import N_FOLDS, VIEW_SCALES, classifier, feature_matrix

USUAL_SHARE: Final = 0.07  # of paragraphs that have a theme, before anything is known
# By score from the top: how far a band reaches, in shares of paragraphs with the theme, and
# its part of the rows. The last is drawn from all that is left.
_BANDS: Final = ((0.5, 0.25), (1.5, 0.4), (4.0, 0.25), (np.inf, 0.1))
_LEAST_SHARE, _MOST_SHARE = 0.02, 0.2
_N_TOPICS: Final = 60
_DEFINED: Final = 0.03  # the paragraphs that are taken to be about a definition
_UNMATCHED_WEIGHT: Final = 0.2
_DEFINITION_WEIGHT: Final = 0.5
_LEAST_KNOWN: Final = 4  # of either kind, in four folds of five
_MOST_WORDS: Final = 5


class Seeds(NamedTuple):
    """What a user says of a theme before a single label."""

    theme: str
    definition: str
    terms: tuple[str, ...]

    def matched(self, text: str) -> list[str]:
        """Return which of the terms, or the theme's name, occur in ``text``."""
        folded = text.casefold()
        return [t for t in dict.fromkeys((*self.terms, self.theme)) if t.casefold() in folded]


class Pool(NamedTuple):
    """Paragraphs to choose from, as the classifiers read them and by their topics.

    ``sections`` [paragraphs] numbers each one's section in ``corpus``; ``terms`` [paragraphs,
    features] are the classifiers' views; ``topics`` [paragraphs, topics] have length 1.
    """

    corpus: Sequence[LabelledSection]
    vocabulary: Vocabulary
    sections: Ints
    fold: Ints
    terms: sp.csr_matrix
    topics: Floats

    @property
    def features(self) -> sp.csr_matrix:
        """Terms and topics side by side, of equal length: [paragraphs, features + topics].

        Topics let few labels speak for words that they do not hold: rows found so gave F1 0.655
        instead of 0.640 on news and 0.679 instead of 0.658 on features (docs/experiments.md).
        """
        length = float(np.sqrt(sum(scale**2 for scale in VIEW_SCALES.values())))
        return sp.hstack([self.terms, length * self.topics], format="csr")


class Scores(NamedTuple):
    """How likely paragraphs have the theme: [paragraphs], and by which terms: [features]."""

    scores: Floats
    coefficients: Floats


def make_pool(corpus: Sequence[LabelledSection], vocabulary: Vocabulary, idf: Floats) -> Pool:
    """Weigh the paragraphs of ``corpus`` and find their topics.

    Topics are latent semantic ones (Deerwester et al., "Indexing by latent semantic analysis",
    1990), learned from these paragraphs.
    """
    data = build_dataset(corpus, (), vocabulary, idf)
    terms = feature_matrix(data, len(vocabulary))
    n_topics = min(_N_TOPICS, *(n - 1 for n in terms.shape))
    if n_topics < 1:
        raise CorpusError("the articles hold too little text to choose from; name more")
    topics = TruncatedSVD(n_topics, random_state=0).fit_transform(terms)
    lengths = np.linalg.norm(topics, axis=1, keepdims=True)
    sections = data.structure.sections
    return Pool(
        corpus,
        vocabulary,
        sections,
        folds(data.articles, N_FOLDS)[sections],
        terms,
        topics / np.maximum(lengths, np.finfo(float).tiny),
    )


def weak_scores(pool: Pool, seeds: Seeds) -> Scores:
    """Score paragraphs by what occurs with seed terms and the words of the definition.

    Paragraphs with a term, under a heading with one, or most like the definition are taken to
    have the theme, all others not to have it, at a fifth of the weight; each is scored by a
    classifier that learned from other articles. Raises ``CorpusError`` where too few match.
    """
    defined = _likeness(pool, seeds)
    matches = np.array(
        [
            bool(seeds.matched(p.text) or seeds.matched(section.heading_text))
            for section in pool.corpus
            for p in section.paragraphs
        ]
    )
    least = max(np.quantile(defined, 1 - _DEFINED), np.finfo(float).tiny)
    weak = matches | (defined >= least)
    all_rows = np.ones(len(weak), dtype=bool)
    if not learnable(pool, weak, all_rows):
        raise CorpusError(
            "seed terms and definition fit {n} of {total} paragraphs, which is too "
            "few or too many to tell the theme by; name other terms or more articles",
            n=weak.sum(),
            total=len(weak),
        )
    weights = np.where(weak, 1.0, _UNMATCHED_WEIGHT)
    found = crossed_scores(pool, weak, all_rows, weights)
    likely = _standard(found.scores) + _DEFINITION_WEIGHT * _standard(defined)
    return Scores(likely, found.coefficients)


def learnable(pool: Pool, holds: Flags, known: Flags) -> bool:
    """Say whether each fold's classifier would know enough paragraphs of both kinds."""
    others = [known & (pool.fold != held) for held in range(N_FOLDS)]
    counts = [min((holds & rows).sum(), (~holds & rows).sum()) for rows in others]
    return bool(min(counts) >= _LEAST_KNOWN)


def crossed_scores(pool: Pool, holds: Flags, known: Flags, weights: Floats | None = None) -> Scores:
    """Score paragraphs by a classifier a fold of articles, learned from ``known`` ones.

    Labelled paragraphs have the value of the classifier that did not see their article, others
    the mean of all. What is known must be :func:`learnable`.
    """
    features, n_terms = pool.features, pool.terms.shape[1]
    weights = np.ones(len(holds)) if weights is None else weights
    scores, coefficients = [], []
    for held in range(N_FOLDS):
        rows = (known & (pool.fold != held)).nonzero()[0]
        machine = classifier(features[rows], holds[rows], weights[rows])
        scores.append(machine.decision_function(features))
        coefficients.append(machine.coef_[0, :n_terms])
    own = np.choose(pool.fold, scores)
    mean: Floats = np.mean(coefficients, axis=0)
    return Scores(np.where(known, own, np.mean(scores, axis=0)), mean)


def share_above(scores: Floats) -> float:
    """Estimate which part of the paragraphs has the theme, within what is usual.

    By the threshold of greatest F1 instead, the second sheet serves as well.
    """
    return float(np.clip((scores > 0).mean(), _LEAST_SHARE, _MOST_SHARE))


def choose_rows_to_label(
    pool: Pool, scores: Floats, n_rows: int, *, share: float, taken: Flags, seed: int = 0
) -> list[int]:
    """Choose ``n_rows`` paragraphs that are not ``taken``, by score and unlike each other.

    Each band of scores, likely ones, doubtful ones, hard and easy negatives, gives its part,
    the paragraph in the middle of each of as many clusters of topics; the last band's are
    random (Xu et al., "Representative sampling for text classification using support vector
    machines", 2003). ``share`` is the part of paragraphs that may have the theme. They come
    mixed, so that a sheet that is filled in half has some of each.
    """
    ranked = np.argsort(-scores, kind="stable")
    draw = np.random.default_rng(seed)
    chosen: list[int] = []
    begin, parts = 0, 0.0
    for reach, part in _BANDS:
        end = round(min(1.0, reach * share) * len(ranked))
        band = ranked[begin:end][~taken[ranked[begin:end]]]
        parts += part
        wanted = round(parts * n_rows) - len(chosen)
        if len(band) <= wanted:
            chosen += band.tolist()
        elif end == len(ranked):
            chosen += draw.choice(band, wanted, replace=False).tolist()
        else:
            chosen += _middles(pool.topics, band, wanted, seed)
        begin = end
    return draw.permutation(chosen).tolist()  # type: ignore[no-any-return]


def telling_words(pool: Pool, coefficients: Floats, row: int) -> list[str]:
    """Return the words of a paragraph that raised its score most, the strongest first."""
    own = pool.terms[[row], : len(pool.vocabulary)]
    raised = own.data * coefficients[own.indices]
    terms = [pool.vocabulary.terms[i] for i in own.indices[np.argsort(-raised, kind="stable")]]
    n_raised = int((raised > 0).sum())
    return [t for t in terms[:n_raised] if len(t) > 1 and not t.startswith(CHARACTER)][:_MOST_WORDS]


def probabilities(scores: Floats, holds: Flags, known: Flags) -> Floats:
    """Return what scores mean by the labelled paragraphs, which are no fair sample of all."""
    fitted = LogisticRegression().fit(scores[known, None], holds[known])
    found: Floats = fitted.predict_proba(scores[:, None])[:, 1]
    return found


def _middles(topics: Floats, band: Ints, wanted: int, seed: int) -> list[int]:
    """Return the paragraph in the middle of each of ``wanted`` clusters of ``band``."""
    if not wanted:
        return []
    apart = KMeans(wanted, n_init=1, max_iter=20, random_state=seed).fit_transform(topics[band])
    cluster, nearest = apart.argmin(axis=1), apart.min(axis=1)
    order = np.lexsort((nearest, cluster))
    _, first = np.unique(cluster[order], return_index=True)
    return band[order[first]].tolist()  # type: ignore[no-any-return]


def _likeness(pool: Pool, seeds: Seeds) -> Floats:
    """Sum the weights of the definition's words in each paragraph and its section."""
    found = {w for w in words(seeds.theme + "，" + seeds.definition) if len(w) > 1}
    ids = [pool.vocabulary.ids[w] for w in found - stop_words() if w in pool.vocabulary.ids]
    asked = np.zeros(len(pool.vocabulary))
    asked[ids] = 1.0
    by_view = [asked if view != "heading" else asked * 0 for view in VIEWS]
    likeness: Floats = pool.terms @ np.concatenate(by_view)
    return likeness


def _standard(scores: Floats) -> Floats:
    spread = scores.std()
    standard: Floats = (scores - scores.mean()) / (spread or 1.0)
    return standard
