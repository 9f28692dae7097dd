"""What the program says to a person, in English or Chinese."""

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache, partial
from importlib import resources
from typing import Any, Final

ENGLISH: Final = "en"
CHINESE: Final = "zh"
LANGUAGES: Final = (ENGLISH, CHINESE)

_spoken = ENGLISH
_OPTION: Final = "--lang"
_VARIABLES: Final = ("LC_ALL", "LC_MESSAGES", "LANG")  # the first that is set counts
_PRIMARY: Final = 0x3FF  # of a Windows language identifier; the rest says the region
_WINDOWS_CHINESE: Final = 0x04


def speak(language: str) -> None:
    """Say everything from now on in one of ``LANGUAGES``."""
    global _spoken
    if language not in LANGUAGES:
        raise UsageError(
            "no such language: {language!r}; there are {languages}",
            language=language,
            languages=", ".join(LANGUAGES),
        )
    _spoken = language


def spoken() -> str:
    """Return the language that messages are in."""
    return _spoken


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Say everything meanwhile in one of ``LANGUAGES``."""
    before = spoken()
    speak(language)
    try:
        yield
    finally:
        speak(before)


def say(template: str, /, **values: object) -> str:
    """Fill ``template`` in the language spoken; one without values is taken as it is."""
    if _spoken == CHINESE:
        template = chinese().get(template, template)
    return template.format(**values) if values else template


@cache
def chinese() -> dict[str, str]:
    """Return the Chinese template of each English one."""
    import tomllib  # 5 ms of every start in English

    text = resources.files(__name__).joinpath("zh.toml").read_text(encoding="utf-8")
    templates: dict[str, str] = tomllib.loads(text)
    return templates


class PolicyNLPError(Exception):
    """Base of every error that this package raises on purpose.

    It takes a template and its values, as ``InputError("{path}: is empty", path=path)``, and
    reads in the language spoken where it is printed.
    """

    def __init__(self, template: str, /, **values: object) -> None:
        """Keep what is said and of what; without values the template is taken as it is."""
        super().__init__(template)
        self.template = template
        self.values = values

    def __str__(self) -> str:
        """Say what went wrong."""
        return say(self.template, **self.values)

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel between processes with the values."""
        return partial(type(self), **self.values), (self.template,)


class UsageError(PolicyNLPError):
    """Options that contradict each other, or ask for what is not to be had."""


def asked(argv: Sequence[str]) -> str:
    """Return the language of ``--lang`` in ``argv``, else that of the system.

    ``argv`` is not checked: whoever parses it says what is wrong with it, in this language.
    """
    words = [word for arg in argv for word in arg.split("=", 1)]
    named = [words[i + 1] for i, word in enumerate(words[:-1]) if word == _OPTION]
    return next((name for name in reversed(named) if name in LANGUAGES), None) or of_system()


def of_system(environment: Mapping[str, str] = os.environ) -> str:
    """Return the language of the locale or, on Windows without one, of the user interface."""
    locale = next(filter(None, map(environment.get, _VARIABLES)), None)
    if locale is None:
        return _of_windows()
    return CHINESE if locale.lower().startswith("zh") else ENGLISH


def _of_windows() -> str:
    if sys.platform != "win32":
        return ENGLISH
    import ctypes

    language = ctypes.windll.kernel32.GetUserDefaultUILanguage()
    return CHINESE if language & _PRIMARY == _WINDOWS_CHINESE else ENGLISH
