"""The sample objects: the same seed gives the same bytes, and what is in them looks like AWS's own logs."""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from itertools import islice
from typing import Any

import pytest

from alertmill.samples import (
    EVENTFUL,
    ORDINARY,
    QUIET,
    CloudTrailProfile,
    FlowProfile,
    SampleObject,
    cloudtrail_objects,
    flow_objects,
)
from alertmill.samples.calls import CALLS
from alertmill.samples.cast import Cast
from alertmill.samples.cloudtrail import _STORY
from alertmill.samples.incidents import INCIDENTS
from alertmill.samples.objects import Dice

START = datetime(2026, 1, 15, 10, 3, 20, tzinfo=UTC)
#: Addresses that belong to nobody: documentation (RFC 5737), and private ones inside the sample network.
INVENTED = [ip_network(n) for n in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "10.0.0.0/8")]

#: The members of a CloudTrail record in AWS's order.
MEMBERS = """
    eventVersion userIdentity eventTime eventSource eventName awsRegion sourceIPAddress userAgent errorCode errorMessage
    requestParameters responseElements additionalEventData requestID eventID readOnly resources eventType
    managementEvent recipientAccountId sharedEventID eventCategory tlsDetails
"""

#: How the error codes begin that the shipped rules speak about.
DENIED = ("AccessDenied", "Client.UnauthorizedOperation")

Record = dict[str, Any]


def trail(
    objects: int = 4, events: int = 250, seed: int = 1, profile: CloudTrailProfile = ORDINARY
) -> list[SampleObject]:
    return list(cloudtrail_objects(seed=seed, start=START, objects=objects, events_per_object=events, profile=profile))


def flows(objects: int = 2, records: int = 500, seed: int = 1, **more: Any) -> list[SampleObject]:
    return list(flow_objects(seed=seed, start=START, objects=objects, records_per_object=records, **more))


def records_of(samples: list[SampleObject]) -> list[Record]:
    return [record for sample in samples for record in json.loads(gzip.decompress(sample.body))["Records"]]


def rows_of(sample: SampleObject) -> tuple[list[str], list[dict[str, str]]]:
    """The header's columns, and the rows by column."""
    header, *rows = gzip.decompress(sample.body).decode("ascii").splitlines()
    columns = header.split(" ")
    return columns, [dict(zip(columns, row.split(" "), strict=True)) for row in rows]


