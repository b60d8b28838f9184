"""The attributes of `<rule>` (spec/rules.md 3.1)."""

from __future__ import annotations

from collections.abc import Callable

from alertmill import codes
from alertmill.errors import Origin, Problems, did_you_mean
from alertmill.ruleset.options import RuleOptions
from alertmill.ruleset.spec import RuleSpec
from alertmill.xmltext import Element

MAX_LEVEL = 16
#: Digits of an id.
MOST_ID_DIGITS = 6
_FREQUENCIES = range(2, 10_000)
#: Digits that are read of a number; the rest is dropped.
_TIMEFRAME_DIGITS, _IGNORE_DIGITS, _MAXSIZE_DIGITS = 5, 6, 4

#: The id of a rule whose own cannot be read.
NO_ID = -1


def read_attributes(element: Element, options: RuleOptions, problems: Problems) -> tuple[RuleSpec, bool]:
    """A spec holding the attributes' values, and whether all of them were usable."""
    reading = _Attributes(element, problems)
    spec = RuleSpec(reading.id(), reading.level(), element.origin(), timeframe=options.default_timeframe)
    for name in element.attributes:
        read = _READERS.get(name.lower())
        if read is not None:
            read(reading, spec, element.attributes[name], name)
        elif name.lower() not in ("id", "level"):
            near = did_you_mean(name.lower(), [*_READERS, "id", "level"])
            reading.error(name, f"has an attribute '{name}', which rules do not have", near)
    return spec, not reading.broken


class _Attributes:
    def __init__(self, element: Element, problems: Problems) -> None:
        self.element = element
        self.problems = problems
        self.broken = False
        self.label = "a rule"
        self.values = {name.lower(): (value, name) for name, value in element.attributes.items()}

    def error(self, name: str, what: str, hint: str = "") -> None:
        self.broken = True
        place = self.element.attribute_origin(name)
        self.problems.error(
            codes.R_ATTRIBUTE, f"{self.label} {what}", place, hint=hint, wazuh="Invalid attribute for rule."
        )

    def id(self) -> int:
        value, name = self.values.get("id", ("", "id"))
        if not is_number(value):
            self._missing("id", value, name, "give it one to six digits; 100000 and above are meant for your own rules")
            return NO_ID
        if len(value) > MOST_ID_DIGITS:
            self.error(name, f"has the id {value[:20]}", "an id has at most six digits")
            return NO_ID
        self.label = f"rule {int(value)}"
        return int(value)

    def level(self) -> int:
        value, name = self.values.get("level", ("", "level"))
        if not is_number(value):
            self._missing("level", value, name, f"give it a number from 0 to {MAX_LEVEL}")
            return 0
        if len(value) > 4 or int(value) > MAX_LEVEL:
            self.error(name, f"has the level {value[:20]}", f"a level lies between 0 and {MAX_LEVEL}")
            return 0
        return int(value)

    def _missing(self, what: str, value: str, name: str, hint: str) -> None:
        self.broken = True
        says = f"has '{value}' for its {what}" if value else f"has no {what}"
        origin: Origin = self.element.attribute_origin(name)
        wazuh = "No rule id or level specified for rule."
        self.problems.error(codes.R_NO_ID, f"{self.label} {says}", origin, hint=hint, wazuh=wazuh)

    def number(self, value: str, name: str, digits: int) -> int:
        """The number that the first `digits` digits say; 0 after an error."""
        if is_number(value):
            return int(value[:digits])
        self.error(name, f'has {name}="{value}", which is not a number', "write digits only")
        return 0

    # --- one method per attribute --------------------------------------------------------------------------------

    def frequency(self, spec: RuleSpec, value: str, name: str) -> None:
        if is_number(value) and len(value) <= 4 and int(value) in _FREQUENCIES:
            spec.frequency = int(value)
        else:
            self.error(name, f'has frequency="{value}"', "a frequency is a number from 2 to 9999")

    def timeframe(self, spec: RuleSpec, value: str, name: str) -> None:
        spec.timeframe = self.number(value, name, _TIMEFRAME_DIGITS)

    def ignore(self, spec: RuleSpec, value: str, name: str) -> None:
        spec.ignore = self.number(value, name, _IGNORE_DIGITS)

    def maxsize(self, spec: RuleSpec, value: str, name: str) -> None:
        spec.maxsize = self.number(value, name, _MAXSIZE_DIGITS)

    def accuracy(self, spec: RuleSpec, value: str, name: str) -> None:
        spec.accuracy = self.number(value, name, _TIMEFRAME_DIGITS)
        if spec.accuracy == 0 and spec.level == 0 and is_number(value):
            what = f"{self.label} has level 0 and accuracy 0, which together make it a rule of level 99"
            hint = "remove accuracy"
            self.problems.warn(codes.R_NO_EFFECT, what, self.element.attribute_origin(name), hint=hint)

    def noalert(self, spec: RuleSpec, value: str, name: str) -> None:
        spec.noalert = value == "1"
        if value not in ("0", "1"):
            what = f'{self.label} has noalert="{value}", which is ignored'
            place = self.element.attribute_origin(name)
            self.problems.warn(codes.R_NO_EFFECT, what, place, hint="write 0 or 1")

    def overwrite(self, spec: RuleSpec, value: str, name: str) -> None:
        spec.overwrite = value.lower() == "yes"
        if value.lower() not in ("yes", "no"):
            self.error(name, f'has overwrite="{value}"', "write yes or no")


#: Attribute in lower case -> how it is read. A new attribute is a line here and a method above.
_READERS: dict[str, Callable[[_Attributes, RuleSpec, str, str], None]] = {
    "accuracy": _Attributes.accuracy,
    "frequency": _Attributes.frequency,
    "ignore": _Attributes.ignore,
    "maxsize": _Attributes.maxsize,
    "noalert": _Attributes.noalert,
    "overwrite": _Attributes.overwrite,
    "timeframe": _Attributes.timeframe,
}


def is_number(text: str) -> bool:
    """Whether the text is made of ASCII digits."""
    return text.isascii() and text.isdigit()
