from __future__ import annotations

import json
from typing import Any

import pytest

from alertmill.sources.aws.buckets import guardduty
from alertmill.sources.aws.buckets.guardduty import GuardDuty
from alertmill.sources.aws.envelope import Discard, Envelope
from alertmill.sources.aws.faults import ObjectError, ParseError, ShapeError
from alertmill.sources.aws.formats import BadLine, SpecialRecord

TYPE = GuardDuty()
NATIVE = "AWSLogs/123456789012/GuardDuty/us-east-1/2026/01/15/5d1a.jsonl.gz"
STREAM = "firehose/2026/01/15/10/findings-1-2026-01-15-10-00-00-5d1a"
FINDING: dict[str, Any] = {
    "schemaVersion": "2.0",
    "accountId": "123456789012",
    "id": "f1",
    "type": "UnauthorizedAccess:EC2/SSHBruteForce",
    "severity": 5,
    "resource": {"instanceDetails": {"tags": [{"key": "Name", "value": "web"}], "platform": None}},
    "service": {"serviceName": "guardduty", "eventLastSeen": "2026-01-15T10:00:00Z", "count": 2},
    "updatedAt": "2026-01-15T10:05:00.5Z",
}


def probed(probes: Any, **more: Any) -> dict[str, Any]:
    action = {"actionType": "PORT_PROBE", "portProbeAction": {"blocked": False, "portProbeDetails": probes}}
    return {"id": "p1", **more, "service": {"serviceName": "guardduty", "action": action, "count": 3}}


def event(finding: dict[str, Any], **outer: Any) -> dict[str, Any]:
    return {"source": "aws.guardduty", "detail-type": "GuardDuty Finding", **outer, "detail": finding}


def lines(*values: Any) -> bytes:
    return "".join(value if isinstance(value, str) else json.dumps(value) + "\n" for value in values).encode()


def read(data: bytes, key: str, step: int = 1 << 20) -> list[dict[str, Any] | BadLine]:
    return list(TYPE.records([data[at : at + step] for at in range(0, len(data), step)], key))


def messages(data: bytes, key: str = NATIVE) -> list[dict[str, Any]]:
    found = []
    for record in read(data, key):
        assert isinstance(record, dict)
        aws = TYPE.wrap(Envelope("b", "k", "", None), record)["aws"]
        del aws["log_info"]
        found.append(aws)
    return found


# --- what an object holds --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", [1, 50, 1 << 20])
@pytest.mark.parametrize("key", [NATIVE, STREAM, "findings.json"])
def test_findings_by_line_are_told_by_their_content(key: str, step: int) -> None:
    data = b"\n" + lines(FINDING, "\r\n", "  \n", {**FINDING, "id": "f2"})
    assert read(data, key, step) == [{**FINDING, "source": "guardduty"}, {**FINDING, "id": "f2", "source": "guardduty"}]


@pytest.mark.parametrize("between", ["", "\n", " \r\n"])
@pytest.mark.parametrize("key", [NATIVE, STREAM])
def test_events_one_behind_the_other(key: str, between: str) -> None:
    data = between.join(json.dumps(event({**FINDING, "id": name}, id=name)) for name in ("a", "b")).encode()
    found = read(data, key)
    assert found == [{**FINDING, "id": name, "source": "guardduty"} for name in ("a", "b")]
    outer = {"source": "aws.guardduty", "detail-type": "GuardDuty Finding"}
    assert [row.outer for row in found if isinstance(row, SpecialRecord)] == [{**outer, "id": n} for n in ("a", "b")]


def test_both_in_one_object() -> None:
    data = lines(event(FINDING), FINDING)
    assert [dict(row) for row in read(data, STREAM) if isinstance(row, dict)] == [
        {**FINDING, "source": "guardduty"}
    ] * 2


def test_findings_without_anything_between_them() -> None:
    assert len(read((json.dumps(FINDING) * 3).encode(), STREAM)) == 3
    assert len(read((json.dumps(FINDING) * 6000).encode(), STREAM)) == 6000


@pytest.mark.parametrize("key", [NATIVE, STREAM])
def test_a_bad_line_costs_only_itself(key: str) -> None:
    data = lines(
        FINDING, '{"broken\n', {"no": "service"}, {"service": {"serviceName": 5}}, "[1]\n", {"detail": {}}, FINDING
    )
    assert [row.line if isinstance(row, BadLine) else row["id"] for row in read(data, key)] == [
        "f1",
        2,
        3,
        4,
        5,
        6,
        "f1",
    ]


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (json.dumps(event(FINDING)) + "{", ParseError),
        (json.dumps(event(FINDING)) + '{"detail":5,"source":"aws.x"}', ShapeError),
        (json.dumps(event(FINDING)) + '{"detail":{}}', ShapeError),
        ("plain text", ParseError),
        ("[1]", ShapeError),
    ],
)
def test_a_bad_event_spoils_its_object(text: str, error: type[ObjectError]) -> None:
    with pytest.raises(error):
        next(iter(TYPE.records([text.encode()], STREAM)))


def test_other_objects_of_a_stream_are_passed_over() -> None:
    assert read(lines({"note": 1}, event(FINDING), {"service": "text"}), STREAM) == [{**FINDING, "source": "guardduty"}]


def test_text_that_is_not_utf_8_spoils_its_object() -> None:
    with pytest.raises(ParseError):
        next(iter(TYPE.records([lines(FINDING), b"\xff\n"], NATIVE)))


