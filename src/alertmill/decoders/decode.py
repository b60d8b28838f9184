"""Walks the decoder tree for one event: picks the decoder and collects the fields (spec/decoders.md 3 to 5).

`DecoderTree.decode_plain` tries decoder after decoder as the specification says. `DecoderTree.decode` gives the same
answers sooner: it skips decoders that cannot match by program name, first byte or the literals that they need
(`candidates`), and for a record that brings its JSON document it usually needs no text at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from alertmill.decoders.candidates import Candidate, Candidates
from alertmill.decoders.compiled import Branch, Pattern, Root, Step
from alertmill.decoders.fields import assign
from alertmill.decoders.route import JsonRoute, json_route
from alertmill.event import Event
from alertmill.patterns import lowered, rest

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
        self._candidate_of = {id(root): Candidate(root) for root in (*with_program, *without_program)}
        #: Roots of programs seen before, and of logs without one.
        self._by_program: dict[str, Candidates] = {}
        self._nameless = self._candidates(self._without_program)
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
        log, program_name = event.log, event.program_name
        low = lowered(log)
        candidates = self._nameless if program_name is None else self._candidates_of(program_name)
        for needed, candidate in candidates.of(log, low):
            for literal in needed:
                if literal in low:
                    if self._try_candidate(candidate, event, log, low):
                        return
                    break

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

    def _candidates_of(self, program_name: str) -> Candidates:
        """`_naming`, remembered: a server has few programs."""
        candidates = self._by_program.get(program_name)
        if candidates is None:
            candidates = self._candidates(self._naming(program_name))
            if len(program_name) <= _MAX_PROGRAM_NAME:
                if len(self._by_program) >= _MAX_PROGRAMS:
                    self._by_program.clear()
                self._by_program[program_name] = candidates
        return candidates

    def _candidates(self, roots: Sequence[Root]) -> Candidates:
        return Candidates([self._candidate_of[id(root)] for root in roots])

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
            if self._try_branch(branch, event, log, after_parent):
                break
        return True

    def _try_candidate(self, candidate: Candidate, event: Event, log: str, low: str) -> bool:
        """`_try_root`, leaving out children that cannot match; `low` is `log` in lower case.

        What a child needs must be in the log wherever its prematch begins to search.
        """
        root = candidate.root
        after_parent = None if event.program_name is None else log
        if root.prematch is not None:
            found = root.prematch.matcher.search(log)
            if found is None:
                return False
            after_parent = rest(log, found)
        event.decoder = root.info
        for needed, branch in candidate.branches:
            for literal in needed:
                if literal in low:
                    if self._try_branch(branch, event, log, after_parent):
                        return True
                    break
        return True

    def _try_branch(self, branch: Branch, event: Event, log: str, after_parent: str | None) -> bool:
        """Take a branch if its prematch holds."""
        prematch = branch.prematch
        if prematch is None:
            self._run(branch.steps, event, log, after_parent, after_parent)
            return True
        subject = after_parent if prematch.offset else log
        found = None if subject is None else prematch.matcher.search(subject)
        if found is None or subject is None:
            return False
        event.decoder = branch.info
        self._run(branch.steps, event, log, after_parent, rest(subject, found))
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
