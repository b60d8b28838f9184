"""Days that are over are summed, compressed and in the end deleted, whatever crashes and whatever lies about."""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable
from datetime import UTC, date, timedelta
from functools import partial
from hashlib import sha256
from pathlib import Path

import pytest

from alertmill.sinks.dated_file import DatedFile
from alertmill.sinks.housekeeping import LOOK_EVERY, DayFiles
from alertmill.sinks.rotation import (
    ALERTS_JSON,
    ALERTS_LOG,
    ARCHIVES_JSON,
    FIREWALL_LOG,
    REJECTED_JSON,
    SUMMED,
    DatedName,
    Kind,
    Upkeep,
    midnight,
)

TODAY = date(2026, 3, 2)
NOON = midnight(TODAY, UTC) + 43200
AGAIN = "it stays as it is for now, and is tried again"


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


class Home:
    """A home with day files, and what was said about them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.said: list[str] = []
        self.day: date | None = TODAY
        (path / "logs").mkdir(exist_ok=True)

    def put(self, name: DatedName, day: date, content: bytes, part: int = 0, kind: Kind = Kind.PLAIN) -> Path:
        path = self.path / name.month_path(day) / name.file_name(day, part, kind)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    def keeper(self, upkeep: Upkeep | None = None, written: tuple[DatedName, ...] = ()) -> DayFiles:
        def log(level: str, text: str) -> None:
            self.said.append(f"{level} {text}")

        return DayFiles(self.path, upkeep or Upkeep(), written, lambda: self.day, log, zone=UTC)

    def tidy(self, upkeep: Upkeep | None = None, now: float = NOON) -> None:
        self.keeper(upkeep).run(now, lambda: False)

    def files(self) -> dict[str, bytes]:
        """Every file below logs, packed ones unpacked, by path."""
        found = {}
        for path in sorted(self.path.joinpath("logs").rglob("*")):
            if path.is_file() or path.is_symlink():
                data = b"" if path.is_symlink() else path.read_bytes()
                found[str(path.relative_to(self.path / "logs"))] = (
                    gzip.decompress(data) if path.suffix == ".gz" else data
                )
        return found

    def sum(self, name: DatedName, day: date) -> dict[str, str]:
        """The SHA-256 values of a `.sum` file by the paths they are of."""
        path = self.path / name.month_path(day) / name.file_name(day, kind=Kind.SUM)
        lines = [line for line in path.read_text().splitlines() if line.startswith("SHA256")]
        return {line[line.index("(") + 1 : line.index(")")]: line.split(" = ")[1] for line in lines}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


# --- sums and compression ---------------------------------------------------------------------------------------------


def test_all_days_that_are_over_are_closed_and_todays_files_are_left_alone(home: Home) -> None:
    for name in SUMMED:
        for days in range(4):
            home.put(name, ago(days), f"{name.stem} {days}\n".encode())
    home.tidy()
    files = home.files()
    for name in SUMMED:
        folder = name.folder.removeprefix("logs/")
        assert files[f"{folder}/2026/Mar/{name.stem}-02{name.suffix}"] == f"{name.stem} 0\n".encode()
        assert files[f"{folder}/2026/Feb/{name.stem}-27{name.suffix}.gz"] == f"{name.stem} 3\n".encode()
        assert f"{folder}/2026/Feb/{name.stem}-27{name.suffix}.sum" in files
    assert len(files) == 5 * (1 + 3 * 2)
    assert home.said == [
        "INFO Compressed 15 day files of 2026-02-27 to 2026-03-01: 237 bytes to "
        + str(sum(path.stat().st_size for path in home.path.rglob("*.gz")))
    ]


def test_a_sum_covers_all_parts_and_chains_the_days(home: Home) -> None:
    home.put(ALERTS_JSON, ago(2), b"one\n")
    home.put(ALERTS_JSON, ago(1), b"a")
    home.put(ALERTS_JSON, ago(1), b"b", part=2)
    home.put(ALERTS_JSON, ago(1), b"c", part=10)
    home.put(ALERTS_JSON, ago(1), b"d", part=1000)
    home.tidy()
    first = (home.path / "logs/alerts/2026/Feb/ossec-alerts-28.json.sum").read_bytes()
    assert home.sum(ALERTS_JSON, ago(2)) == {
        "logs/alerts/2026/Feb/ossec-alerts-28": sha256(b"one\n").hexdigest(),
        "logs/alerts/2026/Feb/ossec-alerts-27.json.sum": "none",
    }
    assert home.sum(ALERTS_JSON, ago(1)) == {
        "logs/alerts/2026/Mar/ossec-alerts-01": sha256(b"abcd").hexdigest(),
        "logs/alerts/2026/Feb/ossec-alerts-28.json.sum": sha256(first).hexdigest(),
    }
    assert (home.path / "logs/alerts/2026/Mar/ossec-alerts-01-1000.json.gz").exists()


def test_a_packed_file_has_the_mode_and_the_time_of_the_plain_one(home: Home) -> None:
    path = home.put(ALERTS_LOG, ago(1), b"x" * 3_000_000)
    path.chmod(0o640)
    os.utime(path, ns=(1, 1_700_000_000_123_456_789))
    home.tidy()
    packed = path.with_name(path.name + ".gz").stat()
    assert (packed.st_mode & 0o777, packed.st_mtime_ns) == (0o640, 1_700_000_000_123_456_789)
    assert packed.st_size < 30_000
    assert not path.exists()


def test_without_compression_days_are_summed_once_and_stay(home: Home) -> None:
    path = home.put(ALERTS_JSON, ago(1), b"one\n")
    home.tidy(Upkeep(compress=False))
    told = path.with_name(path.name + ".sum")
    assert home.sum(ALERTS_JSON, ago(1))["logs/alerts/2026/Mar/ossec-alerts-01"] == sha256(b"one\n").hexdigest()
    told.write_text("as it was")
    home.tidy(Upkeep(compress=False))
    assert (told.read_text(), path.read_bytes(), home.said) == ("as it was", b"one\n", [])


def test_a_file_that_was_changed_after_it_was_summed_is_named(home: Home) -> None:
    path = home.put(ALERTS_JSON, ago(1), b"one\n")
    home.tidy(Upkeep(compress=False))
    before = path.with_name(path.name + ".sum").read_bytes()
    path.write_bytes(b"two\n")
    home.tidy()
    assert home.said[0].startswith("WARNING logs/alerts/2026/Mar/ossec-alerts-01.json.sum does not fit")
    assert path.with_name(path.name + ".sum").read_bytes() == before
    assert home.files()["alerts/2026/Mar/ossec-alerts-01.json.gz"] == b"two\n"


def test_a_missing_sum_of_the_day_before_is_no_change(home: Home) -> None:
    """Retention takes the oldest link of the chain away; that is no reason to complain of the next one."""
    for days in (2, 1):
        home.put(ALERTS_JSON, ago(days), b"one\n")
    home.tidy(Upkeep(compress=False))
    (home.path / "logs/alerts/2026/Feb/ossec-alerts-28.json.sum").unlink()
    (home.path / "logs/alerts/2026/Feb/ossec-alerts-28.json").unlink()
    home.tidy()
    assert [text for text in home.said if "WARNING" in text] == []


def test_days_that_were_written_here_are_summed_even_without_a_file(home: Home) -> None:
    keeper = home.keeper(written=(ALERTS_JSON, FIREWALL_LOG))
    home.day = ago(1)
    keeper.run(NOON - 86400, lambda: False)
    home.put(ALERTS_JSON, ago(1), b"one\n")
    home.day = TODAY
    keeper.run(NOON, lambda: False)
    assert home.sum(FIREWALL_LOG, ago(1)) == {
        "logs/firewall/2026/Mar/ossec-firewall-01": "none",
        "logs/firewall/2026/Feb/ossec-firewall-28.log.sum": "none",
    }
    assert sorted(home.files()) == [
        "alerts/2026/Mar/ossec-alerts-01.json.gz",
        "alerts/2026/Mar/ossec-alerts-01.json.sum",
        "firewall/2026/Mar/ossec-firewall-01.log.sum",
    ]


def test_an_empty_file_goes_and_counts_as_missing(home: Home) -> None:
    home.put(ALERTS_LOG, ago(3), b"")
    home.tidy()
    assert list(home.files()) == ["alerts/2026/Feb/ossec-alerts-27.log.sum"]
    assert home.sum(ALERTS_LOG, ago(3))["logs/alerts/2026/Feb/ossec-alerts-27"] == "none"


def test_nothing_is_done_before_the_outputs_have_settled(home: Home) -> None:
    home.put(ALERTS_LOG, ago(1), b"x")
    home.day = None
    home.tidy()
    assert list(home.files()) == ["alerts/2026/Mar/ossec-alerts-01.log"]


def test_yesterday_waits_some_seconds_and_older_days_do_not(home: Home) -> None:
    for days in (1, 2):
        home.put(ALERTS_LOG, ago(days), b"x")
    keeper = home.keeper(Upkeep(wait=10))
    keeper.run(midnight(TODAY, UTC) + 9, lambda: False)
    assert [name for name in home.files() if name.endswith(".gz")] == ["alerts/2026/Feb/ossec-alerts-28.log.gz"]
    keeper.run(midnight(TODAY, UTC) + 10, lambda: False)
    assert len([name for name in home.files() if name.endswith(".gz")]) == 2


def test_days_ahead_of_the_clock_are_not_over(home: Home) -> None:
    home.put(ALERTS_LOG, TODAY + timedelta(days=1), b"x")
    home.tidy(Upkeep(keep=86400))
    assert list(home.files()) == ["alerts/2026/Mar/ossec-alerts-03.log"]


def test_a_full_look_is_taken_when_a_day_ends_and_every_hour(home: Home) -> None:
    keeper = home.keeper()
    keeper.run(NOON, lambda: False)
    home.put(ALERTS_LOG, ago(5), b"x")
    keeper.run(NOON + LOOK_EVERY - 1, lambda: False)
    assert not list(home.path.rglob("*.gz"))
    keeper.run(NOON + LOOK_EVERY, lambda: False)
    assert len(list(home.path.rglob("*.gz"))) == 1
    home.put(ALERTS_LOG, ago(6), b"x")
    home.day = TODAY + timedelta(days=1)
    keeper.run(NOON + LOOK_EVERY + 1, lambda: False)
    assert len(list(home.path.rglob("*.gz"))) == 1
    keeper.run(NOON + 86400, lambda: False)
    assert len(list(home.path.rglob("*.gz"))) == 2


def test_it_stops_when_asked_and_leaves_things_as_they_were(home: Home) -> None:
    home.put(ALERTS_LOG, ago(1), os.urandom(3 << 20))
    before = home.files()
    asked = 0

    def stop() -> bool:
        nonlocal asked
        asked += 1
        return asked > 5  # in the middle of the second reading, the one that compresses

    home.keeper().run(NOON, stop)
    after = home.files()
    assert after.pop("alerts/2026/Mar/ossec-alerts-01.log.sum")
    assert (after, asked) == (before, 6)
    home.tidy()
    assert home.files()["alerts/2026/Mar/ossec-alerts-01.log.gz"] == before["alerts/2026/Mar/ossec-alerts-01.log"]


def test_a_file_that_grows_while_it_is_compressed_is_left_alone(home: Home) -> None:
    path = home.put(ALERTS_LOG, ago(1), b"x" * (2 << 20))
    asked = 0

    def grow() -> bool:
        nonlocal asked
        asked += 1
        if asked == 3:
            with path.open("ab") as file:
                file.write(b"more")
        return False

    home.keeper().run(NOON, grow)
    assert path.read_bytes().endswith(b"more")
    assert not path.with_name(path.name + ".gz").exists()
    assert home.said == [f"WARNING logs/alerts/2026/Mar/ossec-alerts-01.log: it is still being written to; {AGAIN}"]


def test_a_packed_file_of_other_content_is_never_replaced(home: Home) -> None:
    home.put(ALERTS_LOG, ago(1), b"new")
    home.put(ALERTS_LOG, ago(1), gzip.compress(b"old"), kind=Kind.PACKED)
    keeper = home.keeper()
    for hour in range(3):
        keeper.run(NOON + hour * LOOK_EVERY, lambda: False)
    files = home.files()
    assert files["alerts/2026/Mar/ossec-alerts-01.log"] == b"new"
    assert files["alerts/2026/Mar/ossec-alerts-01.log.gz"] == b"old"
    assert len(home.said) == 1
    assert "holds something else" in home.said[0]


def test_a_day_that_cannot_be_summed_stops_the_chain_there(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the next day would be chained to nothing for ever."""
    for days in (2, 1):
        home.put(ALERTS_LOG, ago(days), b"x")
        home.put(ALERTS_JSON, ago(days), b"x")
    original = os.open

    def refuse(path: str, *arguments: int, **named: int) -> int:
        if path == "ossec-alerts-28.log":
            raise PermissionError(13, "Permission denied")
        return original(path, *arguments, **named)

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", refuse)
        home.tidy()
    names = [name for name in home.files() if name.endswith(".sum")]
    assert names == ["alerts/2026/Feb/ossec-alerts-28.json.sum", "alerts/2026/Mar/ossec-alerts-01.json.sum"]
    home.tidy()
    assert home.sum(ALERTS_LOG, ago(1))["logs/alerts/2026/Feb/ossec-alerts-28.log.sum"] != "none"


