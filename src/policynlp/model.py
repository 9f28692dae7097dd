"""The model folder: arrays, a manifest and a card, checked before anything is used.

Format 1 is written down in docs/model-format.md. A reader refuses a format that it does
not know; a change that old readers would misread raises ``FORMAT``.
"""

import hashlib
import json
import os
import re
import shutil
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import file_digest
from io import BufferedReader
from math import prod
from pathlib import Path
from typing import Any, Final, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from policynlp import validation
from policynlp.errors import ModelError, OutputError
from policynlp.files.atomic import runs, writing
from policynlp.files.output_paths import check_name, check_writable, identity, within
from policynlp.language.terms import CHARACTER, HAN, WORD, Floats, Vocabulary
from policynlp.language.words import fingerprint
from policynlp.messages import say
from policynlp.validation import (
    FieldError,
    check,
    lists,
    maps,
    maybe,
    number,
    objects,
    parse,
    shown,
)

FORMAT = 1
VIEWS = ("paragraph", "section", "heading")
ARRAYS = (*VIEWS, "idf", "abstracts", "abstract_words")
LEVELS = ("paragraph", "section")
# What rolls paragraphs up to a section, in the order of the weights' columns.
ROLL_UP = ("greatest", "mean_by_length", "mean", "announced", "constant")
BUNDLED = "policy-themes"
MANIFEST = "manifest.json"
_TERMS = "terms.txt"
# Beyond what training gives by a factor of 1e5, and far from where sums of products overflow.
_LARGEST = 1e6
_LEAST = 1e-9
_MOST_TEXT, _MOST_BYTES = 1 << 26, 1 << 31

# By precision, the lowest threshold whose tags reached it out of fold, or None if none did.
Promises: TypeAlias = dict[float, float | None]
Read = TypeVar("Read")


@dataclass(frozen=True, slots=True)
class Thresholds:
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
    paragraph: Thresholds
    section: Thresholds
    abstracts: Floats
    abstract_words: Floats
    details: dict[str, Any]
    promises: dict[str, tuple[Promises, ...]] = field(default_factory=dict)


def save(model: Model, folder: Path, card: str) -> None:
    """Write ``model`` to ``folder``; the same model gives the same bytes.

    It is written beside its place and moved there when all of it is on the disk, so that a
    model that stood there stays usable until then. Files of other kinds in it are kept. What a
    program that was killed has left is put in order first. Raises ``OutputError`` where it cannot
    be written, and ``ModelError`` for what :func:`load` would refuse.
    """
    with _unusable(folder):
        check(model.id, validation.name)
    folder = folder.resolve()
    with writing(folder):
        _tidy(folder)
        new, old = (folder.with_name(f".{folder.name}.{os.getpid()}.{n}") for n in ("new", "old"))
        try:
            _write_folder(model, new, card)
            load(new)
            _keep_others(folder, new)
            _swap(folder, new, old)
        finally:
            shutil.rmtree(new, ignore_errors=True)
    shutil.rmtree(old, ignore_errors=True)


def _tidy(folder: Path) -> None:
    """Remove what killed programs have left; a model that one had taken out is put back."""
    prefix = f".{folder.name}."
    for path in list(folder.parent.iterdir()) if folder.parent.is_dir() else ():
        number, _, kind = path.name.removeprefix(prefix).partition(".")
        if path.name.startswith(prefix) and number.isdecimal() and kind in ("new", "old"):
            if runs(int(number)):
                continue
            if kind == "old" and not folder.exists():
                path.rename(folder)
            else:
                shutil.rmtree(path)


def _keep_others(folder: Path, new: Path) -> None:
    """Copy what else is in ``folder`` to the folder that comes in its place."""
    for path in folder.iterdir() if folder.exists() else ():
        place = new / path.name
        if not place.exists():
            shutil.copytree(path, place) if path.is_dir() else shutil.copy2(path, place)


