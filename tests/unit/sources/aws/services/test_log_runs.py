"""Runs of cloudwatchlogs against CloudWatch Logs in memory."""

from __future__ import annotations

import json
from datetime import date
from itertools import islice

import pytest
from botocore.exceptions import EndpointConnectionError

from alertmill.config.models import DiscardRegex
from alertmill.sources.aws.services import log_group, streams
from alertmill.sources.base import Position
from unit.sources.aws.doubles import ACCOUNT, NOON
from unit.sources.aws.services.fakes import NOON_MS, Bench, FakeLogs, bench, client_error, messages

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
GROUP = "/app/g"
SCOPE = f"aws-service|cloudwatchlogs|{ACCOUNT}|us-east-1"


def logs(**of_stream: tuple[str, ...]) -> FakeLogs:
    made = FakeLogs()
    made.groups[GROUP] = {}
    for stream, texts in of_stream.items():
        made.put(GROUP, stream, *texts)
    return made


def pass_time(client: FakeLogs, daemon: Bench, milliseconds: int) -> None:
    client.now += milliseconds
    daemon.now = client.now / 1000


# --- what is read, and in which order --------------------------------------------------------------------------------


def test_regions_groups_streams_and_events_come_in_order():
    east, west = FakeLogs(page=3, streams_of_a_page=2), FakeLogs()
    expected = []
    for region, client in (("eu-west-1", west), ("us-east-1", east)):
        for group in ("/b", "/a"):
            for stream in ("s1", "s2", "s3"):
                texts = [f"{region} {group} {stream} {number}" for number in range(7)]
                client.put(group, stream, *((NOON_MS + number, text) for number, text in enumerate(texts)))
                expected += texts
    daemon = bench({"us-east-1": east, "eu-west-1": west}, aws_log_groups=("/b", "/a", "/b"))
    assert daemon.run() == expected
    assert daemon.run() == []
    assert daemon.said() == []
    assert daemon.report("us-east-1|/a").listed == 3
    assert daemon.report("us-east-1|/a").newest_key == "2026-01-15T10:00:00.006Z"


def test_no_batch_is_large():
    client = FakeLogs()
    client.put(GROUP, "s", *(f"{number}" for number in range(2500)))
    daemon = bench(client)
    sizes = [len(batch.records) for batch in daemon.committed()]
    assert sum(sizes) == 2500
    assert max(sizes) == streams.PAGE == 1000


def test_more_streams_than_are_read_at_once():
    client = logs(**{f"s{number:03}": (f"{number}",) for number in range(70)})
    daemon = bench(client)
    assert daemon.run() == [f"{number}" for number in range(70)]
    assert daemon.report(GROUP).waiting == 0


def test_the_log_says_what_wazuhs_says():
    daemon = bench(logs(), aws_account_alias="prod", aws_profile="reader", aws_account_id=(ACCOUNT,))
    daemon.run()
    described = f"Service: cloudwatchlogs, Account ID: {ACCOUNT}, Account Alias: prod, Profile: reader"
    assert daemon.said("INFO") == [
        "Starting fetching of logs.",
        f"Executing Service Analysis: ({described})",
        "Fetching logs finished.",
    ]


@pytest.mark.parametrize(("event_format", "told"), [("compatible", set()), ("improved", {"aws"})])
def test_both_formats(event_format, told):
    daemon = bench(logs(s=('{"a":1}', "text")), event_format=event_format)
    (batch,) = (batch for batch in daemon.committed() if batch.records)
    document = json.loads(batch.records[0].message)
    assert set(document) == {"a"} | told
    assert batch.records[1].message == "text"
    assert [record.event_time for record in batch.records] == ([NOON, NOON] if told else [None, None])


def test_discarded_events_are_read_once_too():
    client = logs(s=("no 1", "yes 1"))
    daemon = bench(client, discard_regex=DiscardRegex(pattern="no"))
    assert daemon.run() == ["yes 1"]
    client.expire_tokens()
    assert daemon.run() == []


# --- where reading begins --------------------------------------------------------------------------------------------

MIDNIGHT = NOON_MS - 10 * HOUR


def test_without_a_date_today_is_read():
    client = FakeLogs()
    client.put(GROUP, "s", (MIDNIGHT - 1, "yesterday"), (MIDNIGHT, "today"))
    daemon = bench(client)
    assert daemon.run() == ["today"]
    assert daemon.progress.bounds[f"{SCOPE}|{GROUP}"] == "2026-01-15"


