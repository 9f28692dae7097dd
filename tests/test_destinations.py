"""Nothing that a command reads, and nothing of another kind, is written over."""

import shutil
from pathlib import Path

import pytest

from policynlp import cli
from policynlp.errors import OutputError
from policynlp.training.commands import train
from policynlp.training.destinations import check_model_folder


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
        train([place / corpus], place / output)
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
