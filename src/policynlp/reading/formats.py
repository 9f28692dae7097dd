"""From files to records: which files there are, how they are encoded, what articles they hold."""

import codecs
import csv
import glob
import io
import json
import os
import re
import sys
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import IO, Final, NamedTuple

from policynlp.article import Article, Failure
from policynlp.errors import InputError
from policynlp.reading import read_divided, read_text
from policynlp.reading.metadata import read_date
from policynlp.records import InputRecord, article_from_record, find_columns

STDIN: Final = "-"

_TEXT_FILES: Final = (".txt", ".text", ".md")
_LINE_FILES: Final = (".jsonl", ".ndjson")
_ZIPPED_LINE_FILES: Final = tuple(suffix + ".gz" for suffix in _LINE_FILES)
_TABLES: Final = (".csv", ".tsv")
# What to do with files that are not read.
_ADVICE: Final = {
    (".html", ".htm", ".mht", ".mhtml"): "save the page's text as .txt",
    (".doc", ".docx", ".wps", ".rtf", ".odt"): "save it as plain text (.txt, UTF-8)",
    (".xls", ".xlsx", ".et", ".ods"): "save the sheet as CSV UTF-8 (.csv)",
    (".pdf", ".ofd", ".caj"): "extract its text to .txt, for example with pdftotext",
    (".parquet", ".feather", ".arrow"): "write it as .jsonl or .csv",
    (".json",): "write it as .jsonl, one object a line",
    (".zip", ".rar", ".7z", ".gz", ".tar"): "unpack it",
}
_OTHERWISE: Final = "convert it to .txt, .jsonl or .csv"
_CLUTTER: Final = frozenset(("thumbs.db", "desktop.ini"))
_CHUNK: Final = 1 << 20


class InputFile(NamedTuple):
    """A file to read; its id is that of the article in it, or where its articles' ids begin.

    ``path`` is ``None`` for standard input.
    """

    path: Path | None
    id: str

    @property
    def place(self) -> str:
        """What messages call the file."""
        return self.id if self.path is None else self.path.as_posix()


class InputArticle(NamedTuple):
    """An article that was found: its id, where it stands, and its record, not yet read."""

    id: str
    place: str
    record: InputRecord


def find_inputs(paths: Iterable[str], *, skip: Collection[str] = ()) -> Iterator[InputFile]:
    """The files that ``paths`` name: files, folders with all they hold, globs, ``-`` for stdin.

    An article's id is its path below the folder given, with ``/``. The files of a folder come in
    the order of their paths, without hidden ones and those in ``skip`` (absolute paths). What
    does not exist is an error at once.
    """
    paths = [path for pattern in paths for path in _expand(pattern)]
    clash = next((path for path in paths if os.path.abspath(path) in skip), None)
    if clash is not None:
        raise InputError(f"{clash}: is also what this run writes; choose another output")
    return chain.from_iterable(_files(path, skip) for path in paths)


def read_inputs(
    files: Iterable[InputFile], *, stdin: IO[bytes] | None = None
) -> Iterator[InputArticle | Failure]:
    """Every article in ``files``, in order; what cannot be read is a failure, and no end."""
    for file in files:
        try:
            yield from _reader(file, stdin)(file)
        except Exception as error:  # Whatever is wrong with a file, the others are read.
            reason = getattr(error, "strerror", None) or f"{type(error).__name__}: {error}"
            yield Failure(file.id, file.place, "read", f"cannot be read: {reason}")


def make_article(record: InputRecord) -> Article:
    """Read a record's text, or take its sections as they are."""
    metadata = {
        "id": record.id,
        "published": read_date(record.published) or record.published.strip(),
        "source": record.source.strip(),
        "author": record.author.strip(),
        "url": record.url.strip(),
    }
    if record.sections is None:
        return read_text(record.text, title=record.title.strip(), **metadata)
    return read_divided(record.title, record.sections, **metadata)


# Finding files


def _expand(pattern: str) -> list[str]:
    """The paths that a glob matches: the shell of Windows leaves them to the program."""
    if pattern == STDIN or os.path.exists(pattern):
        return [pattern]
    matches = sorted(glob.glob(pattern, recursive=True))
    paths = [path for path in matches if not _is_clutter(os.path.basename(path))]
    if not paths:
        raise InputError(f"{pattern}: there is no such file or folder")
    return paths


