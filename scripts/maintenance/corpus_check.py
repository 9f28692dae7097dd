"""What a corpus with text must keep to beyond its format, so that it teaches what it means.

A check yields its complaints, each with the place of the section or folder. The figures in
the comments are those of corpus/written when the rule was set, with 817 sections.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from statistics import median, quantiles
from typing import NamedTuple, TypeAlias

from maintenance.near_duplicates import near_duplicates, shared_runs
from policynlp.corpus.code_book import read_code_book
from policynlp.corpus.counts import COUNTS_SUFFIX
from policynlp.corpus.labelled import LabelledParagraph, LabelledSection, used_labels
from policynlp.corpus.read import read_corpus
from policynlp.corpus.records import HELD_OUT, corpus_files

FORMULAS = "formulas.txt"

MOST_ALIKE = 0.4  # Jaccard of character 5-grams; the two most alike paragraphs have 0.25
MOST_SHARED = 30  # characters in a row in two articles; the longest run is 19
MOST_THEMES = 3  # ruling 11 of the code book
GENRE_SHARE = (0.025, 0.5)  # briefings 0.044, reports 0.31
UNLABELLED_SHARE = (0.4, 0.6)  # of the paragraphs; 0.49
MOST_BIAS = 0.15  # between thirds of a section and the whole in the share unlabelled; 0.05
LENGTH_RATIO = (0.75, 1.35)  # median length of labelled paragraphs to unlabelled; 1.00 to 1.16
# A share or median of fewer paragraphs says more of chance than of the writing.
LEAST_PARAGRAPHS = 30


class Corpus(NamedTuple):
    """Labelled sections, the themes they may have (all, if empty) and the standing formulas."""

    sections: Sequence[LabelledSection]
    themes: Sequence[str] = ()
    formulas: Sequence[str] = ()

    @property
    def written(self) -> list[LabelledSection]:
        """The sections whose text is known."""
        return [s for s in self.sections if COUNTS_SUFFIX not in s.place]

    @property
    def folders(self) -> dict[str, list[LabelledSection]]:
        """The sections with text by their folder."""
        folders = defaultdict(list)
        for section in self.written:
            folders[str(Path(section.place).parent)].append(section)
        return folders


Check: TypeAlias = Callable[[Corpus], Iterator[str]]


def read(paths: Sequence[Path]) -> Corpus:
    """Read corpus files and folders, what is held out in them too.

    Raises ``CorpusError`` for the first record that breaks the format or repeats an id.
    """
    held_out = [path / HELD_OUT for path in paths if (path / HELD_OUT).is_dir()]
    sections = read_corpus(dict.fromkeys(corpus_files([*paths, *held_out])))
    formulas = [path / FORMULAS for path in paths if (path / FORMULAS).is_file()]
    lines = chain.from_iterable(p.read_text(encoding="utf-8").splitlines() for p in formulas)
    return Corpus(sections, list(read_code_book(paths) or ()), [line for line in lines if line])


def complaints(corpus: Corpus) -> list[str]:
    """Return what is wrong with ``corpus``, in the order of :data:`CHECKS`."""
    return [complaint for check in CHECKS for complaint in check(corpus)]


def stray_labels(corpus: Corpus) -> Iterator[str]:
    """Labels that the code book does not know."""
    for section in corpus.sections if corpus.themes else ():
        stray = used_labels(section) - set(corpus.themes)
        if stray:
            yield f"{_name(section)}: {_listed(stray)} not in the code book"


def unfounded_sections(corpus: Corpus) -> Iterator[str]:
    """Section labels that the labels of its paragraphs do not bear out, and too many of them."""
    for section in corpus.sections:
        if section.themes is None:
            continue
        labels = [p.themes | p.disputed for p in section.paragraphs]
        unfounded = section.themes - frozenset().union(*labels)
        missing = frozenset.intersection(*labels) - section.themes - section.disputed
        if unfounded:
            yield f"{_name(section)}: no paragraph has the section's {_listed(unfounded)}"
        if missing:
            yield f"{_name(section)}: every paragraph has {_listed(missing)}, its section not"
        if len(section.themes) > MOST_THEMES:
            yield f"{_name(section)}: {len(section.themes)} themes, at most {MOST_THEMES}"


def empty_texts(corpus: Corpus) -> Iterator[str]:
    """Paragraphs without text."""
    for section in corpus.written:
        for i, paragraph in enumerate(section.paragraphs):
            if not paragraph.text.strip():
                yield f"{_name(section)}: paragraphs[{i}] has no text"


def split_articles(corpus: Corpus) -> Iterator[str]:
    """Articles that stand in two files: training and test would share them."""
    files: dict[str, str] = {}
    for section in corpus.sections:
        file = section.place.rpartition(":")[0]
        if files.setdefault(section.article, file) != file:
            yield f"{_name(section)}: article {section.article} stands in {files[section.article]}"


def near_duplicate_paragraphs(corpus: Corpus) -> Iterator[str]:
    """Paragraphs that are nearly the same, wherever they stand."""
    owners, texts = _texts(corpus.written)
    for one, other, overlap in near_duplicates(texts, MOST_ALIKE):
        yield (
            f"{_name(owners[other])}: {texts[other][:20]}… is nearly {_name(owners[one])} "
            f"(overlap {overlap:.2f}, below {MOST_ALIKE} is right)"
        )


def repeated_runs(corpus: Corpus) -> Iterator[str]:
    """Long runs that two articles share and that are no standing formula."""
    owners, texts = _texts(corpus.written)
    articles = [section.article for section in owners]
    for one, other, run in shared_runs(texts, articles, MOST_SHARED, corpus.formulas):
        yield (
            f"{_name(owners[other])}: {run}… also stands in {_name(owners[one])}; "
            f"reword it, or list a standing formula in {FORMULAS}"
        )


def lopsided_genres(corpus: Corpus) -> Iterator[str]:
    """Genres that hardly occur, as a mistyped one does, or drown the others."""
    for folder, sections in corpus.folders.items():
        genres = Counter(section.notes.get("genre", "") for section in sections)
        if genres.keys() == {""}:
            continue  # a user's own rows need not say
        for genre, n in genres.items():
            yield from _outside(
                folder,
                "sections of genre {genre}".format(genre=genre or "(none)"),
                n / len(sections),
                GENRE_SHARE,
            )


def lopsided_labels(corpus: Corpus) -> Iterator[str]:
    """Folders where nearly everything or hardly anything has a label."""
    for folder, sections in corpus.folders.items():
        free = [not p.themes for p in _paragraphs(sections)]
        yield from _outside(folder, "paragraphs without label", _share(free), UNLABELLED_SHARE)


def telling_lengths(corpus: Corpus) -> Iterator[str]:
    """Themes whose paragraphs could be told by their length."""
    for folder, sections in corpus.folders.items():
        for theme, ratio in length_ratios(sections).items():
            name = f"median length of {theme} to that of no label"
            yield from _outside(folder, name, ratio, LENGTH_RATIO)


def telling_places(corpus: Corpus) -> Iterator[str]:
    """Folders where the place in a section tells whether a paragraph has a label."""
    for folder, sections in corpus.folders.items():
        whole = _share([not p.themes for p in _paragraphs(sections)])
        for third, free in unlabelled_by_third(sections).items():
            name = f"paragraphs without label in the {_named(third)} third of sections"
            yield from _outside(folder, name, free, (whole - MOST_BIAS, whole + MOST_BIAS))


CHECKS: tuple[Check, ...] = (
    stray_labels,
    unfounded_sections,
    empty_texts,
    split_articles,
    near_duplicate_paragraphs,
    repeated_runs,
    lopsided_genres,
    lopsided_labels,
    telling_lengths,
    telling_places,
)


def length_ratios(sections: Iterable[LabelledSection]) -> dict[str, float]:
    """Return each theme's median length over that of paragraphs without any, where enough."""
    lengths = defaultdict(list)
    for paragraph in _paragraphs(sections):
        for theme in sorted(paragraph.themes) or [""]:
            lengths[theme].append(paragraph.size)
    free = lengths.pop("", [])
    enough = {t: found for t, found in sorted(lengths.items()) if len(found) >= LEAST_PARAGRAPHS}
    return {t: median(found) / median(free) for t, found in enough.items() if any(free)}


