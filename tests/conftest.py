"""What several tests share: the repository's own corpus and a model trained on part of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from policynlp.corpus.labelled import LabelledSection
from policynlp.corpus.read import read_corpus
from policynlp.messages import ENGLISH, speak
from policynlp.training.fit import Fit
from policynlp.training.train import train_folder

ROOT = Path(__file__).parents[1]
THEMES = ["思想解放", "科技创新", "项目建设", "数字化"]


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let everything be said in English, here and in what a test starts, whatever the locale."""
    for name in ("LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "C.UTF-8")
    speak(ENGLISH)
    yield
    speak(ENGLISH)


@pytest.fixture(scope="session")
def written() -> list[LabelledSection]:
    """Return the corpus written for this repository."""
    return read_corpus([ROOT / "corpus" / "written"])


@pytest.fixture(scope="session")
def small_corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a third of the written corpus and the code book."""
    folder = tmp_path_factory.mktemp("corpus")
    (folder / "themes.toml").write_bytes((ROOT / "corpus" / "themes.toml").read_bytes())
    for path in sorted((ROOT / "corpus" / "written").glob("*.jsonl")):
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        (folder / path.name).write_text("".join(lines[::3]), encoding="utf-8")
    (folder / "abstracts").mkdir()
    for path in sorted((ROOT / "corpus" / "abstracts").iterdir()):
        (folder / "abstracts" / path.name).write_bytes(path.read_bytes())
    return folder


@pytest.fixture(scope="session")
def small_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where the small model goes."""
    return tmp_path_factory.mktemp("models") / "small"


@pytest.fixture(scope="session")
def small_fit(small_corpus: Path, small_folder: Path) -> Fit:
    """Return what training on the small corpus found."""
    return train_folder([small_corpus], small_folder)


@pytest.fixture(scope="session")
def small_model(small_fit: Fit, small_folder: Path) -> Path:
    """Return a model folder trained on the small corpus."""
    return small_folder