def _files(path: str, skip: Collection[str]) -> Iterator[InputFile]:
    if path == STDIN:
        yield InputFile(None, "stdin")
    elif os.path.isdir(path):
        yield from _walk(Path(path), "", skip)
    else:
        yield InputFile(Path(path), _own_id(Path(path)))


def _walk(folder: Path, prefix: str, skip: Collection[str]) -> Iterator[InputFile]:
    """The files below ``folder``, whose ids begin with ``prefix``."""
    try:
        with os.scandir(folder) as entries:
            found = sorted(entries, key=lambda entry: entry.name)
    except OSError:
        yield InputFile(folder, prefix)  # Reading it is a failure that says why.
        return
    for entry in found:
        path = folder / entry.name
        if _is_clutter(entry.name):
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(path, f"{prefix}{entry.name}/", skip)
        elif not skip or os.path.abspath(path) not in skip:
            yield InputFile(path, prefix + entry.name)


def _is_clutter(name: str) -> bool:
    """Whether a file is hidden, or left by a system or an open office program."""
    return name.startswith((".", "~$")) or name.lower() in _CLUTTER


def _own_id(path: Path) -> str:
    """The id of a file that was named itself."""
    return path.name if path.is_absolute() or ".." in path.parts else path.as_posix()


# Reading files


_Reader = Callable[[InputFile], Iterator[InputArticle | Failure]]


def _reader(file: InputFile, stdin: IO[bytes] | None) -> _Reader:
    """What reads ``file``, by its name."""
    if file.path is None:
        return lambda file: _read_stdin(file, stdin or sys.stdin.buffer)
    name = file.path.name.lower()
    if name.endswith(_TEXT_FILES) or file.path.is_dir():
        return _read_text_file
    if name.endswith((*_LINE_FILES, *_ZIPPED_LINE_FILES)):
        return _read_line_file
    return _read_table if name.endswith(_TABLES) else _refuse


def _read_text_file(file: InputFile) -> Iterator[InputArticle | Failure]:
    assert file.path is not None
    yield _text_article(file, file.path.read_bytes())


def _read_stdin(file: InputFile, stream: IO[bytes]) -> Iterator[InputArticle | Failure]:
    """One article as text, or where the first line is an object, one a line."""
    start, line = b"", b"\n"
    while line and not line.strip():
        line = stream.readline()
        start += line
    if line.removeprefix(codecs.BOM_UTF8).lstrip().startswith(b"{"):
        yield from _read_lines(file, chain(io.BytesIO(start), stream))
    else:
        yield _text_article(file, start + stream.read())


def _text_article(file: InputFile, data: bytes) -> InputArticle | Failure:
    try:
        text = decode(data, place=file.place)
    except InputError as error:
        return _failure(file.id, file.place, "decode", error)
    return _article(file.id, file.place, InputRecord(file.id, text))


def _read_line_file(file: InputFile) -> Iterator[InputArticle | Failure]:
    assert file.path is not None
    with _open_lines(file.path) as stream:
        start = stream.read(2)
        stream.seek(0)
        if start in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
            yield from _read_wide_lines(file, stream.read())
        else:
            yield from _read_lines(file, stream)


def _open_lines(path: Path) -> io.BufferedIOBase:
    if path.name.lower().endswith(".gz"):
        import gzip  # Costs start-up time that most runs need not pay.

        return gzip.open(path, "rb")
    return path.open("rb")


def _read_wide_lines(file: InputFile, data: bytes) -> Iterator[InputArticle | Failure]:
    """The articles of a file whose line ends are not single bytes."""
    try:
        text = decode(data, place=file.place)
    except InputError as error:
        yield _failure(file.id, file.place, "decode", error)
    else:
        yield from _read_lines(file, (line.encode() for line in text.split("\n")))


def _read_lines(file: InputFile, lines: Iterable[bytes]) -> Iterator[InputArticle | Failure]:
    """One article a line, each decoded by itself: one bad line is one failure."""
    number = 0
    lines = iter(lines)
    while True:
        number += 1
        place = f"{file.place}:{number}"
        try:
            line = next(lines, None)
        except (OSError, EOFError, zlib.error) as error:  # A zipped file that is not whole.
            yield Failure(
                f"{file.id}:{number}", place, "read", f"cannot be read from here on: {error}"
            )
            return
        if line is None:
            return
        line = line.strip(b"\r\n \t")
        if number == 1:
            line = line.removeprefix(codecs.BOM_UTF8)
        if line:
            yield _line_article(f"{file.id}:{number}", place, line)


