"""Sections that other Wazuh daemons read, or that Alertmill does not act on (spec/ossec-conf.md 15 and 5 to 10).

They are accepted whatever they hold, and named once each with the reason, so that a manager's file loads and nobody
waits for something that does not happen. A section that is switched off is nobody's loss and is not named.
"""

from __future__ import annotations

from collections.abc import Iterable

from alertmill import codes
from alertmill.config.draft import Draft
from alertmill.config.models import OtherSection
from alertmill.config.options import printable
from alertmill.errors import Problems, did_you_mean
from alertmill.event import from_byte_text
from alertmill.xmltext import Element

_LOGS = "Alertmill reads AWS logs only so far"
_AGENTS = "Alertmill serves no agents"
_SCRIPTS = "Alertmill runs no scripts on alerts"
_OUTPUTS = "so far Alertmill writes alerts to files only"
_CLOUD = "of cloud services Alertmill reads AWS only"
_HOST = "it inspects the host, Alertmill reads logs"

#: Section -> why nothing is done with it. Alphabetical.
OTHER_SECTIONS: dict[str, str] = {
    "active-response": _SCRIPTS,
    "agent-upgrade": _AGENTS,
    "agentless": "Alertmill does not log in to other machines",
    "anti_tampering": _AGENTS,
    "auth": _AGENTS,
    "cis-cat": _HOST,
    "client": "it configures an agent",
    "client_buffer": "it configures an agent",
    "command": _SCRIPTS,
    "database_output": "Wazuh itself ignores it",
    "email_alerts": "Alertmill sends no mail",
    "fluent-forward": _OUTPUTS,
    "gcp-bucket": _CLOUD,
    "gcp-pubsub": _CLOUD,
    "github": _CLOUD,
    "indexer": f"{_OUTPUTS}; a shipper such as Filebeat can take alerts.json to the indexer",
    "integration": _SCRIPTS,
    "localfile": f"log files are read by Wazuh's logcollector; {_LOGS}",
    "ms-graph": _CLOUD,
    "office365": _CLOUD,
    "open-scap": _HOST,
    "osquery": _HOST,
    "remote": f"agents and syslog are received by Wazuh's remoted; {_LOGS}",
    "reports": "Alertmill sends no mail",
    "rootcheck": _HOST,
    "sca": _HOST,
    "socket": "it is a target for <localfile> and <forward_to>, which Alertmill does not act on",
    "syscheck": _HOST,
    "syscollector": _HOST,
    "syslog_output": _OUTPUTS,
    "task-manager": _AGENTS,
    "vulnerability-detection": _HOST,
    "vulnerability-detector": _HOST,
    "wazuh_db": "it configures Wazuh's database",
}

#: `<wodle name="...">` -> why nothing is done with it. Alphabetical.
OTHER_WODLES: dict[str, str] = {
    "agent-key-polling": _AGENTS,
    "agent-upgrade": _AGENTS,
    "azure-logs": _CLOUD,
    "cis-cat": _HOST,
    "command": "Alertmill runs no commands",
    "docker-listener": _HOST,
    "open-scap": _HOST,
    "osquery": _HOST,
    "syscollector": _HOST,
    "vulnerability-detector": _HOST,
}

#: Options that tell what a section is about, in the order of preference. None of them holds a secret.
_TELLING = ("location", "connection", "server", "name", "type", "hub", "bucket")
#: Most lines and subjects listed in one message.
_LISTED = 5


def read_other(section: Element, draft: Draft, problems: Problems) -> None:
    """A section of OTHER_SECTIONS."""
    _note(section, section.name, OTHER_SECTIONS[section.name], draft)


def read_other_wodle(section: Element, draft: Draft, problems: Problems) -> None:
    """A `<wodle>` that is not the AWS module."""
    name = printable(from_byte_text(section.attributes.get("name", "")))
    if not name:
        hint = 'write <wodle name="aws-s3">'
        problems.error(codes.C_ATTRIBUTE, '<wodle> needs the attribute name="..."', section.origin(), hint=hint)
        return
    reason = OTHER_WODLES.get(name)
    if reason is None:
        message = f"Alertmill knows no module {name}; the section is read past"
        hint = did_you_mean(name, ["aws-s3"])
        problems.warn(codes.C_SECTION_IDLE, message, section.attribute_origin("name"), hint=hint)
        reason = "unknown"
    else:
        _note(section, f'wodle name="{name}"', reason, draft)


def report_others(draft: Draft, problems: Problems) -> None:
    """One warning for each kind of section that is read past, at the first one of it."""
    kinds: dict[str, list[tuple[Element, OtherSection]]] = {}
    for element, other in draft.others:
        kinds.setdefault(other.name, []).append((element, other))
    for name, found in kinds.items():
        element, other = found[0]
        about = _enumerated(dict.fromkeys(o.about for _, o in found if o.about))
        more = _enumerated(str(e.line) for e, _ in found[1:])
        where = f" (also in line{'s' if len(found) > 2 else ''} {more})" if more else ""
        what = f"<{name}>{': ' + about if about else ''}"
        problems.warn(codes.C_SECTION_IDLE, f"not acted on: {what}{where}; {other.reason}", element.origin())


def _note(section: Element, name: str, reason: str, draft: Draft) -> None:
    if _switched_off(section):
        return
    other = OtherSection(name=name, about=_about(section), reason=reason, origin=section.origin())
    draft.others.append((section, other))


def _switched_off(section: Element) -> bool:
    options = {child.name: child.text.strip() for child in section.children}
    return options.get("disabled") == "yes" or options.get("enabled") == "no"


def _about(section: Element) -> str:
    options = {child.name: child.text.strip() for child in reversed(section.children) if not child.children}
    return next((printable(from_byte_text(options[name])) for name in _TELLING if options.get(name)), "")


def _enumerated(words: Iterable[str]) -> str:
    """`a, b, c and 4 more`."""
    every = list(words)
    more = f" and {len(every) - _LISTED} more" if len(every) > _LISTED else ""
    return ", ".join(every[:_LISTED]) + more
