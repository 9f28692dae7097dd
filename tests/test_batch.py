"""Batches: every article accounted for, whole outputs, harmless tables."""

import csv
import io
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fake_analyzer import CRASH, THEMES, FakeAnalyzer
from policynlp.article import Article, Failure
from policynlp.batch import Options, Shard, Summary, look, score
from policynlp.batch.inputs import Inputs, make_chunks
from policynlp.batch.scoring import Load
from policynlp.errors import InputError
from policynlp.files.items import Item, Reading
from policynlp.files.jsonl import parse_line
from policynlp.results import Abstract, Analysis

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


def run(folder: Path, out: str = "out.jsonl", load: Load = FakeAnalyzer) -> Summary:
    return score(load, [str(folder / "in")], str(folder / out))


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
    counts = summary.counts
    assert (counts.articles, counts.failures) == (len(ids), len(failures))
    assert counts.sections == len(ids)
    assert counts.themes == {theme: len(ids) * (theme in BODY) for theme in THEMES}
    assert [failure.id for failure in summary.first_failures] == [row["id"] for row in failures[:5]]


def test_two_runs_write_the_same_and_do_not_read_what_they_wrote(mixed: Path) -> None:
    outputs = []
    for _ in range(2):
        score(FakeAnalyzer, [str(mixed)], str(mixed / "out.jsonl"), overwrite=True)
        outputs.append((mixed / "out.jsonl").read_bytes())
    assert outputs[0] == outputs[1]
    names = {path.name for path in mixed.iterdir()}
    assert names == {"in", "out.jsonl", "out.jsonl.failures.csv", "out.jsonl.run.json"}


@pytest.mark.parametrize("out", ["in/out.csv", "in/out.jsonl"])
def test_what_other_runs_wrote_is_not_read(mixed: Path, out: str) -> None:
    before = run(mixed)
    run(mixed, out)
    (mixed / "in" / f"{Path(out).name}.parts").mkdir()
    write(mixed / "in" / f"{Path(out).name}.parts", {"000000.part": BODY})
    assert (mixed / f"{out}.failures.csv").exists()
    run(mixed, "in/new.jsonl")
    assert (mixed / "in/new.jsonl").read_bytes() == (mixed / "out.jsonl").read_bytes()
    # Without a manifest beside it, a file of such a name is the user's own.
    write(mixed / "in", {"own.parts/a.txt": BODY, "own.failures.csv": f"id,text\n1,{BODY!r}\n"})
    assert run(mixed, "last.jsonl").counts.articles == before.counts.articles + 2


def test_no_failures_leave_no_list(mixed: Path) -> None:
    run(mixed)
    assert (mixed / "out.jsonl.failures.csv").exists()
    score(FakeAnalyzer, [str(mixed / "in/a.txt")], str(mixed / "out.jsonl"), overwrite=True)
    assert not (mixed / "out.jsonl.failures.csv").exists()


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


@pytest.mark.parametrize("jobs", [1, 2])
def test_standard_streams(jobs: int) -> None:
    written: list[bytes] = []
    stdin = io.BytesIO(b'{"text": "a."}\n{"text": ""}\n{"text": "b."}\n')
    summary = score(FakeAnalyzer, ["-"], "-", stdin=stdin, stdout=written.append, jobs=jobs)
    lines = b"".join(written).splitlines()
    assert [json.loads(line)["id"] for line in lines] == ["stdin:1", "stdin:3"]
    assert (summary.counts.articles, summary.counts.failures) == (2, 1)


def test_a_stream_is_not_held_back() -> None:
    written: list[int] = []

    def slow_lines() -> Iterator[bytes]:
        for number in range(3):
            assert len(written) >= number  # What came before is out.
            yield b'{"text": "a."}\n'

    lines = slow_lines()

    class Slow(io.RawIOBase):
        def readable(self) -> bool:
            return True

        def readinto(self, buffer: Any, /) -> int:
            line = next(lines, b"")
            buffer[: len(line)] = line
            return len(line)

    stdin = io.BufferedReader(Slow())
    score(FakeAnalyzer, ["-"], "-", stdin=stdin, stdout=lambda data: written.append(len(data)))
    assert len(written) == 3


def test_characters_that_utf8_lacks_end_no_run(tmp_path: Path) -> None:
    write(tmp_path, {"in/a.jsonl": '{"text": "\\ud800 half."}\n{"text": "b."}'})
    assert run(tmp_path).counts.articles == 2


