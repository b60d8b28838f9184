"""The nouns that travel through the engine: `Record` -> `Event` -> `Match` -> `Alert`.

**Byte text.** The engine treats logs as bytes, as Wazuh does: a two-byte character counts as two for every pattern, and
bytes that are not valid UTF-8 pass through unchanged. All log text inside is therefore a `str` with one character per
*byte* (what `bytes.decode("latin-1")` gives). For ASCII, nearly all of it, that is the ordinary text; `to_byte_text`
and `from_byte_text` convert at the border. Patterns are matched with ASCII rules only.

Only data here: no parsing, no matching, no clock.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

#: Static fields in the order in which an alert's `data` shows them (spec/alerts.md 2.7).
STATIC_FIELDS = (
    "protocol",
    "action",
    "srcip",
    "srcport",
    "srcuser",
    "dstip",
    "dstport",
    "dstuser",
    "id",
    "status",
    "url",
    "data",
    "extra_data",
    "system_name",
)


def to_byte_text(text: str) -> str:
    """Ordinary text as byte text. Lone surrogates U+DC80..U+DCFF (`surrogateescape`) become their bytes."""
    return text if text.isascii() else text.encode("utf-8", "surrogateescape").decode("latin-1")


def from_byte_text(text: str) -> str:
    """Byte text as ordinary text; bytes that are not UTF-8 become lone surrogates (`surrogateescape`)."""
    return text if text.isascii() else text.encode("latin-1").decode("utf-8", "surrogateescape")


class Record:
    """One message as a source delivers it.

    Args:
        message: the text (byte text), or None when `document` and `spell` are given: then it is spelled on first use,
            because most AWS events are never asked for their text.
        location: where it came from, unescaped: `Wazuh-AWS`, `/var/log/auth.log`, `[001] (web) 10.0.0.1->/var/log/x`.
        time: when it arrived, epoch seconds with fraction; set once per batch, never asked again.
        queue: Wazuh's queue id; `1` is everything but the special channels (spec/predecoding.md 1).
        document: the parsed JSON object that the message says, when the source has it already. It must not be changed
            afterwards, and its text must be what `spell(document)` returns.
        spell: writes `document` as the message text.
        event_time: when it happened, epoch seconds, if the source knows and the event format is `improved`.
        place: where the record lies in its object (`s3://bucket/key` and number), for error messages.
        event_id: the id that AWS gave the event, if the source wants it to be analysed once however often it comes.
    """

    __slots__ = ("_message", "document", "event_id", "event_time", "location", "place", "queue", "spell", "time")

    def __init__(
        self,
        message: str | None,
        location: str,
        time: float,
        *,
        queue: str = "1",
        document: dict[str, Any] | None = None,
        spell: Callable[[dict[str, Any]], str] | None = None,
        event_time: float | None = None,
        place: str = "",
        event_id: str | None = None,
    ) -> None:
        self._message = message
        self.location = location
        self.time = time
        self.queue = queue
        self.document = document
        self.spell = spell
        self.event_time = event_time
        self.place = place
        self.event_id = event_id

    @property
    def unspelled(self) -> Callable[[dict[str, Any]], str] | None:
        """What will spell the document as the message; None when the message is there already."""
        return self.spell if self._message is None else None

    @property
    def message(self) -> str:
        """The message as byte text."""
        if self._message is None:
            if self.document is None or self.spell is None:
                raise ValueError("a record needs a message, or a document and the function that spells it")
            self._message = self.spell(self.document)
        return self._message

    def __repr__(self) -> str:
        return f"Record(location={self.location!r}, message={self.message[:80]!r})"


@dataclass(frozen=True, slots=True)
class DecoderInfo:
    """What an event shows of the decoder that won, after renaming (spec/decoders.md 6), and what rules ask of it.

    `identity` is the number that `decoded_as` compares (all decoders of one name share it); `type` is the category
    word (`syslog`, `web-log`, ...); `fts` are the static names and `fts_fields` the dynamic names of `<fts>`, None
    when the decoder has no `<fts>` at all.
    """

    name: str
    identity: int
    type: str = "syslog"
    parent: str = ""
    accumulate: bool = False
    ftscomment: str = ""
    fts: frozenset[str] | None = None
    fts_fields: tuple[str, ...] = ()


#: What marks the place of a text in a document, by the number of the text: nothing that a printer has to escape. The
#: text of a number is marked by a number from `FIRST_NUMBER_MARK` on. A pattern for both.
MARK = "<@{}@>"
FIRST_NUMBER_MARK = 1_900_000_000
MARK_PATTERN = "<@[0-9]{1,4}@>|190000[0-9]{4}"


class Outline(Protocol):
    """What documents have in common that differ in their texts alone: names, nesting, kinds of values, empty texts.

    The same object means the same outline. The text of a number counts as a text.
    """

    def marked(self) -> tuple[dict[str, Any], list[str]]:
        """A document of this outline with a mark in the place of each text, and the marks; empty texts stay empty.

        Each mark occurs nowhere else in the document. Where a printer of the document or of its fields leaves a mark as
        it is, it leaves every text of that number as it is, if that holds printable ASCII alone and neither `"`, `\\`
        nor `[`.
        """


#: An outline, the texts that a document of it has, and these joined.
Outlined = tuple[Outline, list[str], str]


class Fields:
    """Dynamic fields of an event: an ordered list of (name, value) with the engine's look-up.

    Names are compared case-insensitively (ASCII) and the first field of a name wins (spec/decoders.md 5). Both names
    may stand several times in the list; the alert shows the first non-empty one.
    """

    __slots__ = ("_by_name", "_items")

    def __init__(self) -> None:
        self._items: list[tuple[str, str]] = []
        self._by_name: dict[str, str] = {}

    def add(self, name: str, value: str) -> None:
        self._items.append((name, value))
        self._by_name.setdefault(name.lower(), value)

    def get(self, lowered_name: str) -> str | None:
        """The value of the first field called `lowered_name` (already in lower case), or None."""
        return self._by_name.get(lowered_name)

    def items(self) -> Iterator[tuple[str, str]]:
        """All fields in decode order."""
        return iter(self._items)

    def outline(self) -> Outlined | None:
        """The outline of the document that the fields come from, its texts, and these joined; None when not known.

        Whoever prints many events prepares what stands between the texts once per outline.
        """
        return None

    def columns(self) -> tuple[tuple[str, ...], Sequence[str]] | None:
        """Names and values of all fields, in the order of the leaves of the record's document; None when not so.

        Only fields made of columns know this: neighbours share the tuple of names.
        """
        return None

    def like(self, document: dict[str, Any]) -> Fields:
        """The fields that come from another document of the same outline. Raises ValueError without an outline."""
        raise ValueError("these fields come from no document")

    def roots(self) -> Collection[str] | None:
        """The parts of the names up to the first dot, in lower case; None when they are not known without looking.

        Fields of a parsed document know them: whoever looks for many names can leave out most of them at once.
        The same object means the same names.
        """
        return None if self._items else ()

    def __len__(self) -> int:
        return len(self._items)


class ColumnFields(Fields):
    """The dynamic fields of a record made of text columns: a tuple of names that all records of a file share, and the
    values of this one, in the same order.

    Args:
        names: the fields' names with dots, in the order of the document. The same object for all records with the same
            columns: what is prepared for it once (which column an alert's template wants) serves a whole file.
        values: a text for each name, byte text and plain ASCII at that, so that it is ordinary text as well. None of
            them has to be spelled any more; empty ones are fields too, which alerts leave out.
        places: where each lowered name stands in `names`; names that differ only in case do not come with columns.
    """

    __slots__ = ("names", "places", "values")

    def __init__(self, names: tuple[str, ...], values: Sequence[str], places: Mapping[str, int]) -> None:
        self.names = names
        self.values = values
        self.places = places

    def add(self, name: str, value: str) -> None:
        places = dict(self.places)
        places.setdefault(name.lower(), len(self.names))
        self.names, self.values, self.places = (*self.names, name), (*self.values, value), places

    def get(self, lowered_name: str) -> str | None:
        place = self.places.get(lowered_name)
        return None if place is None else self.values[place]

    def items(self) -> Iterator[tuple[str, str]]:
        return zip(self.names, self.values, strict=True)

    def columns(self) -> tuple[tuple[str, ...], Sequence[str]]:
        return self.names, self.values

    def roots(self) -> None:
        return None

    def __len__(self) -> int:
        return len(self.names)


class Draft(NamedTuple):
    """The alert of an event for one rule, but for what is known only when its turn comes (`alerts.drafts`).

    `rule` is the rule's id. `json` and `text` are the pieces of the line of alerts.json and of the block of alerts.log.
    """

    rule: int
    json: tuple[bytes | memoryview, ...]
    text: tuple[bytes | memoryview, ...]


class Event:
    """A record after pre-decoding and decoding: what rules look at.

    All text is byte text. `log` is what decoders and rules see, `full_log` the whole message. `static` holds the
    static fields that are set (also to an empty string) under the names of STATIC_FIELDS. `decoder` is None when no
    decoder matched. `agent_id` is "000" for local events. `hostname` is what the `hostname` criterion sees.
    """

    __slots__ = (
        "_full_log",
        "_log",
        "agent_id",
        "category_override",
        "decoder",
        "draft",
        "fields",
        "forced_rule",
        "hostname",
        "location",
        "program_name",
        "record",
        "static",
        "time",
        "timestamp",
        "warnings",
    )

    def __init__(self, record: Record, *, location: str, hostname: str, agent_id: str = "000") -> None:
        self.record = record
        self.location = location
        self.hostname = hostname
        self.agent_id = agent_id
        self._full_log: str | None = None
        self._log: str | None = None
        self.timestamp: str | None = None
        self.program_name: str | None = None
        self.decoder: DecoderInfo | None = None
        #: The event's alert, where another process has written most of it.
        self.draft: Draft | None = None
        self.static: dict[str, str] = {}
        self.fields = Fields()
        #: Category set by a plugin decoder for this event alone, in place of the decoder's type.
        self.category_override: str | None = None
        #: Id of the rule that fires without evaluation (an alert received from another manager, OSSECAlert_Decoder).
        self.forced_rule: int | None = None
        #: What is worth telling the operator about decoding this event: sentences, at most one of a kind.
        self.warnings: tuple[str, ...] = ()
        #: Epoch seconds that correlation counts by: the event's own time if the record has one, else its arrival.
        self.time: float = record.event_time if record.event_time is not None else record.time

    @property
    def full_log(self) -> str:
        """The whole message. Spelling it can cost more than deciding the event: ask only when it is needed."""
        return self.record.message if self._full_log is None else self._full_log

    @full_log.setter
    def full_log(self, text: str) -> None:
        self._full_log = text

    @property
    def log(self) -> str:
        """The message without its recognised header."""
        return self.full_log if self._log is None else self._log

    @log.setter
    def log(self, text: str) -> None:
        self._log = text

    @property
    def log_is_message(self) -> bool:
        """True when `log` and `full_log` are the record's message, unchanged; asking does not spell it."""
        return self._log is None and self._full_log is None

    @property
    def category(self) -> str:
        """The decoder's type, `syslog` when no decoder matched."""
        if self.category_override is not None:
            return self.category_override
        return self.decoder.type if self.decoder is not None else "syslog"


class LateEvent(Event):
    """An event of which the decoder is known; `_read` decodes it when somebody asks for its fields."""

    __slots__ = ("_found", "_read")
    _found: Event | None
    _read: Callable[[Record], Event]

    def decoded(self) -> Event:
        """The event with everything that a record's event has; always the same one."""
        if self._found is None:
            self._found = self._read(self.record)
        return self._found

    @property
    def static(self) -> dict[str, str]:  # type: ignore[override]
        return self.decoded().static

    @property
    def fields(self) -> Fields:  # type: ignore[override]
        return self.decoded().fields


class UnreadEvent(LateEvent):
    """An event of which the decoder and the alert are known."""

    __slots__ = ()

    def __init__(
        self, record: Record, hostname: str, decoder: DecoderInfo, draft: Draft, read: Callable[[Record], Event]
    ) -> None:
        # Everything that `Event.__init__` sets but the fields.
        self.record = record
        self.location = record.location
        self.hostname = hostname
        self.agent_id = "000"
        self._full_log = None
        self._log = None
        self.timestamp = None
        self.program_name = None
        self.decoder = decoder
        self.draft = draft
        self.category_override = None
        self.forced_rule = None
        self.warnings = ()
        self.time = record.event_time if record.event_time is not None else record.time
        self._read = read
        self._found = None


@dataclass(frozen=True, slots=True)
class RuleInfo:
    """What a rule prints in alerts, made once at load time (spec/alerts.md 2.3).

    `description` is the template before `$(field)` substitution. `frequency` is the number to print, None for rules
    without a history search. `mitre` holds ids, tactic names and technique names, already looked up; None leaves the
    member out.
    """

    id: int
    level: int
    description: str
    group_text: str = ""
    frequency: int | None = None
    mitre: tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]] | None = None
    cve: str | None = None
    info: str | None = None
    mail: bool = False
    log_alert: bool = True
    no_counter: bool = False
    no_full_log: bool = False


@dataclass(slots=True)
class Match:
    """The deepest rule that holds for an event, and what it collected on the way.

    `previous_output` are full logs of counted events, newest first. `previous_log` is the former log of a check_diff
    rule. `ignored` is true while the rule's `ignore` timer silences it and there is no parent to alert instead.
    """

    rule: RuleInfo
    firedtimes: int
    previous_output: tuple[str, ...] = ()
    previous_log: str | None = None
    ignored: bool = False


@dataclass(slots=True)
class Outcome:
    """What the engine made of one record.

    `event` is None when the record was refused before decoding. `match` is None when no rule holds. `alert` says
    whether an alert is to be written. `rejected` is a sentence when the record could not be digested; such a record is
    counted and kept aside, never lost. `dropped` marks events that end before the rules by design (an incomplete
    firewall event, spec/rules.md 8.1): they are not archived either.
    """

    event: Event | None = None
    match: Match | None = None
    alert: bool = False
    rejected: str = ""
    dropped: bool = False
    warnings: tuple[str, ...] = field(default=())
