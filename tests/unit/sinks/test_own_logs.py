"""The daemon's own log is moved away day by day and by size, compressed later, and kept for so many days."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, timedelta
from pathlib import Path

import pytest

from alertmill.log import ENGINE_TAG, TaggedLog, close_log, held_log, set_up_log
from alertmill.sinks.own_logs import LogRotation, OwnLogs
from alertmill.sinks.rotation import OWN_JSON_LOG, OWN_LOG, Kind, midnight

TODAY = date(2026, 3, 2)
NOON = midnight(TODAY, UTC) + 43200
MIB = 1 << 20


def line(day: date, text: str = "hello") -> bytes:
    return f"{day:%Y/%m/%d} 23:59:59 wazuh-analysisd: INFO: {text}\n".encode()


def json_line(day: date, text: str = "hello") -> bytes:
    return (
        f'{{"timestamp": "{day:%Y/%m/%d} 23:59:59", "tag": "t", "level": "info", "description": "{text}"}}\n'.encode()
    )


class Home:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.logs = path / "logs"
        self.logs.mkdir()
        self.said: list[str] = []
        self.held: list[Path] = []

    def keeper(self, rotation: LogRotation | None = None) -> OwnLogs:
        @contextmanager
        def hold(path: Path) -> Iterator[None]:
            assert path.exists()
            self.held.append(path)
            yield

        def log(level: str, text: str) -> None:
            self.said.append(f"{level} {text}")

        return OwnLogs(self.path, rotation or LogRotation(), hold, log, zone=UTC)

    def tidy(self, rotation: LogRotation | None = None, now: float = NOON) -> None:
        self.keeper(rotation).run(now, lambda: False)

    def moved(self) -> dict[str, bytes]:
        """What lies in logs/wazuh, by path; packed files unpacked."""
        folder = self.logs / "wazuh"
        return {
            str(path.relative_to(folder)): gzip.decompress(path.read_bytes())
            if path.suffix == ".gz"
            else path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def test_a_log_of_a_day_that_is_over_is_moved_and_then_compressed(home: Home) -> None:
    yesterday = TODAY - timedelta(days=1)
    (home.logs / "ossec.log").write_bytes(line(yesterday) + line(TODAY))
    (home.logs / "ossec.json").write_bytes(json_line(yesterday))
    home.tidy()
    assert home.moved() == {
        "2026/Mar/ossec-01.log": line(yesterday) + line(TODAY),
        "2026/Mar/ossec-01.json": json_line(yesterday),
    }
    assert home.held == [home.logs / "ossec.log", home.logs / "ossec.json"]
    home.tidy()
    assert list(home.moved()) == ["2026/Mar/ossec-01.json.gz", "2026/Mar/ossec-01.log.gz"]
    assert home.said == []


@pytest.mark.parametrize(
    ("first", "after_midnight", "moved_to"),
    [
        (TODAY, 86399, None),
        (TODAY - timedelta(days=1), 9, None),
        (TODAY - timedelta(days=1), 10, "2026/Mar/ossec-01.log"),
        (TODAY - timedelta(days=3), 10, "2026/Feb/ossec-27.log"),
        (TODAY + timedelta(days=1), 43200, None),
    ],
)
def test_the_first_line_says_which_day_a_log_is_of(
    home: Home, first: date, after_midnight: int, moved_to: str | None
) -> None:
    (home.logs / "ossec.log").write_bytes(line(first) + line(TODAY))
    home.tidy(now=midnight(TODAY, UTC) + after_midnight)
    assert list(home.moved()) == ([moved_to] if moved_to else [])


@pytest.mark.parametrize("content", [b"", b"no time\n", b"2026/02/30 00:00:00 x\n", b"\xff" * 5000, b"0000/01/01 "])
def test_a_log_without_a_day_is_of_today(home: Home, content: bytes) -> None:
    (home.logs / "ossec.log").write_bytes(content)
    home.tidy()
    assert home.moved() == {}


def test_a_large_log_is_moved_within_the_day_and_the_oldest_are_dropped(home: Home) -> None:
    rotation = LogRotation(size=1, daily=3)
    for number in range(6):
        (home.logs / "ossec.log").write_bytes(line(TODAY, f"{number}") + b"x" * MIB)
        home.tidy(rotation)
    (home.logs / "ossec.log").write_bytes(line(TODAY, "small"))
    home.tidy(rotation)
    kept = home.moved()
    assert list(kept) == [f"2026/Mar/ossec-02-00{number}.log.gz" for number in (3, 4, 5)]
    assert b"INFO: 5" in kept["2026/Mar/ossec-02-005.log.gz"]


def test_numbers_go_on_behind_the_day_and_nothing_is_written_over(home: Home) -> None:
    day = TODAY - timedelta(days=1)
    folder = home.path / OWN_LOG.month_path(day)
    folder.mkdir(parents=True)
    (folder / OWN_LOG.file_name(day, kind=Kind.PACKED)).write_bytes(gzip.compress(b"first"))
    (folder / OWN_LOG.file_name(day, 1)).mkdir()
    (folder / OWN_LOG.file_name(day, 2)).symlink_to("/nowhere")
    (home.logs / "ossec.log").write_bytes(line(day))
    home.tidy()
    assert home.moved()["2026/Mar/ossec-01-003.log"] == line(day)
    assert home.moved()["2026/Mar/ossec-01.log.gz"] == b"first"


def test_moved_logs_are_kept_for_so_many_days(home: Home) -> None:
    for days in (400, 32, 31, 1):
        day = TODAY - timedelta(days=days)
        for name in (OWN_LOG, OWN_JSON_LOG):
            path = home.path / name.day_path(day)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"x")
    other = home.path / OWN_LOG.month_path(TODAY) / "notes.log"
    other.write_bytes(b"x")
    home.tidy(LogRotation(keep=31, compress=False))
    assert list(home.moved()) == [
        "2026/Jan/ossec-30.json",
        "2026/Jan/ossec-30.log",
        "2026/Mar/notes.log",
        "2026/Mar/ossec-01.json",
        "2026/Mar/ossec-01.log",
    ]
    assert sorted(path.name for path in (home.logs / "wazuh").iterdir()) == ["2026"]


def test_it_can_be_switched_off(home: Home) -> None:
    (home.logs / "ossec.log").write_bytes(line(date(2026, 1, 1)))
    home.tidy(LogRotation(rotate=False))
    assert home.moved() == {}


def test_a_size_of_nothing_is_no_limit(home: Home) -> None:
    (home.logs / "ossec.log").write_bytes(line(TODAY) + b"x" * MIB)
    home.tidy(LogRotation(size=0))
    assert home.moved() == {}


@pytest.mark.parametrize("place", ["log", "folder"])
def test_symbolic_links_are_not_followed(home: Home, tmp_path: Path, place: str) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "ossec.log").write_bytes(line(date(2026, 1, 1)))
    if place == "log":
        (home.logs / "ossec.log").symlink_to(outside / "ossec.log")
    else:
        (home.logs / "ossec.log").write_bytes(line(date(2026, 1, 1)))
        (home.logs / "wazuh").symlink_to(outside)
    keeper = home.keeper()
    for _ in range(3):
        keeper.run(NOON, lambda: False)
    assert [path.name for path in outside.iterdir()] == ["ossec.log"]
    assert (home.logs / "ossec.log").exists()
    told = {"log": ["logs/ossec.log"], "folder": ["logs/wazuh", "logs/ossec.log"]}[place]
    assert [text.split(": ")[0] for text in home.said] == [f"WARNING {path}" for path in told]


def test_the_real_log_goes_on_in_a_new_file_without_losing_a_line(tmp_path: Path) -> None:
    set_up_log(tmp_path / "logs", as_json=True)
    try:
        log = TaggedLog(ENGINE_TAG)
        keeper = OwnLogs(tmp_path, LogRotation(size=1, compress=False), held_log, log, zone=UTC)
        for number in range(60):
            log("INFO", f"<{number}> {'x' * 100_000}")
            keeper.run(NOON, lambda: False)
    finally:
        close_log()
    for name, suffix in (("ossec.log", "log"), ("ossec.json", "json")):
        moved = sorted((tmp_path / "logs/wazuh/2026/Mar").glob(f"*.{suffix}"), key=lambda path: (len(path.name), path))
        assert len(moved) > 3
        text = "".join(path.read_text() for path in [*moved, tmp_path / "logs" / name])
        assert [text.count(f"<{number}>") for number in range(60)] == [1] * 60
