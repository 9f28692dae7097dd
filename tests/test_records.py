"""Records in and out."""

import json
from collections.abc import Iterator
from dataclasses import asdict, fields, is_dataclass, replace

import pyarrow as pa
import pytest

from fake_analyzer import THEMES, FakeAnalyzer
from policynlp.article import Removed
from policynlp.errors import InputError
from policynlp.files.input_records import InputRecord, article_from_record
from policynlp.reading import read_divided
from policynlp.results import Analysis
from policynlp.schema import Scored, arrow_schema, section_columns, section_rows, to_json, to_record
from policynlp.schema.record import scored_from

PLACE = "articles.jsonl:12"


def analysis() -> Analysis:
    article = read_divided(
        "云溪县开新局",
        [
            ("", ["全县上下干劲足。"]),
            ("以数字化促发展", ["数字化平台上线。企业上云。", "科技创新。"]),
        ],
        id="a1",
        published="2024-03-05",
        source="云溪日报",
    )
    return FakeAnalyzer().analyze(article)


@pytest.mark.parametrize(
    ("column", "field"),
    [
        ("正文", "text"),
        ("内容", "text"),
        ("content", "text"),
        ("Text", "text"),
        ("BODY", "text"),
        (" text ", "text"),
        ("ｔｅｘｔ", "text"),
    ],
)
def test_text_columns(column: str, field: str) -> None:
    assert article_from_record({column: "甲。"}, place=PLACE) == InputRecord(text="甲。")


@pytest.mark.parametrize(
    ("column", "field"),
    [
        ("标题", "title"),
        ("题名", "title"),
        ("Title", "title"),
        ("发布时间", "published"),
        ("日期", "published"),
        ("时间", "published"),
        ("Publish_Time", "published"),
        ("date", "published"),
        ("来源", "source"),
        ("作者", "author"),
        ("链接", "url"),
        ("网址", "url"),
        ("link", "url"),
        ("编号", "id"),
        ("ID", "id"),
    ],
)
def test_other_columns(column: str, field: str) -> None:
    record = article_from_record({"正文": "甲。", column: "乙", "点击数": 3}, place=PLACE)
    assert getattr(record, field) == "乙"


def test_sections() -> None:
    record = {"title": "题", "sections": [{"heading": None, "paragraphs": ["甲。", ""]}]}
    assert article_from_record(record, place=PLACE).sections == (("", ("甲。", "")),)


def test_numbers_are_ids_and_dates() -> None:
    record = article_from_record({"id": 7, "date": 2024.0, "text": "甲。"}, place=PLACE)
    assert (record.id, record.published) == ("7", "2024")


def test_null_is_no_value() -> None:
    record = article_from_record({"text": "甲。", "content": None, "title": None}, place=PLACE)
    assert (record.text, record.title) == ("甲。", "")


def test_half_characters_are_replaced_one_by_one() -> None:
    record = article_from_record(json.loads('{"text": "甲\\ud83d乙\\ud83d\\ude00"}'), place=PLACE)
    assert record.text == "甲\ufffd乙\U0001f600"


def test_own_name_decides_between_columns() -> None:
    record = article_from_record({"text": "甲。", "内容": "乙。"}, place=PLACE)
    assert record.text == "甲。"


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ({"正文": "甲", "内容": "乙"}, '"正文" and "内容" could each be the text; call the one'),
        ({"text": "甲", "日期": "1", "时间": "2"}, '"日期" and "时间" could each be the published'),
        ({"标题": "甲"}, "nothing is called text, content, body"),
        ({"标题": "甲"}, "found 标题"),
        ({}, "found no field with a value"),
        ({"id": "1", "text": None}, "the text is empty"),
        ({"text": 5}, '"text" must be a string, found the number 5'),
        ({"正文": ["甲"]}, '"正文" must be a string, found a list'),
        ({"text": "甲", "title": True}, '"title" must be a string, found true'),
        ({"text": "甲", "id": {}}, '"id" must be a string, found an object'),
        ({"text": "甲", "sections": [{}]}, '"text" and "sections" both hold the article'),
        ({"sections": "甲"}, '"sections" must be a list of objects, found a string'),
        ({"sections": [1]}, '"sections"[0] must be an object with "heading"'),
        (
            {"sections": [{"heading": "甲", "paragraphs": None}]},
            '"sections"[0]["paragraphs"] must be a list of strings, found null',
        ),
        (
            {"sections": [{"paragraphs": []}, {"paragraphs": ["甲", None]}]},
            '"sections"[1]["paragraphs"][1] must be a string, found null',
        ),
        (
            {"sections": [{"heading": 1, "paragraphs": []}]},
            '"sections"[0]["heading"] must be a string, found the number 1',
        ),
    ],
)
def test_errors_name_place_and_field(record: dict[str, object], message: str) -> None:
    with pytest.raises(InputError) as error:
        article_from_record(record, place=PLACE)
    assert str(error.value).startswith(PLACE + ": ")
    assert message in str(error.value)


