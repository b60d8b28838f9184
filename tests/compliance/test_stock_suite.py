"""The stock test suite, run and counted as its own runner does (spec/logtest.md 4)."""

from __future__ import annotations

from pathlib import Path

import pytest

from alertmill.alerts.logtest_format import unit_test_exit_code, verdict
from alertmill.event import Record, to_byte_text
from alertmill.logtest import LogtestSession
from compliance.golden_support import FACTS, GOLDEN, START, STOCK, ini_rows, needs_golden, rows, stock_test_engine

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
    for row in ini_rows(path):
        expect = row["expect"]
        code = exit_code(row["log"], [expect["rule"], expect["level"], expect["decoder"]])
        if (code == 0) is (expect["kind"] == "fail"):
            failed.append(f"[{row['section']}] {row['key']}: exit code {code}, expected {expect}")
    assert not failed, "\n".join(failed)


def test_the_cases_are_those_of_the_golden_data() -> None:
    found = [row for path in FILES for row in ini_rows(path)]
    golden = [{name: row[name] for name in found[0]} for row in rows(GOLDEN / "stock-tests.jsonl")]
    assert len(FILES) == 61
    assert found == golden
