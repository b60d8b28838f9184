"""The cache: made anew when damaged, elsewhere when it must be, and able to reach nothing but itself."""

from __future__ import annotations

import threading
from pathlib import Path

import duckdb
import pytest

from alertmill.dashboard import cache as cache_module
from alertmill.dashboard.app import Dashboard
from alertmill.dashboard.cache import FILE_NAME, Cache, CacheError, open_cache
from alertmill.dashboard.fold import Folder
from unit.dashboard.homes import alert, desk, write_day


def folded(var: Path, home: Path) -> tuple[Path, int]:
    """Where a cache opened for `var` lies, and how many rows it has after a turn."""
    cache = open_cache(var)
    try:
        folder = Folder(home, cache)
        folder.turn()
        return cache.folder, folder.standing().rows
    finally:
        cache.close()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    write_day(tmp_path, [alert(n) for n in range(5)])
    (tmp_path / "var").mkdir()
    return tmp_path


def test_it_lies_in_var_and_is_for_its_owner_alone(home: Path) -> None:
    where, rows = folded(home / "var", home)
    assert (where, rows) == (home / "var" / "dashboard", 5)
    assert where.stat().st_mode & 0o777 == 0o700
    assert (where / FILE_NAME).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("damage", [b"", b"junk" * 4000, None, "middle"], ids=["empty", "junk", "deleted", "middle"])
def test_a_damaged_one_is_made_anew(home: Path, damage: bytes | str | None) -> None:
    where, _ = folded(home / "var", home)
    file = where / FILE_NAME
    content = file.read_bytes()
    if damage is None:
        file.unlink()
    elif damage == "middle":
        file.write_bytes(content[:4096] + b"\xff" * 12_000 + content[16_096:])
    else:
        file.write_bytes(damage)  # type: ignore[arg-type]
    assert folded(home / "var", home) == (where, 5)


def test_one_of_another_version_is_made_anew(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folded(home / "var", home)
    with duckdb.connect(str(home / "var/dashboard" / FILE_NAME)) as connection:
        connection.execute("UPDATE version SET number = -1")
        connection.execute("INSERT INTO alerts (number) VALUES (99)")
    assert folded(home / "var", home)[1] == 5


def test_where_var_cannot_be_written_it_is_temporary(home: Path) -> None:
    (home / "var").rmdir()
    (home / "var").write_text("no folder")
    where, rows = folded(home / "var", home)
    assert rows == 5
    assert home not in where.parents
    assert not where.exists(), "and gone with the process"


def test_where_nothing_can_be_written_it_says_so(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "var").rmdir()

    def full(**_: object) -> str:
        raise OSError("no space")

    monkeypatch.setattr(cache_module.tempfile, "mkdtemp", full)
    with pytest.raises(CacheError, match="no space"):
        open_cache(home / "missing" / "var")


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_text('/etc/hostname')",
        "COPY (SELECT 1) TO '{0}/out.csv'",
        "ATTACH '{0}/other.db'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "SET memory_limit = '64GB'",
        "SELECT * FROM statement",
    ],
)
def test_the_database_reaches_nothing_else(tmp_path: Path, statement: str) -> None:
    made = Cache(tmp_path)
    try:
        with made.reading() as cursor, pytest.raises(duckdb.Error):
            cursor.execute(statement.format(tmp_path)).fetchall()
    finally:
        made.close()
    assert not (tmp_path / "out.csv").exists()


def test_a_query_that_takes_too_long_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def endless(cursor: duckdb.DuckDBPyConnection, *_: object) -> dict[str, object]:
        cursor.execute("SELECT sum(a.range * b.range) FROM range(10000000) a, range(10000000) b").fetchall()
        return {}

    monkeypatch.setattr("alertmill.dashboard.app.QUERY_TIME", 0.2)
    monkeypatch.setattr("alertmill.dashboard.app.overview", endless)
    with desk(tmp_path, [alert()]) as home:
        reply = home.get("/api/overview")
        assert reply.status == 503
        assert "shorter range" in reply.value()["error"]
        assert home.ask("/api/alerts")["alerts"], "and the next one is answered"


def test_answers_are_kept_until_the_cache_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with desk(tmp_path, [alert(0)]) as home:
        application = home.dashboard
        assert isinstance(application, Dashboard)
        assert home.ask("/api/overview")["count"] == 1
        assert len(application._answers) == 1
        home.ask("/api/overview")
        assert len(application._answers) == 1
        write_day(tmp_path, [alert(0), alert(1)])
        home.folder.turn()
        assert home.ask("/api/overview")["count"] == 2
        for number in range(80):
            home.ask(f"/api/overview?rule={number}")
        assert len(application._answers) <= 64


def test_readers_and_the_writer_do_not_wait_for_each_other(tmp_path: Path) -> None:
    with desk(tmp_path, [alert(n) for n in range(50)]) as home:
        found: list[int] = []

        def read() -> None:
            for _ in range(20):
                with home.cache.reading() as cursor:
                    found.append(cursor.execute("SELECT count(*) FROM alerts").fetchall()[0][0])

        readers = [threading.Thread(target=read) for _ in range(3)]
        for reader in readers:
            reader.start()
        for more in range(51, 60):
            write_day(tmp_path, [alert(n) for n in range(more)])
            home.folder.turn()
        for reader in readers:
            reader.join()
        assert len(found) == 60
        assert all(0 <= count <= 59 for count in found)
