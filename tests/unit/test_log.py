"""Lines of ossec.log are spelled as Wazuh spells them, one per message whatever the message holds."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from alertmill.log import AWS_TAG, ENGINE_TAG, TaggedLog, close_log, held_log, set_up_log
from support import PATIENCE


@pytest.fixture
def path(tmp_path: Path) -> Iterator[Path]:
    set_up_log(tmp_path / "logs")
    yield tmp_path / "logs" / "ossec.log"
    close_log()


def test_a_line_has_time_tag_and_level(path: Path) -> None:
    TaggedLog(ENGINE_TAG)("INFO", "Started (pid: 7).")
    TaggedLog(AWS_TAG)("WARNING", "slow")
    first, second = path.read_text().splitlines()
    assert re.fullmatch(r"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d wazuh-analysisd: INFO: Started \(pid: 7\)\.", first)
    assert second.endswith(" wazuh-modulesd:aws-s3: WARNING: slow")


def test_hostile_text_cannot_forge_a_line(path: Path) -> None:
    TaggedLog(ENGINE_TAG)("ERROR", "bad\r\n2026/01/01 00:00:00 wazuh-analysisd: INFO: fine")
    assert len(path.read_text().splitlines()) == 1


def test_a_rotated_log_is_opened_anew(path: Path) -> None:
    log = TaggedLog(ENGINE_TAG)
    log("INFO", "before")
    path.rename(path.with_suffix(".old"))
    log("INFO", "after")
    assert "after" in path.read_text()
    assert "after" not in path.with_suffix(".old").read_text()


def test_lines_wait_while_the_log_is_held(path: Path) -> None:
    """A line that is written while the file is moved goes into the new one."""
    log, begun = TaggedLog(ENGINE_TAG), threading.Event()

    def write() -> None:
        begun.set()
        log("INFO", "meanwhile")

    writer = threading.Thread(target=write)
    with held_log(path):
        writer.start()
        assert begun.wait(PATIENCE)
        writer.join(0.05)
        assert writer.is_alive()
        path.rename(path.with_suffix(".old"))
    writer.join(PATIENCE)
    assert path.with_suffix(".old").read_text() == ""
    assert path.read_text().endswith("meanwhile\n")


def test_holding_a_file_that_is_no_log_holds_up_nothing(path: Path, tmp_path: Path) -> None:
    with held_log(tmp_path / "other"):
        TaggedLog(ENGINE_TAG)("INFO", "hello")
    assert path.read_text().endswith("hello\n")


def test_others_may_not_read_it(path: Path) -> None:
    assert path.stat().st_mode & 0o007 == 0


def test_the_json_form_has_wazuhs_members(tmp_path: Path) -> None:
    set_up_log(tmp_path, plain=False, as_json=True)
    TaggedLog(ENGINE_TAG)("WARNING", 'a "quoted"\nline')
    close_log()
    assert not (tmp_path / "ossec.log").exists()
    (line,) = (tmp_path / "ossec.json").read_text().splitlines()
    entry = json.loads(line)
    assert list(entry) == ["timestamp", "tag", "level", "description"]
    assert (entry["tag"], entry["level"], entry["description"]) == (ENGINE_TAG, "warning", 'a "quoted"\nline')
