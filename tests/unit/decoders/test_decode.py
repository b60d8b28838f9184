"""The walk over the decoder tree: tables of small trees, and the fast walk against the plain one."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alertmill.decoders import DecoderTree, load_decoders
from alertmill.decoders.decode import TOO_MANY_GROUPS
from alertmill.errors import Problems
from unit.decoders.helpers import FILLER, decoded, fields, load, new_event


def decoder(name: str, inside: str, parent: str = "") -> str:
    return f'<decoder name="{name}">{f"<parent>{parent}</parent>" if parent else ""}{inside}</decoder>'


def regex(pattern: str, order: str, offset: str = "", kind: str = "osregex") -> str:
    place = f' offset="{offset}"' if offset else ""
    return f'<regex type="{kind}"{place}>{pattern}</regex><order>{order}</order>'


def prematch(pattern: str, offset: str = "") -> str:
    place = f' offset="{offset}"' if offset else ""
    return f"<prematch{place}>{pattern}</prematch>"


JSON = "<plugin_decoder{}>JSON_Decoder</plugin_decoder>"
AFTER_PARENT = JSON.format(' offset="after_parent"')
AFTER_PREMATCH = JSON.format(' offset="after_prematch"')
OWN_NAME = "<use_own_name>true</use_own_name>"
IDS = "<type>ids</type>"
DISCARD = "<json_null_field>discard</json_null_field>"
SYSLOG = "Dec 29 10:00:01 host "

#: What it shows; decoders; log; winner, parent, type; fields.
WALKS: list[tuple[str, str, str, tuple[str, str, str] | None, list[tuple[str, str]]]] = [
    (
        "a child without prematch leaves the win to its root, with all options but the regex",
        decoder("t1", prematch("^T1: "))
        + decoder("t1-x", OWN_NAME + "<type>firewall</type>" + regex(r"^a=(\w+)", "aa", "after_parent"), "t1"),
        "T1: a=hello",
        ("t1", "", "syslog"),
        [("aa", "hello")],
    ),
    (
        "a root with children does not run its own regex",
        decoder("t2", prematch("^T2: ") + regex(r"root=(\w+)", "r", "after_prematch"))
        + decoder("t2-x", prematch("^zzz"), "t2"),
        "T2: root=abc",
        ("t2", "", "syslog"),
        [],
    ),
    (
        "a root without children does",
        decoder("t2", prematch("^T2: ") + regex(r"root=(\w+)", "r", "after_prematch")),
        "T2: root=abc",
        ("t2", "", "syslog"),
        [("r", "abc")],
    ),
    (
        "a chain runs into the stranger between its members",
        decoder("t3", prematch("^T3: "))
        + decoder("t3a", regex(r"^x=(\S+)", "x", "after_parent"), "t3")
        + decoder("t3b", prematch("NOPE") + regex(r"y=(\w+)", "yy"), "t3")
        + decoder("t3a", regex(r"z=(\w+)", "zz"), "t3"),
        "T3: q y=1 z=2",
        ("t3", "", "syslog"),
        [("yy", "1")],
    ),
    (
        "every member of a chain is tried, after_regex starts behind the last that matched",
        decoder("t4", prematch("^T4: "))
        + decoder("t4a", regex(r"a=(\w+) ", "a"), "t4")
        + decoder("t4a", regex(r"nothing=(\w+)", "n"), "t4")
        + decoder("t4a", regex(r"a=(\w+) ", "b", "after_regex"), "t4"),
        "T4: a=1 a=2 a=3",
        ("t4", "", "syslog"),
        [("a", "1"), ("b", "2")],
    ),
    (
        "a failed prematch skips its whole chain",
        decoder("t5", prematch("^T5: "))
        + decoder("t5a", prematch("NOPE") + regex(r"k=(\w+)", "k1"), "t5")
        + decoder("t5a", regex(r"k=(\w+)", "k2"), "t5")
        + decoder("t5b", prematch("k=") + regex(r"k=(\w+)", "k3"), "t5"),
        "T5: k=1",
        ("t5", "t5", "syslog"),
        [("k3", "1")],
    ),
    (
        "the first child without prematch ends the search",
        decoder("t6", prematch("^T6: "))
        + decoder("t6a", regex(r"never=(\w+)", "n"), "t6")
        + decoder("t6b", prematch("k=") + regex(r"k=(\w+)", "k"), "t6"),
        "T6: k=1",
        ("t6", "", "syslog"),
        [],
    ),
    (
        "a chosen child wins with its options",
        decoder("t7", prematch("^T7: "))
        + decoder("t7a", prematch("^k=", "after_parent") + IDS + regex(r"(\w)$", "id", "after_prematch"), "t7"),
        "T7: k=1",
        ("t7", "t7", "ids"),
        [("<id>", "1")],
    ),
    (
        "the plugin of a child without prematch sees the whole log",
        decoder("t8", prematch("^T8: ")) + decoder("t8a", AFTER_PARENT, "t8"),
        'T8: {"a":1}',
        ("t8", "", "syslog"),
        [],
    ),
    (
        "a chosen child's plugin starts at its offset, with its options",
        decoder("t9", prematch("^T9: "))
        + decoder("t9a", prematch(r"\.", "after_parent") + DISCARD + AFTER_PARENT, "t9"),
        'T9: {"a":null,"b":2}',
        ("t9", "t9", "syslog"),
        [("b", "2")],
    ),
    (
        "a root's plugin behind its prematch",
        decoder("box", prematch("^box: ") + AFTER_PREMATCH),
        'box: {"a":1}',
        ("box", "", "syslog"),
        [("a", "1")],
    ),
    (
        "a plugin of a chain starts where the winner says: here at the log's beginning, which is no JSON",
        decoder("ta", prematch("^TA: "))
        + decoder("taa", prematch("^TA") + regex(r"(k)", "k"), "ta")
        + decoder("taa", AFTER_PARENT, "ta")
        + decoder("taa", regex(r"(v)", "v"), "ta"),
        'TA: k v {"a":1}',
        ("ta", "ta", "syslog"),
        [("k", "k"), ("v", "v")],
    ),
    (
        "a program name leads to decoders of programs only",
        decoder("tb", prematch("k=") + regex(r"k=(\w+)", "plain"))
        + decoder("tb", "<program_name>^shop$</program_name>" + regex(r"k=(\w+)", "of_program")),
        SYSLOG + "shop: k=1",
        ("tb", "", "syslog"),
        [("of_program", "1")],
    ),
    (
        "an unknown program has no decoder",
        decoder("tb", prematch("k=")) + decoder("tb", "<program_name>^shop$</program_name>"),
        SYSLOG + "bar: k=1",
        None,
        [],
    ),
    (
        "a child's own program name is never looked at",
        decoder("tc", "<program_name>^tcprog$</program_name>")
        + decoder("tc-x", "<program_name>^never$</program_name>" + regex(r"k=(\w+)", "k"), "tc"),
        SYSLOG + "tcprog: k=v",
        ("tc", "", "syslog"),
        [("k", "v")],
    ),
    (
        "the first root that fits is final",
        decoder("td", prematch("^TD: ")) + decoder("te", prematch("^TD: k") + regex(r"k=(\w+)", "k")),
        "TD: k=1",
        ("td", "", "syslog"),
        [],
    ),
    (
        "statics: the last value counts, also an empty one; dynamics: all are kept",
        decoder("tf", prematch("^TF: "))
        + decoder("tfa", regex(r"a=(\S*) b=(\S*) u=(\w+)", "User, user, srcip"), "tf")
        + decoder("tfa", regex(r"c=(\w*) d=(\w*) e=(\w*)", "User, user.y, user"), "tf"),
        "TF: a=q b=w u=9 c=k d=Z e= ",
        ("tf", "", "syslog"),
        [("<dstuser>", ""), ("<srcip>", "9"), ("User", "q"), ("User", "k"), ("user.y", "Z")],
    ),
    (
        "unset groups of PCRE2 are empty, trailing ones are left alone",
        decoder("tg", prematch("^T|^a") + regex("^(a)?(b)?(c)?(d)?", "f1,f2,f3,f4,f5", kind="pcre2")),
        "ad",
        ("tg", "", "syslog"),
        [("f1", "a"), ("f2", ""), ("f3", ""), ("f4", "d")],
    ),
    (
        "more captures than names, more names than captures",
        decoder("th", prematch("^TH"))
        + decoder("tha", regex(r"(\d)(\d)(\d)", "a,b", kind="pcre2"), "th")
        + decoder("tha", regex(r"(\d)(\d)(\d)", "a,b,c,d", kind="pcre2"), "th"),
        "TH 123",
        ("th", "", "syslog"),
        [("a", "1"), ("b", "2"), ("a", "1"), ("b", "2"), ("c", "3")],
    ),
]


@pytest.mark.parametrize(
    ("decoders", "log", "winner", "expected"), [row[1:] for row in WALKS], ids=[row[0] for row in WALKS]
)
def test_walks(decoders: str, log: str, winner: tuple[str, str, str] | None, expected: list[tuple[str, str]]) -> None:
    event = decoded(load(decoders), log)
    shown = event.decoder and (event.decoder.name, event.decoder.parent, event.decoder.type)
    assert shown == winner
    assert sorted(fields(event)[: len(event.static)]) == expected[: len(event.static)]
    assert list(event.fields.items()) == expected[len(event.static) :]


def test_what_the_winner_tells_about_itself() -> None:
    inside = "<accumulate/><ftscomment>First time</ftscomment><fts>name, user, k</fts>"
    tree = load(decoder("t", prematch("^T") + regex("(k)", "k, user") + inside))
    info = decoded(tree, "T k").decoder
    assert info is not None
    assert (info.accumulate, info.ftscomment) == (True, "First time")
    assert (info.fts, info.fts_fields) == (frozenset({"name", "dstuser"}), ("k",))
    assert info.identity == tree.identities["t"]


def test_so_many_fields_and_no_more() -> None:
    members = [decoder("ta", regex("(k)", f"f{number}"), "t") for number in range(40)]
    tree = load(decoder("t", prematch("^T")) + "".join(members), order_size=32)
    event = decoded(tree, "T k")
    assert len(event.fields) == 32
    assert event.warnings == (TOO_MANY_GROUPS,)
    assert decoded(tree, "T").warnings == ()


def test_a_chain_that_goes_on_behind_a_document() -> None:
    tree = load(
        decoder("t", prematch("^{"))
        + decoder("ta", JSON.format(""), "t")
        + decoder("ta", regex(r'"k":"(\w+)"', "K"), "t")
        + decoder("ta", JSON.format(""), "t")
    )
    text = '{"k":"v","x":{"y":1}}'
    expected = [("k", "v"), ("x.y", "1"), ("K", "v"), ("k", "v"), ("x.y", "1")]
    assert fields(decoded(tree, text)) == expected
    assert fields(decoded(tree, text, json.loads(text))) == expected


def test_programs_do_not_pile_up() -> None:
    tree = load(decoder("t", "<program_name>^p</program_name>"))
    for number in range(5000):
        tree.decode(new_event(f"{SYSLOG}p{number}: x"))
    tree.decode(new_event(f"{SYSLOG}{'p' * 100}: x"))
    assert len(tree._by_program) <= 4096
    assert max(map(len, tree._by_program)) < 100


def test_patterns_that_gave_up_are_counted() -> None:
    tree = load(decoder("t", prematch("^T") + regex("^T((a|b|ab)+)c$", "a", kind="pcre2")))
    assert fields(decoded(tree, "Tabc")) == [("a", "ab")]
    assert tree.overruns == 0
    tree.decode(new_event("T" + "ab" * 60 + "dc"))
    assert tree.overruns == 1


# --- the fast walk against the plain one ------------------------------------------------------------------------------

BEGINNINGS = [
    "^a",
    "^A",
    r"^\d",
    "^a|^b",
    r"^\s*a",
    "b",
    "^{",
    r'^{\s*"',
    "^",
    r"^\w+:",
    r"^(\w)",
    "a$",
    r"^\.",
    "^$",
    r"^\p",
    "^a|b",
    r"^\D",
]
PCRE2 = ["^a", "^a?b", "b", "^a|b", "(?i)^A", "^a{0}b", "^"]
PATTERNS = st.one_of(
    st.sampled_from(BEGINNINGS).map(lambda text: f"<prematch>{text}</prematch>"),
    st.sampled_from(PCRE2).map(lambda text: f'<prematch type="pcre2">{text}</prematch>'),
    st.sampled_from(["^a$", "a", "!a", "^A"]).map(lambda text: f"<program_name>{text}</program_name>"),
)
CHILDREN = st.sampled_from(
    [
        "",
        prematch("a"),
        prematch("b", "after_parent") + regex(r"(\w)", "x", "after_prematch"),
        regex(r"(\w)", "y"),
        JSON.format(""),
    ]
)
LOGS = st.one_of(
    st.text(st.sampled_from('abAB1 {":\xc3'), max_size=8),
    st.sampled_from(['{"a":1}', '{"b":"a"}', '{ "a":"b"}', "{}", "", f"{SYSLOG}a: b1", f"{SYSLOG}b: a"]),
)


@given(st.lists(st.tuples(PATTERNS, CHILDREN), min_size=1, max_size=8), st.lists(LOGS, min_size=1, max_size=6))
def test_both_walks_agree_on_any_tree(roots: list[tuple[str, str]], logs: list[str]) -> None:
    text = "".join(
        decoder(f"r{number}", pattern) + (decoder("c", child, f"r{number}") if child else "")
        for number, (pattern, child) in enumerate(roots)
    )
    tree: DecoderTree = load_decoders([("x.xml", text + FILLER)], problems := Problems())
    assert not problems.errors
    for log in logs:
        decoded(tree, log)
        try:
            document = json.loads(log)
        except ValueError:
            continue
        if isinstance(document, dict):
            decoded(tree, log, document)
