"""The poller over a bucket in memory: what is read, in which order, what is remembered, what is said."""

from __future__ import annotations

import gzip
import json
import queue
import threading
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from alertmill import codes
from alertmill.config.models import AwsS3, Bucket, Interval
from alertmill.event import Record
from alertmill.sources.aws.faults import FetchError
from alertmill.sources.aws.fetching import Room, Throttle
from alertmill.sources.aws.lanes import Shared
from alertmill.sources.aws.poller import BucketPoller
from alertmill.sources.aws.store import Body
from alertmill.sources.base import Batch, ObjectDone, ObjectFailed, ObjectPartial
from support import PATIENCE
from unit.sources.aws.doubles import (
    ACCOUNT,
    NOON,
    Bench,
    MemoryProgress,
    MemoryStore,
    bench,
    flow_key,
    store_error,
    trail_key,
    utc,
)

SCOPE = f"s3://my-logs/AWSLogs/|cloudtrail|{ACCOUNT}|us-east-1"
WHOLE = "s3://my-logs/AWSLogs/|cloudtrail|*|*"
BAD = b"this is no gzip"


def trail(*names: str) -> bytes:
    return gzip.compress(json.dumps({"Records": [{"eventID": name} for name in names]}).encode())


def ids(records: list[Record]) -> list[str]:
    """The event ids, and the error events by their key's end."""
    found = []
    for record in records:
        document = json.loads(record.message)
        aws = document["aws"]
        found.append(aws["eventID"] if "error_msg" not in document else "error " + aws["log_info"]["log_file"][-20:])
    return found


def day(number: int) -> str:
    return f"2026/01/{number:02}"


class ShortStore(MemoryStore):
    """A bucket whose answers end early, as those of a broken proxy do, with a length that fits."""

    def fetch(self, key: str, etag: str, stopped: Callable[[], bool]) -> Body:
        return Body(b"".join(super().fetch(key, etag, stopped).chunks())[:-1])


def test_a_body_shorter_than_the_listing_says_is_a_failure() -> None:
    key = flow_key(day(15), "a")
    run = bench(ShortStore({key: b"2 1 eni-1\n2 1 eni-2\n"}), kind="vpcflow")
    (record,) = run.run()
    assert "the body that came has 19 bytes, and the object 20" in record.message
    assert not run.progress.done
    assert len(run.progress.failures) == 1


def test_objects_that_are_all_refused_are_a_missing_permission() -> None:
    store = MemoryStore({trail_key(day(15), name): trail(name) for name in "abc"})
    store.broken = dict.fromkeys(store.objects, FetchError("s3:GetObject was refused  [A001]"))
    run = bench(store)
    for _ in range(2):  # the objects are not due in the second run, and the permission is still missing
        run.run()
        assert run.progress.reports[SCOPE].error_code == "A001"
    store.broken = {}
    run.now += 100_000
    assert ids(run.run()) == ["a", "b", "c"]
    assert run.progress.reports[SCOPE].error_code == ""


# --- order and scope -------------------------------------------------------------------------------------------------


def test_accounts_then_regions_then_keys() -> None:
    objects = {}
    for account in ("222222222222", "111111111111"):
        for region in ("us-east-1", "ap-south-1"):
            for name in ("b", "a"):
                key = trail_key(day(15), name, account=account, region=region)
                objects[key] = trail(f"{account[0]} {region} {name}")
    found = ids(bench(objects).run())
    assert found == [f"{a} {r} {n}" for a in "12" for r in ("ap-south-1", "us-east-1") for n in "ab"]
    listed = bench(objects, aws_account_id=("222222222222", "111111111111"), regions=("us-east-1", "ap-south-1"))
    assert ids(listed.run()) == [f"{a} {r} {n}" for a in "21" for r in ("ap-south-1", "us-east-1") for n in "ab"]


def test_regions_are_found_for_each_account() -> None:
    objects = {
        trail_key(day(15), "a", account="111111111111", region="us-east-1"): trail("1"),
        trail_key(day(15), "a", account="222222222222", region="eu-west-1"): trail("2"),
        "AWSLogs/not-an-account/x": b"",
        f"AWSLogs/{ACCOUNT}/CloudTrail-Digest/us-east-1/2026/01/15/d": trail("digest"),
    }
    assert ids(bench(objects).run()) == ["1", "2"]


def test_many_accounts_over_many_pages() -> None:
    accounts = [f"{number:012}" for number in range(40)]
    objects = {trail_key(day(15), "a", account=account): trail(account) for account in accounts}
    assert ids(bench(MemoryStore(objects, page_size=7)).run()) == accounts


