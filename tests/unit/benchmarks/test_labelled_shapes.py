"""Labelled events become the messages that Alertmill would have of them."""

from __future__ import annotations

import pytest

from benchmarks.labelled_shapes import SHAPED, Json, shaped


@pytest.mark.parametrize(
    ("log_type", "log", "message"),
    [
        (
            "Amazon.EKS.Audit",
            {"kind": "Event", "p_log_type": "Amazon.EKS.Audit", "p_row_id": "1"},
            {"kind": "Event", "aws": {"source": "cloudwatchlogs"}},
        ),
        (
            "AWS.SecurityFindingFormat",
            {"Title": "x"},
            {"integration": "aws", "aws": {"source": "securityhub", "finding": {"Title": "x"}}},
        ),
        (
            "AWS.VPCFlow",
            {"dstPort": 22, "srcAddr": "192.0.2.1", "action": "REJECT"},
            {
                "integration": "aws",
                "aws": {
                    "source": "vpc",
                    "srcport": "40000",
                    "action": "REJECT",
                    "dstport": "22",
                    "srcaddr": "192.0.2.1",
                },
            },
        ),
        (
            "CiscoUmbrella.DNS",
            {"action": "Blocked", "internalIp": "10.0.0.1"},
            {
                "integration": "aws",
                "aws": {
                    "source": "cisco_umbrella",
                    "categories": "",
                    "action": "Blocked",
                    "internal_ip": "10.0.0.1",
                },
            },
        ),
    ],
)
def test_a_labelled_event_becomes_a_message(log_type: str, log: Json, message: Json) -> None:
    assert shaped(log_type, log) == message


def test_other_products_and_types_are_left_out() -> None:
    assert shaped("Amazon.EKS.Audit", {"p_log_type": "GCP.AuditLog"}) is None
    assert shaped("AWS.CloudTrail", {"eventName": "x"}) is None
    assert len(SHAPED) >= 6
