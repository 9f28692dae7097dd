"""Code books (``themes.toml``): the names of themes and what each means."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from policynlp.corpus.labelled import LabelledSection, used_labels
from policynlp.corpus.records import CODE_BOOK, read_toml
from policynlp.errors import CorpusError
from policynlp.validation import lists, name, objects, text

_THEME: Final = objects({"name": name, "definition": text}, seed_terms=lists(text))
_BOOK: Final = objects({"themes": lists(_THEME, least=1)})


def read_code_book(paths: Iterable[Path]) -> dict[str, str] | None:
    """Return theme names and definitions of every ``themes.toml`` among ``paths``, or ``None``.

    Raises ``CorpusError`` where one is malformed or two define a theme differently.
    """
    definitions: dict[str, str] = {}
    books = [path / CODE_BOOK if path.is_dir() else path for path in paths]
    books = [book for book in books if book.name == CODE_BOOK and book.is_file()]
    for book in books:
        for theme in themes_in(book):
            if definitions.setdefault(theme["name"], theme["definition"]) != theme["definition"]:
                raise CorpusError(
                    "{book}: theme {theme!r} is defined otherwise in another book",
                    book=book,
                    theme=theme["name"],
                )
    return definitions if books else None


def themes_in(book: Path) -> list[dict[str, Any]]:
    """Return the themes of one book with all that it says of them; there is one at least."""
    themes: list[dict[str, Any]] = read_toml(book, _BOOK)["themes"]
    return themes


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
