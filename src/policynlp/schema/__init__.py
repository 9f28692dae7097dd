"""What is written of an article: the output record and the tables, each declared once."""

from policynlp.schema.read import read_scored, records_of
from policynlp.schema.record import (
    METADATA,
    Evidence,
    Place,
    Quote,
    Scored,
    ScoredParagraph,
    ScoredSection,
    arrow_schema,
)
from policynlp.schema.table import Column, article_table, section_rows, section_table
from policynlp.schema.write import Record, heading_of, to_json, to_record

__all__ = [
    "METADATA",
    "Column",
    "Evidence",
    "Place",
    "Quote",
    "Record",
    "Scored",
    "ScoredParagraph",
    "ScoredSection",
    "arrow_schema",
    "article_table",
    "heading_of",
    "read_scored",
    "records_of",
    "section_rows",
    "section_table",
    "to_json",
    "to_record",
]