def test_an_undated_name_left_over_goes_with_its_file(home: Home) -> None:
    """The link of an output that was switched off would keep the bytes for ever."""
    for name in (ALERTS_JSON, ARCHIVES_JSON):
        file = DatedFile(home.path, name)
        file.open_day(ago(1))
        file.append(b"one\n")
        if name is ALERTS_JSON:
            file.open_day(TODAY)
        file.close()
    home.tidy()
    assert (home.path / "logs/alerts/alerts.json").samefile(home.path / ALERTS_JSON.day_path(TODAY))
    assert not (home.path / "logs/archives/archives.json").exists()


# --- crashes ----------------------------------------------------------------------------------------------------------

#: What changes the disk, and the writing of compressed bytes, whose half must not pass for the whole.
_CHANGES = [(os, name) for name in ("open", "fsync", "rename", "unlink", "rmdir", "mkdir", "utime", "fchmod")]
_CHANGES.append((gzip.GzipFile, "write"))


class Crash(BaseException):
    """The process is dead: from here on it changes nothing."""


def crash_at(step: int, work: Callable[[], None], monkeypatch: pytest.MonkeyPatch) -> bool:
    """Do the work up to the `step`-th change. Returns whether it came so far."""
    left = step
    with monkeypatch.context() as patch:
        for owner, name in _CHANGES:
            original = getattr(owner, name)

            def counted(*arguments: object, _original: Callable[..., object] = original, **named: object) -> object:
                nonlocal left
                left -= 1
                if left <= 0:
                    raise Crash
                return _original(*arguments, **named)

            patch.setattr(owner, name, counted)
        try:
            work()
        except Crash:
            return True
    return False


