"""The elements of `<rule>` that speak of other rules or of earlier events (spec/rules.md 4.6, 4.7)."""

from __future__ import annotations

from alertmill import codes
from alertmill.ruleset import vocabulary as words
from alertmill.ruleset.attributes import is_number
from alertmill.ruleset.reading import Reading
from alertmill.ruleset.spec import JoinedText
from alertmill.xmltext import Element

#: Digits of an if_matched_sid that are taken for an id at all.
_LONGEST_ID = 20


def read_if_sid(reading: Reading, child: Element) -> None:
    reading.spec.if_sid = joined = reading.join(child)
    if joined is None:
        return
    faulty = next((place for place, c in enumerate(joined.text) if c not in "0123456789, "), -1)
    if faulty >= 0 or not joined.text:
        what = f"{joined.text[faulty]!r} cannot stand in if_sid" if joined.text else "its if_sid is empty"
        hint = "write rule ids as digits, separated by commas or blanks, on one line"
        reading.skip(codes.R_REFERENCE, what, joined.origin(faulty), hint=hint, wazuh="(7618)")
    elif joined.text[-1] in ", " and joined.text.strip(", "):
        hint = "remove it: Wazuh would hang the rule below its whole category as well"
        reading.warn(codes.R_NO_EFFECT, "has a separator at the end of if_sid", joined.origin(), hint=hint)


def read_if_level(reading: Reading, child: Element) -> None:
    reading.spec.if_level = joined = reading.join(child)
    if joined is not None and not (is_number(joined.text) and int(joined.text) > 0):
        what = f"if_level is '{joined.text}'"
        reading.skip(codes.R_REFERENCE, what, joined.origin(), hint="write a number above 0", wazuh="(7609)")


def read_if_group(reading: Reading, child: Element) -> None:
    reading.spec.if_group = reading.join(child)


def read_if_matched_sid(reading: Reading, child: Element) -> None:
    reading.spec.if_matched_sid = JoinedText("if_matched_sid", child.text, [(0, child)])
    if not is_number(child.text) or len(child.text) > _LONGEST_ID:
        what = f"if_matched_sid is '{child.text[:_LONGEST_ID]}'"
        hint = "write one rule id, in digits only"
        reading.skip(codes.R_REFERENCE, what, child.text_origin(), hint=hint, wazuh="(7615)")


def read_if_matched_group(reading: Reading, child: Element) -> None:
    reading.spec.if_matched_group = reading.join(child)


def read_same(reading: Reading, child: Element) -> None:
    reading.spec.same.append(words.SAME[child.name.lower()])


def read_different(reading: Reading, child: Element) -> None:
    reading.spec.different.append(words.DIFFERENT[child.name.lower()])


def read_same_field(reading: Reading, child: Element) -> None:
    reading.spec.same_fields.append(child.text.lower())


def read_different_field(reading: Reading, child: Element) -> None:
    reading.spec.different_fields.append(child.text.lower())


def read_global_frequency(reading: Reading, _child: Element) -> None:
    reading.spec.global_frequency = True


def read_deprecated(reading: Reading, child: Element) -> None:
    hint = "remove it; without <global_frequency/> only events of the same agent are counted anyway"
    reading.warn(codes.R_NO_EFFECT, f"has <{child.name}>, which has no effect", child.origin(), hint=hint)
