"""The long form: fresh cases for every target in turn, in a process that another one watches.

A case that raises is a finding, made small by hypothesis. So is one that takes too long or too
much memory, or ends the process: these the watcher sees from outside, where no lock of Python's
and no regular expression holds it up, and keeps the case that was under way.
"""

import argparse
import ctypes
import faulthandler
import importlib
import json
import mmap
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import HypothesisException

from fuzz import found
from fuzz.found import FOUND, Finding

TARGETS: Final = "fuzz.targets"
_TESTS: Final = Path(__file__).parents[1]
_SLICE: Final = 20.0  # seconds that a process works on one target
_EXAMPLES: Final = 150  # of one seed
_SHRINKING: Final = 20.0  # seconds that one finding is made smaller
_POLL: Final = 0.05
# By the processor's time, as others may be using it; a process that waits gets more.
_WAITING: Final = 6
_START: Final = 120.0
_PAUSE: Final = 2.0  # between two looks: the machine was asleep
_PR_SET_PDEATHSIG: Final = 1
_FRAME: Final = re.compile(r'File ".*[/\\](\w+)\.py", line \d+ in (\w+)')
_SETTINGS: Final = settings(
    max_examples=_EXAMPLES,
    deadline=None,
    database=None,
    phases=(Phase.generate, Phase.shrink),
    suppress_health_check=list(HealthCheck),
    print_blob=False,
)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a case may take: seconds, and mebibytes of the whole process."""

    seconds: float = 10.0
    memory: int = 1024


# -- the process that is watched --------------------------------------------------------------


class _Notes:
    """What the watcher reads: how many cases were begun and ended, and the one under way."""

    def __init__(self, folder: Path) -> None:
        (folder / "count").write_bytes(bytes(16))
        with (folder / "count").open("r+b") as stream:
            self._count = mmap.mmap(stream.fileno(), 16)
        self._case = folder / "case"
        self._findings = folder / "findings"
        self.begun = self.ended = 0

    def begin(self, case: Any) -> None:
        self._case.write_text(json.dumps(found.encoded(case)), encoding="ascii")
        self.begun += 1
        self._note()

    def end(self) -> None:
        self.ended = self.begun
        self._note()

    def keep(self, finding: Finding) -> None:
        found.write(finding, self._findings)

    def _note(self) -> None:
        self._count[:] = self.begun.to_bytes(8, "little") + self.ended.to_bytes(8, "little")


class _End:
    """When a process has worked long enough: by the processor's time, as others may be using it."""

    def __init__(self, seconds: float) -> None:
        self._busy = time.process_time() + seconds
        self._wall = time.monotonic() + max(5.0, 2 * seconds)

    def is_over(self) -> bool:
        return time.process_time() > self._busy or time.monotonic() > self._wall


class _Attempt:
    """Tries cases; of what it finds it makes one defect smaller, then leaves it alone."""

    def __init__(
        self, name: str, target: Any, notes: _Notes, known: set[str], end: "_End", memory: int
    ) -> None:
        self._name, self._target, self._notes = name, target, notes
        self._known, self._end, self._memory = known, end, memory
        self._chased, self._until = "", 0.0

    def __call__(self, case: Any) -> None:
        if time.monotonic() > self._until if self._chased else self._end.is_over():
            return
        self._notes.begin(case)
        try:
            self._target.check(case)
        except BaseException as error:
            finding = found.finding_of(self._name, error, case)
            key = "|".join(finding.key)
            if key in self._known or self._chased not in ("", key):
                return
            if not self._chased:
                self._chased, self._until = key, time.monotonic() + _SHRINKING
            self._notes.keep(finding)
            raise
        finally:
            self._leave_if_great(case)
            self._notes.end()

    def _leave_if_great(self, case: Any) -> None:
        """End after a case that took too much memory, if the watcher has not seen it by then."""
        if greatest_memory(os.getpid()) > self._memory:
            said = f"more than {self._memory} MiB"
            self._notes.keep(Finding(self._name, "memory", "nowhere", said, case))
            os._exit(0)

    def run(self, number: int) -> None:
        """Try cases from one seed."""
        try:
            seed(number)(_SETTINGS(given(self._target.cases)(self._try)))()
        except HypothesisException:
            pass  # What it thinks of a check that we have ended is of no interest.
        except BaseException:
            if not self._chased:
                raise
        self._known.add(self._chased)
        self._chased = ""

    def _try(self, case: Any) -> None:
        self(case)


