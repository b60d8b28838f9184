"""Labelled events that are not spelled as AWS spells them, made into the messages that Alertmill would have of them.

Only names of members and what every record has are changed; what a case is about stays as it is. Pure.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Json = dict[str, Any]

#: Members that the collector of the labelled events has added.
_ADDED = "p_"
#: What says which product an event came from, among them.
_PRODUCT = "p_log_type"
_UMBRELLA = {"internalIp": "internal_ip", "externalIp": "external_ip", "responseCode": "response_code"}


def shaped(log_type: str, log: Json) -> Json | None:
    """The message of a labelled event; None for one of another product, or of a type that has a bucket of its own."""
    if log.get(_PRODUCT, log_type) != log_type or log_type not in _SHAPES:
        return None
    return _SHAPES[log_type]({name: value for name, value in log.items() if not name.startswith(_ADDED)})


def _from_cloudwatch(log: Json) -> Json:
    return {**log, "aws": {"source": "cloudwatchlogs"}}


def _finding(log: Json) -> Json:
    return {"integration": "aws", "aws": {"source": "securityhub", "finding": log}}


def _flow(log: Json) -> Json:
    """A record says what became of it, and which port it came from, in every case."""
    row = {"srcport": "40000", "action": "ACCEPT"} | {name.lower(): str(value) for name, value in log.items()}
    return {"integration": "aws", "aws": {"source": "vpc", **row}}


def _umbrella(log: Json) -> Json:
    row = {_UMBRELLA.get(name, name): value for name, value in log.items()}
    return {"integration": "aws", "aws": {"source": "cisco_umbrella", "categories": "", **row}}


_SHAPES: dict[str, Callable[[Json], Json]] = {
    "AWS.BedrockModelInvocation": _from_cloudwatch,
    "AWS.SecurityFindingFormat": _finding,
    "AWS.VPCDns": _from_cloudwatch,
    "AWS.VPCFlow": _flow,
    "Amazon.EKS.Audit": _from_cloudwatch,
    "CiscoUmbrella.DNS": _umbrella,
}

#: Log types that can be made into messages.
SHAPED = tuple(_SHAPES)
