"""`alertmill iam-policy` as a user meets it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from alertmill.cli import main

TWO = """<ossec_config><wodle name="aws-s3">
  <bucket type="cloudtrail"><name>my-trail</name></bucket>
  <bucket type="vpcflow"><name>my-flow</name><aws_profile>net</aws_profile></bucket>
</wodle></ossec_config>"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "ossec.conf").write_text(TWO)
    return tmp_path


def test_one_identity_gives_one_policy(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--home", str(home), "iam-policy", "--for", "profile net"]) == 0
    policy = json.loads(capsys.readouterr().out)
    assert policy["Version"] == "2012-10-17"
    assert "arn:aws:s3:::my-flow" in json.dumps(policy)
    assert "my-trail" not in json.dumps(policy)


def test_several_identities_are_named(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--home", str(home), "iam-policy"]) == 0
    told = capsys.readouterr()
    assert list(json.loads(told.out)) == ["default", "profile net"]
    assert "--for names one" in told.err


def test_what_cannot_be_answered_is_said_in_one_line(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--home", str(home), "iam-policy", "--for", "nobody"]) == 2
    assert "no definition uses nobody; there are: default, profile net" in capsys.readouterr().err
    (home / "etc" / "ossec.conf").write_text("<ossec_config></ossec_config>")
    assert main(["--home", str(home), "iam-policy"]) == 1
    assert 'no <wodle name="aws-s3">' in capsys.readouterr().err
    (home / "etc" / "ossec.conf").write_text("<ossec_config>")
    assert main(["--home", str(home), "iam-policy"]) == 1
