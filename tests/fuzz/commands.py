"""Commands as people and programs type them, rightly and wrongly, over files of all kinds."""

import io
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, Final, NamedTuple
from unittest.mock import patch

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from fuzz.data import line_files, tables
from fuzz.markup import html_files
from fuzz.texts import any_character, pages, usually
from policynlp import cli
from policynlp.errors import PolicyNLPError

Case = dict[str, Any]
_TEXTS: Final = ("a.txt", "页.html", "-", "in", "*.txt")
_MANY: Final = ("b.jsonl", "c.csv", "in", "-", "a.txt", "*.jsonl", "none.txt", "out.jsonl", ".")
_OUTS: Final = (
    *("o.jsonl", "o.csv", "o.xlsx", "o.parquet", "o.jsonl.gz", "-", "new/o.jsonl", "b.jsonl"),
    "in",
)  # fmt: skip
_WORDS: Final = (
    *("--json", "--with-text", "--simplify", "--clauses", "--overwrite", "--quiet", "--dry-run"),
    *("--keep-columns", "--show-removed", "--whole-sentences", "--lang", "zh", "en", "--length"),
    *("0", "5", "-1", "1e9", "9" * 30, "--ratio", "0.2", "nan", "inf", "--theme", "数字化"),
    *("没有", "--threshold", "数字化=0.5", "数字化=", "=", "--min-precision", "0.9", "--limit"),
    *("2", "--sample", "--shard", "1/2", "2/1", "０/1", "--merge", "--format", "csv", "--color"),
    *("always", "--title", "--text-column", "text", "--id-column", "--max-chars", "--rows"),
    *("--done", "--seed", "--import", "--compare", "--compare-run", "o.jsonl.run.json", "--model"),
    *("in", "--reviewer", "--", "-", "", "-h", "--version", "--jobs", "1", "-o", "o.jsonl"),
    *("\x1b[31m", "\ud800", "\0", "a\nb"),
)  # fmt: skip
_files: SearchStrategy[Case] = st.fixed_dictionaries(
    {
        "a.txt": pages.map(lambda text: text.encode("utf-8", "surrogatepass")),
        "页.html": html_files.map(lambda case: case["data"]),
        "b.jsonl": line_files().map(lambda case: case["data"]),
        "c.csv": tables().map(lambda case: case["data"]),
        "-": pages.map(lambda text: text.encode("utf-8", "replace"))
        | line_files().map(lambda case: case["data"]),
    }
)
_first: SearchStrategy[list[str]] = st.one_of(
    st.tuples(st.sampled_from(("analyze", "clean")), st.sampled_from(_TEXTS)).map(list),
    st.builds(
        lambda command, files, out: [[command, *files, "-o", out]],
        st.just("score"),
        st.lists(st.sampled_from(_MANY), min_size=1, max_size=3),
        st.sampled_from(_OUTS),
    ).map(lambda each: each[0]),
    st.builds(
        lambda files, out: ["digest", *files, "-o", out],
        st.lists(st.sampled_from(_MANY), min_size=1, max_size=2),
        st.sampled_from(("d.md", "d.json", "-", "d.txt")),
    ),
    st.sampled_from(
        (
            ["report", "out.jsonl", "-o", "r.html"],
            ["report", "b.jsonl", "-o", "r.html"],
            ["review", "out.jsonl", "-o", "s.xlsx"],
            ["review", "out.jsonl", "-o", "s.csv"],
            ["review", "b.jsonl", "-o", "s.csv"],
            ["review", "--import", "c.csv", "-o", "mine"],
            ["review", "--import", "b.jsonl", "-o", "mine"],
            ["review", "--compare", "c.csv", "c.csv"],
            ["score", "--merge", "m.jsonl", "out.jsonl"],
            ["models", "in"],
            ["models", "."],
            ["models"],
            ["evaluate", "no-model", "b.jsonl"],
            ["train", "b.jsonl", "-o", "my-model"],
            ["train", "c.csv", "-o", "my-model"],
            ["theme", "new", "营商环境", "--definition", "简化审批", "--articles", "in", "-o", "t"],
            ["theme", "next", "t"],
            ["train"],
            [],
        )
    ),
)
lines: SearchStrategy[Case] = st.fixed_dictionaries(
    {
        "files": _files,
        "argv": st.builds(
            lambda first, more: [*first, *more],
            _first,
            st.lists(
                usually(st.sampled_from(_WORDS), st.text(any_character, max_size=4), 12), max_size=4
            ),
        ),
    }
)
# What moves the cursor, changes colours or ends a line where nobody wrote one.
_CONTROLS: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_UNFORESEEN: Final = "unexpected "


class Said(NamedTuple):
    """What a command said, and the code that it ended with."""

    code: int
    out: str
    err: str


def lay_out(files: Case) -> bytes:
    """Put the files of a case here, a folder ``in`` and a scored ``out.jsonl``; return stdin."""
    for name, data in files.items():
        if name != "-":
            Path(name).write_bytes(data)
    Path("in").mkdir()
    Path("in/x.txt").write_bytes(files["a.txt"])
    Path("in/\udcd0\udcc2.txt").write_bytes(b"\xd0\xc2")
    run(["score", "a.txt", "b.jsonl", "-o", "out.jsonl", "--with-text"], b"")
    stdin: bytes = files["-"]
    return stdin


@contextmanager
def inside(folder: Path) -> Iterator[None]:
    """Be in ``folder`` meanwhile."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def run(argv: list[str], stdin: bytes) -> Said:
    """Run a command in this process."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2))
    source = io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8")
    with redirect_stdout(out), redirect_stderr(err), patch.object(sys, "stdin", source):
        code = cli.main(argv)
    said = []
    for stream in (out, err):
        stream.flush()
        assert isinstance(stream.buffer, io.BytesIO)
        said.append(stream.buffer.getvalue().decode("utf-8", "replace"))
    return Said(code, *said)


def check_command(argv: list[str], stdin: bytes) -> None:
    """Assert that a command ends as the documentation says, and is safe to look at."""
    said = run(argv, stdin)
    assert said.code in range(4)
    assert "Traceback" not in said.out + said.err
    if said.err.count(_UNFORESEEN):
        _raise_it(argv, stdin)
        raise AssertionError(said.err)
    assert not _CONTROLS.search(said.err), f"controls on the terminal: {said.err[-200:]!r}"
    if argv[:1] in (["analyze"], ["clean"], ["models"], ["digest"]) and not {"always", "--json"} & {
        *argv
    }:
        found = _CONTROLS.search(said.out)
        assert not found, f"controls in the output: {said.out[found.start() - 20 :][:60]!r}"


def _raise_it(argv: list[str], stdin: bytes) -> None:
    """Let the error that a command ended with come out, to see where it is from."""
    with patch.dict(os.environ, {"POLICYNLP_DEBUG": "1"}):
        try:
            run(argv, stdin)
        except PolicyNLPError:
            return
