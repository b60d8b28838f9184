"""CDB lists: their text, and the look-ups of rules."""

from __future__ import annotations

import pytest

from alertmill.errors import Problems
from alertmill.ruleset.lists import CdbList, load_lists, read_line
from unit.ruleset.helpers import event, first_id, grouped, load, rule, ruleset


@pytest.mark.parametrize(
    ("line", "entry"),
    [
        ("alice:admin", ("alice", "admin")),
        ("alice:", ("alice", "")),
        (":admin", ("", "admin")),
        ("alice", None),
        ("", None),
        (" alice : admin ", (" alice ", " admin ")),
        ('"fe80::1":router', ("fe80::1", "router")),
        ('"fe80::1":"the: router"', ("fe80::1", "the: router")),
        ('x"fe80::1"y:router', ("fe80::1", "router")),
        ('"fe80::1', None),
        ('"fe80":', ("fe80", "")),
        ('"fe80"', None),
        ('a:b "c" d', ("a", "c")),
        ('a:b "c', None),
        ("fe80::1:router", ("fe80", ":1:router")),
    ],
)
def test_lines(line, entry):
    assert read_line(line) == entry


def test_the_first_of_a_key_wins_and_line_ends_are_cut():
    problems = Problems()
    lists = load_lists({"users": "a:1\r\nb:2\na:3\n\nc:4"}, problems)
    assert dict(lists["users"].entries) == {"a": "1", "b": "2", "c": "4"}
    assert not problems


def test_lines_without_an_entry_are_told_and_a_flood_is_summed_up():
    problems = Problems()
    load_lists({"etc/lists/users": "a:1\nbob\n" + "x\n" * 20}, problems)
    assert problems.items[0].draw() == (
        "etc/lists/users:2: warning: this line holds no key and value, so it is left out  [L001]\n"
        "    bob\n"
        "    ^~~\n"
        "  hint: write key:value; a key alone ends with a colon"
    )
    assert len(problems) == 11
    assert problems.items[-1].message == "11 more lines of this list hold no key and value"


def test_a_list_without_a_text_is_not_there():
    problems = Problems()
    assert load_lists({"gone": None}, problems) == {}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("10.1.2.3", "host"),
        ("10.1.2.4", "net24"),
        ("10.1.9.9", "net16"),
        ("10.1.", "net16"),
        ("10.1", None),
        ("10.20.1.1", None),
        ("shop.example", "name"),
        ("", None),
    ],
)
def test_addresses_are_looked_up_with_their_dotted_prefixes(text, value):
    table = CdbList("nets", {"10.1.2.3": "host", "10.1.2.": "net24", "10.1.": "net16", "shop.": "name"})
    assert table.address_value(text) == value


LISTS = {"users": "alice:admin\nbob:guest\n10.1.:office\n10.1.7.:lab\n"}


def lookup(kind: str, value: str | None, check: str = "", **options: object) -> bool:
    """Whether a `<list>` of this look-up holds for a field value."""
    checked = f' check_value="{check}"' if check else ""
    rules = ruleset(rule(100100, f'<list field="who" lookup="{kind}"{checked}>users</list>'), lists=LISTS, **options)
    return first_id(rules, event(fields={} if value is None else {"who": value})) == 100100


@pytest.mark.parametrize(
    ("kind", "yes", "no"),
    [
        ("match_key", ["alice", "10.1."], ["Alice", "10.1.2.3", ""]),
        ("not_match_key", ["Alice", "10.1.2.3", ""], ["alice"]),
        ("address_match_key", ["alice", "10.1.2.3"], ["10.2.1.1"]),
        ("not_address_match_key", ["10.2.1.1", "carol"], ["alice", "10.1.2.3"]),
        ("MATCH_KEY", ["alice"], ["carol"]),
    ],
)
def test_lookups_of_keys(kind, yes, no):
    assert [value for value in yes if not lookup(kind, value)] == []
    assert [value for value in no if lookup(kind, value)] == []
    assert not lookup(kind, None)


def test_lookups_of_values():
    assert lookup("match_key_value", "alice", "^ADM|x")
    assert not lookup("match_key_value", "bob", "^adm|x")
    assert not lookup("match_key_value", "carol", "^adm")
    assert not lookup("match_key_value", "alice")
    assert lookup("address_match_key_value", "10.1.2.3", "office")
    assert not lookup("address_match_key_value", "10.1.7.3", "office")  # only the first hit counts


def test_wazuhs_inverted_lookup_of_address_values_is_an_option():
    assert not lookup("address_match_key_value", "10.1.2.3", "office", invert_address_values=True)
    assert lookup("address_match_key_value", "10.1.7.3", "office", invert_address_values=True)
    assert not lookup("address_match_key_value", None, "office", invert_address_values=True)


@pytest.mark.parametrize(
    ("field", "made"),
    [
        ("srcip", {"static": {"srcip": "alice"}}),
        ("SrcIP", {"static": {"srcip": "alice"}}),
        ("user", {"static": {"srcuser": "alice", "dstuser": "carol"}}),
        ("user", {"static": {"dstuser": "alice"}}),
        ("hostname", {"hostname": "alice"}),
        ("program_name", {"program": "alice"}),
        ("location", {"fields": {"location": "alice"}}),  # not a static name here
        ("  Deep.Name rest", {"fields": {"deep.name": "alice"}}),
    ],
)
def test_what_a_list_looks_at(field, made):
    rules = ruleset(rule(100100, f'<list field="{field}">users</list>'), lists=LISTS)
    assert first_id(rules, event(**made)) == 100100
    assert first_id(rules, event()) is None


def test_every_list_of_a_rule_must_hold():
    body = "".join(f'<list field="{name}">users</list>' for name in "abc")
    rules = ruleset(rule(100100, body), lists=LISTS)
    fields = dict.fromkeys("abc", "alice")
    assert first_id(rules, event(fields=fields)) == 100100
    for name in "abc":
        assert first_id(rules, event(fields={**fields, name: "carol"})) is None


def test_a_list_is_named_as_declared_or_with_its_compiled_ending():
    ruleset(rule(100100, '<list field="x">users.cdb</list>'), lists=LISTS)
    _, problems = load(grouped(rule(100100, '<list field="x"> users</list>')), lists=LISTS)
    assert [problem.code.id for problem in problems] == ["R017"]


def test_keys_are_bytes():
    name = "j\xc3\xb6rg"
    rules = ruleset(rule(100100, '<list field="x">users</list>'), lists={"users": f"{name}:1\n"})
    assert first_id(rules, event(fields={"x": name})) == 100100
