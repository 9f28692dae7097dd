"""A write, a rename or a removal fails, or the process dies there: nothing is lost for good."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from fuzz import faults
from fuzz.faults import BAD, FULL, KILL, SCENARIOS, Ended, Scenario, Shim, Trial
from policynlp.errors import OutputError

TESTS = Path(__file__).parents[1]
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are copied, and watched")


def tried(*arguments: str) -> dict[str, list[str]]:
    """What did not hold in each scenario, and how much was tried, by a process of its own."""
    paths = os.pathsep.join((str(TESTS.parent / "src"), str(TESTS)))
    done = subprocess.run(
        [sys.executable, "-m", "fuzz.faults", *arguments],
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
    )
    assert done.returncode in (0, 1), done.stderr
    found: dict[str, list[str]] = {name: [] for name in SCENARIOS}
    counts = dict.fromkeys(SCENARIOS, 0)
    for line in done.stdout.splitlines():
        name = line.strip().rpartition(", ")[0] if not line.startswith(" ") else ""
        if name:
            counts[name] += int(re.findall(r": (\d+) of", line)[0])
        else:
            found[max((n for n in SCENARIOS if line.startswith(f"  {n}, ")), key=len)].append(line)
    assert min(counts.values()) >= 4, counts
    return found


@pytest.fixture(scope="module")
def some() -> dict[str, list[str]]:
    return tried("--tries", "3")


@pytest.mark.parametrize("name", SCENARIOS)
def test_some_faults(some: dict[str, list[str]], name: str) -> None:
    assert not some[name], "\n".join(some[name])


@pytest.mark.long
def test_every_fault() -> None:
    found = tried()
    assert not any(found.values()), "\n".join(line for lines in found.values() for line in lines)


# -- what tries them finds what is wrong ------------------------------------------------------


def _two_files(where: Path) -> None:
    """Write one file after another, as nothing here may: the second may be missing."""
    for name in ("a", "b"):
        try:
            (where / name).write_text(name)
        except OSError as error:
            raise OutputError("no room") from error


def _once(where: Path) -> None:
    if (where / "a").exists():
        raise OutputError("is there already")
    _two_files(where)


def _unmarked(where: Path) -> None:
    (where / "a").write_text("new")  # Without a way back.
    (where / "b").unlink()


def _prepare(where: Path) -> None:
    (where / "a").write_text("old")
    (where / "b").write_text("old")


@pytest.fixture
def scenario(monkeypatch: pytest.MonkeyPatch) -> dict[str, Scenario]:
    made: dict[str, Scenario] = {}
    monkeypatch.setattr(faults, "SCENARIOS", made)
    return made


@pytest.mark.parametrize(
    ("run", "fault", "problem"),
    [
        (_once, FULL, "b is missing"),
        (_once, KILL, "b is missing"),
        (_unmarked, KILL, "a is neither the old one nor the new"),
        (_unmarked, BAD, "a traceback: OSError"),
    ],
)
def test_what_is_wrong_is_found(
    scenario: dict[str, Scenario], run: object, fault: str, problem: str
) -> None:
    prepare = _prepare if run is _unmarked else Path
    scenario["x"] = Scenario(prepare, run)  # type: ignore[arg-type]
    trial = Trial("x", fault)
    trial.run(None, 0)
    assert any(problem in said for said in trial.problems), trial.problems


def test_what_is_right_is_not_complained_of(scenario: dict[str, Scenario]) -> None:
    scenario["x"] = Scenario(Path, _two_files)
    for fault in (FULL, KILL):
        trial = Trial("x", fault)
        trial.run(None, 0)
        assert (trial.calls, len(trial.tried), trial.problems) == (4, 4, [])


@pytest.mark.parametrize("at", range(1, 8))
def test_the_shim_spoils_each_kind_of_call(tmp_path: Path, at: int) -> None:
    """Each call of seven, made in seven ways, and nothing outside of the folder."""
    inside = tmp_path / "in"
    inside.mkdir()

    def run(where: Path) -> None:
        (tmp_path / "out").write_text("out")
        held = os.open(where, os.O_RDONLY)
        calls = (
            lambda: (where / "d").mkdir(),
            lambda: os.close(os.open(where / "d/a", os.O_CREAT | os.O_WRONLY)),
            lambda: (where / "d/a").replace(where / "d/b"),
            lambda: os.rename(where / "d/b", where / "d/c"),
            lambda: os.fsync(held),
            lambda: (where / "d/c").unlink(),
            lambda: os.rmdir(where / "d"),
        )
        done = 0
        try:
            for call in calls:
                call()
                done += 1
        finally:
            (tmp_path / "done").write_text(str(done))

    shim = Shim(inside, at, BAD)
    ended: Ended = faults.in_a_process(run, inside, shim)
    shim.close()
    assert ended.code != 0
    assert (tmp_path / "done").read_text() == str(at - 1)
