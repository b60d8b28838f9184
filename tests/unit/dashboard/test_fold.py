"""Alert files become a cache, and the cache follows them through everything that happens to files."""

from __future__ import annotations

import gzip
import os
from functools import partial
from pathlib import Path

import pytest

from alertmill.dashboard import fold
from alertmill.dashboard.alert_files import LINE_LIMIT, blocks
from alertmill.dashboard.cache import Cache
from unit.dashboard.homes import alert, desk, text_of, write_day


@pytest.fixture
def cache(tmp_path: Path):
    (tmp_path / "cache").mkdir()
    made = Cache(tmp_path / "cache")
    yield made
    made.close()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def seconds(cache: Cache) -> list[int]:
    """Which alerts the cache has, by the user that tells them apart."""
    with cache.reading() as cursor:
        return [int(name) for (name,) in cursor.execute("SELECT username FROM alerts ORDER BY number").fetchall()]


def numbered(*numbers: int) -> list:
    return [alert(number, data__dstuser=str(number)) for number in numbers]


def test_every_file_is_folded_once_the_newest_first(home: Path, cache: Cache) -> None:
    write_day(home, numbered(1, 2), day=14)
    write_day(home, numbered(3), day=15)
    folder = fold.Folder(home, cache)
    assert folder.turn()
    assert seconds(cache) == [3, 1, 2]
    assert not folder.turn()
    assert [folder.standing().files, folder.standing().rows, folder.standing().waiting] == [2, 3, 0]


def test_alerts_json_and_its_day_file_are_one(home: Path, cache: Cache) -> None:
    write_day(home, numbered(1))
    fold.Folder(home, cache).turn()
    assert seconds(cache) == [1]


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(
    ("of_day", "linked", "expected"),
    [
        ((1, 2), (1, 2), [1, 2]),
        ((1, 2, 3), (1, 2), [1, 2, 3]),
        ((1, 2), (3, 4), [3, 4, 1, 2]),
        ((1, 2), (), [1, 2]),
    ],
)
def test_a_copied_home_has_every_alert_once(
    home: Path, cache: Cache, packed: bool, of_day: tuple[int, ...], linked: tuple[int, ...], expected: list[int]
) -> None:
    write_day(home, numbered(9), day=14)
    day = write_day(home, numbered(*of_day))
    link = home / "logs/alerts/alerts.json"
    link.unlink()
    link.write_bytes(text_of(numbered(*linked)))
    if packed:
        day.with_name(f"{day.name}.gz").write_bytes(gzip.compress(day.read_bytes()))
        day.unlink()
    fold.Folder(home, cache).turn()
    assert seconds(cache) == [*expected, 9]


def test_the_longer_of_two_copies_counts(home: Path, cache: Cache) -> None:
    write_day(home, numbered(1, 2))
    link = home / "logs/alerts/alerts.json"
    link.unlink()
    link.write_bytes(text_of(numbered(1, 2, 3)))
    fold.Folder(home, cache).turn()
    assert seconds(cache) == [1, 2, 3]


def test_files_that_begin_alike_and_go_on_differently_are_two(home: Path, cache: Cache) -> None:
    write_day(home, numbered(1, 2))
    link = home / "logs/alerts/alerts.json"
    link.unlink()
    link.write_bytes(text_of(numbered(1, 3)))
    fold.Folder(home, cache).turn()
    assert seconds(cache) == [1, 3, 1, 2]


def test_an_alerts_json_of_its_own_is_read(home: Path, cache: Cache) -> None:
    path = home / "logs/alerts/alerts.json"
    path.parent.mkdir(parents=True)
    path.write_bytes(text_of(numbered(1, 2)))
    folder = fold.Folder(home, cache)
    folder.turn()
    assert seconds(cache) == [1, 2]
    assert folder.file("alerts") is not None


def test_only_what_is_new_is_read_and_half_a_line_waits(home: Path, cache: Cache) -> None:
    path = write_day(home, numbered(1))
    folder = fold.Folder(home, cache)
    folder.turn()
    whole = text_of(numbered(2))
    with path.open("ab") as file:
        file.write(whole[:40])
    assert not folder.turn()
    with path.open("ab") as file:
        file.write(whole[40:])
    assert folder.turn()
    assert seconds(cache) == [1, 2]
    assert folder.standing().corrupt == 0


def test_the_last_line_of_a_day_that_is_over_needs_no_end(home: Path, cache: Cache) -> None:
    path = write_day(home, numbered(1), day=14)
    path.write_bytes(path.read_bytes().rstrip(b"\n"))
    write_day(home, numbered(2), day=15)
    fold.Folder(home, cache).turn()
    assert seconds(cache) == [2, 1]


