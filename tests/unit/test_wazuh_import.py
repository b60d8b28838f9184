"""What Wazuh's AWS module remembers is taken over in whole, and nothing in its files keeps the daemon from starting."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from alertmill.checkpoints import Checkpoints, Commit
from alertmill.config.models import AwsS3, Bucket
from alertmill.sources.aws.services.cloudwatchlogs import StreamPosition
from alertmill.sources.base import ScopeBound
from alertmill.wazuh_import import OBJECTS, SERVICES, take_over_from_wazuh

NOW = datetime(2026, 1, 20, tzinfo=UTC).timestamp()
ACCOUNT = "123456789012"
REGION = "us-east-1"
TRAIL = f"AWSLogs/{ACCOUNT}/CloudTrail/{REGION}/"

BY_REGION = (
    "bucket_path TEXT, aws_account_id TEXT, aws_region TEXT, log_key TEXT, processed_date TEXT, created_date INT"
)
BY_FLOW = BY_REGION.replace("log_key", "flow_log_id TEXT, log_key")
BY_ACCOUNT = BY_REGION.replace("aws_region TEXT, ", "")
#: The tables by the columns that they have (aws-wodle.md 13.1).
TABLES = {
    "cloudtrail": BY_REGION,
    "config": BY_REGION,
    "vpcflow": BY_FLOW,
    **dict.fromkeys(
        ("guardduty", "alb", "clb", "nlb", "custom", "waf", "s3_server_access", "cisco_umbrella"), BY_ACCOUNT
    ),
}


class Manager:
    """A Wazuh manager's folder, and a checkpoint that takes over from it."""

    def __init__(self, home: Path) -> None:
        self.folder = home / "wodles" / "aws"
        self.folder.mkdir(parents=True)
        self.checkpoints = Checkpoints(home / "var")
        self.said: list[str] = []

    def objects(self, table: str, bucket_path: str, keys: Sequence[str], *, flow_log: str = "fl-1") -> None:
        """Rows as Wazuh writes them after reading objects."""
        values = {
            "bucket_path": bucket_path,
            "aws_account_id": ACCOUNT,
            "aws_region": REGION,
            "flow_log_id": flow_log,
            "processed_date": "2026-01-16 10:00:00",
            "created_date": 20260115,
        }
        names = [column.split()[0] for column in TABLES[table].split(", ")]
        rows = [[values.get(name, key) for name in names] for key in keys]
        with sqlite3.connect(self.folder / OBJECTS) as database:
            database.execute(f"CREATE TABLE IF NOT EXISTS {table} ({TABLES[table]})")
            database.executemany(f"INSERT INTO {table} VALUES ({','.join('?' * len(names))})", rows)
        database.close()

    def execute(self, file: str, *statements: str) -> None:
        with sqlite3.connect(self.folder / file) as database:
            for statement in statements:
                database.execute(statement)
        database.close()

    def take_over(self, *buckets: Bucket) -> None:
        wodles = [AwsS3(buckets=(bucket,)) for bucket in buckets]
        take_over_from_wazuh(
            self.checkpoints, self.folder, wodles, NOW, lambda level, text: self.said.append(f"{level} {text}")
        )

    def read(self, scope: str, keys: Sequence[str]) -> list[str]:
        """The keys that count as read, whatever their ETag."""
        new = self.checkpoints.not_done(scope, [(key, "any") for key in keys])
        return [key for key in keys if (key, "any") not in new]


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    made = Manager(tmp_path)
    yield made
    made.checkpoints.close()


def bucket(kind: str = "cloudtrail", **options: Any) -> Bucket:
    return Bucket(**{"type": kind, "name": "logs", **options})


def scope(root: str, kind: str = "cloudtrail", account: str = ACCOUNT, region: str = REGION) -> str:
    return f"s3://logs/{root}|{kind}|{account}|{region}"


