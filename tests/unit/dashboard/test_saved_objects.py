"""The saved objects: whole, and consistent among themselves."""

from __future__ import annotations

import json

import pytest

from alertmill.dashboard.saved_objects import INDEX, saved_objects

LINES = [json.loads(line) for line in saved_objects().splitlines()]
OBJECTS, SUMMARY = LINES[:-1], LINES[-1]
BY_ID = {(one["type"], one["id"]): one for one in OBJECTS}
CHARTS = [one for one in OBJECTS if one["type"] == "visualization"]
BOARDS = [one for one in OBJECTS if one["type"] == "dashboard"]


def test_the_summary_tells_how_many() -> None:
    assert {"exportedCount": len(OBJECTS), "missingRefCount": 0, "missingReferences": []} == SUMMARY


def test_ids_are_unique_and_the_text_is_always_the_same() -> None:
    assert len(BY_ID) == len(OBJECTS)
    assert saved_objects() == saved_objects()


def test_every_reference_is_there_and_stands_behind_what_it_names() -> None:
    seen: set[tuple[str, str]] = set()
    for one in OBJECTS:
        for reference in one["references"]:
            assert (reference["type"], reference["id"]) in seen
        seen.add((one["type"], one["id"]))


def test_the_index_is_wazuhs() -> None:
    pattern = BY_ID["index-pattern", INDEX]
    assert pattern["attributes"] == {"title": "wazuh-alerts-*", "timeFieldName": "timestamp"}


@pytest.mark.parametrize("chart", CHARTS, ids=lambda one: one["id"])
def test_a_chart_is_one(chart: dict) -> None:
    attributes = chart["attributes"]
    state = json.loads(attributes["visState"])
    source = json.loads(attributes["kibanaSavedObjectMeta"]["searchSourceJSON"])
    assert state["title"] == attributes["title"]
    assert state["type"] == state["params"]["type"]
    assert [one["name"] for one in chart["references"]] == [source["indexRefName"]]
    numbers = [one["id"] for one in state["aggs"]]
    assert numbers == sorted(set(numbers))
    assert state["aggs"][0]["schema"] == "metric"


@pytest.mark.parametrize("board", BOARDS, ids=lambda one: one["id"])
def test_a_dashboard_shows_what_it_refers_to_without_overlap(board: dict) -> None:
    panels = json.loads(board["attributes"]["panelsJSON"])
    assert [panel["panelRefName"] for panel in panels] == [one["name"] for one in board["references"]]
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        grid = panel["gridData"]
        cells = {
            (x, y) for x in range(grid["x"], grid["x"] + grid["w"]) for y in range(grid["y"], grid["y"] + grid["h"])
        }
        assert not cells & taken
        assert max(x for x, _ in cells) < 48
        taken |= cells


def test_every_chart_is_on_a_dashboard() -> None:
    shown = {reference["id"] for board in BOARDS for reference in board["references"]}
    assert shown == {chart["id"] for chart in CHARTS}


@pytest.mark.parametrize("kind", ["pie", "histogram", "area", "table"])
def test_there_are_pies_stacks_peaks_and_tables(kind: str) -> None:
    assert kind in {json.loads(chart["attributes"]["visState"])["type"] for chart in CHARTS}
