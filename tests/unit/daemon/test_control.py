"""Requests of the control socket: every reply's structure and order, trees, agents, and requests that make no sense."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from alertmill import codes
from alertmill.config.models import Config, Global, Label
from alertmill.daemon.control import MOST_AGENTS, Control
from alertmill.daemon.describe import describe_rules
from alertmill.daemon.reload import Built
from alertmill.daemon.state_file import COUNTERS
from alertmill.daemon.stats import EpsFigures, QueueUse, Statistics
from alertmill.decoders import load_decoders
from alertmill.engine import Engine, EngineOptions
from alertmill.errors import Problems
from alertmill.metrics import Counters, EventCounts
from unit.ruleset.helpers import rule, ruleset

START = 1795281764

DECODERS = """
<decoder name="shop">
  <program_name>^shop$</program_name>
</decoder>
<decoder name="shop-login">
  <parent>shop</parent>
  <use_own_name>true</use_own_name>
  <prematch>^login </prematch>
  <regex offset="after_prematch">^(\\S+) from (\\S+) cart (\\S+)</regex>
  <order>cart, user, srcip</order>
  <fts>name, user, cart</fts>
</decoder>
<decoder name="shop-login">
  <parent>shop</parent>
  <regex offset="after_regex" type="pcre2">total (\\d+)</regex>
  <order>total</order>
