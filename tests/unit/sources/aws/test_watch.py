"""Silence, what vanished, what was refused: what a run tells beside what it read."""

from __future__ import annotations

import gzip
import json
from datetime import date

from alertmill import codes
from alertmill.sources.aws.faults import FetchError
from alertmill.sources.base import Mark, ScopeReport, ScopeSilent
from unit.sources.aws.doubles import ACCOUNT, NOON, Bench, bench, store_error, trail_key

SCOPE = f"s3://my-logs/AWSLogs/|cloudtrail|{ACCOUNT}|us-east-1"
WHOLE = "s3://my-logs/AWSLogs/|cloudtrail|*|*"
HOUR = 3600.0


def trail(name: str) -> bytes:
    return gzip.compress(json.dumps({"Records": [{"eventID": name}]}).encode())


def marks(on_bench: Bench) -> list[Mark]:
    """All marks of one run, committed."""
    found: list[Mark] = []
    for batch in on_bench.batches():
        found += batch.marks
        on_bench.progress.commit(batch)
    return found


def silences(on_bench: Bench) -> list[tuple[str, bool]]:
    return [(mark.scope, mark.silent) for mark in marks(on_bench) if isinstance(mark, ScopeSilent)]


def after(on_bench: Bench, hours: float) -> Bench:
    on_bench.now = NOON + hours * HOUR
    return on_bench


def test_a_place_that_falls_silent_is_told_once_and_again_when_it_speaks() -> None:
    on_bench = bench({trail_key("2026/01/15", "a"): trail("a")})
    assert silences(on_bench) == []
    assert silences(after(on_bench, 24)) == []
    assert silences(after(on_bench, 25)) == [(SCOPE, True)]
    assert silences(after(on_bench, 50)) == []
    on_bench.store.objects[trail_key("2026/01/17", "b")] = trail("b")
    on_bench.store.modified[trail_key("2026/01/17", "b")] = date(2026, 1, 17)
    assert silences(after(on_bench, 51)) == [(SCOPE, False)]
    assert silences(after(on_bench, 52)) == []


def test_an_old_object_that_is_read_at_last_is_no_news() -> None:
    on_bench = bench({trail_key("2026/01/15", name): trail(name) for name in "ab"})
    on_bench.store.broken[trail_key("2026/01/15", "b")] = FetchError("no")
    on_bench.store.modified[trail_key("2026/01/15", "b")] = date(2026, 1, 14)
    on_bench.run()
    assert silences(after(on_bench, 25)) == [(SCOPE, True)]
    on_bench.store.broken.clear()
    assert silences(after(on_bench, 30)) == []


def test_the_limit_is_the_user_s() -> None:
    for limit, expected in ((0, []), (3600, [(SCOPE, True)])):
        on_bench = bench({trail_key("2026/01/15", "a"): trail("a")}, silence=limit)
        on_bench.run()
        assert silences(after(on_bench, 2)) == expected


def test_a_place_that_never_had_data_is_not_silent() -> None:
    on_bench = bench({trail_key("2009/01/15", "a"): trail("a")})
    on_bench.run()
    assert silences(after(on_bench, 1000)) == []


def test_a_listing_that_fails_says_nothing_of_silence() -> None:
    on_bench = bench({trail_key("2026/01/15", "a"): trail("a")})
    on_bench.run()
    on_bench.store.refuse[f"AWSLogs/{ACCOUNT}/CloudTrail/us-east-1/"] = store_error(codes.A_REFUSED, ends_run=False)
    assert silences(after(on_bench, 100)) == []


def test_a_folder_that_is_gone_falls_silent_as_well() -> None:
    regions = ("eu-west-1", "us-east-1")
    on_bench = bench({trail_key("2026/01/15", "a", region=region): trail(region) for region in regions})
    on_bench.run()
    del on_bench.store.objects[trail_key("2026/01/15", "a", region="eu-west-1")]
    gone = SCOPE.replace("us-east-1", "eu-west-1")
    assert silences(after(on_bench, 25)) == [(SCOPE, True), (gone, True)]
    assert silences(after(on_bench, 50)) == []


def test_regions_that_are_left_out_on_purpose_are_not_missed() -> None:
    regions = ("eu-west-1", "us-east-1")
    first = bench({trail_key("2026/01/15", "a", region=region): trail(region) for region in regions})
    first.run()
    second = after(bench(first.store, regions=("us-east-1",)), 25)
    second.progress = first.progress
    assert silences(second) == [(SCOPE, True)]


def test_an_account_that_is_refused_has_a_report_until_it_is_not() -> None:
    accounts = ("111111111111", "222222222222")
    on_bench = bench({trail_key("2026/01/15", "a", account=account): trail(account) for account in accounts})
    on_bench.store.refuse["AWSLogs/222222222222/CloudTrail/"] = store_error(codes.A_REFUSED, ends_run=False)
    assert len(on_bench.run()) == 1
    account = "s3://my-logs/AWSLogs/|cloudtrail|222222222222|*"
    assert on_bench.progress.reports[account].error_code == "A001"
    on_bench.store.refuse.clear()
    assert len(on_bench.run()) == 1
    assert on_bench.progress.reports[account].error == ""


def test_the_error_of_a_region_that_is_gone_is_over() -> None:
    on_bench = bench({trail_key("2026/01/15", "a", region=region): trail(region) for region in ("a-1", "b-1")})
    on_bench.store.refuse[f"AWSLogs/{ACCOUNT}/CloudTrail/a-1/"] = store_error(codes.A_REFUSED, ends_run=False)
    on_bench.run()
    scope = SCOPE.replace("us-east-1", "a-1")
    assert on_bench.progress.reports[scope].error_code == "A001"
    del on_bench.store.objects[trail_key("2026/01/15", "a", region="a-1")]
    on_bench.run()
    assert on_bench.progress.reports[scope].error_code == ""


def test_a_definition_that_finds_nothing_is_not_healthy() -> None:
    on_bench = bench({})
    reports = [mark for mark in marks(on_bench) if isinstance(mark, ScopeReport)]
    assert [(report.scope, report.error_code) for report in reports] == [(WHOLE, "A008")]
    on_bench.store.objects[trail_key("2026/01/15", "a")] = trail("a")
    on_bench.run()
    assert on_bench.progress.reports[WHOLE].error == ""


def test_throttling_that_does_not_end_is_named_so() -> None:
    on_bench = bench({trail_key("2026/01/15", f"{n}"): trail("x") for n in range(9)})
    for key in on_bench.store.objects:
        on_bench.store.broken[key] = FetchError("SlowDown", unreachable=True, throttled=True)
    on_bench.run()
    assert on_bench.progress.reports[WHOLE].error_code == "A006"
    assert on_bench.progress.reports[SCOPE].error_code == "A006"


def test_errors_have_their_codes_in_every_report() -> None:
    on_bench = bench({trail_key("2026/01/15", "a"): trail("a")})
    on_bench.store.refuse["AWSLogs/"] = store_error(codes.A_CREDENTIALS, 3)
    on_bench.run()
    assert on_bench.progress.reports[WHOLE].error_code == "A002"
