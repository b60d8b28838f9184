"""What a pattern says about the beginning of a text, without trying it: cheap ways to skip decoders.

Every answer is a proof from the pattern alone (spec/regex.md 2.1 and 2.6); where there is none the answer is None and
the pattern has to be tried. Matching itself is the business of `patterns`.
"""

from __future__ import annotations

import re

from alertmill.patterns.osregex import NEVER, Alternative, Literal, parse

#: What the text of every JSON object with a first key begins with.
_JSON_HEAD = '{"'
#: One step of an OSREGEX alternative: a class with its quantifier, or a literal.
_TOKEN = re.compile(r"\\(?P<escape>.)(?P<quantifier>[+*]?)|(?P<literal>.)", re.DOTALL)
_ALTERNATIVE = re.compile(r"(?:\\.|[^\\|])*", re.DOTALL)
#: A PCRE2 pattern whose first byte is settled.
_PCRE2_LITERAL = re.compile(r"\^([A-Za-z0-9])(?![?*{])[^|()]*\Z", re.DOTALL)


def first_bytes(pattern: str, dialect: str) -> frozenset[str] | None:
    """The bytes that a text must begin with to match; None when it may begin anyhow, or be empty."""
    if dialect == "pcre2":
        found = _PCRE2_LITERAL.match(pattern)
        return frozenset(found.group(1)) if found else None
    if dialect != "osregex":
        return None
    allowed: set[str] = set()
    for alternative in parse(pattern):
        first = _first_of(alternative)
        if first is None:
            return None
        allowed.update(first)
    return frozenset(allowed)


def matches_json(pattern: str, dialect: str) -> bool | None:
    """Whether the pattern matches every text that begins with `{"`: True, False for none, or None when that varies."""
    first = first_bytes(pattern, dialect)
    if first is not None and "{" not in first:
        return False
    if dialect != "osregex":
        return None
    answers = {_begins_json(alternative) for alternative in _alternatives(pattern)}
    return True if True in answers else None if None in answers else False


def _alternatives(pattern: str) -> list[str]:
    """The alternatives of an OSREGEX."""
    found = []
    position = 0
    while position <= len(pattern):
        alternative = _ALTERNATIVE.match(pattern, position)
        assert alternative is not None
        found.append(alternative.group())
        position = alternative.end() + 1
    return found


def _first_of(alternative: Alternative) -> set[str] | None:
    """The bytes that an anchored alternative can begin with, if it has an element that must be matched."""
    if not alternative.begin or alternative.has_adjacent_marks():
        return None
    found: set[str] = set()
    for element in alternative.elements():
        if isinstance(element, Literal):
            return found if element.char == NEVER else found | {element.char, element.char.upper()}
        found |= element.chars
        if element.quantifier != "*":
            return found
    return None


def _literal(char: str, *, at_end: bool) -> str | None:
    """Both cases of a literal; None for what is not one, or has rules of its own."""
    if char in "()" or (char == "$" and at_end) or not char.isascii():
        return None
    return char.lower() + char.upper()


def _begins_json(alternative: str) -> bool | None:
    """`matches_json` for one alternative, walking literals and blanks that may be missing."""
    if not alternative.startswith("^"):
        return None
    position, seen = 1, 0
    while position < len(alternative):
        token = _TOKEN.match(alternative, position)
        if token is None or seen == len(_JSON_HEAD):
            return None
        position = token.end()
        if token["escape"] == "s" and token["quantifier"] == "*":
            continue
        if token["escape"]:
            return None
        allowed = _literal(token["literal"], at_end=position == len(alternative))
        if allowed is None:
            return None
        if _JSON_HEAD[seen] not in allowed:
            return False
        seen += 1
    return True