def test_lines_that_are_no_alerts_are_counted(home: Path, cache: Cache) -> None:
    bad = [b"not json", b"[1]", b'{"rule":{}}', b"\x00\xff", b"{" * 5000, b"x" * (LINE_LIMIT + 10), b"   ", b""]
    write_day(home, [*numbered(1), *bad, *numbered(2)])
    folder = fold.Folder(home, cache)
    folder.turn()
    assert seconds(cache) == [1, 2]
    assert folder.standing().corrupt == 6


def test_bytes_that_are_not_utf8_are_shown_as_such(home: Path, cache: Cache) -> None:
    line = text_of([alert(data__dstuser="caf?")]).replace(b"caf?", b"caf\xe9").rstrip(b"\n")
    write_day(home, [line])
    fold.Folder(home, cache).turn()
    with cache.reading() as cursor:
        assert cursor.execute("SELECT username FROM alerts").fetchall() == [("caf\ufffd",)]


def test_separators_and_surrogates_in_an_alert_do_no_harm(home: Path, cache: Cache) -> None:
    hostile = text_of([alert(data__dstuser="a\x1eb\x00c", rule__description="\ud800")]).rstrip(b"\n")
    write_day(home, [hostile, *numbered(2)])
    folder = fold.Folder(home, cache)
    folder.turn()
    with cache.reading() as cursor:
        found = cursor.execute("SELECT username, action FROM alerts ORDER BY number").fetchall()
    assert found == [("a b\x00c", "DescribeThings"), ("2", "DescribeThings")]


def test_a_compressed_day_is_known_again_by_its_sum(home: Path, cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_day(home, numbered(1, 2))
    folder = fold.Folder(home, cache)
    folder.turn()
    _compress(path, path.read_bytes())
    monkeypatch.setattr(fold, "make_rows", lambda _lines: pytest.fail("it was read again"))
    assert not folder.turn()
    assert seconds(cache) == [1, 2]
    assert not fold.Folder(home, cache).turn(), "and by a folder that begins"


def test_a_compressed_day_with_other_content_is_read_anew(home: Path, cache: Cache) -> None:
    path = write_day(home, numbered(1, 2))
    folder = fold.Folder(home, cache)
    folder.turn()
    _compress(path, text_of(numbered(1, 3)))
    assert folder.turn()
    assert seconds(cache) == [1, 3]


def _compress(path: Path, content: bytes) -> None:
    path.with_name(path.name + ".gz").write_bytes(gzip.compress(content))
    path.unlink()
    (path.parents[2] / "alerts.json").unlink()


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(text_of(numbered(7, 8))),
        lambda path: path.write_bytes(text_of(numbered(7))),
        lambda path: path.write_bytes(text_of(numbered(7, 8, 9))),
        lambda path: (path.unlink(), write_day(path.parents[4], numbered(7, 8))),
    ],
    ids=["edited", "shorter", "edited and longer", "another file"],
)
def test_a_file_that_was_changed_is_read_anew(home: Path, cache: Cache, damage) -> None:
    path = write_day(home, numbered(1, 2))
    folder = fold.Folder(home, cache)
    folder.turn()
    damage(path)
    os.utime(path, ns=(1, 1))
    folder.turn()
    assert set(seconds(cache)) <= {7, 8, 9}
    assert 7 in seconds(cache)


def test_a_file_that_is_gone_is_taken_out(home: Path, cache: Cache) -> None:
    old = write_day(home, numbered(1), day=14)
    write_day(home, numbered(2), day=15)
    folder = fold.Folder(home, cache)
    folder.turn()
    old.unlink()
    assert folder.turn()
    assert seconds(cache) == [2]


