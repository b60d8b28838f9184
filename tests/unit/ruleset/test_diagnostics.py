"""Each file in `diagnostics` holds, in its header comment, the whole report that loading it gives."""

from __future__ import annotations

from pathlib import Path

import pytest

from alertmill.codes import catalogue
from alertmill.errors import Severity
from unit.ruleset.diagnose import drawn
from unit.ruleset.helpers import grouped, load, rule

FILES = sorted((Path(__file__).parent / "diagnostics").glob("*.xml"))


def expected(path: Path) -> str:
    return path.read_bytes().decode("latin-1").partition("<!--\n")[2].partition("\n-->\n")[0]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_report_is_the_one_in_the_header(path):
    assert drawn(path.name, path.read_bytes().decode("latin-1")) == expected(path)


def test_every_code_of_rules_has_an_example():
    wanted = {code for code in catalogue() if code.startswith("R")}
    shown = {code for code in wanted for path in FILES if path.name.startswith(code) and f"[{code}]" in expected(path)}
    assert shown == wanted


def test_all_problems_of_all_files_are_told_at_once():
    wrong = rule(100100, "<options>loud</options><category>wob</category>", level=3, timeframe="x")
    broken_xml = '<group name="a,"><rule>'
    missing = grouped(rule(100102, "<if_sid>199999</if_sid>"))
    _, problems = load(grouped(wrong), files=[("b.xml", broken_xml), ("c.xml", missing)])
    told = [(problem.code.id, problem.severity, problem.origin.path) for problem in problems if problem.origin]
    assert told == [
        ("R003", Severity.ERROR, "rules.xml"),
        ("R008", Severity.ERROR, "rules.xml"),
        ("R008", Severity.ERROR, "rules.xml"),
        ("X001", Severity.ERROR, "b.xml"),
        ("R012", Severity.WARNING, "c.xml"),
        ("R012", Severity.WARNING, "c.xml"),
    ]


def test_an_empty_file_is_no_problem():
    _, problems = load("", top=False)
    assert not problems


def test_a_rule_with_too_many_fields_is_refused():
    fields = "".join(f'<field name="f{number}">x</field>' for number in range(4))
    _, problems = load(grouped(rule(100100, fields)), decoder_order_size=3)
    assert [problem.code.id for problem in problems.errors] == ["R010"]
    assert "more than 3 <field>" in problems.draw()


def test_later_parts_of_a_joined_text_may_reach_the_limit():
    parts = "".join(f"<match>{'x' * length}</match>" for length in (2047, 1))
    fits, problems = load(grouped(rule(100100, parts)))
    assert not problems
    assert "match" in fits.rules_by_id[100100].spec.texts
    too_long, problems = load(grouped(rule(100100, parts + "<match>y</match><match>z</match><match>w</match>")))
    assert [problem.code.id for problem in problems] == ["R019"]
    # The text so far is dropped with the part that is too much, and the next element starts afresh.
    assert too_long.rules_by_id[100100].spec.texts["match"].source.text == "w"


def test_a_list_of_parents_that_is_too_long_is_dropped():
    parents = ",".join(["1"] * 1500)
    rules, problems = load(grouped(rule(100100) + rule(100101, f"<if_sid>{parents}</if_sid>")))
    assert [problem.code.id for problem in problems] == ["R019"]
    assert rules.describe(100101).parents == (1,)


def test_an_endless_number_is_no_id():
    _, problems = load(grouped(rule(100101, f"<if_matched_sid>{'1' * 9999}</if_matched_sid>")))
    assert [problem.code.id for problem in problems] == ["R015"]
