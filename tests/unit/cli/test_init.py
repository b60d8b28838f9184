"""`alertmill init`: what an upgrade replaces, and what it leaves alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from alertmill.cli import EXIT_OK, EXIT_PROBLEMS, main
from alertmill.cli.init import make_home
from alertmill.installation import shipped


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def managers_home(folder: Path) -> Path:
    """A home with rules and decoders that Alertmill never shipped."""
    for name in ("etc/ossec.conf", "ruleset/rules/0010-some_rules.xml", "ruleset/decoders/0005-some_decoders.xml"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("<!-- theirs -->\n")
    return folder


@pytest.fixture
def home(tmp_path: Path) -> Path:
    make_home(tmp_path / "home")
    return tmp_path / "home"


def test_an_upgrade_replaces_the_shipped_ruleset_and_nothing_else(home: Path) -> None:
    new = files(home)
    rules = home / "ruleset" / "rules"
    (rules / "0005-categories_rules.xml").write_text("<!-- of an older version -->\n")
    (rules / "9999-gone_rules.xml").write_text("<!-- of an older version -->\n")
    (home / "etc/rules/local_rules.xml").write_text("<!-- mine -->\n")
    assert main(["init", "--upgrade", str(home)]) == EXIT_OK
    assert files(home) == {**new, "etc/rules/local_rules.xml": b"<!-- mine -->\n"}


def test_an_upgrade_leaves_a_managers_ruleset_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = managers_home(tmp_path)
    before = files(home)
    assert main(["init", "--upgrade", str(home)]) == EXIT_PROBLEMS
    (line,) = capsys.readouterr().err.splitlines()
    assert f"{home}/ruleset is not Alertmill's: it holds 2 files such as rules/0010-some_rules.xml" in line
    assert f"move {home}/ruleset away" in line
    assert files(home) == before


def test_a_ruleset_that_was_moved_away_is_replaced_by_ours_from_then_on(tmp_path: Path) -> None:
    home = managers_home(tmp_path)
    (home / "ruleset").rename(home / "theirs")
    for _ in range(2):
        assert main(["init", "--upgrade", str(home)]) == EXIT_OK
        for kind in ("rules", "decoders"):
            ours = {path.name for path in shipped(kind).glob("*.xml")}
            assert {path.name for path in (home / "ruleset" / kind).iterdir()} == ours


def test_no_home_is_no_home_to_upgrade(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", "--upgrade", str(tmp_path)]) == EXIT_PROBLEMS
    assert "is no home yet" in capsys.readouterr().err
