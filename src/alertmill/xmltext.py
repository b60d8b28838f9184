"""Wazuh-flavoured XML text -> elements that remember where they stand.

The files of a Wazuh manager only look like XML: several roots, no entities, `\\<` for a literal `<`, comments that end
with `!>` as well, text that is never trimmed. This is a reader for that dialect (spec/config-loading.md 2) and its
`<var>` elements (section 3), written by hand because a real parser would refuse or change a third of what users have.

It decides nothing about the meaning of elements. Reading stops at the first error of a file, as the dialect demands.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field

from alertmill import codes
from alertmill.errors import AlertmillError, Origin, Problem, Severity
from alertmill.event import from_byte_text

#: Longest element text, name and attribute value, in bytes.
MAX_SIZE = 20479
#: Deepest nesting of elements.
MAX_DEPTH = 1024
#: Most attributes of one element.
MAX_ATTRIBUTES = 48
#: Longest name of a variable, in bytes.
MAX_VARIABLE_NAME = 255

_SPACE = " \t\n\r\v\f"
_TAG_NAME = re.compile(r"[^ \t\n\r\v\f>]*")
_ATTRIBUTE_NAME = re.compile(r"[^ \t\n\r\v\f=>]*")
_COMMENT_END = re.compile(r"-->|!>")
_INTERESTING = re.compile(r"[<\\]")
_VARIABLE = re.compile(r"\$([^$.|, ]*)")


class XmlError(AlertmillError):
    """A file that cannot be read. `problem` holds the place and Wazuh's own message (1226 or 1227)."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.draw())
        self.problem = problem


@dataclass(slots=True)
class SourceText:
    """A file's text (byte text) and the way from an offset in it to a line and column."""

    path: str
    text: str
    _line_starts: list[int] | None = None

    def origin(self, start: int, end: int | None = None) -> Origin:
        """The place of the characters `start` up to `end` (exclusive; cut at the line's end)."""
        if self._line_starts is None:
            self._line_starts = [0, *(m.end() for m in re.finditer("\n", self.text))]
        line = bisect_right(self._line_starts, start)
        begin = self._line_starts[line - 1]
        stop = self.text.find("\n", begin)
        shown = self.text[begin : stop if stop >= 0 else len(self.text)]
        column = min(start - begin, len(shown))
        last = column if end is None else min(max(end - begin, column), len(shown))
        if not shown.isascii():  # people read characters, not bytes
            column, last = len(from_byte_text(shown[:column])), len(from_byte_text(shown[:last]))
            shown = from_byte_text(shown)
        return Origin(self.path, line, shown.rstrip("\r"), column, last)


@dataclass(slots=True)
class Element:
    """One element: `text` is verbatim and untrimmed, only what follows the last child.

    `attributes` keep their order. Offsets point into `source.text`; `text_start` is where the text begins, exact as
    long as no comment was removed from it.
    """

    name: str
    source: SourceText
    start: int
    attributes: dict[str, str] = field(default_factory=dict)
    text: str = ""
    children: list[Element] = field(default_factory=list)
    text_start: int = 0
    attribute_starts: dict[str, int] = field(default_factory=dict)

    @property
    def line(self) -> int:
        return self.source.origin(self.start).line

    def origin(self) -> Origin:
        """The place of the element's name in its opening tag."""
        return self.source.origin(self.start + 1, self.start + 1 + len(self.name))

    def text_origin(self, position: int = -1) -> Origin:
        """The place of the element's text (of one character of it when `position` >= 0), or of the name if empty."""
        stripped = self.text.strip()
        if not stripped:
            return self.origin()
        if 0 <= position < len(self.text):
            return self.source.origin(self.text_start + position, self.text_start + position + 1)
        begin = self.source.text.find(stripped.splitlines()[0], self.text_start)
        if begin < 0:
            return self.origin()
        return self.source.origin(begin, begin + len(stripped))

    def attribute_origin(self, name: str) -> Origin:
        """The place of an attribute's value, or of the element's name when it has no such attribute."""
        begin = self.attribute_starts.get(name)
        if begin is None:
            return self.origin()
        return self.source.origin(begin, begin + len(self.attributes[name]))


def read_xml(text: str, path: str) -> list[Element]:
    """Read a file's text (byte text) into its root elements, without applying variables.

    Raises XmlError at the first thing the dialect does not allow.
    """
    return _Reader(SourceText(path, text)).roots()


def load_xml(text: str, path: str) -> list[Element]:
    """`read_xml`, then `<var>` elements applied and removed. Raises XmlError."""
    elements = read_xml(text, path)
    if "$" not in text and "var" not in text.lower():
        return elements
    return _Variables(path).apply(elements)


