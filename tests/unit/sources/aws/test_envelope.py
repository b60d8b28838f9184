from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alertmill.event import from_byte_text
from alertmill.sources.aws.envelope import (
    Discard,
    Envelope,
    spell_compact,
    spell_compatible,
    spell_improved,
    tidy,
)

LOG_INFO = {"aws_account_alias": "prod", "log_file": "k.gz", "s3bucket": "my-logs"}


def wrapped(record: dict[str, Any], account: str | None = None) -> dict[str, Any]:
    document = Envelope("my-logs", "k.gz", "prod", account).wrap(record)
    assert list(document) == ["integration", "aws"]
    assert document["integration"] == "aws"
    aws = document["aws"]
    assert isinstance(aws, dict)
    return aws


DISCARDS = [
    ("eventName", "^Describe|List", {"eventName": "DescribeInstances"}, True),
    ("eventName", "^Describe|List", {"eventName": "ListBuckets"}, True),
    ("eventName", "^a|b", {"eventName": "xb"}, False),
    ("eventName", "Desc", {"eventName": "DescribeInstances"}, True),
    ("eventName", "Instances", {"eventName": "DescribeInstances"}, False),
    ("u.v", "ba", {"u": {"v": ["foo", "bar"]}}, True),
    ("u.v", "ar", {"u": {"v": ["foo", "bar"]}}, False),
    ("u.v", "ba", {"u": {"v": [["foo"], ["x", "bar"]]}}, True),
    ("tags.k", "skip", {"tags": [{"k": "x"}, {"k": "skipme"}]}, True),
    ("tags.k", "skip", {"tags": [{"k": "x"}, "skip"]}, False),
    ("n", "5", {"n": 5}, False),
    ("n", "T", {"n": True}, False),
    ("n", "N", {"n": None}, False),
    ("a.b", "", {"a": "text"}, False),
    ("a", "", {"a": {"b": "x"}}, False),
    ("gone", "", {}, False),
    ("a", "", {"a": ""}, True),
]


@pytest.mark.parametrize(("field", "pattern", "record", "dropped"), DISCARDS)
def test_discard(field: str, pattern: str, record: dict[str, Any], dropped: bool) -> None:
    assert Discard(field, pattern).drops(record) is dropped


def test_a_bad_discard_pattern_is_an_error() -> None:
    with pytest.raises(re.error):
        Discard("a", "(")


TIDIED = [
    ({"a": None, "b": {"c": None, "d": {"e": None}}}, {"b": {"d": {}}}),
    ({"a": [{"b": None}, {"c": [1]}]}, {"a": [{"b": None}, {"c": [1]}]}),
    ({"a": [{"b": None, "c": [1]}]}, {"a": {"b": None, "c": [1]}}),
    ({"a": [None]}, {"a": None}),
    ({"a": [[1]]}, {"a": [1]}),
    ({"a": []}, {"a": []}),
    ({"a": [1, 2], "b": {"c": ["x"]}}, {"a": [1, 2], "b": {"c": "x"}}),
    ({"a": False, "b": 0, "c": "", "d": {}}, {"a": False, "b": 0, "c": "", "d": {}}),
]


@pytest.mark.parametrize(("record", "expected"), TIDIED)
def test_tidy(record: dict[str, Any], expected: dict[str, Any]) -> None:
    tidy(record)
    assert record == expected


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
    max_leaves=15,
)


