"""Which fields events can have, by the decoders that make them; plugins may make any (spec/decoders.md 5 and 7)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from alertmill.decoders.fields import STATIC_NAMES
from alertmill.decoders.spec import DecoderSpec

_NO_TYPE: tuple[str, ...] = ()

#: A decoder without parent, and its children.
Family = tuple[DecoderSpec, tuple[DecoderSpec, ...]]


@dataclass(frozen=True, slots=True)
class Producers:
    """What the events of some decoders can have.

    Attributes:
        names: the decoders, in words.
        is_empty: no event is ever decoded by any of them.
        anything: a plugin is among them, so that nothing can be said of their fields.
        static, dynamic: the fields that their orders name; dynamic ones in lower case.
        types: the categories of their events; empty when a plugin may change it.
        has_program: whether their events have a program name: True, False, or None where that varies.
        first_seen: whether any of them has an `<fts>`.
    """

    names: tuple[str, ...]
    is_empty: bool
    anything: bool
    static: frozenset[str]
    dynamic: frozenset[str]
    types: frozenset[str]
    has_program: bool | None
    first_seen: bool

    @classmethod
    def named(cls, name: str, families: Iterable[Family]) -> Producers:
        """The decoders whose events go by this name."""
        return cls._of([(winner, family) for winner, shown, family in _winners(families) if shown == name])

    @classmethod
    def of_type(cls, category: str, families: Iterable[Family]) -> Producers:
        """The decoders whose events are of this category."""
        found = [(winner, family) for winner, _, family in _winners(families)]
        return cls._of([(winner, family) for winner, family in found if category in (winner.type, *_any_type(family))])

    @classmethod
    def _of(cls, found: Sequence[tuple[DecoderSpec, Family]]) -> Producers:
        members = [member for _, (root, children) in found for member in (root, *children)]
        names = {name for member in members for name in member.order or ()}
        programs = {family[0].program_name is not None for _, family in found}
        anything = any(member.plugin for member in members)
        return cls(
            names=tuple(dict.fromkeys(family[0].name for _, family in found)),
            is_empty=not found,
            anything=anything,
            static=frozenset(STATIC_NAMES[name] for name in names if name in STATIC_NAMES),
            dynamic=frozenset(name.lower() for name in names if name not in STATIC_NAMES),
            types=frozenset(
                _NO_TYPE if any(_any_type(family) for _, family in found) else (one.type for one, _ in found)
            ),
            has_program=programs.pop() if len(programs) == 1 else None,
            first_seen=any(winner.fts is not None for winner, _ in found),
        )

    def lacks_static(self, name: str) -> bool:
        """Whether no event has this static field."""
        return not self.anything and name not in self.static

    def lacks_dynamic(self, name: str) -> bool:
        """Whether no event has this dynamic field."""
        return not self.anything and name.lower() not in self.dynamic


def _winners(families: Iterable[Family]) -> Iterable[tuple[DecoderSpec, str, Family]]:
    """The decoders that an event can be decoded by in the end, and the name that it then shows."""
    for root, children in families:
        yield root, root.name, (root, children)
        for child in children:
            if child.prematch is not None:
                yield child, child.name if child.use_own_name else root.name, (root, children)


def _any_type(family: Family) -> tuple[str, ...]:
    """All types, when a plugin of the family sets the type itself."""
    root, children = family
    if any(one.plugin in ("SonicWall_Decoder", "OSSECAlert_Decoder") for one in (root, *children)):
        return ("firewall", "ids", "ossec", "squid", "syslog", "web-log", "windows")
    return ()