def test_a_place_goes_on_where_wazuh_was(manager: Manager) -> None:
    keys = [f"{TRAIL}2026/01/{day}/{day}_{n}.json.gz" for day in (14, 15, 16) for n in range(3)]
    manager.objects("cloudtrail", "logs/", keys[2:])
    manager.take_over(bucket())
    place = scope("AWSLogs/")
    assert manager.read(place, keys) == keys[2:]
    checkpoints = manager.checkpoints
    assert checkpoints.imported(place) == (keys[2], NOW)
    assert (checkpoints.lower_bound(place), checkpoints.newest_day(place)) == ("2026-01-14", "2026-01-16")
    state = checkpoints.state(place)
    assert (state.objects, state.last_read) == (7, datetime(2026, 1, 16, 10, tzinfo=UTC).timestamp())
    assert manager.said == ["INFO Taken over from Wazuh: 7 objects read in 1 places, 0 positions of services"]


@pytest.mark.parametrize(
    ("table", "bucket_path", "definition", "key", "expected"),
    [
        ("cloudtrail", "logs/", bucket(), f"{TRAIL}2026/01/15/a", scope("AWSLogs/")),
        (
            "cloudtrail",
            "logs/pre/suf/",
            bucket(path="pre/", path_suffix="suf/", aws_organization_id="o-1"),
            f"pre/AWSLogs/suf/o-1/{ACCOUNT}/CloudTrail/{REGION}/2026/01/15/a",
            scope("pre/AWSLogs/suf/o-1/"),
        ),
        (
            "config",
            "logs/",
            bucket("config"),
            f"AWSLogs/{ACCOUNT}/Config/{REGION}/2026/1/15/ConfigHistory/a",
            scope("AWSLogs/", "config"),
        ),
        (
            "vpcflow",
            "logs/",
            bucket("vpcflow"),
            f"AWSLogs/{ACCOUNT}/vpcflowlogs/eu-west-1/2026/01/15/a",
            scope("AWSLogs/", "vpcflow", region="eu-west-1"),
        ),
        (
            "guardduty",
            "logs/",
            bucket("guardduty"),
            "AWSLogs/210987654321/GuardDuty/eu-west-1/2026/01/15/a.jsonl.gz",
            scope("AWSLogs/", "guardduty", "210987654321", "eu-west-1"),
        ),
        (
            "guardduty",
            "logs/fh/",
            bucket("guardduty", path="fh/"),
            "fh/2026/01/15/10/a",
            scope("fh/", "guardduty", "", ""),
        ),
        *(
            (
                kind,
                "logs/pre/suf/",
                bucket(kind, path="pre/", path_suffix="suf/", aws_organization_id="o-1"),
                f"pre/AWSLogs/suf/{ACCOUNT}/elasticloadbalancing/{REGION}/2026/01/15/a",
                scope("pre/AWSLogs/suf/", kind),
            )
            for kind in ("alb", "clb", "nlb")
        ),
        (
            "custom",
            "logs/macie/",
            bucket("custom", path="macie/"),
            "macie/2026/01/15/10/a",
            scope("macie/", "custom", "", ""),
        ),
        ("custom", "logs/", bucket("custom", path_suffix="x/"), "2026/01/15/10/a", scope("", "custom", "", "")),
        ("waf", "logs/waf/", bucket("waf", path="waf/"), "waf/2026/01/15/10/a", scope("waf/", "waf", "", "")),
        (
            "s3_server_access",
            "logs/",
            bucket("server_access"),
            "2026-01-15-10-05-00-0123456789ABCDEF",
            scope("", "server_access", "", ""),
        ),
        (
            "cisco_umbrella",
            "logs/dnslogs/",
            bucket("cisco_umbrella", path="dnslogs/"),
            "dnslogs/2026-01-15/2026-01-15-10-00-e4e1.csv.gz",
            scope("dnslogs/", "cisco_umbrella", "", ""),
        ),
    ],
)
def test_every_type_lands_where_its_walk_looks(
    manager: Manager, table: str, bucket_path: str, definition: Bucket, key: str, expected: str
) -> None:
    manager.objects(table, bucket_path, [key])
    manager.take_over(bucket("cloudtrail", name="another"), definition)
    (status,) = manager.checkpoints.scopes()
    assert status.name == expected
    assert manager.read(expected, [key]) == [key]
    assert manager.checkpoints.lower_bound(expected) == "2026-01-15"


