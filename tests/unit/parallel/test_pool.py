"""The pool with real worker processes on a small home."""

from __future__ import annotations

import gzip
import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from alertmill.alerts import AlertFacts
from alertmill.checkpoints import numbered_ids
from alertmill.cli.init import make_home
from alertmill.errors import Problems
from alertmill.installation import Installation
from alertmill.parallel import Pool, Setup, pool, worker_count
from alertmill.sources.aws.examined import ExaminedObject, ObjectExamination, ObjectTask

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


def drafts_of(found: ExaminedObject) -> ObjectExamination:
    return ObjectExamination(found, pytest.fail)


def ready(one: Pool) -> None:
    until(lambda: one.is_wanted(1, 1))


def pids(one: Pool) -> list[int]:
    """Those of the workers, behind that of the process that they split from."""
    first = one._family._process.pid if one._family is not None else 0
    return [first, *map(int, Path(f"/proc/{first}/task/{first}/children").read_text().split())] if first else []


def is_gone(pid: int) -> bool:
    return not Path(f"/proc/{pid}").exists()


def test_a_worker_answers(start: Callable[..., Pool], told: Told) -> None:
    one = start()
    ready(one)
    found = one.examine(task("List", "Delete", "List"))
    assert found is not None
    assert found.answers == bytes((0, 1, 0))
    drafts = [drafts_of(found).draft(number) for number in (1, 2, 3)]
    assert [draft and draft.rule for draft in drafts] == [None, 100001, None]
    happened = datetime(2026, 1, 15, 10, tzinfo=UTC).timestamp()
    slots, ids = numbered_ids([(happened, f"id-{name}") for name in ("List", "Delete", "List")])
    assert drafts_of(found).numbered_ids(range(1, 4)) == ([*slots], [*ids])
    assert one.examine(task(body=b"\x1f\x8bno gzip")) is None
    assert one.examine(task("Delete")) is not None, "a broken object costs nothing but itself"
    assert told == ["INFO Objects wait to be read: starting 1 worker processes"]
    started = pids(one)
    one.close()
    assert all(map(is_gone, started))
    assert not one.is_wanted(1, 1)


def test_none_is_started_before_there_is_a_back_log(start: Callable[..., Pool], told: Told) -> None:
    one = start(start_after=100)
    for behind, size in [(0, 1000), (1, 60), (0, 60), (1, 60), (1, pool.MOST_BODY + 1)]:
        assert not one.is_wanted(behind, size)
    assert not told
    assert not pids(one)
    one.is_wanted(1, 60)
    assert len(pids(one)) == 1


@pytest.mark.parametrize("place", [0, 2])
def test_killed_workers_are_replaced(start: Callable[..., Pool], told: Told, place: int) -> None:
    """The first process, and a worker: the others end with it."""
    one = start(count=2)
    ready(one)
    before = pids(one)
    os.kill(before[place], signal.SIGKILL)
    until(lambda: one.examine(task("Delete")) is None)
    until(lambda: all(map(is_gone, before)))
    ready(one)
    assert not set(pids(one)) & set(before)
    assert one.examine(task("Delete")) is not None
    until(lambda: len(told) == 3)
    assert "WARNING a worker process ended early (signal 9); the daemon reads its objects itself" in told


def test_more_tasks_than_workers_get_each_their_own_answer(start: Callable[..., Pool]) -> None:
    one = start(count=2)
    ready(one)
    names = ["Delete" * (number + 1) for number in range(40)]
    with ThreadPoolExecutor(16) as threads:
        found = [*threads.map(one.examine, map(task, names))]
    for name, answer in zip(names, found, strict=True):
        assert answer is not None
        assert name.encode() in bytes(answer.pieces)


def test_those_who_wait_are_told_of_the_end(start: Callable[..., Pool]) -> None:
    one = start(count=2)
    ready(one)
    for pid in pids(one)[1:]:
        os.kill(pid, signal.SIGSTOP)
    with ThreadPoolExecutor(8) as threads:
        waiting = [threads.submit(one.examine, task("Delete")) for _ in range(8)]
        one.renew(b"other rules")
        assert [one.result(60) for one in waiting] == [None] * 8


def test_a_worker_with_other_rules_is_not_used(start: Callable[..., Pool], told: Told) -> None:
    one = start(made_of=b"other rules")
    one.is_wanted(1, 1)
    started = pids(one)
    until(lambda: all(map(is_gone, started)))
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
    for pid in pids(one):
        assert b"hush" not in Path(f"/proc/{pid}/environ").read_bytes()


def test_signals_are_the_daemon_s(start: Callable[..., Pool]) -> None:
    one = start()
    ready(one)
    for pid in pids(one):
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
