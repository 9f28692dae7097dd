"""What one would use without this package. Each imports its own library, in its own function.

Three kinds: ``TIMED`` take a text, as ``analyze`` does; ``LEARNERS`` learn themes from cut
paragraphs; ``RANKERS`` order given sentences, the most important first.
"""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from benchmarks.figures import Floats
from benchmarks.texts import written_sections

Flags = NDArray[np.bool_]
Words = Sequence[Sequence[str]]
Work = Callable[[str], object]
Decide = Callable[[Words], Floats]  # cut paragraphs -> scores [paragraphs, themes]
Learn = Callable[[Words, Flags], Decide]
Rank = Callable[[Sequence[str]], Sequence[int]]
Peer = TypeVar("Peer")

SUMMARY_SENTENCES = 5  # what LexRank and SnowNLP are asked for; ours has 200 characters


def make(makers: Mapping[str, Callable[[], Peer]]) -> tuple[dict[str, Peer], dict[str, str]]:
    """The peers that are installed, and why the others are missing."""
    made, missing = {}, {}
    for name, maker in makers.items():
        try:
            made[name] = maker()
        except ImportError as error:
            missing[name] = str(error)
    return made, missing


def cutter() -> Callable[[str], list[str]]:
    import jieba

    jieba.setLogLevel("WARNING")
    return jieba.lcut


# --- A text, as analyze takes it ----------------------------------------------------------


def themes() -> Work:
    """What a user would write for the themes: jieba, TF-IDF, one-vs-rest regression."""
    cut = cutter()
    labelled = [p for record in written_sections() for p in record["paragraphs"]]
    names = sorted({theme for p in labelled for theme in p["themes"]})
    holds = np.array([[theme in p["themes"] for theme in names] for p in labelled])
    decide = logistic_regression()([cut(p["text"]) for p in labelled], holds)
    return lambda text: decide([cut(p) for p in text.splitlines() if p.strip()])


def themes_one_by_one() -> Work:
    """The same, asked for one paragraph after the other."""
    tag = themes()
    return lambda text: [tag(paragraph) for paragraph in text.splitlines() if paragraph.strip()]


def lexrank_summary() -> Work:
    from sumy.nlp.tokenizers import Tokenizer
    from sumy.parsers.plaintext import PlaintextParser
    from sumy.summarizers.lex_rank import LexRankSummarizer

    tokenizer, rank, read = Tokenizer("chinese"), LexRankSummarizer(), PlaintextParser.from_string
    return lambda text: rank(read(text, tokenizer).document, SUMMARY_SENTENCES)


def snownlp_summary() -> Work:
    from snownlp import SnowNLP

    return lambda text: SnowNLP(text).summary(SUMMARY_SENTENCES)


BATCHED, SINGLE = "jieba + TF-IDF + LogisticRegression", "the same, a call a paragraph"
LEXRANK, SNOWNLP = "sumy LexRank", "SnowNLP summary"
TIMED = {BATCHED: themes, SINGLE: themes_one_by_one}
TIMED |= {LEXRANK: lexrank_summary, SNOWNLP: snownlp_summary}


# --- Learners of themes -------------------------------------------------------------------

# Settings were chosen for the peers by cross-validation on the whole corpus: macro-F1 for C of
# the SVM 0.1, 0.3, 1, 3: 0.796, 0.808, 0.807, 0.800; of the regression 1, 3, 10, 30: 0.782, 0.798,
# 0.804, 0.804; for alpha of naive Bayes 0.01, 0.1, 0.3, 1: 0.734, 0.712, 0.641, 0.502.


