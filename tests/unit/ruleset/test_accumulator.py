"""Fields of several events with one id."""

from __future__ import annotations

import orjson

from alertmill.event import Event
from alertmill.ruleset.accumulator import Accumulator
from unit.ruleset.helpers import NOON, event


def part(time: float = NOON, host: str = "h", decoder: str = "sshd", **static: str) -> Event:
    return event(time=time, hostname=host, decoder=decoder, static=static, accumulate=True)


def completed(*events: Event) -> dict[str, str]:
    """The static fields of the last event."""
    accumulator = Accumulator()
    for one in events:
        accumulator.complete(one)
    return events[-1].static


def test_missing_fields_come_from_earlier_events():
    first, second = part(id="7", srcip="10.0.0.1", dstuser=""), part(id="7", dstuser="eve")
    assert completed(first, second, part(id="7", status="no")) == {
        "id": "7",
        "srcip": "10.0.0.1",
        "dstuser": "eve",
        "status": "no",
    }


def test_own_and_earlier_values_are_kept():
    first, second = part(id="7", srcip="10.0.0.1"), part(id="7", srcip="10.0.0.2")
    assert completed(first, second)["srcip"] == "10.0.0.2"
    assert completed(first, second, part(id="7"))["srcip"] == "10.0.0.1"


def test_status_and_url_are_not_carried():
    assert completed(part(id="7", status="no", url="/"), part(id="7")) == {"id": "7"}


def test_id_host_and_decoder_must_be_the_same():
    first = part(id="7", srcip="10.0.0.1")
    assert "srcip" not in completed(first, part(id="8"))
    assert "srcip" not in completed(first, part(id="7", host="other"))
    assert "srcip" not in completed(first, part(id="7", decoder="json"))
    assert "srcip" not in completed(first, part())


def test_other_decoders_take_no_part():
    accumulator = Accumulator()
    plain = event(decoder="sshd", static={"id": "7", "srcip": "10.0.0.1"})
    accumulator.complete(plain)
    assert accumulator.changes() is None


def test_records_live_two_minutes_after_the_last_event():
    first = part(id="7", srcip="10.0.0.1")
    assert completed(first, part(NOON + 120, id="7"), part(NOON + 240, id="7"))["srcip"] == "10.0.0.1"
    assert "srcip" not in completed(first, part(NOON + 121, id="7"))


def test_long_values_and_keys_are_left_out():
    assert "data" not in completed(part(id="7", data="x" * 81), part(id="7"))
    assert completed(part(id="7", data="x" * 80), part(id="7"))["data"] == "x" * 80
    assert "data" not in completed(part(id="7" * 250, data="x"), part(id="7" * 250))


def test_records_that_nothing_can_complete_are_dropped():
    accumulator = Accumulator()
    for number in range(150):
        accumulator.complete(part(id=str(number)))
    for number in range(50):
        accumulator.complete(part(NOON + 200, id=f"later {number}"))
    assert len(accumulator.everything()) == 50


def test_memory_has_an_end(monkeypatch):
    monkeypatch.setattr("alertmill.ruleset.accumulator._MAX_RECORDS", 3)
    accumulator = Accumulator()
    for number in range(9):
        accumulator.complete(part(id=str(number), srcip="10.0.0.1"))
    assert len(accumulator.everything()) == 3
    last = part(id="8")
    accumulator.complete(last)
    assert last.static["srcip"] == "10.0.0.1"


def test_notes_make_the_same_accumulator():
    first, second = Accumulator(), Accumulator()
    for number in range(210):
        first.complete(part(NOON + number, id=str(number % 7), srcip=f"10.0.0.{number % 7}"))
        second.apply(orjson.loads(orjson.dumps(first.changes())))
    assert orjson.dumps(second.everything(), option=orjson.OPT_SORT_KEYS) == orjson.dumps(
        first.everything(), option=orjson.OPT_SORT_KEYS
    )
    assert first.changes() is None