def test_a_crash_at_any_step_loses_nothing_and_is_cleaned_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = {"one": os.urandom(200_000), "two": b"two\n", "old": b"old\n"}

    def make(path: Path) -> Home:
        path.mkdir()
        home = Home(path)
        home.put(ALERTS_JSON, ago(1), content["one"])
        home.put(ALERTS_JSON, ago(1), content["two"], part=1)
        home.put(ALERTS_JSON, ago(40), content["old"])
        return home

    undisturbed = make(tmp_path / "undisturbed")
    upkeep = Upkeep(keep=30 * 86400)
    undisturbed.tidy(upkeep)
    assert len(undisturbed.files()) == 3
    step = 0
    while True:
        step += 1
        home = make(tmp_path / str(step))
        died = crash_at(step, partial(home.tidy, upkeep), monkeypatch)
        for file, data in (("ossec-alerts-01", content["one"]), ("ossec-alerts-01-001", content["two"])):
            path = home.path / f"logs/alerts/2026/Mar/{file}.json"
            packed = path.with_name(path.name + ".gz")
            assert (path.exists() and path.read_bytes() == data) or gzip.decompress(packed.read_bytes()) == data
        home.tidy(upkeep)
        assert home.files() == undisturbed.files(), step
        if not died:
            break
    assert step > 40


