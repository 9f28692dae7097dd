"""Pages from templates: what fills one is escaped, and the page needs nothing from elsewhere."""

import base64
import hashlib
import json
import re
from functools import cache
from importlib.resources import files
from typing import Final

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from policynlp import escaping
from policynlp.messages import CHINESE, ENGLISH, say, spoken

_LANGUAGES: Final = {ENGLISH: "en", CHINESE: "zh-Hans"}
_SAID: Final = re.compile(r'\bsay\("([^"]*)"')


def render(name: str, /, **view: object) -> str:
    """Return a template of this package filled with ``view``, in the language spoken.

    It is one HTML file with its styles and scripts, which allows these and nothing else: no
    network, no other script, no style in an attribute.
    """
    return environment().get_template(name).render(view)


@cache
def environment() -> Environment:
    """Return what templates are filled by; one that asks for what is not there is an error."""
    made = Environment(
        loader=FunctionLoader(_file),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals |= {
        "say": say,
        "language": lambda: _LANGUAGES[spoken()],
        "assets": lambda *names: Markup("".join(map(_file, names))),
        "policy": _policy,
        "words": _words,
    }
    made.filters["data"] = _data
    return made


def said(script: str) -> list[str]:
    """Return the templates of messages that a script says."""
    return _SAID.findall(script)


def _words(script: str) -> dict[str, str]:
    """What a script looks up to speak as Python does; what is not there it says as it is."""
    return {template: say(template) for template in said(script) if say(template) != template}


def _file(name: str) -> str:
    return files(__package__).joinpath("templates", name).read_text(encoding="utf-8")


def _data(value: object) -> Markup:
    """Return JSON that cannot end its script element."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return Markup(escaping.script(text))


def _policy(style: str, script: str) -> str:
    """Return the Content-Security-Policy of a page with only this style and this script."""
    allowed = [f"style-src {_hash(style)}", *([f"script-src {_hash(script)}"] if script else [])]
    return "; ".join(("default-src 'none'", *allowed, "base-uri 'none'", "form-action 'none'"))


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