@pytest.mark.parametrize(
    ("options", "prefix"),
    [
        ({}, "AWSLogs/"),
        ({"path": "pre/fix/"}, "pre/fix/AWSLogs/"),
        ({"path_suffix": "suf/"}, "AWSLogs/suf/"),
        ({"aws_organization_id": "o-abc"}, "AWSLogs/o-abc/"),
        ({"path": "p/", "path_suffix": "s/", "aws_organization_id": "o-1"}, "p/AWSLogs/s/o-1/"),
    ],
)
def test_prefixes_and_the_name_of_the_state(options: dict[str, str], prefix: str) -> None:
    key = f"{prefix}{ACCOUNT}/CloudTrail/us-east-1/2026/01/15/x.json.gz"
    on_bench = bench({key: trail("a"), trail_key(day(15), "other")[1:]: trail("no")}, **options)
    assert ids(on_bench.run()) == ["a"]
    assert f"s3://my-logs/{prefix}|cloudtrail|{ACCOUNT}|us-east-1" in on_bench.progress.reports


def test_flow_logs_lie_in_two_layouts() -> None:
    row = b"2 123456789012 eni-%d 10.0.0.1 10.0.0.2 1 2 6 1 1 1768471200 1768471260 ACCEPT OK\n"
    hive = (
        f"AWSLogs/aws-account-id={ACCOUNT}/aws-service=vpcflowlogs/aws-region=us-east-1/year=2026/month=01/day=15/x.log"
    )
    objects = {flow_key(day(15), "a"): row % 1, hive: row % 2}
    for options in ({}, {"aws_account_id": (ACCOUNT,), "regions": ("us-east-1",)}):
        records = bench(objects, kind="vpcflow", **options).run()
        assert [json.loads(r.message)["aws"]["interface_id"] for r in records] == ["eni-1", "eni-2"]


# --- dates -----------------------------------------------------------------------------------------------------------


def test_a_first_run_reads_from_today_on() -> None:
    objects = {trail_key(day(n), str(n)): trail(str(n)) for n in (13, 14, 15, 16)}
    assert ids(bench(objects, only_logs_after=None).run()) == ["15", "16"]
    assert ids(bench(objects, only_logs_after=date(2026, 1, 14)).run()) == ["14", "15", "16"]


def test_the_lower_bound_is_kept_raised_and_never_lowered() -> None:
    objects = {trail_key(day(n), str(n)): trail(str(n)) for n in (13, 14)}
    on_bench = bench(objects, only_logs_after=date(2026, 1, 14))
    assert ids(on_bench.run()) == ["14"]
    for earlier in (date(2026, 1, 1), None):
        again = bench(on_bench.store, only_logs_after=earlier)
        again.progress = on_bench.progress
        assert ids(again.run()) == []
    on_bench.store.objects[trail_key(day(15), "15")] = trail("15")
    later = bench(on_bench.store, only_logs_after=date(2026, 1, 16))
    later.progress = on_bench.progress
    assert ids(later.run()) == []
    assert later.progress.bounds[SCOPE] == "2026-01-16"


def test_a_region_that_appears_later_is_read_from_the_first_run_on() -> None:
    on_bench = bench({trail_key(day(15), "a"): trail("a")}, only_logs_after=None)
    on_bench.run()
    on_bench.now = utc(2026, 1, 16, 0, 5)
    key = trail_key(day(15), "late", region="eu-west-1")  # written before midnight, its region is new
    on_bench.store.objects[key] = trail("late")
    assert ids(on_bench.run()) == ["late"]


def test_late_objects_are_read_within_the_look_back() -> None:
    on_bench = bench({trail_key(day(15), "b"): trail("b")})
    assert ids(on_bench.run()) == ["b"]
    on_bench.store.objects |= {trail_key(day(n), "a"): trail(f"late {n}") for n in (12, 13, 15)}
    assert ids(on_bench.run()) == ["late 13", "late 15"]
    assert ids(on_bench.run()) == []


def test_the_look_back_is_the_user_s() -> None:
    on_bench = bench({trail_key(day(15), "b"): trail("b")}, look_back=5 * 86_400)
    on_bench.run()
    on_bench.store.objects |= {trail_key(day(n), "a"): trail(f"late {n}") for n in (9, 10)}
    assert ids(on_bench.run()) == ["late 10"]