def _write_folder(model: Model, folder: Path, card: str) -> None:
    weights = folder / "weights"
    weights.mkdir(parents=True)
    _write(folder / _TERMS, "".join(f"{term}\n" for term in model.vocabulary.terms))
    _write(folder / "README.md", card)
    for name, array in _arrays(model).items():
        np.save(weights / f"{name}.npy", np.ascontiguousarray(array), allow_pickle=False)
    names = ["README.md", _TERMS, *(f"weights/{name}.npy" for name in _arrays(model))]
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
    for name in (*names, MANIFEST):
        with (folder / name).open("r+b") as stream:
            os.fsync(stream.fileno())


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


def digest(model: Model) -> str:
    """Return a short hash of all that a model's output depends on besides this version's code."""
    whole = hashlib.sha256(fingerprint().encode())
    whole.update("\n".join(model.vocabulary.terms).encode())
    numbers = [_theme(model, i) for i in range(len(model.themes))], _roll_up(model)
    whole.update(json.dumps(numbers).encode())
    for array in _arrays(model).values():
        whole.update(np.ascontiguousarray(array).tobytes())
    return whole.hexdigest()[:8]


def check_model_folder(folder: Path, reads: Sequence[Path] = ()) -> None:
    """Refuse a folder for a model that holds or lies in what is read, or holds something else.

    A model that stands there may be replaced: that is how one is trained again. Raises
    ``OutputError``.
    """
    check_name(folder)
    for path in reads:
        if identity(path) in within(folder) or identity(folder) in within(path):
            raise OutputError(
                "{folder}: a model must not be written over or into {path}, which it is "
                "trained on; choose a folder outside of it",
                folder=folder,
                path=path,
            )
    if folder.exists() and not folder.is_dir():
        raise OutputError("{folder}: is a file; name a folder for the model", folder=folder)
    if folder.is_dir() and not (folder / MANIFEST).is_file() and any(folder.iterdir()):
        raise OutputError(
            "{folder}: holds files but no model (no {manifest}); choose a new or an empty folder",
            folder=folder,
            manifest=MANIFEST,
        )
    check_writable(folder)


