"""Themes and abstracts of a read article."""
