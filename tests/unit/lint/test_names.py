"""How far apart names may be to count as a slip."""

from __future__ import annotations

import pytest

from alertmill.lint.names import _is_slip


@pytest.mark.parametrize(
    ("name", "known", "expected"),
    [
        ("aws.eventnmae", "aws.eventname", True),
        ("aws.sourceipadress", "aws.sourceipaddress", True),
        ("aws.sourceipadres", "aws.sourceipaddress", True),
        ("aws.useridentiy.type", "aws.useridentity.type", True),
        ("aws.requestparamters.policyarn", "aws.requestparameters.policyarn", True),
        ("aws.requestparameters.plociyarn", "aws.requestparameters.policyarn", False),
        ("aws.requestparameters.polciyarn", "aws.requestparameters.policyarn", True),
        ("aws.requestparameters.rolename", "aws.requestparameters.rulename", False),
        ("aws.instanceids", "aws.instanceid", False),
        ("aws.statu", "aws.start", False),
        ("aws.tpye", "aws.type", False),
        ("aws.eventnmae.x", "aws.eventname", False),
        ("aws.evnetname.tpye", "aws.eventname.type", False),
        ("aws.eventname", "aws.eventname", False),
    ],
)
def test_a_slip_is_a_letter_or_two_in_one_part(name: str, known: str, expected: bool) -> None:
    assert _is_slip(name, known) is expected
