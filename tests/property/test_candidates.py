"""Decoders that are left out by a log's beginning and literals do not match: `decode` equals `decode_plain`."""

from __future__ import annotations

from xml.sax.saxutils import escape

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from alertmill.decoders import DecoderTree, load_decoders, predecode
from alertmill.decoders.candidates import Candidate
from alertmill.errors import Problems
from alertmill.event import Event, Record
from support import LONG

EXAMPLES = settings(max_examples=10_000 if LONG else 150, deadline=None)

#: Patterns of the kinds that real decoders have: anchored or not, alternatives, classes that run up to a literal.
HEADS = [
    "^a",
    "^A1",
    r"^\d+",
    r"^\d\d/\d",
    r"^\s*a",
    r"^\S+ ",
    r"^\p*\w+:",
    r"^\w\w: ",
    "^",
    "",
    "^(a)",
    r"^\.+",
    "^%a-",
]
TAILS = ["", "a", "1", " b", r"\.+b", r"(\S+):", r" \d+ ", "%", "b$", r"(\w+) ", '"', ":", "\xe9"]
PATTERNS = st.lists(
    st.builds(str.__add__, st.sampled_from(HEADS), st.sampled_from(TAILS)).filter(bool), min_size=1, max_size=3
).map("|".join)
LOGS = st.text(st.sampled_from('aAbB12 :/%-"\xe9\xc9\x00'), max_size=24)


@st.composite
def decoders(draw: st.DrawFn) -> str:
    """Roots with and without a program name, more than a few of them, some with children."""
    found = []
    for number in range(draw(st.integers(1, 18))):
        program = "<program_name>^p</program_name>" if draw(st.booleans()) else ""
        prematch = f"<prematch>{escape(draw(PATTERNS))}</prematch>"
        found.append(f'<decoder name="d{number}">{program}{prematch}</decoder>')
        for child in range(draw(st.integers(0, 3))):
            offset = draw(st.sampled_from(["", ' offset="after_parent"']))
            inside = f"<parent>d{number}</parent><prematch{offset}>{escape(draw(PATTERNS))}</prematch>"
            regex = draw(st.sampled_from([r"(\S+) ", r"^(\d+)\.+(b)", "(a)|(1)"]))
            inside += f"<regex>{regex}</regex><order>x,y</order>"
            found.append(f'<decoder name="c{number}.{child}">{inside}</decoder>')
    return "".join(found)


def tree_of(xml: str) -> DecoderTree:
    problems = Problems()
    tree = load_decoders([("local_decoder.xml", xml)], problems)
    assert tree is not None, problems
    return tree


def event(message: str) -> Event:
    made = predecode(Record(message, "/var/log/x", 0.0), "host")
    assert isinstance(made, Event)
    return made


@EXAMPLES
@given(decoders(), st.lists(LOGS, min_size=1, max_size=8), st.booleans())
@example('<decoder name="d"><prematch>^\\s*\xe9|%</prematch></decoder>', ["", "\xe9", "\x00%"], False)
def test_what_is_left_out_does_not_match(xml: str, logs: list[str], named: bool) -> None:
    tree = tree_of(xml)
    for log in [*logs, *logs]:
        message = f"Jan 15 10:00:00 host p[1]: {log}" if named else log
        quick, plain = event(message), event(message)
        tree.decode(quick)
        tree.decode_plain(plain)
        assert (quick.decoder, quick.static, list(quick.fields.items())) == (
            plain.decoder,
            plain.static,
            list(plain.fields.items()),
        )


@pytest.mark.parametrize(
    ("prematch", "outline", "can"),
    [
        (r"^\d+/\d\d ", "00/00 aaa", True),
        (r"^\d+/\d\d ", "aa/00 aaa", False),
        (r"^jan \d+:", "aaa 00", True),
        (r"^jan \d+:", "aaaa 00", False),
        (r"^jan \d+:", "a", True),
        (r"jan \d+:", "00", True),
        (r"^\d+/\d\d |^\w\w:\d\d", "aa:00", True),
    ],
)
def test_outlines(prematch: str, outline: str, can: bool) -> None:
    tree = tree_of(f'<decoder name="d"><prematch>{prematch}</prematch></decoder>')
    assert Candidate(tree.roots[0]).can_look(outline) is can


def test_outlines_do_not_pile_up() -> None:
    xml = "".join(f'<decoder name="d{n}"><prematch>^\\S+ {n}</prematch></decoder>' for n in range(20))
    tree = tree_of(xml)
    for number in range(5000):
        tree.decode(event("".join("(" if number >> bit & 1 else ")" for bit in range(14))))
    assert len(tree._nameless._by_outline) <= 4096
