"""SymantecWS_Decoder: Symantec Web Security's `k=v` fields, separated by commas (spec/decoders.md 10)."""

from __future__ import annotations

from alertmill.decoders.plugins.base import PluginSettings
from alertmill.event import Event

#: Field numbers: the static field that each sets, and how many bytes of it are used.
_FIELDS = {"10=": ("dstuser", 128), "11=": ("srcip", 0), "60=": ("url", 1024)}
#: Bytes of the id, the field's own number included; commas do not end it.
_ID_WIDTH = 9


def decode(event: Event, text: str | None, settings: PluginSettings) -> None:
    """Set dstuser, srcip, url and id, each from the first field that has it."""
    log = event.log
    position = log.find(",") + 1
    seen: set[str] = set()
    while position > 0:
        if log.startswith(("3=", "2="), position):
            if "id" not in seen:
                seen.add("id")
                event.static["id"] = log[position : position + _ID_WIDTH]
            position += _ID_WIDTH
        elif (known := _FIELDS.get(log[position : position + 3])) and known[0] not in seen:
            name, width = known
            seen.add(name)
            value = log[position + 3 :].partition(",")[0]
            event.static[name] = value[:width] if width else value
        position = log.find(",", position) + 1