class _Reader:
    """One pass over the text with a stack of open elements."""

    def __init__(self, source: SourceText) -> None:
        self.source = source
        self.text = source.text

    def fail(self, reason: str, start: int, end: int | None = None, hint: str = "") -> XmlError:
        origin = self.source.origin(min(start, len(self.text)), end)
        wazuh = f"(1226): Error reading XML file '{self.source.path}': XMLERR: {reason}. (line {origin.line})."
        return XmlError(Problem(codes.X_SYNTAX, Severity.ERROR, reason, origin, hint, wazuh))

    def roots(self) -> list[Element]:
        roots: list[Element] = []
        stack: list[Element] = []
        #: Text pieces of each open element since its last child.
        pieces: list[list[str]] = []
        position = 0
        while True:
            piece, begin, tag = self._content(position)
            if stack:
                if not pieces[-1]:
                    stack[-1].text_start = begin
                pieces[-1].append(piece)
            if tag < 0:
                if stack:
                    open_tag = stack[-1]
                    raise self.fail(
                        f"Element '{open_tag.name}' not closed",
                        open_tag.start,
                        open_tag.start + 1 + len(open_tag.name),
                        f"write </{open_tag.name}> where it ends; a backslash before a closing tag hides it",
                    )
                return roots
            if self.text.startswith("</", tag):
                position = self._close(tag, stack, pieces)
                continue
            element, position, closed = self._open(tag)
            (stack[-1].children if stack else roots).append(element)
            if stack:
                pieces[-1].clear()
            if closed:
                if stack:
                    stack[-1].text_start = position
                    # The dialect lets the bracket of <c a="b"/> and <c /> fall into the parent's text.
                    if self.text[position - 2 : position] == "/>" and self._has_gap(element, position):
                        pieces[-1].append(">")
                continue
            stack.append(element)
            pieces.append([])
            if len(stack) > MAX_DEPTH:
                raise self.fail("Max recursion level reached", tag, hint=f"nest at most {MAX_DEPTH} elements")

    def _has_gap(self, element: Element, end: int) -> bool:
        return end - element.start > len(element.name) + 3

    def _close(self, tag: int, stack: list[Element], pieces: list[list[str]]) -> int:
        end = self.text.find(">", tag)
        if end < 0:
            raise self.fail("End of file and some elements were not closed", tag, hint="a '>' is missing")
        name = self.text[tag + 2 : end]
        if not stack:
            raise self.fail("Element not opened", tag, end + 1, f"nothing is open that </{name}> could close")
        if stack[-1].name != name:
            raise self.fail(
                f"Element '{stack[-1].name}' not closed",
                tag,
                end + 1,
                f"</{stack[-1].name}> was expected here, for the element opened in line {stack[-1].line}; "
                "upper and lower case must agree and no blank may precede '>'",
            )
        element = stack.pop()
        element.text = "".join(pieces.pop())
        if len(element.text) > MAX_SIZE:
            raise self.fail("String overflow", element.start, hint=f"at most {MAX_SIZE} bytes of text per element")
        return end + 1

    def _content(self, position: int) -> tuple[str, int, int]:
        """Text from `position` to the next tag, comments removed; where it begins; the tag's offset or -1."""
        text = self.text
        pieces: list[str] = []
        begin = position
        mark = position
        while True:
            found = _INTERESTING.search(text, position)
            if found is None:
                pieces.append(text[mark:])
                return "".join(pieces), begin, -1
            at = found.start()
            if text[at] == "<":
                if not text.startswith("<!", at):
                    pieces.append(text[mark:at])
                    return "".join(pieces), begin, at
                pieces.append(text[mark:at])
                position = mark = self._skip_comment(at)
                continue
            # A backslash acts on the byte behind it, and behind any comments that stand between.
            position = at + 1
            while text.startswith("<!", position):
                pieces.append(text[mark:position])
                position = mark = self._skip_comment(position)
            if text[position : position + 1] in ("<", "\\"):
                position += 1

    def _skip_comment(self, at: int) -> int:
        end = _COMMENT_END.search(self.text, at + 2)
        if end is None:
            raise self.fail("Comment not closed", at, at + 2, "end it with '-->'; CDATA and DOCTYPE are not supported")
        return end.end()

    def _open(self, tag: int) -> tuple[Element, int, bool]:
        """Read an opening tag. Returns the element, the offset behind the tag, and whether it closed itself."""
        text = self.text
        found = _TAG_NAME.match(text, tag + 1)
        assert found is not None
        name, position = found.group(), found.end()
        if len(name) > MAX_SIZE:
            raise self.fail("String overflow", tag, hint=f"an element name has at most {MAX_SIZE} bytes")
        if position >= len(text):
            raise self.fail("End of file and some elements were not closed", tag, hint="a '>' is missing")
        if name.startswith("?"):
            raise self.fail(
                f"Element '{name}' not closed", tag, position, "remove it: this dialect knows no <?...?> declarations"
            )
        closed = name.endswith("/") and text[position] == ">"
        element = Element(name[:-1] if closed else name, self.source, tag)
        while text[position] != ">":
            while position < len(text) and text[position] in _SPACE:
                position += 1
            if position >= len(text):
                raise self.fail("End of file while reading an attribute", tag, hint="a '>' is missing")
            if text[position] == ">":
                break
            if text.startswith("/>", position):
                closed = True
                position += 1
                break
            position = self._attribute(element, position)
            if text.startswith("/>", position):
                closed = True
                position += 1
        element.text_start = position + 1
        return element, position + 1, closed

    def _attribute(self, element: Element, position: int) -> int:
        """Read one `name="value"`; returns the offset behind the closing quote."""
        text = self.text
        found = _ATTRIBUTE_NAME.match(text, position)
        assert found is not None
        name, equals = found.group(), found.end()
        if equals >= len(text):
            raise self.fail("End of file while reading an attribute", position)
        if text[equals] != "=" or not name:
            raise self.fail(
                f"Attribute '{name}' has no value", position, equals, 'write name="value", no blank before ='
            )
        start = equals + 1
        while start < len(text) and text[start] in _SPACE:
            start += 1
        quote = text[start : start + 1]
        if quote not in ('"', "'") or not quote:
            raise self.fail(
                f"Attribute '{name}' not followed by a \" or '", position, start + 1, "put the value in quotes"
            )
        stop = text.find(quote, start + 1)
        bracket = text.find(">", start + 1, stop if stop >= 0 else len(text))
        if stop < 0 or bracket >= 0:
            raise self.fail(
                f"Attribute '{name}' not closed",
                position,
                bracket if bracket >= 0 else None,
                "close the quotes; a '>' is not allowed in an attribute value",
            )
        value = text[start + 1 : stop]
        if len(name) > MAX_SIZE or len(value) > MAX_SIZE:
            raise self.fail("String overflow", position, hint=f"an attribute has at most {MAX_SIZE} bytes")
        if name in element.attributes:
            raise self.fail(f"Attribute '{name}' already defined", position, stop + 1, "remove one of the two")
        if len(element.attributes) >= MAX_ATTRIBUTES:
            raise self.fail("Too many attributes", position, hint=f"at most {MAX_ATTRIBUTES} per element")
        behind = text[stop + 1 : stop + 2]
        if behind and behind not in _SPACE and behind != ">" and not text.startswith("/>", stop + 1):
            raise self.fail(
                f"Bad attribute closing for '{name}'='{value}'", position, stop + 2, "put a blank between attributes"
            )
        if not behind:
            raise self.fail("End of file while reading an attribute", position, hint="a '>' is missing")
        element.attributes[name] = value
        element.attribute_starts[name] = start + 1
        return stop + 1


