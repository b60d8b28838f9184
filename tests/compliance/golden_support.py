"""Reading the golden data: its spelling of bytes, its datagrams, and what of an alert is golden at all."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from alertmill.alerts import AlertFacts
from alertmill.cases import Case, StockVerdict, read_cases
from alertmill.decoders import QueueMessage, load_decoders, split_queue_message
from alertmill.engine import Engine, EngineOptions
from alertmill.errors import Problems
from alertmill.event import Record, from_byte_text
from alertmill.ruleset import RuleOptions, load_lists, load_rules
from support import SHARED

HOSTNAME = "alertmill-test"
FACTS = AlertFacts(HOSTNAME, zone=UTC)

#: A Saturday, 17:21 UTC: far from a full hour, at which counters are reset.
START = 1795281660.0

GOLDEN = SHARED / "golden"
STOCK = SHARED / "wazuh-4.14"

#: For modules that parametrize over the reference data: skipped as a whole, saying why, where it is absent.
needs_golden = pytest.mark.skipif(not GOLDEN.exists(), reason=f"reference data is not here: {GOLDEN}")

#: The rule file that the default configuration leaves out (it alerts on logins at night and at weekends).
EXCLUDED = "0215-policy_rules.xml"

Json = dict[str, Any]
File = tuple[str, str]


def rows(path: Path) -> Iterator[Json]:
    """The values of a .jsonl file, gzipped or not; nothing when there is no such file."""
    zipped = path.with_name(path.name + ".gz")
    data = path.read_bytes() if path.exists() else gzip.decompress(zipped.read_bytes()) if zipped.exists() else b""
    for line in data.splitlines():
        yield json.loads(line)


def text_of(path: Path) -> str:
    """A file as byte text."""
    return path.read_bytes().decode("latin-1")


def load_engine(
    rules: Iterable[File],
    decoders: Iterable[File],
    lists: Mapping[str, str | None] | None = None,
    *,
    log_alert_level: int = 3,
    problems: Problems | None = None,
    **options: Any,
) -> Engine:
    """An engine of these (path, byte text) files, for the manager of the golden data. Raises LoadError."""
    found = Problems() if problems is None else problems
    tree = load_decoders(decoders, found)
    rule_options = RuleOptions(log_alert_level=log_alert_level, email_alert_level=12, zone=UTC, **options)
    ruleset = load_rules(rules, load_lists(lists or {}, found), tree.identities, rule_options, found)
    found.raise_if_fatal("not loaded")
    return Engine(tree, ruleset, EngineOptions(HOSTNAME))


def stock_files(kind: str) -> list[File]:
    """The stock files of a kind (`rules`, `decoders`) as (path, byte text), in load order, but for the excluded one."""
    paths = [path for path in sorted((STOCK / kind).glob("*.xml")) if path.name != EXCLUDED]
    return [(f"ruleset/{kind}/{path.name}", text_of(path)) for path in paths]


def stock_lists() -> dict[str, str | None]:
    """The lists of the default configuration, by the name that rules use."""
    folder = STOCK / "lists"
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {f"etc/lists/{path.relative_to(folder)}": text_of(path) for path in files}


@cache
def stock_engine() -> Engine:
    """The stock ruleset in its default configuration."""
    return load_engine(stock_files("rules"), stock_files("decoders"), stock_lists())


def stock_test_files() -> tuple[list[File], list[File]]:
    """The stock rules and decoders as the stock test runner prepares them (golden README, A), in load order."""
    rules = [(path, _without_eventchannel(text)) for path, text in stock_files("rules")]
    tests = STOCK / "tests" / "ruleset"
    rules += [(f"etc/rules/{path.name}", text_of(path)) for path in sorted(tests.glob("*_rules.xml"))]
    decoders = stock_files("decoders")
    decoders += [(f"etc/decoders/{path.name}", text_of(path)) for path in sorted(tests.glob("*_decoders.xml"))]
    by_name = sorted(rules, key=lambda file: file[0].rpartition("/")[2])
    return by_name, sorted(decoders, key=lambda file: file[0].rpartition("/")[2])


@cache
def stock_test_engine() -> Engine:
    """The engine of these."""
    return load_engine(*stock_test_files(), stock_lists())


def _without_eventchannel(text: str) -> str:
    """Rule 60000 takes events of the json decoder, of any category."""
    start = text.find('<rule id="60000"')
    if start < 0:
        return text
    end = text.index("</rule>", start)
    rule = re.sub(r"<category>.*?</category>", "", text[start:end])
    rule = re.sub(r"<decoded_as>.*?</decoded_as>", "<decoded_as>json</decoded_as>", rule)
    return text[:start] + rule + text[end:]


def record_of_datagram(datagram: str, time: float) -> Record:
    """The record of a queue message in the golden data's spelling."""
    parts = split_queue_message(datagram.encode("utf-8", "surrogateescape"))
    assert isinstance(parts, QueueMessage), parts
    return Record(parts.message, parts.location, time, queue=parts.queue)


def parsed(line: bytes) -> Json:
    """A line of output as the golden data spell it."""
    value: Json = json.loads(line.decode("utf-8", "surrogateescape"))
    return normal(value)


def normal(event: Json) -> Json:
    """Without what is not golden: times, ids, names of techniques."""
    event = {name: value for name, value in event.items() if name not in ("timestamp", "id")}
    mitre = event.get("rule", {}).get("mitre")
    if mitre is not None:
        event["rule"] = event["rule"] | {"mitre": {"id": mitre["id"]}}
    return event


def difference(found: Any, expected: Any, path: str = "") -> list[str]:
    """Every member in which two values differ, one line each."""
    if isinstance(found, dict) and isinstance(expected, dict):
        lines = []
        for name in sorted({*found, *expected}):
            place = f"{path}.{name}"
            if name not in found or name not in expected:
                lines.append(f"{place}: {'missing' if name in expected else 'too much'}: {(found | expected)[name]!r}")
            else:
                lines += difference(found[name], expected[name], place)
        return lines
    return [] if found == expected and type(found) is type(expected) else [f"{path}: {found!r} != {expected!r}"]


def ini_cases(path: Path) -> list[Case]:
    """The cases of a stock test file (spec/logtest.md 4)."""
    problems = Problems()
    cases = read_cases(path.name, path.read_text(encoding="utf-8"), problems)
    assert not problems.errors, problems.draw()
    return cases


def ini_row(case: Case) -> Json:
    """A case as a row of stock-tests.jsonl without its result."""
    section, _, key = case.name.removeprefix("[").partition("] log ")
    expect = case.steps[-1].expect
    assert isinstance(expect, StockVerdict)
    log = "\n".join(from_byte_text(step.message) for step in case.steps)
    kind = "pass" if expect.passes else "fail"
    wanted = {"rule": expect.rule, "level": expect.level, "decoder": expect.decoder, "kind": kind}
    return {"file": case.path, "section": section, "key": f"log {key}", "log": log, "expect": wanted}
