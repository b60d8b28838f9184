"""Alerts for the tests of `tail` and `top`."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

#: 2026-01-15T10:00:00Z.
TEN = 1768471200.0


def alert(
    rule: str = "100001",
    level: int = 5,
    *,
    at: float = TEN,
    groups: tuple[str, ...] = ("aws",),
    description: str = "something happened",
    user: str = "ann",
    account: str = "123456789012",
    source: str = "cloudtrail",
    **aws: Any,
) -> bytes:
    """A line of alerts.json, with its end."""
    value = {
        "timestamp": datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000"),
        "rule": {"level": level, "description": description, "id": rule, "firedtimes": 1, "groups": list(groups)},
        "id": f"{at:.0f}.1",
        "decoder": {"name": "json"},
        "data": {
            "aws": {
                "source": source,
                "aws_account_id": account,
                "awsRegion": "us-east-1",
                "sourceIPAddress": "198.51.100.7",
                "eventName": "RunInstances",
                "userIdentity": {"userName": user},
                **aws,
            }
        },
        "location": "Wazuh-AWS",
    }
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def home_with(folder: Path, *lines: bytes) -> Path:
    """A home whose alerts.json holds these lines."""
    (folder / "etc").mkdir(parents=True)
    (folder / "etc" / "ossec.conf").write_text("<ossec_config/>\n")
    (folder / "logs" / "alerts").mkdir(parents=True)
    if lines:
        (folder / "logs" / "alerts" / "alerts.json").write_bytes(b"".join(lines))
    return folder
