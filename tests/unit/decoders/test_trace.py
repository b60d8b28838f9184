"""How decoding is told: headers by name, decoders in order, and what each step extracted."""

from __future__ import annotations

import pytest

from alertmill.decoders import Decoding, load_decoders, predecode, trace_decoding
from alertmill.errors import Problems
from alertmill.event import Event, Record

DECODERS = r"""
<decoder name="other"><program_name>^other</program_name></decoder>
<decoder name="mill"><program_name>^mill$</program_name><prematch>^grain</prematch></decoder>
<decoder name="mill"><program_name>^mill$</program_name></decoder>
<decoder name="first"><parent>mill</parent><prematch>^never</prematch><regex>(\S+)</regex><order>id</order></decoder>
<decoder name="chain"><parent>mill</parent><regex>a=(\S+) b=(\S+)</regex><order>srcip, own.b</order></decoder>
<decoder name="chain"><parent>mill</parent><regex>a=(\S+)</regex><order>srcip</order></decoder>
<decoder name="chain"><parent>mill</parent><regex>z=(\S+)</regex><order>url</order></decoder>
<decoder name="json"><prematch>^{\s*"</prematch><plugin_decoder>JSON_Decoder</plugin_decoder></decoder>
"""


def told(message: str) -> Decoding:
    problems = Problems()
    tree = load_decoders([("d.xml", DECODERS)], problems)
    assert not problems, problems.draw()

    def fresh() -> Event:
        event = predecode(Record(message, "/x", 0.0), "host")
        assert isinstance(event, Event)
        return event

    return trace_decoding(tree, fresh)


@pytest.mark.parametrize(
    ("message", "header"),
    [
        ("Jan 15 10:00:00 web1 su: x", "syslog, as in `Jan"),
        ("2026-01-15T10:00:00.000+00:00 web1 su: x", "syslog with an ISO date"),
        ("2026 Jan 15 10:00:00 web1 su: x", "syslog with a year"),
        ("01/15-10:00:00.000000  [**] x", "Snort"),
        ("01/15/2026-10:00:00.000000  [**] x", "Suricata"),
        ("1768471200.123     90 10.0.0.1 TCP_MISS/200 x", "Squid"),
        ("Thu Jan 15 10:00:00 2026 0 10.0.0.1 1 /x", "a date as in"),
        ("[Thu Jan 15 10:00:00 2026] [error] x", "a date as in"),
        ("[Time 2026.01.15 10:00:00 UTC] [Facility auth] [Sender sshd] [PID 4] [Message x] [Host h]", "Apple System"),
        ("hello", ""),
    ],
)
def test_each_form_of_header_has_a_name(message: str, header: str) -> None:
    found = told(message).header
    assert found.startswith(header)
    assert bool(found) is bool(header)


def test_roots_in_order_and_why_each_failed() -> None:
    found = told("Jan 15 10:00:00 web1 mill[3]: a=192.0.2.1 b=7")
    assert [(one.name, one.held, one.why) for one in found.tried] == [
        ("other", False, "the program name 'mill' does not match <program_name>"),
        ("mill", False, "<prematch> was not found in the log"),
        ("mill", True, "it asks for nothing more"),
    ]
    assert [one.origin.line for one in found.tried if one.origin] == [2, 3, 4]
    assert found.not_asked == 1


def test_children_and_what_each_member_of_the_chain_extracted() -> None:
    found = told("Jan 15 10:00:00 web1 mill[3]: grain a=192.0.2.1 b=7")
    assert [(one.name, one.held) for one in found.branches] == [("first", False), ("chain", True)]
    assert [(step.what, step.matched, step.fields) for step in found.steps] == [
        ("<regex> osregex 'a=(\\S+) b=(\\S+)'", True, (("srcip", "192.0.2.1"), ("own.b", "7"))),
        ("<regex> osregex 'a=(\\S+)'", True, (("srcip", "192.0.2.1"),)),  # the same value once more
        ("<regex> osregex 'z=(\\S+)'", False, ()),
    ]
    assert found.decoder is not None
    assert found.decoder.name == "mill"


def test_a_plugin() -> None:
    found = told('{"srcip":"192.0.2.1","a":{"b":1}}')
    assert [(one.name, one.why) for one in found.tried] == [("json", "<prematch> was found")]
    assert found.branches == ()
    assert [(step.what, step.fields) for step in found.steps] == [
        ("<plugin_decoder> JSON_Decoder", (("srcip", "192.0.2.1"), ("a.b", "1")))
    ]


def test_nobody_takes_it() -> None:
    found = told("hello")
    assert (found.decoder, found.steps, [one.held for one in found.tried]) == (None, (), [False])
