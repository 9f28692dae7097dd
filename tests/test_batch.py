"""Batches: every article accounted for, whole outputs, harmless tables."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from fake_analyzer import CRASH, THEMES, FakeAnalyzer
from policynlp.article import Abstract, Analysis, Article, Failure
from policynlp.batch import Summary, failures_path, score
from policynlp.errors import InputError

BODY = "云溪县推进数字化，企业上云。\n全县抓项目建设，开工十个。"


def write(folder: Path, files: dict[str, str | bytes]) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)


def read_table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def read_lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    """A folder with good articles and with one of every kind that fails."""
    lines = [json.dumps({"id": f"n{i}", "text": BODY}) for i in range(40)]
    lines[7] = '{"text": '
    lines[9] = json.dumps({"id": "boom", "text": BODY + CRASH})
    write(
        tmp_path / "in",
        {
            "a.txt": BODY,
            "b.txt": b"\xff\xfe\xff",
            "c.txt": "",
            "d/e.txt": BODY.encode("gb18030"),
            "d/f.pdf": b"%PDF",
            "g.jsonl": "\n".join(lines),
            "h.csv": f'编号,正文\nt1,"{BODY}"\nt2,\nt3,甲,乙\nt4,{CRASH}\n',
            "i.csv": "作者\n张三\n",
        },
    )
    return tmp_path


def run(folder: Path, out: str = "out.jsonl", analyzer: FakeAnalyzer | None = None) -> Summary:
    return score(analyzer or FakeAnalyzer(), [str(folder / "in")], str(folder / out))


def test_every_article_is_accounted_for_in_order(mixed: Path) -> None:
    summary = run(mixed)
    ids = [record["id"] for record in read_lines(mixed / "out.jsonl")]
    good = [f"n{i}" for i in range(40) if i not in (7, 9)]
    assert ids == ["a.txt", "d/e.txt", *good, "t1"]
    failures = read_table(mixed / "out.jsonl.failures.csv")
    assert [(row["id"], row["stage"]) for row in failures] == [
        ("b.txt", "decode"),
        ("c.txt", "read"),
        ("d/f.pdf", "read"),
        ("g.jsonl:8", "parse"),
        ("boom", "analyze"),
        ("t2", "read"),
        ("h.csv:4", "parse"),
        ("t4", "analyze"),
        ("i.csv", "parse"),
    ]
    assert failures[4]["place"] == (mixed / "in/g.jsonl").as_posix() + ":10"
    assert (summary.articles, summary.failures) == (len(ids), len(failures))
    assert summary.sections == len(ids)
    assert summary.themes == {theme: len(ids) * (theme in BODY) for theme in THEMES}
    assert len(summary.first_failures) == 5


def test_two_runs_write_the_same_and_do_not_read_what_they_wrote(mixed: Path) -> None:
    outputs = []
    for _ in range(2):
        score(FakeAnalyzer(), [str(mixed)], str(mixed / "out.jsonl"))
        outputs.append((mixed / "out.jsonl").read_bytes())
    assert outputs[0] == outputs[1]
    assert not list(mixed.glob(".*"))


def test_no_failures_leave_no_list(mixed: Path) -> None:
    run(mixed)
    assert failures_path(str(mixed / "out.jsonl")).exists()
    score(FakeAnalyzer(), [str(mixed / "in/a.txt")], str(mixed / "out.jsonl"))
    assert not failures_path(str(mixed / "out.jsonl")).exists()


def test_table(mixed: Path) -> None:
    run(mixed, "out.csv")
    data = (mixed / "out.csv").read_bytes()
    assert data.startswith(b"\xef\xbb\xbfid,title,published,")
    rows = read_table(mixed / "out.csv")
    assert rows[0]["themes"] == "项目建设、数字化"
    assert rows[0]["数字化"] == "0.9877"
    assert rows[0]["text"] == BODY


def test_cells_cannot_be_formulas(tmp_path: Path) -> None:
    starts = ["=1+1", "+1", "-1", "@a", "\t=1", "\r=1", "\n=1", "＝1"]
    lines = [json.dumps({"id": start, "title": start, "text": BODY}) for start in starts]
    write(tmp_path, {"in/a.jsonl": "\n".join(lines), "in/=b.txt": ""})
    run(tmp_path, "out.csv")
    cells = [
        cell
        for path in (tmp_path / "out.csv", tmp_path / "out.csv.failures.csv")
        for row in read_table(path)
        for cell in row.values()
    ]
    assert not [cell for cell in cells if cell.startswith(tuple("=+-@\t\r\n＝"))]
    assert "'=1+1" in cells


def test_published_is_a_plain_date_in_tables(tmp_path: Path) -> None:
    line = json.dumps({"text": BODY, "发布时间": "2024年3月5日 08:30"})
    write(tmp_path, {"in/a.jsonl": line})
    run(tmp_path, "out.csv")
    assert read_table(tmp_path / "out.csv")[0]["published"] == "2024-03-05"


def test_standard_streams() -> None:
    written: list[str] = []
    stdin = io.BytesIO(b'{"text": "a."}\n{"text": ""}\n{"text": "b."}\n')
    summary = score(FakeAnalyzer(), ["-"], "-", stdin=stdin, stdout=written.append)
    assert [json.loads(line)["id"] for line in written if line] == ["stdin:1", "stdin:3"]
    assert (summary.articles, summary.failures) == (2, 1)


def test_characters_that_utf8_lacks_end_no_run(tmp_path: Path) -> None:
    write(tmp_path, {"in/a.jsonl": '{"text": "\\ud800 half."}\n{"text": "b."}'})
    assert run(tmp_path).articles == 2


class Lossy(FakeAnalyzer):
    """Gives back fewer results than it takes."""

    def pipe(
        self, items: Iterable[str | Article], **options: object
    ) -> Iterator[Analysis | Failure]:
        for number, item in enumerate(items):
            if number < 3:
                yield self.analyze(item)


def test_what_the_analyzer_loses_is_a_failure(mixed: Path) -> None:
    summary = run(mixed, analyzer=Lossy())
    whole = run(mixed)
    assert summary.articles == 3
    assert summary.articles + summary.failures == whole.articles + whole.failures


class Ahead(FakeAnalyzer):
    """Takes everything before it gives anything back, as parallel workers may."""

    def pipe(
        self, items: Iterable[str | Article], **options: object
    ) -> Iterator[Analysis | Failure]:
        return super().pipe(list(items), on_error="return")


def test_an_analyzer_may_read_ahead(mixed: Path) -> None:
    outputs = []
    for analyzer in (FakeAnalyzer(), Ahead()):
        run(mixed, analyzer=analyzer)
        files = (mixed / "out.jsonl", mixed / "out.jsonl.failures.csv")
        outputs.append([file.read_bytes() for file in files])
    assert outputs[0] == outputs[1]


class Unwritable(FakeAnalyzer):
    """Gives analyses that cannot be made records of."""

    def analyze(self, item: str | Article, **options: object) -> Analysis:
        analysis = super().analyze(item)
        analysis.abstract = Abstract("", (None,))  # type: ignore[arg-type]
        return analysis


def test_what_cannot_be_written_is_a_failure(tmp_path: Path) -> None:
    write(tmp_path, {"in/a.txt": BODY})
    assert run(tmp_path, analyzer=Unwritable()).first_failures[0].stage == "write"


def test_what_crashes_while_being_read_is_a_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(record: object) -> Article:
        raise RecursionError("too deep")

    monkeypatch.setattr("policynlp.batch.run.make_article", crash)
    write(tmp_path, {"in/a.txt": BODY})
    assert run(tmp_path).first_failures == [
        Failure("a.txt", (tmp_path / "in/a.txt").as_posix(), "read", "RecursionError: too deep")
    ]


class Interrupted(FakeAnalyzer):
    """Is stopped from outside after some articles."""

    def pipe(
        self, items: Iterable[str | Article], **options: object
    ) -> Iterator[Analysis | Failure]:
        yield from map(self.analyze, list(items)[:2])
        raise KeyboardInterrupt


def test_an_interrupted_run_leaves_the_old_output_alone(mixed: Path) -> None:
    (mixed / "out.jsonl").write_text("old", encoding="utf-8")
    with pytest.raises(KeyboardInterrupt):
        run(mixed, analyzer=Interrupted())
    assert (mixed / "out.jsonl").read_text(encoding="utf-8") == "old"
    assert sorted(path.name for path in mixed.iterdir()) == ["in", "out.jsonl"]


def test_output_in_a_new_folder(mixed: Path) -> None:
    run(mixed, "new/folder/out.jsonl")
    assert (mixed / "new/folder/out.jsonl").exists()


def test_what_cannot_be_run(tmp_path: Path) -> None:
    write(tmp_path, {"in/a.jsonl": '{"text": "a."}', "empty/.keep": ""})

    def fails(inputs: str, out: str) -> str:
        with pytest.raises(InputError) as error:
            score(FakeAnalyzer(), [str(tmp_path / inputs)], str(tmp_path / out))
        return str(error.value)

    assert "there is no such file or folder" in fails("gone", "out.jsonl")
    assert "no article found" in fails("empty", "out.jsonl")
    assert "must end in .jsonl, .ndjson, .csv" in fails("in", "out.xlsx")
    assert "is also what this run writes" in fails("in/a.jsonl", "in/a.jsonl")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "in"]


def test_progress_counts_up(mixed: Path) -> None:
    seen: list[int] = []
    note: Callable[[Summary], None] = lambda summary: seen.append(  # noqa: E731
        summary.articles + summary.failures
    )
    score(FakeAnalyzer(), [str(mixed / "in")], str(mixed / "out.jsonl"), progress=note)
    assert seen == list(range(1, len(seen) + 1))
