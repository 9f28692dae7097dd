"""Disks that fill up, fail or forbid, and processes that are killed, at any call that writes.

The calls are those of the system's interface (``os``, ``open`` and what is written through it)
on files in one folder, whoever makes them. A run in which the k-th of them fails, or is the
process's last, must end right or say so in an error of ours; the same call again must end with
the bytes of a run that nothing disturbed, leave nothing else behind, and lose nothing that
stood there before. ``python -m fuzz.faults`` tries all of it and prints what does not hold.
"""

import argparse
import builtins
import ctypes
import errno
import gc
import io
import json
import os
import re
import shutil
import signal
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple

from fake_analyzer import FakeAnalyzer
from fuzz import models, runs_again, sheets
from fuzz.outcome import analyzer, folder
from policynlp import cli
from policynlp.batch import Options, Shard, merge, score
from policynlp.batch.digest import digest, write_digest
from policynlp.errors import OutputError, PolicyNLPError
from policynlp.model import load, save
from policynlp.review.corpus_folder import add_to_corpus
from policynlp.review.returned import read_sheet
from policynlp.review.rows import read_scored
from policynlp.review.sheets import write_sheet

FULL, BAD, FORBIDDEN, KILL = "full disk", "bad disk", "no permission", "kill"
FAULTS: Final = {FULL: errno.ENOSPC, BAD: errno.EIO, FORBIDDEN: errno.EACCES, KILL: 0}
_WRITES: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_NEEDING_ROOM: Final = ("fsync", "mkdir", "link", "symlink", "truncate", "ftruncate")
_OTHERS: Final = ("replace", "rename", "unlink", "remove", "rmdir")
_MOST: Final = 5000  # calls, of which the pipe holds one byte each


class Shim:
    """Counts the calls on files below ``folder``, in all processes, and spoils the ``at``-th.

    A disk that is full stays so for all after it that need room. The count is a pipe with a byte
    for each call to come: processes share it without a lock that one which dies could keep.
    """

    def __init__(self, folder: Path, at: int, fault: str) -> None:
        self._folder, self._at, self._fault = os.path.realpath(folder), at, fault
        self._take, self._give = os.pipe()
        os.set_blocking(self._take, False)
        os.write(self._give, b"." * (at - 1) + b"F")

    @property
    def calls(self) -> int:
        """How many calls were made, if none was spoiled."""
        return self._at - len(os.read(self._take, _MOST))

    def close(self) -> None:
        """Give the pipe back."""
        os.close(self._take)
        os.close(self._give)

    def tick(self, path: Any, *, folder: int | None = None) -> None:
        """Note a call on ``path``, or on what an open file is called; fail if it is time to."""
        if not self._is_ours(path, folder):
            return
        try:
            step = os.read(self._take, 1)
        except BlockingIOError:
            return
        if step != b"F":
            return
        if self._fault == KILL:
            os.kill(os.getpid(), signal.SIGKILL)
        if self._fault == FULL:
            os.write(self._give, b"F")
        number = FAULTS[self._fault]
        raise OSError(number, os.strerror(number), path if isinstance(path, str) else None)

    def _is_ours(self, path: Any, folder: int | None) -> bool:
        try:
            if isinstance(path, int):
                path = os.readlink(f"/proc/self/fd/{path}")
            elif folder is not None:
                path = os.path.join(os.readlink(f"/proc/self/fd/{folder}"), os.fspath(path))
            name = os.path.abspath(os.fsdecode(path))
        except (OSError, TypeError):
            return False
        return name.startswith(self._folder + os.sep) or name == self._folder

    def install(self) -> None:
        """Put this between the process and the system, for good."""
        for name in (*_NEEDING_ROOM, *(_OTHERS if self._fault != FULL else ())):
            setattr(os, name, partial(_called, getattr(os, name), self))
        os.open = partial(_opened, os.open, self)  # type: ignore[assignment]
        spoiled = partial(_opened_file, self)
        builtins.open = io.open = spoiled  # type: ignore[assignment]


def _called(work: Callable[..., Any], shim: Shim, path: Any, *args: Any, **options: Any) -> Any:
    shim.tick(path, folder=options.get("dir_fd", options.get("src_dir_fd")))
    return work(path, *args, **options)


