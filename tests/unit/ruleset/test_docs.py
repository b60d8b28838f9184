"""The page about adding a rule option: its example works when it is followed, and it misses no word."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from alertmill.ruleset import attributes, conditions, criteria, elements
from alertmill.ruleset.spec import RuleSpec
from unit.ruleset.diagnose import drawn
from unit.ruleset.helpers import event, first_id, grouped, rule, ruleset

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "adding-a-rule-option.md").read_text("utf-8")


def block(name: str) -> str:
    """The code block behind `<!-- example: name -->`."""
    found = re.search(rf"<!-- example: {name} -->\n```\w+\n(.*?)\n```", PAGE, re.DOTALL)
    assert found is not None, name
    return found.group(1)


def defined(name: str, **names: Any) -> dict[str, Any]:
    """What a code block defines."""
    exec(compile(f"from __future__ import annotations\n{block(name)}", f"{name}.py", "exec"), names)
    return names


class ExtendedSpec(RuleSpec):
    """A RuleSpec with the example's member."""

    least_fields: int = 0


@pytest.fixture
def example(monkeypatch: pytest.MonkeyPatch) -> None:
    """The example, put where the page says."""
    monkeypatch.setattr(attributes, "RuleSpec", ExtendedSpec)
    read = defined("read", codes=criteria.codes, is_number=attributes.is_number)
    monkeypatch.setitem(elements._ELEMENTS, "least_fields", read["read_least_fields"])
    made = defined("condition", Condition=conditions.Condition)
    monkeypatch.setitem(conditions._OTHERS, "least_fields", made["least_fields_condition"])
    monkeypatch.setitem(conditions._ORDER, "least_fields", len(conditions._ORDER))


@pytest.mark.usefixtures("example")
def test_the_cases_of_the_example_pass():
    cases = defined("cases", pytest=pytest, ruleset=ruleset, rule=rule, event=event, first_id=first_id)
    test = cases["test_events_with_at_least_so_many_fields"]
    [table] = test.pytestmark
    for number, result in table.args[1]:
        test(number, result)


@pytest.mark.usefixtures("example")
def test_the_diagnostics_of_the_example_are_told():
    report = block("diagnostics")
    body = rule(100100, "\n    <least_fields>many</least_fields>\n  ")
    assert drawn("R008-least-fields.xml", f"<!--\n{report}\n-->\n{grouped(body)}") == report


def test_every_word_of_rules_is_on_the_page():
    listed = set(re.findall(r"`(\w+)`", PAGE.partition("## What there is")[2].partition("## Checklist")[0]))
    wanted = {*elements._ELEMENTS, *attributes._READERS, "id", "level"}
    assert wanted <= listed
    assert listed - wanted == {"negate", "type"}
