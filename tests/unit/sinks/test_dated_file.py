"""A dated file is appended to, linked, and completed after a crash; it never shrinks."""

from __future__ import annotations

import os
import zlib
from datetime import date
from pathlib import Path

import pytest

from alertmill.errors import OutputError
from alertmill.sinks.base import Appended
from alertmill.sinks.dated_file import DatedFile, drop_link, redo
from alertmill.sinks.journal import Journal
from alertmill.sinks.rotation import ALERTS_JSON, ARCHIVES_LOG, WithinDay

DAY = date(2026, 1, 5)


def promise(data: bytes, offset: int = 0) -> Appended:
    return Appended(ALERTS_JSON.day_path(DAY), offset, len(data), zlib.crc32(data))


def no_journal() -> bytes:
    raise AssertionError("the journal must not be needed here")


def test_names_are_wazuhs() -> None:
    assert ALERTS_JSON.link_path == "logs/alerts/alerts.json"
    assert ALERTS_JSON.day_path(DAY) == "logs/alerts/2026/Jan/ossec-alerts-05.json"
    assert ARCHIVES_LOG.day_path(date(2026, 12, 31)) == "logs/archives/2026/Dec/ossec-archive-31.log"


def test_the_undated_name_is_a_hard_link_of_todays_file(tmp_path: Path) -> None:
    file = DatedFile(tmp_path, ALERTS_JSON)
    file.open_day(DAY)
    file.append(b"one\n")
    link = tmp_path / "logs/alerts/alerts.json"
    assert link.read_bytes() == b"one\n"
    assert link.samefile(tmp_path / file.path)
    file.open_day(date(2026, 1, 6))
    file.append(b"two\n")
    assert link.read_bytes() == b"two\n"
    assert (tmp_path / "logs/alerts/2026/Jan/ossec-alerts-05.json").read_bytes() == b"one\n"


def test_a_restart_goes_on_at_the_end(tmp_path: Path) -> None:
    for text in (b"a\n", b"b\n"):
        file = DatedFile(tmp_path, ALERTS_JSON)
        file.open_day(DAY)
        file.append(text)
        file.close()
    assert (tmp_path / "logs/alerts/alerts.json").read_bytes() == b"a\nb\n"


