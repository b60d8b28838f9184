from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alertmill.sources.aws.listing import Days, account_of, first_day, folders, key_date, region_of, walk
from unit.sources.aws.doubles import MemoryStore

P = "AWSLogs/123456789012/CloudTrail/us-east-1/"
DAY = date(2026, 1, 15)

DATES = [
    (P + "2026/01/15/x.json.gz", P, DAY),
    (P + "2026/1/5/ConfigHistory/x.json.gz", P, date(2026, 1, 5)),
    (P + "year=2026/month=01/day=15/x.gz", P, DAY),
    (P + "year=2026/month=1/day=5/hour=10/x.gz", P, date(2026, 1, 5)),
    (P + "some/folder/2026/01/15/x.gz", P, DAY),
    (P + "some/folder/year=2026/month=01/day=15/x.gz", P, DAY),
    ("2026-01-15-10-05-00-0123456789ABCDEF", "", DAY),
    ("dnslogs/2026-01-15/2026-01-15-10-00-e4e1.csv.gz", "dnslogs/", DAY),
    (P + "notes.txt", P, None),
    (P + "2026/13/45/x.gz", P, None),
    (P + "2026/01/x.gz", P, None),
    (P + "12026/01/15/x.gz", P, None),
    ("2025/01/01/" + "2026/01/15/x", "2025/01/01/", DAY),
    ("2025/01/01/x", "2025/01/01/", None),
    ("elsewhere/2026/01/15/x", P, None),
    (P + "\u0662\u0660\u0662\u0666/01/15/x", P, None),
]


@pytest.mark.parametrize(("key", "prefix", "expected"), DATES)
def test_key_date(key: str, prefix: str, expected: date | None) -> None:
    assert key_date(key, prefix) == expected


@pytest.mark.parametrize(
    ("lower", "newest", "look_back", "expected"),
    [
        (date(2026, 1, 1), None, 172_800, date(2026, 1, 1)),
        (date(2026, 1, 1), DAY, 172_800, date(2026, 1, 13)),
        (date(2026, 1, 14), DAY, 172_800, date(2026, 1, 14)),
        (date(2026, 1, 1), DAY, 0, DAY),
        (date(2026, 1, 1), DAY, 3600, date(2026, 1, 14)),
        (date(2026, 1, 1), date(2026, 3, 1), 86_400, date(2026, 2, 28)),
    ],
)
def test_first_day(lower: date, newest: date | None, look_back: int, expected: date) -> None:
    assert first_day(lower, newest, look_back) == expected


@pytest.mark.parametrize(
    ("folder", "account", "region"),
    [
        ("123456789012/", "123456789012", "123456789012"),
        ("aws-account-id=123456789012/", "123456789012", None),
        ("1234567890123/", None, "1234567890123"),
        ("o-abc/", None, "o-abc"),
        ("us-gov-west-1/", None, "us-gov-west-1"),
        ("aws-region=us-east-1/", None, "us-east-1"),
        ("Not a region/", None, None),
    ],
)
def test_folder_names(folder: str, account: str | None, region: str | None) -> None:
    assert account_of(folder) == account
    assert region_of(folder) == region


def found(store: MemoryStore, prefix: str = P, start: date = DAY, until: date | None = None) -> list[str]:
    days = Days(start, until)
    return [entry.key for page in walk(prefix, days, store.list_page, date(2026, 1, 16)) for entry in page]


def store_of(*rests: str, page_size: int = 1000) -> MemoryStore:
    return MemoryStore({P + rest: b"x" for rest in rests}, page_size)


def test_everything_from_the_start_on_in_key_order() -> None:
    store = store_of("2025/12/31/a", "2026/01/14/b", "2026/01/15/c", "2026/01/15/d", "2026/02/01/e", "2027/01/01/f")
    assert found(store) == [P + rest for rest in ("2026/01/15/c", "2026/01/15/d", "2026/02/01/e", "2027/01/01/f")]


def test_old_years_cost_nothing_and_the_marker_is_the_date() -> None:
    store = store_of("2024/05/05/a", "2025/12/31/a", "2026/01/15/c")
    found(store)
    assert [(r.prefix[len(P) :], r.start_after[len(P) :]) for r in store.requests] == [
        ("", ""),
        ("2026/", "2026/01/15"),
    ]