def _opened(
    work: Callable[..., int], shim: Shim, path: Any, flags: int, *args: Any, **options: Any
) -> int:
    if flags & _WRITES:
        shim.tick(path, folder=options.get("dir_fd"))
    return work(path, flags, *args, **options)


class _File(io.FileIO):
    """A file whose writing may fail, wherever what is written was held before."""

    def __init__(self, shim: Shim, *args: Any, **options: Any) -> None:
        self._shim = shim
        super().__init__(*args, **options)

    def write(self, data: Any) -> int:
        self._shim.tick(self.fileno())
        return super().write(data)

    def truncate(self, size: int | None = None) -> int:
        self._shim.tick(self.fileno())
        return super().truncate(size)


_open = io.open


def _opened_file(
    shim: Shim,
    file: Any,
    mode: str = "r",
    buffering: int = -1,
    encoding: str | None = None,
    errors: str | None = None,
    newline: str | None = None,
    closefd: bool = True,
    opener: Any = None,
) -> Any:
    """``open`` with files of ours in its middle where they are written."""
    if not set("wax+") & set(mode) or isinstance(file, int):
        return _open(file, mode, buffering, encoding, errors, newline, closefd, opener)
    shim.tick(file)
    raw = _File(shim, file, mode.replace("b", "").replace("t", ""), closefd, opener)
    buffered: Any = raw
    if buffering != 0:
        buffered = io.BufferedRandom(raw) if "+" in mode else io.BufferedWriter(raw)
    return buffered if "b" in mode else io.TextIOWrapper(buffered, encoding, errors, newline)


# -- what is run ------------------------------------------------------------------------------


class Scenario(NamedTuple):
    """What is laid out in a folder, and what is then done there, again and again."""

    prepare: Callable[[Path], object]
    run: Callable[[Path], object]


def _score(where: Path, out: str, **options: Any) -> None:
    score(FakeAnalyzer, [str(where / "in.jsonl")], str(where / out), **options)


def _scoring(out: str, **options: Any) -> Scenario:
    return Scenario(runs_again.lay_out, lambda where: _score(where, out, **options))


def _prepare_overwriting(where: Path) -> None:
    """Where an output of other options stands, with its failures."""
    runs_again.lay_out(where)
    _score(where, "out.jsonl", options=Options(with_text=True))


def _from_stdin(where: Path) -> None:
    with io.BytesIO((where / "in.jsonl").read_bytes()) as stream:
        score(FakeAnalyzer, ["-"], str(where / "out.jsonl"), stdin=stream)


def _prepare_shards(where: Path) -> None:
    runs_again.lay_out(where)
    for number in (1, 2):
        _score(where, f"{number}.jsonl", options=Options(shard=Shard(number, 2)))


def _merge(where: Path) -> None:
    merge(str(where / "all.jsonl"), [str(where / f"{number}.jsonl") for number in (1, 2)])


def _prepare_text(where: Path) -> None:
    text = "全县开工十个项目。\n数字化平台上线。"
    (where / "in.txt").write_text(text, encoding="utf-8")


def _digest(where: Path) -> None:
    found = digest(analyzer, [str(where / "in.txt")])
    write_digest(found, str(where / "d.md"))


def _prepare_scored(where: Path) -> None:
    _prepare_text(where)
    options = Options(with_text=True)
    score(analyzer, [str(where / "in.txt")], str(where / "out.jsonl"), options=options)


def _report(where: Path) -> None:
    # A command says what went wrong, and its code that something did.
    if cli.main(["report", str(where / "out.jsonl"), "-o", str(where / "r.html")]):
        raise OutputError("no report")


def _review(where: Path) -> None:
    write_sheet(where / "s.xlsx", read_scored([where / "out.jsonl"]).rows, {})


def _prepare_sheet(where: Path) -> None:
    _prepare_scored(where)
    write_sheet(where / "s.csv", read_scored([where / "out.jsonl"]).rows, {})
    sheets.fill(where / "s.csv", ["✓"], [])
    _import(where)
    sheets.fill(where / "s.csv", ["无"], [])


def _import(where: Path) -> None:
    reading = read_sheet(where / "s.csv")
    add_to_corpus(reading, where / "mine", reviewer="", date="2024-03-05")


