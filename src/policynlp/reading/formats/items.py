"""What files hold: articles that were found and can be read later, maybe in another process."""

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple
from zipfile import BadZipFile

from policynlp.article import Article, Failure
from policynlp.errors import InputError
from policynlp.messages import say
from policynlp.reading import read_divided, read_text
from policynlp.reading.formats.encodings import decode, is_traditional
from policynlp.reading.formats.simplify import simplified
from policynlp.reading.metadata import is_false_date, read_date
from policynlp.records import Columns, InputRecord, article_from_record


@dataclass(frozen=True, slots=True)
class Reading:
    """How articles are read.

    ``columns`` names the columns of fields that are not called as usual; ``keep_columns`` keeps
    all others; ``simplify`` turns traditional characters into simplified ones, one for one;
    an article of more than ``max_chars`` characters is a failure.
    """

    columns: Columns = ()
    keep_columns: bool = False
    simplify: bool = False
    max_chars: int | None = None


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


def reason_of(error: Exception, place: str) -> str:
    """The message of ``error`` without ``place``, which a failure names itself."""
    # A colon as English and Chinese messages write it.
    return str(error).removeprefix(f"{place}: ").removeprefix(f"{place}：")


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
    article.warnings += tuple(warnings)
    return article


def _published(text: str) -> str:
    """A date as YYYY-MM-DD, nothing for one that does not exist, and whatever else it may be."""
    return read_date(text) or ("" if is_false_date(text) else text.strip())


def read_trouble(error: Exception) -> str:
    """Why a file or an article cannot be read, in one line."""
    if isinstance(error, InputError):
        return str(error)
    if isinstance(error, ModuleNotFoundError):
        return say('{module} is not installed: pip install "policynlp[files]"', module=error.name)
    return " ".join(say("cannot be read: {reason}", reason=cause(error)).split())


def cause(error: Exception) -> str:
    """What is wrong with a file that raised ``error``, in words for whoever has it."""
    if isinstance(error, OSError) and error.strerror:
        return say(error.strerror)
    # An OSError that is none of the system's is of what unpacks: gzip, Arrow.
    if isinstance(error, BadZipFile | EOFError | OSError | zlib.error):
        return say(
            "it is damaged, locked with a password or of another kind; get it again or save it anew"
        )
    return f"{type(error).__name__}: {error}"


def _checked(item: Item, record: InputRecord, reading: Reading) -> InputArticle | Failure:
    id = record.id.strip() or item.id
    if record.is_empty:
        return Failure(id, item.place, "read", say("the text is empty"))
    if reading.max_chars is not None and record.length > reading.max_chars:
        reason = say(
            "{length:,} characters, more than the {most:,} of --max-chars: "
            "divide it or raise the limit",
            length=record.length,
            most=reading.max_chars,
        )
        return Failure(id, item.place, "read", reason)
    record = record._replace(id=id)
    return InputArticle(id, item.place, simplified(record) if reading.simplify else record)
