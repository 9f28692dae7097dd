"""The files of a corpus and their records, each checked: the section that it labels."""

import hashlib
import io
import lzma
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

from policynlp.corpus.labelled import LabelledParagraph, LabelledSection
from policynlp.errors import CorpusError, InputError
from policynlp.files.decode import decode
from policynlp.language.terms import CHARACTER, count_terms
from policynlp.reading.sections import make_paragraph
from policynlp.validation import (
    FieldError,
    Shape,
    anything,
    check,
    lists,
    maps,
    maybe,
    name,
    objects,
    parse,
    text,
)

CODE_BOOK: Final = "themes.toml"
HELD_OUT: Final = "held_out"
SHEETS: Final = "sheets"
_SUFFIXES: Final = (".jsonl", ".csv", ".xlsx", ".parquet")
PACKED: Final = ".xz"  # at the end of the name of a compressed file


def corpus_files(paths: Iterable[Path]) -> list[Path]:
    """Return the corpus files that ``paths`` stand for, folders in order of name.

    A folder ``held_out`` inside one of ``paths`` is passed over: what measures a model must
    not train it. Named itself, it is read. So are the ``sheets`` of a new theme. A file may be
    compressed, with ``.xz`` at the end of its name.
    """
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            found = (
                p
                for p in path.rglob("*")
                if plain_name(p).lower().endswith(_SUFFIXES) and p.is_file()
            )
            apart = {HELD_OUT, SHEETS}
            files += sorted(p for p in found if apart.isdisjoint(p.relative_to(path).parts))
        elif path.is_file():
            files += [path] if path.name != CODE_BOOK else []
        else:
            raise CorpusError("{path}: no such file or folder", path=path)
    return files


def plain_name(path: Path) -> str:
    """Return a file's name as it is before it is compressed."""
    return path.stem if path.suffix.lower() == PACKED else path.name


def content_of(path: Path) -> bytes:
    """Return the bytes of a corpus file, those of a compressed one before it was that.

    Raises ``CorpusError`` where a compressed file is broken.
    """
    content = path.read_bytes()
    if path.suffix.lower() != PACKED:
        return content
    try:
        return lzma.decompress(content)
    except lzma.LZMAError as error:
        raise CorpusError("{place}: {error}", place=path, error=error) from error


def sha256(path: Path) -> str:
    """Return the hash by which a model and a gate know a corpus file, compressed or not."""
    return hashlib.sha256(content_of(path)).hexdigest()


def text_of(path: Path) -> str:
    """Decode a file as batches are, for a Chinese Excel saves tables in GB18030."""
    try:
        return decode(content_of(path), place=str(path)).removeprefix("\ufeff")
    except InputError as error:
        raise CorpusError(error.template, **error.values) from error


def json_records(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the place and the object of each line of JSON that is not blank."""
    with io.StringIO(text_of(path), newline=None) as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            place = f"{path}:{number}"
            with naming(place):
                record = parse(line)
                check(record, _OBJECT)
            yield place, record


def read_toml(path: Path, shape: Shape) -> dict[str, Any]:
    """Read a file of TOML that has this shape."""
    with naming(path):
        try:
            values = tomllib.loads(text_of(path))
        except RecursionError as error:
            raise FieldError("not TOML: nested too deep") from error
        except ValueError as error:
            raise FieldError(
                "not TOML: {error}; names and texts stand in quotes", error=error
            ) from error
        check(values, shape)
    return values


@contextmanager
def naming(place: object) -> Iterator[None]:
    """Let an error of a field be one of the corpus that says where the record stands."""
    try:
        yield
    except FieldError as error:
        raise CorpusError("{place}: {error}", place=place, error=error) from error


_OBJECT: Final = maps(anything)


_NOTES: Final = ("genre", "origin", "source", "sampling")
_LABELS: Final = lists(name)


def shape_of(
    heading: Shape, paragraph: dict[str, Shape], optional: dict[str, Shape], **further: Shape
) -> Shape:
    """Return the shape of a record with such a heading and paragraphs, ``optional`` in these."""
    own = objects({**paragraph, "themes": maybe(_LABELS)}, disputed=_LABELS, **optional)
    return objects(
        {"id": text, "article": text, "heading": heading, "paragraphs": lists(own, least=1)},
        themes=maybe(_LABELS),
        disputed=_LABELS,
        labelled_for=maybe(_LABELS),
        **dict.fromkeys(_NOTES, maybe(text)),
        **further,
    )


RECORD: Final = shape_of(text, {"text": text}, {})


class Counted(NamedTuple):
    """What is read of a paragraph besides its labels; see :class:`LabelledParagraph`."""

    terms: Counter[str]
    run_in: Counter[str]
    size: int
    text: str = ""


def section_of(place: str, record: dict[str, Any]) -> LabelledSection:
    """Count the text of a corpus record; ``place`` is its file and line, for errors."""
    with naming(place):
        check(record, RECORD)
    return labelled(place, record, count_terms(record["heading"]), _of_text, record["heading"])


def _of_text(value: dict[str, Any]) -> Counted:
    said: str = value["text"]
    run_in = make_paragraph(said, 0, len(said)).run_in
    head = said[run_in.start : run_in.end] if run_in else ""
    return Counted(count_terms(said), count_terms(head), len(said), said)


def labelled(
    place: str,
    record: dict[str, Any],
    heading: Counter[str],
    read: Callable[[dict[str, Any]], Counted],
    heading_text: str = "",
) -> LabelledSection:
    """Take the labels of a record that has its shape; ``read`` counts one of its paragraphs."""
    values = record["paragraphs"]
    own = [frozenset(value["themes"] or ()) for value in values]
    themes = None if record.get("themes") is None else frozenset(record["themes"])
    labelled_for = _labelled_for(place, record, frozenset().union(*own, themes or ()))
    paragraphs = []
    for i, (value, labels) in enumerate(zip(values, own, strict=True)):
        terms, run_in, size, said = read(value)
        disputed = frozenset(value.get("disputed", ()))
        if value["themes"] is None:  # It is there for its neighbours.
            disputed = _unread(f'{place}: "paragraphs[{i}]"', labelled_for)
        paragraphs.append(LabelledParagraph(terms, run_in, size, labels, disputed, said))
    return LabelledSection(
        record["id"],
        record["article"],
        heading,
        tuple(paragraphs),
        themes,
        labelled_for,
        frozenset(record.get("disputed", ())),
        heading_text,
        {key: record[key] for key in _NOTES if record.get(key)},
        place,
        words=_n_words(heading) + sum(_n_words(paragraph.terms) for paragraph in paragraphs),
    )


def _labelled_for(
    place: str, record: dict[str, Any], used: frozenset[str]
) -> frozenset[str] | None:
    """Return what a record's readers looked for, which must have what they found."""
    if record.get("labelled_for") is None:
        return None
    labelled_for = frozenset(record["labelled_for"])
    stray = used - labelled_for
    if stray:
        raise CorpusError(
            '{place}: label {stray} not in "labelled_for"',
            place=place,
            stray="、".join(sorted(stray)),
        )
    return labelled_for


def _n_words(counts: Counter[str]) -> int:
    return sum(n for term, n in counts.items() if not term.startswith(CHARACTER))


def _unread(place: str, labelled_for: frozenset[str] | None) -> frozenset[str]:
    """Return what is unknown of a paragraph that nobody labelled: all that others are for."""
    if labelled_for is None:
        raise CorpusError(
            '{place}: "themes" may be null only in a section with "labelled_for"', place=place
        )
    return labelled_for
