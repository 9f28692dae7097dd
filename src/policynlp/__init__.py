"""Themes, sections and abstracts for Chinese government and party news."""

TYPE_CHECKING = False  # as type checkers know it, without the import of typing
if TYPE_CHECKING:
    from typing import Any

    from policynlp.analyzer import Analyzer, load
    from policynlp.article import AbstractLimits, Article, Failure
    from policynlp.errors import (
        CorpusError,
        InputError,
        ModelError,
        OutputError,
        PolicyNLPError,
        PolicyNLPWarning,
        ThresholdError,
        UsageError,
        WorseModelError,
    )
    from policynlp.evaluation.evaluate import evaluate
    from policynlp.results import Analysis
    from policynlp.training.train import train

__all__ = [
    "AbstractLimits",
    "Analysis",
    "Analyzer",
    "Article",
    "CorpusError",
    "Failure",
    "InputError",
    "ModelError",
    "OutputError",
    "PolicyNLPError",
    "PolicyNLPWarning",
    "ThresholdError",
    "UsageError",
    "WorseModelError",
    "__version__",
    "evaluate",
    "load",
    "train",
]
__version__ = "0.1.0"

# Where the public names are, from which each is imported on its first use: ``--help`` need not
# wait for numpy.
_HOMES = {
    "analyzer": ("Analyzer", "load"),
    "article": ("AbstractLimits", "Article", "Failure"),
    "errors": tuple(name for name in __all__ if name.endswith(("Error", "Warning"))),
    "evaluation.evaluate": ("evaluate",),
    "results": ("Analysis",),
    "training.train": ("train",),
}


def __getattr__(name: str) -> "Any":
    """Import a public name."""
    for home, names in _HOMES.items():
        if name in names:
            from importlib import import_module

            return getattr(import_module(f"{__name__}.{home}"), name)
    raise AttributeError(f"module 'policynlp' has no attribute {name!r}")


def __dir__() -> list[str]:
    """Name what is public, imported or not."""
    return __all__
