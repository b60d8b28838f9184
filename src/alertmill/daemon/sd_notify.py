"""What systemd wants to hear from a `Type=notify` service, over the socket named in $NOTIFY_SOCKET (sd_notify(3)).

Without that variable every call does nothing, so the service code has no special case for being run by hand.
"""

from __future__ import annotations

import os
import socket
import time
from contextlib import suppress


class Notifier:
    """Sends state lines; errors are ignored, as sd_notify(3) advises."""

    def __init__(self, address: str | None = None) -> None:
        address = os.environ.get("NOTIFY_SOCKET", "") if address is None else address
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self._pulse_every = _watchdog_seconds() / 2
        self._next_pulse = 0.0

    def _send(self, lines: str) -> None:
        if not self._address:
            return
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as client:
            client.sendto(lines.encode(), self._address)

    def ready(self, status: str) -> None:
        self._send(f"READY=1\nSTATUS={status}")

    def reloading(self) -> None:
        self._send(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def status(self, text: str) -> None:
        self._send(f"STATUS={text}")

    def stopping(self) -> None:
        self._send("STOPPING=1")

    def pulse(self) -> None:
        """Tell the watchdog, if there is one, that the loop turns; cheap enough to call on every turn."""
        if not self._pulse_every:
            return
        now = time.monotonic()
        if now >= self._next_pulse:
            self._next_pulse = now + self._pulse_every
            self._send("WATCHDOG=1")


def _watchdog_seconds() -> float:
    """The watchdog's patience in seconds, 0 when there is none or it watches another process."""
    if os.environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return 0.0
    with suppress(ValueError):
        return int(os.environ.get("WATCHDOG_USEC", "0")) / 1_000_000
    return 0.0
