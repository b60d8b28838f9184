"""The audit against a bucket in memory: what is complete, and every way in which it can fail to be."""

from __future__ import annotations

import gzip
from datetime import UTC, date, datetime
from typing import Any

import pytest

from alertmill import codes
from alertmill.sources.aws.audit.base import Wanted
from alertmill.sources.aws.audit.report import PlaceReport, ToRead
from alertmill.sources.aws.faults import FetchError, ObjectGoneError
from alertmill.sources.base import REMOVED, Batch, ObjectDone, ObjectFailed, ScopeBound
from unit.sources.aws.audit_desk import DAY, NOW, SCOPE, Desk, day, desk
from unit.sources.aws.doubles import MemoryStore, store_error
from unit.sources.aws.trail import ACCOUNT, REGION, Trail, log_content, public_keys, quiet_trail


def told(place: PlaceReport) -> list[tuple[str, str]]:
    return [(finding.code.id, finding.key) for finding in place.findings]


def text(place: PlaceReport) -> str:
    (finding,) = place.findings
    return finding.text


def numbers(place: PlaceReport) -> tuple[int, int, int, int]:
    tally = place.tally
    return tally.delivered, tally.processed, tally.missing, tally.altered


# --- nothing is wrong -------------------------------------------------------------------------------------------------


def test_a_complete_place() -> None:
    trail = quiet_trail(4)
    report = desk(trail).audit()
    (place,) = report.places
    assert report.is_complete
    assert (place.account, place.region, place.scope) == (ACCOUNT, REGION, SCOPE)
    assert numbers(place) == (4, 4, 0, 0)
    assert (place.tally.digests, place.tally.verified) == (4, 4)
    assert place.covered == (datetime(2026, 1, 15, 7, 1, 31, tzinfo=UTC), datetime(2026, 1, 15, 11, 1, 31, tzinfo=UTC))
    assert (report.since, report.until) == (day(13, 12), NOW)


@pytest.mark.parametrize("page_size", [1, 2, 5])
def test_more_keys_than_a_page(page_size: int) -> None:
    trail = Trail()
    for hour in range(3):
        for name in "abcd":
            trail.deliver(f"{hour}{name}")
        trail.close_hour()
    found = desk(trail)
    found.store.page_size = page_size
    assert numbers(found.place()) == (12, 12, 0, 0)


def test_accounts_and_regions() -> None:
    here, there = quiet_trail(2), quiet_trail(3, region="eu-west-1")
    idle = Trail(region="eu-north-1")  # no log files, only digest files that say so
    idle.close_hour()
    report = desk(here, there, idle).audit()
    assert report.is_complete
    assert [(place.region, numbers(place)[0]) for place in report.places] == [
        ("eu-north-1", 0),
        ("eu-west-1", 3),
        ("us-east-1", 2),
    ]


def test_an_organisation_trail_below_a_path() -> None:
    trail = quiet_trail(2, prefix="logs/AWSLogs/deep/o-abc123/")
    found = desk(trail, processed=False)
    found.process(*trail.logs, scope=f"s3://my-logs/logs/AWSLogs/deep/o-abc123/|cloudtrail|{ACCOUNT}|{REGION}")
    report = found.audit(path="logs/", path_suffix="deep/", aws_organization_id="o-abc123")
    assert report.is_complete
    assert report.prefix == "logs/AWSLogs/deep/o-abc123/"


def test_two_trails_that_name_the_same_files_and_a_backfill() -> None:
    trail, second = quiet_trail(3), Trail(name="watch-too")
    for key in trail.logs:
        second.mention(key, trail.content(key))
    second.close_hour()
    late = Trail(name="watch")
    late.deliver("late")
    late.close_hour(backfill=True)
    place = desk(trail, second, late).place()
    assert place.is_complete
    assert (place.tally.digests, numbers(place)) == (5, (4, 4, 0, 0))


