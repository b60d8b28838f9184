"""How a record was taken apart, told step by step: for `alertmill explain`.

Decoding depends on the record alone, so nothing has to be watched while it happens. Each statement here is found by
letting the real decoders run on ever longer pieces of the tree: one root, one branch of it, the first steps of its
chain. What a step extracted is what the event has with it and did not have before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from alertmill.decoders.compiled import Branch, Pattern, Root, Step
from alertmill.decoders.decode import DecoderTree
from alertmill.decoders.plugins import PLUGINS
from alertmill.errors import Origin
from alertmill.event import DecoderInfo, Event

#: How timestamps of the headers that `header` knows look, and what such a header is called; the first that fits.
_FORMS = (
    (lambda stamp: len(stamp) == 15 and stamp[3] == " ", "syslog, as in `Jan 15 10:00:00 host program[pid]: `"),
    (lambda stamp: stamp[4:5] == "-" and stamp[7:8] == "-", "syslog with an ISO date, as in `2026-01-15T10:00:00`"),
    (lambda stamp: len(stamp) == 20 and stamp[4] == " ", "syslog with a year, as in `2026 Jan 15 10:00:00`"),
    (lambda stamp: stamp[2:3] == "/" and stamp[5:6] == "-", "Snort, as in `01/15-10:00:00.000000`"),
    (lambda stamp: stamp[2:3] == "/", "Suricata, as in `01/15/2026-10:00:00.000000`"),
    (lambda stamp: stamp[10:11] == ".", "Squid, seconds with a fraction"),
    (lambda stamp: True, "a date as in `Thu Jan 15 10:00:00 2026` (FTP transfer log, Apache)"),
)
_APPLE = "Apple System Log, `[Time ...] [Facility ...] [Sender ...]`"

#: Steps of a chain that are told one by one; each is found by running all before it once more.
_MOST_STEPS = 256


@dataclass(frozen=True, slots=True)
class Tried:
    """One decoder that was asked: `why` it was taken or not, in words (byte text), and its pattern if it has one.

    `name` is the one in its file, at `origin`.
    """

    name: str
    held: bool
    why: str
    pattern: str = ""
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class Extracted:
    """One member of a chain: what ran (a regex or a plugin), whether it matched, and the fields that came of it."""

    what: str
    matched: bool
    fields: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Decoding:
    """What pre-decoding and decoding made of a record. All text is byte text.

    Attributes:
        header: the form of the header that was recognised, empty for none.
        timestamp, hostname, program_name, log: what pre-decoding found.
        not_asked: decoders that were passed over because they are for logs with (or without) a program name.
        tried: the decoders without parent in the order in which they were asked, up to the one that was taken.
        branches: its children, likewise.
        steps: what ran once the decoder was chosen.
        decoder: the one that the event shows, None for none.
    """

    header: str
    timestamp: str | None
    hostname: str
    program_name: str | None
    log: str
    not_asked: int
    tried: tuple[Tried, ...]
    branches: tuple[Tried, ...]
    steps: tuple[Extracted, ...]
    decoder: DecoderInfo | None


def trace_decoding(tree: DecoderTree, fresh: Callable[[], Event]) -> Decoding:
    """Tell how events are decoded of which `fresh` gives one after another, each as pre-decoding leaves it."""
    before, event = fresh(), fresh()
    asked = [root for root in tree.roots if (root.program_name is None) == (event.program_name is None)]
    tried: list[Tried] = []
    branches: list[Tried] = []
    steps: list[Extracted] = []
    for root in asked:
        verdict = _try(tree, root, event)
        tried.append(verdict)
        if verdict.held:
            branches, taken = _branches(tree, root, fresh)
            steps = list(_steps(tree, root, taken, fresh)) if taken is not None else []
            tree.only(root).decode_plain(event)
            break
    return Decoding(
        _header(before),
        before.timestamp,
        before.hostname,
        before.program_name,
        before.log,
        len(tree.roots) - len(asked),
        tuple(tried),
        tuple(branches),
        tuple(steps),
        event.decoder,
    )


def _header(event: Event) -> str:
    if event.log_is_message or event.log == event.full_log:
        return ""
    stamp = event.timestamp
    return _APPLE if stamp is None else next(name for fits, name in _FORMS if fits(stamp))


def _try(tree: DecoderTree, root: Root, event: Event) -> Tried:
    """Whether a root takes the event, and why. The event stays as it is."""
    name, program = root.info.name, event.program_name
    if root.program_name is not None and program is not None and not root.program_name.matcher.matches(program):
        why = f"the program name '{program}' does not match <program_name>"
        return Tried(name, False, why, _words(root.program_name), root.origin)
    if root.prematch is None:
        return Tried(name, True, "it asks for nothing more", _words(root.program_name), root.origin)
    held = root.prematch.matcher.search(event.log) is not None
    why = "<prematch> was found" if held else "<prematch> was not found in the log"
    return Tried(name, held, why, _words(root.prematch), root.origin)


def _branches(tree: DecoderTree, root: Root, fresh: Callable[[], Event]) -> tuple[list[Tried], Branch | None]:
    """The children of a root that were asked, and the branch that was taken."""
    tried: list[Tried] = []
    for branch in root.branches:
        if branch.prematch is None:
            if branch.info is not root.info:
                tried.append(Tried(branch.name, True, "it has no <prematch> of its own", "", branch.origin))
            return tried, branch
        event = fresh()
        tree.only(_with(root, replace(branch, steps=()))).decode_plain(event)
        held = event.decoder is branch.info
        where = "behind what its parent matched" if branch.prematch.offset else "in the log"
        why = f"<prematch> was {'' if held else 'not '}found {where}"
        tried.append(Tried(branch.name, held, why, _words(branch.prematch), branch.origin))
        if held:
            return tried, branch
    return tried, None


def _steps(tree: DecoderTree, root: Root, taken: Branch, fresh: Callable[[], Event]) -> Iterator[Extracted]:
    """What each member of the chain extracted."""
    for number, step in enumerate(taken.steps[:_MOST_STEPS]):
        before = taken.steps[:number]
        if step.plugin is not None:
            found = _difference(tree, root, taken, before, step, fresh)
            word = next((word for word, plugin in PLUGINS.items() if plugin is step.plugin), "plugin")
            yield Extracted(f"<plugin_decoder> {word}", bool(found), found)
        elif step.regex is not None:
            # Under names of our own, captures are seen where a field already has the same value, too.
            numbered = replace(step, order=tuple(("", str(place)) for place in range(len(step.order))))
            captures = [value for _, value in _difference(tree, root, taken, before, numbered, fresh)]
            names = [static or name for static, name in step.order]
            what = f"<regex{_offset(step.regex)}> {_words(step.regex)}"
            yield Extracted(what, bool(captures), tuple(zip(names, captures, strict=False)))


def _difference(
    tree: DecoderTree,
    root: Root,
    taken: Branch,
    before: tuple[Step, ...],
    step: Step,
    fresh: Callable[[], Event],
) -> tuple[tuple[str, str], ...]:
    """The fields that a step adds to those of the steps before it, static ones first."""
    old, new = fresh(), fresh()
    tree.only(_with(root, replace(taken, steps=before))).decode_plain(old)
    tree.only(_with(root, replace(taken, steps=(*before, step)))).decode_plain(new)
    static = [(name, value) for name, value in new.static.items() if old.static.get(name) != value]
    had = list(old.fields.items())
    return (*static, *list(new.fields.items())[len(had) :])


def _with(root: Root, branch: Branch) -> Root:
    """The root with this branch alone."""
    return replace(root, branches=(branch,))


def _words(pattern: Pattern | None) -> str:
    return "" if pattern is None else f"{pattern.dialect} '{pattern.matcher.pattern}'"


def _offset(pattern: Pattern) -> str:
    return f' offset="{pattern.offset}"' if pattern.offset else ""
