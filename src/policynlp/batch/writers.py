"""What scored articles are written as: lines of JSON, tables, workbooks, Parquet."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from typing import IO, Any, Final, NamedTuple

from policynlp.article import Failure
from policynlp.batch.options import Options, Shard
from policynlp.errors import InputError, OutputError, UsageError
from policynlp.escaping import escape_formula
from policynlp.results import Analysis
from policynlp.schema import (
    METADATA,
    abstract_column,
    article_row,
    section_columns,
    section_rows,
    to_json,
)

CHINESE: Final = {
    "id": "编号",
    "title": "标题",
    "published": "发布时间",
    "source": "来源",
    "author": "作者",
    "url": "网址",
    "section": "节序",
    "heading": "小标题",
    "level": "层级",
    "status": "状态",
    "themes": "主题",
    "evidence": "依据",
    "abstract": "摘要",
    "section_abstract": "本节摘要",
    "article_themes": "全文主题",
    "article_abstract": "全文摘要",
    "warnings": "提示",
    "characters": "字数",
    "text": "正文",
    "model": "模型",
    "input": "输入",
    "field": "项",
    "value": "值",
    "sections": "章节",
    "articles": "文章",
    "run": "运行",
}

# Excel keeps so many digits of a number.
_LARGEST: Final = 10**15
# An article of many sections repeats so much at most, over all its rows.
_MOST_REPEATED: Final = 32_000_000


class Columns(NamedTuple):
    """A table's own columns, by their names in the documentation, then those that it keeps."""

    names: Sequence[str]
    kept: Sequence[str]
    language: str

    @property
    def header(self) -> list[str]:
        """What the columns are called.

        A kept column that is called like another one says that it is of the input.
        """
        found = [translated(name, self.language) for name in self.names]
        prefix = translated("input", self.language)
        taken = set(found)
        for name in self.kept:
            while name in taken:
                name = f"{prefix}_{name}"
            taken.add(name)
            found.append(name)
        return found


def article_columns(themes: Sequence[str], with_text: bool, asked: Sequence[str] = ()) -> list[str]:
    """The columns of a table with one row an article; it has an abstract about each theme asked."""
    columns = ["id", *METADATA, "status", "article_themes", *themes, "article_abstract"]
    columns += [*map(abstract_column, asked), "warnings", "sections", "characters", "model"]
    return [*columns, *(["text"] if with_text else [])]


def translated(name: str, language: str) -> str:
    """``name`` in ``language``, if there is another word for it or for what precedes a colon."""
    if language != "zh":
        return name
    word, colon, theme = name.partition(":")
    return CHINESE.get(word, word) + colon + theme


def kept_cells(kept: Mapping[str, object], columns: Sequence[str]) -> list[object]:
    """The cells of kept columns: text and numbers as they are, the rest as JSON has it."""
    return [_cell(kept.get(name)) for name in columns]


def check_repeated(cells: Iterable[object], rows: int) -> None:
    """Raise ``OutputError`` where ``cells``, in each of an article's rows, make too much of it."""
    size = rows * sum(len(cell) for cell in cells if isinstance(cell, str))
    if size > _MOST_REPEATED:
        raise OutputError(
            "{rows:,} sections, each a row with the same title and kept columns: {size:,} "
            "characters, more than {most:,}; drop long columns, or write .jsonl or .parquet",
            rows=rows,
            size=size,
            most=_MOST_REPEATED,
        )


def _cell(value: object) -> object:
    if value is None:
        return ""
    if isinstance(value, int) and abs(value) >= _LARGEST:
        return str(value)
    if isinstance(value, str | int | float):
        return value
    return json.dumps(value, ensure_ascii=False)


STDOUT: Final = "-"
_LINES: Final = (".jsonl", ".ndjson")
_ZIPPED_LINES: Final = (".jsonl.gz", ".ndjson.gz")
OUTPUT_SUFFIXES: Final = (*_LINES, *_ZIPPED_LINES, ".csv", ".xlsx", ".parquet")
BOM: Final = "\ufeff"

Kept = Mapping[str, object]
About = Sequence[tuple[str, object]]


@dataclass(frozen=True, slots=True)
class Output:
    """How an output begins, what each article adds to it, and how a chunk of them is packed.

    Where the file is not simply all of that in order, ``assemble`` writes it, with what there
    is to say about the run.
    """

    opening: bytes
    render: Callable[[Analysis, Kept], bytes]
    pack: Callable[[bytes], bytes] = bytes
    assemble: Callable[[IO[bytes], Iterable[bytes], About], None] | None = None


