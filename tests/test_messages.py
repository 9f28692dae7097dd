"""What is said, in English and in Chinese."""

import ast
import pickle
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

from policynlp import messages
from policynlp.errors import InputError
from policynlp.messages import chinese, say, speak

SOURCES = sorted((Path(__file__).parents[1] / "src" / "policynlp").rglob("*.py"))
# Calls whose first argument is a template.
SPEAKERS = {"say", "PolicyNLPError", "InputError", "OutputError", "CorpusError", "ModelError"}


@pytest.fixture(autouse=True)
def _speak_english_again() -> Iterator[None]:
    yield
    speak("en")


def templates() -> set[str]:
    """Every constant template in the source."""
    return {
        call.args[0].value
        for path in SOURCES
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call)
        and getattr(call.func, "id", getattr(call.func, "attr", "")) in SPEAKERS
        and call.args
        and isinstance(call.args[0], ast.Constant)
        and isinstance(call.args[0].value, str)
    }


def fields(template: str) -> list[str]:
    return sorted(name for _, name, _, _ in string.Formatter().parse(template) if name is not None)


def test_an_error_reads_in_the_language_of_whoever_prints_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(messages, "chinese", lambda: {"{path}: is empty": "{path}:文件为空"})
    error = pickle.loads(pickle.dumps(InputError("{path}: is empty", path="a.txt")))
    assert str(error) == "a.txt: is empty"
    speak("zh")
    assert str(error) == "a.txt:文件为空"


def test_a_template_without_values_is_taken_as_it_is() -> None:
    assert say('{"id": 1}') == '{"id": 1}'


def test_every_chinese_message_is_of_a_template_and_names_the_same_values() -> None:
    assert chinese().keys() <= templates()
    assert {t for t in chinese() if fields(t) != fields(chinese()[t])} == set()


def test_there_is_no_other_language() -> None:
    with pytest.raises(ValueError, match="no such language"):
        speak("fr")
