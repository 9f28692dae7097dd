"""Digest many articles: read them, hear what each says, write the main points."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from policynlp.analysis.digest import Digest, Digester, Point, limits_for
from policynlp.analyzer import Analyzer
from policynlp.article import Article, Failure
from policynlp.batch.files import write_whole
from policynlp.batch.outputs import STDOUT
from policynlp.errors import InputError, OutputError
from policynlp.reading.formats import (
    Reading,
    check_installed,
    find_inputs,
    make_article,
    read_inputs,
)
from policynlp.records import METADATA, Record

_WARNINGS_KEPT: Final = 5


class Digested(NamedTuple):
    """A digest, the articles that it could not hear, and the first warnings with their articles."""

    digest: Digest
    failures: tuple[Failure, ...]
    first_warnings: tuple[tuple[str, str], ...] = ()


def digest(
    analyzer: Analyzer,
    inputs: Sequence[str],
    *,
    themes: Sequence[str] = (),
    length: int = 600,
    jobs: int = 1,
    simplify: bool = False,
) -> Digested:
    """Digest the articles in ``inputs`` into at most ``length`` characters of sentences.

    Without ``themes`` all themes of the model are asked for, and what articles without any
    of them say comes last. ``simplify`` reads traditional characters as simplified ones.
    """
    check_installed(inputs, simplify=simplify)
    digester = Digester(themes or analyzer.themes, others=not themes)
    failures: list[Failure] = []
    warnings: list[tuple[str, str]] = []
    articles = _articles(inputs, Reading(simplify=simplify), failures)
    limits = limits_for(themes or analyzer.themes)
    for found in analyzer.pipe(articles, limits=limits, jobs=jobs, on_error="return"):
        if isinstance(found, Failure):
            failures.append(found)
        else:
            digester.add(found)
            room = _WARNINGS_KEPT - len(warnings)
            warnings += [(found.article.id, said) for said in found.article.warnings[:room]]
    result = digester.digest(length)
    if not result.articles + len(failures):
        raise InputError("{inputs}: no article found", inputs=", ".join(inputs))
    return Digested(result, tuple(failures), tuple(warnings))


def check_target(out: str, inputs: Sequence[str], *, overwrite: bool) -> None:
    """Raise an error where writing ``out`` would replace an input, or a file without leave."""
    path = Path(out)
    if out == STDOUT or not path.exists():
        return
    paths = (file.path for file in find_inputs(inputs))
    if any(read and read.exists() and read.samefile(path) for read in paths):
        raise InputError("{path}: is one of the inputs; choose another output", path=out)
    if not overwrite:
        raise OutputError("{path}: is there already; --overwrite replaces it", path=out)


def _articles(
    inputs: Sequence[str], reading: Reading, failures: list[Failure]
) -> Iterator[Article]:
    for entry in read_inputs(find_inputs(inputs), reading):
        if isinstance(entry, Failure):
            failures.append(entry)
        else:
            yield make_article(entry.record)


def write_digest(found: Digested, out: str) -> str:
    """Write a digest to ``out``, or return it for standard output, where it is Markdown."""
    import json

    if out.lower().endswith(".json"):
        text = json.dumps(digest_record(found), ensure_ascii=False, indent=2) + "\n"
    else:
        text = markdown(found)
    if out == STDOUT:
        return text
    write_whole(Path(out), text.encode("utf-8", "replace"))
    return ""


def digest_record(found: Digested) -> Record:
    """The digest as one JSON object."""
    return {
        "articles": found.digest.articles,
        "reprints": found.digest.reprints,
        "themes": [
            {"theme": theme, "points": [_point(point) for point in points]}
            for theme, points in found.digest.groups.items()
        ],
        "failures": [failure._asdict() for failure in found.failures],
    }


def _point(point: Point) -> Record:
    return {
        "text": point.text,
        "start": point.sentence.start,
        "end": point.sentence.end,
        "articles": point.articles,
        "id": point.article.id,
        **{field: getattr(point.article, field) for field in METADATA},
    }


def markdown(found: Digested) -> str:
    """The digest as a page of Markdown, each point with where it comes from."""
    counts = f"{found.digest.articles} 篇文章"
    if found.digest.reprints:
        counts += f"，其中转载 {found.digest.reprints} 篇"
    if found.failures:
        counts += f"；另有 {len(found.failures)} 篇未能读取"
    lines = ["# 要点", "", counts, ""]
    for theme, points in found.digest.groups.items():
        lines += [f"## {theme}", "", *map(_line, points), ""]
    return "\n".join(lines)


def _line(point: Point) -> str:
    article = point.article
    title = f"《{article.title}》" if article.title else article.id
    origin = (title, article.source or article.url, article.published)
    where = "，".join(" ".join(part.split()) for part in origin if part)
    if point.articles > 1:
        where += f"；共 {point.articles} 篇"
    return f"- {' '.join(point.text.split())}（{where}）"
