"""The frame of reading one `<rule>`: telling problems, joining texts, compiling patterns, and the checks at its end.

How each element is read stands in `elements`. Every element is looked at even if an earlier one is wrong, so that all
faults of a rule are told at once. Only what makes Wazuh *skip* a rule ends its reading, because nothing behind that
point is ever examined (spec/rules.md 5).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from alertmill import codes
from alertmill.codes import Code
from alertmill.errors import Origin, PatternError, Problems, did_you_mean
from alertmill.patterns import Matcher, compile_pattern
from alertmill.ruleset import vocabulary as words
from alertmill.ruleset.attributes import NO_ID
from alertmill.ruleset.lists import CdbList
from alertmill.ruleset.options import RuleOptions
from alertmill.ruleset.spec import DEFAULT_FREQUENCY, JoinedText, RuleSpec, TextCriterion
from alertmill.xmltext import Element

#: Bytes that the first element of a joined text stays below, and that it and later parts may reach.
_TEXT_LIMIT = 2048


@dataclass(slots=True)
class Surroundings:
    """What reading a rule needs to know besides its element.

    `places` holds the ids that are loaded and where they stand; `patterns` the matchers compiled so far.
    """

    lists: Mapping[str, CdbList]
    decoder_identities: Mapping[str, int]
    options: RuleOptions
    problems: Problems
    places: dict[int, Origin] = field(default_factory=dict)
    patterns: dict[tuple[str, str], Matcher] = field(default_factory=dict)


class Reading:
    """The reading of one rule. `broken`: its file cannot be loaded; `skipped`: the rule is left out."""

    def __init__(self, spec: RuleSpec, around: Surroundings, *, broken: bool) -> None:
        self.spec = spec
        self.around = around
        self.broken = broken
        self.skipped = False
        self.joined: dict[str, JoinedText] = {}
        #: Element that last set `type` and `negate` of a joined criterion.
        self.last: dict[str, Element] = {}
        self.label = "a rule" if spec.id == NO_ID else f"rule {spec.id}"

    # --- telling -------------------------------------------------------------------------------------------------

    def error(self, code: Code, what: str, origin: Origin, *, hint: str = "", wazuh: str = "") -> None:
        """The file cannot be loaded; the rule is read on."""
        self.broken = True
        self.around.problems.error(code, f"{self.label} {what}", origin, hint=hint, wazuh=wazuh)

    def warn(self, code: Code, what: str, origin: Origin, *, hint: str = "", wazuh: str = "") -> None:
        """The rule is loaded, but not as its author meant."""
        self.around.problems.warn(code, f"{self.label} {what}", origin, hint=hint, wazuh=wazuh)

    def skip(self, code: Code, what: str, origin: Origin, *, hint: str = "", wazuh: str = "") -> None:
        """The rule is left out, and not read on."""
        self.skipped = True
        self.warn(code, f"is skipped: {what}", origin, hint=hint, wazuh=wazuh)

    # --- texts and patterns --------------------------------------------------------------------------------------

    def join(self, child: Element, text: str | None = None) -> JoinedText | None:
        """Append to the joined text of the element's name. Too long a text makes it absent (spec/rules.md 4.1)."""
        name, text = child.name.lower(), child.text if text is None else text
        known = self.joined.get(name)
        if known is None and len(text) < _TEXT_LIMIT:
            known = self.joined[name] = JoinedText(name, "", [])
        elif known is None or len(known.text) > _TEXT_LIMIT or len(text) > _TEXT_LIMIT:
            self.joined.pop(name, None)
            self.warn(
                codes.R_TOO_LONG,
                f"has a <{name}> of {len(text)} bytes, so it is loaded without it, as Wazuh does",
                child.origin(),
                hint="split it into several elements; their texts are joined as they are",
                wazuh="(1104)",
            )
            return None
        known.append(child, text)
        self.last[name] = child
        return known

    def criterion(self, source: JoinedText, child: Element, default: str) -> TextCriterion | None:
        """The compiled criterion of a text; its type and negate are those of `child`, the last element."""
        dialect = child.attributes.get("type", default)
        if "type" in child.attributes:
            dialect = dialect.lower()
            if dialect not in words.DIALECTS:
                hint = did_you_mean(dialect, words.DIALECTS) or f"one of {', '.join(words.DIALECTS)}"
                self._invalid_attribute(child, "type", default, hint)
                dialect = default
        matcher = self.pattern(source.text, dialect, source.origin, source.name)
        return TextCriterion(source.name, source, dialect, self.negate(child), matcher) if matcher else None

    def negate(self, child: Element) -> bool:
        """The value of the attribute `negate`."""
        value = child.attributes.get("negate", "no").lower()
        if value not in ("yes", "no"):
            self._invalid_attribute(child, "negate", "no", "write yes or no")
        return value == "yes"

    def _invalid_attribute(self, child: Element, name: str, default: str, hint: str) -> None:
        what = f"has {name}=\"{child.attributes[name]}\" on <{child.name}>, so '{default}' is used"
        self.warn(codes.R_NO_EFFECT, what, child.attribute_origin(name), hint=hint, wazuh="(7600)")

    def pattern(self, text: str, dialect: str, place: Callable[[int], Origin], tag: str) -> Matcher | None:
        """The compiled pattern, or None after an error was told. `place` gives the origin of a position in the text."""
        known = self.around.patterns.get((text, dialect))
        if known is not None:
            return known
        try:
            matcher = compile_pattern(text, dialect)
        except PatternError as error:
            self.error(
                codes.R_PATTERN,
                f"has a pattern that {dialect} does not allow: {error.message}",
                place(error.position),
                hint=error.hint,
                wazuh=f"(5107): Syntax error on tag '{tag}' in rule {self.spec.id}",
            )
            return None
        self.around.patterns[text, dialect] = matcher
        return matcher

    # --- the end -------------------------------------------------------------------------------------------------

    def finish(self) -> None:
        """Make criteria of the joined texts, and check what needs the whole rule."""
        self._finish_criteria()
        self._finish_texts()
        self._finish_context()

    def _finish_criteria(self) -> None:
        for name, default in words.TEXT_CRITERIA.items():
            if name in self.joined:
                criterion = self.criterion(self.joined[name], self.last[name], default)
                if criterion is not None:
                    self.spec.texts[name] = criterion
        counted = self.joined.get("if_matched_regex")
        if counted is not None:
            matcher = self.pattern(counted.text, words.FIELD_DIALECT, counted.origin, counted.name)
            if matcher is not None:
                self.spec.if_matched_regex = TextCriterion(counted.name, counted, words.FIELD_DIALECT, False, matcher)
        group = self.spec.if_matched_group
        if group is not None:
            self.spec.group_matcher = self.pattern(group.text, "osmatch", group.origin, group.name)

    def _finish_texts(self) -> None:
        spec, joined = self.spec, self.joined
        spec.group_text += joined["group"].text if "group" in joined else ""
        spec.info = joined["info"].text if "info" in joined else None
        spec.cve = joined["cve"].text if "cve" in joined else None
        if spec.mitre_pairs:
            spec.mitre_ids = []
        if "description" in joined:
            spec.description = joined["description"].text
            return
        wazuh = f"No such description at rule '{spec.id}'."
        hint = "add <description>...</description>"
        self.error(codes.R_DESCRIPTION, "has no description", spec.origin, hint=hint, wazuh=wazuh)

    def _finish_context(self) -> None:
        spec = self.spec
        if spec.composite or spec.check_diff:
            return
        counting = (spec.frequency or 0) > DEFAULT_FREQUENCY or spec.global_frequency
        if counting or spec.same or spec.different or spec.same_fields or spec.different_fields:
            wazuh = f"Invalid use of frequency/context options. Missing if_matched on rule '{spec.id}'."
            hint = "add <if_matched_sid>, <if_matched_group> or <if_matched_regex>"
            what = "counts or compares events, but does not say which"
            self.error(codes.R_CONTEXT, what, spec.origin, hint=hint, wazuh=wazuh)
