"""What the engine learns for good: keys seen, former logs, ignored values."""

from __future__ import annotations

import pytest

from alertmill.ruleset import State, match
from alertmill.ruleset.facts import TOO_LONG, Facts, FirstSeen, FormerLogs
from unit.ruleset.helpers import event, first_id, ids, rule, ruleset

NEW = ruleset(rule(100100) + rule(100101, "<if_sid>100100</if_sid><if_fts/>", level=7))


def login(user: str, decoder: str = "sshd", **more: object):
    return event(decoder=decoder, static={"dstuser": user}, fts={"user"}, **more)


# --- if_fts -------------------------------------------------------------------------------------------------------


def test_a_key_is_new_once():
    assert ids(NEW, [login("eve"), login("eve"), login("bob"), login("eve")]) == [100101, 100100, 100101, 100100]


def test_without_fts_in_the_decoder_nothing_is_new():
    assert first_id(NEW, event(decoder="sshd")) == 100100
    assert first_id(NEW, event()) == 100100


def test_a_key_is_used_up_by_the_first_rule_that_asks():
    twice = ruleset(
        rule(100100)
        + rule(100101, "<if_sid>100100</if_sid><if_fts/><list field='x'>users</list>", level=7)
        + rule(100102, "<if_sid>100100</if_sid><if_fts/>", level=6),
        lists={"users": "alice:1\n"},
    )
    # Rule 100101 takes the key although its list does not hold, so 100102 sees a known one.
    assert ids(twice, [login("eve"), login("eve")]) == [100100, 100100]


def test_a_key_is_not_used_up_by_a_rule_that_fails_before():
    guarded = ruleset(
        rule(100100)
        + rule(100101, "<if_sid>100100</if_sid><match>nothing</match><if_fts/>", level=7)
        + rule(100102, "<if_sid>100100</if_sid><if_fts/>", level=6)
    )
    assert ids(guarded, [login("eve"), login("eve")]) == [100102, 100100]


@pytest.mark.parametrize(
    ("made", "key"),
    [
        ({"fts": ()}, "sshd        "),
        (
            {
                "fts": ("name", "id", "user", "srcuser", "srcip", "dstip", "data", "system_name", "location"),
                "static": {
                    "id": "1",
                    "dstuser": "2",
                    "srcuser": "3",
                    "srcip": "4",
                    "dstip": "5",
                    "data": "6",
                    "extra_data": "no",
                    "system_name": "7",
                },
                "location": "8",
            },
            "sshd 1 2 3 4 5 6 7 8",
        ),
        ({"fts": ("dstuser", "extra_data"), "static": {"dstuser": "u", "data": "d"}}, "sshd  u    d  "),
        ({"fts": ("id",), "fts_fields": ("A.b", "none"), "fields": {"a.B": "x", "c": "y"}}, "sshd         x"),
        ({"fts": ("id",), "static": {"id": "x" * 300}}, "sshd " + "x" * 250),
    ],
)
def test_the_key(made, key):
    facts = Facts()
    assert FirstSeen(facts, 32, 14).learn(event(decoder="sshd", **made))
    assert facts.take() == (("fts", key, None),)


def test_similar_keys_of_an_ids_become_one():
    seen = FirstSeen(Facts(), 32, 14)
    alerts = [
        event(decoder="snort", type="ids", static={"id": f"1234567890ABCDEF{number}"}, fts={"id"})
        for number in range(6)
    ]
    assert [seen.learn(alert) for alert in alerts] == [True, True, True, True, False, False]


def test_keys_of_other_decoders_are_not_compared():
    seen = FirstSeen(Facts(), 32, 14)
    alerts = [event(decoder="snort", static={"id": f"1234567890ABCDEF{n}"}, fts={"id"}) for n in range(6)]
    assert all(seen.learn(alert) for alert in alerts)


def test_keys_seen_have_an_end(monkeypatch):
    monkeypatch.setattr("alertmill.ruleset.facts.MAX_KEYS", 2)
    seen = FirstSeen(Facts(), 32, 14)
    assert [seen.learn(login(user)) for user in ("a", "b", "c", "b", "a")] == [True, True, True, False, True]


# --- check_diff ---------------------------------------------------------------------------------------------------

DIFF = ruleset(
    rule(100100, "<match>^ports: </match>")
    + rule(100101, "<if_sid>100100</if_sid><check_diff/>", level=7)
    + rule(100102, "<if_sid>100100</if_sid><match>ports: 9</match><check_diff/>", level=6)
)


def test_a_changed_log_matches_and_is_remembered():
    state = DIFF.new_state()
    logs = ["ports: 1", "ports: 1", "ports: 2", "ports: 2", "ports: 1"]
    assert ids(DIFF, [event(log) for log in logs], state) == [100100, 100100, 100101, 100100, 100101]


def test_the_match_carries_the_former_log():
    state = DIFF.new_state()
    match(DIFF, event("ports: 1"), state)
    found = match(DIFF, event("ports: 2"), state).match
    assert found is not None
    assert found.previous_output == ("Previous output:", "ports: 1")
    assert found.previous_log == "ports: 1"


