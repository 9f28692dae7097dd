"""What scored articles are written as: lines of JSON, tables, workbooks, Parquet."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any, Final

from policynlp.article import Failure
from policynlp.batch.options import Options, Shard
from policynlp.errors import InputError, OutputError, UsageError
from policynlp.files.csv import BOM, csv_rows
from policynlp.files.input_records import MAX_COLUMNS
from policynlp.messages import CHINESE
from policynlp.results import Analysis
from policynlp.schema import METADATA, to_json
from policynlp.schema.table import (
    MIDDLE,
    WIDE,
    Columns,
    TableRow,
    article_columns,
    rows_of,
    section_columns,
)

_FAILURES: Final = {"id": "编号", "place": "位置", "stage": "步骤", "reason": "原因"}
_STAGES: Final = {
    "decode": "解码",
    "parse": "解析",
    "read": "读取",
    "analyze": "分析",
    "write": "写出",
    "time": "超时",
    "worker": "进程中断",
}
# What the sheet about the run says, in Chinese.
_RUN: Final = {
    "model": "模型",
    "model sha256": "模型 SHA-256",
    "files": "文件",
    "inputs sha256": "输入 SHA-256",
    "articles": "文章",
    "failures": "失败",
    "sections": "节",
    "options": "选项",
}
_OPTIONS: Final = {
    "limits": "摘要",
    "characters": "全文摘要字数",
    "sentences": "全文摘要句数",
    "section_characters": "本节摘要字数",
    "ratio": "占原文比例",
    "whole_sentences": "整句",
    "themes": "按主题",
    "reading": "读入",
    "columns": "列",
    "keep_columns": "保留其他列",
    "simplify": "繁体转简体",
    "max_chars": "最多字数",
    "with_text": "附正文",
    "language": "语言",
    "limit": "只取前几篇",
    "sample": "抽取篇数",
}

_ROW_HEIGHT: Final = 60
# Excel keeps so many digits of a number.
_LARGEST: Final = 10**15
# An article of many sections repeats so much at most, over all its rows.
_MOST_REPEATED: Final = 32_000_000


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


def failure_rows(failures: Iterable[Failure], language: str) -> bytes:
    """The rows of failures in their list."""
    stages = _STAGES if language == CHINESE else {}
    return _encoded(
        csv_rows([f.id, f.place, stages.get(f.stage, f.stage), f.reason] for f in failures)
    )


def failure_header(language: str) -> bytes:
    """How the list of failures begins."""
    names = _FAILURES.values() if language == CHINESE else _FAILURES
    return _encoded(BOM + csv_rows([names]))


def _line_of(options: Options) -> Callable[[Analysis, Kept], bytes]:
    keep, with_text = options.reading.keep_columns, options.with_text

    def render(analysis: Analysis, kept: Kept) -> bytes:
        line = to_json(analysis, with_text=with_text, kept=kept if keep else None)
        return _encoded(line + "\n")

    return render


def _table(themes: Sequence[str], options: Options, columns: Sequence[str]) -> Output:
    table = Columns(section_columns(themes, options.limits.themes), options.language, columns)

    def render(analysis: Analysis, kept: Kept) -> bytes:
        own = _repeated(analysis, kept, columns)
        return _encoded(csv_rows([*table.cells(row), *own] for row in rows_of(analysis)))

    return Output(_encoded(BOM + csv_rows([table.header])), render)


def _repeated(analysis: Analysis, kept: Kept, columns: Sequence[str]) -> list[object]:
    """The cells of kept columns, which stand in the row of every section."""
    own = kept_cells(kept, columns)
    article = analysis.article
    cells = (article.id, *(getattr(article, field) for field in METADATA), *own)
    check_repeated(cells, len(analysis.sections))
    return own


def _workbook(themes: Sequence[str], options: Options, columns: Sequence[str]) -> Output:
    """Raise ``OutputError`` where no sheet has so many columns."""
    asked, language = options.limits.themes, options.language
    sections = Columns(section_columns(themes, asked), language, columns)
    with_text = options.with_text
    articles = Columns(article_columns(themes, asked, with_text=with_text), language, columns)
    if len(articles.header) > MAX_COLUMNS:
        raise OutputError(
            "{number:,} columns, more than the {most:,} of a sheet: "
            "drop --keep-columns, or write .jsonl or .parquet",
            number=len(articles.header),
            most=MAX_COLUMNS,
        )

    def render(analysis: Analysis, kept: Kept) -> bytes:
        own = _repeated(analysis, kept, columns)
        line = {
            "article": [*articles.cells(TableRow(analysis)), *own],
            "sections": [[*sections.cells(row), *own] for row in rows_of(analysis)],
        }
        return _encoded(json.dumps(line, ensure_ascii=False) + "\n")

    def assemble(stream: IO[bytes], parts: Iterable[bytes], about: About) -> None:
        _write_workbook(stream, parts, about, sections, articles)

    return Output(b"", render, assemble=assemble)


def _write_workbook(
    stream: IO[bytes], parts: Iterable[bytes], about: About, sections: Columns, articles: Columns
) -> None:
    """Write the rows in ``parts`` as sheets of sections and of articles, and one about the run."""
    from policynlp.files.workbook import Book, Layout, Sheet, writing_book

    chinese = sections.language == CHINESE

    def sheet(book: Book, title: str, header: Sequence[str], widths: Sequence[int]) -> Sheet:
        return book.sheet(title, [*map(Layout, widths)], header, row_height=_ROW_HEIGHT)

    with writing_book(stream) as book:
        titles = ("章节", "文章", "运行") if chinese else ("sections", "articles", "run")
        of_sections = sheet(book, titles[0], sections.header, sections.widths)
        of_articles = sheet(book, titles[1], articles.header, articles.widths)
        for part in parts:
            for line in part.splitlines():
                row = json.loads(line)
                of_articles.add(row["article"])
                for cells in row["sections"]:
                    of_sections.add(cells)
        header = ("项", "值") if chinese else ("field", "value")
        run = sheet(book, titles[2], header, (MIDDLE, WIDE))
        for name, value in about:
            run.add(_in_chinese(name, value) if chinese else (name, value))


def _in_chinese(name: str, value: object) -> tuple[str, object]:
    """A row about the run; options are lines of names and values."""
    if name == "options":
        value = "\n".join(_option_lines(json.loads(str(value))))
    return _RUN.get(name, name), value


def _option_lines(options: Mapping[str, Any], of: str = "") -> Iterator[str]:
    words = {None: "无", True: "是", False: "否", "en": "英文", "zh": "中文"}
    for name, value in options.items():
        called = of + _OPTIONS.get(name, name)
        if isinstance(value, dict):
            yield from _option_lines(value, f"{called}·")
        elif isinstance(value, list):
            yield f"{called}：{'、'.join(map(str, value)) or '无'}"
        else:
            # 1 would be found for True.
            known = value is None or isinstance(value, bool | str)
            yield f"{called}：{words.get(value, value) if known else value}"


def _parquet(themes: Sequence[str], options: Options) -> Output:
    from policynlp.batch import parquet

    return Output(b"", _line_of(options), assemble=parquet.Table.of(themes, options).write)


def _zip(data: bytes) -> bytes:
    import gzip  # Costs start-up time that most runs need not pay.

    return gzip.compress(data, 6, mtime=0)


def _encoded(text: str) -> bytes:
    # A lone surrogate must not end a run; everything else is encoded as it is.
    return text.encode("utf-8", "replace")
