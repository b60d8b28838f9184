"""The control socket's requests -> replies (spec/control.md 6 and 7): what runs, with which settings, and reload.

Pure but for the functions it is handed: the socket is served by `frames`, the reload is carried out by the service.
Figures are arranged in `stats`, the trees of decoders and rules in `describe`, which are made when somebody asks.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson

from alertmill.config.models import Config
from alertmill.daemon.describe import describe_decoders, describe_rules, sendable
from alertmill.daemon.reload import Built
from alertmill.daemon.stats import Statistics
from alertmill.engine import Engine
from alertmill.errors import Problem, Severity
from alertmill.metrics import Tally

#: Longest request, in bytes.
MAX_REQUEST = 65536
#: Messages of a reload that a reply holds at most; the oldest are left out.
_MOST_MESSAGES = 50
#: Agents that a request may name, and that a reply to a request for all of them holds.
MOST_AGENTS = 74
_ALL = "all"
#: The internal options that are told, in Wazuh's order.
_INTERNAL = (
    "debug",
    "default_timeframe",
    "stats_maxdiff",
    "stats_mindiff",
    "stats_percent_diff",
    "fts_list_size",
    "fts_min_size_for_str",
    "log_fw",
    "decoder_order_size",
    "label_cache_maxage",
    "show_hidden_labels",
    "rlimit_nofile",
    "min_rotate_interval",
)

_DUE = (1, "due")
_INVALID_JSON = (2, "Invalid JSON input")
_EMPTY_COMMAND = (3, "Empty command")
_UNKNOWN_COMMAND = (4, "Unrecognized command")
_EMPTY_PARAMETERS = (5, "Empty parameters")
_EMPTY_SECTION = (6, "Empty section")
_UNKNOWN_SECTION = (7, "Unrecognized or not configured section")
_INVALID_AGENTS = (8, "Invalid agents parameter")
_EMPTY_LAST_ID = (10, "Empty last id")
_TOO_MANY_AGENTS = (11, "Too many agents")

Json = dict[str, Any]


class Control:
    """Answers one request at a time.

    `statistics` are the figures of the daemon, `engine` gives the engine that runs, `reload` builds and swaps the
    ruleset and returns what was built.
    """

    def __init__(
        self, config: Config, statistics: Statistics, engine: Callable[[], Engine], reload: Callable[[], Built]
    ) -> None:
        self._config = config
        self._statistics = statistics
        self._engine = engine
        self._reload = reload

    def reply(self, payload: bytes) -> bytes:
        """Answer the payload of one frame."""
        return orjson.dumps(self.answer(payload))

    def answer(self, payload: bytes) -> Json:
        """The reply as values: `error`, `message`, `data`."""
        try:
            request = orjson.loads(payload)
        except orjson.JSONDecodeError:
            return _error(*_INVALID_JSON)
        if not isinstance(request, dict):
            return _error(*_INVALID_JSON)
        members = _lowered(request)
        command = members.get("command")
        if not isinstance(command, str) or not command:
            return _error(*_EMPTY_COMMAND)
        match command:
            case "getstats":
                return _ok(self._statistics.totals())
            case "getagentsstats":
                return self._agents(members.get("parameters"))
            case "getconfig":
                return self._section(members.get("parameters"))
            case "reload-ruleset":
                return self._reloaded()
            case _:
                return _error(*_UNKNOWN_COMMAND)

    # --- getagentsstats ----------------------------------------------------------------------------------------------

    def _agents(self, parameters: Any) -> Json:
        if not isinstance(parameters, dict):
            return _error(*_EMPTY_PARAMETERS)
        members = _lowered(parameters)
        agents = members.get("agents")
        if agents == _ALL:
            return self._all_agents(members.get("last_id"))
        if not isinstance(agents, list):
            return _error(*_INVALID_AGENTS)
        if len(agents) > MOST_AGENTS:
            return _error(*_TOO_MANY_AGENTS)
        if not all(type(agent) is int for agent in agents):
            return _error(*_INVALID_AGENTS)
        seen = self._statistics.seen()
        return _ok(self._agent_entries({agent: seen[agent] for agent in agents if agent in seen}))

    def _all_agents(self, last_id: Any) -> Json:
        """The agents behind `last_id`. "due" says that there are more of them."""
        if type(last_id) is not int:
            return _error(*_EMPTY_LAST_ID)
        seen = self._statistics.seen()
        found = sorted(agent for agent in seen if agent > last_id)
        data = self._agent_entries({agent: seen[agent] for agent in found[:MOST_AGENTS]})
        return _reply(*_DUE, data) if len(found) > MOST_AGENTS else _ok(data)

    def _agent_entries(self, tallies: dict[int, Tally]) -> Json:
        entries = [self._statistics.agent(agent, tally) for agent, tally in tallies.items()]
        return {**self._statistics.heading(), "agents": entries}

    # --- getconfig ---------------------------------------------------------------------------------------------------

    def _section(self, parameters: Any) -> Json:
        if not isinstance(parameters, dict):
            return _error(*_EMPTY_PARAMETERS)
        section = _lowered(parameters).get("section")
        if not isinstance(section, str) or not section:
            return _error(*_EMPTY_SECTION)
        sections: dict[str, Callable[[], Json]] = {
            "active_response": lambda: {"active-response": []},
            "alerts": self._alerts,
            "command": lambda: {"command": []},
            "decoders": lambda: {"decoders": describe_decoders(self._engine().decoders)},
            "global": self._global,
            "internal": self._internal,
            "labels": self._labels,
            "rule_test": self._rule_test,
            "rules": lambda: {"rules": orjson.Fragment(describe_rules(self._engine().rules.roots))},
        }
        tell = sections.get(section)
        return _error(*_UNKNOWN_SECTION) if tell is None else _ok(tell())

    def _alerts(self) -> Json:
        alerts = self._config.alerts
        levels = {"email_alert_level": alerts.email_alert_level, "log_alert_level": alerts.log_alert_level}
        return {"alerts": levels}

    def _global(self) -> Json:
        chosen = self._config.global_
        told: Json = {
            "email_notification": _word(chosen.email_notification),
            "logall": _word(chosen.logall),
            "logall_json": _word(chosen.logall_json),
            "integrity_checking": chosen.integrity_checking,
            "rootkit_detection": chosen.rootkit_detection,
            "host_information": chosen.host_information,
            "prelude_output": "no",
            "zeromq_output": "no",
            "jsonout_output": _word(chosen.jsonout_output),
            "alerts_log": _word(chosen.alerts_log),
            "stats": chosen.stats,
            "memory_size": chosen.memory_size,
        }
        if chosen.white_list:
            told["white_list"] = [sendable(entry) for entry in chosen.white_list]
        if chosen.custom_alert_output:
            told["custom_alert_output"] = sendable(chosen.custom_alert_output)
        told["rotate_interval"] = chosen.rotate_interval
        told["max_output_size"] = chosen.max_output_size
        told["eps"] = {"maximum": chosen.eps_maximum, "timeframe": chosen.eps_timeframe}
        return {"global": told}

    def _internal(self) -> Json:
        analysisd = self._config.internal.analysisd
        return {"internal": {"analysisd": {name: getattr(analysisd, name) for name in _INTERNAL}}}

    def _labels(self) -> Json:
        return {
            "labels": [
                {"value": sendable(label.value), "key": sendable(label.key), "hidden": _word(label.hidden)}
                for label in self._config.labels
            ]
        }

    def _rule_test(self) -> Json:
        rule_test = self._config.rule_test
        return {
            "rule_test": {
                "enabled": _word(rule_test.enabled),
                "threads": rule_test.threads,
                "max_sessions": rule_test.max_sessions,
                "session_timeout": rule_test.session_timeout,
            }
        }

    # --- reload-ruleset ----------------------------------------------------------------------------------------------

    def _reloaded(self) -> Json:
        built = self._reload()
        messages = [sendable(_plain(problem)) for problem in built.problems][-_MOST_MESSAGES:]
        if built.engine is None or built.problems.errors:
            return _reply(*_DUE, messages)
        return _ok(messages)


def _plain(problem: Problem) -> str:
    """A problem without its level; an error of ours, which Wazuh has no words for, with its place."""
    if problem.wazuh:
        return problem.wazuh
    return problem.one_line() if problem.severity is Severity.ERROR else problem.message


def _lowered(members: Json) -> Json:
    """Keys are found whatever their case; the first of a name wins."""
    found: Json = {}
    for key, value in members.items():
        found.setdefault(key.lower(), value)
    return found


def _word(value: bool) -> str:
    return "yes" if value else "no"


def _ok(data: Any) -> Json:
    return _reply(0, "ok", data)


def _error(number: int, message: str) -> Json:
    return _reply(number, message, {})


def _reply(number: int, message: str, data: Any) -> Json:
    return {"error": number, "message": message, "data": data}
