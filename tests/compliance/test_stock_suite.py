"""The stock test suite, run and counted as its own runner does (spec/logtest.md 4), and by `alertmill test`."""

from __future__ import annotations

from pathlib import Path

import pytest

from alertmill.alerts.logtest_format import unit_test_exit_code, verdict
from alertmill.cases import run_case
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
    stock_test_engine,
)

pytestmark = needs_golden

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
