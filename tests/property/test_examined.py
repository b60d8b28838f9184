"""What a worker process says of records leads to the same verdicts, memory and bytes as reading them where they are."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import UTC
from itertools import compress
from typing import Any

import msgspec
import pytest
from hypothesis import given

from alertmill.alerts import AlertFacts, AlertWriter
from alertmill.alerts.whole_alerts import BEFORE_TEMPLATE
from alertmill.checkpoints import numbered_ids
from alertmill.engine import Engine, EngineOptions
from alertmill.event import Outcome, Record
from alertmill.parallel import wire
from alertmill.parallel.process import ObjectExaminer
from alertmill.sheet import ExaminedRecord, ExaminedRecords
from alertmill.sources.aws.buckets import BUCKET_TYPES
from alertmill.sources.aws.examined import EXAMINE, MOST_SHORTLISTS, ExaminedBody
from alertmill.sources.aws.objects import ObjectReader, Target
from alertmill.sources.aws.store import Body
from property import test_sheets as sheets

TARGET = Target("scope", "123456789012", "my-logs", "a/strawberries.log", "tag", "2026-01-15")
FACTS = AlertFacts("mill", cluster=("c", "n"), labels=(("site", "north", False),), zone=UTC, improved=True)


def engine(rules: str, static: str, made_of: bytes) -> Engine:
    loaded = sheets.engine(rules, "fast", static)
    return Engine(loaded.decoders, loaded.rules, EngineOptions("mill", made_of=made_of))


def reader(event_format: Any) -> ObjectReader:
    return ObjectReader(BUCKET_TYPES["cloudtrail"], event_format, lambda: sheets.NOON, alias="main")


def records(event_format: Any, body: Body) -> list[Sequence[Record]] | None:
    """The records of each batch."""
    try:
        batches = list(reader(event_format).batches(TARGET, body, 0, threading.Event()))
    except Exception:
        return None
    return [batch.records for batch in batches]


def some(found: list[Sequence[Record]]) -> list[Sequence[Record]]:
    """Without every third, as if it had come before."""
    chosen: list[Sequence[Record]] = []
    for batch in found:
        keep = [number % 3 != 1 for number in range(len(batch))]
        if isinstance(batch, ExaminedRecords):
            chosen.append(batch.chosen(keep))
        else:
            chosen.append([*compress(batch, keep)])
    return chosen


def ids(found: list[Sequence[Record]]) -> list[tuple[int, int]]:
    """The ids as the checkpoint counts them."""
    counted: list[tuple[int, int]] = []
    for batch in found:
        if isinstance(batch, ExaminedRecords):
            numbered = batch.numbered_ids() or numbered_ids([(None, None)] * len(batch))
        else:
            numbered = numbered_ids([(record.event_time, record.event_id) for record in batch])
        counted += zip(*numbered, strict=True)
    return counted


def examined(event_format: Any, data: bytes, by: Engine) -> ExaminedBody | None:
    """The object as it comes back from a worker, over the wire."""
    task = reader(event_format).task(TARGET, Body(data))
    if task is None:
        return None
    task = wire.read_task(wire.encode(task))
    answer = wire.read_answer(wire.encode(ObjectExaminer(by, AlertWriter(FACTS)).examine(task)))
    return None if answer is None else ExaminedBody(data, answer)


def written(outcome: Outcome, writer: AlertWriter) -> bytes:
    event, match = outcome.event, outcome.match
    if not outcome.alert or event is None or match is None:
        return outcome.rejected.encode()
    return b"".join((*writer.json_pieces(event, match, "1.2"), *writer.text_pieces(event, match, "1.2")))


def ends(found: list[Sequence[Record]], by: Engine) -> tuple[list[bytes], list[Any], list[Any]]:
    """All bytes, all verdicts, and the memory behind them, with silent records told of or not."""
    quickly, singly = ended(found, by, alerts_only=True), ended(found, by, alerts_only=False)
    assert quickly == singly
    return quickly


def ended(found: list[Sequence[Record]], by: Engine, *, alerts_only: bool) -> tuple[list[bytes], list[Any], list[Any]]:
    state, writer = by.new_state(), AlertWriter(FACTS)
    if alerts_only:
        outcomes = [outcome for batch in found for _, outcome in by.alerts(batch, state)]
    else:
        outcomes = [by.process(record, state) for batch in found for record in batch]
    told = [one for one in outcomes if one.alert or one.rejected]
    return [written(one, writer) for one in told], [sheets.verdict(one) for one in told], [*state.snapshot()]


@sheets.quick
@given(sheets.rulesets(), sheets.trails(), sheets.formats, sheets.statics)
def test_examined_elsewhere(rules, data, event_format, static):
    body = examined(event_format, data, engine(rules, static, b"these"))
    read_here = records(event_format, Body(data))
    if body is None:
        return
    found = records(event_format, body)
    assert found is not None
    assert read_here is not None
    assert ids(found) == ids(read_here)
    for chosen in (lambda all: all, some):
        there = ends(chosen(found), engine(rules, static, b"these"))
        assert there == ends(chosen(read_here), engine(rules, static, b"these"))


@sheets.quick
@given(sheets.rulesets(), sheets.rulesets(), sheets.trails(), sheets.formats, sheets.statics)
def test_examined_with_other_rules(rules, others, data, event_format, static):
    """An answer from before a reload is no answer."""
    body = examined(event_format, data, engine(others, static, b"others"))
    read_here = records(event_format, Body(data))
    if body is None or read_here is None:
        return
    found = records(event_format, body)
    assert found is not None
    assert ends(found, engine(rules, static, b"these")) == ends(read_here, engine(rules, static, b"these"))


RULES = """<group name="g,">
<rule id="1" level="0" noalert="1"><category>syslog</category><description>t</description></rule>
<rule id="100" level="5"><if_sid>1</if_sid><field name="aws.eventName">red</field>
<description>$(aws.color)</description></rule>
</group>"""


def alerting(color: str) -> tuple[ExaminedRecord, Outcome]:
    data = sheets.json.dumps({"Records": [{"eventName": "red", "color": color}]}).encode()
    body = examined("compatible", data, engine(RULES, "", b"these"))
    assert body is not None
    (batch,) = records("compatible", body) or ()
    one = engine(RULES, "", b"these")
    ((record, outcome),) = one.alerts(batch, one.new_state())
    assert isinstance(record, ExaminedRecord)
    return record, outcome


def test_an_ordinary_alert_comes_written():
    record, outcome = alerting("blue")
    assert record.draft is not None
    assert b"blue" in written(outcome, AlertWriter(FACTS))
    assert not record._is_read


def test_texts_that_look_like_marks():
    """Alerts are printed whole in a worker where they cannot be put together from members: then they are searched."""
    for mark, is_drafted in (
        ("\x01alert id\x01", False),
        ("caf\u00e9 7000000000000000003", False),
        ("caf\u00e9 5000 Jan 01 00:00:00", False),
        ("caf\u00e9", True),
        ("7000000000000000003", True),
        ("5000 Jan 01 00:00:00", True),
    ):
        record, outcome = alerting(mark)
        assert (record.draft is not None) == is_drafted
        assert b'"firedtimes":1' in written(outcome, AlertWriter(FACTS))


TIMED = """<group name="g,">
<rule id="1" level="0" noalert="1"><category>syslog</category><description>t</description></rule>
<rule id="100" level="5"><if_sid>1</if_sid><time>11:00-13:00</time><description>at noon</description></rule>
<rule id="101" level="5"><if_sid>1</if_sid><field name="aws.eventName">red</field><description>red</description></rule>
</group>"""


def test_a_worker_says_nothing_about_what_depends_on_the_time():
    data = b'{"Records":[{"eventName":"red"},{"eventName":"blue"}]}'
    body = examined("compatible", data, engine(TIMED, "", b"these"))
    assert body is not None
    assert body.found.answers == bytes([EXAMINE] * 2)
    found, read_here = records("compatible", body), records("compatible", Body(data))
    assert found is not None
    assert read_here is not None
    ended = ends(found, engine(TIMED, "", b"these"))
    assert ended == ends(read_here, engine(TIMED, "", b"these"))
    assert all(b"at noon" in text for text in ended[0])


def test_more_shortlists_than_a_byte_can_tell_apart():
    """The rest is examined where it is wanted."""
    rule = """<rule id="{0}" level="{1}"><if_sid>1</if_sid><field name="aws.eventName">^n{0}$</field>
