"""What is said, in English and in Chinese."""

import ast
import pickle
import string
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from policynlp import messages
from policynlp.errors import InputError
from policynlp.messages import chinese, say, speak, speaking

PACKAGE = Path(__file__).parents[1] / "src" / "policynlp"
SOURCES = sorted(PACKAGE.rglob("*.py"))
# What says everything in both languages.
BILINGUAL = {
    *("__init__.py", "analyzer.py", "article.py", "model.py"),
    *("analysis", "batch", "language", "reading", "records"),
}
# Calls whose first argument is a template.
SPEAKERS = {
    *("say", "PolicyNLPError", "InputError", "OutputError", "CorpusError", "ModelError"),
    "UnwritableError",
}


@pytest.fixture(autouse=True)
def _speak_english_again() -> Iterator[None]:
    yield
    speak("en")


def first_arguments(paths: Iterable[Path]) -> Iterator[ast.expr]:
    """What stands in the place of a template, wherever one is said."""
    for path in paths:
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and call.args:
                name = getattr(call.func, "id", getattr(call.func, "attr", ""))
                if name in SPEAKERS:
                    yield call.args[0]


def templates(paths: Iterable[Path] = SOURCES) -> set[str]:
    """Every constant template in the source."""
    return {
        argument.value
        for argument in first_arguments(paths)
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    }


def bilingual() -> list[Path]:
    return [path for path in SOURCES if path.relative_to(PACKAGE).parts[0] in BILINGUAL]


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


def test_what_is_said_is_a_constant_that_can_be_looked_up() -> None:
    others = [a for a in first_arguments(bilingual()) if not isinstance(a, ast.Constant)]
    assert [ast.unparse(argument) for argument in others] == []


def test_every_template_is_there_in_chinese() -> None:
    assert templates(bilingual()) - chinese().keys() == set()


def test_the_chinese_messages_are_sorted() -> None:
    assert list(chinese()) == sorted(chinese())


def test_a_message_may_hold_another() -> None:
    error = InputError("{place}: {error}", place="甲.csv:2", error=InputError("the text is empty"))
    with speaking("zh"):
        assert str(error) == "甲.csv:2：文本为空"
    assert str(error) == "甲.csv:2: the text is empty"


def test_there_is_no_other_language() -> None:
    with pytest.raises(ValueError, match="no such language"):
        speak("fr")
