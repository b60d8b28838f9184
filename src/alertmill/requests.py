"""Requests from a command to the daemon, left as files: what to read, and what to try again.

A command (`alertmill audit --repair`, `alertmill retry`) writes a file into `var/requests/` of the home, whole or not
at all; the daemon reads it, does what it says and deletes it. Nothing here acts on a request.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, TypeVar

from alertmill.errors import AlertmillError

#: The form of the files that this module writes and reads.
VERSION = 1

#: Entries of one kind that a request may hold; who wants more writes several requests.
MOST_ENTRIES = 10_000

#: Bytes of a request file, above which it is not read. An entry takes some 1.2 KB at most.
_MOST_BYTES = 64 * 1024 * 1024

T = TypeVar("T")


class RequestError(AlertmillError):
    """A request file that cannot be read, or that does not say what it must. `str()` names the file and the place."""


@dataclass(frozen=True, slots=True)
class ObjectToRead:
    """An object that is there and is to be read, wherever listing stands."""

    bucket: str
    key: str
    etag: str


@dataclass(frozen=True, slots=True)
class FailedObject:
    """A failed object of a scope that is to be tried again now."""

    scope: str
    key: str
    etag: str


@dataclass(frozen=True, slots=True)
class DayRange:
    """Days (`YYYY-MM-DD`, both included) to be read again, in all scopes whose names begin with `definition`."""

    definition: str
    first: str
    last: str


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for. `retry_all` means every failed object, `records` the rejected records."""

    read: tuple[ObjectToRead, ...] = ()
    retry: tuple[FailedObject, ...] = ()
    retry_all: bool = False
    again: tuple[DayRange, ...] = ()
    records: bool = False


def write_request(folder: Path, request: Request, *, by: str = "audit") -> Path:
    """Leave a request in `folder` (made if need be), atomically and readable by its owner alone; returns its path.

    `by` is the command that asks. Written by root, the file belongs to whom the home belongs to. Raises OSError.
    """
    owner = folder.parent.stat()
    try:
        folder.mkdir(mode=0o700)
        _give(folder, owner)
    except FileExistsError:
        pass
    path = folder / f"{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}-{by}-{secrets.token_hex(4)}.json"
    unfinished = path.with_suffix(".new")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            json.dump({"version": VERSION, **asdict(request)}, file)
            file.flush()
            os.fsync(file.fileno())
        _give(unfinished, owner)
        unfinished.rename(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
    return path


def read_request(path: Path) -> Request:
    """The request in a file. Raises RequestError."""
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise RequestError(f"{path}: {error.strerror or error}") from None
    if len(content) > _MOST_BYTES:
        raise RequestError(f"{path}: larger than {_MOST_BYTES} bytes")
    try:
        return _request(json.loads(content))
    except (ValueError, RecursionError) as error:
        raise RequestError(f"{path}: {error}") from None


def _give(path: Path, owner: os.stat_result) -> None:
    if os.geteuid() == 0:
        os.chown(path, owner.st_uid, owner.st_gid)


# --- what a request must look like; ValueError says what is wrong ---------------------------------------------------


def _request(value: object) -> Request:
    members = _members(value, "the request", {"version", "read", "retry", "retry_all", "again", "records"})
    version = members.get("version")
    if version != VERSION or type(version) is not int:
        raise ValueError(f'"version" is {_shown(version)}; this Alertmill knows version {VERSION}')
    return Request(
        _entries(members, "read", _object_to_read),
        _entries(members, "retry", _failed_object),
        _flag(members, "retry_all"),
        _entries(members, "again", _day_range),
        _flag(members, "records"),
    )


def _object_to_read(value: object, place: str) -> ObjectToRead:
    return ObjectToRead(*_texts(value, place, ("bucket", "key", "etag")))


def _failed_object(value: object, place: str) -> FailedObject:
    return FailedObject(*_texts(value, place, ("scope", "key", "etag")))


def _day_range(value: object, place: str) -> DayRange:
    definition, *days = _texts(value, place, ("definition", "first", "last"))
    for name, day in zip(("first", "last"), days, strict=True):
        try:
            written = date.fromisoformat(day).isoformat()
        except ValueError:
            written = ""
        if written != day:
            raise ValueError(f'{place}: "{name}" is {_shown(day)}; a day is written YYYY-MM-DD')
    first, last = days
    if first > last:
        raise ValueError(f"{place}: the first day, {first}, lies behind the last, {last}")
    return DayRange(definition, first, last)


def _entries(members: dict[str, Any], name: str, entry: Callable[[object, str], T]) -> tuple[T, ...]:
    found = members.get(name, [])
    if type(found) is not list:
        raise ValueError(f'"{name}" must be a list, not {_shown(found)}')
    if len(found) > MOST_ENTRIES:
        raise ValueError(f'"{name}" has {len(found)} entries, more than {MOST_ENTRIES}')
    return tuple(entry(value, f'"{name}", entry {number}') for number, value in enumerate(found, 1))


def _flag(members: dict[str, Any], name: str) -> bool:
    found = members.get(name, False)
    if type(found) is not bool:
        raise ValueError(f'"{name}" must be true or false, not {_shown(found)}')
    return found


def _texts(value: object, place: str, names: tuple[str, ...]) -> tuple[str, ...]:
    members = _members(value, place, set(names))
    for name in names:
        text = members.get(name)
        if type(text) is not str or (not text and name != "etag"):
            raise ValueError(f'{place}: "{name}" must be a text, not {_shown(text)}')
    return tuple(members[name] for name in names)


def _members(value: object, place: str, known: set[str]) -> dict[str, Any]:
    if type(value) is not dict:
        raise ValueError(f"{place} must be an object, not {_shown(value)}")
    if unknown := sorted(value.keys() - known):
        raise ValueError(f"{place} has a member {_shown(unknown[0])}, which this Alertmill does not know")
    return value


def _shown(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
