"""Wazuh's `.ini` cases, read as its own runner reads them, with their lines."""

from __future__ import annotations

import pytest

from alertmill.cases import Case, StockVerdict, read_cases
from alertmill.errors import Problems

GOOD = """; a comment
[a login]
log 1 pass = first line
LOG 2 FAIL: second line
# another
rule = 5715
alert=3
decoder = sshd

[with [brackets] = and more]
log 1 pass = one
  two

  three
rule =
alert = 0
decoder =
"""


def read(text: str) -> tuple[list[Case], list[str]]:
    problems = Problems()
    cases = read_cases("a.INI", text, problems)
    return cases, [f"{p.origin}: {p.severity.value}: {p.message} [{p.code.id}]" for p in problems]


def test_every_log_is_a_case_with_its_line() -> None:
    cases, told = read(GOOD)
    assert told == []
    assert [(case.name, case.origin.line, [step.message for step in case.steps]) for case in cases] == [
        ("[a login] log 1 pass", 3, ["first line"]),
        ("[a login] log 2 fail", 4, ["second line"]),
        ("[with [brackets] = and more] log 1 pass", 11, ["one", "two", "three"]),
    ]
    assert all(case.session and case.steps[0].location == "stdin" for case in cases)
    first, second, third = (case.steps[-1].expect for case in cases)
    assert (first, second, third) == (
        StockVerdict(cases[0].origin, "5715", "3", "sshd", True),
        StockVerdict(cases[1].origin, "5715", "3", "sshd", False),
        StockVerdict(cases[2].origin, "", "0", "", True),
    )
    assert cases[2].steps[0].expect is None


def test_a_key_that_stands_twice_adds_lines_to_the_first() -> None:
    cases, told = read("[x]\nlog 1 pass = a\nlog 1 pass = b\nrule = 1\nalert = 2\ndecoder = d\n")
    assert told == []
    assert [(case.origin.line, [step.message for step in case.steps]) for case in cases] == [(2, ["a", "b"])]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ["a.INI: error: the file holds no case [T003]"]),
        ("[x]\nrule = 1\n", ["a.INI: error: the file holds no case [T003]"]),
        ("rule = 1\n", ["a.INI:1: error: a case needs a section above it [T001]"]),
        ("[x]\nlog 1 pass = a\nnonsense\nrule = 1\nmore nonsense\n", [
            "a.INI:3: error: this line is neither a section nor a value [T001]",
            "a.INI:5: error: this line is neither a section nor a value [T001]"]),
        ("[x]\nlog 1 pass = a\nrul = 1\nalert = 2\n", [
            "a.INI:1: error: the case [x] has no rule [T002]",
            "a.INI:1: error: the case [x] has no decoder [T002]",
            "a.INI:3: warning: the case [x] has 'rul', which is not looked at [T002]"]),
        ("x" * 5_000_000, ["a.INI: error: the file has more than 4 MiB [T004]"]),
    ],
    ids=["empty", "no log", "no section", "nonsense", "missing", "huge"],
)  # fmt: skip
def test_mistakes_are_told_with_their_lines(text: str, expected: list[str]) -> None:
    assert read(text) == ([], expected)


def test_a_large_file_takes_no_longer_per_case() -> None:
    text = "".join(f"[{n}]\nlog 1 pass = a\nrule = 1\nalert = 2\ndecoder = d\n" for n in range(10_000))
    cases, told = read(text)
    assert told == []
    assert cases[-1].origin.line == 10_000 * 5 - 3
