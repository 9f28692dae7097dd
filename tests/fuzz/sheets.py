"""Review sheets: of articles with hostile text, filled in, saved again and damaged."""

import csv
import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from fuzz.data import values
from fuzz.mutants import Mutation, mutated, mutations
from fuzz.outcome import analyzer
from fuzz.texts import divided, pages, raw_text, usually
from policynlp.errors import InputError
from policynlp.reading import read_divided, read_text
from policynlp.review.rows import Row, read_scored
from policynlp.review.sheets import COLUMNS, LABEL, write_sheet
from policynlp.schema import to_json

Case = dict[str, Any]
_AT: Final = COLUMNS.index(LABEL)

_good_labels: SearchStrategy[str] = st.sampled_from(
    ("✓", "无", "数字化", "科技创新、项目建设", " 思想解放，数字化 ", "ok", "")
)
_any_labels: SearchStrategy[str] = usually(_good_labels, raw_text | st.just("=数字化"))
_articles: SearchStrategy[list[Any]] = st.lists(
    st.fixed_dictionaries(
        {
            # As reading leaves it: never empty, nor with white space around it.
            "id": st.sampled_from(("1", "=1", "a#1.2", "编号"))
            | raw_text.map(lambda id: id.strip() or "0"),
            "title": raw_text,
            "article": pages | divided,
        }
    ),
    min_size=1,
    max_size=3,
)
written: SearchStrategy[Case] = st.fixed_dictionaries(
    {
        "articles": _articles,
        "suffix": st.sampled_from((".xlsx", ".csv")),
        "labels": st.lists(_good_labels, min_size=1, max_size=6),
        "saved_again": st.booleans(),
    }
)
damaged: SearchStrategy[Case] = st.fixed_dictionaries(
    {
        "suffix": st.sampled_from((".xlsx", ".csv")),
        "labels": st.lists(_any_labels, min_size=1, max_size=4),
        "cells": st.lists(
            st.tuples(
                st.integers(0, 4),
                st.integers(0, len(COLUMNS) - 1),
                raw_text | st.sampled_from((12, 1.5, True, "", "=1+1", "'")),
            ).map(list),
            max_size=3,
        ),
        "bytes": usually(st.just([]), mutations.map(lambda each: [list(m) for m in each])),
    }
)
_tasks: SearchStrategy[Any] = st.fixed_dictionaries(
    {
        "data": st.just({"text": "全县开工十个项目。"}) | values,
        "annotations": st.just([{"result": [{"value": {"choices": ["项目建设"]}}]}]) | values,
        "text": raw_text | values,
        "label": st.just(["数字化"]) | values,
        "id": st.just(1) | values,
    }
)
exports: SearchStrategy[Case] = st.fixed_dictionaries(
    {
        "suffix": st.sampled_from((".json", ".jsonl")),
        "tasks": st.lists(usually(_tasks, values), max_size=3),
        "tail": usually(st.just(""), st.sampled_from(("{", "\x00", "[" * 3000)), 8),
    }
)

_PLAIN: Final = (
    "槐阳新事\n一、抓项目\n全县开工十个项目，总投资3.6亿元。\n数字化平台覆盖全部乡镇。\n"
    "二、强服务\n群众少跑了腿。"
)


def scored(articles: list[Any], folder: Path) -> Path:
    """Lines of ``score --with-text`` about the articles of a case."""
    path, lines = folder / "out.jsonl", []
    for given in articles:
        body = given["article"]
        if isinstance(body, str):
            article = read_text(body, title=given["title"])
        else:
            article = read_divided(body["title"], body["sections"])
        article = replace(article, id=given["id"])
        lines.append(to_json(analyzer().analyze(article), with_text=True) + "\n")
    path.write_bytes("".join(lines).encode("utf-8", "replace"))
    return path


def sheet_of(case: Case, folder: Path) -> tuple[Path, list[Row]]:
    """Write the sheet of a case of :data:`written`, and return its rows; it may have none."""
    try:
        rows = read_scored([scored(case["articles"], folder)]).rows
    except InputError:
        return folder, []
    path = folder / f"sheet{case['suffix']}"
    write_sheet(path, rows, {})
    return path, rows


def damaged_sheet(case: Case, folder: Path) -> Path:
    """The sheet of a case of :data:`damaged`."""
    plain = {"articles": [{"id": "1", "title": "", "article": _PLAIN}], "suffix": case["suffix"]}
    path, _ = sheet_of(plain, folder)
    fill(path, case["labels"], case["cells"])
    changes = [Mutation(*change) for change in case["bytes"]]
    path.write_bytes(mutated(path.read_bytes(), changes))
    return path


def fill(path: Path, labels: list[str], cells: list[Any], *, save_again: bool = False) -> None:
    """Type ``labels`` into the rows, over and over, and other ``cells`` where they are said."""
    if path.suffix == ".csv":
        text = path.read_bytes().decode("utf-8-sig")
        rows = [[*row] for row in csv.reader(io.StringIO(text, newline=""))]
        for number, row in enumerate(rows[1:]):
            row[_AT] = labels[number % len(labels)]
        for row, column, value in cells:
            rows[row % len(rows)][column] = str(value)
        buffer = io.StringIO(newline="")
        csv.writer(buffer, delimiter=";" if save_again else ",").writerows(rows)
        path.write_bytes(buffer.getvalue().encode("utf-8", "replace"))
        return
    from openpyxl import load_workbook

    from fuzz.data import book_cell

    book = load_workbook(path)
    sheet = book.worksheets[0]
    for number in range(2, sheet.max_row + 1):
        sheet.cell(number, _AT + 1).value = book_cell(labels[(number - 2) % len(labels)])
    for row, column, value in cells:
        sheet.cell(row + 1, column + 1).value = book_cell(value)
    book.save(path)
    if save_again:
        load_workbook(path).save(path)


def export_of(case: Case, folder: Path) -> Path:
    """The file of a case of :data:`exports`."""
    path = folder / f"export{case['suffix']}"
    tasks = case["tasks"]
    lines = [json.dumps(tasks)] if case["suffix"] == ".json" else [json.dumps(t) for t in tasks]
    path.write_text("\n".join(lines) + case["tail"], encoding="ascii")
    return path
