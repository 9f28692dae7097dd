"""Labelled text: read from files, counted, and as arrays."""
