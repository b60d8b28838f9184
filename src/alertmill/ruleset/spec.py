"""What a `<rule>` says, element by element, with the places where it says so.

A `RuleSpec` is the file's text made into values: no links to other rules, no compiled conditions. `reading` makes it
from XML, `tree` links it, `compile` turns it into what runs. Behaviour: spec/rules.md 3 and 4.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from alertmill.errors import Origin
from alertmill.patterns import AddressList, Matcher
from alertmill.ruleset.clock import TimeRange
from alertmill.ruleset.lists import CdbList
from alertmill.xmltext import Element

#: Frequency of a composite that says none.
DEFAULT_FREQUENCY = 2


@dataclass(slots=True)
class JoinedText:
    """All elements of one name in a rule; their texts are joined without a separator (spec/rules.md 4.1)."""

    name: str
    text: str
    #: Where in `text` each element's part begins.
    pieces: list[tuple[int, Element]]

    def append(self, element: Element, text: str) -> None:
        self.pieces.append((len(self.text), element))
        self.text += text

    def origin(self, position: int = -1) -> Origin:
        """The place of the character at `position`, or of the last element."""
        if position < 0:
            return self.pieces[-1][1].text_origin()
        start, element = next(piece for piece in reversed(self.pieces) if piece[0] <= position)
        return element.text_origin(position - start)


@dataclass(slots=True)
class TextCriterion:
    """A pattern for one value of the event: `match`, `id`, `field`, ... `holds` is the compiled pattern.

    The condition is fulfilled iff the value is there and `matcher.matches(value) is not negate`.
    """

    name: str
    source: JoinedText
    dialect: str
    negate: bool
    matcher: Matcher


@dataclass(slots=True)
class AddressCriterion:
    """`srcip` or `dstip`: the address is in the list, or with `negate` not in it."""

    name: str
    entries: list[str]
    negate: bool
    addresses: AddressList


@dataclass(slots=True)
class ListCriterion:
    """`<list>`: a look-up of a field in a CDB list (spec/lists.md 3). `static` says which kind of name `field` is."""

    field: str
    static: bool
    lookup: str
    values: Matcher | None
    list: CdbList
    origin: Origin


@dataclass(frozen=True, slots=True)
class IgnoreNames:
    """The fields of `ignore` or `check_if_ignored`: static names, and dynamic names in lower case."""

    static: frozenset[str]
    dynamic: tuple[str, ...]


@dataclass(slots=True)
class RuleSpec:
    """One `<rule>` of a file. Absent criteria are None or empty; numbers are as written."""

    id: int
    level: int
    origin: Origin
    frequency: int | None = None
    timeframe: int = 0
    ignore: int = 0
    maxsize: int = 0
    noalert: bool = False
    overwrite: bool = False
    accuracy: int = 1

    group_text: str = ""
    description: str = ""
    info: str | None = None
    cve: str | None = None
    options: list[str] = field(default_factory=list)
    mitre_ids: list[str] = field(default_factory=list)
    mitre_pairs: list[tuple[str, str]] = field(default_factory=list)

    decoded_as: str | None = None
    decoder_identity: int = -1
    category: str = "syslog"
    texts: dict[str, TextCriterion] = field(default_factory=dict)
    fields: list[TextCriterion] = field(default_factory=list)
    addresses: dict[str, AddressCriterion] = field(default_factory=dict)
    lists: list[ListCriterion] = field(default_factory=list)
    time: TimeRange | None = None
    weekdays: frozenset[int] | None = None
    compiled_rule: str | None = None
    check_diff: bool = False
    if_fts: bool = False

    if_sid: JoinedText | None = None
    if_group: JoinedText | None = None
    if_level: JoinedText | None = None
    if_matched_sid: JoinedText | None = None
    if_matched_group: JoinedText | None = None
    group_matcher: Matcher | None = None
    if_matched_regex: TextCriterion | None = None

    same: list[str] = field(default_factory=list)
    different: list[str] = field(default_factory=list)
    same_fields: list[str] = field(default_factory=list)
    different_fields: list[str] = field(default_factory=list)
    global_frequency: bool = False

    ignored: IgnoreNames | None = None
    check_if_ignored: IgnoreNames | None = None

    @property
    def composite(self) -> bool:
        """Whether the rule counts earlier events."""
        return not (self.if_matched_sid is None and self.if_matched_group is None and self.if_matched_regex is None)

    @property
    def sibling_key(self) -> int:
        """What siblings are ordered by, highest first (spec/rules.md 6.2)."""
        key = self.level or 99
        return key * 100 if self.accuracy else key

    @property
    def parent_ids(self) -> list[int]:
        """The ids of `if_sid`, in order."""
        return [int(id) for id in self.if_sid.text.replace(",", " ").split()] if self.if_sid else []
