"""Labels from other tools: Label Studio's JSON export, doccano's JSONL export."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from policynlp.errors import InputError
from policynlp.messages import say
from policynlp.reading.formats import decode
from policynlp.review.labels import LabelError, read_labels
from policynlp.review.reviewed import Reading, Reviewed
from policynlp.review.rows import NONE

_TEXTS: Final = ("text", "正文", "content")
_HEADINGS: Final = ("heading", "小标题")
_ARTICLES: Final = ("article", "id", "编号")

_Readers = list[list[str]]  # the labels of each reader


def read_export(path: Path, themes: Sequence[str]) -> Reading:
    """Read an export by its suffix: ``.json`` is Label Studio's, ``.jsonl`` doccano's.

    A text is a paragraph, labelled for all ``themes``. Raises ``InputError`` naming file, task
    and what is wrong.
    """
    tasks = _label_studio(path) if path.suffix.lower() == ".json" else _doccano(path)
    rows, blank = [], 0
    for place, data, readers in tasks:
        if readers:
            rows.append(_reviewed(place, data, readers, themes))
        else:
            blank += 1
    return Reading(path.name, rows, blank)


def _reviewed(
    place: str, data: Mapping[str, Any], readers: _Readers, themes: Sequence[str]
) -> Reviewed:
    text = _first(data, _TEXTS)
    if not text:
        raise InputError(
            "{place}: no text; it must be called {texts}",
            place=place,
            texts=say(" or ").join(_TEXTS),
        )
    try:
        labels = [read_labels("、".join(labels), themes, ()) for labels in readers]
    except LabelError as error:
        raise InputError("{place}: {error}", place=place, error=error) from error
    sets = [found or frozenset() for found in labels]
    digest = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]
    agreed = frozenset.intersection(*sets)
    return Reviewed(
        digest,
        _first(data, _ARTICLES) or digest,
        _first(data, _HEADINGS),
        (" ".join(text.splitlines()),),
        0,
        agreed,
        tuple(themes),
        disputed=frozenset.union(*sets) - agreed,
        source=_first(data, ("source", "来源")),
    )


def _first(data: Mapping[str, Any], names: Sequence[str]) -> str:
    return next((str(data[name]) for name in names if data.get(name) not in (None, "")), "")


def _label_studio(path: Path) -> Iterator[tuple[str, Mapping[str, Any], _Readers]]:
    """Yield tasks; a submitted annotation without a choice means that no theme holds."""
    try:
        tasks = json.loads(decode(path.read_bytes(), place=str(path)))
    except json.JSONDecodeError as error:
        raise InputError("{path}: not JSON ({error})", path=path, error=error) from error
    expected = say("export the project from Label Studio as JSON, not JSON-MIN")
    if not isinstance(tasks, list):
        raise InputError("{path}: not a list of tasks; {expected}", path=path, expected=expected)
    for number, task in enumerate(tasks, 1):
        place = say("{path}: task {number}", path=path, number=number)
        try:
            annotations = [a for a in task["annotations"] if not a.get("was_cancelled")]
            readers = [_choices(annotation) or [NONE] for annotation in annotations]
            data = task["data"]
        except (KeyError, TypeError, AttributeError) as error:
            raise InputError(
                "{place}: no annotations and data; {expected}", place=place, expected=expected
            ) from error
        yield place, data, readers


def _choices(annotation: Mapping[str, Any]) -> list[str]:
    results = (result for result in annotation["result"] if result["type"] == "choices")
    return [str(choice) for result in results for choice in result["value"]["choices"]]


def _doccano(path: Path) -> Iterator[tuple[str, Mapping[str, Any], _Readers]]:
    """Yield examples; doccano does not say whether one without labels was read, so it was not."""
    lines = decode(path.read_bytes(), place=str(path)).split("\n")
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        place = f"{path}:{number}"
        try:
            example = json.loads(line)
            labels = next(example[name] for name in ("label", "labels", "cats") if name in example)
        except (json.JSONDecodeError, TypeError, StopIteration) as error:
            raise InputError(
                '{place}: no "label" or "cats"; export the project from doccano as JSONL',
                place=place,
            ) from error
        if isinstance(labels, Mapping):
            labels = [label for label, holds in labels.items() if holds]
        if not isinstance(labels, list) or not all(isinstance(label, str) for label in labels):
            raise InputError(
                "{place}: labels of spans; export a project of text classification", place=place
            )
        yield place, example, [labels] if labels else []
