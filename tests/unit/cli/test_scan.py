"""`alertmill scan`: what it cannot read is told and counted, and stops nothing else."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from alertmill.cli import EXIT_OK, EXIT_PROBLEMS, main

_SIGN_IN = {
    "eventTime": "2026-01-15T10:01:02Z",
    "eventSource": "signin.amazonaws.com",
    "eventName": "ConsoleLogin",
    "eventType": "AwsConsoleSignIn",
    "sourceIPAddress": "198.51.100.7",
    "errorMessage": "Failed authentication",
    "responseElements": {"ConsoleLogin": "Failure"},
}


@pytest.fixture
def trail(tmp_path: Path) -> Path:
    """A CloudTrail object under a name that says nothing, with one event that alerts."""
    path = tmp_path / "trail.json.gz"
    path.write_bytes(gzip.compress(json.dumps({"Records": [_SIGN_IN]}).encode()))
    return path


def test_objects_of_no_known_type_are_passed_over(
    trail: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "notes.txt").write_text("buy milk\n")
    assert main(["scan", str(tmp_path)]) == EXIT_OK
    said = capsys.readouterr()
    assert [json.loads(line)["data"]["aws"]["eventName"] for line in said.out.splitlines()] == ["ConsoleLogin"]
    assert f"{tmp_path}/notes.txt: of no known type, passed over" in said.err
    assert said.err.rstrip().endswith("1 of no known type passed over")


def test_alerts_are_those_of_the_homes_manager(trail: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As the daemon writes them: with the labels and the cluster of the home."""
    home = tmp_path / "home"
    assert main(["init", str(home)]) == EXIT_OK
    conf = home / "etc/ossec.conf"
    cluster = "<cluster><name>mills</name><node_name>one</node_name><disabled>no</disabled></cluster>"
    labels = '<labels><label key="site">north</label></labels>'
    conf.write_text(f"{conf.read_text()}<ossec_config>{labels}{cluster}</ossec_config>")
    capsys.readouterr()
    assert main(["--home", str(home), "scan", str(trail)]) == EXIT_OK
    alert = json.loads(capsys.readouterr().out)
    assert alert["agent"]["labels"] == {"site": "north"}
    assert alert["cluster"] == {"name": "mills", "node": "one"}


@pytest.mark.parametrize("words", [(), ("--type", "cloudtrail")])
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("record.json", json.dumps(_SIGN_IN).encode()),
        ("pretty.json", b"\xef\xbb\xbf" + json.dumps(_SIGN_IN, indent=4).encode() + b"\n"),
        ("packed.json.gz", gzip.compress(json.dumps({"eventVersion": "1.08"} | _SIGN_IN).encode())),
    ],
)
def test_a_file_that_is_one_cloudtrail_record(
    words: tuple[str, ...], name: str, content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / name).write_bytes(content)
    assert main(["scan", *words, str(tmp_path)]) == EXIT_OK
    assert [json.loads(line)["data"]["aws"]["eventName"] for line in capsys.readouterr().out.splitlines()] == [
        "ConsoleLogin"
    ]


@pytest.mark.parametrize("content", [b"[1]", b'{"eventName": "x"}', b'{"eventName": ', b"{}" + b" " * (1 << 20)])
def test_other_json_is_no_cloudtrail_record(content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "x.json").write_bytes(content)
    assert main(["scan", str(tmp_path)]) == EXIT_OK
    said = capsys.readouterr()
    assert said.out == ""
    assert "x.json: of no known type, passed over" in said.err


def test_an_object_that_cannot_be_unpacked_is_a_failure_whatever_its_name(
    trail: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "broken.json.gz").write_bytes(b"this is no gzip")
    assert main(["scan", str(tmp_path)]) == EXIT_PROBLEMS
    said = capsys.readouterr()
    assert len(said.out.splitlines()) == 1
    assert f"{tmp_path}/broken.json.gz: Invalid gzip file received." in said.err
    assert said.err.rstrip().endswith("1 could not be read")


@pytest.mark.parametrize("missing", ["/no/such/folder", "s3://", "s3:///AWSLogs/"])
@pytest.mark.parametrize("first", [True, False])
def test_a_source_that_is_not_there_stops_no_other(
    missing: str, first: bool, trail: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sources = [missing, str(trail)] if first else [str(trail), missing]
    assert main(["scan", *sources]) == EXIT_PROBLEMS
    said = capsys.readouterr()
    assert len(said.out.splitlines()) == 1
    assert f"alertmill scan: {missing}" in said.err
    assert said.err.rstrip().endswith("1 could not be read")
