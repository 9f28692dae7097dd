"""Files of kinds that are not read, by their names or first bytes, and what to do with them."""

from collections.abc import Callable
from typing import Final, NamedTuple

from policynlp.errors import InputError
from policynlp.messages import say

_Advice = Callable[[], str]

# What to do with files that are not read; said in the language of the run.
_ADVICE: Final[dict[tuple[str, ...], _Advice]] = {
    (".mht", ".mhtml"): lambda: say("save the page as .html"),
    (".doc", ".wps", ".rtf", ".odt"): lambda: say(
        "save it as .docx or .txt, for example with: soffice --headless --convert-to docx FILE"
    ),
    (".xls", ".et", ".ods"): lambda: say(
        "save it as .xlsx or .csv, for example with: soffice --headless --convert-to xlsx FILE"
    ),
    (".pdf",): lambda: say("extract its text to .txt, for example with: pdftotext FILE"),
    (".ofd", ".caj"): lambda: say("extract its text to .txt"),
    (".feather", ".arrow"): lambda: say("write it as .parquet, .jsonl or .csv"),
    (".json",): lambda: say("write it as .jsonl, one object a line"),
    (".zip", ".rar", ".7z", ".gz", ".tar"): lambda: say("unpack it"),
}


class _Kind(NamedTuple):
    """A kind of file that a text file may be in truth: what it is called, what to do."""

    name: str
    advice: _Advice


# Scored as text, their insides would be words.
_BY_FIRST_BYTES: Final = {
    b"%PDF-": _Kind(".pdf", lambda: advice_for(".pdf")),
    b"{\\rtf": _Kind(".rtf", lambda: advice_for(".rtf")),
    b"\x1f\x8b\x08": _Kind(".gz", lambda: say("unpack it")),
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": _Kind(
        ".doc, .xls, .wps", lambda: say("open it in Word, Excel or WPS; save it as .docx or .xlsx")
    ),
    b"PK\x03\x04": _Kind(
        ".docx, .xlsx, .zip", lambda: say("give it its own extension again, or unpack it")
    ),
}
_FIRST_BYTES: Final = tuple(_BY_FIRST_BYTES)


def advice_for(suffix: str) -> str:
    """What to do with a file that is not read because of its extension."""
    found = (advice() for suffixes, advice in _ADVICE.items() if suffix in suffixes)
    return next(found, say("convert it to .txt, .jsonl or .csv"))


def check_is_text(data: bytes, place: str) -> None:
    """Raise ``InputError`` where a file begins as one of another kind than text."""
    if not data.startswith(_FIRST_BYTES):
        return
    kind = next(kind for start, kind in _BY_FIRST_BYTES.items() if data.startswith(start))
    raise InputError(
        "{place}: is not text but {kind}: {advice}",
        place=place,
        kind=kind.name,
        advice=kind.advice(),
    )