class _Variables:
    """Replaces `$NAME` in document order; a variable serves only what stands behind its definition."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.values: dict[str, str] = {}

    def fail(self, reason: str, origin: Origin, hint: str = "") -> XmlError:
        wazuh = f"(1227): Error applying XML variables '{self.path}': {reason}."
        return XmlError(Problem(codes.X_VARIABLE, Severity.ERROR, reason, origin, hint, wazuh))

    def apply(self, elements: list[Element]) -> list[Element]:
        kept: list[Element] = []
        for element in elements:
            if element.name.lower() == "var":
                self._define(element)
                continue
            self._expand(element)
            element.children = self.apply(element.children)
            kept.append(element)
        return kept

    def _define(self, element: Element) -> None:
        if not element.attributes:
            return
        first, name = next(iter(element.attributes.items()))
        if first.lower() != "name":
            raise self.fail('Only "name" is allowed as an attribute for a variable', element.origin())
        if len(name) > MAX_VARIABLE_NAME:
            raise self.fail("Invalid variable name size", element.attribute_origin(first))
        self.values.setdefault(name.lower(), element.text)

    def _expand(self, element: Element) -> None:
        for name, value in element.attributes.items():
            if name.lower() == "var":
                raise self.fail("No value set for variable", element.attribute_origin(name))
            if self.values and len(value) >= _SHORTEST_EXPANDED and "$" in value:
                element.attributes[name] = self._replace(value, element.attribute_origin(name))
        if self.values and len(element.text) >= _SHORTEST_EXPANDED and "$" in element.text:
            element.text = self._replace(element.text, element.text_origin())

    def _replace(self, text: str, origin: Origin) -> str:
        def value(found: re.Match[str]) -> str:
            name = found.group(1)
            if not name or name.startswith("("):
                return found.group()
            known = self.values.get(name.lower())
            if known is None:
                raise self.fail(
                    f"Unknown variable: '{name}'",
                    origin,
                    "define it above with <var>; a name ends only at $ . | , or a blank",
                )
            return known

        return _VARIABLE.sub(value, text)


#: Shorter texts are never looked at for variables (a quirk of the dialect: `$x` stays `$x`).
_SHORTEST_EXPANDED = 3
