"""`alertmill logtest`: prompts, reports, `-U`, and JSON lines."""

from __future__ import annotations

import argparse
import io
import json
from pathlib import Path
from typing import Any

import pytest

from alertmill.cli import Context, main
from alertmill.cli.logtest import add_arguments, record_of, run

CONFIGURATION = """<ossec_config>
  <alerts><log_alert_level>3</log_alert_level></alerts>
  <ruleset><decoder_dir>etc/decoders</decoder_dir><rule_dir>etc/rules</rule_dir></ruleset>
</ossec_config>
"""
DECODERS = """
<decoder name="mill"><program_name>^mill$</program_name></decoder>
<decoder name="json"><prematch>^{\\s*"</prematch><plugin_decoder>JSON_Decoder</plugin_decoder></decoder>
"""
RULES = """<group name="mill,">
  <rule id="1" level="0" noalert="1"><category>syslog</category><description>All.</description></rule>
  <rule id="100100" level="5">
    <decoded_as>json</decoded_as><field name="k">\\w</field>
    <description>k is $(k)</description>
  </rule>
</group>
"""
LABELLED = """<ossec_config>
  <labels><label key="site">north</label></labels>
  <cluster><name>mills</name><node_name>one</node_name><disabled>no</disabled></cluster>
</ossec_config>
"""
NOW = 1795609260.0


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ALERTMILL_CLOCK", str(NOW))
    for folder in ("etc/rules", "etc/decoders"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "etc/ossec.conf").write_text(CONFIGURATION)
    (tmp_path / "etc/decoders/mill.xml").write_text(DECODERS)
    (tmp_path / "etc/rules/mill.xml").write_text(RULES)
    return tmp_path


def logtest(home: Path, lines: bytes, *words: str) -> tuple[int, str, str]:
    """Exit code, standard output and standard error."""
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    stdout, stderr = io.StringIO(), io.StringIO()
    code = run(parser.parse_args(words), Context(home, True, io.BytesIO(lines), stdout, stderr))
    return code, stdout.getvalue(), stderr.getvalue()


def answers(home: Path, lines: bytes, *words: str) -> list[dict[str, Any]]:
    code, stdout, stderr = logtest(home, lines, "--json", *words)
    assert (code, stderr) == (0, "")
    return [json.loads(line) for line in stdout.splitlines()]


START = "Starting wazuh-logtest v4.14.7\nType one log per line\n"
FIRST = """
**Phase 1: Completed pre-decoding.
\tfull event: '{"k":"v"}'

**Phase 2: Completed decoding.
\tname: 'json'
\tk: 'v'

**Phase 3: Completed filtering (rules).
\tid: '100100'
\tlevel: '5'
\tdescription: 'k is v'
\tgroups: '['mill']'
\tfiredtimes: '1'
\tmail: 'False'
**Alert to be generated.
"""
SECOND = """
**Phase 1: Completed pre-decoding.
\tfull event: 'no such event'

**Phase 2: Completed decoding.
\tNo decoder matched.
"""


def test_a_dialogue(home: Path) -> None:
    code, stdout, stderr = logtest(home, b'{"k":"v"}\r\n\nno such event\n')
    assert (code, stdout) == (0, "\n" * 4)
    assert stderr == START + FIRST + SECOND


def test_events_are_those_of_the_homes_manager(home: Path) -> None:
    """As the daemon's sessions show them: with the labels and the cluster of the home."""
    conf = home / "etc/ossec.conf"
    conf.write_text(conf.read_text() + LABELLED)
    stderr = logtest(home, b'{"k":"v"}\n', "-d")[2]
    (reply,) = (line.partition("Reply: ")[2] for line in stderr.splitlines() if "Reply: {" in line and '"k"' in line)
    output = json.loads(reply)["data"]["output"]
    assert output["agent"]["labels"] == {"site": "north"}
    assert output["cluster"] == {"name": "mills", "node": "one"}