class Lossy(FakeAnalyzer):
    """Gives back fewer results than it takes."""

    def pipe(
        self, items: Iterable[str | Article], **options: object
    ) -> Iterator[Analysis | Failure]:
        for number, item in enumerate(items):
            if number < 3:
                yield self.analyze(item)


def test_what_the_analyzer_loses_is_a_failure(mixed: Path) -> None:
    counts = run(mixed, load=Lossy).counts
    assert (counts.articles, counts.failures) == (3, 47)


class Unwritable(FakeAnalyzer):
    """Gives analyses that cannot be made records of."""

    def analyze(self, item: str | Article, **options: object) -> Analysis:
        return replace(super().analyze(item), abstract=Abstract("", (None,)))  # type: ignore[arg-type]


def test_what_cannot_be_written_is_a_failure(tmp_path: Path) -> None:
    write(tmp_path, {"in/a.txt": BODY})
    assert run(tmp_path, load=Unwritable).first_failures[0].stage == "write"


def test_what_crashes_while_being_read_is_a_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(record: object) -> Article:
        raise RecursionError("too deep")

    monkeypatch.setattr("policynlp.batch.scoring.make_article", crash)
    write(tmp_path, {"in/a.txt": BODY})
    assert run(tmp_path).first_failures == [
        Failure("a.txt", (tmp_path / "in/a.txt").as_posix(), "read", "RecursionError: too deep")
    ]


def test_output_in_a_new_folder(mixed: Path) -> None:
    run(mixed, "new/folder/out.jsonl")
    assert (mixed / "new/folder/out.jsonl").exists()


def test_what_cannot_be_run(tmp_path: Path) -> None:
    write(tmp_path, {"in/a.jsonl": '{"text": "a."}', "empty/.keep": ""})

    def fails(inputs: str, out: str) -> str:
        with pytest.raises(InputError) as error:
            score(FakeAnalyzer, [str(tmp_path / inputs)], str(tmp_path / out))
        return str(error.value)

    assert "there is no such file or folder" in fails("gone", "out.jsonl")
    assert "no article found" in fails("empty", "out.jsonl")
    assert "must end in .jsonl, .ndjson, .jsonl.gz" in fails("in", "out.docx")
    assert "is also what this run writes" in fails("in/a.jsonl", "in/a.jsonl")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "in"]


def test_progress_counts_up(mixed: Path) -> None:
    seen: list[int] = []

    def note(summary: Summary) -> None:
        assert summary.total == 50
        seen.append(summary.counts.done)

    score(FakeAnalyzer, [str(mixed / "in")], str(mixed / "out.jsonl"), progress=note)
    assert seen == sorted(seen)
    assert seen[-1] == 50


def numbered(folder: Path, count: int) -> Path:
    lines = [json.dumps({"id": f"n{number}", "text": BODY}) for number in range(count)]
    write(folder, {"in/a.jsonl": "\n".join(lines)})
    return folder


def test_limit_and_sample(tmp_path: Path) -> None:
    numbered(tmp_path, 200)
    chosen = []
    for name, options in {
        "limit": Options(limit=3),
        "sample": Options(sample=20),
        "again": Options(sample=20),
        "both": Options(limit=100, sample=10),
    }.items():
        out = tmp_path / f"{name}.jsonl"
        score(FakeAnalyzer, [str(tmp_path / "in")], str(out), options=options)
        chosen.append([int(str(record["id"])[1:]) for record in read_lines(out)])
    limit, sample, again, both = chosen
    assert limit == [0, 1, 2]
    assert sample == again == sorted(sample)
    assert len(sample) == 20
    assert sample[-1] > 100
    assert len(both) == 10
    assert both[-1] < 100


def test_max_chars(tmp_path: Path) -> None:
    lines = [{"text": "甲" * 30}, {"sections": [{"heading": "乙", "paragraphs": ["丙" * 30]}]}]
    write(tmp_path, {"in/a.jsonl": "\n".join(map(json.dumps, lines))})
    options = Options(reading=Reading(max_chars=30))
    summary = score(FakeAnalyzer, [str(tmp_path)], str(tmp_path / "o.jsonl"), options=options)
    assert summary.counts.articles == 1
    [failure] = summary.first_failures
    assert failure.stage == "read"
    assert failure.reason.startswith("31 characters, more than the 30 of --max-chars")


def test_a_look_reads_but_writes_nothing(mixed: Path) -> None:
    summary = look([str(mixed / "in")])
    assert (summary.counts.articles, summary.counts.failures) == (43, 7)
    assert [path.name for path in mixed.iterdir()] == ["in"]


