"""The way around the text for events that bring their JSON document.

Which decoder such an event gets is, with nearly every ruleset, settled by the first two bytes of its text, `{"`, and by
some words that must not occur in it. Both can be seen without spelling the text. Where that is not proof enough, there
is no route or the event does not take it, and the text is spelled and walked as any other.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from alertmill.decoders.compiled import Pattern, Root
from alertmill.decoders.heads import matches_json
from alertmill.decoders.plugins import PLUGINS, PluginSettings
from alertmill.decoders.plugins.json import add_fields, compact_text, decode_document, set_static_fields
from alertmill.decoders.spelling import clean_text
from alertmill.event import DecoderInfo, Event
from alertmill.patterns import required_literals
from alertmill.sheet import MOST_FIELDS, Key, Layout, Sheet, SheetRecord

#: Part of a literal that stands in every spelling of a document as it stands in the compact one, if it does in any.
#: It begins with a byte that can neither be the end of an escape such as `\u00e9` or `\n` nor belong to a number.
_WORD = re.compile(r"[g-mopqsvw-z_][a-z0-9_-]{3,}")
#: Words that a number outside JSON could be spelled as.
_NUMBER_WORD = "infinity"


@dataclass(frozen=True, slots=True)
class JsonRoute:
    """Where documents go: to the decoder `info`, unless all words of one of `clues` occur in them (in any case)."""

    info: DecoderInfo
    settings: PluginSettings
    clues: tuple[tuple[bytes, ...], ...]

    def take(self, event: Event) -> bool:
        """Decode the event from its document. False when it has none, or its text has to be looked at."""
        document = event.record.document
        if not document or not event.log_is_message:
            return False
        compact = compact_text(document)
        if compact is None:
            return False
        if self.clues and self._has_clue(compact.lower()):
            return False
        event.decoder = self.info
        decode_document(event, document, self.settings, compact)
        return True

    def decode(self, event: Event, record: SheetRecord) -> bool:
        """Decode the event of a record that `takes_all` speaks of; False for one that travels as text."""
        sheet, raw = record.sheet, record.raw
        columns = sheet.columns(raw, record.number)
        if columns is not None:
            event.fields = columns
            set_static_fields(event, self.settings.static_fields)
        else:
            document = record.document
            if document is None:
                return False
            clean = None if sheet.is_plain(raw) else clean_text
            add_fields(event, document, self.settings, MOST_FIELDS, clean)
        event.decoder = self.info
        return True

    def takes_all(self, sheet: Sheet) -> bool:
        """Whether all records of a sheet that have a layout go this way, and come out with all their fields."""
        if self.settings.style.max_fields <= MOST_FIELDS:
            return False
        return not any(sheet.contains(words) for words in self.clues)

    def static_origin(self, layout: Layout, name: str) -> Collection[Key] | None:
        """The members that alone decide the static field `name` of records that came this way (`Layout.origin`)."""
        found: set[Key] = set()
        for where, by_text in self.settings.static_fields:
            sources = [source for pairs in by_text.values() for static, source in pairs if static == name]
            for field in (*sources, where) if sources and where else sources:
                members = layout.origin(field)
                if members is None:
                    return None
                found.update(members)
        return found

    def static_copy(self, layout: Layout, name: str, event: Event) -> str:
        """The field that the static field `name` is a copy of in all records of the layout that `event` came from.

        In those where that field is not empty; "" where none is known. `name` is decided by one member of the records:
        all else that has a say is the same in all of them, so the event's own values tell it.
        """
        get = event.fields.get
        for where, by_text in self.settings.static_fields:
            sources = [source for pairs in by_text.values() for static, source in pairs if static == name]
            if where and sources and layout.origin(where):
                return ""
            text = get(where) if where else ""
            for static, source in by_text.get(text, ()) if text is not None else ():
                if static == name and layout.origin(source):
                    return source
                if static == name and get(source):
                    return ""
        return ""

    def _has_clue(self, lowered: bytes) -> bool:
        for words in self.clues:
            for word in words:
                if word not in lowered:
                    break
            else:
                return True
        return False


def json_route(roots: Sequence[Root]) -> JsonRoute | None:
    """The route through these roots (of logs without a program name), or None when documents must be spelled."""
    clues: list[tuple[bytes, ...]] = []
    for root in roots:
        if root.prematch is None:
            return None
        answer = matches_json(root.prematch.matcher.pattern, root.prematch.dialect)
        if answer:
            return _route_to(root, tuple(clues))
        if answer is None:
            needed = _clues(root.prematch)
            if needed is None:
                return None
            clues += needed
    return None


def _route_to(root: Root, clues: tuple[tuple[bytes, ...], ...]) -> JsonRoute | None:
    """A route that ends at `root`, if what runs there is the JSON decoder on the whole log and nothing else."""
    branch = root.branches[0]
    if branch.prematch is not None or len(branch.steps) != 1:
        return None
    step = branch.steps[0]
    if step.plugin is not PLUGINS["JSON_Decoder"] or step.plugin_offset:
        return None
    return JsonRoute(root.info, step.settings, clues)


def _clues(prematch: Pattern) -> list[tuple[bytes, ...]] | None:
    """Groups of words, of which every matching document has one complete; None when nothing is known.

    The last words of a literal come first: they are more often values, which differ, than names, which do not.
    """
    literals = required_literals(prematch.matcher.pattern, prematch.dialect)
    if literals is None:
        return None
    clues: list[tuple[bytes, ...]] = []
    for literal in literals:
        words = [word for word in _WORD.findall(literal) if word not in _NUMBER_WORD]
        if not words:
            return None
        clues.append(tuple(word.encode("ascii") for word in reversed(words)))
    return clues
