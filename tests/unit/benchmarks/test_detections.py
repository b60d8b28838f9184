"""What is counted as found, and the aims that the shipped rules must not fall behind."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from benchmarks import detections
from benchmarks.detections import Analyst, Labelled, Seen, labelled_events, recorded_attacks, shipped_engine
from benchmarks.known_attacks import OUT_OF_SCOPE, TECHNIQUES, Technique
from support import need_shared

SESSION = "arn:aws:sts::111122223333:assumed-role/web/i-0123456789abcdef0"
CALL: dict[str, Any] = {
    "eventSource": "ec2.amazonaws.com",
    "eventName": "DeleteFlowLogs",
    "userAgent": "aws-cli/2.17.44",
    "userIdentity": {"type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/amelia", "userName": "amelia"},
    "recipientAccountId": "111122223333",
    "readOnly": False,
}


@pytest.mark.parametrize(
    ("change", "technique", "included"),
    [
        ({}, Technique("t", "T1562.008", frozenset(["ec2:DeleteFlowLogs"])), True),
        ({"eventName": "CreateFlowLogs"}, Technique("t", "T1562.008", frozenset(["ec2:DeleteFlowLogs"])), False),
        ({"eventSource": "s3.amazonaws.com"}, Technique("t", "T", frozenset(["ec2:DeleteFlowLogs"])), False),
        ({"userAgent": "HashiCorp Terraform/1.9"}, Technique("t", "T", frozenset(["ec2:DeleteFlowLogs"])), False),
        ({"userIdentity": {"invokedBy": "ec2"}}, Technique("t", "T", frozenset(["ec2:DeleteFlowLogs"])), False),
        (
            {"userIdentity": {"invokedBy": "ec2"}, "eventType": "AwsServiceEvent"},
            Technique("t", "T", frozenset(["ec2:DeleteFlowLogs"])),
            True,
        ),
        ({}, Technique("t", "T", frozenset(["ec2:DeleteFlowLogs"]), refused=True), False),
        ({"errorCode": "AccessDenied"}, Technique("t", "T", frozenset(["ec2:DeleteFlowLogs"]), refused=True), True),
        ({}, Technique("t", "T", frozenset(["ec2:DeleteFlowLogs"]), instance=True), False),
        (
            {"userIdentity": {"arn": SESSION}},
            Technique("t", "T", frozenset(["ec2:DeleteFlowLogs"]), instance=True),
            True,
        ),
    ],
)
def test_which_events_are_part_of_a_technique(change: dict[str, Any], technique: Technique, included: bool) -> None:
    assert technique.includes({**CALL, **change}) is included


@lru_cache(maxsize=1)
def analyst() -> Analyst:
    return Analyst(shipped_engine())


def test_an_event_is_seen_with_the_rule_that_decides() -> None:
    (seen,) = analyst().look("cloudtrail", [{**CALL, "source": "cloudtrail"}], "x.json.gz")
    assert (seen.rule, seen.level) == (160650, 10)


def test_what_is_not_written_is_silence() -> None:
    read = {**CALL, "eventSource": "iam.amazonaws.com", "eventName": "ListUsers", "readOnly": True}
    (seen,) = analyst().look("cloudtrail", [{**read, "source": "cloudtrail"}], "x.json.gz")
    assert (seen.rule, seen.level) == (None, 0)


def test_without_the_data_nothing_is_measured(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(detections, "DATA", tmp_path / "absent")
    monkeypatch.setattr(detections, "PAGE", tmp_path / "page.md")
    assert detections.main([]) == 0
    assert "nothing measured" in capsys.readouterr().err
    assert not (tmp_path / "page.md").exists()


def test_no_technique_is_listed_twice() -> None:
    assert len({technique.name for technique in TECHNIQUES}) == len(TECHNIQUES)


def test_every_recorded_technique_is_told() -> None:
    need_shared("data", "aws")
    found, _ = recorded_attacks(analyst())
    assert [one.technique.name for one in found] == [technique.name for technique in TECHNIQUES]
    assert {one.technique.name: one.level for one in found if one.level < detections.TOLD} == {}


def test_labelled_events_of_cloudtrail_are_told_apart() -> None:
    need_shared("data", "aws")
    every = labelled_events(analyst())
    assert set(OUT_OF_SCOPE) <= {one.rule for one in every}
    labelled = [one for one in every if one.log_type == "AWS.CloudTrail"]
    assert _share(labelled, positive=True, level=detections.NOTED) >= 0.85
    assert _share(labelled, positive=True, level=detections.TOLD) >= 0.80
    assert _share(labelled, positive=False, level=detections.TOLD) <= 0.12


def test_labelled_events_of_the_other_sources_are_told_apart() -> None:
    need_shared("data", "aws")
    addressed = [one for one in labelled_events(analyst()) if one.log_type != "AWS.CloudTrail" and not one.reason]
    assert {one.log_type for one in addressed} >= {"AWS.GuardDuty", "AWS.WAFWebACL", "Amazon.EKS.Audit", "AWS.VPCDns"}
    assert _share(addressed, positive=True, level=detections.NOTED) >= 0.95
    assert _share(addressed, positive=False, level=detections.TOLD) <= 0.12


def _share(labelled: list[Labelled], *, positive: bool, level: int) -> float:
    seen: list[Seen] = [seen for one in labelled for _, seen in (one.positive if positive else one.negative)]
    return sum(one.level >= level for one in seen) / len(seen)
