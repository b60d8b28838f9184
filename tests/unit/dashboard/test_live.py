"""The live tail: what comes into the cache comes out as events, once, in order, filtered."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from alertmill.dashboard import live
from alertmill.dashboard.filters import Filters
from alertmill.dashboard.listing import MOST_ROWS, came_since
from unit.dashboard.homes import alert, desk, write_day


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "TICK", 0.001)


async def _pieces(stream, count: int) -> list[bytes]:
    found = []
    async for piece in stream:
        found.append(piece)
        if len(found) == count:
            break
    return found


def test_rows_come_once_and_in_order() -> None:
    numbers = iter([5, 5, 7, 7, 9, 9])

    async def since(number: int):
        return [{"number": number + 1}], 0

    pieces = asyncio.run(_pieces(live.events(lambda: next(numbers), since), 3))
    assert pieces[0].startswith(b"event: hello")
    assert [json.loads(piece.partition(b"data: ")[2])["alerts"][0]["number"] for piece in pieces[1:]] == [6, 8]
    assert b"id: 9\n" in pieces[2]


def test_a_browser_that_comes_back_goes_on_where_it_was() -> None:
    asked = []

    async def since(number: int):
        asked.append(number)
        return [{}], 0

    asyncio.run(_pieces(live.events(lambda: 20, since, begin=12), 2))
    assert asked == [12]


def test_silence_has_signs_of_life(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "HEARTBEAT", 0.0)

    async def since(_: int):
        return [], 0

    assert asyncio.run(_pieces(live.events(lambda: 1, since), 2))[1].startswith(b":")


def test_hostile_text_does_not_end_an_event() -> None:
    made = live.event("alerts", {"text": "a\n\nevent: evil\ndata: {}\r\n\u2028"})
    assert made.count(b"\n\n") == 1
    assert made.count(b"event: ") == 2  # one of them within the JSON text
    assert made.splitlines()[1].startswith(b"data: ")


def test_only_what_fits_and_what_came_since(tmp_path: Path) -> None:
    with desk(tmp_path, [alert(0)]) as home:
        begin = home.cache.last
        write_day(tmp_path, [alert(0), *(alert(n, data__dstuser="bo") for n in range(1, 4)), alert(9)])
        home.folder.turn()
        bo = Filters(wanted=(("user", ("bo",)),))
        with home.cache.reading() as cursor:
            found, left_out = came_since(cursor, bo, begin, home.folder.key)
            again, _ = came_since(cursor, bo, home.cache.last, home.folder.key)
    assert [one["username"] for one in found] == ["bo"] * 3
    assert [one["number"] for one in found] == sorted(one["number"] for one in found)
    assert (left_out, again) == (0, [])


def test_a_flood_is_cut_and_the_rest_counted(tmp_path: Path) -> None:
    with desk(tmp_path, [alert(n) for n in range(MOST_ROWS + 30)]) as home, home.cache.reading() as cursor:
        found, left_out = came_since(cursor, Filters(), 0, home.folder.key)
    assert (len(found), left_out) == (MOST_ROWS, 30)
    assert found[-1]["time"] > found[0]["time"]


def test_too_many_streams_are_refused(tmp_path: Path) -> None:
    with desk(tmp_path, [alert()]) as home:
        home.dashboard._streams = live.MOST_STREAMS
        assert home.get("/api/live").status == 503
        assert home.get("/api/live?rule=x").status == 400
