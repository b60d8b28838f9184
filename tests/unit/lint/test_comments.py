"""Comments that silence findings: where they hold, and what is said of those that do nothing."""

from __future__ import annotations

import pytest

from unit.lint.helpers import found

RULE = """  <rule id="100100" level="5">
    <if_sid>50000</if_sid>
    <match>door \\d+</match>
    <description>A door.</description>{inside}
  </rule>
"""
OTHER = RULE.replace("100100", "100101").replace("door", "lock").replace("A door", "A lock")


def codes(text: str) -> list[tuple[int, str]]:
    return [(finding.origin.line, finding.code.id) for finding in found(text) if finding.origin is not None]


def group(*rules: str) -> str:
    return '<group name="local,">\n' + "".join(rules) + "</group>\n"


SAID = "<!-- lint: ignore L036 meant as it stands -->"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (group(RULE.format(inside="")), [(4, "L036")]),
        (group(RULE.format(inside=f"\n    {SAID}")), []),
        (group(f"  {SAID}\n", RULE.format(inside="")), []),
        (group(f"  {SAID}\n  <!-- about doors -->\n", RULE.format(inside="")), []),
        (group(f"  {SAID}\n", RULE.format(inside=""), OTHER.format(inside="")), [(10, "L036")]),
        (f"{SAID}\n" + group(RULE.format(inside=""), OTHER.format(inside="")), []),
        (group("  <!-- lint: ignore L030, L036 both -->\n", RULE.format(inside="")), [(2, "L120")]),
        (group("  <!-- lint: ignore it -->\n", RULE.format(inside="")), [(2, "L120"), (5, "L036")]),
        (group(RULE.format(inside="")) + SAID + "\n", [(4, "L036"), (8, "L120")]),
    ],
    ids=[
        "none",
        "inside",
        "before",
        "before another comment",
        "one rule only",
        "group",
        "two codes",
        "no code",
        "behind",
    ],
)
def test_where_a_comment_holds(text: str, expected: list[tuple[int, str]]) -> None:
    assert codes(text) == expected


def test_a_comment_before_a_decoder() -> None:
    decoder = '<decoder name="saw">\n  <prematch>^saw: .*</prematch>\n</decoder>\n'
    assert codes(decoder) == [(2, "L030")]
    assert codes("<!-- lint: ignore L030 the saw says so -->\n" + decoder) == []


def test_an_own_group_element_does_not_hide_the_rule() -> None:
    text = group(RULE.format(inside=f"\n    {SAID}\n    <group>doors,</group>"))
    assert codes(text) == []
