"""Alerts of rows (`alertmill.rows`): whole lines and stanzas from templates that are filled with the row's own texts.

The plain way (`json_format.py`, `text_format.py`) prints one alert of a marked document: a mark stands in the place of
each text, also where the description shows it. The print is cut at the marks, once per shape of rows and rule, and is
from then on filled with texts as they stand in the row: rows that have a shape hold nothing that has to be escaped.
What all alerts of a run have alike (the object's name, the time of arrival) is filled in once per run.
Nothing of an event is decoded for that. Alerts that show earlier events, or whose description would be too long, go
the plain way.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from operator import itemgetter
from typing import Any

from alertmill.alerts.columns import ColumnOutline, ColumnOutlines
from alertmill.alerts.data_member import DataMember
from alertmill.alerts.description import LIMIT
from alertmill.alerts.event_texts import PlainTexts, Spell, Template, find_mark, template_of
from alertmill.alerts.json_format import JsonFormat
from alertmill.alerts.rule_member import RuleMembers
from alertmill.alerts.text_format import TextFormat
from alertmill.alerts.times import TimeText
from alertmill.event import FIRST_NUMBER_MARK, MARK, MARK_PATTERN, Event, Match, Record, RuleInfo
from alertmill.rows import RowEvent, RowRun, Rows, RowShape

#: Shapes, and rules of each, that templates are kept for.
_MOST_SHAPES, _MOST_RULES = 64, 256
#: Alerts that go the plain way before a template is made: it costs as much as it saves with some ten alerts.
BEFORE_TEMPLATE = 8
#: Alerts of a run that are filled in as a whole before what they have alike is.
BEFORE_FILLING_IN = 4
#: What stands for the time of arrival and that of the event while a template is made: in the years 5000 and 5001.
_ARRIVED, _HAPPENED = 95_617_584_000.125, 95_649_120_000.5


#: Fills one form of an alert, as byte text.
Fill = Callable[[list[str]], str]


class RowTemplate:
    """Both forms of the alerts of a shape and a rule.

    They are filled with the texts of the event and, behind these, time, date, the member that tells the event's time,
    count, and id. `told` are the numbers of texts that the description shows, which may together be `room` characters
    long.
    """

    __slots__ = ("_forms", "_of", "_pick", "_room", "_told", "json", "stanza")

    def __init__(self, forms: tuple[Template, Template], told: list[int], room: int, of: tuple[Any, ...]) -> None:
        self._forms = forms
        self.json: Fill = forms[0].fill
        self.stanza: Fill = forms[1].fill
        self._room = room
        self._told = told
        self._pick: Callable[[list[str]], Any] | None = None
        if told:
            self._pick = itemgetter(*told) if len(told) > 1 else itemgetter(slice(told[0], told[0] + 1))
        #: Keeps rule and decoder, so that no others have their identities.
        self._of = of

    def has_room(self, texts: list[str]) -> bool:
        """Whether the description shows these texts, and not its bare template because it would be too long."""
        return self._pick is None or sum(map(len, self._pick(texts))) <= self._room

    def filled_in(self, texts: list[str], numbers: Collection[int]) -> RowTemplate:
        """The same template for alerts that have the texts of these numbers alike."""
        json, stanza = (form.filled_in(texts, numbers) for form in self._forms)
        room = self._room - sum(len(texts[number]) for number in self._told if number in numbers)
        told = [number for number in self._told if number not in numbers]
        return RowTemplate((json, stanza), told, room, self._of)


#: A template, and all that it is filled with but the alert's id.
Filling = tuple[RowTemplate, list[str]]
#: What tells the templates of a shape, decoder and host apart: the rule, and the names of static fields.
_Key = tuple[int, tuple[str, ...]]
_Place = tuple[RowShape, int, str]
#: Templates; a number counts alerts, None is for what has no template.
_OfShape = dict[_Key, RowTemplate | int | None]


class RowAlerts:
    """Fills templates for alerts of rows; remembers what it filled last, for both forms are asked for in turn."""

    def __init__(self, json: JsonFormat, stanza: TextFormat, rules: RuleMembers, times: TimeText) -> None:
        self._json = json
        self._stanza = stanza
        self._rules = rules
        self._times = times
        self._data = DataMember()
        self._outlines = ColumnOutlines()
        self._known: dict[_Place, _OfShape] = {}
        #: The last alert, and its filling.
        self._last: tuple[RowEvent, Match] | None = None
        self._filling: Filling | None = None

    def json(self, event: RowEvent, match: Match, alert_id: str) -> bytes | None:
        """The line of alerts.json, None for an alert without a template."""
        filling = self._filled(event, match)
        return None if filling is None else filling[0].json([*filling[1], alert_id]).encode("latin-1")

    def stanza(self, event: RowEvent, match: Match, alert_id: str) -> bytes | None:
        """The block of alerts.log, None for an alert without a template."""
        filling = self._filled(event, match)
        return None if filling is None else filling[0].stanza([*filling[1], alert_id]).encode("latin-1")

    def _filled(self, event: RowEvent, match: Match) -> Filling | None:
        if match.previous_output or match.previous_log is not None:
            return None
        last = self._last
        if last is None or last[0] is not event or last[1] is not match:
            record = event.record
            alone = RowRun(Rows(record.sheet, [record.raw], record.number, record.time), lambda _: event)
            alone.alerts.append((0, match.rule, match.firedtimes))
            self._filling = next(self.fillings(alone))
            self._last = event, match
        return self._filling

    def fillings(self, run: RowRun) -> Iterator[Filling | None]:
        """The fillings of the alerts of a run, None for those that have to go the plain way."""
        rows, origin = run.rows, run.event(0)
        sheet, raws, first, tell_time = rows.sheet, rows.raws, rows.first, self._json.event_time
        arrived = self._times.timestamp(rows.time), self._times.log_date(rows.time)
        last: RowShape | None = None
        templates: _OfShape = {}
        of_run: dict[RowShape, _OfShape] = {}
        happened = ""
        for number, (place, rule, fired) in enumerate(run.alerts):
            raw, filling = raws[place], None
            try:
                plain = sheet.plain(raw, first + place)
                if plain is not None:
                    shape, texts = plain
                    if shape is not last:
                        templates, last = of_run.setdefault(shape, {}), shape
                    key = id(rule), origin.add_static(shape, texts)
                    if sheet.tells_time:
                        moment = sheet.event_time(raw)
                        happened = "" if moment is None else tell_time(moment)
                    texts += (*arrived, happened, str(fired))
                    template = templates.get(key, 0)
                    if template.__class__ is int:
                        template = self._of_run(templates, key, template, run, number, shape, texts)
                    if isinstance(template, RowTemplate) and template.has_room(texts):
                        filling = template, texts
            except Exception:
                filling = None  # whatever it is, the plain way knows how to tell
            yield filling

    def _of_run(
        self, of_run: _OfShape, key: _Key, times: int, run: RowRun, number: int, shape: RowShape, texts: list[str]
    ) -> RowTemplate | int | None:
        """The template of an alert that may be the first of its kind in a run.

        What all such alerts of the run have alike is filled in where it pays.
        """
        event, rule = run.event(number), run.alerts[number][1]
        known = self._at((shape, id(event.decoder), event.hostname))
        found = known.get(key, 0)
        if found.__class__ is int:
            return self._meet(known, key, found, event, rule)
        of_run[key] = times + 1 if isinstance(found, RowTemplate) else None
        if isinstance(found, RowTemplate) and times >= BEFORE_FILLING_IN:
            sheet = run.rows.sheet
            moments = (-4, -3) if sheet.tells_time else (-4, -3, -2)
            numbers = {*sheet.alike(run.rows.raws[run.alerts[number][0]]), *(len(texts) + place for place in moments)}
            found = of_run[key] = found.filled_in(texts, numbers)
        return found

    def _at(self, place: _Place) -> _OfShape:
        if place not in self._known and len(self._known) >= _MOST_SHAPES:
            self._known.clear()
        return self._known.setdefault(place, {})

    def _meet(
        self, known: _OfShape, key: _Key, times: int, event: RowEvent, rule: RuleInfo
    ) -> RowTemplate | int | None:
        """An alert for which there is no template yet."""
        if not times and len(known) >= _MOST_RULES:
            known.clear()
        found = known[key] = self._make(event, rule, key[1]) if times >= BEFORE_TEMPLATE else times + 1
        return found

    def _make(self, event: RowEvent, rule: RuleInfo, names: tuple[str, ...]) -> RowTemplate | None:
        """Print the alert with marks, and cut it. None where marks would not stand for all that differs."""
        decoded, spell = event.decoded(), event.record.sheet.spell
        outlined, member = self._outlines.of(decoded), self._rules.of(rule)
        outline = None if outlined is None else outlined[0]
        if not isinstance(outline, ColumnOutline) or member.reads_log or tuple(decoded.static) != names:
            return None
        document, marks = outline.marked()
        marked = _like(decoded, document, spell)
        marked.fields = outline.fields(marks)
        marked.static = {name: MARK.format(number) for number, name in enumerate(names, len(marks))}
        marks += marked.static.values()
        time, date, happened = (MARK.format(number) for number in range(len(marks), len(marks) + 3))
        count, id = FIRST_NUMBER_MARK + len(marks) + 3, MARK.format(len(marks) + 4)
        if any(map(find_mark, self._print(_like(decoded, {}, spell), Match(rule, 0), ""))):
            return None
        line, stanza = self._print(marked, Match(rule, count), id)
        line = line.replace(self._times.timestamp(_ARRIVED), time, 1)
        line = line.replace(self._json.event_time(_HAPPENED) or happened, happened, 1)
        head, end, rest = stanza.partition(f"{rule.group_text}\n")
        stanza = head + end + rest.replace(self._times.log_date(_ARRIVED), date, 1)
        numbers = {mark: number for number, mark in enumerate([*marks, time, date, happened, str(count), id])}
        description = self._rules.description(marked, rule)
        if description == rule.description and not isinstance(member.describe, str):
            return None  # the marks themselves are too long for it
        told = re.findall(MARK_PATTERN, description)
        room = LIMIT - 1 - len(description) + sum(map(len, told))
        order = [numbers[mark] for mark in told]
        forms = template_of(line + "\n", numbers), template_of(stanza, numbers)
        return RowTemplate(forms, order, room, (rule, event.decoder))

    def _print(self, event: Event, match: Match, alert_id: str) -> tuple[str, str]:
        """The plain way's print of both forms."""
        texts, description = PlainTexts(event, self._data), self._rules.description(event, match.rule)
        line = self._json.line(event, match, alert_id, texts, description)
        return line, self._stanza.stanza(event, match, alert_id, texts, description)


def _like(event: Event, document: dict[str, Any], spell: Spell) -> Event:
    """An event of the same place and decoder, of another document and other times."""
    record = Record(None, event.location, _ARRIVED, document=document, spell=spell, event_time=_HAPPENED)
    other = Event(record, location=event.location, hostname=event.hostname)
    other.decoder = event.decoder
    return other
