"""What a rule demands of an event, in a form in which demands can be compared: implied by others, or at odds with them.

A `Demand` is one condition on one value. Conditions with a memory (history, `if_fts`, `check_diff`) are none: whether
they hold is never certain. Demands on different values say nothing about each other.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from alertmill.errors import Origin
from alertmill.lint import shapes
from alertmill.ruleset.spec import AddressCriterion, ListCriterion, RuleSpec, TextCriterion

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_MINUTES = frozenset(range(24 * 60))
_DAYS = frozenset(range(7))

#: What a demand is about: a kind of value, and its name where there are several.
Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Pattern:
    """A text matches the pattern, or with `negate` does not; a missing text never fulfils it."""

    shape: shapes.Shape
    negate: bool

    def implies(self, other: object) -> bool:
        if not isinstance(other, Pattern):
            return False
        if self.negate:
            wider = other.negate and shapes.implies(other.shape, self.shape)
            return wider or (not other.negate and other.shape.is_universal)
        return shapes.excludes(self.shape, other.shape) if other.negate else shapes.implies(self.shape, other.shape)

    def excludes(self, other: object) -> bool:
        if not isinstance(other, Pattern) or (self.negate and other.negate):
            return False
        if self.negate or other.negate:
            positive, negative = (self, other) if other.negate else (other, self)
            return shapes.implies(positive.shape, negative.shape)
        return shapes.excludes(self.shape, other.shape)

    def is_impossible(self) -> bool:
        return self.shape.is_universal if self.negate else self.shape.is_impossible


@dataclass(frozen=True, slots=True)
class OneOf:
    """A value is among these: a decoder's identity, a minute of the day, a day of the week."""

    values: frozenset[int]

    def implies(self, other: object) -> bool:
        return isinstance(other, OneOf) and self.values <= other.values

    def excludes(self, other: object) -> bool:
        return isinstance(other, OneOf) and not self.values & other.values

    def is_impossible(self) -> bool:
        return not self.values


@dataclass(frozen=True, slots=True)
class Within:
    """An address lies in one of the networks, or with `negate` in none."""

    networks: tuple[Network, ...]
    negate: bool

    def implies(self, other: object) -> bool:
        if not isinstance(other, Within):
            return False
        if self.negate:
            return other.negate and _inside(other.networks, self.networks)
        return _apart(self.networks, other.networks) if other.negate else _inside(self.networks, other.networks)

    def excludes(self, other: object) -> bool:
        if not isinstance(other, Within) or (self.negate and other.negate):
            return False
        if self.negate or other.negate:
            positive, negative = (self, other) if other.negate else (other, self)
            return _inside(positive.networks, negative.networks)
        return _apart(self.networks, other.networks)

    def is_impossible(self) -> bool:
        return False


@dataclass(frozen=True, slots=True)
class Least:
    """A number is this or more."""

    value: int

    def implies(self, other: object) -> bool:
        return isinstance(other, Least) and self.value >= other.value

    def excludes(self, other: object) -> bool:
        return False

    def is_impossible(self) -> bool:
        return False


@dataclass(frozen=True, slots=True)
class Same:
    """A condition that is only comparable with itself: a built-in predicate, a look-up in a list."""

    what: object

    def implies(self, other: object) -> bool:
        return self == other

    def excludes(self, other: object) -> bool:
        return False

    def is_impossible(self) -> bool:
        return False


Test = Pattern | OneOf | Within | Least | Same


@dataclass(frozen=True, slots=True)
class Demand:
    """A condition of a rule: on what (`key`), which, in words, and where it is written."""

    key: Key
    test: Test
    words: str
    origin: Callable[[], Origin]


