"""Address lists of rules: `<srcip>` and `<dstip>` (spec/rules.md 4.3).

An entry is an address, a network with prefix length or netmask, or `any`. Negation is the business of the rule: a
leading `!` of an entry is accepted and means nothing.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from functools import lru_cache

from alertmill.errors import PatternError, did_you_mean

#: Longest text that can be an address.
_LONGEST = 45
_BITS = {4: 32, 6: 128}

#: IP version and the address as a number.
Address = tuple[int, int]


class AddressList:
    """Networks of both IP versions, grouped by mask, so that a look-up costs one comparison per mask."""

    __slots__ = ("_networks", "entries")

    def __init__(self, entries: Sequence[str], networks: Iterable[tuple[int, int, int]]) -> None:
        self.entries = tuple(entries)
        self._networks: dict[int, dict[int, set[int]]] = {4: {}, 6: {}}
        for version, mask, number in networks:
            self._networks[version].setdefault(mask, set()).add(number & mask)

    def contains(self, text: str) -> bool:
        """Whether `text` is an address within one of the entries; anything that is no address is in no list."""
        address = _parse(text) if len(text) <= _LONGEST else None
        if address is None:
            return False
        version, number = address
        return any(number & mask in known for mask, known in self._networks[version].items())


def compile_addresses(entries: Sequence[str]) -> AddressList:
    """Make a list of `entries` (each the text of one element). Raises PatternError for the first that is no address."""
    return AddressList(entries, [network for entry in entries for network in _networks(entry)])


def _networks(entry: str) -> list[tuple[int, int, int]]:
    """The networks of an entry: IP version, mask and number."""
    wanted = entry.strip().removeprefix("!")
    if wanted == "any":
        return [(4, 0, 0), (6, 0, 0)]
    base, slash, size = wanted.partition("/")
    address = _parse(base)
    if address is None:
        raise PatternError(
            f"{entry.strip()!r} is not an IP address",
            position=_position(entry, base),
            hint=did_you_mean(wanted.lower(), ["any"]) or "write an address, address/prefix, IPv4/netmask, or any",
        )
    version, number = address
    return [(version, _mask(entry, version, size) if slash else (1 << _BITS[version]) - 1, number)]


def _mask(entry: str, version: int, size: str) -> int:
    bits = _BITS[version]
    if size.isascii() and size.isdigit() and len(size) <= 3 and int(size) <= bits:
        return (1 << bits) - (1 << (bits - int(size)))
    netmask = _parse(size) if version == 4 else None
    if netmask is None or netmask[0] != 4:
        raise PatternError(
            f"/{size} is not a network size",
            position=_position(entry, "/") + 1,
            hint=f"write 0 to {bits} bits" + (" or a netmask such as 255.255.255.0" if version == 4 else ""),
        )
    return netmask[1]


def _position(entry: str, part: str) -> int:
    return max(entry.find(part), 0) if part else 0


@lru_cache(maxsize=4096)
def _parse(text: str) -> Address | None:
    """An address as (version, number), or None. Zones (`fe80::1%eth0`) and leading zeros are not accepted."""
    if "%" in text:
        return None
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return address.version, int(address)