def test_what_only_some_asked_for() -> None:
    trails = [quiet_trail(1, account=account, region=region) for account in ("1" * 12, "2" * 12) for region in "ab"]
    found = desk(*trails)
    report = found.audit(Wanted(accounts=("1" * 12,), regions=("b", "c")))
    assert [(place.account, place.region) for place in report.places] == [("1" * 12, "b"), ("1" * 12, "c")]
    report = found.audit(Wanted(regions=("b", "c")), regions=("b",), aws_account_id=("2" * 12,))
    assert [(place.account, place.region) for place in report.places] == [("2" * 12, "b")]


# --- log files --------------------------------------------------------------------------------------------------------


def test_not_processed() -> None:
    trail = quiet_trail(3)
    found = desk(trail, processed=False)
    found.process(*trail.logs[:2])
    place = found.place()
    key = trail.logs[2]
    assert numbers(place) == (3, 2, 1, 0)
    assert (place.tally.not_processed, place.tally.gone) == (1, 0)
    assert told(place) == [("A019", key)]
    assert text(place) == f"{key} was not processed: it has not been read"
    assert found.to_read == [ToRead(SCOPE, "my-logs", key, found.store.etag(key), failed=False)]


def test_failed() -> None:
    trail = quiet_trail(1)
    key = trail.logs[0]
    found = desk(trail, processed=False)
    etag = found.store.etag(key)
    failure = ObjectFailed(SCOPE, key, etag, "Failed to parse", 3, 0.0, 0.0, 0.0)
    found.progress.commit(Batch(marks=(failure, ScopeBound(SCOPE, DAY))))
    place = found.place()
    assert text(place) == f"{key} was not processed: it failed: Failed to parse"
    assert (place.tally.missing, place.tally.not_processed, place.tally.failed) == (1, 1, 1)
    assert found.to_read == [ToRead(SCOPE, "my-logs", key, etag, failed=True)]


def test_a_place_that_was_never_read() -> None:
    trail = quiet_trail(1)
    place = desk(trail, processed=False).place()
    assert text(place).endswith("nothing of this account and region was ever read")


@pytest.mark.parametrize(
    ("versions", "processed", "said"),
    [
        ([], 0, "cannot be told"),
        (["other"], 0, "it had not been processed"),
        (["other", "own"], 1, "it had been processed before"),
    ],
)
def test_gone_from_the_bucket(versions: list[str], processed: int, said: str) -> None:
    trail = quiet_trail(3)
    found = desk(trail)
    key = trail.logs[1]
    found.old_versions[key] = [found.store.etag(key) if name == "own" else name for name in versions]
    del found.store.objects[key]
    place = found.place()
    assert numbers(place) == (3, 2 + processed, 1, 0)
    assert (place.tally.gone, place.tally.not_processed) == (1, 0)
    assert told(place) == [("A017", key)]
    assert said in text(place)
    assert found.to_read == []


def test_deleted_by_ourselves_when_processed() -> None:
    trail = quiet_trail(2)
    key = trail.logs[0]
    found = desk(trail)
    found.progress.commit(Batch(marks=(ObjectDone(SCOPE, key, REMOVED, DAY, 0),)))
    del found.store.objects[key]
    place = found.place(remove_from_bucket=True)
    assert place.is_complete
    assert (numbers(place), place.tally.removed) == ((2, 2, 0, 0), 1)
    place = found.place()  # who else deleted it?
    assert (numbers(place), place.tally.gone) == ((2, 2, 1, 0), 1)


def test_gone_between_listing_and_reading() -> None:
    trail = quiet_trail(1)
    found = desk(trail)
    found.store.broken[trail.logs[0]] = ObjectGoneError("gone")
    assert found.place(remove_from_bucket=True).is_complete
    assert "it had been processed before" in text(found.place())


