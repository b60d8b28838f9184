"""The JSON object of an alert or archived event, member by member in the reference's order (spec/alerts.md 2).

Texts that repeat from alert to alert are spelled once and kept. All text is byte text until the very end, so that bytes
which are not UTF-8 come out as they came in.
"""

from __future__ import annotations

import re

from alertmill.alerts.event_texts import Texts
from alertmill.alerts.facts import AlertFacts
from alertmill.alerts.json_text import quote
from alertmill.alerts.rule_member import RuleMembers
from alertmill.alerts.surroundings import SurroundingsOf
from alertmill.alerts.times import TimeText
from alertmill.event import Event, Match

#: The host name that alerts show is cut from the log itself, whatever pre-decoding made of it.
_LOG_HOSTNAME = re.compile(r"[A-Z][a-z][a-z] [ 0123][0-9] [0-9][0-9]:[0-9][0-9]:[0-9][0-9] ([^ ]+)")


#: Times of events that are remembered: those of an object are few.
_MOST_TIMES = 1024


class JsonFormat:
    """Renders alerts.json, archives.json and the `output` of logtest sessions."""

    def __init__(self, facts: AlertFacts, times: TimeText, rules: RuleMembers) -> None:
        self._times = times
        self._rules = rules
        #: Events of one batch happened at many different seconds: their memory is not that of the arrival times.
        self._event_times = TimeText(facts.zone) if facts.improved else None
        self._known_times: dict[float, str] = {}
        self._surroundings = SurroundingsOf(facts)

    def line(
        self,
        event: Event,
        match: Match | None,
        alert_id: str,
        texts: Texts,
        description: str,
        *,
        archive: bool = False,
        session: bool = False,
    ) -> str:
        """The object as byte text; `texts` are those of the event, `description` is that of the rule.

        `archive` shows the rule only above level 0 and always the full log; `session` shows rules of level 0 too.
        """
        data, compliance = texts.data()
        around = self._surroundings.of(event)
        record = event.record
        time = self._times.timestamp(record.time)
        event_time = self.event_time(record.event_time)
        rule = previous_output = previous_log = full_log = ""
        if match is not None and archive and match.rule.level == 0:
            match = None
        if match is not None:
            rule = self._rules.of(match.rule).text(event, match, description, compliance, session=session)
            if match.previous_output:
                previous_output = _previous_output(match.previous_output)
            if match.previous_log is not None:
                previous_log = f',"previous_log":{quote(match.previous_log)}'
        if match is None or archive or not match.rule.no_full_log:
            full_log = f',"full_log":{quote(texts.full_log())}'
        predecoder, late_predecoder = _predecoder(event)
        if data:
            data = f',"data":{data}'
        return (
            f'{{"timestamp":"{time}"{event_time}{rule}{around.before_id}{alert_id}{around.behind_id}{previous_output}'
            f"{full_log}{predecoder}{around.decoder}{previous_log}{data}{late_predecoder}{around.behind}"
        )

    def event_time(self, time: float | None) -> str:
        """The `event_time` member, with a comma before it.

        Empty without the improved format, and for a time that no calendar has, because events may claim any.
        """
        if self._event_times is None or time is None:
            return ""
        known = self._known_times.get(time)
        if known is None:
            try:
                known = f',"event_time":"{self._event_times.timestamp(time)}"'
            except (ValueError, OverflowError, OSError):
                known = ""
            if len(self._known_times) >= _MOST_TIMES:
                self._known_times.clear()
            self._known_times[time] = known
        return known


def _previous_output(lines: tuple[str, ...]) -> str:
    """The member is there from two lines on, unless the second is empty (spec/rules.md 8.8)."""
    return f',"previous_output":{quote(chr(10).join(lines))}' if len(lines) > 1 and lines[1] else ""


def _predecoder(event: Event) -> tuple[str, str]:
    """The `predecoder` member for its usual place, or for behind `data` when nothing but the host name is known."""
    name, timestamp = event.program_name, event.timestamp
    if timestamp is None and event.record.document is not None:
        if name is None:
            return "", ""
        # A message that came as a document begins with a brace; asking for its text would mean spelling it.
        hostname = None
    else:
        hostname = _LOG_HOSTNAME.match(event.full_log)
    members = [] if name is None else [f'"program_name":{quote(name)}']
    if timestamp is not None:
        members.append(f'"timestamp":{quote(timestamp)}')
    is_late = not members
    if hostname is not None:
        members.append(f'"hostname":{quote(hostname[1])}')
    if not members:
        return "", ""
    member = f',"predecoder":{{{",".join(members)}}}'
    return ("", member) if is_late else (member, "")
