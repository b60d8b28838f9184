"""Sessions: the protocol's checks and replies, and the life of a session. The engine here is a stand-in."""

from __future__ import annotations

import json
from datetime import UTC
from itertools import count
from typing import Any

import pytest

from alertmill import codes
from alertmill.alerts import AlertFacts
from alertmill.errors import LoadError, Problems
from alertmill.event import DecoderInfo, Event, Match, Outcome, Record, RuleInfo
from alertmill.logtest import MAX_REQUEST, LogtestSession, Sessions
from alertmill.ruleset import Trace

FACTS = AlertFacts("mill", zone=UTC)
NOW = 1795281647.0


class CountingEngine:
    """Matches every event, with the number of events of its state; `bad` is rejected, `quiet` raises no alert."""

    def new_state(self, *, session: bool) -> list[str]:
        assert session
        return []

    def process(self, record: Record, state: list[str], *, trace: Trace | None = None) -> Outcome:
        if record.message == "bad":
            return Outcome(rejected="cannot digest it")
        state.append(record.message)
        if trace is not None:
            trace.lines += ["Trying rule: 1 - all", "*Rule 1 matched"]
        event = Event(record, location=record.location, hostname="mill")
        event.decoder = DecoderInfo("all", 1)
        match = Match(RuleInfo(1, 3, "all", "g,"), len(state))
        warnings = ("strange",) if record.message == "warn" else ()
        return Outcome(event, match, alert=record.message != "quiet", warnings=warnings)


def sessions(**options: Any) -> Sessions:
    tokens = (f"{number:08x}" for number in count(1))
    load = options.pop("load", lambda problems: CountingEngine())
    return Sessions(load, FACTS, lambda: next(tokens), **options)


def processing(event: Any = "hello", **parameters: Any) -> dict[str, Any]:
    standard = {"location": "stdin", "log_format": "syslog", "event": event}
    return {"command": "log_processing", "parameters": standard | parameters}


def test_the_first_event_opens_a_session_and_the_token_continues_it() -> None:
    service = sessions()
    first = service.answer(processing(), NOW)
    assert list(first) == ["error", "data"]
    assert list(first["data"]) == ["messages", "token", "output", "alert", "codemsg"]
    assert first["data"]["messages"] == ["INFO: (7202): Session initialized with token '00000001'"]
    second = service.answer(processing(token="00000001"), NOW)["data"]
    assert list(second) == ["token", "output", "alert", "codemsg"]
    assert (second["token"], second["output"]["rule"]["firedtimes"]) == ("00000001", 2)
    other = service.answer(processing(), NOW)["data"]
    assert (other["token"], other["output"]["rule"]["firedtimes"]) == ("00000002", 1)


def test_the_reply_is_framed_json_of_the_same() -> None:
    request = json.dumps(processing("caf\u00e9")).encode() + b" anything"
    reply = json.loads(sessions().reply(request, NOW))
    assert reply["data"]["output"]["full_log"] == "caf\u00e9"
    assert reply["data"]["output"]["id"] == "1795281647.0"


def test_bytes_that_are_not_utf8_pass_through() -> None:
    request = json.dumps(processing("@@")).encode().replace(b"@@", b"a\xffb")
    assert b'"full_log":"a\xffb"' in sessions().reply(request, NOW)


def test_rules_debug_and_warnings_of_the_engine() -> None:
    data = sessions().answer(processing(options={"rules_debug": True}), NOW)["data"]
    assert list(data) == ["messages", "token", "output", "rules_debug", "alert", "codemsg"]
    assert data["rules_debug"] == ["Trying rule: 1 - all", "*Rule 1 matched"]
    service = sessions()
    token = service.answer(processing(), NOW)["data"]["token"]
    warned = service.answer(processing("warn", token=token), NOW)["data"]
    assert list(warned) == ["token", "output", "messages", "alert", "codemsg"]
    assert (warned["messages"], warned["codemsg"]) == (["WARNING: strange"], 1)