def _line_article(id: str, place: str, line: bytes) -> InputArticle | Failure:
    """The article on a line of JSON."""
    try:
        text = decode(line, place=place)
    except InputError as error:
        return _failure(id, place, "decode", error)
    try:
        record = article_from_record(_parse_object(text, place), place=place)
    except InputError as error:
        return _failure(id, place, "parse", error)
    return _article(record.id.strip() or id, place, record)


def _parse_object(line: str, place: str) -> dict[str, object]:
    try:
        value = json.loads(line)
    except json.JSONDecodeError as error:
        raise InputError(f"{place}: not valid JSON: {error.msg} at column {error.colno}") from error
    except (ValueError, RecursionError) as error:  # Endless numbers, endless nesting.
        raise InputError(f"{place}: not valid JSON: {error}") from error
    if not isinstance(value, dict):
        raise InputError(f'{place}: each line must be an object such as {{"id": …, "text": …}}')
    return value


def _read_table(file: InputFile) -> Iterator[InputArticle | Failure]:
    """One article a row, below a row with the names of the columns."""
    assert file.path is not None
    try:
        encoding = _find_encoding(file.path, file.place)
    except InputError as error:
        yield _failure(file.id, file.place, "decode", error)
        return
    csv.field_size_limit(2**31 - 1)  # The default refuses articles over 131,072 characters.
    with file.path.open(encoding=encoding, newline="") as stream:
        first = stream.readline()
        stream.seek(0)
        delimiter = "\t" if file.path.suffix.lower() == ".tsv" else _delimiter(first)
        rows = csv.reader(stream, delimiter=delimiter, strict=True)
        try:
            header = _read_header(next(rows, []), file.place)
        except (InputError, csv.Error) as error:
            yield _failure(file.id, file.place, "parse", error)
            return
        yield from _read_rows(file, header, rows)


def _delimiter(header: str) -> str:
    """What stands between the names of the columns: Excel writes ; in some countries."""
    return max(",;\t", key=header.count)


def _read_header(names: list[str], place: str) -> list[str]:
    names = [name.strip().removeprefix("\ufeff") for name in names]
    if not any(names):
        raise InputError(f"{place}: the first row must hold the names of the columns")
    twice = next((name for name in names if name and names.count(name) > 1), "")
    if twice:
        raise InputError(f'{place}: two columns are called "{twice}"; rename one of them')
    find_columns(tuple(filter(None, names)))
    return names


def _read_rows(
    file: InputFile, header: list[str], rows: Iterator[list[str]]
) -> Iterator[InputArticle | Failure]:
    """The articles of a table, numbered as Excel numbers its rows."""
    number = 1
    while True:
        number += 1
        id, place = f"{file.id}:{number}", f"{file.place}:{number}"
        try:
            row = next(rows, None)
        except csv.Error as error:
            yield _failure(id, place, "parse", InputError(_row_trouble(error)))
            continue
        if row is None:
            return
        if any(row):
            yield _row_article(id, place, header, row)


def _row_trouble(error: csv.Error) -> str:
    if "unexpected end of data" in str(error):
        return "a quotation mark opens a cell here that never ends: the rows below are unread"
    return f"the row is broken: {error}; double the quotation marks inside of cells"


def _row_article(id: str, place: str, header: list[str], row: list[str]) -> InputArticle | Failure:
    if any(row[len(header) :]):
        reason = f"{len(row)} cells in a table of {len(header)} columns; put cells in quotes"
        return Failure(id, place, "parse", reason)
    # A row that ends early has no value, not even an empty one, in its last columns.
    cells = {name: "" for name in header if name} | {
        name: cell for name, cell in zip(header, row, strict=False) if name
    }
    try:
        record = article_from_record(cells, place=place)
    except InputError as error:
        return _failure(id, place, "parse", error)
    return _article(record.id.strip() or id, place, record)


def _refuse(file: InputFile) -> Iterator[InputArticle | Failure]:
    """The failure of a file of a kind that is not read, with what to do."""
    assert file.path is not None
    suffix = file.path.suffix.lower()
    advice = next((advice for kinds, advice in _ADVICE.items() if suffix in kinds), _OTHERWISE)
    reason = f"{suffix or 'a file without an extension'} is not read: {advice}"
    yield Failure(file.id, file.place, "read", reason)


