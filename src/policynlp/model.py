"""The model folder: arrays, a manifest and a card, checked before anything is used.

Format 1 is written down in docs/model-format.md. A reader refuses a format that it does
not know; a change that old readers would misread raises ``FORMAT``.
"""

import hashlib
import json
import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from policynlp.errors import ModelError
from policynlp.language.terms import Floats, Vocabulary
from policynlp.language.words import fingerprint

FORMAT = 1
VIEWS = ("paragraph", "section", "heading")
ARRAYS = (*VIEWS, "idf", "abstracts", "abstract_words")
LEVELS = ("paragraph", "section")
# What rolls paragraphs up to a section, in the order of the weights' columns.
ROLL_UP = ("greatest", "mean_by_length", "mean", "announced", "constant")
BUNDLED = "policy-themes"
MANIFEST = "manifest.json"

# By precision, the lowest threshold whose tags reached it out of fold, or None if none did.
Promises: TypeAlias = dict[float, float | None]


@dataclass(frozen=True, slots=True)
class Cutoffs:
    """Probabilities from which each theme is tagged, and from which it is uncertain."""

    threshold: tuple[float, ...]
    uncertain_from: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Model:
    """A fitted model. ``weights`` maps each of ``VIEWS`` to an array [terms, themes].

    ``calibration`` [themes, 2] turns a decision value x into the log-odds slope·x + offset;
    ``roll_up`` [themes, 5] are the weights of ``ROLL_UP``: those of the log-odds of the
    greatest paragraph probability, of the mean weighted by length and of the plain mean, that of
    the greatest probability by a run-in head, all the same for every theme, and a constant;
    ``abstracts`` are the weights of the sentence ranker's features and ``abstract_words``
    [terms] those of the words. ``promises`` maps each of ``LEVELS`` to one for each theme; a
    model of before there were any has none.
    """

    id: str
    themes: tuple[str, ...]
    vocabulary: Vocabulary
    idf: Floats
    weights: dict[str, Floats]
    intercepts: Floats
    calibration: Floats
    roll_up: Floats
    paragraph: Cutoffs
    section: Cutoffs
    abstracts: Floats
    abstract_words: Floats
    details: dict[str, Any]
    promises: dict[str, tuple[Promises, ...]] = field(default_factory=dict)


def save(model: Model, folder: Path, card: str) -> None:
    """Write ``model`` to ``folder``; the same model gives the same bytes.

    It is written beside its place and moved there when all of it is on the disk, so that a
    model that stood there stays usable until then. Files of other kinds in it are kept.
    """
    folder = folder.resolve()
    new, old = (folder.with_name(f".{folder.name}.{os.getpid()}.{n}") for n in ("new", "old"))
    try:
        _write_folder(model, new, card)
        _swap(folder, new, old)
    finally:
        shutil.rmtree(new, ignore_errors=True)
    shutil.rmtree(old, ignore_errors=True)


def _write_folder(model: Model, folder: Path, card: str) -> None:
    weights = folder / "weights"
    weights.mkdir(parents=True)
    _write(folder / "terms.txt", "".join(f"{term}\n" for term in model.vocabulary.terms))
    _write(folder / "README.md", card)
    for name, array in _arrays(model).items():
        np.save(weights / f"{name}.npy", np.ascontiguousarray(array), allow_pickle=False)
    names = ["README.md", "terms.txt", *(f"weights/{name}.npy" for name in _arrays(model))]
    manifest = {
        "format": FORMAT,
        "id": model.id,
        "fingerprint": fingerprint(),
        "themes": [_theme(model, i) for i in range(len(model.themes))],
        "roll_up": _roll_up(model),
        **model.details,
        "files": {name: _sha256(folder / name) for name in names},
    }
    _write(folder / MANIFEST, json.dumps(manifest, ensure_ascii=False, indent=1) + "\n")


def _swap(folder: Path, new: Path, old: Path) -> None:
    """Put ``new`` in the place of ``folder``, or leave that as it was."""
    if not folder.exists():
        new.rename(folder)
        return
    folder.rename(old)
    try:
        new.rename(folder)
    except BaseException:
        old.rename(folder)
        raise
    for path in old.iterdir():
        if not (folder / path.name).exists():
            path.rename(folder / path.name)