def test_output_record_has_the_documented_keys() -> None:
    record = to_record(analysis())
    assert list(record) == [
        *("id", "title", "published", "source", "author", "url", "status", "themes"),
        *("abstract", "sections", "removed", "warnings", "model"),
    ]
    assert list(to_record(analysis(), with_text=True))[-1] == "text"
    section = record["sections"][1]  # type: ignore[index]
    assert list(section) == [
        *("heading", "level", "start", "end", "status", "probabilities", "themes"),
        *("abstract", "paragraphs"),
    ]
    assert list(section["paragraphs"][0]) == ["start", "end", "status", "themes", "probabilities"]
    assert section["heading"] == "以数字化促发展"
    assert section["probabilities"]["数字化"] == 0.9877
    assert section["themes"][0]["evidence"][0]["weight"] == 1.2346


def test_what_is_written_has_the_fields_of_the_schema_in_their_order() -> None:
    """The writer is made by hand; this holds it equal to the one declaration of the record."""
    made = analysis()
    article = replace(made.article, removed=(Removed(0, 2, "navigation"),))
    made = replace(made, article=article, theme_abstracts={"数字化": made.abstract})
    line = to_json(made, with_text=True, kept={"栏目": "甲"})
    record, read = json.loads(line), scored_from(json.loads(line))
    assert list(record) == [field.name for field in fields(Scored)]
    # Read with the schema and written as its objects are, nothing is gone or in another place.
    assert json.dumps(asdict(read)) == json.dumps(record)
    assert pa.Table.from_pylist([record | {"kept": []}], _arrow()).num_rows == 1
    seen = {type(each).__name__ for each in _within(read)}
    assert seen == {
        *("Scored", "ScoredTag", "ScoredAbstract", "Quote", "ScoredSection", "SectionTag"),
        *("Evidence", "ScoredParagraph", "Removed"),
    }


def _arrow() -> pa.Schema:
    return arrow_schema(THEMES, ("数字化",), with_text=True, keep=True)


def _within(value: object) -> Iterator[object]:
    """Every object of the schema in ``value``."""
    if is_dataclass(value):
        yield value
        for field in fields(value):
            yield from _within(getattr(value, field.name))
    elif isinstance(value, tuple | dict):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _within(each)


def test_everything_quoted_is_where_it_says() -> None:
    record = to_record(analysis(), with_text=True)
    quotes = []

    def visit(value: object) -> None:
        if isinstance(value, list):
            for part in value:
                visit(part)
        elif isinstance(value, dict):
            if {"start", "text"} <= set(value):
                quotes.append(value)
            for part in value.values():
                visit(part)

    visit(record)
    text = record["text"]
    assert isinstance(text, str)
    assert len(quotes) >= 5
    assert all(text[quote["start"] : quote["end"]] == quote["text"] for quote in quotes)


@pytest.mark.parametrize("text", ['"甲"\\乙\t', "\x00\x1f\x7f\u2028", "100%s %d{}", "\ud800", "😀"])
def test_whatever_a_text_holds_the_record_is_json(text: str) -> None:
    made = analysis()
    article = replace(made.article, title=text, text=text + made.article.text[len(text) :])
    first = made.sections[0]
    first = replace(first, probabilities={**first.probabilities, text: 1.0})
    made = replace(made, article=article, model=text, sections=(first, *made.sections[1:]))
    kept = {text: [text, 1, None]}
    record = json.loads(to_json(made, with_text=True, kept=kept))
    assert (record["title"], record["model"]) == (text, text)
    assert record["text"] == made.article.text
    assert record["sections"][0]["probabilities"][text] == 1.0
    assert record["kept"] == kept


def test_one_row_a_section() -> None:
    rows = list(section_rows(analysis()))
    assert [row["section"] for row in rows] == [1, 2]
    assert rows[1]["themes"] == "科技创新、数字化"
    assert rows[1]["evidence"] == "科技创新、数字化"
    assert rows[1]["text"] == "数字化平台上线。企业上云。\n科技创新。"
    assert rows[1]["article_themes"] == "科技创新、数字化"
    assert all(list(row) == [c.name for c in section_columns(THEMES)] for row in rows)


def test_an_article_without_sections_has_a_row() -> None:
    rows = list(section_rows(FakeAnalyzer().analyze("")))
    assert len(rows) == 1
    assert (rows[0]["section"], rows[0]["level"], rows[0]["status"]) == (None, None, "none")
