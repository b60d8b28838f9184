"""Each kind of finding by its example, folders of planted mistakes, and what must stay clean."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from alertmill.errors import Problem
from alertmill.event import to_byte_text
from alertmill.lint import FAMILIES, all_kinds
from unit.lint.helpers import HERE, found, scene_of

EXAMPLES = sorted((HERE / "examples").glob("*.txt"))
PLANTED = sorted((HERE / "planted").glob("*.xml"))
NEAR_MISSES = sorted((HERE / "near_misses").glob("*.xml"))

_EXPECT = re.compile(r"<!-- expect: (.*?) -->")


def example(path: Path) -> tuple[str, str, str]:
    """The text with the mistake, what is found in it, and the text without the mistake."""
    before, _, rest = path.read_text(encoding="utf-8").removeprefix("--- before\n").partition("--- found\n")
    report, _, after = rest.partition("--- after\n")
    return before, report, after


def drawn(findings: list[Problem]) -> str:
    return "\n".join(finding.draw() for finding in findings)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_mistake_is_found_and_nothing_else(path: Path) -> None:
    before, report, _ = example(path)
    findings = found(to_byte_text(before))
    assert drawn(findings) + "\n" == report
    assert {finding.code.id for finding in findings} == {path.stem}


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_without_the_mistake_nothing_is_found(path: Path) -> None:
    assert drawn(found(to_byte_text(example(path)[2]))) == ""


def test_every_kind_has_an_example() -> None:
    assert [path.stem for path in EXAMPLES] == list(all_kinds())


@pytest.mark.parametrize("path", PLANTED, ids=lambda path: path.stem)
def test_every_planted_mistake_is_found_at_its_line(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert sorted(_told(found(to_byte_text(text)))) == sorted(_expected(text))


def _told(findings: list[Problem]) -> list[tuple[int, str]]:
    return [(finding.origin.line, finding.code.id) for finding in findings if finding.origin is not None]


def _expected(text: str) -> list[tuple[int, str]]:
    """Lines and codes of the comments; `L012@-2` is told two lines above its comment."""
    expected = []
    for number, line in enumerate(text.split("\n"), 1):
        for words in _EXPECT.findall(line):
            for word in words.split():
                code, _, offset = word.partition("@")
                expected.append((number + int(offset or 0), code))
    return expected


@pytest.mark.parametrize("path", NEAR_MISSES, ids=lambda path: path.stem)
def test_what_only_looks_like_a_mistake_is_left_alone(path: Path) -> None:
    assert drawn(found(to_byte_text(path.read_text(encoding="utf-8")))) == ""


def test_the_context_itself_is_not_judged() -> None:
    scene, problems = scene_of("")
    assert not problems
    assert [finding for checks in FAMILIES.values() for check in checks for finding in check(scene)] == []


def test_checks_are_listed_in_alphabetical_order() -> None:
    assert list(FAMILIES) == sorted(FAMILIES)
    for checks in FAMILIES.values():
        names = [check.__name__ for check in checks]
        assert names == sorted(names)


def test_every_check_of_a_family_is_listed() -> None:
    for name, checks in FAMILIES.items():
        module = __import__(f"alertmill.lint.{name}", fromlist=[name])
        written = {value for word, value in vars(module).items() if word.startswith("check_")}
        assert {check for check in written if check.__module__ == module.__name__} == set(checks)