def digest(model: Model) -> str:
    """Return a short hash of all that a model's output depends on besides this version's code."""
    whole = hashlib.sha256(fingerprint().encode())
    whole.update("\n".join(model.vocabulary.terms).encode())
    numbers = [_theme(model, i) for i in range(len(model.themes))], _roll_up(model)
    whole.update(json.dumps(numbers).encode())
    for array in _arrays(model).values():
        whole.update(np.ascontiguousarray(array).tobytes())
    return whole.hexdigest()[:8]


def load(folder: Path) -> Model:
    """Read a model folder.

    Raises ``ModelError`` naming the file where one is missing, changed or malformed, or
    where the model counts other words than this version cuts.
    """
    manifest = _manifest(folder)
    expected = {"terms.txt", *(f"weights/{name}.npy" for name in ARRAYS)}
    missing = sorted(expected - manifest["files"].keys())
    if missing:
        raise ModelError(
            '{path}: "files" does not list {missing}; restore the folder or train again',
            path=folder / MANIFEST,
            missing=", ".join(missing),
        )
    for name, digest in manifest["files"].items():
        if not (folder / name).is_file() or _sha256(folder / name) != digest:
            raise ModelError(
                "{path}: missing or changed since the model was saved; "
                "restore the folder or train again",
                path=folder / name,
            )
    try:
        model = _build(folder, manifest)
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(
            "{folder}: not a valid model ({error!r}); train again", folder=folder, error=error
        ) from error
    _check(folder, model)
    return model


def default_folder() -> Path:
    """Return the bundled model: inside the installed package, or in a source checkout."""
    package = Path(__file__).parent
    installed = package / "models" / BUNDLED
    return installed if installed.is_dir() else package.parents[1] / "models" / BUNDLED


def _arrays(model: Model) -> dict[str, Floats]:
    return {
        **model.weights,
        "idf": model.idf,
        "abstracts": model.abstracts,
        "abstract_words": model.abstract_words,
    }


def _theme(model: Model, i: int) -> dict[str, Any]:
    slope, offset = model.calibration[i].tolist()
    theme: dict[str, Any] = {
        "name": model.themes[i],
        "intercept": float(model.intercepts[i]),
        "calibration": {"slope": slope, "offset": offset},
    }
    for level, cutoffs in (("paragraph", model.paragraph), ("section", model.section)):
        theme[level] = {
            "threshold": cutoffs.threshold[i],
            "uncertain_from": cutoffs.uncertain_from[i],
        }
        if model.promises:
            promised = model.promises[level][i].items()
            theme[level]["by_precision"] = {str(p): threshold for p, threshold in promised}
    return theme


def _roll_up(model: Model) -> dict[str, Any]:
    *shared, constants = model.roll_up.T.tolist()
    return dict(zip(ROLL_UP, [*(column[0] for column in shared), constants], strict=True))


def _read_roll_up(weights: dict[str, Any]) -> Floats:
    *shared, constants = (weights[name] for name in ROLL_UP)
    return np.array([[*shared, constant] for constant in constants])


def _manifest(folder: Path) -> dict[str, Any]:
    path = folder / MANIFEST
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        raise ModelError(
            "{folder}: not a model folder (no {manifest})", folder=folder, manifest=MANIFEST
        ) from None
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ModelError(
            "{path}: not JSON ({error}); restore it or train again", path=path, error=error
        ) from error
    if not isinstance(manifest, dict) or not isinstance(manifest.get("files"), dict):
        raise ModelError("{path}: not a model manifest; restore it or train again", path=path)
    if manifest.get("format") != FORMAT:
        raise ModelError(
            "{path}: model format {found!r}, but this version reads format {known}; "
            "train again or use the version that wrote it",
            path=path,
            found=manifest.get("format"),
            known=FORMAT,
        )
    if manifest.get("fingerprint") != fingerprint():
        raise ModelError(
            "{path}: made with other words (fingerprint {found}, this version cuts {own}); "
            "train again or use the version that wrote it",
            path=path,
            found=manifest.get("fingerprint"),
            own=fingerprint(),
        )
    return manifest


