"""What `alertmill status` shows of a checkpoint, to a person and to a program."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from alertmill.checkpoints import Checkpoints, Commit
from alertmill.cli import main
from alertmill.sources.base import (
    Mark,
    ObjectDone,
    ObjectFailed,
    Position,
    ReadAgain,
    ScopeBound,
    ScopeReport,
    ScopeSilent,
)
from alertmill.sources.rejected_records import SCOPE as REJECTED

NOW = 1768471200.0  # 2026-01-15 10:00:00 UTC
TRAIL = "s3://my-logs/AWSLogs/|cloudtrail|"
EAST = f"{TRAIL}123456789012|us-east-1"
WEST = f"{TRAIL}123456789012|eu-west-1"
WHOLE = f"{TRAIL}*|*"

CONF = """<ossec_config><wodle name="aws-s3"><disabled>no</disabled>
<bucket type="cloudtrail"><name>my-logs</name></bucket>
<service type="inspector"></service>
<subscriber type="buckets"><sqs_name>queue</sqs_name></subscriber>
</wodle></ossec_config>"""


class Home:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "etc").mkdir()
        (folder / "etc" / "ossec.conf").write_text(CONF)

    def commit(self, *marks: Mark, **counters: int) -> None:
        checkpoints = Checkpoints(self.folder / "var")
        checkpoints.commit(Commit(marks=list(marks), counters=counters))
        checkpoints.close()

    def status(self, *options: str) -> tuple[int, str]:
        output = io.StringIO()
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr("sys.stdout", output)
            patched.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO()))
            patched.setenv("ALERTMILL_CLOCK", str(NOW))
            code = main(["--home", str(self.folder), "status", *options])
        return code, output.getvalue()

    def values(self) -> tuple[int, dict[str, Any]]:
        code, text = self.status("--json")
        return code, json.loads(text)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def done(scope: str, key: str, ago: float = 600.0, delay: float = 300.0) -> ObjectDone:
    return ObjectDone(scope, key, "tag", "2026-01-15", 10, modified=NOW - ago, read_at=NOW - ago + delay)


def report(scope: str, error: str = "", code: str = "", waiting: int = 0) -> ScopeReport:
    return ScopeReport(scope, NOW - 60, 5, waiting, "newest/key", error, error_code=code)


def failed(key: str = "k", attempts: int = 2, *, dead: bool = False) -> ObjectFailed:
    return ObjectFailed(EAST, key, "tag", "no gzip", attempts, NOW, NOW, NOW + 600, dead=dead)


def test_a_healthy_home(home: Home) -> None:
    home.commit(
        ScopeBound(WHOLE, "2026-01-01"),
        done(EAST, "a"),
        report(EAST),
        report(WEST),
        report(WHOLE),
        received=10,
        alerts=3,
        objects=1,
        duplicates=2,
    )
    code, text = home.status()
    assert code == 0
    assert text.splitlines() == [
        "No daemon runs; this is what the last one left.",
        "10 records, 3 alerts, 1 objects read, 2 duplicates dropped, 0 records rejected",
        "",
        "s3://my-logs/AWSLogs/ (cloudtrail), looked at 2026-01-15 09:59:00Z (60 s ago)",
        "  account       region     listed  done  waiting  failed  newest      written     delay  state",
        "  123456789012  eu-west-1       5     0        0       0  -           -           -      ok",
        "  123456789012  us-east-1       5     1        0       0  2026-01-15  10 min ago  5 min  ok",
        "",
        "healthy",
    ]


@pytest.mark.parametrize(
    ("marks", "shown"),
    [
        ([report(EAST, "no  [A001]", "A001")], "ERROR 123456789012 us-east-1: no  [A001]"),
        ([report(WHOLE, "gone  [A003]", "A003")], "  ERROR gone  [A003]"),
        ([report(f"{TRAIL}123456789012|*", "no  [A001]", "A001")], "  ERROR 123456789012: no  [A001]"),
        ([report(f"{EAST}|back-fill", "no  [A001]", "A001")], "  ERROR 123456789012 us-east-1 back-fill: no  [A001]"),
        ([report(EAST), ScopeSilent(EAST, True)], "SILENT"),
        ([report(EAST, waiting=1), failed()], "failed 2 times, tried again after 2026-01-15 10:10:00Z: k: no gzip"),
        ([report(EAST, waiting=1), failed(attempts=10, dead=True)], "1 (1 given up)"),
        ([report("sqs://queue|buckets||", "no  [A001]", "A001")], "sqs://queue (buckets), looked at"),
        ([report("aws-service|inspector|1|eu-west-1", "no  [A001]", "A001")], "ERROR 1 eu-west-1: no  [A001]"),
    ],
)
def test_what_is_not_healthy(home: Home, marks: list[Mark], shown: str) -> None:
    home.commit(*marks)
    code, text = home.status()
    assert code == 1
    assert shown in text
    assert text.splitlines()[-1].startswith("NOT healthy")
    assert home.values()[1]["healthy"] is False


def test_a_back_fill_is_shown_as_long_as_it_lasts(home: Home) -> None:
    home.commit(report(EAST), report(f"{EAST}|back-fill", waiting=70))
    assert "us-east-1 back-fill       5     0       70" in home.status()[1]
    home.commit(report(f"{EAST}|back-fill"))
    assert "back-fill" not in home.status()[1]


def test_ranges_that_are_read_again(home: Home) -> None:
    home.commit(ReadAgain("7", "s3://my-logs/", "2026-01-01", "2026-01-02"), report(f"{EAST}|again 7"))
    code, text = home.status()
    assert code == 0
    assert "reading again: s3://my-logs/ from 2026-01-01 to 2026-01-02 (request 7)" in text
    assert "us-east-1 again 7" in text


def test_definitions_that_are_gone_do_not_count(home: Home) -> None:
    home.commit(report("s3://former/AWSLogs/|cloudtrail|*|*", "gone", "A003"), report(EAST))
    code, text = home.status()
    assert code == 0
    assert "no longer in ossec.conf: s3://former/AWSLogs/ (cloudtrail)" in text
    (home.folder / "etc" / "ossec.conf").write_text("<ossec_config>")  # nobody knows what is configured
    assert home.status()[0] == 1


def test_rejected_records_are_history(home: Home) -> None:
    home.commit(report(EAST), Position(REJECTED, "2026/Jan/x", "7"), rejected=4)
    code, text = home.status()
    assert code == 0
    assert "4 records rejected (kept in logs/rejected/)" in text
    assert "retry" not in text


def test_many_failures_are_counted_and_keys_cannot_write_to_the_terminal(home: Home) -> None:
    home.commit(report(EAST), *(failed(f"\x1b[31m{n:02}") for n in range(25)))
    text = home.status()[1]
    assert "... and 5 more failed objects; --json shows all of them" in text
    assert "\x1b" not in text
    assert len(home.values()[1]["failed"]) == 25


def test_everything_for_a_program(home: Home) -> None:
    home.commit(done(EAST, "a"), report(EAST), failed(), ReadAgain("7", "s3://", "2026-01-01", "2026-01-02"), alerts=1)
    code, values = home.values()
    assert code == 1
    assert set(values) == {"time", "daemon_runs", "healthy", "counters", "scopes", "failed", "read_again"}
    (scope,) = values["scopes"]
    assert scope == {
        "name": EAST,
        "source": "s3://my-logs/AWSLogs/",
        "type": "cloudtrail",
        "account": "123456789012",
        "region": "us-east-1",
        "part": "",
        "state": "ok",
        "configured": True,
        "silent": False,
        "objects": 1,
        "records": 10,
        "failed": 1,
        "dead": 0,
        "listed": 5,
        "waiting": 0,
        "newest_day": "2026-01-15",
        "newest_key": "newest/key",
        "report_time": NOW - 60,
        "last_read": NOW - 300,
        "last_modified": NOW - 600,
        "age": 600.0,
        "delay": 300.0,
        "error": "",
        "error_code": "",
    }
    assert values["failed"][0]["reason"] == "no gzip"
    assert values["read_again"] == [{"number": "7", "definition": "s3://", "first": "2026-01-01", "last": "2026-01-02"}]


def test_before_the_first_start(home: Home) -> None:
    assert home.status() == (1, "")
