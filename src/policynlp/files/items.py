"""What files hold: articles that were found and can be read later, maybe in another process."""

import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.util import find_spec
from typing import Final, NamedTuple
from zipfile import BadZipFile

from policynlp.article import Article, Failure
from policynlp.errors import InputError
from policynlp.files.decode import decode, is_traditional
from policynlp.files.input_records import Columns, InputRecord, article_from_record
from policynlp.messages import say
from policynlp.reading import read_divided, read_text
from policynlp.reading.metadata import is_false_date, read_date

# An article of as many characters as may be takes 3 bytes each in UTF-8 and 6 as JSON escapes them;
# columns that are kept, or the tags of a page, come on top.
BYTES_A_CHARACTER: Final = 8
_ALWAYS_READ: Final = 16 << 20
# Packed files are 3 to 50 times as long when they are unpacked, those of nothing but zeros 1,000
# times; so much is read of any.
_RATIO: Final = 200
MOST_UNPACKED: Final = 2 << 30
_NEEDED: Final = {
    (".html", ".htm", ".xhtml", ".shtml"): ("trafilatura", "lxml"),
    (".xlsx", ".xlsm"): ("openpyxl",),
    (".parquet",): ("pyarrow",),
}
# The blocks with Han characters that OpenCC maps in the basic plane.
_BLOCKS: Final = ((0x3400, 0xA000), (0xF900, 0xFB00))


@dataclass(frozen=True, slots=True)
class Reading:
    """How articles are read.

    ``columns`` names the columns of fields that are not called as usual; ``keep_columns`` keeps
    all others; ``simplify`` turns traditional characters into simplified ones, one for one;
    an article of more than ``max_chars`` characters is a failure, with ``None`` of any number.
    """

    columns: Columns = ()
    keep_columns: bool = False
    simplify: bool = False
    max_chars: int | None = 1_000_000

    @property
    def max_bytes(self) -> int:
        """The most that is read of one article: of a file, a line, a row with all its cells.

        What is longer is a failure, and never in memory as a whole.
        """
        return max(_ALWAYS_READ, BYTES_A_CHARACTER * (self.max_chars or 0))


class InputArticle(NamedTuple):
    """An article that was read: its id, where it stands, and its record, not yet divided."""

    id: str
    place: str
    record: InputRecord


class Item(NamedTuple):
    """An article that was found: its id as far as known, its place, about how many bytes it has.

    ``content`` is what ``parse`` makes a record of: a path, a line, a row.
    """

    id: str
    place: str
    size: int
    content: object
    parse: "Parse"

    def read(self, reading: Reading) -> InputArticle | Failure:
        """Read the article, or say why it cannot be."""
        try:
            record = self.parse(self, reading)
        except ItemError as error:
            return Failure(self.id, self.place, error.stage, error.reason)
        except Exception as error:  # Whatever is wrong with one article, the others are read.
            return Failure(self.id, self.place, "read", read_trouble(error))
        return _checked(self, record, reading)


Parse = Callable[[Item, Reading], InputRecord]


class ItemError(Exception):
    """Why one item cannot be read, and at which stage that was found."""

    def __init__(self, stage: str, error: Exception, place: str) -> None:
        """Take the reason from ``error``, whose message may begin with ``place``."""
        super().__init__(stage, error, place)
        self.stage = stage
        self.reason = reason_of(error, place)


def too_long(reading: Reading) -> InputError:
    """Why an article that is longer than what is read of one is a failure."""
    return InputError(
        "more than {most:,} bytes, which is all that one article may have: divide it, "
        "or score it with a --max-chars above {chars:,}",
        most=reading.max_bytes,
        chars=reading.max_bytes // BYTES_A_CHARACTER,
    )


def grows_too_much(length: int, packed: int, most: int | None = None) -> InputError | None:
    """What is wrong with a file of ``packed`` bytes that holds ``length`` of them, if anything."""
    most = MOST_UNPACKED if most is None else most
    if length <= most or length <= _RATIO * packed:
        return None
    return InputError(
        "what it holds is longer than {most:,} bytes and {ratio} times its own size, as no news "
        "is: look at it, and divide it or save it anew as .csv or .txt",
        most=most,
        ratio=_RATIO,
    )


def reason_of(error: Exception, place: str) -> str:
    """The message of ``error`` in one line, without ``place``, which a failure names itself."""
    # A colon as English and Chinese messages write it.
    said = str(error).removeprefix(f"{place}: ").removeprefix(f"{place}：")
    return " ".join(said.split())  # Names of columns may have line ends.