def _prepare_model(where: Path) -> None:
    shutil.copytree(models.tiny(), where / "model")
    (where / "model" / "notes.txt").write_text("mine", encoding="utf-8")


def _save(where: Path) -> None:
    save(load(models.tiny()), where / "model", "# 新\n")


SCENARIOS: Final = {
    "jsonl": _scoring("out.jsonl"),
    "jsonl, two workers": _scoring("out.jsonl", jobs=2),
    "zipped": _scoring("out.jsonl.gz"),
    "csv in a new folder": _scoring("new/out.csv"),
    "xlsx": _scoring("out.xlsx"),
    "parquet": _scoring("out.parquet"),
    "parquet, two workers": _scoring("out.parquet", jobs=2),
    "stdin": Scenario(runs_again.lay_out, _from_stdin),
    "overwriting": Scenario(
        _prepare_overwriting, lambda where: _score(where, "out.jsonl", overwrite=True)
    ),
    "merge": Scenario(_prepare_shards, _merge),
    "digest": Scenario(_prepare_text, _digest),
    "report": Scenario(_prepare_scored, _report),
    "review sheet": Scenario(_prepare_scored, _review),
    "import of labels": Scenario(_prepare_sheet, _import),
    "model": Scenario(_prepare_model, _save),
}

# -- how it is judged -------------------------------------------------------------------------

_DONE, _REFUSED, _BROKEN = 0, 10, 20
_WAIT: Final = 60.0  # seconds until a run counts as one that hangs
_PR_SET_CHILD_SUBREAPER: Final = 36
# What a manifest says of when and how, which differs from run to run.
_OF_THE_TIME: Final = ("started", "finished", "seconds", "resumed")
_MANIFEST: Final = ".run.json"
_PLACE: Final = re.compile(r'policynlp/([\w/]+)\.py", line \d+, in (\w+)')

Tree = dict[str, bytes]


class Ended(NamedTuple):
    """How a process ended: its code, less than 0 for a signal, and what it printed as an error."""

    code: int
    said: str

    @property
    def last(self) -> str:
        """The last line of what it printed, and where in the package that was."""
        places = _PLACE.findall(self.said)
        place = " in ".join(places[-1]) if places else "nowhere"
        return f"{self.said.strip().rpartition(chr(10))[2]} ({place})"


def tree(where: Path) -> Tree:
    """Every file below ``where``, a manifest without its times, and every folder."""
    found = {}
    for path in sorted(where.rglob("*")):
        name = path.relative_to(where).as_posix()
        if path.is_dir():
            found[name + "/"] = b""
            continue
        found[name] = path.read_bytes()
        if name.endswith(_MANIFEST):
            with suppress(ValueError):
                said = json.loads(found[name])
                kept = {key: said[key] for key in said if key not in _OF_THE_TIME}
                found[name] = json.dumps(kept).encode()
    return found


def in_a_process(run: Callable[[Path], object], where: Path, shim: Shim | None) -> Ended:
    """Run in a copy of this process, of which nothing is left afterwards."""
    with Path(os.devnull).open("wb") as nowhere, _said_file() as said:
        child = os.fork()
        if not child:
            os.setsid()
            os.dup2(nowhere.fileno(), 1)
            os.dup2(said.fileno(), 2)
            _run_and_leave(run, where, shim)
        code = _wait(child)
        with suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)
        with suppress(ChildProcessError):
            while True:  # Its workers, which have come to us.
                os.waitpid(-1, 0)
        said.seek(0)
        return Ended(code, said.read().decode("utf-8", "replace"))


def _said_file() -> Any:
    return os.fdopen(os.memfd_create("said"), "w+b")


def _run_and_leave(run: Callable[[Path], object], where: Path, shim: Shim | None) -> None:
    code = _BROKEN
    sys.stdout, sys.stderr = (os.fdopen(number, "w", closefd=False) for number in (1, 2))
    try:
        if shim:
            shim.install()
        run(where)
        code = _DONE
    except PolicyNLPError:
        code = _REFUSED
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def _wait(child: int) -> int:
    """How a process ended; one that does not is ended."""
    end = time.monotonic() + _WAIT
    while time.monotonic() < end:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.001)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return _BROKEN


