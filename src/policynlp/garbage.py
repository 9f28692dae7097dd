"""Doing without the search for cycles of garbage where none are left."""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_collection() -> Iterator[None]:
    """Look for no garbage meanwhile: articles leave none, and looking takes 5 % of a lot's time.

    Nothing changes where other threads run, to which it would happen, too: one would find it off
    and leave it so, and threads that take turns would keep it off for ever.
    """
    if not gc.isenabled() or len(sys._current_frames()) > 1:
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
