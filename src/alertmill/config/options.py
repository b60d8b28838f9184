"""The options of a section, read by a table: element name -> how its text becomes a value.

A section reader hands its elements and its table to `Values.read`; unknown names, missing text and bad values become
located problems, and reading goes on. What the options mean stands elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any, TypeVar

from alertmill import codes
from alertmill.codes import Code
from alertmill.config.models import Section
from alertmill.errors import AlertmillError, Origin, Problem, Problems, Severity, did_you_mean
from alertmill.event import from_byte_text
from alertmill.xmltext import Element

#: Longest value shown in a message, in characters.
_SHOWN = 60
#: A section with more options than this is not listed in a hint.
_LISTED = 20

AnySection = TypeVar("AnySection", bound=Section)


class BadValueError(AlertmillError):
    """A text that an option does not allow.

    `expected` continues "..., expected"; `position` is the index of the offending characters (-1: all of them) and
    `length` their number; `wazuh` replaces the section's usual wording.
    """

    def __init__(
        self,
        expected: str,
        *,
        hint: str = "",
        wazuh: str = "",
        position: int = -1,
        length: int = 1,
        code: Code = codes.C_VALUE,
    ) -> None:
        super().__init__(f"expected {expected}")
        self.expected = expected
        self.hint = hint
        self.wazuh = wazuh
        self.position = position
        self.length = length
        self.code = code


class IfEmpty(Enum):
    """What an element without text is: an error, unset with a warning, or silently unset."""

    ERROR = "error"
    WARNING = "warning"
    UNSET = "unset"


@dataclass(frozen=True, slots=True)
class Option:
    """How one option is read.

    `parse` turns ordinary text into the value or raises BadValueError. With `many`, every occurrence is kept, in order.
    With `idle`, the option has no effect and that is the reason told, unless the value is one of `quiet`.
    """

    parse: Callable[[str], Any]
    many: bool = False
    if_empty: IfEmpty = IfEmpty.ERROR
    idle: str = ""
    quiet: tuple[object, ...] = ()


@dataclass(frozen=True, slots=True)
class Wording:
    """What Wazuh says in these cases; `{option}` and `{value}` are filled in."""

    unknown: str = "(1230): Invalid element in the configuration: '{option}'."
    empty: str = "(1234): Invalid NULL content for element: {option}."
    bad: str = "(1235): Invalid value for element '{option}': {value}."


STANDARD = Wording()


def printable(text: str) -> str:
    """A text as a message shows it: in one line, not endless, nothing unprintable."""
    cut = text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."
    return "".join(c if c.isprintable() else " " for c in cut)


def shown(text: str) -> str:
    """A value as a message quotes it."""
    return f"'{printable(text)}'"


def name_of(element: Element) -> str:
    """The element's name as ordinary, printable text."""
    return printable(from_byte_text(element.name))


def text_of(element: Element, problems: Problems) -> str:
    """The element's text as ordinary text. Bytes that are not UTF-8 are taken for Latin-1, with a warning."""
    return _ordinary(element.text, element, problems)


def attribute_of(element: Element, name: str, problems: Problems) -> str | None:
    """An attribute's value as ordinary text, or None when it is not there."""
    value = element.attributes.get(name)
    return None if value is None else _ordinary(value, element, problems)


def _ordinary(text: str, element: Element, problems: Problems) -> str:
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeDecodeError:
        hint = "save the file as UTF-8"
        message = f"<{name_of(element)}> is not UTF-8; it is read as Latin-1"
        problems.warn(codes.C_ENCODING, message, element.text_origin(), hint=hint)
        return text


def unknown_element(
    element: Element, section: str, known: Iterable[str], problems: Problems, wording: Wording = STANDARD
) -> None:
    """Report an element that the section does not have."""
    name = name_of(element)
    names = sorted(known)
    hint = did_you_mean(name, names)
    if not hint and len(names) <= _LISTED:
        hint = f"options of <{section}>: {', '.join(names)}"
    message = f"<{section}> has no option <{name}>"
    problems.error(codes.C_UNKNOWN, message, element.origin(), hint=hint, wazuh=wording.unknown.format(option=name))


def bad_value(element: Element, text: str, bad: BadValueError, problems: Problems, wording: Wording = STANDARD) -> None:
    """Report a value that the option does not allow."""
    name = name_of(element)
    hint = bad.hint
    if not hint and text != text.strip():
        hint = "blanks and line breaks around a value belong to it: remove them"
    message = f"<{name}> is {shown(text)}, expected {bad.expected}"
    wazuh = bad.wazuh or wording.bad.format(option=name, value=printable(text))
    problems.error(bad.code, message, _text_origin(element, text, bad), hint=hint, wazuh=wazuh)


