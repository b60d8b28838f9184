"""Requests of commands: which marks they become, and that nothing in the folder can stop the daemon."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from alertmill.config.models import Bucket
from alertmill.requests import DayRange, FailedObject, ObjectToRead, Request, write_request
from alertmill.sources.aws.buckets import BUCKET_TYPES
from alertmill.sources.aws.subscribers.claims import Claims
from alertmill.sources.aws.wishes import Wishes
from alertmill.sources.base import Batch, ObjectDone, ObjectFailed, Position, ReadAgain, RetryFailed
from alertmill.sources.rejected_records import SCOPE as REJECTED
from alertmill.sources.rejected_records import RejectedRecords
from alertmill.sources.requests_folder import ASKED_FOR, RequestsFolder
from unit.sources.aws.doubles import ACCOUNT, NOON, MemoryProgress, trail_key

SCOPE = f"s3://my-logs/AWSLogs/|cloudtrail|{ACCOUNT}|us-east-1"
KEY = trail_key("2026/01/15", "x")


class NoStop:
    """A stop flag that is set at the first pause."""

    def is_set(self) -> bool:
        return False

    def wait(self, timeout: float | None = None) -> bool:
        return True


class Desk:
    """A requests source over a folder of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.folder = home / "requests"
        self.progress = MemoryProgress()
        self.lines: list[tuple[str, str]] = []
        self.woken = 0
        self.wishes = Wishes()
        self.wishes.join(["s3://my-logs/AWSLogs/|cloudtrail|"])
        self.source = self.made()

    def made(self) -> RequestsFolder:
        log = lambda *line: self.lines.append(line)  # noqa: E731
        rejected = RejectedRecords(self.home / "rejected", log)
        claims = Claims([Bucket(type="cloudtrail", name="my-logs")], BUCKET_TYPES)
        return RequestsFolder(self.folder, rejected, claims, self.wishes, self.wake, lambda: NOON, log)

    def wake(self) -> None:
        self.woken += 1

    def ask(self, request: Request) -> Path:
        return write_request(self.folder, request, by="test")

    def batches(self) -> Iterator[Batch]:
        return self.source.batches(self.progress, NoStop(), once=True)

    def work(self) -> list[object]:
        """Everything that lies there, committed; the marks of it."""
        marks: list[object] = []
        for batch in self.batches():
            marks += batch.marks
            self.progress.commit(batch)
        return marks

    def complaints(self) -> list[str]:
        return [text for level, text in self.lines if level == "WARNING"]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def failure(key: str = KEY) -> ObjectFailed:
    return ObjectFailed(SCOPE, key, "tag", "no", 10, NOON, NOON, NOON, dead=True)


def test_failed_objects_are_tried_again(desk: Desk) -> None:
    desk.progress.store(failure())
    path = desk.ask(Request(retry=(FailedObject(SCOPE, KEY, "tag"),)))
    assert desk.work() == [RetryFailed(SCOPE, KEY, "tag")]
    assert not path.exists()
    assert desk.woken == 1
    (kept,) = desk.progress.failures.values()
    assert (kept.attempts, kept.retry_at, kept.dead) == (0, 0.0, False)


def test_all_failed_objects(desk: Desk) -> None:
    others = [failure(f"{n}") for n in range(2500)]
    for one in others:
        desk.progress.store(one)
    desk.ask(Request(retry_all=True))
    assert len(desk.work()) == 2500
    assert not any(one.dead for one in desk.progress.failures.values())


def test_an_object_to_read_is_due_at_once(desk: Desk) -> None:
    desk.ask(Request(read=(ObjectToRead("my-logs", KEY, "tag"),)))
    assert desk.work() == [ObjectFailed(SCOPE, KEY, "tag", ASKED_FOR, 0, NOON, NOON, 0.0)]
    desk.ask(Request(read=(ObjectToRead("my-logs", KEY, "tag"),)))
    assert desk.work() == [RetryFailed(SCOPE, KEY, "tag")]


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (ObjectToRead("other", KEY, "tag"), f"s3://other/{KEY} is not read: it belongs to no <bucket>  [A036]"),
        (ObjectToRead("my-logs", "notes.txt", "tag"), "s3://my-logs/notes.txt is not read: it belongs to no <bucket>"),
        (ObjectToRead("my-logs", KEY, ""), f"s3://my-logs/{KEY} is not read: the request does not name its ETag"),
        (ObjectToRead("my-logs", KEY, "done"), f"s3://my-logs/{KEY} is not read: it was read before"),
    ],
)
def test_objects_that_are_not_read(desk: Desk, wanted: ObjectToRead, said: str) -> None:
    desk.progress.store(ObjectDone(SCOPE, KEY, "done", "2026-01-15", 1))
    path = desk.ask(Request(read=(wanted,)))
    assert desk.work() == []
    (line,) = desk.complaints()
    assert line.startswith(said)
    assert not path.exists()


def test_ranges_to_read_again(desk: Desk) -> None:
    path = desk.ask(Request(again=(DayRange("s3://my-logs/", "2026-01-01", "2026-01-02"),)))
    assert desk.work() == [ReadAgain(path.stem, "s3://my-logs/", "2026-01-01", "2026-01-02")]
    ranges = tuple(DayRange("s3://my-logs/", day, day) for day in ("2026-01-01", "2026-01-03"))
    path = desk.ask(Request(again=ranges))
    numbers = [mark.number for mark in desk.work() if isinstance(mark, ReadAgain)]
    assert numbers == [f"{path.stem}.1", f"{path.stem}.2"]


def test_a_range_that_no_definition_is_for(desk: Desk) -> None:
    desk.ask(Request(again=(DayRange("s3://elsewhere/", "2026-01-01", "2026-01-02"),)))
    assert desk.work() == []
    assert desk.complaints() == ["nothing of s3://elsewhere/ is read again: no <bucket> is for it  [A036]"]


