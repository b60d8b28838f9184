"""PF_Decoder: packets logged by OpenBSD's packet filter (spec/decoders.md 10).

rule 2/(match) pass in on xl0: 192.0.2.4.66 > 192.0.2.8.23: S 1:1(0) win 16384
"""

from __future__ import annotations

from alertmill.decoders.plugins.base import PluginSettings
from alertmill.event import Event

_ACTIONS = {"p": "pass", "b": "block"}
_PROTOCOLS = {"u": "UDP", "i": "ICMP"}


def decode(event: Event, text: str | None, settings: PluginSettings) -> None:
    """Set action, srcip, srcport, dstip, dstport and protocol, as far as the log goes on as expected."""
    log = event.log
    close = log.find(")")
    if close < 0 or not log.startswith(") ", close):
        return
    action = _ACTIONS.get(log[close + 2 : close + 3])
    if action is None:
        return
    event.static["action"] = action
    colon = log.find(": ", close)
    end = log.find(" ", colon + 2)
    if colon < 0 or end < 0:
        return
    _set_address(event, "src", log[colon + 2 : end])
    if not log.startswith(" > ", end):
        return
    colon = log.find(":", end)
    if colon < 0:
        return
    _set_address(event, "dst", log[end + 3 : colon])
    letter = log[colon + 1 :].lstrip(" ")[:1]
    if letter:
        event.static["protocol"] = _PROTOCOLS.get(letter, "TCP")


def _set_address(event: Event, side: str, text: str) -> None:
    """`192.0.2.4.66`: what follows the fourth dot is the port."""
    parts = text.split(".", 4)
    if len(parts) == 5:
        event.static[f"{side}port"] = parts.pop()
    event.static[f"{side}ip"] = ".".join(parts)
