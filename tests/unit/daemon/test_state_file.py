"""The form of the state file, when it is written, and that nothing is left behind."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from alertmill.daemon.state_file import RunFiles, render_state
from alertmill.daemon.stats import QueueUse
from alertmill.errors import OutputError

KEYS = (
    "total_events_decoded syscheck_events_decoded syscollector_events_decoded rootcheck_events_decoded "
    "sca_events_decoded winevt_events_decoded dbsync_messages_dispatched other_events_decoded events_processed "
    "events_received events_dropped alerts_written firewall_written fts_written"
)
QUEUES = (
    "syscheck syscollector rootcheck sca hostinfo winevt dbsync upgrade event rule_matching alerts firewall "
    "statistical archives"
)


class Desk:
    """A home with the run files of process 4242, and what they said."""

    def __init__(self, home: Path, interval: int = 5) -> None:
        self.home = home
        self.folder = home / "var" / "run"
        self.lines: list[tuple[str, str]] = []
        self.renders = 0
        self.files = RunFiles(home, 4242, interval, self.render, lambda level, text: self.lines.append((level, text)))

    def render(self) -> str:
        self.renders += 1
        return f"n='{self.renders}'\n"

    @property
    def names(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir())


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


# --- the form ---------------------------------------------------------------------------------------------------------


def test_keys_stand_in_their_order_each_with_a_comment_and_an_empty_line() -> None:
    text = render_state({}, {})
    header = "# State file for wazuh-analysisd\n# THIS FILE WILL BE DEPRECATED IN FUTURE VERSIONS\n\n"
    assert text.startswith(header)
    body = text.removeprefix(header)
    entries = re.findall(r"# ([^\n]+)\n(\w+)='([^']*)'\n\n", body)
    assert "".join(f"# {c}\n{k}='{v}'\n\n" for c, k, v in entries) == body
    queue_keys = [f"{name}_queue_{what}" for name in QUEUES.split() for what in ("usage", "size")]
    assert [key for _, key, _ in entries] == KEYS.split() + queue_keys
    assert {value for _, key, value in entries if not key.endswith("usage")} == {"0"}
    assert {value for _, key, value in entries if key.endswith("usage")} == {"0.00"}


@pytest.mark.parametrize(
    "entry",
    [
        "# Events processed (Rule matching)\nevents_processed='4'\n\n",
        "# Security configuration assessment events decoded\nsca_events_decoded='12'\n\n",
        "# Syscheck queue\nsyscheck_queue_usage='0.00'\n\n# Syscheck queue size\nsyscheck_queue_size='0'\n\n",
        "# Event queue\nevent_queue_usage='0.33'\n\n# Event queue size\nevent_queue_size='6'\n\n",
        "# Database synchronization message queue\ndbsync_queue_usage=",
        "# Upgrade module message queue size\nupgrade_queue_size=",
        "# Archives log queue\narchives_queue_usage='1.00'\n\n# Archives log queue size\narchives_queue_size='8'\n\n",
    ],
)
def test_entries(entry: str) -> None:
    counters = {"events_processed": 4, "sca_events_decoded": 12}
    assert entry in render_state(counters, {"event": QueueUse(2, 6), "archives": QueueUse(8, 8)})


def test_a_shell_can_read_it() -> None:
    script = render_state({"alerts_written": 7}, {"event": QueueUse(1, 8)})
    script += 'echo "$alerts_written $event_queue_usage $archives_queue_size"\n'
    done = subprocess.run(["/bin/sh", "-eu"], input=script, capture_output=True, text=True, check=True)
    assert done.stdout == "7 0.12 0\n"


# --- the files --------------------------------------------------------------------------------------------------------


def test_the_pid_file_holds_the_number_and_goes_at_the_end(desk: Desk) -> None:
    desk.files.open()
    path = desk.folder / "wazuh-analysisd-4242.pid"
    assert path.read_text() == "4242\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    desk.files.close()
    assert desk.names == []
    desk.files.close()


def test_modes_do_not_depend_on_the_umask(desk: Desk) -> None:
    before = os.umask(0o077)
    try:
        desk.files.open()
        desk.files.tick(0.0)
    finally:
        os.umask(before)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in desk.folder.iterdir()}
    assert modes == {"wazuh-analysisd-4242.pid": 0o640, "wazuh-analysisd.state": 0o640}


def test_the_state_file_is_written_at_once_and_then_every_interval(desk: Desk) -> None:
    desk.files.open()
    written = []
    for now in (100.0, 101.0, 104.9, 105.0, 109.9, 200.0, 204.0):
        desk.files.tick(now)
        written.append(desk.renders)
    assert written == [1, 1, 1, 2, 2, 3, 3]
    assert (desk.folder / "wazuh-analysisd.state").read_text() == "n='3'\n"
    assert desk.names == ["wazuh-analysisd-4242.pid", "wazuh-analysisd.state"]
    desk.files.close()
    assert desk.names == []


def test_a_reader_keeps_the_whole_old_file(desk: Desk) -> None:
    desk.files.open()
    desk.files.tick(0.0)
    with (desk.folder / "wazuh-analysisd.state").open() as reader:
        desk.files.tick(5.0)
        assert reader.read() == "n='1'\n"


def test_interval_zero_means_no_state_file(tmp_path: Path) -> None:
    desk = Desk(tmp_path, interval=0)
    desk.files.open()
    desk.files.tick(0.0)
    assert desk.names == ["wazuh-analysisd-4242.pid"]
    assert desk.lines == [("INFO", "State file is disabled.")]


def test_files_of_killed_daemons_are_removed_those_of_living_ones_stay(desk: Desk) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        ended.wait()
    desk.folder.mkdir(parents=True)
    kept = [f"wazuh-analysisd-{os.getpid()}.pid", "wazuh-analysisd-x.pid", "wazuh-execd-1.pid"]
    for name in (*kept, f"wazuh-analysisd-{ended.pid}.pid", f"wazuh-analysisd-{2**80}.pid", "wazuh-analysisd.state"):
        (desk.folder / name).write_text("old")
    desk.files.open()
    assert desk.names == sorted([*kept, "wazuh-analysisd-4242.pid"])


def test_without_a_pid_file_there_is_no_start(desk: Desk) -> None:
    desk.folder.parent.mkdir(parents=True)
    desk.folder.write_text("in the way")
    with pytest.raises(OutputError, match=r"^\(1212\): Unable to create PID file\..*wazuh-analysisd-4242\.pid: .+"):
        desk.files.open()


def test_a_state_file_that_cannot_be_written_is_told_once_and_tried_again(desk: Desk) -> None:
    desk.files.open()
    blocked = desk.folder / "wazuh-analysisd.state"
    blocked.mkdir()
    desk.files.tick(0.0)
    desk.files.tick(5.0)
    assert [level for level, _ in desk.lines] == ["WARNING"]
    assert "wazuh-analysisd.state" in desk.lines[0][1]
    blocked.rmdir()
    desk.files.tick(10.0)
    assert blocked.read_text() == "n='3'\n"


def test_a_link_in_the_way_is_replaced_not_followed(desk: Desk) -> None:
    desk.files.open()
    victim = desk.home / "victim"
    victim.write_text("untouched")
    (desk.folder / ".wazuh-analysisd.state.new").symlink_to(victim)
    desk.files.tick(0.0)
    assert victim.read_text() == "untouched"
    assert (desk.folder / "wazuh-analysisd.state").read_text() == "n='1'\n"
