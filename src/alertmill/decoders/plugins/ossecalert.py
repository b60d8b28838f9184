"""OSSECAlert_Decoder: alerts that another manager forwards (spec/decoders.md 10).

    ossec: Alert Level: 3; Rule: 5501 - Login session opened.; Location: web->/var/log/auth.log; user: eve; the log

The original rule fires as it is. Whether it is loaded is the engine's to see: an event of category OSSEC_ALERT without
a rule is dropped. A log that is not as expected gets the category alone.
"""

from __future__ import annotations

import re

from alertmill.decoders.plugins.base import PluginSettings
from alertmill.event import Event

#: Category of such events; no decoder file can name it.
OSSEC_ALERT = "ossec-alert"

_BEGINNINGS = ("Alert Level: ", "ossec: Alert Level")
_RULE_AND_LOCATION = re.compile(r"[^;]*+;(?:[^:]|:(?! ))*+: ([0-9]{1,10}) [^;]*+; Location: ([^;]*+);")
_PARTS = {" srcip: ": "srcip", " user: ": "dstuser"}
#: Bytes of the location and of the log that are used.
_LOCATION_WIDTH = 254
_LOG_WIDTH = 4094


def decode(event: Event, text: str | None, settings: PluginSettings) -> None:
    """Set forced_rule, location, hostname, srcip, dstuser, and the original log in place of the message."""
    event.category_override = OSSEC_ALERT
    log = event.log
    if not log.startswith(_BEGINNINGS):
        return
    found = _RULE_AND_LOCATION.match(log)
    if found is None:
        return
    rule, location = found.groups()
    event.forced_rule = int(rule)
    event.location = event.hostname = f"{event.location}|{location}"[:_LOCATION_WIDTH]
    _take_rest(event, log, found.end())


def _take_rest(event: Event, log: str, position: int) -> None:
    """Optional parts behind the location, then the original log."""
    while part := next((part for part in _PARTS if log.startswith(part, position)), ""):
        end = log.find(";", position)
        if end < 0:
            break
        event.static[_PARTS[part]] = log[position + len(part) : end]
        position = end + 1
    event.full_log = event.log = log[position:].lstrip(" ")[:_LOG_WIDTH]
