"""The way around the text for events that bring their JSON document.

Which decoder such an event gets is, with nearly every ruleset, settled by the first two bytes of its text, `{"`, and by
some words that must not occur in it. Both can be seen without spelling the text. Where that is not proof enough, there
is no route or the event does not take it, and the text is spelled and walked as any other.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

from alertmill.decoders.compiled import Root
from alertmill.decoders.heads import matches_json
from alertmill.decoders.plugins import PLUGINS, PluginSettings
from alertmill.decoders.plugins.json import add_fields, compact_text, decode_document, set_static_fields
from alertmill.decoders.spelling import clean_text
from alertmill.event import DecoderInfo, Event
from alertmill.patterns import json_words
from alertmill.sheet import MOST_FIELDS, FieldText, Key, Layout, Reader, Sheet, SheetRecord, Unknown

#: Fields that a static field is a copy of, by the text of another field, which is "" where nothing is asked.
_Sources = list[tuple[str, dict[str, list[str]]]]


@dataclass(frozen=True, slots=True)
class JsonRoute:
    """Where documents go: to the decoder `info`, unless all words of one of `clues` occur in them (in any case).

    `known` remembers where static fields come from.
    """

    info: DecoderInfo
    settings: PluginSettings
    clues: tuple[tuple[bytes, ...], ...]
    known: dict[str, _Sources] = field(default_factory=dict, compare=False, repr=False)

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
        for one in _fields_of(self._sources(name)):
            members = layout.origin(one)
            if members is None:
                return None
            found.update(members)
        return found

    def static_reader(self, layout: Layout, names: Sequence[str], event: Event) -> Reader:
        """Tells the first of some static fields that is set, from the one member that decides them.

        `event` is that of a record of the layout: all else that has a say is the same in all of them.
        """
        all_sources = [sources for name in names if (sources := self._sources(name))]
        fields = {name for sources in all_sources for name in _fields_of(sources)}
        readers = {name: layout.reader(name) for name in fields if layout.origin(name)}
        settled = {name: event.fields.get(name) for name in fields - readers.keys()}

        def read(value: str | bytes) -> FieldText:
            def get(name: str) -> FieldText:
                return readers[name](value) if name in readers else settled[name]

            for sources in all_sources:
                if (text := _first(sources, get)) is not None:
                    return text
            return None

        return read

    def _sources(self, name: str) -> _Sources:
        """Where a static field comes from."""
        if name in self.known:
            return self.known[name]
        found: _Sources = []
        for where, by_text in self.settings.static_fields:
            wanted = {text: [source for static, source in pairs if static == name] for text, pairs in by_text.items()}
            if any(wanted.values()):
                found.append((where, wanted))
        self.known[name] = found
        return found

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
            needed = json_words(root.prematch.matcher.pattern, root.prematch.dialect)
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


def _fields_of(sources: _Sources) -> set[str]:
    """All fields that have a say about a static field."""
    asked = {where for where, _ in sources if where}
    return asked.union(*(fields for _, by_text in sources for fields in by_text.values()))


def _first(sources: _Sources, get: Callable[[str], FieldText]) -> FieldText:
    """The static field: the first source that is not empty (`plugins.json.set_static_fields`)."""
    for where, by_text in sources:
        text = get(where) if where else ""
        if isinstance(text, Unknown):
            return text
        for source in by_text.get(text, ()) if text is not None else ():
            if found := get(source):
                return found
    return None
