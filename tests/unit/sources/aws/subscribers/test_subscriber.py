"""Messages in, records out, and what becomes of the messages: everything around a queue but the wire."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Iterator
from datetime import UTC, date
from typing import Any

import pytest

from alertmill import codes
from alertmill.config.models import AwsS3, Bucket, DiscardRegex
from alertmill.errors import SourceError
from alertmill.sources.aws.faults import FetchError, StoreError
from alertmill.sources.aws.lanes import Shared
from alertmill.sources.aws.poller import BucketPoller
from alertmill.sources.aws.subscribers import run as run_module
from alertmill.sources.aws.subscribers.run import REPORT_PAUSE
from alertmill.sources.aws.subscribers.subscriber import FIRST_PAUSE
from alertmill.sources.base import Batch, ObjectDone, ObjectFailed, ObjectPartial, RetryFailed, ScopeReport, Source
from support import PATIENCE
from unit.sources.aws.doubles import ACCOUNT, NOON, MemoryProgress, store_error, trail_key
from unit.sources.aws.subscribers.fakes import FILES, AnyTagStore, QueueBench, bench, notice, scope

TRAIL_SCOPE = f"s3://my-trail/AWSLogs/|cloudtrail|{ACCOUNT}|us-east-1"


def trail(*names: str) -> bytes:
    return gzip.compress(json.dumps({"Records": [{"eventID": name} for name in names]}).encode())


def done_in(desk: QueueBench, name: str) -> set[str]:
    """The keys that are done in a scope."""
    return {key for of_scope, key, _ in desk.progress.done if of_scope == name}


class Stepping(threading.Event):
    """A stop flag that is set after so many waits, and remembers how long each was to be."""

    def __init__(self, waits: int) -> None:
        super().__init__()
        self.waits: list[float | None] = []
        self._left = waits

    def wait(self, timeout: float | None = None) -> bool:
        self.waits.append(timeout)
        if len(self.waits) >= self._left:
            self.set()
        return self.is_set()


# --- messages that go well --------------------------------------------------------------------------------------------


def test_a_message_is_deleted_only_when_its_objects_are_committed() -> None:
    desk = bench({"a.log": b"first\nsecond\n", "b.log": b"third\n"}, notice("a.log", "b.log"))
    texts = []
    for batch in desk.batches():
        assert desk.queue.deleted == [] or not batch.records
        desk.progress.commit(batch)
        texts += [json.loads(record.message)["aws"]["full_log"] for record in batch.records]
    assert texts == ["first", "second", "third"]
    assert desk.queue.deleted == ["m0"]
    assert desk.said() == []


def test_nothing_is_deleted_while_nothing_is_committed() -> None:
    desk = bench({"a.log": b"text\n"}, notice("a.log"))
    batches = desk.batches()
    assert [len(batch.records) for batch in [next(batches)]] == [1]
    assert desk.queue.deleted == []
    batches.close()  # type: ignore[attr-defined]
    assert desk.queue.left == ["m0"]


def test_objects_come_in_the_order_of_arrival_whatever_their_gets_take(monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"{number}.log" for number in range(40)]
    desk = bench({name: name.encode() for name in names}, *map(notice, names))
    store, second = desk.stores[FILES], threading.Event()
    fetch = store.fetch

    def slow_first(key: str, *rest: Any) -> Any:
        if key == "0.log":
            assert second.wait(PATIENCE)
        elif key == "1.log":
            second.set()
        return fetch(key, *rest)

    monkeypatch.setattr(store, "fetch", slow_first)
    assert desk.texts() == names


def test_a_report_tells_what_a_run_saw() -> None:
    desk = bench({"a.log": b"text\n"}, notice("a.log"), notice("a.log"))
    desk.run()
    report = desk.progress.reports[scope()]
    assert (report.listed, report.waiting, report.newest_key, report.error) == (2, 0, f"{FILES}/a.log", "")
    assert report.keep_from == "2025-12-31"
    assert desk.lines[0] == ("INFO", "Executing Subscriber fetch: (Type and SQS: buckets my-queue)")


def test_news_that_are_not_about_new_objects_are_deleted() -> None:
    body = json.dumps({"Records": [{"eventName": "ObjectRemoved:Delete", "s3": {}}]})
    desk = bench({}, body)
    assert desk.run() == []
    assert desk.queue.deleted == ["m0"]


def test_an_object_that_is_gone_is_done() -> None:
    desk = bench({}, notice("gone.log", eTag="e1"))
    assert desk.run() == []
    assert desk.queue.deleted == ["m0"]
    assert set(desk.progress.done) == {(scope(), f"{FILES}/gone.log", "e1")}
    assert desk.progress.failures == {}


def test_an_object_that_is_gone_says_nothing_of_a_later_one() -> None:
    """An empty ETag stands for any: whoever can write to the queue must not hide objects that are still to come."""
    key = trail_key("2026/01/15", "y")
    desk = trail_desk(notice("later.log"), notice(key, bucket="my-trail"))
    assert desk.run() == []
    assert desk.queue.left == []
    assert desk.progress.done == {}
    desk.stores[FILES].objects["later.log"] = b"text\n"
    desk.stores["my-trail"].objects[key] = trail("e1")
    desk.queue.send(notice("later.log"), notice(key, bucket="my-trail"))
    assert len(desk.run()) == 2


def test_the_improved_format_shows_what_stood_around_the_detail() -> None:
    event = {"detail-type": "Thing Happened", "time": "2026-01-15T09:00:00Z", "detail": {"x": 1}}
    desk = bench({"a.json": json.dumps(event).encode()}, notice("a.json"), event_format="improved")
    (record,) = desk.run()
    assert json.loads(record.message)["aws"] == {
        "log_info": {"log_file": "a.json", "s3bucket": FILES, "record": 1},
        "x": 1,
        "source": "custom",
        "envelope": {"detail-type": "Thing Happened", "time": "2026-01-15T09:00:00Z"},
    }
    assert record.event_time == NOON - 3600


def test_what_is_discarded_counts_as_read() -> None:
    unwanted = DiscardRegex(pattern="debug")
    desk = bench({"a.log": b"debug x\nerror y\n"}, notice("a.log"), discard_regex=unwanted)
    assert desk.texts() == ["error y"]
    assert [mark.records for mark in desk.progress.done.values()] == [2]


def test_a_discard_regex_that_does_not_compile_shows_at_once() -> None:
    with pytest.raises(SourceError, match=r"subscriber my-queue does not compile.*A013"):
        bench({}, discard_regex=DiscardRegex(pattern="("))


# --- once -------------------------------------------------------------------------------------------------------------


def test_an_object_that_is_notified_of_twice_is_read_once() -> None:
    desk = bench({"a.log": b"text\n"}, notice("a.log"), notice("a.log", "a.log"))
    assert desk.texts() == ["text"]
    assert desk.queue.left == []
    desk.queue.send(notice("a.log"))
    assert desk.texts() == []
    assert desk.queue.left == []


def test_another_etag_is_another_object() -> None:
    desk = bench({"a.log": b"old\n"}, notice("a.log", eTag=AnyTagStore({"a.log": b"old\n"}).etag("a.log")))
    assert desk.texts() == ["old"]
    desk.stores[FILES].objects["a.log"] = b"new\n"
    desk.queue.send(notice("a.log", eTag=desk.stores[FILES].etag("a.log")))
    assert desk.texts() == ["new"]


def test_after_a_crash_before_the_deletion_the_message_comes_again_and_brings_nothing() -> None:
    desk = bench({"a.log": b"text\n"}, notice("a.log"))
    for batch in desk.batches():  # committed, but the process dies before anything is acknowledged
        desk.progress.commit(Batch(batch.records, batch.marks))
        break
    assert desk.queue.left == ["m0"]
    desk.crash()
    desk.later(31)
    assert desk.texts() == []
    assert desk.queue.left == []


def test_after_a_crash_in_the_middle_of_an_object_the_rest_is_read() -> None:
    desk = bench({"a.log": b"one\ntwo\nthree\n"}, notice("a.log"))
    etag = desk.stores[FILES].etag("a.log")
    desk.progress.commit(Batch(marks=(ObjectPartial(scope(), f"{FILES}/a.log", etag, 2),)))
    assert desk.texts() == ["three"]


def test_an_object_that_was_overwritten_is_read_again_though_no_etag_is_told() -> None:
    desk = bench({"a.log": b"old\n"}, notice("a.log"))
    assert desk.texts() == ["old"]
    desk.stores[FILES].objects["a.log"] = b"new\n"
    desk.queue.send(notice("a.log"))
    assert desk.texts() == ["new"]


def test_objects_of_two_buckets_with_one_key_are_two_objects() -> None:
    desk = bench({"a.log": b"mine\n"}, notice("a.log"), notice("a.log", bucket="other"))
    desk.stores["other"] = AnyTagStore({"a.log": b"yours\n"})
    assert desk.texts() == ["mine", "yours"]


def test_a_message_that_comes_again_while_it_is_worked_on_is_worked_on_once() -> None:
    desk = bench({"a.log": b"text\n", "b.log": b"more\n"}, notice("a.log"), notice("b.log"))
    texts = []
    for batch in desk.batches():
        desk.later(31)  # the visibility timeout of everything is over
        desk.progress.commit(batch)
        texts += [json.loads(record.message)["aws"]["full_log"] for record in batch.records]
    assert texts == ["text", "more"]
    assert desk.queue.left == []


# --- objects of a <bucket> --------------------------------------------------------------------------------------------


def trail_desk(*bodies: str, **options: Any) -> QueueBench:
    key = trail_key("2026/01/15", "x")
    bucket = Bucket(type="cloudtrail", name="my-trail", aws_account_alias="prod", **options)
    desk = bench({}, *bodies, buckets=[bucket])
    desk.stores["my-trail"] = AnyTagStore({key: trail("e1")})
    return desk


def test_an_object_of_a_bucket_definition_is_read_as_the_definition_reads_it() -> None:
    key = trail_key("2026/01/15", "x")
    desk = trail_desk(notice(key, bucket="my-trail"))
    (message,) = desk.messages()
    assert message["aws"]["source"] == "cloudtrail"
    assert message["aws"]["log_info"]["aws_account_alias"] == "prod"
    assert message["aws"]["aws_account_id"] == ACCOUNT
    etag = desk.stores["my-trail"].etag(key)
    (done,) = [mark for mark in desk.progress.done.values() if mark.scope == TRAIL_SCOPE]
    assert (done.key, done.etag, done.day, done.records) == (key, etag, "2026-01-15", 1)
    assert done_in(desk, scope()) == {f"my-trail/{key}"}
    assert [access for _, access in desk.opened] == list(desk.buckets)


def test_what_the_listing_has_read_a_notification_does_not_repeat() -> None:
    key = trail_key("2026/01/15", "x")
    desk = trail_desk(notice(key, bucket="my-trail"))
    done = ObjectDone(TRAIL_SCOPE, key, desk.stores["my-trail"].etag(key), "2026-01-15", 1)
    desk.progress.commit(Batch(marks=(done,)))
    assert desk.run() == []
    assert desk.queue.left == []


def test_what_the_definition_has_forgotten_a_second_notification_does_not_repeat() -> None:
    key = trail_key("2026/01/15", "x")
    desk = trail_desk(notice(key, bucket="my-trail"))
    assert len(desk.run()) == 1
    desk.progress.commit(Batch(marks=(ScopeReport(TRAIL_SCOPE, NOON, 1, 0, "", keep_from="2026-01-16"),)))
    assert done_in(desk, TRAIL_SCOPE) == set()
    desk.queue.send(notice(key, bucket="my-trail"))
    assert desk.run() == []
    assert desk.queue.left == []


def test_what_wazuh_has_read_before_the_switch_is_not_read() -> None:
    key = trail_key("2026/01/15", "x")
    desk = trail_desk(notice(key, bucket="my-trail"))
    desk.progress.taken_over[TRAIL_SCOPE] = (key, NOON + 86_400)
    assert desk.run() == []
    assert desk.queue.left == []


def test_what_is_older_than_only_logs_after_is_not_read() -> None:
    desk = trail_desk(notice(trail_key("2026/01/15", "x"), bucket="my-trail"), only_logs_after=date(2026, 1, 16))
    assert desk.run() == []
    assert desk.queue.left == []


def test_remove_from_bucket_is_left_to_the_definition() -> None:
    key = trail_key("2026/01/15", "x")
    desk = trail_desk(notice(key, bucket="my-trail"), remove_from_bucket=True)
    desk.run()
    assert desk.progress.to_remove(TRAIL_SCOPE) == [(key, desk.stores["my-trail"].etag(key))]
    assert key in desk.stores["my-trail"].objects


def test_where_listing_is_refused_the_etag_stays_unknown() -> None:
    key = trail_key("2026/01/15", "x")
    desk = trail_desk(notice(key, bucket="my-trail"))
    desk.stores["my-trail"].refuse[key] = store_error(codes.A_REFUSED, ends_run=False)
    assert len(desk.run()) == 1
    assert (TRAIL_SCOPE, key, "") in desk.progress.done


def test_what_the_listing_is_reading_is_waited_for_while_others_are_read() -> None:
    key = trail_key("2026/01/15", "x")
    desk = trail_desk(notice(key, bucket="my-trail"), notice("a.log"))
    desk.stores[FILES] = AnyTagStore({"a.log": b"text\n"})
    etag = desk.stores["my-trail"].etag(key)
    assert desk.in_flight.claim(TRAIL_SCOPE, key, etag)  # a walk does
    records = []
    for batch in desk.batches():
        records += batch.records
        desk.progress.commit(batch)
        if batch.records:  # the walk comes to its commit
            assert desk.queue.left[0] == "m0"
            desk.progress.commit(Batch(marks=(ObjectDone(TRAIL_SCOPE, key, etag, "2026-01-15", 1),)))
            desk.in_flight.release(TRAIL_SCOPE, key, etag)
    assert [json.loads(record.message)["aws"].get("full_log") for record in records] == ["text"]
    assert desk.queue.left == []


def test_what_the_listing_gave_up_is_read() -> None:
    key = trail_key("2026/01/15", "x")
    desk = trail_desk(notice(key, bucket="my-trail"))
    etag = desk.stores["my-trail"].etag(key)
    assert desk.in_flight.claim(TRAIL_SCOPE, key, etag)
    batches = desk.batches()
    threading.Timer(0.3, lambda: desk.in_flight.release(TRAIL_SCOPE, key, etag)).start()
    assert len(next(batches).records) == 1


def test_a_claim_is_given_back_whatever_happens() -> None:
    desk = bench({"a.log": b"text\n", "bad.log.gz": b"text\n"}, notice("a.log"), notice("bad.log.gz"), notice("gone"))
    desk.run()
    for key in ("a.log", "bad.log.gz", "gone"):
        assert desk.in_flight.claim(scope(), f"{FILES}/{key}", "")


# --- failures ---------------------------------------------------------------------------------------------------------


def test_an_object_that_fails_is_told_of_once_and_its_message_stays() -> None:
    desk = bench({"bad.gz": b"no gzip", "good.log": b"text\n"}, notice("bad.gz"), notice("good.log"))
    assert desk.texts() == ["Failed to decompress f", "text"]
    assert desk.queue.left == ["m0"]
    (failed,) = desk.progress.failures.values()
    assert (failed.scope, failed.key, failed.attempts, failed.retry_at) == (
        scope(),
        f"{FILES}/bad.gz",
        1,
        NOON + desk.queue.visibility,
    )
    assert [text.rpartition("  ")[2] for text in desk.said()] == ["[A009]"]
    desk.later(31)
    assert desk.texts() == []
    assert desk.queue.left == ["m0"]
    assert [mark.attempts for mark in desk.progress.failures.values()] == [2]


def test_a_poison_message_is_named_as_such_and_left_to_the_queue() -> None:
    desk = bench({"bad.gz": b"no gzip"}, notice("bad.gz"))
    for _ in range(9):
        desk.run()
        desk.later(31)
    ends = [text.rpartition("(delivery ")[2] for text in desk.said()]
    assert ends == ["1)  [A009]", "2)  [A009]", "3)  [A022]", "4)  [A022]", "8)  [A022]"]
    assert [mark.attempts for mark in desk.progress.failures.values()] == [9]
    assert desk.queue.left == ["m0"]


def test_a_message_stays_for_one_bad_object_and_the_good_ones_are_not_repeated() -> None:
    desk = bench({"good.log": b"text\n", "bad.gz": b"no gzip"}, notice("good.log", "bad.gz"))
    assert desk.texts() == ["text", "Failed to decompress f"]
    desk.later(31)
    desk.stores[FILES].objects["bad.gz"] = gzip.compress(b"mended\n")
    assert desk.texts() == ["mended"]
    assert desk.queue.left == []
    assert desk.progress.failures == {}


def test_an_object_that_replaces_a_failed_one_ends_the_failure() -> None:
    desk = bench({"a.gz": b"no gzip"})
    etag = desk.stores[FILES].etag("a.gz")
    desk.queue.send(notice("a.gz", eTag=etag))
    desk.run()
    assert set(desk.progress.failures) == {(scope(), f"{FILES}/a.gz", etag)}
    desk.stores[FILES].objects["a.gz"] = gzip.compress(b"mended\n")
    desk.queue.send(notice("a.gz", eTag=desk.stores[FILES].etag("a.gz")))
    assert desk.texts() == ["mended"]
    assert desk.progress.failures == {}


def test_two_messages_about_one_bad_object_tell_of_it_once() -> None:
    desk = bench({"bad.gz": b"no gzip"}, notice("bad.gz"), notice("bad.gz"))
    assert desk.texts() == ["Failed to decompress f"]
    assert desk.queue.left == ["m0", "m1"]


def test_no_error_event_for_a_message_that_was_delivered_before() -> None:
    desk = bench({"bad.gz": b"no gzip"}, notice("bad.gz"))
    desk.queue.sent[0].received = 1
    assert desk.texts() == []
    assert len(desk.progress.failures) == 1


def test_a_bucket_that_does_not_exist_spoils_one_message() -> None:
    desk = bench({"a.log": b"text\n"}, notice("x", bucket="gone"), notice("a.log"))
    desk.stores["gone"] = AnyTagStore()
    desk.stores["gone"].broken["x"] = store_error(codes.A_NO_BUCKET)
    desk.stores["gone"].objects["x"] = b""
    assert desk.texts() == ["Unknown error reading/", "text"]


def test_a_failed_object_of_a_definition_is_kept_in_its_scope_and_retried_by_its_pauses() -> None:
    key = trail_key("2026/01/15", "x")
    desk = trail_desk(notice(key, bucket="my-trail"))
    desk.stores["my-trail"].objects[key] = b"no gzip"
    assert len(desk.run()) == 1
    (failed,) = desk.progress.failures.values()
    assert (failed.scope, failed.key, failed.attempts) == (TRAIL_SCOPE, key, 1)
    desk.later(31)  # the message is there again, the object's time has not come
    desk.run()
    assert [mark.attempts for mark in desk.progress.failures.values()] == [1]
    desk.later(600)
    desk.run()
    assert [mark.attempts for mark in desk.progress.failures.values()] == [2]
    assert desk.queue.left == ["m0"]


def test_a_definition_without_credentials_does_not_hold_up_the_queue() -> None:
    key = trail_key("2026/01/15", "x")
    desk = trail_desk(notice(key, bucket="my-trail"), notice("a.log"))
    desk.stores[FILES] = AnyTagStore({"a.log": b"text\n"})
    desk.stores["my-trail"].broken[key] = store_error(codes.A_CREDENTIALS, 3)
    assert desk.texts() == ["Unknown error reading/", "text"]
    del desk.stores["my-trail"].broken[key]
    desk.later(700)
    assert len(desk.run()) == 1
    assert [name for name, _ in desk.opened].count("my-trail") == 2


def test_messages_of_unexpected_format_stay_and_are_told_of_once() -> None:
    desk = bench({"a.log": b"text\n"}, "no json", '{"Event": "s3:TestEvent"}', notice("a.log"))
    assert desk.texts() == ["text"]
    assert desk.queue.left == ["m0", "m1"]
    (text,) = desk.said()
    assert "message m0 does not have the expected format: it is not JSON" in text
    assert text.endswith("[A021]")
    assert [(mark.key, mark.attempts) for mark in desk.progress.failures.values()] == [
        ("message m0", 1),
        ("message m1", 1),
    ]


def test_an_object_of_unexpected_format_makes_no_event_and_leaves_its_message() -> None:
    findings = [{"detail-type": "x", "detail": {}}, {"no": "event"}]
    body = "".join(map(json.dumps, findings)).encode()
    desk = bench({"hub": body}, notice("hub"), kind="security_hub")
    assert desk.run() == []
    assert desk.queue.left == ["m0"]
    assert [mark.reason[:18] for mark in desk.progress.failures.values()] == ["unexpected format:"]


def test_messages_that_sqs_cannot_hold_any_more_are_forgotten() -> None:
    desk = bench({}, "no json")
    desk.run()
    desk.queue.deleted.append("m0")
    desk.later(14 * 86_400)
    desk.run()
    assert len(desk.progress.failures) == 1
    desk.later(2 * 86_400)
    desk.run()
    assert desk.progress.failures == {}


def test_the_operator_has_a_failed_object_tried_again_without_its_message() -> None:
    desk = bench({"a.log": b"text\n"}, notice("a.log"), "no json")
    desk.stores[FILES].broken["a.log"] = FetchError("AccessDenied")
    assert desk.texts() == ["Unknown error reading/"]
    desk.queue.deleted += ["m0", "m1"]  # the redrive policy took them away
    assert desk.run() == []
    assert {etag for _, _, etag in desk.progress.failures} == {desk.stores[FILES].etag("a.log"), ""}
    desk.stores[FILES].broken.clear()
    for failed in list(desk.progress.failures.values()):
        desk.progress.commit(Batch(marks=(RetryFailed(failed.scope, failed.key, failed.etag),)))
    assert desk.texts() == ["text"]
    assert desk.progress.failures == {}


def test_what_the_operator_wants_a_daemon_does_at_once(idle: QueueBench) -> None:
    key = f"{FILES}/a.log"
    running = Running(idle)
    assert idle.queue.polling.wait(PATIENCE)
    idle.progress.commit(Batch(marks=(ObjectFailed(scope(), key, "", "no", 0, NOON, NOON, 0.0),)))
    idle.source.wake()
    running.wait_for(1)
    assert running.texts == ["text"]


def test_failures_are_remembered_up_to_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alertmill.sources.aws.subscribers.failed._MOST", 3)
    desk = bench({}, *["no json"] * 8)
    desk.run()
    assert len(desk.progress.failures) == 3
    assert len(desk.queue.left) == 8


# --- a queue that cannot be read --------------------------------------------------------------------------------------


def until_stopped(desk: QueueBench, waits: int) -> Stepping:
    """A run of a daemon that is told to stop at its n-th pause."""
    stop = Stepping(waits)
    for batch in desk.source.batches(desk.progress, stop, once=False):
        desk.progress.commit(batch)
    return stop


def test_a_queue_that_cannot_be_read_is_reported_and_tried_again_after_growing_pauses() -> None:
    desk = bench({})
    desk.queue.faults["receive"] = StoreError(codes.A_REFUSED, 21, "no", ends_run=False)
    stop = until_stopped(desk, 7)
    assert stop.waits == [FIRST_PAUSE, 20, 40, 80, 160, 300, 300]
    assert desk.said("ERROR") == ["Subscriber: my-queue - no  [A001] (exit code 21)"]
    report = desk.progress.reports[scope()]
    assert (report.error, report.error_code) == ("no  [A001] (exit code 21)", "A001")


def test_with_once_a_queue_that_cannot_be_read_ends_the_run() -> None:
    desk = bench({})
    desk.queue.faults["receive"] = store_error(codes.A_QUEUE, 20)
    assert desk.run() == []
    assert desk.progress.reports[scope()].error_code == "A020"


def test_after_bad_credentials_others_are_looked_for() -> None:
    desk = bench({"a.log": b"text\n"}, notice("a.log"))
    made = []

    def queues(_: Any) -> Any:
        made.append(desk.queue)
        return desk.queue

    desk.source._queues = queues
    desk.queue.faults["receive"] = store_error(codes.A_CREDENTIALS, 3)
    until_stopped(desk, 2)
    assert len(made) == 2
    del desk.queue.faults["receive"]
    assert desk.texts() == ["text"]


def test_bad_credentials_for_objects_make_a_pause_and_lose_nothing() -> None:
    desk = bench({"a.log": b"first\n", "b.log": b"second\n"}, notice("a.log"), notice("b.log"))
    desk.stores[FILES].broken["a.log"] = store_error(codes.A_CREDENTIALS, 3)
    stop = Stepping(2)
    texts = []
    for batch in desk.source.batches(desk.progress, stop, once=False):
        desk.progress.commit(batch)
        texts += [json.loads(record.message)["aws"]["full_log"] for record in batch.records]
        if any(isinstance(mark, ScopeReport) and mark.error for mark in batch.marks):
            assert desk.queue.left == ["m0", "m1"]
            desk.stores[FILES].broken.clear()
        if desk.queue.left == ["m1"] or len(texts) == 2:
            stop.set()
    assert texts[0] == "first"
    assert [name for name, _ in desk.opened] == [FILES, FILES]


@pytest.mark.parametrize(("throttled", "code"), [(False, "A005"), (True, "A006")])
def test_objects_that_cannot_be_reached_make_a_pause_after_a_few(throttled: bool, code: str) -> None:
    keys = [f"{number}.log" for number in range(7)]
    desk = bench(dict.fromkeys(keys, b"text\n"), *map(notice, keys))
    for key in keys:
        desk.stores[FILES].broken[key] = FetchError("no route", unreachable=True, throttled=throttled)
    assert len(desk.run()) == 5
    assert desk.progress.reports[scope()].error_code == code


def test_a_bucket_that_throttles_is_asked_for_fewer_objects_at_once() -> None:
    desk = bench({"a.log": b"text\n"}, notice("a.log"))
    desk.run()
    limit = desk.source._routes.throttle.limit
    desk.stores[FILES].throttled()
    assert desk.source._routes.throttle.limit == limit // 2


def test_an_error_that_is_over_is_over_in_the_next_report() -> None:
    desk = bench({})
    desk.queue.faults["receive"] = store_error(codes.A_THROTTLED, 16, ends_run=False)
    stop = threading.Event()
    errors = []
    desk.source._now = lambda: desk.moment
    batches = desk.source.batches(desk.progress, Impatient(stop), once=False)
    for batch in batches:
        errors += [mark.error_code for mark in batch.marks if isinstance(mark, ScopeReport)]
        desk.queue.faults.clear()
        if len(errors) == 2:
            stop.set()
    assert errors == ["A006", ""]


class Impatient:
    """A stop flag that makes no pauses."""

    def __init__(self, stop: threading.Event) -> None:
        self._stop = stop

    def is_set(self) -> bool:
        return self._stop.is_set()

    def wait(self, timeout: float | None = None) -> bool:
        return self._stop.is_set()


# --- a daemon ---------------------------------------------------------------------------------------------------------


class Running:
    """A subscriber on a thread, as a daemon runs it; every batch is committed."""

    def __init__(self, desk: QueueBench) -> None:
        self.desk = desk
        self.texts: list[str] = []
        self.arrived = threading.Condition()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        for batch in self.desk.source.batches(self.desk.progress, self.desk.stop, once=False):
            self.desk.progress.commit(batch)
            with self.arrived:
                self.texts += [json.loads(record.message)["aws"]["full_log"] for record in batch.records]
                self.arrived.notify_all()

    def wait_for(self, count: int) -> None:
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.texts) >= count, 10)


@pytest.fixture
def idle() -> Iterator[QueueBench]:
    """A bench whose queue holds every poll until the test releases it."""
    desk = bench({"a.log": b"text\n"})
    desk.queue.held = threading.Event()
    yield desk
    desk.stop.set()
    desk.queue.held.set()


def test_a_stop_ends_a_long_poll_at_once(idle: QueueBench) -> None:
    running = Running(idle)
    assert idle.queue.polling.wait(PATIENCE)
    assert idle.queue.waits == [20]
    idle.stop.set()
    running.thread.join(PATIENCE)
    assert not running.thread.is_alive()


def test_a_daemon_goes_on_polling(idle: QueueBench) -> None:
    running = Running(idle)
    assert idle.queue.polling.wait(PATIENCE)
    idle.queue.send(notice("a.log"))
    idle.queue.held.set()  # type: ignore[union-attr]
    running.wait_for(1)
    assert running.texts == ["text"]
    assert running.thread.is_alive()


def test_messages_that_were_not_read_are_given_back_at_the_end() -> None:
    desk = bench({"a.log": b"text\n"}, notice("a.log"), notice("a.log", bucket="never"))
    batches = desk.batches()
    desk.progress.commit(next(batches))
    desk.stop.set()
    assert list(batches) == []
    desk.source.close()
    assert desk.queue.deleted == ["m0"]
    assert desk.queue.extended == [("m1", 0)]
    assert desk.queue.closed


def test_work_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_module, "MOST_MESSAGES", 20)
    keys = [f"{number:03}.log" for number in range(100)]
    desk = bench({key: key.encode() for key in keys}, *map(notice, keys))
    batches, texts = desk.batches(), []
    most = 0
    for batch in batches:
        most = max(most, sum(sent.received for sent in desk.queue.sent) - len(texts))
        desk.progress.commit(batch)
        texts += [json.loads(record.message)["aws"]["full_log"] for record in batch.records]
    assert texts == keys
    assert most <= 20


def test_reports_come_now_and_then(idle: QueueBench) -> None:
    assert idle.queue.held is not None
    idle.queue.held.set()
    reports: list[ScopeReport] = []
    for batch in idle.batches(once=False):
        reports += [mark for mark in batch.marks if isinstance(mark, ScopeReport)]
        if len(reports) == 3:
            break
        idle.later(REPORT_PAUSE)
    assert [report.time - NOON for report in reports] == [0, REPORT_PAUSE, 2 * REPORT_PAUSE]


def test_two_subscribers_of_one_daemon_share_a_queue() -> None:
    keys = [f"{number:03}.log" for number in range(60)]
    desk = bench({key: key.encode() for key in keys}, *map(notice, keys * 2))
    progress, lock = MemoryProgress(), threading.Lock()
    texts: list[str] = []

    def work() -> None:
        for batch in desk.another().batches(progress, desk.stop, once=True):
            with lock:
                texts.extend(json.loads(record.message)["aws"]["full_log"] for record in batch.records)
                progress.commit(batch)

    threads = [threading.Thread(target=work, daemon=True) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert sorted(texts) == keys
    assert desk.queue.left == []


def test_listing_and_a_queue_race_for_the_same_objects_and_each_is_read_once() -> None:
    keys = [trail_key("2026/01/15", f"{number:03}") for number in range(150)]
    bucket = Bucket(type="cloudtrail", name="my-trail", only_logs_after=date(2026, 1, 1))
    desk = bench({}, *(notice(key, bucket="my-trail") for key in reversed(keys)), buckets=[bucket])
    store = desk.stores["my-trail"] = AnyTagStore({key: trail(key[-11:-8]) for key in keys})
    shared = Shared(in_flight=desk.in_flight)
    poller = BucketPoller(
        AwsS3(buckets=(bucket,)),
        "compatible",
        lambda: NOON,
        lambda level, text: None,
        stores=lambda _: store,
        shared=shared,
        zone=UTC,
    )
    lock, start = threading.Lock(), threading.Barrier(2)
    ids: list[str] = []

    def work(source: Source) -> None:
        start.wait(PATIENCE)
        for batch in source.batches(desk.progress, desk.stop, once=True):
            with lock:
                ids.extend(json.loads(record.message)["aws"]["eventID"] for record in batch.records)
                desk.progress.commit(batch)

    threads = [threading.Thread(target=work, args=(source,), daemon=True) for source in (poller, desk.source)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
        assert not thread.is_alive()
    assert sorted(ids) == [f"{number:03}" for number in range(150)]
    assert desk.queue.left == []
