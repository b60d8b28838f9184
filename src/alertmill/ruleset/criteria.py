"""The elements of `<rule>` that compare a value of the event (spec/rules.md 4.2 to 4.5, spec/lists.md 3)."""

from __future__ import annotations

from alertmill import codes
from alertmill.errors import PatternError, did_you_mean
from alertmill.patterns import compile_addresses
from alertmill.ruleset import vocabulary as words
from alertmill.ruleset.clock import parse_time_range, parse_weekdays
from alertmill.ruleset.lists import LOOKUPS
from alertmill.ruleset.predicates import PREDICATES
from alertmill.ruleset.reading import Reading
from alertmill.ruleset.spec import AddressCriterion, JoinedText, ListCriterion
from alertmill.xmltext import Element

#: Identity of a decoder that no event has.
NO_DECODER = -2

#: Attributes of `<list>`.
LIST_ATTRIBUTES = ("check_value", "field", "lookup")


def read_text(reading: Reading, child: Element) -> None:
    reading.join(child)


def read_field(reading: Reading, child: Element) -> None:
    spec, name = reading.spec, child.attributes.get("name", "")
    wazuh = f"Failure to read rule {spec.id}."
    if not name:
        hint = 'write <field name="...">, with name in lower case'
        reading.error(codes.R_FIELD, "has a <field> without a name", child.origin(), hint=hint, wazuh=wazuh)
        return
    if name.lower() in words.STATIC_NAMES:
        element = "user" if name.lower() in ("dstuser", "srcuser") else name.lower()
        hint = f"compare it with <{element}>"
        what = f"names the static field '{name}' in <field>"
        reading.error(codes.R_FIELD, what, child.attribute_origin("name"), hint=hint, wazuh=wazuh)
        return
    criterion = reading.criterion(JoinedText(name, child.text, [(0, child)]), child, words.FIELD_DIALECT)
    if criterion is not None:
        spec.fields.append(criterion)
    if len(spec.fields) == reading.around.options.decoder_order_size + 1:
        what = f"has more than {reading.around.options.decoder_order_size} <field> elements"
        reading.error(codes.R_FIELD, what, child.origin(), wazuh=wazuh)


def read_address(reading: Reading, child: Element) -> None:
    name, entry = child.name.lower(), child.text
    if entry.startswith("!"):
        entry = entry[1:]
        hint = f'write <{name} negate="yes">; it applies to all <{name}> elements of the rule'
        what = "has a '!' before an address, which does not negate"
        reading.warn(codes.R_NO_EFFECT, what, child.text_origin(0), hint=hint)
    known = reading.spec.addresses.get(name)
    entries = [*(known.entries if known else ()), entry]
    try:
        addresses = compile_addresses(entries)
    except PatternError as error:
        what = f"has a wrong address: {error.message}"
        wazuh = f"(1237): Invalid ip address: '{child.text}'."
        reading.error(codes.R_VALUE, what, child.text_origin(), hint=error.hint, wazuh=wazuh)
        return
    reading.spec.addresses[name] = AddressCriterion(name, entries, reading.negate(child), addresses)


def read_decoded_as(reading: Reading, child: Element) -> None:
    name, identities = child.text, reading.around.decoder_identities
    if name not in identities and name not in words.BUILT_IN_DECODERS:
        known = {known.lower(): known for known in (*identities, *words.BUILT_IN_DECODERS)}
        near = known.get(name.strip().lower())
        hint = f"did you mean {near}? Case and blanks matter" if near else did_you_mean(name, known.values())
        what = f"is for the decoder '{name}', which no decoder file defines"
        wazuh = f"Invalid decoder name: '{name}'."
        reading.error(codes.R_DECODER, what, child.text_origin(), hint=hint, wazuh=wazuh)
    reading.spec.decoded_as = name
    reading.spec.decoder_identity = identities.get(name, NO_DECODER)


