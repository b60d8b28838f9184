"""The pool with real worker processes on a small home."""

from __future__ import annotations

import gzip
import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from alertmill.alerts import AlertFacts
from alertmill.cli.init import make_home
from alertmill.errors import Problems
from alertmill.installation import Installation
from alertmill.parallel import Pool, Setup, pool, worker_count
from alertmill.sources.aws.examined import ObjectTask

CONF = """<ossec_config><global><event_format>improved</event_format></global><ruleset>
<decoder_dir>ruleset/decoders</decoder_dir><rule_include>ruleset/rules/0005-categories_rules.xml</rule_include>
<rule_dir>etc/rules</rule_dir>
</ruleset></ossec_config>"""
RULES = """<group name="g,">
<rule id="100001" level="5"><if_sid>1</if_sid><field name="aws.eventName">Delete</field>
<description>deleted</description></rule></group>"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pool") / "home"
    make_home(folder)
    (folder / "etc" / "ossec.conf").write_text(CONF)
    (folder / "etc" / "rules" / "local_rules.xml").write_text(RULES)
    return folder


class Told(list[str]):
    def __call__(self, level: str, text: str) -> None:
        self.append(f"{level} {text}")


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def start(home: Path, told: Told) -> Iterator[Callable[..., Pool]]:
    started: list[Pool] = []

    def make(made_of: bytes | None = None, start_after: int = 0, count: int = 1) -> Pool:
        name = Installation(home).load(Problems()).options.made_of if made_of is None else made_of
        started.append(Pool(count, Setup.of(str(home), AlertFacts("mill")), name, told, start_after=start_after))
        return started[-1]

    yield make
    for one in started:
        one.close()


def task(*names: str, body: bytes | None = None) -> ObjectTask:
    records = [{"eventName": name, "eventID": f"id-{name}", "eventTime": "2026-01-15T10:00:00Z"} for name in names]
    data = gzip.compress(json.dumps({"Records": records}).encode()) if body is None else body
    return ObjectTask("cloudtrail", "improved", "", "1", "bucket", "key.json.gz", False, data)


def until(holds: Callable[[], bool], patience: float = 60) -> None:
    deadline = time.monotonic() + patience
    while not holds():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.01)


def ready(one: Pool) -> None:
    until(lambda: one.is_wanted(1, 1))


def pids(one: Pool) -> list[int]:
    return [worker._process.pid for worker in one._workers]


def is_gone(pid: int) -> bool:
    return not Path(f"/proc/{pid}").exists()


def test_a_worker_answers(start: Callable[..., Pool], told: Told) -> None:
    one = start()
    ready(one)
    found = one.examine(task("List", "Delete", "List"))
    assert found is not None
    assert found.answers == [0, 1, 0]
    assert [draft and draft.rule for draft in found.drafts] == [None, 100001, None]
    assert found.event_ids == ["id-List", "id-Delete", "id-List"]
    assert one.examine(task(body=b"\x1f\x8bno gzip")) is None
    assert one.examine(task("Delete")) is not None, "a broken object costs nothing but itself"
    assert told == ["INFO Objects wait to be read: starting 1 worker processes"]
    (pid,) = pids(one)
    one.close()
    assert is_gone(pid)
    assert not one.is_wanted(1, 1)


def test_none_is_started_before_there_is_a_back_log(start: Callable[..., Pool], told: Told) -> None:
    one = start(start_after=100)
    for behind, size in [(0, 1000), (1, 60), (0, 60), (1, 60), (1, pool.MOST_BODY + 1)]:
        assert not one.is_wanted(behind, size)
    assert not told
    assert not pids(one)
    one.is_wanted(1, 60)
    assert len(pids(one)) == 1


def test_a_killed_worker_is_replaced(start: Callable[..., Pool], told: Told) -> None:
    one = start()
    ready(one)
    (pid,) = pids(one)
    os.kill(pid, signal.SIGKILL)
    assert one.examine(task("Delete")) is None
    until(lambda: is_gone(pid))
    ready(one)
    assert pids(one) != [pid]
    assert one.examine(task("Delete")) is not None
    assert "WARNING a worker process ended early (signal 9); the daemon reads its objects itself" in told


def test_a_worker_with_other_rules_is_not_used(start: Callable[..., Pool], told: Told) -> None:
    one = start(made_of=b"other rules")
    one.is_wanted(1, 1)
    (pid,) = pids(one)
    until(lambda: is_gone(pid))
    until(lambda: len(told) == 2)
    assert not one.is_wanted(1, 1)
    assert "until the ruleset is reloaded" in told[1]


def test_a_reload_ends_the_workers(start: Callable[..., Pool], home: Path) -> None:
    one = start()
    ready(one)
    before = pids(one)
    rules = home / "etc" / "rules" / "local_rules.xml"
    rules.write_text(RULES.replace('level="5"', 'level="7"'))
    try:
        name = Installation(home).load(Problems()).options.made_of
        one.renew(name)
        ready(one)
        found = one.examine(task("Delete"))
    finally:
        rules.write_text(RULES)
    assert found is not None
    assert found.made_of == name
    assert not set(pids(one)) & set(before)


def test_workers_know_no_credentials(start: Callable[..., Pool], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hush")
    monkeypatch.setenv("HTTPS_PROXY", "http://hush:hush@proxy")
    one = start()
    ready(one)
    (pid,) = pids(one)
    assert b"hush" not in Path(f"/proc/{pid}/environ").read_bytes()


def test_signals_are_the_daemon_s(start: Callable[..., Pool]) -> None:
    one = start()
    ready(one)
    (pid,) = pids(one)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        os.kill(pid, number)
    assert one.examine(task("Delete")) is not None


@pytest.mark.parametrize(
    ("configured", "cores", "count"),
    [(1, 8, 0), (2, 2, 2), (4, 2, 4), (0, 4, 4), (0, 1, 0), (None, 1, 0), (None, 2, 0), (None, 8, 7)],
)
def test_how_many(configured: int | None, cores: int, count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool.os, "sched_getaffinity", lambda _: set(range(cores)))
    assert worker_count(configured) == count
