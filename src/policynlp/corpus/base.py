"""The corpus that the bundled model was trained on, which comes with the package."""

from pathlib import Path


def base_folder() -> Path:
    """Return the base corpus: inside the installed package, or in a source checkout.

    The package has the same files, compressed (``scripts/maintenance/wheel_corpus.py``): what
    is trained on either is the same.
    """
    package = Path(__file__).parents[1]
    installed = package / "base"
    return installed if installed.is_dir() else package.parents[1] / "corpus"
