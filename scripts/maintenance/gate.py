"""The quality gate: figures of the bundled model on held-out text, and the bounds they keep.

Bounds are pinned a little beside what was measured, with the hash of the data: other data
need other bounds, and a gate that checks nothing must not be mistaken for one that passed.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from policynlp.analyzer import Analyzer
from policynlp.corpus.records import corpus_files, sha256
from policynlp.evaluation.evaluate import evaluate
from policynlp.model import load
from policynlp.validation import check as check_fields
from policynlp.validation import maps, number, objects, parse, text

MARGIN: Final = 0.01  # that a figure may worsen by before it fails
_LEVELS: Final = ("paragraphs", "sections")
_DIGITS: Final = 4
_BOUNDS: Final = objects(
    {"data": text, "floors": maps(number(-1, 1)), "ceilings": maps(number(0, 2))}
)


class GateError(Exception):
    """Figures that do not pass, or bounds that must not be used or written."""


class Measured(NamedTuple):
    """The hash of the data, and figures by name: the higher the better, and the lower."""

    data: str
    floors: dict[str, float]
    ceilings: dict[str, float]


def measure(model: Path, data: Sequence[Path]) -> Measured:
    """Measure a model folder on corpus files: F1 and expected calibration error.

    Raises ``CorpusError`` without labelled sections, or without a label that the model knows.
    """
    figures = evaluate(Analyzer(load(model)), data)
    floors, ceilings = {}, {}
    for level in _LEVELS:
        floors[f"{level} macro-F1"] = figures[level]["macro_f1"]
        for theme, row in figures[level]["themes"].items():
            floors[f"{level} F1 {theme}"] = row["f1"]
            # None where no probability reaches 0.1: nothing to be wrong about.
            ceilings[f"{level} ECE {theme}"] = row["calibration_error"] or 0.0
    return Measured(_hash(data), floors, ceilings)


def read_bounds(path: Path) -> Measured:
    """Read bounds that :func:`pin` returned.

    Raises ``GateError`` if there are none: an empty gate would pass everything.
    """
    try:
        record = parse(path.read_text(encoding="utf-8"))
        check_fields(record, _BOUNDS)
    except FileNotFoundError:
        raise GateError(f"{path}: no bounds; pin them with scripts/gate --pin") from None
    except ValueError as error:
        raise GateError(f"{path}: not bounds ({error}); restore it or pin again") from error
    bounds = Measured(record["data"], record["floors"], record["ceilings"])
    if not bounds.floors or not bounds.ceilings:
        raise GateError(f"{path}: bounds nothing; pin with scripts/gate --pin")
    return bounds


def write_bounds(path: Path, bounds: Measured) -> None:
    """Write bounds as JSON."""
    text = json.dumps(bounds._asdict(), ensure_ascii=False, indent=1) + "\n"
    path.write_text(text, encoding="utf-8", newline="\n")


def check(measured: Measured, bounds: Measured) -> None:
    """Raise ``GateError`` naming every figure that is beyond its bound or has none."""
    if measured.data != bounds.data:
        raise GateError(
            "the held-out data changed since the bounds were pinned on them; "
            "look at the figures, then pin again with scripts/gate --pin"
        )
    wrong = [
        *_unmatched(measured.floors, bounds.floors),
        *_unmatched(measured.ceilings, bounds.ceilings),
        *_worse(measured, bounds),
    ]
    if wrong:
        raise GateError("{wrong}".format(wrong="; ".join(wrong)))


def pin(measured: Measured, bounds: Measured | None, *, lower: bool = False) -> Measured:
    """Return bounds ``MARGIN`` beside what was measured, none laxer than before.

    A figure that passes keeps its bound or gets a stricter one. One that does not, or that is
    no longer measured, raises ``GateError`` unless ``lower`` says that this is meant.
    """
    floors = {name: round(value - MARGIN, _DIGITS) for name, value in measured.floors.items()}
    ceilings = {name: round(value + MARGIN, _DIGITS) for name, value in measured.ceilings.items()}
    if bounds is None or lower:
        return Measured(measured.data, floors, ceilings)
    gone = (bounds.floors.keys() | bounds.ceilings.keys()) - floors.keys() - ceilings.keys()
    wrong = [
        *_worse(measured, bounds),
        *(f"{name} is measured no more" for name in sorted(gone)),
    ]
    if wrong:
        raise GateError(
            "{wrong}; if this is meant, pin with --lower".format(wrong="; ".join(wrong))
        )
    return Measured(
        measured.data,
        {name: max(floor, bounds.floors.get(name, floor)) for name, floor in floors.items()},
        {name: min(top, bounds.ceilings.get(name, top)) for name, top in ceilings.items()},
    )


def _hash(data: Sequence[Path]) -> str:
    names_and_hashes = [f"{path.name} {sha256(path)}\n" for path in corpus_files(data)]
    return hashlib.sha256("".join(names_and_hashes).encode()).hexdigest()


def _unmatched(measured: Mapping[str, Any], bounds: Mapping[str, Any]) -> list[str]:
    return [
        *(f"{name} is not measured" for name in bounds if name not in measured),
        *(f"{name} has no bound: pin it" for name in measured if name not in bounds),
    ]


def _worse(measured: Measured, bounds: Measured) -> list[str]:
    return [
        *(
            f"{name} is {measured.floors[name]:.4f}, below {floor:.4f}"
            for name, floor in bounds.floors.items()
            if measured.floors.get(name, floor) < floor
        ),
        *(
            f"{name} is {measured.ceilings[name]:.4f}, above {ceiling:.4f}"
            for name, ceiling in bounds.ceilings.items()
            if measured.ceilings.get(name, ceiling) > ceiling
        ),
    ]
