"""Alerts of events that are shown member by member (`member_texts`).

What is the same in all alerts of a rule and a place is printed once, by the plain way (`json_format.py`,
`text_format.py`), with marks in the place of all that differs from alert to alert. The print is cut at the marks, and
from then on filled with the print of the event.

An alert is made as a `Draft`: the time of arrival, the count of the rule and the alert's id are put in at the end,
perhaps by another process (`drafts`). What shows more than a rule and an event (earlier events) has no draft.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy

import orjson

from alertmill.alerts import drafts
from alertmill.alerts.data_member import DataMember
from alertmill.alerts.event_texts import Compliance, find_mark
from alertmill.alerts.gaps import Gaps, Table
from alertmill.alerts.json_format import JsonFormat
from alertmill.alerts.member_texts import MemberTexts
from alertmill.alerts.rule_member import RuleMembers
from alertmill.alerts.text_format import TextFormat
from alertmill.alerts.times import TimeText
from alertmill.event import MARK, STATIC_FIELDS, DecoderInfo, Draft, Event, Fields, Match, Record, RuleInfo

#: What a template is filled with, by number: message, `data` behind its first brace, lines of fields, the member that
#: says when it happened, the description, and from there the static fields. As both forms of an alert show them.
_MESSAGE, _DATA, _LINES, _HAPPENED, _DESCRIPTION, _STATIC = range(6)


class _Marked:
    """Marks for the texts of an event (`event_texts.Texts`); `static` is how its `data` begins."""

    def __init__(self, marks: Sequence[str], static: str) -> None:
        self._marks = marks
        self._static = static

    def full_log(self) -> str:
        return self._marks[_MESSAGE]

    def lines(self) -> str:
        return self._marks[_LINES]

    def data(self) -> tuple[str, Compliance]:
        return f"{self._static}{self._marks[_DATA]}", ()


class _Template:
    """The pieces of a draft, each with gaps."""

    __slots__ = ("_of", "describes", "json", "size", "text")

    def __init__(
        self, json: Sequence[bytes], text: Sequence[bytes], marks: Sequence[str], rule: RuleInfo, event: Event
    ) -> None:
        numbers = {mark: number for number, mark in enumerate(marks)}
        #: Those without gaps as they are.
        self.json, self.text = [
            [gaps if gaps.order else piece for piece, gaps in [(piece, Gaps(piece, numbers)) for piece in form]]
            for form in (json, text)
        ]
        #: Whether the description depends on the event.
        self.describes = any(marks[_DESCRIPTION].encode() in piece for piece in text)
        self.size = sum(map(len, (*json, *text)))
        #: Keeps rule and decoder, so that no others have their identities.
        self._of: tuple[RuleInfo, DecoderInfo | None] = rule, event.decoder


def _filled(pieces: Sequence[Gaps | bytes], texts: Sequence[bytes]) -> tuple[bytes, ...]:
    return tuple([piece if isinstance(piece, bytes) else piece.fill(texts) for piece in pieces])


class MemberAlerts:
    """Drafts for one manager; remembers templates."""

    def __init__(self, json: JsonFormat, text: TextFormat, rules: RuleMembers, times: TimeText) -> None:
        self._json = json
        self._text = text
        self._rules = rules
        self._times = times
        self._texts = MemberTexts()
        #: None for alerts that have no template.
        self._templates: Table[_Template | None] = Table()

    def draft(self, event: Event, rule: RuleInfo) -> Draft | None:
        """The alert of an event; None where it has to be written as a whole."""
        shown = self._texts.of(event)
        if shown is None:
            return None
        message, data, lines = shown
        static = event.static
        names = tuple([name for name in STATIC_FIELDS if name in static]) if static else ()
        key = (id(rule), id(event.decoder), event.agent_id, event.location, event.hostname, names)
        try:
            template = self._templates.known[key]
        except KeyError:
            template = self._make(event, rule, names)
            self._templates.put(key, template, 0 if template is None else template.size)
        if template is None:
            return None
        escaped = orjson.dumps(message.decode("ascii"))[1:-1]
        happened = self._json.event_time(event.record.event_time).encode()
        json, text = [escaped, data[1:], b"", happened], [message, b"", lines, b""]
        values = (self._rules.description(event, rule) if template.describes else "", *[static[name] for name in names])
        for value in values:
            json.append(orjson.dumps(value).decode().encode("latin-1")[1:-1] if value else b"")
            text.append(value.encode("latin-1"))
        return Draft(rule.id, _filled(template.json, json), _filled(template.text, text))

    def _make(self, event: Event, rule: RuleInfo, names: tuple[str, ...]) -> _Template | None:
        """Print the alert with marks, and cut it. None for what a template cannot show."""
        if self._rules.of(rule).reads_log:
            return None
        marks = [MARK.format(number) for number in range(_STATIC + len(names))]
        if any(map(find_mark, self._print(event, rule, names, [""] * len(marks)))):
            return None
        line, stanza = self._print(event, rule, names, marks)
        if self._json.event_time(0.0):
            line = line.replace(self._json.event_time(0.0), marks[_HAPPENED], 1)
        json = drafts.cut(f"{line}\n".encode("latin-1"), drafts.json_marks(rule, self._times))
        text = drafts.cut(stanza.encode("latin-1"), drafts.text_marks(self._times))
        return None if json is None or text is None else _Template(json, text, marks, rule, event)

    def _print(self, event: Event, rule: RuleInfo, names: tuple[str, ...], marks: Sequence[str]) -> tuple[str, str]:
        """Both forms of an alert of an event that shows nothing but marks."""
        shown = copy(event)
        shown.static = dict(zip(names, marks[_STATIC:], strict=True))
        shown.fields = Fields()
        shown.record = Record(None, event.location, drafts.MARK_TIME, document={}, spell=str, event_time=0.0)
        static = DataMember().text(shown)[0]
        texts = _Marked(marks, static.removesuffix("}") + "," if names else "{")
        match = Match(rule, drafts.MARK_COUNT)
        describe = self._rules.of(rule).describe
        description = describe if isinstance(describe, str) else marks[_DESCRIPTION]
        line = self._json.line(shown, match, drafts.MARK_ID, texts, description)
        return line, self._text.stanza(shown, match, drafts.MARK_ID, texts, description)
