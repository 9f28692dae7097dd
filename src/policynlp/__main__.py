"""``python -m policynlp``."""

import sys

from policynlp.cli import start

if __name__ == "__main__":
    sys.exit(start())
