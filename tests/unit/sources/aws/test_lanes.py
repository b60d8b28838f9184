"""Live runs beside a back-fill, and ranges that are read again: two sources by hand, one after the other."""

from __future__ import annotations

import gzip
import json
from datetime import date
from typing import Any

import pytest

from alertmill import codes
from alertmill.config.models import Bucket
from alertmill.event import Record
from alertmill.sources.aws.faults import FetchError
from alertmill.sources.base import ObjectFailed, ReadAgain, RetryFailed
from unit.sources.aws.doubles import ACCOUNT, NOON, Bench, MemoryStore, bench, store_error, trail_key

SCOPE = f"s3://my-logs/AWSLogs/|cloudtrail|{ACCOUNT}|us-east-1"
WHOLE = "s3://my-logs/AWSLogs/|cloudtrail|*|*"
DAY = 86_400.0


def trail(*names: str) -> bytes:
    return gzip.compress(json.dumps({"Records": [{"eventID": name} for name in names]}).encode())


def ids(records: list[Record]) -> list[str]:
    """The event ids; an error event counts as `error`."""
    documents = [json.loads(record.message) for record in records]
    return ["error" if "error_msg" in one else one["aws"]["eventID"] for one in documents]


def key(day: date | str, name: str = "x") -> str:
    return trail_key(day if isinstance(day, str) else f"{day:%Y/%m/%d}", name)


def history(*days: str, **options: Any) -> Bench:
    """One object a day, named after it; to be read since the first of December."""
    options.setdefault("only_logs_after", date(2025, 12, 1))
    return bench({key(f"2026/01/{day}" if len(day) == 2 else day): trail(day) for day in days}, **options)


# --- two lanes -------------------------------------------------------------------------------------------------------


def test_what_is_new_does_not_wait_for_the_past() -> None:
    on_bench = history("2025/12/05", "01", "12", "13", "15")
    assert ids(on_bench.live()) == ["13", "15"]  # a look-back of two days
    assert on_bench.progress.bounds[SCOPE] == "2025-12-01"
    assert ids(on_bench.live()) == []
    assert ids(on_bench.fill()) == ["2025/12/05", "01", "12"]
    assert on_bench.progress.bounds[SCOPE] == "2026-01-13"
    assert ids(on_bench.fill()) == []
    assert ids(on_bench.live()) == []
    assert on_bench.progress.bounds[SCOPE] == "2026-01-13"


def test_the_split_stays_while_the_back_fill_lasts() -> None:
    on_bench = history("01", "15")
    assert ids(on_bench.live()) == ["15"]
    on_bench.now += 5 * DAY
    on_bench.store.objects[key("2026/01/20")] = trail("20")
    on_bench.store.objects[key("2026/01/14")] = trail("14, late")
    assert ids(on_bench.live()) == ["14, late", "20"]
    assert on_bench.progress.bounds[SCOPE] == "2025-12-01"
    assert ids(on_bench.fill()) == ["01"]
    assert on_bench.progress.bounds[SCOPE] == "2026-01-13"
    assert ids(on_bench.live()) == []
    assert on_bench.progress.bounds[SCOPE] == "2026-01-18"


def test_a_restart_in_the_middle_repeats_and_skips_nothing() -> None:
    on_bench = history("01", "02", "03", "15")
    assert ids(on_bench.live()) == ["15"]
    found = []
    for batch in on_bench.made().back_fill().work(on_bench.progress, on_bench.stop):
        found += ids(list(batch.records))
        on_bench.progress.commit(batch)
        if found == ["01"]:
            break
    on_bench.restart()
    on_bench.now += 3 * DAY
    on_bench.store.objects[key("2026/01/18")] = trail("18")
    assert ids(on_bench.live()) == ["18"]  # the split has moved, the 15th is done and lies before it
    assert ids(on_bench.fill()) == ["02", "03"]


def test_one_sequence_when_it_runs_once() -> None:
    on_bench = history("2025/12/05", "01", "15")
    assert ids(on_bench.run()) == ["2025/12/05", "01", "15"]
    assert on_bench.progress.bounds[SCOPE] == "2026-01-13"


def test_a_silent_place_is_walked_by_one_run() -> None:
    """Its bound lies far behind, but there is nothing to catch up with."""
    on_bench = history("01", "02")
    assert ids(on_bench.live()) == []
    assert ids(on_bench.fill()) == ["01", "02"]
    assert on_bench.progress.bounds[SCOPE] == "2025-12-31"
    on_bench.store.objects[key("2026/01/03")] = trail("very late")
    assert ids(on_bench.live()) == ["very late"]
    on_bench.now += 2 * DAY
    assert ids(on_bench.live()) == []
    assert ids(on_bench.fill()) == []


