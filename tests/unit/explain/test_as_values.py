"""The JSON form: its members, which only ever become more, and that it says what the text says."""

from __future__ import annotations

import json
from typing import Any

from alertmill.explain import as_values
from unit.explain.helpers import NOON, explainer, mill, record, rule

RULES = (
    rule(100, "<decoded_as>mill</decoded_as>", level=3)
    + rule(101, "<if_sid>100</if_sid><user>^ann</user>", level=4, ignore=5)
    + rule(102, "<if_matched_sid>101</if_matched_sid>", level=9, frequency=4, timeframe=60)
    + rule(103, "<if_sid>100</if_sid><match>rye</match>", level=2)
    + rule(103, "<if_sid>100</if_sid><match>oats</match>", level=2, overwrite="yes")
)


def values(text: str, **more: Any) -> dict[str, Any]:
    session = explainer(RULES)
    session.explain(mill("grinding rye for ann"))
    found: dict[str, Any] = json.loads(json.dumps(as_values(session.explain(mill(text, NOON + 9), **more))))
    return found


def test_the_members() -> None:
    told = values("grinding rye for ann", why_not=102)
    assert list(told) == ["answer", "event", "predecoding", "decoding", "rules", "not_tried", "result", "why_not"]
    assert told["event"] == {
        "number": 2,
        "message": "Mar  4 12:00:00 web1 mill[7]: grinding rye for ann",
        "location": "/var/log/x",
        "queue": "1",
        "time": NOON + 9,
        "event_time": None,
    }
    assert told["predecoding"] == {
        "header": "syslog, as in `Jan 15 10:00:00 host program[pid]: `",
        "timestamp": "Mar  4 12:00:00",
        "hostname": "web1",
        "program_name": "mill",
        "log": "grinding rye for ann",
    }
    assert told["decoding"]["decoder"] == {"name": "mill", "parent": "mill", "type": "syslog"}
    assert told["decoding"]["steps"][0] == {
        "what": "<regex offset=\"after_prematch\"> osregex '^(\\S+) for (\\S+)'",
        "matched": True,
        "fields": [["grain", "rye"], ["dstuser", "ann"]],
    }
    assert told["decoding"]["tried"][0]["file"] == "decoders.xml"
    assert told["not_tried"] == [{"because": 101, "path": [1, 100, 101], "rules": [103]}]


def test_a_rule_and_its_conditions() -> None:
    told = values("grinding rye for ann")
    visited = {rule["rule"]: rule for rule in told["rules"]}
    (condition,) = visited[101].pop("conditions")
    assert visited[101] == {
        "rule": 101,
        "level": 4,
        "description": "rule 101",
        "noalert": False,
        "ignore": 5,
        "file": "rules.xml",
        "line": 3,
        "overwrites": None,
        "path": [1, 100, 101],
        "held": True,
    }
    assert condition == {
        "condition": "<user> matches osmatch '^ann'",
        "held": True,
        "found": "ann",
        "why": 'found "ann"',
        "counted": None,
        "file": "rules.xml",
        "line": 3,
    }
    (counting,) = visited[102]["conditions"]
    assert counting["counted"] == {
        "wanted": 3,
        "missing": 2,
        "timeframe": 60,
        "events": [{"age": 9, "rule": 101, "log": "Mar  4 12:00:00 web1 mill[7]: grinding rye for ann"}],
        "outside": 0,
        "passed_over": [],
        "ended_by_level": None,
    }


def test_the_result() -> None:
    assert values("grinding rye for ann")["result"] == {
        "rule": 101,
        "level": 4,
        "description": "rule 101",
        "path": [1, 100, 101],
        "firedtimes": 2,
        "alert": True,
        "why": "an alert is written",
        "silenced": None,
        "rejected": None,
        "dropped": False,
        "warnings": [],
    }


def test_a_silenced_rule() -> None:
    session = explainer(RULES)
    session.explain(mill("grinding rye for ann"))
    told = as_values(session.explain(mill("grinding rye for ann", NOON + 2)))
    assert told["result"]["silenced"] == {"rule": 101, "since": int(NOON)}
    assert told["result"]["rule"] == 100


def test_why_not() -> None:
    told = values("grinding oats for bob", why_not=101)["why_not"]
    assert {name: told[name] for name in ("rule", "fired", "obstacles", "places", "notes")} == {
        "rule": 101,
        "fired": False,
        "obstacles": ["it did not hold: <user> matches osmatch '^ann': found \"bob\""],
        "places": 1,
        "notes": [],
    }
    assert [(step["rule"], step["standing"], step["obstacle"] is None) for step in told["way"]] == [
        (1, "held", True),
        (100, "held", True),
        (101, "failed", False),
    ]


def test_an_overwritten_rule_names_both_places() -> None:
    rules = values("grinding oats for bob")["rules"]
    assert [(one["file"], one["line"], one["overwrites"]) for one in rules if one["rule"] == 103] == [
        ("rules.xml", 6, "rules.xml:5")
    ]


def test_bytes_and_refused_events_are_json_too() -> None:
    told = as_values(explainer(RULES).explain(record("\xe9\xff", location="[")))
    assert json.loads(json.dumps(told))["event"]["message"] == "\udce9\udcff"
    assert (told["predecoding"], told["decoding"], told["rules"]) == (None, None, [])
    assert told["result"]["rejected"].startswith("the location begins with '['")
