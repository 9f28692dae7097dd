"""Abstracts: what is measured, what is chosen, what can be fitted."""

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import chain, combinations
from pathlib import Path

import numpy as np
import pytest

from policynlp.abstracts import (
    FEATURES,
    Cosines,
    Limits,
    Ranker,
    Sentences,
    lay_out,
    lexicon_of,
    make_abstracts,
    measure_sentences,
    select,
)
from policynlp.article import AbstractLimits, Article, Paragraph, Section, Span
from policynlp.corpus.picks import PickedArticle
from policynlp.errors import CorpusError, ModelError
from policynlp.evaluation.abstracts import longest_common, picks_f1, rouge, tokens
from policynlp.language.term_index import lay_out as lay_out_terms
from policynlp.language.terms import Floats, Vocabulary, count_terms, inverse_document_frequency
from policynlp.results import Abstract
from policynlp.training.fit_ranker import (
    Rows,
    build_rows,
    fit_ranker,
    read_rows,
    read_words,
    write_corpus,
)

CORPUS = Path(__file__).parents[1] / "corpus" / "abstracts"
TITLE = "清溪县加快建设数字港口"
LEAD = [
    ["清溪县数字港口一期工程12日开工，计划投资3.5亿元，建成后年吞吐量将提高40%。"],
    [
        "县长在开工仪式上说，港口是清溪通江达海的门户。",
        "该项目由县交通投资公司承建，工期18个月。",
        "当天还下着小雨。",
    ],
]
FISHING = [
    [
        "为渔民办实事。",
        "在柳叶湾渔村，渔民用上了数字平台，卖鱼不再靠等。",
        "“去年我家卖了2万斤鱼。",
        "今年还要更多。”",
    ],
    ["今年以来，全县数字平台已服务渔民1.2万人次，鲜鱼销售额同比增长23%。"],
]


def divided(*sections: list[list[str]], run_in: str = "") -> Article:
    """Lay sections of paragraphs of sentences out as an article, a paragraph a line."""
    text, found = "", []
    for section in sections:
        start, paragraphs = len(text), []
        for sentences in section:
            begin = len(text)
            ends = begin + np.cumsum([len(sentence) for sentence in sentences])
            spans = tuple(map(Span, [begin, *ends[:-1].tolist()], ends.tolist()))
            head = [span for span, each in zip(spans, sentences, strict=True) if each == run_in]
            text += "".join(sentences)
            paragraphs.append(Paragraph(begin, len(text), spans, head[0] if head else None))
            text += "\n"
        found.append(Section(None, 0, start, len(text), tuple(paragraphs)))
    return Article(text, tuple(found), title=TITLE)


def measured(article: Article) -> tuple[Sentences, Vocabulary]:
    spans = [s for part in article.sections for p in part.paragraphs for s in p.sentences]
    rows = [count_terms(article.text[start:end]) for start, end in spans]
    title = count_terms(article.title)
    words = sorted({t for row in [*rows, title] for t in row if not t.startswith("字:")})
    vocabulary = Vocabulary(words)
    frequency = np.array([sum(word in row for row in rows) for word in words])
    idf = inverse_document_frequency(frequency, len(rows))
    layout = lay_out_terms([article], vocabulary)
    return lay_out(layout, idf, [vocabulary.word_ids(article.title)]), vocabulary


def ranker(sentences: Sentences, **weights: float) -> Ranker:
    """Rank by the given features alone; a sentence without any is picked one time in twenty."""
    named = [weights.get(name, 0.0) for name in FEATURES]
    return Ranker(np.array([-3.0, *named]), np.zeros(len(sentences.idf)))


def abstract(article: Article, limits: AbstractLimits, **weights: float) -> Abstract:
    sentences, _ = measured(article)
    return make_abstracts(sentences, ranker(sentences, **weights), limits)[0].article


def alike(rows: Floats) -> Callable[[Sequence[int]], Cosines]:
    """Say how alike sentences are that have dense rows of words."""
    scaled = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    table = (scaled @ scaled.T).tolist()
    return lambda sentences: Cosines(table, sentences)


# --- Measuring ----------------------------------------------------------------------------


def feature(sentences: Sentences, name: str) -> list[float]:
    features = measure_sentences(sentences, np.zeros(len(sentences.idf)))
    column: list[float] = features[:, FEATURES.index(name)].round(6).tolist()
    return column


