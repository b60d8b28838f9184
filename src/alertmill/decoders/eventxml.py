"""The XML of Windows events -> its parts, quickly.

Windows writes XML of one plain style: no comments, attributes in single quotes, every element closed. `parts` takes
such text apart with one pattern; anything else goes to the reader of the whole dialect (`xmltext`), with the same
result (`tests/property/test_eventxml.py`). What the parts mean is the business of `plugins/windows_eventchannel.py`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Protocol

from alertmill.xmltext import MAX_ATTRIBUTES, MAX_DEPTH, MAX_SIZE, XmlError, read_xml

_NAME = r"[A-Za-z_][A-Za-z0-9_.:-]*"
#: Text without a tag: a backslash hides what stands behind it.
_TEXT = r"[^<\\]*+(?:\\[^<][^<\\]*+)*+"
#: A tag and the text behind it; if that is all of an element, its end and the text behind that too. The last group is
#: anything else, and not expected.
_TAG = re.compile(rf"<(/?)({_NAME})((?: {_NAME}='[^'<>]*+')*+)( ?/)?>({_TEXT})(?:(</\2>)({_TEXT}))?|([^<\\]|\\)")
_ATTRIBUTE = re.compile(rf" ({_NAME})='([^']*)'")
_LEAD = re.compile(_TEXT)


class Part(Protocol):
    """An element; `text` is what follows its last child."""

    @property
    def name(self) -> str: ...

    @property
    def attributes(self) -> Mapping[str, str]: ...

    @property
    def text(self) -> str: ...

    @property
    def children(self) -> Sequence[Part]: ...


class _Tag:
    __slots__ = ("attributes", "children", "name", "text")

    def __init__(self, name: str, attributes: Mapping[str, str], text: str) -> None:
        self.name = name
        self.attributes = attributes
        self.text = text
        self.children: list[_Tag] = []


def parts(xml: str) -> Sequence[Part]:
    """The children of all `<Event>` at the top, none when the XML cannot be read."""
    roots: Sequence[Part] | None = _plain_roots(xml)
    if roots is None:
        try:
            roots = read_xml(xml, "")
        except XmlError:
            return ()
    return [part for root in roots if root.name == "Event" for part in root.children]


def _plain_roots(xml: str) -> list[_Tag] | None:
    """The elements at the top; None for what is not of the plain style, or so large that a limit might count."""
    lead = _LEAD.match(xml)
    if lead is None or len(xml) > MAX_SIZE:
        return None
    top = _Tag("", _EMPTY, "")
    open_tags = [top]
    for slash, name, attributes, closed, text, ended, behind, other in _TAG.findall(xml, lead.end()):
        if other:
            return None
        parent = open_tags[-1]
        if slash:
            if attributes or closed or ended or parent.name != name or parent is top:
                return None
            open_tags.pop()
            open_tags[-1].text = text
            continue
        named = _EMPTY if not attributes else (_known if len(attributes) <= _SHORT else _attributes)(attributes)
        if named is None:
            return None
        tag = _Tag(name, named, "" if closed else text)
        parent.children.append(tag)
        if ended:
            if closed or len(open_tags) == MAX_DEPTH:
                return None
            parent.text = behind
        elif not closed:
            open_tags.append(tag)
            if len(open_tags) > MAX_DEPTH:
                return None
        else:
            # The dialect lets the bracket of <c a='b'/> and <c /> fall into the parent's text.
            parent.text = f">{text}" if attributes or closed == " /" else text
    return top.children if len(open_tags) == 1 else None


def _attributes(text: str) -> Mapping[str, str] | None:
    """Attributes by name; None when there are too many or two of one name."""
    found = _ATTRIBUTE.findall(text)
    named = dict(found)
    return named if len(named) == len(found) <= MAX_ATTRIBUTES else None


#: Attributes of nearly all elements are names of fields, the same in thousands of events. Longer ones are not kept.
_known = lru_cache(maxsize=1024)(_attributes)
_SHORT = 64
_EMPTY: Mapping[str, str] = {}
