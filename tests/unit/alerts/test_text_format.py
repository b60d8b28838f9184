"""alerts.log, archives.log, firewall.log and user templates."""

from __future__ import annotations

from dataclasses import replace

import pytest

from alertmill.alerts import AlertWriter
from unit.alerts.builders import FACTS, ID, make_event, make_match

WRITER = AlertWriter(FACTS)


def test_a_full_stanza() -> None:
    event = make_event(
        "line one\nline two \xff",
        static={
            "srcip": "10.0.0.1",
            "srcport": "1",
            "dstip": "10.0.0.2",
            "dstport": "2",
            "dstuser": "",
            "srcuser": "s",
        },
        fields=[("a.b", "1"), ("empty", ""), ("a.b", "again")],
    )
    match = make_match(mail=True, group_text="local,x,", description="for $(srcip)", previous_output=("new", "old"))
    assert WRITER.text_block(event, match, ID) == (
        b"** Alert 1795281647.0: mail  - local,x,\n"
        b"2026 Nov 21 17:20:47 host->/var/log/app\n"
        b"Rule: 100100 (level 5) -> 'for 10.0.0.1'\n"
        b"Src IP: 10.0.0.1\nSrc Port: 1\nDst IP: 10.0.0.2\nDst Port: 2\nUser: \n"
        b"line one\nline two \xff\n"
        b"a.b: 1\na.b: again\n"
        b"new\nold\n"
        b"\n"
    )


def test_a_short_stanza_and_a_single_previous_line() -> None:
    stanza = WRITER.text_block(make_event(location="(web) any->/x", agent_id="001"), make_match(), ID)
    assert stanza == (
        b"** Alert 1795281647.0: - local,\n2026 Nov 21 17:20:47 (web) any->/x\n"
        b"Rule: 100100 (level 5) -> 'something'\nhello\n\n"
    )
    assert WRITER.text_block(make_event(), make_match(previous_output=("p",)), ID).endswith(b"hello\np\n\n")


def test_labels_stand_in_stanzas_of_the_manager() -> None:
    labels = (("env", "prod", False), ("z.l", '["a"]', False), ("hid", "x", True), ("#i", "y", False))
    writer = AlertWriter(replace(FACTS, labels=labels))
    assert b'app\nenv: prod\nz.l: ["a"]\nRule: ' in writer.text_block(make_event(), make_match(), ID)
    assert b"env" not in writer.text_block(make_event(agent_id="001"), make_match(), ID)


def test_archive_line() -> None:
    assert WRITER.archive_line(make_event("a\nb")) == b"2026 Nov 21 17:20:47 host->/var/log/app a\nb\n"
    event = make_event("a", location="(web) any->/x")
    assert WRITER.archive_line(event) == b"2026 Nov 21 17:20:47 (web) any->/x a\n"


@pytest.mark.parametrize(
    ("action", "word"),
    [
        *[(action, "DROP") for action in ("drop", "Deny", "reject", "block", "B")],
        *[(action, "CLOSED") for action in ("close", "Teardown")],
        *[(action, "ALLOW") for action in ("accept", "pass", "Open", "will accept", "built accept")[:4]],
        *[(action, "UNKNOWN") for action in ("", "hold", "will drop")],
    ],
)
def test_firewall_line(action: str, word: str) -> None:
    static = {
        "action": action,
        "protocol": "TCP",
        "srcip": "1.1.1.1",
        "srcport": "5",
        "dstip": "2.2.2.2",
        "dstport": "6",
    }
    line = WRITER.firewall_line(make_event(static=static))
    assert line == f"2026 Nov 21 17:20:47 host->/var/log/app {word} TCP 1.1.1.1:5->2.2.2.2:6\n".encode()


@pytest.mark.parametrize(
    ("template", "line"),
    [
        ("$TIMESTAMP|$FTELL|$RULEALERT|$HOSTNAME|$LOCATION", "1795281647|0||host|/var/log/app"),
        ("$RULEID $RULELEVEL $RULECOMMENT $RULEGROUP", "100100 5 something local,"),
        ("$SRCIP $DSTUSER", "10.0.0.1 None"),
        ("$FULLLOG.", "two\\nlines $RULEID."),
        ("$NOPE $ 100%", "$NOPE $ 100%"),
        ("\u00e9", "\u00e9"),
    ],
)
def test_custom_line(template: str, line: str) -> None:
    event = make_event("two\nlines $RULEID", static={"srcip": "10.0.0.1"})
    assert WRITER.custom_line(template, event, make_match(), ID) == line.encode() + b"\n"


def test_custom_line_limits_what_it_puts_in() -> None:
    event = make_event("f" * 5000, static={"dstuser": "u" * 5000})
    line = WRITER.custom_line("$DSTUSER $FULLLOG $RULEALERT", event, make_match(mail=True), ID)
    assert line == b"u" * 1023 + b" " + b"f" * 5000 + b" mail \n"
