"""The linter never cries wolf: what it calls dead never fires, what it calls implied or excluded is so for any text."""

from __future__ import annotations

import re
from collections.abc import Callable

from hypothesis import example, given
from hypothesis import strategies as st

from alertmill.event import Event, to_byte_text
from alertmill.lint import Judged, Scene, lint
from alertmill.lint.shapes import excludes, implies, shape_of
from alertmill.ruleset import match
from property.test_ruleset import LISTS, alike, counting_texts, events, quick, rule_texts
from unit.lint.helpers import HERE, scene_of
from unit.ruleset.helpers import DECODERS, TOP, load

_DEAD = re.compile(r"rule (\d+)(?: \(level \d+\))? (?:can never fire|never fires)(?! below)")

_PIECES = ("a", "b", "A", "1", " ", "ab", "ba", ".", "$", "^", "|", "\\d", "\\w+", "\\.", "\\s*", "!")
_PCRE2_PIECES = (
    "a",
    "b",
    "A",
    "1",
    " ",
    "ab",
    ".",
    "$",
    "^",
    "|",
    r"\d",
    r"\w+",
    r"\.",
    "(?:a|b)",
    "[ab]",
    "a?",
    "(b)",
)
_TEXTS = st.text(alphabet="abAB1 .$^", max_size=6)


@quick
@given(text=rule_texts(), stream=events())
def test_a_dead_rule_never_fires(text: str, stream: list[Callable[[], Event]]) -> None:
    _check_dead_rules(text, stream)


@quick
@given(text=counting_texts(), stream=alike())
def test_a_counting_rule_that_is_called_dead_never_fires(text: str, stream: list[Callable[[], Event]]) -> None:
    _check_dead_rules(text, stream)


def _check_dead_rules(text: str, stream: list[Callable[[], Event]]) -> None:
    rules, problems = load(text, lists=LISTS)
    if problems.errors:
        return
    files = [("0000-top.xml", TOP), ("rules.xml", text)]
    found = lint(Scene(rules, files, [], LISTS, DECODERS, Judged(frozenset(("rules.xml",)))))
    dead = {int(id) for finding in found for id in _DEAD.findall(finding.message)}
    state = rules.new_state()
    for make in stream:
        result = match(rules, make(), state)
        assert result.match is None or result.match.rule.id not in dead


_TEXTS_OF_FILES = [path.read_text("utf-8") for path in (*HERE.glob("planted/*.xml"), *HERE.glob("near_misses/*.xml"))]
_FRAGMENTS = (
    "<if_sid></if_sid>",
    "|",
    "(",
    "\\",
    "^",
    "$X",
    "!",
    '<rule id="7" level="0">',
    'level="0" ',
    'overwrite="yes" ',
    'accuracy="0" ',
    'type="pcre2" ',
    "</rule>",
    "<order></order>",
    "<srcip>!10.0.0.1</srcip>",
    "\xe4",
    "<if_level>3</if_level>",
    "<parent>gate</parent>",
    "<mitre><id></id></mitre>",
    '<var name="X">y</var>',
)


@quick
@given(data=st.data())
def test_any_file_is_judged(data: st.DataObject) -> None:
    text = to_byte_text(data.draw(st.sampled_from(_TEXTS_OF_FILES)))
    for _ in range(data.draw(st.integers(1, 5))):
        place = data.draw(st.integers(0, len(text)))
        text = text[:place] + data.draw(st.sampled_from(_FRAGMENTS)) + text[place + data.draw(st.integers(0, 20)) :]
    scene, _ = scene_of(text)
    for finding in lint(scene):
        assert finding.origin is None or 0 < finding.origin.line <= text.count("\n") + 1
        assert finding.draw()


@st.composite
def patterns(draw: st.DrawFn) -> tuple[str, str]:
    """A pattern and its dialect."""
    dialect = draw(st.sampled_from(("osmatch", "osregex", "pcre2", "string")))
    pieces = _PCRE2_PIECES if dialect == "pcre2" else _PIECES
    start = draw(st.sampled_from(("", "^", "(?i)" if dialect == "pcre2" else "")))
    return start + "".join(draw(st.lists(st.sampled_from(pieces), max_size=4))), dialect


@quick
@given(one=patterns(), other=patterns(), texts=st.lists(_TEXTS, min_size=8, max_size=24))
@example(one=("", "string"), other=("!!a", "osmatch"), texts=[""])
def test_what_is_proved_of_patterns_holds_for_any_text(
    one: tuple[str, str], other: tuple[str, str], texts: list[str]
) -> None:
    first, second = shape_of(*one), shape_of(*other)
    is_implied, is_excluded = implies(first, second), excludes(first, second)
    for text in (*texts, one[0].strip("^$!"), other[0].strip("^$!")):
        matched, also = (shape.matcher.matches(text) for shape in (first, second))
        assert not (is_implied and matched and not also), text
        assert not (is_excluded and matched and also), text
