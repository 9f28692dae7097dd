"""Whatever stands in a file that is read, it is read or refused by an error that names the file.

A good file of each kind is changed in one field after the other, to each of a table of odd values.
"""

import copy
import csv
import hashlib
import io
import json
import math
import os
import pickle
import re
import shutil
import struct
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, Final
from zipfile import ZIP_DEFLATED, ZipFile

import numpy as np
import pytest
from openpyxl import Workbook, load_workbook

from conftest import ROOT
from maintenance.gate import GateError, read_bounds
from policynlp import Analyzer, cli
from policynlp.abstracts import FEATURES
from policynlp.batch import drift_of, finished_run
from policynlp.batch.manifest import differences, read_manifest
from policynlp.batch.merge import merge
from policynlp.corpus.code_book import read_code_book, themes_of
from policynlp.corpus.counts import write_counts
from policynlp.corpus.dataset import build_dataset, choose_vocabulary
from policynlp.corpus.picks import read_picks
from policynlp.corpus.read import read_corpus
from policynlp.errors import CorpusError, InputError, ModelError, PolicyNLPError
from policynlp.evaluation.evaluate import read_agreement
from policynlp.language.terms import Vocabulary
from policynlp.language.words import fingerprint
from policynlp.messages import speaking
from policynlp.model import MANIFEST, ROLL_UP, VIEWS, Model, Thresholds, load, save
from policynlp.report.collection import Earlier, collection_page
from policynlp.review.corpus_folder import add_to_corpus
from policynlp.review.imports import read_export
from policynlp.review.returned import read_sheet
from policynlp.review.rows import HERE, Row
from policynlp.review.rows import read_scored as read_rows
from policynlp.review.sheets import COLUMNS, LABEL, hash_of, write_sheet
from policynlp.schema import read_scored
from policynlp.training.fit_ranker import fit_ranker
from policynlp.training.fit_ranker import read_rows as read_abstract_rows
from scored_records import record

THEMES = ("数字化", "项目建设")
TEXT = "云溪县推进数字化改革。\n新开工三个项目。"
GONE: Final = object()  # stands for a field that is not there


def nested(depth: int) -> object:
    value: object = []
    for _ in range(depth):
        value = [value]
    return value


ODD: Final = (
    GONE, None, True, -1, 0, 1.5, 1e308, -1e308, 10**30, math.nan, math.inf,
    "", " ", "x", "x" * 100_000, "\ud800", "一\n二\x1b[31m", "../../etc/passwd",
    [], {}, [None], {"": None}, [[1, 2], {"a": 1}], nested(300),
)  # fmt: skip


