"""A watch that no hang of Python or of a regular expression holds up."""

import faulthandler
from collections.abc import Iterator

import pytest

_SECONDS = 300


@pytest.fixture(autouse=True)
def _watched() -> Iterator[None]:
    """End everything, with a traceback, if a test takes so long: a hang must not look like work."""
    faulthandler.dump_traceback_later(_SECONDS, exit=True)
    yield
    faulthandler.cancel_dump_traceback_later()
