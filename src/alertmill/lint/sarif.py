"""Findings as SARIF 2.1.0, the form in which code review tools take them. A value: others write it."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote

from alertmill.codes import Code
from alertmill.errors import Origin, Problem, Severity
from alertmill.lint.kinds import Kind

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
VERSION = "2.1.0"

_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "note"}


def sarif(findings: Iterable[Problem], known: Iterable[Kind], program_version: str) -> dict[str, object]:
    """One run with all findings. `known` are the kinds that the table of rules lists, found or not."""
    found = list(findings)
    codes: dict[str, Code] = {kind.id: kind for kind in known}
    for finding in found:
        codes.setdefault(finding.code.id, finding.code)
    places = {id: place for place, id in enumerate(codes)}
    driver = {"name": "alertmill lint", "version": program_version, "rules": [_rule(code) for code in codes.values()]}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding, places[finding.code.id]) for finding in found],
    }
    return {"$schema": SCHEMA, "version": VERSION, "runs": [run]}


def _rule(code: Code) -> dict[str, object]:
    rule: dict[str, object] = {
        "id": code.id,
        "shortDescription": {"text": code.title},
        "help": {"text": code.cure},
    }
    if isinstance(code, Kind):
        rule["fullDescription"] = {"text": code.why}
        rule["defaultConfiguration"] = {"level": _LEVELS[code.severity]}
    return rule


def _result(finding: Problem, place: int) -> dict[str, object]:
    text = f"{finding.message}. {finding.hint}" if finding.hint else finding.message
    result: dict[str, object] = {
        "ruleId": finding.code.id,
        "ruleIndex": place,
        "level": _LEVELS[finding.severity],
        "message": {"text": text},
    }
    if finding.origin is not None:
        result["locations"] = [{"physicalLocation": _location(finding.origin)}]
    return result


def _location(origin: Origin) -> dict[str, object]:
    scheme = "file://" if origin.path.startswith("/") else ""
    location: dict[str, object] = {"artifactLocation": {"uri": scheme + quote(origin.path, errors="surrogateescape")}}
    if origin.line:
        region: dict[str, object] = {"startLine": origin.line}
        if origin.end > origin.start:
            region |= {"startColumn": origin.start + 1, "endColumn": origin.end + 1}
        location["region"] = region
    return location
