"""Whole alerts from templates: what is the same in all alerts of an outline, a rule and a place, printed once.

As `event_texts.py` does it for the parts that an event makes up: the plain way (`json_format.py`, `text_format.py`)
prints an alert with marks in place of all that differs from alert to alert, and the print is cut at the marks. Alerts
that show more than others (earlier events, a header, another time) and those with a text that needs escaping have no
template here: the plain way puts them together.
"""

from __future__ import annotations

from copy import copy
from dataclasses import replace
from typing import Any, Protocol

from alertmill.alerts.event_texts import EventTemplate, EventTexts, FilledTexts, Template, Texts, find_mark, template_of
from alertmill.alerts.json_text import quote
from alertmill.alerts.rule_member import RuleMembers
from alertmill.alerts.times import TimeText
from alertmill.event import FIRST_NUMBER_MARK, MARK, Event, Match

#: Rules and places that templates are kept for, per outline.
_MOST = 16
#: Alerts that go the plain way before a template is made: it costs as much as it saves with some fifty alerts.
BEFORE_TEMPLATE = 16


class Print(Protocol):
    """The plain way: prints an alert of an event with these texts and description."""

    def __call__(self, event: Event, match: Match, alert_id: str, texts: Texts, description: str) -> str: ...


class WholeTemplate:
    """The templates of both forms of an alert.

    They are filled with the texts of the event and behind these: time, date, id, count, and the description twice, as
    it stands in JSON and as it is.
    """

    __slots__ = ("_of", "describes", "json", "stanza")

    def __init__(self, json: Template, stanza: Template, match: Match, event: Event, *, describes: bool) -> None:
        self.json = json
        self.stanza = stanza
        #: Whether the description depends on the event.
        self.describes = describes
        #: Keeps rule and decoder, so that no others have their identities.
        self._of = match.rule, event.decoder


class WholeAlerts:
    """Fills templates for alerts; remembers what it filled last, for both forms are asked for in turn."""

    def __init__(self, json: Print, stanza: Print, texts: EventTexts, rules: RuleMembers, times: TimeText) -> None:
        self._json = json
        self._stanza = stanza
        self._texts = texts
        self._rules = rules
        self._times = times
        self._last: tuple[Event, Match, str] | None = None
        self._template: WholeTemplate | None = None
        self._filling: list[str] = []

    def json(self, event: Event, match: Match, alert_id: str) -> str | None:
        """The line of alerts.json without its end, None for an alert without a template."""
        template = self._of(event, match, alert_id)
        return None if template is None else template.json.fill(self._filling)

    def stanza(self, event: Event, match: Match, alert_id: str) -> str | None:
        """The stanza of alerts.log, None for an alert without a template."""
        template = self._of(event, match, alert_id)
        return None if template is None else template.stanza.fill(self._filling)

    def _of(self, event: Event, match: Match, alert_id: str) -> WholeTemplate | None:
        last = self._last
        if last is None or last[0] is not event or last[1] is not match or last[2] != alert_id:
            self._template = self._find(event, match, alert_id)
            self._last = event, match, alert_id
        return self._template

    def _find(self, event: Event, match: Match, alert_id: str) -> WholeTemplate | None:
        texts = self._texts.of(event)
        if not isinstance(texts, FilledTexts) or not texts.are_all or not self._is_ordinary(event, match):
            return None
        #: Templates by rule and place; a number counts alerts, None is for what has no template.
        known: dict[Any, WholeTemplate | int | None] = texts.template.whole
        key = (id(match.rule), id(event.decoder), event.agent_id, event.location, event.hostname)
        template = known.get(key, 0)
        if isinstance(template, int):
            if not template and len(known) >= _MOST:
                known.clear()
            template = known[key] = self._make(event, match, texts) if template >= BEFORE_TEMPLATE else template + 1
        if not isinstance(template, WholeTemplate):
            return None
        description = self._rules.description(event, match.rule)
        time = event.record.time
        self._filling = [
            *texts.texts,
            self._times.timestamp(time),
            self._times.log_date(time),
            alert_id,
            str(match.firedtimes),
            quote(description)[1:-1] if template.describes else "",
            description,
        ]
        return template

    def _is_ordinary(self, event: Event, match: Match) -> bool:
        """Whether the alert shows nothing but what templates have a place for."""
        if match.previous_output or match.previous_log is not None or event.record.event_time is not None:
            return False
        if event.timestamp is not None or event.program_name is not None:
            return False
        return not self._rules.of(match.rule).reads_log

    def _make(self, event: Event, match: Match, texts: FilledTexts) -> WholeTemplate | None:
        """Print the alert with marks, and cut it. None when rule or place hold what is taken for a mark."""
        marks = texts.template.marks
        first = len(marks)
        time, date, id, _, quoted, plain = (MARK.format(first + number) for number in range(6))
        count = FIRST_NUMBER_MARK + first + 3
        bare = self._print(event, match, texts.template, [""] * first, "", 0, "", "")
        if any(map(find_mark, bare)):
            return None
        line, stanza = self._print(event, match, texts.template, marks, id, count, quoted, plain)
        # Both times stand where they do in every alert: at the beginning, and at the beginning of the second line.
        moment = event.record.time
        line = line.replace(self._times.timestamp(moment), time, 1)
        head, end, rest = stanza.partition(f"{match.rule.group_text}\n")
        stanza = head + end + rest.replace(self._times.log_date(moment), date, 1)
        numbers = {mark: number for number, mark in enumerate([*marks, time, date, id, str(count), quoted, plain])}
        template = WholeTemplate(
            template_of(line, numbers), template_of(stanza, numbers), match, event, describes=quoted in line
        )
        self._texts.account(template.json.size + template.stanza.size)
        return template

    def _print(
        self,
        event: Event,
        match: Match,
        template: EventTemplate,
        texts: list[str],
        alert_id: str,
        count: int,
        quoted: str,
        plain: str,
    ) -> tuple[str, str]:
        """The plain way's print of both forms; `quoted` and `plain` stand for the description in JSON and as it is."""
        shown = copy(event)
        shown.static = dict(zip(template.static, texts[len(texts) - len(template.static) :], strict=True))
        marked, filled = replace(match, firedtimes=count), FilledTexts(shown, template, texts, texts)
        line = self._json(shown, marked, alert_id, filled, quoted)
        return line, self._stanza(shown, marked, alert_id, filled, plain)
