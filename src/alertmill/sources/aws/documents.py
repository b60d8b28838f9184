"""Content that is held whole while it is small and read piece by piece when it is large.

Among it JSON documents with a list of records in one member. Pure; shared by the formats.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Any, TypeVar

from alertmill.sources.aws import jsontext
from alertmill.sources.aws.faults import ShapeError
from alertmill.sources.aws.unpack import check_text, checked

_T = TypeVar("_T")

#: Largest document, in bytes, that is parsed at once. Its values take six times that in memory, and above some ten MiB
#: the garbage collector's rounds over them cost more than going through the document twice.
HELD_DOCUMENT = 8 * 1024 * 1024


def records_of(pieces: Iterable[bytes], member: str) -> Iterator[tuple[dict[str, Any], bool]]:
    """The objects in the list `member` of the document, and whether each is odd (jsontext.parse).

    Nothing for blank text, for a list, and for a document without the member. Raises ParseError or ShapeError: before
    the first record for a document that is held, possibly behind some of them for a larger one.
    """
    held, rest = begun(pieces)
    if rest is not None:
        for element, odd in jsontext.elements(chain(held, rest), member):
            yield _checked(element, member), odd
        return
    data = b"".join(held)
    held.clear()  # the pieces need not be in memory twice while the document grows out of them
    document, odd = jsontext.parse(data)
    for element in _list(document, member):
        yield element, odd


def whole_if_held(pieces: Iterable[bytes], read: Callable[[Iterable[bytes]], Iterator[_T]]) -> Iterator[_T]:
    """What `read` makes of the content: if that is small enough to be held, everything before the first is given."""
    held, rest = begun(pieces)
    yield from list(read(held)) if rest is None else read(chain(held, rest))


def checked_text(pieces: Iterable[bytes]) -> Iterable[bytes]:
    """The content as it is. Raises ParseError if it is not UTF-8: at once where it is held, else when it gets there."""
    held, rest = begun(pieces)
    if rest is not None:
        return checked(chain(held, rest))
    check_text(held)
    return held


def begun(pieces: Iterable[bytes], limit: int | None = None) -> tuple[list[bytes], Iterator[bytes] | None]:
    """The content as a whole if it is small enough to be held, else its beginning and the rest."""
    most = HELD_DOCUMENT if limit is None else limit
    rest = iter(pieces)
    held: list[bytes] = []
    size = 0
    for piece in rest:
        held.append(piece)
        size += len(piece)
        if size > most:
            return held, rest
    return held, None


def _list(document: Any, member: str) -> list[dict[str, Any]]:
    if document is jsontext.NOTHING or isinstance(document, list):
        return []
    if not isinstance(document, dict):
        raise ShapeError("the document is neither an object nor a list")
    if member not in document:
        return []
    elements = document[member]
    if not isinstance(elements, list):
        raise ShapeError(f"{member} is not a list")
    for element in elements:
        _checked(element, member)
    return elements


def _checked(element: Any, member: str) -> dict[str, Any]:
    if not isinstance(element, dict):
        raise ShapeError(f"{member} holds something that is not an object")
    return element
