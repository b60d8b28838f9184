"""The compiled way to spell a message gives what Python's `json` gives."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from alertmill.sources.aws.envelope import spell_compatible
from support import LONG

TEXTS = st.one_of(
    st.text(max_size=8),
    st.text(alphabet='":,{}[] \\/\n\t\x00\x1f\x7f\b\f\r-1.e', max_size=8),
    st.sampled_from(["null", "\ud800", "\u2028", "</script>", "1.5", ":1.5", "-0"]),
)
LEAVES = st.one_of(TEXTS, st.integers(), st.floats(), st.booleans(), st.none(), st.integers(2**62, 2**66))
VALUES = st.recursive(LEAVES, lambda v: st.lists(v, max_size=3) | st.dictionaries(TEXTS, v, max_size=3), max_leaves=9)


@settings(max_examples=4_000 if LONG else 400, deadline=None)
@given(st.dictionaries(TEXTS, VALUES, max_size=4))
def test_messages_are_spelled_as_json_spells_them(document):
    assert spell_compatible(document) == json.dumps(document)


@settings(max_examples=2_000 if LONG else 200, deadline=None)
@given(st.dictionaries(st.text('ab:,"', max_size=4), st.text('ab:," {}[]', max_size=6) | st.integers(0, 9), max_size=4))
def test_plain_messages_too(document):
    assert spell_compatible(document) == json.dumps(document)
