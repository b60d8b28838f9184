"""Rules that count: very many of them on every event, and ever larger windows with a key for each event in them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice, product

from alertmill.bootstrap import Program, build
from alertmill.checkpoints import Commit
from alertmill.event import Record
from alertmill.installation import Installation
from alertmill.log import close_log, set_up_log
from alertmill.samples.objects import Dice
from alertmill.sources.base import Batch
from benchmarks.driving import driven
from benchmarks.harness import Figure, Yardstick, figure, kept, region, scaled, scratch, settle
from benchmarks.homes import own_home
from benchmarks.inputs.trail import Zipf
from benchmarks.messages import write_messages

_DEEDS = 20
#: What composites below each deed want to be the same, every combination once.
_SAME = ("account", "origin", "device", "city")
_EVENTS = 20_000
#: Keys in the window, and events that are measured once it is full. A snapshot is due when the notes since the last one
#: are as large as that, which is once in as many events as the window has: small windows see some within the measured
#: events, of large ones a share of a snapshot that was made before is added.
WINDOWS = (10_000, 100_000, 1_000_000)
_MEASURED = 50_000
_BATCH = 1000
_BEGIN = 1_768_435_200.0
#: Events per second of the clock that events bring along.
_PER_SECOND = 500

_RULES = """<group name="bench,">
  <rule id="100100" level="0">
    <decoded_as>json</decoded_as><field name="kind">^bench$</field><description>root</description>
  </rule>
{rules}
</group>
"""
_BASE = """  <rule id="{id}" level="3">
    <if_sid>100100</if_sid><field name="deed">^{deed}$</field><description>$(deed) by $(account)</description>
  </rule>
"""
_COUNT = """  <rule id="{id}" level="10" frequency="{frequency}" timeframe="{timeframe}">
    <if_matched_sid>{counted}</if_matched_sid>
{same}
    <description>many $(deed)</description>
  </rule>
"""


def many_rules() -> list[Figure]:
    """Events that each meet fifteen rules that count, with keys of every combination of four fields."""
    with scratch() as folder:
        path, texts = folder / "messages", kept("correlation", lambda: list(islice(_texts(), scaled(_EVENTS, 200))))
        yardstick = Yardstick([text.encode() for text in texts[:2000]])
        write_messages((f"1:bench:{text}" for text in texts), path)
        report = driven("feed", own_home(folder / "home", _many_rules()), path)
    note = f"{_DEEDS * (2 ** len(_SAME) - 1)} rules that count; {report.alerts / report.received:.0%} alerting"
    return [figure("many rules that count", report.received, report.cost, yardstick, note)]


def window_small() -> list[Figure]:
    return _window(WINDOWS[0])


def window_medium() -> list[Figure]:
    return _window(WINDOWS[1])


def window_large() -> list[Figure]:
    return _window(WINDOWS[2])


def window_label(keys: int, part: str) -> str:
    """The name of a figure, for the plot."""
    return f"window of {keys:,} keys, {part}"


def _window(keys: int) -> list[Figure]:
    """A full window with as many keys as events: what one more event costs the engine, and with the checkpoint."""
    size, measured = scaled(keys, 100), scaled(_MEASURED, 100)
    texts = _texts(size)
    yardstick = Yardstick([text.encode() for text in islice(_texts(size), 2000)])
    with scratch() as folder:
        set_up_log(folder)
        program = build(Installation(own_home(folder / "home", _window_rules(), max(size, 2048))))
        number = _fill(program, texts, size)
        settle()
        figures = []
        with region() as snapshot:
            program.checkpoints.commit(Commit(snapshot=program.pipeline.state.snapshot()))
        for part, work in (("engine", _through_engine), ("with the checkpoint", _through_pipeline)):
            records = list(_records(islice(texts, measured), number))
            number += measured
            title = window_label(keys, part)
            with region(title) as cost:
                work(program, records)
            if work is _through_pipeline and size > measured:
                cost.cpu += snapshot.cpu * measured / size
                cost.wall += snapshot.wall * measured / size
            note = f"a snapshot takes {snapshot.cpu * 1000:,.0f} ms" if work is _through_pipeline else ""
            figures.append(figure(title, measured, cost, yardstick, note))
        program.close()
        close_log()
    return figures


def _fill(program: Program, texts: Iterator[str], size: int) -> int:
    """Put `size` events into the engine's memory; nobody writes it down."""
    engine, state = program.pipeline.engine, program.pipeline.state
    for number, record in enumerate(_records(islice(texts, size), 0)):
        engine.process(record, state)
        if number % 10_000 == 0:
            state.take_changes()
    state.take_changes()
    return size


def _through_engine(program: Program, records: list[Record]) -> None:
    engine, state = program.pipeline.engine, program.pipeline.state
    for record in records:
        engine.process(record, state)
    state.take_changes()


def _through_pipeline(program: Program, records: list[Record]) -> None:
    for start in range(0, len(records), _BATCH):
        program.pipeline.process(Batch(records[start : start + _BATCH]))
    program.pipeline.finish()


def _records(texts: Iterator[str], first: int) -> Iterator[Record]:
    for number, text in enumerate(texts, first):
        yield Record(text, "bench", _BEGIN + number / _PER_SECOND)


def _texts(users: int = 2000) -> Iterator[str]:
    """Endless JSON events. Accounts are picked alike from `users`; of other members some come far more often."""
    dice = Dice(f"correlation/{users}")
    deed, origin, device = Zipf(_DEEDS), Zipf(500), Zipf(100)
    while True:
        event = {
            "kind": "bench",
            "deed": f"deed-{deed.pick(dice)}",
            "account": f"user-{dice.number(1, users)}",
            "origin": f"198.51.100.{origin.pick(dice)}",
            "device": f"device-{device.pick(dice)}",
            "city": dice.pick(("Oslo", "Lima", "Pune", "Turin", "Osaka")),
            "request": dice.uuid(),
        }
        yield json.dumps(event)


def _many_rules() -> str:
    rules = []
    for number in range(_DEEDS):
        base = 100200 + 100 * number
        rules.append(_BASE.format(id=base, deed=f"deed-{number}"))
        chosen = [names for flags in product((0, 1), repeat=len(_SAME)) if (names := _picked(flags))]
        rules += [_count(base + place, base, 6, 300, names) for place, names in enumerate(chosen, 1)]
    return _RULES.format(rules="".join(rules))


def _picked(flags: tuple[int, ...]) -> list[str]:
    return [name for name, wanted in zip(_SAME, flags, strict=True) if wanted]


def _window_rules() -> str:
    """A rule that counts by account, and one that never meets an event: a full history drops, with its oldest events,
    all that are older in seconds than the largest frequency of any rule, and that is to be none."""
    counted = _BASE.format(id=100200, deed="deed-").replace("^deed-$", "^deed")
    never = _BASE.format(id=100300, deed="never")
    counting = (_count(100201, 100200, 20, 99999, ["account"]), _count(100301, 100300, 9999, 99999, []))
    return _RULES.format(rules="".join((counted, never, *counting)))


def _count(identity: int, counted: int, frequency: int, timeframe: int, names: list[str]) -> str:
    same = "\n".join(f"    <same_field>{name}</same_field>" for name in names)
    return _COUNT.format(id=identity, counted=counted, frequency=frequency, timeframe=timeframe, same=same)
