"""Small rulesets with events, and what the language says must come of them: rule, counters, decoder, fields, history.

The cases are data (`language/*.yaml`); their expectations were derived by hand from the meaning of the elements. Each
is run as the daemon runs it, by the fast and by the plain walk, and as a session of logtest. `_RULES` and `_DECODERS`
are loaded before what a case brings along.

A case: `name`, `rules` (put into `<group name="local,">` unless they bring groups), `decoders`, `lists` (name: text),
`options` (of the rules; `zone` in hours), `messages` (numbers of the warnings at loading), `daemon_only` (a session
differs on purpose), `events`. An event: `log` (text, or an object that is spelled as JSON; `{x*9}` is nine x),
`location`, `queue`, `delay`, `times`, `why`; expected are the members that are named, of those in `_found`.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import yaml

from alertmill.alerts import AlertFacts, AlertWriter
from alertmill.decoders import Rejected, load_decoders, predecode, split_queue_message
from alertmill.engine import Engine, EngineOptions
from alertmill.errors import Problems
from alertmill.event import Outcome, Record, from_byte_text, to_byte_text
from alertmill.logtest import LogtestSession
from alertmill.ruleset import RuleOptions, load_lists, load_rules

#: A Saturday, 17:21:00 UTC.
START = 1795281660.0

HOST = "keeper"
FACTS = AlertFacts(HOST, zone=UTC)

#: One top-level rule for every category.
_CATEGORIES = ("syslog", "firewall", "ids", "web-log", "squid", "windows", "ossec")
_RULES = '<group name="base,">{}</group>'.format(
    "".join(
        f'<rule id="{number}" level="0" noalert="1"><category>{name}</category><description>all</description></rule>'
        for number, name in enumerate(_CATEGORIES, 1)
    )
)

_DECODERS = r"""<decoder name="json"><prematch>^{\s*"</prematch><plugin_decoder>JSON_Decoder</plugin_decoder></decoder>
<decoder name="filler"><program_name>^filler$</program_name></decoder>"""

_FOLDER = Path(__file__).parent / "language"
#: The one in C where there is one: these are thousands of lines, and every worker reads them.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_REPEAT = re.compile(r"\{(.)\*(\d+)\}")

Case = dict[str, Any]


def cases(*names: str) -> list[Any]:
    """The cases of these files, ready for parametrize."""
    return [
        pytest.param(case, id=case["name"])
        for name in names
        for case in yaml.load((_FOLDER / f"{name}.yaml").read_text("utf-8"), _LOADER)
    ]


def expanded(text: str) -> str:
    return _REPEAT.sub(lambda found: found[1] * int(found[2]), text)


def log_of(event: Case) -> str:
    log = event["log"]
    return to_byte_text(expanded(log if isinstance(log, str) else json.dumps(log, ensure_ascii=False)))


def load(case: Case, problems: Problems, **more: Any) -> Engine:
    options = {"log_alert_level": 1, "email_alert_level": 12} | case.get("options", {}) | more
    options["zone"] = timezone(timedelta(hours=options.get("zone", 0)))
    rules = expanded(case.get("rules", ""))
    if rules and "<group name=" not in rules:
        rules = f'<group name="local,">{rules}</group>'
    files = [("a.xml", _DECODERS)] + [("b.xml", to_byte_text(case[name])) for name in ("decoders",) if name in case]
    tree = load_decoders(files, problems)
    lists = load_lists({name: to_byte_text(text) for name, text in case.get("lists", {}).items()}, problems)
    files = [("a.xml", _RULES), ("b.xml", to_byte_text(rules))]
    ruleset = load_rules(files, lists, tree.identities, RuleOptions(**options), problems)
    problems.raise_if_fatal("not loaded")
    return Engine(tree, ruleset, EngineOptions(HOST))


def records(case: Case) -> list[tuple[Case, Record]]:
    """Every event that is to be sent, with its expectations; of a repeated one, `fired` holds for the last."""
    time, found = START, []
    for event in case["events"]:
        for number in range(event.get("times", 1)):
            time += event.get("delay", 0)
            location, queue = to_byte_text(event.get("location", "/var/log/shop")), event.get("queue", "1")
            last = number == event.get("times", 1) - 1
            expected = event if last else {name: value for name, value in event.items() if name != "fired"}
            found.append((expected, Record(log_of(event), location, time, queue=queue)))
    return found


def _shown(line: bytes) -> Case:
    shown: Case = json.loads(line.decode("utf-8", "surrogateescape"))
    return shown


def _of_event(shown: Case) -> Case:
    """What an archived event or a session's answer tells."""
    rule = shown.get("rule", {})
    return {
        "rule": int(rule["id"]) if "id" in rule else None,
        "level": rule.get("level"),
        "fired": rule.get("firedtimes"),
        "frequency": rule.get("frequency"),
        "description": rule.get("description"),
        "groups": rule.get("groups"),
        "decoder": shown.get("decoder", {}).get("name"),
        "parent": shown.get("decoder", {}).get("parent"),
        "data": shown.get("data", {}),
        "full_log": shown.get("full_log"),
        "shown_location": shown.get("location"),
    }


def _found(outcome: Outcome, writer: AlertWriter) -> Case:
    """What can be expected of an event that the daemon analysed."""
    if outcome.event is None or outcome.rejected:
        return {"rejected": bool(outcome.rejected), "rule": None, "alert": False}
    event, match = outcome.event, outcome.match
    found = _of_event(_shown(writer.json_line(event, match, "1.0", archive=not outcome.alert)))
    return found | {
        "alert": outcome.alert,
        "dropped": outcome.dropped,
        "rejected": False,
        "previous": len(match.previous_output) if match else 0,
        "previous_lines": [from_byte_text(line) for line in match.previous_output] if match else [],
        "previous_log": from_byte_text(match.previous_log) if match and match.previous_log is not None else None,
        "hostname": from_byte_text(event.hostname),
        "program": None if event.program_name is None else from_byte_text(event.program_name),
        "timestamp": None if event.timestamp is None else from_byte_text(event.timestamp),
        "text": from_byte_text(event.log),
    }


_SENT = {"log", "location", "queue", "delay", "times", "why"}


def differences(expected: Case, found: Case) -> Case:
    wanted = {name: value for name, value in expected.items() if name not in _SENT}
    for name in ("description", "data", "text", "full_log"):
        if name in wanted:
            wanted[name] = json.loads(expanded(json.dumps(wanted[name])))
    return {name: (found.get(name), value) for name, value in wanted.items() if found.get(name, ...) != value}


LANGUAGE = ("correlation", "tree", "criteria", "lists", "decoding", "plugins")


@pytest.mark.parametrize("walk", ["fast", "plain"])
@pytest.mark.parametrize("case", cases(*LANGUAGE))
def test_daemon(case: Case, walk: str) -> None:
    problems = Problems()
    engine, writer = load(case, problems, engine=walk), AlertWriter(FACTS)
    state = engine.new_state()
    wrong = []
    for number, (expected, record) in enumerate(records(case), 1):
        different = differences(expected, _found(engine.process(record, state), writer))
        wrong += [f"event {number} {name}: found {a!r}, expected {b!r}" for name, (a, b) in different.items()]
    assert not wrong, "\n".join(wrong[:30])
    numbers = [re.findall(r"\((\d{4})\)", problem.wazuh) for problem in problems if problem.wazuh]
    assert [int(found[0]) for found in numbers if found] == case.get("messages", [])


@pytest.mark.parametrize("case", [case for case in cases(*LANGUAGE) if not case.values[0].get("daemon_only")])
def test_session(case: Case) -> None:
    session = LogtestSession(load(case, Problems()), FACTS)
    wrong = []
    for number, (expected, record) in enumerate(records(case), 1):
        reply = session.process(record)
        shown = _of_event(reply["output"])
        wanted = {name: value for name, value in expected.items() if name in shown and name != "level"}
        if expected.get("previous", 0) >= 2:
            lines = reply["output"].get("previous_output", "").split("\n")
            assert len(lines) == expected["previous"], (number, lines)
        different = differences(wanted, shown)
        wrong += [f"event {number} {name}: found {a!r}, expected {b!r}" for name, (a, b) in different.items()]
    assert not wrong, "\n".join(wrong[:30])


@pytest.mark.parametrize("row", cases("headers"))
def test_header(row: Case) -> None:
    event = predecode(Record(to_byte_text(row["log"]), "x", START), HOST)
    assert not isinstance(event, Rejected)
    found = {
        "timestamp": event.timestamp,
        "hostname": event.hostname,
        "program": event.program_name,
        "text": event.log,
    }
    shown = {name: None if value is None else from_byte_text(value) for name, value in found.items()}
    expected = {"timestamp": None, "hostname": HOST, "program": None} | {n: row[n] for n in row if n in shown}
    assert shown == {"text": row["log"]} | expected


@pytest.mark.parametrize("row", cases("datagrams"))
def test_datagram(row: Case) -> None:
    parts = split_queue_message(expanded(row["datagram"]).encode())
    event = parts if isinstance(parts, Rejected) else predecode(Record(parts.message, parts.location, START), HOST)
    if row.get("dropped"):
        assert isinstance(event, Rejected)
        return
    assert not isinstance(event, Rejected)
    found = (event.agent_id, event.hostname, event.location, event.log)
    wanted = (row.get("agent", "000"), row.get("hostname", HOST), expanded(row["location"]), row["log"])
    assert tuple(from_byte_text(text) for text in found) == wanted