def test_one_session_counts_on_and_fresh_ones_do_not(home: Path) -> None:
    counts = {
        words: [line for line in logtest(home, b'{"k":"v"}\n' * 2, *words)[2].splitlines() if "firedtimes" in line]
        for words in [(), ("--fresh",)]
    }
    assert counts == {
        (): ["\tfiredtimes: '1'", "\tfiredtimes: '2'"],
        ("--fresh",): ["\tfiredtimes: '1'", "\tfiredtimes: '1'"],
    }


def test_rules_debug(home: Path) -> None:
    stderr = logtest(home, b"x\n", "-v")[2]
    assert stderr.endswith(
        "**Rule debugging:\n\tTrying rule: 1 - All.\n\t\t*Rule 1 matched\n\t\t*Trying child rules\n"
        "\tTrying rule: 80950 - Alertmill: about itself\n\tTrying rule: 100100 - k is $(k)\n"
    )


@pytest.mark.parametrize(
    ("expected", "lines", "code", "verdict"),
    [
        ("100100:5:json", b'{"k":"v"}', 0, "Unit test OK"),
        (
            "100100:6:json",
            b'{"k":"v"}',
            1,
            "Unit test FAIL. Expected ['100100', '6', 'json'] , Result ['100100', '5', 'json']",
        ),
        ("::json", b'{"j":1}', 2, "Unit test OK"),
        ("::", b"x", 3, "Unit test OK"),
        ("0:0:x", b"", 1, "Type one log per line"),
        ("100100:5:json", b'x\n{"k":"v"}\n', 0, "Unit test OK"),
        (
            "100100:5:json",
            b'{"k":"v"}\nx\n',
            1,
            "Unit test FAIL. Expected ['100100', '5', 'json'] , Result ['', '', '']",
        ),
        ("1:2", b"x", 1, "Unit test configuration wrong syntax: 1:2"),
        ("1:2:3:4", b"x", 1, "Unit test configuration wrong syntax: 1:2:3:4"),
    ],
)
def test_unit_test_mode(home: Path, expected: str, lines: bytes, code: int, verdict: str) -> None:
    found, _, stderr = logtest(home, lines, "-U", expected)
    assert (found, stderr.splitlines()[-1]) == (code, verdict)


def test_quiet_and_version(home: Path) -> None:
    assert logtest(home, b'{"k":"v"}\n', "-q") == (0, "\n\n", "")
    assert logtest(home, b"", "-q", "-V") == (0, "", "")
    code, stdout, stderr = logtest(home, b"", "-V")
    assert (code, stdout) == (0, "")
    assert "Wazuh v4.14.7" in stderr


def test_debug_shows_requests_and_replies(home: Path) -> None:
    lines = logtest(home, b"x\n", "-d")[2].splitlines()
    assert lines[0].endswith(" wazuh-logtest[INFO] Starting wazuh-logtest v4.14.7")
    assert sum('wazuh-logtest[DEBUG] Request: {"version": 1' in line for line in lines) == 1
    assert sum("wazuh-logtest[DEBUG] Reply: " in line for line in lines) == 2


def test_location(home: Path) -> None:
    assert answers(home, b"x", "-l", "[001] (web) any->/x")[0]["location"] == "/x"


def test_a_ruleset_that_does_not_load(home: Path) -> None:
    (home / "etc/rules/mill.xml").write_text(RULES.replace("<group name", "<grup name"))
    code, _, stderr = logtest(home, b"x\ny\n")
    assert code == 0
    assert stderr.count("** Wazuh-logtest error -1: \n\tERROR: ") == 2
    assert stderr.count("\tERROR: (7311): Failure to initializing session\n") == 2
    code, stdout, stderr = logtest(home, b"x\n", "--json")
    assert (code, stdout) == (1, "")
    assert "etc/rules/mill.xml:" in stderr


