"""Decoders and rules as they were read last, on disk, so that a start need not read three megabytes of XML again.

What is kept is what the files say, linked, and every problem that was told; patterns are compiled and tables are made
anew at each start. An entry is good for exactly the texts, options and versions that it was made from, all of which are
part of its key: nothing is compared by date.

The file is never trusted. It must belong to this user or to root and be writable by nobody else, its digest must be
right, and reading it can make nothing but the plain values named in `_PLAIN`. Whatever is odd about it, it is left
aside and written anew; that costs the time of an ordinary load and nothing else.
"""

from __future__ import annotations

import io
import os
import pickle
import stat
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from importlib import import_module
from pathlib import Path
from typing import Any

from alertmill import __version__
from alertmill.decoders.spec import DecoderSpec
from alertmill.errors import Problem
from alertmill.patterns import AddressList, ExactString, OsMatch, OsRegex, Pcre2, compile_addresses, compile_pattern
from alertmill.ruleset import CdbList, LinkedRules
from alertmill.xmltext import SourceText

#: Bytes of ruleset below which reading the files is as fast as anything else.
WORTH_KEEPING = 200_000
#: Largest file that is read, in bytes; the stock ruleset of Wazuh needs three megabytes.
_LARGEST = 256 * 1024 * 1024

_MAGIC = b"alertmill ruleset\n"
_DIGEST = 32
_MODE = 0o600

#: What an entry may be made of, by module; every name here is a plain value or a function that compiles a pattern.
_PLAIN: dict[str, tuple[str, ...]] = {
    "alertmill.codes": ("Code",),
    "alertmill.decoders.plugins.base": ("StaticFieldRule",),
    "alertmill.decoders.spec": ("DecoderSpec", "PatternSpec"),
    "alertmill.errors": ("Origin", "Problem", "Severity"),
    "alertmill.patterns": ("compile_pattern",),
    "alertmill.patterns.address": ("compile_addresses",),
    "alertmill.ruleset.clock": ("TimeRange",),
    "alertmill.ruleset.spec": (
        "AddressCriterion",
        "IgnoreNames",
        "JoinedText",
        "ListCriterion",
        "RuleSpec",
        "TextCriterion",
    ),
    "alertmill.ruleset.tree": ("LinkedNode", "LinkedRule", "LinkedRules", "SearchKind", "Siblings"),
    __name__: ("RulesetParts",),
    "alertmill.xmltext": ("Element",),
    "builtins": ("frozenset", "set"),
}

Files = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class RulesetInput:
    """Everything that decoders and rules are made of.

    Files are (path, byte text) in load order; `lists` go by the names that rules use, and their entries do not matter
    here: they are read at every start. `options` are all values that have a say in loading; their `repr` must tell
    them apart.
    """

    decoders: Files
    rules: Files
    lists: Mapping[str, CdbList]
    options: tuple[object, ...]

    def size(self) -> int:
        """Bytes of decoders and rules."""
        return sum(len(text) for _, text in (*self.decoders, *self.rules))

    def key(self) -> bytes:
        """A digest of all of it, and of what else decides how it is read: this program and its Python."""
        return self._key

    @cached_property
    def _key(self) -> bytes:  # a start asks for it two or three times, and it reads megabytes
        digest = blake2b(digest_size=_DIGEST)
        for part in (__version__, _program(), sys.version, self.options, sorted(self.lists)):
            _add(digest, repr(part))
        for files in (self.decoders, self.rules):
            _add(digest, str(len(files)))
            for path, text in files:
                _add(digest, path)
                _add(digest, text)
        return digest.digest()

    def name(self, *others: object) -> bytes:
        """A digest that names an engine: of all of it, the entries of lists included, and of what `others` show."""
        digest = blake2b(self.key(), digest_size=_DIGEST)
        for name in sorted(self.lists):
            _add(digest, name)
            _add(digest, repr([*self.lists[name].entries.items()]))
        _add(digest, repr(others))
        return digest.digest()


@dataclass(frozen=True, slots=True)
class RulesetParts:
    """What is kept: decoders and rules as read, and all that was told about them."""

    decoders: list[DecoderSpec]
    rules: LinkedRules
    problems: list[Problem]