def test_damaged_compressed_files_are_told_and_do_not_stop_the_others(home: Path, cache: Cache) -> None:
    path = write_day(home, numbered(1), day=14)
    packed = gzip.compress(text_of(numbered(*range(2000))))
    path.with_name(path.name + ".gz").write_bytes(packed[: len(packed) // 2])
    path.unlink()
    write_day(home, numbered(2), day=15)
    folder = fold.Folder(home, cache)
    folder.turn()
    assert 2 in seconds(cache)
    assert len(folder.standing().trouble) == 1
    assert "ossec-alerts-14.json.gz" in folder.standing().trouble[0]


def test_what_stands_before_the_damage_counts_and_is_not_read_again_each_turn(home: Path, cache: Cache) -> None:
    path = write_day(home, [b"%d" % n * 200 for n in range(100)], day=14)
    packed = gzip.compress(text_of([*numbered(*range(3000))]))
    path.with_name(path.name + ".gz").write_bytes(packed[:-2000])
    path.unlink()
    folder = fold.Folder(home, cache)
    folder.turn()
    found = seconds(cache)
    assert found == list(range(len(found)))
    assert len(found) > 1000
    assert not folder.turn()
    assert len(folder.standing().trouble) == 1


def test_what_comes_in_while_old_files_are_read_does_not_wait(
    home: Path, cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    for day in (12, 13, 14):
        write_day(home, numbered(day), day=day)
    today = write_day(home, numbered(1), day=15)
    made, calls = fold.make_rows, []

    def growing(lines):
        calls.append(lines)
        if len(calls) == 2:
            with today.open("ab") as file:
                file.write(text_of(numbered(2)))
        return made(lines)

    monkeypatch.setattr(fold, "make_rows", growing)
    fold.Folder(home, cache).turn()
    assert seconds(cache) == [1, 14, 2, 13, 12]


def test_folding_goes_on_where_it_was_stopped(home: Path, cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fold, "BATCH_LINES", 10)
    monkeypatch.setattr("alertmill.dashboard.alert_files._PIECE", 4096)
    write_day(home, numbered(*range(100)))
    stopped: list[bool] = []
    fold.Folder(home, cache, lambda: len(stopped.append(True) or stopped) > 3).turn()
    part = len(seconds(cache))
    assert 0 < part < 100
    fold.Folder(home, cache).turn()
    assert seconds(cache) == list(range(100))


def test_worker_processes_make_the_same_rows(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fold, "LARGE", 0)
    monkeypatch.setattr(fold, "BATCH_LINES", 50)
    monkeypatch.setattr("alertmill.dashboard.alert_files._PIECE", 4096)
    write_day(home, [*numbered(*range(300)), b"junk"])
    contents = []
    for workers in (0, 2):
        folder = tmp_path / f"cache{workers}"
        folder.mkdir()
        made = Cache(folder)
        folding = fold.Folder(home, made, workers=workers)
        folding.turn()
        with made.reading() as cursor:
            contents.append((cursor.execute("SELECT * FROM alerts ORDER BY number").fetchall(), folding.standing()))
        made.close()
    assert contents[0] == contents[1]
    assert contents[0][1].rows == 300


def test_behind_many_rows_the_log_of_changes_is_empty(
    home: Path, cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = cache.folder / "alerts.duckdb.wal"
    write_day(home, numbered(*range(50)))
    folder = fold.Folder(home, cache)
    folder.turn()
    assert log.stat().st_size > 0
    monkeypatch.setattr(fold, "MANY", 10)
    write_day(home, numbered(*range(100)))
    folder.turn()
    assert not log.exists() or log.stat().st_size == 0
    assert seconds(cache)[-1] == 99


def test_without_its_workers_it_goes_on_alone(home: Path, cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fold, "LARGE", 0)
    monkeypatch.setattr(fold, "_end_with_parent", partial(os._exit, 1))
    write_day(home, numbered(*range(30)))
    folder = fold.Folder(home, cache, workers=1)
    folder.turn()
    assert seconds(cache) == list(range(30))
    assert folder.standing().trouble == ()


@pytest.mark.parametrize("piece", [1, 7, 64, 10_000])
def test_lines_do_not_depend_on_how_the_file_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, piece: int
) -> None:
    monkeypatch.setattr("alertmill.dashboard.alert_files._PIECE", piece)
    monkeypatch.setattr("alertmill.dashboard.alert_files.LINE_LIMIT", 20)
    content = b"one\n\ntwo\n" + b"x" * 50 + b"\nlast"
    path = tmp_path / "file"
    path.write_bytes(content)
    with path.open("rb") as file:
        found = list(blocks(file, 0, 0, ended=True))
    lines = [line for block in found for line in block.lines]
    assert [line.text for line in lines] == [b"one", b"", b"two", None, b"last"]
    assert [line.offset for line in lines] == [0, 4, 5, 9, 60]
    assert found[-1].end == len(content)
    import zlib

    assert found[-1].sum == zlib.crc32(content)


def test_a_link_below_logs_is_not_followed(home: Path, cache: Cache, tmp_path: Path) -> None:
    outside = tmp_path / "outside.json"
    outside.write_bytes(text_of(numbered(9)))
    path = write_day(home, numbered(1))
    path.with_name("ossec-alerts-14.json").symlink_to(outside)
    fold.Folder(home, cache).turn()
    assert seconds(cache) == [1]


def test_a_home_without_alerts_has_none(tmp_path: Path) -> None:
    with desk(tmp_path) as empty:
        assert empty.ask("/api/overview")["count"] == 0
        assert empty.ask("/api/alerts") == {"alerts": [], "next": ""}
        for view in ("ec2", "vpc"):
            assert empty.ask(f"/api/{view}")["count"] == 0