def test_definitions_are_told_apart_by_what_wazuh_calls_them_and_by_their_keys(manager: Manager) -> None:
    keys = [f"AWSLogs/{org}/{ACCOUNT}/CloudTrail/{REGION}/2026/01/15/{org}" for org in ("o-1", "o-2", "o-3")]
    manager.objects("cloudtrail", "logs/", keys)
    manager.objects("cloudtrail", "logs/pre/", [f"pre/{TRAIL}2026/01/15/a"])
    manager.take_over(*(bucket(aws_organization_id=org) for org in ("o-1", "o-2")), bucket(path="other/"))
    assert [status.name for status in manager.checkpoints.scopes()] == [scope("AWSLogs/o-1/"), scope("AWSLogs/o-2/")]
    unknown = "logs/ (cloudtrail), logs/pre/ (cloudtrail)"
    assert manager.said == [
        "INFO Taken over from Wazuh: 2 objects read in 2 places, 0 positions of services",
        f"INFO Not taken over from Wazuh: 2 objects that no definition of ossec.conf reads: {unknown}",
    ]


def test_of_many_unknown_definitions_a_few_are_named(manager: Manager) -> None:
    for number in range(8):
        manager.objects("custom", f"b{number}/", ["2026/01/15/a"] * (8 - number))
    manager.take_over()
    named = ", ".join(f"b{number}/ (custom)" for number in range(5))
    assert manager.said == [
        f"INFO Not taken over from Wazuh: 36 objects that no definition of ossec.conf reads: {named} and 3 more"
    ]


def test_a_flow_log_that_wazuh_has_partly_forgotten_decides_what_counts_as_read(manager: Manager) -> None:
    """Of the busy one the older objects were read and forgotten; of the quiet one every object is known."""
    folder = f"AWSLogs/{ACCOUNT}/vpcflowlogs/{REGION}/2026/01"
    quiet = [f"{folder}/{day:02}/fl-quiet" for day in (2, 9, 15)]
    busy = [f"{folder}/14/fl-busy_{number:04}" for number in range(500)]
    manager.objects("vpcflow", "logs/", quiet, flow_log="fl-quiet")
    manager.objects("vpcflow", "logs/", busy, flow_log="fl-busy")
    manager.take_over(bucket("vpcflow"))
    place = scope("AWSLogs/", "vpcflow")
    assert manager.checkpoints.imported(place) == (busy[0], NOW)
    assert manager.checkpoints.lower_bound(place) == "2026-01-02"


def test_flow_logs_that_are_known_in_whole_leave_room_for_late_objects(manager: Manager) -> None:
    folder = f"AWSLogs/{ACCOUNT}/vpcflowlogs/{REGION}/2026/01"
    manager.objects("vpcflow", "logs/", [f"{folder}/02/a"], flow_log="fl-1")
    manager.objects("vpcflow", "logs/", [f"{folder}/14/b"], flow_log="fl-2")
    manager.take_over(bucket("vpcflow"))
    assert manager.checkpoints.imported(scope("AWSLogs/", "vpcflow")) == (f"{folder}/02/a", NOW)


@pytest.mark.parametrize(("created", "day"), [("20260110", "2026-01-10"), ("0", "2026-01-16"), ("NULL", "2026-01-16")])
def test_a_key_without_a_date_has_the_day_that_wazuh_noted(manager: Manager, created: str, day: str) -> None:
    manager.objects("cloudtrail", "logs/", [f"{TRAIL}notes.txt"])
    manager.execute(OBJECTS, f"UPDATE cloudtrail SET created_date = {created}")
    manager.take_over(bucket())
    assert manager.checkpoints.newest_day(scope("AWSLogs/")) == day
    assert manager.checkpoints.lower_bound(scope("AWSLogs/")) is None


def test_rows_of_regions_that_are_not_read_are_left(manager: Manager) -> None:
    manager.objects("cloudtrail", "logs/", [f"{TRAIL}2026/01/15/a"])
    manager.take_over(bucket(regions=("eu-west-1",)))
    assert manager.checkpoints.scopes() == []


