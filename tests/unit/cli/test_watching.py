"""A change of a file is told once it is whole; reading, temporary files and nothing at all are not."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from alertmill.cli.watching import Watching
from support import PATIENCE


def changes(watched: Path, act: Callable[[], object], patience: float) -> bool:
    """Whether the act is told as a change within `patience` seconds."""
    with Watching([watched], [watched / "report.html"]) as watching:
        thread = threading.Thread(target=watching.wait, daemon=True)
        thread.start()
        act()
        thread.join(patience)
        told = not thread.is_alive()
        last = watched / "end.xml" if watched.is_dir() else watched
        last.write_text("so that the thread ends")
        thread.join(PATIENCE)
        assert not thread.is_alive()
    return told


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "rules.xml").write_text("old")
    return tmp_path


@pytest.mark.parametrize(
    "act",
    [
        lambda folder: (folder / "deep" / "rules.xml").write_text("newer"),
        lambda folder: (folder / "new.yaml").write_text("x"),
        lambda folder: (folder / "deep" / "rules.xml").unlink(),
        lambda folder: (folder / "deep" / "rules.xml").rename(folder / "moved.xml"),
    ],
    ids=["written", "made", "removed", "moved"],
)
def test_changes_are_told(act: Callable[[Path], object], folder: Path) -> None:
    assert changes(folder, lambda: act(folder), PATIENCE)


@pytest.mark.parametrize(
    "act",
    [
        lambda folder: (folder / "deep" / "rules.xml").read_text(),
        lambda folder: (folder / "deep" / ".rules.xml.swp").write_text("x"),
        lambda folder: (folder / "report.html").write_text("x"),
        lambda folder: None,
    ],
    ids=["read", "of an editor", "a report", "nothing"],
)
def test_what_changes_nothing_is_not_told(act: Callable[[Path], object], folder: Path) -> None:
    assert not changes(folder, lambda: act(folder), 0.6)


def test_a_single_file_is_watched_through_its_folder(folder: Path) -> None:
    file = folder / "deep" / "rules.xml"

    def replace() -> None:
        (folder / "deep" / "other").write_text("newer")
        os.replace(folder / "deep" / "other", file)

    assert changes(file, replace, 20)
