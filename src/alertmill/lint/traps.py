"""Patterns that are allowed in their dialect and mean something else than they seem to (spec/regex.md 2 to 5).

Each trap is a function of text and dialect that finds places; `patterns` tells them of rules, `decoders` of decoders.
What may be meant as it stands is left alone: `c++`, `[error]` and `index.php?id=` are ordinary texts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from alertmill.lint import catalogue as kinds
from alertmill.lint.kinds import Kind, quoted
from alertmill.lint.shapes import shape_of
from alertmill.patterns.osregex import parse


@dataclass(frozen=True, slots=True)
class Trap:
    """A place in a pattern that does not do what it seems to: its kind, position, and what to say of it."""

    kind: Kind
    position: int
    message: str


Find = Callable[[str, str], Iterator[Trap]]

_WITHOUT_PERL = ("osmatch", "osregex")

_QUANTIFIED_DOT = re.compile(r"(?<!\\)(?:\\\\)*(?P<it>\.[*+](?![*+]))")
_CLASS_AND_MORE = re.compile(
    r"\\[dwsSDWt.p][+*]?(?P<it>\?(?![\w.]*=)|\{\d+,?\d*\})|(?<!\\)\)(?P<group>[+*?](?=$|[|\\( ^$]))"
)
_LETTER_AND_MORE = re.compile(r"(?<![\\+*])[A-Za-z0-9](?P<it>[+*])(?=$|[|\\() $]|(?<=[A-Za-z].)[A-Za-z])")
_GLOB = re.compile(r"[A-Za-z0-9](?P<it>\*)(?=$|[|A-Za-z0-9])")
_RANGE = re.compile(r"\[\^?(?:[^\]\s\\]*(?:a-z|A-Z|0-9|a-f|A-F)[^\]]*|[^\]\s]+(?=\][*+]))\]|\[\^[^\]]{1,3}\]")
_ESCAPED_DOT = re.compile(r"(?<=[A-Za-z0-9])(?<!\\[dwsSDWtp])\\\.(?=[A-Za-z0-9]|\\d|$|\|)|(?<=\\d\+)\\\.(?=\\d)")
_PERL = re.compile(r"(?<!\\)\((?P<it>\?(?:[imsxU]+[):]|[:=!>]|<[=!A-Za-z]|P<))")
_ANCHOR_IN_GROUP = re.compile(r"(?<!\\)\((?P<begin>\^)|(?P<end>(?<!\\)\$)\)(?=$|\|)")
_OSMATCH_CLASS = re.compile(r"\\(?:[dwsSDWtbp][+*]?|[.|()\[\]/\-*+?^$\\])")
_OSMATCH_GROUP = re.compile(r"\([^()]*\|[^()]*\)")
_WORD_BEFORE = re.compile(r"\\w[+*]\)?(?P<it>[-@])")
_NUMBER = re.compile(r"\d{1,3}")
_WHOLE_ADDRESS = re.compile(r"(?P<begin>\^?)\d{1,3}(?:\\?\.\d{1,3}){3}(?P<end>\$?)")
#: The highest number of an address that another digit keeps within 255.
_LAST_TO_GO_ON = 25
_WHOLE_GROUP = re.compile(r"\((?:\?:)?([^()]*)\)")
#: Numbers that say what they are (HTTP, SMTP, FTP), in fields with such names: nobody takes 404 for a part of 4040.
_THREE_DIGIT_CODES = range(100, 600)
_CODES = ("code", "id", "status")
_ADDRESS = re.compile(r"(?<![\d\\.\]])(?:\d{1,3}(?P<it>\.)){3}\d{1,3}(?![\d])")
_FILE = re.compile(r"[A-Za-z0-9_]+(?P<it>\.)(?:com|org|net|exe|dll|bat|ps1|vbs|php|conf|log)(?![A-Za-z0-9_*+?{])")
_ENTITY = re.compile(r"&(?:lt|gt|amp|quot|apos|#\d+|#x[0-9a-fA-F]+);")


def quantified_dot(text: str, dialect: str) -> Iterator[Trap]:
    if dialect in _WITHOUT_PERL:
        for found in _QUANTIFIED_DOT.finditer(text):
            message = (
                f"{found['it']} of {quoted(text)} looks for a dot and a {found['it'][1]}: {dialect} has no such thing"
            )
            yield Trap(kinds.ANY_DOT, found.start("it"), message)


def literal_quantifier(text: str, dialect: str) -> Iterator[Trap]:
    for pattern in _QUANTIFIERS.get(dialect, ()):
        for found in pattern.finditer(text):
            name = found.lastgroup or "it"
            message = f"{quoted(found[name])} in {quoted(text)} is no quantifier here but is looked for as it stands"
            yield Trap(kinds.LITERAL_QUANTIFIER, found.start(name), message)


def brackets(text: str, dialect: str) -> Iterator[Trap]:
    if dialect in _WITHOUT_PERL:
        for found in _RANGE.finditer(text):
            message = f"{quoted(found[0])} is looked for as it stands: {dialect} has no character classes in brackets"
            yield Trap(kinds.BRACKETS, found.start(), message)


def escaped_dot(text: str, dialect: str) -> Iterator[Trap]:
    if dialect == "osregex":
        found = _ESCAPED_DOT.search(text)
        if found is not None:
            message = rf"\. in {quoted(text)} matches any character; in OSREGEX a dot is written without a backslash"
            yield Trap(kinds.ESCAPED_DOT, found.start(), message)


def perl_group(text: str, dialect: str) -> Iterator[Trap]:
    if dialect in _WITHOUT_PERL:
        for found in _PERL.finditer(text):
            message = f"{quoted('(' + found['it'])} means nothing in {dialect} and is looked for as it stands"
            yield Trap(kinds.PERL_GROUP, found.start(), message)


def misplaced_anchor(text: str, dialect: str) -> Iterator[Trap]:
    if dialect == "osregex":
        for found in _ANCHOR_IN_GROUP.finditer(text):
            char = found[found.lastgroup or "begin"]
            message = f"{char} inside the parentheses of {quoted(text)} is no anchor but an ordinary character"
            yield Trap(kinds.MISPLACED_ANCHOR, found.start(found.lastgroup or "begin"), message)
    if dialect in _WITHOUT_PERL:
        for position, char in _inner_anchors(text):
            message = f"{char} in the middle of {quoted(text)} is no anchor but an ordinary character"
            yield Trap(kinds.MISPLACED_ANCHOR, position, message)


def _inner_anchors(text: str) -> Iterator[tuple[int, str]]:
    """A `$` before a `^`: what remains of two patterns that were put together without a |."""
    position = text.find("$^")
    if position >= 0 and text[max(position - 1, 0)] != "\\":
        yield position, "$^"


def osmatch_escape(text: str, dialect: str) -> Iterator[Trap]:
    if dialect == "osmatch":
        found = _OSMATCH_CLASS.search(text)
        if found is not None:
            message = f"{quoted(found[0])} in {quoted(text)} is looked for as it stands: OSMATCH knows no escapes"
            yield Trap(kinds.OSMATCH_ESCAPE, found.start(), message)


def osmatch_group(text: str, dialect: str) -> Iterator[Trap]:
    if dialect == "osmatch":
        found = _OSMATCH_GROUP.search(text)
        if found is not None:
            first, last = found[0].split("|")[0], found[0].split("|")[-1]
            message = f"{quoted(found[0])} looks for {quoted(first)} or {quoted(last)}: OSMATCH has no groups"
            yield Trap(kinds.OSMATCH_GROUP, found.start(), message)


def exact_text(text: str, dialect: str) -> Iterator[Trap]:
    if dialect == "string":
        found = re.search(r"\||^\^|(?<!^)\$$|\.[*+]|\\[dwsS.]", text)
        if found is not None:
            message = f"{quoted(text)} is compared as a whole, so {quoted(found[0])} must be in the action itself"
            yield Trap(kinds.EXACT_ACTION, found.start(), message)


def wide_word(text: str, dialect: str) -> Iterator[Trap]:
    if dialect == "osregex":
        found = _WORD_BEFORE.search(text)
        if found is not None:
            message = rf"\w in {quoted(text)} takes {found['it']} as well, so it ends at the first {found['it']}"
            yield Trap(kinds.WIDE_WORD, found.start(), message)


def matches_all(text: str, dialect: str) -> Iterator[Trap]:
    if dialect in _WITHOUT_PERL and "|" in text and shape_of(text, dialect).is_universal:
        position = 0 if text.startswith("|") else text.find("||") + 1 or len(text) - 1
        message = f"{quoted(text)} has an empty alternative, so it always matches"
        yield Trap(kinds.MATCHES_ALL, position, message)


def never_matches(text: str, dialect: str) -> Iterator[Trap]:
    if not text.isascii() and shape_of(text, dialect).is_impossible:
        position = next(place for place, char in enumerate(text) if not char.isascii())
        message = f"{quoted(text)} can never match: in {dialect} a character that is not ASCII equals nothing"
        yield Trap(kinds.NEVER_MATCHES, position, message)


def bare_dot(text: str, dialect: str) -> Iterator[Trap]:
    if dialect == "pcre2":
        found = _ADDRESS.search(text) or _FILE.search(text)
        if found is not None:
            message = f"the dot in {quoted(found[0])} matches any character in PCRE2"
            yield Trap(kinds.BARE_DOT, found.start("it"), message)


def line_break(text: str, _dialect: str) -> Iterator[Trap]:
    if text.strip() and (text.lstrip(" \t")[:1] in "\r\n" or text.rstrip(" \t")[-1:] in "\r\n"):
        message = f"the pattern {quoted(text.strip())} begins or ends with a line break, which a log must hold then"
        yield Trap(kinds.LINE_BREAK, -1, message)


def entity(text: str, _dialect: str) -> Iterator[Trap]:
    found = _ENTITY.search(text)
    if found is not None:
        message = f"{found[0]} in {quoted(text)} is not decoded but looked for as it stands"
        yield Trap(kinds.ENTITY, found.start(), message)


def idle_negation(text: str, dialect: str) -> Iterator[Trap]:
    position = text.find("|!") + 1 if dialect == "osmatch" else 0 if text.startswith("!") else -1
    if position > 0 or (dialect in ("osregex", "pcre2") and position == 0):
        message = f"the ! in {quoted(text)} negates nothing but is looked for as it stands"
        yield Trap(kinds.IDLE_NEGATION, position, message)


def touching_groups(text: str, dialect: str) -> Iterator[Trap]:
    if dialect == "osregex" and any(one.has_adjacent_marks() for one in parse(text)):
        found = re.search(r"\)\(|\(\)", text)
        message = f"two parentheses of {quoted(text)} touch, and the second one is looked for as a character"
        yield Trap(kinds.BROKEN_GROUPS, found.start() + 1 if found else 0, message)


def is_bare_number(text: str, dialect: str, name: str) -> bool:
    """Whether an alternative of the pattern for the field `name` is a short number, anchored nowhere."""
    if dialect == "string":
        return False
    is_code = any(word in name.lower() for word in _CODES)
    numbers = [part for part in _alternatives(text) if _NUMBER.fullmatch(part)]
    return any(not is_code or int(number) not in _THREE_DIGIT_CODES for number in numbers)


def bare_address(text: str, dialect: str) -> tuple[str, tuple[str, ...]]:
    """The first alternative that is a full IPv4 address and lacks an anchor, and other addresses that it matches."""
    for part in _alternatives(text) if dialect != "string" else ():
        found = _WHOLE_ADDRESS.fullmatch(part)
        if found is not None:
            others = tuple(_longer_addresses(part.strip("^$").replace("\\", ""), found))
            if others:
                return part, others
    return "", ()


def _longer_addresses(address: str, found: re.Match[str]) -> Iterator[str]:
    """Addresses that have this one inside: a digit before it, or behind it, where there is no anchor."""
    first, last = address.split(".")[0], address.split(".")[-1]
    if not found["begin"] and len(first) < len("255"):
        yield f"1{address}"
    if not found["end"] and 0 < int(last) <= _LAST_TO_GO_ON:
        yield f"{address}2"


def _alternatives(text: str) -> list[str]:
    """The alternatives of a pattern; none when it has groups, whose anchors may be outside of them."""
    group = _WHOLE_GROUP.fullmatch(text)
    text = group[1] if group is not None else text
    return [] if "(" in text else text.split("|")


_QUANTIFIERS = {"osmatch": (_GLOB,), "osregex": (_CLASS_AND_MORE, _LETTER_AND_MORE)}

#: All traps. A new one is a function above and its name here.
TRAPS: tuple[Find, ...] = (
    bare_dot,
    brackets,
    entity,
    escaped_dot,
    exact_text,
    idle_negation,
    line_break,
    literal_quantifier,
    matches_all,
    misplaced_anchor,
    never_matches,
    osmatch_escape,
    osmatch_group,
    perl_group,
    quantified_dot,
    touching_groups,
    wide_word,
)
