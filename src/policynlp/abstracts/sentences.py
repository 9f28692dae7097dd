"""The sentences of some articles with what the ranker and the selection must know of each."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from policynlp.language.term_index import NOWHERE, Layout
from policynlp.language.terms import Codes, Floats, Ints

Flags = NDArray[np.bool_]

_PLANE: Final = 0x10000
# What a sentence ends with, or an item of a list, but for the quotes and brackets that close there.
_ENDS: Final = tuple("。！？!?｡….；;")
_CLOSERS: Final = '”’」』）)】》〉〕］]"'


def _are_among(characters: Iterable[str]) -> Flags:
    """Return for each code point whether it is one of ``characters``."""
    table = np.zeros(_PLANE, dtype=bool)
    table[[ord(character) for character in characters]] = True
    return table


_IS_BLANK: Final = _are_among(filter(str.isspace, map(chr, range(0x3001))))  # none comes later
_IS_END: Final = _are_among(_ENDS)


class Unit(NamedTuple):
    """What an abstract is made of: the sentences ``first`` to ``end`` of some.

    ``title`` holds word ids: of the article's title or of the section's heading.
    """

    first: int
    end: int
    title: Ints


class Units(NamedTuple):
    """An article's unit and each of its sections'; ``None`` is one without sentences.

    ``base`` is what a place in the article lies further on in the articles' bodies as one text,
    ``first`` the number of its first sentence.
    Where a single section has sentences, it is the article's unit: the two are measured once.
    """

    base: int
    first: int
    article: Unit | None
    sections: list[Unit | None]


class Occurrences(NamedTuple):
    """The words of some articles' bodies: the sentence, ascending, and the id of each."""

    rows: Ints
    terms: Ints


class Sentences(NamedTuple):
    """The n sentences of some articles in source order, as the ranker wants them.

    ``text`` is the articles' bodies as one text and ``codes`` its code points; sentence i lies
    there from ``starts[i]`` to ``ends[i]``, without the white space around it, and stands in the
    paragraph ``paragraphs[i]``. ``words`` has the known words of all sentences, ``idf`` [terms]
    their inverse document frequencies. ``articles`` has the units of each. ``fragments`` do not
    end as sentences do: a title line, a salutation (各位代表：), a caption, a signature.
    """

    text: str
    codes: Codes
    starts: Ints
    ends: Ints
    paragraphs: Ints
    run_in: frozenset[int]
    fragments: frozenset[int]
    words: Occurrences
    idf: Floats
    articles: list[Units]

    def distinct_units(self) -> list[Unit]:
        """Return each unit that has sentences once: an article's before its sections'."""
        units = (unit for article in self.articles for unit in (article.article, *article.sections))
        return list({(unit.first, unit.end): unit for unit in units if unit}.values())


class Table(NamedTuple):
    """The sentences of some units, a row for each sentence of each unit.

    ``sentences`` and ``units`` [rows] number the sentence and the unit, the latter ascending;
    ``begins`` and ``sizes`` [units] are the first row of a unit and the number of its rows.
    """

    sentences: Ints
    units: Ints
    begins: Ints
    sizes: Ints


def tabulate(units: Sequence[Unit]) -> Table:
    """Give every sentence of every unit, of which there must be any, a row."""
    places = [np.arange(unit.first, unit.end) for unit in units]
    sizes = np.array(list(map(len, places)))
    owners = np.arange(len(units)).repeat(sizes)
    return Table(np.concatenate(places), owners, sizes.cumsum() - sizes, sizes)


def lay_out(layout: Layout, idf: Floats, titles: Sequence[Ints]) -> Sentences:
    """Lay out articles for the ranker; ``titles`` has the word ids of each one's title."""
    in_body = (layout.pieces.sentences != NOWHERE).nonzero()[0]
    starts, ends = layout.pieces.starts.take(in_body), layout.pieces.ends.take(in_body)
    paragraphs = layout.pieces.rows.take(in_body)
    run_in = (layout.pieces.run_ins.take(in_body) != NOWHERE).nonzero()[0]
    text, codes = layout.text, layout.codes
    _strip(text, codes, starts, ends)
    words, headings = _words(layout)
    return Sentences(
        text,
        codes,
        starts,
        ends,
        paragraphs,
        frozenset(run_in.tolist()),
        _fragments(text, codes, starts, ends),
        words,
        idf,
        list(_units(layout, paragraphs, titles, headings)),
    )


def _strip(text: str, codes: Codes, starts: Ints, ends: Ints) -> None:
    """Leave out the white space around sentences."""
    edges = codes.take((starts, ends - 1), mode="clip")
    blank: Flags = _IS_BLANK.take(edges, mode="clip")
    for place in (blank[0] | blank[1]).nonzero()[0].tolist():
        quoted = text[starts[place] : ends[place]]
        starts[place] += len(quoted) - len(quoted.lstrip())
        ends[place] = starts[place] + len(quoted.strip())


def _fragments(text: str, codes: Codes, starts: Ints, ends: Ints) -> frozenset[int]:
    """Number the sentences that do not end as one."""
    odd = (~_IS_END.take(codes.take(ends - 1, mode="clip"), mode="clip")).nonzero()[0]
    quoted = ((i, text[starts[i] : ends[i]].rstrip(_CLOSERS)) for i in odd.tolist())
    return frozenset(i for i, said in quoted if not said.endswith(_ENDS))


def _words(layout: Layout) -> tuple[Occurrences, list[Ints]]:
    """Return the words of all sentences, and those of each section's heading."""
    terms, sentences = layout.terms[: layout.n_words], layout.sentences[: layout.n_words]
    in_body = sentences != NOWHERE
    body, headed = in_body.nonzero()[0], (~in_body).nonzero()[0]
    sections = layout.rows.take(headed) - layout.structure.n_paragraphs
    bounds = sections.searchsorted(np.arange(layout.structure.n_sections + 1)).tolist()
    heading_terms = terms.take(headed)
    headings = [heading_terms[start:end] for start, end in pairwise(bounds)]
    return Occurrences(sentences.take(body), terms.take(body)), headings


def _units(
    layout: Layout, paragraphs: Ints, titles: Sequence[Ints], headings: Sequence[Ints]
) -> Iterator[Units]:
    """Divide the sentences into units; an article of one section may be titled by its heading."""
    structure = layout.structure
    sections = structure.sections.take(paragraphs)
    bounds = sections.searchsorted(np.arange(structure.n_sections + 1)).tolist()
    articles = structure.articles.searchsorted(np.arange(structure.n_articles + 1)).tolist()
    for base, title, (begin, stop) in zip(layout.bases, titles, pairwise(articles), strict=True):
        own = [
            Unit(first, end, heading) if first < end else None
            for first, end, heading in zip(
                bounds[begin:stop], bounds[begin + 1 : stop + 1], headings[begin:stop], strict=True
            )
        ]
        filled = [unit for unit in own if unit]
        if len(filled) == 1 and not len(title):
            title = filled[0].title
        whole = Unit(bounds[begin], bounds[stop], title) if filled else None
        if len(filled) == 1:
            own = [unit and whole for unit in own]
        yield Units(base, bounds[begin], whole, own)
