"""The JSON object of an alert or archived event, member by member in the reference's order (spec/alerts.md 2).

Texts that repeat from alert to alert are spelled once and kept. All text is byte text until the very end, so that bytes
which are not UTF-8 come out as they came in.
"""

from __future__ import annotations

import re

from alertmill.alerts.data_member import DataMember
from alertmill.alerts.facts import AlertFacts, Memory
from alertmill.alerts.json_text import quote
from alertmill.alerts.places import Places
from alertmill.alerts.rule_member import RuleMember
from alertmill.alerts.times import TimeText
from alertmill.event import DecoderInfo, Event, Match, RuleInfo, to_byte_text

#: The host name that alerts show is cut from the log itself, whatever pre-decoding made of it.
_LOG_HOSTNAME = re.compile(r"[A-Z][a-z][a-z] [ 0123][0-9] [0-9][0-9]:[0-9][0-9]:[0-9][0-9] ([^ ]+)")

_DecoderKey = tuple[bool, str, str, str] | None


class RuleMembers:
    """The `rule` members of all rules met so far; a rule that was loaded anew replaces its former self."""

    def __init__(self) -> None:
        self._members: dict[int, tuple[RuleInfo, RuleMember]] = {}

    def of(self, rule: RuleInfo) -> RuleMember:
        known = self._members.get(rule.id)
        if known is not None and known[0] is rule:
            return known[1]
        member = RuleMember(rule)
        self._members[rule.id] = (rule, member)
        return member


class JsonFormat:
    """Renders alerts.json, archives.json and the `output` of logtest sessions."""

    def __init__(self, facts: AlertFacts, times: TimeText, rules: RuleMembers) -> None:
        self._times = times
        self._rules = rules
        #: Events of one batch happened at many different seconds: their memory is not that of the arrival times.
        self._event_times = TimeText(facts.zone) if facts.improved else None
        self._places = Places(facts)
        self._data = DataMember()
        self._decoders = Memory(_decoder_member)
        self._cluster = ""
        if facts.cluster is not None:
            name, node = map(to_byte_text, facts.cluster)
            self._cluster = f',"cluster":{{"name":{quote(name)},"node":{quote(node)}}}'

    def line(self, event: Event, match: Match | None, alert_id: str, *, archive: bool, session: bool) -> str:
        """The object as byte text.

        `archive` shows the rule only above level 0 and always the full log; `session` shows rules of level 0 too.
        """
        data, compliance = self._data.text(event)
        record = event.record
        time = f'"timestamp":"{self._times.timestamp(record.time)}"'
        if self._event_times is not None and record.event_time is not None:
            time += _event_time(record.event_time, self._event_times)
        if match is not None and archive and match.rule.level == 0:
            match = None
        rule = previous_output = previous_log = ""
        if match is not None:
            rule = f',"rule":{self._rules.of(match.rule).text(event, match, compliance, session=session)}'
            if match.previous_output:
                previous_output = _previous_output(match.previous_output)
            if match.previous_log is not None:
                previous_log = f',"previous_log":{quote(match.previous_log)}'
        full_log = ""
        if match is None or archive or not match.rule.no_full_log:
            full_log = f',"full_log":{quote(event.full_log)}'
        predecoder, late_predecoder = _predecoder(event)
        head = (
            f'{{{time}{rule},{self._places.before(event)},"id":"{alert_id}"{self._cluster}{previous_output}{full_log}'
        )
        decoder = f'{predecoder},"decoder":{self._decoders(_decoder_key(event.decoder))}{previous_log}'
        data = f',"data":{data}{late_predecoder}' if data else late_predecoder
        return f"{head}{decoder}{data}{self._places.behind(event)}}}"


def _event_time(time: float, times: TimeText) -> str:
    """The `event_time` member; nothing for a time that no calendar has, because events may claim any."""
    try:
        return f',"event_time":"{times.timestamp(time)}"'
    except (ValueError, OverflowError, OSError):
        return ""


def _previous_output(lines: tuple[str, ...]) -> str:
    """The member is there from two lines on, unless the second is empty (spec/rules.md 8.8)."""
    return f',"previous_output":{quote(chr(10).join(lines))}' if len(lines) > 1 and lines[1] else ""


def _predecoder(event: Event) -> tuple[str, str]:
    """The `predecoder` member for its usual place, or for behind `data` when nothing but the host name is known."""
    name, timestamp = event.program_name, event.timestamp
    if timestamp is None and event.record.document is not None:
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


def _decoder_key(decoder: DecoderInfo | None) -> _DecoderKey:
    return None if decoder is None else (decoder.accumulate, decoder.parent, decoder.name, decoder.ftscomment)


def _decoder_member(key: _DecoderKey) -> str:
    if key is None:
        return "{}"
    accumulate, parent, name, ftscomment = key
    members = ['"accumulate":1'] if accumulate else []
    if parent:
        members.append(f'"parent":{quote(parent)}')
    members.append(f'"name":{quote(name)}')
    if ftscomment:
        members.append(f'"ftscomment":{quote(ftscomment)}')
    return "{" + ",".join(members) + "}"
