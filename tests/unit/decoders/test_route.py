"""Documents that are decoded without being spelled, and those that must be."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from alertmill.decoders import DecoderTree, predecode
from alertmill.event import Event, Record
from unit.decoders.helpers import fields, load

JSON = r'<decoder name="json"><prematch>^{\s*"</prematch><plugin_decoder>JSON_Decoder</plugin_decoder></decoder>'
GRAPH = (
    '<decoder name="graph"><prematch>"kind":"my-graph"</prematch>'
    "<plugin_decoder>JSON_Decoder</plugin_decoder><json_null_field>discard</json_null_field></decoder>"
)
PLAIN = '<decoder name="plain"><prematch>^plain: |^#</prematch></decoder>'


def spelled(tree: DecoderTree, document: dict[str, Any]) -> tuple[bool, Event]:
    """Whether the document's text was asked for, and the event."""
    asked = []

    def spell(it: dict[str, Any]) -> str:
        asked.append(it)
        return orjson.dumps(it).decode("latin-1")

    event = predecode(Record(None, "x", 0.0, document=document, spell=spell), "server")
    assert isinstance(event, Event)
    tree.decode(event)
    return bool(asked), event


def test_a_document_needs_no_text() -> None:
    asked, event = spelled(load(PLAIN + GRAPH + JSON), {"kind": "other", "n": None})
    assert not asked
    assert event.decoder is not None
    assert event.decoder.name == "json"
    assert fields(event) == [("kind", "other"), ("n", "null")]


@pytest.mark.parametrize("word", ["my-graph", "MY-Graph", "x my-graph y"])
def test_a_word_of_an_earlier_decoder_makes_it_look_closer(word: str) -> None:
    asked, event = spelled(load(PLAIN + GRAPH + JSON), {"kind": word, "n": None})
    assert asked
    assert event.decoder is not None
    assert event.decoder.name == ("json" if "x" in word else "graph")


@pytest.mark.parametrize(
    "before",
    [
        "<prematch>a</prematch>",
        '<prematch type="pcre2">x\\d</prematch>',
        r"<prematch>^\p\s*</prematch>",
        "<prematch>infinity</prematch>",
    ],
)
def test_without_a_proof_there_is_no_route(before: str) -> None:
    tree = load(f'<decoder name="first">{before}</decoder>' + JSON)
    asked, event = spelled(tree, {"kind": "other"})
    assert asked
    assert event.decoder is not None


@pytest.mark.parametrize(
    "json_decoder",
    [
        JSON + '<decoder name="c"><parent>json</parent><prematch>a</prematch></decoder>',
        JSON.replace("<plugin_decoder>", '<plugin_decoder offset="after_prematch">'),
        JSON.replace("JSON_Decoder", "PF_Decoder"),
        PLAIN,
    ],
)
def test_a_route_ends_at_the_json_decoder_alone(json_decoder: str) -> None:
    asked, _ = spelled(load(json_decoder), {"kind": "other"})
    assert asked


@pytest.mark.parametrize("document", [{}, {"kind": 10**30}, {"kind": "\ud800"}])
def test_documents_that_cannot_take_it(document: dict[str, Any]) -> None:
    event = predecode(Record(None, "x", 0.0, document=document, spell=lambda _: '{"kind":"spelled"}'), "server")
    assert isinstance(event, Event)
    load(JSON).decode(event)
    assert event.decoder is not None


def test_a_changed_log_does_not_take_it() -> None:
    event = predecode(Record("{}", "x", 0.0, document={"a": 1}), "server")
    assert isinstance(event, Event)
    event.full_log = '{"b":2}'
    load(JSON).decode(event)
    assert fields(event) == [("b", "2")]
