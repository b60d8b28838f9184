"""JSON objects -> fields: how a document's members become static and dynamic fields of an event (spec/decoders.md 7).

`flatten` is the plain way: all fields at once, in order. `DocumentFields` gives the same answers without flattening
until somebody wants to see every field: most events are decided by looking at a handful of names. Parsing is not done
here (`cjson.py`), nor is deciding whether a log is JSON at all.

Numbers, arrays and limits are spelled as the reference does, because rules and dashboards compare the text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from json.encoder import encode_basestring
from typing import Any, Final

from alertmill.decoders.cjson import Members
from alertmill.event import Fields, to_byte_text

#: Members of the top level that set a static field, by their exact name.
STATIC_MEMBERS: Final = {
    "srcip": "srcip",
    "dstip": "dstip",
    "srcport": "srcport",
    "dstport": "dstport",
    "protocol": "protocol",
    "action": "action",
    "srcuser": "srcuser",
    "dstuser": "dstuser",
    "id": "id",
    "status": "status",
    "url": "url",
    "data": "data",
    "extra_data": "extra_data",
    "systemname": "system_name",
    "user": "dstuser",
}

_LEAST_INT = -(2**31)
_GREATEST_INT = 2**31 - 1
#: Bytes of a number's text that are used.
_NUMBER_WIDTH = 63
#: Longest text of an array in csv form, in bytes.
_CSV_WIDTH = 65535
#: Relative difference below which 15 digits of a number are enough.
_EPSILON = 2.0**-52

#: Limits of the look-up tables kept for objects with the same names: so many tables, names, and bytes of names.
_MAX_SHAPES = 4096
_MAX_SHAPE_NAMES = 64
_MAX_SHAPE_BYTES = 4096

Document = dict[str, Any] | Members
#: Makes a document's string byte text.
Clean = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Shape:
    """What the names of one JSON object tell: `by_name` leads from lowered names to the names as written.

    `static` are those that name a static field. Objects whose names hold dots, or differ only in case, have no Shape:
    there one look-up does not find the first of all fields of a name. Nor have those with names beyond ASCII.
    """

    by_name: dict[str, str]
    static: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class JsonStyle:
    """How a decoder wants its documents spelled.

    `discard_null` leaves out members that are null, `csv_arrays` joins arrays with commas, `max_fields` bounds the
    dynamic fields of an event. `shapes` remembers the Shapes of objects seen before, by their names.
    """

    discard_null: bool = False
    csv_arrays: bool = False
    max_fields: int = 256
    shapes: dict[tuple[str, ...], Shape | None] = field(default_factory=dict, compare=False, repr=False)

    def shape(self, members: dict[str, Any]) -> Shape | None:
        """The Shape of an object, or None when it has none."""
        names = tuple(members)
        try:
            return self.shapes[names]
        except KeyError:
            shape = _shape(names)
        if len(names) <= _MAX_SHAPE_NAMES and sum(map(len, names)) <= _MAX_SHAPE_BYTES:
            if len(self.shapes) >= _MAX_SHAPES:
                self.shapes.clear()
            self.shapes[names] = shape
        return shape


def _shape(names: tuple[str, ...]) -> Shape | None:
    by_name: dict[str, str] = {}
    for name in names:
        if "." in name or "\0" in name or not name.isascii():
            return None
        by_name[name.lower()] = name
    if len(by_name) != len(names):
        return None
    return Shape(by_name, tuple(name for name in names if name in STATIC_MEMBERS))


def flatten(
    document: Document, style: JsonStyle, static: dict[str, str], *, room: int, clean: Clean | None
) -> tuple[list[tuple[str, str]], bool]:
    """Every field of `document`: static ones are put into `static`, dynamic ones returned in document order.

    At most `room` dynamic fields are returned; the second value is False when more were there. `clean` makes strings
    byte text; None when they are that already.
    """
    items: list[tuple[str, str]] = []
    for key, value in _members(document):
        name = key if clean is None else clean(key)
        if value.__class__ is dict or value.__class__ is Members:
            _collect(items, f"{name}.", value, style, clean)
            continue
        text = _spell(value, style, clean)
        if text is None:
            continue
        if name in STATIC_MEMBERS and (name != "user" or not static.get("dstuser")):
            static[STATIC_MEMBERS[name]] = text
        else:
            items.append((name, text))
    if len(items) <= room:
        return items, True
    return items[: max(room, 0)], False


def _collect(
    items: list[tuple[str, str]], prefix: str, document: Document, style: JsonStyle, clean: Clean | None
) -> None:
    """Append the fields of an object below the top level, with a stack so that depth costs no recursion."""
    append = items.append
    above: list[tuple[Iterator[tuple[str, Any]], str]] = []
    members = _members(document)
    while True:
        for key, value in members:
            if clean is not None:
                key = clean(key)
            kind = value.__class__
            if kind is str:
                append((prefix + key, value if clean is None else clean(value)))
            elif kind is dict or kind is Members:
                above.append((members, prefix))
                members = _members(value)
                prefix = f"{prefix}{key}."
                break
            else:
                text = _spell(value, style, clean)
                if text is not None:
                    append((prefix + key, text))
        else:
            if not above:
                return
            members, prefix = above.pop()


def _members(value: Document) -> Iterator[tuple[str, Any]]:
    return iter(value.items()) if isinstance(value, dict) else iter(value)


def clean_text(text: str) -> str:
    """A document's string as byte text, up to its first NUL. Lone surrogates become the bytes they would have."""
    if "\0" in text:
        text = text.partition("\0")[0]
    if text.isascii():
        return text
    try:
        return to_byte_text(text)
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass").decode("latin-1")


