"""Runs whose files are damaged, or whose inputs change meanwhile, and the same call after it."""

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from fake_analyzer import CRASH, FakeAnalyzer
from fuzz.mutants import Mutation, mutated, mutations
from fuzz.outcome import folder
from policynlp.batch import Options, Shard, Summary, merge, score
from policynlp.errors import PolicyNLPError

Case = dict[str, Any]
_ARTICLES: Final = 16
_SHARDS: Final = 2
_TEXT: Final = "云溪县推进数字化，企业上云第{}家。"
# With a column that nobody reads so long that a run has several chunks, whatever their usual size.
_PADDING: Final = 30_000

_changes: SearchStrategy[Any] = mutations.map(lambda each: [list(change) for change in each])
damaged: SearchStrategy[Case] = st.fixed_dictionaries(
    {
        "stage": st.sampled_from(("stopped", "stopped", "finished", "shards")),
        "chunks": st.integers(1, 3),
        "file": st.integers(0, 9),
        "changes": _changes,
        "gone": st.sampled_from((False, False, False, True)),
    }
)
changing: SearchStrategy[Case] = st.fixed_dictionaries(
    {
        "chunks": st.integers(1, 3),
        "how": st.sampled_from(("shorter", "longer", "other", "gone", "same size")),
        "suffix": st.sampled_from((".jsonl", ".csv")),
    }
)


class _Stop(BaseException):
    """What ends a run as a signal would."""


def lay_out(where: Path, suffix: str = ".jsonl", *, failing: bool = True) -> str:
    """Write articles, some of which fail, and return their file."""
    path = where / f"in{suffix}"
    texts = [
        _TEXT.format(number) + CRASH * (failing and number % 7 == 3) for number in range(_ARTICLES)
    ]
    padding = "x" * _PADDING
    if suffix == ".csv":
        lines = ["id,padding,text", *(f"n{i},{padding},{text}" for i, text in enumerate(texts))]
    else:
        records = [{"id": f"n{i}", "padding": padding, "text": t} for i, t in enumerate(texts)]
        lines = [json.dumps(record, ensure_ascii=False) for record in records]
    path.write_text("\n".join(lines), encoding="utf-8")
    return str(path)


def _after(chunks: int, then: Callable[[], None]) -> Callable[[Summary], None]:
    """A progress that does something after so many chunks."""
    seen = []

    def progress(summary: Summary) -> None:
        seen.append(summary)
        if len(seen) == chunks:
            then()

    return progress


def _stop() -> None:
    raise _Stop


def _written(where: Path, name: str = "out.jsonl") -> list[bytes]:
    paths = [where / name, where / f"{name}.failures.csv"]
    return [path.read_bytes() for path in paths if path.exists()]


def check_damaged(case: Case) -> None:
    """The same command ends with the right bytes, or says what it found and touches nothing."""
    with folder() as where:
        source = lay_out(where)
        score(FakeAnalyzer, [source], str(where / "whole.jsonl"))
        whole = _written(where, "whole.jsonl")
        again = _prepare(case, where, source)
        left = [path for path in sorted(where.rglob("*")) if path.is_file()]
        left = [path for path in left if "whole" not in path.name and path.name != "in.jsonl"]
        path = left[case["file"] % len(left)]
        if case["gone"]:
            path.unlink()
        else:
            path.write_bytes(
                mutated(path.read_bytes(), [Mutation(*change) for change in case["changes"]])
            )
        try:
            again()
        except PolicyNLPError as error:
            str(error)
            return
        name = "all.jsonl" if case["stage"] == "shards" else "out.jsonl"
        if path.name.startswith("out.jsonl") and case["stage"] == "finished":
            return  # A finished output is left alone; its list and its manifest are people's own.
        assert _written(where, name) == whole, f"damage to {path.name} reached the output"


def _prepare(case: Case, where: Path, source: str) -> Callable[[], object]:
    """Run until the stage of the case; return what is done then."""
    out = str(where / "out.jsonl")

    def run(progress: Callable[[Summary], None] = lambda summary: None) -> Summary:
        return score(FakeAnalyzer, [source], out, progress=progress)

    if case["stage"] == "shards":
        shards = [str(where / f"{number}.jsonl") for number in range(1, _SHARDS + 1)]
        for number, shard in enumerate(shards, 1):
            options = Options(shard=Shard(number, _SHARDS))
            score(FakeAnalyzer, [source], shard, options=options)
        return lambda: merge(str(where / "all.jsonl"), shards)
    with suppress(_Stop):
        run(_after(case["chunks"], _stop) if case["stage"] == "stopped" else lambda summary: None)
    return run


def check_changing(case: Case) -> None:
    """A run whose input changes meanwhile says so, or ends as if it had not."""
    with folder() as where:
        source = Path(lay_out(where, case["suffix"], failing=False))
        score(FakeAnalyzer, [str(source)], str(where / "whole.jsonl"))
        data = source.read_bytes()
        middle = data.rindex(b"\n") // 2
        lines = data[: data.index(b"\n", middle)]
        become = {
            "shorter": lines,
            "longer": data + data[data.rindex(b"\n") :],
            "other": data.replace("数字化".encode(), b""),
            "same size": data.replace("数字化".encode(), "信息化".encode()),
            "gone": b"",
        }[case["how"]]  # fmt: skip

        def change() -> None:
            if case["how"] == "gone":
                source.unlink()
            else:
                source.write_bytes(become)

        out = str(where / "out.jsonl")
        try:
            summary = score(
                FakeAnalyzer, [str(source)], out, progress=_after(case["chunks"], change)
            )
        except PolicyNLPError as error:
            str(error)
            return
        if not summary.counts.failures:
            whole = (where / "whole.jsonl").read_bytes()
            assert Path(out).read_bytes() == whole, "the input changed and nothing says so"
