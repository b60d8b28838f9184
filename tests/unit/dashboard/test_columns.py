"""What the dashboard keeps of an alert, in both event formats and of hostile ones."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alertmill.dashboard.columns import COLUMNS, TEXT_LIMIT, VALUE_LIMIT, addresses, listed, row
from unit.dashboard.homes import ZERO, alert, flow


def column(of: dict, name: str) -> object:
    return dict(zip(COLUMNS, row(of), strict=True))[name]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("time", ZERO),
        ("rule", 80202),
        ("level", 3),
        ("groups", ",amazon,aws,"),
        ("source", "cloudtrail"),
        ("account", "123456789012"),
        ("region", "us-east-1"),
        ("bucket", "logs"),
        ("username", "ana"),
        ("src", "198.51.100.7"),
        ("service", "ec2.amazonaws.com"),
        ("action", "DescribeThings"),
        ("agent", "host"),
        ("ec2", "other"),
        ("bytes", None),
        ("addresses", ",198.51.100.7,"),
    ],
)
def test_a_call_of_cloudtrail(name: str, expected: object) -> None:
    assert column(alert(), name) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [("src", "10.0.0.1"), ("dst", "10.0.0.2"), ("port", "443"), ("bytes", 900), ("packets", 2), ("action", "ACCEPT")],
)
def test_a_flow_record(name: str, expected: object) -> None:
    assert column(flow(0, "10.0.0.1", "10.0.0.2", 900), name) == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"event_time": "2026-01-15T09:00:00.000+0000"}, ZERO - 3_600_000),  # improved format
        ({"data__aws__eventTime": "2026-01-15T09:30:00Z"}, ZERO - 1_800_000),  # compatible format
        ({"data__aws__start": "2026-01-15T09:59:00Z"}, ZERO - 60_000),
        ({"data__aws__eventTime": "1970-01-01T00:00:00Z"}, ZERO),  # a clock that was never set
        ({"data__aws__eventTime": "2027-01-01T00:00:00Z"}, ZERO),  # an event later than its alert
        ({"data__aws__eventTime": "0001-01-01T00:00:00+23:59"}, ZERO),
        ({"timestamp": "2026-01-15T11:00:00.000+0100"}, ZERO),
        ({"timestamp": "1960-01-15T11:00:00.000+0100"}, 0),
    ],
)
def test_the_time_is_when_it_happened(changes: dict, expected: int) -> None:
    assert column(alert(**changes), "time") == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"data__aws__userIdentity": {"userName": "bo"}}, "ana"),
        ({"data__dstuser": "", "data__aws__userIdentity": {"userName": "bo"}}, "bo"),
        ({"data__dstuser": None, "data__aws__userIdentity": {"arn": "arn:aws:iam::1:root"}}, "arn:aws:iam::1:root"),
        (
            {
                "data__dstuser": [],
                "data__aws__userIdentity": {"sessionContext": {"sessionIssuer": {"userName": "job"}}},
            },
            "job",
        ),
    ],
)
def test_the_user(changes: dict, expected: str) -> None:
    assert column(alert(**changes), "username") == expected


def test_account_and_region_come_from_the_key_when_nothing_else_tells_them() -> None:
    key = "AWSLogs/o-abc123/210987654321/vpcflowlogs/eu-central-1/2026/01/15/x.log.gz"
    of = flow(0, "10.0.0.1", "10.0.0.2", 1, data__aws__log_info={"log_file": key, "s3bucket": "b"})
    assert (column(of, "account"), column(of, "region")) == ("210987654321", "eu-central-1")


@pytest.mark.parametrize(
    ("call", "error", "kind"),
    [
        ("RunInstances", "", "run"),
        ("StartInstances", "", "start"),
        ("StopInstances", "", "stop"),
        ("StopInstances", "Client.UnauthorizedOperation", "unauthorized"),
        ("AuthorizeSecurityGroupIngress", "", "security group"),
        ("AssociateAddress", "", "address"),
        ("RunInstances", "Client.InvalidParameterValue", "run"),
    ],
)
def test_calls_to_ec2(call: str, error: str, kind: str) -> None:
    assert column(alert(data__aws__eventName=call, data__aws__errorCode=error), "ec2") == kind


def test_calls_to_other_services_are_not_ec2s() -> None:
    assert column(alert(data__aws__eventSource="rds.amazonaws.com", data__aws__eventName="RunInstances"), "ec2") == ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("from 203.0.113.9 port 22", ["203.0.113.9"]),
        ("203.0.113.9:443,10.0.0.1", ["203.0.113.9", "10.0.0.1"]),
        ("version 1.2.3.4.5", []),
        ("999.1.1.1", []),
        ("2001:DB8::1", ["2001:db8::1"]),
        ("fe80:0:0:0:1:2:3:4", ["fe80:0:0:0:1:2:3:4"]),
        ("arn:aws:iam::123456789012:role/x", []),
        ("10:00:00 std::vector ::", []),
    ],
)
def test_addresses_that_are_mentioned(text: str, expected: list[str]) -> None:
    assert addresses([text]) == expected


def test_the_text_is_all_values_in_lower_case_but_not_the_log_that_they_come_from() -> None:
    of = alert(full_log='{"secretword":1}', data__aws__requestParameters={"nested": [{"Deep": "NeedleHere"}]})
    text = column(of, "text")
    assert isinstance(text, str)
    assert "needlehere" in text
    assert "secretword" not in text
    of["decoder"]["name"] = "sshd"
    assert "secretword" in str(column(of, "text"))


def test_long_values_are_cut() -> None:
    of = alert(data__dstuser="u" * 5000, data__junk=["v" * 50_000])
    assert len(str(column(of, "username"))) == VALUE_LIMIT
    assert len(str(column(of, "text"))) == TEXT_LIMIT


@pytest.mark.parametrize(
    "of", [{}, {"rule": {}}, {"rule": {"id": "1"}}, {"rule": {"id": 1}, "timestamp": "yesterday"}, {"rule": []}]
)
def test_what_is_no_alert_is_refused(of: dict) -> None:
    with pytest.raises(ValueError, match="it has no"):
        row(of)


def test_words_of_a_list_have_no_commas() -> None:
    assert listed(["a,b", "", None, "c"]) == ",a b,c,"
    assert listed("one") == ",one,"
    assert listed({"a": 1}) == ""


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)
_NAMES = ("rule", "data", "timestamp", "agent", "decoder", "full_log", "event_time")


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from(_NAMES), _JSON), st.dictionaries(st.sampled_from(("aws", "srcip")), _JSON))
def test_any_object_is_a_row_or_no_alert(members: dict, data: dict) -> None:
    of = alert() | members
    if isinstance(of["data"], dict):
        of["data"] = of["data"] | data
    try:
        values = row(of)
    except ValueError:
        return
    assert len(values) == len(COLUMNS)
    assert all(value is None or isinstance(value, int | str) for value in values)
    json.dumps(values)
