"""Jieba, by either of its two engines, over text in one spelling. Nothing else imports them."""

import hashlib
import os
import re
import sys
import threading
from collections.abc import Callable, Iterable
from functools import cache
from importlib import resources
from importlib.machinery import PathFinder
from importlib.util import find_spec, module_from_spec
from typing import Any

from policynlp.messages import PolicyNLPError

_FULL_WIDTH = 0xFEE0  # from an ASCII character to its full-width form
_ASCII_WORD = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ+#&._%-"

# One private-use character stands for a run while Jieba cuts (see words.py), so a source
# that holds it already has it treated as part of a run.
PLACEHOLDER = "\ue000"

# Han characters that jieba's pattern leaves out: 々 〇, extensions, compatibility forms.
_RARE_HAN = "\u3005-\u3007\u3400-\u4dbf\u9fd6-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
# Halves of a broken character, which rjieba refuses to read.
_SURROGATES = "\ud800-\udfff"

# What Jieba's own pattern treats as part of a word besides Han characters, in both widths,
# rare Han and broken characters. The engines differ only on such runs (dates, URLs, numbers,
# names with rare characters), so each is kept whole and never reaches them.
RUN = re.compile(
    "([{}{}{}{}{}]+)".format(
        re.escape(_ASCII_WORD),
        re.escape("".join(chr(ord(char) + _FULL_WIDTH) for char in _ASCII_WORD)),
        PLACEHOLDER,
        _RARE_HAN,
        _SURROGATES,
    )
)


def _folded(char: str) -> str:
    return "0" if char.isdigit() else char.lower()


_FOLD = {ord(char): _folded(char) for char in _ASCII_WORD}
_FOLD |= {code + _FULL_WIDTH: char for code, char in _FOLD.items()}


def fold(run: str) -> str:
    """Fold one run: half width, lower case, every digit ``0``. Keeps the length."""
    return run.translate(_FOLD)


def normalise(text: str) -> str:
    """Fold the runs of Latin letters and digits in ``text`` and leave the rest alone.

    A number becomes its class: ``2022年`` and ``２０２３年`` are both ``0000年``, ``37.2%``
    is ``00.0%``. The result has the length of ``text``.
    """
    return RUN.sub(lambda match: fold(match.group()), text)


Cut = Callable[[str], list[str]]

ENGINE_VARIABLE = "POLICYNLP_JIEBA"
# Counts made with other words are worth nothing to a model, so this changes whenever
# `words` would cut any text differently: its rules here, the dictionary, the terms.
RULES_VERSION = 2
# SHA-256 of the dictionary file that rjieba is made with; a test compares their words.
RUST_DICTIONARY = "7197c3211ddd98962b036cdf40324d1ea2bfaa12bd028e68faa70111a88e12a8"
_MAKING = threading.RLock()

# What jieba is given at once. It cuts runs of Han characters by themselves, and copies all that
# it has of one with each unknown character: 64,000 took 9 s.
_PIECES = re.compile("[^\u4e00-\u9fd5]*[\u4e00-\u9fd5]{0,2000}")


def _data_lines(name: str) -> list[str]:
    text = resources.files(__package__).joinpath(name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


@cache
def policy_terms() -> dict[str, int]:
    """Terms that Jieba must not cut, each with its frequency in Jieba's dictionary."""
    pairs = (line.split() for line in _data_lines("policy_terms.txt"))
    return {term: int(frequency) for term, frequency in pairs}


@cache
def stop_words() -> frozenset[str]:
    """Function words and the genre's filler, which say nothing of a text's subject."""
    return frozenset(_data_lines("stop_words.txt"))


@cache
def fingerprint() -> str:
    """Identify the words that :func:`words` makes, whichever engine makes them.

    Raises ``PolicyNLPError`` where rjieba is too old.
    """
    parts = [f"rules {RULES_VERSION}", f"dictionary {_dictionary()}"]
    parts += [f"{term} {frequency}" for term, frequency in sorted(policy_terms().items())]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def _dictionary() -> str:
    """Return the SHA-256 of the dictionary of the engine that cuts."""
    if _is_rust_chosen():
        return RUST_DICTIONARY
    import jieba

    with jieba.Tokenizer().get_dict_file() as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _is_rust_chosen() -> bool:
    if os.environ.get(ENGINE_VARIABLE) == "python":
        return False
    try:
        with _MAKING:  # An extension can be loaded once.
            _rust_engine()
    except ImportError:
        return False
    return True


def rust_cut(terms: Iterable[tuple[str, int]]) -> Cut:
    """Return rjieba's cut with ``terms`` added to the dictionary."""
    engine = _rust_engine().Jieba()
    for term, frequency in terms:
        engine.add_word(term, frequency, "n")
    cut: Cut = engine.cut
    return cut


def _rust_engine() -> Any:
    """Return rjieba's extension, without its package.

    The package loads a dictionary for its own functions as soon as it is imported, which takes
    as long as ours: 0.1 s of every start and of every worker's. Raises ``PolicyNLPError`` for a
    version that takes no terms: jieba would cut as well, but without a word 18 times slower.
    """
    name = "rjieba.rjieba"
    if name not in sys.modules:
        package = find_spec("rjieba")
        spec = package and PathFinder.find_spec(name, package.submodule_search_locations)
        if not spec or not spec.loader:
            raise ImportError("rjieba is not installed")
        extension = module_from_spec(spec)
        spec.loader.exec_module(extension)
        sys.modules[name] = extension  # It can be loaded once; the package will find it here.
    engine = sys.modules[name]
    if not hasattr(engine.Jieba, "add_word"):
        from importlib import metadata  # 10 ms that no other start waits for

        raise PolicyNLPError(
            "rjieba {version} is too old, 0.2.2 or newer is needed: "
            "pip install --upgrade rjieba (or set {variable}=python, which is slow)",
            version=metadata.version("rjieba"),
            variable=ENGINE_VARIABLE,
        )
    return engine


def python_cut(terms: Iterable[tuple[str, int]]) -> Cut:
    """Return jieba's cut with ``terms`` added, leaving jieba's module state alone.

    A run of more than 2,000 Han characters, which no text has, may be cut in other places.
    """
    import jieba

    engine = jieba.Tokenizer()
    # What engine.initialize() does, without its cache file in the temporary folder.
    engine.FREQ, engine.total = engine.gen_pfdict(engine.get_dict_file())
    engine.initialized = True
    for term, frequency in terms:
        engine.add_word(term, frequency)
    return lambda text: [word for piece in _PIECES.findall(text) for word in engine.lcut(piece)]


@cache
def _cut() -> Cut:
    with _MAKING:  # Of several threads that begin at once, each would load a dictionary.
        return _engine()


@cache
def _engine() -> Cut:
    terms = policy_terms().items()
    return rust_cut(terms) if _is_rust_chosen() else python_cut(terms)


def words(text: str, cut: Cut | None = None) -> list[str]:
    """Cut ``text`` into words that join to ``normalise(text)`` again.

    A run of Latin letters, digits and ``+#&._%-`` is one word; Jieba cuts the rest in
    one call, with one character standing for each run, which both engines leave alone.
    """
    cut = cut or _cut()
    between_and_runs = RUN.split(text)
    if len(between_and_runs) == 1:
        return cut(text)
    found = cut(PLACEHOLDER.join(between_and_runs[::2]))
    place = -1
    for run in between_and_runs[1::2]:
        place = found.index(PLACEHOLDER, place + 1)
        found[place] = fold(run)
    return found