def test_what_is_older_than_only_logs_after_counts_as_read_too(manager: Manager) -> None:
    manager.objects("cloudtrail", "logs/", [f"{TRAIL}2025/12/15/a"])
    manager.take_over(bucket(only_logs_after=date(2026, 1, 1)))
    assert manager.read(scope("AWSLogs/"), [f"{TRAIL}2025/12/15/a"])


# --- once -------------------------------------------------------------------------------------------------------------


def test_nothing_is_taken_over_where_a_walk_was(manager: Manager) -> None:
    manager.checkpoints.commit(Commit(marks=[ScopeBound(scope("AWSLogs/"), "2026-01-01")]))
    manager.objects("cloudtrail", "logs/", [f"{TRAIL}2026/01/15/a"])
    manager.take_over(bucket())
    assert manager.read(scope("AWSLogs/"), [f"{TRAIL}2026/01/15/a"]) == []
    assert manager.said == []


def test_without_the_files_there_is_nothing_to_say(manager: Manager) -> None:
    manager.take_over(bucket())
    manager.folder.rmdir()
    manager.take_over(bucket())
    assert (manager.said, manager.checkpoints.scopes()) == ([], [])


def test_the_files_stay_as_they_are(manager: Manager) -> None:
    manager.objects("cloudtrail", "logs/", [f"{TRAIL}2026/01/15/a"])
    manager.execute(SERVICES, "CREATE TABLE aws_services (service_name TEXT)")
    manager.execute(OBJECTS, "PRAGMA journal_mode=WAL")  # a reader that locks would leave files beside it
    before = {path.name: path.read_bytes() for path in manager.folder.iterdir()}
    manager.take_over(bucket())
    assert {path.name: path.read_bytes() for path in manager.folder.iterdir()} == before


# --- files that are not what they should be ---------------------------------------------------------------------------


def not_sqlite(path: Path) -> None:
    path.write_bytes(b"this is no database " * 100)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:5000])


