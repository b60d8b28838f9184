"""Trials of sources: what is told of what was found, and how far the search goes."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from botocore import exceptions as sdk

from alertmill import codes
from alertmill.config.models import AwsS3, Bucket, Service, Subscriber
from alertmill.errors import Origin
from alertmill.sources.aws import trial, trial_bucket
from alertmill.sources.aws.faults import FetchError
from alertmill.sources.aws.trial import Tries, try_sources
from alertmill.sources.aws.trial_bucket import BucketTrial
from alertmill.sources.aws.workers import Workers
from support import PATIENCE
from unit.sources.aws.doubles import ACCOUNT, NOON, MemoryStore, flow_key, store_error, trail_key
from unit.sources.aws.services.fakes import FakeSession

OTHER = "210987654321"
CALLS = Workers(4, "try-test")


class Store(MemoryStore):
    """A bucket in memory of which the beginning of an object can be asked for."""

    def peek(self, key: str, etag: str) -> bytes:
        return self.fetch(key, etag, lambda: False).head(10)


def tried(store: Store, kind: Any = "cloudtrail", **options: Any) -> list[tuple[str, bool | None, str]]:
    found: list[tuple[str, bool | None, str]] = []
    bucket = Bucket(type=kind, name="my-logs", **options)
    BucketTrial(bucket, store, CALLS, NOON, lambda *told: found.append(told)).run()
    return found


NEW = trail_key("2026/01/15", "new")
OLD = trail_key("2020/02/03", "old", account=OTHER, region="eu-west-1")


def test_accounts_and_regions_and_one_of_the_newest_objects() -> None:
    store = Store({OLD: b"old", trail_key("2026/01/14", "a"): b"a", NEW: b"new", "AWSLogs/x/y": b""})
    assert tried(store) == [
        ("list", True, f"2 accounts: {ACCOUNT} (us-east-1), {OTHER} (eu-west-1)"),
        ("read", True, f"{NEW} (3 bytes)"),
    ]
    assert store.fetched == [NEW]


def test_an_old_object_serves_where_there_is_no_new_one() -> None:
    assert tried(Store({OLD: b"old"}))[-1] == ("read", True, f"{OLD} (3 bytes)")
    said = tried(Store({OLD: b"old"}), only_logs_after=date(2026, 1, 1))
    assert said[-1] == ("read", None, "not tried: no object to read was found")


def test_empty_objects_are_passed_over() -> None:
    assert tried(Store({NEW: b""}))[-1] == ("read", None, "not tried: no object to read was found")


def test_what_is_named_and_holds_nothing_is_told() -> None:
    said = tried(Store({NEW: b"x"}), aws_account_id=(ACCOUNT, OTHER), regions=("us-east-1", "eu-west-1"))
    assert said[0] == (
        "list",
        True,
        f"1 account: {ACCOUNT} (us-east-1); nothing yet in {ACCOUNT} eu-west-1, {OTHER} eu-west-1, {OTHER} us-east-1",
    )
    said = tried(Store({NEW: b"x"}), aws_account_id=(ACCOUNT, OTHER))
    assert said[0][2].endswith(f"; nothing yet in {OTHER}")


def test_a_bucket_without_what_is_looked_for() -> None:
    ((what, ok, detail),) = tried(Store({"elsewhere/x": b"x"}))
    assert (what, ok) == ("list", False)
    assert "No logs found in 'AWSLogs/'" in detail
    assert detail.endswith(f"[{codes.A_NOTHING_FOUND.id}]")


def test_an_account_that_is_refused_does_not_hide_the_others() -> None:
    store = Store({OLD: b"old", NEW: b"new"})
    store.refuse[f"AWSLogs/{OTHER}/CloudTrail/"] = store_error(codes.A_REFUSED, ends_run=False)
    assert tried(store) == [
        ("list", True, f"1 account: {ACCOUNT} (us-east-1)"),
        (f"list {OTHER}", False, "no  [A001]"),
        ("read", True, f"{NEW} (3 bytes)"),
    ]


def test_a_region_that_is_refused_does_not_hide_the_others() -> None:
    store = Store({NEW: b"new"})
    store.refuse[f"AWSLogs/{ACCOUNT}/CloudTrail/eu-west-1/"] = store_error(codes.A_REFUSED, ends_run=False)
    assert tried(store, aws_account_id=(ACCOUNT,), regions=("eu-west-1", "us-east-1")) == [
        ("list", True, f"1 account: {ACCOUNT} (us-east-1)"),
        (f"list {ACCOUNT} eu-west-1", False, "no  [A001]"),
        ("read", True, f"{NEW} (3 bytes)"),
    ]


def test_many_refusals_are_summed_up() -> None:
    accounts = tuple(f"{number:012}" for number in range(15))
    store = Store({NEW: b"new"})
    for account in accounts:
        store.refuse[f"AWSLogs/{account}/CloudTrail/"] = store_error(codes.A_REFUSED, ends_run=False)
    said = tried(store, aws_account_id=accounts)
    assert len(said) == 11
    assert said[-1] == ("list", False, "refused for 5 more accounts and regions")


def test_what_ends_the_run_ends_the_trial() -> None:
    store = Store({NEW: b"new"})
    store.refuse["AWSLogs/"] = store_error(codes.A_NO_BUCKET)
    assert tried(store) == [("list", False, "no  [A003]")]


def test_an_object_that_cannot_be_read() -> None:
    store = Store({NEW: b"new"})
    store.broken[NEW] = FetchError("s3:GetObject was refused; allow kms:Decrypt on arn:aws:kms:x  [A001]")
    assert tried(store)[-1] == ("read", False, str(store.broken[NEW]))


def test_a_search_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial_bucket, "_SEARCH", 5)
    store = Store({f"in/{number:04}": b"x" for number in range(100)}, page_size=2)
    store.modified = {key: date(2020, 1, 1) for key in store.objects}
    said = tried(store, "custom", path="in/", only_logs_after=date(2026, 1, 1), remove_from_bucket=True)
    assert said == [
        ("list", True, "in/ holds objects"),
        ("read", None, "not tried: no object to read was found"),
        ("delete", None, "not tried: deleting an object can only be tried by doing it"),
    ]
    assert len(store.requests) == 1 + 2 * 5


@pytest.mark.parametrize(
    ("known", "ok", "detail"),
    [
        (["fl-1", "fl-2"], True, "fl-1, fl-2"),
        ([], True, "none"),
        (None, None, "not tried: an S3 of one's own has no EC2 beside it"),
        (store_error(codes.A_REFUSED), None, "no  [A001]; not needed: all objects are read anyway"),
    ],
)
def test_flow_logs(known: Any, ok: bool | None, detail: str) -> None:
    store = Store({flow_key("2026/01/15", "a"): b"x"})
    store.known_flow_logs = known
    assert tried(store, "vpcflow")[-1] == ("flow logs in us-east-1", ok, detail)


# --- services ---------------------------------------------------------------------------------------------------------


def refused(code: str) -> sdk.ClientError:
    answer: Any = {"Error": {"Code": code, "Message": "told you so"}, "ResponseMetadata": {"HTTPStatusCode": 400}}
    return sdk.ClientError(answer, "DescribeLogStreams")


class Logs:
    """CloudWatch Logs of a region: groups with their streams, and the error that everything ends in."""

    def __init__(self, groups: dict[str, list[str]], error: Exception | None = None) -> None:
        self._groups = groups
        self._error = error
        self.closed = False

    def describe_log_streams(self, logGroupName: str, **_: Any) -> dict[str, Any]:  # noqa: N803
        if self._error:
            raise self._error
        if logGroupName not in self._groups:
            raise refused("ResourceNotFoundException")
        return {"logStreams": [{"logStreamName": name} for name in self._groups[logGroupName]]}

    def get_log_events(self, **arguments: Any) -> dict[str, Any]:
        assert arguments["limit"] == 1
        return {"events": [], "nextForwardToken": "t"}

    def close(self) -> None:
        self.closed = True


def served(session: FakeSession, **options: Any) -> list[tuple[str, bool | None, str]]:
    tries = Tries("service")
    service = Service(**{"type": "cloudwatchlogs", "aws_log_groups": ("app",), **options})
    trial._try_service(service, session, CALLS, tries)  # type: ignore[arg-type]
    return [(one.what, one.ok, one.detail) for one in tries.found]


def test_a_group_is_looked_for_in_every_region_that_is_named() -> None:
    session = FakeSession({"eu-west-1": Logs({"app": ["a", "b"]}), "us-east-1": Logs({"app": []})})
    said = served(session, regions=("eu-west-1", "us-east-1"), remove_log_streams=True)
    assert said == [
        ("app in eu-west-1", True, "2 streams, events can be read"),
        ("app in us-east-1", True, "no streams yet"),
        ("delete", None, "not tried: deleting a stream can only be tried by doing it"),
    ]
    assert all(client.closed for client in session.clients.values())


def test_a_group_that_a_named_region_does_not_have() -> None:
    ((what, ok, detail),) = served(FakeSession({"eu-west-1": Logs({})}), regions=("eu-west-1",))
    assert (what, ok) == ("app in eu-west-1", False)
    assert detail.endswith("[A030]")


def test_where_no_region_is_named_one_of_them_is_enough() -> None:
    session = FakeSession({"eu-west-1": Logs({"app": ["a"]}), "us-east-1": Logs({}, refused("InvalidClientTokenId"))})
    assert served(session) == [
        ("app in eu-west-1", True, "1 stream, events can be read"),
        ("app", None, "not in us-east-1; <regions> narrows where it is looked for"),
    ]


def test_where_no_region_has_it_the_first_answer_is_told() -> None:
    ((what, ok, detail),) = served(FakeSession({"eu-west-1": Logs({}), "us-east-1": Logs({})}))
    assert (what, ok) == ("app", False)
    assert detail.startswith('found in none of 2 regions; the first answer was: The "get_log_streams" request failed')


def test_a_refusal_counts_also_where_no_region_is_named() -> None:
    session = FakeSession({"eu-west-1": Logs({"app": []}), "us-east-1": Logs({}, refused("AccessDeniedException"))})
    assert [(what, ok) for what, ok, _ in served(session)] == [("app in eu-west-1", True), ("app in us-east-1", False)]


def test_no_region_at_all() -> None:
    assert served(FakeSession({}, known=())) == [
        ("regions", False, "no region to read cloudwatchlogs in: set <regions>  [A013]")
    ]


# --- all together -----------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("aws_env")
def test_every_definition_is_tried_whatever_becomes_of_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    def burst(*_: Any) -> None:
        raise ValueError("burst")

    monkeypatch.setattr(trial, "_session", burst)
    bucket = Bucket(type="custom", name="b", path="p/", origin=Origin("etc/ossec.conf", 7))
    modules = [
        AwsS3(disabled=True, buckets=(bucket,)),
        AwsS3(buckets=(bucket,), services=(Service(type="inspector"),)),
        AwsS3(subscribers=(Subscriber(type="buckets", sqs_name="q"),)),
    ]
    found = [one for trials in try_sources(modules, NOON) for one in trials.result(PATIENCE)]
    assert [one.definition for one in found] == [
        "bucket b/p/ (custom), etc/ossec.conf:7",
        "service inspector",
        "subscriber q (buckets)",
    ]
    assert {(one.what, one.ok, one.detail) for one in found} == {
        ("definition", False, "it could not be tried: ValueError: burst")
    }


def test_without_credentials_nothing_else_is_tried(aws_env: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        aws_env.delenv(name)
    (future,) = try_sources([AwsS3(buckets=(Bucket(type="cloudtrail", name="my-logs"),))], NOON)
    assert [(one.what, one.ok, one.detail) for one in future.result(PATIENCE)] == [
        ("credentials", False, "no usable AWS credentials: Unable to locate credentials  [A002]")
    ]


@pytest.mark.parametrize(
    ("reply", "ok", "ends"),
    [
        (store_error(codes.A_UNREACHABLE), None, "; it is not needed to read"),
        (store_error(codes.A_CREDENTIALS), False, "no  [A002]"),
        ("", None, "an S3 of one's own has no STS beside it to be asked"),
        ("arn:aws:iam::1:role/r", True, "arn:aws:iam::1:role/r"),
    ],
)
def test_the_identity(reply: Any, ok: bool | None, ends: str, aws_env: pytest.MonkeyPatch) -> None:
    def caller(_: object) -> str:
        if isinstance(reply, Exception):
            raise reply
        return str(reply)

    aws_env.setattr("alertmill.sources.aws.session.AwsSession.caller", caller)
    tries = Tries("bucket")
    assert trial._session(Bucket(type="cloudtrail", name="my-logs"), ("cn-north-1",), tries) is not None
    (credentials, identity) = tries.found
    assert credentials.detail == "access key ...MPLE of the environment, partition aws-cn"
    assert (identity.what, identity.ok) == ("identity", ok)
    assert identity.detail.endswith(ends)
