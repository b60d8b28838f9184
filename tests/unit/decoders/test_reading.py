"""What a single `<decoder>` element says (spec/decoders.md 1 and 5); what is wrong with it is in `diagnostics`."""

from __future__ import annotations

import pytest

from alertmill.decoders.checks import check_decoder
from alertmill.decoders.fields import FTS_NAMES, split_names
from alertmill.decoders.reading import MAX_TEXT, OPTIONS, read_decoder
from alertmill.decoders.spec import TYPES, DecoderSpec
from alertmill.errors import Problems
from alertmill.event import STATIC_FIELDS
from alertmill.xmltext import load_xml


def read(inside: str, *, order_size: int = 256) -> DecoderSpec:
    """The spec of a decoder with this inside; there must be nothing to complain about."""
    problems = Problems()
    (element,) = load_xml(f'<decoder name="d">{inside}</decoder>', "d.xml")
    spec = read_decoder(element, order_size, problems)
    assert spec is not None
    check_decoder(spec, problems)
    assert problems.draw() == ""
    return spec


def problems_of(inside: str, *, order_size: int = 256) -> list[str]:
    """Code ids and severities, in order."""
    problems = Problems()
    (element,) = load_xml(f'<decoder name="d">{inside}</decoder>', "d.xml")
    spec = read_decoder(element, order_size, problems)
    assert spec is not None
    check_decoder(spec, problems)
    return [f"{problem.code.id} {problem.severity.value}" for problem in problems]


ROOT = "<prematch>^d</prematch>"


def test_defaults() -> None:
    spec = read(ROOT)
    assert spec.prematch is not None
    assert (spec.prematch.text, spec.prematch.dialect, spec.prematch.offset) == ("^d", "osregex", "")
    assert (spec.parent, spec.program_name, spec.regex, spec.order, spec.fts, spec.plugin) == (
        None,
        None,
        None,
        None,
        None,
        "",
    )
    assert (spec.type, spec.accumulate, spec.use_own_name, spec.ftscomment) == ("syslog", False, False, "")
    assert (spec.plugin, spec.discard_null, spec.csv_arrays, spec.static_fields) == ("", False, False, ())


def test_repeated_texts_add_up_verbatim() -> None:
    spec = read(
        "<parent>a</parent><parent> b\n</parent><prematch>^x|</prematch><prematch>^y </prematch>"
        "<ftscomment>one</ftscomment><ftscomment>two</ftscomment>"
    )
    assert spec.parent == "a b\n"
    assert spec.prematch is not None
    assert spec.prematch.text == "^x|^y "
    assert spec.ftscomment == "onetwo"


def test_the_last_type_of_a_pattern_counts() -> None:
    spec = read('<prematch type="PCRE2">^x</prematch><prematch>|y</prematch>')
    assert spec.prematch is not None
    assert spec.prematch.dialect == "osregex"
    spec = read('<program_name>^x</program_name><program_name type="osregex">|y</program_name>')
    assert spec.program_name is not None
    assert (spec.program_name.text, spec.program_name.dialect) == ("^x|y", "osregex")


@pytest.mark.parametrize("word", TYPES)
def test_types(word: str) -> None:
    assert read(f"{ROOT}<type>ids</type><type>{word}</type>").type == word


def test_switches() -> None:
    assert read(f"{ROOT}<accumulate/>").accumulate
    assert read(f"{ROOT}<accumulate>no</accumulate>").accumulate
    assert read(f"{ROOT}<use_own_name>true</use_own_name>").use_own_name
    assert not read(f"{ROOT}<use_own_name>false</use_own_name>").use_own_name


def test_the_regex_of_a_root_behind_its_own_prematch() -> None:
    spec = read(f'{ROOT}<regex offset="After_Prematch">(x)</regex><order>x</order>')
    assert spec.regex is not None
    assert spec.regex.offset == "after_parent"
    spec = read(f'<parent>p</parent>{ROOT}<regex offset="after_prematch">(x)</regex><order>x</order>')
    assert spec.regex is not None
    assert spec.regex.offset == "after_prematch"


def test_json_options() -> None:
    spec = read(
        f"{ROOT}<plugin_decoder offset='after_prematch'>JSON_Decoder</plugin_decoder>"
        "<json_null_field>DISCARD</json_null_field><json_array_structure>Csv</json_array_structure>"
    )
    assert (spec.plugin, spec.plugin_offset, spec.discard_null, spec.csv_arrays) == (
        "JSON_Decoder",
        "after_prematch",
        True,
        True,
    )
    spec = read(f"{ROOT}<plugin_decoder>PF_Decoder</plugin_decoder><plugin_decoder>JSON_Decoder</plugin_decoder>")
    assert spec.plugin == "JSON_Decoder"


