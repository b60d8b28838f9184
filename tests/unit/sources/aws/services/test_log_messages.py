from __future__ import annotations

import json

import pytest

from alertmill.config.models import DiscardRegex
from alertmill.event import from_byte_text
from alertmill.sources.aws.services.cloudwatchlogs import LogEvent
from alertmill.sources.aws.services.log_messages import Messages, TextDiscard, with_origin

NOW = 1_768_471_200_000
ORIGIN = '{"log_info":{"log_group":"/app/g"},"source":"cloudwatchlogs"}'
MEMBER = f'"aws":{ORIGIN}'


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ('{"a": 1, "b":"x"}', '{"a": 1, "b":"x",' + MEMBER + "}"),
        ("{}", "{" + MEMBER + "}"),
        ('  {"a":1} \n', '  {"a":1,' + MEMBER + "} \n"),
        ('{"a":{"aws":1}}', '{"a":{"aws":1},' + MEMBER + "}"),
        ('{"a":1e400}', '{"a":1e400}'),  # not JSON that everybody reads: stays as it is
        ('{"aws":{"source":"vpc"}}', '{"aws":{"source":"vpc"}}'),
        ('{"AWS":1}', '{"AWS":1}'),  # names of fields are compared without regard to case
        ('{"aws.source":"x"}', '{"aws.source":"x"}'),  # the same field, spelled flat
        ('["a"]', '["a"]'),
        ("17", "17"),
        ("{not json}", "{not json}"),
        ('{"a":1} tail', '{"a":1} tail'),
        ("plain text", "plain text"),
        ("", ""),
        ("{" * 2000 + "}" * 2000, "{" * 2000 + "}" * 2000),
        ('{"a":' * 3000 + "1" + "}" * 3000, '{"a":' * 3000 + "1" + "}" * 3000),
    ],
)
def test_what_the_improved_format_adds(message, told):
    assert with_origin(message, ORIGIN) == told


@pytest.mark.parametrize(
    ("field", "pattern", "message", "dropped"),
    [
        (None, "q", "q text", True),
        (None, "q", '{"a":"q"}', False),
        (None, "q", "text with q", False),
        (None, r"\{\"a", '{"a":"q"}', True),
        ("a", "q", '{"a":"q"}', True),
        ("a", "q", '{"a":"quite"}', True),
        ("a", "q", '{"a":"xq"}', False),
        ("a", "q", '{"a":["x","q"]}', True),
        ("a.b", "q", '{"a":[{"b":"q"}]}', True),
        ("a", "q", '{"b":"q"}', False),
        ("a", "1", '{"a":1}', False),
        ("a", "q", "q text", True),
        ("a", "q", "text with q", False),
        ("a", "q", '["q"]', False),  # JSON, and no object: kept
        ("a", "1", "17", False),
        ("a", "None", "None shall pass", True),
        (None, "None", "None shall pass", True),
        ("a", "q", '{"a":' * 3000 + '"q"' + "}" * 3000, False),
    ],
)
def test_discard(field, pattern, message, dropped):
    assert TextDiscard(DiscardRegex(field=field, pattern=pattern)).drops(message) is dropped


def events(*texts: str) -> list[LogEvent]:
    return [LogEvent(NOW + number, NOW + 5, text) for number, text in enumerate(texts)]


def test_a_compatible_message_is_the_text_and_nothing_else():
    made = Messages("us-east-1", "/app/g", improved=False, alias="prod")
    first, second = made.records("s1", events('{"a": 1}', "caf\xe9 \u4e16 \ud800\n"), 17.0)
    assert (first.message, first.location, first.time, first.event_time) == ('{"a": 1}', "Wazuh-AWS", 17.0, None)
    assert first.place == f"logs://us-east-1/app/g:s1@{NOW}"
    assert second.message.encode("latin-1") == b"caf\xc3\xa9 \xe4\xb8\x96 \xed\xa0\x80\n"


def test_an_improved_message_tells_its_origin_and_time():
    made = Messages("us-east-1", "app", improved=True, alias="prod \u4e16")
    (record,) = made.records("s\ud800", events('{"a":1}'), 17.0)
    assert record.event_time == NOW / 1000
    assert record.message.isprintable() or "\xed" in record.message
    info = {"aws_account_alias": "prod \u4e16", "aws_region": "us-east-1", "log_group": "app"}
    told = json.loads(
        from_byte_text(record.message).encode("utf-8", "surrogateescape").decode("utf-8", "surrogatepass")
    )
    assert told == {"a": 1, "aws": {"log_info": {**info, "log_stream": "s\ud800"}, "source": "cloudwatchlogs"}}
    (plain,) = made.records("s1", events("plain"), 17.0)
    assert (plain.message, plain.event_time) == ("plain", NOW / 1000)


def test_what_is_discarded_gives_no_record():
    drops = TextDiscard(DiscardRegex(pattern="no")).drops
    made = Messages("us-east-1", "g", improved=False, drops=drops).records("s", events("no", "yes"), 1.0)
    assert [record.message for record in made] == ["yes"]