def test_what_a_crash_left_half_written_goes_even_if_nothing_else_is_to_be_done(home: Home) -> None:
    half = home.put(ALERTS_JSON, ago(9), b"half")
    half = half.rename(half.with_name(half.name + ".gz.new"))
    home.tidy(Upkeep(compress=False))
    assert not half.exists()
    assert home.said == []


# --- retention --------------------------------------------------------------------------------------------------------


def test_what_is_older_than_the_setting_is_deleted_with_its_folders(home: Home) -> None:
    for days in (400, 91, 90, 89):
        for name in (*SUMMED, REJECTED_JSON):
            home.put(name, ago(days), b"x")
            home.put(name, ago(days), b"y", part=3)
            home.put(name, ago(days), gzip.compress(b"z"), part=4, kind=Kind.PACKED)
            home.put(name, ago(days), b"sum", kind=Kind.SUM)
    home.tidy(Upkeep(compress=False, keep=90 * 86400))
    left = {str(path.relative_to(home.path / "logs")) for path in home.path.joinpath("logs").rglob("*")}
    for name in (*SUMMED, REJECTED_JSON):
        folder = name.folder.removeprefix("logs/")
        assert f"{folder}/2025/Dec/{name.stem}-02{name.suffix}" in left
        assert f"{folder}/2025/Dec/{name.stem}-01{name.suffix}" not in left
        assert f"{folder}/2025/Jan" not in left
    assert len([path for path in left if "-0" in path]) == 6 * 2 * 4
    assert home.said == [
        "INFO Deleted 48 day files of 2025-01-26 to 2025-12-01, 312 bytes: <keep_day_files> is 90 days"
    ]
    home.tidy(Upkeep(compress=False, keep=90 * 86400))
    assert len(home.said) == 1


