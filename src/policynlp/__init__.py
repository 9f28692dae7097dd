"""Themes, sections and abstracts for Chinese government and party news."""

TYPE_CHECKING = False  # as type checkers know it, without the import of typing
if TYPE_CHECKING:
    from typing import Any

    from policynlp.analyzer import Analyzer, load
    from policynlp.article import AbstractLimits, Analysis, Article

__all__ = ["AbstractLimits", "Analysis", "Analyzer", "Article", "__version__", "load"]
__version__ = "0.1.0"


def __getattr__(name: str) -> "Any":
    """Import a public name on its first use: ``--help`` need not wait for numpy."""
    if name in ("Analyzer", "load"):
        from policynlp import analyzer

        return getattr(analyzer, name)
    if name in ("AbstractLimits", "Analysis", "Article"):
        from policynlp import article

        return getattr(article, name)
    raise AttributeError(f"module 'policynlp' has no attribute {name!r}")
