"""Inputs that nobody thought of: strategies, the targets they go to, and what hunts with them."""