def check_output(path: str, shard: Shard | None = None) -> None:
    """Raise ``InputError`` where the name says of no known kind.

    Where it says of one that shards cannot be merged in, it is a ``UsageError``.
    """
    if path != STDOUT and not path.lower().endswith(OUTPUT_SUFFIXES):
        raise InputError(
            "{path}: an output must end in {suffixes}, or be -",
            path=path,
            suffixes=", ".join(OUTPUT_SUFFIXES),
        )
    if shard and not can_be_merged(path):
        raise UsageError(
            "{path}: a shard's output must end in .jsonl, .jsonl.gz or .csv", path=path
        )


def is_table(path: str) -> bool:
    """Whether an output has columns, which must be known before the first article is written."""
    return path.lower().endswith((".csv", ".xlsx"))


def can_be_merged(path: str) -> bool:
    """Whether outputs of this kind are joined by joining their bytes."""
    return path.lower().endswith((*_LINES, *_ZIPPED_LINES, ".csv"))


def output_for(
    path: str, themes: Sequence[str], options: Options, columns: Sequence[str] = ()
) -> Output:
    """The kind of output that a file's name asks for; standard output gets lines of JSON.

    ``columns`` are those of the inputs that a table keeps.
    """
    check_output(path)
    name = path.lower()
    if name.endswith(".csv"):
        return _table(themes, options, columns)
    if name.endswith(".xlsx"):
        return _workbook(themes, options, columns)
    if name.endswith(".parquet"):
        return _parquet(themes, options)
    if name.endswith(_ZIPPED_LINES):
        return Output(_zip(b""), _line_of(options), lambda data: _zip(data) if data else b"")
    return Output(b"", _line_of(options))


def csv_rows(rows: Iterable[Iterable[object]]) -> str:
    """Rows of CSV as Excel writes them, without cells that it could take for formulas."""
    buffer = io.StringIO(newline="")
    csv.writer(buffer).writerows([escape_formula(cell) for cell in row] for row in rows)
    return buffer.getvalue()


def failure_rows(failures: Iterable[Failure]) -> bytes:
    """The rows of failures in their list."""
    return _encoded(csv_rows(map(astuple, failures)))


def failure_header() -> bytes:
    """How the list of failures begins."""
    return _encoded(BOM + csv_rows([[field.name for field in fields(Failure)]]))


def _line_of(options: Options) -> Callable[[Analysis, Kept], bytes]:
    keep, with_text = options.reading.keep_columns, options.with_text

    def render(analysis: Analysis, kept: Kept) -> bytes:
        line = to_json(analysis, with_text=with_text, kept=kept if keep else None)
        return _encoded(line + "\n")

    return render


def _table(themes: Sequence[str], options: Options, columns: Sequence[str]) -> Output:
    names = section_columns(themes, options.limits.themes)
    header = Columns(names, columns, options.language).header

    def render(analysis: Analysis, kept: Kept) -> bytes:
        own = _repeated(analysis, kept, columns)
        rows = section_rows(analysis)
        return _encoded(csv_rows([*(row.get(n, "") for n in names), *own] for row in rows))

    return Output(_encoded(BOM + csv_rows([header])), render)


def _repeated(analysis: Analysis, kept: Kept, columns: Sequence[str]) -> list[object]:
    """The cells of kept columns, which stand in the row of every section."""
    own = kept_cells(kept, columns)
    article = analysis.article
    cells = (article.id, *(getattr(article, field) for field in METADATA), *own)
    check_repeated(cells, len(analysis.sections))
    return own


def _workbook(themes: Sequence[str], options: Options, columns: Sequence[str]) -> Output:
    from policynlp.batch import workbook

    asked = options.limits.themes
    sections = section_columns(themes, asked)
    articles = article_columns(themes, options.with_text, asked)
    book = workbook.Book(
        Columns(sections, columns, options.language),
        Columns(articles, columns, options.language),
        options.language,
    )

    def render(analysis: Analysis, kept: Kept) -> bytes:
        own = _repeated(analysis, kept, columns)
        row: dict[str, Any] = article_row(analysis)
        line = {
            "article": [*(row.get(name, "") for name in articles), *own],
            "sections": [
                [*(row.get(name, "") for name in sections), *own] for row in section_rows(analysis)
            ],
        }
        return _encoded(json.dumps(line, ensure_ascii=False) + "\n")

    return Output(b"", render, assemble=book.write)


def _parquet(themes: Sequence[str], options: Options) -> Output:
    from policynlp.batch import parquet

    return Output(b"", _line_of(options), assemble=parquet.Table.of(themes, options).write)


def _zip(data: bytes) -> bytes:
    import gzip  # Costs start-up time that most runs need not pay.

    return gzip.compress(data, 6, mtime=0)


def _encoded(text: str) -> bytes:
    # A lone surrogate must not end a run; everything else is encoded as it is.
    return text.encode("utf-8", "replace")