def test_a_long_outage_makes_a_back_fill() -> None:
    on_bench = history("01", "02")
    on_bench.live()
    on_bench.fill()
    on_bench.now += 10 * DAY  # no run came to its end all the time
    on_bench.store.objects |= {key(f"2026/01/{n}"): trail(str(n)) for n in range(16, 26)}
    assert ids(on_bench.live()) == ["23", "24", "25"]
    assert ids(on_bench.fill()) == [str(n) for n in range(16, 23)]


def test_the_back_fill_reports_under_its_own_name() -> None:
    on_bench = history("01", "15")
    on_bench.live()
    live = on_bench.progress.reports[SCOPE]
    on_bench.store.refuse[f"AWSLogs/{ACCOUNT}/CloudTrail/us-east-1/"] = store_error(codes.A_REFUSED, ends_run=False)
    assert ids(on_bench.fill()) == []
    assert on_bench.progress.reports[f"{SCOPE}|back-fill"].error_code == "A001"
    assert on_bench.progress.reports[SCOPE] == live
    on_bench.store.refuse.clear()
    assert ids(on_bench.fill()) == []  # an interval later
    on_bench.now += 600
    assert ids(on_bench.fill()) == ["01"]
    assert on_bench.progress.reports[f"{SCOPE}|back-fill"].error == ""


def test_failures_of_the_past_are_the_back_fill_s_and_then_the_live_run_s() -> None:
    on_bench = history("01", "02", "15")
    on_bench.live()
    on_bench.store.broken[key("2026/01/01")] = FetchError("AccessDenied")
    assert ids(on_bench.fill()) == ["error", "02"]
    on_bench.store.broken.clear()
    on_bench.now += 600
    assert ids(on_bench.live()) == ["01"]


def test_a_failure_of_an_open_gap_is_left_to_the_back_fill() -> None:
    on_bench = history("01", "15")
    on_bench.live()
    failure = ObjectFailed(SCOPE, key("2026/01/01"), on_bench.store.etag(key("2026/01/01")), "no", 1, NOON, NOON, NOON)
    on_bench.progress.failures[SCOPE, failure.key, failure.etag] = failure
    assert ids(on_bench.live()) == []
    assert ids(on_bench.fill()) == ["01"]
    assert on_bench.progress.failures == {}


def test_several_accounts_are_filled_in_their_order() -> None:
    objects = {}
    for account in ("111111111111", "222222222222"):
        for day in (1, 15):
            objects[trail_key(f"2026/01/{day:02}", "x", account=account)] = trail(f"{account[0]} {day}")
    on_bench = bench(objects, only_logs_after=date(2025, 12, 1))
    assert ids(on_bench.live()) == ["1 15", "2 15"]
    assert ids(on_bench.fill()) == ["1 1", "2 1"]


# --- objects that others read ----------------------------------------------------------------------------------------


def test_an_object_that_a_notification_brings_is_left_to_it() -> None:
    on_bench = history("14", "15", only_logs_after=date(2026, 1, 14))
    claim = (SCOPE, key("2026/01/14"), on_bench.store.etag(key("2026/01/14")))
    assert on_bench.shared.in_flight.claim(*claim)
    assert ids(on_bench.live()) == ["15"]
    assert on_bench.progress.reports[SCOPE].waiting == 1
    on_bench.shared.in_flight.release(*claim)
    assert ids(on_bench.live()) == ["14"]
    assert on_bench.progress.reports[SCOPE].waiting == 0


def test_the_bound_does_not_rise_past_what_was_left_to_others() -> None:
    on_bench = history("01", "15")
    assert on_bench.shared.in_flight.claim(SCOPE, key("2026/01/01"), "")
    assert ids(on_bench.run()) == ["15"]
    assert on_bench.progress.bounds[SCOPE] == "2025-12-01"
    on_bench.shared.in_flight.release(SCOPE, key("2026/01/01"), "")
    assert ids(on_bench.run()) == ["01"]
    assert on_bench.progress.bounds[SCOPE] == "2026-01-13"


def test_claims_end_with_the_commit_or_with_the_run() -> None:
    on_bench = history("13", "14", "15", only_logs_after=date(2026, 1, 13))
    keys = {day: key(f"2026/01/{day}") for day in ("13", "14", "15")}
    on_bench.store.broken[keys["14"]] = FetchError("no")
    free = lambda day: on_bench.shared.in_flight.claim(SCOPE, keys[day], on_bench.store.etag(keys[day]))  # noqa: E731
    batches = iter(on_bench.batches())
    for batch in batches:
        if not batch.records:
            on_bench.progress.commit(batch)
            continue
        assert not free("13")
        on_bench.progress.commit(batch)
        assert free("13")
        break
    batches.close()  # type: ignore[attr-defined]
    assert free("14")
    assert free("15")


