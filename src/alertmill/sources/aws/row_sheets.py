"""Objects of text columns whose records stay columns: sheets (`alertmill.sheet`) of rows.

A record is the list of its columns. Rules that look at a column look at a string in that list; an alert is filled from
the columns in order (`ColumnFields`); the document is made only for whoever insists on it.

Pure. Objects with anything out of the ordinary (quotes, very long lines, names that a document's envelope has too) have
no sheet, rows with more columns than names no layout: they are read as ever.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from alertmill.event import ColumnFields
from alertmill.sheet import UNKNOWN, FieldText, Layout, Members, Reader
from alertmill.sources.aws.envelope import LOCATION, Envelope, spell_compatible, spell_improved
from alertmill.sources.aws.sheets import occurs
from alertmill.sources.aws.unpack import MAX_COLUMN

#: Words that documents have from the envelope.
_WORDS = b"integration aws log_info aws_account_alias log_file s3bucket record source aws_account_id"
_ACCOUNT = "aws_account_id"
#: Members of a document that are not, or not always, the column of their name.
_RESERVED = frozenset(("log_info", "source", "source_ip_address", "envelope", "extra_columns", "tags", _ACCOUNT))
#: Columns of a header that is worth a sheet: fewer than decoders have room for, with what the envelope adds.
_MOST_COLUMNS = 200
#: Widths and headers whose layouts are remembered.
_MOST_LAYOUTS = 1024


@dataclass(frozen=True, slots=True)
class Columnwise:
    """A bucket type whose records are lines of columns.

    Attributes:
        names: the member names that a first line stands for, empty when it is no header.
        usual: the names where there is no header.
        source: becomes the `source` of each record.
        spelled: how the values of some columns are spelled.
        time: the column that tells when the event happened, and how its values tell it (epoch seconds).
        layouts: what is remembered.
    """

    names: Callable[[list[str]], tuple[str, ...]]
    usual: tuple[str, ...]
    source: str
    spelled: Mapping[str, Callable[[str], str]]
    time: tuple[str, Callable[[str], float | None]]
    layouts: dict[tuple[tuple[str, ...], str | None], RowLayout] = field(
        default_factory=dict, compare=False, repr=False
    )

    def layout(self, names: tuple[str, ...], account: str | None) -> RowLayout:
        """The layout of an account's rows with these columns."""
        known = self.layouts.get((names, account))
        if known is None:
            if len(self.layouts) >= _MOST_LAYOUTS:
                self.layouts.clear()
            known = self.layouts[names, account] = RowLayout(names, frozenset(self.spelled))
        return known


class RowLayout:
    """An account's rows of the same columns."""

    __slots__ = ("_places", "_spelled")

    def __init__(self, names: tuple[str, ...], spelled: frozenset[str]) -> None:
        self._places = {name: place for place, name in enumerate(names)}
        self._spelled = spelled

    def origin(self, name: str) -> Collection[int] | None:
        top, _, path = name.partition(".")
        member = path.partition(".")[0]
        if top != "aws":
            return ()
        if member == "log_info":
            return None
        return (self._places[path],) if path in self._places else ()

    def text(self, name: str, value: str | bytes) -> str | None:
        path = name[4:]
        if path not in self._places or path in self._spelled or isinstance(value, bytes):
            return None
        return value if value.isascii() and "\0" not in value else None

    def reader(self, name: str) -> Reader:
        def read(value: str | bytes) -> FieldText:
            text = self.text(name, value)
            return UNKNOWN if text is None else text

        return read


def split(data: bytes, kind: Columnwise) -> tuple[tuple[str, ...], list[list[str]]] | None:
    """Names and rows of an object that is known to be UTF-8; None where that takes another look."""
    text = data.decode()
    if '"' in text or "\r" in text:
        return None
    lines = [line for line in text.split("\n") if line]
    if not lines or len(max(lines, key=len)) > MAX_COLUMN:
        return None
    names = kind.names(lines[0].split(" "))
    if names:
        del lines[0]
    names = names or kind.usual
    if len(set(names)) < len(names) or len(names) > _MOST_COLUMNS or not _RESERVED.isdisjoint(names):
        return None
    return names, [line.split(" ") for line in lines]


