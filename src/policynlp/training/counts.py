"""Labelled sections as term counts, which may be published where their text may not."""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from policynlp.errors import CorpusError
from policynlp.language.words import fingerprint
from policynlp.training.files import json_records
from policynlp.training.labelled import LabelledSection, document_frequency
from policynlp.training.record import Counted, check_section

COUNTS_SUFFIX: Final = ".counts.jsonl"
COUNTS_FORMAT: Final = "policynlp-counts-1"


def write_counts(sections: Sequence[LabelledSection], path: Path, min_sections: int = 5) -> None:
    """Write ``sections`` as term counts without text, as RCV1 was published.

    Only terms that occur in at least ``min_sections`` of them are kept, in alphabetical
    order, so that nothing of the order of words remains; articles are named by a hash
    (Lewis et al., "RCV1: a new benchmark collection for text categorization research", 2004).
    """
    frequency = document_frequency(sections)
    terms = sorted(term for term, n in frequency.items() if n >= min_sections)
    ids = {term: i for i, term in enumerate(terms)}

    def flat(counts: Counter[str]) -> list[int]:
        return [n for term in sorted(counts, key=lambda t: ids.get(t, -1)) if term in ids
                for n in (ids[term], counts[term])]  # fmt: skip

    with path.open("w", encoding="utf-8", newline="\n") as out:
        header = {"format": COUNTS_FORMAT, "fingerprint": fingerprint(), "terms": terms}
        for record in [header, *(_counts_record(section, flat) for section in sections)]:
            out.write(json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n")


def _counts_record(
    section: LabelledSection, flat: Callable[[Counter[str]], list[int]]
) -> dict[str, Any]:
    return {
        "id": section.id,
        "article": _article_key(section.article),
        "heading": flat(section.heading),
        "words": section.words,
        "paragraphs": [
            {
                "size": p.size,
                "counts": flat(p.terms),
                **({"run_in": flat(p.run_in)} if p.run_in else {}),
                "themes": sorted(p.themes),
                "disputed": sorted(p.disputed),
            }
            for p in section.paragraphs
        ],
        "themes": None if section.themes is None else sorted(section.themes),
        "disputed": sorted(section.disputed),
        "labelled_for": None if section.labelled_for is None else sorted(section.labelled_for),
        **section.notes,
    }


def _article_key(article: str) -> str:
    """Return a name that keeps an article's sections together and says nothing of its source."""
    return hashlib.sha256(article.encode("utf-8", "replace")).hexdigest()[:10]


def read_counts(path: Path) -> Iterator[LabelledSection]:
    """Read the sections that :func:`write_counts` wrote, if this version cuts the same words."""
    records = json_records(path)
    place, header = next(records, (str(path), {}))
    if header.get("format") != COUNTS_FORMAT:
        raise CorpusError(
            "{place}: the first line must say format {counts_format!r}",
            place=place,
            counts_format=COUNTS_FORMAT,
        )
    if header.get("fingerprint") != fingerprint():
        raise CorpusError(
            "{place}: counted with other words (fingerprint {other}, this version cuts "
            "{own}); count the text again with scripts/count_corpus",
            place=place,
            other=header.get("fingerprint"),
            own=fingerprint(),
        )
    terms = header["terms"]

    def unflat(place: str, flat: Any) -> Counter[str]:
        try:
            pairs = zip(flat[::2], flat[1::2], strict=True)
            return Counter({terms[i]: n for i, n in pairs})
        except (TypeError, IndexError, ValueError) as error:
            raise CorpusError(
                '{place}: "counts" must be pairs of term and count', place=place
            ) from error

    def paragraph(place: str, value: dict[str, Any]) -> Counted:
        run_in = unflat(place, value.get("run_in", []))
        return Counted(unflat(place, value.get("counts")), run_in, int(value.get("size", 0)))

    for place, record in records:
        section = check_section(place, record, unflat(place, record.get("heading")), paragraph, "")
        words = record.get("words", 0)  # Files of before there were totals have none.
        if not isinstance(words, int) or words < 0:
            raise CorpusError('{place}: "words" must be a whole number', place=place)
        yield replace(section, words=words)
