"""JSON values -> the text that fields show (spec/decoders.md 7).

Numbers and arrays are spelled as the reference does, because rules and dashboards compare the text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from json.encoder import encode_basestring
from typing import Any, Final

from alertmill.decoders.cjson import Members
from alertmill.decoders.shapes import JsonStyle
from alertmill.event import to_byte_text

_LEAST_INT = -(2**31)
_GREATEST_INT = 2**31 - 1
#: Bytes of a number's text that are used.
_NUMBER_WIDTH = 63
#: Longest text of an array in csv form, in bytes.
_CSV_WIDTH = 65535
#: Relative difference below which 15 digits of a number are enough.
_EPSILON = 2.0**-52
#: Tabs that the lines of one array may be indented with, all together: more is an attack, and the array is left out.
_MAX_INDENT = 2**22

#: Makes a document's string byte text.
Clean = Callable[[str], str]


def members_of(value: dict[str, Any] | Members) -> Iterator[tuple[str, Any]]:
    """The members of an object, whichever form it has."""
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


def spell(value: Any, style: JsonStyle, clean: Clean | None) -> str | None:
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


def array_text(array: list[Any], clean: Clean | None = None) -> str | None:
    """An array as JSON text: elements on one line, members of objects inside on lines of their own.

    None when the indentation would get out of hand.
    """
    quote = _quote if clean is None else lambda text: _quote(clean(text))
    pieces = ["["]
    above: list[tuple[Iterator[Any], bool]] = []
    items: Iterator[Any] = iter(array)
    in_object = False
    first = True
    indent = 0
    while indent <= _MAX_INDENT:
        for item in items:
            if in_object:
                indent += len(above)
                tabs = "\t" * (len(above) + 1)
                pieces += (tabs if first else f",\n{tabs}", quote(item[0]), ":\t")
                item = item[1]
            elif not first:
                pieces.append(", ")
            kind = item.__class__
            if kind is list or kind is dict or kind is Members:
                above.append((items, in_object))
                in_object, first = kind is not list, True
                items = members_of(item) if in_object else iter(item)
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
    return None


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
