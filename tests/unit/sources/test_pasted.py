"""What people paste becomes the record that the engine would have had, and they are told how."""

from __future__ import annotations

import json
from typing import Any

import pytest

from alertmill.alerts import AlertFacts, AlertWriter
from alertmill.event import Event, Match, Record, RuleInfo
from alertmill.sources.pasted import Paste, Pasted

NOW = 1772625600.0

CALL = {
    "eventVersion": "1.08",
    "userIdentity": {"type": "IAMUser", "userName": "alice"},
    "eventTime": "2026-01-15T10:00:00Z",
    "eventSource": "ec2.amazonaws.com",
    "eventName": "StartInstances",
    "requestParameters": None,
    "recipientAccountId": "123456789012",
}
FLOW = "2 123456789012 eni-0a1b 203.0.113.9 10.0.0.5 40000 22 6 4 240 1768471200 1768471260 REJECT OK"


def pasted(*lines: Any, event_format: Any = "improved", **more: Any) -> list[Pasted]:
    texts = [line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines]
    return list(Paste(event_format, lambda: NOW, **more).records(texts))


def message(one: Pasted) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(one.record.message)
    return found


def test_a_log_line_is_taken_as_it_is() -> None:
    (one,) = pasted(b"Jan 15 10:00:00 web1 sshd[1]: \xff", queue="4")
    assert (one.record.message[-2:], one.record.location, one.record.queue, one.made) == (" \xff", "stdin", "4", "")
    (one,) = pasted(b'{"message":"x","location":"/y"}')
    assert (one.record.message, one.record.location) == ("x", "/y")
    (one,) = pasted(b'{"some":"json"}', location="/z")
    assert (one.record.message, one.record.location) == ('{"some":"json"}', "/z")


@pytest.mark.parametrize("event_format", ["improved", "compatible"])
def test_a_cloudtrail_record_is_wrapped_as_the_s3_source_does(event_format: str) -> None:
    (one,) = pasted(CALL, event_format=event_format)
    aws = message(one)["aws"]
    assert (message(one)["integration"], aws["source"], aws["aws_account_id"]) == ("aws", "cloudtrail", "123456789012")
    assert "requestParameters" not in aws
    assert one.record.location == "Wazuh-AWS"
    improved = event_format == "improved"
    assert one.record.message.startswith('{"integration":"aws"' if improved else '{"integration": "aws"')
    assert one.record.event_time == (1768471200.0 if improved else None)
    assert (
        one.made == f"a CloudTrail record, wrapped as the S3 source does (type cloudtrail, event format {event_format})"
    )


def test_several_records_in_one_document_or_list() -> None:
    for line in ({"Records": [CALL, CALL]}, [CALL, CALL]):
        assert [message(one)["aws"]["eventName"] for one in pasted(line)] == ["StartInstances"] * 2


def test_a_record_as_the_console_copies_it_is_spread_over_lines() -> None:
    lines = json.dumps(CALL, indent=4).encode().split(b"\n")
    (one,) = pasted(*lines)
    assert message(one)["aws"]["userIdentity"] == CALL["userIdentity"]
    assert [one.record.message for one in pasted(b"{", b"no json", b"}")] == ["{", "no json", "}"]
    assert [one.record.message for one in pasted(b"{", b"never closed")] == ["{", "never closed"]


def names(*lines: Any) -> list[str]:
    return [message(one)["aws"]["eventName"] for one in pasted(*lines)]


def test_a_record_is_cut_out_of_an_indented_file() -> None:
    odd = CALL | {"note": 'quote " bracket } backslash \\ ['}
    lines = json.dumps({"Records": [odd, CALL]}, indent=4).encode().split(b"\n")[2:-2]
    assert (lines[0], lines[-1]) == (b"        {", b"        }")
    one, other = pasted(*lines)
    assert (message(one)["aws"]["note"], message(other)["aws"]["eventName"]) == (odd["note"], "StartInstances")
    tabs = json.dumps([CALL], indent="\t").encode().split(b"\n")[1:-1]
    assert names(*(line + b"\r" for line in tabs), b"", b"   ") == ["StartInstances"]
    assert (
        names(b'{"Records": [', b"  " + json.dumps(CALL).encode() + b",", json.dumps(CALL).encode(), b"]}")
        == ["StartInstances"] * 2
    )


def test_a_comma_behind_and_a_byte_order_mark_before_do_not_matter() -> None:
    line = json.dumps(CALL).encode()
    assert names(line + b",") == names(line + b" , \r") == names(b"\xef\xbb\xbf" + line) == ["StartInstances"]
    assert pasted(b'{"some":"json"},')[0].record.message == '{"some":"json"}'


def test_records_inside_of_other_answers() -> None:
    looked_up = {"EventId": "1", "EventName": "StartInstances", "CloudTrailEvent": json.dumps(CALL)}
    bridged = {"version": "0", "detail-type": "AWS API Call via CloudTrail", "source": "aws.ec2", "detail": CALL}
    assert names({"Events": [looked_up, looked_up]}) == ["StartInstances"] * 2
    assert names(*json.dumps({"Events": [looked_up]}, indent=4).encode().split(b"\n")) == ["StartInstances"]
    assert names(looked_up) == names(bridged) == names([bridged]) == ["StartInstances"]
    for kept in ({"Events": [looked_up, {"x": 1}]}, {"detail-type": "x", "detail": {}}, {"Events": 1}, {"Events": []}):
        assert pasted(kept)[0].record.message == json.dumps(kept)