def work(
    module: str, name: str, folder: Path, known: set[str], seconds: float, memory: int
) -> None:
    """Try cases of one target until the time is over, or the watcher is gone."""
    with suppress(AttributeError):  # Only Linux has it.
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    warnings.simplefilter("ignore")
    stacks = (folder / "stacks").open("w")
    faulthandler.enable(stacks)
    faulthandler.register(signal.SIGUSR1, stacks, all_threads=False)
    target = importlib.import_module(module).TARGETS[name]
    notes = _Notes(folder)
    end = _End(seconds)
    attempt = _Attempt(name, target, notes, known, end, memory)
    # What hypothesis prints of a failure is as long as the case.
    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), 1)
        while not end.is_over():
            attempt.run(random.SystemRandom().getrandbits(64))


# -- the process that watches -----------------------------------------------------------------


@dataclass
class _Watched:
    """A process that works on one target, and what is known of it."""

    name: str
    folder: Path
    process: "subprocess.Popen[bytes]"
    limits: Limits
    counts: tuple[int, int] = (0, 0)
    busy: float = 0.0
    since: float = field(default_factory=time.monotonic)
    looked: float = field(default_factory=time.monotonic)

    @classmethod
    def start(
        cls, module: str, name: str, known: set[str], seconds: float, limits: Limits
    ) -> "_Watched":
        folder = Path(tempfile.mkdtemp(dir=found.place_for_files(), prefix="fuzz-hunt-"))
        (folder / "tmp").mkdir()
        (folder / "known").write_text("\n".join(sorted(known)), encoding="utf-8")
        paths = os.pathsep.join((str(_TESTS), str(_TESTS.parent / "src")))
        environment = {**os.environ, "PYTHONPATH": paths, "TMPDIR": str(folder / "tmp")}
        arguments = ["--module", module, "--memory", str(limits.memory)]
        arguments += ["--work", name, str(folder), str(seconds)]
        process = subprocess.Popen(
            [sys.executable, "-m", "fuzz.hunt", *arguments],
            env={**environment, "LANG": "C.UTF-8"},
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=(folder / "errors").open("wb"),
            start_new_session=True,
        )
        return cls(name, folder, process, limits)

    def look(self) -> bool:
        """Whether it goes on as it should; if a case takes too much, it is ended and kept."""
        if self.process.poll() is not None:
            return False
        counts, now = self._counts(), time.monotonic()
        busy, runs = _busy(self.process.pid)
        if counts != self.counts:
            self.counts, self.busy, self.since = counts, busy, now
        if runs or now - self.looked > _PAUSE:  # Others have the processor, or nobody had it.
            self.since = now
        self.looked = now
        spent, waited = busy - self.busy, now - self.since
        limit = self.limits.seconds if counts[0] else _START
        too_long = spent > limit or waited > _WAITING * limit
        # Filling memory takes time, too: what is too large is not called a hang.
        too_large = greatest_memory(self.process.pid) > self.limits.memory
        if too_long or too_large:
            self._end("memory" if too_large else "hang")
            return False
        return True

    def findings(self) -> Iterator[Finding]:
        """What it has found, and what it died of."""
        for path in sorted((self.folder / "findings").glob("*.json")):
            yield found.read(path)
        code = self.process.wait()
        if code:
            kind = (self.folder / "ended").read_text() if (self.folder / "ended").exists() else ""
            begun, ended = self._counts()
            last = (self.folder / "errors").read_text(errors="replace").strip().split("\n")[-1]
            said = kind or f"ended with {code}: {last}"
            if begun > ended:
                case = found.decoded(json.loads((self.folder / "case").read_bytes()))
                yield Finding(self.name, kind or "death", self._place(), said, case)
            elif not kind:
                raise RuntimeError(f"{self.name}: {said}")

    def forget(self) -> None:
        """End what is left of it, and remove its files."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _end(self, kind: str) -> None:
        (self.folder / "ended").write_text(kind)
        with suppress(ProcessLookupError):
            os.kill(self.process.pid, signal.SIGUSR1)  # Says where it is.
            time.sleep(0.5)
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def _counts(self) -> tuple[int, int]:
        path = self.folder / "count"
        data = path.read_bytes() if path.exists() else b""
        return int.from_bytes(data[:8], "little"), int.from_bytes(data[8:16], "little")

    def _place(self) -> str:
        """Where in our own code it was, innermost first."""
        frames = _FRAME.findall((self.folder / "stacks").read_text(errors="replace"))
        sources = {path.stem for path in (_TESTS.parent / "src").rglob("*.py")}
        ours = [f"{stem}.{name}" for stem, name in frames if stem in sources]
        return ours[0] if ours else "nowhere"


def _busy(pid: int) -> tuple[float, bool]:
    """Seconds of the processor that a process has had, and whether it has or wants it now."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return time.monotonic(), False
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"), fields[0] == "R"