def tf_idf(classifier: Any, score: str) -> Learn:
    """TF-IDF of words and one classifier a theme, whose method ``score`` says how sure it is."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.multiclass import OneVsRestClassifier
    from sklearn.pipeline import make_pipeline

    def learn(words: Words, holds: Flags) -> Decide:
        vectorizer = TfidfVectorizer(analyzer=list)
        model = make_pipeline(vectorizer, OneVsRestClassifier(classifier))
        return getattr(model.fit(words, holds.astype(int)), score)

    return learn


def linear_svc() -> Learn:
    from sklearn.svm import LinearSVC

    return tf_idf(LinearSVC(), "decision_function")


def logistic_regression() -> Learn:
    from sklearn.linear_model import LogisticRegression

    return tf_idf(LogisticRegression(C=10.0), "predict_proba")


def complement_naive_bayes() -> Learn:
    from sklearn.naive_bayes import ComplementNB

    return tf_idf(ComplementNB(alpha=0.01), "predict_proba")


def fast_text() -> Learn:
    """FastText, supervised, one against all, of words and pairs of words."""
    import fasttext

    settings = {"loss": "ova", "wordNgrams": 2, "epoch": 25, "lr": 0.5, "bucket": 200_000}
    settings |= {"thread": 1, "verbose": 0}

    def line(words: Sequence[str]) -> str:
        return " ".join(" ".join(words).split())

    def learn(words: Words, holds: Flags) -> Decide:
        # A paragraph without a label would be passed over, hence "none".
        names = [
            [f"__label__{i}" for i in np.flatnonzero(row)] or ["__label__none"] for row in holds
        ]
        rows = (f"{' '.join(own)} {line(each)}\n" for own, each in zip(names, words, strict=True))
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "train.txt")
            path.write_text("".join(rows), encoding="utf-8")
            model = fasttext.train_supervised(str(path), **settings)

        def decide(words: Words) -> Floats:
            scores = np.zeros((len(words), holds.shape[1]))
            found = zip(*model.predict([line(each) for each in words], k=-1), strict=True)
            for row, (labels, values) in zip(scores, found, strict=True):
                by_label = dict(zip(labels, values, strict=True))
                row[:] = [by_label.get(f"__label__{i}", 0.0) for i in range(len(row))]
            return scores

        return decide

    return learn


PLAIN = "jieba + TF-IDF + LinearSVC"
LEARNERS = {PLAIN: linear_svc, BATCHED: logistic_regression}
LEARNERS |= {"complement naive Bayes": complement_naive_bayes, "fastText": fast_text}


# --- Rankers of sentences -----------------------------------------------------------------


def sumy_ranker(module: str, name: str) -> Rank:
    """A summarizer of sumy, with its own stop words, on sentences as they are given."""
    from sumy.models.dom import ObjectDocumentModel, Paragraph, Sentence
    from sumy.nlp.tokenizers import Tokenizer
    from sumy.utils import get_stop_words

    cutter()  # sumy cuts with the same jieba, which would tell about its dictionary
    tokenizer = Tokenizer("chinese")
    summarize = getattr(import_module(f"sumy.summarizers.{module}"), name)()
    summarize.stop_words = get_stop_words("chinese")

    def rank(sentences: Sequence[str]) -> Sequence[int]:
        order: list[int] = []

        def keep(infos: Sequence[Any]) -> Sequence[Any]:  # sumy asks it which of the ranked to keep
            order.extend(info.order for info in infos)
            return infos

        paragraph = Paragraph([Sentence(sentence, tokenizer) for sentence in sentences])
        summarize(ObjectDocumentModel([paragraph]), keep)
        return order

    return rank


def snownlp_ranker() -> Rank:
    from snownlp import normal, seg
    from snownlp.summary.textrank import TextRank

    def rank(sentences: Sequence[str]) -> Sequence[int]:
        ranked = TextRank([normal.filter_stop(seg.seg(sentence)) for sentence in sentences])
        ranked.solve()
        return ranked.top_index(len(sentences))

    return rank


_SUMY = {
    "LexRank": ("lex_rank", "LexRankSummarizer"),
    "TextRank": ("text_rank", "TextRankSummarizer"),
    "LSA": ("lsa", "LsaSummarizer"),
    "Luhn": ("luhn", "LuhnSummarizer"),
    "SumBasic": ("sum_basic", "SumBasicSummarizer"),
    "KL": ("kl", "KLSummarizer"),
}
RANKERS: dict[str, Callable[[], Rank]] = {
    **{f"sumy {name}": partial(sumy_ranker, *where) for name, where in _SUMY.items()},
    "SnowNLP": snownlp_ranker,
}
