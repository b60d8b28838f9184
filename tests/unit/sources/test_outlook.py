"""What is known of the work ahead: counted as it is found, and complete only when nothing else is to be listed."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from alertmill import codes
from alertmill.sources.base import Mark, ObjectDone
from alertmill.sources.outlook import Outlook, Sight
from unit.sources.aws.doubles import ACCOUNT, bench, store_error, trail_key


@dataclass
class Found:
    size: int


def pages(*sizes: list[int]) -> Iterator[list[Found]]:
    for page in sizes:
        yield [Found(size) for size in page]


def test_nothing_is_known_and_nothing_is_expected() -> None:
    assert Outlook().sight() == Sight(0, 0, listed=True, complete=True)


def test_what_is_found_is_counted_page_by_page() -> None:
    outlook = Outlook()
    outlook.expect()
    assert outlook.sight() == Sight(0, 0, listed=True, complete=False)
    listing = outlook.begin(expected=True)
    counted = listing.counted(lambda: pages([1, 2], [30]))()
    next(counted)
    assert outlook.sight() == Sight(2, 3, listed=False, complete=False)
    assert [[one.size for one in page] for page in counted] == [[30]]
    assert outlook.sight() == Sight(3, 33, listed=False, complete=False)  # another part may begin
    listing.all_begun()
    assert outlook.sight() == Sight(3, 33, listed=True, complete=True)
    listing.over()
    assert outlook.sight() == Sight(3, 33, listed=True, complete=True)


def test_another_listing_is_still_to_come() -> None:
    outlook = Outlook()
    outlook.expect()
    outlook.expect()
    listing = outlook.begin(expected=True)
    listing.all_begun()
    assert outlook.sight() == Sight(0, 0, listed=True, complete=False)
    outlook.begin(expected=True).over()
    assert outlook.sight().complete


def test_a_listing_that_nobody_expected() -> None:
    outlook = Outlook()
    outlook.begin(expected=False).over()
    outlook.begin(expected=True).over()
    assert outlook.sight().complete
    outlook.expect()
    assert not outlook.sight().complete


def test_what_is_not_read_here_does_not_count() -> None:
    outlook = Outlook()
    listing = outlook.begin(expected=False)
    (page,) = listing.counted(lambda: pages([1, 2, 4]))()
    listing.leave_out(page, page[1:])
    assert outlook.sight() == Sight(2, 6, listed=False, complete=False)


def test_a_run_that_ends_early_leaves_nothing_open() -> None:
    outlook = Outlook()
    listing = outlook.begin(expected=False)
    begun, never = listing.counted(lambda: pages([1], [2]))(), listing.counted(lambda: pages([3]))
    next(begun)
    listing.over()
    assert outlook.sight() == Sight(1, 1, listed=True, complete=True)
    begun.close()
    listing.all_begun()
    assert list(never()) == [[Found(3)]]
    listing.over()
    assert outlook.sight() == Sight(2, 4, listed=True, complete=True)


def test_a_part_that_fails_is_over() -> None:
    def failing() -> Iterator[list[Found]]:
        yield [Found(1)]
        raise OSError("gone")

    outlook = Outlook()
    listing = outlook.begin(expected=False)
    counted = listing.counted(failing)()
    with pytest.raises(OSError, match="gone"):
        list(counted)
    listing.all_begun()
    assert outlook.sight() == Sight(1, 1, listed=True, complete=True)


def test_many_threads_count_together() -> None:
    outlook = Outlook()
    listing = outlook.begin(expected=False)
    parts = [listing.counted(lambda: pages(*[[1]] * 500)) for _ in range(8)]
    listing.all_begun()
    threads = [threading.Thread(target=lambda part=part: list(part())) for part in parts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outlook.sight() == Sight(4000, 4000, listed=True, complete=True)


# --- what the poller tells --------------------------------------------------------------------------------------------

BODY = gzip.compress(b'{"Records": []}')


def objects(*days: str) -> dict[str, bytes]:
    return {trail_key(day, day[-2:], region=region): BODY for day in days for region in ("eu-west-1", "us-east-1")}


def sizes(marks: list[Mark]) -> list[int]:
    return [mark.size for mark in marks if isinstance(mark, ObjectDone)]


def test_a_poller_tells_what_it_finds_and_what_it_has_read() -> None:
    on_bench = bench(objects("2026/01/13", "2026/01/14"))
    marks: list[Mark] = []
    for batch in on_bench.batches():
        marks += batch.marks
        on_bench.progress.commit(batch)
    assert sizes(marks) == [len(BODY)] * 4
    assert on_bench.shared.outlook.sight() == Sight(4, 4 * len(BODY), listed=True, complete=True)
    on_bench.run()
    assert on_bench.shared.outlook.sight().objects == 4


def test_objects_that_somebody_else_reads_are_not_waited_for() -> None:
    on_bench = bench(objects("2026/01/14"))
    key = next(iter(on_bench.store.objects))
    scope = f"s3://my-logs/AWSLogs/|cloudtrail|{ACCOUNT}|eu-west-1"
    assert on_bench.shared.in_flight.claim(scope, key, on_bench.store.etag(key))
    on_bench.run()
    assert on_bench.shared.outlook.sight() == Sight(1, len(BODY), listed=True, complete=True)


def test_a_run_that_cannot_begin_leaves_nothing_open() -> None:
    on_bench = bench(objects("2026/01/14"))
    on_bench.store.refuse["AWSLogs/"] = store_error(codes.A_NO_BUCKET)
    on_bench.run()
    assert on_bench.shared.outlook.sight() == Sight(0, 0, listed=True, complete=True)
