"""What has no effect, and what makes alerts harder to read: groups, options, descriptions, MITRE ids."""

from __future__ import annotations

from collections.abc import Iterator

from alertmill.errors import Origin, Problem
from alertmill.lint import catalogue as kinds
from alertmill.lint.kinds import listed, quoted
from alertmill.lint.scene import Scene
from alertmill.ruleset.mitre import mitre_of_pairs, mitre_of_techniques
from alertmill.ruleset.spec import RuleSpec
from alertmill.xmltext import Element

#: Elements that say where a rule hangs, in the order in which they are looked at.
_PLACES = ("if_sid", "if_level", "if_group", "category")

#: Options that set a flag, and those that clear it.
_SETS = {"alert_by_email": "mail", "log_alert": "log"}
_CLEARS = {"no_email_alert": "mail", "no_log": "log"}


def check_places(scene: Scene) -> Iterator[Problem]:
    """Several elements that say where a rule hangs."""
    for rule in scene.rules():
        spec = rule.spec
        found = [name for name in _PLACES if scene.child(spec, name) is not None]
        for name in found[1:]:
            message = f"rule {spec.id} hangs where <{found[0]}> says, so <{name}> is not looked at"
            yield kinds.IDLE_REFERENCE.at(scene.place(spec, name), message)


def check_options(scene: Scene) -> Iterator[Problem]:
    """Options that change nothing."""
    for rule in scene.rules():
        for option, reason in _idle_options(rule.spec):
            message = f"rule {rule.spec.id} has the option {option}, which does nothing: {reason}"
            yield kinds.IDLE_OPTION.at(scene.place(rule.spec, "options"), message)
        if rule.spec.ignore and not rule.spec.level:
            message = f"rule {rule.spec.id} has ignore, which does nothing: a rule of level 0 makes no alert"
            yield kinds.IDLE_OPTION.at(scene.place(rule.spec, "ignore"), message)


def _idle_options(spec: RuleSpec) -> Iterator[tuple[str, str]]:
    silent = not spec.level and spec.accuracy
    for position, option in enumerate(spec.options):
        if option in spec.options[:position]:
            yield option, "it stands there already"
        elif silent and option != "no_full_log":  # which is copied along with the rest, and harms nobody
            yield option, "a rule of level 0 makes no alert"
        else:
            flag = _SETS.get(option) or _CLEARS.get(option)
            later = [one for one in spec.options[position + 1 :] if flag and _other(option).get(one) == flag]
            if later:
                yield option, f"{later[0]} behind it undoes it"


def _other(option: str) -> dict[str, str]:
    return _CLEARS if option in _SETS else _SETS


def check_ignored(scene: Scene) -> Iterator[Problem]:
    """check_if_ignored, which never silences anything."""
    for rule in scene.rules():
        if rule.spec.check_if_ignored is not None and not scene.ruleset.options.suppress_ignored:
            message = f"rule {rule.spec.id} has check_if_ignored, which has no effect"
            yield kinds.IDLE_IGNORED.at(scene.place(rule.spec, "check_if_ignored"), message)


def check_size(scene: Scene) -> Iterator[Problem]:
    """maxsize."""
    for rule in scene.rules():
        if rule.spec.maxsize:
            message = f"rule {rule.spec.id} is for logs of {rule.spec.maxsize} bytes or more"
            yield kinds.MINIMUM_SIZE.at(scene.place(rule.spec, "maxsize"), message)


# --- groups -----------------------------------------------------------------------------------------------------------


def check_wide_groups(scene: Scene) -> Iterator[Problem]:
    """if_group words that are found inside other group names."""
    for rule in scene.rules():
        text = rule.spec.if_group
        if text is None or rule.spec.if_sid is not None or rule.spec.if_level is not None:
            continue
        words = [word.lower() for word in text.text.split("|") if word]
        parents = {node.parent.rule.spec.id: node.parent.rule.spec for node in rule.nodes if node.parent is not None}
        others = [str(spec.id) for spec in parents.values() if not any(_names(spec, word) for word in words)]
        if others:
            message = (
                f"rule {rule.spec.id} also hangs below {listed(others)}: {_example(parents[int(others[0])], words)}"
            )
            yield kinds.WIDE_GROUP.at(text.origin(), message)


