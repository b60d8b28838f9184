"""docs/subscribers.md: every example is run as it stands there."""

from __future__ import annotations

import gzip
import io
import json
import re
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from alertmill.config.ossec_conf import read_config
from alertmill.errors import Problems
from alertmill.event import Record
from alertmill.sources.aws.jsontext import concatenated
from alertmill.sources.aws.objects import ObjectReader, Target
from alertmill.sources.aws.store import Body
from alertmill.sources.aws.subscribers import SUBSCRIBER_TYPES
from alertmill.sources.aws.subscribers.notifications import NotifiedObject, objects_of
from compliance.golden_support import START, needs_golden, stock_engine

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "subscribers.md").read_text(encoding="utf-8")


def parquet(rows: list[dict[str, Any]]) -> bytes:
    pyarrow = pytest.importorskip("pyarrow")
    writer = pytest.importorskip("pyarrow.parquet")
    file = io.BytesIO()
    writer.write_table(pyarrow.Table.from_pylist(rows), file)
    return file.getvalue()


@dataclass(frozen=True)
class Example:
    """One section of the page."""

    word: str
    block: str
    notified: NotifiedObject
    key: str
    content: str
    messages: list[dict[str, Any]]
    added: list[dict[str, Any]]
    rules: list[tuple[int, int]]

    def records(self, event_format: Any) -> list[Record]:
        """What becomes of the object."""
        reader = ObjectReader(SUBSCRIBER_TYPES[self.word], event_format, lambda: START, alias=None)
        target = Target("", "", self.notified.bucket, self.notified.key, self.notified.etag, "2026-01-15")
        batches = reader.batches(target, self.body(), 0, threading.Event())
        return [record for batch in batches for record in batch.records]

    def body(self) -> Body:
        if self.word == "security_lake":
            return Body(parquet(values(self.content)))
        return Body(gzip.compress(self.content.encode()))


def values(text: str) -> list[Any]:
    return [value for value, _ in concatenated([text.encode()])]


def blocks(text: str) -> list[tuple[str, str]]:
    return re.findall(r"^```(\w+)\n(.*?)\n```$", text, re.MULTILINE | re.DOTALL)


def example(word: str) -> Example:
    found = re.search(rf"^## {word}\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert found is not None, f"docs/subscribers.md has no section {word}"
    text = found.group(1)
    block, notice, content, messages, added = (text for _, text in blocks(text))
    key = re.search(r"^The object, `(.+)`", text, re.MULTILINE)
    assert key is not None
    (notified,) = objects_of(notice)
    ranges = re.findall(r"\b(99\d{3}) to (99\d{3})", text)
    rules = [(int(first), int(last)) for first, last in ranges]
    return Example(word, block, notified, key.group(1), content, values(messages), values(added), rules)


every_type = pytest.mark.parametrize("word", SUBSCRIBER_TYPES)


@every_type
def test_the_message_names_the_object(word: str) -> None:
    shown = example(word)
    assert shown.notified.key == shown.key
    assert shown.notified.etag
    assert shown.notified.size
    assert shown.notified.time == 1768471200.0


@every_type
def test_the_messages_are_those_shown(word: str) -> None:
    shown = example(word)
    found = [json.loads(record.message) for record in shown.records("compatible")]
    assert found == shown.messages
    assert [list(message) for message in found] == [list(message) for message in shown.messages]


@every_type
def test_improved_adds_what_is_shown_and_takes_nothing_away(word: str) -> None:
    shown = example(word)
    expected = [merged(*pair) for pair in zip(shown.messages, shown.added, strict=True)]
    assert [json.loads(record.message) for record in shown.records("improved")] == expected


@needs_golden
@every_type
def test_the_rules_named_look_at_it(word: str) -> None:
    """Each message gets as far as one of the rules that the section names."""
    shown = example(word)
    engine = stock_engine()
    state = engine.new_state()
    for record in shown.records("compatible"):
        match = engine.process(record, state).match
        assert match is not None
        if shown.rules:
            assert any(first <= int(match.rule.id) <= last for first, last in shown.rules), match.rule.id


def test_every_block_of_ossec_conf_is_right() -> None:
    found = [text for language, text in blocks(PAGE) if language == "xml"]
    assert len(found) == 1 + len(SUBSCRIBER_TYPES)
    for text in found:
        problems = Problems()
        module = text if text.startswith("<wodle") else f"<wodle name='aws-s3'>{text}</wodle>"
        config = read_config(f"<ossec_config>{module}</ossec_config>", "ossec.conf", problems)
        assert list(problems) == []
        assert len(config.aws_s3[0].subscribers) == 1


def test_what_is_for_aws_is_json() -> None:
    queue, notification, pattern, statement = (
        json.loads(text) for language, text in blocks(PAGE.partition("## Setting up AWS")[2]) if language == "json"
    )
    assert json.loads(queue["RedrivePolicy"])["maxReceiveCount"]
    (allowed,) = json.loads(queue["Policy"])["Statement"]
    assert allowed["Resource"] == statement["Resource"] == notification["QueueConfigurations"][0]["QueueArn"]
    assert pattern["detail-type"] == ["Object Created"]


def merged(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Both, at every depth."""
    both = {**one, **other}
    for name in one.keys() & other.keys():
        both[name] = merged(one[name], other[name])
    return both
