"""Targets, and cases that broke one: files that say what they are and are tried again."""

import base64
import json
import os
import re
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

from hypothesis.strategies import SearchStrategy

FOUND: Final = Path(__file__).parent / "found"
_ROOT: Final = Path(__file__).parents[2]
_BYTES: Final = "base64"
_MEMORY: Final = "/dev/shm"
_SAID: Final = 300  # characters of what was said that are kept


def place_for_files() -> str | None:
    """Where temporary files go: where syncing costs nothing, unless somebody has said where."""
    usable = "TMPDIR" not in os.environ and os.access(_MEMORY, os.W_OK)
    return _MEMORY if usable else None


class Target(NamedTuple):
    """Cases and their check; ``few`` are tried by ``make test``."""

    cases: SearchStrategy[Any]
    check: Callable[[Any], object]
    few: int


@dataclass(frozen=True, slots=True)
class Finding:
    """A case, the target that it is for, how it ended (an error, a hang …), where and with what."""

    target: str
    kind: str
    where: str
    said: str
    case: Any

    @property
    def key(self) -> tuple[str, str, str]:
        """What findings of one defect have in common."""
        return self.target, self.kind, self.where

    @property
    def name(self) -> str:
        """What its file is called."""
        return re.sub(r"[^\w.-]+", "-", "-".join(self.key)) + ".json"


def write(finding: Finding, folder: Path) -> Path:
    """Keep a finding, in ASCII; a smaller case takes the place of a greater one."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / finding.name
    text = json.dumps(encoded(asdict(finding)), indent=1) + "\n"
    if not path.exists() or path.stat().st_size > len(text):
        path.write_text(text, encoding="ascii", newline="\n")
    return path


def read(path: Path) -> Finding:
    """Read a finding that was kept."""
    return Finding(**decoded(json.loads(path.read_bytes())))


def encoded(value: Any) -> Any:
    """``value`` with bytes as JSON can hold them."""
    if isinstance(value, bytes):
        return {_BYTES: base64.b64encode(value).decode()}
    if isinstance(value, dict):
        return {key: encoded(each) for key, each in value.items()}
    return [*map(encoded, value)] if isinstance(value, list | tuple) else value


def decoded(value: Any) -> Any:
    """``value`` as it was before :func:`encoded`, but for tuples, which are lists."""
    if isinstance(value, dict):
        if value.keys() == {_BYTES}:
            return base64.b64decode(value[_BYTES])
        return {key: decoded(each) for key, each in value.items()}
    return [*map(decoded, value)] if isinstance(value, list) else value


def finding_of(target: str, error: BaseException, case: Any) -> Finding:
    """The finding that ``error`` is: where it was raised, in the package if it passed there."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if frame.filename.startswith(str(_ROOT))]
    inside = [frame for frame in ours if "src" in Path(frame.filename).parts] or ours or [*frames]
    if isinstance(error, AssertionError):
        inside = ours or inside  # What is wrong is the outcome, and the check says which.
    frame = inside[-1] if inside else None
    where = f"{Path(frame.filename).stem}.{frame.name}" if frame else "nowhere"
    if isinstance(error, AssertionError) and frame:
        where += f".{frame.lineno}"
    said = f"{type(error).__name__}: {error}".encode("ascii", "backslashreplace").decode()
    return Finding(target, type(error).__name__, where, said[:_SAID], case)
