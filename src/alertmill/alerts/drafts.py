"""Alerts that are written ahead: everything but the time of arrival, the count of the rule and the id.

A worker process writes an event's alert with marks where these will stand (`cut` then makes pieces of it); whoever has
the memory and the files fills the gaps. An event is hostile and may hold what looks like a mark: then there is no
draft, and the alert is written when its turn comes.
"""

from __future__ import annotations

from collections.abc import Sequence

from alertmill.alerts.times import TimeText
from alertmill.event import Draft, Match, RuleInfo

#: For an event whose alert has to be written as a whole: no rule has this id.
NO_DRAFT = Draft(-1, (), ())
#: What stands for the time of arrival (epoch seconds; in the year 5000), the count, and the id while a draft is made.
MARK_TIME = 95_617_584_000.125
MARK_COUNT = 7_000_000_000_000_000_003
MARK_ID = "\x01alert id\x01"

#: What an alert is to be joined from: who writes many joins them all at once, which is much cheaper than one by one.
Pieces = tuple[bytes | memoryview, ...]


def cut(text: bytes, marks: Sequence[str]) -> tuple[bytes, ...] | None:
    """The pieces between the marks, None unless each of them stands there once, in this order."""
    pieces: list[bytes] = []
    start = 0
    for mark in [mark.encode() for mark in marks]:
        place = text.find(mark, start)
        if place < 0 or text.count(mark) != 1:
            return None
        pieces.append(text[start:place])
        start = place + len(mark)
    return (*pieces, text[start:])


def json_marks(rule: RuleInfo, times: TimeText) -> tuple[str, ...]:
    """What stands for the gaps in the line of alerts.json while a draft is made."""
    count = () if rule.no_counter else (str(MARK_COUNT),)
    return (times.timestamp(MARK_TIME), *count, MARK_ID)


def text_marks(times: TimeText) -> tuple[str, ...]:
    """The same for the block of alerts.log."""
    return (MARK_ID, times.log_date(MARK_TIME))


def fits(draft: Draft, match: Match) -> bool:
    """Whether an alert is the drafted one: of the same rule, and without anything from the memory."""
    return match.rule.id == draft.rule and not match.previous_output and match.previous_log is None


def json_pieces(draft: Draft, match: Match, alert_id: str, time: float, times: TimeText) -> Pieces:
    """The line of alerts.json."""
    arrived, id = times.timestamp(time).encode(), alert_id.encode()
    if len(draft.json) == 3:  # a rule that shows no count
        before, between, behind = draft.json
        return before, arrived, between, id, behind
    before, between, next, behind = draft.json
    return before, arrived, between, str(match.firedtimes).encode(), next, id, behind


def text_pieces(draft: Draft, alert_id: str, time: float, times: TimeText) -> Pieces:
    """The block of alerts.log."""
    before, between, behind = draft.text
    return before, alert_id.encode(), between, times.log_date(time).encode(), behind
