"""Fields inside of objects."""

from __future__ import annotations

import json

import pytest

from alertmill.sheet import UNKNOWN
from alertmill.sources.aws import nested
from alertmill.sources.aws.nested import nested_text


@pytest.mark.parametrize(
    ("text", "path", "expected"),
    [
        (b'{"type":"Root"}', "type", "Root"),
        (b'{"Type":"Root"}', "type", "Root"),
        (b'{"userName":"eve"}', "username", "eve"),
        (b'{"a":{"b":{"C":7}}}', "a.b.c", "7"),
        (b'{"a":true,"b":1}', "a", "true"),
        (b'{"a":false}', "a", "false"),
        (b'{"a":""}', "a", ""),
        (b'{"a":-2147483648}', "a", "-2147483648"),
        (b'{"a":1,"a":2}', "a", "2"),
        (b'{"a":{}}', "a", None),
        (b'{"a":null}', "a", None),
        (b'{"a":null}', "a.b", None),
        (b'{"a":"x"}', "a.b", None),
        (b"{}", "a", None),
        (b'{"a":2147483648}', "a", UNKNOWN),
        (b'{"a":1.0}', "a", UNKNOWN),
        (b'{"a":[1]}', "a", UNKNOWN),
        (b'{"a":[{"b":1}]}', "a.b", UNKNOWN),
        (b'{"a":"\\u0000"}', "a", UNKNOWN),
        ('{"a":"r\u00e9d"}'.encode(), "a", UNKNOWN),
        (b'{"a":1,"A":2}', "a", UNKNOWN),
        (b'{"a":1,"b.c":2}', "a", UNKNOWN),
        (b'{"a":"\\ud800"}', "a", UNKNOWN),
        (b'{"a":NaN,"b":1}', "b", UNKNOWN),
    ],
)
def test_fields_inside_an_object(text, path, expected):
    for _ in range(2):
        assert nested_text(text, tuple(path.split("."))) == expected


def test_what_is_remembered_is_small():
    nested._remembered.cache_clear()
    for number in range(5):
        text = json.dumps({"a": str(number), "long": "x" * 2000}).encode()
        assert [nested_text(text, (name,)) for name in ("a", "b", "a")] == [str(number), None, str(number)]
    assert nested._remembered.cache_info().currsize == 0
    assert len(nested._last) == 1
    for number in range(2000):
        nested_text(b'{"a":%d}' % number, ("a",))
    assert nested._remembered.cache_info().currsize <= 512
