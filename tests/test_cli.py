"""The command line: what it prints and how it ends."""

import ast
import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import policynlp
from fake_analyzer import FakeAnalyzer
from policynlp import cli
from policynlp.article import AbstractLimits, Article
from policynlp.batch import Counts, Summary
from policynlp.cli import program
from policynlp.cli.progress import Progress
from policynlp.cli.terminal import Look, analysis_lines, display_width, wrap
from policynlp.results import Analysis

Main = Callable[..., int]

PAGE = """云溪新闻网
首页 > 要闻 > 正文
云溪县：向新而行开新局
发布时间：2024-03-05 来源：云溪日报 作者：佚名
今年以来，云溪县坚持把数字化作为重要抓手，推动全县企业上云用数赋智，各项工作都取得了新的进展。
一、抓项目建设
全县上下咬定目标不放松，项目建设跑出加速度，上半年开工重点项目十二个，完成投资三十亿元。
责任编辑：张三
版权所有 云溪新闻网
"""
SOURCE = Path(__file__).parents[1] / "src"


@pytest.fixture
def main(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Main:
    """The command line with a fake analyzer, in a folder with a page and lines of articles."""
    monkeypatch.setattr(policynlp, "load", lambda *_, **goals: FakeAnalyzer(), raising=False)
    monkeypatch.chdir(tmp_path)
    Path("page.txt").write_text(PAGE, encoding="utf-8")
    Path("good.jsonl").write_text('{"text": "数字化。"}\n{"text": "乙。"}\n', encoding="utf-8")
    Path("bad.jsonl").write_text('{"text": "甲。"}\n{"text": ""}\n', encoding="utf-8")
    return lambda *argv: cli.main([str(arg) for arg in argv])


def feed(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))


def test_all_done(main: Main, capsys: pytest.CaptureFixture[str]) -> None:
    assert main("score", "good.jsonl", "page.txt", "-o", "out.jsonl") == 0
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "3 articles with" in printed.err
    assert "sections by theme: 思想解放 0, 科技创新 0, 项目建设 1, 数字化 2" in printed.err
    assert "written to out.jsonl" in printed.err


def test_some_failed(main: Main, capsys: pytest.CaptureFixture[str]) -> None:
    assert main("score", "bad.jsonl", "-o", "out.csv") == 3
    assert Path("out.csv.failures.csv").exists()
    errors = capsys.readouterr().err
    assert "failed: bad.jsonl:2: the text is empty" in errors
    assert "1 of 2 failed, listed in out.csv.failures.csv" in errors


def test_quiet(main: Main, capsys: pytest.CaptureFixture[str]) -> None:
    assert main("score", "bad.jsonl", "-o", "out.jsonl", "--quiet") == 3
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("kind", ["csv", "jsonl.gz", "parquet"])
def test_standard_output_in_other_formats(main: Main, kind: str) -> None:
    """A pipe gets the bytes that a file has."""
    code = f"import sys; from test_cli import piped; sys.exit(piped({kind!r}))"
    path = os.pathsep.join((str(SOURCE), str(Path(__file__).parent)))
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, env={**os.environ, "PYTHONPATH": path}
    )
    assert ran.returncode == 0, ran.stderr
    assert main("score", "good.jsonl", "-o", f"out.{kind}") == 0
    assert ran.stdout == Path(f"out.{kind}").read_bytes()


def piped(kind: str) -> int:
    """Score to standard output in a process of its own."""
    policynlp.load = lambda *_, **goals: FakeAnalyzer()  # type: ignore[assignment, return-value]
    return cli.main(["score", "good.jsonl", "-o", "-", "--format", kind, "--quiet"])