def test_features_tell_place_length_and_form() -> None:
    sentences, _ = measured(divided(LEAD))
    assert feature(sentences, "first") == [1, 0, 0, 0]
    assert feature(sentences, "first_paragraph") == [1, 0, 0, 0]
    assert feature(sentences, "last_paragraph") == [0, 1, 1, 1]
    assert feature(sentences, "under_20") == [0, 0, 0, 1]
    assert feature(sentences, "percent") == [1, 0, 0, 0]
    assert feature(sentences, "large_number") == [1, 0, 0, 0]
    assert feature(sentences, "figure_share") == [0.5] * 4
    assert feature(sentences, "log_sentences") == pytest.approx([np.log(4)] * 4, abs=1e-6)
    lengths = [len(sentence) for sentence in chain(*LEAD)]
    share = lengths[0] / sum(lengths)
    assert feature(sentences, "paragraph_share") == pytest.approx([share] + [1 - share] * 3, 1e-5)


def test_features_of_words_count_distinct_words_by_idf() -> None:
    article = divided([["港口开工。", "港口扩建。", "天气晴朗。"]])
    article = replace(article, title="港口")
    sentences, vocabulary = measured(article)
    idf = dict(zip(vocabulary.terms, sentences.idf.tolist(), strict=True))
    assert feature(sentences, "repeated_terms") == pytest.approx(
        [idf["港口"] / 50, idf["港口"] / 50, 0], abs=1e-6
    )
    assert feature(sentences, "new_terms") == [1, 0.5, 1]
    expected = [idf["港口"] / (idf["港口"] + idf[other]) for other in ("开工", "扩建")]
    assert feature(sentences, "title_precision") == pytest.approx([*expected, 0], abs=1e-6)


def test_words_weigh_by_the_lexicon() -> None:
    sentences, vocabulary = measured(divided([["港口开工。", "天气晴朗。"]]))
    weights = lexicon_of({"港口": 2.0, "不在": 1.0}, vocabulary.terms)
    column = measure_sentences(sentences, weights)[:, FEATURES.index("words")]
    assert column.tolist() == pytest.approx([2.0 / np.sqrt(2), 0.0])  # two words of equal idf


def test_each_sentence_is_measured_in_its_article_and_its_section() -> None:
    whole = measured(divided(LEAD, [], FISHING))[0]
    features = measure_sentences(whole, np.zeros(len(whole.idf)))
    assert features.shape == (2 * 9, len(FEATURES))
    assert np.isfinite(features).all()
    first = FEATURES.index("first")
    assert features[:, first].nonzero()[0].tolist() == [0, 9, 9 + 4]
    z_length = features[:, FEATURES.index("z_length")]
    for unit in (slice(0, 9), slice(9, 13), slice(13, 18)):
        assert z_length[unit].mean() == pytest.approx(0, abs=1e-9)
        assert z_length[unit].std() == pytest.approx(1, abs=1e-6)


def test_a_section_is_measured_as_if_it_were_alone() -> None:
    whole = measured(divided(LEAD, FISHING))[0]
    alone, vocabulary = measured(divided(LEAD))
    assert len(whole.idf) > len(alone.idf)
    same = [FEATURES.index(name) for name in ("first", "paragraph_share", "z_length", "z_figures")]
    rows = measure_sentences(whole, np.zeros(len(whole.idf)))[9:13]
    assert np.allclose(rows[:, same], measure_sentences(alone, np.zeros(len(vocabulary)))[:, same])


# --- Selection ----------------------------------------------------------------------------


def value(chosen: tuple[int, ...], scores: list[float], cosines: Floats) -> float:
    pairs = combinations(chosen, 2)
    overlap = sum(scores[i] * scores[j] * cosines[i, j] for i, j in pairs)
    return sum(scores[i] for i in chosen) - float(overlap)


