"""What an event costs when one field is tested by ever more sibling rules: it should cost the same.

The largest family of siblings on one field in Wazuh's ruleset has 177 rules (below 60838, `win.system.eventID`); here
are one, ten and a hundred times as many below one parent, on `aws.eventName`, once with whole values and once with a
regular expression of its own in each. A quarter of the events meets a rule, with names that are there at every size;
names come as in a real trail: some often, most seldom. A name that was never seen before is another matter: what it
costs is a figure of its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from alertmill.engine import Engine
from alertmill.errors import Problems
from alertmill.event import Record
from alertmill.installation import Installation
from alertmill.ruleset import State
from alertmill.samples import SampleObject
from alertmill.sheet import SheetRecord
from benchmarks.families.objects import QUARTER, event_texts
from benchmarks.harness import Figure, Yardstick, figure, region, scaled, scratch, settle
from benchmarks.homes import own_home
from benchmarks.inputs.calls import CHANGES
from benchmarks.messages import batches

STOCK_SIBLINGS = 177
TIMES = (1, 10, 100)
_OBJECTS = 20
#: Events with names that were never seen before.
_NEW = 100

_RULES = """<group name="bench,">
  <rule id="{first}" level="0">
    <decoded_as>json</decoded_as><field name="integration">^aws$</field><description>root</description>
  </rule>
{rules}
</group>
"""
_RULE = """  <rule id="{id}" level="3">
    <if_sid>{first}</if_sid><field name="aws.eventName"{dialect}>{pattern}</field><description>{id}</description>
  </rule>
"""
_FIRST = 100_000


def whole_values() -> list[Figure]:
    return _grown("whole values", "", lambda name: f"^{name}$")


def expressions() -> list[Figure]:
    return _grown("expressions", ' type="pcre2"', lambda name: f"^(?i:{name[:4]})\\w*{name[4:]}(?:V\\d+)?$")


def label(times: int, way: str, *, new: bool = False) -> str:
    """The name of a figure, for the plot; `new` for the one about values that were never seen before."""
    return f"{STOCK_SIBLINGS * times:,} siblings, {way}" + (", a new value" if new else "")


def _grown(way: str, dialect: str, pattern: Callable[[str], str]) -> list[Figure]:
    samples = QUARTER.objects()[:_OBJECTS]
    yardstick = Yardstick(event_texts(samples, QUARTER.type))
    figures = []
    for times in TIMES:
        count = scaled(STOCK_SIBLINGS * times, 10 * times)
        with scratch() as folder:
            engine = Installation(own_home(folder, _rules(count, dialect, pattern))).load(Problems())
        known, new = _records(samples), _records(samples[:1])[: scaled(_NEW, 10)]
        for number, record in enumerate(new):
            assert isinstance(record, SheetRecord)
            head, name, tail = re.split(rb'("eventName":"[^"]*)', record.raw, maxsplit=1)
            record.raw = head + name + b"Number%d" % number + tail
        state = engine.new_state()
        settle()
        half = len(known) // 2
        for record in known[:half]:
            engine.process(record, state)
        figures += [
            _measured(label(times, way), engine, state, known[half:], yardstick),
            _measured(label(times, way, new=True), engine, state, new, yardstick),
        ]
    return figures


def _measured(title: str, engine: Engine, state: State, records: list[Record], yardstick: Yardstick) -> Figure:
    with region(title) as cost:
        alerts = sum(outcome.alert for _, outcome in engine.alerts(records, state))
    made = figure(title, len(records), cost, yardstick)
    return replace(made, note=f"engine alone; {alerts / len(records):.0%} alerting")


def _records(samples: Sequence[SampleObject]) -> list[Record]:
    return [record for batch in batches(samples, QUARTER.type, "compatible") for record in batch.records]


def _rules(count: int, dialect: str, pattern: Callable[[str], str]) -> str:
    """`count` rules on one field: first those that events meet, then others that look alike."""
    known = [name for names in CHANGES.values() for name in names.split()]
    names = [*known, *(f"Create{known[n % len(known)]}{n}" for n in range(count))][:count]
    rules = (
        _RULE.format(id=_FIRST + 1 + n, first=_FIRST, dialect=dialect, pattern=pattern(name))
        for n, name in enumerate(names)
    )
    return _RULES.format(first=_FIRST, rules="".join(rules))