def decoded(data: bytes, item: Item) -> str:
    """The text of an item's bytes."""
    try:
        return decode(data, place=item.place)
    except InputError as error:
        raise ItemError("decode", error, item.place) from error


def parse_cells(item: Item, reading: Reading) -> InputRecord:
    """The record of an item whose content is a row or an object."""
    assert isinstance(item.content, Mapping)
    try:
        return article_from_record(
            item.content, place=item.place, columns=reading.columns, keep=reading.keep_columns
        )
    except InputError as error:
        raise ItemError("parse", error, item.place) from error


def make_article(record: InputRecord) -> Article:
    """Read a record's text, or take its sections as they are."""
    published, warnings = _published(record.published), []
    if record.published.strip() and not published:
        warnings.append(say("there is no such date: {date}", date=record.published.strip()))
    if is_traditional(record.body()):
        warnings.append(say("mostly traditional characters; --simplify reads them as simplified"))
    metadata = {
        "id": record.id,
        "published": published,
        "source": record.source.strip(),
        "author": record.author.strip(),
        "url": record.url.strip(),
    }
    if record.sections is None:
        article = read_text(
            record.text, title=record.title.strip(), headings=record.headings, **metadata
        )
    else:
        article = read_divided(record.title, record.sections, **metadata)
    return replace(article, warnings=(*article.warnings, *warnings)) if warnings else article


def _published(text: str) -> str:
    """A date as YYYY-MM-DD, nothing for one that does not exist, and whatever else it may be."""
    return read_date(text) or ("" if is_false_date(text) else text.strip())


def read_trouble(error: Exception) -> str:
    """Why a file or an article cannot be read, in one line."""
    if isinstance(error, InputError):
        return reason_of(error, "")
    if isinstance(error, ModuleNotFoundError):
        return say('{module} is not installed: pip install "policynlp[files]"', module=error.name)
    return " ".join(say("cannot be read: {reason}", reason=cause(error)).split())


def unread(error: Exception) -> str:
    """Why a file is read no further, in one line."""
    why = reason_of(error, "") if isinstance(error, InputError) else cause(error)
    return say("cannot be read from here on: {reason}", reason=why)


def cause(error: Exception) -> str:
    """What is wrong with a file that raised ``error``, in words for whoever has it."""
    if isinstance(error, OSError) and error.strerror:
        return say(error.strerror)
    # An OSError that is none of the system's is of what unpacks: gzip, Arrow.
    # A zipped file of a later kind than Python knows is a NotImplementedError.
    if isinstance(
        error,
        BadZipFile | EOFError | NotImplementedError | OSError | UnicodeDecodeError | zlib.error,
    ):
        return say(
            "it is damaged, locked with a password or of another kind; get it again or save it anew"
        )
    return f"{type(error).__name__}: {error}"


def _checked(item: Item, record: InputRecord, reading: Reading) -> InputArticle | Failure:
    id = record.id.strip() or item.id
    if record.is_empty:
        return Failure(id, item.place, "read", say("the text is empty"))
    length = max(record.length, len(id), *map(len, (record.title, record.source, record.author)))
    if reading.max_chars is not None and length > reading.max_chars:
        reason = say(
            "{length:,} characters, more than the {most:,} of --max-chars: "
            "divide it, or score it with a higher limit",
            length=length,
            most=reading.max_chars,
        )
        return Failure(id if len(id) < length else item.id, item.place, "read", reason)
    record = record._replace(id=id)
    return InputArticle(id, item.place, simplified(record) if reading.simplify else record)


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


def simplified(record: InputRecord) -> InputRecord:
    """``record`` with its article in simplified characters; lengths do not change."""
    sections = record.sections and tuple(
        (_simplify(heading), tuple(map(_simplify, paragraphs)))
        for heading, paragraphs in record.sections
    )
    return record._replace(
        text=_simplify(record.text),
        sections=sections,
        title=_simplify(record.title),
        source=_simplify(record.source),
        author=_simplify(record.author),
    )


def _simplify(text: str) -> str:
    return text.translate(_table())


@cache
def _table() -> dict[int, str]:
    """OpenCC's choice for each character by itself; its phrases would change lengths."""
    from opencc import OpenCC

    characters = [chr(code) for block in _BLOCKS for code in range(*block)]
    converted = OpenCC("t2s").convert("\n".join(characters)).split("\n")
    return {
        ord(old): new
        for old, new in zip(characters, converted, strict=True)
        if old != new and len(new) == 1
    }
