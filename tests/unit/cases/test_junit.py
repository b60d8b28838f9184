"""Results as JUnit XML: every case once, failures with their text, and well-formed whatever cases and events hold."""

from __future__ import annotations

from xml.etree import ElementTree

from alertmill.cases import FileResult, read_cases, run_case
from alertmill.cases.junit import junit
from alertmill.errors import Problems
from unit.cases.helpers import LINE, engine

TEXT = f"""
- name: fine
  events: [{{message: '{LINE}login failed'}}]
  expect: {{rule: 101}}
- name: "hostile ]]> <&\\"' \\x01 \\uFFFE"
  events: [{{event: {{evil: "<failure/> ]]> \\0 \\e[31m"}}}}]
  expect: {{rule: 101}}
- name: broken
"""


def test_the_document() -> None:
    problems, loaded = Problems(), engine()
    cases = read_cases("a <b>.yaml", TEXT, problems)
    results = tuple(run_case(loaded, case) for case in cases)
    assert [result.passed for result in results] == [True, False]
    root = ElementTree.fromstring(junit([FileResult("a <b>.yaml", tuple(problems), results, 0.25)]))
    assert root.tag == "testsuites"
    assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("3", "1", "1")
    (suite,) = root
    assert (suite.get("name"), suite.get("time")) == ("a <b>.yaml", "0.250")
    assert [(case.get("name"), case.get("line"), [part.tag for part in case]) for case in suite] == [
        ("reading the file", "8", ["error"]),
        ("fine", "2", []),
        ("hostile ]]> <&\"' \ufffd \ufffd", "5", ["failure"]),
    ]
    (failure,) = suite[2]
    assert failure.get("message") == "rule: expected 101, found no rule"
    assert failure.text is not None
    assert "evil: <failure/> ]]> " in failure.text


def test_nothing_at_all() -> None:
    assert list(ElementTree.fromstring(junit([]))) == []
