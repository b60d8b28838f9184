"""`alertmill lint`: what is judged amid what, what is printed, and the exit codes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from alertmill.cli import EXIT_OK, EXIT_PROBLEMS, EXIT_USAGE, main

CONFIGURATION = """<ossec_config>
  <ruleset>
    <decoder_dir>ruleset/decoders</decoder_dir>
    <rule_dir>ruleset/rules</rule_dir>
    <decoder_dir>etc/decoders</decoder_dir>
    <rule_dir>etc/rules</rule_dir>
    <list>etc/lists/empty</list>
  </ruleset>
</ossec_config>
"""
DECODERS = """<decoder name="mill"><program_name>^mill</program_name></decoder>
<decoder name="any"><prematch>^any .*</prematch></decoder>
"""
TOP = """<group name="mill,">
  <rule id="1" level="0" noalert="1"><category>syslog</category><description>All.</description></rule>
  <rule id="500" level="3">
    <decoded_as>mill</decoded_as>
    <description>The mill speaks.</description>
  </rule>
  <rule id="501" level="4">
    <if_sid>500</if_sid>
    <regex>stop .* now</regex>
    <description>The mill stops.</description>
  </rule>
</group>
"""
OWN = """<group name="local,">
  <rule id="100000" level="3">
    <if_sid>500</if_sid>
    <match>door \\d</match>
    <description>A door.</description>
  </rule>
</group>
"""
CLEAN = OWN.replace(" \\d", "")
STYLE = CLEAN.replace('"local,"', '"local"')
ON_SHIPPED = CLEAN.replace("<if_sid>500<", "<if_sid>80200<")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("ALERTMILL_HOME", raising=False)
    monkeypatch.chdir(tmp_path)
    home = tmp_path / "home"
    for folder in ("ruleset/rules", "ruleset/decoders", "etc/rules", "etc/decoders", "etc/lists"):
        (home / folder).mkdir(parents=True)
    (home / "etc/ossec.conf").write_text(CONFIGURATION)
    (home / "etc/lists/empty").write_text("")
    (home / "ruleset/decoders/0010-mill_decoders.xml").write_text(DECODERS)
    (home / "ruleset/rules/0010-mill_rules.xml").write_text(TOP)
    (home / "etc/rules/local_rules.xml").write_text(OWN)
    return home


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    code = main([*words])
    return code, capsys.readouterr().out


def places(text: str) -> list[tuple[str, int, str]]:
    return [(one["file"], one["line"], one["code"]) for one in json.loads(text)["findings"]]


def test_the_own_files_of_a_home(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, text = run(capsys, "--home", str(home), "lint")
    assert code == EXIT_PROBLEMS
    assert text == (
        "etc/rules/local_rules.xml:4: warning: rule 100000: '\\d' in 'door \\d' is looked for as it stands: "
        "OSMATCH knows no escapes  [L036]\n"
        "    <match>door \\d</match>\n"
        "                ^\n"
        '  hint: Leave the backslash out; for classes such as \\d use type="osregex" or "pcre2".\n'
        "\n"
        "1 rule, 0 decoders, 0 errors, 1 warning, 0 notes\n"
    )


def test_a_clean_home(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "etc/rules/local_rules.xml").write_text(CLEAN)
    code, text = run(capsys, "lint", "--home", str(home))
    assert (code, text) == (EXIT_OK, "1 rule, 0 decoders, 0 errors, 0 warnings, 0 notes\n")


def test_the_whole_ruleset_of_a_home(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, text = run(capsys, "--home", str(home), "lint", "--all", "--json")
    assert code == EXIT_PROBLEMS
    assert places(text) == [
        ("ruleset/decoders/0010-mill_decoders.xml", 2, "L030"),
        ("ruleset/rules/0010-mill_rules.xml", 9, "L030"),
        ("etc/rules/local_rules.xml", 4, "L036"),
    ]


def test_a_file_amid_the_home_that_is_named(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It takes the place of the home's file with its name, so that no id is given twice."""
    Path("local_rules.xml").write_text(CLEAN.replace("door", "lock .*"))
    code, text = run(capsys, "--home", str(home), "lint", "--json", "local_rules.xml")
    assert (code, places(text)) == (EXIT_PROBLEMS, [("local_rules.xml", 4, "L030")])


