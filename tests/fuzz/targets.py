"""What is fuzzed: by name, the cases that go in and what must hold of what comes out.

A case is JSON with bytes, so that one that breaks something is kept as a file and tried again.
Whatever a check raises is a finding.
"""

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from analysis_check import check, check_abstract, check_section, quoted_parts
from fuzz import commands, corpora, models, runs_again, sheets
from fuzz.data import (
    file_names,
    line_files,
    parquet_bytes,
    parquets,
    tables,
    values,
    workbook_bytes,
    workbooks,
)
from fuzz.found import Target
from fuzz.markup import html_files
from fuzz.mutants import ROOT, mutants
from fuzz.outcome import CONTROLS, analyzer, check_run, folder, runs, strict_json
from fuzz.texts import divided, pages, raw_text
from policynlp.analyzer import Analyzer
from policynlp.article import AbstractLimits, Article, Failure
from policynlp.batch import drift_of, finished_run
from policynlp.corpus.read import read_corpus
from policynlp.errors import InputError, PolicyNLPError
from policynlp.files.find import find_inputs
from policynlp.model import load, save
from policynlp.reading import read_divided
from policynlp.report.collection import Earlier, collection_page
from policynlp.review import rows as review_rows
from policynlp.review.corpus_folder import add_to_corpus
from policynlp.review.imports import read_export
from policynlp.review.labels import read_labels
from policynlp.review.returned import read_sheet
from policynlp.schema import read_scored, section_rows, to_json, to_record
from policynlp.schema.record import scored_from

Case = Any


def _page(text: str) -> None:
    analysis = analyzer().analyze(text)
    check(analysis)
    record = to_record(analysis, with_text=True)
    assert record["text"] == text
    for part in quoted_parts(record):
        assert text[part["start"] : part["end"]] == part["text"]  # type: ignore[misc]
    strict_json(to_json(analysis, with_text=True).encode("utf-8", "replace"))
    assert len(list(section_rows(analysis))) == max(1, len(analysis.sections))
    assert scored_from(record).text == text


_lengths: SearchStrategy[Any] = st.none() | st.integers(-1, 400) | st.sampled_from((0, 10**30))
_THEMES: Final = ((), (), ("数字化",), ("数字化", "科技创新", "数字化"), ("无",), "数字化")
_limits: SearchStrategy[Case] = st.fixed_dictionaries(
    {
        "characters": _lengths | values.filter(lambda value: not isinstance(value, bool)),
        "sentences": _lengths,
        "section_characters": _lengths,
        "ratio": st.none() | st.floats() | st.sampled_from((0.2, 1.0, 1e-300)) | raw_text,
        "whole_sentences": st.booleans(),
        "themes": st.sampled_from(_THEMES),
    }
)


def _limited(case: Case) -> None:
    text, wanted = case["text"], dict(case["limits"])
    if isinstance(wanted["themes"], list):  # As JSON has tuples.
        wanted["themes"] = tuple(wanted["themes"])
    limits = AbstractLimits(**wanted)
    try:
        analysis = analyzer().analyze(text, limits=limits)
    except InputError:
        assert not _sound(limits), f"refused: {limits}"
        return
    assert _sound(limits), f"taken: {limits}"
    everything = [analysis.abstract, *analysis.theme_abstracts.values()]
    everything += [part.abstract for part in analysis.sections]
    for abstract in everything:
        assert limits.sentences is None or len(abstract.sentences) <= limits.sentences
        if limits.ratio is not None:
            assert len(abstract.text) <= limits.ratio * len(text)
    if limits.whole_sentences:
        check(analysis, limits)
        whole = replace(limits, section_characters=limits.characters)
        for abstract in analysis.theme_abstracts.values():
            check_abstract(text, abstract, analysis.article.sections, whole)


def _sound(limits: AbstractLimits) -> bool:
    """Whether an abstract can keep the limits, by what the documentation says of them."""

    def whole(most: Any) -> bool:
        return most is None or (isinstance(most, int) and most >= 1)

    lengths = (limits.characters, limits.sentences, limits.section_characters)
    ratio = limits.ratio is None or (
        isinstance(limits.ratio, int | float) and 0 < limits.ratio <= 1
    )
    known = isinstance(limits.themes, tuple) and {*limits.themes} <= {*analyzer().themes}
    return all(map(whole, lengths)) and ratio and known


def _divided(case: Case) -> None:
    given = [(heading, tuple(body)) for heading, body in case["sections"]]
    if not given:
        return  # What is not divided is read as a page.
    analysis = analyzer().analyze(read_divided(case["title"], given))
    text = analysis.article.text
    found = []
    for part in analysis.sections:
        heading = part.section.heading
        body = tuple(text[p.start : p.end] for p in part.section.paragraphs)
        found.append((text[slice(*heading)] if heading else "", body))
        check_section(text, part.section)
        check_abstract(text, part.abstract, (part.section,), AbstractLimits())
    assert found == given