@pytest.mark.parametrize("line", [b"{", b"        {", b'  "eventVersion": "1.08",', b"}", b'{"eventName": "Star'])
def test_a_piece_of_json_is_called_one(line: bytes) -> None:
    (one,) = pasted(line)
    assert one.record.message.encode() == line
    assert one.made.startswith("it looks like a piece of JSON")


def test_text_behind_an_open_bracket_loses_nothing() -> None:
    lines = [b'{"a": 1,', b"a log line", b"[Fri Jan 15] [error] x", b"[", b'{"b": "']
    assert [one.record.message.encode() for one in pasted(*lines, json.dumps(CALL).encode())][:5] == lines


def test_blank_lines_are_no_events() -> None:
    assert pasted(b"", b"  ", b"\t\r") == []


def test_a_wrapped_event_stays_as_it_is() -> None:
    (one,) = pasted(b'{"integration":"aws","aws":{}}')
    assert (one.record.message, one.record.location, one.made) == ('{"integration":"aws","aws":{}}', "Wazuh-AWS", "")


@pytest.mark.parametrize(
    ("lines", "port"),
    [
        ((FLOW.encode(),), "22"),
        ((b"version srcaddr dstaddr dstport start action", b"3 203.0.113.9 10.0.0.5 23 1768471200 ACCEPT"), "23"),
        (({"version": 2, "srcaddr": "203.0.113.9", "dstaddr": "10.0.0.5", "dstport": 24, "start": 1768471200},), "24"),
    ],
)
def test_a_flow_record(lines: tuple[Any, ...], port: str) -> None:
    (one,) = pasted(*lines)
    aws = message(one)["aws"]
    assert (aws["source"], aws["srcaddr"], aws["dstport"]) == ("vpc", "203.0.113.9", port)
    assert aws["start"] == "2026-01-15T10:00:00Z"
    assert "wrapped as the S3 source does (type vpcflow" in one.made


def test_other_content_of_buckets_is_recognised() -> None:
    line = {"timestamp": 1768471200000, "formatVersion": 1, "webaclId": "arn:aws:wafv2:x", "action": "BLOCK"}
    (one,) = pasted(line)
    assert message(one)["aws"]["source"] == "waf"
    assert one.made.startswith("waf content, wrapped")


def test_what_cannot_be_wrapped_is_taken_as_it_is() -> None:
    odd = b'{"eventName":"x","eventSource":"y","deep":' + b"[" * 3000 + b"]" * 3000 + b"}"
    (one,) = pasted(odd)
    assert one.record.message.startswith(('{"eventName"', '{"integration"'))
    (one,) = pasted(b"[1, 2]")
    assert (one.record.message, one.made) == ("[1, 2]", "")


def test_raw_lines_are_never_touched() -> None:
    texts = [json.dumps(CALL).encode(), b'{"message":"x"}', b"{", FLOW.encode()]
    found = list(Paste("improved", lambda: NOW, raw=True).records(texts))
    assert [one.record.message.encode() for one in found] == texts


def alert(message: str, location: str = "/var/log/x", *, document: bool = False) -> dict[str, Any]:
    """A line of alerts.json as Alertmill writes it."""
    event = Event(Record(message, location, NOW - 60), location=location, hostname="web1")
    if location.startswith("["):
        event.agent_id, event.location = location[1:4], location[6:]
    if document:
        event.fields.add("integration", "aws")
        event.fields.add("aws.eventName", "StartInstances")
        event.static["srcip"] = "203.0.113.9"
    match = Match(RuleInfo(100, 5, "x", no_full_log=document), 1)
    written: dict[str, Any] = json.loads(AlertWriter(AlertFacts("manager")).json_line(event, match, "1.0"))
    return written


def test_an_alert_gives_its_event_back() -> None:
    (one,) = pasted(alert("a log"))
    assert (one.record.message, one.record.location, one.made) == ("a log", "/var/log/x", "an alert: its full_log")
    assert one.record.time == NOW - 60
    (one,) = pasted({"_index": "alerts", "_source": alert("a log")})
    assert one.record.message == "a log"


def test_an_alert_of_an_agent_comes_from_the_agent() -> None:
    (one,) = pasted(alert("a log", "[001] (web) 10.0.0.1->/var/log/x"))
    assert one.record.location == "[001] (web) 10.0.0.1->/var/log/x"


def test_an_alert_without_full_log_is_put_together_from_its_data() -> None:
    (one,) = pasted(alert("{}", "Wazuh-AWS", document=True))
    assert one.record.message == '{"integration":"aws","aws":{"eventName":"StartInstances"}}'
    assert one.made.startswith("an alert without full_log: the message is put together from its data")
    (one,) = pasted(alert("{}", "Wazuh-AWS", document=True), event_format="compatible")
    assert one.record.message == '{"integration": "aws", "aws": {"eventName": "StartInstances"}}'


def test_an_alert_with_a_strange_time_is_of_now() -> None:
    (one,) = pasted(alert("a log") | {"timestamp": "yesterday"})
    assert one.record.time == NOW
