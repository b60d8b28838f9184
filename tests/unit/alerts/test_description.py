"""`$(field)` in descriptions."""

from __future__ import annotations

import pytest

from alertmill.alerts.description import compile_description
from unit.alerts.builders import make_event

EVENT = make_event(
    hostname="host9",
    program_name="prog",
    static={"srcip": "10.0.0.1", "dstuser": "root", "data": ""},
    fields=[("a.B", "one"), ("A.b", "two"), ("user", "dyn"), ("x y", "blank"), ("long", "z" * 900)],
)


@pytest.mark.parametrize(
    ("template", "description"),
    [
        ("plain", "plain"),
        ("$(srcip) -> $(dstuser)", "10.0.0.1 -> root"),
        ("$(a.b) $(A.B)", "one one"),
        ("$(x y)|$( a.b)", "blank|"),
        ("$(data)$(nope)$()$(SRCIP)", ""),
        ("$(user) $(program_name) $(hostname)", "dyn prog host9"),
        ("$(location)$(timestamp)", ""),
        ("cost $5 $(srcip) $(", "cost $5 10.0.0.1 $("),
        ("$($(srcip))", ")"),
        ("a" * 123 + "$(long)", "a" * 123 + "z" * 900),
        ("a" * 124 + "$(long)", "a" * 124 + "$(long)"),
        ("a" * 2000, "a" * 2000),
    ],
)
def test_substitution(template: str, description: str) -> None:
    compiled = compile_description(template)
    assert (compiled if isinstance(compiled, str) else compiled(EVENT)) == description


def test_only_the_first_1024_bytes_are_looked_at() -> None:
    compiled = compile_description("x" * 1020 + "$(srcip)")
    assert isinstance(compiled, str)
    assert compiled.endswith("$(srcip)")


def test_a_plain_template_needs_no_event() -> None:
    assert compile_description("no references") == "no references"
    assert not isinstance(compile_description("$(srcip)"), str)