def test_a_later_plugin_takes_its_offset_along() -> None:
    plugin = "<plugin_decoder{}>JSON_Decoder</plugin_decoder>"
    assert read(ROOT + plugin.format(" offset='after_prematch'") + plugin.format("")).plugin_offset == ""


NAMES = [
    ("a", ["a"]),
    ("a,b", ["a", "b"]),
    (" a , b c,d", ["a", "b", "d"]),
    ("a,\n b", ["a", "\n"]),
    ("a,\tb ", ["a", "\tb"]),
    (r"a\,b,c", ["a,b", "c"]),
    ("a\\", ["a\\"]),
    ("a,,b", ["a", "", "b"]),
    ("a,", ["a", ""]),
    ("a, ", ["a", ""]),
    ("", [""]),
]


@pytest.mark.parametrize(("text", "names"), NAMES)
def test_names_of_an_order(text: str, names: list[str]) -> None:
    assert split_names(text) == names


def test_the_last_order_counts() -> None:
    assert read(f"{ROOT}<regex>(x)</regex><order>a,b</order><order>c</order>").order == ("c",)


def test_as_many_fields_as_the_option_says() -> None:
    def order(count: int) -> str:
        return f"{ROOT}<regex>(x)</regex><order>{','.join(f'f{number}' for number in range(count))}</order>"

    assert len(read(order(32), order_size=32).order or ()) == 32
    assert problems_of(order(33), order_size=32) == ["D019 error"]


def test_fts_collects_static_and_dynamic_names() -> None:
    spec = read(
        f"{ROOT}<regex>(x)</regex><order>dyn1, Dyn2, srcip, dyn3</order>"
        "<fts>name, user, extra_data</fts><fts>location,DYN2,dyn1,dyn2</fts>"
    )
    assert spec.fts == {"name", "dstuser", "data", "location"}
    assert spec.fts_fields == ("dyn2", "dyn1")
    assert set(FTS_NAMES.values()) <= {*STATIC_FIELDS, "name", "location"}


FTS = [
    ("<order>dyn1,srcip,dyn2</order><fts>dyn2</fts>", ["D020 error"]),
    ("<order>srcip,dyn1</order><fts>dyn1</fts>", ["D020 error"]),
    ("<fts>dyn1</fts><order>srcip,dyn1</order>", []),
    ("<order>a</order><fts>name,,a</fts>", ["D020 error"]),
    ("<order>user</order><fts>dstport</fts>", ["D020 error"]),
]


@pytest.mark.parametrize(("inside", "codes"), FTS)
def test_fts_names_what_an_order_above_names(inside: str, codes: list[str]) -> None:
    assert problems_of(f"{ROOT}<regex>(x)</regex>{inside}") == codes


def test_a_text_of_the_greatest_length() -> None:
    half = "x" * (MAX_TEXT // 2)
    rest = "y" * (MAX_TEXT - len(half))
    assert problems_of(f"<prematch>{half}</prematch><prematch>{rest}</prematch>") == []
    assert problems_of(f"<prematch>{half}</prematch><prematch>{rest}z</prematch>") == ["D013 warning", "D014 error"]


def test_a_text_that_was_dropped_starts_afresh() -> None:
    inside = f"<prematch>{'x' * 1100}</prematch><prematch>^d</prematch>"
    assert problems_of(inside) == ["D013 warning"]
    assert problems_of(
        f"<parent>p</parent><prematch offset='after_parent'>{'x' * 1100}</prematch>"
        "<prematch offset='after_parent'>^d</prematch>"
    ) == ["D013 warning"]


def test_static_fields() -> None:
    spec = read(
        f"{ROOT}<plugin_decoder>JSON_Decoder</plugin_decoder>"
        '<json_static_field name="a.B">user</json_static_field>'
        '<json_static_field name="c" when="Kind=X=y"> srcip </json_static_field>'
    )
    first, second = spec.static_fields
    assert (first.static, first.name, first.when) == ("dstuser", "a.b", None)
    assert (second.static, second.name, second.when) == ("srcip", "c", ("kind", "X=y"))


def test_options_are_told_apart_by_their_spelling() -> None:
    assert "type" in OPTIONS
    assert problems_of(f"{ROOT}<TYPE>ids</TYPE>") == ["D004 error"]
    assert read("<PREMATCH TYPE='Pcre2'>x</PREMATCH>").prematch is not None
