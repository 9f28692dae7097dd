"""What can go wrong, each with the file, row or field and what to do about it."""

from policynlp.messages import PolicyNLPError as PolicyNLPError
from policynlp.messages import UsageError as UsageError


class InputError(PolicyNLPError):
    """An article, record or file that cannot be read."""


class OutputError(PolicyNLPError):
    """An output that cannot be written, or that a run must not touch."""


class CorpusError(PolicyNLPError):
    """A corpus record that breaks the format."""


class ModelError(PolicyNLPError):
    """A model folder that must not be used."""


class ThresholdError(ModelError, UsageError):
    """A theme or a precision that a model does not have."""


class WorseModelError(PolicyNLPError):
    """A model that is worse than the one that it would replace, and was not written."""


class PolicyNLPWarning(UserWarning):
    """What follows from an input that can be read, but hardly as it was meant."""