@pytest.mark.parametrize(
    "body",
    [
        gzip.compress(log_content("other")),
        gzip.compress(log_content("log1")) + gzip.compress(b" "),
        gzip.compress(log_content("log1")) + b"more",
        gzip.compress(log_content("log1"))[:-9],
        log_content("log1"),
        b"",
    ],
    ids=["content", "a member more", "bytes behind", "cut", "not compressed", "empty"],
)
def test_altered_before_it_was_processed(body: bytes) -> None:
    trail = quiet_trail(3)
    key = trail.logs[1]
    found = desk(trail)
    found.store.objects[key] = body
    found.process(key)
    place = found.place()
    assert numbers(place) == (3, 3, 0, 1)
    assert told(place) == [("A018", key)]
    assert text(place).endswith("; this is what was processed")


@pytest.mark.parametrize(("versions", "processed"), [([], 2), (["current"], 2), (["other"], 2), (["first"], 3)])
def test_altered_after_it_was_processed(versions: list[str], processed: int) -> None:
    trail = quiet_trail(3)
    key = trail.logs[1]
    found = desk(trail)
    first = found.store.etag(key)
    found.store.objects[key] = gzip.compress(b"{}")
    tags = {"current": found.store.etag(key), "first": first}
    found.old_versions[key] = [tags.get(name, name) for name in versions]
    place = found.place()
    assert numbers(place) == (3, processed, 3 - processed, 1)
    assert told(place) == [("A018", key)] + [("A019", key)] * (processed == 2)
    assert found.to_read == []  # nobody wants it read
    known = {2: "cannot be told" if versions != ["other"] else "had not been processed", 3: "had been processed"}
    assert known[processed] in place.findings[0].text


def test_the_same_content_compressed_anew() -> None:
    trail = quiet_trail(1)
    key = trail.logs[0]
    found = desk(trail)
    found.store.objects[key] = gzip.compress(trail.content(key), 1) + bytes(512)
    found.process(key)
    assert found.place().is_complete


def test_without_hashes_nothing_is_downloaded() -> None:
    trail = quiet_trail(3)
    found = desk(trail)
    found.store.objects[trail.logs[1]] = gzip.compress(b"{}")
    found.process(trail.logs[1])
    del found.store.objects[trail.logs[2]]
    place = found.place(Wanted(hashes=False))
    assert numbers(place) == (3, 2, 1, 0)
    assert found.store.fetched == []


def test_what_cannot_be_compared() -> None:
    trail = quiet_trail(2)
    found = desk(trail)
    found.store.broken[trail.logs[0]] = FetchError("s3:GetObject was refused; allow kms:Decrypt as well")
    place = found.place()
    assert (numbers(place), place.tally.unreadable) == ((2, 2, 0, 0), 1)
    assert told(place) == [("A009", trail.logs[0])]
    assert "allow kms:Decrypt" in text(place)


@pytest.mark.parametrize(
    ("key", "bucket"),
    [
        ("AWSLogs/123456789012/CloudTrail/us-east-1/2026/01/15/x.json.gz", "other-bucket"),
        ("AWSLogs/123456789012/CloudTrail/eu-west-1/2026/01/15/x.json.gz", "my-logs"),
        ("../../etc/passwd", "my-logs"),
        ("x", "my-logs"),
    ],
)
def test_a_log_file_that_lies_elsewhere_is_not_asked_for(key: str, bucket: str) -> None:
    trail = Trail()
    trail.mention(key, b"", bucket)
    trail.close_hour()
    found = desk(trail)
    place = found.place()
    assert numbers(place) == (1, 0, 1, 0)
    assert told(place) == [("A019", key)]
    assert found.store.fetched == []
    assert all(request.prefix.startswith("AWSLogs/") for request in found.store.requests)


def test_insights_are_not_missed() -> None:
    trail = quiet_trail(1)
    trail.mention(trail.logs[0].replace("/CloudTrail/", "/CloudTrail-Insight/"), b"")
    trail.close_hour()
    place = desk(trail).place()
    assert (place.is_complete, numbers(place), place.tally.outside) == (True, (1, 1, 0, 0), 1)


