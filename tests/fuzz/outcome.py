"""What holds of every run, whatever was in its inputs: read by strict readers, held to single."""

import csv
import gzip
import io
import json
import re
import shutil
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Final, NoReturn

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

import policynlp
from analysis_check import check, quoted_parts
from fuzz.found import place_for_files
from fuzz.texts import usually
from html_tags import Tags
from policynlp.article import AbstractLimits, Failure
from policynlp.batch import Options, Paths, Summary, score
from policynlp.errors import PolicyNLPError
from policynlp.files.find import find_inputs
from policynlp.files.items import InputArticle, Reading, make_article
from policynlp.files.read import read_inputs
from policynlp.messages import speaking
from policynlp.report.collection import collection_page
from policynlp.schema import read_scored, to_json

FORMATS: Final = (".jsonl", ".csv", ".xlsx", ".parquet", ".jsonl.gz", "-")
_LONGEST_CELL: Final = 32_767
_FORMULA: Final = tuple("=+-@\t\r＝＋－＠")
_NUMBER: Final = re.compile(r"-(?:[0-9.]+(?:e[+-]?\d+)?|inf)")
# What a failure says of an error that nobody foresaw begins with its class.
_RAW_ERROR: Final = re.compile(r"\b[A-Z][A-Za-z]*(?:Error|Exception|Interrupt)\b: ")
CONTROLS: Final = re.compile("[\x00-\x1f\x7f-\x9f]")

Case = dict[str, Any]

runs: SearchStrategy[Case] = st.fixed_dictionaries(
    {
        "out": st.sampled_from(FORMATS),
        "keep": st.booleans(),
        "with_text": st.booleans(),
        "simplify": usually(st.just(False), st.just(True), 8),
        "language": st.sampled_from(("en", "zh")),
        "max_chars": st.sampled_from((None, None, 40, 1_000_000)),
        "length": st.sampled_from((200, None, 1, 20)),
        "jobs": st.just(1),
    }
)


@cache
def analyzer() -> policynlp.Analyzer:
    """The bundled model, loaded once."""
    return policynlp.load()


@contextmanager
def folder() -> Iterator[Path]:
    """A folder of its own."""
    path = Path(tempfile.mkdtemp(dir=place_for_files(), prefix="fuzz-"))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def strict_json(line: bytes) -> Any:
    """What a reader that keeps to the standard makes of a line."""

    def refuse(constant: str) -> NoReturn:
        raise AssertionError(f"{constant} is no JSON")

    return json.loads(line.decode("utf-8"), parse_constant=refuse)


def options_of(run: Case) -> Options:
    """The options that a case of :data:`runs` stands for."""
    reading = Reading((), run["keep"], run["simplify"], run["max_chars"])
    limits = AbstractLimits(run["length"], None, run["length"])
    return Options(limits, reading, run["with_text"], run["language"])


def check_run(
    inputs: Sequence[str], where: Path, run: Case, *, articles: int | None, stdin: bytes = b""
) -> None:
    """Score ``inputs`` in ``where`` and assert that all of them are accounted for.

    ``articles`` is how many there are, if that is known without the package.
    """
    options, out = options_of(run), where / f"out{run['out']}"
    wanted, failed = _single(inputs, options, stdin)
    if articles is not None:
        assert len(wanted) + len(failed) == articles, "not all articles were found"
    written: list[bytes] = []

    def scored() -> Summary:
        target = "-" if run["out"] == "-" else str(out)
        stream = io.BytesIO(stdin)
        return score(
            analyzer,
            inputs,
            target,
            options=options,
            jobs=run["jobs"],
            stdin=stream,
            stdout=written.append,
        )

    try:
        summary = scored()
    except PolicyNLPError:
        assert not wanted, "a run was refused that has articles"
        return
    counts = summary.counts
    assert (counts.articles, counts.failures) == (len(wanted), len(failed))
    for failure in summary.first_failures:
        check_reason(failure.reason)
    if run["out"] == "-":
        assert b"".join(written) == "".join(wanted).encode("utf-8", "replace")
        return
    check_output(out, wanted, failed)
    before = out.read_bytes()
    assert scored().finished
    assert out.read_bytes() == before


def _single(
    inputs: Sequence[str], options: Options, stdin: bytes
) -> tuple[list[str], list[Failure]]:
    """The records of the articles analyzed one by one, and what cannot be read."""
    records, failed = [], []
    files = find_inputs(inputs)
    for found in read_inputs(files, options.reading, stdin=io.BytesIO(stdin)):
        if isinstance(found, Failure):
            failed.append(found)
        else:
            records.append(_record(found, options))
    return records, failed


