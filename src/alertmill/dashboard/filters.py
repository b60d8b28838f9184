"""What a page asks for, read from its address: which alerts, and the SQL condition that picks them.

Pure. `?rule=80306&rule=80309&user!=root&level=7-&from=2026-01-15T10:00:00Z&q=bucket` reads: one of two rules, and not
the user root, and at least level 7, and from then on, and with that word anywhere in the alert. Values reach the
database as parameters only; what may be asked for is bounded.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from alertmill.errors import AlertmillError

#: Values of one filter, characters of a value, words of a search.
MOST_VALUES = 50
LONGEST_VALUE = 512
MOST_WORDS = 8

#: What a value of a filter is compared with: SQL with one `?`, and how the value is given to it.
_Test = tuple[str, Callable[[str], object]]
#: How many octets of an address a network fixes.
_OCTETS = {"8": 1, "16": 2, "24": 3}


class FilterError(AlertmillError):
    """An address that asks for something that cannot be."""


def _whole_number(text: str) -> int:
    if not re.fullmatch("[0-9]{1,9}", text):
        raise FilterError(f"a whole number was expected, not {text[:40]!r}")
    return int(text)


def _listed(text: str) -> str:
    return f",{text.replace(',', ' ')},"


def _address(text: str) -> str:
    """An address as it stands among an alert's, or what those of a network of whole octets have in common there."""
    if ":" in text and re.fullmatch("[0-9A-Fa-f:.]+", text):
        return _listed(text.lower())
    address, is_network, prefix = text.partition("/")
    octets = address.split(".")
    if len(octets) != 4 or not all(re.fullmatch("[0-9]{1,3}", octet) and int(octet) < 256 for octet in octets):
        raise FilterError(f"an IP address was expected, not {text[:40]!r}")
    if not is_network:
        return _listed(address)
    if prefix not in _OCTETS:
        raise FilterError(f"a network is of IPv4 and ends with /8, /16 or /24, not {text[:40]!r}")
    return f",{'.'.join(octets[: _OCTETS[prefix]])}."


def _same(column: str) -> _Test:
    return f"{column} = ?", str


def _in_list(column: str) -> _Test:
    return f"contains({column}, ?)", _listed


#: The filters by name, in the order of the page.
FIELDS: Final[dict[str, _Test]] = {
    "rule": ("rule = ?", _whole_number),
    "group": _in_list("groups"),
    "source": _same("source"),
    "account": _same("account"),
    "region": _same("region"),
    "bucket": _same("bucket"),
    "user": _same("username"),
    "address": ("contains(addresses, ?)", _address),
    "src": _same("src"),
    "dst": _same("dst"),
    "port": _same("port"),
    "protocol": _same("protocol"),
    "action": _same("action"),
    "service": _same("service"),
    "error": _same("error"),
    "agent": _same("agent"),
    "mitre": _in_list("mitre"),
    "ec2": _same("ec2"),
}
#: Names in an address that are no filters; what they mean is said where they are read.
_OTHERS = frozenset({"from", "to", "level", "q", "stack", "peak", "limit", "before", "by", "table"})

