"""Where an event came from, as alerts show it: `agent`, `agentless`, `location` (spec/alerts.md 2.5, 2.8)."""

from __future__ import annotations

import re

from alertmill.alerts.data_member import nested
from alertmill.alerts.facts import AlertFacts
from alertmill.alerts.json_text import quote
from alertmill.event import to_byte_text

#: Bytes of an agent's location that are looked at.
_LOCATION_LIMIT = 1023

_AGENT_IP = re.compile(r"\([^)]*\) ([^-]*)", re.DOTALL)
_AGENTLESS = re.compile(r"\(([^)]*)\) ([^@]*)@(.*?)->", re.DOTALL)


class Places:
    """Prints the members that depend only on the event's agent and location."""

    def __init__(self, facts: AlertFacts) -> None:
        self._manager = quote(to_byte_text(facts.manager_name))
        labels = [(to_byte_text(key), to_byte_text(value)) for key, value in facts.shown_labels()]
        self._labels = f',"labels":{nested(labels)}' if labels else ""

    def members(self, agent_id: str, location: str) -> tuple[str, str]:
        """What stands before and behind the rest of an alert.

        `"agent":{...},"manager":{...}`, without `agent` for an agentless source; `,"location":...` and perhaps
        `,"agentless":{...}`, empty when the location is not to be shown.
        """
        return self._agent_and_manager(agent_id, location), _location_and_agentless(agent_id, location)

    def _agent_and_manager(self, agent_id: str, location: str) -> str:
        manager = f'"manager":{{"name":{self._manager}}}'
        if agent_id == "000" and _AGENTLESS.match(location):
            return manager
        members = f'"id":{quote(agent_id)}'
        if agent_id == "000":
            members += f',"name":{self._manager}'
        elif location.startswith("("):
            members += f',"name":{quote(location[1 : max(location.find(")"), 1)])}'
        address = _AGENT_IP.match(location)
        if address is not None and address[1] != "any":
            members += f',"ip":{quote(address[1])}'
        if agent_id == "000":
            members += self._labels
        return f'"agent":{{{members}}},{manager}'


def _location_and_agentless(agent_id: str, location: str) -> str:
    if not location.startswith("("):
        return f',"location":{quote(location)}'
    _, arrow, path = location[:_LOCATION_LIMIT].partition(">")
    members = f',"location":{quote(path)}' if arrow else ""
    agentless = _AGENTLESS.match(location) if agent_id == "000" else None
    if agentless is not None:
        script, user, host = map(quote, agentless.groups())
        members += f',"agentless":{{"script":{script},"user":{user},"host":{host}}}'
    return members