def test_what_was_read_since_it_was_listed_is_not_read_again() -> None:
    on_bench = history("14", "15", only_logs_after=date(2026, 1, 14))
    not_done, asked = on_bench.progress.not_done, []

    def changing(scope: str, objects: Any) -> Any:
        asked.append(scope)
        found = not_done(scope, objects)
        return found if len(asked) == 1 else {pair for pair in found if "/14/" not in pair[0]}

    on_bench.progress.not_done = changing  # type: ignore[method-assign]
    assert ids(on_bench.run()) == ["15"]
    assert on_bench.progress.reports[SCOPE].waiting == 0


def test_what_wazuh_has_read_is_not_read_again() -> None:
    on_bench = history("10", "12", "15")
    on_bench.store.modified[key("2026/01/10", "late")] = date(2026, 2, 1)
    on_bench.store.objects[key("2026/01/10", "late")] = trail("late")
    on_bench.progress.taken_over[SCOPE] = (key("2026/01/12"), NOON + DAY)
    assert ids(on_bench.run()) == ["late", "15"]


# --- reading again ---------------------------------------------------------------------------------------------------


def wishing(on_bench: Bench, first: str, last: str, definition: str = "s3://my-logs/", number: str = "n1") -> None:
    on_bench.progress.wishes[number] = ReadAgain(number, definition, first, last)


@pytest.mark.parametrize("once", [True, False])
def test_a_range_is_read_again(once: bool) -> None:
    on_bench = history("10", "11", "12", "15")
    assert ids(on_bench.run()) == ["10", "11", "12", "15"]
    wishing(on_bench, "2026-01-11", "2026-01-12")
    assert ids(on_bench.again() if once else on_bench.fill()) == ["11", "12"]
    assert on_bench.progress.wishes == {}
    assert not any("|again" in scope for scope in [*on_bench.progress.reports, *on_bench.progress.bounds])
    assert ids(on_bench.again()) == []


def test_events_that_are_read_again_count_again() -> None:
    on_bench = history("11", event_format="improved")
    first = on_bench.run()
    wishing(on_bench, "2026-01-11", "2026-01-11")
    again = on_bench.again()
    assert [record.event_id for record in first] != [record.event_id for record in again]
    assert [record.event_id for record in again] == [None]


def test_reading_again_goes_on_where_it_was() -> None:
    on_bench = history("10", "11", "12")
    on_bench.run()
    wishing(on_bench, "2026-01-01", "2026-01-31")
    found = []
    for batch in on_bench.made().back_fill().work(on_bench.progress, on_bench.stop):
        found += ids(list(batch.records))
        on_bench.progress.commit(batch)
        if found:
            break
    on_bench.restart()
    assert found + ids(on_bench.fill()) == ["10", "11", "12"]
    assert on_bench.progress.wishes == {}


def test_a_wish_is_over_when_everything_of_it_was_read() -> None:
    on_bench = history("10", "11")
    on_bench.run()
    on_bench.store.broken[key("2026/01/10")] = FetchError("no")
    wishing(on_bench, "2026-01-01", "2026-01-31")
    assert ids(on_bench.fill()) == ["error", "11"]
    assert list(on_bench.progress.wishes) == ["n1"]
    on_bench.store.broken.clear()
    on_bench.now += 600
    assert ids(on_bench.fill()) == ["10"]
    assert on_bench.progress.wishes == {}


def test_a_wish_for_one_place_leaves_the_others_alone() -> None:
    objects = {trail_key("2026/01/10", "x", region=region): trail(region) for region in ("eu-west-1", "us-east-1")}
    on_bench = bench(objects)
    on_bench.run()
    wishing(on_bench, "2026-01-10", "2026-01-10", SCOPE)
    assert ids(on_bench.fill()) == ["us-east-1"]
    wishing(on_bench, "2026-01-10", "2026-01-10", "s3://another-bucket/", "n2")
    assert ids(on_bench.fill()) == []
    assert list(on_bench.progress.wishes) == ["n2"]  # nobody here is asked


def test_a_wish_goes_before_the_back_fill_that_is_under_way() -> None:
    on_bench = history(*(f"{day:02}" for day in range(1, 13)), "15")
    on_bench.live()
    found = []
    for batch in on_bench.made().back_fill().work(on_bench.progress, on_bench.stop):
        found += ids(list(batch.records))
        on_bench.progress.commit(batch)
        if len(found) == 3:
            wishing(on_bench, "2026-01-15", "2026-01-15")
            on_bench.made().wake()
    assert 3 <= len(found) <= 4
    assert ids(on_bench.fill()) == ["15"] + [f"{day:02}" for day in range(len(found) + 1, 13)]