def _build(folder: Path, manifest: dict[str, Any]) -> Model:
    themes = manifest["themes"]
    known = ("format", "id", "fingerprint", "themes", "roll_up", "files")

    def column(*keys: str) -> Floats:
        values = []
        for theme in themes:
            for key in keys:
                theme = theme[key]
            values.append(float(theme))
        return np.array(values)

    def cutoffs(level: str) -> Cutoffs:
        return Cutoffs(
            tuple(column(level, "threshold").tolist()),
            tuple(column(level, "uncertain_from").tolist()),
        )

    return Model(
        manifest["id"],
        tuple(str(theme["name"]) for theme in themes),
        Vocabulary((folder / "terms.txt").read_text(encoding="utf-8").splitlines()),
        _array(folder, "idf"),
        {view: _array(folder, view) for view in VIEWS},
        column("intercept"),
        np.stack((column("calibration", "slope"), column("calibration", "offset")), axis=1),
        _read_roll_up(manifest["roll_up"]),
        cutoffs("paragraph"),
        cutoffs("section"),
        _array(folder, "abstracts"),
        _array(folder, "abstract_words"),
        {key: value for key, value in manifest.items() if key not in known},
        _promises(themes),
    )


def _promises(themes: list[dict[str, Any]]) -> dict[str, tuple[Promises, ...]]:
    if not all("by_precision" in theme[level] for theme in themes for level in LEVELS):
        return {}

    def promised(by_precision: dict[str, float | None]) -> Promises:
        pairs = dict(by_precision).items()
        return {float(p): None if least is None else float(least) for p, least in pairs}

    return {
        level: tuple(promised(theme[level]["by_precision"]) for theme in themes) for level in LEVELS
    }


def _array(folder: Path, name: str) -> Floats:
    # Mapped, so that workers share one copy; a plain view, since np.memmap indexes slowly.
    array: NDArray[Any] = np.asarray(
        np.load(folder / "weights" / f"{name}.npy", mmap_mode="r", allow_pickle=False)
    )
    if array.dtype != np.float64:
        raise ValueError(f"weights/{name}.npy holds {array.dtype}, not float64")
    return array


def _check(folder: Path, model: Model) -> None:
    terms, themes = len(model.vocabulary), len(model.themes)
    shapes = {"idf": (terms,), "abstract_words": (terms,)} | dict.fromkeys(VIEWS, (terms, themes))
    for name, array in _arrays(model).items():
        path = f"{folder}/weights/{name}.npy"
        if name in shapes and array.shape != shapes[name]:
            raise ModelError(
                "{path}: shape {found}, expected {expected}",
                path=path,
                found=array.shape,
                expected=shapes[name],
            )
        if not np.isfinite(array).all():
            raise ModelError("{path}: holds values that are not finite", path=path)

    _check_numbers(folder / MANIFEST, model)


def _check_numbers(path: Path, model: Model) -> None:
    if len(set(model.themes)) < len(model.themes):
        raise ModelError('{path}: "themes" names a theme twice; train again', path=path)
    for name in ("intercepts", "calibration", "roll_up"):
        if not np.isfinite(getattr(model, name)).all():
            raise ModelError(
                '{path}: "{name}" holds values that are not finite; train again',
                path=path,
                name=name,
            )
    for level, cutoffs in (("paragraph", model.paragraph), ("section", model.section)):
        for theme, threshold, uncertain in zip(
            model.themes, cutoffs.threshold, cutoffs.uncertain_from, strict=True
        ):
            if not (0 < threshold <= 1 and 0 <= uncertain <= 1):
                raise ModelError(
                    "{path}: {theme}: {level} threshold {threshold} and uncertain_from "
                    "{uncertain} must be from 0 to 1, the threshold above 0; train again",
                    path=path,
                    theme=theme,
                    level=level,
                    threshold=threshold,
                    uncertain=uncertain,
                )


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
