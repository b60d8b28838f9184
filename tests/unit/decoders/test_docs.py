"""The page about adding a decoder: its examples load and give the fields it says, and it misses no option."""

from __future__ import annotations

import json
import re
import types
from pathlib import Path

import pytest

from alertmill.decoders import PLUGINS
from alertmill.decoders.fields import STATIC_NAMES
from alertmill.decoders.plugins import Plugin
from alertmill.decoders.reading import OPTIONS
from alertmill.decoders.spec import TYPES
from unit.decoders.helpers import decoded, fields, load

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "adding-a-decoder.md").read_text("utf-8")


def block(kind: str, name: str) -> str:
    """The code block behind `<!-- kind: name -->`."""
    found = re.search(rf"<!-- {kind}: {name} -->\n```\w+\n(.*?)\n```", PAGE, re.DOTALL)
    assert found is not None, f"{kind}: {name}"
    return found.group(1)


@pytest.fixture
def logfmt(monkeypatch: pytest.MonkeyPatch) -> None:
    """The example's plugin, in the catalogue by the example's line."""
    module = types.ModuleType("logfmt")
    exec(compile(block("example", "plugin"), "logfmt.py", "exec"), module.__dict__)
    (entry,) = eval("{" + block("example", "line") + "}", {"logfmt": module, "Plugin": Plugin}).items()
    monkeypatch.setitem(PLUGINS, *entry)


@pytest.mark.usefixtures("logfmt")
@pytest.mark.parametrize("name", ["element", "static", "logfmt"])
def test_examples(name: str) -> None:
    event = decoded(load(block("example", name)), block("log", name))
    assert event.decoder is not None
    assert {key.strip("<>"): value for key, value in fields(event)} == json.loads(block("fields", name))


@pytest.mark.parametrize("option", OPTIONS)
def test_every_option_has_a_row(option: str) -> None:
    assert f"\n| `{option}` |" in PAGE


@pytest.mark.parametrize("word", [*TYPES, *STATIC_NAMES])
def test_every_type_and_static_field_is_named(word: str) -> None:
    assert f"`{word}`" in PAGE
