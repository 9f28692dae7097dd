"""Labelled sections as term counts, which may be published where their text may not."""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from policynlp.corpus.labelled import LabelledSection, document_frequency, frequent
from policynlp.corpus.records import Counted, json_records, labelled, naming, shape_of
from policynlp.errors import CorpusError
from policynlp.language.terms import TERM
from policynlp.language.words import fingerprint
from policynlp.messages import say
from policynlp.validation import FieldError, Shape, check, lists, objects, shown, whole, wrong

COUNTS_SUFFIX: Final = ".counts.jsonl"
COUNTS_FORMAT: Final = "policynlp-counts-1"
_MOST: Final = 1_000_000  # characters of a section, so words and counts of a term, too


def write_counts(sections: Sequence[LabelledSection], path: Path, min_sections: int = 5) -> None:
    """Write ``sections`` as term counts without text, as RCV1 was published.

    Only terms that occur in at least ``min_sections`` of them are kept, in alphabetical
    order, so that nothing of the order of words remains; articles are named by a hash
    (Lewis et al., "RCV1: a new benchmark collection for text categorization research", 2004).
    """
    frequency = document_frequency(sections)
    terms = sorted(frequent(frequency, min_sections))
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
            other=shown(header.get("fingerprint")),
            own=fingerprint(),
        )
    with naming(place):
        check(header, _HEADER)
    terms = header["terms"]
    counts, size = _pairs(len(terms)), whole(_MOST)
    further = {"run_in": counts, "size": size}
    shape = shape_of(counts, {"counts": counts}, further, words=size)

    def unflat(flat: Sequence[int]) -> Counter[str]:
        return Counter({terms[i]: n for i, n in zip(flat[::2], flat[1::2], strict=True)})

    def paragraph(value: dict[str, Any]) -> Counted:
        run_in = unflat(value.get("run_in", ()))
        return Counted(unflat(value["counts"]), run_in, value.get("size", 0))

    for place, record in records:
        with naming(place):
            check(record, shape)
        section = labelled(place, record, unflat(record["heading"]), paragraph)
        # Files of before there were totals have none.
        yield replace(section, words=record.get("words", 0))


def _term(value: Any, field: str) -> None:
    """A term as a model has it."""
    if not isinstance(value, str) or not TERM.fullmatch(value):
        raise wrong(field, say("a word, or 字: and one character"), value)


def _terms(value: Any, field: str) -> None:
    """Terms, each once."""
    lists(_term)(value, field)
    twice = [term for term, times in Counter(value).items() if times > 1]
    if twice:
        raise FieldError('"{field}" has {term} twice', field=field, term=shown(twice[0]))


def _pairs(n_terms: int) -> Shape:
    """Return the shape of counts: pairs of a term, by its place in the header, and a number."""

    def look(value: Any, field: str) -> None:
        if not (
            isinstance(value, list)
            and len(value) % 2 == 0
            and all(type(number) is int for number in value)
            and all(0 <= term < n_terms for term in value[::2])
            and all(1 <= count <= _MOST for count in value[1::2])
            and len(set(value[::2])) * 2 == len(value)
        ):
            wanted = say(
                "pairs of a term, each once and from 0 to {last}, and a count from 1 to {most}",
                last=n_terms - 1,
                most=_MOST,
            )
            raise wrong(field, wanted, value)

    return look


_HEADER: Final = objects({"terms": _terms})