@pytest.mark.parametrize("seed", range(20))
def test_selection_is_exact_where_few_sentences_fit(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = 9
    scores, lengths = rng.random(n).tolist(), rng.integers(10, 90, n).tolist()
    words = alike((rng.random((n, 12)) < 0.3).astype(float))
    limits = Limits(150, 4)
    sets = chain.from_iterable(combinations(range(n), size) for size in range(5))
    allowed = [s for s in sets if sum(lengths[i] for i in s) <= 150]
    cosines = np.array(words(range(n)).table)
    best = max(value(s, scores, cosines) for s in allowed)
    chosen = select(scores, lengths, words, limits)
    assert value(tuple(chosen), scores, cosines) == pytest.approx(best)
    assert chosen == sorted(chosen)


@pytest.mark.parametrize("max_chars", [None, 0, 1, 40, 150, 700, 5000])
@pytest.mark.parametrize("max_sentences", [None, 0, 1, 3, 30])
def test_limits_hold_whatever_the_length(max_chars: int | None, max_sentences: int | None) -> None:
    rng = np.random.default_rng(7)
    n = 80
    scores, lengths = rng.random(n).tolist(), rng.integers(0, 90, n).tolist()
    words = alike((rng.random((n, 50)) < 0.6).astype(float))
    chosen = select(scores, lengths, words, Limits(max_chars, max_sentences))
    assert chosen == sorted(set(chosen))
    assert all(lengths[i] for i in chosen)
    assert sum(lengths[i] for i in chosen) <= (sum(lengths) if max_chars is None else max_chars)
    assert len(chosen) <= (n if max_sentences is None else max_sentences)
    if max_chars == 700 and max_sentences is None:  # however alike the sentences are
        assert sum(lengths[i] for i in chosen) > 0.9 * max_chars


def test_a_repeated_sentence_gives_way_to_another() -> None:
    words = alike(np.array([[1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 1, 1]], dtype=float))
    assert select([0.9, 0.9, 0.5], [40, 40, 40], words, Limits(80)) == [0, 2]


def test_ties_go_to_the_earlier_sentence() -> None:
    words = alike(np.eye(30))
    assert select([0.5] * 30, [20] * 30, words, Limits(60)) == [0, 1, 2]
    assert select([0.5] * 30, [20] * 30, words, Limits(None, 9)) == list(range(9))


# --- Abstracts ----------------------------------------------------------------------------


def test_an_abstract_quotes_whole_sentences_in_source_order() -> None:
    article = divided(LEAD, FISHING)
    sentences, _ = measured(article)
    (found,) = make_abstracts(
        sentences, ranker(sentences, percent=3.0, first=2.0), AbstractLimits(100, 2, 60)
    )
    assert found.article.text == LEAD[0][0] + FISHING[1][0]
    assert len(found.sections) == 2
    for each, limit in zip((found.article, *found.sections), (100, 60, 60), strict=True):
        assert 0 < len(each.text) <= limit
        assert each.text == "".join(article.text[s.start : s.end] for s in each.sentences)
        starts = [s.start for s in each.sentences]
        assert starts == sorted(starts)
    assert found.sections[0].sentences[-1].end <= article.sections[0].end
    assert found.sections[1].sentences[0].start >= article.sections[1].start


def test_white_space_around_sentences_is_left_out() -> None:
    article = divided([["港口开工。 \n", "　天气晴朗。\n"]])
    found = abstract(article, AbstractLimits(200))
    assert found.text == "港口开工。天气晴朗。"
    assert [article.text[s.start : s.end] for s in found.sentences] == [
        "港口开工。",
        "天气晴朗。",
    ]


def test_a_short_article_is_its_own_abstract() -> None:
    whole = "".join(chain(*LEAD))
    assert abstract(divided(LEAD), AbstractLimits(len(whole))).text == whole
    assert abstract(divided(LEAD), AbstractLimits(len(whole) - 1)).text != whole
    assert abstract(divided(LEAD), AbstractLimits(None, None)).text == whole
    assert abstract(divided(LEAD), AbstractLimits(None, 3), first=1.0).text.startswith("清溪县")


def test_where_nothing_fits_the_abstract_is_empty() -> None:
    assert abstract(divided(LEAD), AbstractLimits(5)) == Abstract("", ())
    assert abstract(divided(LEAD), AbstractLimits(200, 0)) == Abstract("", ())


@pytest.mark.parametrize("sections", [[], [[]], [[], []], [[["，"]]], [[["\n"], ["\n"]]]])
def test_empty_articles_have_empty_abstracts(sections: list[list[list[str]]]) -> None:
    sentences, _ = measured(divided(*sections))
    (found,) = make_abstracts(sentences, ranker(sentences), AbstractLimits())
    assert found.article.text in ("", "，")
    assert len(found.sections) == len(sections)


def test_sections_without_sentences_keep_their_place() -> None:
    sentences, _ = measured(divided([], LEAD, [], FISHING, []))
    (found,) = make_abstracts(sentences, ranker(sentences), AbstractLimits(50, None, 500))
    assert [each.text for each in found.sections] == [
        "",
        "".join(chain(*LEAD)),
        "",
        "".join(chain(*FISHING)),
        "",
    ]


def test_a_run_in_head_alone_is_no_abstract() -> None:
    article = divided(FISHING, run_in=FISHING[0][0])
    assert "办实事" not in abstract(article, AbstractLimits(60), under_20=5.0).text
    assert abstract(article, AbstractLimits(7)).text == FISHING[0][0]  # nothing else fits


def test_an_abstract_says_the_same_sentence_once() -> None:
    said = "数字港口一期工程12日开工，计划投资3.5亿元。"
    spaced = said.replace("，", " ，").replace("。", "！")
    article = divided([[said, "当天还下着小雨。"], [spaced]])
    for limits in (AbstractLimits(200), AbstractLimits(70), AbstractLimits(None, 3)):
        for whole in (True, False):
            limits = replace(limits, whole_sentences=whole)
            assert abstract(article, limits, z_figures=9.0).text.count("一期工程12日开工") == 1
    halves = divided([["“好。", "当天下雨。", "好。”"]])
    assert abstract(halves, AbstractLimits(200)).text == "“好。当天下雨。好。”"


@pytest.mark.parametrize(
    "fragment",
    ["清溪县数字港口", "各位代表：", "图为港口（资料图片）", "（记者 柳青）", "建设“数字港口”"],
)
def test_what_does_not_end_as_a_sentence_is_left_out(fragment: str) -> None:
    article = divided([[fragment], *LEAD])
    whole = "".join(chain(*LEAD))
    assert abstract(article, AbstractLimits(500)).text == whole  # it fits as it is
    assert fragment not in abstract(article, AbstractLimits(80), odd_end=9.0, under_20=9.0).text
    assert abstract(divided([[fragment]]), AbstractLimits(500)).text == fragment
    assert abstract(divided([[fragment]], [["天" * 90]]), AbstractLimits(80)).text == fragment


def test_items_of_a_list_and_quoted_sentences_are_sentences() -> None:
    items = [["建设数字港口；"], ["“服务渔民。”"], ["（共有三项。）"]]
    assert abstract(divided(items), AbstractLimits(500)).text == "".join(chain(*items))


def test_no_sentence_leans_on_one_that_is_left_out() -> None:
    dangling = LEAD[1][1]
    assert dangling not in abstract(divided(LEAD), AbstractLimits(60), z_figures=9.0).text
    both = [LEAD[0], LEAD[1][:2]]
    assert abstract(divided(both), AbstractLimits(50), last_paragraph=5.0).text == "".join(both[1])
    alone = divided([["天" * 60 + "。", dangling, "地" * 60 + "。"]])
    assert abstract(alone, AbstractLimits(30)).text == dangling  # nothing better is there


@pytest.mark.parametrize(
    "dangling",
    [
        "如今，这种做法已在全县12个乡镇推广。",
        "其中，水运货物12万吨。",
        "也一样用上了12个平台。",
        "清溪县交通投资公司总经理柳青说。",
        "他表示，港口将服务渔民1.2万人次。",
        "然而，港口的货物只有12万吨。",
        "此外，港口还设有12个泊位。",
        "在其带动下，全县新增12家企业。",
    ],
)
def test_what_goes_on_needs_what_it_goes_on_from(dangling: str) -> None:
    before = "港口去年开始招商，县里的企业都来看过，谈了整整一年。"
    article = divided([["全县货物1200万吨，同比增长9%。"], [before, dangling]])
    text = abstract(article, AbstractLimits(45), last_paragraph=5.0, z_figures=9.0).text
    assert text
    assert dangling not in text
    both = abstract(article, AbstractLimits(len(before + dangling)), last_paragraph=9.0).text
    assert both == before + dangling


@pytest.mark.parametrize(
    "standing",
    [
        "以上海港为样板，清溪港动工。",
        "同时期开工的还有船厂。",
        "也门客商来了12家。",
        "柳青说，港口动工了。",
    ],
)
def test_what_only_looks_like_going_on_stands(standing: str) -> None:
    article = divided([["全县货物运输。"], ["天" * 60 + "。", standing]])
    assert standing in abstract(article, AbstractLimits(25), last_paragraph=9.0).text


def test_quotations_are_closed() -> None:
    for limit in range(20, 90, 5):
        text = abstract(divided(FISHING), AbstractLimits(limit), z_figures=3.0).text
        assert text.count("“") == text.count("”"), text


def test_the_same_article_has_the_same_abstract_again() -> None:
    article = divided(LEAD, FISHING)
    assert len({abstract(article, AbstractLimits(70), words=1.0).text for _ in range(5)}) == 1


def test_a_ranker_refuses_weights_of_another_version() -> None:
    with pytest.raises(ModelError, match="expected 22 finite weights"):
        Ranker(np.zeros(3), np.zeros(1))
    with pytest.raises(ModelError, match="weights of words"):
        Ranker(np.zeros(len(FEATURES) + 1), np.array([np.nan]))


# --- Fitting ------------------------------------------------------------------------------


def some_rows(n: int = 300) -> Rows:
    rng = np.random.default_rng(3)
    features = rng.normal(size=(n, len(FEATURES))) * np.arange(1, len(FEATURES) + 1)
    features[:, 4] = 1.0  # a feature that never varies
    logits = features[:, 0] - features[:, 1] / 2 - 1
    picks = np.where(rng.random(n) < 1 / (1 + np.exp(-logits)), 0, -1)
    return Rows(("a",) * n, np.arange(n), np.full(n, 40), picks, features.round(4))


def test_the_ranker_is_fitted_as_scikit_learn_fits_it() -> None:
    linear_model = pytest.importorskip("sklearn.linear_model")
    rows = some_rows()
    scale = rows.features.std(axis=0)
    scale[scale == 0] = 1.0
    peer = linear_model.LogisticRegression(C=0.05, tol=1e-10, max_iter=5000)
    peer.fit(rows.features / scale, rows.picks >= 0)
    weights = fit_ranker(rows)
    # scikit-learn leaves the bias free; ours has a wide prior.
    assert weights[1:] == pytest.approx(peer.coef_[0] / scale, abs=2e-4)
    assert weights[0] == pytest.approx(peer.intercept_[0], abs=2e-3)
    assert weights.tobytes() == fit_ranker(rows).tobytes()


def edited_articles() -> list[PickedArticle]:
    """Make up 20 articles whose editors pick what opens with 全县 and nothing else."""
    picked = "全县今年建成数字平台{}个，服务渔民{}人次。"
    others = ["当天还下着小雨。", "村民们早早来到湖边。", "县长在会上讲了话，大家听得很认真。"]
    return [
        PickedArticle(
            f"a{i}",
            f"清溪县建成{i}个平台",
            "清溪日报",
            ((others[i % 3], picked.format(i, i + 1)), (others[(i + 1) % 3],), (others[i % 3],)),
            ((1,),),
            (),
        )
        for i in range(20)
    ]


def test_rows_and_words_come_back_from_their_files(tmp_path: Path) -> None:
    articles = edited_articles()
    sentences = [sentence for a in articles for p in a.paragraphs for sentence in p]
    terms = sorted({t for s in sentences for t in count_terms(s) if not t.startswith("字:")})
    vocabulary, idf = Vocabulary(terms), np.ones(len(terms))
    rows, words = build_rows(articles, vocabulary, idf)
    assert words["全县"] > 0 > words["小雨"]
    assert rows.picks.tolist() == [-1, 0, -1, -1] * 20
    write_corpus(tmp_path, rows, words)
    again = read_rows(tmp_path)
    assert again.articles == rows.articles
    assert np.array_equal(again.sentences, rows.sentences)
    assert np.array_equal(again.lengths, rows.lengths)
    assert np.array_equal(again.picks, rows.picks)
    assert np.array_equal(again.features, rows.features)
    assert read_words(tmp_path) == words
    before = [path.read_bytes() for path in sorted(tmp_path.iterdir())]
    write_corpus(tmp_path, again, read_words(tmp_path))
    assert before == [path.read_bytes() for path in sorted(tmp_path.iterdir())]
    assert all(sentence not in file.decode() for file in before for sentence in sentences)


def test_the_script_writes_what_training_reads(tmp_path: Path) -> None:
    """The articles' text and ids stay behind; a wrong file is named."""
    path = tmp_path / "edited.jsonl"
    with path.open("w", encoding="utf-8") as file:
        for a in edited_articles():
            record = a._asdict() | {"sentences": a.sentences, "paragraphs": []}
            file.write(json.dumps(record, ensure_ascii=False) + "\n")
    script = [sys.executable, str(CORPUS.parents[1] / "scripts" / "count_abstracts")]
    folder = tmp_path / "abstracts"
    subprocess.run([*script, str(path), "-o", str(folder)], check=True)
    rows = read_rows(folder)
    assert set(rows.articles) == {f"a{i:03d}" for i in range(20)}
    assert rows.picks.tolist() == [-1, 0, -1, -1] * 20
    assert read_words(folder)["全县"] > 0
    path.write_text("{}", encoding="utf-8")
    found = subprocess.run([*script, str(path), "-o", str(folder)], capture_output=True, text=True)
    assert (found.returncode, 'edited.jsonl:1: "id" is missing' in found.stderr) == (1, True)


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ("", "columns must be word weight"),
        ("article\tsentence\n", "columns must be word weight"),
        ("word\tweight\n", "no rows"),
        ("word\tweight\n港口\n", "line 2: not 2 cells"),
        ("word\tweight\n港口\t1\n渔民\t多\n", "line 3: could not convert"),
    ],
)
def test_broken_files_are_refused(tmp_path: Path, broken: str, reason: str) -> None:
    for name in ("rows.tsv", "words.tsv"):
        (tmp_path / name).write_text(broken, encoding="utf-8")
    with pytest.raises(CorpusError, match=r"rows\.tsv: the columns"):
        read_rows(tmp_path)
    with pytest.raises(CorpusError, match=rf"words\.tsv.*{reason}"):
        read_words(tmp_path)


