"""What every match must contain or begin with, for skipping work: one search for many patterns at once.

The answers of the dialects in one form. Sound, not complete: a text may have the literals and still not match.
"""

from __future__ import annotations

from alertmill.patterns import osmatch, osregex, osregex_matcher, pcre2_literals
from alertmill.patterns.lowercase import lower
from alertmill.patterns.osregex_native import HeadTest, Seen, head_test
from alertmill.patterns.pcre2_literals import Need

#: One entry per alternative of a pattern: what its matches contain, all of it. An empty one: nothing is known.
Requirement = list[list[Need]]


def required_literals(pattern: str, dialect: str) -> tuple[str, ...] | None:
    """Literals, in lower case, of which at least one occurs in the lower-case text of whatever matches `pattern`.

    None: nothing is known, every text must be tried. An empty tuple: no text can match. Lower case is that of
    `lowercase.lower`. The pattern must be one that `compile_pattern` accepts.
    """
    choices = [pcre2_literals.best(needs) for needs in requirement(pattern, dialect)]
    literals = [literal for need in choices for literal in (need or ("",))]
    if "" in literals:
        return None
    literals = list(dict.fromkeys(literals))
    return tuple(one for one in literals if not any(other != one and other in one for other in literals))


def head_tests(pattern: str, dialect: str, seen: Seen) -> tuple[HeadTest, ...]:
    """Tests of the beginning of a text, of which one must pass if `pattern` is to match; none where nothing is known.

    The text is given in lower case and with its characters replaced by what they look like to `seen`.
    """
    if dialect != "osregex":
        return ()
    tests = [head_test(alternative, seen) for alternative in osregex.parse(pattern)]
    return () if None in tests else tuple(test for test in tests if test is not None)


def requirement(pattern: str, dialect: str) -> Requirement:
    """What the lower-case text of a match contains: all needs of one of the alternatives, of each need a literal.

    No alternatives: no text can match. A leading `!` of an osmatch pattern makes its matches the others: nothing known.
    """
    match dialect.lower():
        case "osmatch":
            negated = pattern.startswith("!")
            return [[]] if negated else [[(literal,)] for literal, _, _ in osmatch.alternatives(pattern)]
        case "osregex":
            rows = [osregex_matcher.literal_rows(one) for one in osregex.parse(pattern)]
            return [[(row,) for row in of_one if row] for of_one in rows if osregex.NEVER not in "".join(of_one)]
        case "pcre2":
            return pcre2_literals.needs_of_alternatives(pattern)
        case _:
            return [[(lower(pattern),)]]