def tidied_slowly(value: Any) -> Any:
    """aws-wodle.md 9.2, sentence by sentence: nulls out of objects first, then lists of one, both not inside lists."""

    def without_nulls(value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {key: without_nulls(member) for key, member in value.items() if member is not None}

    def unwrapped(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: unwrapped(member) for key, member in value.items()}
        return value[0] if isinstance(value, list) and len(value) == 1 else value

    return unwrapped(without_nulls(value))


@given(st.dictionaries(st.text(max_size=2), VALUES, max_size=4))
def test_tidy_is_what_the_specification_says(record: dict[str, Any]) -> None:
    expected = tidied_slowly(record)
    tidy(record)
    assert record == expected
    assert json.dumps(record) == json.dumps(expected)


def test_the_envelope_in_its_order() -> None:
    aws = wrapped({"b": 1, "a": None, "source": "cloudtrail"}, "123456789012")
    assert list(aws.items()) == [
        ("log_info", LOG_INFO),
        ("b", 1),
        ("source", "cloudtrail"),
        ("aws_account_id", "123456789012"),
    ]


def test_own_keys_are_replaced_at_their_place() -> None:
    aws = wrapped({"aws_account_id": "own", "log_info": {"own": [1]}, "x": 1}, "123456789012")
    assert list(aws.items()) == [("log_info", {"own": 1}), ("aws_account_id", "123456789012"), ("x", 1)]


def test_null_keys_do_not_count_as_own() -> None:
    aws = wrapped({"aws_account_id": None, "log_info": None, "x": 1}, "123456789012")
    assert list(aws.items()) == [("log_info", LOG_INFO), ("x", 1), ("aws_account_id", "123456789012")]


def test_types_without_an_account() -> None:
    assert list(wrapped({"x": 1})) == ["log_info", "x"]


@pytest.mark.parametrize(
    ("value", "added"),
    [
        ("198.51.100.7", True),
        ("999.1.1.1", True),
        ("1.2.3.4:55", True),
        ("1.2.3.4.example.com", True),
        (["1.2.3.4"], True),
        ("cloudtrail.amazonaws.com", False),
        ("2001:db8::1", False),
        ("1.2.3", False),
        (" 1.2.3.4", False),
        (5, False),
        (["1.2.3.4", "1.2.3.5"], False),
        ({"a": "1.2.3.4"}, False),
    ],
)
def test_source_ip_address(value: Any, added: bool) -> None:
    aws = wrapped({"sourceIPAddress": value, "z": 1}, "1")
    assert ("source_ip_address" in aws) is added
    if added:
        assert list(aws)[-1] == "source_ip_address"
        assert aws["source_ip_address"] == aws["sourceIPAddress"]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (["a", "b"], {"value": ["a", "b"]}),
        (["a"], {"value": "a"}),
        ([{"k": 1}], {"k": 1}),
        ([], {"value": []}),
        ({"a": 1}, {"a": 1}),
        ("x", {"value": "x"}),
        (False, {"value": False}),
    ],
)
def test_tags(value: Any, expected: Any) -> None:
    assert wrapped({"tags": value})["tags"] == expected


def test_columns_stay_as_they_are() -> None:
    document = Envelope("my-logs", "k.gz", "prod", "1").wrap_columns({"a": "x", "extra_columns": ["y"]})
    assert document["aws"] == {"log_info": LOG_INFO, "a": "x", "extra_columns": ["y"], "aws_account_id": "1"}


def test_error_event() -> None:
    text = json.dumps(Envelope("my-logs", "k.gz", "prod", "1").error("Failed to parse file k.gz: x"))
    assert text == (
        '{"integration": "aws", "aws": {"log_info": {"aws_account_alias": "prod", "log_file": "k.gz", '
        '"s3bucket": "my-logs"}, "aws_account_id": "1"}, "error_msg": "Failed to parse file k.gz: x"}'
    )
    assert "aws_account_id" not in Envelope("my-logs", "k.gz", "", None).error("x")["aws"]


def test_spelling() -> None:
    document = {"a": 'é\u2028/<>&"\\\n', "b": [1, 1.0, 1e22, 1e-7, 100000.0], "c": True, "d": None, "e": {}}
    assert spell_compatible(document) == (
        '{"a": "\\u00e9\\u2028/<>&\\"\\\\\\n", "b": [1, 1.0, 1e+22, 1e-07, 100000.0], "c": true, "d": null, "e": {}}'
    )
    improved = spell_improved(document)
    assert "\xc3\xa9" in improved  # bytes of UTF-8, one character each
    assert ": " not in improved
    assert json.loads(from_byte_text(improved)) == document


@pytest.mark.parametrize("value", ["\ud800", "\udcff", 2**70, -(2**70)])
def test_what_orjson_cannot_spell(value: Any) -> None:
    assert json.loads(spell_improved({"a": value})) == {"a": value}
    assert spell_improved({"a": value}) == spell_compact({"a": value})


def deep(levels: int) -> dict[str, Any]:
    value: Any = {"end": [], "text": 'é"', "none": None}
    for level in range(levels):
        value = {"k": value, "n": level} if level % 2 else [value, 1.5, {}]
    return {"deep": value, "list": [1, [2]]}


def test_nesting_has_no_limit_when_spelled() -> None:
    assert spell_compatible(deep(20)) == json.dumps(deep(20))
    text = spell_compatible(deep(3000))
    assert text.startswith('{"deep": {"k": [{"k": ')
    assert text.endswith('}, "list": [1, [2]]}')
    assert text.replace(", ", ",").replace(": ", ":") == spell_improved(deep(3000))


def test_the_deep_way_spells_as_the_usual_one(monkeypatch: pytest.MonkeyPatch) -> None:
    from alertmill.sources.aws import envelope

    @given(st.dictionaries(st.text(max_size=3), VALUES, max_size=4))
    def same(document: dict[str, Any]) -> None:
        assert envelope._spell_deep(document, ", ", ": ") == json.dumps(document)

    same()


def test_a_deep_record_is_tidied_without_recursion() -> None:
    record: dict[str, Any] = {"x": [1]}
    for _ in range(50_000):
        record = {"a": record, "n": None}
    tidy(record)
    for _ in range(50_000):
        assert "n" not in record
        record = record["a"]
    assert record == {"x": 1}
