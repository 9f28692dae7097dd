"""What must be installed for which files, so that a run can say so before it begins."""

from collections.abc import Iterable
from importlib.util import find_spec
from typing import Final

from policynlp.errors import InputError

_NEEDED: Final = {
    (".html", ".htm", ".xhtml", ".shtml"): ("trafilatura", "lxml"),
    (".xlsx", ".xlsm"): ("openpyxl",),
    (".parquet",): ("pyarrow",),
}


def check_installed(paths: Iterable[str], *, simplify: bool = False) -> None:
    """Raise ``InputError`` where a file of these, read or written, needs what is not there.

    Only files that are named are looked at: one of thousands in a folder is a failure of its own.
    """
    for path in paths:
        for suffixes, modules in _NEEDED.items():
            if path.lower().endswith(suffixes):
                _check(path, modules)
    if simplify:
        _check("--simplify", ("opencc",))


def _check(what: str, modules: Iterable[str]) -> None:
    missing = [module for module in modules if find_spec(module) is None]
    if missing:
        raise InputError(
            '{what} needs {modules}, which is not installed: pip install "policynlp[files]"',
            what=what,
            modules=", ".join(missing),
        )
