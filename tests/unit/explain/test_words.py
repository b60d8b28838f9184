"""How values and places are said: shortened, harmless, and with what would help."""

from __future__ import annotations

import pytest

from alertmill.explain.words import harmless, plain, quoted, shown
from unit.explain.helpers import explainer, record, rule


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("plain", "plain"),
        ("a\tb\nc\x00\x1b[2J", "a\\tb\\nc\\x00\\x1b[2J"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("\udce9", "\\xe9"),
        ("\ud800", "\\ud800"),
        ("caf\u00e9 \u4e2d", "caf\u00e9 \u4e2d"),
    ],
)
def test_nothing_reaches_a_terminal_that_it_would_act_on(text: str, said: str) -> None:
    assert harmless(text) == said


@pytest.mark.parametrize(
    ("text", "width", "said"),
    [
        ("abcdef", 6, "abcdef"),
        ("abcdefg", 6, "abcdef... (+1)"),
        ("caf\xc3\xa9!", 0, "caf\u00e9!"),
        ("caf\xc3\xa9!", 4, "caf... (+2)"),  # a character of two bytes is never cut in two
        ("\xff\xfe", 0, "\\xff\\xfe"),
    ],
)
def test_byte_text_is_shown_as_people_write_it(text: str, width: int, said: str) -> None:
    assert shown(text, width) == said


def test_ordinary_text_stays_as_it_is() -> None:
    assert plain("/etc/\u4e2d.xml") == "/etc/\u4e2d.xml"
    assert quoted("x" * 100) == f'"{"x" * 80}... (+20)"'


def found(body: str, message: str) -> str:
    """What is said of the condition of a rule."""
    told = explainer(rule(100, body)).explain(record(message), why_not=100).answer
    return told.partition("it did not hold: ")[2]


EVENT = '{"integration": "aws", "aws": {"errorCode": "Client.Refused", "deep": {"eventName": "Run"}}}'


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            '<match>"errorCode":"Client.Refused"</match>',
            "(it would match the same event spelled without blanks, as <event_format>improved</event_format> does)",
        ),
        (
            '<match>"errorCode": "Server</match>',
            '; the nearest there is ..."errorCode": "Client.Refused", "deep": {"eventName": "...',
        ),
        ("<match>nothing like it</match>", 'the log does not match: found "{"integration"'),
        (
            '<match negate="yes">client.refused</match>',
            'the log matches: ...Client.Refused", "deep": {"eventName": "Run"}}}',
        ),
        ('<field name="eventname">Run</field>', "the event has no field eventname (did you mean aws.deep.eventName?)"),
        ('<field name="aws.erorCode">x</field>', "(did you mean aws.errorCode?)"),
        ('<field name="zz">x</field>', "the event has no field zz"),
        ("<compiled_rule>check_id_size</compiled_rule>", "<compiled_rule> check_id_size: it does not hold"),
        ("<regex>^\\d+$</regex>", "<regex> matches osregex '^\\d+$': the log does not match: found"),
        ("<time>1 pm - 2 pm</time>", '<time> is within 13:00 - 14:00: found "12:00"'),
        (
            '<field name="zz" negate="yes">x</field>',
            "the event has no field zz, and what is missing fulfils no condition, not even a negated one",
        ),
        ("<weekday>weekends</weekday>", '<weekday> is one of saturday, sunday: found "wednesday"'),
        ("<program_name>x</program_name>", "the event has no program_name"),
        ("<decoded_as>mill</decoded_as>", '<decoded_as> is mill: found "json"'),
        ("<srcip>10.0.0.0/8</srcip>", "<srcip> is in 10.0.0.0/8: the event has no field srcip"),
    ],
)
def test_what_is_missing_is_told_with_what_would_help(body: str, said: str) -> None:
    assert said in found(body, EVENT)


def test_a_pattern_for_the_other_spelling_is_recognised_both_ways() -> None:
    said = found('<match>"a": "b"</match>', '{"a":"b"}')
    assert said.endswith("spelled with blanks behind ':' and ',', as <event_format>compatible</event_format> does)")


def test_what_only_looks_like_json_is_no_reason_to_stop() -> None:
    assert "spelled" not in found("<match>zzzz</match>", '{"a": ' + "[" * 5000)


def test_the_size_of_a_log_is_shown() -> None:
    told = explainer(rule(100, maxsize=900)).explain(record("short"), why_not=100).answer
    assert told.endswith('the log has 900 bytes or more: found "5 bytes"')