@pytest.mark.parametrize(
    ("event", "log"),
    [
        ("text", "text"),
        ("cut\0here", "cut"),
        ({"a": [1.0, "x"], "b": None}, '{"a":[1,"x"],"b":null}'),
        ({"k": "\u00e9"}, '{"k":"\u00e9"}'),
    ],
)
def test_events_are_texts_or_objects(event: Any, log: str) -> None:
    assert sessions().answer(processing(event), NOW)["data"]["output"]["full_log"] == log


def test_a_rejected_event() -> None:
    data = sessions().answer(processing("bad"), NOW)["data"]
    assert data["messages"][1:] == ["ERROR: cannot digest it", "ERROR: (7312): Failed to process the event"]
    assert (data["codemsg"], "output" in data, "alert" in data) == (-1, False, False)


def test_no_alert() -> None:
    assert sessions().answer(processing("quiet"), NOW)["data"]["alert"] is False


@pytest.mark.parametrize(
    ("request_", "error", "message"),
    [
        ({}, 2, "(7313): 'parameters' JSON field not found"),
        ([], 2, "(7313): 'parameters' JSON field not found"),
        ({"parameters": 5}, 2, "(7317): 'parameters' JSON field value is not valid"),
        ({"parameters": {}}, 2, "(7313): 'command' JSON field not found"),
        ({"parameters": {}, "command": 1}, 2, "(7317): 'command' JSON field value is not valid"),
        ({"parameters": {}, "command": "x"}, 3, "(7306): Unable to process command"),
        (processing(location=""), 2, "(7308): 'location' JSON field is required and must be a string"),
        (processing(location=1), 2, "(7308): 'location' JSON field is required and must be a string"),
        (processing(log_format=None), 2, "(7308): 'log_format' JSON field is required and must be a string"),
        (
            {"command": "log_processing", "parameters": {"location": "x", "log_format": "y"}},
            2,
            "(7313): 'event' JSON field not found",
        ),
        *[(processing(event), 2, "(7317): 'event' JSON field value is not valid") for event in ("", {}, 5, None, [1])],
        (
            {"command": "remove_session", "parameters": {}},
            4,
            "(7316): Failure to remove session. token JSON field must be a string",
        ),
        ({"command": "remove_session", "parameters": {"token": "abc"}}, 4, "(7309): 'abc' is not a valid token"),
    ],
)
def test_requests_that_are_not_allowed(request_: Any, error: int, message: str) -> None:
    service = sessions()
    reply = service.answer(request_, NOW)
    assert list(reply.items()) == [("message", message), ("error", error), ("data", {})]
    assert len(service) == 0


@pytest.mark.parametrize(
    "payload",
    [b"", b"{bad json", b'{"a":', b"\xff", b"[" * 60000, b'{"a":"\\ud800"}', b"9" * 5000],
)
def test_what_is_not_json_is_error_1(payload: bytes) -> None:
    reply = json.loads(sessions().reply(payload, NOW).decode("utf-8", "surrogateescape"))
    assert (reply["error"], reply["data"]) == (1, {})
    assert reply["message"].startswith("(7307): Error parsing JSON in position ")


def test_the_place_of_a_syntax_error_is_shown() -> None:
    reply = json.loads(sessions().reply(b"{bad json and much more text", NOW))
    assert reply["message"] == "(7307): Error parsing JSON in position 2, ... {bad json a ..."


@pytest.mark.parametrize(("size", "error"), [(MAX_REQUEST, 0), (MAX_REQUEST + 1, 5)])
def test_the_size_of_a_request(size: int, error: int) -> None:
    request = json.dumps(processing()).encode()
    reply = json.loads(sessions().reply(request.ljust(size), NOW))
    assert reply["error"] == error
    if error:
        assert reply == {"message": "(7315): Failure to receive message: size is bigger than expected", "error": 5}


@pytest.mark.parametrize(
    ("parameters", "warning"),
    [
        ({"token": "zzz"}, "(7309): 'zzz' is not a valid token"),
        ({"token": 17}, "(7309): '17' is not a valid token"),
        ({"token": "99999999"}, "(7003): '99999999' token expires"),
        ({"options": 5}, "(7005): 'options' field must be a JSON object. The parameter will be ignored"),
        (
            {"options": {"rules_debug": "yes"}},
            "(7006): 'rules_debug' field must be a boolean. The parameter will be ignored",
        ),
    ],
)
def test_what_is_only_warned_about(parameters: dict[str, Any], warning: str) -> None:
    data = sessions().answer(processing(**parameters), NOW)["data"]
    assert f"WARNING: {warning}" in data["messages"]
    assert (data["codemsg"], data["token"], data["alert"]) == (1, "00000001", True)


