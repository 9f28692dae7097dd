"""The reference of the command line is what the commands' parsers give."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_the_reference_is_written_from_the_code() -> None:
    command = [sys.executable, str(ROOT / "scripts" / "cli_reference"), "--check"]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr
