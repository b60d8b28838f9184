"""File work below logs/ follows no link, and a file that is written is whole or not there."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from alertmill.sinks import folders
from alertmill.sinks.folders import StoppedError, entered


@pytest.fixture
def logs(tmp_path: Path) -> Iterator[int]:
    (tmp_path / "logs").mkdir()
    with entered(tmp_path, "logs") as folder:
        yield folder


@pytest.mark.parametrize(
    "read",
    [
        lambda folder: folders.read_head(folder, "link"),
        lambda folder: folders.digests(folder, ["link"], lambda: False),
        lambda folder: folders.compress(folder, "link", lambda: False),
    ],
)
@pytest.mark.parametrize("what", ["link", "fifo", "folder"])
def test_only_regular_files_are_read(logs: int, tmp_path: Path, read: Callable[[int], object], what: str) -> None:
    path = tmp_path / "logs/link"
    (tmp_path / "secret").write_bytes(b"x")
    if what == "link":
        path.symlink_to(tmp_path / "secret")
    elif what == "fifo":
        os.mkfifo(path)
    else:
        path.mkdir()
    with pytest.raises(OSError, match=r"symbolic link|no regular file|directory"):
        read(logs)
    assert [entry.name for entry in (tmp_path / "logs").iterdir()] == ["link"]


def test_a_link_in_the_place_of_a_new_file_is_replaced_not_followed(logs: int, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"x")
    for name in ("sum", "sum.new"):
        (tmp_path / "logs" / name).symlink_to(tmp_path / "secret")
    folders.write_whole(logs, "sum", b"text")
    assert (tmp_path / "secret").read_bytes() == b"x"
    assert not (tmp_path / "logs/sum").is_symlink()
    assert (tmp_path / "logs/sum").read_bytes() == b"text"
    assert (tmp_path / "logs/sum").stat().st_mode & 0o777 == 0o640


def test_folders_are_made_for_the_group_to_read(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    for _ in range(2):
        with entered(tmp_path, "logs/wazuh/2026/Nov", make=True):
            pass
    for path in ("wazuh", "wazuh/2026", "wazuh/2026/Nov"):
        assert (tmp_path / "logs" / path).stat().st_mode & 0o007 == 0


def test_a_damaged_packed_file_is_an_error_not_an_end(logs: int, tmp_path: Path) -> None:
    (tmp_path / "logs/a").write_bytes(b"x" * 100_000)
    folders.compress(logs, "a", lambda: False)
    whole = (tmp_path / "logs/a.gz").read_bytes()
    assert folders.digests(logs, ["a.gz"], lambda: False) == folders.digests(logs, ["a"], lambda: False)
    for damaged in (whole[:-9], whole[:20], b"nonsense", whole[:30] + b"\xff\xff\xff" + whole[33:]):
        (tmp_path / "logs/a.gz").write_bytes(damaged)
        with pytest.raises(OSError, match=r"damaged|gzip|CRC"):
            folders.digests(logs, ["a.gz"], lambda: False)


def test_work_that_is_stopped_leaves_nothing_behind(logs: int, tmp_path: Path) -> None:
    (tmp_path / "logs/a").write_bytes(b"x")
    with pytest.raises(StoppedError):
        folders.compress(logs, "a", lambda: True)
    assert [path.name for path in (tmp_path / "logs").iterdir()] == ["a"]


def test_descriptors_are_given_back(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(50):
        with pytest.raises(FileNotFoundError), entered(tmp_path, "logs/a/b"):
            pass
        with entered(tmp_path, "logs/x/y", make=True):
            pass
    assert len(list(Path("/proc/self/fd").iterdir())) == before
