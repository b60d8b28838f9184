"""YAML becomes values with lines; what is not plain data is told, and nothing takes unbounded time or memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from alertmill.cases import yaml_text
from alertmill.cases.yaml_text import YamlError, read_yaml

ROOT = Path(__file__).resolve().parents[3]


def value(text: str) -> Any:
    node = read_yaml(text, "x.yaml")
    return None if node is None else node.plain()


def problem(text: str) -> str:
    with pytest.raises(YamlError) as raised:
        read_yaml(text, "x.yaml")
    found = raised.value.problem
    assert found.origin is not None
    return f"{found.origin}: {found.message} [{found.code.id}]"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", None),
        ("a: 1", {"a": 1}),
        ("[1, -2, 0, 1.5, 2e3]", [1, -2, 0, 1.5, 2000.0]),
        ("[true, False, null, ~, ]", [True, False, None, None]),
        ("[no, yes, on, 10:30]", ["no", "yes", "on", "10:30"]),
        ("[2026-01-15, 0123, 0x1F, 1_000]", ["2026-01-15", "0123", "0x1F", "1_000"]),
        ("['1', \"true\", !!str 2]", ["1", "true", "2"]),
        ("[111122223333, 012345678901]", [111122223333, "012345678901"]),
        ("[1234567890123456789012]", ["1234567890123456789012"]),
        ("{1: a, true: b}", {"1": "a", "true": "b"}),
        ("- &x {a: 1}\n- *x\n- {<<: *x, b: 2}\n- {a: 3, <<: *x}", [{"a": 1}, {"a": 1}, {"a": 1, "b": 2}, {"a": 3}]),
        ("- &x {a: 1}\n- &y {a: 2, b: 2}\n- {<<: [*x, *y]}", [{"a": 1}, {"a": 2, "b": 2}, {"a": 1, "b": 2}]),
        ("a: |\n  two\n  lines\n", {"a": "two\nlines\n"}),
    ],
)  # fmt: skip
def test_values(text: str, expected: Any) -> None:
    assert value(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: [1", "x.yaml:1: this is not YAML: did not find expected ',' or ']' [T001]"),
        ("a: b\n c: d", "x.yaml:2: this is not YAML: mapping values are not allowed in this context [T001]"),
        ("a: 1\nb: 2\na: 3", "x.yaml:3: the key 'a' stands twice [T001]"),
        ("- a\n- *b", "x.yaml:2: the alias *b names nothing [T001]"),
        ("&a [*a]", "x.yaml:1: the alias *a stands inside of what it names [T001]"),
        ("- {<<: 3}", "x.yaml:1: << takes a mapping, or a list of mappings [T001]"),
        ("!!python/none x", "x.yaml:1: the tag tag:yaml.org,2002:python/none is not allowed [T001]"),
        ("x: !!binary aGk=", "x.yaml:1: the tag tag:yaml.org,2002:binary is not allowed [T001]"),
        ("? [a]\n: b", "x.yaml:1: a key is one text, not a mapping or list [T001]"),
        ("a: &k b\n*k : c", "x.yaml:2: a key cannot be an alias [T001]"),
        ("a\n---\nb", "x.yaml:2: a second document begins here [T001]"),
        ("a: \x07", "x.yaml:1: this is not YAML: control characters are not allowed [T001]"),
        ("[" * 100, "x.yaml:1: this is nested deeper than 64 levels [T004]"),
    ],
)  # fmt: skip
def test_what_is_not_plain_data_is_told_with_its_line(text: str, expected: str) -> None:
    assert problem(text) == expected


def test_the_picture_shows_the_place() -> None:
    with pytest.raises(YamlError) as raised:
        read_yaml("- one: 1\n  one: 2\n", "x.yaml")
    assert raised.value.problem.draw() == (
        "x.yaml:2: error: the key 'one' stands twice  [T001]\n"
        "    one: 2\n"
        "    ^~~\n"
        "  hint: remove one of the two"
    )  # fmt: skip


def test_an_alias_bomb_is_refused_at_once() -> None:
    lines = ["- &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"- &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 60)]
    assert "with all aliases written out, this has more than" in problem("\n".join(lines))


def test_merged_mappings_count_as_written_out() -> None:
    base = "- &b {" + ", ".join(f"k{n}: 1" for n in range(1000)) + "}\n"
    assert "[T004]" in problem(base + "- {<<: *b}\n" * 2500)


@pytest.mark.parametrize(
    ("text", "told"),
    [("- a\n" * 300_000, "more than 100000 values"), ("#" * (yaml_text.MAX_LENGTH + 1), "more than 4 MiB")],
)
def test_huge_files_are_refused(text: str, told: str) -> None:
    assert told in problem(text)


def test_deep_nesting_ends_before_the_parser_grows_slow() -> None:
    assert "[T004]" in problem("[" * 1_000_000)


@pytest.mark.parametrize("path", sorted((ROOT / "rules" / "tests").glob("*.yaml")), ids=lambda path: path.stem)
def test_the_shipped_cases_read_as_any_other_reader_reads_them(path: Path) -> None:
    text = path.read_text("utf-8")
    found = value(text)
    expected = yaml.safe_load(text)
    assert found == expected
    assert [list(case) for case in found] == [list(case) for case in expected]


plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**15), 10**15) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None)
@given(plain)
def test_what_is_written_is_read_back(document: Any) -> None:
    text = yaml.safe_dump(document, default_style='"', allow_unicode=True)
    text = yaml.safe_dump(document, allow_unicode=False) if "!!" in text else text
    assert value(text) == document


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="ab:-?[]{}*&!|>'\"#,\n <%\x85\u2028", max_size=40))
def test_any_text_reads_or_is_told_within_it(text: str) -> None:
    try:
        read_yaml(text, "x.yaml")
    except YamlError as error:
        assert error.problem.origin is not None
        assert 0 <= error.problem.origin.line <= text.count("\n") + text.count("\x85") + text.count("\u2028") + 1
        error.problem.draw()
