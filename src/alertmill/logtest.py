"""Trying log lines against the ruleset without touching the running analysis (spec/logtest.md 5).

`LogtestSession` is an engine with a memory of its own; `Sessions` speaks the JSON protocol of the session service over
any number of them. Neither knows a socket, a terminal or a clock: times and random numbers are handed in. The rules of
a session are those that were on disk when it began.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from alertmill.alerts import AlertFacts, AlertWriter, alert_id
from alertmill.alerts.json_text import compact
from alertmill.engine import Engine
from alertmill.errors import LoadError, Problem, Problems, Severity
from alertmill.event import Record, to_byte_text
from alertmill.ruleset import Trace

#: Longest request, in bytes; what is longer is answered with error 5.
MAX_REQUEST = 65535

#: Characters of a request that an error shows on either side of the place where it stops being JSON.
_SHOWN_AROUND = 10

_TOKEN_LENGTH = 8

Json = dict[str, Any]


class LogtestSession:
    """One user's engine, memory and counters. Events are processed in order; nothing of it is ever stored."""

    def __init__(self, engine: Engine, facts: AlertFacts) -> None:
        self._engine = engine
        self._state = engine.new_state(session=True)
        self._writer = AlertWriter(facts)

    def forget(self) -> None:
        """Begin anew with the same rules: no history, no counters."""
        self._state = self._engine.new_state(session=True)

    def process(self, record: Record, *, rules_debug: bool = False) -> Json:
        """Analyse one record; returns `output`, `rules_debug` if asked for, `messages` if there are any, `alert`.

        A record that cannot be digested gives `error`, a sentence, instead of an `output`. Values are ordinary text;
        bytes that are not UTF-8 are lone surrogates.
        """
        trace = Trace(detailed=False) if rules_debug else None
        outcome = self._engine.process(record, self._state, trace=trace)
        if outcome.event is None or outcome.rejected:
            return {"error": outcome.rejected}
        output = self._writer.session_object(outcome.event, outcome.match, alert_id(record.time, 0))
        reply: Json = {"output": json.loads(output.decode("utf-8", "surrogateescape"))}
        if trace is not None:
            reply["rules_debug"] = trace.lines
        if outcome.warnings:
            reply["messages"] = [f"WARNING: {warning}" for warning in outcome.warnings]
        reply["alert"] = outcome.alert
        return reply


def message_of(problem: Problem) -> str:
    """A problem of a load as sessions and the daemon's log tell it: in Wazuh's words where it has any."""
    level = "ERROR" if problem.severity is Severity.ERROR else "WARNING"
    return f"{level}: {problem.wazuh or problem.one_line()}"


class RequestError(Exception):
    """A request that the protocol does not allow: `error` is its number, `str()` the message."""

    def __init__(self, error: int, message: str) -> None:
        super().__init__(message)
        self.error = error


@dataclass(slots=True)
class _Known:
    """A session in the table, and when it was last used (epoch seconds)."""

    session: LogtestSession
    used: float


class Sessions:
    """The session service: requests -> replies.

    Args:
        load: builds an engine from what is on disk now and collects problems; raises LoadError when the ruleset cannot
            be used.
        facts: what alerts say about the manager.
        new_token: gives 8 lower-case hexadecimal digits, another value at each call.
        max_sessions: when it is reached, the session idle longest makes room.
        timeout: seconds; every so often sessions that were idle for at least that long are removed.
    """

    def __init__(
        self,
        load: Callable[[Problems], Engine],
        facts: AlertFacts,
        new_token: Callable[[], str],
        *,
        max_sessions: int = 64,
        timeout: float = 900.0,
    ) -> None:
        self._load = load
        self._facts = facts
        self._new_token = new_token
        self._max_sessions = max_sessions
        self._timeout = timeout
        self._sessions: dict[str, _Known] = {}
        self._swept: float | None = None

    def __len__(self) -> int:
        return len(self._sessions)

    def reply(self, payload: bytes, time: float) -> bytes:
        """Answer the payload of one frame, at `time` (epoch seconds)."""
        if len(payload) > MAX_REQUEST:
            message = "(7315): Failure to receive message: size is bigger than expected"
            return _dump({"message": message, "error": 5})
        try:
            request = _parse(payload.decode("utf-8", "surrogateescape"))
        except RequestError as error:
            return _dump({"message": str(error), "error": error.error, "data": {}})
        return _dump(self.answer(request, time))

    def answer(self, request: Any, time: float) -> Json:
        """Answer one parsed request: `error` and `data`, with `message` in front when the request is not allowed."""
        self._sweep(time)
        try:
            command, parameters = _command(request)
            if command == "remove_session":
                return {"error": 0, "data": self._remove(parameters)}
            return {"error": 0, "data": self._process(parameters, time)}
        except RequestError as error:
            return {"message": str(error), "error": error.error, "data": {}}

    # --- commands ----------------------------------------------------------------------------------------------------

    def _remove(self, parameters: Json) -> Json:
        token = parameters.get("token")
        if not isinstance(token, str):
            raise RequestError(4, "(7316): Failure to remove session. token JSON field must be a string")
        if len(token) != _TOKEN_LENGTH:
            raise RequestError(4, f"(7309): '{token}' is not a valid token")
        if self._sessions.pop(token, None) is None:
            return _finish({"messages": [f"ERROR: (7004): No session found for token '{token}'"]})
        return _finish({"messages": [f"INFO: (7206): The session '{token}' was closed successfully"]})

    def _process(self, parameters: Json, time: float) -> Json:
        location, event = _location_and_event(parameters)
        messages: list[str] = []
        token = self._token(parameters, messages)
        rules_debug = _rules_debug(parameters, messages)
        if token is None:
            token = self._begin(messages, time)
            if token is None:
                return _finish({"messages": messages})
        known = self._sessions[token]
        known.used = time
        data: Json = {"messages": messages} if messages else {}
        data["token"] = token
        record = Record(to_byte_text(event), to_byte_text(location), time)
        result = known.session.process(record, rules_debug=rules_debug)
        if "error" in result:
            result = {"messages": [f"ERROR: {result['error']}", "ERROR: (7312): Failed to process the event"]}
        result["messages"] = messages + result.get("messages", [])
        return _finish(data | result)

    def _token(self, parameters: Json, messages: list[str]) -> str | None:
        """The token of a session that exists, else None with the reason among the messages."""
        if "token" not in parameters:
            return None
        token = parameters["token"]
        if not isinstance(token, str) or len(token) != _TOKEN_LENGTH:
            shown = token if isinstance(token, str) else json.dumps(token)
            messages.append(f"WARNING: (7309): '{shown}' is not a valid token")
        elif token in self._sessions:
            return token
        else:
            messages.append(f"WARNING: (7003): '{token}' token expires")
        return None

    # --- the life of sessions ----------------------------------------------------------------------------------------

    def _begin(self, messages: list[str], time: float) -> str | None:
        """Load the ruleset into a new session and return its token; None when it cannot be loaded."""
        problems = Problems()
        engine = None
        try:
            engine = self._load(problems)
        except LoadError as error:
            problems = error.problems
        # What Wazuh has no word for is `alertmill check`'s to say: sessions tell what tools written for Wazuh know.
        messages += [message_of(problem) for problem in problems if problem.wazuh or problem.severity is Severity.ERROR]
        if engine is None:
            messages.append("ERROR: (7311): Failure to initializing session")
            return None
        while len(self._sessions) >= self._max_sessions:
            del self._sessions[min(self._sessions, key=lambda token: self._sessions[token].used)]
        token = self._new_token()
        while token in self._sessions:
            token = self._new_token()
        self._sessions[token] = _Known(LogtestSession(engine, self._facts), time)
        messages.append(f"INFO: (7202): Session initialized with token '{token}'")
        return token

    def _sweep(self, time: float) -> None:
        if self._swept is None:
            self._swept = time
        if time - self._swept < self._timeout:
            return
        self._swept = time
        for token, known in list(self._sessions.items()):
            if time - known.used >= self._timeout:
                del self._sessions[token]


