"""Windows event XML: the quick reader of the plain style gives what the reader of the whole dialect gives."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st

from alertmill.decoders import eventxml
from alertmill.decoders.eventxml import Part
from alertmill.xmltext import XmlError, read_xml
from support import LONG

#: Pieces of event XML and of what it must not be taken for.
PIECES = st.sampled_from(
    [
        "<Event>",
        "</Event>",
        "<System>",
        "</System>",
        "<Data Name='a'>",
        "</Data>",
        "<Data>",
        "<Provider Name='x'/>",
        "<Provider Name='x' />",
        "<Level/>",
        "<Level />",
        "<E a='1' b='2'>",
        "<E a='1' a='2'>",
        "<E  a='1'>",
        "<E a='<'>",
        '<E a="q">',
        "</E>",
        "</E >",
        "</ E>",
        "<E/ >",
        "<1>",
        "</1>",
        "<!-- c -->",
        "<!",
        "!>",
        "<?xml?>",
        "text",
        " ",
        ">",
        "\\",
        "\\\\",
        "\\<",
        "\\n",
        '\\"',
        "&amp;",
        "\n",
        "'",
        "é",
        "<E\ta='1'>",
        "<E a='\\'>",
        "<E a=''/>",
    ]
)
TEXTS = st.lists(PIECES, max_size=14).map("".join)

Tree = list[tuple[str, dict[str, str], str, "Tree"]]


def tree(found: list[Part]) -> Tree:
    return [(part.name, dict(part.attributes), part.text, tree(list(part.children))) for part in found]


def slowly(xml: str) -> Tree:
    try:
        roots = read_xml(xml, "")
    except XmlError:
        return []
    return tree([part for root in roots if root.name == "Event" for part in root.children])


@settings(max_examples=50_000 if LONG else 1500, deadline=None)
@given(TEXTS, st.booleans())
@example("<Event><A/>x<B>1</B>y</Event>", False)
@example("<Event><System><P a='1'/>t</System></Event>", False)
@example("<Event></Event><Event><A>1</A></Event>", False)
def test_both_readers_see_the_same(text: str, inside: bool) -> None:
    xml = f"<Event>{text}</Event>" if inside else text
    assert tree(list(eventxml.parts(xml))) == slowly(xml)


def test_the_plain_style_is_read_quickly() -> None:
    xml = (
        "\"<Event xmlns='http://example.org/e'><System><Provider Name='P' Guid='{1}'/><EventID>4624</EventID>"
        "<TimeCreated SystemTime='2026-01-02T03:04:05Z'/><Security/></System>"
        "<EventData><Data Name='Path'>C:\\\\Windows</Data><Data>x</Data></EventData></Event>\""
    )
    assert eventxml._plain_roots(xml) is not None
    assert tree(list(eventxml.parts(xml))) == slowly(xml) != []


def test_what_is_large_goes_to_the_reader_that_knows_the_limits() -> None:
    xml = "<Event><Data>" + "x" * 30_000 + "</Data></Event>"
    assert eventxml._plain_roots(xml) is None
    assert tree(list(eventxml.parts(xml))) == slowly(xml)
