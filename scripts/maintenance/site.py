"""What `make docs` makes of the repository: hooks that MkDocs calls by their names.

Pages stand in docs/, beside them some that readers look for elsewhere: the READMEs, the change
log and so on. Links in all of them are those of the repository, so that they work where it is
read as files; here those that lead to a page become links of the site, and those that lead to
another file links to the repository's address.
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
LINK: Final = re.compile(r"(?<=\]\()(?![a-z]+:|#)([^)#\s]+)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that stand outside docs/."""
    for file, page in OUTSIDE.items():
        files.append(File.generated(config, page, abs_src_path=str(ROOT / file)))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Turn the links of a page."""
    here = page.file.src_uri
    folder = posixpath.dirname(FILE_OF.get(here, f"docs/{here}"))
    return LINK.sub(lambda link: turned(link[1], here, folder), markdown)


def turned(link: str, here: str, folder: str) -> str:
    """Return where a link of a page leads on the site, given the folder of the page's file."""
    file = posixpath.normpath(posixpath.join(folder, link))
    page = OUTSIDE.get(file) or (file.removeprefix("docs/") if file.startswith("docs/") else "")
    if page:
        return posixpath.relpath(page, posixpath.dirname(here) or ".")
    return f"{REPOSITORY}/{file}" if (ROOT / file).exists() else link