<description>n{0}</description></rule>"""
    lines = [rule.format(number, number % 3) for number in range(100, 100 + MOST_SHORTLISTS + 20)]
    rules = RULES.replace("</group>", "".join(lines[5:]) + "</group>")
    trail = [{"eventName": f"n{number}"} for number in range(100, 100 + MOST_SHORTLISTS + 20)]
    data = sheets.json.dumps({"Records": trail}).encode()
    body = examined("compatible", data, engine(rules, "", b"these"))
    assert body is not None
    assert len(body.found.table) == MOST_SHORTLISTS
    assert body.found.answers.count(EXAMINE) > 10
    found, read_here = records("compatible", body), records("compatible", Body(data))
    assert found is not None
    assert read_here is not None
    assert ends(found, engine(rules, "", b"these")) == ends(read_here, engine(rules, "", b"these"))


@pytest.mark.parametrize(
    "odd", [{"event_times": b"12345678"}, {"slots": b"12"}, {"slots": b"1234", "ids": b"12345678"}, {"drafts": b"1"}]
)
def test_parts_that_do_not_fit_together_are_no_answer(odd: dict[str, bytes]) -> None:
    body = examined("compatible", b'{"Records":[{"eventName":"red"},{}]}', engine(RULES, "", b"these"))
    assert body is not None
    values = [odd.get(name, getattr(body.found, name)) for name in body.found.__struct_fields__]
    with pytest.raises(msgspec.ValidationError, match="do not fit together"):
        wire.read_answer(wire.encode(values))


IGNORING = """<group name="g,">
<rule id="1" level="0" noalert="1"><category>syslog</category><description>t</description></rule>
<rule id="100" level="5"><if_sid>1</if_sid><description>$(aws.color)</description></rule>
<rule id="101" level="6" ignore="900"><if_sid>100</if_sid><field name="aws.eventName">red</field>
<description>red</description></rule>
</group>"""


def test_alerts_of_another_rule_than_the_drafted_one():
    """So many that templates of whole alerts are made."""
    trail = [{"eventName": "red", "color": f"blue {number}"} for number in range(4 * BEFORE_TEMPLATE)]
    data = sheets.json.dumps({"Records": trail}).encode()
    body = examined("compatible", data, engine(IGNORING, "", b"these"))
    assert body is not None
    found, read_here = records("compatible", body), records("compatible", Body(data))
    assert found is not None
    assert read_here is not None
    for batch in found:
        assert [record.draft.rule for record in batch] == [101] * len(trail)
    ended_there = ends(found, engine(IGNORING, "", b"these"))
    assert ended_there == ends(read_here, engine(IGNORING, "", b"these"))
    assert [b'"id":"100"' in text for text in ended_there[0]] == [False] + [True] * (len(trail) - 1)