def test_a_model_keeps_finite_weights_for_its_own_terms() -> None:
    weights = fit_ranker(read_rows(CORPUS))
    lexicon = lexicon_of(read_words(CORPUS), ["合作", "不在其中的词", "字:合"])
    assert Ranker(weights, lexicon).lexicon.tolist() == [lexicon[0], 0.0, 0.0]
    assert lexicon[0] > 0


def test_committed_rows_make_a_ranker_that_prefers_what_editors_prefer() -> None:
    rows = read_rows(CORPUS)
    weights = dict(zip(("bias", *FEATURES), fit_ranker(rows).tolist(), strict=True))
    assert len(set(rows.articles)) == 160
    assert weights["title_precision"] > 0
    assert weights["words"] > 0
    assert weights["first"] > 0
    assert weights["under_20"] < 0
    assert weights["odd_end"] < 0


# --- ROUGE --------------------------------------------------------------------------------


def test_tokens_are_characters_words_and_numbers() -> None:
    assert tokens("GDP增长5.2%，AI+港口 2025年") == [
        *("gdp", "增", "长", "5.2", "ai", "港", "口", "2025", "年")
    ]


def test_rouge_by_hand() -> None:
    # Four shared characters of 4 and 5, no shared pair, 甲乙丁 in order.
    one, two, longest = rouge("甲乙丙丁", "甲丙乙丁戊")
    assert one == pytest.approx(2 * 4 / 9)
    assert two == 0
    assert longest == pytest.approx(2 * 3 / 9)
    # 甲甲乙 has two of the three 甲 of the reference, and the pairs 甲甲 and 甲乙 of its three.
    one, two, longest = rouge("甲甲乙", "甲甲甲乙")
    assert one == pytest.approx(2 * 3 / 7)
    assert two == pytest.approx(2 * 2 / 5)
    assert longest == pytest.approx(2 * 3 / 7)
    assert rouge("", "甲") == rouge("甲", "") == (0, 0, 0)
    assert rouge("港口，开工。", "港口开工") == (1, 1, 1)


def test_longest_common_subsequence_agrees_with_the_table() -> None:
    rng = np.random.default_rng(5)
    for _ in range(50):
        left, right = ("".join(rng.choice(list("甲乙丙"), rng.integers(0, 30))) for _ in "ab")
        table = np.zeros((len(left) + 1, len(right) + 1), dtype=int)
        for i, a in enumerate(left):
            for j, b in enumerate(right):
                longer = max(table[i, j + 1], table[i + 1, j])
                table[i + 1, j + 1] = table[i, j] + 1 if a == b else longer
        assert longest_common(left, right) == table[-1, -1]


def test_picks_f1() -> None:
    assert picks_f1([0, 3], [3, 4, 5]) == pytest.approx(2 / 5)
    assert picks_f1([], [1]) == 0
