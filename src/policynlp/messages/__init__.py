"""What the program says to a person, in English or Chinese.

A message is an English template, ``say("{path}: no column {column}", path=…, column=…)``, which
``zh.toml`` gives in Chinese. Errors carry template and values, so that they read in the language
of whoever prints them, whichever process raised them.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, partial
from importlib import resources
from typing import Any, Final

ENGLISH: Final = "en"
CHINESE: Final = "zh"
LANGUAGES: Final = (ENGLISH, CHINESE)

_spoken = ENGLISH


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