_LEVEL = re.compile("([0-9]{1,2})(-?)([0-9]{0,2})")
_AGO = re.compile("now(?:-([0-9]{1,4})([mhdw]))?")
_UNIT = {"m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
_WORDS = re.compile(r'"([^"]+)"|(\S+)')


@dataclass(frozen=True, slots=True)
class Filters:
    """Which alerts are meant. Times are milliseconds since the epoch, `to` exclusive; None is open."""

    first: int | None = None
    to: int | None = None
    levels: tuple[tuple[int, int], ...] = ()
    wanted: tuple[tuple[str, tuple[str, ...]], ...] = ()
    unwanted: tuple[tuple[str, tuple[str, ...]], ...] = ()
    words: tuple[str, ...] = ()

    @property
    def is_costly(self) -> bool:
        """Whether each alert's text has to be looked into."""
        names = {name for name, _ in (*self.wanted, *self.unwanted)}
        return bool(self.words) or "address" in names

    def between(self, first: int, to: int) -> Filters:
        """The same alerts as far as they lie in a range of time."""
        return replace(
            self,
            first=first if self.first is None else max(first, self.first),
            to=to if self.to is None else min(to, self.to),
        )

    def condition(self) -> tuple[str, list[object]]:
        """The WHERE clause (`true` when everything is meant), and its parameters."""
        parts: list[str] = []
        values: list[object] = []
        for text, moment in (("time >= ?", self.first), ("time < ?", self.to)):
            if moment is not None:
                parts.append(text)
                values.append(moment)
        if self.levels:
            parts.append(_any("level BETWEEN ? AND ?" for _ in self.levels))
            values += [bound for levels in self.levels for bound in levels]
        for names, form in ((self.wanted, "{}"), (self.unwanted, "NOT {}")):
            for name, chosen in names:
                test, given = FIELDS[name]
                parts.append(form.format(_any(test for _ in chosen)))
                values += [given(value) for value in chosen]
        for word in self.words:
            parts.append("contains(text, ?)")
            values.append(word)
        return " AND ".join(parts) or "true", values


def _any(tests: Iterable[str]) -> str:
    return f"({' OR '.join(tests)})"


def read_filters(query: Iterable[tuple[str, str]], now: int) -> Filters:
    """The filters of an address, `now` in milliseconds. Raises FilterError for what it does not understand."""
    given: dict[str, list[str]] = {}
    for name, value in query:
        if len(value) > LONGEST_VALUE:
            raise FilterError(f"the value of {name[:40]!r} is longer than {LONGEST_VALUE} characters")
        given.setdefault(name, []).append(value)
    for name, values in given.items():
        if len(values) > MOST_VALUES:
            raise FilterError(f"{name[:40]!r} has more than {MOST_VALUES} values")
        if name.removesuffix("!") not in FIELDS and name not in _OTHERS:
            raise FilterError(f"there is no filter {name[:40]!r}; there are {', '.join(FIELDS)}, level, from, to, q")
    for name in FIELDS:  # so that a wrong value is told before anything is asked
        for value in (*given.get(name, ()), *given.get(f"{name}!", ())):
            FIELDS[name][1](value)
    return Filters(
        first=_moment(given.get("from", [""])[-1], now),
        to=_moment(given.get("to", [""])[-1], now),
        levels=tuple(map(_levels, given.get("level", ()))),
        wanted=tuple((name, tuple(given[name])) for name in FIELDS if name in given),
        unwanted=tuple((name, tuple(given[f"{name}!"])) for name in FIELDS if f"{name}!" in given),
        words=_words(" ".join(given.get("q", ()))),
    )


def read_span(text: str) -> tuple[int, int]:
    """A range of time as an address has it: `1795313470000-1795313530000`. Raises FilterError."""
    found = re.fullmatch("([0-9]{1,15})-([0-9]{1,15})", text)
    if not found or int(found[1]) >= int(found[2]):
        raise FilterError("a peak is two times in milliseconds with a hyphen between them")
    return int(found[1]), int(found[2])


def _levels(text: str) -> tuple[int, int]:
    """`7` is that level, `7-` that and above, `3-7` the range."""
    found = _LEVEL.fullmatch(text)
    if not found or (found[3] and not found[2]):
        raise FilterError(f"a level is 7, 7- or 3-7, not {text[:40]!r}")
    low = int(found[1])
    high = int(found[3]) if found[3] else (99 if found[2] else low)
    if high < low:
        raise FilterError(f"a range of levels begins with the lower one: {high}-{low}, not {text!r}")
    return low, high


def _moment(text: str, now: int) -> int | None:
    """`now`, `now-24h`, milliseconds, or a date with or without a time (UTC unless it says otherwise)."""
    if not text:
        return None
    if found := _AGO.fullmatch(text):
        return now - int(found[1]) * _UNIT[found[2]] if found[1] else now
    if re.fullmatch("[0-9]{9,15}", text):
        return int(text)
    try:
        moment = datetime.fromisoformat(text)
        return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
    except (ValueError, OverflowError):
        raise FilterError(f"a time is 2026-01-15T10:00:00Z, or now-24h, not {text[:40]!r}") from None


def _words(text: str) -> tuple[str, ...]:
    words = tuple((phrase or word).lower() for phrase, word in _WORDS.findall(text))
    if len(words) > MOST_WORDS:
        raise FilterError(f"a search has at most {MOST_WORDS} words; put a phrase between double quotes")
    return words