def test_a_frozen_clock_that_is_no_time(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for time in ("noon", "-1", "1e999", "nan"):
        monkeypatch.setenv("ALERTMILL_CLOCK", time)
        assert logtest(home, b"x") == (
            2,
            "",
            f"alertmill logtest: $ALERTMILL_CLOCK is {time!r}; give epoch seconds, for instance 1768471200\n",
        )


def test_json_lines(home: Path) -> None:
    found = answers(home, b'{"k":"v"}\n\nplain \xff\xc3\xa9\n{"k":"v"}')
    assert [list(answer) for answer in found] == [
        ["decoder", "predecoder", "data", "rule", "full_log", "location", "alert"],
    ] * 3
    assert found[0]["rule"]["firedtimes"] == 1
    assert found[1] == {
        "decoder": {},
        "predecoder": None,
        "data": None,
        "rule": None,
        "full_log": "plain \udcff\u00e9",
        "location": "stdin",
        "alert": False,
    }
    assert (found[2]["rule"]["firedtimes"], found[2]["alert"]) == (2, True)
    fresh = answers(home, b'{"k":"v"}\n{"k":"v"}', "--fresh")
    assert [answer["rule"]["firedtimes"] for answer in fresh] == [1, 1]


def test_json_output_is_pure_ascii(home: Path) -> None:
    assert logtest(home, b"\xff\xc3\xa9", "--json")[1].isascii()


def test_a_record_that_cannot_be_digested(home: Path) -> None:
    answer = answers(home, b'{"message":"x","location":"[001"}')[0]
    assert (answer["alert"], answer["full_log"]) == (False, None)
    assert answer["error"]


@pytest.mark.parametrize(
    ("line", "message", "location", "queue", "time"),
    [
        (b"plain", "plain", "stdin", "1", NOW),
        (b'{"message":"m"}', "m", "stdin", "1", NOW),
        (b'{"message":"m","location":"l","queue":"f","time":5}', "m", "l", "f", 5.0),
        (b'{"message":"\\u00e9\\udce9","location":"\\u00e9"}', "\xc3\xa9\xe9", "\xc3\xa9", "1", NOW),
        (b'{"message":"\\ud800"}', "\xed\xa0\x80", "stdin", "1", NOW),
        (b'{"message":"m\xe9"}', "m\xe9", "stdin", "1", NOW),
        *[
            (line, line.decode("latin-1"), "stdin", "1", NOW)
            for line in (
                b'{"message":"m","eventName":"x"}',
                b'{"message":5}',
                b'{"message":"m","time":"now"}',
                b'{"message":"m","time":true}',
                b'{"message":"m","time":1e999}',
                b'{"message":"m","queue":1}',
                b'{"location":"l"}',
                b'{"message":"m"',
                b'["message"]',
                b'{"message":' * 5000,
            )
        ],
    ],
)
def test_envelopes_and_raw_lines(line: bytes, message: str, location: str, queue: str, time: float) -> None:
    record = record_of(line, "stdin", NOW)
    assert (record.message, record.location, record.queue, record.time) == (message, location, queue, time)


def test_the_command_line(home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    stdin = io.TextIOWrapper(io.BytesIO(b'{"k":"v"}\n'))
    monkeypatch.setattr("sys.stdin", stdin)
    assert main(["--home", str(home), "logtest", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["rule"]["description"] == "k is v"
    with pytest.raises(SystemExit) as stopped:
        main(["logtest", "--nonsense"])
    assert stopped.value.code == 2


def test_json_with_v_explains_each_event(home: Path) -> None:
    first, second = answers(home, b'{"k":"v"}\nx\n', "-v")
    assert first["explain"]["answer"] == "rule 100100 (level 5) 'k is v': an alert is written"
    assert first["explain"]["result"]["rule"] == int(first["rule"]["id"])
    assert second["explain"]["answer"] == "no rule holds, so there is no alert"
    assert [one["explain"]["result"]["firedtimes"] for one in answers(home, b'{"k":"v"}\n' * 2, "-v")] == [1, 2]
    assert [one["explain"]["result"]["firedtimes"] for one in answers(home, b'{"k":"v"}\n' * 2, "-v", "--fresh")] == [
        1,
        1,
    ]