@pytest.mark.parametrize("keep", [0, 36500 * 86400])
def test_without_the_setting_nothing_is_ever_deleted(home: Home, keep: int) -> None:
    home.put(ALERTS_JSON, date(1980, 1, 1), b"x", kind=Kind.SUM)
    home.put(REJECTED_JSON, date(1980, 1, 1), b"x")
    before = home.files()
    home.tidy(Upkeep(keep=keep))
    assert (home.files(), home.said) == (before, [])


def test_rejected_records_are_kept_as_they_are_until_they_are_too_old(home: Home) -> None:
    file = DatedFile(home.path, REJECTED_JSON)
    file.open_day(ago(8))
    file.append(b"{}\n")
    file.close()
    home.put(REJECTED_JSON, ago(7), b"{}\n", part=1)
    home.tidy(Upkeep(keep=7 * 86400))
    assert list(home.files()) == ["rejected/2026/Feb/alertmill-rejected-23-001.json"]


def test_an_empty_year_goes_and_a_folder_with_something_in_it_stays(home: Home) -> None:
    home.put(ALERTS_JSON, ago(400), b"x")
    (home.path / "logs/alerts/2024/Dec").mkdir(parents=True)
    kept = home.put(ALERTS_JSON, ago(370), b"x").with_name("notes.txt")
    kept.write_text("of the operator")
    home.tidy(Upkeep(keep=86400))
    assert sorted(path.name for path in (home.path / "logs/alerts").iterdir()) == ["2025"]
    assert sorted(path.name for path in (home.path / "logs/alerts/2025").iterdir()) == ["Feb"]
    assert kept.exists()


# --- what others put there --------------------------------------------------------------------------------------------


