"""Model folders that somebody has changed: manifests, arrays and terms, hashed again or not."""

import atexit
import hashlib
import json
import math
import shutil
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, Final

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from fuzz.data import values
from fuzz.mutants import Mutation, mutated, mutations
from fuzz.texts import raw_text, usually
from policynlp.language.terms import Vocabulary
from policynlp.model import ARRAYS, VIEWS, default_folder, load, save

Case = dict[str, Any]
_WORDS: Final = 60
_MANIFEST: Final = "manifest.json"

# Where a manifest has what decides an analysis or is printed; ``None`` stands for any theme.
_PLACES: Final = (
    *(("id",), ("format",), ("fingerprint",), ("themes",), ("roll_up",), ("files",), ("corpus",)),
    *(("metrics",), ("reference",), ("definitions",), ("versions",), ("themes", 0)),
    *(("themes", 0, "name"), ("themes", 1, "name"), ("themes", 0, "intercept")),
    *(("themes", 0, "calibration"), ("themes", 0, "calibration", "slope")),
    *(("themes", 0, "paragraph", "threshold"), ("themes", 1, "section", "uncertain_from")),
    *(("themes", 0, "section", "by_precision"), ("themes", 0, "section", "by_precision", "0.9")),
    *(("roll_up", "mean"), ("roll_up", "constant"), ("roll_up", "constant", 0)),
    *(("corpus", "files"), ("corpus", "paragraphs"), ("corpus", "files", 0, "file")),
    *(("metrics", "paragraphs"), ("metrics", "sections", "macro_f1"), ("reference", "words")),
    *(("reference", "unknown"), ("reference", "scores"), ("reference", "uncertain")),
    *(("files", "terms.txt"), ("files", "weights/idf.npy")),
)  # fmt: skip
_NUMBERS: Final = (0, -1, 1, 0.5, 1e308, -1e308, 5e-324, 1e-300, 10**400, math.nan, math.inf, True)
_SHAPES: Final = ((), (0,), (1,), (3, 4), (10**6, 0), (2, 2, 2))
_TYPES: Final = ("<f8", ">f8", "<f4", "<i8", "<U4", "|b1", "<c16", "|O")

_sets: SearchStrategy[list[Any]] = st.tuples(
    st.just("set"),
    st.sampled_from(_PLACES).map(list),
    st.sampled_from(_NUMBERS) | values | st.just("deep"),
).map(list)
_drops: SearchStrategy[list[Any]] = st.tuples(
    st.just("drop"), st.sampled_from(_PLACES).map(list)
).map(list)
_arrays: SearchStrategy[list[Any]] = st.one_of(
    st.tuples(
        st.just("cell"),
        st.sampled_from(ARRAYS),
        st.sampled_from((math.nan, math.inf, 1e308, -1e308, 1e200, 5e-324, 0.0)),
        st.booleans(),
    ),
    st.tuples(
        st.just("array"), st.sampled_from(ARRAYS), st.sampled_from(_SHAPES), st.sampled_from(_TYPES)
    ),
).map(list)
_TERMS: Final = (
    *("", " ", "字:", "字:市县", "\U00020bb7", "字:\U00020bb7", "市\n县", "\r", "\x85", "\u2028"),
)
_terms: SearchStrategy[list[Any]] = st.tuples(
    st.just("terms"), st.integers(0, _WORDS - 1), st.sampled_from(_TERMS) | raw_text
).map(list)
_files: SearchStrategy[list[Any]] = st.tuples(
    st.just("bytes"),
    st.sampled_from((_MANIFEST, "terms.txt", *(f"weights/{name}.npy" for name in ARRAYS))),
    mutations.map(lambda changes: [list(change) for change in changes]),
).map(list)

folders: SearchStrategy[Case] = st.fixed_dictionaries(
    {
        "changes": st.lists(
            st.one_of(_sets, _drops, _arrays, _terms, _files), min_size=1, max_size=3
        ),
        "rehash": usually(st.just(True), st.just(False)),
    }
)


@cache
def tiny() -> Path:
    """The bundled model with its first words only: quick to copy, to load and to use."""
    model = load(default_folder())
    terms = list(model.vocabulary.terms)
    chosen = [*range(_WORDS), *(i for i, term in enumerate(terms) if term[0:2] == "字:")][
        : 2 * _WORDS
    ]
    smaller = replace(
        model,
        vocabulary=Vocabulary([terms[i] for i in chosen]),
        idf=model.idf[chosen],
        weights={view: model.weights[view][chosen] for view in VIEWS},
        abstract_words=model.abstract_words[chosen],
    )
    place = mkdtemp(prefix="fuzz-model-")
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    folder = Path(place) / "tiny"
    save(smaller, folder, "# 小\n")
    return folder


def build(case: Case, folder: Path) -> None:
    """Make the model ``folder`` that a case of :data:`folders` describes."""
    shutil.copytree(tiny(), folder)
    for kind, *how in case["changes"]:
        _CHANGES[kind](folder, *how)
        if case["rehash"]:
            _hash_again(folder)


def _hash_again(folder: Path) -> None:
    """Say in the manifest what the files are now, if it can still be read."""
    path = folder / _MANIFEST
    try:
        manifest = json.loads(path.read_bytes())
        for name in manifest["files"]:
            data = (folder / name).read_bytes()
            manifest["files"][name] = hashlib.sha256(data).hexdigest()
        path.write_text(json.dumps(manifest), encoding="ascii")
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return


def _edit(folder: Path, keys: list[Any], change: Callable[[Any, Any], None]) -> None:
    path = folder / _MANIFEST
    try:
        manifest = json.loads(path.read_bytes())
        inner = manifest
        for key in keys[:-1]:
            inner = inner[key]
        change(inner, keys[-1])
        text = json.dumps(manifest)
    except (ValueError, TypeError, LookupError, RecursionError):
        return  # An earlier change has left nothing there.
    path.write_text(text.replace('"deep"', "[" * 5000 + "]" * 5000), encoding="ascii")


def _set(folder: Path, keys: list[Any], value: Any) -> None:
    def change(inner: Any, key: Any) -> None:
        inner[key] = value

    _edit(folder, keys, change)


def _drop(folder: Path, keys: list[Any]) -> None:
    def change(inner: Any, key: Any) -> None:
        del inner[key]

    _edit(folder, keys, change)


def _cell(folder: Path, name: str, value: float, everywhere: bool) -> None:
    path = folder / "weights" / f"{name}.npy"
    try:
        array = np.array(np.load(path))
        array.reshape(-1)[slice(None) if everywhere else 0] = value
    except (ValueError, IndexError, OverflowError, OSError, EOFError):
        return
    np.save(path, array)


def _array(folder: Path, name: str, shape: list[int], kind: str) -> None:
    array = np.zeros(tuple(shape), dtype=np.dtype(kind))
    np.save(folder / "weights" / f"{name}.npy", array, allow_pickle=True)


def _term(folder: Path, number: int, term: str) -> None:
    path = folder / "terms.txt"
    lines = path.read_bytes().split(b"\n")
    if number < len(lines):
        lines[number] = term.encode("utf-8", "surrogatepass") or lines[0]
    path.write_bytes(b"\n".join(lines))


def _bytes(folder: Path, name: str, changes: list[list[Any]]) -> None:
    path = folder / name
    path.write_bytes(mutated(path.read_bytes(), [Mutation(*change) for change in changes]))


_CHANGES: Final[dict[str, Callable[..., None]]] = {
    "set": _set,
    "drop": _drop,
    "cell": _cell,
    "array": _array,
    "terms": _term,
    "bytes": _bytes,
}
