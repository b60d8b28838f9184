"""Runs the real program with a clock of arrival that a test can move: the epoch seconds stand in a file.

python clock_file.py FILE ARGUMENT...
"""

from __future__ import annotations

import sys
from pathlib import Path

from alertmill import bootstrap
from alertmill.cli import main

if __name__ == "__main__":
    file = Path(sys.argv[1])
    bootstrap.arrival_clock = lambda: lambda: float(file.read_text())
    sys.exit(main(sys.argv[2:]))
