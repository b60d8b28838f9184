"""Bodies of messages -> objects, row by row, and bodies that nobody should have sent."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alertmill.sources.aws.subscribers.notifications import NotifiedObject, UnexpectedFormatError, objects_of

TIME = 1768471200.0


def s3(key: str = "a.log", bucket: str = "b-1", **more: Any) -> dict[str, Any]:
    record = {"s3": {"bucket": {"name": bucket}, "object": {"key": key}}}
    record["s3"]["object"].update({name: more.pop(name) for name in ("eTag", "size") if name in more})
    return {**record, **more}


def bridge(key: Any = "a.log", bucket: Any = "b-1", kind: Any = "Object Created", **more: Any) -> dict[str, Any]:
    detail = {"bucket": {"name": bucket}, "object": {"key": key, **more}}
    return {"detail-type": kind, "source": "aws.s3", "time": "2026-01-15T10:00:00Z", "detail": detail}


def by_sns(event: Any) -> dict[str, Any]:
    return {"Type": "Notification", "MessageId": "1", "TopicArn": "arn", "Message": json.dumps(event)}


WHOLE = s3("a.log", eventName="ObjectCreated:Put", eventTime="2026-01-15T10:00:00.000Z", eTag="0a1b", size=5)


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ({"Records": [s3()]}, [NotifiedObject("b-1", "a.log")]),
        ({"Records": [WHOLE]}, [NotifiedObject("b-1", "a.log", "0a1b", 5, TIME)]),
        ({"Records": [s3("x"), s3("y", "b-2")]}, [NotifiedObject("b-1", "x"), NotifiedObject("b-2", "y")]),
        ({"Records": [s3(eventName="ObjectCreated:CompleteMultipartUpload")]}, [NotifiedObject("b-1", "a.log")]),
        ({"Records": [s3(eventName="s3:ObjectCreated:Copy")]}, [NotifiedObject("b-1", "a.log")]),
        ({"Records": [s3(eventName="ObjectRemoved:Delete"), s3("y")]}, [NotifiedObject("b-1", "y")]),
        ({"Records": [{"eventName": "ObjectRestore:Completed"}]}, []),
        ({"Records": [s3("folder/")]}, []),
        # S3's own notifications encode keys, + is a blank
        ({"Records": [s3("a%20b+c%2Bd")]}, [NotifiedObject("b-1", "a b c+d")]),
        ({"Records": [s3("%C3%A9%2525")]}, [NotifiedObject("b-1", "é%25")]),
        ({"Records": [s3("50%")]}, [NotifiedObject("b-1", "50%")]),
        ({"Records": [s3("é")]}, [NotifiedObject("b-1", "é")]),
        # what EventBridge and Security Lake say is taken as it is
        (bridge(size=7, etag='"e1"'), [NotifiedObject("b-1", "a.log", "e1", 7, TIME)]),
        (bridge("a%20b+c"), [NotifiedObject("b-1", "a%20b+c", time=TIME)]),
        ({"detail": {"bucket": {"name": "b-1"}, "object": {"key": "k"}}}, [NotifiedObject("b-1", "k")]),
        (bridge(kind="Object Deleted"), []),
        (bridge("folder/"), []),
        # through SNS
        (by_sns({"Records": [s3("a%20b")]}), [NotifiedObject("b-1", "a b")]),
        (by_sns(by_sns(bridge())), [NotifiedObject("b-1", "a.log", time=TIME)]),
        # members of odd values that are not needed
        ({"Records": [s3(eTag=5, size="12", eventTime=7)]}, [NotifiedObject("b-1", "a.log")]),
        ({"Records": [s3(eTag="a\r\nX: y", size=-1, eventTime="soon")]}, [NotifiedObject("b-1", "a.log")]),
        ({"Records": [s3(size=True, eventTime="2026-01-15T10:00:00")]}, [NotifiedObject("b-1", "a.log")]),
    ],
)
def test_objects(event: Any, expected: list[NotifiedObject]) -> None:
    assert objects_of(json.dumps(event)) == expected


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("1" * 5000, "not JSON"),
        ('"text"', "not a JSON object"),
        ("[]", "not a JSON object"),
        ("{}", "neither Records nor detail"),
        ({"Service": "Amazon S3", "Event": "s3:TestEvent"}, "test event"),
        ({"Type": "SubscriptionConfirmation", "Message": "x", "SubscribeURL": "http://x"}, "SNS subscription"),
        ({"Type": "Notification", "Message": 5}, "neither Records nor detail"),
        ({"Type": "Notification", "Message": "x"}, "not JSON"),
        (by_sns(by_sns(by_sns(by_sns({})))), "too many times"),
        ({"invocationSchemaVersion": "1.0", "job": {}, "tasks": [{"s3Key": "x"}]}, "neither Records nor detail"),
        ({"Records": []}, "not a list"),
        ({"Records": None}, "not a list"),
        ({"Records": {"s3": {}}}, "not a list"),
        ({"Records": ["x"]}, "record 1 is not"),
        ({"Records": [s3(), {"eventName": 1}]}, "record 2 is not"),
        ({"Records": [{"kinesis": {}}]}, "record 1 has no bucket"),
        ({"Records": [{"s3": {"bucket": {"name": "b-1"}}}]}, "record 1 has no object"),
        ({"Records": [{"s3": {"bucket": "b-1", "object": {}}}]}, "record 1 has no bucket"),
        ({"Records": [s3(bucket="a/../b")]}, "record 1 names no bucket"),
        ({"Records": [s3(bucket="b\n-1")]}, "names no bucket"),
        ({"Records": [s3(bucket="x")]}, "names no bucket"),
        ({"Records": [s3(bucket="b" * 256)]}, "names no bucket"),
        ({"Records": [s3(key=7)]}, "names no key"),  # type: ignore[arg-type]
        ({"Records": [s3(key="")]}, "a key of 0 bytes"),
        ({"Records": [s3(key="é" * 600)]}, "a key of 1200 bytes"),
        ({"Records": [s3(key="%FF")]}, "not UTF-8"),
        ({"Records": [s3(key="\ud800")]}, "not UTF-8"),
        (bridge(kind="AWS API Call via CloudTrail"), "none of S3's"),
        (bridge(kind=3), "none of S3's"),
        ({"detail": "x"}, "has no bucket"),
        ({"detail": {"bucket": {"name": "b-1"}, "object": {"key": None}}}, "names no key"),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 40 else None,
)
def test_unexpected_formats(body: Any, reason: str) -> None:
    with pytest.raises(UnexpectedFormatError, match=reason):
        objects_of(body if isinstance(body, str) else json.dumps(body))


def test_a_message_with_one_odd_record_is_refused_whole() -> None:
    with pytest.raises(UnexpectedFormatError):
        objects_of(json.dumps({"Records": [s3(), {"s3": None}]}))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["Records", "s3", "bucket", "detail", "x"]), inner),
)


@given(st.text() | JSON.map(json.dumps) | JSON.map(lambda inner: json.dumps(by_sns(inner))))
def test_any_body_gives_objects_or_is_refused(body: str) -> None:
    try:
        found = objects_of(body)
    except UnexpectedFormatError as unexpected:
        assert str(unexpected)
    else:
        assert all(0 < len(one.key.encode()) <= 1024 for one in found)
