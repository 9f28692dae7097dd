"""Code books (``themes.toml``): the names of themes and what each means."""

import tomllib
from collections.abc import Iterable
from pathlib import Path

from policynlp.errors import CorpusError
from policynlp.training.files import CODE_BOOK, text_of
from policynlp.training.labelled import LabelledSection, used_labels


def read_code_book(paths: Iterable[Path]) -> dict[str, str] | None:
    """Return theme names and definitions of every ``themes.toml`` among ``paths``, or ``None``.

    Raises ``CorpusError`` where one is malformed or two define a theme differently.
    """
    definitions: dict[str, str] = {}
    books = [path / CODE_BOOK if path.is_dir() else path for path in paths]
    books = [book for book in books if book.name == CODE_BOOK and book.is_file()]
    for book in books:
        for theme, definition in _read_definitions(book):
            if definitions.setdefault(theme, definition) != definition:
                raise CorpusError(
                    "{book}: theme {theme!r} is defined otherwise in another book",
                    book=book,
                    theme=theme,
                )
    return definitions if books else None


def _read_definitions(book: Path) -> list[tuple[str, str]]:
    try:
        themes = tomllib.loads(text_of(book))["themes"]
        return [(str(theme["name"]), str(theme["definition"])) for theme in themes]
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise CorpusError(
            "{book}: each [[themes]] needs a name and a definition ({error})",
            book=book,
            error=error,
        ) from error


def themes_of(sections: Iterable[LabelledSection], code_book: dict[str, str] | None) -> list[str]:
    """Return the themes to learn: the code book's, or all that the sections were labelled for.

    Raises ``CorpusError`` for a label that the code book does not know.
    """
    found: dict[str, str] = {}
    for section in sections:
        for theme in sorted(used_labels(section)):
            found.setdefault(theme, section.place or section.id)
    if code_book is None:
        return list(found)
    for theme, place in found.items():
        if theme not in code_book:
            raise CorpusError(
                "{place}: theme {theme!r} is not in the code book ({code_book}); "
                "mend the label or add the theme to a {book}",
                place=place,
                theme=theme,
                code_book="、".join(code_book),
                book=CODE_BOOK,
            )
    return list(code_book)
