"""A record of a bucket -> the message that analysis sees: discard, envelope, reshaping, spelling (aws-wodle.md 9).

Pure. Records are plain dicts as a bucket type yields them and are consumed: their nested objects end up, reshaped in
place, inside the document.
"""

from __future__ import annotations

import json
import re
from typing import Any

import msgspec
import orjson

#: The location of every AWS message.
LOCATION = "Wazuh-AWS"

_IPV4 = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+")


class Discard:
    """`<discard_regex field="...">`: whether a record is to be dropped (aws-wodle.md 9.1).

    `field` is a dotted path into the record as its type yields it. The pattern is Python's, matched at the start of the
    value. Raises re.error when it does not compile.
    """

    def __init__(self, field: str, pattern: str) -> None:
        self._path = tuple(field.split("."))
        self._match = re.compile(pattern).match

    def drops(self, record: dict[str, Any]) -> bool:
        return self._found(record, 0)

    def _found(self, value: Any, depth: int) -> bool:
        if isinstance(value, list):
            return any(self._found(element, depth) for element in value)
        if depth == len(self._path):
            return isinstance(value, str) and self._match(value) is not None
        if isinstance(value, dict):
            return self._found(value.get(self._path[depth]), depth + 1)
        return False


class Envelope:
    """Wraps the records of one object.

    `alias` is None for objects that a subscriber was told of: their messages have none. `account` is None for types
    whose messages do not name the account.
    """

    def __init__(self, bucket: str, key: str, alias: str | None, account: str | None) -> None:
        named = {} if alias is None else {"aws_account_alias": alias}
        self.log_info: dict[str, str | int] = {**named, "log_file": key, "s3bucket": bucket}
        self.account = account

    def number(self, number: int) -> None:
        """The next record is the one of this number in its object, and its message is to say so."""
        self.log_info = {**self.log_info, "record": number}

    def wrap_columns(self, record: dict[str, Any]) -> dict[str, Any]:
        """The document of a record made of text columns, which has nothing to unwrap or to remove."""
        document = self._around(record)
        _add_names(document["aws"])
        return document

    def wrap(self, record: dict[str, Any]) -> dict[str, Any]:
        """The document of a record of JSON values; the record is taken over."""
        tidy(record)
        return self.wrap_columns(record)

    def wrap_bare(self, record: dict[str, Any]) -> dict[str, Any]:
        """The document of a record that only loses its nulls: no list is unwrapped, no name is added."""
        tidy(record, unwrap=False)
        return self._around(record)

    def _around(self, record: dict[str, Any]) -> dict[str, Any]:
        aws = {"log_info": self.log_info, **record}
        if self.account is not None:
            aws["aws_account_id"] = self.account
        return {"integration": "aws", "aws": aws}

    def error(self, text: str) -> dict[str, Any]:
        """The document of an error event (aws-wodle.md 8)."""
        aws: dict[str, Any] = {"log_info": self.log_info}
        if self.account is not None:
            aws["aws_account_id"] = self.account
        return {"integration": "aws", "aws": aws, "error_msg": text}


def tidy(record: dict[str, Any], *, unwrap: bool = True) -> None:
    """Remove nulls and replace lists of one element by it, in objects at every depth, never inside lists."""
    waiting = [record]
    while waiting:
        current = waiting.pop()
        nulls: list[str] | None = None
        for key, value in current.items():
            kind = type(value)
            if kind is str:
                continue
            if kind is dict:
                waiting.append(value)
            elif kind is list:
                if unwrap and len(value) == 1:
                    current[key] = value[0]
            elif value is None:
                if nulls is None:
                    nulls = []
                nulls.append(key)
        if nulls is not None:
            for key in nulls:
                del current[key]


def _add_names(aws: dict[str, Any]) -> None:
    """`source_ip_address` beside an address, and `tags` always as an object."""
    address = aws.get("sourceIPAddress")
    if type(address) is str and _IPV4.match(address):
        aws["source_ip_address"] = address
    if "tags" in aws and type(aws["tags"]) is not dict:
        aws["tags"] = {"value": aws["tags"]}


def _is_simple(document: dict[str, Any]) -> bool:
    """Whether compiled writers agree with `json` about all values: no fractions, and nothing that may be null.

    They are twice as fast; where characters are concerned, they differ in those beyond ASCII and in DEL.
    """
    waiting: list[Any] = [document.values()]
    for values in waiting:
        for value in values:
            kind = type(value)
            if kind is str:
                continue
            if kind is dict:
                waiting.append(value.values())
            elif kind is list:
                waiting.append(value)
            elif kind is not bool and kind is not int:
                return False
    return True


def spell_compatible(document: dict[str, Any]) -> str:
    """The message as Wazuh spells it: `", "` and `": "`, non-ASCII as `\\uXXXX` (aws-wodle.md 9.3). Byte text."""
    if _is_simple(document):
        try:
            text = orjson.dumps(document)
        except TypeError:  # lone surrogates, integers beyond 64 bits, deep nesting
            text = b"\x7f"
        if text.isascii() and b"\x7f" not in text:
            return msgspec.json.format(text, indent=0).decode("ascii")
    try:
        return json.dumps(document)
    except RecursionError:
        return _spell_deep(document, ", ", ": ")


def spell_improved(document: dict[str, Any]) -> str:
    """The message without blanks and with UTF-8 as it is. Byte text."""
    try:
        return orjson.dumps(document).decode("latin-1")
    except TypeError:  # lone surrogates, integers beyond 64 bits, deep nesting
        return spell_compact(document)


def spell_compact(document: dict[str, Any]) -> str:
    """The message without blanks, non-ASCII escaped: for the values that only `json` can write."""
    try:
        return json.dumps(document, separators=(",", ":"))
    except RecursionError:
        return _spell_deep(document, ",", ":")


def _spell_deep(document: Any, comma: str, colon: str) -> str:
    """What `json.dumps` gives, for values nested deeper than it can go."""
    parts: list[str] = []
    waiting: list[Any] = [document]
    while waiting:
        value = waiting.pop()
        if isinstance(value, _Written):
            parts.append(value)
        elif isinstance(value, dict) and value:
            inner: list[Any] = []
            for key, member in value.items():
                inner += [_Written(comma if inner else "{"), _Written(json.dumps(key) + colon), member]
            waiting += reversed([*inner, _Written("}")])
        elif isinstance(value, list) and value:
            inner = []
            for member in value:
                inner += [_Written(comma if inner else "["), member]
            waiting += reversed([*inner, _Written("]")])
        else:
            parts.append(json.dumps(value))
    return "".join(parts)


class _Written(str):
    """JSON text, as opposed to a value still to be written."""

    __slots__ = ()
