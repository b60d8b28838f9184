"""`alertmill audit`: what it prints, its exit codes, what it queues. What the audit itself finds has its own tests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from alertmill import codes
from alertmill.checkpoints import Checkpoints, Commit
from alertmill.cli import EXIT_OK, EXIT_PROBLEMS, EXIT_USAGE, main
from alertmill.requests import FailedObject, ObjectToRead, read_request
from alertmill.sources.aws.faults import StoreError
from alertmill.sources.base import ObjectDone, ObjectFailed, ObjectRemoved, ScopeBound
from unit.sources.aws.audit_desk import DAY, NOW, SCOPE, Desk, desk
from unit.sources.aws.trail import ACCOUNT, REGION, Trail, key_answer, quiet_trail

BUCKET = '<bucket type="cloudtrail"><name>my-logs</name></bucket>'


class Bench:
    """A home, a bucket in memory, and the command."""

    def __init__(self, home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self.home = home
        self.desk = Desk(desk().store, {})
        self._capsys = capsys
        (home / "etc").mkdir()
        self.configure(BUCKET)
        monkeypatch.setenv("ALERTMILL_CLOCK", str(NOW.timestamp()))
        monkeypatch.setattr("alertmill.cli.audit.S3Store", lambda *_: self.desk.store)
        monkeypatch.setattr("alertmill.cli.audit.AuditClient", lambda *_: self.desk)

    def configure(self, buckets: str, **options: str) -> None:
        disabled = options.get("disabled", "no")
        (self.home / "etc/ossec.conf").write_text(
            f'<ossec_config><wodle name="aws-s3"><disabled>{disabled}</disabled>{buckets}</wodle></ossec_config>'
        )

    def fill(self, *trails: Trail, left: tuple[str, ...] = (), failed: tuple[str, ...] = ()) -> None:
        """What the trails wrote is in the bucket, and processed but for what is `left` or `failed`."""
        self.desk = desk(*trails)
        marks: list[Any] = [ScopeBound(SCOPE, DAY)]
        for key in (key for trail in trails for key in trail.logs if key not in left):
            etag = self.desk.store.etag(key)
            done = ObjectDone(SCOPE, key, etag, DAY, 1)
            marks.append(ObjectFailed(SCOPE, key, etag, "no JSON", 1, 0.0, 0.0, 0.0) if key in failed else done)
        checkpoints = Checkpoints(self.home / "var")
        checkpoints.commit(Commit(marks=marks))
        checkpoints.close()

    def audit(self, *arguments: str) -> tuple[int, str, str]:
        try:
            code = main(["--home", str(self.home), "audit", *arguments])
        except SystemExit as usage:
            code = int(usage.code or 0)
        said = self._capsys.readouterr()
        return code, said.out, said.err

    def requests(self) -> list[Path]:
        return sorted((self.home / "var/requests").glob("*"))


@pytest.fixture
def bench(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Bench:
    return Bench(tmp_path, capsys, monkeypatch)


def test_complete(bench: Bench) -> None:
    bench.fill(quiet_trail(3))
    code, out, err = bench.audit()
    assert (code, err) == (EXIT_OK, "")
    assert out == (
        "s3://my-logs/AWSLogs/  delivered 2026-01-13T12:00:00Z to 2026-01-15T12:00:00Z\n"
        "  123456789012 us-east-1: 3 delivered, 3 processed, 0 missing, 0 altered; "
        "3 of 3 digest files verified, 2026-01-15T07:01:31Z to 2026-01-15T10:01:31Z\n"
        "in all: 3 delivered, 3 processed, 0 missing, 0 altered\n"
        "complete\n"
    )


def test_not_complete(bench: Bench) -> None:
    trail = quiet_trail(3)
    bench.fill(trail, left=(trail.logs[1],))
    code, out, _ = bench.audit()
    assert code == EXIT_PROBLEMS
    assert out.splitlines()[2:] == [
        f"    {trail.logs[1]} was not processed: it has not been read  [A019]",
        "in all: 3 delivered, 2 processed, 1 missing, 0 altered (1 not processed)",
        "NOT complete: 1 finding, see above",
        "1 of the missing log files can be read: --repair queues them",
    ]
    assert bench.requests() == []


def test_many_findings_are_cut(bench: Bench) -> None:
    trail = quiet_trail(1)
    for number in range(30):
        trail.deliver(f"more{number}")
    trail.close_hour()
    bench.fill(trail, left=tuple(trail.logs))
    out = bench.audit()[1]
    assert out.count("[A019]") == 20
    assert "    ... and 11 more; --json shows them\n" in out
    assert len(json.loads(bench.audit("--json")[1])["buckets"][0]["places"][0]["list"]) == 31


def test_json(bench: Bench) -> None:
    trail = quiet_trail(3)
    bench.fill(trail)
    code, out, _ = bench.audit("--json")
    values = json.loads(out)
    assert code == EXIT_OK
    assert [values[name] for name in ("complete", "contents_compared", "delivered", "processed")] == [True, True, 3, 3]
    assert values["repair"] == {"can_be_read": 0, "requests": []}
    (bucket,) = values["buckets"]
    assert (bucket["bucket"], bucket["places"][0]["region"]) == ("my-logs", REGION)
    del bench.desk.store.objects[trail.logs[0]]
    code, out, _ = bench.audit("--json")
    assert (code, json.loads(out)["complete"], json.loads(out)["missing"]) == (EXIT_PROBLEMS, False, 1)


def test_repair(bench: Bench) -> None:
    trail = quiet_trail(3)
    never, broken = trail.logs[:2]
    bench.fill(trail, left=(never,), failed=(broken,))
    etags = {key: bench.desk.store.etag(key) for key in trail.logs}
    code, out, _ = bench.audit("--repair")
    assert code == EXIT_PROBLEMS
    (path,) = bench.requests()
    assert f"2 log files are queued for the daemon, which reads them when it runs: {path.parent}\n" in out
    asked = read_request(path)
    assert asked.read == (ObjectToRead("my-logs", never, etags[never]),)
    assert asked.retry == (FailedObject(SCOPE, broken, etags[broken]),)
    assert json.loads(bench.audit("--repair", "--json")[1])["repair"]["can_be_read"] == 2


def test_many_repairs_are_several_requests(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alertmill.cli.audit.MOST_ENTRIES", 2)
    trail = quiet_trail(5)
    bench.fill(trail, left=tuple(trail.logs))
    bench.audit("--repair")
    assert sorted(len(read_request(path).read) for path in bench.requests()) == [1, 2, 2]


def test_what_the_daemon_deleted_itself_is_processed(bench: Bench) -> None:
    trail = quiet_trail(3)
    bench.fill(trail)
    key = trail.logs[1]
    checkpoints = Checkpoints(bench.home / "var")
    checkpoints.commit(Commit(marks=[ObjectRemoved(SCOPE, key, bench.desk.store.etag(key))]))
    checkpoints.close()
    del bench.desk.store.objects[key]
    bench.configure(BUCKET.replace("</name>", "</name><remove_from_bucket>yes</remove_from_bucket>"))
    code, out, _ = bench.audit()
    assert code == EXIT_OK
    said = "in all: 3 delivered, 3 processed, 0 missing, 0 altered (1 deleted by Alertmill when processed)\n"
    assert said in out
    del bench.desk.store.objects[trail.logs[0]]  # by somebody else, before or after it was processed
    assert bench.audit()[0] == EXIT_PROBLEMS


def test_without_hashes(bench: Bench) -> None:
    bench.fill(quiet_trail(2))
    code, out, _ = bench.audit("--no-hash")
    assert code == EXIT_OK
    assert "in all: 2 delivered, 2 processed, 0 missing, 0 altered; contents were not compared\n" in out
    assert bench.desk.store.fetched == []


def test_days(bench: Bench) -> None:
    bench.fill(quiet_trail(2))
    assert bench.audit("--from", "2026-01-15", "--to", "2026-01-15")[0] == EXIT_OK
    code, out, _ = bench.audit("--from", "2026-01-10", "--to", "2026-01-11")
    assert code == EXIT_PROBLEMS
    assert "no digest file speaks of the time from 2026-01-10T00:00:00Z on  [A014]\n" in out
    assert "neither digest files nor log files since 2026-01-10T00:00:00Z" in out
    assert bench.audit("--from", "2030-01-01")[0] == EXIT_PROBLEMS


def test_public_keys(bench: Bench, tmp_path: Path) -> None:
    bench.fill(quiet_trail(2))
    bench.desk.keys = StoreError(codes.A_REFUSED, 1, "no", ends_run=False)
    code, out, _ = bench.audit()
    said = "could not be verified: no  [A001]; --public-keys takes the keys from a file  [A015]\n"
    assert (code, said in out) == (EXIT_PROBLEMS, True)
    files = {name: str(tmp_path / name) for name in ("CloudTrail", "other")}
    for name, path in files.items():
        Path(path).write_text(json.dumps(key_answer(name)))
    assert bench.audit("--public-keys", files["CloudTrail"])[0] == EXIT_OK
    assert bench.audit("--public-keys", files["CloudTrail"], "--public-keys", files["other"])[0] == EXIT_OK
    assert bench.audit("--public-keys", files["other"])[0] == EXIT_PROBLEMS


def test_several_buckets(bench: Bench) -> None:
    bench.fill(quiet_trail(2))
    second = BUCKET.replace("my-logs", "other")
    bench.configure(BUCKET + '<bucket type="vpcflow"><name>flows</name></bucket>' + second)
    code, out, _ = bench.audit()
    assert (code, out.count("s3://my-logs/AWSLogs/  "), out.count("s3://other/AWSLogs/  ")) == (EXIT_PROBLEMS, 1, 1)
    assert "s3://flows" not in out
    assert bench.audit("--bucket", "my-logs")[0] == EXIT_OK


def test_a_bucket_without_credentials(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.fill(quiet_trail(1))

    def refuse(*_: object) -> None:
        raise StoreError(codes.A_CREDENTIALS, 12, "The config profile (x) could not be found")

    monkeypatch.setattr("alertmill.cli.audit.S3Store", refuse)
    code, out, _ = bench.audit()
    assert code == EXIT_PROBLEMS
    assert "  The config profile (x) could not be found  [A002]\n" in out
    assert "NOT complete: 1 finding, see above\n" in out


def test_keys_are_shown_as_a_terminal_may_see_them(bench: Bench) -> None:
    trail = Trail()
    trail.mention("AWSLogs/\x1b[2J\nx", b"")
    trail.close_hour()
    bench.fill(trail)
    out = bench.audit()[1]
    assert "\x1b" not in out
    assert "AWSLogs/?[2J?x lies outside of what this definition reads" in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--bucket", "other"], 'there is no <bucket type="cloudtrail"> named other; there are: my-logs'),
        (["--from", "2026-01-15", "--to", "2026-01-14"], "--from 2026-01-15 lies behind --to 2026-01-14"),
        (["--from", "20260115"], "argument --from: '20260115' is no day; write YYYY-MM-DD"),
        (["--to", "9999-12-31"], "argument --to: '9999-12-31' is no day; write YYYY-MM-DD"),
        (["--account", "12"], "argument --account: '12' is no account; write its twelve digits"),
        (["--public-keys", "nowhere"], "--public-keys nowhere: No such file or directory"),
        (["--public-keys", __file__], f"--public-keys {__file__}: neither PEM nor JSON: "),
    ],
)
def test_bad_usage_is_one_line(bench: Bench, arguments: list[str], said: str) -> None:
    bench.fill()
    code, out, err = bench.audit(*arguments)
    assert (code, out) == (EXIT_USAGE, "")
    assert said in err
    assert err.count("\n") == 1


def test_a_file_of_keys_that_is_too_large(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alertmill.cli.audit._MOST_KEYS", 10)
    code, _, err = bench.audit("--public-keys", __file__)
    assert (code, "larger than 10 bytes" in err) == (EXIT_USAGE, True)


def test_accounts_that_no_definition_reads(bench: Bench) -> None:
    bench.configure(BUCKET.replace("</name>", f"</name><aws_account_id>{ACCOUNT}</aws_account_id>"))
    code, _, err = bench.audit("--account", "9" * 12)
    assert code == EXIT_USAGE
    assert "reads these accounts and regions" in err


@pytest.mark.parametrize("buckets", ["", '<bucket type="vpcflow"><name>flows</name></bucket>'])
def test_nothing_to_audit(bench: Bench, buckets: str) -> None:
    bench.configure(buckets)
    code, _, err = bench.audit()
    assert code == EXIT_USAGE
    assert 'ossec.conf has no <bucket type="cloudtrail">, so there is nothing to audit' in err


def test_a_disabled_module_is_not_audited(bench: Bench) -> None:
    bench.configure(BUCKET, disabled="yes")
    assert bench.audit()[0] == EXIT_USAGE


def test_a_home_in_which_nothing_ever_ran(bench: Bench) -> None:
    code, _, err = bench.audit()
    assert code == EXIT_PROBLEMS
    assert "the daemon has not run in this home yet" in err


def test_a_home_that_cannot_be_loaded(bench: Bench) -> None:
    bench.configure("<bucket")
    code, _, err = bench.audit()
    assert code == EXIT_PROBLEMS
    assert "error: " in err