def unlabelled_by_third(sections: Iterable[LabelledSection]) -> dict[str, float]:
    """Return the share of paragraphs without label in each third of longer sections."""
    thirds: dict[str, list[bool]] = {"first": [], "middle": [], "last": []}
    names = list(thirds)
    for section in sections:
        n = len(section.paragraphs)
        for i, paragraph in enumerate(section.paragraphs if n >= len(names) else ()):
            thirds[names[len(names) * i // n]].append(not paragraph.themes)
    return {name: _share(free) for name, free in thirds.items() if len(free) >= LEAST_PARAGRAPHS}


def summary(corpus: Corpus) -> Iterator[str]:
    """Yield the lines of a table of what each folder with text holds."""
    for folder, sections in corpus.folders.items():
        paragraphs = list(_paragraphs(sections))
        articles = {section.article for section in sections}
        sizes = f"{len(articles)} articles, {len(sections)} sections, {len(paragraphs)} paragraphs"
        yield f"{folder}: {sizes}"
        free = _share([not p.themes for p in paragraphs])
        thirds = [(_named(third), share) for third, share in unlabelled_by_third(sections).items()]
        yield f"  without label {free:.0%}; by third of a section {_row(thirds, '{:.0%}')}"
        ratios = length_ratios(sections)
        in_sections = Counter(chain.from_iterable(s.themes or () for s in sections))
        for theme, n in Counter(chain.from_iterable(p.themes for p in paragraphs)).items():
            ratio = f", length {ratios[theme]:.2f} of the unlabelled" if theme in ratios else ""
            yield f"  {theme}: {n} paragraphs, {in_sections[theme]} sections{ratio}"
        genres = Counter(section.notes.get("genre", "(none)") for section in sections)
        yield "  genres: {genres}".format(genres=_row(genres.most_common(), "{}"))
        cuts = quantiles([p.size for p in paragraphs], n=20) if len(paragraphs) > 1 else []
        at = {f"{5 * (i + 1)} %": cut for i, cut in enumerate(cuts) if i in (0, 4, 9, 14, 18)}
        yield "  characters a paragraph, quantiles: {cuts}".format(cuts=_row(at.items(), "{:.0f}"))


def _named(third: str) -> str:
    return {"first": "first", "middle": "middle", "last": "last"}[third]


def _row(items: Iterable[tuple[str, float]], form: str) -> str:
    return ", ".join(f"{name} {form.format(value)}" for name, value in items)


def _outside(folder: str, name: str, value: float, bounds: tuple[float, float]) -> Iterator[str]:
    low, high = bounds
    if not low <= value <= high:
        yield f"{folder}: {name}: {value:.3f}, should lie between {low:.3f} and {high:.3f}"


def _share(flags: Sequence[bool]) -> float:
    return sum(flags) / len(flags)


def _paragraphs(sections: Iterable[LabelledSection]) -> Iterator[LabelledParagraph]:
    return chain.from_iterable(section.paragraphs for section in sections)


def _texts(sections: Iterable[LabelledSection]) -> tuple[list[LabelledSection], list[str]]:
    pairs = [(section, p.text) for section in sections for p in section.paragraphs]
    return [section for section, _ in pairs], [text for _, text in pairs]


def _name(section: LabelledSection) -> str:
    return f"{section.place}: {section.id}"


def _listed(themes: Iterable[str]) -> str:
    return "、".join(sorted(themes))
