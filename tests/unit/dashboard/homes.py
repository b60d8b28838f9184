"""Homes with alert files for the tests of the dashboard, and requests to its application without a network."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from alertmill.dashboard.app import Dashboard
from alertmill.dashboard.assets import Assets
from alertmill.dashboard.cache import Cache
from alertmill.dashboard.fold import Folder
from alertmill.dashboard.guard import Access

START = datetime(2026, 1, 15, 10, 0, tzinfo=UTC)
#: START in milliseconds.
ZERO = round(START.timestamp() * 1000)


def alert(second: int = 0, **changes: Any) -> dict[str, Any]:
    """An alert of CloudTrail's, `second` seconds after START; `changes` go by dotted path, with __ for the dots."""
    moment = datetime.fromtimestamp(START.timestamp() + second, UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")
    made: dict[str, Any] = {
        "timestamp": moment,
        "rule": {"level": 3, "description": "a call", "id": "80202", "groups": ["amazon", "aws"]},
        "agent": {"id": "000", "name": "host"},
        "id": f"{second}.1",
        "decoder": {"name": "json"},
        "data": {
            "action": "DescribeThings",
            "srcip": "198.51.100.7",
            "dstuser": "ana",
            "aws": {
                "source": "cloudtrail",
                "aws_account_id": "123456789012",
                "awsRegion": "us-east-1",
                "eventSource": "ec2.amazonaws.com",
                "eventName": "DescribeThings",
                "log_info": {"s3bucket": "logs", "log_file": "AWSLogs/x.json.gz", "record": "4"},
            },
        },
        "location": "Wazuh-AWS",
    }
    for path, value in changes.items():
        *parents, last = path.split("__")
        part = made
        for parent in parents:
            part = part.setdefault(parent, {})
        part[last] = value
    return made


def flow(second: int, src: str, dst: str, size: int, **changes: Any) -> dict[str, Any]:
    """An alert on a flow record."""
    aws = {"source": "vpc", "srcaddr": src, "dstaddr": dst, "dstport": "443", "bytes": str(size), "packets": "2"}
    data = {"srcip": src, "dstip": dst, "dstport": "443", "protocol": "6", "action": "ACCEPT", "aws": aws}
    return alert(second, data=data, **{"rule__groups": ["amazon", "aws", "flows"], "rule__id": "80921", **changes})


def text_of(alerts: Sequence[dict[str, Any] | bytes]) -> bytes:
    """Lines of an alert file; bytes stand as they are."""
    return b"".join((one if isinstance(one, bytes) else json.dumps(one).encode()) + b"\n" for one in alerts)


def day_path(home: Path, day: int = 15) -> Path:
    path = home / "logs" / "alerts" / "2026" / "Jan" / f"ossec-alerts-{day:02d}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def write_day(home: Path, alerts: Sequence[dict[str, Any] | bytes], day: int = 15) -> Path:
    """A day's file, to which alerts.json is linked as the daemon does it."""
    path = day_path(home, day)
    path.write_bytes(text_of(alerts))
    link = home / "logs" / "alerts" / "alerts.json"
    link.unlink(missing_ok=True)
    link.hardlink_to(path)
    return path


@dataclass
class Desk:
    """A home, its folded cache, and the application over them."""

    home: Path
    cache: Cache
    folder: Folder
    dashboard: Dashboard

    def get(self, address: str, **headers: str) -> Reply:
        return request(self.dashboard.application(), address, headers=headers)

    def ask(self, address: str) -> Any:
        """The value of an answer that must be one."""
        reply = self.get(address)
        assert reply.status == 200, reply.body
        return json.loads(reply.body)


@contextmanager
def desk(home: Path, alerts: Sequence[dict[str, Any] | bytes] = (), access: Access | None = None) -> Iterator[Desk]:
    """A desk over a home with these alerts in one day file."""
    if alerts:
        write_day(home, alerts)
    folder_of_cache = home / "cache"
    folder_of_cache.mkdir(parents=True, exist_ok=True)
    cache = Cache(folder_of_cache)
    try:
        folder = Folder(home, cache)
        folder.turn()
        yield Desk(home, cache, folder, Dashboard(home, cache, folder, Assets(folder_of_cache), access or Access()))
    finally:
        cache.close()


@dataclass
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes

    def value(self) -> Any:
        return json.loads(self.body)


def request(
    application: Any,
    address: str,
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
    client: str = "127.0.0.1",
) -> Reply:
    """One request to an ASGI application. Header names may have _ for -."""
    parts = urlsplit(address)
    given = {"host": "127.0.0.1:8055", **{name.replace("_", "-"): value for name, value in (headers or {}).items()}}
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": parts.path,
        "raw_path": parts.path.encode(),
        "query_string": parts.query.encode(),
        "root_path": "",
        "headers": [(name.lower().encode(), value.encode()) for name, value in given.items()],
        "client": (client, 50000),
        "server": ("127.0.0.1", 8055),
    }
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    try:
        asyncio.run(application(scope, receive, send))
    except Exception:
        if not sent:  # a failure is told to the terminal behind the answer
            raise
    raw = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return Reply(sent[0]["status"], raw, b"".join(message.get("body", b"") for message in sent[1:]))