def test_one_file_with_two_hashes() -> None:
    trail, liar = quiet_trail(1), Trail(name="liar")
    liar.mention(trail.logs[0], b"something else")
    liar.close_hour()
    place = desk(trail, liar).place()
    assert told(place) == [("A018", trail.logs[0])]


def test_what_was_taken_over_from_wazuh() -> None:
    trail = quiet_trail(2)
    found = desk(trail, processed=False)
    found.progress.commit(Batch(marks=(ScopeBound(SCOPE, DAY),)))
    found.progress.taken_over[SCOPE] = (trail.logs[0], day(15, 13).timestamp())
    assert numbers(found.place()) == (2, 1, 1, 0)
    found.progress.taken_over[SCOPE] = (trail.logs[0], day(15, 11).timestamp())  # it was written at noon
    assert numbers(found.place()) == (2, 0, 2, 0)


# --- digest files -----------------------------------------------------------------------------------------------------


def test_a_digest_file_that_was_altered() -> None:
    trail = quiet_trail(3)
    trail.tamper(trail.digests[1], logFiles=[])
    place = desk(trail).place()
    assert told(place) == [("A015", trail.digests[1])]
    assert "not that of CloudTrail" in text(place)
    assert (numbers(place), place.tally.verified) == ((2, 2, 0, 0), 2)  # what it says now is not believed


def test_a_digest_file_signed_by_somebody_else() -> None:
    trail = quiet_trail(2)
    mallory = quiet_trail(2, signer="Mallory")
    found = desk(trail)
    key = trail.digests[1]
    found.store.objects[key] = mallory.objects[key]
    found.metadata[key] = mallory.metadata[key]
    place = found.place()
    assert told(place) == [("A016", trail.digests[0]), ("A015", "")]
    assert "no public key with the fingerprint" in place.findings[1].text


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"no gzip", "Invalid gzip file"),
        (gzip.compress(b"no JSON"), "it is not JSON"),
        (gzip.compress(b"{}"), "it has no text"),
        (gzip.compress(b"[" * 200_000), "it is not JSON"),
    ],
    ids=["no gzip", "no JSON", "no text", "deep"],
)
def test_a_digest_file_that_says_nothing(body: bytes, said: str) -> None:
    trail = quiet_trail(3)
    trail.objects[trail.digests[1]] = body
    place = desk(trail).place()
    assert told(place) == [("A015", trail.digests[1])]
    assert said in text(place)
    assert numbers(place) == (2, 2, 0, 0)


def test_a_digest_file_that_grows_when_it_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alertmill.sources.aws.audit.place._MOST_CONTENT", 10_000)
    trail = quiet_trail(2)
    trail.objects[trail.digests[0]] = gzip.compress(bytes(1_000_000))
    assert "it has more than 10000 bytes" in text(desk(trail).place())


def test_a_log_file_that_grows_when_it_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alertmill.sources.aws.audit.logs._MOST_CONTENT", 10_000)
    trail = quiet_trail(2)
    trail.objects[trail.logs[0]] = gzip.compress(bytes(1_000_000))
    place = desk(trail).place()
    assert told(place) == [("A018", trail.logs[0])]
    assert "it has more than 10000 bytes" in text(place)


def test_a_digest_file_that_was_moved() -> None:
    trail = quiet_trail(3)
    trail.objects[trail.digests[1]] = trail.objects[trail.digests[0]]
    trail.metadata[trail.digests[1]] = trail.metadata[trail.digests[0]]
    place = desk(trail).place()
    assert told(place) == [("A015", trail.digests[1])]
    assert f"it was moved: CloudTrail put it at s3://my-logs/{trail.digests[0]}" in text(place)


