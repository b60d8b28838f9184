"""The built-in predicates."""

from __future__ import annotations

import pytest

from alertmill.ruleset.predicates import PREDICATES
from unit.ruleset.helpers import event


@pytest.mark.parametrize(
    ("name", "made", "holds"),
    [
        ("comp_srcuser_dstuser", {}, True),
        ("comp_srcuser_dstuser", {"static": {"srcuser": "a"}}, True),
        ("comp_srcuser_dstuser", {"static": {"srcuser": "a", "dstuser": "a"}}, True),
        ("comp_srcuser_dstuser", {"static": {"srcuser": "a", "dstuser": "b"}}, False),
        ("check_id_size", {}, False),
        ("check_id_size", {"static": {"id": "123456789"}}, False),
        ("check_id_size", {"static": {"id": "1234567890"}}, True),
        ("is_simple_http_request", {}, False),
        ("is_simple_http_request", {"static": {"url": "/"}}, True),
        ("is_simple_http_request", {"static": {"url": "/a/b.html"}}, True),
        ("is_simple_http_request", {"static": {"url": "/?x"}}, False),
        ("is_valid_crawler", {"log": "66.249.1.1 - - GET"}, True),
        ("is_valid_crawler", {"log": "166.249.1.1 - - GET"}, False),
        (
            "comp_mswin_targetuser_calleruser_diff",
            {"log": "x Target Account Name: eve  y Caller User Name: bob z"},
            True,
        ),
        (
            "comp_mswin_targetuser_calleruser_diff",
            {"log": "x Target Account Name: bob  y Caller User Name:\tbob"},
            False,
        ),
        ("comp_mswin_targetuser_calleruser_diff", {"log": "x Target Account Name: eve"}, False),
        ("comp_mswin_targetuser_calleruser_diff", {"log": "Target Account Name, Caller User Name"}, False),
    ],
)
def test_predicate(name, made, holds):
    assert PREDICATES[name](event(**made)) is holds
