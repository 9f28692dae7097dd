"""Labels from other tools: Label Studio's JSON export, doccano's JSONL export."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from policynlp.errors import InputError
from policynlp.files.decode import decode
from policynlp.messages import say
from policynlp.review.labels import LabelError, read_labels
from policynlp.review.returned import Reading, Reviewed
from policynlp.review.rows import NONE
from policynlp.validation import FieldError, anything, check, lists, maps, objects, parse, text

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
    said = _first(place, data, _TEXTS)
    if not said:
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
    digest = hashlib.sha256(said.encode("utf-8", "replace")).hexdigest()[:16]
    agreed = frozenset.intersection(*sets)
    return Reviewed(
        digest,
        _first(place, data, _ARTICLES) or digest,
        _first(place, data, _HEADINGS),
        (" ".join(said.splitlines()),),
        0,
        agreed,
        tuple(themes),
        disputed=frozenset.union(*sets) - agreed,
        source=_first(place, data, ("source", "来源")),
    )


def _first(place: str, data: Mapping[str, Any], names: Sequence[str]) -> str:
    """Return the first of the fields that says something; a number is one written out."""
    name = next((name for name in names if data.get(name) not in (None, "")), None)
    if name is None:
        return ""
    with _naming(place):
        check(data, objects({name: _written}))
    return str(data[name])


@contextmanager
def _naming(place: object, expected: str = "") -> Iterator[None]:
    """Let an error of a field say where it is and, of an export, what is expected."""
    try:
        yield
    except FieldError as error:
        if not expected:
            raise InputError("{place}: {error}", place=place, error=error) from error
        raise InputError(
            "{place}: {error}; {expected}", place=place, error=error, expected=expected
        ) from error


def _written(value: Any, field: str) -> None:
    """A string or a number, as an id may be."""
    if type(value) not in (int, float):
        text(value, field)


def _label_studio(path: Path) -> Iterator[tuple[str, Mapping[str, Any], _Readers]]:
    """Yield tasks; a submitted annotation without a choice means that no theme holds."""
    expected = say("export the project from Label Studio as JSON, not JSON-MIN")
    with _naming(path, expected):
        tasks = parse(decode(path.read_bytes(), place=str(path)))
        check(tasks, lists(anything))
    for number, task in enumerate(tasks, 1):
        place = say("{path}: task {number}", path=path, number=number)
        with _naming(place, expected):
            check(task, _TASK)
        submitted = [a for a in task["annotations"] if not a.get("was_cancelled")]
        readers = [list(_choices(place, annotation)) or [NONE] for annotation in submitted]
        yield place, task["data"], readers


def _choices(place: str, annotation: Mapping[str, Any]) -> Iterator[str]:
    for result in annotation["result"]:
        if result["type"] == "choices":
            with _naming(place):
                check(result, _CHOICES)
            yield from result["value"]["choices"]


def _doccano(path: Path) -> Iterator[tuple[str, Mapping[str, Any], _Readers]]:
    """Yield examples; doccano does not say whether one without labels was read, so it was not."""
    expected = say("export a project of text classification from doccano as JSONL")
    lines = decode(path.read_bytes(), place=str(path)).split("\n")
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        place = f"{path}:{number}"
        with _naming(place, expected):
            example = parse(line)
            check(example, maps(anything))
            name = next((name for name in _LABELS if name in example), _LABELS[0])
            check(example, objects({name: _labels}))
        labels = example[name]
        if isinstance(labels, Mapping):
            labels = [label for label, holds in labels.items() if holds]
        yield place, example, [labels] if labels else []


def _labels(value: Any, field: str) -> None:
    """Labels, or all themes with whether each holds."""
    if isinstance(value, Mapping):
        maps(anything, keys=text)(value, field)
    else:
        lists(text)(value, field)


_LABELS: Final = ("label", "labels", "cats")
_CHOICES: Final = objects({"value": objects({"choices": lists(text)})})
_TASK: Final = objects(
    {
        "data": maps(anything),
        "annotations": lists(objects({"result": lists(objects({"type": text}))})),
    }
)
