"""How decoders are linked, named and numbered (spec/decoders.md 2); the verdicts of loading (config-loading.md 5)."""

from __future__ import annotations

import pytest

from alertmill.decoders import DecoderTree, load_decoders
from alertmill.decoders.identities import BUILT_IN
from alertmill.errors import Problems
from unit.decoders.helpers import FILLER, decoded, fields, load

ROOT = '<decoder name="p"><prematch>^p: </prematch></decoder>'


def verdict(*files: tuple[str, str]) -> list[str]:
    """Severity and Wazuh's words of every problem, shortened to its numbers."""
    problems = Problems()
    assert isinstance(load_decoders([*files, ("zz.xml", FILLER)], problems), DecoderTree)
    return [f"{problem.code.id} {problem.severity.value} {problem.wazuh}" for problem in problems]


UNCLOSED = "End of file and some elements were not closed"
LOCAL = "etc/decoders/local_decoder.xml"
FILES = [
    ("x.xml", "", ["D001 error (1202): Configuration error at 'x.xml'."]),
    ("x.xml", "<!-- c -->", ["D001 error (1231), (1202): Configuration error at 'x.xml'."]),
    ("x.xml", '<var name="a">b</var>', ["D001 error (1231), (1202): Configuration error at 'x.xml'."]),
    ("local_decoder.xml", "", ["D001 error (1202): Configuration error at 'local_decoder.xml'."]),
    (LOCAL, "", []),
    (LOCAL, "text <!-- c -->", []),
    (f"/home/{LOCAL}", "", []),
    ("x.xml", "<decoder", [f"X001 error (1226): Error reading XML file 'x.xml': XMLERR: {UNCLOSED}. (line 1)."]),
]


@pytest.mark.parametrize(("path", "text", "expected"), FILES)
def test_files(path: str, text: str, expected: list[str]) -> None:
    assert verdict((path, text)) == expected


def child(inside: str, name: str = "c", parent: str = "p") -> str:
    return f'<decoder name="{name}"><parent>{parent}</parent>{inside}</decoder>'


REGEX = "<regex>(x)</regex><order>x</order>"
JSON = "<plugin_decoder>JSON_Decoder</plugin_decoder>"
NO_PARENT = "D010 error (2101): Parent decoder name invalid: '{}', (2106): Error adding decoder plugin."
NOT_LOADED = "(2105): Error loading decoder options."
LINKS = [
    (ROOT + child(REGEX), []),
    (ROOT + child(REGEX) + child(REGEX), []),
    (
        ROOT + child(f"<prematch>a</prematch>{REGEX}") + child(REGEX) + child(JSON),
        [],
    ),
    (
        child(REGEX) + ROOT,
        [NO_PARENT.format("p")],
    ),
    (
        ROOT + child(REGEX, parent="P"),
        [NO_PARENT.format("P")],
    ),
    (
        ROOT + child(REGEX) + child(REGEX, "d", parent="c"),
        [NO_PARENT.format("c")],
    ),
    (ROOT + child(REGEX) + child(f"<prematch>a</prematch>{REGEX}"), [f"D011 error (2102), {NOT_LOADED}"]),
    (ROOT + child(REGEX) + child(f"{REGEX}<fts>name</fts>"), [f"D011 error (2103), {NOT_LOADED}"]),
    (ROOT + child("<prematch>a</prematch>") + child(REGEX), [f"D011 error (2104), {NOT_LOADED}"]),
    (ROOT + child(REGEX) + child("<type>ids</type>"), [f"D011 error (2104), {NOT_LOADED}"]),
    (
        ROOT + child('<regex offset="after_regex">(x)</regex><order>x</order>'),
        [f"D012 error (2120): Invalid offset value: 'after_regex', {NOT_LOADED}"],
    ),
    (
        ROOT + child(JSON) + child('<regex offset="after_regex">(x)</regex><order>x</order>'),
        [f"D012 error (2120): Invalid offset value: 'after_regex', {NOT_LOADED}"],
    ),
    (ROOT + child(REGEX) + child('<regex offset="after_regex">(x)</regex><order>x</order>'), []),
]


@pytest.mark.parametrize(("text", "expected"), LINKS, ids=range(len(LINKS)))
def test_links(text: str, expected: list[str]) -> None:
    assert verdict(("x.xml", text)) == expected


def test_every_problem_of_every_file_is_told() -> None:
    problems = Problems()
    files = [
        (
            "1.xml",
            '<decoder name="a"><prematch>x</prematch><oops/></decoder><decoder name="b"><parent>q</parent></decoder>',
        ),
        ("2.xml", "<decoder"),
        ("3.xml", '<decoder name="c"><prematch>(</prematch><type>?</type></decoder>'),
    ]
    load_decoders(files, problems)
    assert [(str(problem.origin), problem.code.id) for problem in problems.errors] == [
        ("1.xml:1", "D004"),
        ("1.xml:1", "D010"),
        ("2.xml:1", "X001"),
        ("3.xml:1", "D005"),
        ("3.xml:1", "D017"),
    ]


def test_problems_are_told_in_ordinary_text() -> None:
    problems = Problems()
    load_decoders([("x.xml", '<decoder name="caf\xc3\xa9"></decoder>')], problems)
    assert "'café'" in problems.draw()


def test_names_and_identities() -> None:
    tree = load(
        ROOT
        + child("<prematch>^a </prematch>", "p-a")
        + child("<prematch>^b </prematch><use_own_name>true</use_own_name>", "p-b")
        + '<decoder name="p"><program_name>^p$</program_name></decoder>'
    )
    assert tree.count == 6
    known = tree.identities
    assert {"p", "p-a", "p-b", "filler-a", "filler-b", *BUILT_IN} == set(known)
    assert len(set(known.values())) == len(known)
    shown = [
        (event.decoder.name, event.decoder.parent, event.decoder.identity)
        for event in (decoded(tree, text) for text in ("p: x", "p: a x", "p: b x", "Dec 29 10:00:01 h p: x"))
        if event.decoder is not None
    ]
    # Spec 4: prematches of children without an offset see the whole log, so neither child is chosen here.
    assert shown == [("p", "", known["p"])] * 4
    tree = load(ROOT + child('<prematch offset="after_parent">^b </prematch><use_own_name>true</use_own_name>', "p-b"))
    event = decoded(tree, "p: b x")
    assert event.decoder is not None
    assert (event.decoder.name, event.decoder.parent) == ("p-b", "p")
    assert event.decoder.identity == tree.identities["p-b"]


def test_a_child_hangs_below_every_root_of_the_name_loaded_so_far() -> None:
    roots = ROOT + '<decoder name="p"><program_name>^p$</program_name></decoder>'
    tree = load(
        roots + child("<regex>k=(\\w)</regex><order>k</order>"), '<decoder name="p"><prematch>^q: </prematch></decoder>'
    )
    assert fields(decoded(tree, "p: k=1")) == [("k", "1")]
    assert fields(decoded(tree, "Dec 29 10:00:01 h p: k=2")) == [("k", "2")]
    assert fields(decoded(tree, "q: k=3")) == []


def test_files_without_any_decoder_are_a_warning() -> None:
    problems = Problems()
    tree = load_decoders([], problems)
    assert [problem.code.id for problem in problems.warnings] == ["D021"]
    assert not problems.errors
    assert decoded(tree, "anything").decoder is None