def count_leaves(document: Document) -> int:
    """How many fields `document` can have at most."""
    count = 0
    objects: list[Document] = [document]
    for members in objects:
        inner = [value for _, value in _members(members) if value.__class__ is dict or value.__class__ is Members]
        count += len(members) - len(inner)
        objects += inner
    return count


# --- values -> text ---------------------------------------------------------------------------------------------------


def _spell(value: Any, style: JsonStyle, clean: Clean | None) -> str | None:
    """The field value of anything but an object; None when it yields no field."""
    kind = value.__class__
    if kind is str:
        text: str = value if clean is None else clean(value)
        return text
    if kind is int or kind is float:
        return number_text(value)
    if value is None:
        return None if style.discard_null else "null"
    if kind is bool:
        return "true" if value else "false"
    if style.csv_arrays:
        return _csv_text(value, clean)
    return array_text(value, clean)


def number_text(value: float) -> str:
    """A number as a field shows it: an integer if it is one of 32 bits, else six decimals, cut after 63 bytes."""
    if value.__class__ is int:
        if _LEAST_INT <= value <= _GREATEST_INT:
            return str(value)
    elif _LEAST_INT <= value <= _GREATEST_INT and value.is_integer():
        return str(int(value))
    try:
        return f"{value:f}"[:_NUMBER_WIDTH]
    except OverflowError:  # an integer beyond every float
        return "inf" if value > 0 else "-inf"


def _csv_text(array: list[Any], clean: Clean | None) -> str | None:
    pieces: list[str] = []
    last = len(array) - 1
    for index, item in enumerate(array):
        kind = item.__class__
        if kind is dict or kind is list or kind is Members:
            continue
        if kind is str:
            pieces.append(item if clean is None else clean(item))
        elif kind is int or kind is float:
            pieces.append(number_text(item))
            if len(pieces[-1]) == _NUMBER_WIDTH:
                break  # the reference sees a text that was cut, and gives up on the rest
        else:
            pieces.append("null" if item is None else "true" if item else "false")
        if index < last:
            pieces.append(",")
    text = "".join(pieces)
    return text if 0 < len(text) <= _CSV_WIDTH else None


def array_text(array: list[Any], clean: Clean | None = None) -> str:
    """An array as JSON text: elements on one line, members of objects inside on lines of their own."""
    quote = _quote if clean is None else lambda text: _quote(clean(text))
    pieces = ["["]
    above: list[tuple[Iterator[Any], bool]] = []
    items: Iterator[Any] = iter(array)
    in_object = False
    first = True
    while True:
        for item in items:
            if in_object:
                tabs = "\t" * (len(above) + 1)
                pieces += (tabs if first else f",\n{tabs}", quote(item[0]), ":\t")
                item = item[1]
            elif not first:
                pieces.append(", ")
            kind = item.__class__
            if kind is list or kind is dict or kind is Members:
                above.append((items, in_object))
                in_object, first = kind is not list, True
                items = _members(item) if in_object else iter(item)
                pieces.append("{\n" if in_object else "[")
                break
            first = False
            pieces.append(quote(item) if kind is str else _plain_json(item))
        else:
            if not in_object:
                pieces.append("]")
            else:
                pieces += ("" if first else "\n", "\t" * len(above), "}")
            if not above:
                return "".join(pieces)
            items, in_object = above.pop()
            first = False


#: A string in double quotes, with the escapes of the reference: nothing beyond ASCII is touched.
_quote: Final = encode_basestring


def _plain_json(value: float | None) -> str:
    """A number, boolean or null inside an array."""
    if value is None:
        return "null"
    if value is True or value is False:
        return "true" if value else "false"
    if value.__class__ is int and -(10**15) < value < 10**15:
        return str(value)
    try:
        exact = float(value)
    except OverflowError:
        return "null"
    if exact - exact != 0:  # infinite
        return "null"
    text = f"{exact:.15g}"
    short = float(text)
    return text if abs(short - exact) <= max(abs(short), abs(exact)) * _EPSILON else f"{exact:.17g}"


# --- looking up without flattening ------------------------------------------------------------------------------------


@lru_cache(maxsize=8192)
def _split(lowered_name: str) -> tuple[str | None, str]:
    """The name's path and last part; the path is None for names without a dot."""
    path, dot, name = lowered_name.rpartition(".")
    return (path if dot else None), name


