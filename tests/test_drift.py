"""How far a batch is from what the model was trained on: counted, noted, shown."""

import json
import random
from collections.abc import Callable
from dataclasses import replace
from itertools import cycle, islice
from pathlib import Path

import pytest

import policynlp
from other_texts import KINDS, PIECES, pieces
from policynlp import cli
from policynlp.analyzer import Analyzer
from policynlp.article import Failure
from policynlp.batch import Shard, drift_of, finished_run, merge, score
from policynlp.batch import inputs as inputs_module
from policynlp.batch.options import Options
from policynlp.batch.scoring import Counts
from policynlp.corpus.counts import write_counts
from policynlp.corpus.read import read_corpus
from policynlp.errors import InputError, ModelError
from policynlp.language.terms import count_terms
from policynlp.messages import speaking
from policynlp.report.collection import Earlier, collection_page
from policynlp.schema import read_scored
from policynlp.themes.drift import (
    FAR,
    FEWEST,
    NEAR,
    SOMEWHAT,
    TOO_FEW,
    Drift,
    Profile,
    divergence,
    measure_drift,
)
from policynlp.training.fit import Fit
from policynlp.validation import FieldError

ROOT = Path(__file__).parents[1]
HELD_OUT = ROOT / "corpus" / "held_out"


@pytest.fixture(scope="module")
def analyzer() -> Analyzer:
    return policynlp.load()


@pytest.fixture(scope="module")
def news() -> list[str]:
    """Bulletins, reports and features that the model has not seen."""
    names = ("bulletins", "reports", "plans", "features")
    sections = read_corpus([HELD_OUT / f"{name}.jsonl" for name in names])
    return ["\n".join(p.text for p in section.paragraphs) for section in sections]


def profile_of(analyzer: Analyzer, texts: list[str]) -> Profile:
    profile = Profile()
    for analysis in analyzer.pipe(texts):
        assert not isinstance(analysis, Failure)
        profile.note(analysis)
    return profile


def drift(analyzer: Analyzer, texts: list[str]) -> Drift:
    found = measure_drift(profile_of(analyzer, texts), analyzer.reference)
    assert found
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_other_kinds_of_text_are_far(analyzer: Analyzer, kind: str) -> None:
    found = drift(analyzer, pieces(kind))
    assert found.verdict == FAR
    assert found.unknown > 0.9


def test_news_is_near(analyzer: Analyzer, news: list[str]) -> None:
    found = drift(analyzer, news)
    assert found.verdict == NEAR
    assert found.unknown < 0.1


def test_no_twenty_articles_of_news_are_far(analyzer: Analyzer, news: list[str]) -> None:
    """Nor more than one lot in a hundred differs, by chance."""
    whole = [profile_of(analyzer, [text]) for text in news]
    verdicts = []
    for seed in range(200):
        lot = Profile()
        for profile in random.Random(seed).sample(whole, FEWEST):
            lot.add(profile)
        found = measure_drift(lot, analyzer.reference)
        assert found
        verdicts.append(found.verdict)
    assert FAR not in verdicts
    assert verdicts.count(SOMEWHAT) <= 2


def test_a_batch_of_two_kinds_differs(analyzer: Analyzer, news: list[str]) -> None:
    mixed = [*islice(cycle(news), 50), *pieces("novel"), *pieces("sports")]
    assert drift(analyzer, mixed).verdict == SOMEWHAT


def test_a_few_articles_tell_nothing(analyzer: Analyzer) -> None:
    assert drift(analyzer, pieces("novel")[: FEWEST - 1]).verdict == TOO_FEW
    assert drift(analyzer, pieces("novel")[:FEWEST]).verdict == FAR


def test_fewer_unknown_words_are_no_drift() -> None:
    usual = Profile(words=100, unknown_words=50)
    usual.unknown[10] = 100
    well_known = Profile(words=100, unknown_words=1)
    well_known.unknown[0] = 100
    found = measure_drift(well_known, usual)
    assert found
    assert found.unknown == 1.0
    assert found.verdict == NEAR