# --- requests ---------------------------------------------------------------------------------------------------------


def _parse(text: str) -> Any:
    """The JSON value that `text` begins with; what follows it is ignored. Raises RequestError."""
    try:
        value = json.JSONDecoder(strict=False).raw_decode(text.lstrip())[0]
        if "\\ud" in text.lower():
            # Half of a pair alone is no character: the reference's reader does not take it either.
            json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogateescape")
        return value
    except (ValueError, RecursionError) as error:
        position = getattr(error, "pos", 0)
        around = text.lstrip()[max(position - _SHOWN_AROUND, 0) : position + _SHOWN_AROUND]
        raise RequestError(1, f"(7307): Error parsing JSON in position {position + 1}, ... {around} ...") from None


def _command(request: Any) -> tuple[str, Json]:
    parameters = request.get("parameters") if isinstance(request, dict) else None
    if not isinstance(request, dict) or "parameters" not in request:
        raise RequestError(2, "(7313): 'parameters' JSON field not found")
    if not isinstance(parameters, dict):
        raise RequestError(2, "(7317): 'parameters' JSON field value is not valid")
    if "command" not in request:
        raise RequestError(2, "(7313): 'command' JSON field not found")
    command = request["command"]
    if not isinstance(command, str):
        raise RequestError(2, "(7317): 'command' JSON field value is not valid")
    if command not in ("log_processing", "remove_session"):
        raise RequestError(3, "(7306): Unable to process command")
    return command, parameters


def _location_and_event(parameters: Mapping[str, Any]) -> tuple[str, str]:
    for name in ("location", "log_format"):
        if not isinstance(parameters.get(name), str) or not parameters[name]:
            raise RequestError(2, f"(7308): '{name}' JSON field is required and must be a string")
    if "event" not in parameters:
        raise RequestError(2, "(7313): 'event' JSON field not found")
    event = parameters["event"]
    if isinstance(event, dict) and event:
        event = compact(json.dumps(event, ensure_ascii=False))
    if not isinstance(event, str) or not event:
        raise RequestError(2, "(7317): 'event' JSON field value is not valid")
    # The engine's texts end at a NUL.
    return parameters["location"], event.partition("\0")[0]


def _rules_debug(parameters: Mapping[str, Any], messages: list[str]) -> bool:
    options = parameters.get("options", {})
    if not isinstance(options, dict):
        messages.append("WARNING: (7005): 'options' field must be a JSON object. The parameter will be ignored")
        return False
    rules_debug = options.get("rules_debug", False)
    if not isinstance(rules_debug, bool):
        messages.append("WARNING: (7006): 'rules_debug' field must be a boolean. The parameter will be ignored")
        return False
    return rules_debug


# --- replies ----------------------------------------------------------------------------------------------------------


def _finish(data: Json) -> Json:
    """Add `codemsg`, computed over the messages, which are left out when there are none."""
    messages = data.get("messages", ())
    if any(message.startswith("ERROR") for message in messages):
        code = -1
    else:
        code = 1 if any(message.startswith("WARNING") for message in messages) else 0
    if not messages:
        data.pop("messages", None)
    data["codemsg"] = code
    return data


def _dump(reply: Json) -> bytes:
    return json.dumps(reply, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogateescape")