def test_binary_output_is_no_text_for_a_terminal(
    main: Main, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    assert main("score", "good.jsonl", "-o", "-", "--format", "xlsx") == 2
    assert "send it to a file or a program" in capsys.readouterr().err


def test_from_stdin_to_stdout(
    main: Main, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    feed(monkeypatch, PAGE)
    assert main("score", "-", "-o", "-", "--with-text", "--quiet") == 0
    record = json.loads(capsys.readouterr().out)
    assert (record["id"], record["title"]) == ("stdin", "云溪县：向新而行开新局")
    assert record["text"] == PAGE


@pytest.mark.parametrize(
    "argv",
    [
        [],
        ["nonsense"],
        ["score", "good.jsonl"],
        ["score", "-o", "out.jsonl"],
        ["score", "good.jsonl", "-o", "out.docx"],
        ["score", "good.jsonl", "-o", "out.jsonl", "--length", "0"],
        ["score", "good.jsonl", "-o", "out.jsonl", "--length", "many"],
        ["score", "good.jsonl", "-o", "out.jsonl", "--jobs", "-1"],
        ["score", "good.jsonl", "-o", "out.jsonl", "--len", "5"],
        ["score", "good.jsonl", "-o", "out.jsonl", "--shard", "3/2"],
        ["score", "good.jsonl", "-o", "out.jsonl", "--merge", "all.jsonl"],
        ["analyze", "page.txt", "--color", "blue"],
        ["analyze", "page.txt", "--theme", "体育"],
        ["analyze", "page.txt", "--with-text"],
        ["score", "good.jsonl", "-o", "out.jsonl", "--theme", "体育"],
        ["score", "good.jsonl", "-o", "out.xlsx", "--shard", "1/2"],
        ["score", "good.jsonl", "-o", "-", "--shard", "1/2"],
        ["score", "good.jsonl", "-o", "out.xlsx", "--shard", "1/2", "--dry-run"],
        ["score", "good.jsonl", "-o", "-", "--overwrite"],
        ["score", "good.jsonl", "-o", "out.csv", "--format", "csv"],
        ["score", "-", "-o", "-", "--sample", "1"],
        ["score", "good.jsonl", "--merge", "all.jsonl", "--limit", "3", "--simplify"],
    ],
)
def test_bad_usage(main: Main, capsys: pytest.CaptureFixture[str], argv: list[str]) -> None:
    assert main(*argv) == 2
    errors = capsys.readouterr().err
    assert errors.startswith("policynlp: error: ")
    assert errors.count("\n") == 1


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["score", "gone.txt", "-o", "out.jsonl"], "gone.txt: there is no such file or folder"),
        (["score", "good.jsonl", "-o", "good.jsonl"], "good.jsonl: is also what this run writes"),
        (["score", "good.jsonl", "-o", "page.txt/out.csv"], "page.txt"),
        (["analyze", "gone.txt"], "gone.txt: there is no such file or folder"),
        (["analyze", "good.jsonl"], "good.jsonl: holds more than one article; score them"),
        (["clean", "page.pdf"], "page.pdf: .pdf is not read: extract its text"),
        (["clean", "empty.txt"], "empty.txt: the text is empty"),
        (["analyze", "bad.parquet"], "bad.parquet: is no Parquet file, or a damaged one; get"),
    ],
)
def test_what_cannot_be_done(
    main: Main, capsys: pytest.CaptureFixture[str], argv: list[str], message: str
) -> None:
    Path("page.pdf").write_bytes(b"%PDF")
    Path("empty.txt").write_bytes(b"")
    Path("bad.parquet").write_bytes(b"no magic")
    assert main(*argv) == 1
    errors = capsys.readouterr().err
    assert errors.startswith("policynlp: error: ")
    assert message in errors
    assert errors.count("\n") == 1


@pytest.mark.parametrize("error", [KeyboardInterrupt(), RuntimeError("a\nb"), OSError(28, "full")])
def test_what_goes_wrong_is_one_line(
    main: Main,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: BaseException,
) -> None:
    def fail(path: object = None, **goals: object) -> FakeAnalyzer:
        raise error

    monkeypatch.setattr(policynlp, "load", fail)
    assert main("score", "good.jsonl", "-o", "out.jsonl") == 1
    assert capsys.readouterr().err.count("\n") == 1
    monkeypatch.setenv("POLICYNLP_DEBUG", "1")
    with pytest.raises(type(error)):
        main("score", "good.jsonl", "-o", "out.jsonl")


