"""Text patterns -> fast matchers: the table of dialects.

    compile_pattern("^ERROR|denied$", "osmatch").matches("error 5")     # True
    found = compile_pattern(r"user=(\\w+) ", "osregex", captures=True).search("user=eve x")
    found.groups, rest("user=eve x", found)                             # ("eve",), "x"

Patterns and texts are byte text (see `alertmill.event`). Which element uses which dialect by default, and which pattern
stands where, is the business of decoders and rules.
"""

from __future__ import annotations

from collections.abc import Callable

from alertmill.errors import PatternError, did_you_mean
from alertmill.patterns.address import AddressList, compile_addresses
from alertmill.patterns.json_words import json_words
from alertmill.patterns.literal_index import LiteralIndex
from alertmill.patterns.literal_tests import OneOf
from alertmill.patterns.literals import Requirement, head_tests, required_literals, requirement
from alertmill.patterns.lowercase import lowered
from alertmill.patterns.matcher import ANY_TEXT, Found, Matcher, rest
from alertmill.patterns.osmatch import OsMatch, word_list_matches
from alertmill.patterns.osregex_matcher import OsRegex
from alertmill.patterns.osregex_native import HeadTest
from alertmill.patterns.pcre2 import Pcre2
from alertmill.patterns.string import ExactString

__all__ = [
    "ANY_TEXT",
    "DIALECTS",
    "AddressList",
    "ExactString",
    "Found",
    "HeadTest",
    "LiteralIndex",
    "Matcher",
    "OneOf",
    "OsMatch",
    "OsRegex",
    "Pcre2",
    "Requirement",
    "compile_addresses",
    "compile_pattern",
    "head_tests",
    "json_words",
    "lowered",
    "required_literals",
    "requirement",
    "rest",
    "word_list_matches",
]

#: The dialects by the word users write in `type=`: (pattern, captures wanted) -> Matcher.
DIALECTS: dict[str, Callable[[str, bool], Matcher]] = {
    "osmatch": lambda pattern, captures: OsMatch(pattern),
    "osregex": lambda pattern, captures: OsRegex(pattern, captures=captures),
    "pcre2": lambda pattern, captures: Pcre2(pattern, captures=captures),
    "string": lambda pattern, captures: ExactString(pattern),
}


def compile_pattern(pattern: str, dialect: str, *, captures: bool = False) -> Matcher:
    """Compile `pattern` in `dialect` (case of the word ignored). `captures`: `search` shall deliver groups.

    Raises PatternError with the place in the pattern and a hint.
    """
    make = DIALECTS.get(dialect.lower())
    if make is None:
        known = ", ".join(DIALECTS)
        raise PatternError(
            f"there is no pattern type {dialect!r}", hint=did_you_mean(dialect.lower(), DIALECTS) or f"types: {known}"
        )
    return make(pattern, captures)
