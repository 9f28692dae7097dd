"""Values that come from outside, looked at field by field before anything is made of them.

A shape raises :class:`FieldError` for a value that is not as it should be. ``objects`` looks at the
fields of an object, ``lists`` and ``maps`` at each value of theirs, and the rest at one value.
"""

import json
import re
from collections.abc import Callable
from typing import Any, Final, TypeAlias

from policynlp.errors import PolicyNLPError
from policynlp.messages import say

Shape: TypeAlias = Callable[[Any, str], None]

MOST: Final = 2**53  # that a whole number can be and still be a float
_SHOWN: Final = 40  # characters of a wrong value in a message
_DEEPEST: Final = 64
_LONGEST_NAME: Final = 1000
_HALVES: Final = re.compile("[\ud800-\udfff]")


class FieldError(PolicyNLPError, ValueError):
    """A value that is not as it should be, by its field; where it stands, its reader knows."""


def parse(text: str) -> Any:
    """Read JSON; ``FieldError`` for what is none, or is nested too deep for whoever walks it."""
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        if "\n" not in text.strip():
            raise FieldError(
                "not valid JSON: {error} at column {column}",
                error=say(error.msg),
                column=error.colno,
            ) from error
        raise FieldError(
            "not valid JSON: {error} at line {line}, column {column}",
            error=say(error.msg),
            line=error.lineno,
            column=error.colno,
        ) from error
    except RecursionError as error:
        raise FieldError("not valid JSON: nested too deep") from error
    except ValueError as error:
        raise FieldError("not valid JSON: a number has too many digits") from error
    if text.count("[") + text.count("{") > _DEEPEST:
        _check_depth(value)
    return value


def _check_depth(value: Any) -> None:
    level = [value]
    for _ in range(_DEEPEST):
        values = (v.values() if isinstance(v, dict) else v for v in level)
        level = [v for each in values for v in each if isinstance(v, dict | list)]
        if not level:
            return
    raise FieldError("not valid JSON: nested too deep")


def check(value: Any, shape: Shape) -> None:
    """Raise ``FieldError`` naming the first field of ``value`` that is not as ``shape`` has it."""
    shape(value, "")


def text(value: Any, field: str) -> None:
    """A string."""
    if not isinstance(value, str):
        raise wrong(field, say("a string"), value)


def name(value: Any, field: str) -> None:
    """A string to call something by, which every file can hold; screens make it safe."""
    text(value, field)
    if not value.strip() or len(value) > _LONGEST_NAME or _HALVES.search(value):
        wanted = say("a name of whole characters, at most {most}", most=_LONGEST_NAME)
        raise wrong(field, wanted, value)


def whole(most: int = MOST) -> Shape:
    """A whole number from 0 to ``most``."""

    def look(value: Any, field: str) -> None:
        if type(value) is not int or not 0 <= value <= most:
            bounded = say("a whole number from 0 to {most}", most=most)
            raise wrong(field, say("a whole number from 0 on") if most == MOST else bounded, value)

    return look


def number(least: float = -MOST, most: float = MOST) -> Shape:
    """A number of these bounds, which NaN is not."""

    def look(value: Any, field: str) -> None:
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or not least <= value <= most
        ):
            bounded = say("a number from {least:g} to {most:g}", least=least, most=most)
            raise wrong(field, say("a number") if most == MOST else bounded, value)

    return look


def one_of(*values: str) -> Shape:
    """One of these strings."""

    def look(value: Any, field: str) -> None:
        if value not in values:
            raise wrong(field, say(" or ").join(values), value)

    return look


def anything(value: Any, field: str) -> None:
    """Any value at all."""


def maybe(shape: Shape) -> Shape:
    """``null`` or what ``shape`` says."""
    return lambda value, field: None if value is None else shape(value, field)


def lists(shape: Shape, *, least: int = 0, length: int | None = None) -> Shape:
    """A list of at least so many values of ``shape``, or of just so many."""

    def look(value: Any, field: str) -> None:
        if not isinstance(value, list) or len(value) < least:
            wanted = say("a list that is not empty") if least else say("a list")
            raise wrong(field, wanted, value)
        if length is not None and len(value) != length:
            raise wrong(field, say("a list of {n} values", n=length), value)
        for i, each in enumerate(value):
            shape(each, f"{field}[{i}]")

    return look


def maps(shape: Shape, keys: Shape = text) -> Shape:
    """An object of any keys, each with a value of ``shape``."""

    def look(value: Any, field: str) -> None:
        check_is_object(value, field)
        for key, each in value.items():
            keys(key, below(field, key))
            shape(each, below(field, key))

    return look


def objects(needed: dict[str, Shape], **optional: Shape) -> Shape:
    """An object that has the ``needed`` fields and may have ``optional`` and any other ones."""

    def look(value: Any, field: str) -> None:
        check_is_object(value, field)
        for key, shape in needed.items():
            if key not in value:
                raise missing(below(field, key))
            shape(value[key], below(field, key))
        for key, shape in optional.items():
            if key in value:
                shape(value[key], below(field, key))

    return look


def check_is_object(value: Any, field: str) -> None:
    """Raise ``FieldError`` for a value that is no object."""
    if not isinstance(value, dict):
        raise wrong(field, say("an object"), value)


def below(field: str, key: str) -> str:
    """The field ``key`` of an object that is itself ``field``."""
    return f"{field}.{key}" if field else key


def shown(value: Any) -> str:
    """``value`` as a message can have it."""
    if isinstance(value, dict | list):
        if not value:
            return json.dumps(value)
        return say("an object") if isinstance(value, dict) else say("a list")
    found = json.dumps(value, ensure_ascii=False, default=str)
    return found if len(found) <= _SHOWN else found[:_SHOWN] + "…"


def missing(field: str) -> FieldError:
    """Return an error that says that ``field`` must be there."""
    return FieldError('"{field}" is missing', field=field)


def wrong(field: str, wanted: str, value: Any) -> FieldError:
    """Return an error that says what ``field`` must be, and what it is."""
    if not field:
        return FieldError("must be {wanted}, found {found}", wanted=wanted, found=shown(value))
    return FieldError(
        '"{field}" must be {wanted}, found {found}', field=field, wanted=wanted, found=shown(value)
    )
