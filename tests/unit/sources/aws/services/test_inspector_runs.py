"""Runs of inspector against Inspector in memory."""

from __future__ import annotations

import json
from datetime import date
from itertools import islice

import pytest
from botocore.exceptions import EndpointConnectionError

from alertmill.config.models import DiscardRegex
from unit.sources.aws.doubles import ACCOUNT
from unit.sources.aws.services.fakes import NOON_MS, FakeInspector, bench, client_error, messages

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
SCOPE = f"aws-service|inspector|{ACCOUNT}|us-east-1"


def inspector(*arns: str, page: int = 100) -> FakeInspector:
    made = FakeInspector(page)
    for number, arn in enumerate(arns):
        made.put(arn, NOON_MS - HOUR + number)
    return made


def arns(found: list[str]) -> list[str]:
    return [json.loads(message)["aws"]["findingArn"] for message in found]


def test_regions_and_pages_come_in_order():
    clients = {"us-east-1": inspector("a", "b", "c", page=2), "eu-west-1": inspector("w")}
    daemon = bench(clients, kind="inspector")
    assert arns(daemon.run()) == ["w", "a", "b", "c"]
    assert daemon.run() == []
    assert daemon.said() == []
    report = daemon.report("|us-east-1")
    assert (report.listed, report.waiting, report.newest_key) == (3, 0, "2026-01-15T09:00:00.002Z")
    assert "Executing Service Analysis: (Service: inspector)" in daemon.said("INFO")


def test_the_question():
    client = inspector("a")
    bench(client, kind="inspector", only_logs_after=date(2026, 1, 1)).run()
    (asked,) = client.asked
    (window,) = asked["filterCriteria"]["updatedAt"]
    told = [window[name].isoformat() for name in ("startInclusive", "endInclusive")]
    assert (asked["maxResults"], told) == (100, ["2026-01-01T00:00:00+00:00", "2026-01-15T10:00:00+00:00"])


def test_without_a_date_reading_begins_with_the_day_of_the_first_run():
    """Also when that one failed, and the next one is on the next day."""
    client = inspector()
    client.put("yesterday", NOON_MS - 10 * HOUR - 1)
    client.put("today", NOON_MS - 10 * HOUR)
    client.faults = [client_error("ThrottlingException")]
    daemon = bench(client, kind="inspector")
    assert daemon.run() == []
    assert daemon.report(SCOPE).error_code == "A006"
    daemon.now += 86_400
    assert arns(daemon.run()) == ["today"]
    assert daemon.report(SCOPE).error == ""


def test_findings_at_the_boundary_and_late_ones_come_once():
    client = inspector()
    client.put("boundary", NOON_MS)
    daemon = bench(client, kind="inspector")
    assert arns(daemon.run()) == ["boundary"]
    client.put("same moment", NOON_MS)
    client.put("shown late", NOON_MS - 10 * MINUTE)
    daemon.now += 600
    assert sorted(arns(daemon.run())) == ["same moment", "shown late"]
    client.put("boundary", NOON_MS + MINUTE)  # updated
    assert arns(daemon.run()) == ["boundary"]
    assert daemon.run() == []


@pytest.mark.parametrize("commits", range(9))
def test_a_crash_at_any_moment(commits):
    names = [f"{number}" for number in range(11)]
    client = inspector(*names, page=2)
    daemon = bench(client, kind="inspector")
    found = []
    batches = daemon.batches()
    for batch in islice(batches, commits):
        daemon.progress.commit(batch)
        found += messages(batch.records)
    batches.close()
    daemon.restart()
    client.put("0", NOON_MS - HOUR)  # comes last from now on
    client.findings["0"] = client.findings.pop("0")
    found += daemon.run()
    assert sorted(arns(found)) == sorted(names)
    assert list(daemon.progress.known_positions[SCOPE]) == ["scanned"]
    assert daemon.run() == []


def test_a_fault_between_two_pages():
    client = inspector("a", "b", "c", page=2)
    client.faults = [None, client_error("InternalServerException")]
    daemon = bench(client, kind="inspector")
    assert arns(daemon.run()) == ["a", "b"]
    (said,) = daemon.said()
    assert said.startswith("Service: inspector - us-east-1: inspector2:ListFindings on region us-east-1")
    assert said.endswith("[A007] (exit code 12)")
    assert arns(daemon.run()) == ["c"]


@pytest.mark.parametrize(("known", "code", "exit_code"), [(("us-east-1",), "A005", 15), (("eu-west-1",), "A032", 22)])
def test_a_region_without_inspector(known, code, exit_code):
    client = inspector("a")
    client.faults = [EndpointConnectionError(endpoint_url="https://inspector2.test")]
    daemon = bench({"us-east-1": client, "us-west-1": inspector("w")}, kind="inspector", known=known)
    assert arns(daemon.run()) == ["w"]
    report = daemon.report("|us-east-1")
    assert (report.error_code, f"(exit code {exit_code})" in report.error) == (code, True)


def test_a_refusal_in_one_region_does_not_stop_the_others():
    client = inspector("a")
    client.faults = [client_error("AccessDeniedException", "ListFindings")]
    daemon = bench({"eu-west-1": client, "us-east-1": inspector("b")}, kind="inspector")
    assert arns(daemon.run()) == ["b"]
    (said,) = daemon.said()
    assert "allow inspector2:ListFindings on *" in said


def test_discarded_findings():
    client = FakeInspector()
    client.put("a", NOON_MS, severity="LOW")
    client.put("b", NOON_MS, severity="HIGH")
    daemon = bench(client, kind="inspector", discard_regex=DiscardRegex(field="severity", pattern="LOW"))
    assert arns(daemon.run()) == ["b"]
    assert daemon.run() == []


@pytest.mark.parametrize("value", ["2026-01-15 09:30:00.000000", "2026-01-15T09:30:00Z"])
def test_what_wazuh_scanned_is_not_read_again(value):
    client = inspector("old")
    client.put("new", NOON_MS - 29 * MINUTE)
    daemon = bench(client, kind="inspector")
    daemon.progress.known_positions["aws-service|inspector||us-east-1"] = {"scanned": value}
    assert arns(daemon.run()) == ["new"]
    assert daemon.progress.known_positions["aws-service|inspector||us-east-1"] == {}
    assert daemon.run() == []


def test_a_server_that_repeats_its_token():
    client = inspector("a", "b", "c", page=1)
    real = client.list_findings
    client.list_findings = lambda **arguments: {**real(**arguments), "nextToken": "1"}
    assert arns(bench(client, kind="inspector").run()) == ["a", "b"]


def test_a_run_that_is_stopped_says_nothing_of_its_end():
    client = inspector(*(f"{number}" for number in range(9)), page=1)
    daemon = bench(client, kind="inspector")
    found = []
    for batch in daemon.committed():
        found += messages(batch.records)
        daemon.stop.set()
    assert "scanned" not in daemon.progress.known_positions.get(SCOPE, {})
    assert daemon.progress.reports == {}
    daemon.stop.clear()
    daemon.restart()
    assert sorted(arns(found + daemon.run())) == sorted(client.findings)