def test_hosts_and_rules_are_kept_apart():
    facts = Facts()
    former = FormerLogs(facts)
    assert former.replace(1, event("a", hostname="h1")) is None
    assert former.replace(1, event("b", hostname="h2")) is None
    assert former.replace(2, event("b", hostname="h1")) is None
    assert former.replace(1, event("b", hostname="(h1) 10.0.0.1")) == "a"
    assert {key: value for _, key, value in facts.take()} == {"h1/1": "b", "h2/1": "b", "h1/2": "b"}


def test_huge_logs_are_not_compared():
    former = FormerLogs(Facts())
    assert former.replace(1, event("x")) is None
    assert former.replace(1, event("y" * TOO_LONG)) is None
    assert former.replace(1, event("z")) == "x"


def test_former_logs_have_an_end(monkeypatch):
    monkeypatch.setattr("alertmill.ruleset.facts.MAX_FORMER_BYTES", 10)
    former = FormerLogs(Facts())
    for host in "abc":
        former.replace(1, event("12345", hostname=host))
    assert former.replace(1, event("new", hostname="a")) is None
    assert former.replace(1, event("new", hostname="c")) == "12345"


# --- ignore -------------------------------------------------------------------------------------------------------

IGNORE = rule(100100, "<match>scan</match><ignore>srcip, id, port.Name</ignore>") + rule(
    100101, "<match>probe</match><check_if_ignored>srcip, id, port.name</check_if_ignored>"
)


def noise(log: str, srcip: str = "10.0.0.1"):
    return event(log, static={"srcip": srcip, "id": "7"}, fields={"Port.name": "ssh"})


def test_ignored_values_are_noted_and_silence_nothing():
    rules = ruleset(IGNORE)
    state = rules.new_state()
    assert ids(rules, [noise("scan"), noise("probe")], state) == [100100, 100101]
    changes = state.take_changes()
    assert changes is not None
    assert changes.facts == (("ignored", " 7  10.0.0.1     ssh", None),)


def test_silencing_ignored_values_is_an_option():
    rules = ruleset(IGNORE, suppress_ignored=True)
    state = rules.new_state()
    results = [match(rules, one, state) for one in (noise("scan"), noise("probe"), noise("probe", "10.0.0.2"))]
    assert [(result.alert, result.stored) for result in results] == [(True, True), (False, False), (True, True)]
    assert results[1].match is not None
    assert results[1].match.ignored


def test_repeated_ignore_elements_keep_static_names_and_lose_dynamic_ones():
    body = "<ignore>id, first</ignore><ignore>srcip, second</ignore>"
    spec = ruleset(rule(100100, body)).rules_by_id[100100].spec
    assert spec.ignored is not None
    assert spec.ignored.static == {"id", "srcip"}
    assert spec.ignored.dynamic == ("second",)


# --- restoring ----------------------------------------------------------------------------------------------------


def test_facts_outlive_a_restart():
    rules = ruleset(IGNORE, suppress_ignored=True)
    rows = [
        ("fts", "sshd  eve      ", None),
        ("ignored", " 7  10.0.0.1     ssh", None),
        ("diff", "web1/100101", "ports: 1"),
    ]
    known = State.restore(NEW, [], [*rows, ("other", "x", "y")])
    assert ids(NEW, [login("eve")], known) == [100100]
    assert ids(DIFF, [event("ports: 2")], State.restore(DIFF, [], rows)) == [100101]
    assert not match(rules, noise("probe"), State.restore(rules, [], rows)).alert


def test_a_later_fact_of_a_key_replaces_an_earlier_one():
    facts = Facts()
    facts.add("diff", "h/1", "a")
    facts.add("diff", "h/1", "b")
    assert facts.take() == (("diff", "h/1", "b"),)
    assert facts.take() == ()


def test_the_last_keys_of_an_ids_outlive_a_restart():
    def alert(number: int):
        return event(decoder="snort", type="ids", static={"id": f"1234567890ABCDEF{number}"}, fts={"id"})

    first = FirstSeen(Facts(), 32, 14)
    learned = [first.learn(alert(number)) for number in range(3)]
    noted = first.changes()
    assert noted == first.everything()
    assert (learned, first.changes()) == ([True] * 3, None)
    second = FirstSeen(Facts(), 32, 14)
    second.apply(noted or [])
    assert [second.learn(alert(number)) for number in (4, 5)] == [True, False]


def test_short_keys_of_an_ids_are_not_cut():
    seen = FirstSeen(Facts(), 32, 14)
    alerts = [event(decoder="snort", type="ids", static={"id": str(number)}, fts={"id"}) for number in range(9)]
    assert all(seen.learn(alert) for alert in alerts)


def test_ignored_values_have_an_end(monkeypatch):
    monkeypatch.setattr("alertmill.ruleset.facts.MAX_KEYS", 1)
    rules = ruleset(IGNORE, suppress_ignored=True)
    state = rules.new_state()
    results = [match(rules, noise(log, ip), state) for log, ip in (("scan", "a"), ("scan", "b"), ("probe", "a"))]
    assert results[2].alert
