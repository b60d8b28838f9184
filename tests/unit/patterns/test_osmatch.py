"""OSMATCH: every form of spec/regex.md 3, and the word lists at its end."""

from __future__ import annotations

import pytest

from alertmill.errors import PatternError
from alertmill.patterns import compile_pattern, rest, word_list_matches
from alertmill.patterns.osmatch import MAX_PATTERN

CASES = [
    ("", "", True),
    ("", "anything", True),
    ("a||b", "zzz", True),
    ("^", "zzz", True),
    ("$", "zzz", True),
    ("^$", "zzz", False),
    ("^$", "", True),
    ("^deny$", "DENY", True),
    ("^deny$", "denied", False),
    ("^deny", "Denying all", True),
    ("^deny", "we deny", False),
    ("deny$", "we DENY", True),
    ("deny$", "denying", False),
    ("deny", "we denied DENY it", True),
    ("DENY", "we deny it", True),
    ("deny|drop", "packet dropped", True),
    ("^deny|^drop", "packet dropped", False),
    ("^deny|drop$|^x$", "x", True),
    ("!deny", "deny", False),
    ("!deny", "allow", True),
    ("!deny|allow", "allow", False),
    ("!", "x", False),
    ("a!", "a!", True),
    ("a|!b", "b", False),
    ("a|!b", "!b", True),
    (r"1\.2", "1.2", False),
    (r"1\.2", r"v1\.2", True),
    ("a^b", "a^b", True),
    ("a$b", "xa$by", True),
    ("$a", "x$ab", True),
    ("caf\xc3\xa9", "caf\xc3\xa9", False),
    ("^caf\xc3\xa9", "CAF\xc3\xa9!", True),
    ("^caf\xc3\xa9$", "CAF\xc3\xa9", True),
    ("^caf\xc3\xa9$", "CAF\xc3\xc9", False),
    ("caf\xc3\xa9$", "CAF\xe3\xa9", False),
    ("^\xe3", "\xc3", False),
    ("\xe9|plain", "plain \xe9", True),
]


@pytest.mark.parametrize(("pattern", "text", "expected"), CASES)
def test_a_pattern_holds_or_not(pattern: str, text: str, expected: bool) -> None:
    matcher = compile_pattern(pattern, "osmatch")
    assert matcher.matches(text) is expected
    found = matcher.search(text)
    assert (found is not None) is expected
    if found is not None:
        assert found.groups == ()
        assert rest(text, found) == text, "osmatch has no position"


def test_a_pattern_that_is_too_long_is_refused_where_it_becomes_so() -> None:
    assert compile_pattern("x" * MAX_PATTERN, "osmatch").matches("x" * MAX_PATTERN)
    with pytest.raises(PatternError, match="20481 bytes") as caught:
        compile_pattern("x" * (MAX_PATTERN + 1), "osmatch")
    assert caught.value.position == MAX_PATTERN


WORD_CASES = [
    ("", "syslog,", False),
    ("sys", "syslog,", True),
    ("^sys", "syslog,", True),
    ("^log", "syslog,", False),
    ("SSH|Log", "syslog,", True),
    ("web|ssh", "syslog,", False),
    ("web|", "syslog,", True),
    ("log$", "syslog", False),
    ("log$", "log$", True),
    ("!web", "syslog", False),
    ("!web", "a!web", True),
]


@pytest.mark.parametrize(("pattern", "text", "expected"), WORD_CASES)
def test_a_word_of_a_list_is_looked_for(pattern: str, text: str, expected: bool) -> None:
    assert word_list_matches(pattern, text) is expected
