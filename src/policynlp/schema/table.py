"""The tables of scored articles, declared once: one row a section, or one an article."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from policynlp.messages import CHINESE
from policynlp.results import NONE, TAGGED, UNCERTAIN, Analysis, SectionAnalysis, Tag
from policynlp.schema.record import METADATA
from policynlp.schema.write import DIGITS

NARROW, MIDDLE, WIDE = 12, 24, 60
"""Widths of columns in characters."""
_THEME_SEPARATOR: Final = "、"
_WARNING_SEPARATOR: Final = "; "
_STATUSES: Final = {TAGGED: "有主题", UNCERTAIN: "待定", NONE: "无主题"}


class TableRow(NamedTuple):
    """What a row is about: an article, or its section with this number from 1 on."""

    analysis: Analysis
    section: SectionAnalysis | None = None
    number: int | None = None

    @property
    def part(self) -> Analysis | SectionAnalysis:
        """What the row's status and probabilities are of."""
        return self.section or self.analysis


class Column(NamedTuple):
    """A column: its name, also in Chinese, its cell, its width, and Chinese for what is in it."""

    name: str
    chinese: str
    cell: Callable[[TableRow], object]
    width: int = NARROW
    words: Mapping[Any, str] = {}

    def called(self, language: str) -> str:
        """The name in ``language``."""
        return self.chinese if language == CHINESE else self.name


class Columns(NamedTuple):
    """Columns in a language, then those that are kept of the input."""

    columns: Sequence[Column]
    language: str = "en"
    kept: Sequence[str] = ()

    @property
    def header(self) -> list[str]:
        """What the columns are called.

        A kept column that is called like another one says that it is of the input.
        """
        found = [column.called(self.language) for column in self.columns]
        prefix = "输入" if self.language == CHINESE else "input"
        taken = set(found)
        for name in self.kept:
            while name in taken:
                name = f"{prefix}_{name}"
            taken.add(name)
            found.append(name)
        return found

    @property
    def widths(self) -> list[int]:
        """How wide the columns are."""
        return [*(column.width for column in self.columns), *[MIDDLE] * len(self.kept)]

    def cells(self, row: TableRow) -> list[object]:
        """The cells of a row, without the kept ones."""
        found = [column.cell(row) for column in self.columns]
        if self.language != CHINESE:
            return found
        return [
            column.words.get(cell, cell) if column.words else cell
            for column, cell in zip(self.columns, found, strict=True)
        ]


def section_columns(themes: Sequence[str], asked: Sequence[str] = ()) -> list[Column]:
    """The columns of a table with one row a section, where ``themes`` are the model's.

    ``asked`` are those that an article has an abstract about. An article without sections has
    one row, too.
    """
    return [
        *_METADATA,
        Column("section", "节序", lambda row: row.number),
        _of_section("heading", "小标题", lambda part: part.heading, MIDDLE),
        _of_section("level", "层级", lambda part: part.level),
        _STATUS,
        _of_section("themes", "主题", lambda part: _joined(part.themes), MIDDLE),
        *map(_probability, themes),
        _of_section("evidence", "依据", _evidence, WIDE),
        _of_section("section_abstract", "本节摘要", lambda part: part.abstract.text, WIDE),
        _ARTICLE_THEMES,
        _ARTICLE_ABSTRACT,
        *map(_abstract_about, asked),
        _WARNINGS,
        _of_section("text", "正文", _text, WIDE),
    ]


def article_columns(
    themes: Sequence[str], asked: Sequence[str] = (), *, with_text: bool = False
) -> list[Column]:
    """The columns of a table with one row an article; see :func:`section_columns`."""
    text = Column("text", "正文", lambda row: row.analysis.article.text, WIDE)
    return [
        *_METADATA,
        _STATUS,
        _ARTICLE_THEMES,
        *map(_probability, themes),
        _ARTICLE_ABSTRACT,
        *map(_abstract_about, asked),
        _WARNINGS,
        Column("sections", "章节", lambda row: len(row.analysis.sections)),
        Column("characters", "字数", lambda row: len(row.analysis.article.text)),
        Column("model", "模型", lambda row: row.analysis.model, MIDDLE),
        *([text] if with_text else []),
    ]


def rows_of(analysis: Analysis) -> Iterator[TableRow]:
    """What the rows of :func:`section_columns` are about."""
    if not analysis.sections:
        yield TableRow(analysis)
    for number, section in enumerate(analysis.sections, 1):
        yield TableRow(analysis, section, number)


def section_rows(analysis: Analysis) -> Iterator[dict[str, object]]:
    """One flat row a section, by the columns of :func:`section_columns`.

    What there is not, as the number of a section, is ``None``.
    """
    columns = section_columns(tuple(analysis.probabilities), tuple(analysis.theme_abstracts))
    for row in rows_of(analysis):
        yield {column.name: column.cell(row) for column in columns}


def _of_article(name: str, chinese: str, width: int = NARROW) -> Column:
    return Column(name, chinese, lambda row: getattr(row.analysis.article, name), width)


def _of_section(
    name: str,
    chinese: str,
    cell: Callable[[SectionAnalysis], object],
    width: int = NARROW,
) -> Column:
    """A column that is empty for an article without sections."""

    def made(row: TableRow) -> object:
        return cell(row.section) if row.section else None

    return Column(name, chinese, made, width)


def _probability(theme: str) -> Column:
    def cell(row: TableRow) -> object:
        value = row.part.probabilities.get(theme)
        return None if value is None else round(value, DIGITS)

    return Column(theme, theme, cell)


def _abstract_about(theme: str) -> Column:
    def cell(row: TableRow) -> object:
        found = row.analysis.theme_abstracts.get(theme)
        return found.text if found else None

    return Column(f"abstract:{theme}", f"摘要:{theme}", cell, WIDE)


def _evidence(part: SectionAnalysis) -> str:
    quotes = (evidence.text for tag in part.themes for evidence in tag.evidence)
    return _THEME_SEPARATOR.join(dict.fromkeys(quotes))


def _text(part: SectionAnalysis) -> str:
    return "\n".join(each.text for each in part.paragraphs)


def _joined(tags: Sequence[Tag]) -> str:
    return _THEME_SEPARATOR.join(tag.theme for tag in tags)


_NAMES: Final = ("标题", "发布时间", "来源", "作者", "网址")
_METADATA: Final = (
    _of_article("id", "编号", MIDDLE),
    *(
        _of_article(name, chinese, MIDDLE if name == "title" else NARROW)
        for name, chinese in zip(METADATA, _NAMES, strict=True)
    ),
)
_STATUS: Final = Column("status", "状态", lambda row: row.part.status, words=_STATUSES)
_ARTICLE_THEMES: Final = Column(
    "article_themes", "全文主题", lambda row: _joined(row.analysis.themes), MIDDLE
)
_ARTICLE_ABSTRACT: Final = Column(
    "article_abstract", "全文摘要", lambda row: row.analysis.abstract.text, WIDE
)
_WARNINGS: Final = Column(
    "warnings",
    "提示",
    lambda row: _WARNING_SEPARATOR.join(row.analysis.article.warnings),
    MIDDLE,
)
