"""`alertmill test`: exit codes, what is printed, and which rules and cases it is about."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from alertmill.cli import EXIT_OK, EXIT_PROBLEMS, EXIT_USAGE, main
from alertmill.cli.case_report import Paint
from alertmill.cli.init import make_home

ROOT = Path(__file__).resolve().parents[3]

FLOW = """
- name: "a rejected flow"
  base: &flow
    integration: aws
    aws: {source: vpc, action: REJECT, srcaddr: 10.0.1.34, dstaddr: 198.51.100.9, dstport: "22", protocol: "6"}
  events: [{}]
  expect: {rule: 80922, level: 4}
"""
WRONG = """
- name: "wrong"
  base: *flow
  events: [{}]
  expect: {rule: 80921}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ALERTMILL_HOME", raising=False)
    (tmp_path / "cases").mkdir()
    (tmp_path / "cases" / "flow.yaml").write_text(FLOW)
    return tmp_path


def run(*words: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    try:
        code = main(["test", *words])
    except SystemExit as end:
        assert isinstance(end.code, int)
        code = end.code
    said = capsys.readouterr()
    return code, said.out, said.err


def values(*words: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, Any]:
    code, out, _ = run("--json", *words, capsys=capsys)
    return code, json.loads(out)


def test_cases_that_pass(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run("cases", capsys=capsys)
    assert (code, err) == (EXIT_OK, "")
    first, _, last = out.splitlines()
    assert first == "cases/flow.yaml     1 case  ok"
    assert last.startswith("1 file, 1 case: 1 passed in ")


def test_a_case_that_fails_says_what_came(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "cases" / "flow.yaml").write_text(FLOW + WRONG)
    code, out, _ = run("cases", capsys=capsys)
    assert code == EXIT_PROBLEMS
    lines = out.splitlines()
    assert lines[0] == "cases/flow.yaml    2 cases  1 failed"
    assert lines[1] == "  FAILED cases/flow.yaml:9: wrong"
    assert lines[2].startswith(
        "    rule: expected 80921, found rule 80922, level 4, 'AWS VPC flow: rejected 10.0.1.34 port"
    )
    assert lines[3] == "    why: rule 80921 was not tried: 80922, which is tried before it below 80920, held"
    assert "      dstport: 22" in lines
    assert lines[-1].startswith("1 file, 2 cases: 1 passed, 1 failed in ")


def test_json_tells_the_same(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "cases" / "flow.yaml").write_text(FLOW + WRONG)
    code, report = values("cases", capsys=capsys)
    assert code == EXIT_PROBLEMS
    assert (report["passed"], report["failed"], report["errors"], report["below"]) == (1, 1, 0, [])
    good, bad = report["files"][0]["cases"]
    assert (good["line"], good["passed"], good["failures"]) == (2, True, [])
    (failure,) = bad["failures"]
    assert (bad["name"], bad["line"], failure["line"], failure["event"]) == ("wrong", 9, 12, 1)
    assert failure["mismatches"][0]["expected"] == "80921"
    assert failure["fields"]["aws.action"] == "REJECT"


def test_files_are_found_in_folders_and_named_ones_taken_as_they_are(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "cases" / "deep").mkdir()
    (folder / "cases" / "deep" / "b.yml").write_text(FLOW)
    (folder / "cases" / "deep" / "c.INI").write_text("[x]\nlog 1 fail = hello\nrule = 1\nalert = 1\ndecoder = x\n")
    (folder / "cases" / "notes.txt").write_text("no case")
    (folder / "other").write_text(FLOW)
    code, report = values("cases", "other", "cases/flow.yaml", capsys=capsys)
    assert code == EXIT_OK
    found = [file["file"] for file in report["files"]]
    assert found == ["cases/deep/b.yml", "cases/deep/c.INI", "cases/flow.yaml", "other"]


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"- name: \xff", "error: the file is not UTF-8 text  [T001]"),
        (b"- name: x\n  events: 3", "error: the case 'x' has no events  [T002]"),
        (b"a: [", "error: this is not YAML"),
    ],
)
def test_a_file_that_cannot_be_used_is_a_failure_and_stops_no_other(
    data: bytes, told: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "cases" / "bad.yaml").write_bytes(data)
    code, out, _ = run("cases", capsys=capsys)
    assert code == EXIT_PROBLEMS
    assert told in out
    assert "1 passed, 1 error in files of cases" in out


