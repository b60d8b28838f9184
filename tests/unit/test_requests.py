"""Request files: written whole, read strictly."""

from __future__ import annotations

import json
import os
import stat
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alertmill.requests import (
    MOST_ENTRIES,
    DayRange,
    FailedObject,
    ObjectToRead,
    Request,
    RequestError,
    read_request,
    write_request,
)

FULL = Request(
    read=(ObjectToRead("my-trail", "AWSLogs/1/x.json.gz", "abc"), ObjectToRead("my-trail", "odd \udcff é", "")),
    retry=(FailedObject("s3://my-trail/AWSLogs/|cloudtrail|1|us-east-1", "key", "tag"),),
    retry_all=True,
    again=(DayRange("s3://my-trail/", "2026-01-14", "2026-01-15"),),
    records=True,
)


@pytest.mark.parametrize("request_", [Request(), FULL], ids=["empty", "full"])
def test_what_is_written_is_read(tmp_path: Path, request_: Request) -> None:
    assert read_request(write_request(tmp_path / "requests", request_)) == request_


def test_the_files(tmp_path: Path) -> None:
    folder = tmp_path / "requests"
    first, second = write_request(folder, FULL), write_request(folder, FULL, by="retry")
    assert sorted(folder.iterdir()) == sorted([first, second])
    assert [path.name.split("-")[1] for path in (first, second)] == ["audit", "retry"]
    assert stat.S_IMODE(first.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert json.loads(first.read_text())["version"] == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_what_root_writes_belongs_to_the_owner_of_the_home(tmp_path: Path) -> None:
    os.chown(tmp_path, 4321, 4322)
    path = write_request(tmp_path / "requests", FULL)
    for written in (path, path.parent):
        assert (written.stat().st_uid, written.stat().st_gid) == (4321, 4322)


def test_nothing_is_left_of_a_request_that_could_not_be_written(tmp_path: Path, monkeypatch) -> None:
    def full_disk(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(OSError, match="No space"):
        write_request(tmp_path / "requests", FULL)
    assert list((tmp_path / "requests").iterdir()) == []


READ = '{"version": 1, "read": '


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "Expecting value"),
        ("[" * 100_000, "recursion"),
        ("[]", "the request must be an object, not []"),
        ("{}", '"version" is null; this Alertmill knows version 1'),
        ('{"version": 2}', '"version" is 2; this'),
        ('{"version": true}', '"version" is true; this'),
        ('{"version": 1, "reed": []}', 'the request has a member "reed", which'),
        ('{"version": 1, "read": {}}', '"read" must be a list, not {}'),
        (READ + "[7]}", '"read", entry 1 must be an object, not 7'),
        (READ + '[{"bucket": "b", "key": "k"}]}', '"read", entry 1: "etag" must be a text, not null'),
        (READ + '[{"bucket": "b", "key": "", "etag": ""}]}', '"read", entry 1: "key" must be a text, not ""'),
        (READ + '[{"bucket": "b", "key": "k", "etag": "", "x": 1}]}', 'entry 1 has a member "x"'),
        (READ + json.dumps([1] * (MOST_ENTRIES + 1)) + "}", '"read" has 10001 entries, more than 10000'),
        ('{"version": 1, "retry": [{"scope": 1, "key": "k", "etag": ""}]}', '"retry", entry 1: "scope" must be a text'),
        ('{"version": 1, "retry_all": 1}', '"retry_all" must be true or false, not 1'),
        ('{"version": 1, "records": "yes"}', '"records" must be true or false, not "yes"'),
        (
            '{"version": 1, "again": [{"definition": "s3://b/", "first": "2026-1-1", "last": "2026-01-02"}]}',
            '"again", entry 1: "first" is "2026-1-1"; a day is written YYYY-MM-DD',
        ),
        (
            '{"version": 1, "again": [{"definition": "s3://b/", "first": "2026-01-03", "last": "2026-01-02"}]}',
            "the first day, 2026-01-03, lies behind the last, 2026-01-02",
        ),
    ],
)
def test_what_is_refused(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "request.json"
    path.write_text(text)
    with pytest.raises(RequestError) as refused:
        read_request(path)
    assert str(refused.value).startswith(f"{path}: ")
    assert said in str(refused.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="No such file"):
        read_request(tmp_path / "gone.json")


def test_a_file_that_is_too_large(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("alertmill.requests._MOST_BYTES", 10)
    path = tmp_path / "request.json"
    path.write_text('{"version": 1}')
    with pytest.raises(RequestError, match="larger than 10 bytes"):
        read_request(path)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["version", "read", "again", "key"]), inner),
    max_leaves=20,
)


@given(_JSON)
def test_any_json_is_a_request_or_refused(tmp_path_factory, value) -> None:
    path = tmp_path_factory.getbasetemp() / "any.json"
    path.write_text(json.dumps(value))
    with suppress(RequestError):
        assert isinstance(read_request(path), Request)
