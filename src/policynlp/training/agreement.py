"""How far two readers agree on labelled data, as a file beside the data says."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from policynlp.fields import maps, number
from policynlp.training.files import read_toml

AGREEMENT: Final = "agreement.toml"
_FIGURES: Final = maps(maps(number(0, 1)))


def read_agreement(files: Iterable[Path]) -> Mapping[str, Mapping[str, float]]:
    """Return F1 by level and theme from ``agreement.toml`` beside the data ``files``.

    Data from several folders have one only if all of these say the same: the agreement on
    some rows is not that on others. Raises ``CorpusError`` naming a file with anything else
    than tables of figures from 0 to 1.
    """
    found = [_read(folder / AGREEMENT) for folder in sorted({file.parent for file in files})]
    return found[0] if found and all(each == found[0] for each in found) else {}


def _read(path: Path) -> dict[str, dict[str, float]]:
    return read_toml(path, _FIGURES) if path.is_file() else {}
