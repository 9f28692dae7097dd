"""Corpora, fitting and measuring of models."""