_no_article: SearchStrategy[Any] = st.none() | st.integers() | st.binary(max_size=3)
_lots: SearchStrategy[Case] = st.lists(pages | divided | _no_article, max_size=40)


def _lot(case: Case) -> None:
    items = [
        read_divided(each["title"], each["sections"]) if isinstance(each, dict) else each
        for each in case
    ]
    for item, found in zip(items, analyzer().pipe(items, on_error="return"), strict=True):
        if isinstance(item, str | Article):
            assert found == analyzer().analyze(item)
        else:
            assert isinstance(found, Failure)


def _with_run(strategy: SearchStrategy[Any]) -> SearchStrategy[Case]:
    return st.fixed_dictionaries({"file": strategy, "run": runs})


def _file(suffix: str, data: Callable[[Case], bytes]) -> Callable[[Case], None]:
    """The check of a file that a run reads; its case says how many articles it has, or not."""

    def checked(case: Case) -> None:
        file = case["file"]
        with folder() as where:
            path = where / f"in{file.get('suffix', suffix)}"
            path.write_bytes(data(file))
            check_run([str(path)], where, case["run"], articles=file.get("articles"))

    return checked


def _stdin(case: Case) -> None:
    with folder() as where:
        check_run(["-"], where, case["run"], articles=None, stdin=case["file"]["data"])


_folders_of_files: SearchStrategy[Case] = st.fixed_dictionaries(
    {"names": st.lists(file_names, min_size=1, max_size=5, unique=True), "run": runs}
)


def _names(case: Case) -> None:
    """Files called anything in a folder; one article in each, by ids that can be read."""
    with folder() as where:
        (where / "in").mkdir()
        for name in case["names"]:
            path = where / "in" / os.fsdecode(name)
            path.write_text("全县开工十个项目。", encoding="utf-8")
        inputs = [str(where / "in")]
        check_run(inputs, where, case["run"], articles=None)
        ids = [file.id for file in find_inputs(inputs)]
        assert len(set(ids)) == len(ids), f"the same id twice: {ids}"
        for id in ids:
            id.encode()
            assert not CONTROLS.search(id), f"controls in an id: {ids}"


def _command(case: Case) -> None:
    with folder() as where, commands.inside(where):
        stdin = commands.lay_out(case["files"])
        commands.check_command(case["argv"], stdin)


def _model(case: Case) -> None:
    text = (ROOT / "samples" / "01-city-feature.txt").read_text(encoding="utf-8")
    with folder() as where:
        models.build(case, where / "model")
        with commands.inside(where):
            commands.check_command(["models", "model"], b"")
        try:
            model = load(where / "model")
            found = Analyzer(model, where / "model")
            assert found.reference is None or found.reference.words >= 0
        except PolicyNLPError as error:
            said = str(error)
            if str(where) not in said:
                raise AssertionError(f"names no file: {said}") from error
            return
        analysis = found.analyze(text)
        check(analysis)
        strict_json(to_json(analysis).encode("utf-8", "replace"))
        for name, card in (("again", "model"), ("twice", "again")):
            save(load(where / card), where / name, "# 卡\n")
        for path in (where / "again").rglob("*.*"):
            other = where / "twice" / path.relative_to(where / "again")
            assert path.read_bytes() == other.read_bytes(), path.name


def _sheet(case: Case) -> None:
    """What is written to be filled in reads back, and goes into a corpus."""
    with folder() as where:
        path, rows = sheets.sheet_of(case, where)
        if not rows:
            return
        sheets.fill(path, case["labels"], [], save_again=case["saved_again"])
        labels = [case["labels"][i % len(case["labels"])] for i in range(len(rows))]
        filled = [(row, label) for row, label in zip(rows, labels, strict=True) if label.strip()]
        reading = read_sheet(path)
        assert len(reading.rows) == len(filled)
        for read, (row, label) in zip(reading.rows, filled, strict=True):
            assert _plain(read.text) == _plain(row.text)
            assert read.labels == read_labels(label, row.themes, row.tags)
        if filled:
            added = add_to_corpus(reading, where / "mine", reviewer="", date="2024-03-05")
            assert added.new + added.changed + added.same == len(filled)
            read_corpus([where / "mine"])


def _plain(text: str) -> str:
    return "".join(text.split())


def _damaged_sheet(case: Case) -> None:
    with folder() as where:
        _refused_or_read(lambda: read_sheet(sheets.damaged_sheet(case, where)))


def _export(case: Case) -> None:
    with folder() as where:
        _refused_or_read(lambda: read_export(sheets.export_of(case, where), analyzer().themes))


def _refused_or_read(read: Callable[[], object]) -> None:
    try:
        read()
    except PolicyNLPError as error:
        str(error)