def test_nothing_is_read_twice_however_long_it_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Done objects are forgotten some day, and never listed again then."""
    monkeypatch.setattr("alertmill.sources.aws.walks._KEPT_DAYS", 1)
    on_bench = bench({})
    seen: list[str] = []
    for number in range(1, 29):
        on_bench.now = utc(2026, 1, number, 12)
        on_bench.store.objects[trail_key(day(number), "x")] = trail(str(number))
        seen += ids(on_bench.run())
        assert len(on_bench.progress.done) <= 5
    assert seen == [str(number) for number in range(1, 29)]


def test_one_date_in_the_future_does_not_hide_the_present() -> None:
    on_bench = bench({trail_key("2099/01/01", "x"): trail("future"), trail_key(day(15), "a"): trail("a")})
    assert ids(on_bench.run()) == ["a", "future"]
    on_bench.store.objects[trail_key(day(15), "b")] = trail("b")
    assert ids(on_bench.run()) == ["b"]


def test_an_interrupted_back_fill_goes_on_in_every_folder() -> None:
    """Keys need not come in the order of their dates: the bound rises only when a walk came to its end."""
    prefix = f"AWSLogs/{ACCOUNT}/CloudTrail/us-east-1"
    objects = {f"{prefix}/{folder}/{day(n)}/x.json.gz": trail(f"{folder} {n}") for folder in "ab" for n in (1, 8, 15)}
    on_bench = bench(objects)
    found: list[str] = []
    for batch in on_bench.batches():
        found += ids(list(batch.records))
        on_bench.progress.commit(batch)
        if len(found) == 3:
            break
    assert found == ["a 1", "a 8", "a 15"]
    assert ids(on_bench.run()) == ["b 1", "b 8", "b 15"]


# --- identity and progress -------------------------------------------------------------------------------------------


def test_the_same_key_and_etag_are_read_once_another_etag_again() -> None:
    key = trail_key(day(15), "a")
    on_bench = bench({key: trail("one")})
    assert ids(on_bench.run()) == ["one"]
    assert ids(on_bench.run()) == []
    on_bench.store.objects[key] = trail("two")
    assert ids(on_bench.run()) == ["two"]


@pytest.mark.parametrize("runs", [1, 2], ids=["a bucket listed twice", "an overtaken schedule"])
def test_what_is_not_committed_yet_is_waited_for(runs: int) -> None:
    on_bench = bench({trail_key(day(15), "a"): trail("a"), trail_key(day(15), "b"): BAD})
    buckets = on_bench.config.buckets * (2 // runs)
    on_bench.config = on_bench.config.model_copy(update={"buckets": buckets})
    arrived: queue.Queue[Batch | None] = queue.Queue()

    def source() -> None:
        for _ in range(runs):
            for batch in on_bench.batches():
                arrived.put(batch)
        arrived.put(None)

    threading.Thread(target=source, daemon=True).start()
    records: list[Record] = []
    waiting: list[Batch] = []
    for _ in range(1000):
        try:
            batch = arrived.get(timeout=0.2)
        except queue.Empty:  # the source waits for this
            for one in waiting:
                on_bench.progress.commit(one)
            waiting.clear()
            continue
        if batch is None:
            break
        waiting.append(batch)
        records += batch.records
    assert batch is None
    assert [name[-9:] for name in ids(records)] == ["a", "b.json.gz"]


def test_stopping_while_a_commit_is_waited_for() -> None:
    on_bench = bench({trail_key(day(15), "a"): trail("a")})
    records = [record for batch in on_bench.batches() for record in batch.records]
    again = threading.Thread(target=lambda: records.extend(r for batch in on_bench.batches() for r in batch.records))
    again.start()
    on_bench.stop.set()
    again.join(PATIENCE)
    assert not again.is_alive()
    assert ids(records) == ["a"]


def test_marks_follow_the_records() -> None:
    on_bench = bench({trail_key(day(15), "a"): trail("a"), trail_key(day(15), "b"): trail("b", "c")})
    batches = list(on_bench.batches())
    kinds = [[type(mark).__name__ for mark in batch.marks] for batch in batches]
    assert kinds == [
        ["ScopeBound"],
        ["ScopeBound"],
        ["ObjectDone"],
        ["ObjectDone"],
        ["ScopeBound", "ScopeReport"],
        ["ScopeReport"],
        [],  # its ack tells that all of the run is committed
    ]
    assert [len(batch.records) for batch in batches] == [0, 0, 1, 2, 0, 0, 0]
    done = [mark for batch in batches for mark in batch.marks if isinstance(mark, ObjectDone)]
    assert [(mark.scope, mark.day, mark.records, mark.remove) for mark in done] == [
        (SCOPE, "2026-01-15", 1, False),
        (SCOPE, "2026-01-15", 2, False),
    ]


def test_reports() -> None:
    on_bench = bench({trail_key(day(n), "x"): trail("x") if n < 15 else BAD for n in (13, 14, 15)})
    on_bench.run()
    report = on_bench.progress.reports[SCOPE]
    assert (report.listed, report.waiting, report.error, report.time) == (3, 1, "", NOON)
    assert report.newest_key == trail_key(day(15), "x")
    assert report.keep_from == "2025-10-14"  # two days of look-back below the 14th, and ninety for audits
    assert on_bench.progress.reports[WHOLE].error == ""


def test_going_on_inside_an_object() -> None:
    key = trail_key(day(15), "a")
    on_bench = bench({key: trail(*(str(n) for n in range(1500)))})
    for batch in on_bench.batches():
        on_bench.progress.commit(batch)
        if any(isinstance(mark, ObjectPartial) for mark in batch.marks):
            break
    assert ids(on_bench.run()) == [str(n) for n in range(1000, 1500)]


def test_listing_is_streamed_and_ahead_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Throttle, "limit", 4)
    objects = {trail_key(day(15), f"{n:05}"): trail(str(n)) for n in range(300)}
    on_bench = bench(MemoryStore(objects, page_size=10))
    batches = iter(on_bench.batches())
    for batch in batches:
        if batch.records:
            break
    assert len(on_bench.store.fetched) <= 6
    assert len(on_bench.store.requests) <= 16  # of 36
    assert sum(len(batch.records) for batch in batches) == 299


def test_large_objects_are_fetched_alone() -> None:
    objects = {trail_key(day(15), f"{n}"): trail(str(n)) for n in range(5)}
    on_bench = bench(objects)
    on_bench.shared = Shared(room=Room(1))
    for batch in on_bench.batches():
        if batch.records:
            assert len(on_bench.store.fetched) == int(ids(list(batch.records))[0]) + 1


# --- failures --------------------------------------------------------------------------------------------------------


def failing(**options: Any) -> Bench:
    keys = {name: trail_key(day(15), name) for name in "abc"}
    return bench({keys["a"]: trail("a"), keys["b"]: BAD, keys["c"]: trail("c")}, **options)


def test_a_failed_object_does_not_stop_the_others() -> None:
    on_bench = failing()
    assert ids(on_bench.run()) == ["a", "error _us-east-1_b.json.gz", "c"]
    (mark,) = on_bench.progress.failures.values()
    assert isinstance(mark, ObjectFailed)
    assert (mark.attempts, mark.first_failed, mark.retry_at, mark.dead) == (1, NOON, NOON + 600, False)
    assert mark.reason.startswith("Failed to decompress file AWSLogs/")
    (line,) = on_bench.said()
    assert "Invalid gzip file received" in line and line.endswith("[A009]")


def test_it_is_tried_again_when_its_time_has_come_with_one_event_only() -> None:
    on_bench = failing(interval=Interval(seconds=600))
    on_bench.run()
    attempts, events = [], []
    for minute in range(10, 200, 10):
        on_bench.now = NOON + minute * 60
        on_bench.store.fetched.clear()
        events += ids(on_bench.run())
        if on_bench.store.fetched:
            attempts.append(minute)
    assert attempts == [10, 30, 70, 150]
    assert events == []


def test_it_dies_after_ten_attempts_and_is_counted_once_per_run() -> None:
    on_bench = failing()
    for number in range(12):
        on_bench.now = NOON + number * 90_000
        on_bench.store.fetched.clear()
        on_bench.run()
    assert on_bench.store.fetched == []
    (mark,) = on_bench.progress.failures.values()
    assert (mark.attempts, mark.dead) == (10, True)
    (line,) = on_bench.said()
    assert "1 objects were given up" in line and line.endswith("[A010]")
    assert on_bench.progress.reports[SCOPE].waiting == 1


def test_a_failed_object_that_is_mended_is_read_wherever_it_lies() -> None:
    on_bench = failing()
    on_bench.store.broken[trail_key(day(15), "b")] = FetchError("AccessDenied")
    on_bench.store.objects[trail_key(day(15), "b")] = trail("b")
    on_bench.run()
    on_bench.store.objects[trail_key(day(28), "d")] = trail("d")
    on_bench.now = utc(2026, 1, 28, 12)
    on_bench.progress.failures = {
        key: ObjectFailed(*key, "x", 1, NOON, NOON, on_bench.now + 5) for key in on_bench.progress.failures
    }
    assert ids(on_bench.run()) == ["d"]  # from now on everything before the 26th is out of the window
    on_bench.store.broken.clear()
    on_bench.now += 10
    assert ids(on_bench.run()) == ["b"]
    assert on_bench.progress.failures == {}


def test_a_failed_object_that_was_replaced_is_another_object() -> None:
    on_bench = failing()
    on_bench.run()
    on_bench.store.objects[trail_key(day(15), "b")] = trail("new b")
    assert ids(on_bench.run()) == ["new b"]
    assert on_bench.progress.failures == {}
    assert on_bench.progress.reports[SCOPE].waiting == 0


def test_a_failed_object_that_was_removed_is_forgotten() -> None:
    on_bench = failing()
    on_bench.run()
    del on_bench.store.objects[trail_key(day(15), "b")]
    on_bench.now += 700
    assert ids(on_bench.run()) == []
    assert on_bench.progress.failures == {}


def test_an_object_that_is_gone_is_done_without_a_word() -> None:
    on_bench = bench({trail_key(day(15), n): trail(n) for n in "ab"}, remove_from_bucket=True)
    fetch = on_bench.store.fetch

    def replaced(key: str, etag: str, stopped: Any) -> Any:
        on_bench.store.objects.pop(trail_key(day(15), "b"), None)
        return fetch(key, etag, stopped)

    on_bench.store.fetch = replaced  # type: ignore[method-assign]
    assert ids(on_bench.run()) == ["a"]
    assert on_bench.said() == []
    gone = [done for done in on_bench.progress.done.values() if done.records == 0]
    assert len(gone) == 1
    assert not gone[0].remove


def test_without_skip_on_error_the_first_failure_ends_the_run() -> None:
    on_bench = failing(skip_on_error=False)
    assert ids(on_bench.run()) == ["a"]
    (line,) = on_bench.said()
    assert "exit code 8, and skip_on_error is no" in line
    assert "exit code 8" in on_bench.progress.reports[SCOPE].error
    assert on_bench.progress.reports[SCOPE].waiting >= 1
    assert len(on_bench.progress.failures) == 1
    assert ids(on_bench.run()) == ["c"]  # the failed one waits for its time


def test_broken_connections_end_the_run_after_a_few() -> None:
    on_bench = bench({trail_key(day(15), f"{n:02}"): trail(str(n)) for n in range(20)})
    for key in on_bench.store.objects:
        on_bench.store.broken[key] = FetchError("reset", unreachable=True)
    assert len(on_bench.run()) == 5
    assert "5 objects in a row could not be fetched" in on_bench.progress.reports[SCOPE].error
    assert len(on_bench.progress.failures) == 5


def test_expired_credentials_blame_no_object() -> None:
    on_bench = bench({trail_key(day(15), n): trail(n) for n in "abc"})
    on_bench.store.broken[trail_key(day(15), "b")] = store_error(codes.A_CREDENTIALS, 3)
    assert ids(on_bench.run()) == ["a"]
    assert on_bench.progress.failures == {}
    assert "[A002] (exit code 3)" in on_bench.progress.reports[SCOPE].error
    assert "[A002] (exit code 3)" in on_bench.progress.reports[WHOLE].error
    on_bench.store.broken.clear()
    assert ids(on_bench.run()) == ["b", "c"]


def test_new_credentials_are_looked_for_after_a_failure() -> None:
    """Whoever renews a profile need not restart the daemon."""
    made: list[MemoryStore] = []

    def stores(_: Bucket) -> MemoryStore:
        made.append(MemoryStore({trail_key(day(15), "a"): trail("a")}))
        if len(made) == 1:
            made[0].refuse["AWSLogs/"] = store_error(codes.A_CREDENTIALS, 3)
        return made[-1]

    config = bench({}).config
    poller = BucketPoller(config, "compatible", lambda: NOON, lambda *_: None, stores=stores)
    progress = MemoryProgress()
    found = []
    for _ in range(3):
        for batch in poller.batches(progress, threading.Event(), once=True):
            progress.commit(batch)
            found += ids(list(batch.records))
    assert found == ["a"]
    assert len(made) == 2
    assert made[0].closed


def test_a_refused_listing_is_told_once_and_kept_in_every_report() -> None:
    regions = ("eu-west-1", "sa-east-1", "us-east-1")
    on_bench = bench({trail_key(day(15), "a", region=region): trail(region) for region in regions})
    for region in regions[:2]:
        error = store_error(codes.A_REFUSED, ends_run=False)
        on_bench.store.refuse[f"AWSLogs/{ACCOUNT}/CloudTrail/{region}/"] = error
    assert ids(on_bench.run()) == ["us-east-1"]
    (line,) = on_bench.said()
    assert "region eu-west-1" in line and "[A001]" in line
    errors = [on_bench.progress.reports[SCOPE.replace("us-east-1", region)].error for region in regions]
    assert [bool(error) for error in errors] == [True, True, False]
    assert "keep_from" not in errors[0]


def test_a_listing_that_breaks_keeps_what_it_found(monkeypatch: pytest.MonkeyPatch) -> None:
    on_bench = bench({trail_key(day(15), f"{n:02}"): trail(str(n)) for n in range(6)})
    store = on_bench.store
    store.page_size = 3
    real = store.list_page

    def breaking(request: Any) -> Any:
        if "2026" in request.prefix and any("2026" in former.prefix for former in store.requests):
            raise store_error(codes.A_UNREACHABLE, 15)
        return real(request)

    store.list_page = breaking  # type: ignore[method-assign]
    assert ids(on_bench.run()) == ["0", "1", "2"]
    assert "[A005]" in on_bench.progress.reports[SCOPE].error
    assert "[A005] (exit code 15)" in on_bench.progress.reports[WHOLE].error
    assert on_bench.progress.bounds[SCOPE] == "2010-01-01"
    store.list_page = real  # type: ignore[method-assign]
    assert ids(on_bench.run()) == ["3", "4", "5"]


def test_one_definition_s_trouble_is_not_the_other_s() -> None:
    store = MemoryStore({trail_key(day(15), "a"): trail("a")})
    buckets = tuple(Bucket(type="cloudtrail", name=name, only_logs_after=date(2010, 1, 1)) for name in ("gone", "here"))
    lines: list[tuple[str, str]] = []

    def stores(bucket: Bucket) -> MemoryStore:
        if bucket.name == "gone":
            raise store_error(codes.A_CREDENTIALS, 12)
        return store

    poller = BucketPoller(AwsS3(buckets=buckets), "compatible", lambda: NOON, lambda *a: lines.append(a), stores=stores)
    progress = MemoryProgress()
    records: list[Record] = []
    for batch in poller.batches(progress, threading.Event(), once=True):
        progress.commit(batch)
        records += batch.records
    assert ids(records) == ["a"]
    assert "exit code 12" in progress.reports["s3://gone/AWSLogs/|cloudtrail|*|*"].error
    assert [level for level, _ in lines].count("ERROR") == 1


# --- nothing there ---------------------------------------------------------------------------------------------------


NO_LOGS = (
    "No logs found in 'AWSLogs/'. "
    "Check the provided prefix and the location of the logs for the bucket type 'cloudtrail'"
)


@pytest.mark.parametrize(
    ("objects", "options", "expected"),
    [
        ({}, {}, "No files were found in 'my-logs/'. No logs will be processed.  [A008]"),
        ({"just-a-file.txt": b"x"}, {}, "No files were found in 'my-logs/'. No logs will be processed.  [A008]"),
        ({"x/y": b""}, {"path": "p/"}, "No files were found in 'my-logs/p/'. No logs will be processed.  [A008]"),
        (
            {"foo/bar/x": b"x"},
            {},
            f"{NO_LOGS}  [A008]",
        ),
        (
            {f"AWSLogs/o-abc123/{ACCOUNT}/CloudTrail/us-east-1/2026/01/15/x": b"x"},
            {},
            f"{NO_LOGS}. There is a folder o-abc123: set <aws_organization_id> to it  [A008]",
        ),
        (
            {"foo/bar/x": b"x"},
            {"aws_account_id": (ACCOUNT,), "regions": ("us-east-1",)},
            f"{NO_LOGS}  [A008]",
        ),
    ],
)
def test_nothing_there_is_a_warning(objects: dict[str, bytes], options: dict[str, Any], expected: str) -> None:
    on_bench = bench(objects, **options)
    assert on_bench.run() == []
    assert on_bench.said() == [expected]


def test_nothing_new_is_no_warning() -> None:
    on_bench = bench({trail_key("2009/01/01", "old"): trail("old")})
    assert on_bench.run() == []
    assert on_bench.said() == []


# --- removal ---------------------------------------------------------------------------------------------------------


def removing() -> Bench:
    keys = [trail_key(day(15), name) for name in "abc"]
    return bench({keys[0]: trail("a"), keys[1]: BAD, keys[2]: trail("c")}, remove_from_bucket=True)


def test_only_done_objects_are_removed_and_only_after_the_commit() -> None:
    on_bench = removing()
    for batch in on_bench.batches():
        if any(isinstance(mark, ObjectDone) for mark in batch.marks):
            key = next(mark.key for mark in batch.marks if isinstance(mark, ObjectDone))
            assert key in on_bench.store.objects
        on_bench.progress.commit(batch)
    assert list(on_bench.store.objects) == [trail_key(day(15), "b")]


def test_a_run_that_is_the_last_waits_for_its_deletions_and_tells_of_them() -> None:
    on_bench = bench({trail_key(day(15), f"{n:04}"): trail(str(n)) for n in range(300)}, remove_from_bucket=True)
    on_bench.run()
    assert on_bench.store.objects == {}
    assert on_bench.progress.removals == set()


def test_a_refused_deletion_is_a_warning_and_tried_again() -> None:
    on_bench = removing()
    on_bench.store.undeletable = {trail_key(day(15), name) for name in "ac"}
    on_bench.run()
    refused = [line for line in on_bench.said() if "A012" in line]
    assert len(refused) == 1
    assert "was read but not deleted: AccessDenied" in refused[0]
    assert len(on_bench.progress.removals) == 2
    on_bench.store.undeletable.clear()
    on_bench.run()
    assert on_bench.progress.removals == set()
    assert list(on_bench.store.objects) == [trail_key(day(15), "b")]


# --- stopping --------------------------------------------------------------------------------------------------------


def test_stopping_between_objects() -> None:
    on_bench = bench({trail_key(day(15), f"{n:03}"): trail(str(n)) for n in range(200)})
    found: list[str] = []
    for batch in on_bench.batches():
        found += ids(list(batch.records))
        on_bench.progress.commit(batch)
        if len(found) == 10:
            on_bench.stop.set()
    assert 10 <= len(found) <= 11
    assert SCOPE not in on_bench.progress.reports
    assert on_bench.store.closed
    on_bench.stop.clear()
    assert found + ids(on_bench.run()) == [str(n) for n in range(200)]


@pytest.mark.parametrize("call", ["fetch", "list_page"])
def test_stopping_while_a_call_hangs(call: str) -> None:
    on_bench = bench({trail_key(day(15), "a"): trail("a")})
    gate = threading.Event()

    def hanging(*_: Any) -> Any:
        on_bench.stop.set()
        gate.wait(PATIENCE)
        raise FetchError("too late")

    setattr(on_bench.store, call, hanging)
    assert on_bench.run() == []
    gate.set()


def test_stopping_while_credentials_are_made() -> None:
    gate, stop = threading.Event(), threading.Event()

    def stores(_: Bucket) -> MemoryStore:
        stop.set()
        gate.wait(PATIENCE)
        return MemoryStore()

    poller = BucketPoller(bench({}).config, "compatible", lambda: NOON, lambda *_: None, stores=stores)
    assert list(poller.batches(MemoryProgress(), stop, once=True)) == []
    gate.set()


def test_a_deletion_that_hangs_does_not_hold_up_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alertmill.sources.aws.removal._PATIENCE", 0.05)
    on_bench = removing()
    gate = threading.Event()
    deleted: list[str] = []

    def hanging(key: str, etag: str) -> None:
        deleted.append(key)
        gate.wait(PATIENCE)

    on_bench.store.delete = hanging  # type: ignore[method-assign]
    on_bench.run()
    assert len(deleted) == 2
    assert len(on_bench.progress.removals) == 2
    gate.set()


# --- flow logs -------------------------------------------------------------------------------------------------------

FLOW = b"2 123456789012 eni-1 10.0.0.1 10.0.0.2 1 2 6 1 1 1768471200 1768471260 ACCEPT OK\n"


def test_flow_logs_that_ec2_does_not_know_are_read_too() -> None:
    on_bench = bench({flow_key(day(15), "a"): FLOW}, kind="vpcflow")
    on_bench.store.known_flow_logs = ["fl-other"]
    assert len(on_bench.run()) == 1
    assert "s3://my-logs: flow logs in us-east-1: fl-other" in on_bench.said("DEBUG")


def test_a_refused_question_is_told_once() -> None:
    on_bench = bench({flow_key(day(15), "a"): FLOW}, kind="vpcflow")
    on_bench.store.known_flow_logs = store_error(codes.A_REFUSED, ends_run=False)
    assert len(on_bench.run()) == 1
    (line,) = on_bench.said()
    assert line.endswith("all objects below the prefix are read anyway")
    on_bench.run()
    assert on_bench.said() == []
    assert on_bench.store.flow_log_questions == 1


def test_no_other_type_asks_for_flow_logs() -> None:
    on_bench = bench({trail_key(day(15), "a"): trail("a")})
    on_bench.store.known_flow_logs = store_error(codes.A_REFUSED)
    on_bench.run()
    assert on_bench.said() == []


# --- schedule and words ----------------------------------------------------------------------------------------------


def test_the_log_speaks_the_reference_s_words() -> None:
    on_bench = bench(
        {trail_key(day(15), "a"): trail("a")}, path="", aws_account_alias="prod", aws_account_id=(ACCOUNT,)
    )
    on_bench.run()
    assert on_bench.said("INFO") == [
        "Module AWS started",
        "Starting fetching of logs.",
        f"Executing Bucket Analysis: (Bucket: my-logs, Type: cloudtrail, Account ID: {ACCOUNT}, Account Alias: prod)",
        "s3://my-logs/AWSLogs/ : 1 objects, 1 records",
        "Fetching logs finished.",
    ]


def test_a_module_without_definitions_says_so() -> None:
    on_bench = Bench(MemoryStore(), AwsS3())
    assert on_bench.run() == []
    assert on_bench.said("WARNING") == ["No AWS buckets, services or subscribers defined. Exiting..."]


def test_a_disabled_module_does_nothing() -> None:
    on_bench = bench({trail_key(day(15), "a"): trail("a")})
    on_bench.config = on_bench.config.model_copy(update={"disabled": True})
    assert on_bench.run() == []
    assert on_bench.said("INFO") == ["Module AWS is disabled. Exiting..."]


class PassingTime:
    """A stop flag that is never waited for: waiting moves the bench's clock. Set after so many runs."""

    def __init__(self, bench: Bench, runs: int) -> None:
        self.bench = bench
        self.runs = runs
        self.starts: list[float] = []

    def log(self, level: str, text: str) -> None:
        self.bench.log(level, text)
        if text == "Starting fetching of logs.":
            self.starts.append(self.bench.now - NOON)

    def is_set(self) -> bool:
        return len(self.starts) >= self.runs

    def wait(self, timeout: float | None = None) -> bool:
        self.bench.now += timeout or 0.0
        return self.is_set()


