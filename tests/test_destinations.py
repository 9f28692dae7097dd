"""Nothing that a command reads, and nothing of another kind, is written over."""

import csv
import errno
import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from policynlp import cli
from policynlp.errors import InputError, OutputError
from policynlp.files.atomic import unwritable
from policynlp.files.find import find_inputs
from policynlp.files.output_paths import check_name, identity
from policynlp.model import check_model_folder
from policynlp.training.train import train_folder
from scored_records import record


def _files(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def place(small_corpus: Path, small_model: Path, tmp_path: Path) -> Path:
    """Return a folder with a corpus, another folder and a model."""
    shutil.copytree(small_corpus, tmp_path / "cc")
    shutil.copytree(small_model, tmp_path / "model")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "notes.txt").write_text("mine", encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("corpus", "output", "message"),
    [
        ("cc", "cc", "trained on"),
        ("cc", "cc/model", "trained on"),
        ("cc", ".", "trained on"),
        ("cc", "other/../cc", "trained on"),
        ("cc/themes.toml", "cc", "trained on"),
        ("cc", "other", "no model"),
        ("cc", "other/notes.txt", "is a file"),
        ("cc", "other/notes.txt/model", "is a file"),
    ],
)
def test_a_model_is_not_written_over_something_else(
    place: Path, corpus: str, output: str, message: str
) -> None:
    before = _files(place)
    with pytest.raises(OutputError, match=message):
        train_folder([place / corpus], place / output)
    assert _files(place) == before


def test_new_empty_and_model_folders_may_be_written(place: Path) -> None:
    (place / "empty").mkdir()
    for name in ("model", "empty", "new/deeper"):
        check_model_folder(place / name, [place / "cc"])


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("train cc -o new --doubts cc/reports.jsonl", "this command needs"),
        ("train cc/reports.jsonl -o new --doubts cc/reports.jsonl", "this command needs"),
        ("train cc --add other -o new --changes other/notes.txt", "this command needs"),
        ("train cc --against model -o new --changes model/README.md", "this command needs"),
        ("train cc -o model --doubts model/README.md", "this command needs"),
        ("train cc --against model -o new --changes d.csv --doubts d.csv", "two outputs"),
        ("train cc -o new --doubts nowhere/d.csv", "there is no folder"),
        ("train cc -o new --doubts other", "is a folder"),
        ("train cc -o new --doubts other/notes.txt/d.csv", "is a file, not a folder"),
        ("evaluate model cc/reports.jsonl --json cc/reports.jsonl", "this command needs"),
        ("evaluate model cc --html cc/reports.jsonl", "this command needs"),
        ("evaluate model cc --html model/manifest.json", "this command needs"),
        ("evaluate model cc/reports.jsonl --abstracts --html cc/reports.jsonl", "command needs"),
    ],
)
def test_no_file_that_is_read_is_written_over(
    place: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: str,
    message: str,
) -> None:
    before = _files(place)
    monkeypatch.chdir(place)
    assert cli.main(command.split()) == 1
    error = capsys.readouterr().err
    assert message in error
    assert "room on the disk" not in error
    assert _files(place) == before
    assert not (place / "new").exists()


