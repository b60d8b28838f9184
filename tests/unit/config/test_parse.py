"""Kinds of values: text -> value, or what was expected."""

from __future__ import annotations

import pytest

from alertmill.config import parse
from alertmill.config.options import BadValueError


@pytest.mark.parametrize(
    ("parser", "text", "value"),
    [
        (parse.yes_no, "yes", True),
        (parse.yes_no, "no", False),
        (parse.number(1, 10), "1", 1),
        (parse.number(1, 10), "10", 10),
        (parse.number(1, 10), "007", 7),
        (parse.level, "0", 0),
        (parse.level, "16", 16),
        (parse.one_of("a", "b"), "b", "b"),
        (parse.duration(), "45", 45),
        (parse.duration(), "45s", 45),
        (parse.duration(), "2m", 120),
        (parse.duration(), "3h", 10800),
        (parse.duration(), "1d", 86400),
        (parse.duration(), "1w", 604800),
        (parse.size, "12", 12),
        (parse.size, "12B", 12),
        (parse.size, "2K", 2048),
        (parse.size, "2M", 2 * 1024**2),
        (parse.size, "1G", 1024**3),
        (parse.words, "a,b", ("a", "b")),
        (parse.words, " a ,, b,a, ", ("a", "b")),
        (parse.words, " , ", ()),
        (parse.text, " as it is ", " as it is "),
    ],
)
def test_value(parser, text, value):
    assert parser(text) == value


@pytest.mark.parametrize(
    ("parser", "text", "expected"),
    [
        (parse.yes_no, "Yes", "yes or no"),
        (parse.yes_no, " yes", "yes or no"),
        (parse.yes_no, "1", "yes or no"),
        (parse.number(1, 10, "mails"), "0", "a whole number from 1 to 10 mails"),
        (parse.number(1, 10), "11", "a whole number from 1 to 10"),
        (parse.number(1, 10), "-1", "a whole number from 1 to 10"),
        (parse.number(1, 10), "1.5", "a whole number from 1 to 10"),
        (parse.number(1, 10), "٣", "a whole number from 1 to 10"),
        (parse.number(1, 10), "9" * 5000, "a whole number from 1 to 10"),
        (parse.level, "17", "a whole number from 0 to 16"),
        (parse.one_of("json", "plain"), "jsn", "one of json, plain"),
        (parse.duration("smhd"), "1w", "a number with one of the units s m h d, for instance 10m"),
        (parse.duration(), "m", "a number with one of the units s m h d w, for instance 10m"),
        (parse.duration(), "1 m", "a number with one of the units s m h d w, for instance 10m"),
        (parse.size, "1T", "a number with one of the units B K M G, for instance 100M"),
        (parse.size, "1k", "a number with one of the units B K M G, for instance 100M"),
    ],
)
def test_what_was_expected(parser, text, expected):
    with pytest.raises(BadValueError) as caught:
        parser(text)
    assert caught.value.expected == expected


def test_a_near_word_is_suggested():
    with pytest.raises(BadValueError) as caught:
        parse.one_of("compatible", "improved")("improvd")
    assert caught.value.hint == "did you mean improved?"
