"""What can go wrong, each with the file, row or field and what to do about it."""

from functools import partial
from typing import Any

from policynlp.messages import say


class PolicyNLPError(Exception):
    """Base of every error that this package raises on purpose.

    It takes a template and its values, as ``InputError("{path}: is empty", path=path)``, and
    reads in the language spoken where it is printed (``messages.speak``).
    """

    def __init__(self, template: str, /, **values: object) -> None:
        """Keep what is said and of what; without values the template is taken as it is."""
        super().__init__(template)
        self.template = template
        self.values = values

    def __str__(self) -> str:
        """Say what went wrong."""
        return say(self.template, **self.values)

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel between processes with the values."""
        return partial(type(self), **self.values), (self.template,)


class InputError(PolicyNLPError):
    """An article, record or file that cannot be read."""


class OutputError(PolicyNLPError):
    """An output that cannot be written, or that a run must not touch."""


class CorpusError(PolicyNLPError):
    """A corpus record that breaks the format."""


class ModelError(PolicyNLPError):
    """A model folder that must not be used."""


class UsageError(PolicyNLPError):
    """Options that contradict each other, or ask for what is not to be had."""


class GoalError(ModelError, UsageError):
    """A theme or a precision that a model does not have."""