def test_remove_session() -> None:
    service = sessions()
    token = service.answer(processing(), NOW)["data"]["token"]
    remove = {"command": "remove_session", "parameters": {"token": token}}
    assert service.answer(remove, NOW) == {
        "error": 0,
        "data": {"messages": [f"INFO: (7206): The session '{token}' was closed successfully"], "codemsg": 0},
    }
    assert service.answer(remove, NOW) == {
        "error": 0,
        "data": {"messages": [f"ERROR: (7004): No session found for token '{token}'"], "codemsg": -1},
    }


def load_with_warning(problems: Problems) -> CountingEngine:
    problems.warn(codes.X_SYNTAX, "ours", wazuh="(7619): Empty 'if_sid' value.")
    problems.warn(codes.X_SYNTAX, "ours")
    return CountingEngine()


def load_error(problems: Problems) -> CountingEngine:
    problems.warn(codes.X_SYNTAX, "ours")
    problems.error(codes.X_SYNTAX, "ours", wazuh="(1226): bad")
    problems.error(codes.X_SYNTAX, "ours")
    raise LoadError("not loaded", problems)


def test_what_was_found_while_loading_is_told_once() -> None:
    service = sessions(load=load_with_warning)
    data = service.answer(processing(), NOW)["data"]
    loaded = ["WARNING: (7619): Empty 'if_sid' value.", "INFO: (7202): Session initialized with token '00000001'"]
    assert data["messages"] == loaded
    assert data["codemsg"] == 1
    assert "messages" not in service.answer(processing(token=data["token"]), NOW)["data"]


def test_a_ruleset_that_cannot_be_loaded() -> None:
    service = sessions(load=load_error)
    data = service.answer(processing(), NOW)["data"]
    messages = ["ERROR: (1226): bad", "ERROR: ours [X001]", "ERROR: (7311): Failure to initializing session"]
    assert data == {"messages": messages, "codemsg": -1}
    assert len(service) == 0


def test_the_session_idle_longest_makes_room() -> None:
    service = sessions(max_sessions=2)
    first, second = (service.answer(processing(), NOW + n)["data"]["token"] for n in range(2))
    service.answer(processing(token=first), NOW + 2)
    service.answer(processing(), NOW + 3)
    assert len(service) == 2
    assert service.answer(processing(token=first), NOW + 4)["data"]["codemsg"] == 0
    assert "token expires" in service.answer(processing(token=second), NOW + 5)["data"]["messages"][0]


def test_idle_sessions_end_between_one_and_two_timeouts() -> None:
    service = sessions(timeout=100)
    token = service.answer(processing(), NOW)["data"]["token"]
    service.answer(processing(token=token), NOW + 50)
    assert service.answer(processing(token=token), NOW + 99)["data"]["codemsg"] == 0
    service.answer({}, NOW + 100)
    assert len(service) == 1
    service.answer({}, NOW + 198)
    assert len(service) == 1
    service.answer({}, NOW + 200)
    assert len(service) == 0


def test_a_token_in_use_is_not_given_twice() -> None:
    tokens = iter(["aaaaaaaa", "aaaaaaaa", "bbbbbbbb"])
    service = Sessions(lambda problems: CountingEngine(), FACTS, lambda: next(tokens))  # type: ignore[arg-type,return-value]
    assert [service.answer(processing(), NOW)["data"]["token"] for _ in range(2)] == ["aaaaaaaa", "bbbbbbbb"]


def test_a_session_can_begin_anew() -> None:
    session = LogtestSession(CountingEngine(), FACTS)  # type: ignore[arg-type]
    counts = []
    for begin_anew in (False, False, True):
        if begin_anew:
            session.forget()
        counts.append(session.process(Record("x", "stdin", NOW))["output"]["rule"]["firedtimes"])
    assert counts == [1, 2, 1]
