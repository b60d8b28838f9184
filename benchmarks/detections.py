"""`python -m benchmarks.detections`: what the shipped rules find in recorded attacks, labelled events, ordinary trails.

Recorded data is read from the reference data (`ALERTMILL_SHARED`, or `../shared`) and never copied; without it there is
nothing to measure, and the command says so. The result is printed and kept in docs/detections.md, which a test holds to
what the rules do today. No rule is judged here, and nothing is fetched.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from alertmill import samples
from alertmill.engine import Engine
from alertmill.errors import Problems
from alertmill.event import Outcome, Record
from alertmill.installation import Installation
from alertmill.ruleset import State
from alertmill.sources.aws.buckets import BUCKET_TYPES
from alertmill.sources.aws.envelope import LOCATION, Envelope, spell_improved
from benchmarks.homes import SHARED, shipped_home
from benchmarks.known_attacks import OUT_OF_SCOPE, TECHNIQUES, Json, Technique
from benchmarks.labelled_shapes import SHAPED, shaped

DATA = SHARED / "data" / "aws"
PAGE = Path(__file__).resolve().parents[1] / "docs" / "detections.md"

INVICTUS = "invictus-ir_aws_dataset"
PANTHER = "panther-labs_panther-analysis"
CRIBL = "cribl_vpc-flow/reconstructed"

#: Bucket type that carries the events of a labelled log type. Other log types are labelled in shapes of their own.
LABELLED = {"AWS.CloudTrail": "cloudtrail", "AWS.GuardDuty": "guardduty", "AWS.WAFWebACL": "waf"}
#: Log types in the order in which they are told.
LOG_TYPES = (*LABELLED, *SHAPED)
#: Time of labelled events that have none, epoch seconds.
_SOME_TIME = 1768471200.0
#: Levels from which an alert counts as one, and as one that somebody looks at, and as one that wakes somebody.
NOTED, TOLD, LOUD = 3, 5, 7
_TRAIL_OBJECTS, _TRAIL_EVENTS = 40, 500


@dataclass(frozen=True, slots=True)
class Seen:
    """A record and the rule that decided about it: level 0 and no id for silence."""

    record: Json
    rule: int | None
    level: int
    description: str


@dataclass(slots=True)
class Analyst:
    """The shipped rules, and a memory for what they count."""

    engine: Engine
    state: State = field(init=False)

    def __post_init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        self.state = self.engine.new_state()

    def look(self, type: str, rows: Iterable[Any], key: str) -> Iterator[Seen]:
        """Analyse rows as a bucket type yields them, on their way through the improved event format."""
        kind, envelope = BUCKET_TYPES[type], Envelope("example-logs", key, "", "123456789012")
        for row in rows:
            happened = kind.event_time(row)
            at = _SOME_TIME if happened is None else happened
            document = kind.wrap(envelope, row)
            record = Record(None, LOCATION, at, document=document, spell=spell_improved, event_time=at)
            yield _seen(document["aws"], self.engine.process(record, self.state))

    def look_at(self, document: Json) -> Seen:
        """Analyse a message of the improved event format."""
        text = json.dumps(document, separators=(",", ":"))
        return _seen(
            document, self.engine.process(Record(text, LOCATION, _SOME_TIME, event_time=_SOME_TIME), self.state)
        )

    def read(self, type: str, body: bytes, key: str) -> Iterator[Seen]:
        """Analyse an object."""
        return self.look(type, BUCKET_TYPES[type].records([body], key), key)


def _seen(row: Json, outcome: Outcome) -> Seen:
    if outcome.match is None or not outcome.alert:
        return Seen(row, None, 0, "")
    rule = outcome.match.rule
    return Seen(row, rule.id, rule.level, rule.description)


def shipped_engine() -> Engine:
    """The engine of a home as `alertmill init` makes it. Raises LoadError."""
    with tempfile.TemporaryDirectory(prefix="alertmill-detections-") as folder:
        return Installation(shipped_home(Path(folder))).load(Problems())


# --- recorded attacks -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Found:
    """What was told of a technique: events that are part of it, and how often each rule alerted on them."""

    technique: Technique
    events: int
    rules: Counter[tuple[int, int]]

    @property
    def level(self) -> int:
        return max((level for _, level in self.rules), default=0)


def recorded_attacks(analyst: Analyst) -> tuple[list[Found], list[Seen]]:
    """Each technique of the recording, and everything that was seen in it."""
    analyst.forget()
    seen: list[Seen] = []
    for path in sorted((DATA / INVICTUS).rglob("*.json.gz"), key=lambda path: path.name):
        seen += analyst.read("cloudtrail", gzip.decompress(path.read_bytes()), str(path.relative_to(DATA / INVICTUS)))
    found = []
    for technique in TECHNIQUES:
        part = [one for one in seen if technique.includes(one.record)]
        if part:
            found.append(Found(technique, len(part), Counter((s.rule, s.level) for s in part if s.rule is not None)))
    return found, seen


# --- labelled events --------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Labelled:
    """The cases of one labelled rule: for each its name and what was seen of it."""

    rule: str
    log_type: str
    positive: list[tuple[str, Seen]] = field(default_factory=list)
    negative: list[tuple[str, Seen]] = field(default_factory=list)

    @property
    def reason(self) -> str:
        """Why no rule of ours speaks about the same thing; empty when one does."""
        return OUT_OF_SCOPE.get(self.rule, "")


def labelled_events(analyst: Analyst) -> list[Labelled]:
    """Every labelled case, each looked at alone."""
    found: dict[str, Labelled] = {}
    for path in sorted((DATA / PANTHER).glob("*.ndjson")):
        for line in path.read_text("utf-8").splitlines():
            case = json.loads(line)
            analyst.forget()
            seen = _look_at_case(analyst, case["log_type"], case["log"])
            if seen is None:
                continue
            labelled = found.setdefault(case["rule_id"], Labelled(case["rule_id"], case["log_type"]))
            (labelled.positive if case["expected"] else labelled.negative).append((case["test"], seen))
    return sorted(found.values(), key=lambda labelled: (LOG_TYPES.index(labelled.log_type), labelled.rule))


def _look_at_case(analyst: Analyst, log_type: str, log: Json) -> Seen | None:
    """What is seen of a labelled event; None where its log type, or its product, is nothing that the rules know."""
    kind = LABELLED.get(log_type)
    if kind is not None:
        (seen,) = analyst.read(kind, _object(kind, log), "labelled.json")
        return seen
    document = shaped(log_type, log)
    return None if document is None else analyst.look_at(document)


def _object(kind: str, log: Json) -> bytes:
    """An object of a bucket type that holds this one record."""
    return json.dumps({"Records": [log]} if kind == "cloudtrail" else log).encode()


# --- ordinary trails --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Trail:
    """How much was told of a trail: events, and alerts by level."""

    name: str
    events: int
    levels: Counter[int]

    def at_least(self, level: int) -> int:
        return sum(count for at, count in self.levels.items() if at >= level)


def trails(analyst: Analyst, recorded: Sequence[Seen]) -> Iterator[Trail]:
    yield _trail("invictus, whole recording", recorded)
    setup = [one for one in recorded if not any(technique.includes(one.record) for technique in TECHNIQUES)]
    yield _trail("invictus, without the events of the techniques", setup)
    start = datetime(2026, 1, 15, tzinfo=UTC)
    profiles = (("generated, ordinary", samples.ORDINARY), ("generated, quiet", samples.QUIET))
    for name, profile in profiles:
        analyst.forget()
        objects = samples.cloudtrail_objects(
            seed=7, start=start, objects=_TRAIL_OBJECTS, events_per_object=_TRAIL_EVENTS, profile=profile
        )
        seen = [
            one for sample in objects for one in analyst.read("cloudtrail", gzip.decompress(sample.body), sample.key)
        ]
        yield _trail(name, seen)
    analyst.forget()
    flows = sorted((DATA / CRIBL).rglob("*.log.gz"))
    yield _trail(
        "cribl, VPC flow log",
        [one for path in flows for one in analyst.read("vpcflow", gzip.decompress(path.read_bytes()), path.name)],
    )


def _trail(name: str, seen: Sequence[Seen]) -> Trail:
    return Trail(name, len(seen), Counter(one.level for one in seen if one.rule is not None))


# --- the page ---------------------------------------------------------------------------------------------------------


def measured() -> str:
    """docs/detections.md."""
    analyst = Analyst(shipped_engine())
    found, seen = recorded_attacks(analyst)
    labelled = labelled_events(analyst)
    lines = [
        "# What the shipped rules find",
        "",
        "Measured with `make detections` on recorded attacks and labelled events, which are not part of this",
        "repository. Levels are those of [the rules](rules.md); an event without an alert has level 0.",
        "",
        "<!-- Made by benchmarks/detections.py; do not edit. -->",
        "",
        *_summary(found, labelled),
        "",
        *_techniques(found),
        "",
        *_labelled(labelled),
        "",
        *_missed(labelled),
        "",
        *_trails(list(trails(analyst, seen))),
    ]
    return "\n".join(lines) + "\n"


def _summary(found: Sequence[Found], labelled: Sequence[Labelled]) -> list[str]:
    told = sum(one.level >= TOLD for one in found)
    lines = [
        "## In short",
        "",
        "| what | measured | aim |",
        "| --- | --- | --- |",
        f"| recorded techniques with an alert of level {TOLD} or more | {told} of {len(found)} | all |",
    ]
    groups = [("all log types", labelled)]
    for log_type in LOG_TYPES:
        mine = [one for one in labelled if one.log_type == log_type]
        groups.append((log_type, mine))
        addressed = [one for one in mine if not one.reason]
        if 0 < len(addressed) < len(mine):
            groups.append((f"{log_type}, where a rule can speak", addressed))
    for name, wanted in groups:
        positive = [seen for one in wanted for _, seen in one.positive]
        negative = [seen for one in wanted for _, seen in one.negative]
        lines += [
            f"| labelled true, level {NOTED} or more, {name} | {_share(positive, NOTED)} | 80 % |",
            f"| labelled true, level {TOLD} or more, {name} | {_share(positive, TOLD)} | |",
            f"| labelled false, level {TOLD} or more, {name} | {_share(negative, TOLD)} | 15 % at most |",
        ]
    return lines


def _share(seen: Sequence[Seen], level: int) -> str:
    hits = sum(one.level >= level for one in seen)
    return f"{hits} of {len(seen)} ({100 * hits / max(len(seen), 1):.0f} %)"


def _techniques(found: Sequence[Found]) -> list[str]:
    lines = [
        "## Recorded attacks",
        "",
        "The recording is invictus-ir/aws_dataset. A technique is found by the calls that it cannot do without.",
        "",
        "| technique | ATT&CK | events | highest level | rules (level): alerts |",
        "| --- | --- | --- | --- | --- |",
    ]
    for one in found:
        rules = ", ".join(f"{id} ({level}): {count}" for (id, level), count in sorted(one.rules.items()))
        lines.append(f"| {one.technique.name} | {one.technique.mitre} | {one.events} | {one.level} | {rules or '-'} |")
    return lines


def _labelled(labelled: Sequence[Labelled]) -> list[str]:
    lines = [
        "## Labelled events",
        "",
        "The rule tests of panther-labs/panther-analysis, each event by itself. Some labelled-false events are",
        "harmless for the labelled rule and yet what another rule of ours is about. Events of EKS, DNS, flow logs,",
        "Security Hub and Umbrella are labelled in a spelling of their own; benchmarks/labelled_shapes.py says how",
        "they are read.",
        "",
        f"| labelled rule | true | of level {NOTED}+ | of level {TOLD}+ | false | of level {TOLD}+ | rules |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for one in labelled:
        positive, negative = ([seen for _, seen in cases] for cases in (one.positive, one.negative))
        noted, told, alarms = _count(positive, NOTED), _count(positive, TOLD), _count(negative, TOLD)
        rules = ", ".join(str(id) for id in sorted({seen.rule for seen in positive if seen.rule is not None}))
        name = f"`{one.rule}`" + (f": {one.reason}" if one.reason else "")
        lines.append(f"| {name} | {len(positive)} | {noted} | {told} | {len(negative)} | {alarms} | {rules or '-'} |")
    return lines


def _count(seen: Sequence[Seen], level: int) -> int:
    return sum(one.level >= level for one in seen)


def _missed(labelled: Sequence[Labelled]) -> list[str]:
    missed: list[tuple[str, Callable[[Seen], bool], bool]] = [
        (f"Labelled true, below level {NOTED}", lambda seen: seen.level < NOTED, True),
        (f"Labelled false, level {TOLD} or more", lambda seen: seen.level >= TOLD, False),
    ]
    lines: list[str] = []
    for title, wanted, positive in missed:
        lines += ["", f"### {title}", "", "| labelled rule | case | rule | level |", "| --- | --- | --- | --- |"]
        for one in labelled:
            for name, seen in one.positive if positive else one.negative:
                if wanted(seen):
                    lines.append(f"| `{one.rule}` | {name.strip()} | {seen.rule or '-'} | {seen.level} |")
    return lines[1:]


def _trails(found: Sequence[Trail]) -> list[str]:
    lines = [
        "## Ordinary trails",
        "",
        "How much is told, per thousand events. The generated trails are those of `alertmill demo`, with and without",
        "incidents.",
        "",
        f"| trail | events | level {NOTED}+ | level {TOLD}+ | level {LOUD}+ | alerts by level |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for trail in found:
        shares = " | ".join(f"{1000 * trail.at_least(level) / trail.events:.1f}" for level in (NOTED, TOLD, LOUD))
        levels = ", ".join(f"{level}: {count}" for level, count in sorted(trail.levels.items()))
        lines.append(f"| {trail.name} | {trail.events} | {shares} | {levels or '-'} |")
    return lines


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.detections", description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit code 1 when the page is not up to date"
    )
    check = parser.parse_args(arguments).check
    if not DATA.is_dir():
        print(f"nothing measured: the reference data is not here: {DATA} (set ALERTMILL_SHARED)", file=sys.stderr)
        return 0
    text = measured()
    if check:
        return 0 if PAGE.exists() and PAGE.read_text("utf-8") == text else 1
    PAGE.write_text(text, "utf-8")
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