def test_names_of_others_are_never_touched(home: Home) -> None:
    folder = home.put(ALERTS_JSON, ago(400), b"x").parent
    strange = [
        "ossec-alerts-26.json.bak",
        "ossec-alerts-32.json",
        "ossec-alerts-26-01.json",
        "Ossec-alerts-26.json",
        "ossec-alerts-26.json.gz.tmp",
        "ossec-alerts-26.json\n",
        "-rf",
        "ossec-alerts-26.json.sum.gz",
    ]
    for name in strange:
        (folder / name).write_bytes(b"x")
    os.mkfifo(folder / "ossec-alerts-25.json")
    (folder / "ossec-alerts-24.json").mkdir()
    (folder.parent / "ossec-alerts-26.json").write_bytes(b"x")
    (home.path / "logs/alerts/2025/13").mkdir()
    (home.path / "logs/alerts/2025/13/ossec-alerts-26.json").write_bytes(b"x")
    home.tidy(Upkeep(keep=86400))
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        [*strange, "ossec-alerts-25.json", "ossec-alerts-24.json"]
    )
    assert (folder.parent / "ossec-alerts-26.json").exists()
    assert (home.path / "logs/alerts/2025/13/ossec-alerts-26.json").exists()


@pytest.mark.parametrize("place", ["file", "packed", "sum", "half", "month", "year", "output"])
@pytest.mark.parametrize("keep", [0, 86400])
def test_symbolic_links_lead_nowhere(home: Home, tmp_path: Path, place: str, keep: int) -> None:
    outside = tmp_path / "outside"
    (outside / "2026/Feb").mkdir(parents=True)
    for folder in (outside, outside / "2026", outside / "2026/Feb"):
        (folder / "ossec-alerts-20.json").write_bytes(b"precious")
    before = {path: path.read_bytes() for path in outside.rglob("*") if path.is_file()}
    alerts, month = home.path / "logs/alerts", home.path / "logs/alerts/2026/Feb"
    links = {
        "file": (month / "ossec-alerts-20.json", outside / "ossec-alerts-20.json"),
        "packed": (month / "ossec-alerts-21.json.gz", outside / "ossec-alerts-20.json"),
        "sum": (month / "ossec-alerts-21.json.sum", outside / "ossec-alerts-20.json"),
        "half": (month / "ossec-alerts-21.json.gz.new", outside / "ossec-alerts-20.json"),
        "month": (month, outside / "2026/Feb"),
        "year": (month.parent, outside / "2026"),
        "output": (alerts, outside),
    }
    link, target = links[place]
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(target)
    if link.parent == month:
        home.put(ALERTS_JSON, date(2026, 2, 21), b"mine")
    home.tidy(Upkeep(keep=keep))
    assert {path: path.read_bytes() for path in outside.rglob("*") if path.is_file()} == before
    if place in ("month", "year", "output", "file"):
        assert link.is_symlink()
    if place == "output":
        assert home.said[0].startswith("WARNING logs/alerts: Not a directory")


def test_logs_itself_may_lie_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "home").mkdir()
    (tmp_path / "home/logs").symlink_to(tmp_path / "disk")
    home = Home(tmp_path / "home")
    home.put(ALERTS_JSON, ago(1), b"x")
    home.tidy()
    assert sorted(path.name for path in (tmp_path / "disk/alerts/2026/Mar").iterdir()) == [
        "ossec-alerts-01.json.gz",
        "ossec-alerts-01.json.sum",
    ]


def test_a_month_that_cannot_be_entered_does_not_hold_up_the_others(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    for days in (1, 40):
        home.put(ALERTS_JSON, ago(days), b"x")
    original = os.open

    def refuse(path: str, *arguments: int, **named: int) -> int:
        if path == "Jan":
            raise PermissionError(13, "Permission denied")
        return original(path, *arguments, **named)

    monkeypatch.setattr(os, "open", refuse)
    home.tidy()
    assert home.said[0].startswith("WARNING logs/alerts/2026/Jan: Permission denied")
    assert (home.path / "logs/alerts/2026/Mar/ossec-alerts-01.json.gz").exists()


def test_a_disk_that_refuses_is_told_once_and_tried_again(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    path = home.put(ALERTS_JSON, ago(1), b"x")

    def refuse(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    keeper = home.keeper()
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", refuse)
        for hour in range(3):
            keeper.run(NOON + hour * LOOK_EVERY, lambda: False)
        assert home.said == [f"WARNING logs/alerts/2026/Mar/ossec-alerts-01.json: No space left on device; {AGAIN}"]
        assert [entry.name for entry in path.parent.iterdir()] == [path.name]
    keeper.run(NOON + 3 * LOOK_EVERY, lambda: False)
    assert not path.exists()