def ways(value: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every value in ``value``, itself included."""
    yield way
    if isinstance(value, dict | list):
        for key, child in value.items() if isinstance(value, dict) else enumerate(value):
            yield from ways(child, (*way, key))


def mutants(good: Any) -> Iterator[tuple[str, Any]]:
    """``good`` with each value in turn replaced by each odd one."""
    for way in ways(good):
        for odd in ODD:
            if not way and odd is GONE:
                continue
            changed = copy.deepcopy(good) if way else odd
            inner = changed
            for key in way[:-1]:
                inner = inner[key]
            if odd is GONE:
                del inner[way[-1]]
            elif way:
                inner[way[-1]] = odd
            yield f"{way} = {repr(odd)[:40] if odd is not GONE else 'gone'}", changed


def outcome(read: Callable[[], object], name: str) -> str:
    """What is wrong with how ``read`` ended, if it did not succeed or refuse as it should."""
    began = time.process_time()
    try:
        read()
        told = name
    except PolicyNLPError as error:
        with speaking("zh"):
            told = str(error)
        told = str(error) if name in told else told
    except Exception as error:  # Which is what this looks for.
        return f"{type(error).__name__}: {error}"[:200]
    if time.process_time() - began > 5:
        return "took more than 5 s"
    return "" if name in told else f"does not name {name}: {told}"[:200]


def wrong(cases: Iterator[tuple[str, Any]], read: Callable[[Any], object], name: str) -> list[str]:
    return [
        f"{case}: {found}"
        for case, value in cases
        if (found := outcome(lambda value=value: read(value), name))  # type: ignore[misc]
    ]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of eight terms."""
    terms = ("数字化", "改革", "项目", "推进", "云溪县", "字:云", "字:项", "字:三")
    rng = np.random.default_rng(0)
    thresholds = Thresholds((0.5, 0.4), (0.25, 0.2))
    model = Model(
        "tiny-1",
        THEMES,
        Vocabulary(terms),
        np.ones(len(terms)),
        {view: rng.normal(size=(len(terms), 2)) for view in VIEWS},
        np.array([0.1, -0.1]),
        np.array([[1.0, 0.0], [2.0, 0.1]]),
        np.array([[0.5] * (len(ROLL_UP) - 1) + [c] for c in (0.1, 0.2)]),
        thresholds,
        thresholds,
        rng.normal(size=len(FEATURES) + 1),
        rng.normal(size=len(terms)),
        {
            "definitions": dict.fromkeys(THEMES, "说明"),
            "corpus": {"files": [{"file": "a/b.jsonl", "sha256": "0"}], "paragraphs": 2},
            "metrics": {level: {"macro_f1": 0.5} for level in ("paragraphs", "sections")},
            "reference": {
                "words": 9, "unknown_words": 1, "uncertain": 1,
                "unknown": [1, *[0] * 19], "scores": [1, *[0] * 7],
            },
        },
        {level: ({0.9: 0.6}, {0.9: None}) for level in ("paragraph", "section")},
    )  # fmt: skip
    folder = tmp_path_factory.mktemp("models") / "tiny"
    save(model, folder, "a card")
    return folder


@pytest.fixture
def own(folder: Path, tmp_path: Path) -> Path:
    """A copy of it to damage."""
    return Path(shutil.copytree(folder, tmp_path / "own"))


def use(folder: Path) -> None:
    """Load a model and analyze with it."""
    analyzer = Analyzer(load(folder), folder)
    assert analyzer.reference is None or analyzer.reference.articles >= 0
    for theme, p in analyzer.analyze(TEXT).probabilities.items():
        assert theme in analyzer.themes
        assert 0 < p < 1


def test_manifests_of_models(own: Path) -> None:
    path = own / MANIFEST
    use(own)

    def read(manifest: Any) -> None:
        path.write_text(json.dumps(manifest), encoding="utf-8")
        use(own)

    good = json.loads(path.read_text(encoding="utf-8"))
    assert wrong(islice(mutants(good), 0, None, 5), read, str(own)) == []


def damaged(folder: Path, file: str, data: bytes) -> None:
    """Put ``data`` in the place of one of the model's files, and its hash into the manifest."""
    path = folder / file
    path.unlink()
    path.write_bytes(data)
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    manifest["files"][file] = hashlib.sha256(data).hexdigest()
    (folder / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")


GOOD_TERMS = "数字化\n改革\n项目\n推进\n云溪县\n字:云\n字:项\n字:三\n"


@pytest.mark.parametrize(
    "terms",
    [
        "",
        "\n",
        GOOD_TERMS[:-1],
        GOOD_TERMS + "字:\U00020000\n",
        GOOD_TERMS.replace("字:三", "字:\U0001f600"),
        GOOD_TERMS.replace("字:三", "字:三三"),
        GOOD_TERMS.replace("字:三", "字:"),
        GOOD_TERMS.replace("字:三", "字:项"),
        GOOD_TERMS.replace("字:三", "三个"),
        GOOD_TERMS.replace("改革", "数字化"),
        GOOD_TERMS.replace("改革", ""),
        GOOD_TERMS.replace("改革", " "),
        GOOD_TERMS.replace("改革", "改 革"),
        GOOD_TERMS.replace("改革", "改\u2028革"),
        GOOD_TERMS.replace("改革", "改\x00革"),
        GOOD_TERMS.replace("改革", "改\x1b[31m"),
        GOOD_TERMS.replace("\n", "\r\n"),
        GOOD_TERMS.encode("gb18030"),
        GOOD_TERMS.encode("utf-16"),
        "x" * 10**6,
    ],
)
def test_terms_of_models(own: Path, terms: str | bytes) -> None:
    damaged(own, "terms.txt", terms if isinstance(terms, bytes) else terms.encode())
    with pytest.raises(ModelError, match=r"terms\.txt"):
        load(own)


def head(text: str, version: bytes = b"\x01\x00") -> bytes:
    """The beginning of a numpy file with such a head."""
    size = len(text).to_bytes(2 if version < b"\x02" else 4, "little")
    return b"\x93NUMPY" + version + size + text.encode()


FLOATS = "{'descr': '<f8', 'fortran_order': False, 'shape': %s, }\n"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"x",
        b"PK\x03\x04",
        pickle.dumps([1.0]),
        head(FLOATS % "(8, 2)"),
        head(FLOATS % "(8, 2)") + b"\0" * 100,
        head(FLOATS % "(-8, 2)") + b"\0" * 128,
        head(FLOATS % "()") + b"\0" * 8,
        head(FLOATS % "8") + b"\0" * 64,
        head(FLOATS % "(8.0, 2)") + b"\0" * 128,
        head(FLOATS % "(9223372036854775807, 9223372036854775807)") + b"\0" * 128,
        head(FLOATS % ("(" * 5000 + ")" * 5000)) + b"\0" * 128,
        head(FLOATS % "(8, 2)", b"\x02\x00") + b"\0" * 128,
        b"\x93NUMPY\x02\x00\xff\xff\xff\xff{",
        head("{'descr': '|O', 'fortran_order': False, 'shape': (8, 2), }\n") + b"\0" * 128,
        head("{'descr': '>f8', 'fortran_order': False, 'shape': (8, 2), }\n") + b"\0" * 128,
        head("{'descr': '<f4', 'fortran_order': False, 'shape': (8, 2), }\n") + b"\0" * 64,
        head("{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (8, 2), }\n")
        + b"\0" * 128,
        head(FLOATS % "(8, 2)") + struct.pack("<16d", 1e308, *[0.0] * 15),
        head(FLOATS % "(8, 2)") + struct.pack("<16d", -math.inf, *[0.0] * 15),
        head(FLOATS % "(8, 2)") + struct.pack("<16d", math.nan, *[0.0] * 15),
    ],
)
def test_arrays_of_models(own: Path, data: bytes) -> None:
    damaged(own, "weights/section.npy", data)
    with pytest.raises(ModelError, match=r"section\.npy"):
        load(own)