def test_a_folder_amid_the_shipped_ruleset(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder := Path("my")).mkdir()
    (folder / "local_rules.xml").write_text(ON_SHIPPED)
    (folder / "tests").mkdir()
    (folder / "tests" / "not_a_rule.xml").write_text("<nothing>")
    assert run(capsys, "lint", "my") == (EXIT_OK, "1 rule, 0 decoders, 0 errors, 0 warnings, 0 notes\n")
    (folder / "local_rules.xml").write_text(ON_SHIPPED.replace('id="100000"', 'id="99000"'))
    code, text = run(capsys, "lint", "my", "--json")
    assert (code, places(text)) == (EXIT_PROBLEMS, [("my/local_rules.xml", 2, "L084")])


def test_a_folder_that_is_a_whole_ruleset(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, text = run(capsys, "lint", str(home / "ruleset"), "--json")
    assert code == EXIT_PROBLEMS
    assert [code for _, _, code in places(text)] == ["L030", "L030"]
    assert json.loads(text)["rules"] == 2  # the top of the tree is not counted


def test_lists_beside_the_rules(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    list_ = '<list field="who">etc/lists/words</list>'
    (Path("my") / "rules").mkdir(parents=True)
    (Path("my") / "lists").mkdir()
    (Path("my") / "rules" / "own.xml").write_text(ON_SHIPPED.replace("<match>door</match>", list_))
    (Path("my") / "lists" / "words").write_text("eve:\n")
    assert run(capsys, "lint", "my/rules")[0] == EXIT_OK
    (Path("my") / "lists" / "words").write_text("")
    assert places(run(capsys, "lint", "my/rules", "--json")[1]) == [("my/rules/own.xml", 4, "L070")]


def test_what_loading_says_comes_first(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lost = OWN.replace("<if_sid>500<", "<if_sid>599<")
    (home / "etc/rules/local_rules.xml").write_text(lost)
    code, text = run(capsys, "--home", str(home), "lint", "--json")
    assert code == EXIT_PROBLEMS
    assert [code for _, _, code in places(text)] == ["R012", "R012"]


def test_errors_of_the_surroundings_are_told(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "ruleset/rules/0010-mill_rules.xml").write_text(TOP + "<group>")
    (home / "etc/rules/local_rules.xml").write_text(CLEAN)
    code, text = run(capsys, "--home", str(home), "lint", "--json")
    assert code == EXIT_PROBLEMS
    assert ("ruleset/rules/0010-mill_rules.xml", 13, "X001") in places(text)


@pytest.mark.parametrize(
    ("text", "least", "expected"),
    [
        (STYLE, None, EXIT_PROBLEMS),
        (STYLE, "note", EXIT_PROBLEMS),
        (STYLE, "warning", EXIT_OK),
        (OWN, "warning", EXIT_PROBLEMS),
        (OWN, "error", EXIT_OK),
    ],
)
def test_what_makes_it_fail(
    home: Path, capsys: pytest.CaptureFixture[str], text: str, least: str | None, expected: int
) -> None:
    (home / "etc/rules/local_rules.xml").write_text(text)
    words = ["--fail-on", least] if least else []
    code, told = run(capsys, "--home", str(home), "lint", *words)
    assert code == expected
    assert "[L0" in told


def test_sarif(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, text = run(capsys, "--home", str(home), "lint", "--sarif")
    assert code == EXIT_PROBLEMS
    results: list[dict[str, Any]] = json.loads(text)["runs"][0]["results"]
    assert [result["ruleId"] for result in results] == ["L036"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["lint", "nowhere.xml"], "there is no nowhere.xml"),
        (["lint", "empty"], "the folder empty holds no *.xml"),
        (["--home", "nowhere", "lint"], "there is no home folder nowhere"),
    ],
)
def test_bad_usage(home: Path, capsys: pytest.CaptureFixture[str], words: list[str], said: str) -> None:
    Path("empty").mkdir()
    assert main(words) == EXIT_USAGE
    told = capsys.readouterr().err
    assert said in told
    assert told.count("\n") == 1


def test_a_wrong_option(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["lint", "--json", "--sarif"])
    assert ended.value.code == EXIT_USAGE
