"""The dashboard's panels as saved objects for OpenSearch Dashboards (and Kibana 7.10), over Wazuh's own indices.

Pure: NDJSON text as its import page takes it. Every id is made from a name, so that importing again replaces.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

INDEX: Final = "wazuh-alerts-*"
_TIME = "timestamp"
_INDEX_REFERENCE = "kibanaSavedObjectMeta.searchSourceJSON.index"
#: The forms of 7.10, which every OpenSearch Dashboards reads and brings up to date.
_VERSIONS: Final = {"index-pattern": "7.6.0", "visualization": "7.10.0", "search": "7.9.3", "dashboard": "7.9.3"}
#: Columns of a dashboard's grid, and the height of a panel on it.
_GRID, _HEIGHT = 48, 14

_Object = dict[str, Any]

_EC2 = 'data.aws.eventSource: "ec2.amazonaws.com"'
_FLOWS = 'data.aws.source: "vpc"'
_REFUSED = f"{_EC2} and data.aws.errorCode: (*UnauthorizedOperation* or *AccessDenied*)"


def saved_objects() -> str:
    """All objects, one per line, and the summary that ends an export."""
    boards = [
        _board(
            "Alertmill AWS overview",
            [
                _bars("Alerts over time by group", "rule.groups"),
                _pie("Sources", "data.aws.source"),
                _pie("Accounts", "data.aws.aws_account_id"),
                _pie("Regions", "data.aws.awsRegion"),
                _pie("Buckets", "data.aws.log_info.s3bucket"),
                _pie("Levels", "rule.level"),
                _table("Top rules", ["rule.id", "rule.level"]),
                _table("Top users", ["data.dstuser"]),
                _table("Top source addresses", ["data.srcip"]),
            ],
        ),
        _board(
            "Alertmill EC2",
            [
                _bars("Calls to EC2 per day", "data.aws.eventName", query=_EC2, interval="d"),
                _bars("Calls to EC2 per user", "data.aws.userIdentity.userName", query=_EC2, interval="d"),
                _bars("Unauthorized calls to EC2", "data.aws.eventName", query=_REFUSED, interval="d"),
                _table("EC2 users and calls", ["data.aws.userIdentity.userName", "data.aws.eventName"], query=_EC2),
            ],
        ),
        _board(
            "Alertmill VPC flows",
            [
                _peaks("Bytes over time", "sum", query=_FLOWS),
                _peaks("Flows over time", "count", query=_FLOWS),
                _bars("Accepted against rejected", "data.aws.action", query=_FLOWS),
                _table(
                    "Talkers", ["data.aws.srcaddr", "data.aws.dstaddr", "data.aws.dstport"], query=_FLOWS, by_bytes=True
                ),
                _pie("Destination ports", "data.aws.dstport", query=_FLOWS),
            ],
        ),
    ]
    objects = [_index_pattern(), *(one for board in boards for one in board)]
    summary = {"exportedCount": len(objects), "missingRefCount": 0, "missingReferences": []}
    return "".join(json.dumps(one, sort_keys=True) + "\n" for one in [*objects, summary])


def _object(kind: str, title: str, attributes: _Object, references: Sequence[_Object] = ()) -> _Object:
    id = title if kind == "index-pattern" else f"alertmill-{'-'.join(title.lower().split())}"
    return {
        "id": id,
        "type": kind,
        "attributes": {"title": title, **attributes},
        "references": list(references),
        "migrationVersion": {kind: _VERSIONS[kind]},
    }


def _index_pattern() -> _Object:
    return _object("index-pattern", INDEX, {"timeFieldName": _TIME})


def _visualization(title: str, kind: str, aggregations: list[_Object], params: _Object, query: str) -> _Object:
    """A chart; Kibana keeps most of it as JSON within JSON."""
    source = {
        "query": {"query": query, "language": "kuery"},
        "filter": [],
        "indexRefName": _INDEX_REFERENCE,
    }
    state = {"title": title, "type": kind, "aggs": aggregations, "params": {"type": kind, **params}}
    attributes = {
        "description": "",
        "version": 1,
        "uiStateJSON": "{}",
        "visState": json.dumps(state),
        "kibanaSavedObjectMeta": {"searchSourceJSON": json.dumps(source)},
    }
    reference = {"name": _INDEX_REFERENCE, "type": "index-pattern", "id": INDEX}
    return _object("visualization", title, attributes, [reference])


def _metric(kind: str = "count") -> _Object:
    params = {"field": "data.aws.bytes"} if kind == "sum" else {}
    return {"id": "1", "enabled": True, "type": kind, "schema": "metric", "params": params}


def _terms(number: int, schema: str, field: str, size: int = 10) -> _Object:
    params = {"field": field, "orderBy": "1", "order": "desc", "size": size, "otherBucket": False}
    return {"id": str(number), "enabled": True, "type": "terms", "schema": schema, "params": params}


def _over_time(interval: str) -> _Object:
    params = {"field": _TIME, "interval": interval, "min_doc_count": 1, "extended_bounds": {}}
    return {"id": "2", "enabled": True, "type": "date_histogram", "schema": "segment", "params": params}


def _pie(title: str, field: str, *, query: str = "") -> _Object:
    params = {"addTooltip": True, "addLegend": True, "legendPosition": "right", "isDonut": True}
    return _visualization(title, "pie", [_metric(), _terms(2, "segment", field)], params, query)


def _bars(title: str, field: str, *, query: str = "", interval: str = "auto") -> _Object:
    """Numbers of alerts over time, stacked by a field."""
    aggregations = [_metric(), _over_time(interval), _terms(3, "group", field)]
    return _visualization(title, "histogram", aggregations, _axes("histogram", "Alerts"), query)


def _peaks(title: str, kind: str, *, query: str) -> _Object:
    """A quantity over time, as an area whose peaks can be dragged over."""
    name = "Bytes" if kind == "sum" else "Flows"
    return _visualization(title, "area", [_metric(kind), _over_time("auto")], _axes("area", name), query)


def _axes(kind: str, name: str) -> _Object:
    return {
        "addTooltip": True,
        "addLegend": True,
        "legendPosition": "right",
        "addTimeMarker": False,
        "categoryAxes": [
            {
                "id": "CategoryAxis-1",
                "type": "category",
                "position": "bottom",
                "show": True,
                "scale": {"type": "linear"},
            }
        ],
        "valueAxes": [
            {
                "id": "ValueAxis-1",
                "name": "LeftAxis-1",
                "type": "value",
                "position": "left",
                "show": True,
                "scale": {"type": "linear", "mode": "normal"},
                "title": {"text": name},
            }
        ],
        "seriesParams": [
            {
                "show": True,
                "type": kind,
                "mode": "stacked",
                "data": {"label": name, "id": "1"},
                "valueAxis": "ValueAxis-1",
            }
        ],
    }


def _table(title: str, fields: Sequence[str], *, query: str = "", by_bytes: bool = False) -> _Object:
    buckets = [_terms(number, "bucket", field, 20) for number, field in enumerate(fields, start=2)]
    params = {"perPage": 10, "showPartialRows": False, "showTotal": False, "totalFunc": "sum"}
    return _visualization(title, "table", [_metric("sum" if by_bytes else "count"), *buckets], params, query)


def _board(title: str, panels: Sequence[_Object]) -> list[_Object]:
    """A dashboard with its panels: the first over the whole width, the others two by two."""
    placed, references = [], []
    for number, panel in enumerate(panels):
        grid = {
            "x": 0 if number == 0 else (number - 1) % 2 * (_GRID // 2),
            "y": 0 if number == 0 else _HEIGHT * ((number + 1) // 2),
            "w": _GRID if number == 0 else _GRID // 2,
            "h": _HEIGHT,
            "i": str(number),
        }
        name = f"panel_{number}"
        placed.append({"panelIndex": str(number), "gridData": grid, "panelRefName": name, "embeddableConfig": {}})
        references.append({"name": name, "type": panel["type"], "id": panel["id"]})
    source = {"query": {"query": "", "language": "kuery"}, "filter": []}
    attributes = {
        "description": "Made by `alertmill dashboard --export opensearch`",
        "panelsJSON": json.dumps(placed),
        "optionsJSON": json.dumps({"useMargins": True, "hidePanelTitles": False}),
        "timeRestore": False,
        "version": 1,
        "kibanaSavedObjectMeta": {"searchSourceJSON": json.dumps(source)},
    }
    return [*panels, _object("dashboard", title, attributes, references)]
