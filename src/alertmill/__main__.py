"""`python -m alertmill`, and the `alertmill` program."""

from __future__ import annotations

import sys

from alertmill.cli import main

if __name__ == "__main__":
    sys.exit(main())
