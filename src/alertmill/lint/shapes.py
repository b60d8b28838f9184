"""What a pattern demands of a text, as far as it can be proved: the ground of every "always" and "never" of the linter.

    implies(shape_of("^sshd$", "osmatch"), shape_of("sshd", "osmatch"))      # True: whatever matches the first ...
    excludes(shape_of("^a", "osregex"), shape_of("^b|^c", "osregex"))        # True: nothing matches both

Both answers are proofs: True is certain, False means "not proved". Patterns are byte text and compile in their dialect.
One thing is left out of account: `$` of PCRE2 matches before a final line end, too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

from alertmill.patterns import Matcher, compile_pattern
from alertmill.patterns.lowercase import lower
from alertmill.patterns.osmatch import alternatives as osmatch_alternatives
from alertmill.patterns.osregex import NEVER, parse
from alertmill.patterns.osregex_matcher import literal_rows
from alertmill.patterns.pcre2_literals import needs

#: A PCRE2 pattern that is a literal text with anchors.
_PCRE2_LITERAL = re.compile(r"(?P<begin>\^)?(?P<text>(?:[^\\^$.|?*+()\[\]{}]|\\[^a-zA-Z0-9])*)(?P<end>\$)?", re.DOTALL)
_PCRE2_PART = re.compile(r"((?:[^\\|]|\\.)*)\|", re.DOTALL)
#: Alternatives in one anchored group.
_PCRE2_GROUP = re.compile(r"\^\((?:\?:)?([^()\[\]]*)\)\$", re.DOTALL)
_PCRE2_LEAD = re.compile(r"\^((?:[^\\^$.|?*+()\[\]{}]|\\[^a-zA-Z0-9])+)(?P<next>.?)", re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Alternative:
    """One way to match.

    `needs`: of each tuple at least one literal occurs in the text in lower case; `lead` begins it. `equals` is the one
    text that matches, if there is one (in lower case unless `exact`). `kind` says that the alternative is no more than
    a literal test of `literal`, case ignored. Alternatives with the same `token` match the same texts.
    """

    token: object
    needs: tuple[tuple[str, ...], ...] = ()
    lead: str = ""
    equals: str | None = None
    exact: bool = False
    kind: str = ""
    literal: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """A pattern's alternatives that can match at all. `negated`: there was a `!` of OSMATCH before `text`."""

    dialect: str
    text: str
    negated: bool
    alternatives: tuple[Alternative, ...]
    matcher: Matcher

    @property
    def is_universal(self) -> bool:
        """Whether every text matches."""
        return not self.negated and any(one.kind == "any" for one in self.alternatives)

    @property
    def is_impossible(self) -> bool:
        """Whether no text matches."""
        return not self.alternatives and not self.negated

    def holds_plainly(self, text: str) -> bool:
        """Whether the pattern without its `!` matches."""
        return self.matcher.matches(text) is not self.negated

    def texts(self) -> tuple[str, ...] | None:
        """The only texts that match, in lower case; None when there are others."""
        found = tuple(lower(one.equals) for one in self.alternatives if one.equals is not None)
        return found if len(found) == len(self.alternatives) and not self.negated else None


@lru_cache(maxsize=16384)
def shape_of(text: str, dialect: str) -> Shape:
    """The shape of a pattern."""
    negated = dialect == "osmatch" and text.startswith("!")
    plain = text[1:] if negated else text
    return Shape(dialect, plain, negated, _READERS[dialect](plain), compile_pattern(text, dialect))


def implies(one: Shape, other: Shape) -> bool:
    """Whether every text that matches `one` matches `other`."""
    if one.negated:
        return other.negated and _covers(other, one)
    if other.negated:
        return _disjoint(one, other)
    return _covers(one, other)


def excludes(one: Shape, other: Shape) -> bool:
    """Whether no text matches both."""
    if one.negated or other.negated:
        positive, negative = (one, other) if other.negated else (other, one)
        return not positive.negated and _covers(positive, negative)
    return _disjoint(one, other)


def _covers(one: Shape, other: Shape) -> bool:
    """`implies` for the patterns without their `!`."""
    if one.dialect == other.dialect and one.text == other.text:
        return True
    return all(any(_is_within(a, b) for b in other.alternatives) or _accepts(other, a) for a in one.alternatives)


def _is_within(a: Alternative, b: Alternative) -> bool:
    if a.token == b.token or b.kind == "any":
        return True
    if b.kind == "inside":
        return any(all(b.literal in literal for literal in need) for need in a.needs)
    if b.kind == "prefix":
        return a.lead.startswith(b.literal)
    if b.kind == "suffix":
        return a.kind in ("suffix", "equal") and a.literal.endswith(b.literal)
    return False


