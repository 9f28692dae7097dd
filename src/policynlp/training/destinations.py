"""Where training and evaluation may write, checked before hours of work and not after."""

import os
from collections.abc import Sequence
from pathlib import Path

from policynlp.errors import OutputError
from policynlp.model import MANIFEST


def check_model_folder(folder: Path, reads: Sequence[Path]) -> None:
    """Refuse a folder for a model that holds or lies in what is read, or holds something else.

    A model that stands there may be replaced. Raises ``OutputError``.
    """
    for path in reads:
        if _lies_in(folder, path) or _lies_in(path, folder):
            raise OutputError(
                f"{folder}: a model must not be written over or into {path}, which it is trained "
                "on; choose a folder outside of it"
            )
    if folder.exists() and not folder.is_dir():
        raise OutputError(f"{folder}: is a file; name a folder for the model")
    if folder.is_dir() and not (folder / MANIFEST).is_file() and any(folder.iterdir()):
        raise OutputError(
            f"{folder}: holds files but no model (no {MANIFEST}); choose a new or an empty folder"
        )
    _check_parent(folder, next(p for p in folder.absolute().parents if p.exists()))


def check_files(files: Sequence[Path], reads: Sequence[Path]) -> None:
    """Refuse files that are the same, cannot be written, or lie in what a command reads.

    Raises ``OutputError``.
    """
    for i, file in enumerate(files):
        for path in reads:
            if _lies_in(file, path):
                raise OutputError(
                    f"{file}: must not be written over or into {path}, which this command needs; "
                    "choose another place"
                )
        if any(_lies_in(file, other) for other in files[:i]):
            raise OutputError(f"{file}: named for two outputs; choose another name for one")
        if file.is_dir():
            raise OutputError(f"{file}: is a folder; name a file in it")
        if not file.absolute().parent.exists():
            raise OutputError(f"{file}: there is no folder {file.parent}; make it first")
        _check_parent(file, file.absolute().parent)


def _lies_in(path: Path, other: Path) -> bool:
    return path.resolve().is_relative_to(other.resolve())


def _check_parent(path: Path, parent: Path) -> None:
    if not parent.is_dir():
        raise OutputError(f"{path}: {parent} is a file, not a folder; choose another place")
    if not os.access(parent, os.W_OK | os.X_OK):
        raise OutputError(f"{path}: nothing may be written in {parent}; choose another place")
