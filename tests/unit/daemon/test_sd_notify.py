"""systemd hears what sd_notify(3) says it should; without a socket nothing happens."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from alertmill.daemon.sd_notify import Notifier
from support import PATIENCE


@pytest.fixture
def listener(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as bound:
        bound.bind(str(tmp_path / "notify"))
        bound.settimeout(PATIENCE)
        yield bound


def heard(listener: socket.socket) -> list[str]:
    return listener.recv(4096).decode().split("\n")


def test_the_life_of_a_service(listener: socket.socket) -> None:
    notifier = Notifier(listener.getsockname())
    notifier.ready("analysing")
    assert heard(listener) == ["READY=1", "STATUS=analysing"]
    notifier.reloading()
    reloading, monotonic = heard(listener)
    assert reloading == "RELOADING=1"
    assert monotonic.removeprefix("MONOTONIC_USEC=").isdigit()
    notifier.stopping()
    assert heard(listener) == ["STOPPING=1"]


def test_the_watchdog_hears_at_half_of_its_patience(listener: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", "3600000000")
    monkeypatch.setenv("WATCHDOG_PID", str(os.getpid()))
    notifier = Notifier(listener.getsockname())
    for _ in range(3):
        notifier.pulse()
    assert heard(listener) == ["WATCHDOG=1"]
    listener.setblocking(False)
    with pytest.raises(BlockingIOError):
        listener.recv(10)


@pytest.mark.parametrize("variables", [{}, {"WATCHDOG_USEC": "junk"}, {"WATCHDOG_USEC": "1", "WATCHDOG_PID": "1"}])
def test_no_pulse_without_a_watchdog(
    listener: socket.socket, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]
) -> None:
    for name in ("WATCHDOG_USEC", "WATCHDOG_PID"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    Notifier(listener.getsockname()).pulse()
    listener.setblocking(False)
    with pytest.raises(BlockingIOError):
        listener.recv(10)


def test_without_systemd_every_call_is_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    for notifier in (Notifier(), Notifier("/does/not/exist")):
        notifier.ready("x")
        notifier.stopping()