@pytest.mark.parametrize("page_size", [1, 2, 3, 1000])
@pytest.mark.parametrize(
    "rests",
    [
        ("year=2025/month=12/day=31/a", "year=2026/month=01/day=14/b", "year=2026/month=01/day=15/c"),
        ("year=2026/month=1/day=3/a", "year=2026/month=2/day=1/b", "year=2026/month=10/day=2/c"),
        ("2026/1/2/a", "2026/1/15/b", "2026/10/2/c", "2026/2/3/d", "2026/12/31/e", "2026/9/9/f"),
        ("fl-1/2026/01/01/a", "fl-1/2026/01/20/b", "fl-2/2025/01/01/c", "fl-2/2026/01/15/d", "fl-3/x"),
        ("2026-01-01-00-00-00-A", "2026-01-14-00-00-00-B", "2026-01-15-00-00-00-C", "2026-02-15-00-00-00-D"),
        ("2026-01-14/2026-01-14-x", "2026-01-15/2026-01-15-x", "2026-01-16/2026-01-16-x"),
        ("0-undated", "2025/01/01/old", "2026/01/20/new", "undated", "year=2026/month=01/day=20/new"),
        ("2026/01/20/folder/", "2026/01/20/x"),
    ],
)
def test_every_layout_and_page_size(rests: tuple[str, ...], page_size: int) -> None:
    store = store_of(*rests, page_size=page_size)
    wanted = [P + r for r in sorted(rests) if (key_date(P + r, P) or DAY) >= DAY and not r.endswith("/")]
    got = found(store)
    assert sorted(got) == wanted
    if not any("/1/" in rest or "month=1/" in rest for rest in rests):
        assert got == wanted


def test_undated_keys_count_by_their_last_modification() -> None:
    store = store_of("0-old", "1-new", "2026/01/15/x", "late/new", "late/old")
    store.modified = {P + "0-old": date(2026, 1, 14), P + "late/old": date(2025, 1, 1)}
    assert found(store) == [P + rest for rest in ("1-new", "2026/01/15/x", "late/new")]


def test_millions_of_old_keys_are_jumped_over() -> None:
    old = [f"fl-1/2025/{month:02}/{day:02}/{n}" for month in range(1, 13) for day in range(1, 29) for n in range(3)]
    store = store_of(*old, "fl-1/2026/01/16/new", page_size=10)
    assert found(store) == [P + "fl-1/2026/01/16/new"]
    assert len(store.requests) == 3


def test_flat_dates_are_jumped_over_as_well() -> None:
    old = [f"2025-12-{day:02}-{hour:02}-00-00-A" for day in range(1, 32) for hour in range(24)]
    store = store_of(*old, "2026-01-15-01-00-00-B", page_size=10)
    assert found(store) == [P + "2026-01-15-01-00-00-B"]
    assert len(store.requests) == 2


def test_a_page_at_a_time() -> None:
    store = store_of(*(f"2026/01/15/{n:04}" for n in range(2500)))
    pages = walk(P, Days(DAY), store.list_page, DAY)
    assert len(next(pages)) == 1000
    assert len(store.requests) == 2  # the prefix itself and the first page, no more


def test_folders_over_all_pages() -> None:
    store = MemoryStore({f"AWSLogs/{n:012}/CloudTrail/x": b"" for n in range(57)}, page_size=10)
    assert list(folders("AWSLogs/", store.list_page)) == [f"{n:012}/" for n in range(57)]


# --- folders of days --------------------------------------------------------------------------------------------------


def written(day: date, layout: str) -> str:
    return {
        "padded": f"{day:%Y/%m/%d}",
        "bare": f"{day.year}/{day.month}/{day.day}",
        "hive": f"year={day.year}/month={day:%m}/day={day:%d}",
    }[layout]


