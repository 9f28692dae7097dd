"""``python -m policynlp.cli``."""

import sys

from policynlp.cli import main

if __name__ == "__main__":
    sys.exit(main())
