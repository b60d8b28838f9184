"""What the engine learns for good: keys seen (`fts`), ignored values, and the last text of `check_diff` rules.

Facts are rows of (kind, key, value) that someone else stores; they survive reloads and are too many for a snapshot.
"""

from __future__ import annotations

from collections.abc import Iterable

from alertmill.event import Event
from alertmill.ruleset.compile import CompiledRule
from alertmill.ruleset.spec import IgnoreNames

#: A row: kind ("diff", "fts" or "ignored"), key, and value where the kind has one.
Fact = tuple[str, str, str | None]

#: Keys seen that are remembered; beyond them the oldest are forgotten, so hostile logs cannot fill the memory.
MAX_KEYS = 250_000
#: Bytes of former logs that are remembered.
MAX_FORMER_BYTES = 64 * 1024 * 1024
#: A log of this many bytes is never compared (spec/rules.md 9).
TOO_LONG = 65536

_KEY_LIMIT = 255
#: Keys of `ids` decoders that must be alike before they are cut (spec/decoders.md 8).
_ALIKE = 3


class Facts:
    """New rows since `take` was last called; a later value of a key replaces an earlier one."""

    def __init__(self) -> None:
        self._new: dict[tuple[str, str], str | None] = {}

    def add(self, kind: str, key: str, value: str | None = None) -> None:
        self._new[kind, key] = value

    def take(self) -> tuple[Fact, ...]:
        new, self._new = self._new, {}
        return tuple((kind, key, value) for (kind, key), value in new.items())


class FirstSeen:
    """The keys of `if_fts` (spec/rules.md 10, spec/decoders.md 8)."""

    def __init__(self, facts: Facts, list_size: int, common: int) -> None:
        self._facts = facts
        self._list_size = list_size
        self._common = common
        self._seen: dict[str, None] = {}
        #: The last new keys of `ids` decoders, and those added since `changes` was last called.
        self._recent: list[str] = []
        self._noted: list[str] = []

    def learn(self, event: Event) -> bool:
        """Whether the event's key is new; if so, it is known from now on."""
        key = self.key_of(event)
        if key is None or key in self._seen:
            return False
        assert event.decoder is not None
        if event.decoder.type == "ids":
            self._remember_recent(key)
            self._noted.append(key)
        self.remember(key)
        self._facts.add("fts", key)
        return True

    def knows(self, event: Event) -> bool:
        """Whether the event's key was seen before. Asking changes nothing, unlike `learn`."""
        key = self.key_of(event)
        return key is not None and key in self._seen

    def key_of(self, event: Event) -> str | None:
        """What is remembered of the event; None when its decoder has no `<fts>`."""
        decoder = event.decoder
        if decoder is None or decoder.fts is None:
            return None
        key = _fts_key(event)
        return self._cut_if_common(key) if decoder.type == "ids" and key not in self._seen else key

    def remember(self, key: str) -> None:
        """Take a key for seen."""
        self._seen[key] = None
        if len(self._seen) > MAX_KEYS:
            del self._seen[next(iter(self._seen))]

    def _cut_if_common(self, key: str) -> str:
        beginning = key[: self._common + 1]
        if len(beginning) <= self._common:
            return key
        alike = sum(other.startswith(beginning) for other in self._recent)
        return key[: self._common] if alike >= _ALIKE else key

    def _remember_recent(self, key: str) -> None:
        self._recent.append(key)
        del self._recent[: -self._list_size]

    def changes(self) -> list[str] | None:
        """New keys of `ids` decoders since the last call; None for none."""
        if not self._noted:
            return None
        noted, self._noted = self._noted, []
        return noted

    def everything(self) -> list[str]:
        """The keys that the similarity test looks back at."""
        return list(self._recent)

    def apply(self, notes: list[str]) -> None:
        """Take over what `changes` or `everything` said."""
        for key in notes:
            self._remember_recent(key)


