"""The inputs: the same on every machine, and shaped like the real logs that their numbers were measured on."""

from __future__ import annotations

import gzip
import json
import statistics
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import orjson
import pytest

from alertmill.decoders import Rejected, split_queue_message
from alertmill.samples import SampleObject
from benchmarks.inputs import calls, flow, hostile, hosts, real, trail, windows
from support import need_shared

Record = dict[str, Any]


def records_of(samples: list[SampleObject]) -> list[Record]:
    return [record for sample in samples for record in json.loads(gzip.decompress(sample.body))["Records"]]


def rows_of(samples: list[SampleObject]) -> list[list[str]]:
    return [line.split(" ") for sample in samples for line in gzip.decompress(sample.body).decode().splitlines()[1:]]


def paths(value: Any, path: str = "") -> Iterator[str]:
    """The paths of all leaves of a record."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from paths(inner, f"{path}.{key}")
    elif isinstance(value, list):
        for inner in value[:1]:
            yield from paths(inner, f"{path}[]")
    else:
        yield path


def share(records: list[Record], holds: Callable[[Record], object]) -> float:
    return sum(bool(holds(record)) for record in records) / len(records)


@pytest.fixture(scope="module")
def ordinary() -> list[Record]:
    return records_of(trail.objects(3, 1000, 0.25))


@pytest.mark.parametrize(
    "make",
    [
        lambda: trail.objects(2, 50, 0.25),
        lambda: flow.objects(2, 50, 0.3, 0.1),
        lambda: hostile.objects("fresh", 1, 50, 0.25),
        lambda: list(islice(hosts.syslog(), 100)),
        lambda: list(islice(hosts.web(), 100)),
        lambda: list(islice(windows.events(), 100)),
    ],
)
def test_inputs_are_the_same_every_time(make: Callable[[], Any]) -> None:
    assert make() == make()


def test_the_trail_is_like_a_real_one(ordinary: list[Record]) -> None:
    sizes = sorted(len(orjson.dumps(record)) for record in ordinary)
    leaves = [len(list(paths(record))) for record in ordinary]
    some = ordinary[:2093]
    assert 1200 <= statistics.mean(sizes) <= 1400
    assert 950 <= sizes[len(sizes) // 10] <= 1150
    assert 1150 <= sizes[len(sizes) // 2] <= 1350
    assert 1450 <= sizes[len(sizes) * 9 // 10] <= 1700
    assert 2000 <= sizes[len(sizes) * 99 // 100] <= 3500
    assert sizes[-1] >= 4000
    assert 26 <= statistics.mean(leaves) <= 34
    assert 160 <= len({record["eventName"] for record in some}) <= 260
    assert 180 <= len({tuple(paths(record)) for record in some}) <= 550
    assert 80 <= len({record["userAgent"] for record in some}) <= 120
    assert 60 <= statistics.mean(len(record["userAgent"]) for record in some) <= 120
    assert 0.06 <= share(ordinary, lambda r: "errorCode" in r) <= 0.13
    assert 0.02 <= share(ordinary, lambda r: r["requestParameters"] is None) <= 0.14
    kinds = Counter(record["userIdentity"]["type"] for record in ordinary)
    assert kinds["AssumedRole"] > kinds["IAMUser"] > kinds["AWSService"] > 0


@pytest.mark.parametrize("alerting", [0.0, 0.25, 1.0])
def test_the_share_of_changes_is_as_asked(alerting: float) -> None:
    changes = {name for names in calls.CHANGES.values() for name in names.split()}
    records = records_of(trail.objects(2, 1000, alerting))
    assert share(records, lambda r: r["eventName"] in changes) == pytest.approx(alerting, abs=0.03)


def test_changes_alert_under_the_stock_ruleset_and_nothing_else_does(ordinary: list[Record]) -> None:
    listed = need_shared("wazuh-4.14", "lists", "amazon", "aws-eventnames").read_text().splitlines()
    names = {line.partition(":")[0].strip() for line in listed}
    changes = {name for table in calls.CHANGES.values() for name in table.split()}
    assert changes <= names
    assert {record["eventName"] for record in ordinary} & names <= changes


def test_the_real_trail_is_what_its_numbers_say() -> None:
    need_shared("data", "aws")
    records = records_of(real.trail(1))
    sizes = [len(orjson.dumps(record)) for record in records_of(real.trail(2093))[:2093]]
    assert statistics.mean(sizes) == pytest.approx(1259, abs=1)
    assert records


@pytest.mark.parametrize(("events", "make"), [(5000, real.trail), (500, real.flows)])
def test_real_logs_are_repeated_until_there_are_enough(events: int, make: Callable[[int], list[SampleObject]]) -> None:
    need_shared("data", "aws")
    samples = make(events)
    count = sum(gzip.decompress(s.body).count(b'"eventID"') or len(rows_of([s])) for s in samples)
    assert events <= count < 1.2 * events
    assert len({sample.key for sample in samples}) == len(samples)


def test_loose_real_records_are_packed() -> None:
    need_shared("data", "aws")
    samples = real.labelled(700, 200)
    assert [len(records_of([sample])) for sample in samples] == [200] * 4


def test_the_flow_log_is_like_a_real_one() -> None:
    rows = rows_of(flow.objects(2, 2000, 0.67))
    lengths = [len(" ".join(row)) for row in rows]
    assert 100 <= statistics.mean(lengths) <= 120
    assert sum(row[12] == "REJECT" for row in rows) / len(rows) == pytest.approx(0.67, abs=0.03)
    protocols = Counter(row[7] for row in rows)
    assert 0.85 <= protocols["6"] / len(rows) <= 0.97
    assert {"17", "1"} <= set(protocols)
    assert 0.25 <= Counter(row[3] for row in rows).most_common(1)[0][1] / len(rows) <= 0.5
    assert len({row[6] for row in rows[:99]}) >= 50
    assert 0.5 <= sum(row[8] == "1" for row in rows) / len(rows) <= 0.8
    assert max(int(row[8]) for row in rows) > 1000


def test_records_without_traffic_are_as_many_as_asked() -> None:
    rows = rows_of(flow.objects(2, 2000, reject=0.01, nodata=0.1))
    assert sum(row[13] == "NODATA" for row in rows) / len(rows) == pytest.approx(0.1, abs=0.02)
    assert all(len(row) == len(flow.COLUMNS.split()) for row in rows)


def test_fresh_events_share_no_text_that_a_rule_could_test() -> None:
    first, second = records_of(hostile.objects("fresh", 1, 2, 0.25))
    same = {path for path in paths(first) if _at(first, path) == _at(second, path) and type(_at(first, path)) is str}
    assert {path.rpartition(".")[2] for path in same} <= hostile._KEPT


def _at(record: Any, path: str) -> Any:
    for part in path.strip(".").split("."):
        name, _, rest = part.partition("[]")
        record = record.get(name) if isinstance(record, dict) else None
        if rest or part.endswith("[]"):
            record = record[0] if record else None
    return record


def test_fresh_names_stand_in_one_event_only() -> None:
    records = records_of(hostile.objects("names", 1, 20, 0.25))
    new = [{name for name in record["requestParameters"] if name.startswith("member")} for record in records]
    assert all(len(names) == 8 for names in new)
    assert len(set().union(*new)) == 8 * 20


def test_long_and_deep_are_so() -> None:
    assert len(orjson.dumps(records_of(hostile.objects("long", 1, 1, 0.25))[0])) > 200_000
    (deep,) = records_of(hostile.objects("deep", 1, 1, 0.25))
    inner, depth = deep["requestParameters"], 0
    while "inner" in inner:
        inner, depth = inner["inner"], depth + 1
    assert depth == 100


@pytest.mark.parametrize("supply", [hosts.syslog, hosts.web, windows.events])
def test_every_message_can_be_taken_apart(supply: Callable[[], Iterator[str]]) -> None:
    locations = set()
    for message in islice(supply(), 500):
        taken = split_queue_message(message.encode())
        assert not isinstance(taken, Rejected)
        queue, location, text = taken
        locations.add(location)
        assert queue in "1f"
        assert "{" not in text.split("]")[0] or queue == "f"
        assert text
    assert len(locations) > 10 or supply is hosts.web


def test_windows_events_hold_xml_in_json() -> None:
    for message in islice(windows.events(), 300):
        event = json.loads(message.partition("->EventChannel:")[2])
        assert event["Event"].startswith("<Event xmlns=")
        assert event["Event"].endswith("</EventData></Event>")
        assert event["Message"].startswith(tuple("ATSPNCRF"))
