"""Queue messages, locations, agents and headers (spec/predecoding.md)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alertmill.decoders import QueueMessage, Rejected, predecode, split_queue_message
from alertmill.decoders.header import read_header
from alertmill.decoders.predecode import MAX_DATAGRAM, MAX_LOCATION
from alertmill.event import Event, Record


def event_of(message: str, location: str = "/var/log/x") -> Event:
    event = predecode(Record(message, location, 0.0), "server")
    assert isinstance(event, Event)
    return event


# --- the queue --------------------------------------------------------------------------------------------------------

MESSAGES = [
    (b"1:/var/log/a|:b:hello", ("1", "/var/log/a:b", "hello")),
    (b"1:loc|:with|:colon||pipe|xother:msg: hello", ("1", "loc:with:colon|pipexother", "msg: hello")),
    (b"1::hi", ("1", "", "hi")),
    (b"1:x:", ("1", "x", "")),
    (b"f:x:y\n", ("f", "x", "y\n")),
    (b"1?x:y", ("1", "x", "y")),
    (b"1:x:y\0z", ("1", "x", "y")),
    (b"1:a||:b", ("1", "a|", "b")),
    (b"1:\xe9:\xc3\xa9", ("1", "\xe9", "\xc3\xa9")),
    (b"1:" + b"l" * (MAX_LOCATION + 5) + b":m", ("1", "l" * MAX_LOCATION, "m")),
    (b"1:x:" + b"y" * MAX_DATAGRAM, ("1", "x", "y" * (MAX_DATAGRAM - 4))),
]


@pytest.mark.parametrize(("datagram", "parts"), MESSAGES, ids=[repr(row[0][:20]) for row in MESSAGES])
def test_queue_message(datagram: bytes, parts: tuple[str, str, str]) -> None:
    assert split_queue_message(datagram) == QueueMessage(*parts)


@pytest.mark.parametrize("datagram", [b"", b"1:x", b"1:noseparator", b"1:x|:y", b"1:a\0:b:c", b"1:x|"])
def test_queue_message_is_rejected_with_a_sentence(datagram: bytes) -> None:
    rejected = split_queue_message(datagram)
    assert isinstance(rejected, Rejected)
    assert rejected.reason.endswith(".")


@given(st.binary(max_size=60), st.binary(max_size=60).filter(lambda data: b"\0" not in data))
def test_an_escaped_location_comes_back(location: bytes, message: bytes) -> None:
    location = location.replace(b"\0", b"")
    datagram = b"1:" + location.replace(b"|", b"||").replace(b":", b"|:") + b":" + message
    parts = split_queue_message(datagram)
    if len(datagram) < 4:
        assert isinstance(parts, Rejected)
    else:
        assert parts == ("1", location.decode("latin-1"), message.decode("latin-1"))


# --- agents -----------------------------------------------------------------------------------------------------------

AGENTS = [
    ("[001] (web1) 10.0.0.7->/var/log/auth.log", "001", "web1", "(web1) 10.0.0.7->/var/log/auth.log"),
    ("[001] noparen->x", "001", "", "noparen->x"),
    ("[001] (web1 any->x", "001", "", "(web1 any->x"),
    ("[001]", "001", "", ""),
    ("[]", "", "", ""),
    ("/var/log/x", "000", "server", "/var/log/x"),
    (" [001] x", "000", "server", " [001] x"),
]


@pytest.mark.parametrize(("location", "agent", "hostname", "place"), AGENTS)
def test_agent_and_location(location: str, agent: str, hostname: str, place: str) -> None:
    event = event_of("hello", location)
    assert (event.agent_id, event.hostname, event.location) == (agent, hostname, place)


def test_an_agent_without_end_is_rejected() -> None:
    rejected = predecode(Record("hello", "[001", 0.0), "server")
    assert isinstance(rejected, Rejected)
    assert "]" in rejected.reason


def test_the_header_names_the_host_of_local_events_only() -> None:
    message = "Dec 29 10:00:01 host1 sshd[123]: Failed"
    assert event_of(message).hostname == "host1"
    assert event_of(message, "[001] (web1) any->x").hostname == "web1"
    assert event_of("no header").hostname == "server"


# --- headers ----------------------------------------------------------------------------------------------------------

#: message, timestamp, host name, program name, log; None in all places: no header.
HEADERS: list[tuple[str, str | None, str | None, str | None, str]] = [
    ("Dec 29 10:00:01 h p: x", "Dec 29 10:00:01", "h", "p", "x"),
    ("Dec 29 10:00:01  h p: x", "Dec 29 10:00:01", "h", "p", "x"),
    ("abc de fg:hi:jk host1 prog: x", "abc de fg:hi:jk", "host1", "prog", "x"),
    ("2015-04-16 21:51:02,805 h p: x", "2015-04-16 21:51:02,805", "h", "p", "x"),
    ("2015-04-16 21:51:02,805?h p: x", "2015-04-16 21:51:02,805", "h", "p", "x"),
    ("2007-06-14T15:48:55-04:00 hst prog: x", "2007-06-14T15:48:55-04:00", "hst", "prog", "x"),
    ("2022-12-19T15:02:53.288+00:00 h p: x", "2022-12-19T15:02:53.288+00:00", "h", "p", "x"),
    ("2009-05-22T09:36:46.214994-07:00 h p: x", "2009-05-22T09:36:46.214994-07:00", "h", "p", "x"),
    ("2015 Dec 29 10:00:01 h p: x", "2015 Dec 29 10:00:01", "h", "p", "x"),
    ("2021-04-21 10:16:09.404756-0700 h p: x", "2021-04-21 10:16:09.404756-0700", "h", "p", "x"),
    (
        "2022-12-19T15:02:53.288Z host1 sshd[1]: msg that is long",
        "2022-12-19T15:02:53.288Z host1 ",
        None,
        None,
        "shd[1]: msg that is long",
    ),
    ("2022-12-19T15:02:53.288123Z host1 sshd[1]: m", "2022-12-19T15:02:53.288123Z hos", "1", "sshd", "m"),
    ("M\xc3\xa4r 02 17:30:52 host1 sshd[123]: x", "M\xc3\xa4r 02 17:30:5", "host1", "sshd", "x"),
    (
        "Mon Apr 17 18:27:14 2006 1 64.160.42.130 12 /f b",
        "Mon Apr 17 18:27:14 2006",
        None,
        None,
        "1 64.160.42.130 12 /f b",
    ),
    ("01/28-09:13:16.240702  [**] [1:1:1] ICMP", "01/28-09:13:16.240702", None, None, "[**] [1:1:1] ICMP"),
    ("01/28/1979-09:13:16.240702  [**] x", "01/28/1979-09:13:16.240702", None, None, "[**] x"),
    ("[Fri Feb 11 18:06:35 2004] [warn] x", "Fri Feb 11 18:06:35 2004", None, None, "[warn] x"),
    ("1140804070.368  11623 127.0.0.1 x y", "1140804070.368 ", None, None, "11623 127.0.0.1 x y"),
    (
        "[Time 2006.12.28 15:53:55 UTC] [Facility auth] [Sender sshd] [PID 4] [Message error x] [Level 3] [Host h]",
        None,
        "h",
        "sshd",
        "error x",
    ),
    ("[Time 2006.12.28 15:53:55 UTC] [Host h] [Message later] x", None, "h", None, " UTC] [Host h"),
    ("[Time 2006.12.28 15:53:55 UTC] [Message never ends", None, None, None, "never ends"),
    ("[Time 2006.12.28 15:53:55 UTC] [Sender never ends", None, None, None, " UTC] [Sender never ends"),
    ("[Time 2006.12.28 15:53:55 UTC] [Sender a] [Sender b] x", None, None, "a", " UTC] [Sender a"),
]
NO_HEADER = [
    "2022-12-19T15:02:53Z host1 sshd[1]: message",
    "2007-06-14T15:48:55-04:00 h p",
    "<13>Dec 29 10:00:01 host sshd[1]: x",
    "[Fri Feb 11 18:06:35.123456 2004] [warn] x",
    "Dec 29 10:00:01",
    "1240804070.36a  11623 127.0.0.1 x y z",
    '{"a": 1, "b": "some more text behind it"}',
    "",
    "M\xc3\xa4",
]


@pytest.mark.parametrize(
    ("message", "timestamp", "hostname", "program", "log"), HEADERS, ids=[h[0][:34] for h in HEADERS]
)
def test_headers(message: str, timestamp: str | None, hostname: str | None, program: str | None, log: str) -> None:
    event = event_of(message)
    assert (event.timestamp, event.program_name, event.log) == (timestamp, program, log)
    assert event.hostname == ("server" if hostname is None else hostname)
    assert event.full_log == message
    assert not event.log_is_message


@pytest.mark.parametrize("message", NO_HEADER)
def test_no_header(message: str) -> None:
    event = event_of(message)
    assert (event.timestamp, event.program_name, event.log) == (None, None, message)
    assert event.log_is_message


#: What follows the timestamp: host name, program name, log.
AFTER_TIMESTAMP: list[tuple[str, str | None, str | None, str]] = [
    ("host1 sshd[123]: Failed", "host1", "sshd", "Failed"),
    ("host1 sshd:Failed", "host1", "sshd", "Failed"),
    ("host1 sshd[123]:x", "host1", "sshd", "x"),
    ("host1 sshd[123] no colon", "host1", "sshd", "no colon"),
    ("host1 sshd[12x]: y", "host1", None, "sshd[12x]: y"),
    ("host1 sshd[12]x: y", "host1", None, "sshd[12]x: y"),
    ("host1 some words", "host1", None, "some words"),
    ("sshd: solaris", None, "sshd", "solaris"),
    ("sshd: [ID 7 auth] solaris", None, "sshd", "solaris"),
    (" host1 sshd: x", "host1", "sshd", "x"),
    ("  sshd: x", "", "sshd", "x"),
    ("bad,host prog: x", None, None, "bad,host prog: x"),
    ("fe80::1 prog: x", None, None, "fe80::1 prog: x"),
    ("host1 : x", "host1", "", "x"),
    ("host1 a(b)c/d.e@f: x", "host1", "a(b)c/d.e@f", "x"),
    ("host1 p[1]: [ID 12 auth.info] x", "host1", "p", "x"),
    ("host1 p[1]: [ID 12 noclose", "host1", "p", "[ID 12 noclose"),
    ("host1 p[1]: [ID 12]", "host1", "p", ""),
    ("host1 [ID 12 a.b] x", "host1", None, "[ID 12 a.b] x"),
    ("h", None, None, "h"),
    ("h ", "h", None, ""),
    ("h auth|security:info sshd: x", "h", "sshd", "x"),
    ("h auth|security:info sshd[12]: x", "h", "sshd", "x"),
    ("h auth|security:info sshd[12] x", "h", "sshd", "auth|security:info sshd"),
    ("h auth|security:info sshd hello aix", "h", "sshd hello aix", " hello aix"),
    ("h auth|security:info sshd[x]: y", "h", "sshd[x]: y", "[x]: y"),
    ("h auth|security:info ", "h", "", ""),
    ("h auth|security sshd: x", "h", None, "auth|security sshd: x"),
    ("h auth|Security:info sshd: x", "h", None, "auth|Security:info sshd: x"),
    ("h auth|security:info:sshd: x", "h", None, "auth|security:info:sshd: x"),
]


@pytest.mark.parametrize(("text", "hostname", "program", "log"), AFTER_TIMESTAMP)
def test_host_and_program(text: str, hostname: str | None, program: str | None, log: str) -> None:
    header = read_header("Dec 29 10:00:01 " + text)
    assert header == ("Dec 29 10:00:01", hostname, program, log)


@given(st.text(st.characters(max_codepoint=255), max_size=60))
def test_no_text_is_too_odd_for_the_header(text: str) -> None:
    for beginning in ("", "Dec 29 10:00:01 ", "[Time 2006.12.28 15:53:55 ", "1140804070.368 ", "M\xc3\xa4"):
        header = read_header(beginning + text)
        assert header is None or header.log in beginning + text


# --- documents --------------------------------------------------------------------------------------------------------


def refuse(document: object) -> str:
    raise AssertionError("the text was asked for")


def test_a_document_is_not_spelled_for_its_header() -> None:
    event = predecode(Record(None, "Wazuh-AWS", 0.0, document={"integration": "aws"}, spell=refuse), "server")
    assert isinstance(event, Event)
    assert event.log_is_message


def test_a_document_that_looks_like_a_header_is_read_as_one() -> None:
    message = '{"a bc de:fg:hi host prog: x": 1}'
    record = Record(None, "x", 0.0, document={"a bc de:fg:hi host prog: x": 1}, spell=lambda _: message)
    event = predecode(record, "server")
    assert isinstance(event, Event)
    assert (event.timestamp, event.program_name) == ('{"a bc de:fg:hi', "prog")


def test_a_message_ends_at_its_first_nul() -> None:
    event = event_of("Dec 29 10:00:01 h p: x\0y")
    assert (event.full_log, event.log) == ("Dec 29 10:00:01 h p: x", "x")
