"""Records in and out: what a row of data must look like, and what it comes out as."""

from policynlp.records.incoming import (
    MAX_COLUMNS,
    Columns,
    InputRecord,
    article_from_record,
    candidates,
    find_columns,
    short,
)
from policynlp.records.outgoing import METADATA, Record, to_json, to_record
from policynlp.records.rows import (
    abstract_column,
    article_row,
    section_columns,
    section_rows,
)

__all__ = [
    "MAX_COLUMNS",
    "METADATA",
    "Columns",
    "InputRecord",
    "Record",
    "abstract_column",
    "article_from_record",
    "article_row",
    "candidates",
    "find_columns",
    "section_columns",
    "section_rows",
    "short",
    "to_json",
    "to_record",
]
