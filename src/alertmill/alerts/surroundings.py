"""What is the same in all alerts of one place and decoder, spelled once (spec/alerts.md 2.5, 2.6, 2.8)."""

from __future__ import annotations

from alertmill.alerts.facts import AlertFacts
from alertmill.alerts.json_text import quote
from alertmill.alerts.places import Places
from alertmill.event import DecoderInfo, Event, to_byte_text

#: Places and decoders that are remembered.
_MOST = 1024


class Surroundings:
    """The parts of a line of JSON around what differs from alert to alert.

    `before_id` and `behind_id` stand around the alert's id, `behind` ends the line's object.
    """

    __slots__ = ("_of_decoder", "before_id", "behind", "behind_id", "decoder")

    def __init__(self, before: str, behind: str, cluster: str, decoder: DecoderInfo | None) -> None:
        self.before_id = f',{before},"id":"'
        self.behind_id = f'"{cluster}'
        self.decoder = f',"decoder":{_decoder_member(decoder)}'
        self.behind = f"{behind}}}"
        #: Keeps the decoder, so that no other one has its identity.
        self._of_decoder = decoder


class SurroundingsOf:
    """Gives the surroundings of events."""

    def __init__(self, facts: AlertFacts) -> None:
        self._places = Places(facts)
        self._cluster = ""
        if facts.cluster is not None:
            name, node = map(to_byte_text, facts.cluster)
            self._cluster = f',"cluster":{{"name":{quote(name)},"node":{quote(node)}}}'
        self._known: dict[tuple[str, str, int], Surroundings] = {}

    def of(self, event: Event) -> Surroundings:
        key = (event.agent_id, event.location, id(event.decoder))
        found = self._known.get(key)
        if found is None:
            if len(self._known) >= _MOST:
                self._known.clear()
            before, behind = self._places.members(event.agent_id, event.location)
            found = self._known[key] = Surroundings(before, behind, self._cluster, event.decoder)
        return found


def _decoder_member(decoder: DecoderInfo | None) -> str:
    if decoder is None:
        return "{}"
    members = ['"accumulate":1'] if decoder.accumulate else []
    if decoder.parent:
        members.append(f'"parent":{quote(decoder.parent)}')
    members.append(f'"name":{quote(decoder.name)}')
    if decoder.ftscomment:
        members.append(f'"ftscomment":{quote(decoder.ftscomment)}')
    return "{" + ",".join(members) + "}"
