"""The linter on rulesets that work: the shipped one is clean, the stock one nearly so, and what is called dead is."""

from __future__ import annotations

import re

import pytest

from alertmill.errors import Problem, Problems, Severity
from alertmill.event import to_byte_text
from alertmill.installation import shipped_installation
from alertmill.lint import Judged, Scene, lint
from compliance.golden_support import GOLDEN, STOCK, needs_golden, rows, stock_engine, stock_files, stock_lists

#: Codes of findings which say of a rule that it is never the result.
_DEAD = re.compile(r"rule (\d+)(?: \(level \d+\))? (?:can never fire|never fires)(?! below)")
_EXPECTED_RULE = re.compile(r"^rule\s*=\s*(\d+)", re.MULTILINE)
_RULE_OF_ALERT = re.compile(r'"rule":\s*\{[^{}]*?"id":\s*"?(\d+)|"rule":\s*"(\d+)"')

#: Rules for one finding of severity error, at least.
RULES_PER_ERROR = 100


def stock_findings() -> list[Problem]:
    rules, decoders = stock_files("rules"), stock_files("decoders")
    engine = stock_engine()
    judged = Judged(frozenset(path for path, _ in (*rules, *decoders)))
    return lint(Scene(engine.rules, rules, decoders, stock_lists(), engine.decoders.identities, judged))


def test_the_shipped_ruleset_is_clean() -> None:
    problems = Problems()
    installation, config = shipped_installation()
    texts = installation.ruleset_texts(config, problems)
    loaded = installation.load_texts(texts, config, problems)
    judged = Judged(frozenset(path for path, _ in (*texts.rules, *texts.decoders)))
    identities = loaded.decoders.identities
    found = lint(Scene(loaded.rules, texts.rules, texts.decoders, texts.lists, identities, judged))
    assert not problems
    assert [one.draw() for one in found if one.severity is not Severity.NOTE] == []


@pytest.fixture(scope="module")
def found() -> list[Problem]:
    return stock_findings()


@needs_golden
def test_few_errors_in_the_stock_ruleset(found: list[Problem]) -> None:
    errors = [finding for finding in found if finding.severity is Severity.ERROR]
    assert 0 < len(errors) <= len(stock_engine().rules.rules_by_id) / RULES_PER_ERROR


@needs_golden
def test_no_rule_that_is_called_dead_has_ever_fired(found: list[Problem]) -> None:
    dead = {int(id) for finding in found for id in _DEAD.findall(finding.message)}
    assert len(dead) > 50
    assert not dead & _fired()


def _fired() -> set[int]:
    """The rules that fired in recorded runs of the reference, or that its own tests expect."""
    fired = {
        int(row["expect"]["rule"]) for row in rows(GOLDEN / "stock-tests.jsonl") if row["expect"]["kind"] == "pass"
    }
    for path in (STOCK / "tests").glob("*.ini"):
        fired |= set(map(int, _EXPECTED_RULE.findall(path.read_text(encoding="latin-1"))))
    for path in GOLDEN.rglob("*.json*"):
        text = to_byte_text(path.read_bytes().decode("latin-1")) if path.suffix != ".gz" else ""
        fired |= {int(first or second) for first, second in _RULE_OF_ALERT.findall(text)}
    return fired
