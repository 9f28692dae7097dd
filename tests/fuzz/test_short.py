"""The short form: a few cases of each target, the same every time, and all that broke before."""

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import HypothesisException

from fuzz import found
from fuzz.found import FOUND, Target
from fuzz.targets import TARGETS

# Their files have names that are no text.
OF_BYTES = ("names", "command")


def first_failure(name: str, target: Target, folder: Path) -> str:
    """Try a few cases; say where the smallest that fails was kept, or nothing."""
    failed: list[found.Finding] = []

    def attempt(case: Any) -> None:
        try:
            target.check(case)
        except BaseException as error:
            failed.append(found.finding_of(name, error, case))
            raise

    short = settings(
        max_examples=target.few,
        derandomize=True,
        deadline=None,
        database=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    try:
        short(given(case=target.cases)(lambda case: attempt(case)))()
    except HypothesisException:
        raise
    except BaseException:
        last = failed[-1]
        return f"{last.said}; scripts/fuzz tries it again: {found.write(last, folder)}"
    return ""


@pytest.mark.parametrize("name", TARGETS)
@pytest.mark.filterwarnings("ignore")
def test_a_few_cases_of(name: str, tmp_path: Path) -> None:
    if os.name == "nt" and name in OF_BYTES:
        pytest.skip("Windows has no such names")
    # Its own error would show the case, which may be of a hundred thousand characters.
    failure = first_failure(name, TARGETS[name], tmp_path)
    assert not failure


@pytest.mark.parametrize("path", sorted(FOUND.glob("*.json")), ids=lambda path: path.stem)
@pytest.mark.filterwarnings("ignore")
def test_what_broke_before_works(path: Path) -> None:
    finding = found.read(path)
    TARGETS[finding.target].check(finding.case)