def load(folder: Path) -> Model:
    """Read a model folder.

    Raises ``ModelError`` naming the file, and the place in it, where one is missing, changed or
    malformed, or where the model counts other words than this version cuts.
    """
    manifest = _manifest(folder)
    expected = {_TERMS, *(f"weights/{name}.npy" for name in ARRAYS)}
    missing = sorted(expected - manifest["files"].keys())
    if missing:
        raise ModelError(
            '{path}: "files" does not list {missing}; restore the folder or train again',
            path=folder / MANIFEST,
            missing=", ".join(missing),
        )
    for name, digest in manifest["files"].items():
        if _sha256(folder / name) != digest:
            raise ModelError(
                "{path}: missing or changed since the model was saved; "
                "restore the folder or train again",
                path=folder / name,
            )
    model = _build(folder, manifest)
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
    for level, thresholds in (("paragraph", model.paragraph), ("section", model.section)):
        theme[level] = {
            "threshold": thresholds.threshold[i],
            "uncertain_from": thresholds.uncertain_from[i],
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
    return np.array([[*shared, constant] for constant in constants], dtype=np.float64)


def _manifest(folder: Path) -> dict[str, Any]:
    path = folder / MANIFEST
    data = _of_file(path, _MOST_TEXT, BufferedReader.read)
    if data is None:
        raise ModelError(
            "{folder}: not a model folder (no {manifest})", folder=folder, manifest=MANIFEST
        )
    with _unusable(path):
        manifest: dict[str, Any] = parse(data.decode())
        check(manifest, _LISTED)
    if manifest.get("format") != FORMAT:
        raise ModelError(
            "{path}: model format {found}, but this version reads format {known}; "
            "train again or use the version that wrote it",
            path=path,
            found=shown(manifest.get("format")),
            known=FORMAT,
        )
    if manifest.get("fingerprint") != fingerprint():
        raise ModelError(
            "{path}: made with other words (fingerprint {found}, this version cuts {own}); "
            "train again or use the version that wrote it",
            path=path,
            found=shown(manifest.get("fingerprint")),
            own=fingerprint(),
        )
    with _unusable(path):
        check(manifest, _SHAPE)
    return manifest


@contextmanager
def _unusable(path: Path) -> Iterator[None]:
    try:
        yield
    except (FieldError, UnicodeDecodeError) as error:
        raise ModelError(
            "{path}: {error}; restore it or train again", path=path, error=error
        ) from error


def _inner_path(value: Any, field: str) -> None:
    """A file inside the folder."""
    if not _INNER.fullmatch(value) or ".." in value.split("/"):
        raise FieldError('"{field}" must be a file in the folder of the model', field=field)


def _precision(value: Any, field: str) -> None:
    """A precision as a key has it."""
    if value not in _PRECISIONS:
        raise FieldError('"{field}" must be named by a precision such as 0.9', field=field)


_INNER: Final = re.compile(r"[\w.-]++(?:/[\w.-]++)*+")
_PRECISIONS: Final = frozenset(str(hundredth / 100) for hundredth in range(1, 100))
_NUMBER: Final = number(-_LARGEST, _LARGEST)
_LEVEL: Final = objects(
    {"threshold": number(_LEAST, 1), "uncertain_from": number(0, 1)},
    by_precision=maps(maybe(number(_LEAST, 1)), keys=_precision),
)
_LISTED: Final = objects({"files": maps(validation.text, keys=_inner_path)})
# What is optional here is what other parts of the package take from ``details``.
_SHAPE: Final = objects(
    {
        "id": validation.name,
        "themes": lists(
            objects(
                {
                    "name": validation.name,
                    "intercept": _NUMBER,
                    "calibration": objects({"slope": _NUMBER, "offset": _NUMBER}),
                    **dict.fromkeys(LEVELS, _LEVEL),
                }
            ),
            least=1,
        ),
        "roll_up": objects({**dict.fromkeys(ROLL_UP, _NUMBER), ROLL_UP[-1]: lists(_NUMBER)}),
    },
    definitions=maps(validation.text),
    corpus=objects(
        {
            "files": lists(objects({"file": validation.text, "sha256": validation.text})),
            "paragraphs": validation.whole(),
        }
    ),
    metrics=objects(dict.fromkeys(("paragraphs", "sections"), objects({"macro_f1": number(0, 1)}))),
)


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

    def thresholds(level: str) -> Thresholds:
        return Thresholds(
            tuple(column(level, "threshold").tolist()),
            tuple(column(level, "uncertain_from").tolist()),
        )

    return Model(
        manifest["id"],
        tuple(theme["name"] for theme in themes),
        _vocabulary(folder / _TERMS),
        _array(folder, "idf"),
        {view: _array(folder, view) for view in VIEWS},
        column("intercept"),
        np.stack((column("calibration", "slope"), column("calibration", "offset")), axis=1),
        _read_roll_up(manifest["roll_up"]),
        thresholds("paragraph"),
        thresholds("section"),
        _array(folder, "abstracts"),
        _array(folder, "abstract_words"),
        {key: value for key, value in manifest.items() if key not in known},
        _promises(themes),
    )


def _promises(themes: list[dict[str, Any]]) -> dict[str, tuple[Promises, ...]]:
    if not all("by_precision" in theme[level] for theme in themes for level in LEVELS):
        return {}

    def promised(by_precision: dict[str, float | None]) -> Promises:
        pairs = by_precision.items()
        return {float(p): None if least is None else float(least) for p, least in pairs}

    return {
        level: tuple(promised(theme[level]["by_precision"]) for theme in themes) for level in LEVELS
    }


# Words first, then single characters.
_LINES: Final = re.compile(rf"\A(?:{WORD}\n)*+(?:{CHARACTER}{HAN.pattern}\n)*+")


def _vocabulary(path: Path) -> Vocabulary:
    with _unusable(path):
        text = path.read_bytes().decode()
    found = _LINES.match(text)
    assert found  # if only nothing
    if not text or found.end() < len(text):
        raise ModelError(
            "{path}:{line}: must be a word or, behind all words, 字: and one character, "
            "found {term}; restore it or train again",
            path=path,
            line=text.count("\n", 0, found.end()) + 1,
            term=shown(text[found.end() :].partition("\n")[0]),
        )
    vocabulary = Vocabulary(text[:-1].split("\n"))
    if len(vocabulary.ids) < len(vocabulary):
        twice = next(i for i, t in enumerate(vocabulary.terms) if vocabulary.ids[t] != i)
        raise ModelError(
            "{path}:{line}: {term} stands there twice; restore it or train again",
            path=path,
            line=twice + 1,
            term=shown(vocabulary.terms[twice]),
        )
    return vocabulary


def _array(folder: Path, name: str) -> Floats:
    path = folder / "weights" / f"{name}.npy"
    try:
        with path.open("rb") as stream:
            # Later formats may have a head of 4 GB; this is what numpy makes of floats.
            is_usual = np.lib.format.read_magic(stream) == (1, 0)
            shape, _, kind = np.lib.format.read_array_header_1_0(stream)
            if not is_usual or stream.tell() + prod(shape) * kind.itemsize != path.stat().st_size:
                raise FieldError("of another size or format than its head says")
        # Mapped, so that workers share one copy; a plain view, since np.memmap indexes slowly.
        array: NDArray[Any] = np.asarray(np.load(path, mmap_mode="r", allow_pickle=False))
    except Exception as error:  # numpy evaluates the head, which may be anything.
        raise ModelError(
            "{path}: not an array as numpy saves it ({error}); restore it or train again",
            path=path,
            error=error,
        ) from error
    if array.dtype != np.float64:
        raise ModelError(
            "{path}: holds {found}, not float64; train again", path=path, found=array.dtype
        )
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
        if not array.size:
            raise ModelError("{path}: holds no values; train again", path=path)
        # Each text is divided by the length of its weighted counts.
        least = _LEAST if name == "idf" else -_LARGEST
        if not (array.min() >= least and array.max() <= _LARGEST):  # NaN is in no such range.
            raise ModelError(
                "{path}: holds values that are not from {least:g} to {most:g}; train again",
                path=path,
                least=least,
                most=_LARGEST,
            )
    if len(set(model.themes)) < len(model.themes):
        raise ModelError(
            '{path}: "themes" names a theme twice; train again', path=folder / MANIFEST
        )
    if len(model.roll_up) != themes:
        raise ModelError(
            '{path}: "roll_up.constant" must have a number for each theme; train again',
            path=folder / MANIFEST,
        )


def _of_file(path: Path, most: int, read: Callable[[BufferedReader], Read]) -> Read | None:
    """Return what ``read`` makes of a file of a model, or ``None`` where there is none.

    For a pipe or a device one might wait for ever, and no file of a model has over ``most`` bytes.
    """
    try:
        found = path.stat()
        if stat.S_ISREG(found.st_mode) and found.st_size <= most:
            with path.open("rb") as stream:
                return read(stream)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:  # The latter for a name that no file can have.
        why = say(error.strerror) if isinstance(error, OSError) and error.strerror else error
        raise ModelError("{path}: {why}", path=path, why=why) from error
    raise ModelError(
        "{path}: no plain file, or larger than one of a model; restore it or train again",
        path=path,
    )


def _write(path: Path, text: str) -> None:
    # Half a character, as of a file's name that is not UTF-8, is written as JSON escapes it.
    path.write_text(text, encoding="utf-8", errors="backslashreplace", newline="\n")


def _sha256(path: Path) -> str | None:
    return _of_file(path, _MOST_BYTES, lambda stream: file_digest(stream, "sha256").hexdigest())
