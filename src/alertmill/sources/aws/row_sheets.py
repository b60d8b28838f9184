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
from alertmill.rows import Row, Rows, RowShape
from alertmill.sheet import UNKNOWN, FieldText, Layout, Members, Reader, Unknown
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
#: Widths and headers whose layouts, and whose shapes, are remembered.
_MOST_LAYOUTS = 1024
#: What texts that need no care are made of: printable ASCII, but for what begins an array or JSON escapes.
_PLAIN = bytes(sorted({*range(0x20, 0x7F)} - {*b'"\\['}))


@dataclass(frozen=True, slots=True)
class Columnwise:
    """A bucket type whose records are lines of columns.

    Attributes:
        names: the member names that a first line stands for, empty when it is no header.
        usual: the names where there is no header.
        source: becomes the `source` of each record.
        spelled: how the values of some columns are spelled: in characters of which none has
            to be escaped anywhere, or as they are.
        time: the column that tells when the event happened, and how its values tell it (epoch seconds).
        layouts, shapes: what is remembered.
    """

    names: Callable[[list[str]], tuple[str, ...]]
    usual: tuple[str, ...]
    source: str
    spelled: Mapping[str, Callable[[str], str]]
    time: tuple[str, Callable[[str], float | None]]
    layouts: dict[tuple[tuple[str, ...], str | None], RowLayout] = field(
        default_factory=dict, compare=False, repr=False
    )
    shapes: dict[Any, RowShape] = field(default_factory=dict, compare=False, repr=False)

    def layout(self, names: tuple[str, ...], account: str | None) -> RowLayout:
        """The layout of an account's rows with these columns."""
        known = self.layouts.get((names, account))
        if known is None:
            if len(self.layouts) >= _MOST_LAYOUTS:
                self.layouts.clear()
            known = self.layouts[names, account] = RowLayout(names, frozenset(self.spelled))
        return known

    def shape(self, below: tuple[str, ...], around: tuple[Any, ...]) -> RowShape:
        """The shape of documents with these members below `aws`; `around` is what else tells shapes apart."""
        known = self.shapes.get((below, around))
        if known is None:
            if len(self.shapes) >= _MOST_LAYOUTS:
                self.shapes.clear()
            known = self.shapes[below, around] = RowShape(("integration", *(f"aws.{name}" for name in below)))
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
        text = self.reader(name)(value)
        return None if isinstance(text, Unknown) else text

    def reader(self, name: str) -> Reader:
        path = name[4:]
        if path not in self._places or path in self._spelled:
            return lambda value: UNKNOWN

        def read(value: str | bytes) -> FieldText:
            return value if isinstance(value, str) and value.isascii() and "\0" not in value else UNKNOWN

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
        #: By the number of columns: layout; shape, with the places of what has to be spelled.
        self._layouts: dict[int, Layout | None] = {}
        self._shapes: dict[int, tuple[RowShape, tuple[tuple[int, Callable[[str], str]], ...]]] = {}
        self._info = tuple(f"log_info.{name}" for name in envelope.log_info)
        self._before = ("aws", *map(str, envelope.log_info.values()))
        self._behind = (kind.source,) if envelope.account is None else (kind.source, envelope.account)
        around = str((envelope.log_info, envelope.account))
        self._is_ascii = around.isascii() and "\\x00" not in around
        #: Whether the texts of all rows are plain; None before somebody asked.
        self._is_simple: bool | None = None
        column, self._moment = kind.time
        self._time = names.index(column) if column in names else 0
        self.tells_time = improved and column in names

    def rows(self, raws: Sequence[Row], first: int, time: float) -> Rows:
        """Some rows as records; `first` is the number of the first one, `time` when they arrived."""
        return Rows(self, raws, first, time)

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

    def _values(self, row: Row) -> Row:
        """The row with those columns spelled that have to be."""
        spelled = self._kind.spelled
        return [spelled[name](text) if name in spelled else text for name, text in zip(self._names, row, strict=False)]

    def columns(self, raw: Any, number: int) -> ColumnFields | None:
        """The fields of the record's document, where they are plain text."""
        if len(raw) > len(self._names) or not self.is_plain(raw):
            return None
        shape, texts = self._shown(raw, number)
        return ColumnFields(shape.names, texts, shape.places)

    def plain(self, raw: Row, number: int) -> tuple[RowShape, list[str]] | None:
        if self._is_simple is None:
            self._is_simple = self._look_at_all()
        if not self._is_simple or len(raw) > len(self._names) or "" in raw:
            return None
        return self._shown(raw, number)

    def alike(self, raw: Row) -> Collection[int]:
        before, behind = len(self._before), len(self._before) + self._improved + len(raw)
        return {*range(before), *range(behind, behind + len(self._behind))}

    def _shown(self, raw: Row, number: int) -> tuple[RowShape, list[str]]:
        """The shape of a row, and the texts of its fields."""
        shape, spelled = self._shapes.get(len(raw)) or self._of_width(len(raw))
        if self._improved:
            texts = [*self._before, str(number), *raw, *self._behind]
        else:
            texts = [*self._before, *raw, *self._behind]
        for place, spell in spelled:
            texts[place] = spell(texts[place])
        return shape, texts

    def _look_at_all(self) -> bool:
        """Whether every text of every row is plain."""
        data, around = self._data, "".join((*self._before, *self._behind)).encode()
        return not data.translate(None, _PLAIN + b"\n") and not around.translate(None, _PLAIN)

    def event_time(self, raw: Row) -> float | None:
        return self._moment(raw[self._time]) if self.tells_time and self._time < len(raw) else None

    def _of_width(self, width: int) -> tuple[RowShape, tuple[tuple[int, Callable[[str], str]], ...]]:
        """The shape of rows of so many columns, and the places of texts that have to be spelled."""
        names, spelled = self._names[:width], self._kind.spelled
        number = ("log_info.record",) if self._improved else ()
        account = () if self._envelope.account is None else (_ACCOUNT,)
        shape = self._kind.shape((*self._info, *number, *names, "source", *account), tuple(map(bool, self._before)))
        first = len(self._before) + len(number)
        places = tuple((first + place, spelled[name]) for place, name in enumerate(names) if name in spelled)
        self._shapes[width] = shape, places
        return shape, places

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
