"""What a worker process says of records leads to the same verdicts, memory and bytes as reading them where they are."""

from __future__ import annotations

import threading
from datetime import UTC
from typing import Any

from hypothesis import given

from alertmill.alerts import AlertFacts, AlertWriter
from alertmill.alerts.whole_alerts import BEFORE_TEMPLATE
from alertmill.engine import Engine, EngineOptions
from alertmill.event import Outcome, Record
from alertmill.parallel import wire
from alertmill.parallel.process import ObjectExaminer
from alertmill.sheet import ExaminedRecord
from alertmill.sources.aws.buckets import BUCKET_TYPES
from alertmill.sources.aws.examined import ExaminedBody
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


def records(event_format: Any, body: Body) -> list[Record] | None:
    try:
        batches = list(reader(event_format).batches(TARGET, body, 0, threading.Event()))
    except Exception:
        return None
    return [record for batch in batches for record in batch.records]


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
    return writer.json_line(event, match, "1.2") + writer.text_block(event, match, "1.2")


def ends(found: list[Record], by: Engine) -> tuple[list[bytes], list[Any], list[Any]]:
    """All bytes, all verdicts, and the memory behind them, with silent records told of or not."""
    quickly, singly = ended(found, by, alerts_only=True), ended(found, by, alerts_only=False)
    assert quickly == singly
    return quickly


def ended(found: list[Record], by: Engine, *, alerts_only: bool) -> tuple[list[bytes], list[Any], list[Any]]:
    state, writer = by.new_state(), AlertWriter(FACTS)
    if alerts_only:
        outcomes = [outcome for _, outcome in by.alerts(found, state)]
    else:
        outcomes = [by.process(record, state) for record in found]
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
    assert [one.event_id for one in found] == [one.event_id for one in read_here]
    assert ends(found, engine(rules, static, b"these")) == ends(read_here, engine(rules, static, b"these"))


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
    (record,) = records("compatible", body) or ()
    assert isinstance(record, ExaminedRecord)
    one = engine(RULES, "", b"these")
    ((_, outcome),) = one.alerts([record], one.new_state())
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
    assert body.found.answers == [None, None]
    found, read_here = records("compatible", body), records("compatible", Body(data))
    assert found is not None
    assert read_here is not None
    ended = ends(found, engine(TIMED, "", b"these"))
    assert ended == ends(read_here, engine(TIMED, "", b"these"))
    assert all(b"at noon" in text for text in ended[0])


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
    assert all(draft is not None and draft.rule == 101 for draft in body.found.drafts)
    found, read_here = records("compatible", body), records("compatible", Body(data))
    assert found is not None
    assert read_here is not None
    ended_there = ends(found, engine(IGNORING, "", b"these"))
    assert ended_there == ends(read_here, engine(IGNORING, "", b"these"))
    assert [b'"id":"100"' in text for text in ended_there[0]] == [False] + [True] * (len(trail) - 1)
