"""JSON objects whose records are read only as far as rules ask: sheets (`alertmill.sheet`) of JSON text.

`split` takes an object apart into the texts of its records, in one pass of a compiled reader. A record's members are
texts as well, until the whole record is wanted; then it becomes the document that it would have been at once. That is
possible where a document's fields below `aws.` come from the record's members one by one (`Memberwise`).

Pure. What is out of the ordinary (names that differ in case only, text that is not UTF-8) has no sheet or no layout and
is read as ever.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, TypedDict

import msgspec
import orjson

from alertmill.event import ColumnFields
from alertmill.patterns import Pcre2
from alertmill.sheet import MOST_FIELDS, UNKNOWN, FieldText, Layout, Members, Reader
from alertmill.sources.aws import jsontext
from alertmill.sources.aws.envelope import LOCATION, Envelope, spell_compact, spell_compatible, spell_improved, tidy
from alertmill.sources.aws.nested import nested_text

#: Bytes of the shortest field, `"":0,`, and of a record that cannot have too many.
_LEAST_FIELD = 5
_SHORT = (MOST_FIELDS - 32) * _LEAST_FIELD
#: Fields that the envelope adds to those of a record, at most.
_ADDED = 16
#: Members that the envelope puts beside those of a record. Only the account differs between records of a layout.
_ACCOUNT = "aws_account_id"
_RESERVED = frozenset(("log_info", "source", "source_ip_address", "envelope", _ACCOUNT))
_ADDRESS, _ADDRESS_NAME = "sourceIPAddress", "source_ip_address"
#: Words that documents may have from the envelope and from Python's spelling of values, beside those of the object.
_WORDS = (
    b"integration aws log_info aws_account_alias log_file s3bucket record source aws_account_id source_ip_address"
    b" envelope tags value string none true false"
)
#: Escapes of characters that words are made of, which compact texts do not have.
_HIDDEN = Pcre2(r"(?i)\\u00(?:2d|3[0-9]|[4-7])")

#: Objects and arrays of a record that no reader or printer can find too deep.
_FLAT = 100

#: Layouts that are remembered, and names and bytes of names of such a layout.
_MOST_LAYOUTS, _MOST_NAMES, _MOST_BYTES = 1024, 64, 4096

_MEMBERS = msgspec.json.Decoder(dict[str, msgspec.Raw])


@dataclass(frozen=True, slots=True)
class Memberwise:
    """A bucket type that makes the fields of a document of the members of a record, one by one.

    `list` is the member of an object that holds the records; `source` becomes the `source` of each. `reshaped` are
    members (lower case) whose text is not always what their field shows; `remade` are fields below `aws.` (lower case)
    that may not be what stands inside of such a member. `identity` are the members that tell an event's time and id.
    `layouts` remembers; `families` are those of sheets in the compatible and in the improved format.
    """

    list: str
    source: str
    reshaped: frozenset[str]
    identity: tuple[str, ...]
    remade: frozenset[str] = frozenset()
    layouts: dict[tuple[str, ...], JsonLayout | None] = field(default_factory=dict, compare=False, repr=False)
    families: tuple[object, object] = field(default_factory=lambda: (object(), object()), compare=False, repr=False)

    def layout(self, names: tuple[str, ...]) -> JsonLayout | None:
        """The layout of records with these members; None when such records have to be read."""
        try:
            return self.layouts[names]
        except KeyError:
            layout = _layout(names, self)
        if len(names) <= _MOST_NAMES and sum(map(len, names)) <= _MOST_BYTES:
            if len(self.layouts) >= _MOST_LAYOUTS:
                self.layouts.clear()
            self.layouts[names] = layout
        return layout


def _layout(names: tuple[str, ...], kind: Memberwise) -> JsonLayout | None:
    members = {name.lower(): name for name in names}
    plain = all(name.isascii() and "." not in name and "\0" not in name for name in names)
    if not plain or len(members) < len(names) or not _RESERVED.isdisjoint(members.keys() - {_ACCOUNT}):
        return None
    return JsonLayout(members, kind)


class JsonLayout:
    """Records with the same members; `members` leads from their names in lower case to the names as written."""

    __slots__ = ("_members", "_remade", "_reshaped")

    def __init__(self, members: dict[str, str], kind: Memberwise) -> None:
        self._members = members
        self._reshaped = kind.reshaped
        self._remade = kind.remade

    def origin(self, name: str) -> Collection[str] | None:
        top, _, path = name.partition(".")
        member = path.partition(".")[0]
        if top != "aws":
            return ()
        if member in ("log_info", "envelope"):
            return None
        if member == "source":
            return ()
        if member == _ADDRESS_NAME:
            return (_ADDRESS,) if self._members.get(_ADDRESS.lower()) == _ADDRESS else ()
        return (self._members[member],) if member in self._members else ()

    def text(self, name: str, value: str | bytes) -> str | None:
        member = name[4:]
        if isinstance(value, str):
            return value
        # A text without escapes, of a member that shows nothing else, and not of something below it.
        if member in self._reshaped or member not in self._members or value[:1] != b'"' or b"\\" in value:
            return None
        return value[1:-1].decode("ascii") if value.isascii() else None

    def reader(self, name: str) -> Reader:
        member, _, inside = name[4:].partition(".")
        is_plain = member in self._members and member not in self._reshaped
        path = tuple(inside.split(".")) if inside else ()
        is_remade = any(name[4:] == one or name[4:].startswith(f"{one}.") for one in self._remade)
        is_unknown = is_remade or member not in self._members

        def read(value: str | bytes) -> FieldText:
            if isinstance(value, bytes) and value[:1] == b"{":
                return UNKNOWN if is_unknown else nested_text(value, path)
            if path:
                return None if is_plain and value[:1] != b"[" else UNKNOWN
            text = self.text(name, value)
            return UNKNOWN if text is None else text

        def read_plain(value: str | bytes) -> FieldText:
            # What `read` says of most values, without the way there.
            if isinstance(value, bytes) and value[:1] == b'"' and b"\\" not in value and value.isascii():
                return value[1:-1].decode("ascii")
            return read(value)

        return read_plain if is_plain and not path else read


@lru_cache(maxsize=64)
def _reader(name: str) -> Callable[[bytes], Any]:
    kind = msgspec.defstruct("_Object", [(name, list[msgspec.Raw], msgspec.field(default_factory=list))])
    return msgspec.json.Decoder(kind).decode


@lru_cache(maxsize=64)
def picker(names: tuple[str, ...]) -> Callable[[bytes], dict[str, Any]]:
    """Reads some members of a record, those that it has."""
    kind = TypedDict("kind", dict.fromkeys(names, Any), total=False)  # type: ignore[misc]  # known at run time
    decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(kind)
    return decoder.decode


def split(data: bytes, kind: Memberwise) -> list[bytes] | None:
    """The texts of an object's records, all of them JSON objects; None where that takes another look."""
    try:
        if not data.isascii():
            data.decode()
        texts = [bytes(text) for text in getattr(_reader(kind.list)(data), kind.list)]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return texts if all(text[0] == 0x7B for text in texts) else None