class DocumentFields(Fields):
    """The dynamic fields of a document, read from it when asked; equal to what `flatten` makes of it.

    Args:
        document: a dict, with dicts for all objects inside. It must not change afterwards, and must have no more
            leaves than the style's `max_fields`.
        style: how values are spelled.
        shape: the document's own Shape.
        static: the event's static fields; those that the document names are set at once.
        clean: makes strings byte text; None when they are that already.
    """

    __slots__ = ("_clean", "_document", "_dstuser", "_index", "_levels", "_list", "_style", "_taken")

    def __init__(
        self, document: dict[str, Any], style: JsonStyle, shape: Shape, static: dict[str, str], clean: Clean | None
    ) -> None:
        self._document = document
        self._style = style
        self._clean = clean
        self._list: list[tuple[str, str]] | None = None
        self._index: dict[str, str] | None = None
        #: Objects looked into so far by their lowered path, None for the document; None when there is no such object.
        self._levels: dict[str | None, tuple[dict[str, str], dict[str, Any]] | None] = {None: (shape.by_name, document)}
        self._dstuser = static.get("dstuser", "")
        self._taken = self._take_static(shape, static) if shape.static else ()

    def _take_static(self, shape: Shape, static: dict[str, str]) -> tuple[str, ...]:
        """Set the static fields; returns the names of members that are no dynamic fields because of that."""
        taken: list[str] = []
        for name in shape.static:
            value = self._document[name]
            if value.__class__ is dict or (name == "user" and static.get("dstuser")):
                continue
            text = _spell(value, self._style, self._clean)
            if text is not None:
                taken.append(name)
                static[STATIC_MEMBERS[name]] = text
        return tuple(taken)

    def get(self, lowered_name: str) -> str | None:
        if self._index is not None:
            return self._index.get(lowered_name)
        path, name = _split(lowered_name)
        try:
            level = self._levels[path]
        except KeyError:
            level = self._level(path)
            if self._index is not None:
                return self._index.get(lowered_name)
        if level is None:
            return None
        key = level[0].get(name)
        if key is None:
            return None
        value = level[1][key]
        kind = value.__class__
        if kind is dict or (path is None and key in self._taken):
            return None
        if kind is str and self._clean is None:
            text: str = value
            return text
        return _spell(value, self._style, self._clean)

    def _level(self, path: str | None) -> tuple[dict[str, str], dict[str, Any]] | None:
        """Look for the object at `path`, and remember it. Makes the index instead when some object has no Shape."""
        if path is None or path in self._levels:
            return self._levels[path]
        above, name = _split(path)
        outer = self._level(above)
        level = None
        key = None if outer is None else outer[0].get(name)
        if outer is not None and key is not None:
            value = outer[1][key]
            if value.__class__ is dict:
                shape = self._style.shape(value)
                if shape is None:
                    self._make_index()
                else:
                    level = (shape.by_name, value)
        self._levels[path] = level
        return level

    def _flat(self) -> list[tuple[str, str]]:
        if self._list is None:
            static = {"dstuser": self._dstuser}
            room = self._style.max_fields
            self._list, _ = flatten(self._document, self._style, static, room=room, clean=self._clean)
        return self._list

    def _make_index(self) -> dict[str, str]:
        index: dict[str, str] = {}
        for name, value in self._flat():
            index.setdefault(name.lower(), value)
        self._index = index
        return index

    def add(self, name: str, value: str) -> None:
        index = self._make_index() if self._index is None else self._index
        self._flat().append((name, value))
        index.setdefault(name.lower(), value)

    def items(self) -> Iterator[tuple[str, str]]:
        return iter(self._flat())

    def __len__(self) -> int:
        return len(self._flat())

    def nested(self) -> tuple[dict[str, Any], bool] | None:
        style = self._style
        if self._taken or self._index is not None or style.discard_null or style.csv_arrays:
            return None
        try:
            return _nested(self._document, style), self._clean is None
        except (_NotPlainError, RecursionError):
            return None


class _NotPlainError(Exception):
    """The document has something in it that `DocumentFields.nested` does not vouch for."""


def _nested(members: dict[str, Any], style: JsonStyle) -> dict[str, Any]:
    """The non-empty fields below `members`, spelled, in objects that equal the document's. Raises _NotPlainError."""
    if style.shape(members) is None:
        raise _NotPlainError
    fields = members.copy()
    for name, value in members.items():
        kind = value.__class__
        if kind is str:
            continue
        if kind is dict:
            inner = _nested(value, style)
            # An object without fields goes the way of an empty text.
            fields[name] = inner or ""
        elif kind is list:
            if not _prints_as_it_is(value):
                raise _NotPlainError
        elif value is None:
            fields[name] = "null"
        elif kind is bool:
            fields[name] = "true" if value else "false"
        else:
            fields[name] = number_text(value)
    if "" in fields.values():
        return {name: value for name, value in fields.items() if value != ""}
    return fields


def _prints_as_it_is(array: list[Any]) -> bool:
    """Whether any printer of JSON writes the array as the reference does: no numbers but short integers."""
    waiting: list[Any] = [array]
    for items in waiting:
        for item in items:
            kind = item.__class__
            if kind is list:
                waiting.append(item)
            elif kind is dict:
                waiting.append(item.values())
            elif kind is float or kind is Members or (kind is int and not -(10**15) < item < 10**15):
                return False
    return True
