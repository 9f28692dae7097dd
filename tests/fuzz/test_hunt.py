"""What hunts sees every way in which a case can break, from outside, and keeps the case."""

import io
import json
import os
from pathlib import Path

import pytest

from fuzz import broken, found
from fuzz.found import Finding
from fuzz.hunt import Hunt, Limits
from fuzz.test_short import first_failure

MARK = "FUZZ_HUNT"
pytestmark = pytest.mark.skipif(os.name == "nt", reason="the hunt watches by signals and /proc")


@pytest.fixture(scope="module")
def hunted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Hunt, dict[str, list[Finding]]]:
    """A hunt over broken targets, and what was kept of each."""
    folder = tmp_path_factory.mktemp("found")
    os.environ[MARK] = str(folder)  # By which its processes are known.
    hunt = Hunt("fuzz.broken", folder, Limits(1.0, 320), 2, 1.0, out=io.StringIO())
    hunt.run(0.0, broken.TARGETS)
    del os.environ[MARK]
    kept: dict[str, list[Finding]] = {name: [] for name in broken.TARGETS}
    for path in folder.iterdir():
        finding = found.read(path)
        kept[finding.target].append(finding)
    return hunt, kept


def test_every_way_to_break_is_found(hunted: tuple[Hunt, dict[str, list[Finding]]]) -> None:
    hunt, kept = hunted
    kinds = {name: sorted(finding.kind for finding in found) for name, found in kept.items()}
    assert kinds == {
        "right": [],
        "wrong": ["AssertionError", "ValueError"],
        "hangs": ["hang"],
        "waits": ["hang"],
        "dies": ["death"],
        "eats": ["memory"],
        "leaves": ["SystemExit"],
    }
    assert set(hunt.examples) == set(broken.TARGETS)
    assert hunt.examples["right"] > 100
    assert "7 findings" in hunt.summary()


def test_what_raises_is_made_small(hunted: tuple[Hunt, dict[str, list[Finding]]]) -> None:
    _, kept = hunted
    assert {finding.case for finding in kept["wrong"]} == {"bbb", "<<<"}
    assert kept["leaves"][0].case == "<<"


def test_the_case_of_what_ends_the_process_is_the_one_under_way(
    hunted: tuple[Hunt, dict[str, list[Finding]]],
) -> None:
    _, kept = hunted
    for name, piece in (("hangs", "ba"), ("waits", "<b"), ("dies", "<a"), ("eats", "ab")):
        assert piece in kept[name][0].case


def test_nothing_is_left_running(hunted: tuple[Hunt, dict[str, list[Finding]]]) -> None:
    mark, left = f"{MARK}={hunted[0].folder}".encode(), []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            left += [path] if mark in path.read_bytes() else []
        except OSError:
            continue
    assert not left


def test_the_short_form_fails_on_what_is_broken(tmp_path: Path) -> None:
    target = broken.TARGETS["wrong"]._replace(few=300)
    assert "wrong" in first_failure("wrong", target, tmp_path)
    assert not first_failure("right", broken.TARGETS["right"], tmp_path)
    (kept,) = tmp_path.iterdir()
    with pytest.raises((AssertionError, ValueError)):
        target.check(found.read(kept).case)


def test_a_finding_comes_back_as_it_was(tmp_path: Path) -> None:
    case = {"data": b"\xff\0", "more": ["\ud800", None, {"base": b""}, 1.5], "x": {}}
    finding = Finding("page", "hang", "chrome._first_match", "said", case)
    path = found.write(finding, tmp_path)
    assert found.read(path) == finding
    assert path.name == "page-hang-chrome._first_match.json"
    assert path.read_bytes().isascii()
    found.write(Finding(*finding.key, "said", {"data": b"a" * 999}), tmp_path)
    assert found.read(path) == finding  # The smaller one stays.
    assert json.loads(path.read_bytes())["target"] == "page"