def read_category(reading: Reading, child: Element) -> None:
    if child.text not in words.CATEGORIES:
        hint = did_you_mean(child.text.strip().lower(), words.CATEGORIES) or f"one of {', '.join(words.CATEGORIES)}"
        what = f"has the category '{child.text}', which does not exist"
        reading.error(codes.R_VALUE, what, child.text_origin(), hint=hint, wazuh="(1273)")
    reading.spec.category = child.text


def read_time(reading: Reading, child: Element) -> None:
    try:
        reading.spec.time, lost = parse_time_range(child.text)
    except PatternError as error:
        what = f"has a wrong time: {error.message}"
        reading.error(codes.R_VALUE, what, child.text_origin(), hint=error.hint, wazuh="(1240) (1274)")
        return
    if lost:
        what = "has a '!' before a time range over midnight, which does not negate"
        reading.warn(codes.R_NO_EFFECT, what, child.text_origin(), hint="write the range between its ends instead")


def read_weekday(reading: Reading, child: Element) -> None:
    try:
        reading.spec.weekdays = parse_weekdays(child.text)
    except PatternError as error:
        what = f"has a wrong weekday: {error.message}"
        reading.error(codes.R_VALUE, what, child.text_origin(), hint=error.hint, wazuh="(1241) (1274)")


def read_compiled_rule(reading: Reading, child: Element) -> None:
    if child.text not in PREDICATES:
        hint = did_you_mean(child.text, PREDICATES) or f"one of {', '.join(PREDICATES)}"
        what = f"calls '{child.text}', which is not a built-in predicate"
        reading.error(codes.R_VALUE, what, child.text_origin(), hint=hint, wazuh="(1274)")
    reading.spec.compiled_rule = child.text


def read_check_diff(reading: Reading, _child: Element) -> None:
    reading.spec.check_diff = True


def read_if_fts(reading: Reading, _child: Element) -> None:
    reading.spec.if_fts = True


def read_list(reading: Reading, child: Element) -> None:
    lookup = child.attributes.get("lookup", "match_key").lower()
    usable = _check_list_attributes(reading, child, lookup)
    values = None
    if "check_value" in child.attributes:
        text = child.attributes["check_value"]
        values = reading.pattern(text, "osmatch", lambda _: child.attribute_origin("check_value"), "check_value")
    tables = reading.around.lists
    table = tables.get(child.text) or tables.get(child.text.removesuffix(".cdb"))
    if table is None:
        known = did_you_mean(child.text, tables)
        reading.skip(
            codes.R_LIST,
            f"its list '{child.text}' is not loaded",
            child.text_origin(),
            hint=known or "declare it in the <ruleset> section of ossec.conf under exactly this name",
            wazuh=f"(7616): List '{child.text}' could not be loaded. Rule '{reading.spec.id}' will be ignored.",
        )
    elif usable:
        written = child.attributes["field"]
        static = written.lower() in words.LIST_NAMES
        name = written if static else written.lstrip(" ").split(" ")[0]
        reading.spec.lists.append(ListCriterion(name.lower(), static, lookup, values, table, child.origin()))


def _check_list_attributes(reading: Reading, child: Element, lookup: str) -> bool:
    faults = [
        (name, f"has an unknown attribute '{name}' on <list>", did_you_mean(name.lower(), LIST_ATTRIBUTES))
        for name in child.attributes
        if name not in LIST_ATTRIBUTES
    ]
    if "field" not in child.attributes:
        faults.append(("", "has a <list> without the attribute field", 'say what is looked up: field="srcip"'))
    if lookup not in LOOKUPS:
        hint = did_you_mean(lookup, LOOKUPS) or f"one of {', '.join(LOOKUPS)}"
        faults.append(("lookup", f"has an unknown lookup '{lookup}'", hint))
    for name, what, hint in faults:
        reading.error(codes.R_VALUE, what, child.attribute_origin(name), hint=hint, wazuh="(1274)")
    return not faults