def test_a_byte_order_mark_is_no_text(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "cases" / "flow.yaml").write_bytes(b"\xef\xbb\xbf" + FLOW.encode())
    assert run("cases", capsys=capsys)[0] == EXIT_OK


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("nowhere.yaml",), "nowhere.yaml does not exist"),
        (("empty",), "empty holds no *.yaml, *.yml or *.ini"),
        (("-k", "nonsense", "cases"), "no case has 'nonsense' in its name"),
        (("--min", "50", "cases"), "--min needs --coverage or --mutate"),
        (("--rules", "nowhere", "cases"), "nowhere is no folder"),
        (("--rules", "empty"), "there are no cases: write some into a file"),
        (("--min", "101", "cases"), "'101' is not a number from 0 to 100"),
        (("-j", "x", "cases"), "'x' is not a whole number"),
    ],
)
def test_bad_usage_is_one_line(
    words: tuple[str, ...], told: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "empty").mkdir()
    code, out, err = run(*words, capsys=capsys)
    assert (code, out) == (EXIT_USAGE, "")
    assert told in err
    assert err.count("\n") == 1


def test_a_word_chooses_cases_by_name_or_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "cases" / "flow.yaml").write_text(FLOW + WRONG)
    assert values("-k", "REJECTED", "cases", capsys=capsys)[1]["passed"] == 1
    assert values("-k", "wrong", "cases", capsys=capsys)[1]["failed"] == 1
    assert values("-k", "flow.yaml", "cases", capsys=capsys)[1]["failed"] == 1


