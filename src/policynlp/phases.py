"""Which phase a long run is in: what training and measuring tell whoever wants to know."""

from collections.abc import Callable
from itertools import count
from typing import NamedTuple

from policynlp.messages import say


class Phase(NamedTuple):
    """A part of a run by its name, in the language spoken; ``total`` is 0 if it has no steps."""

    name: str
    step: int = 0
    total: int = 0

    def __str__(self) -> str:
        """Return the phase in one line."""
        if not self.total:
            return self.name
        return say("{name}: {step} of {total}", name=self.name, step=self.step, total=self.total)


# Takes each phase as it begins, and again at each step of it.
TellPhase = Callable[[Phase], object]


def silent(*_: Phase) -> None:
    """Tell nobody: what the library does unless it is given a teller."""


def steps(tell_phase: TellPhase, name: str, total: int) -> Callable[[], None]:
    """Return what to call at the beginning of each of ``total`` steps of a phase."""
    numbers = count(1)

    def begin() -> None:
        tell_phase(Phase(name, next(numbers), total))

    return begin
