"""Vocabulary, counting and TF-IDF against scikit-learn's own."""

import random

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer

from policynlp.language.normalise import normalise
from policynlp.language.terms import (
    CHARACTER,
    Vocabulary,
    count_terms,
    inverse_document_frequency,
    pool,
    project,
    tf_idf,
)

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
    found, word_starts = vocabulary.locate(text, offset=7)
    assert word_starts.tolist() == sorted(set(word_starts.tolist()))
    located = sorted(vocabulary.terms[i] for i in found.terms)
    assert located == sorted(count_terms(text).elements())
    for term, start, length in zip(*(array.tolist() for array in found), strict=True):
        quoted = normalise(text)[start - 7 : start - 7 + length]
        assert quoted == vocabulary.terms[term].removeprefix(CHARACTER)


def test_pool_sums_equal_pairs_in_any_order() -> None:
    draw = random.Random(5)
    entries = [(draw.randrange(4), draw.randrange(6), draw.randrange(1, 9)) for _ in range(60)]
    expected = np.zeros((5, 6))
    for row, term, value in entries:
        expected[row, term] += value
    rows, terms, values = np.array(entries).T
    counts = pool(rows, terms, values.astype(float), 5, 6)
    np.testing.assert_array_equal(project(counts, np.eye(6)), expected)
    assert counts.indptr[-1] == len(counts.terms)


def test_rows_without_terms_stay_zero() -> None:
    nothing = np.zeros(0, dtype=np.int64)
    counts = tf_idf(pool(nothing, nothing, np.zeros(0), 3, 4), np.ones(4))
    np.testing.assert_array_equal(project(counts, np.ones((4, 2))), np.zeros((3, 2)))


def test_astral_characters_keep_their_place() -> None:
    vocabulary = Vocabulary(["字:县"])
    found, _ = vocabulary.locate("😀𠮷县")
    assert found.starts.tolist() == [2]
