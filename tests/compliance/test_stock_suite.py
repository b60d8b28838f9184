"""The stock test suite, run and counted as its own runner does (spec/logtest.md 4), and by `alertmill test`."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from alertmill.alerts.logtest_format import unit_test_exit_code, verdict
from alertmill.cases import run_case
from alertmill.cli import main
from alertmill.event import Record, to_byte_text
from alertmill.logtest import LogtestSession
from compliance.golden_support import (
    FACTS,
    GOLDEN,
    START,
    STOCK,
    ini_cases,
    ini_row,
    needs_golden,
    rows,
    stock_lists,
    stock_test_engine,
    stock_test_files,
)

pytestmark = needs_golden

KINDS = ("decoder", "rule")

#: The stock runner leaves the files out that need a GeoIP build.
FILES = sorted(path for path in (STOCK / "tests").glob("*.ini") if not path.name.endswith("geoip.ini"))


def exit_code(log: str, expected: list[str]) -> int:
    """What `alertmill logtest -U` exits with for a text of one or several lines."""
    session = LogtestSession(stock_test_engine(), FACTS)
    last = None
    for line in log.split("\n"):
        if line:
            last = verdict(session.process(Record(to_byte_text(line), "stdin", START))["output"])
    return unit_test_exit_code(expected, last)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_stock_file(path: Path) -> None:
    failed = []
    for case in ini_cases(path):
        row = ini_row(case)
        expect = row["expect"]
        code = exit_code(row["log"], [expect["rule"], expect["level"], expect["decoder"]])
        passed = (code == 0) is not (expect["kind"] == "fail")
        if not passed:
            failed.append(f"[{row['section']}] {row['key']}: exit code {code}, expected {expect}")
        assert run_case(stock_test_engine(), case).passed is passed
    assert not failed, "\n".join(failed)


def test_the_cases_are_those_of_the_golden_data() -> None:
    found = [ini_row(case) for path in FILES for case in ini_cases(path)]
    golden = [{name: row[name] for name in found[0]} for row in rows(GOLDEN / "stock-tests.jsonl")]
    for row in golden:  # empty lines are no events
        row["log"] = "\n".join(line for line in row["log"].split("\n") if line)
    assert len(FILES) == 61
    assert found == golden


def test_the_command_runs_them_in_a_home(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same files through `alertmill --home ... test`, folder and all."""
    home, cases = tmp_path / "home", tmp_path / "cases"
    lists = {name: text or "" for name, text in stock_lists().items()}
    for path, text in (*(file for kind in stock_test_files() for file in kind), *lists.items()):
        (home / path).parent.mkdir(parents=True, exist_ok=True)
        (home / path).write_bytes(text.encode("latin-1"))
    folders = "".join(f"<{kind}_dir>{place}/{kind}s</{kind}_dir>" for place in ("ruleset", "etc") for kind in KINDS)
    declared = "".join(f"<list>{name}</list>" for name in lists)
    conf = f"<ossec_config><ruleset>{folders}{declared}</ruleset></ossec_config>"
    (home / "etc" / "ossec.conf").write_text(conf)
    cases.mkdir()
    for file in FILES:
        shutil.copy(file, cases)
    assert main(["--home", str(home), "test", "--json", str(cases)]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["passed"], report["failed"], len(report["files"])) == (688, 0, 61)