_PLACES: Final = (
    *(("id",), ("title",), ("published",), ("status",), ("themes",), ("model",), ("text",)),
    *(("abstract",), ("sections",), ("sections", 0), ("sections", 0, "start")),
    *(("sections", 0, "probabilities"), ("sections", 0, "themes", 0, "evidence")),
    *(("sections", 0, "paragraphs", 0, "end"), ("sections", 0, "paragraphs", 0, "themes")),
    *(("sections", 0, "paragraphs", 0, "probabilities"), ("abstract", "sentences", 0, "start")),
    *(("removed",), ("removed", 0, "end"), ("warnings",), ("theme_abstracts",)),
    *(("sections", 0, "level"), ("sections", 0, "heading"), ("source",)),
)  # fmt: skip
_RUN_PLACES: Final = (
    *(("status",), ("counts",), ("counts", "themes"), ("counts", "sections"), ("output",)),
    *(("drift",), ("counts", "profile"), ("counts", "profile", "unknown"), ("drift", "reference")),
    *(("options",), ("counts", "articles"), ("model",), ("inputs",), ("shard",), ("started",)),
)  # fmt: skip
_changed_records: SearchStrategy[Case] = st.fixed_dictionaries(
    {
        "record": st.lists(
            st.tuples(st.sampled_from(_PLACES).map(list), values).map(list), max_size=2
        ),
        "manifest": st.lists(
            st.tuples(st.sampled_from(_RUN_PLACES).map(list), values).map(list), max_size=2
        ),
    }
)


def _changed_record(case: Case) -> None:
    """What reads records and manifests again refuses what score did not write, or copes."""
    text = "槐阳新事\n一、抓项目\n全县开工十个项目。\n数字化平台覆盖全部乡镇。"
    with folder() as where:
        run = {"out": ".jsonl", "keep": False, "with_text": True, "simplify": False}
        run |= {"language": "en", "max_chars": None, "length": 200, "jobs": 1}
        (where / "in.txt").write_text(text, encoding="utf-8")
        check_run([str(where / "in.txt")], where, run, articles=1)
        out, manifest = where / "out.jsonl", where / "out.jsonl.run.json"
        for path, changes in ((out, case["record"]), (manifest, case["manifest"])):
            record = json.loads(path.read_bytes())
            for keys, value in changes:
                _change(record, keys, value)
            path.write_text(json.dumps(record) + "\n", encoding="ascii")
        _refused_or_read(lambda: collection_page(read_scored([out])))
        _refused_or_read(lambda: sheets.write_sheet(where / "s.csv", _rows_of(out), {}))
        _refused_or_read(lambda: Earlier.of("a", finished_run(manifest)["counts"]))
        _refused_or_read(lambda: drift_of(finished_run(manifest)))
        with commands.inside(where):
            commands.check_command(
                ["report", "out.jsonl", "-o", "r.html", "--compare-run", manifest.name], b""
            )
            commands.check_command(["score", "in.txt", "-o", "out.jsonl", "--with-text"], b"")


def _rows_of(out: Path) -> list[review_rows.Row]:
    return review_rows.read_scored([out]).rows


def _change(record: Any, keys: list[Any], value: Any) -> None:
    try:
        for key in keys[:-1]:
            record = record[key]
        record[keys[-1]] = value
    except (TypeError, LookupError):
        return  # An earlier change has left nothing there.


def _corpus(case: Case) -> None:
    with folder() as where:
        path = corpora.build(case, where)
        _refused_or_read(lambda: corpora.READERS[path.name](path))


TARGETS: Final[Mapping[str, Target]] = {
    "page": Target(pages, _page, 60),
    "limits": Target(st.fixed_dictionaries({"text": pages, "limits": _limits}), _limited, 60),
    "divided": Target(divided, _divided, 40),
    "lot": Target(_lots, _lot, 15),
    "lines": Target(_with_run(line_files()), _file(".jsonl", lambda file: file["data"]), 50),
    "table": Target(_with_run(tables()), _file(".csv", lambda file: file["data"]), 40),
    "workbook": Target(_with_run(workbooks), _file(".xlsx", workbook_bytes), 20),
    "parquet": Target(_with_run(parquets()), _file(".parquet", parquet_bytes), 25),
    "html": Target(_with_run(html_files), _file(".html", lambda file: file["data"]), 25),
    "mutant": Target(_with_run(mutants()), _file("", lambda file: file["data"]), 50),
    "stdin": Target(_with_run(line_files() | html_files | mutants()), _stdin, 20),
    "names": Target(_folders_of_files, _names, 20),
    "command": Target(commands.lines, _command, 30),
    "model": Target(models.folders, _model, 40),
    "sheet": Target(sheets.written, _sheet, 12),
    "damaged_sheet": Target(sheets.damaged, _damaged_sheet, 15),
    "export": Target(sheets.exports, _export, 25),
    "record": Target(_changed_records, _changed_record, 15),
    "corpus": Target(corpora.changed, _corpus, 40),
    "damaged_run": Target(runs_again.damaged, runs_again.check_damaged, 10),
    "changing_input": Target(runs_again.changing, runs_again.check_changing, 8),
}