def test_objects_that_are_read_again_are_removed_as_well() -> None:
    on_bench = history("10", remove_from_bucket=True)
    on_bench.store.undeletable = {key("2026/01/10")}
    on_bench.run()
    on_bench.progress.removals.clear()
    on_bench.store.undeletable.clear()
    wishing(on_bench, "2026-01-10", "2026-01-10")
    assert ids(on_bench.again()) == ["10"]
    assert on_bench.store.objects == {}


def test_a_given_up_object_is_tried_on_the_operator_s_word() -> None:
    on_bench = history("15")
    on_bench.store.broken[key("2026/01/15")] = FetchError("no")
    for number in range(11):
        on_bench.now = NOON + number * 90_000
        on_bench.run()
    (failure,) = on_bench.progress.failures.values()
    assert failure.dead
    on_bench.store.broken.clear()
    assert ids(on_bench.run()) == []
    on_bench.progress.store(RetryFailed(SCOPE, failure.key, failure.etag))
    assert ids(on_bench.run()) == ["15"]


def test_memory_is_bounded_by_what_is_ahead() -> None:
    """A long span of full days: listing runs ahead by some pages, not by all."""
    objects = {key(f"2026/01/{day:02}", f"{n:03}"): trail("x") for day in range(1, 13) for n in range(60)}
    on_bench = bench(MemoryStore(objects, page_size=5), only_logs_after=date(2025, 12, 1))
    on_bench.live()
    before = len(on_bench.store.requests)
    for batch in on_bench.made().back_fill().work(on_bench.progress, on_bench.stop):
        if batch.records:
            break
    assert len(on_bench.store.requests) - before < 40  # of some 160


# --- troubles of the second lane -------------------------------------------------------------------------------------


def test_a_back_fill_without_credentials_waits_for_an_interval() -> None:
    on_bench = history("01", "15")
    on_bench.live()
    asked: list[str] = []

    def stores(bucket: Bucket) -> MemoryStore:
        asked.append(bucket.name)
        if len(asked) < 3:
            raise store_error(codes.A_CREDENTIALS, 3)
        return on_bench.store

    back_fill = on_bench.made().back_fill()
    back_fill._runner.definitions._stores = stores
    assert ids(on_bench.fill()) == ids(on_bench.fill()) == []
    assert on_bench.progress.reports[f"{WHOLE}|back-fill"].error_code == "A002"
    on_bench.now += 600
    assert ids(on_bench.fill()) == []
    on_bench.now += 600
    assert ids(on_bench.fill()) == ["01"]
    assert len(asked) == 3
    assert on_bench.progress.reports[f"{WHOLE}|back-fill"].error_code == ""


def test_what_was_wrong_with_a_back_fill_is_over_when_nothing_is_left_for_it() -> None:
    on_bench = history("01", "15")
    on_bench.live()
    on_bench.store.refuse[f"AWSLogs/{ACCOUNT}/CloudTrail/us-east-1/"] = store_error(codes.A_CREDENTIALS, 3)
    on_bench.fill()
    names = (f"{SCOPE}|back-fill", f"{WHOLE}|back-fill")
    assert [on_bench.progress.reports[name].error_code for name in names] == ["A002", "A002"]
    on_bench.store.refuse.clear()
    on_bench.restart()
    assert ids(on_bench.run()) == ["01"]  # from now on with --once
    assert [on_bench.progress.reports[name].error_code for name in names] == ["", ""]


def test_a_back_fill_that_ends_during_a_live_run_keeps_its_bound() -> None:
    on_bench = history("01", "15")
    on_bench.live()
    live = iter(on_bench.made().run(on_bench.progress, on_bench.stop))
    walk = None
    for batch in live:
        on_bench.progress.commit(batch)
        walk = batch.marks
        break
    assert walk is not None
    assert ids(on_bench.fill()) == ["01"]
    assert on_bench.progress.bounds[SCOPE] == "2026-01-13"
    for batch in live:
        on_bench.progress.commit(batch)
    assert on_bench.progress.bounds[SCOPE] == "2026-01-13"


def test_the_source_pauses_when_there_is_nothing_to_do() -> None:
    on_bench = history("01", "15")
    back_fill = on_bench.made().back_fill()
    waits: list[float] = []

    class Stop:
        def is_set(self) -> bool:
            return len(waits) > 3

        def wait(self, timeout: float | None = None) -> bool:
            waits.append(timeout or 0.0)
            return self.is_set()

    assert on_bench.committed(back_fill.batches(on_bench.progress, Stop(), once=False)) == []
    assert all(wait > 0.1 for wait in waits)