def test_a_stream_that_is_new_is_read_from_the_first_run_on():
    """The reference begins a new stream today, and loses what it got before midnight."""
    client = logs(s=("a",))
    daemon = bench(client)
    daemon.run()
    client.put(GROUP, "new", (MIDNIGHT + DAY - 1, "just before midnight"))
    pass_time(client, daemon, 15 * HOUR)
    assert daemon.run() == ["just before midnight"]


def test_only_logs_after():
    client = FakeLogs()
    client.put(GROUP, "s", (MIDNIGHT - DAY - 1, "before"), (MIDNIGHT - DAY, "from here on"))
    assert bench(client, only_logs_after=date(2026, 1, 14)).run() == ["from here on"]


def earlier(daemon: Bench, client: FakeLogs, day: date) -> Bench:
    """The daemon with another only_logs_after, and what it has committed."""
    other = bench(client, only_logs_after=day)
    other.progress, other.now = daemon.progress, daemon.now
    return other


def test_an_earlier_date_brings_what_lies_between():
    client = FakeLogs(page=2)
    old = [(MIDNIGHT - 2 * DAY + number, f"old {number}") for number in range(5)]
    client.put(GROUP, "s", *old, (MIDNIGHT, "first"), "second")
    daemon = bench(client)
    assert daemon.run() == ["first", "second"]
    pass_time(client, daemon, MINUTE)
    client.put(GROUP, "s", "third")
    daemon = earlier(daemon, client, date(2026, 1, 13))
    assert daemon.run() == ["third", *(text for _, text in old)]
    pass_time(client, daemon, MINUTE)
    client.put(GROUP, "s", (MIDNIGHT - 5, "late"))
    assert daemon.run() == ["late"]
    assert daemon.run() == []