def test_a_wish_whose_definition_is_gone_is_over_at_the_next_start(desk: Desk) -> None:
    desk.progress.wishes = {
        "1": ReadAgain("1", "s3://gone/", "2026-01-01", "2026-01-01"),
        "2": ReadAgain("2", SCOPE, "2026-01-01", "2026-01-01"),
    }
    desk.work()
    assert list(desk.progress.wishes) == ["2"]
    assert desk.complaints() == ["nothing of s3://gone/ is read again: no <bucket> is for it  [A036]"]


def test_a_request_stays_until_its_marks_are_committed(desk: Desk) -> None:
    path = desk.ask(Request(retry=(FailedObject(SCOPE, KEY, "tag"),)))
    batches = list(desk.batches())
    assert path.exists()
    assert list(desk.batches()) == []  # under way
    for batch in batches:
        desk.progress.commit(batch)
    assert not path.exists()


def test_what_is_no_request_is_put_aside(desk: Desk) -> None:
    desk.folder.mkdir()
    bad = desk.folder / "a.json"
    bad.write_text("{")
    (desk.folder / "b.json").mkdir()
    (desk.folder / "c.txt").write_text("nothing to do with it")
    good = desk.ask(Request(retry=(FailedObject(SCOPE, KEY, "tag"),)))
    assert len(desk.work()) == 1
    assert not good.exists()
    assert sorted(path.name for path in desk.folder.iterdir()) == ["a.bad", "b.bad", "c.txt"]
    assert len(desk.complaints()) == 2
    assert all(line.endswith("[A036]") for line in desk.complaints())


def test_without_the_folder_nothing_happens(desk: Desk) -> None:
    assert desk.work() == []
    assert desk.lines == []


# --- rejected records ------------------------------------------------------------------------------------------------


def reject(desk: Desk, name: str, *messages: str) -> Path:
    path = desk.home / "rejected" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        for message in messages:
            entry = {
                "time": NOON,
                "location": "wherever",
                "place": "p",
                "reason": "r",
                "queue": "1",
                "message": message,
            }
            file.write(json.dumps(entry) + "\n")
    return path


def retried(desk: Desk, limit: int | None = None) -> list[str]:
    """Messages that are analysed again; with `limit` it is killed after so many batches with records."""
    found: list[str] = []
    for batch in desk.batches():
        found += [record.message for record in batch.records]
        desk.progress.commit(batch)
        if batch.records and limit is not None:
            limit -= 1
            if not limit:
                break
    return found


def test_rejected_records_are_analysed_again_once(desk: Desk) -> None:
    first, second = "2025/Dec/alertmill-rejected-31.json", "2026/Jan/alertmill-rejected-02.json"
    reject(desk, second, "two")
    reject(desk, first, "one", "é")
    desk.ask(Request(records=True))
    assert retried(desk) == ["one", "\xc3\xa9", "two"]
    reject(desk, second, "three")
    desk.ask(Request(records=True))
    assert retried(desk) == ["three"]
    assert set(desk.progress.positions(REJECTED)) == {first, second}


def test_a_record_is_as_it_was(desk: Desk) -> None:
    reject(desk, "2026/Jan/alertmill-rejected-02.json", "m")
    desk.ask(Request(records=True))
    (record,) = [record for batch in desk.batches() for record in batch.records]
    assert (record.message, record.location, record.queue, record.place, record.time) == (
        "m",
        "wherever",
        "1",
        "p",
        NOON,
    )


def test_what_is_rejected_meanwhile_waits_for_the_next_request(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise a record that is refused each time would go round for ever, whatever is killed in between."""
    monkeypatch.setattr("alertmill.sources.rejected_records._BATCH_RECORDS", 1)
    name = "2026/Jan/alertmill-rejected-02.json"
    reject(desk, name, "one", "two", "three")
    path = desk.ask(Request(records=True))
    assert retried(desk, limit=2) == ["one", "two"]
    reject(desk, name, "one, again")
    assert path.exists()
    desk.source = desk.made()
    assert retried(desk) == ["three"]
    assert not path.exists()
    desk.ask(Request(records=True))
    assert retried(desk) == ["one, again"]


def test_a_line_that_is_being_written_is_left(desk: Desk) -> None:
    path = reject(desk, "2026/Jan/alertmill-rejected-02.json", "one")
    with path.open("a") as file:
        file.write('{"time": 1, "mess')
    desk.ask(Request(records=True))
    assert retried(desk) == ["one"]
    with path.open("a") as file:
        file.write('age": "two", "location": "l", "queue": "1"}\n')
    desk.ask(Request(records=True))
    assert retried(desk) == ["two"]


def test_odd_lines_cost_only_themselves(desk: Desk) -> None:
    path = reject(desk, "2026/Jan/alertmill-rejected-02.json", "one")
    with path.open("a") as file:
        file.write("[]\nnull\n{}\n" + "[" * 100_000 + "\n")
    reject(desk, "2026/Jan/alertmill-rejected-02.json", "two")
    desk.ask(Request(records=True))
    assert retried(desk) == ["one", "two"]
    assert len(desk.complaints()) == 4


def test_positions_of_files_that_are_gone_are_forgotten(desk: Desk) -> None:
    path = reject(desk, "2026/Jan/alertmill-rejected-02.json", "one")
    desk.ask(Request(records=True))
    retried(desk)
    path.unlink()
    desk.progress.store(Position(REJECTED, "until 2026/Jan/alertmill-rejected-01.json", "7"))
    desk.ask(Request(records=True))
    assert retried(desk) == []
    assert desk.progress.positions(REJECTED) == {}
