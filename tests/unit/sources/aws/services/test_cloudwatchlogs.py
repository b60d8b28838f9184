from __future__ import annotations

import json
from datetime import date

import pytest

from alertmill.sources.aws.services.cloudwatchlogs import (
    EventsPage,
    LogEvent,
    StreamPosition,
    milliseconds,
    moment,
)

MINUTE = 60_000
HOUR = 60 * MINUTE
NOW = 1_768_471_200_000


@pytest.mark.parametrize(
    ("time", "text"),
    [
        (NOW, "2026-01-15T10:00:00.000Z"),
        (NOW + 7, "2026-01-15T10:00:00.007Z"),
        (10**30, ""),
        (-(10**30), ""),
    ],
)
def test_moments(time, text):
    assert moment(time) == text


def test_a_day_begins_in_utc():
    assert milliseconds(date(2026, 1, 15)) == NOW - 10 * HOUR


def page(*found: LogEvent, token: str = "f/1", last: bool = False, **more) -> EventsPage:
    return EventsPage(list(found), token, more.pop("since", NOW - HOUR), last, **more)


def at(time: int, text: str = "x", ingested: int | None = None) -> LogEvent:
    return LogEvent(time, time if ingested is None else ingested, text)


def read(*found: LogEvent, start: int = 0) -> StreamPosition:
    """A position behind these events, at the end of the stream."""
    position = StreamPosition.fresh(start)
    position.take(page(*found, last=True), position.begin())
    return position


def test_a_position_survives_being_stored():
    position = read(*(at(NOW + number) for number in range(2500)), start=NOW - HOUR)
    position.created = 7
    position.want_from(3)
    position.take_before(page(at(5), token="f/b"), position.before.begin())
    again = StreamPosition.from_text(position.as_text())
    assert again.as_text() == position.as_text()
    assert (again.end, again.ingested, again.created, again.token) == (NOW + 2499, NOW + 2499, 7, "f/1")
    assert (again.before.start, again.before.upto, again.before.end) == (3, NOW - HOUR, 5)
    assert len(again.pieces) == 2
    assert again.counted == 500


def test_the_position_of_an_empty_stream_survives_too():
    position = StreamPosition.fresh(5)
    assert position.take(page(token="f/0", last=True), position.begin()) == []
    again = StreamPosition.from_text(position.as_text())
    assert (again.start, again.token, again.end, again.recent.floor) == (5, "f/0", None, 0)


@pytest.mark.parametrize(
    "text",
    ["x", "7", "[]", "{}", '{"start":"x"}', '{"start":1,"floor":1,"recent":7}', '{"start":1,"before":{}}', "null"],
)
def test_what_is_no_position_is_none(text):
    assert StreamPosition.from_text(text) is None


def test_everything_up_to_the_end_of_wazuhs_position_counts_as_read():
    position = StreamPosition.from_text(json.dumps({"token": "f/9", "start": 5, "end": NOW}))
    assert (position.question(), position.late_window(NOW, None)) == ((5, "f/9"), None)
    fresh = position.take(page(at(NOW, "old"), at(NOW + 1, "new", NOW + 50)), position.begin())
    assert [event.message for event in fresh] == ["new"]
    # what Wazuh read was taken in before the first event that is new to us
    assert position.recent.known().has(NOW + 49, b"whatever")
    assert not position.recent.known().has(NOW + 51, b"whatever")


def test_wazuhs_position_without_a_token_goes_on_from_its_end():
    assert StreamPosition.from_text('{"token":null,"start":5,"end":9}').question() == (9, "")


@pytest.mark.parametrize(
    ("made", "now", "listed", "window"),
    [
        pytest.param({}, NOW, None, None, id="nothing read"),
        pytest.param({"end": NOW}, NOW, None, (NOW - 48 * HOUR, NOW), id="a stream with few events"),
        pytest.param({"end": NOW, "start": NOW - HOUR}, NOW, None, (NOW - HOUR, NOW), id="not before its start"),
        pytest.param(
            {"end": NOW, "pieces": [NOW - 9 * MINUTE] * 10}, NOW, None, (NOW - 30 * MINUTE, NOW), id="a busy stream"
        ),
        pytest.param(
            {"end": NOW, "pieces": [NOW - 5 * HOUR] * 10}, NOW, None, (NOW - 5 * HOUR, NOW), id="less busy: all pieces"
        ),
        pytest.param(
            {"end": NOW + 3 * HOUR, "pieces": [NOW] * 10},
            NOW,
            None,
            (NOW - 30 * MINUTE, NOW + 3 * HOUR),
            id="a writer whose clock runs ahead",
        ),
        pytest.param(
            {"end": NOW, "unfinished": True}, NOW, None, (NOW - 48 * HOUR, NOW - 1), id="its end is yet to come"
        ),
        pytest.param({"end": NOW, "settled": True}, NOW + 61 * MINUTE, NOW, None, id="quiet"),
        pytest.param(
            {"end": NOW, "settled": True}, NOW + 59 * MINUTE, NOW, (NOW - 48 * HOUR, NOW), id="not quiet for long"
        ),
        pytest.param(
            {"end": NOW, "settled": True}, NOW + 61 * MINUTE, NOW + 1, (NOW - 48 * HOUR, NOW), id="something came in"
        ),
        pytest.param({"end": NOW, "settled": True}, NOW + 61 * MINUTE, None, (NOW - 48 * HOUR, NOW), id="nobody knows"),
        pytest.param({"end": NOW}, NOW + 61 * MINUTE, NOW, (NOW - 48 * HOUR, NOW), id="quiet since the last look"),
    ],
)
def test_where_late_events_are_looked_for(made, now, listed, window):
    start = made.pop("start", 0)
    position = StreamPosition(start, start, ingested=NOW, **made)
    assert position.late_window(now, listed) == window


def test_a_late_event_is_taken_once():
    position = read(at(NOW, "a"), at(NOW + 9, "b"))
    looked = page(at(NOW, "a"), at(NOW + 5, "late", NOW + 20), at(NOW + 9, "b"), at(NOW + 10, "new"), look_back=True)
    assert [event.message for event in position.take_late(looked, position.known())] == ["late"]
    assert position.take_late(looked, position.known()) == []
    assert (position.end, position.ingested) == (NOW + 9, NOW + 20)


def test_two_equal_events_are_two():
    position = read(at(NOW, "a"))
    looked = page(at(NOW, "a"), at(NOW, "a"), look_back=True)
    assert len(position.take_late(looked, position.known())) == 1


def test_what_is_remembered_of_a_quiet_stream_is_little():
    position = read(*(at(NOW + number) for number in range(100)))
    position.settle()
    assert len(position.recent) == 1
    position.settle()
    assert len(position.recent) == 1


def test_the_part_before_the_start_ends_where_reading_began():
    position = read(at(NOW), start=NOW - HOUR)
    position.want_from(NOW - HOUR)
    assert position.before is None
    position.want_from(NOW - 2 * HOUR)
    before = position.before
    assert (before.question(), before.upto) == ((NOW - 2 * HOUR, ""), NOW - HOUR)
    # some servers count the end of a question in
    fresh = position.take_before(page(at(NOW - HOUR - 1, "old"), at(NOW - HOUR, "not so old")), before.begin())
    assert [event.message for event in fresh] == ["old"]
    assert position.start == NOW - HOUR
    position.take_before(page(last=True), before.begin())
    assert (position.start, position.before) == (NOW - 2 * HOUR, None)
