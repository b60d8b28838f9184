"""`alertmill retry`: what it lists, what it leaves for the daemon, what it says of bad input, and how it waits."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from alertmill.checkpoints import Checkpoints, Commit
from alertmill.cli import EXIT_OK, EXIT_PROBLEMS, EXIT_USAGE, main
from alertmill.requests import DayRange, FailedObject, Request, read_request
from alertmill.sources.base import (
    Mark,
    ObjectDone,
    ObjectFailed,
    Position,
    ReadAgain,
    ReadAgainOver,
    RetryFailed,
    ScopeReport,
)
from alertmill.sources.rejected_records import SCOPE as REJECTED

NOW = 1768478400.0  # 2026-01-15 12:00 UTC
TRAIL = "s3://my-trail/AWSLogs/|cloudtrail|"
SCOPE = f"{TRAIL}111111111111|us-east-1"
QUEUE = "sqs://my-queue|buckets||"
WODLE = """<ossec_config><wodle name="aws-s3"><disabled>no</disabled>
<bucket type="cloudtrail"><name>my-trail</name></bucket>
<subscriber type="buckets"><sqs_name>my-queue</sqs_name></subscriber></wodle></ossec_config>"""


def failure(key: str, *, scope: str = SCOPE, attempts: int = 3, dead: bool = False) -> ObjectFailed:
    return ObjectFailed(scope, key, "tag", "no JSON", attempts, NOW - 900, NOW - 60, NOW + 600, dead)


A, B, GONE = failure("AWSLogs/a.json.gz"), failure("AWSLogs/b[1].json.gz", attempts=10, dead=True), "s3://old/|waf||"
THERE, MESSAGE = failure("other/x.csv", scope=QUEUE), failure("message 4711", scope=QUEUE)


class Bench:
    """A home with a checkpoint, and the command."""

    def __init__(self, home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self.home = home
        self._capsys = capsys
        self._looks: list[Callable[[], object]] = []
        (home / "etc").mkdir()
        (home / "var").mkdir()
        (home / "etc/ossec.conf").write_text(WODLE)
        monkeypatch.setenv("ALERTMILL_CLOCK", str(NOW))
        monkeypatch.setattr("alertmill.cli.waiting.time.sleep", self._sleep)

    def commit(self, *marks: Mark) -> None:
        checkpoints = Checkpoints(self.home / "var")
        checkpoints.commit(Commit(marks=list(marks)))
        checkpoints.close()

    def reject(self, *reasons: str, day: str = "2026/Jan/ossec-rejected-14.json") -> None:
        path = self.home / "logs/rejected" / day
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = [
            {
                "time": NOW,
                "location": "loc",
                "place": f"s3://b/k#{number}",
                "reason": reason,
                "queue": "1",
                "message": "m",
            }
            for number, reason in enumerate(reasons)
        ]
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))

    def retry(self, *arguments: str) -> tuple[int, str, str]:
        try:
            code = main(["--home", str(self.home), "retry", *arguments])
        except SystemExit as usage:
            code = int(usage.code or 0)
        said = self._capsys.readouterr()
        return code, said.out, said.err

    def paths(self) -> list[Path]:
        return sorted((self.home / "var/requests").glob("*"))

    def asked(self) -> Request:
        """The one request that was left."""
        (path,) = self.paths()
        assert path.name.split("-")[1] == "retry"
        return read_request(path)

    def while_waiting(self, *looks: Callable[[], object]) -> None:
        """What the daemon does between two looks of the command."""
        self._looks = list(looks)

    def carried_out(self) -> None:
        for path in self.paths():
            path.unlink()

    def _sleep(self, _seconds: float) -> None:
        assert self._looks, "it would wait for ever"
        self._looks.pop(0)()


@pytest.fixture
def bench(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Bench:
    return Bench(tmp_path, capsys, monkeypatch)


# --- listing ----------------------------------------------------------------------------------------------------------


def test_nothing_failed(bench: Bench) -> None:
    assert bench.retry() == (EXIT_OK, "nothing failed\n", "")
    bench.commit(ObjectDone(SCOPE, "k", "tag", "2026-01-15", 1))
    assert bench.retry() == (EXIT_OK, "nothing failed\n", "")


def test_what_failed_is_listed_with_its_reason(bench: Bench) -> None:
    bench.commit(A, B, THERE, MESSAGE, failure("AWSLogs/c.json.gz"), RetryFailed(SCOPE, "AWSLogs/c.json.gz", "tag"))
    bench.reject("too deep")
    code, out, err = bench.retry()
    assert (code, err) == (EXIT_PROBLEMS, "")
    assert out == (
        "5 failed objects; `alertmill retry --all` tries again:\n"
        "  s3://my-trail/AWSLogs/a.json.gz\n"
        "    failed 3 times, is tried again after 2026-01-15 12:10:00Z: no JSON\n"
        "  s3://my-trail/AWSLogs/b[1].json.gz\n"
        "    GIVEN UP after 10 attempts, the last one 2026-01-15 11:59:00Z: no JSON\n"
        "  s3://my-trail/AWSLogs/c.json.gz\n"
        "    is tried as soon as possible: no JSON\n"
        "  message 4711\n"
        "    failed 3 times, is tried again after 2026-01-15 12:10:00Z: no JSON\n"
        "  s3://other/x.csv\n"
        "    failed 3 times, is tried again after 2026-01-15 12:10:00Z: no JSON\n"
        "1 rejected record; `alertmill retry --rejected` analyses again:\n"
        "  2026-01-15 12:00:00Z s3://b/k#0: too deep\n"
    )


def test_the_list_for_a_program(bench: Bench) -> None:
    bench.commit(A)
    bench.reject("too deep")
    code, out, _ = bench.retry("--json")
    assert code == EXIT_PROBLEMS
    assert json.loads(out) == {
        "failed": [
            {
                "name": "s3://my-trail/AWSLogs/a.json.gz",
                "scope": SCOPE,
                "key": "AWSLogs/a.json.gz",
                "etag": "tag",
                "reason": "no JSON",
                "attempts": 3,
                "first_failed": NOW - 900,
                "last_failed": NOW - 60,
                "retry_at": NOW + 600,
                "dead": False,
            }
        ],
        "rejected": [
            {
                "file": "2026/Jan/ossec-rejected-14.json",
                "time": NOW,
                "location": "loc",
                "place": "s3://b/k#0",
                "reason": "too deep",
            }
        ],
    }


def test_records_that_were_analysed_again_are_not_listed(bench: Bench) -> None:
    bench.reject("first", "second")
    first = (bench.home / "logs/rejected/2026/Jan/ossec-rejected-14.json").read_text().index("\n") + 1
    bench.commit(Position(REJECTED, "2026/Jan/ossec-rejected-14.json", str(first)))
    code, out, _ = bench.retry()
    assert code == EXIT_PROBLEMS
    assert "1 rejected record;" in out
    assert "second" in out and "first" not in out


def test_long_lists_are_cut(bench: Bench) -> None:
    bench.commit(*(failure(f"AWSLogs/{number:03}") for number in range(25)))
    bench.reject(*["too deep"] * 22)
    out = bench.retry()[1]
    assert out.count("no JSON") == out.count("too deep") == 20
    assert "  ... and 5 more; --json shows all of them\n" in out
    assert out.endswith("  ... and 2 more; --json shows all of them\n")


def test_hostile_keys_do_not_reach_the_terminal(bench: Bench) -> None:
    bench.commit(failure("AWSLogs/\x1b[31m\n.gz"))
    assert "s3://my-trail/AWSLogs/?[31m?.gz\n" in bench.retry()[1]


# --- asking -----------------------------------------------------------------------------------------------------------


def test_everything_that_failed(bench: Bench) -> None:
    bench.commit(A, B, failure("x", scope=GONE))
    bench.reject("too deep")
    code, out, err = bench.retry("--all", "--rejected")
    assert (code, err) == (EXIT_OK, "")
    assert out == "queued: 2 failed objects, 1 rejected record; no daemon runs: the next run takes it up\n"
    assert bench.asked() == Request(retry_all=True, records=True)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("AWSLogs/a.json.gz",), (A,)),
        (("s3://my-trail/AWSLogs/a.json.gz",), (A,)),
        (("AWSLogs/b[1].json.gz",), (B,)),
        (("AWSLogs/*",), (A, B)),
        (("s3://my-trail/*.gz", "AWSLogs/a.json.gz"), (A, B)),
        (("*a.json.gz", "s3://other/x.csv"), (A, THERE)),
        (("message*",), (MESSAGE,)),
    ],
)
def test_objects_by_name(bench: Bench, words: tuple[str, ...], expected: tuple[ObjectFailed, ...]) -> None:
    bench.commit(A, B, THERE, MESSAGE)
    code, out, _ = bench.retry(*words)
    assert code == EXIT_OK
    assert f"queued: {len(expected)} failed object" in out
    assert bench.asked().retry == tuple(FailedObject(one.scope, one.key, one.etag) for one in expected)


@pytest.mark.parametrize("words", [("--all",), ("--rejected",)])
def test_nothing_to_try(bench: Bench, words: tuple[str, ...]) -> None:
    assert bench.retry(*words) == (EXIT_OK, "nothing failed that could be tried again\n", "")
    assert bench.paths() == []


def test_a_range_of_days(bench: Bench) -> None:
    bench.commit(ScopeReport(SCOPE, NOW, 1, 0, ""))
    code, out, _ = bench.retry("--from", "2026-01-12", "--to", "2026-01-14", "--region", "us-east-1", "--json")
    assert code == EXIT_OK
    assert bench.asked() == Request(again=(DayRange(SCOPE, "2026-01-12", "2026-01-14"),))
    assert json.loads(out) == {
        "queued": True,
        "failed_objects": 0,
        "rejected_records": 0,
        "days": [{"definition": SCOPE, "first": "2026-01-12", "last": "2026-01-14"}],
        "requests": [str(bench.paths()[0])],
        "daemon_runs": False,
    }


def test_days_up_to_today_before_the_first_run(bench: Bench) -> None:
    code, out, _ = bench.retry("--from", "2026-01-12")
    assert code == EXIT_OK
    assert out == (f"queued: {TRAIL}... from 2026-01-12 to 2026-01-15; no daemon runs: the next run takes it up\n")
    assert bench.asked() == Request(again=(DayRange(TRAIL, "2026-01-12", "2026-01-15"),))


def test_a_daemon_that_runs_is_told_of(bench: Bench) -> None:
    daemon = Checkpoints(bench.home / "var")
    try:
        daemon.commit(Commit(marks=[A]))
        assert bench.retry("--all")[1].endswith("; the running daemon takes it up within a second\n")
    finally:
        daemon.close()


def test_many_objects_are_asked_for_in_parts(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alertmill.cli.retry.MOST_ENTRIES", 2)
    failures = [failure(f"AWSLogs/{number}") for number in range(5)]
    bench.commit(*failures)
    bench.reject("too deep")
    assert bench.retry("AWSLogs/*", "--rejected")[0] == EXIT_OK
    asked = [read_request(path) for path in bench.paths()]
    assert [len(request.retry) for request in asked] == [2, 2, 1]
    assert [request.records for request in asked] == [True, False, False]
    assert {one.key for request in asked for one in request.retry} == {one.key for one in failures}


# --- bad input --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("nope",), "no failed object is called nope; `alertmill retry` lists those that there are"),
        (("AWSLogs/a.json.gz", "no*"), "no failed object is called no*;"),
        (("AWSLogs/a.json.gz", "--all"), "--all means every failed object"),
        (("--bucket", "my-trail"), "--bucket is about reading days again; --from says from which day on"),
        (("--to", "2026-01-14"), "--to is about reading days again; --from says"),
        (("--from", "2026-01-14", "--to", "2026-01-12"), "--from 2026-01-14 lies behind --to 2026-01-12"),
        (("--from", "2027-01-14"), "--from 2027-01-14 lies in the future"),
        (("--from", "2026-01-14", "--bucket", "x"), "there is no <bucket> named x; there are: my-trail"),
        (("--from", "2026-01-14", "--account", "9"), "account 9 has not been read there; there are: 111111111111"),
        (("--from", "15.01.2026"), "argument --from: '15.01.2026' is no day; write YYYY-MM-DD;"),
        (("--from", "20260115"), "argument --from: '20260115' is no day; write YYYY-MM-DD;"),
        (("--wait",), "there is nothing to wait for"),
        (("--all", "--timeout", "3"), "--timeout is how long --wait waits; add --wait"),
        (("x",), "s3://old/x cannot be tried: nothing in ossec.conf reads it any more"),
    ],
)
def test_bad_input_is_one_line(bench: Bench, words: tuple[str, ...], complaint: str) -> None:
    bench.commit(A, ScopeReport(SCOPE, NOW, 1, 0, ""), failure("x", scope=GONE))
    code, out, err = bench.retry(*words)
    assert (code, out) == (EXIT_USAGE, "")
    assert err.startswith(f"alertmill retry: {complaint}")
    assert err.count("\n") == 1
    assert bench.paths() == []


def test_what_is_no_home(bench: Bench) -> None:
    (bench.home / "etc/ossec.conf").unlink()
    code, _, err = bench.retry()
    assert code == EXIT_PROBLEMS
    assert err == (
        f"alertmill retry: {bench.home} is no home (no etc/ossec.conf); "
        "`alertmill init` makes a home, --home names another one\n"
    )


def test_an_ossec_conf_with_errors(bench: Bench) -> None:
    bench.commit(A)
    (bench.home / "etc/ossec.conf").write_text(WODLE.replace("my-trail", "My Trail"))
    code, _, err = bench.retry("--all")
    assert code == EXIT_PROBLEMS
    assert err.endswith("; see alertmill check\n") and err.count("\n") == 1
    assert bench.retry()[0] == EXIT_PROBLEMS


def test_a_home_that_cannot_be_written(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise PermissionError(13, "Permission denied", str(bench.home / "var/requests"))

    bench.commit(A)
    monkeypatch.setattr("alertmill.cli.retry.write_request", refuse)
    assert bench.retry("--all")[2] == f"alertmill retry: {bench.home}/var/requests: Permission denied\n"


# --- waiting ----------------------------------------------------------------------------------------------------------


def test_waiting_until_the_objects_were_tried(bench: Bench) -> None:
    bench.commit(A, B)
    asked_for = [RetryFailed(SCOPE, one.key, one.etag) for one in (A, B)]
    bench.while_waiting(
        lambda: bench.commit(*asked_for),
        bench.carried_out,
        lambda: bench.commit(ObjectDone(SCOPE, A.key, A.etag, "2026-01-15", 3)),
        lambda: bench.commit(failure(B.key, attempts=1)),
    )
    code, out, _ = bench.retry("--all", "--wait")
    assert code == EXIT_PROBLEMS
    assert out.splitlines()[1:] == ["failed again: s3://my-trail/AWSLogs/b[1].json.gz: no JSON", "done"]


def test_waiting_with_success_for_a_program(bench: Bench) -> None:
    bench.commit(A, RetryFailed(SCOPE, A.key, A.etag))
    bench.while_waiting(bench.carried_out, lambda: bench.commit(ObjectDone(SCOPE, A.key, A.etag, "2026-01-15", 3)))
    code, out, _ = bench.retry("--all", "--wait", "--json")
    assert code == EXIT_OK
    values = json.loads(out)
    assert (values["done"], values["failed_again"], values["refused"]) == (True, [], [])


def test_waiting_until_the_days_were_read(bench: Bench) -> None:
    def taken() -> None:
        (path,) = bench.paths()
        bench.commit(ReadAgain(path.stem, TRAIL, "2026-01-12", "2026-01-15"))
        bench.carried_out()
        bench.while_waiting(lambda: bench.commit(ReadAgainOver(path.stem)))

    bench.while_waiting(taken)  # the first commit also makes the checkpoint
    code, out, _ = bench.retry("--from", "2026-01-12", "--wait")
    assert (code, out.splitlines()[-1]) == (EXIT_OK, "done")


def test_waiting_has_an_end(bench: Bench) -> None:
    bench.commit(A)
    code, out, _ = bench.retry("--all", "--wait", "--timeout", "0")
    assert (code, out.splitlines()[-1]) == (EXIT_PROBLEMS, "not done yet; it goes on without this command")


def test_what_holds_up_days_is_told(bench: Bench) -> None:
    def taken() -> None:
        (path,) = bench.paths()
        scope = f"{TRAIL}*|*|again {path.stem}"
        wish = ReadAgain(path.stem, TRAIL, "2026-01-12", "2026-01-15")
        bench.commit(wish, ScopeReport(scope, NOW, 0, 0, "", "no permission  [A001]"))
        bench.carried_out()
        monotonic[0] += 10

    monotonic = [0.0]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("alertmill.cli.waiting.time.monotonic", lambda: monotonic[0])
        bench.while_waiting(taken)
        code, out, _ = bench.retry("--from", "2026-01-12", "--wait", "--timeout", "5")
    assert code == EXIT_PROBLEMS
    assert "held up: s3://my-trail/AWSLogs/|cloudtrail|*|*|again " in out
    assert "no permission  [A001]\n" in out


def test_a_request_that_the_daemon_cannot_read(bench: Bench) -> None:
    def put_aside() -> None:
        (path,) = bench.paths()
        path.rename(path.with_suffix(".bad"))

    bench.commit(A)
    bench.while_waiting(put_aside)
    code, out, _ = bench.retry("--all", "--wait")
    assert code == EXIT_PROBLEMS
    assert "not carried out: " in out and out.endswith("logs/ossec.log says why\n")
