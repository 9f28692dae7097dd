"""What is said, in English and in Chinese."""

import argparse
import ast
import errno
import json
import os
import pickle
import re
import string
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from jinja2 import nodes

from policynlp import messages
from policynlp.cli import main
from policynlp.cli.arguments import BAD_USAGE, DONE, FAILED
from policynlp.cli.terminal import display_width
from policynlp.errors import InputError, UsageError
from policynlp.messages import asked, chinese, say, speak, speaking
from policynlp.report.pages import environment, said

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "policynlp"
SOURCES = sorted(PACKAGE.rglob("*.py"))
PAGES = sorted(PACKAGE.rglob("templates/*.html"))
SCRIPTS = sorted(PACKAGE.rglob("templates/*.js"))
ERRORS = {
    "PolicyNLPError",
    "InputError",
    "OutputError",
    "CorpusError",
    "ModelError",
    "FieldError",
    "WorseModelError",
    "LabelError",
    *("UnwritableError", "UsageError", "ThresholdError"),
}
# Calls whose constant arguments are templates; those of errors and of say are the first.
SPEAKERS = {"say", "counted", *ERRORS}


def calls(sources: Iterable[Path], names: set[str]) -> Iterator[tuple[str, ast.Call]]:
    """Every call of one of ``names``, with the place it stands in."""
    for path in sources:
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call):
                name = getattr(call.func, "id", getattr(call.func, "attr", ""))
                if name in names and call.args:
                    yield f"{path.name}:{call.lineno}", call


def strings(nodes: Iterable[ast.AST]) -> set[str]:
    return {n.value for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str)}


def page_calls() -> Iterator[tuple[str, nodes.Call]]:
    """Every call of ``say`` in a template of a page, with the place it stands in."""
    for path in PAGES:
        for call in environment().parse(path.read_text(encoding="utf-8")).find_all(nodes.Call):
            if getattr(call.node, "name", "") == "say":
                yield f"{path.name}:{call.lineno}", call


def templates(sources: Iterable[Path] = SOURCES) -> set[str]:
    """Every constant template in the source, those of pages and of their scripts too."""
    found = strings(arg for _, call in calls(sources, SPEAKERS) for arg in call.args)
    found |= {arg.value for _, call in page_calls() for arg in call.args[:1]}  # type: ignore[attr-defined]
    return found.union(*(said(path.read_text(encoding="utf-8")) for path in SCRIPTS))


# All that json finds wrong, the last in a part of it that is written in C.
BROKEN = (
    *('{"a"', '{"a":}', '{"a":1 "b"', "{a:1}", "{} x", '{"a":"\n"}', '{"a":"\\u12"}', '{"a":"x'),
    '{"a":"\\q"}',
)


def json_complaint(text: str) -> str:
    with pytest.raises(json.JSONDecodeError) as caught:
        json.loads(text)
    return caught.value.msg


def others_words() -> set[str]:
    """What the program repeats of others: the words of argparse, of json and of the system."""
    tree = ast.parse(Path(str(argparse.__file__)).read_text(encoding="utf-8"))
    own = strings(ast.walk(tree)) | set(map(json_complaint, BROKEN))
    return own | set(map(os.strerror, errno.errorcode))


@pytest.mark.parametrize("text", BROKEN)
def test_what_is_wrong_with_json_has_its_chinese(text: str) -> None:
    assert json_complaint(text) in messages.chinese()


def fields(template: str) -> list[str]:
    braces = (name for _, name, _, _ in string.Formatter().parse(template) if name is not None)
    return sorted([*braces, *re.findall(r"%(?:\(\w+\))?[a-z]", template)])


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
    assert chinese().keys() <= templates() | others_words()
    assert {t for t in chinese() if fields(t) != fields(chinese()[t])} == set()


def test_what_is_said_is_a_constant_that_can_be_looked_up() -> None:
    """A name or an attribute passes a template on, ``counted`` one of two."""
    passed_on = (ast.Constant, ast.Name, ast.Attribute, ast.IfExp)
    asked_of = calls(SOURCES, {"say", *ERRORS})
    others = [place for place, call in asked_of if not isinstance(call.args[0], passed_on)]
    assert others == []


def test_what_a_page_says_is_a_constant_that_can_be_looked_up() -> None:
    places = [place for place, call in page_calls() if not isinstance(call.args[0], nodes.Const)]
    assert places == []
    for path in SCRIPTS:
        script = path.read_text(encoding="utf-8")
        calls_of_say = len(re.findall(r"(?<!function )\bsay\(", script))
        assert len(said(script)) == calls_of_say, path.name