def _names(spec: RuleSpec, word: str) -> bool:
    """Whether the word, which may have commas of its own, is a group of the rule or the beginning of its groups."""
    groups = f",{spec.group_text.lower()},"
    return f",{word.removeprefix('^').strip(',')}," in groups or (
        word[0] == "^" and spec.group_text.lower().startswith(word[1:])
    )


def _example(spec: RuleSpec, words: list[str]) -> str:
    group = next((one for one in spec.group_text.split(",") if any(word in one.lower() for word in words)), "")
    return f"its group '{group}' has the word inside" if group else f"its groups are {quoted(spec.group_text)}"


def check_groups(scene: Scene) -> Iterator[Problem]:
    """Group texts that grow together, or may do so."""
    for group in scene.groups():
        name = next((attribute for attribute in group.attributes if attribute.lower() == "name"), None)
        text = group.attributes[name] if name is not None else ""
        if name is None or not text.strip(", "):
            continue
        is_glued = False
        for rule in group.children:
            found = _glued(text, [child for child in rule.children if child.name.lower() == "group"])
            if found is not None:
                word, place = found
                is_glued = True
                yield kinds.GLUED_GROUPS.at(place.text_origin(), f"{_label(rule)} is in the group {quoted(word)}")
        if text.rstrip(" ")[-1] != "," and not is_glued:
            message = f"the group name {quoted(text)} does not end with a comma"
            yield kinds.NO_COMMA.at(group.attribute_origin(name), message)


def _glued(name: str, elements: list[Element]) -> tuple[str, Element] | None:
    """The first place where two texts grow together: the word that comes of it, and the later element."""
    for before, element in zip([name, *(element.text for element in elements)], elements, strict=False):
        first, last = element.text.strip()[:1], before.strip()[-1:]
        if first and last and first != "," and last != ",":
            return before.split(",")[-1].strip() + element.text.split(",")[0].strip(), element
    return None


def _label(rule: Element) -> str:
    return next((f"rule {value}" for name, value in rule.attributes.items() if name.lower() == "id"), "a rule")


def check_no_groups(scene: Scene) -> Iterator[Problem]:
    """Rules that make alerts without any group."""
    for rule in scene.rules():
        if rule.spec.level and not rule.spec.group_text.strip(", "):
            yield kinds.NO_GROUPS.at(rule.spec.origin, f"rule {rule.spec.id} is in no group")


# --- what alerts say --------------------------------------------------------------------------------------------------


def check_descriptions(scene: Scene) -> Iterator[Problem]:
    """Descriptions that another rule has as well."""
    first: dict[str, RuleSpec] = {}
    for rule in scene.linked.values():
        spec = rule.spec
        if not spec.level or not spec.description.strip():
            continue
        other = first.setdefault(" ".join(spec.description.split()), spec)
        if other is not spec and scene.is_judged(spec.origin):
            message = f"rule {spec.id} has the description of rule {other.id}, see {other.origin}"
            yield kinds.SAME_DESCRIPTION.at(scene.place(spec, "description"), message)


def check_mitre(scene: Scene) -> Iterator[Problem]:
    """Ids that the table of techniques lacks, and tactics that are not those of the technique."""
    for rule in scene.rules():
        spec = rule.spec
        _, said = mitre_of_pairs(spec.mitre_pairs) if spec.mitre_pairs else mitre_of_techniques(spec.mitre_ids)
        for warning in said:
            message = f"rule {spec.id}: {warning.rstrip('.')}"
            hint = "a tactic stands in <tacticID>, beside the <techniqueID>" if "Technique ID 'TA" in warning else ""
            yield kinds.UNKNOWN_MITRE.at(_mitre_place(scene, spec, warning), message, hint)


def _mitre_place(scene: Scene, spec: RuleSpec, warning: str) -> Origin:
    """The id that a warning is about."""
    element = scene.element(spec)
    blocks = [child for child in element.children if child.name.lower() == "mitre"] if element is not None else []
    ids = [part for block in blocks for part in block.children if part.text and f"'{part.text}'" in warning]
    return ids[0].text_origin() if ids else scene.place(spec, "mitre")
