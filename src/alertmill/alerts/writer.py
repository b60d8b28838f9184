"""`AlertWriter`: events and matches -> the bytes of every output."""

from __future__ import annotations

from alertmill.alerts import drafts
from alertmill.alerts.event_texts import EventTexts
from alertmill.alerts.facts import AlertFacts
from alertmill.alerts.json_format import JsonFormat
from alertmill.alerts.member_alerts import MemberAlerts
from alertmill.alerts.row_alerts import RowAlerts
from alertmill.alerts.rule_member import RuleMembers
from alertmill.alerts.text_format import TextFormat
from alertmill.alerts.times import TimeText
from alertmill.alerts.whole_alerts import WholeAlerts
from alertmill.event import Draft, Event, LateEvent, Match, RuleInfo
from alertmill.rows import RowEvent
from alertmill.sheet import SheetFields


def alert_id(time: float, offset: int) -> str:
    """The `id` of an alert: whole seconds of reception, a dot, the offset in the alert file (spec/alerts.md 2.2)."""
    return f"{int(time)}.{offset}"


class AlertWriter:
    """Renders for one manager. Keeps the spelled parts of rules, places and decoders; belongs to one thread."""

    def __init__(self, facts: AlertFacts) -> None:
        times = self._times = TimeText(facts.zone)
        self._rules = RuleMembers()
        self._texts = EventTexts()
        self._json = JsonFormat(facts, times, self._rules)
        self._text = TextFormat(facts, times, self._rules)
        self._members = MemberAlerts(self._json, self._text, self._rules, times)
        self._whole = WholeAlerts(self._json.line, self._text.stanza, self._texts, self._rules, times)
        #: The templates of alerts of rows.
        self.rows = RowAlerts(self._json, self._text, self._rules, times)

    def json_line(self, event: Event, match: Match | None, alert_id: str, *, archive: bool = False) -> bytes:
        """A line of alerts.json, or with `archive` of archives.json, with its newline (spec/alerts.md 2)."""
        if match is not None and not archive:
            return b"".join(self.json_pieces(event, match, alert_id))
        return self._plain_line(_decoded(event), match, alert_id, archive=archive).encode("latin-1") + b"\n"

    def json_pieces(self, event: Event, match: Match, alert_id: str) -> drafts.Pieces:
        """The line of alerts.json, to be joined with all others of a commit."""
        if isinstance(event, RowEvent) and (filled := self.rows.json(event, match, alert_id)) is not None:
            return (filled,)
        draft = self._drafted(event, match)
        if draft is not None:
            return drafts.json_pieces(draft, match, alert_id, event.record.time, self._times)
        event = _decoded(event)
        line = self._whole.json(event, match, alert_id) or self._plain_line(event, match, alert_id)
        return line.encode("latin-1"), b"\n"

    def session_object(self, event: Event, match: Match | None, alert_id: str) -> bytes:
        """The `output` of a logtest session, without a newline (spec/logtest.md 5.2)."""
        return self._plain_line(event, match, alert_id, session=True).encode("latin-1")

    def _plain_line(
        self, event: Event, match: Match | None, alert_id: str, *, archive: bool = False, session: bool = False
    ) -> str:
        description = "" if match is None else self._rules.description(event, match.rule)
        texts = self._texts.of(event)
        return self._json.line(event, match, alert_id, texts, description, archive=archive, session=session)

    def text_block(self, event: Event, match: Match, alert_id: str) -> bytes:
        """The stanza of alerts.log, with the empty line behind it (spec/alerts.md 3)."""
        return b"".join(self.text_pieces(event, match, alert_id))

    def text_pieces(self, event: Event, match: Match, alert_id: str) -> drafts.Pieces:
        """`text_block`, to be joined with all others of a commit."""
        if isinstance(event, RowEvent) and (filled := self.rows.stanza(event, match, alert_id)) is not None:
            return (filled,)
        draft = self._drafted(event, match)
        if draft is not None:
            return drafts.text_pieces(draft, alert_id, event.record.time, self._times)
        event = _decoded(event)
        stanza = self._whole.stanza(event, match, alert_id)
        if stanza is None:
            description = self._rules.description(event, match.rule)
            stanza = self._text.stanza(event, match, alert_id, self._texts.of(event), description)
        return (stanza.encode("latin-1"),)

    def draft(self, event: Event, rule: RuleInfo) -> Draft | None:
        """The event's alert for a rule, as far as the event tells; its record's time must be `drafts.MARK_TIME`.

        None where it can only be written as a whole.
        """
        match = Match(rule, drafts.MARK_COUNT)
        made = self._drafted(event, match)
        if made is not None:
            return made
        json = drafts.cut(self.json_line(event, match, drafts.MARK_ID), drafts.json_marks(rule, self._times))
        text = drafts.cut(self.text_block(event, match, drafts.MARK_ID), drafts.text_marks(self._times))
        return None if json is None or text is None else Draft(rule.id, json, text)

    def _drafted(self, event: Event, match: Match) -> Draft | None:
        """The alert of an event but for what `drafts` fills in; None where it has to be written as a whole."""
        draft = event.draft
        if draft is None and isinstance(event.fields, SheetFields):
            draft = event.draft = self._members.draft(event, match.rule) or drafts.NO_DRAFT
        return draft if draft is not None and drafts.fits(draft, match) else None

    def custom_line(self, template: str, event: Event, match: Match, alert_id: str) -> bytes:
        """The line that takes the stanza's place under `<custom_alert_output>` (spec/alerts.md 3.1)."""
        return self._text.custom_line(template, event, match, alert_id).encode("latin-1")

    def archive_line(self, event: Event) -> bytes:
        """A line of archives.log (spec/alerts.md 4)."""
        return self._text.archive_line(event).encode("latin-1")

    def firewall_line(self, event: Event) -> bytes:
        """A line of firewall.log (spec/alerts.md 5)."""
        return self._text.firewall_line(event).encode("latin-1")


def _decoded(event: Event) -> Event:
    """The event as templates are made from it: they put other texts into its fields."""
    return event.decoded() if isinstance(event, LateEvent) else event