def test_verbose_names_every_case(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "  ok 2: a rejected flow\n" in run("-v", "cases", capsys=capsys)[1]


def test_junit_is_written(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--junit", "out.xml", "cases", capsys=capsys)[0] == EXIT_OK
    root = ElementTree.parse(folder / "out.xml").getroot()
    assert root.get("tests") == "1"


@pytest.mark.parametrize("option", ["--junit", "--html"])
def test_a_report_that_cannot_be_written_is_a_failure(
    option: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, err = run(option, "no/such/folder/x", "cases", capsys=capsys)
    assert code == EXIT_PROBLEMS
    assert err == "alertmill test: no/such/folder/x cannot be written: No such file or directory\n"


# --- the home ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def home(folder: Path) -> Path:
    make_home(folder / "home")
    return folder / "home"


def test_a_new_home_has_cases_of_its_own(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, report = values("--home", str(home), "--coverage", "--mutate", capsys=capsys)
    assert code == EXIT_OK
    assert [file["file"] for file in report["files"]] == ["home/etc/rules/tests/local_rules.yaml"]
    assert report["coverage"]["percent"] == 100.0
    assert [file["file"] for file in report["coverage"]["files"]] == ["etc/rules/local_rules.xml"]
    assert report["mutation"]["score"] == 100.0


def test_a_home_without_cases_says_where_they_go(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.rmtree(home / "etc" / "rules" / "tests")
    code, _, err = run("--home", str(home), capsys=capsys)
    assert code == EXIT_USAGE
    assert f"there are no cases: write some into {home}/etc/rules/tests" in err


@pytest.mark.parametrize("words", [(), ("cases",)])
def test_a_home_that_is_not_there(words: tuple[str, ...], folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = "is missing; `alertmill init` makes a home, --home names another one"
    assert run("--home", "/nonexist", *words, capsys=capsys) == (EXIT_USAGE, "", f"alertmill test: /nonexist {told}\n")
    assert f"{folder} is no home (no etc/ossec.conf)" in run("--home", str(folder), *words, capsys=capsys)[2]


def test_rules_that_do_not_load_are_told(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rules = home / "etc" / "rules" / "local_rules.xml"
    rules.write_text(rules.read_text().replace("</if_sid>", "</if_sidd>", 1))
    code, out, err = run("--home", str(home), capsys=capsys)
    assert (code, out) == (EXIT_PROBLEMS, "")
    assert "etc/rules/local_rules.xml:12: error: Element 'if_sid' not closed  [X001]" in err


def test_rules_that_are_left_out_are_told_if_they_are_under_test(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rules = home / "etc" / "rules" / "local_rules.xml"
    rules.write_text(rules.read_text().replace("<if_sid>80831</if_sid>", "<if_sid>99999</if_sid>", 1))
    code, out, err = run("--home", str(home), capsys=capsys)
    assert code == EXIT_PROBLEMS
    assert "etc/rules/local_rules.xml:12: warning: rule 100001 hangs on rule 99999, which is not loaded" in err
    assert "why: rule 100001 is not loaded" in out


def test_times_of_rules_are_utc_wherever_cases_run(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "Pacific/Auckland")
    rules = home / "etc" / "rules" / "local_rules.xml"
    night = '<rule id="100002" level="9"><if_sid>80922</if_sid><time>22:00 - 23:00</time>'
    night += "<description>night</description></rule>"
    rules.write_text(rules.read_text().replace("</group>", f"{night}\n</group>"))
    late = FLOW.replace("events:", "begin: 2026-01-15T22:30:00Z\n  events:").replace("80922, level: 4", "100002")
    (home / "etc" / "rules" / "tests" / "night.yaml").write_text(late)
    assert run("--home", str(home), "-k", "night", capsys=capsys)[0] == EXIT_OK


# --- coverage and mutants ---------------------------------------------------------------------------------------------

OWN_TOP = """<group name="t,">
  <rule id="1" level="0" noalert="1"><category>syslog</category><description>t</description></rule>
</group>
"""
OWN = """<group name="own,">
  <rule id="100300" level="5"><match>one</match><description>one</description></rule>
  <rule id="100301" level="5"><match>two</match><description>two</description></rule>
</group>
"""
OWN_CASES = """
- {name: one, events: [{message: one}], expect: {rule: 100300}}
- {name: none, events: [{message: other}], expect: {rule: null}}
"""


@pytest.fixture
def own(folder: Path) -> list[str]:
    (folder / "rules").mkdir()
    (folder / "rules" / "0-top.xml").write_text(OWN_TOP)
    (folder / "rules" / "own.xml").write_text(OWN)
    (folder / "own.yaml").write_text(OWN_CASES)
    return ["--rules", "rules", "own.yaml"]


def test_coverage_is_a_table_with_the_ids_that_are_missing(
    own: list[str], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = run("--coverage", "--html", "page.html", *own, capsys=capsys)
    assert code == EXIT_OK
    lines = out.splitlines()
    head = next(n for n, line in enumerate(lines) if line.startswith("coverage"))
    assert [" ".join(line.split()) for line in lines[head : head + 4]] == [
        "coverage rules conditions branches covered never fired",
        "rules/0-top.xml 1 of 1 0 of 0 2 of 2 100.0 %",
        "rules/own.xml 1 of 2 3 of 4 0 of 0 66.7 % 100301",
        "all 2 of 3 3 of 4 2 of 2 77.8 %",
    ]
    assert "&lt;match&gt;two&lt;/match&gt;" in (folder / "page.html").read_text()
    assert "    3: 100301: never true: <match> matches osmatch 'two'" in run("-v", "--coverage", *own, capsys=capsys)[1]


def test_mutants_that_survive_are_listed_with_their_place(own: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run("--mutate", *own, capsys=capsys)
    assert code == EXIT_OK
    survivors = [line for line in out.splitlines() if line.startswith("SURVIVED")]
    assert survivors == ["SURVIVED rules/own.xml:3: rule 100301: the rule never holds"]
    assert "mutants: 5 of 6 noticed, score 83.3 %" in out


@pytest.mark.parametrize(("least", "code"), [("77", EXIT_OK), ("78", EXIT_PROBLEMS)])
def test_a_percentage_can_be_demanded(
    least: str, code: int, own: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    found, out, _ = run("--coverage", "--min", least, *own, capsys=capsys)
    assert found == code
    assert ("coverage is 77.78 %, less than the 78 % asked for" in out) is (code == EXIT_PROBLEMS)


def test_mutants_need_cases_that_pass(own: list[str], folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "own.yaml").write_text(OWN_CASES.replace("100300", "100301"))
    code, out, _ = run("--mutate", *own, capsys=capsys)
    assert code == EXIT_PROBLEMS
    assert "mutants were not tried" in out


def test_several_processes_find_the_same(own: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    _, alone = values("--mutate", *own, capsys=capsys)
    _, together = values("--mutate", "-j", "2", *own, capsys=capsys)
    assert together["mutation"] == alone["mutation"]


@pytest.mark.parametrize("processes", ["1", "2"])
def test_time_is_bounded(processes: str, own: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    code, report = values("--mutate", "--seconds", "0", "-j", processes, *own, capsys=capsys)
    assert code == EXIT_OK
    assert (report["mutation"]["mutants"], report["mutation"]["rules_left_out"]) == (0, 3)


def test_the_shipped_cases_pass(capsys: pytest.CaptureFixture[str]) -> None:
    code, report = values("--coverage", str(ROOT / "rules" / "tests"), capsys=capsys)
    assert code == EXIT_OK
    assert report["passed"] >= 100
    assert report["coverage"]["percent"] > 85


# --- hostile text -----------------------------------------------------------------------------------------------------


def test_no_escape_of_a_case_or_an_event_reaches_the_terminal(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = '- {name: "a \\e[31m b", events: [{event: {"k\\e": "v\\e]0;x\\a"}}], expect: {description: "\\e[2J"}}\n'
    (folder / "cases" / "flow.yaml").write_text(text)
    code, out, _ = run("cases", capsys=capsys)
    assert code == EXIT_PROBLEMS
    assert "\x1b" not in out
    assert "\x07" not in out
    assert "k?: v?]0;x?" in out


class _Terminal:
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("variable", "painted"), [(None, True), ("NO_COLOR", False)])
def test_colours_are_for_terminals_that_want_them(
    variable: str | None, painted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    if variable:
        monkeypatch.setenv(variable, "1")
    stream: Any = _Terminal()
    assert Paint(stream)("x", "31") == ("\x1b[31mx\x1b[0m" if painted else "x")