def seconds(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


def is_invented(address: str) -> bool:
    return any(ip_address(address) in network for network in INVENTED)


# --- both kinds -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [trail, flows])
def test_the_same_seed_gives_the_same_objects(make: Any) -> None:
    assert make() == make()
    assert {s.body for s in make()}.isdisjoint(s.body for s in make(seed=2))


@pytest.mark.parametrize("make", [trail, flows])
def test_a_longer_run_begins_with_the_shorter_one(make: Any) -> None:
    assert make(6)[:2] == make(2)


def test_accounts_and_regions_have_their_own_logs() -> None:
    def first(**where: str) -> bytes:
        return next(cloudtrail_objects(seed=1, start=START, objects=1, events_per_object=5, **where)).body

    assert len({first(), first(account="111122223333"), first(region="eu-central-1")}) == 3


@pytest.mark.parametrize("make", [trail, flows])
def test_gzip_headers_hold_no_time(make: Any) -> None:
    for sample in make():
        assert sample.body[:3] == b"\x1f\x8b\x08"
        assert sample.body[4:8] == bytes(4)


@pytest.mark.parametrize("make", [cloudtrail_objects, flow_objects])
def test_a_start_without_a_zone_is_refused(make: Any) -> None:
    name = "events_per_object" if make is cloudtrail_objects else "records_per_object"
    with pytest.raises(ValueError, match="time zone"):
        next(make(seed=1, start=datetime(2026, 1, 15), objects=1, **{name: 1}))


@pytest.mark.parametrize("make", [trail, flows])
def test_objects_may_be_empty_of_records(make: Any) -> None:
    assert len(make(1, 0)) == 1


# --- CloudTrail -------------------------------------------------------------------------------------------------------


def test_cloudtrail_keys_are_those_of_aws() -> None:
    samples = trail(9, 2)
    layout = (
        r"AWSLogs/123456789012/CloudTrail/us-east-1/2026/01/15/"
        r"123456789012_CloudTrail_us-east-1_20260115T(\d{4})Z_[A-Za-z0-9]{16}\.json\.gz"
    )
    minutes = [found.group(1) for s in samples if (found := re.fullmatch(layout, s.key))]
    assert minutes == ["1000"] * 4 + ["1005"] * 4 + ["1010"]
    assert len({s.key for s in samples}) == len(samples)


def test_cloudtrail_records_are_shaped_as_aws_writes_them() -> None:
    for record in records_of(trail(profile=EVENTFUL)):
        assert list(record) == [name for name in MEMBERS.split() if name in record]
        assert {"eventTime", "userIdentity", "requestParameters", "responseElements"} <= set(record)
        assert record["recipientAccountId"] == "123456789012"


def test_the_mix_is_that_of_a_real_trail() -> None:
    """Bands around what real trails show: mostly reads, half by services, few errors, 1.2 to 1.4 KB each."""
    records = records_of(trail(12, 500))
    sizes = sorted(len(json.dumps(record, separators=(",", ":"))) for record in records)
    share = {
        "read": sum(r["readOnly"] for r in records),
        "by a service": sum(not r["sourceIPAddress"][-1].isdigit() for r in records),
        "failed": sum("errorCode" in r for r in records),
        "null parameters": sum(r["requestParameters"] is None for r in records),
        "null answers": sum(r["responseElements"] is None for r in records),
        "resources": sum("resources" in r for r in records),
    }
    share = {name: count / len(records) for name, count in share.items()}
    assert 1100 <= sizes[len(sizes) // 2] <= 1500
    assert 1500 <= sizes[len(sizes) * 99 // 100] <= 2500
    assert 0.75 <= share["read"] <= 0.95
    assert 0.40 <= share["by a service"] <= 0.60
    assert 0.02 <= share["failed"] <= 0.11
    assert 0.02 <= share["null parameters"] <= 0.15
    assert 0.80 <= share["null answers"] <= 0.95
    assert 0.15 <= share["resources"] <= 0.40
    kinds = Counter(r["userIdentity"]["type"] for r in records)
    assert set(kinds) >= {"IAMUser", "AssumedRole", "AWSService"}
    assert kinds["AssumedRole"] > kinds["IAMUser"] > 0
    assert len({r["eventSource"] for r in records}) >= 18


def test_addresses_and_names_are_invented() -> None:
    for record in records_of(trail(profile=EVENTFUL)):
        address = record["sourceIPAddress"]
        assert address == "AWS Internal" or address.endswith(".amazonaws.com") or is_invented(address)
        assert "123456789012" in record["userIdentity"].get("arn", "123456789012")


def test_events_are_older_than_their_key_by_minutes() -> None:
    for sample in trail(8, 60, profile=QUIET):
        delivered = re.search(r"_(\d{8}T\d{4})Z_", sample.key)
        assert delivered is not None
        moment = datetime.strptime(delivered.group(1), "%Y%m%dT%H%M").replace(tzinfo=UTC)
        ages = [moment - seconds(record["eventTime"]) for record in records_of([sample])]
        assert timedelta() <= min(ages)
        assert max(ages) <= timedelta(minutes=10)


def test_some_objects_are_not_in_order_of_time() -> None:
    times = [[r["eventTime"] for r in records_of([sample])] for sample in trail(60, 30, profile=QUIET)]
    disordered = sum(of_one != sorted(of_one) for of_one in times)
    assert 15 <= disordered <= 33  # four in ten
    ordered = trail(20, 30, profile=CloudTrailProfile(interesting=0, disordered=0))
    assert all(t == sorted(t) for t in ([r["eventTime"] for r in records_of([s])] for s in ordered))


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 1.0])
def test_the_share_of_interesting_events_is_as_asked(share: float) -> None:
    names = {record["eventName"] for record in told_incidents()}
    records = records_of(trail(8, 500, profile=CloudTrailProfile(interesting=share)))
    calm = {call.name for call in CALLS}
    found = sum(r["eventName"] in names - calm or r.get("errorCode", "").startswith(DENIED) for r in records)
    assert found / len(records) == pytest.approx(share, abs=0.03)


def told_incidents() -> list[Record]:
    dice = Dice("incidents")
    cast = Cast(dice, "123456789012", "us-east-1", int(START.timestamp()))
    return [record for incident in INCIDENTS for record in incident(cast, dice)]


def test_the_average_incident_is_as_long_as_the_generator_believes() -> None:
    assert len(told_incidents()) / len(INCIDENTS) == pytest.approx(_STORY, abs=0.05)


def test_an_eventful_trail_tells_every_incident() -> None:
    told = records_of(trail(2, 250, profile=EVENTFUL))
    assert {r["eventName"] for r in told_incidents()} <= {r["eventName"] for r in told}


def test_every_kind_of_call_makes_a_record() -> None:
    dice = Dice("calls")
    cast = Cast(dice, "123456789012", "us-east-1", int(START.timestamp()))
    for call in CALLS:
        for record in (call.made(cast, dice) for _ in range(20)):
            assert record["eventSource"] == f"{call.source}.amazonaws.com"
            assert json.loads(json.dumps(record)) == record


def test_guessing_is_fast_enough_to_be_counted() -> None:
    records = records_of(trail(1, 300, profile=CloudTrailProfile(interesting=1)))
    guesses = [
        r for r in records if r["eventName"] == "ConsoleLogin" and r["responseElements"]["ConsoleLogin"] == "Failure"
    ]
    from_one = Counter(r["sourceIPAddress"] for r in guesses).most_common(1)[0][0]
    times = sorted(seconds(r["eventTime"]) for r in guesses if r["sourceIPAddress"] == from_one)
    assert any(b - a < timedelta(minutes=5) for a, b in zip(times, times[5:], strict=False))


@pytest.mark.parametrize(
    "wrong", [{"interesting": 1.5}, {"interesting": -0.1}, {"disordered": 2.0}, {"objects_per_delivery": 0}]
)
def test_impossible_profiles_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        CloudTrailProfile(**wrong)


def test_objects_are_made_one_at_a_time() -> None:
    endless = cloudtrail_objects(seed=1, start=START, objects=10**9, events_per_object=3)
    assert len(list(islice(endless, 3))) == 3


# --- flow logs --------------------------------------------------------------------------------------------------------


def test_flow_keys_are_those_of_aws() -> None:
    samples = flows(3, 1)
    layout = (
        r"AWSLogs/123456789012/vpcflowlogs/us-east-1/2026/01/15/"
        r"123456789012_vpcflowlogs_us-east-1_(fl-[0-9a-f]{17})_20260115T(\d{4})Z_[0-9a-f]{8}\.log\.gz"
    )
    found = [m for s in samples if (m := re.fullmatch(layout, s.key))]
    assert [m.group(2) for m in found] == ["1000", "1005", "1010"]
    assert len({m.group(1) for m in found}) == 1


@pytest.mark.parametrize(("version", "columns"), [(2, 14), (5, 27)])
def test_flow_rows_fit_their_header(version: int, columns: int) -> None:
    for sample in flows(version=version):
        header, rows = rows_of(sample)
        assert len(header) == columns
        assert len(rows) == 500
        assert {row["version"] for row in rows} == {str(version)}
        for row in rows:
            if row["log-status"] == "OK":
                assert is_invented(row["srcaddr"])
                assert is_invented(row["dstaddr"])
                assert row["srcaddr"] != row["dstaddr"]
                assert 0 < int(row["packets"]) <= int(row["bytes"])
                assert 0 <= int(row["end"]) - int(row["start"]) <= 60
            else:
                assert {row[name] for name in ("srcaddr", "dstport", "packets", "action")} == {"-"}


def test_flows_are_mixed_as_the_profile_says() -> None:
    _, rows = rows_of(flows(1, 8000, profile=FlowProfile(reject=0.5, nodata=0.1, skipdata=0.05))[0])
    actions = Counter(row["action"] for row in rows)
    states = Counter(row["log-status"] for row in rows)
    assert actions["REJECT"] / len(rows) == pytest.approx(0.5, abs=0.03)
    assert states["NODATA"] / len(rows) == pytest.approx(0.1, abs=0.03)
    assert states["SKIPDATA"] / len(rows) == pytest.approx(0.05, abs=0.02)


def test_both_formats_tell_the_same_story() -> None:
    shared = ("srcaddr", "dstaddr", "srcport", "dstport", "protocol", "packets", "bytes", "start", "end", "action")
    (_, default), (_, custom) = (rows_of(flows(1, 50, version=version)[0]) for version in (2, 5))
    assert [[row[name] for name in shared] for row in default] == [[row[name] for name in shared] for row in custom]


@pytest.mark.parametrize("version", [1, 3, 99])
def test_other_versions_are_refused(version: int) -> None:
    with pytest.raises(ValueError, match="version"):
        flows(1, 1, version=version)


@pytest.mark.parametrize("wrong", [{"reject": -0.1}, {"reject": 0.9, "nodata": 0.2}])
def test_impossible_flow_profiles_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="shares"):
        FlowProfile(**wrong)