def test_a_digest_file_that_is_missing() -> None:
    trail = quiet_trail(4)
    trail.remove(trail.digests[1])
    place = desk(trail).place()
    assert told(place) == [("A016", trail.digests[1])]
    assert "nothing proves what was delivered between 2026-01-15T08:01:31Z and 2026-01-15T09:01:31Z" in text(place)
    assert numbers(place) == (3, 3, 0, 0)


def test_a_digest_file_that_vanishes_meanwhile() -> None:
    trail = quiet_trail(2)
    found = desk(trail)
    found.broken[trail.digests[0]] = ObjectGoneError("gone")
    assert told(found.place()) == [("A016", trail.digests[0])]


def test_a_chain_that_begins_anew() -> None:
    trail = quiet_trail(2)
    trail.time = day(15, 10)
    trail.restart()
    trail.deliver("again")
    trail.close_hour()
    place = desk(trail).place()
    assert told(place) == [("A014", trail.digests[2])]
    assert "nothing proves what was delivered between 2026-01-15T09:01:31Z and 2026-01-15T10:00:00Z" in text(place)
    assert numbers(place) == (3, 3, 0, 0)


def test_metadata_that_were_lost() -> None:
    trail = quiet_trail(3)
    trail.metadata[trail.digests[0]].clear()
    assert desk(trail).place().is_complete  # the next one vouches for it
    trail.metadata[trail.digests[2]].clear()
    place = desk(trail).place()
    assert told(place) == [("A015", trail.digests[2])]
    assert "its metadata hold no signature" in text(place)


def test_metadata_that_were_changed() -> None:
    trail = quiet_trail(3)
    trail.metadata[trail.digests[0]]["signature"] = "00" * 256
    place = desk(trail).place()
    assert told(place) == [("A016", trail.digests[0])]
    assert numbers(place) == (3, 3, 0, 0)
    trail.metadata[trail.digests[2]]["signature-algorithm"] = "MD5withRSA"
    assert ("A015", trail.digests[2]) in told(desk(trail).place())


def test_a_digest_file_that_cannot_be_read() -> None:
    trail = quiet_trail(2)
    found = desk(trail)
    found.broken[trail.digests[0]] = FetchError("s3:GetObject was refused")
    place = found.place()
    assert told(place) == [("A015", trail.digests[0])]
    assert "s3:GetObject was refused" in text(place)


def test_credentials_that_expire_meanwhile_end_the_audit_of_the_bucket() -> None:
    trails = [quiet_trail(2, region=region) for region in ("eu-west-1", REGION)]
    found = desk(*trails)
    found.broken[trails[0].digests[1]] = store_error(codes.A_CREDENTIALS)
    report = found.audit()
    assert not report.is_complete
    assert [place.region for place in report.places] == ["eu-west-1"]
    assert [fault.code.id for fault in report.faults] == ["A002"]


# --- public keys ------------------------------------------------------------------------------------------------------


def test_keys_are_asked_for_once_for_each_region() -> None:
    found = desk(quiet_trail(3), quiet_trail(2, region="eu-west-1"))
    found.audit()
    assert [region for region, _, _ in found.questions] == ["eu-west-1", REGION]
    _, since, until = found.questions[0]
    assert since == day(13, 10)
    assert until > datetime.now(UTC)


def test_keys_that_were_given_are_used_instead() -> None:
    found = desk(quiet_trail(3))
    found.given = public_keys()
    found.keys = store_error(codes.A_REFUSED)
    assert found.place().is_complete
    assert found.questions == []


@pytest.mark.parametrize("keys", [public_keys("other"), store_error(codes.A_REFUSED, ends_run=False)])
def test_without_a_key_what_digest_files_say_is_compared_and_not_proved(keys: Any) -> None:
    trail = quiet_trail(3)
    found = desk(trail)
    found.keys = keys
    place = found.place()
    assert (numbers(place), place.tally.verified) == ((3, 3, 0, 0), 0)
    assert told(place) == [("A015", "")]
    assert text(place).startswith("the signatures of 3 digest files could not be verified: ")


