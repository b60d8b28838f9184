"""The quick machine's work is bounded, and long but harmless texts stay far below the bound."""

from __future__ import annotations

import pytest

from alertmill.patterns import compile_pattern, osregex_stepper
from alertmill.patterns.osregex import parse
from alertmill.patterns.osregex_native import NATIVE_LIMIT
from alertmill.patterns.osregex_stepper import Stepper, StepsExceeded

SIZE = 200_000

HOSTILE = [
    (r"a\w+ b", "a" * SIZE + " c b"),
    (r"a\.*b\.*c\w+ d", "abc" * (SIZE // 3) + "! d"),
    (r"1\w+2\w+3$", "12" * (SIZE // 2) + "3!"),
]


@pytest.mark.parametrize(("pattern", "text"), HOSTILE)
def test_a_match_that_takes_too_long_is_given_up(pattern: str, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(osregex_stepper, "MAX_STEPS", 5_000)
    (alternative,) = parse(pattern)
    with pytest.raises(StepsExceeded):
        Stepper(alternative, wanted=False).matches(text)


@pytest.mark.parametrize(("pattern", "text"), HOSTILE)
def test_giving_up_is_no_match_and_counted(pattern: str, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(osregex_stepper, "MAX_STEPS", 5_000)
    assert len(text) > NATIVE_LIMIT
    matcher = compile_pattern(pattern, "osregex")
    assert matcher.overruns == 0
    assert not matcher.matches(text)
    assert matcher.overruns == 1
    assert matcher.search(text) is None
    assert matcher.overruns == 2


def test_an_alternative_that_gives_up_leaves_the_others_their_chance(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(osregex_stepper, "MAX_STEPS", 5_000)
    matcher = compile_pattern(r"a\w+ b|c\sb", "osregex")
    text = "a" * SIZE + " c b"
    assert matcher.matches(text)
    found = matcher.search(text)
    assert found is not None
    assert found.end == SIZE + 3
    assert matcher.overruns == 2


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        (r"user=(\S+) ip=(\S+) ", "x" * SIZE + "user=eve ip=1.2.3.4 ", True),
        (r'"(\.+)": "(\.*)"', '{"k": "' + "v" * SIZE + '"}', True),
        (r"(\S*)$", "x" * SIZE, True),
        (r"no \w+ here", "no" * (SIZE // 2) + " here", False),
        (r"\s*foo\s*", "-" * SIZE + "foo", True),
    ],
)
def test_long_texts_take_few_steps(pattern: str, text: str, expected: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(osregex_stepper, "MAX_STEPS", 5_000)
    matcher = compile_pattern(pattern, "osregex")
    assert matcher.matches(text) is expected
    assert matcher.overruns == 0


def test_quadratic_work_on_an_ordinary_length_is_done() -> None:
    alternatives = parse(r"a\w+b\w+ d")
    assert not Stepper(alternatives[0], wanted=False).matches("abc" * 300 + "! d")
