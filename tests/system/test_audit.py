"""`alertmill audit` behind a real `run --once`, over HTTP: complete, and every fault that it is there to find."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from alertmill.cli import main
from alertmill.requests import read_request
from s3server import S3Server, running_s3_server
from system.daemon import alertmill, environment, new_home
from unit.sources.aws.trail import key_answer, log_content, quiet_trail

BUCKET = "audited-logs"
#: The frozen clock stands at 11:00.
START = datetime(2026, 1, 15, 5, 31, 31, tzinfo=UTC)


class Site:
    """A bucket with a trail in it, a home that has read it, and the public keys in a file."""

    def __init__(self, folder: Path, server: S3Server) -> None:
        self.server = server
        self.home = new_home(folder / "home", BUCKET)
        self.trail = quiet_trail(4, bucket=BUCKET, start=START)
        self.keys = folder / "keys.json"
        self.keys.write_text(json.dumps(key_answer()))
        self.put_back()
        done = alertmill("--home", str(self.home), "run", "--once", env=environment(server.env))
        assert done.returncode == 0, done.stdout.decode()

    def put_back(self) -> None:
        """The bucket as CloudTrail left it."""
        self.server.reset()
        client = self.server.make_bucket(BUCKET)
        for key, body in self.trail.objects.items():
            client.put_object(Bucket=BUCKET, Key=key, Body=body, Metadata=self.trail.metadata.get(key, {}))

    def put(self, key: str, body: bytes) -> None:
        """Another body, and the metadata that were there."""
        metadata = self.trail.metadata.get(key, {})
        self.server.client().put_object(Bucket=BUCKET, Key=key, Body=body, Metadata=metadata)

    def delete(self, key: str) -> None:
        self.server.client().delete_object(Bucket=BUCKET, Key=key)


@pytest.fixture(scope="module")
def readied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with running_s3_server() as server:
        yield Site(tmp_path_factory.mktemp("audit"), server)


@pytest.fixture
def site(readied: Site, monkeypatch: pytest.MonkeyPatch) -> Site:
    readied.put_back()
    for name, value in environment(readied.server.env).items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_CA_BUNDLE", raising=False)
    return readied


def audit(site: Site, capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    code = main(["--home", str(site.home), "audit", "--json", "--public-keys", str(site.keys), *arguments])
    return code, json.loads(capsys.readouterr().out)


def found(values: dict[str, Any]) -> list[tuple[str, str]]:
    places = [place for bucket in values["buckets"] for place in bucket["places"]]
    return [(finding["code"], finding["key"]) for place in places for finding in place["list"]]


def test_complete(site: Site) -> None:
    arguments = ("--home", str(site.home), "audit", "--public-keys", str(site.keys))
    done = alertmill(*arguments, env=environment(site.server.env))
    text = done.stdout.decode()
    assert (done.returncode, done.stderr) == (0, b""), text + done.stderr.decode()
    assert "in all: 4 delivered, 4 processed, 0 missing, 0 altered\ncomplete\n" in text
    assert "4 of 4 digest files verified" in text


def not_processed(site: Site) -> list[tuple[str, str]]:
    """Two files of an hour that nobody has read, and the digest file that names them."""
    trail = site.trail.sequel()
    keys = [trail.deliver("new1"), trail.deliver("new2")]
    digest = trail.close_hour()
    for key in (*keys, digest):
        site.server.client().put_object(
            Bucket=BUCKET, Key=key, Body=trail.objects[key], Metadata=trail.metadata.get(key, {})
        )
    return [("A019", key) for key in keys]


def deleted(site: Site) -> list[tuple[str, str]]:
    site.delete(site.trail.logs[1])
    return [("A017", site.trail.logs[1])]


def altered(site: Site) -> list[tuple[str, str]]:
    site.put(site.trail.logs[1], gzip.compress(log_content("nothing happened")))
    return [("A018", site.trail.logs[1]), ("A019", site.trail.logs[1])]


def unreadable(site: Site) -> list[tuple[str, str]]:
    site.put(site.trail.digests[1], b"not what it was")
    return [("A015", site.trail.digests[1])]


def digest_altered(site: Site) -> list[tuple[str, str]]:
    key = site.trail.digests[2]
    site.put(key, gzip.compress(json.dumps({**site.trail.document(key), "logFiles": []}).encode()))
    return [("A015", key)]


def digest_missing(site: Site) -> list[tuple[str, str]]:
    site.delete(site.trail.digests[1])
    return [("A016", site.trail.digests[1])]


def wrong_key(site: Site) -> list[tuple[str, str]]:
    stranger = quiet_trail(4, bucket=BUCKET, start=START, signer="somebody else")
    key = stranger.digests[3]
    client = site.server.client()
    client.put_object(Bucket=BUCKET, Key=key, Body=stranger.objects[key], Metadata=stranger.metadata[key])
    return [("A016", site.trail.digests[2]), ("A015", "")]


FAULTS = (not_processed, deleted, altered, unreadable, digest_altered, digest_missing, wrong_key)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_every_fault(
    fault: Callable[[Site], list[tuple[str, str]]], site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    expected = fault(site)
    code, values = audit(site, capsys)
    assert (code, values["complete"], found(values)) == (1, False, expected)


def test_a_copy_in_a_bucket_that_keeps_versions(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    client = site.server.client()
    client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    deleted(site)
    site.put(site.trail.logs[2], gzip.compress(b"{}"))
    _, values = audit(site, capsys)
    assert found(values) == [("A018", site.trail.logs[2]), ("A017", site.trail.logs[1])]
    assert [values[name] for name in ("delivered", "processed", "missing", "altered")] == [4, 4, 1, 1]


def test_repair(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    keys = [key for _, key in not_processed(site)]
    code, values = audit(site, capsys, "--repair", "--no-hash")
    assert (code, values["contents_compared"], values["missing"]) == (1, False, 2)
    (path,) = values["repair"]["requests"]
    asked = read_request(Path(path)).read
    assert [entry.key for entry in asked] == keys
    client = site.server.client()
    assert [client.head_object(Bucket=BUCKET, Key=entry.key)["ETag"].strip('"') for entry in asked] == [
        entry.etag for entry in asked
    ]


def test_keys_that_cannot_be_asked_for(
    site: Site, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    code = main(["--home", str(site.home), "audit"])
    text = capsys.readouterr().out
    assert code == 1
    assert "4 delivered, 4 processed, 0 missing, 0 altered" in text
    assert "the signatures of 4 digest files could not be verified: cloudtrail:ListPublicKeys" in text


def test_a_bucket_that_is_gone(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    site.server.reset()
    code, values = audit(site, capsys)
    assert (code, [fault["code"] for fault in values["buckets"][0]["faults"]]) == (1, ["A003"])
