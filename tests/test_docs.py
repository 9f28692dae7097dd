"""What the documents tell people to type works as they say.

The commands and programs of a document run in their order, in a folder of its own that holds what
the document takes for granted (``make test-full``). A block says by its info string what it is:
``sh`` and ``python`` are run, ``sh exit=3`` must end with that code, ``sh no-run`` is not run;
anything else is no program. ``text shown`` is what the program above it prints, but for the time
that it took; a ``……`` stands for what was left out.
"""

import contextlib
import gzip
import io
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import openpyxl
import pytest

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([*ROOT.glob("README*.md"), *(ROOT / "docs").rglob("*.md")])
FENCE: Final = re.compile(r"^```(.*)\n((?:.*\n)*?)^```$", re.MULTILINE)
PROGRAMS: Final = ("sh", "python")
DATA: Final = ("text", "console", "json", "toml", "csv", "bat", "powershell", "cron")
NO_RUN: Final = "no-run"
SHOWN: Final = ["text", "shown"]
# Seconds and articles a second in what a command says at its end.
TIMES: Final = re.compile(r"(?:in|用时) [\d.]+ (?:s|秒) ?[(（].*?[)）]")
# How many blocks of a document are not run, and why.
NOT_RUN: Final = {
    "README.md": (2, "make and pip set up what the other blocks run in"),
    "README.zh-CN.md": (2, "make and pip set up what the other blocks run in"),
    "docs/guide.md": (2, "pip sets up what the other blocks run in"),
    "docs/zh/guide.md": (3, "pip sets up what the other blocks run in"),
    "docs/cookbook.md": (1, "a script of a schedule"),
    "docs/scale.md": (4, "clusters; test_spark.py and test_dask.py run the Python as it is"),
    "docs/benchmarks.md": (1, "takes minutes, and peers that only the group bench has"),
}
# Only a model of the whole corpus shows what corrections change; each takes half a minute.
WHOLE_CORPUS: Final = ("docs/tutorial.md", "docs/cookbook.md")
# Where a person fills sheets in between two blocks; the tutorial says how it does.
FILLED_IN: Final = ("docs/guide.md", "docs/review.md", "docs/new-theme.md")
LABEL, TEXT, THEMES = "人工标签", "正文", "主题"
NEW_THEME, ITS_WORD = "营商环境", "企业"

EDITED: Final = {
    "id": "1",
    "title": "松禾县开通新航线",
    "source": "",
    "sentences": ["松禾县开通三条航线。", "码头上十分热闹。"],
    "picks": [[0]],
    "abstracts": ["松禾县开通三条航线。"],
}


class Block(NamedTuple):
    """A fenced block: where it begins, its words and its lines."""

    place: str
    words: tuple[str, ...]
    code: str

    @property
    def language(self) -> str:
        return self.words[0] if self.words else ""

    @property
    def is_run(self) -> bool:
        return self.language in PROGRAMS and NO_RUN not in self.words

    @property
    def exit_code(self) -> int:
        return next((int(word[5:]) for word in self.words if word.startswith("exit=")), 0)


def name(document: Path) -> str:
    return document.relative_to(ROOT).as_posix()


def blocks(document: Path) -> Iterator[Block]:
    text = document.read_text(encoding="utf-8")
    for found in FENCE.finditer(text):
        line = text.count("\n", 0, found.start()) + 1
        yield Block(f"{name(document)}:{line}", tuple(found[1].split()), found[2])


def block_with(document: str, words: str) -> str:
    """Return the code of the one block that holds some words, for tests that run it elsewhere."""
    (found,) = (block.code for block in blocks(ROOT / document) if words in block.code)
    return found


def test_every_block_says_what_it_is() -> None:
    for document in DOCUMENTS:
        for block in blocks(document):
            assert block.language in (*PROGRAMS, *DATA), block.place
            for word in block.words[1:]:
                assert re.fullmatch(rf"{NO_RUN}|exit=\d|{SHOWN[1]}", word), block.place


def test_every_block_that_is_not_run_has_a_reason() -> None:
    counted = {
        name(document): sum(NO_RUN in block.words for block in blocks(document))
        for document in DOCUMENTS
    }
    found = {document: count for document, count in counted.items() if count}
    assert found == {document: count for document, (count, _) in NOT_RUN.items()}


