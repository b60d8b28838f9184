"""JSON documents as fields: how values are spelled, and the lazy look-up against the plain flattening."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from alertmill.decoders.cjson import JsonError, Members, read_object, read_value
from alertmill.decoders.document import DocumentFields, count_leaves, flatten
from alertmill.decoders.plugins import PluginSettings
from alertmill.decoders.plugins.json import TOO_MANY_FIELDS, decode, decode_document
from alertmill.decoders.shapes import JsonStyle
from alertmill.decoders.spelling import array_text, clean_text, number_text
from alertmill.event import Event, Fields, Record
from unit.decoders.json_texts import NAMES, objects, texts

PLAIN = JsonStyle()


def fields_of(text: str, style: JsonStyle = PLAIN, static: dict[str, str] | None = None) -> list[tuple[str, str]]:
    """The fields of a text, static ones in front in angle brackets, by the plain way alone."""
    static = {} if static is None else static
    value = read_value(text)
    assert isinstance(value, Members)
    items, _ = flatten(value, style, static, room=style.max_fields, clean=None)
    return [*((f"<{name}>", value) for name, value in static.items()), *items]


# --- values -----------------------------------------------------------------------------------------------------------

NUMBERS = [
    ("0", "0"),
    ("-0", "0"),
    ("5", "5"),
    ("-5", "-5"),
    ("1.0", "1"),
    ("1.5", "1.500000"),
    ("-1.25", "-1.250000"),
    ("2147483647", "2147483647"),
    ("2147483648", "2147483648.000000"),
    ("-2147483648", "-2147483648"),
    ("-2147483649", "-2147483649.000000"),
    ("9007199254740993", "9007199254740992.000000"),
    ("1600000000000", "1600000000000.000000"),
    ("18446744073709551615", "18446744073709551616.000000"),
    ("12345678901234567890123", "12345678901234567741440.000000"),
    ("0.0000001", "0.000000"),
    ("1e3", "1000"),
    ("1e-3", "0.001000"),
    ("1e400", "inf"),
    ("-1e400", "-inf"),
    ("1e308", str(int(1e308))[:63]),
    ("1.7976931348623157e308", "179769313486231570814527423731704356798070567525844996598917476"),
]


@pytest.mark.parametrize(("text", "value"), NUMBERS)
def test_numbers(text: str, value: str) -> None:
    assert number_text(float(text)) == value
    assert fields_of(f'{{"n":{text}}}') == [("n", value)]
    document = read_object(f'{{"n":{text}}}')
    assert document is not None
    assert flatten(document, PLAIN, {}, room=9, clean=None)[0] == [("n", value)]


def test_an_integer_beyond_every_float() -> None:
    assert number_text(10**400) == "inf"
    assert number_text(-(10**400)) == "-inf"
    assert array_text([10**400]) == "[null]"


ARRAYS = [
    ("[]", "[]"),
    ('[1, 2.5, "x"]', '[1, 2.5, "x"]'),
    ("[true,false,null]", "[true, false, null]"),
    ("[[],[1,[2]]]", "[[], [1, [2]]]"),
    ('[{"a":1},{"b":2}]', '[{\n\t\t"a":\t1\n\t}, {\n\t\t"b":\t2\n\t}]'),
    ("[{}]", "[{\n\t}]"),
    ("[[{}]]", "[[{\n\t\t}]]"),
    ('[{"a":[1,{"b":{}}],"c":2}]', '[{\n\t\t"a":\t[1, {\n\t\t\t\t"b":\t{\n\t\t\t\t}\n\t\t\t}],\n\t\t"c":\t2\n\t}]'),
    (r'["a\"b\\c\/d\n\u0001\u007f"]', '["a\\"b\\\\c/d\\n\\u0001\x7f"]'),
    ('["\xc3\xa9"]', '["\xc3\xa9"]'),
    ("[0.30000000000000004, 0.1]", "[0.3, 0.1]"),
    ("[12345678901234567, 123456789012345]", "[12345678901234568, 123456789012345]"),
    ("[1e30, 1e-7, -0, 1e400]", "[1e+30, 1e-07, -0, null]"),
    ("[1.7976931348623157e308]", "[1.79769313486232e+308]"),
    ("[2147483648, 1e15, 1e16]", "[2147483648, 1e+15, 1e+16]"),
]


@pytest.mark.parametrize(("text", "value"), ARRAYS)
def test_arrays(text: str, value: str) -> None:
    assert array_text(read_value(text)) == value


CSV = [
    ('["a",{"b":1},"c"]', "a,c"),
    ('["a",["b"]]', "a,"),
    ('[["b"],"a"]', "a"),
    ('[1,1.5,true,false,null,"x"]', "1,1.500000,true,false,null,x"),
    ('["",""]', ","),
    ("[]", None),
    ('[""]', None),
    ("[[1]]", None),
    ("[1,1e308,2]", "1," + number_text(1e308)),
    (json.dumps(["x" * 65535]), "x" * 65535),
    (json.dumps(["x" * 65536]), None),
]


@pytest.mark.parametrize(("text", "value"), CSV, ids=[row[0][:20] for row in CSV])
def test_arrays_as_csv(text: str, value: str | None) -> None:
    assert fields_of(f'{{"a":{text}}}', JsonStyle(csv_arrays=True)) == ([] if value is None else [("a", value)])


MEMBERS = [
    ('{"a":{"b":{"c":1},"d":2},"e":3}', [("a.b.c", "1"), ("a.d", "2"), ("e", "3")]),
    ('{"a":{},"b":{"c":{}}}', []),
    ('{"a":"","b":true,"c":null}', [("a", ""), ("b", "true"), ("c", "null")]),
    ('{"a.b":1,"a":{"b":2}}', [("a.b", "1"), ("a.b", "2")]),
    ('{"a":1,"a":2,"A":3}', [("a", "1"), ("a", "2"), ("A", "3")]),
    ('{"":{"":1},"x.":2}', [(".", "1"), ("x.", "2")]),
    (
        '{"srcip":"s","systemname":"y","system_name":"z"}',
        [("<srcip>", "s"), ("<system_name>", "y"), ("system_name", "z")],
    ),
    ('{"id":5,"id":6,"status":[1,2]}', [("<id>", "6"), ("<status>", "[1, 2]")]),
    ('{"user":"u"}', [("<dstuser>", "u")]),
    ('{"user":"u","user":"v"}', [("<dstuser>", "u"), ("user", "v")]),
    ('{"user":"u","dstuser":"d"}', [("<dstuser>", "d")]),
    ('{"dstuser":"d","user":"u"}', [("<dstuser>", "d"), ("user", "u")]),
    ('{"dstuser":"","user":"u"}', [("<dstuser>", "u")]),
    ('{"user":{"a":1},"data":{"x":1}}', [("user.a", "1"), ("data.x", "1")]),
    ('{"a":{"srcip":"s","user":"u"},"Srcip":"t"}', [("a.srcip", "s"), ("a.user", "u"), ("Srcip", "t")]),
    ('{"timestamp":"t","hostname":"h","log":"l"}', [("timestamp", "t"), ("hostname", "h"), ("log", "l")]),
]


@pytest.mark.parametrize(("text", "fields"), MEMBERS)
def test_members(text: str, fields: list[tuple[str, str]]) -> None:
    assert fields_of(text) == fields


def test_null_can_be_discarded() -> None:
    text = '{"a":null,"b":{"c":null},"srcip":null,"d":[null]}'
    assert fields_of(text, JsonStyle(discard_null=True)) == [("d", "[null]")]


def test_a_dstuser_from_before_makes_user_a_dynamic_field() -> None:
    assert fields_of('{"user":"u"}', static={"dstuser": "d"}) == [("<dstuser>", "d"), ("user", "u")]


def test_only_so_many_fields() -> None:
    document = {"a": {str(number): number for number in range(10)}, "srcip": "s"}
    static: dict[str, str] = {}
    items, complete = flatten(document, PLAIN, static, room=4, clean=None)
    assert items == [("a.0", "0"), ("a.1", "1"), ("a.2", "2"), ("a.3", "3")]
    assert not complete
    assert static == {"srcip": "s"}
    assert flatten(document, PLAIN, {}, room=10, clean=None)[1]
    assert flatten(document, PLAIN, {}, room=-1, clean=None) == ([], False)


def test_nesting_costs_no_recursion() -> None:
    document: Any = {"x": [1]}
    for _ in range(5000):
        document = {"a": document}
    items, _ = flatten(document, PLAIN, {}, room=9, clean=None)
    assert items == [("a." * 5000 + "x", "[1]")]
    array: Any = []
    for _ in range(5000):
        array = [array]
    assert array_text(array) == "[" * 5001 + "]" * 5001


def test_hostile_documents_cost_no_more_than_they_weigh() -> None:
    document = {"x" * 70_000: {"a": "1"}, "y" * 40_000: {"z" * 40_000: {"a": 1}, "b": {"c": "2"}}, "d": "3"}
    items, _ = flatten(document, PLAIN, {}, room=9, clean=None)
    assert [name[-3:] for name, _ in items] == ["b.c", "d"]
    many = {"x" * 60_000: {str(number): "1" for number in range(100_000)}}
    items, complete = flatten(many, PLAIN, {}, room=3, clean=None)
    assert (len(items), complete) == (3, False)
    array: list[Any] = [dict.fromkeys(map(str, range(10_000)))]
    for _ in range(800):
        array = [array]
    assert array_text(array) is None
    assert flatten({"a": array, "b": 1}, PLAIN, {}, room=9, clean=None)[0] == [("b", "1")]


def test_strings_of_documents_become_byte_text() -> None:
    assert clean_text("é漢") == "\xc3\xa9\xe6\xbc\xa2"
    assert clean_text("\udce9") == "\xe9"
    assert clean_text("a\ud800b") == "a\xed\xa0\x80b"
    assert clean_text("a\0b") == "a"


# --- the lazy way -----------------------------------------------------------------------------------------------------

STYLES = st.builds(JsonStyle, st.booleans(), st.booleans(), st.sampled_from([3, 256]))


def new_event(message: str = "", document: dict[str, Any] | None = None, static: dict[str, str] | None = None) -> Event:
    event = Event(Record(message, "x", 0.0, document=document), location="x", hostname="h")
    event.static.update(static or {})
    return event


def plain_event(parsed: dict[str, Any] | Members, style: JsonStyle, static: dict[str, str]) -> Event:
    """What flattening everything makes of an object, strings being byte text."""
    event = new_event(static=static)
    items, complete = flatten(parsed, style, event.static, room=style.max_fields, clean=None)
    for name, value in items:
        event.fields.add(name, value)
    if not complete:
        event.warnings = (TOO_MANY_FIELDS,)
    return event


def lookups(event: Event) -> set[str]:
    """Names worth asking for: all fields, their paths, and neighbours of them."""
    names = {name.lower() for name, _ in event.fields.items()}
    return (
        names
        | {name.rpartition(".")[0] for name in names}
        | {name + ".x" for name in names}
        | {"a", "aws.a", "srcip", ""}
    )


def assert_equal(event: Event, plain: Event, data: st.DataObject) -> None:
    asked = data.draw(st.permutations(sorted(lookups(plain))))
    assert {name: event.fields.get(name) for name in asked} == {name: plain.fields.get(name) for name in asked}
    assert event.static == plain.static
    assert event.warnings == plain.warnings
    assert list(event.fields.items()) == list(plain.fields.items())
    assert len(event.fields) == len(plain.fields)
    for fields in (event.fields, plain.fields):
        fields.add("aws.A", "later")
        fields.add("new", "n")
    assert {name: event.fields.get(name) for name in [*asked, "new"]} == {
        name: plain.fields.get(name) for name in [*asked, "new"]
    }
    assert list(event.fields.items()) == list(plain.fields.items())


@given(texts(), STYLES, st.sampled_from([{}, {"dstuser": "d"}, {"dstuser": ""}]), st.data())
def test_a_text_has_the_fields_of_plain_flattening(
    text: str, style: JsonStyle, static: dict[str, str], data: st.DataObject
) -> None:
    event = new_event(text, static=static)
    decode(event, None, PluginSettings(style))
    try:
        value = read_value(text)
    except JsonError:
        value = None
    parsed = value if isinstance(value, Members) else Members()
    assert_equal(event, plain_event(parsed, style, static), data)


@given(objects(), STYLES, st.sampled_from([{}, {"dstuser": "d"}]), st.booleans(), st.data())
@example({"a": "x\0y", "b\0c": {"d\0e": 1}, "srcip\0": "s"}, PLAIN, {}, True, None)
@example({"aws": {"A": 1, "a": 2, "x.y": 3}, "x": {"é": "漢"}}, PLAIN, {}, True, None)
@example({"a": [10**30, -(10**400), 1.5]}, PLAIN, {}, False, None)
def test_a_document_has_the_fields_of_its_text(
    document: dict[str, Any], style: JsonStyle, static: dict[str, str], ascii_only: bool, data: st.DataObject | None
) -> None:
    text = json.dumps(document, ensure_ascii=ascii_only).encode().decode("latin-1")
    event = new_event(text, document, static)
    decode(event, None, PluginSettings(style))
    parsed = read_value(text)
    plain = plain_event(parsed, style, static)
    if data is None:
        assert list(event.fields.items()) == list(plain.fields.items())
        assert event.static == plain.static
    else:
        assert_equal(event, plain, data)


def test_what_is_looked_up_is_not_flattened() -> None:
    class Watched(dict[str, Any]):
        def items(self) -> Any:
            raise AssertionError("flattened")

    document = {"integration": "aws", "aws": {"source": "cloudtrail", "eventName": "X", "n": 5, "deep": {"a": 1}}}
    event = new_event()
    event.fields = fields = DocumentFields(Watched(document), PLAIN, PLAIN.shape(document), event.static, None)  # type: ignore[arg-type]
    assert fields.get("integration") == "aws"
    assert fields.get("aws.eventname") == "X"
    assert fields.get("aws.n") == "5"
    assert fields.get("aws.deep.a") == "1"
    assert fields.get("aws.deep") is None
    assert fields.get("aws") is None
    assert fields.get("aws.deep.a.b") is None
    assert fields.get("no.such") is None


def test_objects_of_the_same_names_share_a_shape() -> None:
    style = JsonStyle()
    assert style.shape({"a": 1, "B": 2}) is style.shape({"a": 3, "B": 4})
    assert style.shape({"a": 1, "A": 2}) is None
    assert style.shape({"a.b": 1}) is None
    assert style.shape({"é": 1}) is None
    style.shape({str(number): 1 for number in range(100)})
    style.shape({"x" * 5000: 1})
    assert len(style.shapes) == 4


def test_documents_know_the_roots_of_their_names() -> None:
    event = new_event(document={"Integration": "aws", "aws": {"a": 1}})
    decode(event, None, PluginSettings(PLAIN))
    roots = event.fields.roots()
    assert roots is not None
    assert set(roots) == {"integration", "aws"}
    again = new_event(document={"Integration": "x", "aws": 5})
    decode(again, None, PluginSettings(PLAIN))
    assert again.fields.roots() is roots
    event.fields.add("other.x", "1")
    assert event.fields.roots() is None


def test_shapes_do_not_pile_up() -> None:
    style = JsonStyle()
    for number in range(5000):
        style.shape({f"i-{number}": 1})
    assert len(style.shapes) <= 4096


@given(st.dictionaries(NAMES, st.integers() | st.dictionaries(NAMES, st.integers()), max_size=6))
def test_leaves_are_counted(document: dict[str, Any]) -> None:
    fields = Fields()
    for item in flatten(document, PLAIN, {}, room=999, clean=clean_text)[0]:
        fields.add(*item)
    static = sum(
        1
        for name, value in document.items()
        if name in ("srcip", "data", "id", "systemname") and isinstance(value, int)
    )
    users = sum(1 for name in ("user", "dstuser") if isinstance(document.get(name), int))
    assert count_leaves(document) - static - users <= len(fields) <= count_leaves(document)


def test_more_fields_than_the_limit_warn_once() -> None:
    document = {"a": {str(number): number for number in range(300)}}
    event = new_event()
    decode_document(event, document, PluginSettings(PLAIN), None)
    assert len(event.fields) == 256
    assert event.warnings == (TOO_MANY_FIELDS,)
    assert event.fields.get("a.255") == "255"
    assert event.fields.get("a.256") is None