def scheduled(on_bench: Bench, runs: int, wake_at: float | None = None) -> list[float]:
    """When the runs start, in seconds; reading takes a minute."""
    stop = PassingTime(on_bench, runs + 1)
    poller = BucketPoller(
        on_bench.config, "compatible", lambda: on_bench.now, stop.log, stores=lambda _: on_bench.store
    )
    for batch in poller.batches(on_bench.progress, stop, once=False):
        on_bench.progress.commit(batch)
        if batch.records:
            on_bench.now += 60
        if wake_at is not None and on_bench.now - NOON >= wake_at:
            wake_at = None
            poller.wake()
    return stop.starts


def test_runs_follow_the_schedule() -> None:
    on_bench = bench({trail_key(day(15), "a"): trail("a")})
    assert scheduled(on_bench, 3) == [0.0, 600.0, 1200.0, 1800.0]
    assert on_bench.progress.runs == {"aws-s3": NOON + 1800}


def test_a_stored_start_is_waited_for() -> None:
    on_bench = bench({})
    on_bench.config = on_bench.config.model_copy(update={"run_on_start": False})
    on_bench.progress.runs["aws-s3"] = NOON + 77
    assert scheduled(on_bench, 1) == [77.0, 677.0]


def test_an_overlong_run_is_told_and_followed_at_once() -> None:
    on_bench = bench({trail_key(day(15), "a"): trail("a")}, interval=Interval(seconds=30))
    assert scheduled(on_bench, 2) == [0.0, 60.0, 90.0]
    assert "Interval overtaken." in on_bench.said()


def test_waking_means_a_run_beside_the_planned_ones() -> None:
    on_bench = bench({trail_key(day(15), "a"): trail("a")})
    assert scheduled(on_bench, 2, wake_at=60) == [0.0, 60.0, 600.0]


def test_batches_are_batches() -> None:
    on_bench = bench({trail_key(day(15), "a"): trail("a")})
    assert all(isinstance(batch, Batch) for batch in on_bench.batches())
