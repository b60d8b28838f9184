"""The body of a queue's message -> the objects that it tells of.

S3's own notifications, EventBridge's and Security Lake's, each also wrapped by SNS, are understood for every type of
subscriber (aws-wodle.md 12.1, D28 and D33). Whoever may write to the queue writes these bodies: nothing in them is
trusted, and one that cannot be understood is refused as a whole. Pure.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_to_bytes

from alertmill.errors import AlertmillError
from alertmill.sources.aws.formats import epoch

#: SNS may hand a notification on to SNS; more layers than this are nobody's.
_MOST_LAYERS = 3
#: Letters that a bucket's name may have; it becomes part of an address.
_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,254}")
_MOST_KEY_BYTES = 1024
_CREATED = re.compile(r"(?:s3:)?ObjectCreated(?::|$)")


class UnexpectedFormatError(AlertmillError):
    """A message, or the object that it tells of, is of a form that nobody here knows; `str()` says what is wrong.

    It is no failure: the message stays in the queue, whose redrive policy decides.
    """


@dataclass(frozen=True, slots=True)
class NotifiedObject:
    """One object that was written: `etag` without quotes, `size` in bytes, `time` of the event in epoch seconds.

    What the message does not tell is empty or 0.
    """

    bucket: str
    key: str
    etag: str = ""
    size: int = 0
    time: float = 0.0


def objects_of(body: str) -> list[NotifiedObject]:
    """The objects that a message tells of, in its order; none for news of deletions and the like.

    Raises UnexpectedFormatError.
    """
    return list(_objects(body, 1))


def _objects(body: str, layer: int) -> Iterator[NotifiedObject]:
    event = _parsed(body)
    if "Records" in event:
        yield from _of_s3(event["Records"])
    elif "detail" in event:
        yield from _of_eventbridge(event)
    elif event.get("Type") == "Notification" and isinstance(event.get("Message"), str):
        if layer == _MOST_LAYERS:
            raise UnexpectedFormatError("it is wrapped by SNS too many times")
        yield from _objects(event["Message"], layer + 1)
    else:
        raise UnexpectedFormatError(_unknown(event))


def _parsed(body: str) -> dict[str, Any]:
    try:
        event = json.loads(body)
    except (ValueError, RecursionError):
        raise UnexpectedFormatError("it is not JSON") from None
    if not isinstance(event, dict):
        raise UnexpectedFormatError("it is not a JSON object")
    return event


def _unknown(event: dict[str, Any]) -> str:
    if event.get("Event") == "s3:TestEvent":
        return "it is the test event that S3 sends when notifications are configured, and names no object"
    if event.get("Type") == "SubscriptionConfirmation":
        return "it asks for the confirmation of an SNS subscription"
    return "it has neither Records nor detail, and SNS did not wrap it"


def _of_s3(records: Any) -> Iterator[NotifiedObject]:
    if not isinstance(records, list) or not records:
        raise UnexpectedFormatError("its Records are not a list of records")
    for number, record in enumerate(records, 1):
        name = record.get("eventName", "ObjectCreated") if isinstance(record, dict) else None
        if not isinstance(name, str):
            raise UnexpectedFormatError(f"record {number} is not one of S3's")
        if _CREATED.match(name) is None:
            continue
        yield from _object(record.get("s3"), f"record {number}", record.get("eventTime"), encoded=True)


def _of_eventbridge(event: dict[str, Any]) -> Iterator[NotifiedObject]:
    kind = event.get("detail-type", "Object Created")  # Security Lake leaves it out
    if not isinstance(kind, str) or not kind.startswith("Object "):
        raise UnexpectedFormatError("its detail-type is none of S3's")
    if kind == "Object Created":
        yield from _object(event["detail"], "detail", event.get("time"), encoded=False)


def _object(found: Any, place: str, time: Any, *, encoded: bool) -> Iterator[NotifiedObject]:
    """The object in `{"bucket": {"name"}, "object": {"key", "size", "eTag" or "etag"}}`, unless it is a folder."""
    bucket, stored = (_member(found, name, place) for name in ("bucket", "object"))
    name, key = bucket.get("name"), stored.get("key")
    if not isinstance(name, str) or _BUCKET.fullmatch(name) is None:
        raise UnexpectedFormatError(f"{place} names no bucket")
    if not isinstance(key, str):
        raise UnexpectedFormatError(f"{place} names no key")
    key = _key(key, place, encoded=encoded)
    etag, size = stored.get("eTag", stored.get("etag")), stored.get("size")
    if not key.endswith("/"):
        yield NotifiedObject(
            name,
            key,
            etag.strip('"') if isinstance(etag, str) and _is_etag(etag) else "",
            size if type(size) is int and size > 0 else 0,
            (epoch(time) or 0.0) if isinstance(time, str) and len(time) < 40 else 0.0,
        )


def _member(found: Any, name: str, place: str) -> dict[str, Any]:
    member = found.get(name) if isinstance(found, dict) else None
    if not isinstance(member, dict):
        raise UnexpectedFormatError(f"{place} has no {name}")
    return member


def _key(text: str, place: str, *, encoded: bool) -> str:
    """The key; S3's own notifications encode it as in the query of a URL."""
    try:
        data = unquote_to_bytes(text.replace("+", " ")) if encoded else text.encode()
        key = data.decode()
    except UnicodeError:
        raise UnexpectedFormatError(f"{place} has a key that is not UTF-8") from None
    if not 0 < len(data) <= _MOST_KEY_BYTES:
        raise UnexpectedFormatError(f"{place} has a key of {len(data)} bytes")
    return key


def _is_etag(text: str) -> bool:
    """Whether the text can stand in a header; what cannot is no ETag that S3 ever gave."""
    return len(text) <= 256 and text.isascii() and text.isprintable()
