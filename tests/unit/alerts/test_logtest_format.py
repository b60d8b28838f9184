"""The three phases, to the letter."""

from __future__ import annotations

from typing import Any

import pytest

from alertmill.alerts.logtest_format import report, verdict

NOTHING = {"alert": False, "output": {"full_log": "no such event", "decoder": {}, "location": "stdin"}}


def test_nothing_matches() -> None:
    assert "\n".join(report(NOTHING)) == (
        "\n**Phase 1: Completed pre-decoding.\n\tfull event: 'no such event'\n"
        "\n**Phase 2: Completed decoding.\n\tNo decoder matched."
    )


def test_everything_at_once() -> None:
    rule = {
        "level": 5,
        "description": "it's",
        "id": "1",
        "mitre": {"id": ["T1"], "technique": []},
        "firedtimes": 2,
        "mail": False,
        "groups": ["a"],
    }
    output = {
        "rule": rule,
        "full_log": "x",
        "predecoder": {"program_name": "p", "timestamp": "t", "hostname": "h"},
        "decoder": {"ftscomment": "f", "parent": "q", "name": "n", "accumulate": 1},
        "data": {"z": "1", "a": {"c": [1, "x", None, True], "b": "2"}, "B": "3"},
    }
    reply = {
        "alert": True,
        "output": output,
        "messages": ["INFO: no", "WARNING: (7003): yes", "ERROR: no"],
        "rules_debug": ["Trying rule: 1 - d", "*Rule 1 matched"],
    }
    assert report(reply) == [
        *("** Wazuh-Logtest: WARNING: (7003): yes", ""),
        *("", "**Phase 1: Completed pre-decoding.", "\tfull event: 'x'"),
        *("\ttimestamp: 't'", "\thostname: 'h'", "\tprogram_name: 'p'"),
        *(
            "",
            "**Phase 2: Completed decoding.",
            "\tname: 'n'",
            "\tparent: 'q'",
            "\taccumulate: '1'",
            "\tftscomment: 'f'",
        ),
        *("\tB: '3'", "\ta.b: '2'", "\ta.c: '[1, 'x', None, True]'", "\tz: '1'"),
        *("", "**Rule debugging:", "\tTrying rule: 1 - d", "\t\t*Rule 1 matched"),
        *("", "**Phase 3: Completed filtering (rules).", "\tid: '1'", "\tlevel: '5'", "\tdescription: 'it's'"),
        *("\tgroups: '['a']'", "\tfiredtimes: '2'", "\tmail: 'False'"),
        *("\tmitre.id: '['T1']'", "\tmitre.technique: '[]'"),
        "**Alert to be generated.",
    ]


def test_data_is_not_shown_without_a_decoder_nor_the_log_when_it_is_kept_back() -> None:
    reply = {"alert": False, "output": {"decoder": {}, "data": {"a": "b"}}}
    assert report(reply)[1:] == [
        *("**Phase 1: Completed pre-decoding.", "", "**Phase 2: Completed decoding.", "\tNo decoder matched."),
    ]


@pytest.mark.parametrize(
    ("output", "triple"),
    [
        ({}, ["", "", ""]),
        ({"decoder": {}}, ["", "", ""]),
        ({"decoder": {"name": "json"}}, ["", "", "json"]),
        ({"decoder": {"name": "json"}, "rule": {"id": "7", "level": 0}}, ["7", "0", "json"]),
    ],
)
def test_verdict(output: dict[str, Any], triple: list[str]) -> None:
    assert verdict(output) == triple
