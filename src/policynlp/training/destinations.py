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
    _check_parent(folder, next(p for p in folder.absolute().parents if p.exists()))


def check_files(files: Sequence[Path], reads: Sequence[Path]) -> None:
    """Refuse files that are the same, cannot be written, or lie in what a command reads.

    Raises ``OutputError``.
    """
    for i, file in enumerate(files):
        for path in reads:
            if _lies_in(file, path):
                raise OutputError(
                    "{file}: must not be written over or into {path}, which this command needs; "
                    "choose another place",
                    file=file,
                    path=path,
                )
        if any(_lies_in(file, other) for other in files[:i]):
            raise OutputError(
                "{file}: named for two outputs; choose another name for one", file=file
            )
        if file.is_dir():
            raise OutputError("{file}: is a folder; name a file in it", file=file)
        if not file.absolute().parent.exists():
            raise OutputError(
                "{file}: there is no folder {parent}; make it first", file=file, parent=file.parent
            )
        _check_parent(file, file.absolute().parent)


def _lies_in(path: Path, other: Path) -> bool:
    return path.resolve().is_relative_to(other.resolve())


def _check_parent(path: Path, parent: Path) -> None:
    if not parent.is_dir():
        raise OutputError(
            "{path}: {parent} is a file, not a folder; choose another place",
            path=path,
            parent=parent,
        )
    if not os.access(parent, os.W_OK | os.X_OK):
        raise OutputError(
            "{path}: nothing may be written in {parent}; choose another place",
            path=path,
            parent=parent,
        )
