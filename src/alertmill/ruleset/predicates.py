"""The built-in predicates of `<compiled_rule>` (spec/rules.md 4.5)."""

from __future__ import annotations

import re
from collections.abc import Callable

from alertmill.event import Event

#: Beginnings of the logs of web crawlers that are who they say.
_CRAWLERS = ("66.249.", "72.14.", "209.85.", "65.55.", "207.46.", "74.6.", "72.30.", "67.195.")

_LONG_ID = 10

_WORD = re.compile(r"[ \t]*([^ \t\r\n]*)")


def _comp_srcuser_dstuser(event: Event) -> bool:
    source, target = event.static.get("srcuser"), event.static.get("dstuser")
    return source is None or target is None or source == target


def _check_id_size(event: Event) -> bool:
    return len(event.static.get("id", "")) >= _LONG_ID


def _target_and_caller_differ(event: Event) -> bool:
    target = _after_colon(event.log, "Target Account Name")
    caller = _after_colon(event.log, "Caller User Name")
    return target is not None and caller is not None and target != caller


def _after_colon(log: str, label: str) -> str | None:
    """The word behind the colon that follows `label`."""
    start = log.find(label)
    colon = log.find(":", start) if start >= 0 else -1
    found = _WORD.match(log, colon + 1) if colon >= 0 else None
    return found.group(1) if found else None


def _is_simple_http_request(event: Event) -> bool:
    url = event.static.get("url")
    return url is not None and (url == "/" or "?" not in url)


def _is_valid_crawler(event: Event) -> bool:
    return event.log.startswith(_CRAWLERS)


PREDICATES: dict[str, Callable[[Event], bool]] = {
    "check_id_size": _check_id_size,
    "comp_mswin_targetuser_calleruser_diff": _target_and_caller_differ,
    "comp_srcuser_dstuser": _comp_srcuser_dstuser,
    "is_simple_http_request": _is_simple_http_request,
    "is_valid_crawler": _is_valid_crawler,
}