def without_a_column(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.execute("ALTER TABLE cloudtrail RENAME COLUMN log_key TO other")
    database.close()


def huge_value(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.execute("UPDATE cloudtrail SET log_key = HEX(ZEROBLOB(50000)) WHERE rowid = 50")
    database.close()


def pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize("spoil", [not_sqlite, cut, without_a_column, huge_value, pipe, folder])
def test_of_a_file_that_cannot_be_read_nothing_is_taken_over(manager: Manager, spoil: Any) -> None:
    manager.objects("alb", "logs/", [f"AWSLogs/{ACCOUNT}/elasticloadbalancing/{REGION}/2026/01/15/a"])
    manager.objects("cloudtrail", "logs/", [f"{TRAIL}2026/01/15/{number}" for number in range(100)])
    manager.execute(
        SERVICES,
        "CREATE TABLE aws_services (service_name TEXT, aws_account_id TEXT, aws_region TEXT, scan_date TEXT)",
        f"INSERT INTO aws_services VALUES ('inspector', '{ACCOUNT}', '{REGION}', '2026-01-15 10:00:00')",
    )
    spoil(manager.folder / OBJECTS)
    manager.take_over(bucket(), bucket("alb"))
    assert [status.name for status in manager.checkpoints.scopes()] == [f"aws-service|inspector|{ACCOUNT}|{REGION}"]
    warning, told = manager.said
    assert warning.startswith("WARNING Wazuh's aws/s3_cloudtrail.db cannot be read: ")
    assert warning.endswith("; its objects within the look-back window may alert again  [A040]")
    assert told == "INFO Taken over from Wazuh: 0 objects read in 0 places, 1 positions of services"


def test_rows_that_make_no_sense_are_counted(manager: Manager) -> None:
    manager.objects("cloudtrail", "logs/", [f"{TRAIL}2026/01/15/a"])
    manager.execute(
        OBJECTS,
        "INSERT INTO cloudtrail (bucket_path, log_key) VALUES (NULL, 'k'), ('logs/', NULL), ('', 'k'), (X'FF', X'00')",
        f"INSERT INTO cloudtrail (bucket_path, log_key) VALUES ('logs/', CAST(X'FFFE' AS TEXT) || '{TRAIL}')",
        "CREATE TABLE unknown (a)",
        "CREATE VIEW custom AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
        "SELECT 'logs/' AS bucket_path, i AS log_key, 0 AS processed_date, 0 AS created_date FROM n",
    )
    manager.take_over(bucket(), bucket("custom"))
    assert manager.said == [
        "INFO Taken over from Wazuh: 1 objects read in 1 places, 0 positions of services",
        "INFO Not taken over from Wazuh: 1 objects that no definition of ossec.conf reads: logs/ (cloudtrail)",
        "WARNING Not taken over from Wazuh: 4 rows that make no sense  [A040]",
    ]


# --- services ---------------------------------------------------------------------------------------------------------

STREAMS = (
    "CREATE TABLE cloudwatch_logs (aws_region TEXT, aws_log_group TEXT, aws_log_stream TEXT, next_token TEXT, "
    "start_time INTEGER, end_time INTEGER)"
)


def test_log_streams_are_read_on_from_where_wazuh_was(manager: Manager) -> None:
    manager.execute(
        SERVICES,
        STREAMS,
        "INSERT INTO cloudwatch_logs VALUES ('us-east-1', '/aws/g', 's1', 'f/2', 1000, 2000), "
        "('us-east-1', '/aws/g', 's2', NULL, 1000, NULL), ('us-east-1', NULL, 's3', '', 1, 2), "
        "('us-east-1', '/aws/g', 's4', '', 'soon', 2), ('eu-west-1', '/aws/h', 's', 'f/3', 5, 6)",
    )
    manager.take_over()
    positions = manager.checkpoints.positions("aws-service|cloudwatchlogs||us-east-1")
    assert {key: json.loads(value) for key, value in positions.items()} == {
        "/aws/g:s1": {"token": "f/2", "start": 1000, "end": 2000},
        "/aws/g:s2": {"token": "", "start": 1000},
    }
    assert list(manager.checkpoints.positions("aws-service|cloudwatchlogs||eu-west-1")) == ["/aws/h:s"]
    read = StreamPosition.from_text(positions["/aws/g:s1"])
    assert read is not None
    assert (read.start, read.end, read.token, read.recent) == (1000, 2000, "f/2", None)
    assert manager.said == ["INFO Taken over from Wazuh: 0 objects read in 0 places, 3 positions of services"]


def test_inspector_goes_on_after_its_last_scan(manager: Manager) -> None:
    manager.execute(
        SERVICES,
        "CREATE TABLE aws_services (service_name TEXT, aws_account_id TEXT, aws_region TEXT, scan_date TEXT)",
        f"INSERT INTO aws_services VALUES ('inspector', '{ACCOUNT}', '{REGION}', '2026-01-15 10:00:00.5'), "
        f"('inspector', '{ACCOUNT}', '{REGION}', '2026-01-14 10:00:00.5'), ('other', '{ACCOUNT}', 'x', '2026-01-14'), "
        f"('inspector', '{ACCOUNT}', 'eu-west-1', NULL)",
    )
    manager.take_over()
    assert manager.checkpoints.positions(f"aws-service|inspector|{ACCOUNT}|{REGION}") == {
        "scanned": "2026-01-15 10:00:00.5"
    }
    assert len(manager.checkpoints.scopes()) == 1


def test_services_that_cannot_be_read_do_not_keep_objects_from_being_taken_over(manager: Manager) -> None:
    (manager.folder / SERVICES).write_bytes(b"no database" * 1000)
    manager.objects("cloudtrail", "logs/", [f"{TRAIL}2026/01/15/a"])
    manager.take_over(bucket())
    assert manager.read(scope("AWSLogs/"), [f"{TRAIL}2026/01/15/a"])
    reason = "file is not a database; its services are read from the start of today"
    assert manager.said == [
        f"WARNING Wazuh's aws/aws_services.db cannot be read: {reason}  [A040]",
        "INFO Taken over from Wazuh: 1 objects read in 1 places, 0 positions of services",
    ]
