"""The command line as a whole: every command is listed, explained by two examples, and found by its name."""

from __future__ import annotations

import argparse
import re
from importlib import import_module
from pathlib import Path

import pytest

from alertmill import __version__
from alertmill.cli import COMMANDS, EXIT_USAGE, main

FOLDER = Path(__file__).resolve().parents[3] / "src" / "alertmill" / "cli"


def run(*words: str) -> int:
    try:
        return main(words)
    except SystemExit as end:
        assert isinstance(end.code, int)
        return end.code


def test_the_catalogue_lists_every_command() -> None:
    modules = [path for path in FOLDER.glob("*.py") if "\nEXAMPLES = " in path.read_text(encoding="utf-8")]
    assert list(COMMANDS) == sorted(path.stem.replace("_", "-") for path in modules)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_ends_with_two_examples(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(command, "--help") == 0
    text = capsys.readouterr().out
    examples = text[text.index("\nexamples:\n") :].strip().splitlines()[1:]
    assert len(examples) == 2
    for example in examples:
        assert re.search(rf"\balertmill\b.*\b{command}\b", example), example


@pytest.mark.parametrize("command", COMMANDS)
def test_every_example_parses(command: str) -> None:
    """The options of the examples exist (running them is the business of the system tests)."""
    module = import_module(f"alertmill.cli.{command.replace('-', '_')}")
    parser = argparse.ArgumentParser()
    parser.add_argument("--home")
    module.add_arguments(parser)
    for example in module.EXAMPLES:
        call = re.split(r"\s{2,}|&&|[<>|]", example)[0]
        words = [word for word in call.split()[1:] if word != command]
        parser.parse_args(words)


def test_the_main_help_lists_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--help") == 0
    text = capsys.readouterr().out
    assert all(re.search(rf"^ +{command}\b", text, re.MULTILINE) for command in COMMANDS)


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--version") == 0
    assert capsys.readouterr().out == f"alertmill {__version__}\n"


@pytest.mark.parametrize(
    "words",
    [("nonsense",), ("check", "--nonsense"), ("--nonsense",), ("run", "extra"), ("--home",), ("scan",)],
)
def test_bad_usage_is_one_line_that_says_what_to_do(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*words) == EXIT_USAGE
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("alertmill")
    assert "--help" in line


def test_no_command_shows_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert run() == EXIT_USAGE
    assert "commands" in capsys.readouterr().err


def test_home_stands_before_or_behind_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = tmp_path / "home"
    assert run("init", str(home)) == 0
    for words in (["--home", str(home), "check"], ["check", "--home", str(home)], [f"--home={home}", "check"]):
        assert run(*words) == 0, capsys.readouterr().out
    assert run("--home", str(tmp_path / "elsewhere"), "check") == 1


def test_the_environment_names_the_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "home"
    run("init", str(home))
    monkeypatch.setenv("ALERTMILL_HOME", str(home))
    assert run("check") == 0
    assert run("--home", str(tmp_path / "elsewhere"), "check") == 1