@pytest.mark.parametrize("layout", ["padded", "bare", "hive"])
def test_a_long_span_is_listed_by_days_in_the_order_of_the_dates(layout: str) -> None:
    days = [date(2025, 12, 20) + timedelta(days=n) for n in range(60)]
    keys = [f"{written(day, layout)}/{n}" for day in days for n in range(3)]
    store = store_of(*keys, page_size=10)
    wanted = [P + key for key in keys if key_date(P + key, P) >= date(2026, 1, 2)]
    assert found(store, start=date(2026, 1, 2)) == wanted
    assert P + written(date(2026, 2, 3), layout) + "/" in [request.prefix for request in store.requests]


def test_what_lies_beside_the_folders_of_days_is_seen_as_well() -> None:
    odd = ["2026/01/notes", "2026/01/zz/x", "2026/02/30/x", "2026/13/x", "2026/readme", "2026/readme.old"]
    keys = [f"2026/01/{n:02}/{name}" for n in range(1, 32) for name in "ab"] + odd
    store = store_of(*keys, page_size=5)
    store.modified = {P + key: date(2026, 1, 20) for key in odd}
    assert sorted(found(store, start=date(2026, 1, 1))) == sorted(P + key for key in keys)


def test_a_span_ends_where_it_should() -> None:
    keys = [f"{date(2026, 1, 1) + timedelta(days=n):%Y/%m/%d}/x" for n in range(400)]
    store = store_of(*keys, page_size=20)
    assert found(store, start=date(2026, 3, 1), until=date(2026, 3, 3)) == [P + "2026/03/01/x", P + "2026/03/02/x"]
    assert len(store.requests) <= 8


def test_years_that_hold_nothing_wanted_are_not_listed() -> None:
    store = store_of("2024/01/01/a", "2025/01/01/b", "2026/01/01/c", "2027/01/01/d")
    assert found(store, start=date(2025, 1, 1), until=date(2026, 1, 1)) == [P + "2025/01/01/b"]
    assert [request.prefix for request in store.requests] == [P, P + "2025/"]


def test_flat_dates_behind_the_end_are_jumped_over() -> None:
    flat = [f"{date(2026, 1, 1) + timedelta(days=n):%Y-%m-%d}-{hour:02}-x" for n in range(300) for hour in range(24)]
    store = store_of(*flat, "zz/2026-01-03-x", page_size=50)
    wanted = [P + key for key in [*flat, "zz/2026-01-03-x"] if key_date(P + key, P) == date(2026, 1, 3)]
    assert found(store, start=date(2026, 1, 3), until=date(2026, 1, 4)) == wanted
    assert len(store.requests) <= 6


@pytest.mark.parametrize(
    ("days", "day", "holds"),
    [
        (Days(DAY), DAY, True),
        (Days(DAY), date(2026, 1, 14), False),
        (Days(DAY, date(2026, 1, 16)), DAY, True),
        (Days(DAY, date(2026, 1, 16)), date(2026, 1, 16), False),
    ],
)
def test_days(days: Days, day: date, holds: bool) -> None:
    assert (day in days) is holds


KEYS = st.lists(
    st.tuples(
        st.sampled_from(["", "a/", "year=", "z/b/", "flat", "a/flat"]),
        st.dates(date(2025, 11, 1), date(2026, 3, 31)),
        st.booleans(),
    ),
    max_size=30,
)


@given(KEYS, st.dates(date(2025, 12, 1), date(2026, 2, 28)), st.integers(0, 90), st.integers(1, 7))
def test_no_wanted_key_is_missed(keys: list[tuple[str, date, bool]], start: date, span: int, page_size: int) -> None:
    """Whatever the layout, padded or not, the walk sees exactly the keys of the wanted days, each once."""
    until = start + timedelta(days=span) if span else None
    rests = []
    for number, (folder, day, padded) in enumerate(keys):
        if folder.endswith("flat"):
            layout = f"{folder[:-4]}{day:%Y-%m-%d}-"
        elif folder == "year=":
            layout = written(day, "hive") + "/"
        else:
            layout = f"{folder}{written(day, 'padded' if padded else 'bare')}/"
        rests.append(f"{layout}{number}")
    store = store_of(*rests, page_size=page_size)
    wanted = sorted(P + rest for rest in rests if (key_date(P + rest, P) or start) in Days(start, until))
    got = found(store, start=start, until=until)
    assert sorted(got) == wanted
    if all(padded for _, _, padded in keys):
        assert got == wanted