@pytest.mark.docs
@pytest.mark.parametrize(
    "document",
    [path for path in DOCUMENTS if any(block.is_run for block in blocks(path))],
    ids=name,
)
def test_what_a_document_says_works(
    document: Path, tmp_path: Path, small_corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lay_out(tmp_path, ROOT / "corpus" if name(document) in WHOLE_CORPUS else small_corpus)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(
        "PATH", os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    )
    monkeypatch.setenv("LANG", "zh_CN.UTF-8" if is_chinese(document) else "C.UTF-8")
    namespace: dict[str, Any] = {"__name__": "__main__"}
    printed = ""
    for block in blocks(document):
        if [*block.words] == SHOWN:
            assert shows(block.code, printed), f"{block.place} differs from\n{printed}"
        if not block.is_run:
            continue
        if block.language == "python":
            with contextlib.redirect_stdout(io.StringIO()) as output:
                exec(compile(block.code, block.place, "exec"), namespace)
            printed = output.getvalue()
        else:
            printed = run(block)
        if name(document) in FILLED_IN:
            fill_in(tmp_path)


def run(block: Block) -> str:
    """Run a block and return all that it prints."""
    command = ["bash", "-eu", "-o", "pipefail", "-c", block.code]
    done = subprocess.run(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        check=False,
    )
    said = f"{block.place} ended with {done.returncode}\n{done.stdout}"
    assert done.returncode == block.exit_code, said
    return done.stdout


def shows(shown: str, printed: str) -> bool:
    """Whether a block shows what was printed, without times and the space at the ends of lines."""
    text, output = (
        "\n".join(TIMES.sub("", line).rstrip() for line in it.strip().splitlines())
        for it in (shown, printed)
    )
    pattern = ".*".join(map(re.escape, text.split("……")))
    return bool(re.fullmatch(pattern, output, re.DOTALL))


@pytest.mark.parametrize(
    ("shown", "printed", "is_shown"),
    [
        ("8 articles in 4.1 s (2 a second)\n", "8 articles in 5.3 s (1 a second)", True),
        ("8 篇，用时 4.1 秒（每秒 2 篇）", "8 篇，用时 5 秒（每秒 1 篇）", True),
        ("8 articles in 4.1 s (2 a second)", "9 articles in 4.1 s (2 a second)", False),
        ("a\n……\nd", "a\nb\nc\nd", True),
        ("a\n……\nd", "a\nb\nc\ne", False),
        ("a", "a\nb", False),
    ],
)
def test_shown_output_is_what_was_printed(shown: str, printed: str, is_shown: bool) -> None:
    assert shows(shown, printed) is is_shown


def is_chinese(document: Path) -> bool:
    return len(re.findall("[\u4e00-\u9fff]", document.read_text(encoding="utf-8"))) > 2000


def lay_out(folder: Path, corpus: Path) -> None:
    """Put into ``folder`` what documents take for granted: the repository's data, and articles."""
    samples = sorted((ROOT / "samples").glob("*.txt"))
    for to, part in (("corpus", corpus), *((it, ROOT / it) for it in ("samples", "models"))):
        shutil.copytree(part, folder / to)
    if not (folder / "corpus" / "held_out").exists():
        shutil.copytree(ROOT / "corpus" / "held_out", folder / "corpus" / "held_out")
    for part in ("news", "archive"):
        (folder / part).mkdir()
        for sample in samples:
            shutil.copy(sample, folder / part)
    written = [article(line) for path in corpus.glob("*.jsonl") for line in path.open("rb")]
    (folder / "news" / "more.jsonl").write_text("\n".join(written), encoding="utf-8")
    divided = (ROOT / "samples" / "divided.jsonl").read_bytes()
    (folder / "archive.jsonl.gz").write_bytes(gzip.compress(divided))
    shutil.copy(samples[0], folder / "page.txt")
    text = samples[0].read_text(encoding="utf-8")
    (folder / "articles.csv").write_text(f'标题,正文\n澜港,"{text}"\n', encoding="utf-8")
    shutil.copy(ROOT / "corpus" / "held_out" / "features.jsonl", folder / "held-out.jsonl")
    mine = "section,text,themes\n1,全县开工二十个项目。,项目建设\n"
    (folder / "mine.csv").write_text(mine, encoding="utf-8")
    (folder / "edited.jsonl").write_text(json.dumps(EDITED), encoding="utf-8")


def article(section: bytes) -> str:
    """Return a section of a corpus as an article to score."""
    labelled = json.loads(section)
    paragraphs = [paragraph["text"] for paragraph in labelled["paragraphs"]]
    sections = [{"heading": labelled["heading"], "paragraphs": paragraphs}]
    record = {"id": labelled["id"], "title": labelled["heading"], "sections": sections}
    return json.dumps(record, ensure_ascii=False)


def fill_in(folder: Path) -> None:
    """Label the rows of every sheet that is blank, as a person does between two commands."""
    for path in folder.rglob("*.xlsx"):
        workbook = openpyxl.load_workbook(path)
        sheet = workbook.worksheets[0]
        columns = {cell.value: cell.column - 1 for cell in sheet[1]}
        rows = list(sheet.iter_rows(min_row=2))
        if LABEL in columns and not any(row[columns[LABEL]].value for row in rows):
            for row in rows:
                row[columns[LABEL]].value = label(
                    *(row[columns[it]].value for it in (THEMES, TEXT))
                )
            workbook.save(path)


def label(themes: str, text: str) -> str:
    if themes != NEW_THEME:
        return "✓"
    return NEW_THEME if ITS_WORD in text else "无"