# --- what no digest file speaks of ------------------------------------------------------------------------------------


def test_no_digest_files_at_all() -> None:
    trail = quiet_trail(2)
    for key in list(trail.digests):
        trail.remove(key)
    place = desk(trail).place()
    assert told(place) == [("A014", "")]
    assert f"no digest files below s3://my-logs/AWSLogs/{ACCOUNT}/CloudTrail-Digest/{REGION}/" in text(place)


def test_log_files_behind_the_last_digest_file() -> None:
    trail = quiet_trail(3)
    late = trail.deliver("late")  # 10:31, to be spoken of by about 12:00
    found = desk(trail)
    assert found.place(now=day(15, 13)).is_complete
    place = found.place(now=day(15, 14))
    assert told(place) == [("A014", late)]
    assert "no digest file speaks of the time behind 2026-01-15T10:01:31Z" in text(place)


def test_digest_files_that_stopped() -> None:
    trail = quiet_trail(2)
    log = trail.deliver("later", at=day(18, 9))
    found = desk(trail)
    assert told(found.place(now=day(18, 14))) == [("A014", log)]


def test_a_place_that_fell_silent() -> None:
    gone_quiet, alive = quiet_trail(2, region="eu-west-1"), quiet_trail(2, start=day(25, 9))
    found = desk(gone_quiet, alive)
    found.progress.commit(Batch(marks=(ObjectDone(SCOPE, "x", "", "2026-01-25", 1),)))
    report = found.audit(now=day(25, 12))
    assert report.is_complete
    assert [place.note for place in report.places] == [
        "neither digest files nor log files since 2026-01-23T12:00:00Z",
        "",
    ]


# --- which time -------------------------------------------------------------------------------------------------------


def test_the_look_back_window_begins_where_reading_ended() -> None:
    trail = quiet_trail(3)
    report = desk(trail).audit(now=datetime(2026, 9, 1, tzinfo=UTC))
    assert report.is_complete
    assert (report.since, report.until) == (day(14), datetime(2026, 9, 1, tzinfo=UTC))
    assert report.tally().delivered == 3


def test_a_clock_that_is_behind() -> None:
    trail = quiet_trail(3)
    assert desk(trail).audit(now=day(15, 3)).tally().delivered == 3


def test_up_to_a_day_that_was_asked_for() -> None:
    trail = quiet_trail(72, start=datetime(2026, 1, 12, 0, 31, tzinfo=UTC))
    found = desk(trail)
    report = found.audit(Wanted(until=day(14)))
    assert (report.is_complete, report.since, report.until) == (True, day(12), day(14))
    assert report.places[0].tally.digests == 48


def test_days_that_were_asked_for() -> None:
    trail = quiet_trail(72, start=datetime(2026, 1, 12, 0, 31, tzinfo=UTC))
    found = desk(trail)
    found.process(*trail.logs)
    place = found.place(Wanted(since=day(13), until=day(14)))
    # from the digest file that reaches into the first day to the one that reaches out of the last
    assert place.covered == (datetime(2026, 1, 12, 23, 31, tzinfo=UTC), datetime(2026, 1, 14, 0, 31, tzinfo=UTC))
    assert (place.tally.digests, place.is_complete) == (25, True)


def test_what_was_delivered_before_reading_began_is_not_missed() -> None:
    trail = quiet_trail(30, start=day(14, 1))  # until 07:00 of the next day
    found = desk(trail, processed=False)
    today = [key for key in trail.logs if "/2026/01/15/" in key]
    found.process(*today)
    place = found.place()
    assert place.is_complete
    assert (numbers(place), place.tally.outside) == ((len(today), len(today), 0, 0), 30 - len(today))


