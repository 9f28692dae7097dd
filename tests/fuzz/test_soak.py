"""A long run that is killed about every second; ``make soak`` does it with 200,000 articles."""

import os
import sys
from pathlib import Path

import pytest

from fuzz.soak import Soak

ARTICLES, EVERY = 20_000, 1.0


@pytest.mark.long
@pytest.mark.skipif(sys.platform != "linux", reason="processes are watched in /proc")
def test_a_long_run_that_is_killed_again_and_again(tmp_path: Path) -> None:
    soak = Soak(tmp_path, ARTICLES, EVERY, number=int.from_bytes(os.urandom(4), "little"))
    soak.run()
    assert not soak.problems, (soak.number, soak.problems)
    assert soak.kills, "it was done before the first kill: nothing was shown"
