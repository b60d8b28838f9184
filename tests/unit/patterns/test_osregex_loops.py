"""Which alternatives are searched with loops, what they find, and for which texts that is little work."""

from __future__ import annotations

import pytest

from alertmill.patterns.osregex import parse
from alertmill.patterns.osregex_loops import LoopSearch, is_looped
from alertmill.patterns.osregex_machine import reference_search
from alertmill.patterns.osregex_stepper import Stepper


@pytest.mark.parametrize(
    ("pattern", "looped"),
    [
        (r'^\.+"', True),
        (r"^(\S+):(\d+)", True),
        (r"user (\S*), from (\.+): x$", True),
        (r"^\.+a\.+b\.+c\.+d", True),
        (r"^\.+a\.+b\.+c\.+d\.+e", False),  # the machine has four return points
        (r"^\d+ x", False),  # nothing is shared
        (r"\.+ x", False),  # a quantified class begins it
        (r"^\.+\dx", False),  # a class is taken as well
        (r"^\.+ \w*", False),  # a star ends it
        (r"^(\S+)()\.+,", False),
    ],
)
def test_the_rules_of_loops(pattern: str, looped: bool) -> None:
    (alternative,) = parse(pattern)
    assert is_looped(alternative) is looped


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (r"^(\S+):x", "a:x"),
        (r"^(\S+):x", "a::x"),  # the second colon is swallowed unseen
        (r"^(\S*):x", "a::x"),
        (r"^\.+ x", "a b x"),
        (r"^\.+ x", "a  x"),
        (r"a(\D+)b$", "abbababaaabbbbbbbababbbb"),  # the text ends in the class, and so does the search
        (r"a\D+bx\.+c", "a bx ab"),
        (r"^(\S+)@(\S+)", "a@b@c x"),
        (r'^"(\.+)" "(\.+)"$', '"GET /" "curl"'),
    ],
)
@pytest.mark.parametrize("wanted", [False, True])
def test_what_loops_find(pattern: str, text: str, wanted: bool) -> None:
    alternatives = parse(pattern)
    marked = wanted and "(" in pattern
    search = LoopSearch(alternatives[0], wanted=marked)
    expected = reference_search(alternatives, text, wanted=wanted)
    assert search.search(text, text) == expected
    assert search.matches(text) is (expected is not None)


def test_a_text_with_many_ways_through_it_is_left_to_the_machine() -> None:
    (alternative,) = parse(r"^\.+ \.+ \.+ \.+ x$")
    search = LoopSearch(alternative, wanted=False)
    assert search.is_quick("GET / HTTP/1.1 200 12 x" * 3)
    assert not search.is_quick("a b " * 400)


@pytest.mark.parametrize("pattern", [r"^\.+a\.+b\.+c$", r"a\.*b\.*a1", r"\d\S+a\S+b\S*c$", r"x \w+b\w+ba"])
def test_the_machine_gives_up_on_no_text_that_is_quick(pattern: str) -> None:
    """`Stepper` raises where it gives up."""
    (alternative,) = parse(pattern)
    search, stepper = LoopSearch(alternative, wanted=False), Stepper(alternative, wanted=False)
    lengths = [length for length in range(5, 4000) if search.is_quick("1xab" * length)]
    assert lengths, "no text is quick"
    for text in ("1xab" * lengths[-1], "1xab " * lengths[-1]):
        if search.is_quick(text):
            assert search.search(text, text) == stepper.search(text, text)
