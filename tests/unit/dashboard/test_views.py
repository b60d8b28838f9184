"""What the views answer: overview, EC2, VPC, lists, one alert."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from alertmill.cli.init import make_home
from alertmill.dashboard.vpc import peaks
from unit.dashboard.homes import ZERO, alert, day_path, desk, flow, text_of


def test_the_overview_counts(tmp_path: Path) -> None:
    alerts = [
        alert(0, rule__groups=["aws", "login"]),
        alert(0, rule__groups=["aws", "login"], data__dstuser="bo"),
        alert(600, rule__groups=["aws", "other"], rule__level=13, rule__description="newest words"),
    ]
    with desk(tmp_path, alerts) as home:
        seen = home.ask("/api/overview")
    assert seen["figures"] == {"grave": 1, "rules": 1, "users": 2, "addresses": 1, "accounts": 1}
    assert seen["top"]["user"] == [["ana", 2], ["bo", 1]]
    assert seen["levels"] == [[3, 2], [13, 1]]
    assert seen["groups"] == [["aws", 3], ["login", 2], ["other", 1]]
    assert seen["rules"] == [{"rule": 80202, "count": 3, "level": 13, "description": "newest words"}]
    line = seen["timeline"]
    assert line["everywhere"] == ["aws"]
    assert {one["name"]: sum(one["counts"]) for one in line["series"]} == {"login": 2, "other": 1}
    assert line["times"][0] == ZERO
    assert len(line["times"]) == 600_000 // line["width"] + 1


@pytest.mark.parametrize("stack", ["level", "rule", "source", "account", "region", "user", "action"])
def test_bars_of_any_stack_add_up(tmp_path: Path, stack: str) -> None:
    alerts = [alert(n, data__dstuser=f"u{n % 15}", rule__id=str(n % 12 + 1), rule__level=n % 16) for n in range(60)]
    with desk(tmp_path, alerts) as home:
        seen = home.ask(f"/api/overview?stack={stack}")
    assert sum(sum(one["counts"]) for one in seen["timeline"]["series"]) == 60
    assert len(seen["timeline"]["series"]) <= 10


def test_a_chart_cannot_be_stacked_by_anything(tmp_path: Path) -> None:
    with desk(tmp_path, [alert()]) as home:
        assert home.get("/api/overview?stack=text").status == 400


def test_silence_within_the_asked_time_is_shown(tmp_path: Path) -> None:
    with desk(tmp_path, [alert(0)]) as home:
        line = home.ask("/api/overview?from=2026-01-15T09:00:00Z&to=2026-01-15T12:00:00Z")["timeline"]
    assert line["times"][0] <= ZERO - 3_600_000
    assert line["times"][-1] + line["width"] >= ZERO + 7_200_000


def test_ec2_per_kind_day_and_user(tmp_path: Path) -> None:
    day = 86_400
    alerts = [
        alert(0, data__aws__eventName="RunInstances"),
        alert(day, data__aws__eventName="StopInstances", data__dstuser="bo"),
        alert(2 * day, data__aws__eventName="StopInstances", data__aws__errorCode="Client.UnauthorizedOperation"),
        alert(2 * day, data__aws__eventSource="iam.amazonaws.com"),
    ]
    with desk(tmp_path, alerts) as home:
        seen = home.ask("/api/ec2")
    kinds = dict(seen["kinds"])
    assert (seen["count"], kinds["run"], kinds["stop"], kinds["unauthorized"]) == (3, 1, 1, 1)
    assert seen["timeline"]["width"] == day * 1000
    assert {one["name"]: one["counts"] for one in seen["timeline"]["series"]} == {
        "run": [1, 0, 0],
        "stop": [0, 1, 0],
        "unauthorized": [0, 0, 1],
    }
    assert [user["user"] for user in seen["users"]] == ["ana", "bo"]
    assert seen["users"][0]["count"] == sum(seen["users"][0]["kinds"]) == 2


FLOWS = [
    *(flow(n * 60, "10.0.0.1", "10.0.0.2", 100) for n in range(30)),
    *(flow(600 + n, f"198.51.100.{n}", "10.0.0.9", 50_000) for n in range(3)),
    flow(601, "198.51.100.1", "10.0.0.9", 10, data__action="REJECT"),
]


def test_who_talked_to_this_address_at_the_peak(tmp_path: Path) -> None:
    with desk(tmp_path, FLOWS) as home:
        line = home.ask("/api/vpc")["timeline"]
        top = line["times"][line["peaks"]["bytes"][0]]
        seen = home.ask(f"/api/vpc?peak={top}-{top + line['width']}&dst=10.0.0.9")
    talkers = [(row["src"], row["bytes"], row["rejected"]) for row in seen["talkers"]]
    assert ("198.51.100.1", 50_010, 1) in talkers
    assert {row["dst"] for row in seen["talkers"]} == {"10.0.0.9"}
    assert seen["total"] == {"bytes": 150_010, "packets": 8, "flows": 4, "accepted": 3, "rejected": 1}
    assert ["198.51.100.0", "10.0.0.9", 50_000, 0] in seen["matrix"]


def test_flows_can_be_counted_in_place_of_bytes(tmp_path: Path) -> None:
    with desk(tmp_path, FLOWS) as home:
        assert home.ask("/api/vpc?by=flows")["destinations"][0] == ["10.0.0.2", 30]
        assert home.ask("/api/vpc?by=bytes")["destinations"][0] == ["10.0.0.9", 150_010]
        assert home.get("/api/vpc?peak=x").status == 400


@pytest.mark.parametrize(
    ("bars", "expected"),
    [
        ([], []),
        ([0, 0], []),
        ([1, 1, 9, 1, 1], [2]),
        ([1, 9, 9, 1, 1, 20, 1], [5, 2]),
        ([5, 6, 5], [1]),
        ([9, 1, 1, 1], [0]),
        ([1, 1, 1, 9], [3]),
    ],
)
def test_peaks(bars: list[int], expected: list[int]) -> None:
    assert peaks(bars) == expected


def test_pages_of_alerts_follow_each_other(tmp_path: Path) -> None:
    with desk(tmp_path, [alert(n // 3) for n in range(25)]) as home:
        seen, before = [], ""
        while True:
            page = home.ask(f"/api/alerts?limit=7&before={before}")
            seen += [one["number"] for one in page["alerts"]]
            before = page["next"]
            if not before:
                break
        assert seen == sorted(seen, reverse=True)
        assert len(set(seen)) == 25
        assert len(home.ask("/api/alerts?limit=100000")["alerts"]) == 25
        assert home.get("/api/alerts?before=x").status == 400


@pytest.fixture(scope="module")
def full_home(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("home")
    make_home(folder)
    alerts = [
        alert(0, rule__id="80306", full_log="the log", data__secret="<b>x</b>"),
        alert(60),
        alert(7300, data__dstuser="bo"),
        alert(10, data__dstuser="bo", rule__id="999999"),
    ]
    with desk(folder, alerts) as made:
        yield made


def id_of(home, query: str) -> str:
    return home.ask(f"/api/alerts?{query}")["alerts"][0]["id"]


def test_an_alert_in_full(full_home) -> None:
    seen = full_home.ask(f"/api/alert/{id_of(full_home, 'rule=80306')}")
    assert seen["alert"]["data"]["secret"] == "<b>x</b>"
    assert json.loads(seen["raw"]) == seen["alert"]
    assert seen["object"] == {"bucket": "logs", "key": "AWSLogs/x.json.gz", "record": "4"}
    assert seen["file"] == "logs/alerts/2026/Jan/ossec-alerts-15.json"
    assert seen["explain"] == "the log"
    assert {(one["field"], one["count"]) for one in seen["related"]} == {("user", 1), ("src", 2)}


def test_the_path_of_a_rule_begins_at_the_top_and_ends_at_it(full_home) -> None:
    seen = full_home.ask(f"/api/alert/{id_of(full_home, 'rule=80306')}")
    ways = seen["path"]["paths"]
    assert ways
    for way in ways:
        assert way[-1]["id"] == 80306
        assert way[-1]["place"].startswith("ruleset/rules/")
        assert len(way) > 1
    assert any(80202 in [step["id"] for step in way] or len(way) > 2 for way in ways)


def test_a_rule_that_is_not_loaded_has_no_path(full_home) -> None:
    seen = full_home.ask(f"/api/alert/{id_of(full_home, 'rule=999999')}")
    assert seen["path"]["paths"] == []
    assert "999999" in seen["path"]["trouble"]


@pytest.mark.parametrize(
    "id", ["20260115.000-1", "20260115.000-999999", "../etc/passwd", "20991231.000-0", "x", "alerts-0"]
)
def test_what_is_no_alert_is_not_found(full_home, id: str) -> None:
    assert full_home.get(f"/api/alert/{id}").status == 404


def test_an_alert_keeps_its_address_when_its_day_is_compressed(tmp_path: Path) -> None:
    import gzip

    path = day_path(tmp_path)
    path.write_bytes(text_of([alert(0), alert(1, data__dstuser="bo")]))
    with desk(tmp_path) as home:
        id = id_of(home, "user=bo")
        path.with_name(path.name + ".gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
        home.folder.turn()
        assert home.ask(f"/api/alert/{id}")["alert"]["data"]["dstuser"] == "bo"


def test_an_alert_whose_file_went_away_is_not_found(tmp_path: Path) -> None:
    with desk(tmp_path, [alert(0)]) as home:
        id = id_of(home, "")
        day_path(tmp_path).unlink()
        (tmp_path / "logs/alerts/alerts.json").unlink()
        assert home.get(f"/api/alert/{id}").status == 404
