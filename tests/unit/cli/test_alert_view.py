"""What is shown of an alert, whatever it contains, and which alerts are wanted."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alertmill.cli.alert_view import AlertView, Wanted, alert_time, read_alert
from unit.cli.alerts import TEN, alert

#: Right-to-left override, escape, carriage return, C1 introducer, line separator, zero width.
HOSTILE = "a\u202eb\x1b[31mc\rd\x9be\u2028f\u200bg\x07"


def view(line: bytes) -> AlertView:
    found = read_alert(line)
    assert found is not None
    return found


def test_a_call() -> None:
    assert view(alert("80301", 3, groups=("aws", "aws_ec2"))) == AlertView(
        happened="2026-01-15T10:00:00.000+0000",
        arrival=TEN,
        time=TEN,
        level=3,
        rule="80301",
        description="something happened",
        groups=("aws", "aws_ec2"),
        source="cloudtrail",
        account="123456789012",
        region="us-east-1",
        user="ann",
        address="198.51.100.7",
        action="RunInstances",
    )


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (
            {"srcip": "10.0.0.1", "dstip": "10.0.0.2", "dstport": "22", "action": "REJECT"},
            "|10.0.0.1->10.0.0.2:22|REJECT",
        ),
        ({"srcip": "10.0.0.1", "dstuser": "bob", "url": "/login"}, "bob|10.0.0.1|/login"),
        ({"aws": {"userIdentity": {"arn": "arn:aws:sts::1:assumed-role/deploy/i-1"}}}, "deploy/i-1||"),
        ({"aws": {"userIdentity": {"arn": "arn:aws:iam::1:root"}}}, "arn:aws:iam::1:root||"),
        ({"aws": {"srcaddr": "10.0.0.1", "dstaddr": "10.0.0.2"}}, "|10.0.0.1->10.0.0.2|"),
        ({"aws": {"type": "Recon:EC2/Portscan"}}, "||Recon:EC2/Portscan"),
    ],
)
def test_who_from_where_what(data: dict[str, Any], expected: str) -> None:
    found = view(json.dumps({"rule": {"id": "1", "level": 1}, "data": data}).encode())
    assert "|".join((found.user, found.address, found.action)) == expected


def test_an_event_has_a_time_of_its_own() -> None:
    line = json.loads(alert(at=TEN))
    line["event_time"] = "2026-01-14T10:00:00.000+0000"
    found = view(json.dumps(line).encode())
    assert (found.happened[:10], found.arrival, found.time) == ("2026-01-14", TEN, TEN - 86400)


@pytest.mark.parametrize("line", [b"", b"no JSON", b"[1]", b"{}", b'{"rule": 5}', b"\xff\xfe", b"{" * 100_000])
def test_what_is_no_alert(line: bytes) -> None:
    assert read_alert(line) is None


def test_bytes_that_are_no_text() -> None:
    assert view(alert(user="ann").replace(b"ann", b"a\xe9n")).user == "a\N{REPLACEMENT CHARACTER}n"


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(max_size=200) | st.just(HOSTILE),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
        max_leaves=8,
    ),
    st.sampled_from(
        [
            *(
                "timestamp",
                "event_time",
                "location",
                "decoder",
                "data",
                "data.aws",
                "data.srcip",
                "data.aws.userIdentity",
            ),
            *("data.aws.userIdentity.arn", "data.aws.eventName", "rule.level", "rule.id", "rule.groups"),
            "data.aws.userIdentity",
        ]
    ),
)
def test_any_value_anywhere_is_shown_safely(value: Any, place: str) -> None:
    line = json.loads(alert())
    *parents, name = place.split(".")
    parent = line
    for word in parents:
        parent = parent[word]
    parent[name] = value
    found = view(json.dumps(line).encode())
    texts = [getattr(found, field) for field in AlertView.__slots__]
    texts = [text for text in texts if isinstance(text, str)] + list(found.groups)
    assert all(text.isprintable() for text in texts)
    assert all(len(text) <= 300 for text in texts)


@pytest.mark.parametrize(
    ("wanted", "is_wanted"),
    [
        (Wanted(), True),
        (Wanted(level=5), True),
        (Wanted(level=6), False),
        (Wanted(rules=frozenset({"1", "100001"})), True),
        (Wanted(rules=frozenset({"1"})), False),
        (Wanted(groups=frozenset({"aws_ec2", "x"})), True),
        (Wanted(groups=frozenset({"aws_ec"})), False),
        (Wanted(accounts=frozenset({"123456789012"})), True),
        (Wanted(accounts=frozenset({"12345678901"})), False),
        (Wanted(match="runINSTANCES"), True),
        (Wanted(match="StopInstances"), False),
        (Wanted(level=5, match="ann", groups=frozenset({"aws"})), True),
        (Wanted(level=5, match="ann", groups=frozenset({"no"})), False),
    ],
)
def test_wanted(wanted: Wanted, is_wanted: bool) -> None:
    assert (wanted.view(alert(groups=("aws", "aws_ec2"))) is not None) is is_wanted


def test_what_is_no_alert_is_never_wanted() -> None:
    assert Wanted().view(b"nothing") is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-15T10:00:00.000+0000", TEN),
        ("2026-01-15T11:00:00.5+01:00", TEN + 0.5),
        ("yesterday", None),
        ("", None),
        ("9999-99-99T00:00:00", None),
    ],
)
def test_times(text: str, expected: float | None) -> None:
    assert alert_time(text) == expected
