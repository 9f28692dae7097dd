"""Where a model may be written, checked before hours of work and not after."""

from collections.abc import Sequence
from pathlib import Path

from policynlp.destinations import check_name, check_writable, identity, within
from policynlp.errors import OutputError
from policynlp.model import MANIFEST


def check_model_folder(folder: Path, reads: Sequence[Path]) -> None:
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
