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
from policynlp.schema.table import section_columns, section_rows
from policynlp.schema.write import DIGITS, Record, to_json, to_record

__all__ = [
    "DIGITS",
    "METADATA",
    "Evidence",
    "Place",
    "Quote",
    "Record",
    "Scored",
    "ScoredParagraph",
    "ScoredSection",
    "arrow_schema",
    "read_scored",
    "records_of",
    "section_columns",
    "section_rows",
    "to_json",
    "to_record",
]