def _article(id: str, place: str, record: InputRecord) -> InputArticle | Failure:
    if record.is_empty:
        return Failure(id, place, "read", "the text is empty")
    return InputArticle(id, place, record._replace(id=id))


def _failure(id: str, place: str, stage: str, error: Exception) -> Failure:
    return Failure(id, place, stage, str(error).removeprefix(f"{place}: "))


# Encodings


# A text reads like Chinese if so many of its Han characters are among the common ones, the 3,755
# of GB2312's first level or the 5,401 of Big5's. Of 3,000 real articles the worst had 0.93; the
# same in Big5 read as gb18030, in GBK read as Big5 or in utf-8 read as gb18030 at most 0.58.
_MIN_COMMON: Final = 0.8
# Valid utf-8 is no accident, so here only what was garbled before it was saved is refused, for
# instance utf-8 taken for GBK: of 3,000 such texts the best had 0.36.
_MIN_COMMON_IN_UTF8: Final = 0.5
# Very short texts may be a rare name.
_RARE_ALLOWED: Final = 2
# Private and control characters, which text has none of, count as rare Han.
_NOT_HAN: Final = re.compile(
    "[^\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff\ue000-\uf8ff\ufffd\x80-\x84\x86-\x9f]+"
)
# Enough to know a text by, in utf-8, where every line of a large file is looked at.
_SAMPLE: Final = 2000
_CANDIDATES: Final = ("utf-8", "gb18030", "big5", "cp950", "big5hkscs")


def decode(data: bytes, *, place: str) -> str:
    """Decode ``data`` as utf-8, utf-16 with a byte order mark, gb18030 or Big5.

    The first of them counts in which it reads like Chinese, or, in utf-8, has no Han at all.
    """
    for encoding in _candidates(data):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if _reads_well([text], encoding):
            return text
    raise _undecodable(data, place)


def _find_encoding(path: Path, place: str) -> str:
    """The encoding of a file of any size, by the rule of :func:`decode`."""
    with path.open("rb") as stream:
        start = stream.read(_CHUNK)
        for encoding in _candidates(start):
            stream.seek(0)
            decoder = codecs.getincrementaldecoder(encoding)()
            chunks = iter(lambda: stream.read(_CHUNK), b"")
            try:
                if _reads_well((decoder.decode(chunk) for chunk in chunks), encoding):
                    decoder.decode(b"", final=True)
                    return encoding
            except UnicodeDecodeError:
                continue
    raise _undecodable(start, place)


def _candidates(data: bytes) -> tuple[str, ...]:
    """The encodings to try, in this order."""
    if data.startswith(codecs.BOM_UTF8):
        return ("utf-8-sig",)
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return ("utf-16",)
    return _CANDIDATES


def _reads_well(chunks: Iterable[str], encoding: str) -> bool:
    """Whether nearly all Han characters of a decoded text are common ones, and it is text."""
    unicode = encoding.startswith("utf")
    common = han = nul = length = 0
    for chunk in chunks:
        length += len(chunk)
        nul += chunk.count("\0")
        found = _NOT_HAN.sub("", chunk[:_SAMPLE] if unicode else chunk)
        han += len(found)
        common += _count_common(found)
    if nul * 100 > length:
        return False
    wanted = _MIN_COMMON_IN_UTF8 if unicode else _MIN_COMMON
    return han - common <= max(_RARE_ALLOWED * unicode, (1 - wanted) * han)


def _count_common(han: str) -> int:
    """How many of the characters are common, in simplified or in traditional text."""
    return max(_count_level(han, "gb2312", 0xD7), _count_level(han, "big5", 0xC6))


def _count_level(han: str, encoding: str, last: int) -> int:
    """Count the characters in the first level of a national standard: two bytes each, of which
    the first is at most ``last``. Both standards begin with punctuation, which is not Han."""
    leads = han.encode(encoding, "ignore")[::2]
    return len(leads.translate(None, bytes(range(last + 1, 256))))


def _undecodable(data: bytes, place: str) -> InputError:
    """Say what is wrong with the encoding, and what to do."""
    try:
        data.decode(_candidates(data)[0])
        trouble = "it decodes, but as noise"
    except UnicodeDecodeError as error:
        trouble = f"not {error.encoding} from byte {error.start} on, and noise in gb18030 and big5"
    return InputError(f"{place}: unknown encoding ({trouble}); save it as UTF-8")