@dataclass
class Trial:
    """One scenario with one fault: how many calls there are, and what did not hold."""

    name: str
    fault: str
    calls: int = 0
    tried: Sequence[int] = ()
    problems: list[str] = field(default_factory=list)

    def run(self, tries: int | None, turn: int) -> None:
        """Spoil every call, or some of them from first to last, others each ``turn``."""
        scenario = SCENARIOS[self.name]
        with folder() as root:
            start, where = root / "start", root / "here"  # Outputs name the place of their inputs.
            where.mkdir()
            scenario.prepare(where)
            shutil.copytree(where, start)
            shim = Shim(where, _MOST, self.fault)
            ended = in_a_process(scenario.run, where, shim)
            assert ended.code == _DONE, ended.said
            self.calls = shim.calls
            shim.close()
            before, whole = tree(start), tree(where)
            step = max(1, self.calls // tries) if tries else 1
            self.tried = range(1 + turn % step, self.calls + 1, step)
            for at in self.tried:
                shutil.rmtree(where)
                shutil.copytree(start, where)
                shim = Shim(where, at, self.fault)
                found = [*self._judge(scenario, where, shim, before, whole)]
                shim.close()
                self.problems += [f"{self.name}, {self.fault} at call {at}: {it}" for it in found]

    def _judge(
        self, scenario: Scenario, where: Path, shim: Shim, before: Tree, whole: Tree
    ) -> Iterator[str]:
        ended = in_a_process(scenario.run, where, shim)
        if "Traceback" in ended.said or "Exception ignored" in ended.said:
            yield f"a traceback: {ended.last}"
        elif ended.code not in (_DONE, _REFUSED, -signal.SIGKILL):
            yield f"ended with {ended.code}: {ended.last}"
        after = tree(where)
        yield from _lost(before, after, whole)
        if ended.code == _DONE:
            # What could not be removed may be left until the same call is given again.
            yield from (f"ended well, but {it}" for it in _differences(after, whole, left=False))
            if after == whole:
                return
        again = in_a_process(scenario.run, where, None)
        # Where all was written, the same call may say that it is there already.
        if again.code not in (_DONE, _REFUSED):
            yield f"the same call ended with {again.code}: {again.last}"
        yield from (f"after the same call {it}" for it in _differences(tree(where), whole))


def _lost(before: Tree, after: Tree, whole: Tree) -> Iterator[str]:
    """What stood there before and is neither as it was nor as it was to be.

    What stands beside its place is not lost: the same call must put it back.
    """
    for name in before:
        if name.endswith((_MANIFEST, "/")):
            continue
        now = after.get(name)
        if now is None and name in whole and before[name] not in after.values():
            yield f"{name} is lost"
        elif now not in (None, before[name], whole.get(name)):
            yield f"{name} is neither the old one nor the new"


def _differences(found: Tree, wanted: Tree, *, left: bool = True) -> Iterator[str]:
    for name in sorted(found.keys() | wanted.keys()):
        if name not in found:
            yield f"{name} is missing"
        elif name not in wanted:
            if left and name.rstrip("/").rpartition("/")[0] + "/" in (*wanted, "/"):
                yield f"{name} is left"
        elif found[name] != wanted[name]:
            yield f"{name} has other bytes"


def _warm_up() -> None:
    """Load what copies of this process would load, one after the other."""
    import openpyxl.writer.excel
    import pyarrow.parquet

    assert openpyxl.writer.excel
    assert pyarrow.parquet
    analyzer().analyze("全县开工十个项目。")
    gc.freeze()


def main() -> int:
    """Try the faults that the command line names; print what was tried and what did not hold."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--tries", type=int, help="spoil about so many calls of each (default: all)"
    )
    parser.add_argument("--only", action="append", choices=SCENARIOS, help="a scenario")
    parser.add_argument("--fault", action="append", choices=FAULTS, help="a fault")
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    # Workers whose parent was killed come to this process, which waits for them.
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1)
    _warm_up()
    problems = 0
    for number, name in enumerate(args.only or SCENARIOS):
        for other, fault in enumerate(args.fault or FAULTS):
            trial = Trial(name, fault)
            trial.run(args.tries, 3 * number + other)
            problems += len(trial.problems)
            told = f"{name}, {fault}: {len(trial.tried)} of {trial.calls} calls"
            print(told, *trial.problems, sep="\n  ", flush=True)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
