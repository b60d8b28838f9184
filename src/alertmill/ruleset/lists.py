"""CDB lists: tables of keys and values that rules look fields up in (spec/lists.md).

Lists are read from their text, at the moments when Wazuh would compile them; the binary `.cdb` is neither read nor
written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from alertmill import codes
from alertmill.errors import Origin, Problems
from alertmill.patterns import Matcher
from alertmill.ruleset.options import RuleOptions

#: Faulty lines of one list that are reported one by one.
_REPORTED_LINES = 10


@dataclass(frozen=True, slots=True)
class CdbList:
    """A list as declared: its name and its entries. Keys are compared byte for byte; the first of a key wins."""

    name: str
    entries: Mapping[str, str]

    def address_value(self, text: str) -> str | None:
        """The value of `text`, or of the longest of its dotted prefixes that is a key (`10.1.2.`, `10.1.`, ...)."""
        found = self.entries.get(text)
        end = len(text)
        while found is None:
            end = text.rfind(".", 0, end)
            if end < 0:
                return None
            found = self.entries.get(text[: end + 1])
        return found


def load_lists(texts: Mapping[str, str | None], problems: Problems) -> dict[str, CdbList]:
    """Declared name -> list, for every list that has a text (byte text).

    None stands for a file that could not be read, which its reader has told; rules that use it will tell as well.
    """
    return {name: CdbList(name, _read(name, text, problems)) for name, text in texts.items() if text is not None}


def _read(name: str, text: str, problems: Problems) -> dict[str, str]:
    entries: dict[str, str] = {}
    faulty = 0
    for number, line in enumerate(text.split("\n"), 1):
        entry = read_line(line.partition("\r")[0])
        if entry is not None:
            entries.setdefault(*entry)
        elif line.strip():
            faulty += 1
            if faulty <= _REPORTED_LINES:
                origin = Origin(name, number, line.rstrip("\r"), 0, len(line.rstrip("\r")))
                hint = "close the quotes" if '"' in line else "write key:value; a key alone ends with a colon"
                problems.warn(codes.L_LINE, "this line holds no key and value, so it is left out", origin, hint=hint)
    if faulty > _REPORTED_LINES:
        more = faulty - _REPORTED_LINES
        problems.warn(codes.L_LINE, f"{more} more lines of this list hold no key and value", Origin(name))
    return entries


def read_line(line: str) -> tuple[str, str] | None:
    """Key and value of a line without its end, or None when it holds no entry (spec/lists.md 2)."""
    quote, colon = line.find('"'), line.find(":")
    if 0 <= quote < colon:
        end = line.find('"', quote + 1)
        if end < 0:
            return None
        key, colon = line[quote + 1 : end], line.find(":", end)
    else:
        key = line[: max(colon, 0)]
    if colon < 0:
        return None
    value = line[colon + 1 :]
    if '"' not in value:
        return key, value
    parts = value.split('"', 2)
    return (key, parts[1]) if len(parts) == 3 else None


#: A look-up: the list, the pattern of `check_value` if there is one, and how to read the options -> a test of a value.
_Maker = Callable[[CdbList, Matcher | None, RuleOptions], Callable[[str], bool]]


def _match_key(table: CdbList, _values: Matcher | None, _options: RuleOptions) -> Callable[[str], bool]:
    return table.entries.__contains__


def _not_match_key(table: CdbList, _values: Matcher | None, _options: RuleOptions) -> Callable[[str], bool]:
    entries = table.entries
    return lambda text: text not in entries


def _match_key_value(table: CdbList, values: Matcher | None, _options: RuleOptions) -> Callable[[str], bool]:
    entries = table.entries

    def holds(text: str) -> bool:
        value = entries.get(text)
        return value is not None and values is not None and values.matches(value)

    return holds


def _address_match_key(table: CdbList, _values: Matcher | None, _options: RuleOptions) -> Callable[[str], bool]:
    return lambda text: table.address_value(text) is not None


def _not_address_match_key(table: CdbList, _values: Matcher | None, _options: RuleOptions) -> Callable[[str], bool]:
    return lambda text: table.address_value(text) is None


def _address_match_key_value(table: CdbList, values: Matcher | None, options: RuleOptions) -> Callable[[str], bool]:
    inverted = options.invert_address_values

    def holds(text: str) -> bool:
        value = table.address_value(text)
        return (value is not None and values is not None and values.matches(value)) is not inverted

    return holds


#: Words of the attribute `lookup` (spec/lists.md 4).
LOOKUPS: dict[str, _Maker] = {
    "address_match_key": _address_match_key,
    "address_match_key_value": _address_match_key_value,
    "match_key": _match_key,
    "match_key_value": _match_key_value,
    "not_address_match_key": _not_address_match_key,
    "not_match_key": _not_match_key,
}
