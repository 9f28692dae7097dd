"""Nothing that a command reads, and nothing of another kind, is written over."""

import shutil
from pathlib import Path

import pytest

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