</decoder>
<decoder name="box">
  <prematch>^{</prematch>
  <plugin_decoder>JSON_Decoder</plugin_decoder>
</decoder>
<decoder name="web">
  <type>web-log</type>
  <prematch>^GET Caf\u00e9 </prematch>
  <regex>(\\d+)$</regex>
  <order>id</order>
</decoder>
"""


def bytetext(text: str) -> str:
    return text.encode().decode("latin-1")


def engine(rules: str) -> Engine:
    problems = Problems()
    decoders = load_decoders([("etc/decoders/d.xml", bytetext(DECODERS))], problems)
    assert not problems.errors, problems.draw()
    return Engine(decoders, ruleset(rules), EngineOptions("host"))


class Desk:
    """A control desk whose every figure can be set."""

    def __init__(self, config: Config | None = None, rules: str = rule(100), eps: EpsFigures | None = None) -> None:
        self.now = float(START)
        self.counters = Counters(received=1000, alerts=500)
        self.events = EventCounts()
        self.inbox = QueueUse()
        self.problems = Problems()
        self.engine = engine(rules)
        config = config or Config()
        self.statistics = Statistics(
            config,
            self.counters,
            lambda: self.now,
            events=self.events,
            eps=None if eps is None else lambda: eps,
            inbox=lambda: self.inbox,
        )
        self.control = Control(config, self.statistics, lambda: self.engine, lambda: Built(self.engine, self.problems))

    def ask(self, command: str, **parameters: Any) -> Any:
        return json.loads(self.control.reply(json.dumps({"command": command, "parameters": parameters}).encode()))

    def section(self, name: str) -> Any:
        reply = self.ask("getconfig", section=name)
        assert (reply["error"], reply["message"]) == (0, "ok")
        return reply["data"]


@pytest.fixture
def desk() -> Desk:
    return Desk()


def keys(value: Any) -> Any:
    """Nested (key, keys below) pairs in order; None for everything that is no object."""
    return [(key, keys(below)) for key, below in value.items()] if isinstance(value, dict) else None


# --- requests that make no sense --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("request_", "error", "message"),
    [
        (b"", 2, "Invalid JSON input"),
        (b"{nonsense", 2, "Invalid JSON input"),
        (b"[]", 2, "Invalid JSON input"),
        (b"[" * 60000, 2, "Invalid JSON input"),
        (b"\xff\xfe", 2, "Invalid JSON input"),
        (b"{}", 3, "Empty command"),
        (b'{"command":7}', 3, "Empty command"),
        (b'{"command":"GetStats"}', 4, "Unrecognized command"),
        (b'{"command":"getconfig"}', 5, "Empty parameters"),
        (b'{"command":"getconfig","parameters":[]}', 5, "Empty parameters"),
        (b'{"command":"getconfig","parameters":{}}', 6, "Empty section"),
        (b'{"command":"getconfig","parameters":{"section":"x"}}', 7, "Unrecognized or not configured section"),
        (b'{"command":"getagentsstats"}', 5, "Empty parameters"),
        (b'{"command":"getagentsstats","parameters":{}}', 8, "Invalid agents parameter"),
        (b'{"command":"getagentsstats","parameters":{"agents":"none"}}', 8, "Invalid agents parameter"),
        (b'{"command":"getagentsstats","parameters":{"agents":7}}', 8, "Invalid agents parameter"),
        (b'{"command":"getagentsstats","parameters":{"agents":[1,"2"]}}', 8, "Invalid agents parameter"),
        (b'{"command":"getagentsstats","parameters":{"agents":[true]}}', 8, "Invalid agents parameter"),
        (b'{"command":"getagentsstats","parameters":{"agents":[[]]}}', 8, "Invalid agents parameter"),
        (b'{"command":"getagentsstats","parameters":{"agents":"all"}}', 10, "Empty last id"),
        (b'{"command":"getagentsstats","parameters":{"agents":"all","last_id":"0"}}', 10, "Empty last id"),
    ],
)
def test_refusals(desk: Desk, request_: bytes, error: int, message: str) -> None:
    assert json.loads(desk.control.reply(request_)) == {"error": error, "message": message, "data": {}}


def test_keys_are_found_in_any_case(desk: Desk) -> None:
    assert json.loads(desk.control.reply(b'{"COMMAND":"getconfig","Parameters":{"SECTION":"alerts"}}'))["error"] == 0


# --- getstats ---------------------------------------------------------------------------------------------------------


def leaves(names: str) -> list[tuple[str, Any]]:
    return [(name, None) for name in names.split()]


BREAKDOWN = [
    *leaves("agent agentless dbsync"),
    ("integrations_breakdown", leaves("virustotal")),
    (
        "modules_breakdown",
        [
            *leaves("aws azure ciscat command docker gcp github"),
            ("logcollector_breakdown", leaves("eventchannel eventlog macos others")),
            *leaves("office365 ms-graph oscap osquery rootcheck sca syscheck syscollector upgrade vulnerability"),
        ],
    ),
    *leaves("monitor remote syslog"),
]
QUEUES = (
    "alerts archives dbsync eventchannel firewall fts hostinfo others processed rootcheck sca stats syscheck "
    "syscollector upgrade"
)
EVENTS = [
    *leaves("processed received"),
    ("received_breakdown", [("decoded_breakdown", BREAKDOWN), ("dropped_breakdown", BREAKDOWN)]),
    ("written_breakdown", leaves("alerts archives firewall fts stats")),
]
EPS = leaves(
    "available_credits available_credits_prev events_dropped events_dropped_not_eps seconds_over_limit",
)


@pytest.mark.parametrize("eps", [None, EpsFigures(6, 2, 3)])
def test_structure_of_getstats(eps: EpsFigures | None) -> None:
    desk = Desk(eps=eps)
    reply = desk.ask("getstats")
    assert (reply["error"], reply["message"]) == (0, "ok")
    data = reply["data"]
    own = list(Counters().as_dict())
    assert keys(data) == [
        *leaves("uptime timestamp name"),
        (
            "metrics",
            [
                ("bytes", leaves("received")),
                *([("eps", EPS)] if eps else []),
                ("events", EVENTS),
                ("queues", [(name, leaves("size usage")) for name in QUEUES.split()]),
                ("alertmill", leaves(" ".join(own))),
            ],
        ),
    ]
    if eps:
        assert list(data["metrics"]["eps"].values()) == [6, 2, 0, 0, 3]


def test_everything_is_zero_at_the_start(desk: Desk) -> None:
    def numbers(value: Any) -> Iterator[Any]:
        if isinstance(value, dict):
            for below in value.values():
                yield from numbers(below)
        else:
            yield value

    desk.now += 9
    data = desk.ask("getstats")["data"]
    assert (data["uptime"], data["timestamp"], data["name"]) == (START, START + 9, "wazuh-analysisd")
    assert {repr(number) for number in numbers(data["metrics"])} == {"0"}


def test_figures_of_getstats(desk: Desk) -> None:
    desk.counters.add({"received": 10, "rejected": 2, "dropped": 1, "alerts": 4, "objects": 3})
    desk.events.bytes, desk.events.firewall, desk.events.fts = 53, 5, 6
    for queue, location, dropped in (
        ("1", "Wazuh-AWS", False),
        ("1", "[1] (a) any->Wazuh-AWS", False),
        ("2", "10.0.0.1", False),
        ("1", "/var/log/x", False),
        ("f", "[1] (a) any->EventChannel", True),
    ):
        desk.events.count(queue, location, dropped)
    desk.inbox = QueueUse(2, 8)
    metrics = desk.ask("getstats")["data"]["metrics"]
    assert metrics["bytes"] == {"received": 53}
    events = metrics["events"]
    assert (events["processed"], events["received"]) == (7, 10)
    decoded, dropped = (
        events["received_breakdown"]["decoded_breakdown"],
        events["received_breakdown"]["dropped_breakdown"],
    )
    assert decoded["modules_breakdown"]["aws"] == 2
    assert decoded["modules_breakdown"]["logcollector_breakdown"]["others"] == 1
    assert decoded["syslog"] == 1
    assert dropped["modules_breakdown"]["logcollector_breakdown"]["eventchannel"] == 1
    assert dropped["modules_breakdown"]["aws"] == 0
    assert events["written_breakdown"] == {"alerts": 4, "archives": 0, "firewall": 5, "fts": 6, "stats": 0}
    assert metrics["queues"]["others"] == {"size": 8, "usage": 0.25}
    assert metrics["queues"]["alerts"] == {"size": 0, "usage": 0}
    assert metrics["alertmill"]["objects"] == 3


@pytest.mark.parametrize("option", ["logall", "logall_json"])
def test_archives_hold_every_processed_event(option: str) -> None:
    desk = Desk(Config(global_=Global.model_validate({option: True})))
    desk.counters.add({"received": 10, "rejected": 2, "dropped": 1, "duplicates": 3})
    assert desk.ask("getstats")["data"]["metrics"]["events"]["written_breakdown"]["archives"] == 4


def test_without_event_counts_the_totals_are_told_all_the_same() -> None:
    counters = Counters()
    statistics = Statistics(Config(), counters, lambda: float(START))
    counters.received += 3
    assert statistics.totals()["metrics"]["events"]["received"] == 3


# --- the state file's figures -----------------------------------------------------------------------------------------


def test_figures_of_the_state_file(desk: Desk) -> None:
    desk.counters.add({"received": 30, "rejected": 2, "dropped": 3, "alerts": 4})
    kinds = [("8", "s", 1), ("d", "s", 2), ("9", "s", 3), ("p", "s", 4), ("f", "s", 5), ("5", "s", 6)]
    others = [("1", "/var/log/x", 1), ("2", "10.0.0.1", 2), ("e", "s", 3), ("u", "s", 4)]
    uncounted = [("1", "Wazuh-AWS", 20), ("1", "Azure", 20), ("x", "s", 20)]
    for queue, location, count in kinds + others + uncounted:
        for _ in range(count):
            desk.events.count(queue, location, False)
    state = desk.statistics.state()
    assert list(state) == list(COUNTERS)
    assert list(state.values()) == [31, 1, 2, 3, 4, 5, 6, 10, 25, 30, 2, 4, 0, 0]


# --- getagentsstats ---------------------------------------------------------------------------------------------------


AGENT = [
    *leaves("uptime id"),
    (
        "metrics",
        [
            (
                "events",
                [
                    *leaves("processed"),
                    ("received_breakdown", [("decoded_breakdown", BREAKDOWN)]),
                    ("written_breakdown", leaves("alerts archives firewall")),
                ],
            )
        ],
    ),
]


def test_agents_seen_so_far(desk: Desk) -> None:
    for location in ("[007] (a) any->github", "[007] (a) any->/var/log/x", "[12] (b) any->Azure", "Wazuh-AWS"):
        desk.events.count("1", location, False)
    desk.events.count_alert("1", "[007] (a) any->github")
    reply = desk.ask("getagentsstats", agents=[12, 7, 99, 7])
    assert (reply["error"], list(reply["data"])) == (0, ["timestamp", "name", "agents"])
    twelve, seven = reply["data"]["agents"]
    assert (twelve["id"], seven["id"], seven["uptime"]) == (12, 7, START)
    assert keys(seven) == AGENT
    events = seven["metrics"]["events"]
    assert (events["processed"], events["written_breakdown"]["alerts"]) == (2, 1)
    modules = events["received_breakdown"]["decoded_breakdown"]["modules_breakdown"]
    assert (modules["github"], modules["azure"]) == (1, 0)


@pytest.mark.parametrize(("count", "error"), [(0, 0), (MOST_AGENTS, 0), (MOST_AGENTS + 1, 11)])
def test_a_request_names_fewer_than_75_agents(desk: Desk, count: int, error: int) -> None:
    assert desk.ask("getagentsstats", agents=list(range(count)))["error"] == error


def test_all_agents_page_by_page(desk: Desk) -> None:
    for agent in range(200):
        desk.events.count("2", f"[{agent:03}] (a) any->x", False)
    last, pages = -1, []
    while True:
        reply = desk.ask("getagentsstats", agents="all", last_id=last)
        pages.append([agent["id"] for agent in reply["data"]["agents"]])
        if (reply["error"], reply["message"]) == (0, "ok"):
            break
        assert (reply["error"], reply["message"]) == (1, "due")
        last = pages[-1][-1]
    assert [len(page) for page in pages] == [74, 74, 52]
    assert [agent for page in pages for agent in page] == list(range(200))
    assert desk.ask("getagentsstats", agents="all", last_id=199)["data"]["agents"] == []


# --- getconfig --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("section", "data"),
    [
        ("active_response", {"active-response": []}),
        ("alerts", {"alerts": {"email_alert_level": 7, "log_alert_level": 1}}),
        ("command", {"command": []}),
        ("labels", {"labels": []}),
        ("rule_test", {"rule_test": {"enabled": "yes", "threads": 1, "max_sessions": 64, "session_timeout": 900}}),
    ],
)
def test_sections_of_a_home_without_settings(desk: Desk, section: str, data: Any) -> None:
    assert desk.section(section) == data


GLOBAL = (
    "email_notification logall logall_json integrity_checking rootkit_detection host_information prelude_output "
    "zeromq_output jsonout_output alerts_log stats memory_size rotate_interval max_output_size eps"
)
INTERNAL = (
    "debug default_timeframe stats_maxdiff stats_mindiff stats_percent_diff fts_list_size fts_min_size_for_str log_fw "
    "decoder_order_size label_cache_maxage show_hidden_labels rlimit_nofile min_rotate_interval"
)


def test_members_of_global_and_internal(desk: Desk) -> None:
    told = desk.section("global")["global"]
    assert list(told) == GLOBAL.split()
    assert list(told["eps"]) == ["maximum", "timeframe"]
    assert list(desk.section("internal")["internal"]["analysisd"]) == INTERNAL.split()


def test_texts_that_are_not_utf8_are_told_with_replacements() -> None:
    config = Config(
        global_=Global(white_list=("10.0.0.1", "\udcff"), custom_alert_output="$TIME \udc80"),
        labels=(Label(key="a.\udc80", value="caf\u00e9\ud800", hidden=True),),
    )
    desk = Desk(config)
    told = desk.section("global")["global"]
    assert list(told)[12:14] == ["white_list", "custom_alert_output"]
    assert told["white_list"][0] == "10.0.0.1"
    assert "\ufffd" in told["white_list"][1] and told["custom_alert_output"].startswith("$TIME \ufffd")
    (label,) = desk.section("labels")["labels"]
    assert label["value"].startswith("caf\u00e9\ufffd") and label["key"].startswith("a.\ufffd")
    assert label["hidden"] == "yes"
    desk.problems.warn(codes.R_PARENT, "a \udcff name")
    assert desk.ask("reload-ruleset")["data"][0].startswith("a \ufffd")


# --- decoders and rules -----------------------------------------------------------------------------------------------


def test_decoders(desk: Desk) -> None:
    shop, box, web = desk.section("decoders")["decoders"]
    identities = desk.engine.decoders.identities
    assert {name: value for name, value in shop.items() if name != "children"} == {
        "id": identities["shop"],
        "name": "shop",
        "use_own_name": False,
        "accumulate": False,
        "program_name": {"pattern": "^shop$", "type": "osmatch"},
        "type": "syslog",
    }
    first, second = shop["children"]
    assert list(first) == [
        *("id", "name", "parent", "order", "use_own_name", "accumulate"),
        *("prematch", "regex", "regex_offset", "fts", "type"),
    ]
    assert (first["id"], first["name"], first["parent"]) == (identities["shop-login"], "shop-login", "shop")
    assert first["order"] == ["cart", "dstuser", "srcip"]
    assert first["use_own_name"] is True
    assert (first["prematch"], first["regex_offset"]) == ({"pattern": "^login ", "type": "osregex"}, "after_prematch")
    assert first["fts"] == ["dstuser", "name", "cart"]
    assert second["regex"] == {"pattern": "total (\\d+)", "type": "pcre2"}
    assert (second["order"], second["regex_offset"], "prematch" in second) == (["total"], "after_regex", False)
    assert (box["plugin_decoder"], "children" in box) == ("JSON_Decoder", False)
    assert (web["type"], web["prematch"]["pattern"], web["regex"]["pattern"]) == (
        "web-log",
        "^GET Caf\u00e9 ",
        "(\\d+)$",
    )
    assert web["order"] == ["id"]


RULES = (
    rule(
        101,
        '<decoded_as>json</decoded_as><match negate="yes">a|b</match><regex type="pcre2">\\d</regex>'
        '<field name="aws.source" type="osmatch">^vpc$</field><srcip negate="yes">10.0.0.0/8</srcip>'
        "<srcip>10.9.9.9</srcip><info>see x</info>",
        level=7,
        ignore=60,
        maxsize=900,
    )
    + rule(102, "<if_sid>101</if_sid>", level=3)
    + rule(103, "<if_sid>101, 102</if_sid><if_fts />", level=9)
    + rule(
        104,
        "<if_matched_sid>102</if_matched_sid><same_srcip /><same_user /><different_url />"
        "<same_field>aws.accountId</same_field><global_frequency />",
        level=10,
        frequency=8,
        timeframe=120,
    )
)


def below(node: Any) -> Any:
    return (node["sigid"], [below(child) for child in node["children"]])


def find(nodes: list[Any], id: int) -> Any:
    waiting = list(nodes)
    while waiting:
        node = waiting.pop()
        if node["sigid"] == id:
            return node
        waiting += node["children"]
    raise AssertionError(f"no rule {id}")


@pytest.fixture(scope="module")
def told_rules() -> list[Any]:
    told: list[Any] = Desk(rules=RULES).section("rules")["rules"]
    return told


def test_the_tree_of_rules_in_evaluation_order(told_rules: list[Any]) -> None:
    below_101 = [(103, []), (102, [(104, []), (103, [])])]
    assert [below(node) for node in told_rules] == [(1, [(101, below_101)]), (4, [])]


def test_members_of_rules(told_rules: list[Any]) -> None:
    plain = find(told_rules, 101)
    assert list(plain) == [
        *("children", "sigid", "level", "maxsize", "frequency", "timeframe", "ignore_time", "decoded_as"),
        *("if_matched_sid", "group", "match", "regex", "comment", "info", "rule_file", "category", "field", "srcip"),
    ]
    assert {name: value for name, value in plain.items() if name != "children"} == {
        "sigid": 101,
        "level": 7,
        "maxsize": 900,
        "frequency": 0,
        "timeframe": 360,
        "ignore_time": 60,
        "decoded_as": 1,
        "if_matched_sid": 0,
        "group": "test,",
        "match": {"pattern": "a|b", "type": "osmatch", "negate": True},
        "regex": {"pattern": "\\d", "type": "pcre2", "negate": False},
        "comment": "rule 101",
        "info": "see x",
        "rule_file": "rules.xml",
        "category": "syslog",
        "field": [{"name": "aws.source", "pattern": "^vpc$", "type": "osmatch", "negate": False}],
        "srcip": ["10.0.0.0/8", "10.9.9.9"],
    }


def test_members_of_rules_with_a_memory(told_rules: list[Any]) -> None:
    composite = find(told_rules, 104)
    assert (composite["frequency"], composite["timeframe"], composite["if_matched_sid"]) == (8, 120, 102)
    assert composite["same_field"] == ["aws.accountid"]
    flags = {name for name, value in composite.items() if value == ""}
    assert flags == {"same_srcip", "same_user", "different_url", "global_frequency"}
    assert find(told_rules, 103)["if_sid"] == "101, 102"
    assert find(told_rules, 103)["if_fts"] == ""


def test_rules_as_deep_as_one_likes_and_with_any_bytes() -> None:
    depth = 3000
    chain = rule(100, "<match>\xff\xc3\xa9</match>") + "".join(
        rule(id, f"<if_sid>{id - 1}</if_sid>") for id in range(101, 100 + depth)
    )
    text = describe_rules(ruleset(chain).roots)
    assert text.count(b'"sigid"') == depth + 2
    assert text.count(b'{"children":[') == depth + 2
    assert '"pattern":"\ufffd\u00e9"'.encode() in text


# --- reload -----------------------------------------------------------------------------------------------------------


def test_a_reload_tells_its_messages(desk: Desk) -> None:
    assert desk.ask("reload-ruleset") == {"error": 0, "message": "ok", "data": []}
    desk.problems.warn(codes.R_PARENT, "ours", wazuh="(7619): theirs")
    desk.problems.warn(codes.R_PARENT, "only ours")
    assert desk.ask("reload-ruleset") == {"error": 0, "message": "ok", "data": ["(7619): theirs", "only ours"]}
    for number in range(60):
        desk.problems.error(codes.R_PARENT, "e", wazuh=f"error {number}")
    reply = desk.ask("reload-ruleset")
    assert (reply["error"], reply["message"]) == (1, "due")
    assert reply["data"] == [f"error {number}" for number in range(10, 60)]
