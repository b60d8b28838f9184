"""CloudTrail objects that somebody made to be dear: what can be kept in a table of known values never comes twice.

Each kind takes records of the ordinary trail and changes them:

    fresh    every text is new in every event, so that no verdict about a value can be used again
    names    members nobody has seen before stand among the parameters of every event, so that no shape comes twice
    long     one text of 200,000 bytes
    deep     parameters 100 objects deep
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

from alertmill.samples import SampleObject
from alertmill.samples.cast import Json
from benchmarks.inputs.trail import Trail, begin, trail_object

#: Texts that stay as they are: without them it would be no CloudTrail record.
_KEPT = frozenset(("eventTime", "eventVersion", "eventCategory", "recipientAccountId", "accountId", "awsRegion"))
_LONG, _DEEP = 200_000, 100
_NEW_MEMBERS = 8

Change = Callable[[Json, int], Json]


def fresh(record: Json, number: int) -> Json:
    """Every text with a number of its own behind it."""
    numbers = count()

    def changed(value: Any, name: str = "") -> Any:
        if type(value) is dict:
            return {key: changed(inner, key) for key, inner in value.items()}
        if type(value) is list:
            return [changed(inner) for inner in value]
        return f"{value}-{number:x}-{next(numbers)}" if type(value) is str and name not in _KEPT else value

    made: Json = changed(record)
    return made


def names(record: Json, number: int) -> Json:
    """Eight members more among the parameters, with names that only this event has."""
    new = {f"member{number:x}x{place}": f"value{place}" for place in range(_NEW_MEMBERS)}
    return {**record, "requestParameters": {**(record["requestParameters"] or {}), **new}}


def long(record: Json, number: int) -> Json:
    """A very long text among the parameters."""
    text = f"{number} " + "lorem ipsum dolor " * (_LONG // 18)
    return {**record, "requestParameters": {"text": text}}


def deep(record: Json, number: int) -> Json:
    """Parameters within parameters."""
    inner: Json = {"leaf": str(number)}
    for _ in range(_DEEP):
        inner = {"inner": inner, "beside": "x"}
    return {**record, "requestParameters": inner}


CHANGES: dict[str, Change] = {"fresh": fresh, "names": names, "long": long, "deep": deep}


def objects(kind: str, number: int, events: int, alerting: float) -> list[SampleObject]:
    """`number` objects of `events` records each, all of one kind."""
    trail, change, numbers = Trail(alerting), CHANGES[kind], count()
    return [
        trail_object([change(record, next(numbers)) for record in trail.records(events, begin(place))], place)
        for place in range(number)
    ]
