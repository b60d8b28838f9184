"""JSON in patterns, in both event formats."""

from __future__ import annotations

import pytest

from alertmill.lint import lint
from unit.lint.helpers import scene_of

RULES = """<group name="local,">
  <rule id="100100" level="0">
    <decoded_as>json</decoded_as>
    <field name="%s">^aws$</field>
    <description>Root.</description>
  </rule>
  <rule id="100101" level="5">
    <if_sid>100100</if_sid>
    <regex type="pcre2">%s</regex>
    <description>Child.</description>
  </rule>
</group>
"""


def codes(pattern: str, event_format: str, root: str = "integration") -> list[str]:
    scene, problems = scene_of(RULES % (root, pattern), event_format=event_format)
    assert not problems
    return [finding.code.id for finding in lint(scene)]


@pytest.mark.parametrize(
    ("pattern", "wrong_in"),
    [
        ('"eventName": "Stop', {"improved"}),
        ('"readOnly": true', {"improved"}),
        ('"eventName":"Stop', {"compatible"}),
        ('"readOnly":true', {"compatible"}),
        ('"eventName": ?"Stop', set()),
        ('"eventName":\\s*"Stop', set()),
        ('(?:"eventName": )?"Stop', set()),
        ('"errorCode":', set()),
        ('"eventName":[ ]?"Stop', set()),
        ('"eventName":"?Stop', set()),
        ("time: now", set()),
    ],
)
def test_blanks_behind_colons_are_those_of_the_event_format(pattern: str, wrong_in: set[str]) -> None:
    told = {name for name in ("compatible", "improved", "") if codes(pattern, name)}
    assert told == wrong_in
    assert codes(pattern, "improved", root="app") == []
