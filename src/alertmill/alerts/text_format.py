"""The text outputs: stanzas of alerts.log, lines of archives.log and firewall.log, user templates (alerts.md 3-5)."""

from __future__ import annotations

import re

from alertmill.alerts.event_texts import Texts
from alertmill.alerts.facts import AlertFacts
from alertmill.alerts.rule_member import RuleMembers
from alertmill.alerts.times import TimeText
from alertmill.event import Event, Match, to_byte_text

#: Longest replacement of a template token, in bytes; the log itself is not limited.
_TOKEN_LIMIT = 1023

_TOKEN = re.compile(
    r"\$(TIMESTAMP|FTELL|RULEALERT|HOSTNAME|LOCATION|RULEID|RULELEVEL|SRCIP|DSTUSER|FULLLOG|RULECOMMENT|RULEGROUP)"
)

_ACTION_WORDS = dict.fromkeys("drbDRB", "DROP") | dict.fromkeys("ctCT", "CLOSED") | dict.fromkeys("apoAPO", "ALLOW")

#: Lines of a stanza that stand only when the field is set.
_STANZA_FIELDS = (
    ("Src IP: ", "srcip"),
    ("Src Port: ", "srcport"),
    ("Dst IP: ", "dstip"),
    ("Dst Port: ", "dstport"),
    ("User: ", "dstuser"),
)


class TextFormat:
    """Renders everything that is not JSON, as byte text."""

    def __init__(self, facts: AlertFacts, times: TimeText, rules: RuleMembers) -> None:
        self._times = times
        self._rules = rules
        labels = "".join(f"{key}: {value}\n" for key, value in facts.shown_labels())
        self._labels = to_byte_text(labels)

    def stanza(self, event: Event, match: Match, alert_id: str, texts: Texts, description: str) -> str:
        """The block of alerts.log, with the empty line that ends it; `texts` and `description` as for JSON."""
        rule, static = match.rule, event.static
        labels = self._labels if event.agent_id == "000" else ""
        fields = previous = ""
        if static:
            fields = "".join([f"{label}{static[name]}\n" for label, name in _STANZA_FIELDS if name in static])
        if match.previous_output:
            previous = "\n".join((*match.previous_output, ""))
        return (
            f"** Alert {alert_id}:{' mail ' if rule.mail else ''} - {rule.group_text}\n"
            f"{self._times.log_date(event.record.time)} {_source(event)}\n{labels}"
            f"Rule: {rule.id} (level {rule.level}) -> '{description}'\n"
            f"{fields}{texts.full_log()}\n{texts.lines()}{previous}\n"
        )

    def archive_line(self, event: Event) -> str:
        """The line of archives.log; newlines inside the log stay."""
        return f"{self._times.log_date(event.record.time)} {_source(event)} {event.full_log}\n"

    def firewall_line(self, event: Event) -> str:
        """The line of firewall.log for an event that has all fields it shows."""
        shown = ("action", "protocol", "srcip", "srcport", "dstip", "dstport")
        action, protocol, srcip, srcport, dstip, dstport = (event.static.get(name, "") for name in shown)
        flow = f"{protocol} {srcip}:{srcport}->{dstip}:{dstport}"
        return f"{self._times.log_date(event.record.time)} {_source(event)} {_firewall_action(action)} {flow}\n"

    def custom_line(self, template: str, event: Event, match: Match, alert_id: str) -> str:
        """One line made from `<custom_alert_output>`. A replacement is never searched for further tokens."""
        seconds, _, offset = alert_id.partition(".")
        rule = match.rule

        def replacement(token: re.Match[str]) -> str:
            match token[1]:
                case "FULLLOG":
                    return event.full_log.replace("\n", "\\n")
                case "TIMESTAMP":
                    text = seconds
                case "FTELL":
                    text = offset
                case "RULEALERT":
                    text = "mail " if rule.mail else ""
                case "HOSTNAME":
                    text = event.hostname or "None"
                case "LOCATION":
                    text = event.location or "None"
                case "RULEID":
                    text = str(rule.id)
                case "RULELEVEL":
                    text = str(rule.level)
                case "RULECOMMENT":
                    text = self._rules.description(event, rule) or "None"
                case "RULEGROUP":
                    text = rule.group_text or "None"
                case name:
                    text = event.static.get(name.lower()) or "None"
            return text[:_TOKEN_LIMIT]

        return _TOKEN.sub(replacement, to_byte_text(template)) + "\n"


def _source(event: Event) -> str:
    """`hostname->location`; an agent's location says its name already."""
    return event.location if event.location.startswith("(") else f"{event.hostname}->{event.location}"


def _firewall_action(action: str) -> str:
    word = _ACTION_WORDS.get(action[:1])
    return word or ("ALLOW" if "accept" in action else "UNKNOWN")
