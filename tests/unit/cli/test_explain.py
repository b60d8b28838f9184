"""`alertmill explain`: options, streams, exit codes, and colours only where they belong."""

from __future__ import annotations

import argparse
import io
import json
from pathlib import Path
from typing import Any

import pytest

from alertmill.cli import Context, main
from alertmill.cli.explain import add_arguments, run

CALL = {
    "eventVersion": "1.08",
    "userIdentity": {"type": "IAMUser", "userName": "alice"},
    "eventTime": "2026-01-15T10:00:00Z",
    "eventSource": "ec2.amazonaws.com",
    "eventName": "StartInstances",
    "errorCode": "Client.IncorrectInstanceState",
}


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def explain(
    *words: str, lines: bytes | None = None, home: Path | None = None, stdout: io.StringIO | None = None
) -> tuple[int, str, str]:
    """Exit code, standard output and standard error."""
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    stdout, stderr = stdout or io.StringIO(), io.StringIO()
    stdin = io.BytesIO(json.dumps(CALL).encode() if lines is None else lines)
    context = Context(home or Path("/nowhere"), home is not None, stdin, stdout, stderr)
    return run(parser.parse_args(words), context), stdout.getvalue(), stderr.getvalue()


def test_the_first_line_is_the_answer_and_no_home_is_needed() -> None:
    code, stdout, stderr = explain("--why-not", "80306")
    assert (code, stderr) == (0, "")
    assert stdout.splitlines()[0] == (
        "rule 80306 did not fire: it did not hold: <match> matches osmatch "
        '\'"errorCode":"Client.UnauthorizedOperation"\': the log does not match; the nearest there is '
        '..."errorCode":"Client.IncorrectInstanceState","source":"cloudt...'
    )
    assert "  a CloudTrail record, wrapped as the S3 source does" in stdout
    assert "[rules/0300-amazon-ec2_rules.xml:" in stdout


def test_the_whole_story() -> None:
    stdout = explain()[1]
    assert stdout.startswith("rule 80305 (level 2) 'Amazon-ec2: Instance started': an alert is written\n")
    for part in ("Pre-decoding", "Decoders, in the order", "Rules, in the order", "not tried, because 80305", "Result"):
        assert part in stdout


def test_json_has_one_object_per_event() -> None:
    code, stdout, stderr = explain("--json", lines=b"one\ntwo\n\n")
    told = [json.loads(line) for line in stdout.splitlines()]
    assert (code, stderr, [one["event"]["message"] for one in told]) == (0, "", ["one", "two"])
    assert told[0]["event"]["made"] is None
    assert json.loads(explain("--json")[1])["event"]["made"].startswith("a CloudTrail record")


def test_several_events_are_one_session_unless_they_are_to_be_fresh() -> None:
    def counts(*words: str) -> list[int]:
        line = json.dumps(CALL).encode() + b"\n"
        return [
            json.loads(one)["result"]["firedtimes"] for one in explain("--json", *words, lines=line * 2)[1].splitlines()
        ]

    assert (counts(), counts("--fresh")) == ([1, 2], [1, 1])


def test_location_queue_and_raw() -> None:
    event = json.loads(explain("--json", "--raw", "--location", "/caf\u00e9", "--queue", "4", lines=b"[1]")[1])["event"]
    assert (event["message"], event["location"], event["queue"]) == ("[1]", "/caf\u00e9", "4")


