"""`alertmill check`: what it prints, and its exit codes."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from alertmill.cli import EXIT_OK, EXIT_PROBLEMS, EXIT_USAGE, main
from alertmill.cli.check import check
from alertmill.installation import Installation

CONFIGURATION = """<ossec_config>
  <ruleset>
    <decoder_dir>etc/decoders</decoder_dir>
    <rule_dir>etc/rules</rule_dir>
  </ruleset>
</ossec_config>
"""
DECODERS = """<decoder name="mill"><program_name>^mill</program_name></decoder>
<decoder name="any"><prematch>^any </prematch></decoder>
"""
RULES = """<group name="mill,">
  <rule id="1" level="0" noalert="1"><category>syslog</category><description>All.</description></rule>
  <rule id="100000" level="3">
    <decoded_as>mill</decoded_as>
    <description>The mill speaks.</description>
  </rule>
</group>
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    for folder in ("etc/rules", "etc/decoders"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "etc/ossec.conf").write_text(CONFIGURATION)
    (tmp_path / "etc/decoders/mill.xml").write_text(DECODERS)
    (tmp_path / "etc/rules/mill.xml").write_text(RULES)
    return tmp_path


def run(home: Path, *, as_json: bool = False) -> tuple[int, str]:
    stdout = io.StringIO()
    return check(Installation(home), stdout, as_json=as_json), stdout.getvalue()


def test_a_clean_home(home):
    assert run(home) == (EXIT_OK, "1 decoder file, 1 rule file, 2 rules, 0 errors, 0 warnings\n")


def test_warnings_alone_are_no_failure(home):
    syscheck = "  <syscheck><frequency>1</frequency></syscheck>\n  <ruleset>"
    (home / "etc/ossec.conf").write_text(CONFIGURATION.replace("  <ruleset>", syscheck))
    code, text = run(home)
    assert code == EXIT_OK
    assert text == (
        "etc/ossec.conf:2: warning: not acted on: <syscheck>; it inspects the host, Alertmill reads logs  [C008]\n"
        "    <syscheck><frequency>1</frequency></syscheck>\n"
        "     ^~~~~~~~\n"
        "\n"
        "1 decoder file, 1 rule file, 2 rules, 0 errors, 1 warning\n"
    )


def test_every_problem_of_every_file_is_drawn(home):
    (home / "etc/ossec.conf").write_text(CONFIGURATION.replace("<ruleset>", "<ruleset><rules_dir>x</rules_dir>"))
    (home / "etc/decoders/mill.xml").write_text(DECODERS + "<decoder name='x'><mach>y</mach></decoder>")
    (home / "etc/rules/mill.xml").write_text(RULES.replace("decoded_as>", "decoded>"))
    code, text = run(home)
    assert code == EXIT_PROBLEMS
    for place in ("etc/ossec.conf:2: error:", "etc/decoders/mill.xml:3: error:", "etc/rules/mill.xml:4: error:"):
        assert place in text
    assert text.index("etc/ossec.conf") < text.index("etc/decoders") < text.index("etc/rules/mill.xml")


@pytest.mark.parametrize("configuration", ["<ossec_config><global></ossec_config>", None])
def test_without_a_readable_configuration_nothing_else_is_looked_at(home, configuration):
    path = home / "etc/ossec.conf"
    if configuration is None:
        path.unlink()
    else:
        path.write_text(configuration)
    (home / "etc/rules/mill.xml").write_text("<broken")
    code, text = run(home)
    assert code == EXIT_PROBLEMS
    assert text.endswith("\n\n1 error, 0 warnings; decoders and rules were not looked at\n")


def test_json(home):
    (home / "etc/ossec.conf").write_text(CONFIGURATION.replace("<ruleset>", "<ruleset><list>etc/gone</list>"))
    code, text = run(home, as_json=True)
    report = json.loads(text)
    (problem,) = report.pop("problems")
    assert code == EXIT_OK
    assert report == {
        "home": str(home),
        "decoder_files": 1,
        "rule_files": 1,
        "list_files": 0,
        "rules": 2,
        "errors": 0,
        "warnings": 1,
    }
    assert (problem["code"], problem["severity"], problem["file"], problem["line"]) == (
        "X003",
        "warning",
        "etc/ossec.conf",
        2,
    )


def test_json_without_a_home(tmp_path):
    code, text = run(tmp_path / "nowhere", as_json=True)
    report = json.loads(text)
    assert code == EXIT_PROBLEMS
    assert (report["rules"], report["decoder_files"], report["errors"]) == (None, None, 1)


def test_a_terminal_that_knows_ascii_only(home):
    (home / "etc/ossec.conf").write_text(CONFIGURATION.replace("<ruleset>", "<ruleset><größe/>"))
    raw = io.BytesIO()
    stdout = io.TextIOWrapper(raw, encoding="ascii")
    assert check(Installation(home), stdout, as_json=False) == EXIT_PROBLEMS
    stdout.flush()
    assert b"<gr\\xf6\\xdfe/>" in raw.getvalue()


def test_the_command(home, capsys):
    assert main(["--home", str(home), "check"]) == EXIT_OK
    assert capsys.readouterr().out == "1 decoder file, 1 rule file, 2 rules, 0 errors, 0 warnings\n"
    assert main(["check", "--json", "--home", str(home / "nowhere")]) == EXIT_PROBLEMS
    assert json.loads(capsys.readouterr().out)["errors"] == 1


def test_bad_usage(capsys):
    with pytest.raises(SystemExit) as caught:
        main(["check", "--nonsense"])
    assert caught.value.code == EXIT_USAGE
    assert capsys.readouterr().err.count("\n") == 1