@pytest.mark.parametrize("expired", [False, True])
@pytest.mark.parametrize("commits", range(6))
def test_a_crash_while_an_earlier_date_is_read(commits, expired):
    client = FakeLogs(page=2)
    old = [(MIDNIGHT - 2 * DAY + number // 3, f"old {number}") for number in range(7)]
    client.put(GROUP, "s", *old, "first")
    daemon = bench(client)
    assert daemon.run() == ["first"]
    daemon = earlier(daemon, client, date(2026, 1, 13))
    found = []
    batches = daemon.batches()
    for batch in islice(batches, commits):
        daemon.progress.commit(batch)
        found += messages(batch.records)
    batches.close()
    daemon = earlier(daemon, client, date(2026, 1, 13))
    if expired:
        client.expire_tokens()
    found += daemon.run()
    assert sorted(found) == sorted(text for _, text in old)
    assert daemon.run() == []


# --- once ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["InvalidParameterException", "ResourceNotFoundException"])
def test_a_refused_token(code):
    client = logs(s=("a", "b"))
    daemon = bench(client)
    assert daemon.run() == ["a", "b"]
    client.put(GROUP, "s", "c")  # in the same millisecond
    pass_time(client, daemon, MINUTE)
    client.put(GROUP, "s", "d")
    # first the look back in two pages, then the token
    real, answers = client.get_log_events, iter([None, None, client_error(code)])

    def get_log_events(**arguments):
        if fault := next(answers, None):
            raise fault
        return real(**arguments)

    client.get_log_events = get_log_events
    assert sorted(daemon.run()) == ["c", "d"]
    assert client.asked("GetLogEvents")[-2]["startTime"] == NOON_MS
    assert "nextToken" not in client.asked("GetLogEvents")[-2]
    assert daemon.run() == []


def test_what_wazuh_read_is_not_read_again():
    client = logs(s=("old",), t=("other",))
    client.expire_tokens()
    pass_time(client, (daemon := bench(client)), MINUTE)
    client.put(GROUP, "s", "new")
    wazuh = "aws-service|cloudwatchlogs||us-east-1"
    row = json.dumps({"token": "f/0/1/1", "start": MIDNIGHT - DAY, "end": NOON_MS})
    daemon.progress.known_positions[wazuh] = {f"{GROUP}:s": row, "/other:s": row, f"{GROUP}:gone": row}
    assert daemon.run() == ["new", "other"]
    assert daemon.progress.known_positions[wazuh] == {"/other:s": row}
    assert set(daemon.progress.known_positions[SCOPE]) == {f"{GROUP}:s", f"{GROUP}:t"}
    assert daemon.progress.bounds[f"{SCOPE}|{GROUP}"] == "2026-01-15"
    assert daemon.run() == []


def test_wazuhs_last_day_is_the_first_for_its_new_streams():
    client = FakeLogs()
    client.put(GROUP, "new", (MIDNIGHT - DAY - 1, "too old"), (MIDNIGHT - DAY, "since Wazuh was stopped"))
    daemon = bench(client)
    row = json.dumps({"token": "x", "start": 1, "end": MIDNIGHT - HOUR})
    daemon.progress.known_positions["aws-service|cloudwatchlogs||us-east-1"] = {f"{GROUP}:old": row}
    assert daemon.run() == ["since Wazuh was stopped"]


def test_a_position_that_says_nothing_is_told():
    client = logs(s=("a",))
    daemon = bench(client)
    daemon.progress.known_positions[SCOPE] = {f"{GROUP}:s": "what?"}
    assert daemon.run() == ["a"]
    (said,) = daemon.said()
    assert "how far it was read cannot be told: what?  [A033]" in said


def test_a_stream_that_was_deleted_and_made_again_is_read_from_its_beginning():
    client = logs(s=("a",))
    daemon = bench(client)
    daemon.run()
    del client.groups[GROUP]["s"]
    pass_time(client, daemon, MINUTE)
    client.put(GROUP, "s", (NOON_MS, "a"), "b")
    assert daemon.run() == ["a", "b"]
    assert daemon.run() == []


def test_streams_that_are_gone_are_forgotten():
    client = logs(s=("a",), t=("b",))
    daemon = bench(client)
    daemon.run()
    del client.groups[GROUP]["s"]
    assert daemon.run() == []
    assert set(daemon.progress.known_positions[SCOPE]) == {f"{GROUP}:t"}


def test_a_stream_that_goes_while_it_is_read_is_no_fault():
    client = logs(s=("a",), t=("b",))
    client.faults_of_stream["s"] = [client_error("ResourceNotFoundException")]
    daemon = bench(client)
    assert daemon.run() == ["b"]
    assert daemon.said() == []
    assert daemon.report(GROUP).error == ""


def test_a_daemon_that_was_down_takes_late_events_too():
    client = logs(s=("a",))
    daemon = bench(client)
    daemon.run()
    daemon.restart()
    pass_time(client, daemon, 3 * HOUR)
    client.put(GROUP, "s", (NOON_MS - MINUTE, "late"))
    assert daemon.run() == ["late"]


# --- the time that it takes ------------------------------------------------------------------------------------------


def test_a_writer_who_is_faster_than_we_are_ends_no_run_never():
    client = logs(s=("0",), t=("t",))
    client.tells_clock = True
    client.page = 1

    def write(stream: str) -> None:
        if stream == "s":
            client.now += 10_000
            client.put(GROUP, "s", f"{client.now}")

    client.on_read = write
    daemon = bench(client)
    found = daemon.run()
    assert found[-1] == "t"
    assert len(found) < 6
    client.on_read = None
    assert daemon.run() == [text for _, _, _, text in client.groups[GROUP]["s"].events[len(found) - 1 :]]


def test_a_server_whose_tokens_never_end(monkeypatch):
    monkeypatch.setattr(streams, "_MOST_EMPTY", 3)
    client = logs(s=())
    client.put(GROUP, "t", "t")
    client.groups[GROUP]["s"] = client.groups[GROUP].pop("s", None) or type(client.groups[GROUP]["t"])(0)
    tokens = iter(range(10**6))
    real = client.get_log_events

    def get_log_events(**arguments):
        answer = real(**{name: value for name, value in arguments.items() if name != "nextToken"})
        if arguments["logStreamName"] == "s":
            answer["nextForwardToken"] = f"f/0/{next(tokens)}/0"
        return answer

    client.get_log_events = get_log_events
    assert bench(client).run()[-1] == "t"
    assert next(tokens) < 20


def test_streams_that_sleep_are_asked_now_and_then():
    client = logs(s=("a",))
    daemon = bench(client)
    pass_time(client, daemon, 2 * DAY)
    client.put(GROUP, "awake", "b")

    def asked() -> list[str]:
        client.calls.clear()
        daemon.stop.clear()
        for batch in daemon.batches(once=False):
            daemon.progress.commit(batch)
            if any("NextRun" in type(mark).__name__ for mark in batch.marks):
                daemon.stop.set()
        return sorted({call["logStreamName"] for call in client.asked("GetLogEvents")})

    assert asked() == ["awake", "s"]
    pass_time(client, daemon, 10 * MINUTE)
    assert asked() == ["awake"]
    assert daemon.report(GROUP).waiting == 0
    pass_time(client, daemon, 51 * MINUTE)
    assert asked() == ["awake", "s"]
    pass_time(client, daemon, MINUTE)
    client.put(GROUP, "s", "c")
    assert asked() == ["awake", "s"]
    assert daemon.run() == []  # with --once all of them are asked
    assert sorted({call["logStreamName"] for call in client.asked("GetLogEvents")}) == ["awake", "s"]


def test_a_run_that_is_stopped_goes_on_later():
    client = FakeLogs(page=1)
    client.put(GROUP, "s", "a", "b", "c", "d")
    client.put(GROUP, "t", "e")
    daemon = bench(client)
    found = []
    for batch in daemon.committed():
        found += messages(batch.records)
        if len(found) == 2:
            daemon.stop.set()
    assert found in (["a", "b"], ["a", "b", "c"])
    assert daemon.progress.reports == {}  # a run that was stopped says nothing
    daemon.stop.clear()
    daemon.restart()
    assert found + daemon.run() == ["a", "b", "c", "d", "e"]


# --- faults ----------------------------------------------------------------------------------------------------------


def test_a_group_that_is_missing_does_not_stop_the_others():
    daemon = bench(logs(s=("a",)), aws_log_groups=("/missing", GROUP))
    assert daemon.run() == ["a"]
    (said,) = daemon.said()
    assert said.startswith('Service: cloudwatchlogs - us-east-1 /missing: The "get_log_streams" request failed: ')
    assert said.endswith("The specified log group does not exist.  [A030] (exit code 16)")
    report = daemon.report("|/missing")
    assert (report.error in said, report.error_code) == (True, "A030")
    assert daemon.report(GROUP).error == ""


def test_a_group_that_comes_into_being_is_read():
    client = FakeLogs()
    daemon = bench(client)
    assert daemon.run() == []
    client.put(GROUP, "s", "a")
    assert daemon.run() == ["a"]
    assert daemon.report(GROUP).error == ""


def test_a_refusal_names_call_resource_identity_and_action():
    client = logs(s=("a",))
    client.faults["DescribeLogStreams"] = [client_error("AccessDeniedException")]
    daemon = bench(client)
    assert daemon.run() == []
    (said,) = daemon.said()
    for part in (
        f"logs:DescribeLogStreams on log group {GROUP} in us-east-1 was refused for arn:aws:iam::{ACCOUNT}:user/reader",
        f"allow logs:DescribeLogStreams on arn:aws:logs:us-east-1:*:log-group:{GROUP}:*  [A001] (exit code 16)",
    ):
        assert part in said
    assert daemon.run() == ["a"]
    assert daemon.report(GROUP).error == ""


def test_one_stream_that_cannot_be_read_does_not_stop_the_others():
    client = logs(s=("a",), t=("b",))
    client.faults_of_stream["s"] = [client_error("ServiceUnavailableException")]
    daemon = bench(client)
    assert daemon.run() == ["b"]
    report = daemon.report(GROUP)
    assert (report.listed, report.waiting, report.error_code) == (2, 1, "A007")
    assert 'The "get_log_events" request failed' in report.error
    assert daemon.said() == [f"Service: cloudwatchlogs - us-east-1 {GROUP}: {report.error}"]
    assert daemon.run() == ["a"]
    assert (daemon.report(GROUP).waiting, daemon.report(GROUP).error) == (0, "")


def test_streams_that_fail_one_after_the_other_end_the_group():
    client = logs(**{f"s{number}": ("a",) for number in range(30)})
    for number in range(30):
        client.faults_of_stream[f"s{number}"] = [client_error("ServiceUnavailableException")]
    daemon = bench(client)
    assert daemon.run() == []
    assert len(client.asked("GetLogEvents")) < 3 + 2 * log_group.STREAMS_AHEAD
    assert daemon.report(GROUP).error_code == "A007"


def test_throttling_ends_the_region_and_stands_in_every_report():
    east, west = logs(s=("a",)), logs(s=("w",))
    east.put("/other", "s", "b")
    east.faults["GetLogEvents"] = [client_error("ThrottlingException")]
    daemon = bench({"eu-west-1": west, "us-east-1": east}, aws_log_groups=(GROUP, "/other"))
    west.groups["/other"] = {}
    assert daemon.run() == ["w"]
    assert [daemon.report(f"us-east-1|{group}").error_code for group in (GROUP, "/other")] == ["A006", "A006"]
    assert daemon.report(f"eu-west-1|{GROUP}").error == ""
    assert [call["logGroupName"] for call in east.asked("DescribeLogStreams")] == [GROUP]
    assert daemon.run() == ["a", "b"]


def test_bad_credentials_end_the_run_and_are_looked_for_anew():
    east, west = logs(s=("a",)), logs(s=("w",))
    west.faults["DescribeLogStreams"] = [client_error("ExpiredTokenException")]
    daemon = bench({"eu-west-1": west, "us-east-1": east})
    assert daemon.run() == []
    assert [report.error_code for report in daemon.places()] == ["A002", "A002"]
    assert west.closed
    assert daemon.run() == ["w", "a"]


@pytest.mark.parametrize(("endpoint", "found"), [(None, ["a"]), ("http://logs.test", [])])
def test_an_endpoint_that_cannot_be_reached(endpoint, found):
    """What the regions have in common is not tried in each of them."""
    east, west = logs(s=("a",)), logs(s=("w",))
    west.faults["DescribeLogStreams"] = [EndpointConnectionError(endpoint_url="https://logs.test")]
    daemon = bench({"eu-west-1": west, "us-east-1": east}, service_endpoint=endpoint)
    assert daemon.run() == found
    assert daemon.report(f"eu-west-1|{GROUP}").error_code == "A005"
    assert "(exit code 15)" in daemon.said()[0]


def test_many_faults_fill_no_log():
    daemon = bench(FakeLogs(), aws_log_groups=tuple(f"/{number}" for number in range(50)))
    daemon.run()
    assert len(daemon.said()) == 11
    assert "alertmill status" in daemon.said()[-1]
    assert len([report for report in daemon.progress.reports.values() if report.error]) == 50


# --- regions that nobody named ---------------------------------------------------------------------------------------


def test_the_region_of_the_profile():
    clients = {"eu-west-1": logs(s=("w",)), "us-east-1": logs(s=("a",))}
    assert bench(clients, regions=(), own_region="eu-west-1").run() == ["w"]


def test_all_regions_where_none_is_named():
    """A region without the group, or that is not enabled, is no fault as long as the group is found somewhere."""
    closed = logs()
    closed.faults["DescribeLogStreams"] = [client_error("UnrecognizedClientException")] * 9
    clients = {"ap-east-1": closed, "eu-west-1": FakeLogs(), "us-east-1": logs(s=("a",))}
    daemon = bench(clients, regions=(), known=tuple(clients))
    assert daemon.run() == ["a"]
    assert daemon.said() == []
    assert [scope for scope, report in daemon.progress.reports.items() if report.error] == []
    assert daemon.run() == []


def test_a_group_that_is_in_no_region():
    clients = {"eu-west-1": FakeLogs(), "us-east-1": FakeLogs()}
    daemon = bench(clients, regions=(), known=tuple(clients))
    assert daemon.run() == []
    (said,) = daemon.said()
    assert f"{GROUP} was found in no region; the first answer was: " in said
    assert daemon.report(f"|*|{GROUP}").error_code == "A030"
    clients["eu-west-1"].put(GROUP, "s", "a")
    assert daemon.run() == ["a"]
    assert daemon.report(f"|*|{GROUP}").error == ""


def test_credentials_that_are_good_nowhere():
    clients = {"eu-west-1": logs(), "us-east-1": logs()}
    for client in clients.values():
        client.faults["DescribeLogStreams"] = [client_error("UnrecognizedClientException")]
    daemon = bench(clients, regions=(), known=tuple(clients))
    assert daemon.run() == []
    assert daemon.report(f"|*|{GROUP}").error_code == "A002"
    assert clients["eu-west-1"].closed


def test_no_region_at_all():
    daemon = bench({"us-east-1": logs()}, regions=(), known=(), arn="arn:aws-x:iam::123456789012:user/x")
    daemon.run()
    (said,) = daemon.said()
    assert "no region to read cloudwatchlogs in: set <regions>  [A013] (exit code 22)" in said


# --- accounts --------------------------------------------------------------------------------------------------------


def test_an_account_that_sts_does_not_tell_today_is_remembered():
    client = logs(s=("a",))
    daemon = bench(client)
    assert daemon.run() == ["a"]
    daemon.restart()
    daemon.session.arn = "profile reader"
    assert daemon.run() == []
    assert daemon.said() == []


def test_an_account_that_sts_tells_later():
    client = logs(s=("a",))
    daemon = bench(client, arn="", aws_profile="reader")
    assert daemon.run() == ["a"]
    assert f"{GROUP}:s" in daemon.progress.known_positions["aws-service|cloudwatchlogs|profile reader|us-east-1"]
    daemon.restart()
    daemon.session.arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/x/y"
    assert daemon.run() == []
    assert f"{GROUP}:s" in daemon.progress.known_positions[SCOPE]
    assert daemon.progress.known_positions["aws-service|cloudwatchlogs|profile reader|us-east-1"] == {}


def test_a_roles_account_needs_no_question():
    daemon = bench(logs(s=("a",)), arn="", iam_role_arn="arn:aws-us-gov:iam::999999999999:role/x")
    assert daemon.run() == ["a"]
    assert "aws-service|cloudwatchlogs|999999999999|us-east-1" in daemon.progress.known_positions


# --- removal ---------------------------------------------------------------------------------------------------------


def test_streams_are_removed_once_they_are_committed():
    client = FakeLogs(page=1)
    client.put(GROUP, "s", "a", "b")
    client.put(GROUP, "t", "c")
    daemon = bench(client, remove_log_streams=True)
    for batch in daemon.batches():
        assert not client.asked("DeleteLogStream") or not batch.records
        if batch.records:
            assert set(client.groups[GROUP]) == {"s", "t"}
        daemon.progress.commit(batch)
    assert client.groups[GROUP] == {}
    assert daemon.run() == []
    assert daemon.progress.known_positions[SCOPE] == {}


def test_nothing_is_removed_before_its_commit():
    client = logs(s=("a",))
    daemon = bench(client, remove_log_streams=True)
    batches = daemon.batches()
    assert any(messages(batch.records) == ["a"] for batch in batches)
    next(batches)  # what is committed behind them
    assert set(client.groups[GROUP]) == {"s"}
    batches.close()


def test_a_stream_with_unread_events_is_not_removed():
    client = logs(s=("a",))
    daemon = bench(client, remove_log_streams=True)
    late = ["b"]
    for batch in daemon.batches():
        if late and not batch.records and not batch.marks:  # the stream was read
            client.put(GROUP, "s", late.pop())
        daemon.progress.commit(batch)
    assert set(client.groups[GROUP]) == {"s"}
    assert daemon.run() == ["b"]
    assert client.groups[GROUP] == {}


def test_a_stream_of_which_nothing_was_read_is_not_removed():
    client = FakeLogs()
    client.put(GROUP, "s", (MIDNIGHT - 1, "yesterday"))
    client.put(GROUP, "failed", "a")
    client.faults_of_stream["failed"] = [client_error("ServiceUnavailableException")]
    daemon = bench(client, remove_log_streams=True)
    assert daemon.run() == []
    assert set(client.groups[GROUP]) == {"s", "failed"}


def test_a_removal_that_is_refused_is_told_once_and_tried_again():
    client = logs(s=("a",), t=("b",))
    client.faults["DeleteLogStream"] = [client_error("AccessDeniedException", "DeleteLogStream")] * 2
    daemon = bench(client, remove_log_streams=True)
    assert daemon.run() == ["a", "b"]
    (said,) = daemon.said()
    assert "was read but not deleted" in said
    assert "allow logs:DeleteLogStream" in said
    assert said.endswith("[A031]")
    assert daemon.run() == []
    assert client.groups[GROUP] == {}


def test_a_removal_looks_behind_a_refused_token():
    client = logs(s=("a",))
    daemon = bench(client, remove_log_streams=True)
    for batch in daemon.batches():
        client.expire_tokens()
        daemon.progress.commit(batch)
    assert client.groups[GROUP] == {}


# --- the whole -------------------------------------------------------------------------------------------------------


def test_marks_stand_beside_their_records():
    client = FakeLogs(page=2)
    client.put(GROUP, "s", *(f"{number}" for number in range(5)))
    for batch in bench(client).batches():
        assert not batch.records or any(isinstance(mark, Position) for mark in batch.marks)


def test_a_disabled_module_reads_nothing():
    daemon = bench(logs(s=("a",)))
    daemon.config = daemon.config.model_copy(update={"disabled": True})
    assert daemon.run() == []