def test_what_was_asked_for_and_is_older_than_anything_remembered() -> None:
    trail = quiet_trail(3, start=day(14, 1))
    found = desk(trail, processed=False)
    found.progress.commit(Batch(marks=(ScopeBound(SCOPE, DAY),)))
    place = found.place(Wanted(since=day(14)))
    assert numbers(place) == (3, 0, 3, 0)
    assert "its day lies before 2026-01-15, the first that is listed now; what was" in place.findings[0].text


def test_what_the_definition_does_not_want_is_never_missed() -> None:
    trail = quiet_trail(3, start=day(14, 1))
    found = desk(trail, processed=False)
    found.progress.commit(Batch(marks=(ScopeBound(SCOPE, DAY),)))
    place = found.place(Wanted(since=day(14)), only_logs_after=date(2026, 1, 15))
    assert (place.is_complete, numbers(place), place.tally.outside) == (True, (0, 0, 0, 0), 3)


def test_what_arrives_later_than_anybody_looks_for_is_missed() -> None:
    trail = quiet_trail(2)
    late = trail.deliver("late", at=day(9, 12))
    trail.close_hour()
    found = desk(trail, processed=False)
    found.process(*trail.logs[:2])
    place = found.place()
    assert told(place) == [("A019", late)]
    assert found.to_read[0].key == late


# --- what goes wrong --------------------------------------------------------------------------------------------------


def test_nothing_is_there() -> None:
    report = Desk(MemoryStore(), {}).audit()
    assert not report.is_complete
    assert [fault.code.id for fault in report.faults] == ["A008"]


def test_a_bucket_that_cannot_be_listed() -> None:
    found = desk(quiet_trail(1))
    found.store.refuse["AWSLogs/"] = store_error(codes.A_REFUSED, ends_run=False)
    report = found.audit()
    assert not report.is_complete
    assert [fault.code.id for fault in report.faults] == ["A001"]


def test_an_account_that_cannot_be_listed_does_not_hide_the_others() -> None:
    trails = [quiet_trail(1, account=account) for account in ("1" * 12, ACCOUNT)]
    found = desk(*trails)
    found.process(*trails[0].logs, scope=SCOPE.replace(ACCOUNT, "1" * 12))
    for folder in ("CloudTrail", "CloudTrail-Digest"):
        found.store.refuse[f"AWSLogs/{'1' * 12}/{folder}/"] = store_error(codes.A_REFUSED, ends_run=False)
    report = found.audit()
    assert [fault.text for fault in report.faults] == ["account 111111111111: no  [A001]"]
    assert [(place.account, place.is_complete) for place in report.places] == [(ACCOUNT, True)]


def test_a_region_that_cannot_be_listed() -> None:
    found = desk(quiet_trail(1), quiet_trail(1, region="eu-west-1"))
    refused = f"AWSLogs/{ACCOUNT}/CloudTrail-Digest/eu-west-1/"
    found.store.refuse[refused] = store_error(codes.A_REFUSED, ends_run=False)
    report = found.audit()
    assert [(place.region, told(place)) for place in report.places] == [("eu-west-1", [("A001", "")]), (REGION, [])]


def test_findings_are_bounded_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alertmill.sources.aws.audit.report.MOST_FINDINGS", 2)
    place = desk(quiet_trail(5), processed=False).place()
    assert (len(place.findings), place.tally.findings) == (2, 5)


def test_the_values_for_machines() -> None:
    trail = quiet_trail(2)
    found = desk(trail, processed=False)
    found.process(trail.logs[0])
    values: Any = found.audit().as_values()
    assert (values["complete"], values["delivered"], values["processed"], values["missing"]) == (False, 2, 1, 1)
    (place,) = values["places"]
    assert place["covered"] == ["2026-01-15T07:01:31Z", "2026-01-15T09:01:31Z"]
    assert place["list"] == [
        {
            "code": "A019",
            "title": codes.A_LOG_UNPROCESSED.title,
            "text": f"{trail.logs[1]} was not processed: it has not been read",
            "key": trail.logs[1],
        }
    ]