@pytest.mark.parametrize("key", [NATIVE, STREAM])
def test_blank_objects(key: str) -> None:
    assert read(b"", key) == read(b" \r\n\n", key) == []


def test_the_source_stands_in_its_place() -> None:
    (record,) = read(lines({"source": "own", **FINDING}), NATIVE)
    assert isinstance(record, dict)
    assert next(iter(record.items())) == ("source", "guardduty")


def test_odd_findings_are_marked() -> None:
    one, other, *probes = read(
        lines('{"n":NaN,"service":{"serviceName":"x"}}\n', FINDING, {**probed([1, 2]), "n": 2**70}), NATIVE
    )
    assert [type(row) is SpecialRecord and row.odd for row in (one, other, *probes)] == [True, False, True, True]


# --- messages --------------------------------------------------------------------------------------------------------


def test_a_message() -> None:
    (aws,) = messages(lines({**FINDING, "tags": "x", "sourceIPAddress": "192.0.2.1"}))
    assert aws["resource"] == {"instanceDetails": {"tags": {"key": "Name", "value": "web"}}}
    assert aws["tags"] == {"value": "x"}
    assert list(aws)[-2:] == ["source", "source_ip_address"]
    assert "aws_account_id" not in aws


def test_unusual_stays_as_it_is() -> None:
    service = {"serviceName": "guardduty", "additionalInfo": {"unusual": "abc"}}
    (aws,) = messages(lines(event({"service": service})), STREAM)
    assert aws["service"] == service


ONE, OTHER = {"localPortDetails": {"port": 22}}, {"localPortDetails": {"port": 80}, "ip": None, "list": [1]}


@pytest.mark.parametrize("wrapped", [False, True])
def test_one_message_for_each_probed_port(wrapped: bool) -> None:
    finding = probed(
        [ONE, OTHER], tags=["a"], none=None, list=[1], sourceIPAddress="192.0.2.1", deep={"none": None, "l": [2]}
    )
    found = messages(lines(event(finding) if wrapped else finding), STREAM if wrapped else NATIVE)
    expected = {"tags": ["a"], "list": [1], "sourceIPAddress": "192.0.2.1", "deep": {"l": [2]}}
    assert found == [
        {"id": "p1", **expected, "service": probed(probe)["service"], "source": "guardduty"} for probe in (ONE, OTHER)
    ]
    assert list(found[0]) == ["id", "tags", "list", "sourceIPAddress", "deep", "service", "source"]
    assert list(found[0]["service"]) == ["serviceName", "action", "count"]


@pytest.mark.parametrize(
    ("probes", "shown"),
    [
        ([ONE], ONE),
        (ONE, ONE),
        ([], []),
        ("text", "text"),
        ([["a", "b"]], ["a", "b"]),
    ],
)
def test_findings_about_one_port(probes: Any, shown: Any) -> None:
    (aws,) = messages(lines(probed(probes)))
    assert aws["service"]["action"]["portProbeAction"]["portProbeDetails"] == shown


@pytest.mark.parametrize(
    "service",
    [
        {"action": "text"},
        {"action": None},
        {"action": {"portProbeAction": ["a", "b"]}},
        {"action": {"portProbeAction": {}}},
        {"action": {"portProbeAction": "portProbeDetails"}},
    ],
)
def test_actions_of_another_shape(service: dict[str, Any]) -> None:
    assert len(messages(lines({"service": {"serviceName": "guardduty", **service}}))) == 1


def test_more_probes_than_anyone_looks_at_are_one_message() -> None:
    most = [{"n": number} for number in range(guardduty._MAX_PROBES)]
    assert len(messages(lines(probed(most)))) == len(most)
    (aws,) = messages(lines(probed([*most, {}])))
    assert len(aws["service"]["action"]["portProbeAction"]["portProbeDetails"]) == len(most) + 1


@pytest.mark.parametrize(
    ("pattern", "kept"), [("203.0.113.5", 0), ("203.0.113.6", 0), ("203.0.113.7", 2), ("203.0.113", 0)]
)
def test_discard_regex_sees_all_probes_of_a_finding(pattern: str, kept: int) -> None:
    finding = probed([{"ip": "203.0.113.5"}, {"ip": "203.0.113.6"}])
    drops = Discard("service.action.portProbeAction.portProbeDetails.ip", pattern.replace(".", r"\.")).drops
    kept_records = [record for record in read(lines(finding), NATIVE) if isinstance(record, dict) and not drops(record)]
    assert len(kept_records) == kept


# --- time and id -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("finding", "time"),
    [
        (FINDING, 1768471500.5),
        ({"service": {"eventLastSeen": "2026-01-15T10:00:00Z"}}, 1768471200.0),
        ({"updatedAt": "?", "service": {"eventLastSeen": "2026-01-15T10:00:00Z"}}, 1768471200.0),
        ({"updatedAt": "1970-01-01T00:00:00Z"}, 0.0),
        ({"updatedAt": 5, "service": {"eventLastSeen": 5}}, None),
        ({"service": "text"}, None),
        ({}, None),
    ],
)
def test_event_time(finding: dict[str, Any], time: float | None) -> None:
    assert TYPE.event_time(finding) == time


def test_event_time_of_the_event_around_the_finding() -> None:
    (record,) = read(lines(event({"id": "x"}, time="2026-01-15T10:00:00Z")), STREAM)
    assert isinstance(record, dict)
    assert TYPE.event_time(record) == 1768471200.0


def test_a_finding_is_updated_under_its_id() -> None:
    assert TYPE.event_id(FINDING) is None