def _may_overflow(text: bytes) -> bool:
    """Whether a record may have more fields than MOST_FIELDS. Commas are counted where length alone does not tell."""
    room = MOST_FIELDS - _ADDED
    return text.count(b",", 0, len(text) - _SHORT // 2) + _SHORT // 2 // _LEAST_FIELD > room and text.count(b",") > room


def tidied(record: dict[str, Any], text: bytes) -> dict[str, Any]:
    """The record as `tidy` leaves it; its text tells whether there is anything to do below the top."""
    if b"[" not in text:
        found = {name: value for name, value in record.items() if value is not None}
        if text.count(b"null") == len(record) - len(found):
            return found
    tidy(record)
    return record


def occurs(word: bytes, data: bytes) -> bool:
    """Whether a word in lower case may stand in a text in any case."""
    pattern = _anywhere(word)
    return pattern.matches_bytes(data) or pattern.overruns > 0


@lru_cache(maxsize=64)
def _anywhere(word: bytes) -> Pcre2:
    # Compiled to machine code, it takes a tenth of the time of a copy in lower case and a search in that.
    return Pcre2(f"(?i)\\Q{word.decode('ascii')}\\E")


class JsonSheet:
    """The records of one object. `data` is its text, `reshape` makes the type's own changes (`Format`)."""

    def __init__(
        self,
        kind: Memberwise,
        data: bytes,
        envelope: Envelope,
        reshape: Callable[[dict[str, Any]], None],
        place: str,
        *,
        improved: bool,
    ) -> None:
        self.location = LOCATION
        self.spell: Callable[[dict[str, Any]], str] = spell_improved if improved else spell_compatible
        self._spell_odd = spell_compact if improved else spell_compatible
        self._kind = kind
        self._data = data
        self._envelope = envelope
        self._account = envelope.account
        self._reshape = reshape
        #: Whether what stands around the records is ASCII.
        self._is_ascii = str((envelope.log_info, envelope.account)).isascii()
        self._around = b""
        self._place = place
        self.numbered = self._improved = improved
        self.family = kind.families[improved]
        self._known: dict[Sequence[bytes], bool] = {}

    def look(self, raw: Any) -> tuple[Layout, Members] | None:
        if len(raw) > _SHORT and _may_overflow(raw):
            return None
        members: dict[str, Any] = _MEMBERS.decode(raw)
        if self._account is not None:
            if _ACCOUNT in members:
                return None
            members[_ACCOUNT] = self._account
        layout = self._kind.layout(tuple(members))
        return None if layout is None else (layout, members)

    def read(self, raw: Any, number: int) -> tuple[dict[str, Any] | None, str | None]:
        record, is_odd = jsontext.parse(raw)
        record["source"] = self._kind.source
        record = tidied(record, raw)
        if self._improved:
            self._envelope.number(number)
        document = self._envelope.wrap_columns(record)
        self._reshape(document["aws"])
        return (None, self._spell_odd(document)) if is_odd else (document, None)

    def columns(self, raw: Any, number: int) -> ColumnFields | None:
        return None

    def is_plain(self, raw: Any) -> bool:
        # A search for one byte takes a tenth of the time of a search for two.
        return self._is_ascii and raw.isascii() and (b"\\" not in raw or b"\\u" not in raw)

    def is_memberwise(self, raw: bytes) -> bool:
        return self.is_plain(raw) and b"\x7f" not in raw and raw.count(b"{") + raw.count(b"[") < _FLAT

    def is_by_text(self, name: str, value: bytes) -> bool:
        return name == _ADDRESS or (value[:1] == b"[" and name.lower() in self._kind.reshaped)

    def record(self, members: Mapping[str, bytes]) -> bytes:
        return b"{%b}" % b",".join([b"%b:%b" % (orjson.dumps(name), value) for name, value in members.items()])

    def shown(self, raw: bytes) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]] | None:
        document = self.read(raw, 0)[0]
        if document is None:
            return None
        members = [*document["aws"].items()][1:]
        at = [name for name, _ in members].index("source")
        behind = at + (1 if self._account is None else 2)
        return dict(members[:at]), dict(members[at:behind]), dict(members[behind:])

    def document(self, members: dict[str, Any], number: int) -> dict[str, Any]:
        if self._improved:
            self._envelope.number(number)
        return {"integration": "aws", "aws": {"log_info": self._envelope.log_info, **members}}

    def contains(self, words: Sequence[bytes]) -> bool:
        if words not in self._known:
            self._known[words] = self.may_say(self._data, words)
        return self._known[words]

    def may_say(self, raw: Any, words: Sequence[bytes]) -> bool:
        # Compiled to machine code: in texts with many backslashes and zeros, `in` takes ten times as long.
        if b"\\" in raw and _HIDDEN.matches_bytes(raw):
            return True
        return all(occurs(word, raw) or self._says_around(word) for word in words)

    def _says_around(self, word: bytes) -> bool:
        """Whether documents say a word beside the object's own texts."""
        if not self._around:
            said = orjson.dumps([self._envelope.log_info, self._account, self._kind.source])
            self._around = _WORDS + said.lower()
        return word in self._around

    def place(self, number: int) -> str:
        return f"{self._place}{number}"