def test_colours_are_for_terminals_and_no_color_forbids_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[" in explain(stdout=Terminal())[1]
    assert "\x1b[" not in explain()[1]
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[3" not in explain(stdout=Terminal())[1]


def test_hostile_events_send_nothing_to_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    stdout = explain(lines=b"\x1b[2J\x07\x9b31m [red]x[/red] \xff\n", stdout=Terminal())[1]
    assert "\\x1b[2J\\x07\\x9b31m [red]x[/red] \\xff" in stdout
    assert "\x1b[2J" not in stdout


def test_a_stream_that_lacks_characters_gets_escapes() -> None:
    class Ascii(io.StringIO):
        encoding = "ascii"  # type: ignore[assignment]

    assert "caf\\xe9" in explain(lines="caf\u00e9".encode(), stdout=Ascii())[1]


def test_no_event_is_bad_usage() -> None:
    code, stdout, stderr = explain(lines=b"\n")
    assert (code, stdout) == (2, "")
    assert stderr == "alertmill explain: no event on standard input; pipe a log line or an AWS record in\n"


@pytest.mark.parametrize("word", ["--rules", "--decoders"])
def test_a_folder_that_is_none_is_bad_usage(word: str) -> None:
    code, _, stderr = explain(word, "/no/such")
    assert (code, stderr) == (2, "alertmill explain: /no/such is no folder; name one that holds *.xml files\n")


def test_a_clock_that_is_none_is_bad_usage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALERTMILL_CLOCK", "noon")
    code, _, stderr = explain()
    assert (code, stderr.count("\n")) == (2, 1)


RULES = """<group name="own,">
  <rule id="1" level="0" noalert="1"><category>syslog</category><description>All.</description></rule>
  <rule id="100100" level="5"><match>x</match><description>x</description></rule>
  {more}
</group>
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    for folder in ("etc/rules", "etc/decoders"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "etc/ossec.conf").write_text(
        "<ossec_config><ruleset><decoder_dir>etc/decoders</decoder_dir><rule_dir>etc/rules</rule_dir></ruleset>"
        "</ossec_config>"
    )
    (tmp_path / "etc/decoders/own.xml").write_text(
        '<decoder name="mill"><program_name>^mill$</program_name></decoder>\n'
        '<decoder name="json"><prematch>^{\\s*"</prematch><plugin_decoder>JSON_Decoder</plugin_decoder></decoder>\n'
    )
    (tmp_path / "etc/rules/own.xml").write_text(RULES.format(more=""))
    return tmp_path


@pytest.mark.parametrize("lines", [b"", b"\n", b"\n  \n\t\r\n"])
def test_without_an_event_it_is_bad_usage(lines: bytes) -> None:
    code, stdout, stderr = explain(lines=lines)
    assert (code, stdout) == (2, "")
    assert stderr.startswith("alertmill explain: no event on standard input")


@pytest.mark.parametrize("id", ["-5", "x", "1.5", "\u0661", "9" * 30])
def test_what_is_no_rule_id_is_bad_usage(id: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["explain", "--why-not", id])
    stderr = capsys.readouterr().err
    assert (ended.value.code, stderr.count("\n")) == (2, 1)
    assert f"'{id}' is no rule id" in stderr


def test_the_rules_of_the_home_that_was_named(home: Path) -> None:
    code, stdout, stderr = explain("--why-not", "100100", lines=b"y", home=home)
    assert (code, stderr) == (0, "")
    assert stdout.startswith("rule 100100 did not fire: it did not hold: <match> matches osmatch 'x'")
    assert "[etc/rules/own.xml:3]" in stdout


def test_warnings_are_counted_behind_the_answer(home: Path) -> None:
    more = '<rule id="100101" level="5"><if_sid>7777</if_sid><description>y</description></rule>'
    (home / "etc/rules/own.xml").write_text(RULES.format(more=more))
    code, stdout, stderr = explain("--why-not", "100101", lines=b"y", home=home)
    assert (code, stderr) == (0, "2 warnings while decoders and rules were loaded; `alertmill check` shows them\n")
    assert stdout.startswith(
        "rule 100101 did not fire: it stands in etc/rules/own.xml:4, but it is not loaded: "
        "etc/rules/own.xml:4: rule 100101 hangs on rule 7777, which is not loaded"
    )


def test_a_ruleset_that_cannot_be_loaded(home: Path) -> None:
    (home / "etc/rules/own.xml").write_text(RULES.format(more="<rule"))
    code, stdout, stderr = explain(lines=b"y", home=home)
    assert (code, stdout) == (1, "")
    assert "etc/rules/own.xml:" in stderr


def test_a_folder_of_rules_in_place_of_the_shipped_ones(home: Path) -> None:
    told: dict[str, Any] = json.loads(explain("--json", "--rules", str(home / "etc/rules"), lines=b"x")[1])
    assert told["result"]["rule"] == 100100


def test_a_terminal_is_told_what_to_do() -> None:
    class Keyboard(io.BytesIO):
        def isatty(self) -> bool:
            return True

    parser = argparse.ArgumentParser()
    add_arguments(parser)
    stderr = io.StringIO()
    run(parser.parse_args([]), Context(Path("/nowhere"), False, Keyboard(b"x\n"), io.StringIO(), stderr))
    assert stderr.getvalue() == "type or paste events, one per line; Ctrl-D ends\n"
