"""Themes, sections and abstracts for Chinese government and party news."""

from policynlp.analyzer import Analyzer, load
from policynlp.article import AbstractLimits, Analysis, Article

__all__ = ["AbstractLimits", "Analysis", "Analyzer", "Article", "__version__", "load"]
__version__ = "0.1.0"
