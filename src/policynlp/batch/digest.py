"""Digest many articles: read them, hear what each says, write the main points."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Final, NamedTuple

from policynlp import escaping
from policynlp.abstracts.main_points import Digest, Digester, Point, limits_for
from policynlp.article import Failure
from policynlp.batch.inputs import Inputs, make_chunks
from policynlp.batch.options import Options
from policynlp.batch.scoring import ArticleChunk, Load, Loaded, analyzed
from policynlp.batch.writers import STDOUT
from policynlp.errors import InputError
from policynlp.files.atomic import write_whole
from policynlp.files.find import find_inputs
from policynlp.files.items import Reading, check_installed
from policynlp.files.output_paths import check_files
from policynlp.messages import spoken
from policynlp.results import Analysis
from policynlp.schema import METADATA, Record
from policynlp.workers import MAX_SECONDS, Note, Workers

_WARNINGS_KEPT: Final = 5


class Digested(NamedTuple):
    """A digest, the articles that it could not hear, and the first warnings with their articles."""

    digest: Digest
    failures: tuple[Failure, ...]
    first_warnings: tuple[tuple[str, str], ...] = ()


def digest(
    load: Load,
    inputs: Sequence[str],
    *,
    themes: Sequence[str] = (),
    length: int = 600,
    jobs: int = 1,
    max_seconds: float = MAX_SECONDS,
    simplify: bool = False,
) -> Digested:
    """Digest the articles in ``inputs`` into at most ``length`` characters of sentences.

    Without ``themes`` all themes of the model are asked for, and what articles without any
    of them say comes last. ``simplify`` reads traditional characters as simplified ones. An
    article that takes longer than ``max_seconds`` is a failure.
    """
    check_installed(inputs, simplify=simplify)
    loaded = Loaded(load)
    known = loaded().themes
    digester = Digester(themes or known, others=not themes)
    failures: list[Failure] = []
    warnings: list[tuple[str, str]] = []
    reading = Reading(simplify=simplify)
    options = Options(limits_for(themes or known), reading, language=spoken())
    found_in = Inputs(inputs, options)
    chunks, begin = make_chunks(found_in.chosen()), partial(_hearing, loaded, options)
    heard = Workers(begin, jobs, max_seconds).in_order(chunks)
    for found in chain.from_iterable(heard):
        if isinstance(found, Failure):
            failures.append(found)
        else:
            digester.add(found)
            room = _WARNINGS_KEPT - len(warnings)
            warnings += [(found.article.id, said) for said in found.article.warnings[:room]]
    found_in.confirm()
    result = digester.digest(length)
    if not result.articles + len(failures):
        raise InputError("{inputs}: no article found", inputs=", ".join(inputs))
    return Digested(result, tuple(failures), tuple(warnings))


def _hearing(
    load: Load, options: Options
) -> Callable[[ArticleChunk, Note], list[Analysis | Failure]]:
    """What a worker does with each chunk, once it has loaded the model."""
    scorer = load()

    def hear(chunk: ArticleChunk, note: Note) -> list[Analysis | Failure]:
        found = analyzed(chunk, scorer, options, note)
        return [each if isinstance(each, Failure) else each[1] for each in found]

    return hear


def check_target(out: str, inputs: Sequence[str], *, overwrite: bool) -> None:
    """Raise an error where writing ``out`` would replace an input, or a file without leave."""
    if out != STDOUT:
        # A folder here is one that is not read: a link, or one that cannot be opened.
        found = (file.path for file in find_inputs(inputs))
        reads = (path for path in found if path is None or not path.is_dir())
        check_files([Path(out)], reads, overwrite=overwrite)


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
        "failures": [asdict(failure) for failure in found.failures],
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
        lines += [f"## {escaping.markdown(theme)}", "", *map(_line, points), ""]
    return "\n".join(lines)


def _line(point: Point) -> str:
    article = point.article
    title = f"《{article.title}》" if article.title else article.id
    origin = (title, article.source or article.url, article.published)
    where = "，".join(part.strip() for part in origin if part)
    if point.articles > 1:
        where += f"；共 {point.articles} 篇"
    return f"- {escaping.markdown(f'{point.text.strip()}（{where}）')}"
