"""How far two readers agree on labelled data, as a file beside the data says."""

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from policynlp.errors import CorpusError

AGREEMENT: Final = "agreement.toml"


def read_agreement(files: Iterable[Path]) -> Mapping[str, Mapping[str, float]]:
    """Return F1 by level and theme from ``agreement.toml`` beside the data ``files``.

    Data from several folders have one only if all of these say the same: the agreement on
    some rows is not that on others. Raises ``CorpusError`` naming a file with anything else
    than tables of figures from 0 to 1.
    """
    found = [_read(folder / AGREEMENT) for folder in sorted({file.parent for file in files})]
    return found[0] if found and all(each == found[0] for each in found) else {}


def _read(path: Path) -> dict[str, dict[str, float]]:
    if not path.is_file():
        return {}
    try:
        levels = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CorpusError(
            "{path}: not TOML; themes stand in quotes ({error})", path=path, error=error
        ) from error
    return {level: _figures(path, level, table) for level, table in levels.items()}


def _figures(path: Path, level: str, table: Any) -> dict[str, float]:
    if not isinstance(table, dict):
        raise CorpusError(
            "{path}: {level!r} must stand in a table [paragraphs] or [sections]",
            path=path,
            level=level,
        )
    for theme, value in table.items():
        if not isinstance(value, int | float) or not 0 <= value <= 1:
            raise CorpusError(
                "{path}: [{level}] {theme} must be a figure from 0 to 1: {value!r}",
                path=path,
                level=level,
                theme=theme,
                value=value,
            )
    return {theme: float(value) for theme, value in table.items()}
