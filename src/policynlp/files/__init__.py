"""Files in and out: which there are, how they are encoded, what articles they hold."""