def test_a_reader_that_leaves(main: Main, monkeypatch: pytest.MonkeyPatch) -> None:
    class Closed(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    monkeypatch.setattr("sys.stdout", Closed())
    assert main("analyze", "page.txt") == 1


def test_limits_reach_the_analyzer(main: Main, monkeypatch: pytest.MonkeyPatch) -> None:
    class Noting(FakeAnalyzer):  # In a file, since score analyzes in a process of its own.
        def analyze(self, item: str | Article, *, limits: AbstractLimits = ...) -> Analysis:  # type: ignore[assignment]
            with Path("seen").open("a", encoding="utf-8") as stream:
                stream.write(f"{limits}\n")
            return super().analyze(item)

    monkeypatch.setattr(policynlp, "load", lambda *_, **goals: Noting())
    main("score", "page.txt", "-o", "out.jsonl", "--length", 150, "--section-length", 60)
    main("analyze", "page.txt", "--sentences", 2)
    seen = [AbstractLimits(150, None, 60), AbstractLimits(200, 2, 100)]
    assert Path("seen").read_text(encoding="utf-8") == "".join(f"{limits}\n" for limits in seen)


def test_analyze_for_a_person(main: Main, capsys: pytest.CaptureFixture[str]) -> None:
    assert main("analyze", "page.txt") == 0
    printed = capsys.readouterr().out
    lines = printed.splitlines()
    assert lines[:2] == ["云溪县：向新而行开新局", "2024-03-05 · 云溪日报"]
    assert "[项目建设 0.99]" in printed
    assert "  evidence: 项目建设" in lines
    assert "一、抓项目建设" in lines
    assert "\x1b" not in printed


def test_analyze_in_colour(
    main: Main, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    main("analyze", "page.txt", "--color", "always")
    assert "\x1b[7;36m 数字化 0.99 \x1b[0m" in capsys.readouterr().out
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    main("analyze", "page.txt")
    assert "\x1b[" in capsys.readouterr().out
    monkeypatch.setenv("NO_COLOR", "1")
    main("analyze", "page.txt")
    assert "\x1b[" not in capsys.readouterr().out


def test_analyze_as_record(main: Main, capsys: pytest.CaptureFixture[str]) -> None:
    assert main("analyze", "page.txt", "--json") == 0
    assert json.loads(capsys.readouterr().out)["source"] == "云溪日报"


def test_clean(main: Main, capsys: pytest.CaptureFixture[str]) -> None:
    assert main("clean", "page.txt") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ["云溪县：向新而行开新局", "2024-03-05 · 云溪日报"]
    assert lines[2].startswith("warning: only ")
    assert "一、抓项目建设" in lines
    assert not [line for line in lines if "版权所有" in line]


def test_clean_shows_what_it_removed(main: Main, capsys: pytest.CaptureFixture[str]) -> None:
    assert main("clean", "page.txt", "--show-removed") == 0
    lines = capsys.readouterr().out.splitlines()
    assert "- [copyright] 版权所有 云溪新闻网" in lines
    assert len(lines) - lines.index("") - 1 == len(PAGE.splitlines())


def test_clean_as_record(main: Main, capsys: pytest.CaptureFixture[str]) -> None:
    assert main("clean", "page.txt", "--json") == 0
    record = json.loads(capsys.readouterr().out)
    parts = record["body"] + record["removed"]
    assert all(PAGE[part["start"] : part["end"]] == part["text"] for part in parts)
    assert len(parts) == len(PAGE.splitlines())


def test_control_characters_do_not_reach_the_terminal(
    main: Main, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("page.txt").write_text("题目\x1b[31m\n正文\x07一。\n" + PAGE, encoding="utf-8")
    main("clean", "page.txt", "--show-removed")
    main("analyze", "page.txt")
    assert not {"\x1b", "\x07"} & set(capsys.readouterr().out)


def test_progress_is_for_terminals(
    main: Main, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    again = ("score", "good.jsonl", "-o", "out.jsonl", "--overwrite")
    main(*again)
    assert "\r" not in capsys.readouterr().err
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    main(*again)
    assert "\r2 of 2 articles (100%), " in capsys.readouterr().err
    main(*again, "--quiet")
    assert capsys.readouterr().err == ""


def test_progress_in_a_log(capsys: pytest.CaptureFixture[str]) -> None:
    summary = Summary(Counts(articles=1, failures=1), total=10, seconds=4.0)
    progress = Progress(shown=True)
    progress.show(summary)
    assert capsys.readouterr().err == ""  # A short run has nothing to say.
    progress._next = 0.0
    progress.show(summary)
    progress.show(summary)
    printed = capsys.readouterr().err
    assert printed == "2 of 10 articles (20%), 0 a second, 1 failed, 0:16 left\n"


def test_a_finished_run_is_left_alone(main: Main, capsys: pytest.CaptureFixture[str]) -> None:
    command = ("score", "bad.jsonl", "-o", "out.jsonl")
    assert main(*command) == 3
    written = Path("out.jsonl").stat().st_mtime_ns
    capsys.readouterr()
    assert main(*command) == 3
    assert "out.jsonl: is finished and left alone" in capsys.readouterr().err
    assert Path("out.jsonl").stat().st_mtime_ns == written
    assert main(*command, "--length", "150") == 1
    assert "an earlier run had characters 200, now 150" in capsys.readouterr().err
    assert main(*command, "--length", "150", "--overwrite") == 3


def test_dry_run(main: Main, capsys: pytest.CaptureFixture[str]) -> None:
    assert main("score", "bad.jsonl", "-o", "out.jsonl", "--dry-run") == 3
    assert "1 article could be scored; nothing was" in capsys.readouterr().err
    assert not list(Path().glob("out*"))


def test_columns_are_chosen(main: Main) -> None:
    table = "报道,text,栏目\n数字化。,备注,=1\n"
    Path("odd.csv").write_text(table, encoding="utf-8")
    options = ("--text-column", "报道", "--keep-columns", "--lang", "zh")
    assert main("score", "odd.csv", "-o", "out.csv", *options) == 0
    with Path("out.csv").open(encoding="utf-8-sig", newline="") as stream:
        [row] = csv.DictReader(stream)
    assert (row["正文"], row["text"], row["栏目"]) == ("数字化。", "备注", "'=1")


def test_shards_are_merged(main: Main, capsys: pytest.CaptureFixture[str]) -> None:
    inputs = ("good.jsonl", "bad.jsonl", "page.txt")
    main("score", *inputs, "-o", "whole.csv")
    for number in (1, 2):
        main("score", *inputs, "-o", f"{number}.csv", "--shard", f"{number}/2")
    assert main("score", "[12].csv", "--merge", "merged.csv") == 3
    assert "5 articles of 2 shards written to merged.csv" in capsys.readouterr().err
    assert Path("merged.csv").read_bytes() == Path("whole.csv").read_bytes()


def test_help_and_version(main: Main, capsys: pytest.CaptureFixture[str]) -> None:
    assert main("--version") == 0
    assert capsys.readouterr().out == f"policynlp {policynlp.__version__}\n"
    assert main("--help") == 0
    assert "policynlp score news/ -o news.csv" in capsys.readouterr().out
    for command in ("score", "analyze", "clean", "train", "evaluate"):
        assert main(command, "--help") == 0
        assert "example: " in capsys.readouterr().out


@pytest.mark.parametrize("width", [20, 33, 80])
def test_lines_fit(width: int) -> None:
    text = (
        "云溪县GDP增长5.6%，“十四五”规划的a-very-long-word-that-fits-no-line-at-all目标（含预期）提前实现。"
        * 3
    )
    lines = wrap(text, width)
    assert all(display_width(line) <= width for line in lines)
    assert not [line for line in lines if line[0] in "，。）”"]
    assert "".join("".join(lines).split()) == "".join(text.split())
    analysis = FakeAnalyzer().analyze(PAGE)
    printed = list(analysis_lines(analysis, Look(width)))
    assert all(display_width(line) <= width for line in printed)


def test_display_width() -> None:
    assert [display_width(text) for text in ("ab", "云溪", "，", "e\u0301", "")] == [2, 4, 2, 1, 0]


def test_script_and_start_up() -> None:
    script = SOURCE.parent / "scripts/score"
    result = subprocess.run(
        [sys.executable, str(script), "--help"], capture_output=True, check=True, encoding="utf-8"
    )
    assert "policynlp score" in result.stdout
    if os.name != "nt":
        assert os.access(script, os.X_OK)
    # Each of these costs more time than it takes to read a page.
    heavy = ("joblib", "scipy", "sklearn", "jieba", "pandas")
    code = f"import sys, policynlp.cli; print([m for m in {heavy} if m in sys.modules])"
    environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
    output = subprocess.check_output([sys.executable, "-c", code], env=environment, text=True)
    assert output.strip() == "[]"


COMMAND = [sys.executable, "-c", "import sys; from policynlp.cli import start; sys.exit(start())"]
MODULE = [sys.executable, "-m", "policynlp"]
SAMPLE = SOURCE.parent / "samples" / "01-city-feature.txt"


def started(command: list[str], *argv: object) -> subprocess.Popen[str]:
    """A command in a process group of its own, as a terminal has it."""
    return subprocess.Popen(
        [*command, *map(str, argv)],
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def test_nothing_is_imported_before_ctrl_c_is_heard() -> None:
    code = "import sys; own = {*sys.modules}; import policynlp.cli; print({*sys.modules} - own)"
    environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
    output = subprocess.check_output([sys.executable, "-c", code], env=environment, text=True)
    assert ast.literal_eval(output) == {"policynlp", "policynlp.cli"}


@pytest.mark.skipif(os.name == "nt", reason="Windows has no groups to signal")
def test_ctrl_c_at_any_moment_shows_no_traceback(tmp_path: Path) -> None:
    """But one of Python's own first milliseconds, when nothing of ours has begun."""
    told = {}
    for number in range(24):
        run = started(
            (COMMAND, MODULE)[number % 2],
            *("score", SAMPLE, "-o", tmp_path / f"{number}.jsonl", "--jobs", 1 + number // 2 % 2),
        )
        time.sleep(0.6 * number / 24)
        for _ in range(1 + number % 3):  # Who is impatient presses it again.
            os.killpg(run.pid, signal.SIGINT)
            time.sleep(0.002)
        told[number] = (run.communicate(timeout=60)[1], run.returncode)
    begun = (str(SOURCE / "policynlp"), "interrupted", "ignored")
    shown = [text for text, _ in told.values() if "Traceback" in text]
    assert [text for text in shown if any(sign in text for sign in begun)] == []
    assert {code for _, code in told.values()} <= {0, 1, -signal.SIGINT}
    assert "policynlp: error: interrupted\n" in {text for text, _ in told.values()}


def test_an_interrupt_before_the_command_is_known_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted() -> object:
        raise KeyboardInterrupt

    monkeypatch.setattr(program, "build_parser", interrupted)
    assert cli.main(["models"]) == 1
    assert capsys.readouterr().err == "policynlp: error: interrupted\n"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no groups to signal")
def test_a_command_in_the_background_goes_on(tmp_path: Path) -> None:
    """A shell lets what it starts behind an & ignore the Ctrl-C that is for others."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        run = started(COMMAND, "score", SAMPLE, "-o", tmp_path / "out.jsonl")
    finally:
        signal.signal(signal.SIGINT, before)
    for _ in range(3):
        time.sleep(0.1)
        os.killpg(run.pid, signal.SIGINT)
    assert "1 article" in run.communicate(timeout=60)[1]
    assert run.returncode == 0