def _record(found: InputArticle, options: Options) -> str:
    with speaking(options.language):
        article = make_article(found.record)
    analysis = analyzer().analyze(article, limits=options.limits)
    check(analysis, options.limits, divided=found.record.sections is not None)
    kept = found.record.kept if options.reading.keep_columns else None
    return to_json(analysis, with_text=options.with_text, kept=kept) + "\n"


def check_reason(reason: str) -> None:
    """Assert that a failure says in one line, and in words for people, what is wrong."""
    assert len(reason.splitlines()) == 1, f"not one line: {reason[:100]!r}"
    assert not _RAW_ERROR.search(reason), f"an error nobody foresaw: {reason[:100]}"


def check_output(out: Path, wanted: list[str], failed: list[Failure]) -> None:
    """Assert that an output, its list of failures and its manifest are whole and can be read."""
    paths = Paths(out)
    beside = {out, paths.manifest, *([paths.failures] if failed else [])}
    assert {path for path in out.parent.iterdir() if path.name.startswith((".", "out"))} == beside
    manifest = strict_json(paths.manifest.read_bytes())
    assert manifest["status"] == "done"
    counts = manifest["counts"]
    assert (counts["articles"], counts["failures"]) == (len(wanted), len(failed))
    if failed:
        _check_failures(paths.failures, failed, manifest["options"]["language"])
    records = [json.loads(line) for line in wanted]
    _CHECKS[out.suffix](out, wanted, records)


def _check_failures(path: Path, failed: list[Failure], language: str) -> None:
    header, *rows = _table(path.read_bytes())
    if language == "en":
        assert header == ["id", "place", "stage", "reason"]
        assert [row[2] for row in rows] == [failure.stage for failure in failed]
    else:
        assert header == ["编号", "位置", "步骤", "原因"]
        assert not [row[2] for row in rows if row[2].isascii()]
    assert len(rows) == len(failed)
    for row in rows:
        check_reason(row[3])


def _table(data: bytes) -> list[list[str]]:
    """The rows of a table as a strict reader has them."""
    csv.field_size_limit(2**31 - 1)
    text = data.decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    assert len(set(map(len, rows))) == 1, "rows of different lengths"
    guarded = [cell for row in rows for cell in row if cell.startswith(_FORMULA)]
    assert all(map(_NUMBER.fullmatch, guarded)), f"formulas: {guarded}"
    return rows


def _check_lines(out: Path, wanted: list[str], records: list[Case]) -> None:
    data = out.read_bytes()
    data = gzip.decompress(data) if out.suffix == ".gz" else data
    assert data == "".join(wanted).encode("utf-8", "replace"), "a batch differs from single"
    for line in data.split(b"\n")[:-1]:
        record = strict_json(line)
        for part in quoted_parts(record) if "text" in record else ():
            assert record["text"][part["start"] : part["end"]] == part["text"]
    if records:
        page = collection_page(read_scored([out]))
        assert not [link for link in Tags(page).links if not link.startswith("#")]
        page.encode(errors="replace")


def _check_table(out: Path, wanted: list[str], records: list[Case]) -> None:
    rows = _table(out.read_bytes())
    assert len(rows) - 1 == sum(len(record["sections"]) or 1 for record in records)


def _check_workbook(out: Path, wanted: list[str], records: list[Case]) -> None:
    from lxml import etree
    from openpyxl import load_workbook

    with zipfile.ZipFile(out) as archive:
        assert archive.testzip() is None
        for name in archive.namelist():
            etree.fromstring(archive.read(name))
    book = load_workbook(out)
    for sheet in book:
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type != "f", "a formula"
                assert len(str(cell.value or "").encode("utf-16-le")) <= 2 * _LONGEST_CELL
    assert book.worksheets[1].max_row - 1 >= len(records)


def _check_parquet(out: Path, wanted: list[str], records: list[Case]) -> None:
    import pyarrow.parquet

    table = pyarrow.parquet.read_table(out)
    table.validate(full=True)
    found = [id.encode("utf-8", "replace") for id in table.column("id").to_pylist()]
    assert found == [record["id"].encode("utf-8", "replace") for record in records]


_CHECKS: Final = {
    ".jsonl": _check_lines,
    ".gz": _check_lines,
    ".csv": _check_table,
    ".xlsx": _check_workbook,
    ".parquet": _check_parquet,
}
