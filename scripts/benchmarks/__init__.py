"""The four benchmarks of scripts/benchmark, a module each, and what they share."""
