"""The XML dialect and its variables, table by table (spec/config-loading.md 2 and 3)."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alertmill.xmltext import (
    MAX_ATTRIBUTES,
    MAX_DEPTH,
    MAX_SIZE,
    MAX_VARIABLE_NAME,
    Element,
    XmlError,
    load_xml,
    read_xml,
)

Tree = tuple[object, ...]


def tree(elements: list[Element]) -> list[Tree]:
    """Elements as (name, text), with attributes and children behind where there are any."""
    found = []
    for element in elements:
        extra: list[object] = [element.attributes] if element.attributes else []
        extra += [tree(element.children)] if element.children else []
        found.append((element.name, element.text, *extra))
    return found


def attributes(count: int) -> str:
    return " ".join(f"n{number}=''" for number in range(count))


READS: list[tuple[str, str, list[Tree]]] = [
    ("a literal < behind a backslash", r"<a><b>x\<y</b></a>", [("a", "", [("b", r"x\<y")])]),
    ("entities stay as typed", "<a><b>&lt;x &#65; & y</b></a>", [("a", "", [("b", "&lt;x &#65; & y")])]),
    ("a comment inside a text", "<a>x<!-- c -->y</a>", [("a", "xy")]),
    ("the short end of a comment", "<a>x<! c !>y</a>", [("a", "xy")]),
    ("whichever end comes first", "<a>x<! c !>y-->z</a>", [("a", "xy-->z")]),
    ("comments do not nest", "<!-- a <!-- b --> c --><a>1</a>", [("a", "1")]),
    ("text outside elements", "hello <a>1</a> x & y <b>2</b>", [("a", "1"), ("b", "2")]),
    ("a byte order mark", "\xef\xbb\xbf<a>1</a>", [("a", "1")]),
    (
        "only text behind the last child",
        "<p>one<a>1</a>two<b>2</b>three</p>",
        [("p", "three", [("a", "1"), ("b", "2")])],
    ),
    ("nothing", "", []),
    ("only a comment", " <!-- <a>1</a> --> ", []),
    ("only text", "hello", []),
    ("blanks and newlines stay", "<a> x\r\n y </a>", [("a", " x\r\n y ")]),
    ("a > in a text", "<a>x>y</a>", [("a", "x>y")]),
    ("paired backslashes", r"<a>x\\</a>", [("a", r"x\\")]),
    ("a backslash before anything else", r"<a>x\y\>z</a>", [("a", r"x\y\>z")]),
    ("a hidden closing tag", r"<p>x\</p></p>", [("p", r"x\</p>")]),
    ("a hidden tag outside", r"\<b> <a>1</a>", [("a", "1")]),
    ("a backslash acts behind a comment", r"<p>x\<!-- c --></p></p>", [("p", r"x\</p>")]),
    ("a self-closed element", "<a/><b>1</b>", [("a", ""), ("b", "1")]),
    ("a slash in a name", "<a/b>1</a/b>", [("a/b", "1")]),
    ("a blank behind the name", "<a >1</a>", [("a", "1")]),
    ("a self-closed child with a gap", "<p><c />x</p>", [("p", ">x", [("c", "")])]),
    ("a self-closed child with an attribute", '<p><c d="e"/>x</p>', [("p", ">x", [("c", "", {"d": "e"})])]),
    ("a self-closed child without", "<p><c/>x</p>", [("p", "x", [("c", "")])]),
    ("attributes", "<a n=\"1\"\n\tm='2'>x</a>", [("a", "x", {"n": "1", "m": "2"})]),
    ("blanks behind the equals sign", '<a n= "1">x</a>', [("a", "x", {"n": "1"})]),
    ("an empty attribute", '<a n="">x</a>', [("a", "x", {"n": ""})]),
    ("an attribute is verbatim", r'<a n="\&lt;<$x">x</a>', [("a", "x", {"n": r"\&lt;<$x"})]),
    ("no comments in attributes", '<a n="<!-- x">y</a>', [("a", "y", {"n": "<!-- x"})]),
    ("bytes beyond ASCII", "<a>\xe9\xc3\xa9</a>", [("a", "\xe9\xc3\xa9")]),
]


@pytest.mark.parametrize(("text", "expected"), [row[1:] for row in READS], ids=[row[0] for row in READS])
def test_what_is_read(text: str, expected: list[Tree]) -> None:
    assert tree(read_xml(text, "x.xml")) == expected


REFUSES: list[tuple[str, str, int]] = [
    ('<a n ="x">1</a>', "Attribute 'n' has no value", 1),
    ("<a n>1</a>", "Attribute 'n' has no value", 1),
    ("<a n=x>1</a>", "Attribute 'n' not followed by a \" or '", 1),
    ('<a n="x>y">1</a>', "Attribute 'n' not closed", 1),
    ('<a n="x', "Attribute 'n' not closed", 1),
    ('<a n="1"m="2">1</a>', "Bad attribute closing for 'n'='1'", 1),
    ('<a n="1" n="2">1</a>', "Attribute 'n' already defined", 1),
    ('<a n="1"', "End of file while reading an attribute", 1),
    ("<a ", "End of file while reading an attribute", 1),
    ("<a>\n<!-- never", "Comment not closed", 2),
    ("<![CDATA[x]]>", "Comment not closed", 1),
    ("</a>", "Element not opened", 1),
    ("<a>\n<b>1</a>", "Element 'b' not closed", 2),
    ("<a>1</A>", "Element 'a' not closed", 1),
    ("<a>1</a >", "Element 'a' not closed", 1),
    (r"<a>x\</a>", "Element 'a' not closed", 1),
    ("\n\n<a>", "Element 'a' not closed", 3),
    ("<a", "End of file and some elements were not closed", 1),
    ('<?xml version="1.0"?><a>1</a>', "Element '?xml' not closed", 1),
    (f"<a>{'x' * (MAX_SIZE + 1)}</a>", "String overflow", 1),
    (f"<{'x' * (MAX_SIZE + 1)}>", "String overflow", 1),
    (f"<a n='{'x' * (MAX_SIZE + 1)}'>1</a>", "String overflow", 1),
    (f"<a {attributes(MAX_ATTRIBUTES + 1)}>1</a>", "Too many attributes", 1),
    ("<a>" * (MAX_DEPTH + 1) + "</a>" * (MAX_DEPTH + 1), "Max recursion level reached", 1),
]


@pytest.mark.parametrize(("text", "reason", "line"), REFUSES, ids=[f"{row[1]}: {row[0][:20]!r}" for row in REFUSES])
def test_what_is_refused(text: str, reason: str, line: int) -> None:
    with pytest.raises(XmlError) as caught:
        read_xml(text, "etc/x.xml")
    problem = caught.value.problem
    assert problem.message == reason
    assert problem.origin is not None
    assert (problem.origin.path, problem.origin.line) == ("etc/x.xml", line)
    assert problem.wazuh == f"(1226): Error reading XML file 'etc/x.xml': XMLERR: {reason}. (line {line})."


LIMITS = [
    f"<a>{'x' * MAX_SIZE}</a>",
    f"<a n='{'x' * MAX_SIZE}'>1</a>",
    f"<a {attributes(MAX_ATTRIBUTES)}>1</a>",
    "<a>" * MAX_DEPTH + "</a>" * MAX_DEPTH,
]


@pytest.mark.parametrize("text", LIMITS, ids=range(len(LIMITS)))
def test_limits_are_within_what_is_read(text: str) -> None:
    assert len(read_xml(text, "x.xml")) == 1


def test_places_point_at_what_they_mean() -> None:
    (outer,) = read_xml('<!-- c -->\n<a>\n  <b type="pcre2">  foo(bar</b>\n</a>', "x.xml")
    (inner,) = outer.children
    assert (outer.line, inner.line) == (2, 3)
    assert inner.origin().picture().splitlines()[1].strip() == "^"
    assert inner.attribute_origin("type").picture().splitlines()[1].index("^") == len('<b type="')
    assert inner.text_origin().picture().splitlines()[1].count("~") == len("foo(bar") - 1
    marked = inner.text_origin(inner.text.index("("))
    assert marked.text[marked.start : marked.end] == "("


# --- variables --------------------------------------------------------------------------------------------------------

V = '<var name="V">abc</var>'
EXPANDS: list[tuple[str, str, str]] = [
    ("ends at | . , and blank", V + "<a>x $V| $V,$V z</a>", "x abc| abc,abc z"),
    ("ends at a dot", V + "<a>x$V.y</a>", "xabc.y"),
    ("one behind the other", V + "<a>$V$V zz</a>", "abcabc zz"),
    ("a $ alone", V + "<a>^foo$</a>", "^foo$"),
    ("a $ before |", V + "<a>foo$|bar$</a>", "foo$|bar$"),
    ("a $ before a blank", V + "<a>^foo$ bar</a>", "^foo$ bar"),
    ("an alert's field", V + "<a>by $(srcip) or $(x y)</a>", "by $(srcip) or $(x y)"),
    ("names ignore case", V + "<a>x $v</a>", "x abc"),
    ("short texts are left alone", V + "<a>$V</a>", "$V"),
    ("not before the definition", "<a>x $V z</a>" + V, "x $V z"),
    ("no variables, no names", "<a>$anything) goes</a>", "$anything) goes"),
    ("the first of two", V + '<var name="v">other</var><a>x $V</a>', "x abc"),
    ("values are not expanded", V + '<var name="W">x $V</var><a>y $W</a>', "y x $V"),
    ("text is not looked at again", '<var name="W">$V</var>' + V + "<a>y $W z</a>", "y $V z"),
    ("no protection by a backslash", V + r"<a>foo\$V</a>", r"foo\abc"),
    ("tag and attribute in any case", '<VAR NAME="V">abc</VAR><a>x $V</a>', "x abc"),
    ("further attributes are ignored", '<var name="V" b="c">abc</var><a>x $V</a>', "x abc"),
    ("without attributes nothing is defined", "<var>abc</var><a>x $V</a>", "x $V"),
]


@pytest.mark.parametrize(("text", "expected"), [row[1:] for row in EXPANDS], ids=[row[0] for row in EXPANDS])
def test_variables(text: str, expected: str) -> None:
    elements = load_xml(text, "x.xml")
    assert [element.text for element in elements if element.name.lower() == "a"] == [expected]
    assert not [element for element in elements if element.name.lower() == "var"]


def test_variables_reach_attributes_children_and_stray_text() -> None:
    (outer,) = load_xml(V + '<a n="x-$V"><b>to $V</b> stray $V</a>', "x.xml")
    assert outer.attributes == {"n": "x-abc"}
    assert outer.text == " stray abc"
    assert outer.children[0].text == "to abc"


def test_a_variable_inside_a_group_serves_what_follows_anywhere() -> None:
    text = '<a><b>x $V</b><var name="V">abc</var><b>x $V</b></a><c>x $V</c>'
    group, behind = load_xml(text, "x.xml")
    assert [child.text for child in group.children] == ["x $V", "x abc"]
    assert behind.text == "x abc"


REFUSED_VARIABLES = [
    (V + "<a>($V)</a>", "Unknown variable: 'V)'"),
    (V + "<a>x $Vz</a>", "Unknown variable: 'Vz'"),
    (V + "<a>a$$b zz</a>", "Unknown variable: 'b'"),
    (V + "<a>x $V\ny</a>", "Unknown variable: 'V\ny'"),
    (V + '<a n="x $W">y</a>', "Unknown variable: 'W'"),
    (V + "<a>x $W<b>1</b></a>", None),
    ('<var title="V">abc</var>', 'Only "name" is allowed as an attribute for a variable'),
    ('<a Var="x">abc</a>', "No value set for variable"),
    (f'<var name="{"x" * (MAX_VARIABLE_NAME + 1)}">abc</var>', "Invalid variable name size"),
]


@pytest.mark.parametrize(("text", "reason"), REFUSED_VARIABLES, ids=range(len(REFUSED_VARIABLES)))
def test_refused_variables(text: str, reason: str | None) -> None:
    if reason is None:  # text before a child is no content: nothing is looked up in it
        assert load_xml(text, "x.xml")
        return
    with pytest.raises(XmlError) as caught:
        load_xml(text, "x.xml")
    problem = caught.value.problem
    assert problem.message == reason
    assert problem.wazuh == f"(1227): Error applying XML variables 'x.xml': {reason}."
    assert problem.origin is not None
    assert problem.origin.line >= 1


PIECES = st.lists(
    st.sampled_from(
        [
            "<a>",
            "</a>",
            "<b n='1'>",
            "</b>",
            "<!--",
            "-->",
            "!>",
            "\\",
            "<",
            ">",
            "x",
            "$V",
            '"',
            "/",
            " ",
            "\n",
            V,
            "\xe9",
        ]
    ),
    max_size=30,
)


@given(PIECES.map("".join))
def test_any_text_is_read_or_refused_with_a_place(text: str) -> None:
    try:
        elements = load_xml(text, "x.xml")
    except XmlError as error:
        origin = error.problem.origin
        assert origin is not None
        assert 1 <= origin.line <= text.count("\n") + 1
        assert re.match(r"\((1226|1227)\): ", error.problem.wazuh)
    else:
        assert all(element.source.text[element.start] == "<" for element in elements)
