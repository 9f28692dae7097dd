"""Which language to speak: what the command line says or, without that, the system."""

import os
import sys
from collections.abc import Mapping, Sequence
from typing import Final

from policynlp.messages import CHINESE, ENGLISH, LANGUAGES

_OPTION: Final = "--lang"
_VARIABLES: Final = ("LC_ALL", "LC_MESSAGES", "LANG")  # the first that is set counts
_PRIMARY: Final = 0x3FF  # of a Windows language identifier; the rest says the region
_WINDOWS_CHINESE: Final = 0x04


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