class RulesetCache:
    """One file with one entry. Neither method ever raises: a cache that does not work is no cache."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def get(self, made_of: RulesetInput) -> RulesetParts | None:
        """The parts that were put for exactly this input; None when there are none that can be trusted."""
        if made_of.size() < WORTH_KEEPING:
            return None
        try:
            data = _read_own(self._path)
            head = len(_MAGIC) + 2 * _DIGEST
            if data is None or not data.startswith(_MAGIC + made_of.key()):
                return None
            body = memoryview(data)[head:]
            if data[head - _DIGEST : head] != _digest_of(body):
                return None
            parts = _Reader(io.BytesIO(body), made_of).load()
        except Exception:  # damaged or hostile: whatever it makes of the reader, the files themselves are there
            return None
        return parts if isinstance(parts, RulesetParts) else None

    def put(self, made_of: RulesetInput, parts: RulesetParts) -> None:
        """Keep the parts for the next start, if that is worth while and the folder of the file exists."""
        if made_of.size() < WORTH_KEEPING:
            return
        try:
            body = io.BytesIO()
            _Writer(body, protocol=5).dump(parts)
            data = body.getbuffer()
            _replace(self._path, (_MAGIC, made_of.key(), _digest_of(data), data))
        except (OSError, RecursionError, pickle.PicklingError):
            return


def _text_of_input(path: str) -> SourceText:
    """Stands in an entry for a text that the input holds anyway; the reader puts its own function in its place."""
    raise pickle.UnpicklingError(path)


def _list_of_input(name: str) -> CdbList:
    """The same for a list."""
    raise pickle.UnpicklingError(name)


class _Writer(pickle.Pickler):
    """Leaves out what the input holds anyway, and writes matchers as the patterns they were made from."""

    def reducer_override(self, thing: Any) -> Any:
        if isinstance(thing, OsMatch | OsRegex | Pcre2 | ExactString):
            return compile_pattern, (thing.pattern, thing.dialect)
        if isinstance(thing, AddressList):
            return compile_addresses, (thing.entries,)
        if isinstance(thing, SourceText):
            return _text_of_input, (thing.path,)
        if isinstance(thing, CdbList):
            return _list_of_input, (thing.name,)
        return NotImplemented


class _Reader(pickle.Unpickler):
    """Makes nothing but what `_PLAIN` names."""

    def __init__(self, file: io.BytesIO, made_of: RulesetInput) -> None:
        super().__init__(file)
        texts = {path: SourceText(path, text) for path, text in (*made_of.decoders, *made_of.rules)}
        self._of_input = {"_text_of_input": texts.__getitem__, "_list_of_input": made_of.lists.__getitem__}

    def find_class(self, module: str, name: str) -> Any:
        if module == __name__ and name in self._of_input:
            return self._of_input[name]
        if name not in _PLAIN.get(module, ()):
            raise pickle.UnpicklingError(f"{module}.{name} does not belong into a ruleset")
        return getattr(import_module(module), name)


def _program() -> list[tuple[str, int, int]]:
    """Size and time of this program's own files: a checkout changes without changing its version."""
    package = Path(__file__).parent
    files = sorted(package.rglob("*.py"))
    return [(str(file.relative_to(package)), (seen := file.stat()).st_size, seen.st_mtime_ns) for file in files]


def _add(digest: Any, text: str) -> None:
    data = text.encode("utf-8", "surrogatepass")
    digest.update(len(data).to_bytes(8, "little"))
    digest.update(data)


def _digest_of(data: memoryview) -> bytes:
    return blake2b(data, digest_size=_DIGEST).digest()


def _read_own(path: Path) -> bytes | None:
    """The file's content, None if somebody else could have written it. Raises OSError."""
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    with os.fdopen(handle, "rb") as file:
        seen = os.fstat(handle)
        mine = seen.st_uid in (0, os.geteuid()) and not seen.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
        return file.read() if mine and stat.S_ISREG(seen.st_mode) and seen.st_size <= _LARGEST else None


def _replace(path: Path, pieces: Sequence[bytes | memoryview]) -> None:
    """Write a file as a whole, under another name first. Raises OSError."""
    new = path.with_name(f"{path.name}.{os.getpid()}")
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _MODE)
    try:
        with os.fdopen(handle, "wb") as file:
            file.writelines(pieces)
        new.replace(path)
    except OSError:
        new.unlink(missing_ok=True)
        raise
