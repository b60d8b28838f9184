"""Decoding agrees with the reference: every event of the golden data gets the same header, decoder and fields.

Rules are not involved. The `data` object is put together here, by the rules of spec/alerts.md 2.7, so that a mistake in
the alert writer cannot hide one in the decoders.
"""

from __future__ import annotations

import contextlib
import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from alertmill.decoders import DecoderTree, Rejected, load_decoders, predecode, split_queue_message
from alertmill.errors import Problems
from alertmill.event import STATIC_FIELDS, Event, Record, from_byte_text, to_byte_text
from support import SHARED, need_shared

pytestmark = pytest.mark.skipif(not SHARED.exists(), reason=f"reference data is not here: {SHARED}")

HOST = "alertmill-test"
#: Scenarios whose events get further data between decoding and output.
GETS_MORE_DATA = {"accumulate"}
SHOWN_HOST = re.compile(r"[A-Z][a-z][a-z] [ 0123][0-9] [0-9][0-9]:[0-9][0-9]:[0-9][0-9] ([^ ]+)")


def load(files: list[tuple[str, str]]) -> DecoderTree:
    problems = Problems()
    tree = load_decoders(files, problems)
    assert problems.draw() == ""
    return tree


def decoder_files(*folders: Path) -> list[tuple[str, str]]:
    paths = sorted((path for folder in folders for path in folder.glob("*decoders.xml")), key=lambda path: path.name)
    return [(str(path), path.read_bytes().decode("latin-1")) for path in paths]


@pytest.fixture(scope="module")
def stock() -> DecoderTree:
    return load(decoder_files(need_shared("wazuh-4.14", "decoders")))


@pytest.fixture(scope="module")
def stock_and_test_decoders() -> DecoderTree:
    return load(decoder_files(need_shared("wazuh-4.14", "decoders"), need_shared("wazuh-4.14", "tests", "ruleset")))


# --- what an event shows ----------------------------------------------------------------------------------------------


def insert(data: dict[str, Any], name: str, value: str) -> None:
    """Put a dynamic field where the alert shows it: first come, first served, names compared without case."""
    *path, last = name.split(".")
    for part in path:
        known = {key.lower(): key for key in data}
        inner = data.setdefault(known.get(part.lower(), part), {})
        if not isinstance(inner, dict):
            return
        data = inner
    if last.lower() in {key.lower() for key in data}:
        return
    data[last] = value
    if value.startswith("["):
        with contextlib.suppress(ValueError):
            data[last] = json.loads(value, strict=False)


def shown_data(event: Event) -> dict[str, Any]:
    data: dict[str, Any] = {name: from_byte_text(event.static[name]) for name in STATIC_FIELDS if name in event.static}
    for name, value in event.fields.items():
        if value:
            insert(data, from_byte_text(name), from_byte_text(value))
    return data


def shown_decoder(event: Event) -> dict[str, Any]:
    info = event.decoder
    if info is None:
        return {}
    shown: dict[str, Any] = {"name": info.name}
    if info.parent:
        shown["parent"] = info.parent
    if info.accumulate:
        shown["accumulate"] = 1
    if info.ftscomment:
        shown["ftscomment"] = info.ftscomment
    return {key: from_byte_text(value) if isinstance(value, str) else value for key, value in shown.items()}


def shown_predecoder(event: Event) -> dict[str, str]:
    host = SHOWN_HOST.match(event.full_log)
    shown = {
        "program_name": event.program_name,
        "timestamp": event.timestamp,
        "hostname": host.group(1) if host else None,
    }
    return {key: from_byte_text(value) for key, value in shown.items() if value is not None}


def assert_same(event: Event, expected: dict[str, Any], note: str) -> None:
    seen = {
        "decoder": shown_decoder(event),
        "predecoder": shown_predecoder(event),
        "data": shown_data(event),
        "agent": event.agent_id,
    }
    wanted = {
        "decoder": expected.get("decoder", {}),
        "predecoder": expected.get("predecoder", {}),
        "data": expected.get("data", {}),
        "agent": expected["agent"]["id"],
    }
    assert seen == wanted, f"{note}: {event.full_log[:300]!r}"


def decode(tree: DecoderTree, message: str, location: str, document: dict[str, Any] | None = None) -> Event:
    """Decode both ways, which must agree, and return the event of the fast one."""
    event = make_event(message, location, document)
    tree.decode(event)
    plain = make_event(message, location, None)
    tree.decode_plain(plain)
    assert shown_decoder(event) == shown_decoder(plain)
    assert event.static == plain.static
    assert list(event.fields.items()) == list(plain.fields.items())
    return event


