"""How far a run is: a line that changes on a terminal, a line now and then in a log."""

import sys
import time
from typing import TYPE_CHECKING, Final

from policynlp.cli.screen import redraw, warn
from policynlp.messages import say

if TYPE_CHECKING:
    from policynlp.batch import Summary


class Progress:
    """Tells standard error how far a run is, if it is ``shown``."""

    _TERMINAL_SECONDS: Final = 0.2
    _LOG_SECONDS: Final = 10.0

    def __init__(self, *, shown: bool) -> None:
        """Say nothing yet, and in a log nothing of a run that is soon done."""
        self._shown = shown
        self._terminal = sys.stderr.isatty()
        self._next = 0.0 if self._terminal else time.monotonic() + self._LOG_SECONDS
        self._length = 0

    def show(self, summary: "Summary") -> None:
        """Say how many articles are done, if it is time to."""
        if not self._shown or time.monotonic() < self._next:
            return
        line = progress_line(summary)
        if self._terminal:
            self._next = time.monotonic() + self._TERMINAL_SECONDS
            redraw(line.ljust(self._length))
            self._length = len(line)
        else:
            self._next = time.monotonic() + self._LOG_SECONDS
            warn(line)
            sys.stderr.flush()

    def clear(self) -> None:
        """Take the line away from a terminal."""
        if self._length:
            redraw(" " * self._length)
            redraw("")


def progress_line(summary: "Summary") -> str:
    """How many articles are done, of how many, how fast, and how long the rest will take."""
    done = summary.counts.done
    said = [articles(done)]
    if summary.total:
        share = done / summary.total
        total = articles(summary.total)
        said = [say("{done:,} of {total} ({share:.0%})", done=done, total=total, share=share)]
    said.append(rate(summary))
    if summary.counts.failures:
        said.append(say("{failures:,} failed", failures=summary.counts.failures))
    new = done - summary.resumed
    if summary.total and new:
        rest = _clock((summary.total - done) * summary.seconds / new)
        said.append(say("{rest} left", rest=rest))
    return say(", ").join(said)


def articles(number: int) -> str:
    """A number of articles."""
    return counted(number, "{n:,} article", "{n:,} articles")


def counted(number: int, one: str, many: str) -> str:
    """A number with its noun, of which English has two forms."""
    return say(one if number == 1 else many, n=number)


def rate(summary: "Summary") -> str:
    """How fast this run has been, without what it took over."""
    new = summary.counts.done - summary.resumed
    return say("{n:,.0f} a second", n=new / max(summary.seconds, 0.001))


def _clock(seconds: float) -> str:
    minutes, seconds = divmod(max(0, round(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"