def test_others_may_not_read_the_files(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        DatedFile(tmp_path, ALERTS_JSON).open_day(DAY)
    finally:
        os.umask(old)
    path = tmp_path / ALERTS_JSON.day_path(DAY)
    assert path.stat().st_mode & 0o777 == 0o640
    assert path.parent.stat().st_mode & 0o007 == 0


def test_a_planted_symbolic_link_is_not_followed(tmp_path: Path) -> None:
    target = tmp_path / "elsewhere"
    target.write_bytes(b"")
    path = tmp_path / ALERTS_JSON.day_path(DAY)
    path.parent.mkdir(parents=True)
    path.symlink_to(target)
    with pytest.raises(OutputError, match="ossec-alerts-05"):
        DatedFile(tmp_path, ALERTS_JSON).open_day(DAY)


@pytest.mark.parametrize("present", range(len(b"head\ntail\n") + 1))
def test_redo_appends_exactly_what_is_missing(tmp_path: Path, present: int) -> None:
    """Whatever part of the bytes reached the file before the crash, it ends up whole."""
    whole, tail = b"head\ntail\n", b"tail\n"
    path = tmp_path / ALERTS_JSON.day_path(DAY)
    path.parent.mkdir(parents=True)
    path.write_bytes(whole[:present])
    wanted = promise(tail, offset=5)
    if present < 5:
        with pytest.raises(OutputError, match="was cut or edited"):
            redo(tmp_path, wanted, lambda: tail)
        return
    for _ in range(2):
        assert redo(tmp_path, wanted, lambda: tail) == ""
    assert path.read_bytes() == whole


@pytest.mark.parametrize("content", [b"head\nTAIL\n", b"head\nTA"])
def test_redo_refuses_a_file_that_was_edited(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / ALERTS_JSON.day_path(DAY)
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    with pytest.raises(OutputError, match="was edited"):
        redo(tmp_path, promise(b"tail\n", offset=5), lambda: b"tail\n")
    assert path.read_bytes() == content


def test_redo_leaves_what_others_appended_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / ALERTS_JSON.day_path(DAY)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"tail\nnote\n")
    assert "5 bytes that Alertmill did not write" in redo(tmp_path, promise(b"tail\n"), no_journal)


def test_redo_tells_of_a_file_that_is_gone(tmp_path: Path) -> None:
    assert "is gone" in redo(tmp_path, promise(b"tail\n"), no_journal)


def test_the_journal_gives_each_file_its_own_bytes(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "output.journal")
    parts = [b"first", b"second part"]
    promises = [Appended("a", 0, 5, zlib.crc32(parts[0])), Appended("b", 7, 11, zlib.crc32(parts[1]))]
    journal.write([b"an older and much longer commit"])
    journal.write(parts)
    assert [journal.read(promises, p) for p in promises] == parts
    journal.close()


def test_the_journal_never_hands_out_other_bytes(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "output.journal")
    journal.write([b"other"])
    wanted = Appended("a", 0, 5, zlib.crc32(b"right"))
    for promises in ([wanted], []):
        with pytest.raises(OutputError, match="does not hold the 5 bytes"):
            journal.read(promises, wanted)
    assert (tmp_path / "output.journal").stat().st_mode & 0o777 == 0o600
    journal.close()


@pytest.mark.parametrize(
    ("policy", "since_last", "size", "due"),
    [
        (WithinDay(), 1e9, 10**12, False),
        (WithinDay(interval=3600), 3601, 1, True),
        (WithinDay(interval=3600), 3600, 1, False),
        (WithinDay(interval=3600), 3601, 0, False),
        (WithinDay(size=1000), 601, 1001, True),
        (WithinDay(size=1000), 601, 1000, False),
        (WithinDay(size=1000), 600, 1001, False),
        (WithinDay(size=1000, interval=3600), 601, 1001, False),
    ],
)
def test_when_a_file_is_left_within_a_day(policy: WithinDay, since_last: float, size: int, due: bool) -> None:
    assert policy.due(since_last, size) is due


def test_parts_of_a_day_are_numbered_and_a_restart_takes_the_newest(tmp_path: Path) -> None:
    file = DatedFile(tmp_path, ALERTS_JSON)
    file.open_day(DAY)
    file.append(b"0\n")
    file.open_next_part()
    file.append(b"1\n")
    again = DatedFile(tmp_path, ALERTS_JSON)
    again.open_day(DAY)
    again.append(b"2\n")
    folder = tmp_path / "logs/alerts/2026/Jan"
    assert (folder / "ossec-alerts-05.json").read_bytes() == b"0\n"
    assert (folder / "ossec-alerts-05-001.json").read_bytes() == b"1\n2\n"
    assert (tmp_path / "logs/alerts/alerts.json").read_bytes() == b"1\n2\n"


def test_a_day_that_is_compressed_already_goes_on_in_a_new_part(tmp_path: Path) -> None:
    """The clock was set back over midnight."""
    folder = tmp_path / "logs/alerts/2026/Jan"
    folder.mkdir(parents=True)
    for present, opened in (("05.json.gz", "05-001.json"), ("05-001.json.gz", "05-002.json"), ("06.json", "06.json")):
        (folder / f"ossec-alerts-{present}").write_bytes(b"x")
        file = DatedFile(tmp_path, ALERTS_JSON)
        file.open_day(date(2026, 1, int(opened[:2])))
        assert file.path == f"logs/alerts/2026/Jan/ossec-alerts-{opened}"
        file.close()
        (folder / f"ossec-alerts-{opened}").unlink()


def test_an_undated_name_is_dropped_only_if_it_leads_to_the_file(tmp_path: Path) -> None:
    file = DatedFile(tmp_path, ALERTS_JSON)
    file.open_day(DAY)
    file.append(b"x")
    file.open_day(date(2026, 1, 6))
    link = tmp_path / "logs/alerts/alerts.json"
    drop_link(tmp_path, ALERTS_JSON, (tmp_path / ALERTS_JSON.day_path(DAY)).stat())
    assert link.exists()
    for _ in range(2):
        drop_link(tmp_path, ALERTS_JSON, (tmp_path / file.path).stat())
        assert not link.exists()


def test_a_file_that_stayed_empty_goes_with_its_day(tmp_path: Path) -> None:
    file = DatedFile(tmp_path, ALERTS_JSON)
    file.open_day(DAY)
    file.open_day(date(2026, 1, 6))
    assert [path.name for path in (tmp_path / "logs/alerts/2026/Jan").iterdir()] == ["ossec-alerts-06.json"]
