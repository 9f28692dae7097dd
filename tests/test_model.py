"""The model folder: what is saved comes back, and nothing damaged is ever used."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from policynlp.errors import ModelError
from policynlp.model import load, save


@pytest.fixture
def folder(small_model: Path, tmp_path: Path) -> Path:
    """Return a copy that a test may damage."""
    return Path(shutil.copytree(small_model, tmp_path / "model"))


def _edit_manifest(folder: Path, change: Callable[[dict[str, object]], object]) -> None:
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    change(manifest)
    path.write_text(json.dumps(manifest, ensure_ascii=False), encoding="utf-8")


def test_save_of_load_is_identity(small_model: Path, tmp_path: Path) -> None:
    again = tmp_path / "again"
    save(load(small_model), again, (small_model / "README.md").read_text(encoding="utf-8"))
    names = sorted(path.relative_to(small_model) for path in small_model.rglob("*.*"))
    assert names == sorted(path.relative_to(again) for path in again.rglob("*.*"))
    for name in names:
        assert (small_model / name).read_bytes() == (again / name).read_bytes(), name


def test_weights_are_mapped_and_read_only(small_model: Path) -> None:
    weights = load(small_model).weights["paragraph"]
    assert not weights.flags.writeable
    assert isinstance(weights.base, np.memmap)


@pytest.mark.parametrize("name", ["terms.txt", "weights/section.npy", "README.md"])
def test_a_changed_file_is_refused_by_name(folder: Path, name: str) -> None:
    path = folder / name
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(ModelError, match=name):
        load(folder)


def test_a_missing_file_is_refused_by_name(folder: Path) -> None:
    (folder / "weights" / "idf.npy").unlink()
    with pytest.raises(ModelError, match=r"idf\.npy"):
        load(folder)


def test_a_folder_without_manifest_is_no_model(tmp_path: Path) -> None:
    (tmp_path / "page.txt").write_text("数字化")
    with pytest.raises(ModelError, match=r"page.txt: not a model folder"):
        load(tmp_path / "page.txt")
    with pytest.raises(ModelError, match="not a model folder"):
        load(tmp_path)


def test_a_manifest_that_is_not_json_is_refused(folder: Path) -> None:
    (folder / "manifest.json").write_text("{", encoding="utf-8")
    with pytest.raises(ModelError, match=r"not valid JSON: .* at column 2"):
        load(folder)


def test_another_format_is_refused(folder: Path) -> None:
    _edit_manifest(folder, lambda manifest: manifest.update(format=2))
    with pytest.raises(ModelError, match="format 2"):
        load(folder)


def test_other_words_are_refused(folder: Path) -> None:
    _edit_manifest(folder, lambda manifest: manifest.update(fingerprint="0" * 16))
    with pytest.raises(ModelError, match="other words"):
        load(folder)


def test_a_manifest_without_thresholds_is_refused(folder: Path) -> None:
    _edit_manifest(folder, lambda manifest: manifest["themes"][0].pop("paragraph"))  # type: ignore[index]
    with pytest.raises(ModelError, match="paragraph"):
        load(folder)


def test_a_model_of_before_there_were_promises_is_read(folder: Path) -> None:
    def drop(manifest: dict[str, object]) -> None:
        for theme in manifest["themes"]:  # type: ignore[attr-defined]
            del theme["paragraph"]["by_precision"], theme["section"]["by_precision"]

    _edit_manifest(folder, drop)
    assert load(folder).promises == {}


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros((3, 4)), "shape"),
        (np.full((3, 4), np.nan), "shape|finite"),
        (np.zeros((3, 4), dtype=np.float32), "float64"),
        (np.array([object()]), "not an array as numpy saves it"),
    ],
)
def test_unusable_weights_are_refused(folder: Path, array: np.ndarray, message: str) -> None:
    path = folder / "weights" / "paragraph.npy"
    np.save(path, array, allow_pickle=True)
    _rehash(folder, "weights/paragraph.npy")
    with pytest.raises(ModelError, match=message):
        load(folder)


def test_weights_that_are_not_finite_are_refused(folder: Path) -> None:
    path = folder / "weights" / "paragraph.npy"
    weights = np.load(path)
    weights[0, 0] = np.inf
    np.save(path, weights)
    _rehash(folder, "weights/paragraph.npy")
    with pytest.raises(
        ModelError,
        match=r"paragraph\.npy: holds values that are not from -1e",
    ):
        load(folder)


def _rehash(folder: Path, name: str) -> None:
    import hashlib

    digest = hashlib.sha256((folder / name).read_bytes()).hexdigest()
    _edit_manifest(folder, lambda manifest: manifest["files"].update({name: digest}))  # type: ignore[attr-defined]


def test_a_stopped_save_leaves_the_model_that_stood(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = load(folder)
    (folder / "notes.txt").write_text("mine", encoding="utf-8")

    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    for owner, name in ((np, "save"), (Path, "rename")):
        with monkeypatch.context() as patch:
            patch.setattr(owner, name, stop)
            with pytest.raises(KeyboardInterrupt):
                save(model, folder, "new card")
        assert load(folder).id == model.id
        assert [path.name for path in folder.parent.iterdir()] == [folder.name]
    save(model, folder, "new card")
    assert (folder / "README.md").read_text(encoding="utf-8") == "new card"
    assert (folder / "notes.txt").read_text(encoding="utf-8") == "mine"
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("files", {}, '"files" does not list terms.txt'),
        ("themes.0.paragraph.threshold", float("nan"), "must be a number .*, found NaN"),
        ("themes.0.section.threshold", 0, "must be a number .*, found 0"),
        ("themes.0.section.threshold", 1.5, "must be a number from 1e-09 to 1, found 1.5"),
        ("themes.0.section.uncertain_from", -0.1, "must be a number from 0 to 1, found -0.1"),
        ("themes.0.calibration.slope", float("inf"), "must be a number .*, found Infinity"),
        ("themes.0.intercept", float("nan"), "must be a number"),
        ("roll_up.mean", float("nan"), "must be a number"),
        ("roll_up.constant", [], "must have a number for each theme"),
        ("themes.0.name", "数字化", "names a theme twice"),
    ],
)
def test_a_damaged_manifest_is_refused(
    folder: Path, field: str, value: object, message: str
) -> None:
    def damage(manifest: Any) -> None:
        *way, last = [int(key) if key.isdecimal() else key for key in field.split(".")]
        for key in way:
            manifest = manifest[key]
        manifest[last] = value

    _edit_manifest(folder, damage)
    name = r"\[0\]".join(field.split(".0"))
    with pytest.raises(ModelError, match=f'(?:"{name}" )?{message}') as caught:
        load(folder)
    assert str(folder) in str(caught.value)