def test_a_look_at_shards_counts_each_article_once(mixed: Path) -> None:
    looks = [look([str(mixed / "in")], Options(shard=Shard(i, 3))).counts for i in (1, 2, 3)]
    assert sum(counts.articles for counts in looks) == 43
    assert sum(counts.failures for counts in looks) == 7
    assert max(counts.done for counts in looks) <= 17


def test_a_look_at_a_sample_of_standard_input() -> None:
    lines = "\n".join(json.dumps({"id": f"n{i}", "text": BODY * (i > 4)}) for i in range(9))
    summary = look(["-"], Options(sample=8), stdin=io.BytesIO(lines.encode()))
    assert summary.counts.done == 8
    assert summary.counts.failures >= 4


def test_repeated_ids_are_reported(tmp_path: Path) -> None:
    ids = [*"abcabd", "e", "e", "e"]
    lines = [json.dumps({"id": id, "text": BODY if id != "d" else ""}) for id in ids]
    write(tmp_path, {"in/a.jsonl": "\n".join(lines), "in/b.jsonl": '{"id": "d", "text": "."}'})
    summary = run(tmp_path)
    number, examples = summary.repeated_ids
    assert number == 4
    assert dict(examples) == {"a": 2, "b": 2, "d": 2, "e": 3}
    manifest = json.loads((tmp_path / "out.jsonl.run.json").read_text(encoding="utf-8"))
    assert manifest["repeated_ids"]["number"] == 4


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_in_a_folder_keeps_no_batch_waiting(tmp_path: Path) -> None:
    write(tmp_path / "in", {"a.txt": BODY})
    os.mkfifo(tmp_path / "in" / "b.txt")
    counts = score(FakeAnalyzer, [str(tmp_path / "in")], str(tmp_path / "out.jsonl")).counts
    assert (counts.articles, counts.failures) == (1, 1)


def sized_items(sizes: Iterable[int]) -> list[Item]:
    return [Item(str(i), "", size, b"", parse_line) for i, size in enumerate(sizes)]


@pytest.mark.parametrize("total", [None, 3000 * 4000])
def test_chunks_are_the_articles_in_order(total: int | None) -> None:
    items = sized_items(1500 + 700 * (i % 5) for i in range(3000))
    chunks = list(make_chunks(iter(items), total=total))
    assert [chunk.number for chunk in chunks] == list(range(len(chunks)))
    assert [item for chunk in chunks for item in chunk.entries] == items
    shares = [list(make_chunks(iter(items), Shard(n, 3), total=total)) for n in (1, 2, 3)]
    joined = [
        item for parts in zip(*shares, strict=True) for part in parts for item in part.entries
    ]
    assert joined == items


def test_workers_end_together(tmp_path: Path) -> None:
    """A chunk is at most a quarter of what is left, or so small that it does not matter."""
    lines = "".join(json.dumps({"text": "x" * (2000 + 50 * (i % 7))}) + "\n" for i in range(3000))
    (tmp_path / "in.jsonl").write_text(lines, encoding="utf-8")
    source = Inputs([str(tmp_path / "in.jsonl")], Options())
    total = source.survey().size
    chunks = list(make_chunks(source.chosen(), total=total))
    sizes = [sum(1500 + e.size for e in chunk.entries if isinstance(e, Item)) for chunk in chunks]
    assert sum(sizes) == total
    one = 1500 + 2400
    for number, size in enumerate(sizes):
        assert size <= max(sum(sizes[number:]) / 4, 96 << 10) + one
    assert max(sizes) > 256 << 10 > 2 * sizes[-2]


def test_a_dry_run_sees_the_shares_of_the_run(tmp_path: Path) -> None:
    """Over many chunks, the last of which are small: the same articles in the same shares."""
    lines = [json.dumps({"id": f"n{i}", "text": BODY * (1 + i % 40)}) for i in range(1500)]
    for i in range(0, 1500, 7):
        lines[i] = "{"
    (tmp_path / "in.jsonl").write_text("\n".join(lines), encoding="utf-8")
    for number in (1, 2, 3):
        options = Options(shard=Shard(number, 3))
        inputs = [str(tmp_path / "in.jsonl")]
        done = score(FakeAnalyzer, inputs, str(tmp_path / f"{number}.jsonl"), options=options)
        looked = look(inputs, options)
        with (tmp_path / "in.jsonl").open("rb") as stdin:
            piped = look(["-"], options, stdin=stdin)
        for counts in (looked.counts, piped.counts):
            assert (counts.articles, counts.failures) == (
                done.counts.articles,
                done.counts.failures,
            )
