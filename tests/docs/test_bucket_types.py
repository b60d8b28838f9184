"""docs/bucket-types.md: every example is run as it stands there."""

from __future__ import annotations

import gzip
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
from alertmill.sources.aws.at_rest import guess_type
from alertmill.sources.aws.buckets import BUCKET_TYPES
from alertmill.sources.aws.jsontext import concatenated
from alertmill.sources.aws.objects import ObjectReader, Target
from alertmill.sources.aws.store import Body
from compliance.golden_support import START, needs_golden, stock_engine

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "bucket-types.md").read_text(encoding="utf-8")
ACCOUNT = "123456789012"


@dataclass(frozen=True)
class Example:
    """One section of the page."""

    word: str
    block: str
    key: str
    content: str
    messages: list[dict[str, Any]]
    added: list[dict[str, Any]]
    rules: list[tuple[int, int]]

    def records(self, event_format: Any) -> list[Record]:
        """What becomes of the object."""
        reader = ObjectReader(BUCKET_TYPES[self.word], event_format, lambda: START)
        target = Target("", ACCOUNT, "my-logs", self.key, "etag", "2026-01-15")
        batches = reader.batches(target, self.body(), 0, threading.Event())
        return [record for batch in batches for record in batch.records]

    def body(self) -> Body:
        data = self.content.encode()
        return Body(gzip.compress(data) if self.key.endswith(".gz") else data)


def example(word: str) -> Example:
    found = re.search(rf"^## {word}\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert found is not None, f"docs/bucket-types.md has no section {word}"
    text = found.group(1)
    blocks = re.findall(r"^```\w+\n(.*?)\n```$", text, re.MULTILINE | re.DOTALL)
    key = re.search(r"^An object, `(.+)`:$", text, re.MULTILINE)
    assert key is not None
    block, content, messages, added = blocks
    ranges = re.findall(r"\b(8\d{4})(?: to (8\d{4}))?", text)
    return Example(
        word,
        block,
        key.group(1),
        content,
        [value for value, _ in concatenated([messages.encode()])],
        [value for value, _ in concatenated([added.encode()])],
        [(int(first), int(last or first)) for first, last in ranges],
    )


every_type = pytest.mark.parametrize("word", BUCKET_TYPES)


@every_type
def test_the_block_is_one_of_this_type(word: str) -> None:
    problems = Problems()
    text = f"<ossec_config><wodle name='aws-s3'>{example(word).block}</wodle></ossec_config>"
    config = read_config(text, "ossec.conf", problems)
    assert list(problems) == []
    (module,) = config.aws_s3
    (bucket,) = module.buckets
    assert (bucket.type, bucket.name) == (word, "my-logs")
    assert example(word).key.startswith(bucket.path)


@every_type
def test_the_messages_are_those_shown(word: str) -> None:
    shown = example(word)
    found = [json.loads(record.message) for record in shown.records("compatible")]
    assert found == shown.messages
    assert [list(message["aws"]) for message in found] == [list(message["aws"]) for message in shown.messages]


@every_type
def test_improved_adds_what_is_shown_and_takes_nothing_away(word: str) -> None:
    shown = example(word)
    records = shown.records("improved")
    expected = [merged(*pair) for pair in zip(shown.messages, shown.added, strict=True)]
    assert [json.loads(record.message) for record in records] == expected
    assert all(record.event_time is not None for record in records)


@every_type
def test_the_type_is_known_without_being_told(word: str) -> None:
    shown = example(word)
    kind = guess_type(shown.key, shown.body())
    assert kind is not None
    assert kind.type == word


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


def merged(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Both, at every depth."""
    both = {**one, **other}
    for name in one.keys() & other.keys():
        both[name] = merged(one[name], other[name])
    return both