class RowSheet:
    """The rows of one object; `data` is its text, `names` are those of the columns."""

    def __init__(
        self,
        kind: Columnwise,
        data: bytes,
        names: tuple[str, ...],
        envelope: Envelope,
        place: str,
        *,
        improved: bool,
    ) -> None:
        self.location = LOCATION
        self.spell: Callable[[dict[str, Any]], str] = spell_improved if improved else spell_compatible
        self._kind = kind
        self._data = data
        self._names = names
        self._envelope = envelope
        self._place = place
        self._improved = improved
        #: By the number of columns: layout, and names of all fields with the places of the lowered ones.
        self._layouts: dict[int, Layout | None] = {}
        self._fields: dict[int, tuple[tuple[str, ...], Mapping[str, int]]] = {}
        self._info = tuple(f"log_info.{name}" for name in envelope.log_info)
        self._before = ("aws", *map(str, envelope.log_info.values()))
        around = str((envelope.log_info, envelope.account))
        self._is_ascii = around.isascii() and "\\x00" not in around
        self._spelled = tuple((names.index(name), spell) for name, spell in kind.spelled.items() if name in names)

    def look(self, raw: Any) -> tuple[Layout, Members] | None:
        width = len(raw)
        try:
            layout = self._layouts[width]
        except KeyError:
            layout = self._layouts[width] = self._layout(width)
        return None if layout is None else (layout, raw)

    def _layout(self, width: int) -> Layout | None:
        if width > len(self._names):
            return None
        return self._kind.layout(self._names[:width], self._envelope.account)

    def read(self, raw: Any, number: int) -> tuple[dict[str, Any] | None, str | None]:
        record: dict[str, Any] = dict(zip(self._names, self._values(raw), strict=False))
        if len(raw) > len(self._names):
            record["extra_columns"] = raw[len(self._names) :]
        record["source"] = self._kind.source
        if self._improved:
            self._envelope.number(number)
        return self._envelope.wrap_columns(record), None

    def _values(self, row: list[str]) -> list[str]:
        """The row with those columns spelled that have to be."""
        values = row.copy()
        for place, spell in self._spelled:
            if place < len(values):
                values[place] = spell(values[place])
        return values

    def columns(self, raw: Any, number: int) -> ColumnFields | None:
        """The fields of the record's document, where they are plain text."""
        if len(raw) > len(self._names) or not self.is_plain(raw):
            return None
        width = len(raw)
        known = self._fields.get(width) or self._fields.setdefault(width, self._field_names(width))
        number_text = (str(number),) if self._improved else ()
        values = [*self._before, *number_text, *self._values(raw), self._kind.source]
        if self._envelope.account is not None:
            values.append(self._envelope.account)
        return ColumnFields(known[0], values, known[1])

    def _field_names(self, width: int) -> tuple[tuple[str, ...], Mapping[str, int]]:
        number = ("log_info.record",) if self._improved else ()
        account = () if self._envelope.account is None else (_ACCOUNT,)
        below = (*self._info, *number, *self._names[:width], "source", *account)
        names = ("integration", *(f"aws.{name}" for name in below))
        return names, {name.lower(): place for place, name in enumerate(names)}

    def is_plain(self, raw: Any) -> bool:
        text = "".join(raw)
        return self._is_ascii and text.isascii() and "\0" not in text

    def contains(self, words: Sequence[bytes]) -> bool:
        around = str((self._envelope.log_info, self._envelope.account, self._kind.source, self._names)).lower().encode()
        return all(word in _WORDS or word in around or occurs(word, self._data) for word in words)

    def may_say(self, raw: Any, words: Sequence[bytes]) -> bool:
        return self.contains(words)

    def place(self, number: int) -> str:
        return f"{self._place}{number}"
