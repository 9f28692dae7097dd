"""A long run that is killed again and again, and ends as one that nothing disturbed.

Articles are made of the sentences written for the corpus, shuffled from a seed. ``policynlp
score`` scores them with two workers in a session of its own; every now and then the process, or
one of its workers, is killed at random. No process may outlive its parent by more than a few
seconds; each start goes on; memory stays bounded; the output is that of one undisturbed run.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from fuzz.hunt import greatest_memory

ROOT: Final = Path(__file__).parents[2]
_ALONE: Final = 5.0  # seconds that a worker may outlive its parent
_POLL: Final = 0.05
_MOST_MEMORY: Final = 512  # MiB, of any process of the run
_OUTPUTS: Final = ("out.jsonl", "out.jsonl.failures.csv")
_BROKEN: Final = ('{"text": ', "[]", '{"id": "x", "text": ""}', '{"title": "题"}')


@dataclass
class Soak:
    """So many articles in ``folder``, and a kill about every ``every`` seconds."""

    folder: Path
    articles: int
    every: float
    number: int = 0
    kills: int = 0
    starts: int = 0
    memory: int = 0
    problems: list[str] = field(default_factory=list)

    def run(self) -> None:
        """Score undisturbed, then disturbed, and compare."""
        chance = random.Random(self.number)
        source = self.folder / "in.jsonl"
        with source.open("w", encoding="utf-8") as stream:
            stream.writelines(line + "\n" for line in articles(self.articles, chance))
        whole, soaked = self.folder / "whole", self.folder / "soaked"
        for place in (whole, soaked):
            place.mkdir()
        self._check(self._watch(self._start(source, whole), None), "undisturbed")
        while True:
            process = self._start(source, soaked)
            # Later and later, so that a slow machine comes to an end, too.
            after = chance.uniform(0, 2 * self.every) * (1 + self.kills / 20)
            code = self._watch(process, after, worker=chance.random() < 0.25, chance=chance)
            if code != -signal.SIGKILL or self.problems:
                break
        self._check(code, "at last")
        for name in _OUTPUTS:
            if (whole / name).read_bytes() != (soaked / name).read_bytes():
                self.problems.append(f"{name} is not that of an undisturbed run")
        left = {path.name for path in soaked.iterdir()} ^ {path.name for path in whole.iterdir()}
        self.problems += [f"{name} is left or missing" for name in sorted(left)]
        if self.memory > _MOST_MEMORY:
            self.problems.append(f"a process took {self.memory} MiB")
        lines = (soaked / _OUTPUTS[0]).read_bytes().count(b"\n")
        failed = (soaked / _OUTPUTS[1]).read_bytes().count(b"\r\n") - 1
        if lines + failed != self.articles:
            self.problems.append(f"{lines} records and {failed} failures of {self.articles}")

    def _start(self, source: Path, folder: Path) -> "subprocess.Popen[bytes]":
        self.starts += 1
        arguments = [str(source), "-o", str(folder / "out.jsonl"), "--jobs", "2", "--quiet"]
        return subprocess.Popen(
            [sys.executable, "-m", "policynlp", "score", *arguments],
            env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
            start_new_session=True,
        )

    def _watch(
        self,
        process: "subprocess.Popen[bytes]",
        after: float | None,
        *,
        worker: bool = False,
        chance: random.Random | None = None,
    ) -> int:
        """Wait for the end, and kill the process, or before it a worker, ``after`` so long."""
        started = time.monotonic()
        while process.poll() is None:
            self.memory = max([self.memory, *map(greatest_memory, _session(process.pid))])
            if after is not None and chance and time.monotonic() - started > after:
                victims = [pid for pid in _session(process.pid) if pid != process.pid]
                self.kills += 1
                if worker and victims:
                    _kill(chance.choice(victims))
                    worker, after = False, after + chance.uniform(0, 2 * self.every)
                else:
                    _kill(process.pid)
            time.sleep(_POLL)
        code = process.wait()
        deadline = time.monotonic() + _ALONE
        while (alone := list(_session(process.pid))) and time.monotonic() < deadline:
            time.sleep(_POLL)
        if alone:
            self.problems.append(f"{len(alone)} workers outlived their parent by {_ALONE} s")
            for pid in alone:
                _kill(pid)
        return code

    def _check(self, code: int, when: str) -> None:
        if code != 3:  # Some articles fail.
            self.problems.append(f"ended with {code} {when}")


def articles(count: int, chance: random.Random) -> Iterator[str]:
    """Lines of short articles of shuffled sentences; one in a thousand is none."""
    sentences = []
    for path in sorted((ROOT / "corpus" / "written").glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            for paragraph in json.loads(line)["paragraphs"]:
                sentences += [s + "。" for s in paragraph["text"].split("。") if s]
    for number in range(count):
        if number % 1000 == 500:
            yield _BROKEN[number // 1000 % len(_BROKEN)]
            continue
        text = "".join(chance.choices(sentences, k=chance.randint(1, 4)))
        yield json.dumps({"id": f"n{number}", "text": text}, ensure_ascii=False)


def _session(leader: int) -> Iterator[int]:
    """The processes that belong to a session and have not ended."""
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, *fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if state not in "ZX" and int(fields[2]) == leader:
            yield int(path.parent.name)


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def main() -> int:
    """Soak as the command line says; 1 if anything did not hold."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--articles", type=int, default=200_000, help="how many (200000)")
    parser.add_argument("--every", type=float, default=60.0, help="seconds between kills (60)")
    parser.add_argument("--seed", type=int, default=0, help="of the articles and the kills (0)")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        soak = Soak(Path(folder), args.articles, args.every, args.seed)
        started = time.monotonic()
        soak.run()
    took = time.monotonic() - started
    print(
        f"{soak.articles:,} articles, {soak.starts} starts, {soak.kills} kills, {took:.0f} s, "
        f"at most {soak.memory} MiB a process",
        *soak.problems,
        sep="\n",
    )
    return 1 if soak.problems else 0


if __name__ == "__main__":
    sys.exit(main())