def _accepts(shape: Shape, a: Alternative) -> bool:
    """Whether the pattern matches the one text of `a`, whatever its case."""
    text = _settled(shape, a)
    return text is not None and shape.holds_plainly(text)


def _settled(shape: Shape, a: Alternative) -> str | None:
    """The one text of `a` if the pattern says the same of all its spellings in upper and lower case."""
    if a.equals is None:
        return None
    is_settled = a.exact or shape.dialect in ("osmatch", "osregex") or a.equals.upper() == a.equals.lower()
    return a.equals if is_settled else None


def _disjoint(one: Shape, other: Shape) -> bool:
    """Whether no text matches both patterns without their `!`."""
    return all(_never_both(one, a, other, b) for a, b in product(one.alternatives, other.alternatives))


def _never_both(one: Shape, a: Alternative, other: Shape, b: Alternative) -> bool:
    if a.lead and b.lead and not (a.lead.startswith(b.lead) or b.lead.startswith(a.lead)):
        return True
    return _rejects(other, b, a) or _rejects(one, a, b)


def _rejects(shape: Shape, b: Alternative, a: Alternative) -> bool:
    """Whether the one text of `a` is none that `b`, or the whole pattern of `b`, matches."""
    if a.equals is None:
        return False
    text = lower(a.equals)
    if not text.startswith(b.lead) or not all(any(literal in text for literal in need) for need in b.needs):
        return True
    settled = _settled(shape, a)
    return settled is not None and not shape.holds_plainly(settled)


# --- reading the dialects ---------------------------------------------------------------------------------------------


def _literal(text: str, *, begin: bool, end: bool) -> Alternative:
    """A literal test, case ignored."""
    if not text and not (begin and end):
        return Alternative(("any",), kind="any")
    kind = "equal" if begin and end else "prefix" if begin else "suffix" if end else "inside"
    return Alternative(
        (kind, text),
        needs=((text,),),
        lead=text if begin else "",
        equals=text if kind == "equal" else None,
        kind=kind,
        literal=text,
    )


def _of_osmatch(pattern: str) -> tuple[Alternative, ...]:
    return tuple(_literal(text, begin=begin, end=end) for text, begin, end in osmatch_alternatives(pattern))


def _of_osregex(pattern: str) -> tuple[Alternative, ...]:
    found = []
    for one in parse(pattern):
        if any(getattr(token, "char", "") == NEVER for token in one.tokens):
            continue
        literal = one.literal()
        if literal is not None:
            found.append(_literal(literal, begin=one.begin, end=one.end))
        elif not one.tokens and not one.end:
            found.append(_literal("", begin=False, end=False))
        else:
            rows = literal_rows(one)
            wanted = tuple((row,) for row in rows if row)
            found.append(Alternative(one, needs=wanted, lead=rows[0] if one.begin else ""))
    return tuple(found)


def _of_pcre2(pattern: str) -> tuple[Alternative, ...]:
    fold = pattern.startswith("(?i)")
    body = pattern.removeprefix("(?i)")
    group = _PCRE2_GROUP.fullmatch(body)
    parts = [f"^{part}$" for part in _split(group[1])] if group is not None else _split(body)
    literals = [_PCRE2_LITERAL.fullmatch(part) for part in parts]
    if all(literals):
        return tuple(_pcre2_literal(one, fold) for one in literals if one is not None)
    lead = _PCRE2_LEAD.match(body)
    begins = ""
    if lead is not None and "|" not in body:
        begins = lower(_ESCAPED.sub(r"\1", lead[1]))
        begins = begins[:-1] if lead["next"] in ("?", "*", "{", "+") else begins
    return (Alternative(("pcre2", pattern), tuple(needs(pattern)), begins),)


def _split(pattern: str) -> list[str]:
    """The parts between the bars of a pattern without groups."""
    return [found[1] for found in _PCRE2_PART.finditer(pattern + "|")]


def _pcre2_literal(found: re.Match[str], fold: bool) -> Alternative:
    text = _ESCAPED.sub(r"\1", found["text"])
    folded = _literal(lower(text), begin=found["begin"] is not None, end=found["end"] is not None)
    if fold or folded.kind == "any" or text.upper() == text.lower():
        return folded
    equals = text if folded.equals is not None else None
    token = ("pcre2", found.group())
    return Alternative(token, folded.needs, folded.lead, equals, exact=True)


def _of_string(pattern: str) -> tuple[Alternative, ...]:
    folded = lower(pattern)
    return (Alternative(("string", pattern), ((folded,),), folded, pattern, exact=True),)


_READERS = {"osmatch": _of_osmatch, "osregex": _of_osregex, "pcre2": _of_pcre2, "string": _of_string}