def test_every_argument_is_judged_in_the_language_spoken() -> None:
    bare = [
        place
        for place, call in calls(SOURCES, {"ArgumentTypeError"})
        if isinstance(call.args[0], ast.Constant | ast.JoinedStr)
    ]
    assert bare == []


def test_every_template_is_there_in_chinese() -> None:
    assert templates() - chinese().keys() == set()


def test_the_chinese_messages_are_sorted() -> None:
    assert list(chinese()) == sorted(chinese())


def test_a_message_may_hold_another() -> None:
    error = InputError("{place}: {error}", place="甲.csv:2", error=InputError("the text is empty"))
    with speaking("zh"):
        assert str(error) == "甲.csv:2：文本为空"
    assert str(error) == "甲.csv:2: the text is empty"


@pytest.mark.parametrize(
    ("arguments", "locale", "language"),
    [
        ([], {}, "en"),
        ([], {"LANG": "zh_CN.UTF-8"}, "zh"),
        ([], {"LC_ALL": "C", "LANG": "zh_CN.UTF-8"}, "en"),
        ([], {"LC_ALL": "", "LC_MESSAGES": "zh_TW", "LANG": "en_GB.UTF-8"}, "zh"),
        (["score", "--lang", "zh"], {"LANG": "en_GB.UTF-8"}, "zh"),
        (["--lang=en", "score"], {"LANG": "zh_CN.UTF-8"}, "en"),
        (["score", "--lang"], {"LANG": "zh_CN.UTF-8"}, "zh"),
        (["score", "--lang", "fr"], {"LANG": "zh_CN.UTF-8"}, "zh"),
    ],
)
def test_the_option_decides_and_without_it_the_locale(
    arguments: list[str],
    locale: dict[str, str],
    language: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("LANG")
    for name, value in locale.items():
        monkeypatch.setenv(name, value)
    if sys.platform != "win32" or locale:
        assert asked(arguments) == language


def test_a_wrong_file_is_told_in_chinese(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "nowhere", "-o", "model", "--lang", "zh"]) == FAILED
    assert capsys.readouterr().err == "policynlp：错误：nowhere：没有这个文件或文件夹\n"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["models", "--lenght"], "无法识别的参数：--lenght（用法见 policynlp --help）"),
        (["digest"], "缺少必需的参数：IN（用法见 policynlp digest --help）"),
        (
            ["digest", "x", "--length", "0"],
            "参数 --length：应为不小于 1 的整数，而不是“0”（用法见 policynlp digest --help）",
        ),
        (
            ["clean", "x", "--color", "red"],
            "参数 --color：无效的选项：'red'（可选：'auto', 'always', 'never'）"
            "（用法见 policynlp clean --help）",
        ),
    ],
)
def test_bad_usage_is_told_in_the_language_of_the_locale(
    arguments: list[str],
    told: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    assert main(arguments) == BAD_USAGE
    assert capsys.readouterr().err == f"policynlp：错误：{told}\n"


def test_the_locale_changes_what_is_said_and_no_output(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "page.txt"
    page.write_text("全市推进数字化改革，政务服务一网通办。\n", encoding="utf-8")
    written = {}
    for locale in ("en_GB.UTF-8", "zh_CN.UTF-8"):
        monkeypatch.setenv("LANG", locale)
        out = tmp_path / f"{locale}.csv"
        assert main(["score", str(page), "-o", str(out)]) == DONE
        written[locale] = out.read_bytes()
    english, _, told = capsys.readouterr().err.partition(".csv.run.json\n")
    assert written["zh_CN.UTF-8"] == written["en_GB.UTF-8"]
    assert english.startswith("1 article with 1 section in ")
    assert told.startswith("1 篇文章，1 节，用时 ")
    assert told.splitlines()[-1].startswith(f"已写入 {out}；运行记录：")


@pytest.mark.parametrize("arguments", [["--lang", "zh"], ["score", "--lang", "zh"]])
def test_help_is_in_chinese_and_no_wider_than_the_terminal(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert main([*arguments, "--help"]) == DONE
    told = capsys.readouterr().out
    assert told.startswith("用法：policynlp")
    assert "\n选项:\n" in told
    # argparse lays out the usage by itself, and examples are longer than lines.
    shown = told.partition("\n\n")[2].partition("示例：")[0]
    assert max(map(display_width, shown.splitlines())) <= 80


def test_there_is_no_other_language() -> None:
    with pytest.raises(UsageError, match="no such language"):
        speak("fr")
