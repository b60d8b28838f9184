"""Walks the decoder tree for one event: picks the decoder and collects the fields (spec/decoders.md 3 to 5).

`DecoderTree.decode_plain` tries decoder after decoder as the specification says. `DecoderTree.decode` gives the same
answers sooner: it skips decoders that cannot match by program name or first byte, and for a record that brings its JSON
document it usually needs no text at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from alertmill.decoders.compiled import Pattern, Root, Step
from alertmill.decoders.fields import assign
from alertmill.decoders.heads import first_bytes
from alertmill.decoders.route import JsonRoute, json_route
from alertmill.event import Event
from alertmill.patterns import rest

#: What an event with too many fields for another regex says.
TOO_MANY_GROUPS = "Regex has too many groups."

#: Programs whose decoders are remembered, and the longest name that is.
_MAX_PROGRAMS = 4096
_MAX_PROGRAM_NAME = 64


class DecoderTree:
    """All decoders of a ruleset.

    `identities` leads from every name that `decoded_as` accepts to the number in `DecoderInfo.identity`; `count` is
    the number of decoder elements; `order_size` bounds the dynamic fields of an event.
    """

    def __init__(
        self,
        with_program: Sequence[Root],
        without_program: Sequence[Root],
        identities: Mapping[str, int],
        count: int,
        order_size: int,
    ) -> None:
        self.identities = dict(identities)
        self.count = count
        self._order_size = order_size
        self._with_program = tuple(with_program)
        self._without_program = tuple(without_program)
        #: Roots of programs seen before.
        self._by_program: dict[str, tuple[Root, ...]] = {}
        #: Roots that a log can have by its first byte, for first bytes seen before; "" is the empty log.
        self._by_first_byte: dict[str, tuple[Root, ...]] = {}
        #: The way of documents, if there is a short one.
        self.route: JsonRoute | None = json_route(self._without_program)

    @property
    def roots(self) -> tuple[Root, ...]:
        """All roots, those with a program name first, each list in the order in which it is tried."""
        return (*self._with_program, *self._without_program)

    def only(self, *roots: Root) -> DecoderTree:
        """A tree of some roots with all else the same, to see what they do by themselves."""
        with_program = [root for root in roots if root.program_name is not None]
        without = [root for root in roots if root.program_name is None]
        return DecoderTree(with_program, without, self.identities, self.count, self._order_size)

    @property
    def overruns(self) -> int:
        """How often a pattern gave up on a text because it took too much work."""
        return sum(count for _, count in self.overrun_patterns())

    def overrun_patterns(self) -> Iterator[tuple[str, int]]:
        """The patterns that ever gave up on a text: words that name them, and how often."""
        for pattern in self._patterns():
            if pattern.matcher.overruns:
                yield f"decoder pattern {pattern.matcher.pattern}", pattern.matcher.overruns

    def decode(self, event: Event) -> None:
        """Choose the event's decoder and fill `decoder`, `static` and `fields`; all stay as they are when none fits."""
        if self.route is not None and self.route.take(event):
            return
        log = event.log
        program_name = event.program_name
        roots = self._roots_at(log[:1]) if program_name is None else self._roots_of(program_name)
        for root in roots:
            if self._try_root(root, event, log):
                return

    def decode_plain(self, event: Event) -> None:
        """`decode` without any shortcut: the reference that it is tested against."""
        log = event.log
        if event.program_name is None:
            roots = self._without_program
        else:
            roots = self._naming(event.program_name)
        for root in roots:
            if self._try_root(root, event, log):
                return

    # --- which roots to try -------------------------------------------------------------------------------------------

    def _naming(self, program_name: str) -> tuple[Root, ...]:
        """The roots whose `program_name` holds."""
        return tuple(
            root
            for root in self._with_program
            if root.program_name is not None and root.program_name.matcher.matches(program_name)
        )

    def _roots_of(self, program_name: str) -> tuple[Root, ...]:
        """`_naming`, remembered: a server has few programs."""
        roots = self._by_program.get(program_name)
        if roots is None:
            roots = self._naming(program_name)
            if len(program_name) <= _MAX_PROGRAM_NAME:
                if len(self._by_program) >= _MAX_PROGRAMS:
                    self._by_program.clear()
                self._by_program[program_name] = roots
        return roots

    def _roots_at(self, first: str) -> tuple[Root, ...]:
        """The roots for logs without a program name that a log beginning with this byte can match."""
        roots = self._by_first_byte.get(first)
        if roots is None:
            roots = tuple(root for root in self._without_program if _can_begin(root.prematch, first))
            self._by_first_byte[first] = roots
        return roots

    # --- one root -----------------------------------------------------------------------------------------------------

    def _try_root(self, root: Root, event: Event, log: str) -> bool:
        """Decode with `root` if its prematch holds; then no other root is tried, whatever its children say."""
        after_parent = None if event.program_name is None else log
        if root.prematch is not None:
            found = root.prematch.matcher.search(log)
            if found is None:
                return False
            after_parent = rest(log, found)
        event.decoder = root.info
        for branch in root.branches:
            prematch = branch.prematch
            if prematch is None:
                self._run(branch.steps, event, log, after_parent, after_parent)
                break
            subject = after_parent if prematch.offset else log
            found = None if subject is None else prematch.matcher.search(subject)
            if found is not None and subject is not None:
                event.decoder = branch.info
                self._run(branch.steps, event, log, after_parent, rest(subject, found))
                break
        return True

    def _run(
        self, steps: tuple[Step, ...], event: Event, log: str, after_parent: str | None, after_prematch: str | None
    ) -> None:
        """Run a chain: every member is tried, whether the one before matched or not."""
        after_regex = after_prematch
        subjects = {"": log, "after_parent": after_parent, "after_prematch": after_prematch}
        for step in steps:
            if step.plugin is not None:
                text = None if not step.plugin_offset else subjects.get(step.plugin_offset)
                if text is not None or not step.plugin_offset:
                    step.plugin.decode(event, text, step.settings)
            elif step.regex is not None:
                offset = step.regex.offset
                subject = after_regex if offset == "after_regex" else subjects[offset]
                found = None if subject is None else step.regex.matcher.search(subject)
                if found is None or subject is None:
                    continue
                after_regex = rest(subject, found)
                if len(event.fields) >= self._order_size:
                    event.warnings += (TOO_MANY_GROUPS,)
                    return
                assign(event, step.order, found.groups)

    def _patterns(self) -> list[Pattern]:
        patterns: dict[int, Pattern | None] = {}
        for root in self._with_program + self._without_program:
            own = [root.program_name, root.prematch]
            for branch in root.branches:
                own += [branch.prematch, *(step.regex for step in branch.steps)]
            patterns.update((id(pattern), pattern) for pattern in own)
        return [pattern for pattern in patterns.values() if pattern is not None]


def _can_begin(prematch: Pattern | None, first: str) -> bool:
    """False when no text beginning with the byte `first` ("" for the empty text) can match."""
    if prematch is None:
        return True
    allowed = first_bytes(prematch.matcher.pattern, prematch.dialect)
    return allowed is None or first in allowed
