"""Which alternatives `re` may match, and that its expressions cannot backtrack."""

from __future__ import annotations

import pytest

from alertmill.patterns.osregex import parse
from alertmill.patterns.osregex_native import NativeSearch, is_native


@pytest.mark.parametrize(
    ("pattern", "native", "quadratic"),
    [
        ("foo", True, False),
        (r"^\d+ \w+ x", True, False),
        (r"foo \d+", True, False),
        (r"foo \d+$", True, True),
        (r"a\d+ b", True, True),
        (r"^(\d+) (\w+)$", True, False),
        (r"foo\d\d\s", True, False),
        (r"\.+ foo", False, False),
        (r"(\S+):(\d+)", False, False),
        (r"^(\S+):(\d+)", False, False),
        (r"\S+,", False, False),
        (r'"(\.+)"', False, False),
        (r"^\w+W", False, False),
        (r"(\d+) from", False, False),
        (r"foo\s*", False, False),
        (r"foo(\w*)", False, False),
        (r"foo\d*\s+", False, False),
        (r"foo\d+\xe9".replace("\\xe9", "\xe9"), True, True),
        ("(a)(b)", False, False),
        ("", False, False),
        ("()", False, False),
    ],
)
def test_the_rules_of_the_fast_path(pattern: str, native: bool, quadratic: bool) -> None:
    (alternative,) = parse(pattern)
    assert is_native(alternative) is native
    if native:
        assert NativeSearch(alternative, wanted=True).is_always_quick is not quadratic