def _fts_key(event: Event) -> str:
    decoder, static = event.decoder, event.static
    assert decoder is not None and decoder.fts is not None
    chosen = decoder.fts

    def value(field: str, *names: str) -> str:
        return static.get(field, "") if not chosen.isdisjoint(names) else ""

    parts = [
        decoder.name,
        value("id", "id"),
        value("dstuser", "user", "dstuser"),
        value("srcuser", "srcuser"),
        value("srcip", "srcip"),
        value("dstip", "dstip"),
        value("data", "data", "extra_data"),
        value("system_name", "system_name"),
        event.location if "location" in chosen else "",
    ]
    dynamic = (event.fields.get(name.lower()) for name in decoder.fts_fields)
    parts += [text for text in dynamic if text is not None]
    return " ".join(parts)[:_KEY_LIMIT]


class FormerLogs:
    """The last log of every `check_diff` rule and host (spec/rules.md 9)."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._logs: dict[str, str] = {}
        self._size = 0

    def replace(self, rule_id: int, event: Event) -> str | None:
        """The former log if it differs from the event's, which takes its place; None for the first or an equal one."""
        log = event.log
        if len(log) >= TOO_LONG:
            return None
        key = _diff_key(rule_id, event)
        former = self._logs.get(key)
        if former == log:
            return None
        self.remember(key, log)
        self._facts.add("diff", key, log)
        return former

    def former(self, rule_id: int, event: Event) -> str | None:
        """The last log of the rule and the event's host, None before the first. Asking changes nothing."""
        return self._logs.get(_diff_key(rule_id, event))

    def remember(self, key: str, log: str) -> None:
        """Take a log for the last one of a host and rule."""
        self._size += len(log) - len(self._logs.pop(key, ""))
        self._logs[key] = log
        while self._size > MAX_FORMER_BYTES:
            self._size -= len(self._logs.pop(next(iter(self._logs))))


def _diff_key(rule_id: int, event: Event) -> str:
    return f"{_host(event)}/{rule_id}"


def _host(event: Event) -> str:
    host = event.hostname
    return host[1:].partition(")")[0] if host.startswith("(") else host


class Ignored:
    """What `ignore` rules have put aside, and what `check_if_ignored` finds there (spec/rules.md 12)."""

    def __init__(self, facts: Facts, *, suppress: bool) -> None:
        self._facts = facts
        self._suppress = suppress
        self._lines: dict[str, None] = {}

    def put(self, rule: CompiledRule, event: Event) -> None:
        """Note the values that the rule wants ignored, if it wants any."""
        if rule.ignored is not None:
            line = _ignore_line(rule.ignored, event)
            self._facts.add("ignored", line)
            self.remember(line)

    def remember(self, line: str) -> None:
        """Take a line for put aside. Nothing is kept unless it can have an effect."""
        if self._suppress:
            self._lines[line] = None
            if len(self._lines) > MAX_KEYS:
                del self._lines[next(iter(self._lines))]

    def silences(self, rule: CompiledRule, event: Event) -> bool:
        """Whether the rule's event is one to ignore; never, unless the options ask for it."""
        names = rule.check_if_ignored
        return self._suppress and names is not None and _ignore_line(names, event) in self._lines


def _ignore_line(names: IgnoreNames, event: Event) -> str:
    decoder, chosen = event.decoder, names.static
    slots = [decoder.name if decoder is not None and "name" in chosen else ""]
    for name, field in (("id", "id"), ("user", "dstuser"), ("srcip", "srcip"), ("dstip", "dstip"), ("data", "data")):
        slots.append(event.static.get(field, "") if name in chosen else "")
    slots += ["", event.location if "location" in chosen else ""]
    dynamic = (event.fields.get(name) for name in names.dynamic)
    return " ".join([*slots, *(text for text in dynamic if text is not None)])


def remember_all(facts: Iterable[Fact], seen: FirstSeen, former: FormerLogs, ignored: Ignored) -> None:
    """Hand stored rows to those they belong to; unknown kinds are someone else's."""
    for kind, key, value in facts:
        if kind == "fts":
            seen.remember(key)
        elif kind == "diff" and value is not None:
            former.remember(key, value)
        elif kind == "ignored":
            ignored.remember(key)
