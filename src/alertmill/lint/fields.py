"""Fields that a rule asks for or shows, and that no event has which gets to it (spec/decoders.md 5, spec/rules.md 11).

Said only where the decoders are known: below a `decoded_as`, or in a category that only decoders lead to. The JSON
decoder and the other plugins may fill any field, so nothing is said below them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from alertmill.errors import Origin, Problem, did_you_mean
from alertmill.event import STATIC_FIELDS
from alertmill.lint import catalogue as kinds
from alertmill.lint.kinds import listed, quoted
from alertmill.lint.producers import Producers
from alertmill.lint.scene import Scene
from alertmill.ruleset.spec import RuleSpec
from alertmill.ruleset.tree import LinkedRule
from alertmill.ruleset.vocabulary import TEXT_CRITERIA

_NOT_DECODED = frozenset(("hostname", "location", "match", "program_name", "regex", "srcgeoip", "dstgeoip"))
_USER = ("dstuser", "srcuser")
#: Names in $(...) that need no decoder.
_ALWAYS_FILLED = frozenset(("hostname", "program_name"))
#: Names that look as if they were filled: neither the engine nor the JSON decoder puts anything there as a rule.
_SEEMS_FILLED = {"location": "", "timestamp": "", "user": "dstuser"}
_REFERENCE = re.compile(r"\$\(([^)]*)\)")
_NOT_A_REFERENCE = re.compile(r"\$\{(?P<braces>\w[\w.]*)\}|\$(?P<plain>[a-z]\w*)|\$\((?P<open>[^)]*)$")
_MOST = 1024


def check_conditions(scene: Scene) -> Iterator[Problem]:
    """Conditions on fields that are never there."""
    for rule in scene.rules():
        known = _producers(scene, rule)
        if not known:
            continue
        asked = _asked(rule.spec)
        missing = [one for one in asked if all(_lacks(producers, one[0], one[1]) for producers in known)]
        if missing:
            yield _missing(rule.spec, [name for name, _, _ in missing], missing[0][2], known)
        for list_ in rule.spec.lists:
            kind = "static" if list_.static else "dynamic"
            if all(_lacks(producers, list_.field, kind) for producers in known):
                message = f"rule {rule.spec.id} never fires: it looks up '{list_.field}', which {_nobody(known)}"
                yield kinds.LIST_FIELD.at(list_.origin, message)


def _producers(scene: Scene, rule: LinkedRule) -> list[Producers]:
    """The decoders of all places of a rule; none when those of one place are not known."""
    found = [scene.producers_at(node) for node in rule.nodes]
    known = [one for one in found if one is not None and not one.is_empty and not one.anything]
    return known if len(known) == len(found) else []


def is_decoded_by_orders(scene: Scene, rule: LinkedRule) -> bool:
    """Whether all fields of a rule's events are known, because only orders fill them."""
    return bool(_producers(scene, rule))


def _asked(spec: RuleSpec) -> Iterator[tuple[str, str, Origin]]:
    """The decoded fields that a rule cannot do without: name, `static`, `dynamic` or `user`, and place."""
    for name in TEXT_CRITERIA:
        if name in spec.texts and name not in _NOT_DECODED:
            yield name, "user" if name == "user" else "static", spec.texts[name].source.origin()
    for field in spec.fields:
        yield field.name, "dynamic", field.source.origin()
    for name in spec.addresses:
        yield name, "static", spec.origin
    if spec.composite:
        for name in spec.same:
            if name not in _NOT_DECODED:
                yield name, "static", spec.origin
        for name in spec.same_fields:
            yield name, "dynamic", spec.origin


def _lacks(producers: Producers, name: str, kind: str) -> bool:
    if kind == "dynamic":
        return producers.lacks_dynamic(name)
    if name in _NOT_DECODED:
        return False
    return all(producers.lacks_static(one) for one in (_USER if kind == "user" or name == "user" else (name,)))


def _missing(spec: RuleSpec, names: list[str], place: Origin, known: list[Producers]) -> Problem:
    what = f"the field '{names[0]}'" if len(names) == 1 else f"the fields {listed(names)}"
    message = f"rule {spec.id} never fires: it asks for {what}, which {_nobody(known)}"
    name = names[0]
    fields = {field for producers in known for field in (*producers.static, *producers.dynamic)}
    hint = did_you_mean(name.lower(), fields)
    if name.lower() in ("hostname", "location", "program_name"):
        hint = f"<field> looks at decoded fields only; write <{name.lower()}>"
    elif not hint and fields:
        hint = f"there are {listed(sorted(fields), 12)}"
    return kinds.NO_SUCH_FIELD.at(place, message, hint)


def _nobody(known: list[Producers]) -> str:
    names = list(dict.fromkeys(name for producers in known for name in producers.names))
    return f"the decoder {names[0]} does not fill" if len(names) == 1 else f"none of the decoders {listed(names)} fills"


def check_references(scene: Scene) -> Iterator[Problem]:
    """$(field) that stays empty."""
    for rule in scene.rules():
        text = rule.spec.description
        if "$" not in text or not rule.spec.level:
            continue
        known = _producers(scene, rule)
        for name in dict.fromkeys(_REFERENCE.findall(text)):
            if message := _stays_empty(name, known):
                message = f"rule {rule.spec.id} shows $({name}): {message}"
                better = _SEEMS_FILLED.get(name) or name.strip()
                hint = f"write $({better})" if better != name and better not in ("location", "timestamp") else ""
                yield kinds.NO_SUCH_REFERENCE.at(scene.place(rule.spec, "description"), message, hint)
        for found in _NOT_A_REFERENCE.finditer(text):
            name = found["braces"] or found["plain"] or ""
            if found["open"] is not None or name in STATIC_FIELDS or found["braces"]:
                message = f"rule {rule.spec.id} shows {quoted(found[0])} as it stands"
                yield kinds.NOT_A_REFERENCE.at(scene.place(rule.spec, "description"), message)


def _stays_empty(name: str, known: list[Producers]) -> str:
    """Why $(name) is always empty; empty when it may be filled."""
    if name != name.strip() or not name:
        return "blanks belong to the name, so nothing is ever there"
    if name in _ALWAYS_FILLED:
        return ""
    if name == "user" and not known:
        return "the field is called dstuser"
    kind = "static" if name in STATIC_FIELDS else "dynamic"
    if known and all(_lacks(producers, name, kind) for producers in known):
        return f"{_nobody(known)} it"
    return ""


def check_long_descriptions(scene: Scene) -> Iterator[Problem]:
    """Descriptions with references that are too long to be filled in."""
    for rule in scene.rules():
        text = rule.spec.description
        if "$(" in text and len(_REFERENCE.sub("", text)) >= _MOST:
            message = f"the description of rule {rule.spec.id} has {len(text)} bytes, so its $(...) stay as they are"
            yield kinds.LONG_DESCRIPTION.at(scene.place(rule.spec, "description"), message)


def check_first_seen(scene: Scene) -> Iterator[Problem]:
    """if_fts where no decoder has an fts."""
    for rule in scene.rules():
        known = [scene.producers_at(node) for node in rule.nodes] if rule.spec.if_fts else []
        if known and all(one is not None and not one.is_empty and not one.first_seen for one in known):
            names = _nobody([one for one in known if one is not None])
            names = names.replace("does not fill", "has no <fts>").replace("fills", "has an <fts>")
            message = f"rule {rule.spec.id} never fires: it has if_fts, and {names}"
            yield kinds.NO_FIRST_SEEN.at(scene.place(rule.spec, "if_fts"), message)
