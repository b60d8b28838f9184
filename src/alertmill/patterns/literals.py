"""What every match must contain or begin with, for skipping work: one search for many patterns at once.

The answers of the dialects in one form. Sound, not complete: a text may have the literal and still not match.
"""

from __future__ import annotations

from alertmill.patterns import osmatch, osregex, osregex_matcher, pcre2_literals
from alertmill.patterns.lowercase import lower
from alertmill.patterns.osregex_native import HeadTest, Seen, head_test


def required_literals(pattern: str, dialect: str) -> tuple[str, ...] | None:
    """Literals, in lower case, of which at least one occurs in the lower-case text of whatever matches `pattern`.

    None: nothing is known, every text must be tried. An empty tuple: no text can match. Lower case is that of
    `lowercase.lower`. The pattern must be one that `compile_pattern` accepts.
    """
    match dialect.lower():
        case "osmatch":
            return _of_osmatch(pattern)
        case "osregex":
            return _all([max(osregex_matcher.literal_rows(one), key=len) for one in osregex.parse(pattern)])
        case "pcre2":
            return pcre2_literals.best(pcre2_literals.needs(pattern))
        case _:
            return _all([lower(pattern)])


def head_tests(pattern: str, dialect: str, seen: Seen) -> tuple[HeadTest, ...]:
    """Tests of the beginning of a text, of which one must pass if `pattern` is to match; none where nothing is known.

    The text is given in lower case and with its characters replaced by what they look like to `seen`.
    """
    if dialect != "osregex":
        return ()
    tests = [head_test(alternative, seen) for alternative in osregex.parse(pattern)]
    return () if None in tests else tuple(test for test in tests if test is not None)


def _of_osmatch(pattern: str) -> tuple[str, ...] | None:
    if pattern.startswith("!"):
        return None
    return _all([literal for literal, _, _ in osmatch.alternatives(pattern)])


def _all(literals: list[str]) -> tuple[str, ...] | None:
    """The literals without those that another one implies; None when one of them is empty."""
    if "" in literals:
        return None
    literals = [one for one in dict.fromkeys(literals) if osregex.NEVER not in one]
    return tuple(one for one in literals if not any(other != one and other in one for other in literals))
