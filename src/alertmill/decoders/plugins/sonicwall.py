"""SonicWall_Decoder: SonicWall firewalls (spec/decoders.md 10).

Besides fields it decides what kind of log an event is, by the device's message number: the event's category stands
above the decoder's type.
"""

from __future__ import annotations

import re

from alertmill.decoders.plugins.base import PluginSettings
from alertmill.event import Event
from alertmill.patterns import Found, compile_pattern

_PRIORITY = compile_pattern(r"pri=(\d) c=(\d+) m=(\d+) ", "osregex", captures=True)
_ADDRESSES = compile_pattern(r"src=(\d+.\d+.\d+.\d+):(\d+):\S+ dst=(\d+.\d+.\d+.\d+):(\d+):", "osregex", captures=True)
_PROXY = compile_pattern(r"result=(\d+) dstname=(\S+) arg=(\S+)$", "osregex", captures=True)
_PROTOCOL = re.compile(r"proto=([A-Za-z0-9()\-.@_]{0,6})")

#: Bytes of the device's category that are looked at.
_CATEGORY_WIDTH = 7
_INTRUSION = "32"
_ACTIONS = {
    **dict.fromkeys(("98", "597", "598"), "pass"),
    **dict.fromkeys(("36", "37", "38", "173", "174"), "drop"),
    "537": "close",
}
_PROXY_ID = "97"


def decode(event: Event, text: str | None, settings: PluginSettings) -> None:
    """Set status, id, addresses, ports, protocol, and category with its action or URL."""
    event.category_override = "syslog"
    log = event.log
    found = _PRIORITY.search(log)
    if found is None or len(found.groups) < 3:
        return
    static = event.static
    static["status"], category, static["id"] = found.groups[:3]
    log = _from(log, found)
    found = _ADDRESSES.search(log)
    if found is None or len(found.groups) < 4:
        return
    static["srcip"], static["srcport"], static["dstip"], static["dstport"] = found.groups[:4]
    log = _from(log, found)
    protocol = _PROTOCOL.match(log, log.find(" ") + 1)
    if protocol is not None:
        static["protocol"] = protocol.group(1)
    _set_category(event, category[:_CATEGORY_WIDTH], log)


def _from(log: str, found: Found) -> str:
    """The log from the last matched byte on."""
    return log[max(found.end, 0) :]


def _set_category(event: Event, category: str, log: str) -> None:
    static = event.static
    number = static["id"]
    if category == _INTRUSION:
        event.category_override = "ids"
    elif number in _ACTIONS:
        event.category_override = "firewall"
        static["action"] = _ACTIONS[number]
    elif number == _PROXY_ID:
        event.category_override = "squid"
        found = _PROXY.search(log)
        if found is not None and len(found.groups) == 3:
            static["id"] = found.groups[0]
            static["url"] = found.groups[1] + found.groups[2]
