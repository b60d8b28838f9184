"""What cases reach, counted by hand; and the page that shows it, whatever the rules say."""

from __future__ import annotations

import re
from html import escape
from html.parser import HTMLParser

import pytest

from alertmill.cases import Coverage, FileCoverage, rule_sources, run_case, total
from alertmill.cases.coverage_html import coverage_page
from alertmill.engine import Engine
from unit.cases.helpers import LINE, RULES, TOP, engine, files, yaml_cases


def coverage(loaded: Engine, *messages: str, rules: str = RULES, repeat: int = 1) -> list[FileCoverage]:
    seen = Coverage()
    for message in messages:
        text = f"- name: x\n  events: [{{message: '{message}', repeat: {repeat}}}]\n  expect: {{not_rule: 0}}\n"
        run_case(loaded, yaml_cases(text)[0], seen.see)
    parents = frozenset(id for id in loaded.rules.rules_by_id if loaded.rules.describe(id).children)
    return seen.files(rule_sources(files(rules), loaded.rules), parents)


def test_nothing_is_covered_without_events() -> None:
    top, rules = coverage(engine())
    assert (top.rule_points, top.condition_points, top.branch_points) == ((0, 1), (0, 0), (0, 2))
    assert (rules.rule_points, rules.condition_points, rules.branch_points) == ((0, 4), (0, 10), (0, 4))
    assert rules.missing == (100, 101, 102, 103)
    assert rules.percent == 0.0


def test_one_event_is_counted_rule_by_rule() -> None:
    _, rules = coverage(engine(), f"{LINE}login failed")
    by_id = {rule.source.id: rule for rule in rules.rules}
    shop, failed, three, bought = (by_id[id] for id in (100, 101, 102, 103))
    assert (shop.tried, shop.held, shop.fired, shop.child_won, shop.fell_through) == (1, 1, 0, 1, 0)
    assert (failed.tried, failed.held, failed.fired, failed.child_won, failed.fell_through) == (1, 1, 1, 0, 1)
    assert (three.tried, three.held, three.fired) == (1, 0, 0)
    assert (bought.tried, bought.held, bought.fired) == (0, 0, 0)
    assert [(c.place.lines, c.true, c.false) for c in (*failed.conditions, *three.conditions)] == [
        ((8,), 1, 0),
        ((13,), 0, 1),
    ]
    assert rules.rule_points == (1, 4)
    assert rules.condition_points == (3, 10)
    assert rules.branch_points == (2, 4)


def test_everything_can_be_covered() -> None:
    loaded = engine()
    messages = (f"{LINE}login failed", f"{LINE}bought", f"{LINE}hello", "hello")
    _, rules = coverage(loaded, *messages, repeat=3)
    missing = [
        (c.place.text.split(" ")[0], c.true, c.false) for rule in rules.rules for c in rule.conditions if c.points < 2
    ]
    assert missing == [("<weekday>", 3, 0)]
    assert rules.missing == ()
    assert rules.branch_points == (4, 4)
    all_ = total([rules])
    assert all_.percent == rules.percent == pytest.approx(100 * 17 / 18)


def test_a_transparent_rule_is_covered_when_it_holds() -> None:
    top, _ = coverage(engine(), "hello")
    assert (top.rules[0].fired, top.rules[0].held, top.rules[0].decided) == (0, 1, True)


def test_the_last_of_several_definitions_is_the_one_that_is_covered() -> None:
    rules = (
        RULES
        + """<group name="mine,">
  <rule id="103" level="4" overwrite="yes"><match>bought</match><description>again</description></rule>
</group>
"""
    )
    loaded = engine(rules)
    _, found = coverage(loaded, f"{LINE}bought", rules=rules)
    (again,) = [rule for rule in found.rules if rule.source.id == 103]
    assert (again.fired, again.source.origin.line) == (1, rules.count("\n") - 1)


# --- the page ---------------------------------------------------------------------------------------------------------


class _Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.attributes: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


HOSTILE = """</code></div><script src='//x'></script><img src=x onerror=y> \x1b[31m \xff\xc3\xa4 "'<b>\xe2\x80\xae"""


def test_the_page_shows_every_line_with_what_was_seen() -> None:
    loaded = engine()
    found = coverage(loaded, f"{LINE}login failed")
    page = coverage_page(found, dict(files(RULES)))
    shown = _Page(page)
    assert shown.open == []
    lines = re.findall(r"<div( class=\"\w+\")?><span>(\d+)</span><code>(.*?)</code><small>(.*?)</small>", page)
    of_rules = lines[len(TOP.split("\n")) :]
    assert [line for _, _, line, _ in of_rules] == [escape(line) for line in RULES.split("\n")]
    assert {int(number): (kind, told) for kind, number, _, told in of_rules if told} == {
        2: (' class="bad"', "100: tried 1, held 1, fired 0; a rule below it won 1, none did 0"),
        3: (' class="half"', "true 1, false 0"),
        6: (' class="half"', "101: tried 1, held 1, fired 1; a rule below it won 0, none did 1"),
        8: (' class="half"', "true 1, false 0"),
        12: (' class="bad"', "102: tried 1, held 0, fired 0"),
        13: (' class="half"', "true 0, false 1"),
        17: (' class="bad"', "103: tried 0, held 0, fired 0"),
        19: (' class="bad"', "true 0, false 0"),
        20: (' class="bad"', "true 0, false 0"),
    }
    assert "prefers-color-scheme: dark" in page
    assert "color-scheme: light dark" in page


def test_hostile_rules_stay_text() -> None:
    rules = RULES.replace("login failed", '"&amp;\xff\x1b[31m')
    found = coverage(engine(rules), "hello", rules=rules)
    # The page shows files as they are, whatever they hold.
    page = coverage_page(found, {"top.xml": HOSTILE, "rules.xml": rules})
    shown = _Page(page)
    assert "script" not in shown.tags
    assert "img" not in shown.tags
    assert not [name for name in shown.attributes if name.startswith("on")]
    assert shown.open == []
    assert "<script src='//x'>" in shown.text
    assert '"&amp;\ufffd' in shown.text
    assert "default-src 'none'" in page
    page.encode("utf-8")
