"""The golden scenarios of subscribers: their messages, and the alerts of the stock ruleset, within one process."""

from __future__ import annotations

import json
from typing import Any
from xml.etree import ElementTree

import pytest

from unit.sources.aws.golden import GOLDEN, Scenario
from unit.sources.aws.subscribers.fakes import AnyTagStore, QueueBench, bench

NAMES = ["security-hub", "security-lake", "security-lake-flows-parquet", "subscriber-buckets"]

pytestmark = pytest.mark.skipif(
    not GOLDEN.exists(), reason=f"reference data is not here: {GOLDEN} (set ALERTMILL_SHARED)"
)

#: Messages that the reference does not send, by the number of the message before each, and why.
MORE: dict[str, dict[int, Any]] = {
    # every finding of an event (D29): an event holds the findings f0 and f1
    "security-hub": {10: lambda sent: sent[1]},
    # an unset discard_regex drops nothing (D27)
    "subscriber-buckets": {
        5: lambda sent: {
            **sent[4],
            "aws": {**sent[4]["aws"], "full_log": "None of this"},
        }
    },
}


def desk_of(name: str) -> QueueBench:
    scenario = Scenario(name)
    source = json.loads((GOLDEN / name / "source.json").read_text())
    element = ElementTree.parse(GOLDEN / name / "ossec.conf").getroot().find("subscriber")
    assert element is not None
    desk = bench({}, *source["sqs_messages"], kind=element.attrib["type"])
    desk.stores[source["bucket"]] = AnyTagStore(scenario.bodies)
    return desk


@pytest.mark.parametrize("name", NAMES)
def test_messages(name: str) -> None:
    if "lake" in name:
        pytest.importorskip("pyarrow")
    (sent,) = Scenario(name).messages()
    expected = []
    for number, message in enumerate(sent, 1):
        expected.append(message)
        if number in MORE.get(name, {}):
            expected.append(MORE[name][number](sent))
    desk = desk_of(name)
    assert desk.messages() == expected
    unexpected = [body for body in ("weird", "TestEvent") if any(body in sent.body for sent in desk.queue.sent)]
    assert len(desk.queue.left) == len(unexpected)


@pytest.mark.parametrize("name", NAMES)
def test_alerts(name: str) -> None:
    if "lake" in name:
        pytest.importorskip("pyarrow")
    golden = pytest.importorskip("compliance.test_golden_objects")
    records = desk_of(name).run()
    if name == "security-hub":  # the second finding of an event raises an alert of its own
        del records[10]
    golden.assert_same(golden.alerts_of(records), golden.golden_alerts(name))
