"""Events are counted by kind and by agent, whatever their locations look like, and none is lost."""

from __future__ import annotations

import sys
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alertmill import metrics
from alertmill.metrics import MOST_AGENTS, NO_KIND, EventCounts, agent_of, kind_of

LONG = "x" * 5000


@pytest.mark.parametrize(
    ("queue", "location", "kind", "agent"),
    [
        ("1", "Wazuh-AWS", "aws", 0),
        ("1", "[007] (web-7) 10.0.0.7->Wazuh-AWS", "aws", 7),
        ("1", "[1] (web) any->/var/log/auth.log", "others", 1),
        ("1", "/var/log/auth.log", "others", 0),
        ("1", "wazuh-aws", "others", 0),
        ("1", "Wazuh-AWS-2", "others", 0),
        ("1", "Azure", "azure", 0),
        ("1", "Wazuh-Docker", "docker", 0),
        ("1", "Wazuh-GCloud", "gcp", 0),
        ("1", "(ssh_generic_diff) root@10.3.3.3->agentless", "agentless", 0),
        ("1", "command_uptime", "command", 0),
        ("1", "[2] (a) any->command_" + LONG, "command", 2),
        ("1", "[3] (" + LONG + ") any->osquery", "osquery", 3),
        ("1", "[4] (a) any->osquery" + LONG, "others", 4),
        ("1", "[5]->a->" + LONG, "others", 5),
        ("1", LONG, "others", 0),
        ("1", "", "others", 0),
        ("2", "10.1.1.1", "syslog", 0),
        ("2", "Wazuh-AWS", "syslog", 0),
        ("8", "[12] (a) any->syscheck", "syscheck", 12),
        ("9", "rootcheck", "rootcheck", 0),
        ("f", "[9] (win) any->EventChannel", "eventchannel", 9),
        ("3", "hostinfo", NO_KIND, 0),
        ("x", "Wazuh-AWS", NO_KIND, 0),
        ("1", "[", "others", None),
        ("1", "[]", "others", None),
        ("1", "[1234", "others", None),
        ("1", "[-1] (a) b->c", "others", None),
        ("1", "[\u00b2] (a) b->c", "others", None),
        ("1", "[1234567890] (a) b->c", "others", None),
        ("1", "[" + "1" * 5000 + "] (a) b->Wazuh-AWS", "aws", None),
    ],
)
def test_kind_and_agent_of_an_event(queue: str, location: str, kind: str, agent: int | None) -> None:
    assert kind_of(queue, location) == kind
    assert agent_of(location) == agent
    counts = EventCounts()
    counts.count(queue, location, False)
    counts.count(queue, location, False)
    told = counts.tallies()
    assert told.total.decoded == {kind: 2}
    assert {number: tally.decoded for number, tally in told.agents.items()} == (
        {} if agent is None else {agent: {kind: 2}}
    )


def test_dropped_events_and_alerts_are_counted_apart() -> None:
    counts = EventCounts()
    for dropped in (False, True, True):
        counts.count("1", "[3] (a) any->github", dropped)
    counts.count("2", "10.0.0.1", False)
    counts.count_alert("1", "[3] (a) any->github")
    told = counts.tallies()
    assert (told.total.decoded, told.total.dropped, told.total.alerts) == (
        {"github": 1, "syslog": 1},
        {"github": 2},
        1,
    )
    assert (told.agents[3].decoded, told.agents[3].dropped, told.agents[3].alerts) == ({"github": 1}, {"github": 2}, 1)
    assert told.agents[0].alerts == 0


def test_what_was_told_does_not_change_afterwards() -> None:
    counts = EventCounts()
    counts.count("1", "Azure", False)
    before = counts.tallies()
    counts.count("1", "Azure", False)
    assert before.total.decoded == {"azure": 1}
    assert before.agents[0].decoded == {"azure": 1}


_LOCATIONS = st.one_of(
    st.sampled_from(["Wazuh-AWS", "[1] (a) b->Azure", "[2]->github", "command_x", "[", "", "[3] ->->osquery"]),
    st.text("[]()->1a Wazuh-AWS_command", max_size=40),
)


@given(st.lists(st.tuples(st.sampled_from("128fx"), _LOCATIONS, st.sampled_from(["", LONG]), st.booleans())))
def test_small_tables_lose_nothing(events: list[tuple[str, str, str, bool]]) -> None:
    """Tables that are always full, and locations that are always too long, against plain counting."""
    expected: dict[tuple[bool, str, int | None], int] = {}
    counts = EventCounts()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(metrics, "_MOST_PLACES", 2)
        for queue, begin, more, dropped in events:
            location = begin + more
            key = (dropped, kind_of(queue, location), agent_of(location))
            expected[key] = expected.get(key, 0) + 1
            counts.count(queue, location, dropped)
            counts.count_alert(queue, location)
        told = counts.tallies()
    assert told.total.alerts == len(events)
    for (dropped, kind, agent), count in expected.items():
        if agent is not None:
            tally = told.agents[agent]
            assert (tally.dropped if dropped else tally.decoded)[kind] == count
    assert sum(told.total.decoded.values()) + sum(told.total.dropped.values()) == len(events)


def test_hostile_locations_take_bounded_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "_MOST_PLACES", 100)
    monkeypatch.setattr(metrics, "MOST_AGENTS", 50)
    counts = EventCounts()
    for number in range(1000):
        counts.count("1", f"[{number}] (a) b->{number}{LONG}", False)
    tables = cast(tuple[metrics.Tallies, tuple[dict[tuple[str, str], int], ...]], counts._so_far)[1]
    assert all(len(table) <= 100 for table in tables)
    assert max(sys.getsizeof(location) for table in tables for _, location in table) < 400
    told = counts.tallies()
    assert told.total.decoded == {"others": 1000}
    assert sorted(told.agents) == list(range(50))


def test_agents_are_bounded() -> None:
    counts = EventCounts()
    for number in range(MOST_AGENTS + 10):
        counts.count("2", f"[{number}] (a) b->c", False)
    counts.count("2", "[5] (a) b->c", False)
    told = counts.tallies()
    assert len(told.agents) == MOST_AGENTS
    assert told.agents[5].decoded == {"syslog": 2}
    assert told.total.decoded == {"syslog": MOST_AGENTS + 11}
