"""Would the cases notice if a rule asked for something else? Each rule under test is changed, one condition at a time.

A mutant is read from its changed `<rule>` element by the very reader that loads rules, and takes the place of the rule
in the loaded ruleset, so it is what loading the changed file would give; a property holds it to that. Nothing else is
loaded again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from alertmill.cases.edits import Edit, edits_of
from alertmill.cases.sources import RuleSource
from alertmill.engine import Engine
from alertmill.errors import Problems
from alertmill.ruleset import CdbList, Ruleset
from alertmill.ruleset.elements import Verdict, read_rule
from alertmill.ruleset.reading import Surroundings
from alertmill.ruleset.spec import RuleSpec


@dataclass(frozen=True, slots=True)
class Mutant:
    """A changed rule. `what` is the change in words, `suggestion` the case that would notice it."""

    rule_id: int
    edit: Edit
    spec: RuleSpec

    def engine(self, engine: Engine) -> Engine:
        """The engine with the changed rule in place of the rule."""
        return Engine(engine.decoders, self.ruleset(engine.rules), engine.options)

    def ruleset(self, ruleset: Ruleset) -> Ruleset:
        return ruleset.with_spec(self.spec)


def mutants_of(source: RuleSource, engine: Engine, lists: Mapping[str, CdbList]) -> Iterator[Mutant]:
    """The mutants of a rule. An edit that would not load is none."""
    around = Surroundings(lists, engine.decoders.identities, engine.rules.options, Problems())
    for edit in edits_of(source.rule, source.element):
        around.problems = Problems()
        spec, verdict = read_rule(edit.element, source.group, around)
        if verdict is Verdict.SOUND:
            yield Mutant(source.id, edit, spec)