def greatest_memory(pid: int) -> int:
    """The most memory that a process ever had, in mebibytes."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) >> 10
    return 0


@dataclass
class Hunt:
    """All targets of a module, in turn, by ``jobs`` processes at a time."""

    module: str = TARGETS
    folder: Path = FOUND
    limits: Limits = Limits()
    jobs: int = 1
    slice: float = _SLICE
    examples: Counter[str] = field(default_factory=Counter)
    findings: dict[tuple[str, str, str], Path] = field(default_factory=dict)
    times: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    out: IO[str] = field(default_factory=lambda: sys.stderr)

    def run(self, seconds: float, names: Mapping[str, Any]) -> None:
        """Hunt so long; every target is tried at least once."""
        end, turn = time.monotonic() + seconds, 0
        running: list[_Watched] = []
        order = list(names)
        try:
            while running or turn < len(order) or time.monotonic() < end:
                if len(running) < self.jobs and (turn < len(order) or time.monotonic() < end):
                    running.append(self._start(order[turn % len(order)], end))
                    turn += 1
                time.sleep(_POLL)
                for watched in [each for each in running if not each.look()]:
                    running.remove(watched)
                    self._collect(watched)
        finally:
            for watched in running:
                watched.forget()

    def _start(self, name: str, end: float) -> _Watched:
        known = {"|".join(key) for key in self.findings if key[0] == name}
        seconds = max(1.0, min(self.slice, end - time.monotonic()))
        return _Watched.start(self.module, name, known, seconds, self.limits)

    def _collect(self, watched: _Watched) -> None:
        self.examples[watched.name] += watched._counts()[0]
        try:
            for finding in watched.findings():
                self.times[finding.key] += 1
                path = found.write(finding, self.folder)
                if finding.key not in self.findings:
                    print(f"{path}: {finding.said[:150]}", file=self.out, flush=True)
                self.findings[finding.key] = path
        finally:
            watched.forget()

    def summary(self) -> str:
        """How many cases each target had, and what was found."""
        lines = [f"{'target':16} {'cases':>9} {'findings':>9}"]
        for name, count in self.examples.items():
            lines.append(f"{name:16} {count:9,} {sum(key[0] == name for key in self.findings):9}")
        lines += [f"{path} ({self.times[key]} times)" for key, path in self.findings.items()]
        return "\n".join([*lines, f"{len(self.findings)} findings"])


def main(arguments: list[str] | None = None) -> int:
    """Hunt as the command line says; 1 if anything was found."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=30.0, help="how long (default: 30)")
    parser.add_argument("--jobs", type=int, default=1, help="processes at a time (default: 1)")
    parser.add_argument("--seconds", type=float, default=10.0, help="that a case may take (10)")
    parser.add_argument("--memory", type=int, default=1024, help="MiB that it may take (1024)")
    parser.add_argument("--found", type=Path, default=FOUND, help="where findings are kept")
    parser.add_argument("--only", action="append", default=[], help="a target; may be repeated")
    parser.add_argument("--module", default=TARGETS, help=argparse.SUPPRESS)
    parser.add_argument("--work", nargs=3, help=argparse.SUPPRESS)
    args = parser.parse_args(arguments)
    if args.work:
        name, folder, seconds = args.work[0], Path(args.work[1]), float(args.work[2])
        known = set((folder / "known").read_text(encoding="utf-8").split("\n"))
        work(args.module, name, folder, known, seconds, args.memory)
        return 0
    targets = importlib.import_module(args.module).TARGETS
    unknown = set(args.only) - targets.keys()
    if unknown:
        parser.error(f"no target {', '.join(unknown)}; there are {', '.join(targets)}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # Not without removing its files.
    hunt = Hunt(args.module, args.found, Limits(args.seconds, args.memory), args.jobs)
    hunt.run(60 * args.minutes, {name: targets[name] for name in args.only or targets})
    print(hunt.summary())
    return 1 if hunt.findings else 0


if __name__ == "__main__":
    sys.exit(main())