@pytest.mark.parametrize("value", [0.0, -1.0, 1e-300, 1e308])
def test_rarities_that_would_divide_by_nothing(own: Path, value: float) -> None:
    array = np.ones(8)
    array[3] = value
    stream = io.BytesIO()
    np.save(stream, array)
    damaged(own, "weights/idf.npy", stream.getvalue())
    with pytest.raises(ModelError, match=r"idf\.npy"):
        load(own)


def test_rows_may_stand_in_columns(own: Path) -> None:
    """Fortran's order is numpy's, too, and the figures are the same."""
    before = Analyzer(load(own)).analyze(TEXT)
    stream = io.BytesIO()
    np.save(stream, np.asfortranarray(np.load(own / "weights" / "section.npy")))
    damaged(own, "weights/section.npy", stream.getvalue())
    assert Analyzer(load(own)).analyze(TEXT) == before


@pytest.mark.parametrize("shape", [(3,), (23, 1), ()])
def test_a_ranker_of_other_measures_is_refused_by_name(own: Path, shape: tuple[int, ...]) -> None:
    stream = io.BytesIO()
    np.save(stream, np.zeros(shape))
    damaged(own, "weights/abstracts.npy", stream.getvalue())
    with pytest.raises(ModelError, match=r"weights/abstracts\.npy") as caught:
        use(own)
    assert str(own) in str(caught.value)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such files")
@pytest.mark.parametrize("name", [MANIFEST, "terms.txt", "weights/idf.npy", "README.md"])
@pytest.mark.parametrize("kind", ["pipe", "device", "folder", "endless", "loop"])
def test_what_is_no_plain_file_is_not_waited_for(own: Path, name: str, kind: str) -> None:
    path = own / name
    path.unlink()
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to({"device": "/dev/tty", "endless": "/dev/zero", "loop": path}[kind])
    with pytest.raises(ModelError, match=re.escape(name)):
        load(own)


def test_a_linked_file_is_as_good_as_any(own: Path, folder: Path) -> None:
    """As folders of downloaded models have them."""
    (own / "terms.txt").unlink()
    (own / "terms.txt").symlink_to(folder / "terms.txt")
    use(own)


