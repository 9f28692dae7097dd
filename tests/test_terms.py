"""Vocabulary, counting and TF-IDF against scikit-learn's own."""

import random
from itertools import pairwise

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer

from policynlp.language.terms import (
    CHARACTER,
    Vocabulary,
    count_terms,
    inverse_document_frequency,
    pool,
    project,
    tf_idf,
)
from policynlp.language.words import normalise

TEXTS = [
    "槐阳市推进数字化改革，数字化平台覆盖37.2%的乡镇。",
    "临河县新开工项目12个，总投资3.6亿元，项目建设提速。",
    "研究团队攻克关键核心技术，ＡＩ芯片通过验证。",
    "",
    "临河县临河县临河县",
]


def _vocabulary() -> Vocabulary:
    terms = {term for text in TEXTS for term in count_terms(text)}
    return Vocabulary(sorted(terms, key=lambda term: (term.startswith(CHARACTER), term)))


def test_tf_idf_equals_scikit_learn() -> None:
    vocabulary = _vocabulary()
    counted = [count_terms(text) for text in TEXTS]
    theirs = TfidfVectorizer(
        analyzer=lambda counts: list(counts.elements()),
        vocabulary=vocabulary.ids,
        sublinear_tf=True,
    ).fit(counted)
    frequency = np.array([sum(term in c for c in counted) for term in vocabulary.terms])
    idf = inverse_document_frequency(frequency, len(TEXTS))
    np.testing.assert_allclose(idf, theirs.idf_, atol=1e-12)
    ours = project(tf_idf(vocabulary.count(counted), idf), np.eye(len(vocabulary)))
    np.testing.assert_allclose(ours, theirs.transform(counted).toarray(), atol=1e-12)


@pytest.mark.parametrize("text", TEXTS)
def test_locate_finds_what_count_counts(text: str) -> None:
    vocabulary = _vocabulary()
    found = vocabulary.locate(text)
    starts = found.word_starts.tolist()
    assert starts == sorted(set(starts))
    words = zip(found.words.tolist(), pairwise([*starts, len(text)]), strict=True)
    known = [(term, start, end) for term, (start, end) in words if term >= 0]
    known += [
        (term, place, place + 1)
        for term, place in zip(found.characters.tolist(), found.places.tolist(), strict=True)
    ]
    located = sorted(vocabulary.terms[term] for term, _, _ in known)
    assert located == sorted(count_terms(text).elements())
    for term, start, end in known:
        assert normalise(text)[start:end] == vocabulary.terms[term].removeprefix(CHARACTER)


def test_stop_words_are_told_apart_whether_they_are_terms_or_not() -> None:
    vocabulary = Vocabulary(["的", "项目"])
    found = vocabulary.locate("项目的和天")
    assert vocabulary.are_stop_words(found.words).tolist() == [False, True, True, False]


def test_pool_counts_equal_pairs_in_any_order() -> None:
    draw = random.Random(5)
    pairs = [(draw.randrange(4), draw.randrange(6)) for _ in range(60)]
    expected = np.zeros((5, 6))
    for row, term in pairs:
        expected[row, term] += 1
    rows, terms = np.array(pairs).T
    pooled = pool(rows, terms, 5, 6)
    counts, entries = pooled.counts, pooled.entries()
    np.testing.assert_array_equal(counts.rows[entries], rows)
    np.testing.assert_array_equal(counts.terms[entries], terms)
    np.testing.assert_array_equal(counts.values, np.bincount(entries))
    np.testing.assert_array_equal(project(counts, np.eye(6)), expected)
    assert counts.indptr[-1] == len(counts.terms)


def test_rows_without_terms_stay_zero() -> None:
    nothing = np.zeros(0, dtype=np.int64)
    counts = tf_idf(pool(nothing, nothing, 3, 4).counts, np.ones(4))
    np.testing.assert_array_equal(project(counts, np.ones((4, 2))), np.zeros((3, 2)))


def test_astral_characters_keep_their_place() -> None:
    vocabulary = Vocabulary(["字:县"])
    found = vocabulary.locate("😀𠮷县")
    assert found.places.tolist() == [2]
