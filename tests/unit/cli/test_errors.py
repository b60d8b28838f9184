"""What goes wrong around a command is one line first, whichever command it is, and never a traceback."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from alertmill.cli import EXIT_CANNOT_START, EXIT_PROBLEMS, main
from support import PATIENCE
from unit.cli.alerts import alert, home_with

#: Commands that work on a home, with what makes them end.
OF_A_HOME = (
    ("audit",),
    ("iam-policy",),
    ("logtest", "--json"),
    ("retry",),
    ("run", "--once"),
    ("scan", "."),
    ("status",),
    ("tail", "--no-follow"),
    ("top", "--once"),
)
#: Those of them that need the configuration or the rules.
OF_A_CONFIGURATION = (("audit",), ("iam-policy",), ("logtest", "--json"), ("scan", "."))

of_a_home = pytest.mark.parametrize("words", OF_A_HOME, ids=lambda words: words[0])


def expected_code(words: tuple[str, ...]) -> int:
    return EXIT_CANNOT_START if words[0] == "run" else EXIT_PROBLEMS


@of_a_home
def test_a_home_that_is_missing(words: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = tmp_path / "nowhere"
    assert main(["--home", str(home), *words]) == expected_code(words)
    (line,) = capsys.readouterr().err.splitlines()
    hint = "`alertmill init` makes a home, --home names another one"
    assert line == f"alertmill {words[0]}: {home} is missing; {hint}"
    assert not home.exists(), "a command that fails makes nothing"


@of_a_home
def test_a_folder_that_is_no_home(words: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--home", str(tmp_path), *words]) == expected_code(words)
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"alertmill {words[0]}: {tmp_path} is no home (no etc/ossec.conf); ")
    assert list(tmp_path.iterdir()) == []


@of_a_home
def test_a_home_that_may_not_be_entered(
    words: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Refused by a loop of links, which stops root as well."""
    (tmp_path / "etc").symlink_to("etc")
    assert main(["--home", str(tmp_path), *words]) == expected_code(words)
    (line,) = capsys.readouterr().err.splitlines()
    assert line == f"alertmill {words[0]}: {tmp_path}/etc/ossec.conf: Too many levels of symbolic links"


@pytest.mark.parametrize("words", OF_A_CONFIGURATION, ids=lambda words: words[0])
def test_a_configuration_that_cannot_be_read_is_told_first_and_drawn_after(
    words: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home_with(tmp_path)
    (tmp_path / "etc" / "ossec.conf").write_text("<ossec_config><global></ossec_config>\n")
    assert main(["--home", str(tmp_path), *words]) == EXIT_PROBLEMS
    first, second, *_ = capsys.readouterr().err.splitlines()
    assert first.startswith(f"alertmill {words[0]}: ")
    assert first.endswith("cannot be used")
    assert second.startswith("etc/ossec.conf:1: error: Element 'global' not closed")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="/dev/full is not here")
@pytest.mark.parametrize(
    "words",
    [
        ("check",),
        ("completion", "bash"),
        ("logtest", "--json"),
        ("retry",),
        ("tail", "--no-follow"),
        ("tail", "--no-follow", "--json"),
        ("top", "--once"),
    ],
    ids=" ".join,
)
def test_a_full_disk(words: tuple[str, ...], tmp_path: Path) -> None:
    home = tmp_path / "home"
    assert main(["init", str(home)]) == 0
    (home / "logs" / "alerts" / "alerts.json").write_bytes(alert())
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "alertmill", "--home", str(home), *words],
            input="a line\n",
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=PATIENCE,
        )
    assert done.stderr == f"alertmill {words[0]}: No space left on device\n"
    assert done.returncode == EXIT_PROBLEMS


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="/dev/full is not here")
def test_a_full_disk_is_no_fault_of_the_objects_that_are_scanned(tmp_path: Path) -> None:
    from system.daemon import sample_objects

    for key, body in sample_objects().items():
        (tmp_path / key).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / key).write_bytes(body)
    command = [sys.executable, "-m", "alertmill", "scan", str(tmp_path)]
    with open("/dev/full", "w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, timeout=PATIENCE)
    assert done.stderr.splitlines()[-1] == "alertmill scan: No space left on device"
    assert "could not be read" not in done.stderr
    assert done.returncode == EXIT_PROBLEMS


def test_what_init_could_not_finish_can_be_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    import shutil

    copy = shutil.copyfile

    def full(source: Path, target: Path) -> None:
        if Path(target).name == "local_rules.xml":
            error = OSError(28, "No space left on device")
            error.filename, error.filename2 = str(source), str(target)
            raise error
        copy(source, target)

    home = tmp_path / "home"
    monkeypatch.setattr("shutil.copyfile", full)
    assert main(["init", str(home)]) == EXIT_PROBLEMS
    told = f"alertmill init: {home}/etc/rules/local_rules.xml: No space left on device\n"
    assert capsys.readouterr().err == told
    monkeypatch.setattr("shutil.copyfile", copy)
    assert main(["init", str(home)]) == 0


def test_demo_without_its_extra(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("alertmill.cli.demo.find_spec", lambda name: None)
    assert main(["demo"]) == EXIT_PROBLEMS
    assert capsys.readouterr().err == "alertmill demo: needs the extra `demo`: pip install 'alertmill[demo]'\n"
