"""Alerts written ahead: what is cut, and what fits."""

from __future__ import annotations

import pytest

from alertmill.alerts import drafts
from alertmill.event import Draft, Match, RuleInfo


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        (b"aMbNc", (b"a", b"b", b"c")),
        (b"MN", (b"", b"", b"")),
        (b"aNbMc", None),
        (b"aMb", None),
        (b"aMbNcM", None),
        (b"aNbMcN", None),
        (b"", None),
    ],
)
def test_each_mark_once_and_in_order(text: bytes, pieces: tuple[bytes, ...] | None) -> None:
    assert drafts.cut(text, ("M", "N")) == pieces


RULE = RuleInfo(7, 5, "d")


@pytest.mark.parametrize(
    ("match", "fits"),
    [
        (Match(RULE, 1), True),
        (Match(RuleInfo(8, 5, "d"), 1), False),
        (Match(RULE, 1, ("line",)), False),
        (Match(RULE, 1, (), "before"), False),
    ],
)
def test_a_draft_is_of_one_rule_and_knows_no_memory(match: Match, fits: bool) -> None:
    assert drafts.fits(Draft(7, (), ()), match) is fits