def demands_of(spec: RuleSpec) -> tuple[Demand, ...]:
    """What a rule itself demands, without a memory and without what its parents demand."""
    found = [_of_text(criterion, _text_key(name)) for name, criterion in spec.texts.items()]
    found += [_of_text(criterion, ("field", criterion.name.lower())) for criterion in spec.fields]
    found += [_of_addresses(criterion, spec) for criterion in spec.addresses.values()]
    found += [_of_list(criterion) for criterion in spec.lists]
    if spec.decoded_as is not None:
        identity = OneOf(frozenset((spec.decoder_identity,)))
        found.append(_demand(spec, ("decoder", ""), identity, f"<decoded_as>{spec.decoded_as}</decoded_as>"))
    if spec.time is not None:
        minutes = frozenset(filter(spec.time.holds, _MINUTES))
        found.append(_demand(spec, ("time", ""), OneOf(minutes), "<time>"))
    if spec.weekdays is not None:
        found.append(_demand(spec, ("weekday", ""), OneOf(spec.weekdays), "<weekday>"))
    if spec.maxsize:
        found.append(_demand(spec, ("size", ""), Least(spec.maxsize), f'maxsize="{spec.maxsize}"'))
    if spec.compiled_rule is not None:
        words = f"<compiled_rule>{spec.compiled_rule}</compiled_rule>"
        found.append(_demand(spec, ("predicate", spec.compiled_rule), Same(spec.compiled_rule), words))
    return tuple(found)


def has_memory(spec: RuleSpec) -> bool:
    """Whether the rule also asks for what no event shows by itself."""
    return spec.composite or spec.if_fts or spec.check_diff


def _demand(spec: RuleSpec, key: Key, test: Test, words: str) -> Demand:
    return Demand(key, test, words, lambda: spec.origin)


def _text_key(name: str) -> Key:
    """Both `match` and `regex` look at the log."""
    return ("log", "") if name in ("match", "regex") else ("text", name)


def _of_text(criterion: TextCriterion, key: Key) -> Demand:
    shape = shapes.shape_of(criterion.source.text, criterion.dialect)
    tag = f'<field name="{criterion.name}"' if key[0] == "field" else f"<{criterion.name}"
    negate = ' negate="yes"' if criterion.negate else ""
    words = f"{tag}{negate}>{criterion.source.text}</{'field' if key[0] == 'field' else criterion.name}>"
    return Demand(key, Pattern(shape, criterion.negate), words, criterion.source.origin)


def _of_addresses(criterion: AddressCriterion, spec: RuleSpec) -> Demand:
    networks = tuple(network for entry in criterion.entries for network in _networks(entry))
    negate = ' negate="yes"' if criterion.negate else ""
    words = f"<{criterion.name}{negate}>{', '.join(criterion.entries)}</{criterion.name}>"
    return _demand(spec, ("text", criterion.name), Within(networks, criterion.negate), words)


def _networks(entry: str) -> Iterable[Network]:
    wanted = entry.strip().removeprefix("!")
    if wanted == "any":
        return (ipaddress.ip_network("0.0.0.0/0"), ipaddress.ip_network("::/0"))
    return (ipaddress.ip_network(wanted, strict=False),)


def _inside(some: Iterable[Network], others: Iterable[Network]) -> bool:
    return all(any(_is_subnet(one, other) for other in others) for one in some)


def _apart(some: Iterable[Network], others: Iterable[Network]) -> bool:
    return not any(_is_subnet(one, other) or _is_subnet(other, one) for one in some for other in others)


def _is_subnet(one: Network, other: Network) -> bool:
    if isinstance(one, ipaddress.IPv4Network):
        return isinstance(other, ipaddress.IPv4Network) and one.subnet_of(other)
    return isinstance(other, ipaddress.IPv6Network) and one.subnet_of(other)


def _of_list(criterion: ListCriterion) -> Demand:
    values = criterion.values.pattern if criterion.values is not None else None
    what = (criterion.field, criterion.static, criterion.lookup, values, criterion.list.name)
    words = f'<list field="{criterion.field}" lookup="{criterion.lookup}">{criterion.list.name}</list>'
    return Demand(("list", f"{criterion.field} {criterion.list.name}"), Same(what), words, lambda: criterion.origin)


def all_implied(wanted: Iterable[Demand], given: dict[Key, list[Demand]]) -> bool:
    """Whether each of the wanted demands follows from one of those given."""
    for demand in wanted:
        for one in given.get(demand.key, ()):
            if one.test.implies(demand.test):
                break
        else:
            return False
    return True
