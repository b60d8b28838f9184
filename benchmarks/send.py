"""`python -m benchmarks.send SOCKET FILE`: sends the messages of a file to a queue socket, as fast as it takes them.

Works with any engine that has the socket of Wazuh's analysis daemon. Prints how long it took.
"""

from __future__ import annotations

import json
import socket
import sys
import time
from pathlib import Path


def send(path: str, messages: Path) -> tuple[int, float]:
    """Send each line of `messages`, a JSON string; returns their number and the seconds it took."""
    with messages.open("rb") as file, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
        out.connect(path)
        began, count = time.perf_counter(), 0
        for line in file:
            out.send(json.loads(line).encode("utf-8", "surrogateescape"))
            count += 1
    return count, time.perf_counter() - began


if __name__ == "__main__":
    number, seconds = send(sys.argv[1], Path(sys.argv[2]))
    print(f"{number} messages in {seconds:.2f} s", file=sys.stderr)
