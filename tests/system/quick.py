"""Runs the real program with short pauses between the attempts of one call: `python -m system.quick ...`."""

from __future__ import annotations

import sys

from alertmill.cli import main
from alertmill.sources.aws import s3

if __name__ == "__main__":
    s3.LONGEST_PAUSE = 0.01
    sys.exit(main(sys.argv[1:]))
