"""From text to words and counted terms."""
