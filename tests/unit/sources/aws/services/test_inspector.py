from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest

from alertmill.sources.aws.envelope import Discard
from alertmill.sources.aws.services.inspector import OVERLAP, SCANNED, Findings, Scan, document_part, newest_of
from alertmill.sources.base import Position

NOW = 1_768_471_200_000
HOUR = 3_600_000
MOMENT = datetime(2026, 1, 1, 1, 2, 3, tzinfo=UTC)
SCOPE = "aws-service|inspector|123456789012|us-east-1"


# --- messages --------------------------------------------------------------------------------------------------------


def test_the_message_of_a_finding():
    """The example of aws-wodle.md 11.2."""
    finding = {
        "findingArn": "arn:1",
        "severity": "HIGH",
        "title": "CVE-2025-1",
        "type": "PACKAGE_VULNERABILITY",
        "firstObservedAt": MOMENT,
        "updatedAt": MOMENT,
        "resources": [{"id": "i-1"}],
    }
    (record,) = Findings("us-east-1", improved=False, alias="prod").records([finding], 5.0)
    assert record.message == (
        '{"integration": "aws", "aws": {"findingArn": "arn:1", "severity": "HIGH", "title": "CVE-2025-1", '
        '"type": "PACKAGE_VULNERABILITY", "firstObservedAt": "2026-01-01 01:02:03", '
        '"updatedAt": "2026-01-01T01:02:03Z", "resources": [{"id": "i-1"}], "source": "inspector2"}}'
    )
    assert (record.location, record.time, record.event_time) == ("Wazuh-AWS", 5.0, None)
    assert record.place == "inspector2://us-east-1/arn:1@2026-01-01T01:02:03Z"


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ({"createdAt": MOMENT}, {"createdAt": "2026-01-01T01:02:03Z"}),
        ({"lastObservedAt": MOMENT}, {"lastObservedAt": "2026-01-01 01:02:03"}),
        ({"updatedAt": MOMENT.replace(microsecond=5)}, {"updatedAt": "2026-01-01T01:02:03Z"}),
        ({"updatedAt": MOMENT.replace(tzinfo=None)}, {"updatedAt": "2026-01-01T01:02:03Z"}),
        (
            {"updatedAt": MOMENT.astimezone(timezone(timedelta(hours=5)))},
            {"updatedAt": "2026-01-01T01:02:03Z"},
        ),
        (
            {"packageVulnerabilityDetails": {"vendorUpdatedAt": MOMENT, "updatedAt": MOMENT, "n": [MOMENT, 9.8, "x"]}},
            {
                "packageVulnerabilityDetails": {
                    "vendorUpdatedAt": "2026-01-01 01:02:03",
                    "updatedAt": "2026-01-01 01:02:03",
                    "n": ["2026-01-01 01:02:03", 9.8, "x"],
                }
            },
        ),
        ({"source": "its own", "a": 1}, {"a": 1}),
    ],
)
def test_values(value, told):
    found = document_part(value)
    assert found.pop("source") == "inspector2"
    assert found == told


@pytest.mark.parametrize(("alias", "told"), [("", {}), ("prod", {"aws_account_alias": "prod"})])
def test_what_the_improved_format_adds(alias, told):
    finding = {"findingArn": "arn:1", "title": "caf\xe9", "updatedAt": MOMENT}
    (record,) = Findings("us-east-1", improved=True, alias=alias).records([finding], 5.0)
    document = json.loads(record.message.encode("latin-1"))
    assert document["aws"] == {
        "findingArn": "arn:1",
        "title": "caf\xe9",
        "updatedAt": "2026-01-01T01:02:03Z",
        "source": "inspector2",
        "log_info": {**told, "aws_region": "us-east-1"},
    }
    assert record.event_time == MOMENT.timestamp()


def test_a_finding_without_a_time():
    (record,) = Findings("us-east-1", improved=True).records([{"title": "x"}], 5.0)
    assert record.event_time is None


def test_discarded_findings_give_no_record():
    drops = Discard("severity", "LOW|MED").drops
    found = [{"severity": "LOW"}, {"severity": "HIGH"}, {"severity": "MEDIUM"}]
    records = Findings("us-east-1", improved=False, drops=drops).records(found, 5.0)
    assert [json.loads(record.message)["aws"]["severity"] for record in records] == ["HIGH"]


def test_the_newest_of_a_page():
    assert newest_of([]) == 0
    assert newest_of([{"updatedAt": MOMENT}, {"updatedAt": MOMENT + timedelta(seconds=1)}, {}]) == 1767229324000


# --- how far was read ------------------------------------------------------------------------------------------------


def finding(arn: str, updated: int) -> dict:
    return {"findingArn": arn, "updatedAt": datetime.fromtimestamp(updated / 1000, UTC)}