@pytest.mark.parametrize("command", ["train cc -o locked/new", "train cc -o new --doubts locked/d"])
def test_a_folder_that_may_not_be_written_is_named(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    (place / "locked").mkdir()
    monkeypatch.setattr("os.access", lambda path, _: Path(path).name != "locked")
    monkeypatch.chdir(place)
    assert cli.main(command.split()) == 1
    assert "nothing may be written in" in capsys.readouterr().err


needs_links = pytest.mark.skipif(os.name == "nt", reason="Windows lets few make links")

NEWS = "柳溪县实施科技创新工程，建成三家实验室。"
# What a command reads, and another name for it that the command is to write.
SAME = {
    "score news -o x.jsonl": "news/b.jsonl",
    "score news/b.jsonl -o x.jsonl": "news/b.jsonl",
    "score news/*.jsonl -o x.jsonl": "news/b.jsonl",
    "score news -o x.csv": "news/c.csv",
    "score news -o y.jsonl": "news/b.jsonl y.jsonl.failures.csv",
    "score news -o z.jsonl": "news/b.jsonl z.jsonl.run.json",
    "score news/b.jsonl -o w.jsonl": "news/b.jsonl w.jsonl.stdin",
    "digest news -o x.md": "news/d.md",
    "digest news/d.md news/b.jsonl -o x.json": "news/b.jsonl",
    "report out.jsonl -o x.html": "out.jsonl",
    "report out.jsonl --compare-run old.run.json -o x.html": "old.run.json",
    "review out.jsonl -o x.csv": "out.jsonl",
    "review out.jsonl --done cc -o x.csv": "cc/reports.jsonl",
    "review --compare one.csv two.csv -o x.csv": "two.csv",
    "review --import cc/reports.jsonl -o mine": "cc/reports.jsonl mine/reviewed.jsonl",
    "train cc -o new --doubts x.csv": "cc/reports.jsonl",
    "train cc --add other -o new --changes x.csv": "other/notes.txt",
    "train cc --against model -o new --changes x.csv": "model/manifest.json",
    "evaluate model cc --html x.html": "cc/reports.jsonl",
    "evaluate model cc/reports.jsonl --json x.json": "cc/reports.jsonl",
    "evaluate model cc --json x.json": "model/weights/idf.npy",
}


@pytest.fixture
def readable(place: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return ``place`` with something for every command to read, as the current folder."""
    monkeypatch.chdir(place)
    (place / "news").mkdir()
    (place / "mine").mkdir()
    for name in ("a.txt", "d.md"):
        (place / "news" / name).write_text(NEWS, encoding="utf-8")
    (place / "news" / "b.jsonl").write_text(json.dumps({"text": NEWS}), encoding="utf-8")
    (place / "news" / "c.csv").write_text(f"正文\n{NEWS}\n", encoding="utf-8")
    (place / "out.jsonl").write_text(json.dumps(record()), encoding="utf-8")
    (place / "old.run.json").write_text("{}", encoding="utf-8")
    assert cli.main(["review", "out.jsonl", "-o", "one.csv"]) == 0
    shutil.copy("one.csv", "two.csv")
    return place


@needs_links
@pytest.mark.parametrize("link", [os.link, os.symlink])
@pytest.mark.parametrize("command", SAME)
def test_no_file_that_is_read_is_written_over_by_another_name(
    readable: Path,
    capsys: pytest.CaptureFixture[str],
    command: str,
    link: Callable[[Path, Path], None],
) -> None:
    read, *named = SAME[command].split()
    link(readable / read, readable / (named or command.split())[-1])
    before = _files(readable)
    overwrite = [] if "--import" in command else ["--overwrite"]
    assert cli.main([*command.split(), *overwrite]) == 1
    error = capsys.readouterr().err
    assert "which this command needs" in error or "is also what this run writes" in error
    assert _files(readable) == before


@needs_links
@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("score news/b.jsonl -o ./news/../news/b.jsonl", "also what this run writes"),
        ("score news/b.jsonl -o linked/b.jsonl", "also what this run writes"),
        ("score linked/b.jsonl -o news/b.jsonl", "also what this run writes"),
        ("score x.jsonl.parts/a.txt -o x.jsonl", "also what this run writes"),
        ("digest linked -o news/d.md", "which this command needs"),
        ("report ./out.jsonl -o x.html --compare-run x.html", "which this command needs"),
        ("evaluate model cc --html linked-model/x.html", "which this command needs"),
    ],
)
def test_nor_by_another_spelling_or_through_a_linked_folder(
    readable: Path, capsys: pytest.CaptureFixture[str], command: str, message: str
) -> None:
    (readable / "linked").symlink_to("news")
    (readable / "linked-model").symlink_to("model")
    (readable / "x.jsonl.parts").mkdir()
    (readable / "x.jsonl.parts" / "a.txt").write_text(NEWS, encoding="utf-8")
    (readable / "x.html").write_text("{}", encoding="utf-8")
    before = _files(readable)
    assert cli.main([*command.split(), "--overwrite"]) == 1
    assert message in capsys.readouterr().err
    assert _files(readable) == before


@needs_links
def test_what_a_run_writes_into_its_inputs_is_passed_over_by_any_spelling(readable: Path) -> None:
    (readable / "linked").symlink_to("news")
    for command in ("score linked -o news/o.jsonl", "score news -o linked/o.jsonl"):
        assert cli.main([*command.split(), "--quiet"]) == 0
    counts = json.loads((readable / "news/o.jsonl.run.json").read_bytes())["counts"]
    assert counts["articles"] == 4


@pytest.mark.parametrize(
    ("command", "name"),
    [
        ("score - -o x.jsonl", "x.jsonl"),
        ("score - -o x.jsonl", "x.jsonl.stdin"),
        ("digest - -o x.md", "x.md"),
    ],
)
def test_standard_input_is_a_file_too(
    readable: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: str,
    name: str,
) -> None:
    out = Path(name)
    out.write_text(NEWS, encoding="utf-8")
    before = _files(readable)
    with out.open(encoding="utf-8") as stream:
        monkeypatch.setattr(sys, "stdin", stream)
        assert cli.main([*command.split(), "--overwrite"]) == 1
    assert "choose another" in capsys.readouterr().err
    assert _files(readable) == before


@needs_links
def test_a_link_is_not_followed_by_what_is_kept_of_standard_input(
    readable: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (readable / "x.jsonl.stdin").symlink_to("news/a.txt")
    with (readable / "news/d.md").open(encoding="utf-8") as stream:
        monkeypatch.setattr(sys, "stdin", stream)
        assert cli.main(["score", "-", "-o", "x.jsonl", "--quiet"]) == 0
    assert (readable / "news/a.txt").read_text(encoding="utf-8") == NEWS


def test_standard_output_is_not_read(readable: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading what it writes, a command would never end."""
    with (readable / "news/o.jsonl").open("a", encoding="utf-8") as stream:
        monkeypatch.setattr(sys, "stdout", stream)
        found = [file.id for file in find_inputs(["news"])]
        with pytest.raises(InputError, match="also what this run writes"):
            find_inputs(["news/o.jsonl"])
    assert found == ["a.txt", "b.jsonl", "c.csv", "d.md"]


@needs_links
def test_one_file_has_one_identity(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a")
    (tmp_path / "hard").hardlink_to(tmp_path / "a")
    (tmp_path / "soft").symlink_to("a")
    (tmp_path / "dangling").symlink_to("later")
    (tmp_path / "folder").symlink_to(tmp_path)
    same = {identity(tmp_path / name) for name in ("a", "hard", "soft", "./folder/a")}
    assert len(same) == 1
    assert identity(tmp_path / "folder/later") == identity(tmp_path / "dangling")
    assert identity(tmp_path / "later") != identity(tmp_path / "other")


UNASKED = {
    "report out.jsonl -o x.html": "x.html",
    "review out.jsonl -o x.csv": "x.csv",
    "review out.jsonl -o x.xlsx": "x.xlsx",
    "review --compare one.csv two.csv -o x.csv": "x.csv",
    "digest news -o x.md": "x.md",
    "evaluate model held --html x.html": "x.html",
    "evaluate model held --json x.json": "x.json",
    "train cc -o new --doubts x.csv": "x.csv",
    "train cc --against model -o new --force --changes x.csv": "x.csv",
}


@pytest.mark.parametrize("command", UNASKED)
def test_what_is_there_is_replaced_only_where_that_is_asked_for(
    readable: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    (readable / "held").mkdir()
    lines = (readable / "cc" / "reports.jsonl").read_text(encoding="utf-8").splitlines(True)
    (readable / "held" / "a.jsonl").write_text("".join(lines[:4]), encoding="utf-8")
    fill_apart(readable)
    (readable / UNASKED[command]).write_text("mine", encoding="utf-8")
    before = _files(readable)
    assert cli.main(command.split()) == 1
    assert f"{UNASKED[command]}: is there already; --overwrite" in capsys.readouterr().err
    assert _files(readable) == before
    if not command.startswith("train"):  # What the others do here, training does in a second.
        assert cli.main([*command.split(), "--overwrite"]) == 0
        assert (readable / UNASKED[command]).read_bytes() != b"mine"


def fill_apart(folder: Path) -> None:
    """Fill the sheets of two readers in, who differ."""
    for name, label in (("one.csv", "✓"), ("two.csv", "无")):
        with (folder / name).open(encoding="utf-8-sig", newline="") as stream:
            head, *rows = csv.reader(stream)
        at = head.index("人工标签")
        for row in rows:
            row[at] = label
        with (folder / name).open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerows([head, *rows])


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such pipes")
@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("score news -o {long}.jsonl", "the name is too long; choose a shorter one"),
        ("score news -o {long}.jsonl --overwrite", "the name is too long"),
        ("score --merge {long}.jsonl out.jsonl", "the name is too long"),
        ("digest news -o {long}.md", "the name is too long"),
        ("report out.jsonl -o {long}.html", "the name is too long"),
        ("review out.jsonl -o {long}.csv", "the name is too long"),
        ("train cc -o {long}", "the name is too long"),
        ("train cc -o new --doubts {long}", "the name is too long"),
        ("evaluate model cc --html {long}", "the name is too long"),
        ("score news -o folder.jsonl", "folder.jsonl: is a folder; name a file in it"),
        ("report out.jsonl -o one.csv/x.html", "one.csv is a file, not a folder"),
        ("score news -o out.jsonl/x.jsonl", "out.jsonl is a file, not a folder"),
        ("digest news -o nowhere/x.md", "there is no folder nowhere; make it first"),
        ("report out.jsonl -o nowhere/x.html", "there is no folder nowhere; make it first"),
        ("review out.jsonl -o nowhere/x.csv", "there is no folder nowhere; make it first"),
        ("report out.jsonl -o pipe.html --overwrite", "pipe.html: is a pipe or a device"),
    ],
)
def test_where_nothing_can_be_written_each_reason_has_its_advice(
    readable: Path, capsys: pytest.CaptureFixture[str], command: str, message: str
) -> None:
    (readable / "folder.jsonl").mkdir()
    os.mkfifo(readable / "pipe.html")
    assert cli.main(command.format(long="政" * 90).split()) == 1
    error = capsys.readouterr().err
    assert message in error
    assert "room on the disk" not in error


def test_every_reason_has_advice_of_its_own() -> None:
    reasons = {
        errno.ENOSPC: "make room",
        errno.EDQUOT: "you may fill no more",
        errno.EFBIG: "lift the limit",
        errno.EIO: "fails: check it",
        errno.EACCES: "another program has it open",
        errno.EROFS: "you may not write there",
        errno.ENOENT: "its folder is not there",
        errno.ENOTDIR: "is a file",
        errno.EISDIR: "there is a folder of this name",
        errno.ENAMETOOLONG: "choose a shorter name",
        errno.EINVAL: "allows no such name",
        errno.EMFILE: "mend that or choose another output",
    }
    for number, advice in reasons.items():
        said = str(unwritable(Path("x"), OSError(number, os.strerror(number))))
        assert said.startswith(f"x: cannot be written: {os.strerror(number)}; ")
        assert advice in said
        assert ("make room" in said) == (number == errno.ENOSPC)


def test_windows_has_names_of_devices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("policynlp.files.output_paths._WINDOWS", True)
    for name in ("con.csv", "NUL", "lpt1.jsonl.gz", "aux .csv"):
        with pytest.raises(OutputError, match="Windows has a device of this name"):
            check_name(Path(name))
    for name in ("concept.csv", "com10.csv", "a.con"):
        check_name(Path(name))
