"""What `make docs` makes of the repository: hooks that MkDocs calls by their names.

Pages stand in docs/, beside them some that readers look for elsewhere: the READMEs, the change
log and so on. All are written for those who read the repository as files. Here their links to
pages become links of the site, and those to other files links to the repository's address; words
behind the language of a block, which tell the tests what it is, are left out; and lists and tables
get the blank line above that Python-Markdown asks for.
"""

import posixpath
import re
from pathlib import Path
from typing import Any, Final

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

ROOT: Final = Path(__file__).resolve().parents[2]
REPOSITORY: Final = "https://github.com/policynlp/policynlp/blob/main"
# Pages that stand outside docs/, by their file in the repository.
OUTSIDE: Final = {
    "README.md": "index.md",
    "README.zh-CN.md": "zh/index.md",
    **{
        name: name
        for name in (
            "CHANGELOG.md",
            "CONTRIBUTING.md",
            "SECURITY.md",
            "corpus/README.md",
            "models/policy-themes/README.md",
            "samples/README.md",
        )
    },
}
FILE_OF: Final = {page: file for file, page in OUTSIDE.items()}
# How docstrings name other objects; the page shows the name alone.
ROLE: Final = re.compile(r":(?:attr|class|data|func|meth|mod):(?=<code>)")
BLOCK: Final = re.compile(r"^( *```)(\w*)[^\n]*(\n.*?^ *```)$", re.MULTILINE | re.DOTALL)
UNDER_TEXT: Final = re.compile(r"(?<=\n)([^\s#|\-][^\n]*\n)(?=- |\|)")
LINK: Final = re.compile(r"(?<=\]\()(?![a-z]+:|#)([^)#\s]+)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that stand outside docs/."""
    for file, page in OUTSIDE.items():
        files.append(File.generated(config, page, abs_src_path=str(ROOT / file)))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Turn the links of a page, and write it as Python-Markdown reads it."""
    here = page.file.src_uri
    folder = posixpath.dirname(FILE_OF.get(here, f"docs/{here}"))
    text, place = "", 0
    for block in (*BLOCK.finditer(markdown), None):
        outside = "\n" + markdown[place : block.start() if block else None]
        outside = LINK.sub(lambda link: turned(link[1], here, folder), outside)
        text += UNDER_TEXT.sub(r"\1\n", outside)
        if block:
            text += "".join(block.groups()) + "\n"
            place = block.end()
    return text


def turned(link: str, here: str, folder: str) -> str:
    """Return where a link of a page leads on the site, given the folder of the page's file."""
    file = posixpath.normpath(posixpath.join(folder, link))
    page = OUTSIDE.get(file) or (file.removeprefix("docs/") if file.startswith("docs/") else "")
    if page:
        return posixpath.relpath(page, posixpath.dirname(here) or ".")
    return f"{REPOSITORY}/{file}" if (ROOT / file).exists() else link


def on_page_content(html: str, **_: Any) -> str:
    """Leave out the marks of Sphinx from docstrings."""
    return ROLE.sub("", html)
