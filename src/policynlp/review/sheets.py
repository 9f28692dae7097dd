"""Review sheets as people get them: a workbook, or CSV for those without Excel."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Final

from policynlp.errors import InputError
from policynlp.escaping import escape_formula, legal
from policynlp.files.atomic import whole_file
from policynlp.files.csv import BOM, csv_rows
from policynlp.files.workbook import BOLD, Layout, Look, writing_book
from policynlp.review.labels import ACCEPT
from policynlp.review.rows import HERE, JOINT, NONE, Row, row_hash

LABEL: Final = "人工标签"
NOTE: Final = "备注"
# A column's name, what a row has in it, and its width in characters; 0 hides it.
SHOWN: Final = {
    "标题": 22,
    "小标题": 18,
    "正文": 64,
    "预测标签": 16,
    "概率": 18,
    "证据": 30,
    LABEL: 22,
    NOTE: 24,
    "上下文": 40,
}
# What a row is known by, and what its label is worth to a corpus.
HIDDEN: Final = ("编号", "来源", "抽样", "模型", "主题", "校验")
COLUMNS: Final = (*SHOWN, *HIDDEN)
_HASHED: Final = ("编号", "小标题", "正文", "上下文", "预测标签", "来源", "抽样", "模型", "主题")
_SHEET, _HELP, _CHOICES = "审阅", "说明", "选项"
_LEAST_SHOWN: Final = 0.05  # a probability below it is shown only where none is above
_HEIGHT_OF_LINE, _LEAST_HEIGHT, _MOST_HEIGHT = 15, 45, 400  # points; Excel allows 409
_DARK, _YELLOW, _GREEN, _GREY = "1F4E79", "FFF8DC", "E2F0D9", "F2F2F2"
_FILLS: Final = {LABEL: _YELLOW, NOTE: _YELLOW, "上下文": _GREY}
_HEADER: Final = Look(bold=True, color="FFFFFF", fill=_DARK)
_HOW_TO: Final = (
    f"每行是一个段落，“上下文”是它所在的整节，{HERE}是它在节中的位置。",
    f"在“{LABEL}”中选一个主题，或填几个主题，用、隔开；都不涉及填{NONE}；预测正确可填{ACCEPT}。",
    "留空的行视为未审阅，不会导入。拿不准的可以留空，在“备注”中写明原因。",
    "请勿改动其他列的文字，也不要删除隐藏的列；行可以排序、筛选、删除。",
)


def check_output(path: str) -> None:
    """Raise ``InputError`` where the name says of no known kind of sheet."""
    if not path.lower().endswith((".xlsx", ".csv")):
        raise InputError("{path}: a review sheet must end in .xlsx or .csv", path=path)


def write_sheet(path: Path, rows: Sequence[Row], definitions: Mapping[str, str]) -> None:
    """Write ``rows`` for people to fill in; the same rows give the same bytes.

    ``definitions`` of themes, where known, stand beside the instructions of a workbook.
    """
    check_output(path.name)
    with whole_file(path) as stream:
        if path.suffix.lower() == ".csv":
            text = BOM + csv_rows([COLUMNS, *(map(guarded, _cells(row).values()) for row in rows)])
            stream.write(text.encode("utf-8", "replace"))
            return
        _write_workbook(stream, rows, definitions)


def hash_of(cells: Mapping[str, str]) -> str:
    """Hash the cells that must come back as they were."""
    return row_hash(cells[name] for name in _HASHED)


def guarded(cell: str) -> str:
    """``cell`` as no program takes it for a formula; :func:`unguarded` gives it back."""
    return f"'{cell}" if escape_formula(cell) != cell or unguarded(cell) != cell else cell


def unguarded(cell: str) -> str:
    """``cell`` as it was before :func:`guarded`."""
    bare = cell.lstrip("'")
    return cell[1:] if bare != cell and escape_formula(bare) != bare else cell


def _cells(row: Row) -> dict[str, str]:
    cells = {
        "标题": row.title,
        "小标题": row.heading,
        "正文": row.text,
        "预测标签": row.predicted,
        "概率": _probabilities(row),
        "证据": row.evidence,
        LABEL: "",
        NOTE: row.note,
        "上下文": row.context,
        "编号": row.key,
        "来源": row.source,
        "抽样": row.sampling,
        "模型": row.model,
        "主题": JOINT.join(row.themes),
    }
    cells = {name: legal(cell) for name, cell in cells.items()}
    return cells | {"校验": hash_of(cells)}


def _probabilities(row: Row) -> str:
    ranked = sorted(row.probabilities.items(), key=lambda each: -each[1])
    shown = [each for each in ranked if each[1] >= _LEAST_SHOWN] or ranked[:1]
    return "\n".join(f"{theme} {p:.2f}" for theme, p in shown)


def _write_workbook(stream: IO[bytes], rows: Sequence[Row], definitions: Mapping[str, str]) -> None:
    themes = rows[0].themes
    layout = [
        Layout(SHOWN.get(name, 12), Look(fill=_FILLS.get(name, "")), name not in SHOWN)
        for name in COLUMNS
    ]
    with writing_book(stream) as book:
        sheet = book.sheet(_SHEET, layout, COLUMNS, header_look=_HEADER)
        for row in rows:
            lines = sum(len(line) * 2 // SHOWN["正文"] + 1 for line in row.text.split("\n"))
            height = min(max(lines * _HEIGHT_OF_LINE, _LEAST_HEIGHT), _MOST_HEIGHT)
            sheet.add([guarded(cell) for cell in _cells(row).values()], height)
        label = COLUMNS.index(LABEL) + 1
        # Several themes may be typed, so what is not in the list is no error.
        sheet.offer(label, f"{_CHOICES}!$A$1:$A${len(themes) + 2}")
        sheet.mark_filled(label, len(SHOWN), _GREEN)
        explained = book.sheet(_HELP, [Layout(18, BOLD), Layout(100)])
        for line in _HOW_TO:
            explained.add(["填写方法", line])
        for theme in themes:
            explained.add([guarded(legal(theme)), definitions.get(theme, "")])
        choices = book.sheet(_CHOICES)
        choices.hide()
        for choice in (ACCEPT, NONE, *themes):
            choices.add([guarded(legal(choice))])