def test_a_manifest_too_large_or_too_deep_is_refused(own: Path) -> None:
    path = own / MANIFEST
    for text in (
        "[" * 100_000,
        '{"files":' * 100_000,
        "[" * 500 + "]" * 500,
        "1" * 10_000,
        "\ud800",
    ):
        path.write_bytes(text.encode("utf-8", "surrogatepass"))
        with pytest.raises(ModelError, match=r"manifest\.json"):
            load(own)
    with path.open("wb") as stream:
        stream.truncate(1 << 40)  # It takes no room.
    with pytest.raises(ModelError, match="larger than"):
        load(own)


def test_models_lists_them_all(own: Path, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    damages = {
        "deep": lambda path: (path / MANIFEST).write_text("[" * 100_000),
        "bare": lambda path: None,
        "odd": lambda path: damaged(path, "weights/abstracts.npy", b"x"),
        "whole": lambda path: None,
    }
    for name, damage in damages.items():
        damage(Path(shutil.copytree(folder, own / name)))
    manifest = json.loads((own / "bare" / MANIFEST).read_text(encoding="utf-8"))
    del manifest["corpus"], manifest["metrics"]
    (own / "bare" / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
    (own / MANIFEST).unlink()
    assert cli.main(["models", str(own)]) == 0
    told = capsys.readouterr().out
    assert [told.count(text) for text in ("unusable: ", "tiny-1: ", "macro-F1")] == [2, 2, 1]
    assert all(str(own / name) in told for name in damages)


def lines(path: Path, records: Any) -> Path:
    """Write lines of JSON."""
    values = records if isinstance(records, list) else [records]
    path.write_text("".join(json.dumps(value) + "\n" for value in values), encoding="utf-8")
    return path


RECORD = {
    "id": "s1", "article": "a1", "heading": "抓发展", "labelled_for": list(THEMES),
    "themes": ["数字化"], "disputed": [], "genre": "report",
    "paragraphs": [
        {"text": "云溪县推进数字化改革。", "themes": ["数字化"], "disputed": ["项目建设"]},
        {"text": "今天天气很好。", "themes": None},
    ],
}  # fmt: skip


def learn(path: Path) -> None:
    """Read a corpus and make of it what training does."""
    sections = read_corpus([path])
    vocabulary, idf = choose_vocabulary(sections, 1)
    data = build_dataset(sections, themes_of(sections, None), vocabulary, idf)
    assert np.isfinite(data.weighted.rows.values).all()
    model_terms = "".join(f"{term}\n" for term in vocabulary.terms)
    assert model_terms.encode().count(b"\n") == len(vocabulary)


def test_records_of_a_corpus(tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"
    learn(lines(path, RECORD))
    assert wrong(mutants(RECORD), lambda value: learn(lines(path, [value])), "c.jsonl") == []


def test_counts(tmp_path: Path) -> None:
    path = tmp_path / "c.counts.jsonl"
    write_counts(read_corpus([lines(tmp_path / "c.jsonl", RECORD)]), path, 1)
    learn(path)
    good = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    good[0]["terms"], rest = good[0]["terms"][:3], good[0]["terms"][3:]
    assert rest
    good[1] |= {"heading": [0, 2], "words": 9}
    good[1]["paragraphs"] = [
        {"size": 7, "counts": [0, 1, 2, 3], "run_in": [1, 1], "themes": ["数字化"], "disputed": []}
    ]
    good += [good[1] | {"id": "s2"}]
    learn(lines(path, good))
    assert (
        wrong(
            islice(mutants(good), 0, None, 2),
            lambda value: learn(lines(path, value)),
            "c.counts.jsonl",
        )
        == []
    )


@pytest.mark.parametrize(
    "counts",
    [[-1, 2], [0], [3, 1], [0, 0], [0, -1], [0, 10**9], [0, math.nan], [0, True], [0, 1, 0, 1]],
)
def test_counts_that_no_text_has_are_named(tmp_path: Path, counts: list[object]) -> None:
    terms = ["改革", "项目", "字:云"]
    header = {"format": "policynlp-counts-1", "fingerprint": fingerprint(), "terms": terms}
    section = RECORD | {"heading": [], "paragraphs": [{"counts": counts, "themes": []}]}
    path = lines(tmp_path / "c.counts.jsonl", [header, section])
    message = r'c\.counts\.jsonl:2: "paragraphs\[0\]\.counts" must be pairs of a term, each once'
    with pytest.raises(CorpusError, match=message):
        read_corpus([path])


EDITED = {
    "id": "1", "title": "题", "source": "甲报", "sentences": ["一。", "二。", "三。"],
    "paragraphs": ["一。二。", "三。"], "picks": [[0, 2], [1]], "abstracts": ["一。"],
}  # fmt: skip


def test_edited_articles(tmp_path: Path) -> None:
    path = tmp_path / "e.jsonl"

    def read(value: Any) -> None:
        for article in read_picks([lines(path, [value])]):
            assert article.as_article().text
            assert set().union(*article.picks) <= set(range(len(article.sentences)))

    read(EDITED)
    assert wrong(mutants(EDITED), read, "e.jsonl") == []


def toml(value: Any) -> str:
    """A value as TOML has it, or what is none where it has no such."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(k)} = {toml(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return json.dumps(value)


def test_code_books_and_figures(tmp_path: Path) -> None:
    book, figures, bounds = (tmp_path / n for n in ("themes.toml", "agreement.toml", "floors.json"))
    good: dict[str, Any] = {
        "book": {"themes": [{"name": "甲", "definition": "说明", "seed_terms": ["词"]}]},
        "figures": {"paragraphs": {"甲": 0.9}},
    }

    def write(path: Path, values: Any) -> None:
        pairs = values.items() if isinstance(values, dict) else [("x", values)]
        text = "".join(f"{json.dumps(key)} = {toml(value)}\n" for key, value in pairs)
        path.write_text(text, encoding="utf-8")

    def read(values: Any) -> None:
        write(book, values)
        for name, definition in (read_code_book([tmp_path]) or {}).items():
            assert name.strip()
            assert definition == str(definition)

    def read_figures(values: Any) -> None:
        write(figures, values)
        read_agreement([tmp_path / "a.jsonl"])

    assert wrong(mutants(good["book"]), read, "themes.toml") == []
    assert wrong(mutants(good["figures"]), read_figures, "agreement.toml") == []
    for deep in ("a = " + "[" * 100_000, "a = 0x" + "f" * 100_000, "\ud800"):
        book.write_bytes(deep.encode("utf-8", "surrogatepass"))
        with pytest.raises(CorpusError, match=r"themes\.toml"):
            read_code_book([tmp_path])

    def read_floors(values: Any) -> None:
        bounds.write_text(json.dumps(values), encoding="utf-8")
        try:
            read_bounds(bounds)
        except GateError as error:  # Of a developers' tool, which speaks English only.
            raise InputError(str(error)) from error

    floors = {"data": "0", "floors": {"F1": 0.5}, "ceilings": {"ECE": 0.1}}
    assert wrong(mutants(floors), read_floors, "floors.json") == []


def test_what_abstracts_are_learned_from(tmp_path: Path) -> None:
    source = ROOT / "corpus" / "abstracts"
    rows = (source / "rows.tsv").read_text(encoding="utf-8").splitlines()[:9]
    (tmp_path / "words.tsv").write_bytes((source / "words.tsv").read_bytes())

    def read(value: Any) -> None:
        cells = [row.split("\t") for row in rows]
        cells[3][5] = "" if value is GONE else str(value)
        text = "\n".join(map("\t".join, cells))
        (tmp_path / "rows.tsv").write_bytes(text.encode("utf-8", "surrogatepass"))
        assert np.isfinite(fit_ranker(read_abstract_rows(tmp_path))).all()

    assert wrong(((repr(odd)[:40], odd) for odd in ODD), read, "rows.tsv") == []
    for text in ("", "\n\n", "\n".join(rows[:1]), "\n".join([*rows, "", "x"]), "\0" * 99):
        (tmp_path / "rows.tsv").write_text(text, encoding="utf-8")
        with pytest.raises(CorpusError, match=r"rows\.tsv"):
            read_abstract_rows(tmp_path)


def test_manifests_of_runs(tmp_path: Path, folder: Path) -> None:
    data = lines(tmp_path / "in.jsonl", [{"id": str(i), "text": TEXT} for i in range(3)])
    command = ["score", str(data), "--model", str(folder), "--quiet", "--with-text"]
    assert cli.main([*command, "-o", str(tmp_path / "out.jsonl"), "--shard", "1/1"]) == 0
    path = tmp_path / "out.jsonl.run.json"
    good = json.loads(path.read_text(encoding="utf-8"))
    good["versions"] = {"python": "3"}
    articles = list(read_scored([tmp_path / "out.jsonl"]))

    def read(manifest: Any) -> None:
        path.write_text(json.dumps(manifest), encoding="utf-8")
        assert read_manifest(path) == json.loads(json.dumps(manifest))
        assert differences(manifest, good) is not None
        merge(str(tmp_path / "all.jsonl"), [str(tmp_path / "out.jsonl")], overwrite=True)
        found = finished_run(path)
        earlier, drift = Earlier.of("earlier", found["counts"]), drift_of(found)
        drifts = [("out", drift)] if drift else []
        collection_page(articles, drifts=drifts, earlier=earlier)

    read(good)
    assert wrong(islice(mutants(good), 0, None, 3), read, "out.jsonl") == []
    path.write_text("[" * 100_000, encoding="utf-8")
    assert cli.main([*command, "-o", str(tmp_path / "out.jsonl")]) == 1


def test_records_of_score(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    good = record() | {"theme_abstracts": {"甲主题": {"text": "开头。", "sentences": []}}}

    def read(value: Any) -> None:
        lines(path, [value])
        collection_page(read_scored([path]))
        write_sheet(tmp_path / "r.csv", read_rows([path]).rows, {})

    read(good)
    assert wrong(islice(mutants(good), 0, None, 5), read, "out.jsonl") == []


TASKS = [
    {
        "id": 1,
        "data": {
            "text": "云溪县推进数字化。",
            "heading": "小标题",
            "article": "a1",
            "source": "甲",
        },
        "annotations": [
            {
                "was_cancelled": False,
                "result": [{"type": "choices", "value": {"choices": ["数字化"]}}],
            },
            {"result": []},
        ],
    }
]
EXAMPLE = {
    "id": 7,
    "text": "云溪县推进数字化。",
    "label": ["数字化"],
    "heading": "",
    "source": "甲",
}
CATS = {"id": "x", "text": "云溪县推进数字化。", "cats": {"数字化": True, "项目建设": 0}}


@pytest.mark.parametrize(
    ("name", "good"), [("e.json", TASKS), ("e.jsonl", [EXAMPLE]), ("e.jsonl", [CATS])]
)
def test_exports_of_other_tools(tmp_path: Path, name: str, good: Any) -> None:
    path, corpus = tmp_path / name, tmp_path / "mine"

    def read(value: Any) -> None:
        if name == "e.json":
            path.write_text(json.dumps(value), encoding="utf-8")
        else:
            lines(path, value)
        shutil.rmtree(corpus, ignore_errors=True)
        added = add_to_corpus(read_export(path, THEMES), corpus, reviewer="甲", date="2024-01-01")
        assert not added.new or read_corpus([corpus])

    read(good)
    assert wrong(mutants(good), read, name) == []


def test_records_that_were_reviewed(tmp_path: Path) -> None:
    sheet = lines(tmp_path / "e.jsonl", [EXAMPLE])
    reading = read_export(sheet, THEMES)
    add_to_corpus(reading, tmp_path, reviewer="甲", date="2024-01-01")
    path = tmp_path / "reviewed.jsonl"
    sheet.unlink()
    (good,) = (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())

    def read(value: Any) -> None:
        lines(path, [value])
        add_to_corpus(reading, tmp_path, reviewer="甲", date="2024-01-02")
        read_corpus([tmp_path])

    read(good)
    assert wrong(mutants(good), read, "reviewed.jsonl") == []


@pytest.mark.parametrize("kind", [".csv", ".xlsx"])
def test_review_sheets(tmp_path: Path, kind: str) -> None:
    texts = ("云溪县推进数字化。", "新开工三个项目。")
    rows = [
        Row(
            "a",
            1,
            i + 1,
            "题",
            "小标题",
            text,
            f"{HERE}\n另一段。",
            ("数字化",),
            THEMES,
            "m-1",
            "甲",
        )
        for i, text in enumerate(texts)
    ]
    path = tmp_path / f"r{kind}"
    write_sheet(path, rows, {})
    cells = table(path)
    cells[1][COLUMNS.index(LABEL)] = "✓"
    odd = (*ODD[1:14], datetime(2024, 1, 1), "=1/0", "#DIV/0!", "a#1.x", "#1.1", "x" * 32_000, HERE)

    def changed() -> Iterator[tuple[str, Any]]:
        for column, name in enumerate(COLUMNS):
            for value in odd:
                for row in (0, 1):
                    copied = [list(line) for line in cells]
                    copied[row][column] = value
                    yield f"{name} in row {row} = {repr(value)[:40]}", copied

    def read(value: Any) -> None:
        fill(path, value)
        reading = read_sheet(path)
        shutil.rmtree(tmp_path / "mine", ignore_errors=True)
        added = add_to_corpus(reading, tmp_path / "mine", reviewer="甲", date="2024-01-01")
        assert not added.new or read_corpus([tmp_path / "mine"])

    read(cells)
    assert wrong(islice(changed(), 0, None, 1 if kind == ".csv" else 9), read, path.name) == []


def test_a_forged_row_is_refused(tmp_path: Path) -> None:
    """One whose hash is right, so that somebody has made it."""
    row = Row(
        "a", 1, 1, "题", "小标题", "云溪县推进数字化。", HERE, ("数字化",), THEMES, "m-1", "甲"
    )
    path = tmp_path / "r.csv"
    for name, value in {
        "编号": f"a#{'9' * 5000}.1", "上下文": "没有本段", "预测标签": "别的主题", "主题": "甲",
    }.items():  # fmt: skip
        write_sheet(path, [row], {})
        header, cells = table(path)
        cells[COLUMNS.index(LABEL)] = "✓"
        cells[COLUMNS.index(name)] = value
        cells[COLUMNS.index("校验")] = hash_of(dict(zip(COLUMNS, map(str, cells), strict=True)))
        fill(path, [header, cells])
        with pytest.raises(InputError, match="row 2, a cell other than"):
            read_sheet(path)


def test_damaged_workbooks(tmp_path: Path) -> None:
    path = tmp_path / "r.xlsx"
    row = Row(
        "a", 1, 1, "题", "小标题", "云溪县推进数字化。", HERE, ("数字化",), THEMES, "m-1", "甲"
    )
    write_sheet(path, [row], {})
    good = path.read_bytes()
    members = {name: ZipFile(path).read(name) for name in ZipFile(path).namelist()}
    sheet = "xl/worksheets/sheet1.xml"

    def cases() -> Iterator[tuple[str, bytes]]:
        for at in range(0, len(good), len(good) // 60):
            yield f"cut at {at}", good[:at]
            yield f"flipped at {at}", good[:at] + bytes([good[at] ^ 0x55]) + good[at + 1 :]
        for name in members:
            for data in (None, b"", b"<", members[name][: len(members[name]) // 2], b"\xff" * 99):
                yield f"{name} = {data!r:.20}", zipped(members | {name: data})
        for old, new in (
            (b'r="2"', b'r="2000000000"'),
            (b'r="A2"', b'r="XFD1048576"'),
            (b'r="A2"', b'r="ZZZZZZ99999999999"'),
            (b'r="2"', b'r="-1"'),
            (b'r="2"', b'r="x"'),
        ):
            assert old in members[sheet]
            yield f"{new!r}", zipped(members | {sheet: members[sheet].replace(old, new)})

    def read(data: bytes) -> None:
        path.write_bytes(data)
        read_sheet(path)

    assert wrong(cases(), read, "r.xlsx") == []


def zipped(members: dict[str, bytes | None]) -> bytes:
    stream = io.BytesIO()
    with ZipFile(stream, "w", ZIP_DEFLATED) as archive:
        for name, data in members.items():
            if data is not None:
                archive.writestr(name, data)
    return stream.getvalue()


def table(path: Path) -> list[list[Any]]:
    """The cells of a sheet, with its header."""
    if path.suffix == ".csv":
        return list(csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline="")))
    rows = load_workbook(path).worksheets[0].iter_rows(values_only=True)
    return [list(row) for row in rows]


def fill(path: Path, cells: list[list[Any]]) -> None:
    """Write a sheet with these cells."""
    if path.suffix == ".csv":
        stream = io.StringIO(newline="")
        csv.writer(stream).writerows(cells)
        path.write_bytes(stream.getvalue().encode("utf-8", "surrogatepass"))
        return
    book = Workbook()
    for row in cells:
        plain = (int, float, str, datetime, type(None))
        book.worksheets[0].append([c if isinstance(c, plain) else str(c) for c in row])
    book.save(path)
