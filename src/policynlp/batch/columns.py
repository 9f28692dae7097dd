"""The columns of tables: what they are called, and those of the inputs that they keep."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from policynlp.errors import OutputError
from policynlp.records import METADATA, abstract_column

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
