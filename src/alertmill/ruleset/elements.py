"""The elements of `<rule>`: the table of them, and those that say what alerts show (spec/rules.md 4.8)."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

from alertmill import codes
from alertmill.errors import did_you_mean
from alertmill.ruleset import criteria, references
from alertmill.ruleset import vocabulary as words
from alertmill.ruleset.attributes import read_attributes
from alertmill.ruleset.reading import Reading, Surroundings
from alertmill.ruleset.spec import IgnoreNames, RuleSpec
from alertmill.xmltext import Element


class Verdict(Enum):
    """What becomes of a rule that was read. `BROKEN`: its file cannot be loaded; `SKIPPED`: it is left out."""

    SOUND = "sound"
    BROKEN = "broken"
    SKIPPED = "skipped"


def read_rule(element: Element, group_name: str, around: Surroundings) -> tuple[RuleSpec, Verdict]:
    """What a `<rule>` element says, as far as it was read; problems tell why it is not sound."""
    spec, sound = read_attributes(element, around.options, around.problems)
    spec.group_text = group_name
    reading = Reading(spec, around, broken=not sound)
    if not _is_duplicate(reading, element):
        _read_children(reading, element)
    if reading.broken:
        return spec, Verdict.BROKEN
    return spec, Verdict.SKIPPED if reading.skipped else Verdict.SOUND


def _read_children(reading: Reading, element: Element) -> None:
    if not element.children:
        wazuh = f"Rule '{reading.spec.id}' without any option."
        reading.error(codes.R_NO_CHILDREN, "has no elements", element.origin(), wazuh=wazuh)
        return
    for child in element.children:
        _read_child(reading, child)
        if reading.skipped:
            return
    reading.finish()


def _is_duplicate(reading: Reading, element: Element) -> bool:
    spec = reading.spec
    first = reading.around.places.get(spec.id)
    if first is None or spec.overwrite:
        return False
    name = next(name for name in element.attributes if name.lower() == "id")
    reading.skip(
        codes.R_DUPLICATE,
        f"its id was given in {first}",
        element.attribute_origin(name),
        hint='choose another id, or write overwrite="yes" to replace the first definition',
        wazuh=f"(7612): Rule ID '{spec.id}' is duplicated. Only the first occurrence will be considered.",
    )
    return True


def _read_child(reading: Reading, child: Element) -> None:
    name = child.name.lower()
    read = _ELEMENTS.get(name)
    if read is None or (name in words.LOWER_CASE_ONLY and child.name != name):
        hint = did_you_mean(name, _ELEMENTS) if read is None else f"write it in lower case: <{name}>"
        wazuh = f"Invalid option '{child.name}' for rule '{reading.spec.id}'."
        what = f"has an element <{child.name}>, which rules do not have"
        reading.error(codes.R_ELEMENT, what, child.origin(), hint=hint, wazuh=wazuh)
        return
    if child.attributes:
        _check_attributes(reading, child, _ATTRIBUTES.get(name, ()))
    read(reading, child)


def _check_attributes(reading: Reading, child: Element, allowed: tuple[str, ...]) -> None:
    for attribute in child.attributes:
        if attribute not in allowed and child.name.lower() != "list":
            hint = f"write it in lower case: {attribute.lower()}" if attribute.lower() in allowed else "remove it"
            what = f"has an attribute '{attribute}' on <{child.name}>, which is not looked at"
            reading.warn(codes.R_NO_EFFECT, what, child.attribute_origin(attribute), hint=hint)


# --- what alerts show, and options ---------------------------------------------------------------------------------


def read_description(reading: Reading, child: Element) -> None:
    reading.join(child, child.text.replace("\n", " ", 1))


def read_group(reading: Reading, child: Element) -> None:
    reading.join(child, child.text.replace("\n", ""))


def read_info(reading: Reading, child: Element) -> None:
    kind = child.attributes.get("type", "text")
    if kind not in words.INFO_TYPES:
        what = f"has an info of the type '{kind}', which does not exist"
        hint = f"one of {', '.join(words.INFO_TYPES)}"
        reading.warn(codes.R_NO_EFFECT, what, child.attribute_origin("type"), hint=hint)
    reading.join(child)


def read_options(reading: Reading, child: Element) -> None:
    word = child.text
    if word not in words.OPTIONS:
        several = len(word.replace(",", " ").split()) > 1
        hint = "write one <options> element for each word" if several else did_you_mean(word, words.OPTIONS)
        what = f"has an option '{word}', which does not exist"
        wazuh = f"{_invalid_value(child)} Invalid option 'options' for rule '{reading.spec.id}'."
        hint = hint or f"one of {', '.join(words.OPTIONS)}"
        reading.error(codes.R_VALUE, what, child.text_origin(), hint=hint, wazuh=wazuh)
    reading.spec.options.append(word)


def read_ignore(reading: Reading, child: Element) -> None:
    reading.spec.ignored = _ignore_names(reading, child, reading.spec.ignored)


def read_check_if_ignored(reading: Reading, child: Element) -> None:
    reading.spec.check_if_ignored = _ignore_names(reading, child, reading.spec.check_if_ignored)


def _ignore_names(reading: Reading, child: Element, earlier: IgnoreNames | None) -> IgnoreNames:
    listed = [word.strip(" ") for word in child.text.split(",")]
    if not all(listed):
        what = f"has an empty word in <{child.name}>"
        hint = "separate the names by single commas"
        reading.error(codes.R_VALUE, what, child.text_origin(), hint=hint, wazuh=_invalid_value(child))
    static = {word for word in listed if word in words.IGNORE_NAMES}
    dynamic = tuple(word.lower() for word in listed if word and word not in static)
    return IgnoreNames(frozenset(static | (earlier.static if earlier else set())), dynamic)


def _invalid_value(child: Element) -> str:
    return f"(1235): Invalid value for element '{child.name.lower()}': {child.text}."


def read_mitre(reading: Reading, child: Element) -> None:
    found: dict[str, list[str]] = {"id": [], "tacticid": [], "techniqueid": []}
    for part in child.children:
        found.setdefault(part.name.lower(), []).append(part.text)
    fault = _mitre_fault(child, found)
    if fault:
        what = f"has a <mitre> block that is left out: {fault}"
        hint = "write <id> elements, or one <tacticID> and one <techniqueID> per block"
        reading.warn(codes.R_MITRE, what, child.origin(), hint=hint)
        return
    spec = reading.spec
    spec.mitre_ids = list(dict.fromkeys([*spec.mitre_ids, *found["id"]]))
    pair = zip(found["tacticid"], found["techniqueid"], strict=True)
    spec.mitre_pairs = list(dict.fromkeys([*spec.mitre_pairs, *pair]))


def _mitre_fault(child: Element, found: dict[str, list[str]]) -> str:
    unknown = [part.name for part in child.children if part.name.lower() not in ("id", "tacticid", "techniqueid")]
    empty = [part.name for part in child.children if not part.text]
    pair = (len(found["tacticid"]), len(found["techniqueid"]))
    if not child.children:
        return "it is empty"
    if unknown:
        return f"<{unknown[0]}> is unknown there"
    if empty:
        return f"<{empty[0]}> is empty"
    if found["id"] and pair != (0, 0):
        return "it holds ids and a pair of tactic and technique"
    if not found["id"] and pair != (1, 1):
        return "it does not hold exactly one tactic and one technique"
    return ""


#: Attributes that are looked at, by element.
_ATTRIBUTES: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(words.TEXT_CRITERIA, ("type", "negate")),
    "dstip": ("negate",),
    "field": ("name", "type", "negate"),
    "info": ("type",),
    "srcip": ("negate",),
}

#: Element -> how it is read. A new element is a line here and a function above.
_ELEMENTS: dict[str, Callable[[Reading, Element], None]] = {
    **dict.fromkeys(words.TEXT_CRITERIA, criteria.read_text),
    **dict.fromkeys(words.SAME, references.read_same),
    **dict.fromkeys(words.DIFFERENT, references.read_different),
    **dict.fromkeys(words.DIFFERENT_FIELD, references.read_different_field),
    **dict.fromkeys(words.DEPRECATED, references.read_deprecated),
    words.SAME_FIELD: references.read_same_field,
    "category": criteria.read_category,
    "check_diff": criteria.read_check_diff,
    "check_if_ignored": read_check_if_ignored,
    "compiled_rule": criteria.read_compiled_rule,
    "cve": criteria.read_text,
    "decoded_as": criteria.read_decoded_as,
    "description": read_description,
    "dstip": criteria.read_address,
    "field": criteria.read_field,
    "global_frequency": references.read_global_frequency,
    "group": read_group,
    "if_fts": criteria.read_if_fts,
    "if_group": references.read_if_group,
    "if_level": references.read_if_level,
    "if_matched_group": references.read_if_matched_group,
    "if_matched_regex": criteria.read_text,
    "if_matched_sid": references.read_if_matched_sid,
    "if_sid": references.read_if_sid,
    "ignore": read_ignore,
    "info": read_info,
    "list": criteria.read_list,
    "mitre": read_mitre,
    "options": read_options,
    "srcip": criteria.read_address,
    "time": criteria.read_time,
    "weekday": criteria.read_weekday,
}