def make_event(message: str, location: str, document: dict[str, Any] | None) -> Event:
    if document is None:
        record = Record(to_byte_text(message), location, 0.0)
    else:
        record = Record(None, location, 0.0, document=document, spell=lambda _: to_byte_text(message))
    event = predecode(record, HOST)
    assert isinstance(event, Event)
    return event


def lines(path: Path) -> Iterator[Any]:
    if path.suffix == ".gz":
        yield from (json.loads(line) for line in gzip.decompress(path.read_bytes()).splitlines())
    else:
        yield from (json.loads(line) for line in path.read_text("utf-8").splitlines())


# --- the golden sets --------------------------------------------------------------------------------------------------


def test_stock_decoder_files_load_without_a_word(stock: DecoderTree) -> None:
    assert stock.count == 1575
    assert stock.identities["sshd"] != stock.identities["json"]


def test_stock_test_lines(stock_and_test_decoders: DecoderTree) -> None:
    compared = 0
    for number, case in enumerate(lines(need_shared("golden", "stock-tests.jsonl"))):
        for answer in case.get("events") or [case]:
            event = decode(stock_and_test_decoders, answer["log"], "stdin")
            assert_same(event, answer["result"], f"line {number}, {case['file']} {case['section']} {case['key']}")
            compared += 1
    assert compared > 688


SCENARIOS = sorted(path.stem for path in SHARED.glob("golden/scenarios/*.json"))


@pytest.mark.parametrize("name", SCENARIOS)
def test_scenarios(name: str) -> None:
    scenario = json.loads((SHARED / "golden" / "scenarios" / f"{name}.json").read_text("utf-8"))
    problems = Problems()
    tree = load_decoders([("etc/decoders/local_decoder.xml", to_byte_text(scenario["decoders_xml"]))], problems)
    if name == "load-error-decoder-offset":
        assert [f"ERROR: {text}" for text in problems.errors[0].wazuh.split(", ")] == scenario["start_messages"][:2]
        return
    if name == "load-error-one-decoder-list-empty":
        assert [problem.code.id for problem in problems] == ["D021"]
        return
    assert problems.draw() == ""
    answers = {item["n"]: item["event"] for item in scenario.get("archives", ())}
    for number, item in enumerate(scenario["events"]):
        event = decode(tree, item["message"], item["location"])
        if number in answers:
            expected = answers[number]
            if name in GETS_MORE_DATA:
                data = shown_data(event)
                assert data.items() <= expected["data"].items()
                expected["data"] = data
            assert_same(event, expected, f"event {number}")
    assert answers or scenario.get("start_failed")


AWS = sorted(path.parent.name for path in SHARED.glob("golden/aws/*/archives.jsonl"))


@pytest.mark.parametrize("name", AWS)
def test_aws_messages(name: str, stock: DecoderTree) -> None:
    """Every message twice: as text, and as the document that a source hands over."""
    folder = SHARED / "golden" / "aws" / name
    answers = {item["n"]: item["event"] for item in lines(folder / "archives.jsonl")}
    compared = 0
    for message in lines(folder / "messages.jsonl"):
        parts = split_queue_message(message["datagram"].encode("utf-8", "surrogateescape"))
        assert not isinstance(parts, Rejected)
        expected = answers[message["n"]]
        text = from_byte_text(parts.message)
        assert_same(decode(stock, text, parts.location), expected, f"message {message['n']}")
        try:
            document = orjson.loads(text)
        except ValueError:
            continue
        assert_same(decode(stock, text, parts.location, document), expected, f"document {message['n']}")
        compared += 1
    assert compared or name in {"edge-empty-bucket", "edge-no-accounts"}


def test_raw_messages(stock: DecoderTree) -> None:
    """The raw set, where bytes that are not UTF-8 are kept: one alert for every message, in some order."""

    def canonical(decoder: dict[str, Any], data: dict[str, Any]) -> str:
        text = to_byte_text(json.dumps([decoder, data], ensure_ascii=False))
        return json.dumps(json.loads(text, strict=False), sort_keys=True)

    seen = []
    for message in lines(need_shared("golden", "raw", "messages.jsonl")):
        parts = split_queue_message(message.encode("utf-8", "surrogateescape"))
        assert not isinstance(parts, Rejected)
        event = decode(stock, from_byte_text(parts.message), parts.location)
        seen.append(canonical(shown_decoder(event), shown_data(event)))
    alerts = need_shared("golden", "raw", "alerts.json").read_bytes().decode("utf-8", "surrogateescape").split("\n")
    wanted = [json.loads(line, strict=False) for line in alerts if line]
    assert sorted(seen) == sorted(canonical(alert["decoder"], alert.get("data", {})) for alert in wanted)