def _text_origin(element: Element, text: str, bad: BadValueError) -> Origin:
    """The place of what is bad in the element's text; `text` is its ordinary form."""
    if bad.position < 0:
        return element.text_origin()
    bytes_before = bad.position if text == element.text else len(text[: bad.position].encode("utf-8"))
    start = element.text_origin(bytes_before)
    return replace(start, end=start.start + bad.length)


def empty_element(element: Element, problems: Problems, wording: Wording = STANDARD) -> None:
    """Report an element without the text it needs."""
    name = name_of(element)
    wazuh = wording.empty.format(option=name)
    hint = "write a value between the tags or remove the element"
    problems.error(codes.C_EMPTY, f"<{name}> has no text", element.origin(), hint=hint, wazuh=wazuh)


def softened(found: Problems, why: str) -> Iterator[Problem]:
    """The same problems as warnings: for a section whose faults stop nothing. `why` is added to each message."""
    for problem in found:
        if problem.severity is Severity.ERROR:
            problem = replace(problem, severity=Severity.WARNING, message=f"{problem.message} ({why})")
        yield problem


@dataclass(slots=True)
class Values:
    """What the file says of one section, perhaps in several places: the last one of a scalar wins, lists grow."""

    section: Element | None = None
    found: dict[str, Any] = field(default_factory=dict)
    elements: dict[str, Element] = field(default_factory=dict)

    def read(
        self,
        section: Element,
        table: Mapping[str, Option],
        problems: Problems,
        wording: Wording = STANDARD,
        *,
        others: Iterable[str] = (),
    ) -> None:
        """Read the children of `section` that stand in `table`; names in `others` are left to the caller."""
        if self.section is None:
            self.section = section
        known = {*table, *others}
        for child in section.children:
            option = table.get(child.name)
            if option is not None:
                self._read_one(child, option, problems, wording)
            elif child.name not in known:
                unknown_element(child, name_of(section), known, problems, wording)

    def _read_one(self, element: Element, option: Option, problems: Problems, wording: Wording) -> None:
        text = text_of(element, problems)
        if not text.strip():
            self._read_empty(element, option, problems, wording)
            return
        try:
            value = option.parse(text)
        except BadValueError as bad:
            bad_value(element, text, bad, problems, wording)
            return
        self.put(element, value, many=option.many)
        if option.idle and value not in option.quiet:
            message = f"<{element.name}> {shown(text)} has no effect: {option.idle}"
            problems.warn(codes.C_OPTION_IDLE, message, element.origin())

    def _read_empty(self, element: Element, option: Option, problems: Problems, wording: Wording) -> None:
        if option.if_empty is IfEmpty.ERROR:
            empty_element(element, problems, wording)
        elif option.if_empty is IfEmpty.WARNING:
            wazuh = wording.empty.format(option=element.name)
            message = f"<{element.name}> has no text and is left out"
            problems.warn(codes.C_EMPTY, message, element.origin(), wazuh=wazuh)

    def put(self, element: Element, value: object, *, many: bool = False) -> None:
        """Record the value that `element` says."""
        name = element.name
        self.found[name] = (*self.found.get(name, ()), value) if many else value
        self.elements[name] = element

    def adjust(self, name: str, value: object, why: str, problems: Problems, *, wazuh: str = "") -> None:
        """Replace an option's value by one that works, with a warning; `why` continues "<name> is '9', "."""
        element = self.elements[name]
        message = f"<{name}> is {shown(from_byte_text(element.text))}, {why}"
        problems.warn(codes.C_ADJUSTED, message, element.text_origin(), wazuh=wazuh)
        self.found[name] = value

    def get(self, name: str) -> Any:
        """The value of an option, None when the file does not set it."""
        return self.found.get(name)

    def build(self, model: type[AnySection], **more: object) -> AnySection:
        """The section as a model: what was found, as far as the model has a field for it, and `more`."""
        fields = {name: value for name, value in self.found.items() if name in model.model_fields}
        origins = {name: element.text_origin() for name, element in self.elements.items()}
        origin = self.section.origin() if self.section is not None else None
        return model(**{"origin": origin, "origins": origins, **fields, **more})
