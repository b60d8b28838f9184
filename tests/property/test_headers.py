"""The usual header, taken apart at once, gives what taking it apart step by step gives."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st

from alertmill.decoders.header import read_header, read_header_by_steps
from support import LONG

STAMPS = [
    "Jan 15 10:00:00",
    "M\xc3\xa4 15 10:00:00",
    "M\xc3\xa4r 5 10:00:00",
    "Jan  5 10:00:00",
    "\n\n\n \n\n \n\n:::::::",
    "Jan 15 10:00",
]
PIECES = st.sampled_from(
    [
        "host",
        "a.b-c",
        "()",
        "@_/",
        " ",
        "  ",
        "sshd",
        "cron",
        ":",
        ": ",
        "[1]",
        "[12]: ",
        "[1] ",
        "[x]",
        "[ID 7 a] ",
        "\xe9",
        "|",
        "\x00",
        "x",
    ]
)
MESSAGES = st.builds(lambda stamp, rest: stamp + "".join(rest), st.sampled_from(STAMPS), st.lists(PIECES, max_size=9))


@settings(max_examples=50_000 if LONG else 1000, deadline=None)
@given(MESSAGES)
@example("Jan 15 10:00:00 host sshd[1]: x")
@example("Jan 15 10:00:00 host sshd: [ID 7 auth.info] x")
@example("Jan 15 10:00:00  : ")
@example("Jan 15 10:00:00host prog: x")
@example("Jan 15 10:00:00 ")
def test_the_usual_header(message: str) -> None:
    assert read_header(message) == read_header_by_steps(message)
