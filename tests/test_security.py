"""What SECURITY.md promises of the network, of models, of pages and of what is read."""

import io
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from fuzz.mutants import seeds
from policynlp.files.find import find_inputs
from policynlp.files.read import read_inputs

ROOT = Path(__file__).parents[1]
# Python reports these before they are done (PEP 578).
PROGRAM = """
import sys
refused = {refused!r}

class Refused(BaseException):
    pass  # Which no command takes for an error that it has to tell.

def watch(event, arguments):
    # A library of trafilatura's looks whether this machine has IPv6 by an address of its own.
    own = event == "socket.__new__" or (event == "socket.bind" and arguments[1][0] == "::1")
    if event.startswith(refused) and not own:
        raise Refused(f"{{event}} {{arguments}}")

def main():
    import policynlp.cli
    sys.addaudithook(watch)
    for argv in {commands!r}:
        code = policynlp.cli.main(argv)
        if code:
            raise SystemExit(f"{{argv}} ended with {{code}}")
    {then}

if __name__ == "__main__":
    main()
"""
COMMANDS = [
    ["analyze", "page.txt"],
    ["clean", "page.html"],
    [
        "score",
        "page.txt",
        "page.html",
        "more.jsonl",
        "-o",
        "out.jsonl",
        "--with-text",
        "--jobs",
        "2",
    ],
    ["score", "page.txt", "-o", "out.xlsx"],
    ["score", "page.txt", "-o", "out.parquet", "--simplify"],
    ["digest", "more.jsonl", "-o", "digest.md"],
    ["report", "out.jsonl", "-o", "report.html"],
    ["review", "out.jsonl", "-o", "review.xlsx"],
    ["models"],
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Inputs that name hosts wherever something could think of asking them."""
    text = (ROOT / "samples" / "01-city-feature.txt").read_text(encoding="utf-8")
    (tmp_path / "page.txt").write_text(text, encoding="utf-8")
    link = "https://www.example.org"
    head = f'<base href="{link}/"><link rel=stylesheet href="{link}/a.css">'
    body = f'<script src="{link}/a.js"></script><img src="{link}/a.png"><p>{text}</p>'
    (tmp_path / "page.html").write_text(
        f'<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0//EN" "{link}/x.dtd"><html><head>{head}'
        f"</head><body>{body}</body></html>",
        encoding="utf-8",
    )
    records = [{"id": str(n), "text": text, "url": link} for n in range(3)]
    (tmp_path / "more.jsonl").write_text("\n".join(map(json.dumps, records)), encoding="utf-8")
    return tmp_path


def run(
    folder: Path, refused: tuple[str, ...], commands: list[list[str]], then: str = "pass"
) -> subprocess.CompletedProcess[str]:
    program = folder / "program.py"
    text = PROGRAM.format(refused=refused, commands=commands, then=then)
    program.write_text(text, encoding="utf-8")
    return subprocess.run(
        [sys.executable, str(program)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src"), "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        text=True,
        encoding="utf-8",
    )


def test_nothing_asks_the_network(folder: Path) -> None:
    done = run(folder, ("socket.",), COMMANDS)
    assert done.returncode == 0, done.stderr[-500:]
    assert (folder / "report.html").exists()


def test_what_asks_the_network_would_be_seen(folder: Path) -> None:
    ask = 'import urllib.request; urllib.request.urlopen("http://127.0.0.1:9/")'
    done = run(folder, ("socket.",), [], ask)
    assert done.returncode != 0
    assert "socket." in done.stderr


def test_a_model_is_loaded_without_running_code(folder: Path) -> None:
    """Reading its files builds no object by name, compiles no code and imports none."""
    refused = ("pickle.", "exec", "marshal.", "code.__new__", "subprocess.", "os.system")
    load = "import policynlp, numpy; policynlp.load(); sys.addaudithook(watch); policynlp.load()"
    program = folder / "load.py"
    before, _, _ = PROGRAM.partition("def main")
    program.write_text(before.format(refused=refused) + load, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run([sys.executable, str(program)], env=environment, capture_output=True)
    assert done.returncode == 0, done.stderr[-500:]
    program.write_text(
        before.format(refused=refused) + "import pickle; sys.addaudithook(watch)\n"
        "pickle.loads(pickle.dumps(len))",
        encoding="utf-8",
    )
    done = subprocess.run([sys.executable, str(program)], env=environment, capture_output=True)
    assert b"pickle.find_class" in done.stderr


def test_a_report_allows_nothing_from_elsewhere(folder: Path) -> None:
    done = run(folder, ("socket.",), [COMMANDS[2], COMMANDS[6]])
    assert done.returncode == 0, done.stderr[-500:]
    page = (folder / "report.html").read_text(encoding="utf-8")
    start = page.index("Content-Security-Policy")
    policy = page[start : page.index(">", start)]
    assert "default-src &#39;none&#39;" in policy
    assert "unsafe" not in policy
    assert "http:" not in policy.replace("http-equiv", "")


@pytest.mark.parametrize("name", ["document.docx", "table.xlsx", "page.html"])
def test_no_entity_brings_in_another_file(tmp_path: Path, name: str) -> None:
    secret = tmp_path / "secret"
    secret.write_text("不得外传", encoding="utf-8")
    outer = f'<!DOCTYPE x [<!ENTITY e SYSTEM "{secret.as_uri()}">]>'
    path, page = tmp_path / name, f"{outer}<html><body><p>数字化&e;上线。</p></body></html>"
    if name == "page.html":
        path.write_text(page, encoding="utf-8")
    else:
        path.write_bytes(_with_entity(seeds()[name].data, outer.encode()))
    found = list(read_inputs(find_inputs([str(path)])))
    assert found
    assert "不得外传" not in repr(found)


def _with_entity(data: bytes, outer: bytes) -> bytes:
    """An office file with the declaration in each of its parts, and an entity in its text."""
    words, buffer, places = "数字化".encode(), io.BytesIO(), 0
    numbered = words.decode().encode("ascii", "xmlcharrefreplace")
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(buffer, "w") as new:
        for member in old.namelist():
            text = old.read(member)
            if member.endswith(".xml"):
                head, mark, rest = text.rpartition(b"?>")
                rest = rest.replace(numbered, words)
                places += rest.count(words)
                text = head + mark + outer + rest.replace(words, words + b"&e;")
            new.writestr(member, text)
    assert places
    return buffer.getvalue()