def arns(found: tuple[list, tuple]) -> list[str]:
    return [one["findingArn"] for one in found[0]]


def stored(*groups: tuple[Position, ...], before: dict[str, str] | None = None) -> dict[str, str]:
    positions = dict(before or {})
    for marks in groups:
        for mark in marks:
            assert mark.scope == SCOPE
            positions[mark.key] = mark.value
    return {key: value for key, value in positions.items() if value}


@pytest.mark.parametrize(
    ("scanned", "start"),
    [
        ("", NOW - 5 * HOUR),
        ("what?", NOW - 5 * HOUR),
        ("{}", NOW - 5 * HOUR),
        ('{"upto":1,"floor":1,"recent":7}', NOW - 5 * HOUR),
        ("2026-01-15T09:00:00Z", NOW - 2 * HOUR),
        ("2026-01-15 09:00:00.000000", NOW - 2 * HOUR),
        ("2026-01-15T10:00:00+01:00", NOW - 2 * HOUR),
        (f'{{"upto":{NOW},"floor":5,"recent":""}}', NOW - HOUR),
    ],
)
def test_where_a_run_begins(scanned, start):
    scan = Scan(SCOPE, {SCANNED: scanned}, NOW - 5 * HOUR, 0, NOW)
    assert (scan.start, scan.end) == (start, NOW)


def test_a_later_only_logs_after_raises_the_beginning():
    assert Scan(SCOPE, {SCANNED: "2026-01-15T09:00:00Z"}, 0, NOW - 7, NOW).start == NOW - 7


def test_a_clock_that_was_set_back():
    scan = Scan(SCOPE, {SCANNED: "2026-01-15T12:00:00Z"}, 0, 0, NOW - 5 * HOUR)
    assert scan.start == scan.end == NOW + HOUR


def test_what_wazuh_scanned_is_not_told_again():
    scan = Scan(SCOPE, {SCANNED: "2026-01-15T10:00:00Z"}, 0, 0, NOW + 9)
    page = [finding("old", NOW - 5), finding("boundary", NOW), finding("new", NOW + 1)]
    assert arns(scan.take(page)) == ["new"]


def test_a_finding_is_told_once_for_each_update():
    first = Scan(SCOPE, {}, NOW - HOUR, 0, NOW)
    fresh, marks = first.take([finding("a", NOW - 10), finding("boundary", NOW)])
    assert arns((fresh, marks)) == ["a", "boundary"]
    assert arns(first.take([finding("a", NOW - 10)])) == []
    positions = stored(marks, first.over())
    assert list(positions) == [SCANNED]
    second = Scan(SCOPE, positions, NOW - HOUR, 0, NOW + 60_000)
    assert second.start == NOW - OVERLAP
    page = [finding("boundary", NOW), finding("a", NOW + 5), finding("shown late", NOW - 30)]
    assert arns(second.take(page)) == ["a", "shown late"]


def test_a_run_that_was_cut_short_goes_on():
    first = Scan(SCOPE, {}, NOW - 30 * HOUR, 0, NOW)
    _, one = first.take([finding("a", NOW - 29 * HOUR)])
    _, two = first.take([finding("b", NOW - 5)])
    assert [mark.key for mark in (*one, *two)] == ["scanned 1", "scanned 2"]
    positions = stored(one, two)
    second = Scan(SCOPE, positions, NOW - 30 * HOUR, 0, NOW + 1)
    page = [finding("a", NOW - 29 * HOUR), finding("b", NOW - 5), finding("c", NOW - 28 * HOUR)]
    fresh, three = second.take(page)
    assert arns((fresh, three)) == ["c"]
    assert [mark.key for mark in three] == ["scanned 3"]
    positions = stored(three, second.over(), before=positions)
    assert list(positions) == [SCANNED]
    assert arns(Scan(SCOPE, positions, 0, 0, NOW + 2).take([finding("b", NOW - 5)])) == []


def test_pages_that_cannot_be_told_come_again():
    scan = Scan(SCOPE, {"scanned 2": "what?", "scanned x": ""}, NOW - HOUR, 0, NOW)
    fresh, marks = scan.take([finding("a", NOW - 5)])
    assert (arns((fresh, marks)), marks[0].key) == (["a"], "scanned 3")


def test_a_page_without_news_leaves_no_mark():
    scan = Scan(SCOPE, {SCANNED: "2026-01-15T10:00:00Z"}, 0, 0, NOW)
    assert scan.take([finding("old", NOW - 5)]) == ([], ())


def test_what_is_remembered_is_bounded():
    scan = Scan(SCOPE, {}, NOW - HOUR, 0, NOW)
    scan.take([finding(f"{number}", NOW - number) for number in range(30_000)])
    assert len(scan.over()[0].value) < 400_000
