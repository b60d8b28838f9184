"""The control socket's requests -> replies (spec/control.md 6 and 7): what runs, with which settings, and reload.

Pure but for the functions it is handed: the socket is served by `frames`, the reload is carried out by the service.
Trees of decoders and rules (`getconfig` sections `decoders` and `rules`) are not told; `alertmill check` and the files
themselves say more.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson

from alertmill.config.models import Config
from alertmill.daemon.reload import Built
from alertmill.errors import Problem, Severity
from alertmill.metrics import Counters

#: Longest request, in bytes.
MAX_REQUEST = 65536
#: Messages of a reload that a reply holds at most; the oldest are left out.
_MOST_MESSAGES = 50

_DUE = (1, "due")
_INVALID_JSON = (2, "Invalid JSON input")
_EMPTY_COMMAND = (3, "Empty command")
_UNKNOWN_COMMAND = (4, "Unrecognized command")
_EMPTY_PARAMETERS = (5, "Empty parameters")
_EMPTY_SECTION = (6, "Empty section")
_UNKNOWN_SECTION = (7, "Unrecognized or not configured section")

Json = dict[str, Any]


class Control:
    """Answers one request at a time.

    `reload` builds and swaps the ruleset and returns what was built; `clock` gives epoch seconds; `counters` are read,
    never changed.
    """

    def __init__(
        self, config: Config, counters: Counters, reload: Callable[[], Built], clock: Callable[[], float]
    ) -> None:
        self._config = config
        self._counters = counters
        self._reload = reload
        self._clock = clock
        self._started = int(clock())
        self._before = counters.as_dict()

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
                return _ok(self._stats())
            case "getconfig":
                return self._section(members.get("parameters"))
            case "reload-ruleset":
                return self._reloaded()
            case _:
                return _error(*_UNKNOWN_COMMAND)

    # --- getstats ----------------------------------------------------------------------------------------------------

    def _stats(self) -> Json:
        """Totals since start. `uptime` is the time of the start, as in Wazuh."""
        now = {name: value - self._before[name] for name, value in self._counters.as_dict().items()}
        breakdown = {"decoded_breakdown": {"modules_breakdown": {"aws": now["received"]}}}
        return {
            "uptime": self._started,
            "timestamp": int(self._clock()),
            "name": "wazuh-analysisd",
            "metrics": {
                "events": {
                    "processed": now["received"] - now["rejected"],
                    "received": now["received"],
                    "received_breakdown": breakdown,
                    "written_breakdown": {"alerts": now["alerts"]},
                },
                "alertmill": now,
            },
        }

    # --- getconfig ---------------------------------------------------------------------------------------------------

    def _section(self, parameters: Any) -> Json:
        if not isinstance(parameters, dict):
            return _error(*_EMPTY_PARAMETERS)
        section = _lowered(parameters).get("section")
        if not isinstance(section, str) or not section:
            return _error(*_EMPTY_SECTION)
        tell = {
            "alerts": self._alerts,
            "global": self._global,
            "internal": self._internal,
            "labels": self._labels,
            "rule_test": self._rule_test,
        }.get(section)
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
            told["white_list"] = list(chosen.white_list)
        if chosen.custom_alert_output:
            told["custom_alert_output"] = chosen.custom_alert_output
        told["rotate_interval"] = chosen.rotate_interval
        told["max_output_size"] = chosen.max_output_size
        told["eps"] = {"maximum": chosen.eps_maximum, "timeframe": chosen.eps_timeframe}
        return {"global": told}

    def _internal(self) -> Json:
        analysisd = self._config.internal.analysisd
        names = [name for name in type(analysisd).model_fields if name not in ("origin", "origins")]
        return {"internal": {"analysisd": {name: getattr(analysisd, name) for name in names}}}

    def _labels(self) -> Json:
        return {
            "labels": [
                {"value": label.value, "key": label.key, "hidden": _word(label.hidden)} for label in self._config.labels
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
        messages = [_plain(problem) for problem in built.problems][-_MOST_MESSAGES:]
        if built.engine is None or built.problems.errors:
            return {"error": _DUE[0], "message": _DUE[1], "data": messages}
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
    return {"error": 0, "message": "ok", "data": data}


def _error(number: int, message: str) -> Json:
    return {"error": number, "message": message, "data": {}}
