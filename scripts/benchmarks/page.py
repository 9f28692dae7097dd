"""Abstracts side by side, as one HTML page that needs nothing else."""

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from string import Template

_PAGE = Template("""<!DOCTYPE html>
<html lang="zh-CN">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Abstracts side by side</title>
<style>
body { font: 16px/1.7 sans-serif; margin: 2em; color: #222; }
h2 { font-size: 1.1em; margin: 2.5em 0 0.5em; }
.abstracts { display: grid; grid-template-columns: repeat(auto-fill, minmax(20em, 1fr)); gap: 1em; }
.abstracts div { border-top: 2px solid #ccc; }
.abstracts div:first-child { border-color: #b00; }
h3 { font-size: 0.85em; color: #666; margin: 0.3em 0; }
p { margin: 0; }
</style>
<h1>Abstracts side by side</h1>
<p>Of at most 150 characters, whole sentences in source order; the number is their length.
The articles were written for this repository.</p>
$articles
</html>
""")


def write_page(path: Path, articles: Sequence[tuple[str, Mapping[str, str]]]) -> None:
    """Write titles and abstracts, by the name of who made them, to ``path``."""
    path.write_text(
        _PAGE.substitute(articles="\n".join(_article(*each) for each in articles)), "utf-8"
    )


def _article(title: str, abstracts: Mapping[str, str]) -> str:
    cells = "\n".join(
        f"<div><h3>{escape(name)} · {len(text)}</h3><p>{escape(text)}</p></div>"
        for name, text in abstracts.items()
    )
    return f'<h2>{escape(title)}</h2>\n<div class="abstracts">\n{cells}\n</div>'