def test_many_uncertain_sections_differ(analyzer: Analyzer, news: list[str]) -> None:
    profile = profile_of(analyzer, news)
    sections = sum(profile.scores)
    found = measure_drift(replace(profile, uncertain=sections // 2), analyzer.reference)
    assert found
    assert found.verdict == SOMEWHAT
    with speaking("zh"):
        assert "待定" in found.sentence()


def test_words_are_counted_as_in_the_corpus(analyzer: Analyzer, news: list[str]) -> None:
    """The reference counts terms, the analyzer places in a text: both mean the same words."""
    known = set(analyzer._model.vocabulary.terms)
    for text in news:
        [analysis] = analyzer.pipe([text])
        assert not isinstance(analysis, Failure)
        begin, end = analysis.article.sections[0].start, analysis.article.sections[-1].end
        words = {t: n for t, n in count_terms(text[begin:end]).items() if not t.startswith("字:")}
        unknown = sum(n for term, n in words.items() if term not in known)
        assert (analysis.words, analysis.unknown_words) == (sum(words.values()), unknown)


def test_divergence_is_a_bounded_distance() -> None:
    assert divergence([1, 2, 3], [10, 20, 30]) == pytest.approx(0.0)
    assert divergence([5, 0], [0, 7]) == pytest.approx(1.0)
    assert divergence([4, 1], [1, 4]) == pytest.approx(divergence([1, 4], [4, 1]))
    assert 0.0 < divergence([4, 1], [1, 4]) < 1.0
    assert divergence([0, 0], [1, 1]) == 0.0


def test_parts_add_up_to_the_whole(analyzer: Analyzer, news: list[str]) -> None:
    texts = [*news, *pieces("forum"), ""]
    whole = profile_of(analyzer, texts)
    random.Random(0).shuffle(texts)
    together = Profile()
    for part in (texts[:7], texts[7:8], texts[8:]):
        together.add(profile_of(analyzer, part))
    assert together == whole == Profile.of(json.loads(json.dumps(whole.as_record())))


@pytest.mark.parametrize(
    "damaged",
    [{"unknown": [1]}, {"scores": [0.5] * 8}, {"words": -1}, {"words": "9"}],
)
def test_a_damaged_profile_is_refused(damaged: dict[str, object]) -> None:
    with pytest.raises(FieldError, match=next(iter(damaged))):
        Profile.of(Profile().as_record() | damaged)


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[list[str]], str]:
    """A file with articles, which are scored in chunks of about eight."""
    monkeypatch.setattr(inputs_module, "_SMALLEST", 8 * 2000)
    monkeypatch.setattr(inputs_module, "_LARGEST", 8 * 2000)

    def write(texts: list[str]) -> str:
        lines = [json.dumps({"id": f"n{i}", "text": text}) for i, text in enumerate(texts)]
        (tmp_path / "in.jsonl").write_text("\n".join(lines), encoding="utf-8")
        return str(tmp_path / "in.jsonl")

    return write


class Stop(BaseException):
    """What no one catches, as a signal would be."""


def test_however_a_run_goes_it_notes_the_same(
    archive: Callable[[list[str]], str], tmp_path: Path, news: list[str]
) -> None:
    """Serial or with two workers, stopped and resumed, or in shards that are merged."""
    inputs = [archive([*news, *pieces("english")])]

    def run(name: str, **options: object) -> None:
        score(policynlp.load, inputs, str(tmp_path / name), **options)  # type: ignore[arg-type]

    def stop(summary: object) -> None:
        if next(count) == 4:
            raise Stop

    run("serial.jsonl")
    run("parallel.jsonl", jobs=2)
    count = iter(range(100))
    with pytest.raises(Stop):
        run("resumed.jsonl", progress=stop)
    run("resumed.jsonl")
    for number in (1, 2, 3):
        run(f"{number}.jsonl", options=Options(shard=Shard(number, 3)))
    merge(str(tmp_path / "merged.jsonl"), [str(tmp_path / f"{n}.jsonl") for n in (1, 2, 3)])
    names = ("serial", "parallel", "resumed", "merged")
    manifests = [finished_run(tmp_path / f"{name}.jsonl.run.json") for name in names]
    assert manifests[2]["resumed"] > 0
    assert [m["drift"] for m in manifests[1:]] == [manifests[0]["drift"]] * 3
    assert [m["counts"] for m in manifests[1:]] == [manifests[0]["counts"]] * 3
    assert Counts.of(manifests[0]["counts"]).profile.articles == len(news) + PIECES


def test_score_notes_and_warns_and_report_shows(
    archive: Callable[[list[str]], str],
    tmp_path: Path,
    news: list[str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    out, page = tmp_path / "out.jsonl", tmp_path / "page.html"
    cli.main(["score", archive(pieces("novel")), "-o", str(out), "--with-text"])
    assert "far from the text that the model was trained on" in capsys.readouterr().err
    noted = finished_run(tmp_path / "out.jsonl.run.json")["drift"]
    assert noted["verdict"] == FAR
    assert noted["unknown_words"]["distance"] > 0.9
    assert "far from" in noted["says"]
    cli.main(["report", str(out), "-o", str(page), "--overwrite", "--lang", "zh"])
    assert "这批文章与模型的训练文本相差很大" in page.read_text(encoding="utf-8")
    out.write_bytes(out.read_bytes() + b"\n")  # It is no longer what the run wrote.
    cli.main(["report", str(out), "-o", str(page), "--overwrite"])
    assert "training text" not in page.read_text(encoding="utf-8")

    near = tmp_path / "near.jsonl"
    cli.main(["--lang", "zh", "score", archive(news), "-o", str(near), "--with-text"])
    assert "训练文本" not in capsys.readouterr().err
    assert finished_run(tmp_path / "near.jsonl.run.json")["drift"]["verdict"] == NEAR
    cli.main(["report", str(near), "-o", str(page), "--overwrite"])
    shown = page.read_text(encoding="utf-8")
    assert "These articles are like the text that the model was trained on" in shown
    assert "Distance from the model&#39;s training text" in shown


def test_merging_and_streaming_warn_as_well(
    archive: Callable[[list[str]], str], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    inputs = archive([*pieces("classical"), *pieces("garbage")])
    shards = [str(tmp_path / f"{n}.jsonl") for n in (1, 2)]
    for number, shard in enumerate(shards, 1):
        cli.main(["score", inputs, "-o", shard, "--shard", f"{number}/2", "--quiet"])
    assert capfd.readouterr().err == ""
    cli.main(["score", "--merge", str(tmp_path / "all.jsonl"), *shards])
    assert "far from the text" in capfd.readouterr().err
    cli.main(["score", inputs, "-o", "-"])
    assert "far from the text" in capfd.readouterr().err


def test_report_compares_themes_with_an_earlier_run(
    archive: Callable[[list[str]], str], tmp_path: Path, news: list[str]
) -> None:
    earlier, now, page = (tmp_path / name for name in ("old.jsonl", "new.jsonl", "page.html"))
    cli.main(["score", archive(news), "-o", str(earlier), "--quiet"])
    cli.main(["score", archive(pieces("forum")), "-o", str(now), "--with-text", "--quiet"])
    run = f"{earlier}.run.json"
    cli.main(["report", str(now), "-o", str(page), "--compare-run", run])
    shown = page.read_text(encoding="utf-8")
    assert "Compared with the earlier run (old.jsonl)" in shown
    assert "Large changes: " in shown
    assert "to 0.0%" in shown
    same = Earlier.of("now", finished_run(tmp_path / "new.jsonl.run.json")["counts"])
    page_of_same = collection_page(read_scored([now]), earlier=same)
    assert "No theme&#39;s share has changed much." in page_of_same


def test_a_change_by_chance_is_none(tmp_path: Path) -> None:
    """Two sections of ten more are chance, two hundred of a thousand are none."""
    from policynlp.report.collection import _has_changed

    assert not _has_changed(0.4, 10, 0.2, 10)
    assert _has_changed(0.4, 1000, 0.2, 1000)
    assert not _has_changed(0.21, 100_000, 0.2, 100_000)


@pytest.mark.parametrize("content", [None, "[]", "{", '{"status": "running"}'])
def test_what_is_no_finished_run_is_refused(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "old.run.json"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match="no manifest of a finished run"):
        finished_run(path)


def test_a_model_without_a_reference_makes_no_verdict(analyzer: Analyzer) -> None:
    model = analyzer._model
    details = {key: value for key, value in model.details.items() if key != "reference"}
    older = Analyzer(replace(model, details=details))
    assert older.reference is None
    assert measure_drift(profile_of(older, pieces("novel")), older.reference) is None
    assert drift_of({"counts": Counts().as_record(), "drift": {"reference": None}}) is None
    damaged = Analyzer(replace(model, details=details | {"reference": {"words": "many"}}))
    with pytest.raises(ModelError, match="train again"):
        _ = damaged.reference


def test_counts_keep_how_many_words_there_were(tmp_path: Path) -> None:
    sections = read_corpus([HELD_OUT / "plans.jsonl"])
    path = tmp_path / "plans.counts.jsonl"
    write_counts(sections, path)  # which drops rare words
    assert [s.words for s in read_corpus([path])] == [s.words for s in sections]
    assert all(section.words for section in sections)
    without = [
        {key: value for key, value in json.loads(line).items() if key != "words"}
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    path.write_text("\n".join(map(json.dumps, without)), encoding="utf-8")
    assert {section.words for section in read_corpus([path])} == {0}


def test_training_notes_what_its_corpus_is_like_to_a_model_that_has_not_seen_it(
    small_fit: Fit,
) -> None:
    corpus, vocabulary = small_fit.predictions.corpus, small_fit.model.vocabulary
    reference = Profile.of(small_fit.model.details["reference"])
    assert reference.articles == len({section.article for section in corpus})
    assert sum(reference.scores) == len(corpus)
    assert reference.words == sum(section.words for section in corpus)
    seen = sum(
        n
        for section in corpus
        for counts in (section.heading, *(p.terms for p in section.paragraphs))
        for term, n in counts.items()
        if term in vocabulary.ids and not term.startswith("字:")
    )
    assert reference.unknown_words > reference.words - seen


def test_the_bundled_reference_is_of_news_as_it_comes(analyzer: Analyzer) -> None:
    news = read_corpus([ROOT / "corpus" / "news"])
    come = [section for section in news if section.notes["sampling"] in ("random", "natural")]
    assert analyzer.reference
    assert sum(analyzer.reference.scores) == len(come)
    assert analyzer.reference.words == sum(section.words for section in come)
