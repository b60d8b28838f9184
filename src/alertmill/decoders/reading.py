"""Reads a `<decoder>` element into a `DecoderSpec` and complains about every option that is wrong in itself.

Source: spec/decoders.md 1, config-loading.md 5. Whether the options go together is checked in `checks.py`. A spec that
got errors is still as complete as possible, so that later checks can go on; whoever asked for it discards the result.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from alertmill import codes
from alertmill.codes import Code
from alertmill.decoders.fields import FTS_NAMES, STATIC_NAMES, split_names
from alertmill.decoders.plugins import PLUGINS, StaticFieldRule
from alertmill.decoders.spec import OFFSETS, TYPES, DecoderSpec, PatternSpec, complain
from alertmill.errors import Origin, Problems, did_you_mean
from alertmill.xmltext import Element

#: Longest text of one option, all its elements together, in bytes.
MAX_TEXT = 1023


def read_decoder(element: Element, order_size: int, problems: Problems) -> DecoderSpec | None:
    """The decoder that `element` describes, or None when it is no `<decoder>` with a name."""
    name = _decoder_name(element, problems)
    if name is None:
        return None
    reader = _Reader(DecoderSpec(name, element.origin()), order_size, problems)
    if not element.children:
        problems.error(codes.D_EMPTY, f"decoder {name!r} says nothing", element.origin(), wazuh="(1231)")
        return reader.spec
    for child in element.children:
        reader.read(child)
    return reader.finish()


def _decoder_name(element: Element, problems: Problems) -> str | None:
    names = list(element.attributes)
    wrong = ""
    place = element.origin()
    if element.name.lower() != "decoder":
        wrong = f"<{element.name}> is not a <decoder>"
        wazuh = f"(1230): Invalid element in the configuration: '{element.name}'."
    elif not names or names[0].lower() != "name":
        wrong = "a <decoder> needs its name as the first attribute"
        wazuh = "(1230)"
    elif len(names) > 1 and (names[1].lower() != "status" or len(names) > 2):
        extra = names[1] if names[1].lower() != "status" else names[2]
        wrong = f"<decoder> has no attribute {extra!r} at this place"
        place = element.attribute_origin(extra)
        wazuh = f"(1230): Invalid element in the configuration: '{extra}'."
    if wrong:
        hint = did_you_mean(element.name, ("decoder", "var")) if element.name.lower() != "decoder" else ""
        problems.error(codes.D_ROOT, wrong, place, hint=hint or 'write <decoder name="...">', wazuh=wazuh)
        return None
    return element.attributes[names[0]]


@dataclass(slots=True)
class _Text:
    """The contents of one option, which add up when it stands several times."""

    pieces: list[Element] = field(default_factory=list)
    dialect: str = ""
    offset: str = ""
    offset_origin: Origin | None = None

    @property
    def text(self) -> str:
        return "".join(piece.text for piece in self.pieces)

    def pattern(self) -> PatternSpec | None:
        if not self.pieces:
            return None
        return PatternSpec(self.text, self.dialect, tuple(self.pieces), self.offset, self.offset_origin)


class _Reader:
    """Collects the options of one decoder, then checks what they are together."""

    def __init__(self, spec: DecoderSpec, order_size: int, problems: Problems) -> None:
        self.spec = spec
        self.order_size = order_size
        self.problems = problems
        self.parent = _Text()
        self.program_name = _Text()
        self.prematch = _Text()
        self.regex = _Text()
        self.ftscomment = _Text()

    def error(self, code: Code, message: str, origin: Origin | None, *, hint: str = "", wazuh: str = "") -> None:
        """An error of this decoder; those that Wazuh words with 2107 name it so."""
        complain(self.problems, self.spec, code, message, origin, hint=hint, wazuh=wazuh)

    # --- one option ---------------------------------------------------------------------------------------------------

    def read(self, element: Element) -> None:
        """Take in one child element. Names of options ignore case, except `type`."""
        name = element.name.lower()
        if name not in OPTIONS or (name == "type" and element.name != "type"):
            self.error(
                codes.D_ELEMENT,
                f"<{element.name}> is not an option of a decoder",
                element.origin(),
                hint=did_you_mean(name, OPTIONS),
                wazuh=f"Invalid element '{element.name}' for decoder '{self.spec.name}'",
            )
            return
        read, attributes = OPTIONS[name]
        read(self, element)
        self._check_attributes(element, attributes)

    def _check_attributes(self, element: Element, known: tuple[str, ...]) -> None:
        for name in element.attributes:
            if name.lower() not in known:
                self.problems.warn(
                    codes.D_ATTRIBUTE,
                    f"<{element.name}> takes no attribute {name!r}; it is ignored",
                    element.attribute_origin(name),
                    hint=did_you_mean(name, known),
                )

    def read_parent(self, element: Element) -> None:
        self.spec.parent_origin = element.text_origin()
        self._append(self.parent, element)

    def read_program_name(self, element: Element) -> None:
        self.program_name.dialect = self._dialect(element, "osmatch", ("osmatch", "osregex", "pcre2"))
        self._append(self.program_name, element)

    def read_prematch(self, element: Element) -> None:
        self.prematch.dialect = self._dialect(element, "osregex", ("osregex", "pcre2"))
        self._pattern_offset(self.prematch, element)
        self._append(self.prematch, element)

    def read_regex(self, element: Element) -> None:
        self.regex.dialect = self._dialect(element, "osregex", ("osregex", "pcre2"))
        self._pattern_offset(self.regex, element)
        self._append(self.regex, element)

    def read_ftscomment(self, element: Element) -> None:
        self._append(self.ftscomment, element)

    def read_accumulate(self, element: Element) -> None:
        self.spec.accumulate = True

    def read_use_own_name(self, element: Element) -> None:
        if element.text == "true":
            self.spec.use_own_name = True
        elif element.text != "false":
            self.problems.warn(
                codes.D_VALUE, "only the exact text 'true' switches <use_own_name> on", element.text_origin()
            )

    def read_type(self, element: Element) -> None:
        if element.text in TYPES:
            self.spec.type = element.text
            return
        self.error(
            codes.D_TYPE,
            f"{element.text!r} is not a decoder type; there are {', '.join(TYPES)}",
            element.text_origin(),
            hint=did_you_mean(element.text.strip(), TYPES),
            wazuh=f"Invalid decoder type '{element.text}'.",
        )

    def read_plugin_decoder(self, element: Element) -> None:
        self.spec.plugin_origin = element.text_origin()
        self.spec.plugin_offset = ""
        offset = self._attribute(element, "offset")
        if offset is not None:
            self.spec.plugin_offset = offset.lower()
            if self.spec.plugin_offset not in OFFSETS:
                self._bad_offset(element, offset, OFFSETS[:2], fatal=True)
        if element.text in PLUGINS:
            self.spec.plugin = element.text
            return
        self.error(
            codes.D_PLUGIN,
            f"there is no plugin decoder {element.text!r}; there are {', '.join(PLUGINS)}",
            element.text_origin(),
            hint=did_you_mean(element.text.strip(), PLUGINS),
            wazuh="(2110)",
        )

    def read_json_null_field(self, element: Element) -> None:
        word = element.text.lower()
        self.spec.discard_null = word == "discard"
        if word == "empty":
            self._bad_json_option(element, "'empty' is out of date and counts as 'string'", "(7603)")
        elif word not in ("string", "discard"):
            self._bad_json_option(element, f"{element.text!r} is neither string nor discard; string is used", "(7602)")

    def read_json_array_structure(self, element: Element) -> None:
        word = element.text.lower()
        self.spec.csv_arrays = word == "csv"
        if word not in ("array", "csv"):
            self._bad_json_option(element, f"{element.text!r} is neither array nor csv; array is used", "(7602)")

    def _bad_json_option(self, element: Element, message: str, wazuh: str) -> None:
        self.problems.warn(codes.D_JSON_OPTION, message, element.text_origin(), wazuh=wazuh)

    # --- order and fts ------------------------------------------------------------------------------------------------

    def read_order(self, element: Element) -> None:
        names = split_names(element.text)
        self.spec.order, self.spec.order_origin = tuple(names), element.text_origin()
        if len(names) > self.order_size:
            self.error(
                codes.D_ORDER,
                f"an order has at most {self.order_size} fields, this one {len(names)}",
                element.text_origin(),
                hint="the internal option analysisd.decoder_order_size is the limit",
                wazuh="Order has too many fields.",
            )
        if "" in names:
            self._empty_name(codes.D_ORDER, element)

    def _empty_name(self, code: Code, element: Element) -> None:
        hint = "look for ',,' or a ',' at an end"
        self.error(code, f"<{element.name}> has an empty field name", element.text_origin(), hint=hint)

    def read_fts(self, element: Element) -> None:
        """Add to the first-seen key. Only what an order *above* names, before its first static field, is known."""
        spec = self.spec
        spec.fts_origin = spec.fts_origin or element.text_origin()
        static = set(spec.fts or ())
        dynamic = list(spec.fts_fields)
        names = split_names(element.text)
        if "" in names:
            self._empty_name(codes.D_FTS, element)
        known = _leading_dynamic(spec.order)
        for name in filter(None, names):
            if name in FTS_NAMES:
                static.add(FTS_NAMES[name])
            elif name.lower() in known:
                dynamic.append(name.lower())
            elif spec.order is not None:
                self.error(
                    codes.D_FTS,
                    f"field {name!r} is not among the dynamic fields that the order names before its first static one",
                    element.text_origin(),
                    hint=did_you_mean(name, [*known, *FTS_NAMES]),
                    wazuh=f"Wrong field '{name}' in the fts decoder",
                )
        spec.fts, spec.fts_fields = frozenset(static), tuple(dict.fromkeys(dynamic))

    # --- Alertmill's own option ---------------------------------------------------------------------------------------

    def read_json_static_field(self, element: Element) -> None:
        static, name, when = element.text.strip(), self._attribute(element, "name"), self._attribute(element, "when")
        where, equals, value = (when or "").partition("=")
        hint = ""
        if static not in STATIC_NAMES:
            message, place = f"{static!r} is not a static field", element.text_origin()
            hint = did_you_mean(static, STATIC_NAMES)
        elif not name:
            message, place = 'name="..." must say which dynamic field is meant', element.origin()
        elif when is not None and not (where and equals):
            message, place = f'when="{when}" must have the form field=text', element.attribute_origin("when")
        else:
            condition = None if when is None else (where.lower(), value)
            rule = StaticFieldRule(STATIC_NAMES[static], name.lower(), condition)
            self.spec.static_fields += (rule,)
            return
        self.error(codes.D_STATIC_FIELD, message, place, hint=hint)

    # --- texts and attributes -----------------------------------------------------------------------------------------

    def _append(self, option: _Text, element: Element) -> None:
        option.pieces.append(element)
        length = len(option.text)
        if length > MAX_TEXT:
            self.problems.warn(
                codes.D_TOO_LONG,
                f"the text of <{element.name}> has {length} bytes and is dropped; {MAX_TEXT} are allowed",
                element.origin(),
                wazuh="(1104)",
            )
            option.pieces.clear()

    def _attribute(self, element: Element, name: str) -> str | None:
        return next((value for key, value in element.attributes.items() if key.lower() == name), None)

    def _dialect(self, element: Element, default: str, allowed: tuple[str, ...]) -> str:
        word = self._attribute(element, "type")
        if word is None:
            return default
        if word.lower() in allowed:
            return word.lower()
        self.problems.warn(
            codes.D_DIALECT,
            f"<{element.name}> takes the types {', '.join(allowed)}, not {word!r}; {default} is used",
            element.attribute_origin(next(key for key in element.attributes if key.lower() == "type")),
            hint=did_you_mean(word.lower(), allowed),
            wazuh="(7601)",
        )
        return default

    def _pattern_offset(self, option: _Text, element: Element) -> None:
        word = self._attribute(element, "offset")
        if word is None:
            return
        allowed = OFFSETS if element.name.lower() == "regex" else OFFSETS[:1]
        if word.lower() not in OFFSETS:
            self._bad_offset(element, word, allowed, fatal=False)
        elif option.pieces:
            self.error(
                codes.D_OFFSET_TWICE,
                f"this <{element.name}> continues the one above and cannot have an offset",
                self._offset_origin(element),
                wazuh="(2109), (2107)",
            )
        else:
            option.offset, option.offset_origin = word.lower(), self._offset_origin(element)

    def _offset_origin(self, element: Element) -> Origin:
        return element.attribute_origin(next(key for key in element.attributes if key.lower() == "offset"))

    def _bad_offset(self, element: Element, word: str, allowed: tuple[str, ...], *, fatal: bool) -> None:
        message = f"<{element.name}> takes the offsets {', '.join(allowed)}, not {word!r}"
        origin, hint = self._offset_origin(element), did_you_mean(word.lower(), allowed)
        if fatal:
            self.error(codes.D_OFFSET, message, origin, hint=hint, wazuh="(2107)")
        else:
            self.problems.warn(codes.D_OFFSET, f"{message}; none is used", origin, hint=hint, wazuh="(7601)")

    def finish(self) -> DecoderSpec:
        """The spec with all texts that could add up until now."""
        spec = self.spec
        spec.parent = self.parent.text if self.parent.pieces else None
        spec.program_name = self.program_name.pattern()
        spec.prematch = self.prematch.pattern()
        spec.regex = self.regex.pattern()
        spec.ftscomment = self.ftscomment.text
        return spec


def _leading_dynamic(order: tuple[str, ...] | None) -> frozenset[str]:
    """The dynamic names of an order that stand before its first static one, in lower case."""
    names: set[str] = set()
    for name in order or ():
        if name in STATIC_NAMES:
            break
        names.add(name.lower())
    return frozenset(names)


#: The options of a decoder: how each is read, and the attributes that it takes.
OPTIONS: Final[dict[str, tuple[Callable[[_Reader, Element], None], tuple[str, ...]]]] = {
    "accumulate": (_Reader.read_accumulate, ()),
    "fts": (_Reader.read_fts, ()),
    "ftscomment": (_Reader.read_ftscomment, ()),
    "json_array_structure": (_Reader.read_json_array_structure, ()),
    "json_null_field": (_Reader.read_json_null_field, ()),
    "json_static_field": (_Reader.read_json_static_field, ("name", "when")),
    "order": (_Reader.read_order, ()),
    "parent": (_Reader.read_parent, ()),
    "plugin_decoder": (_Reader.read_plugin_decoder, ("offset",)),
    "prematch": (_Reader.read_prematch, ("type", "offset")),
    "program_name": (_Reader.read_program_name, ("type",)),
    "regex": (_Reader.read_regex, ("type", "offset")),
    "type": (_Reader.read_type, ()),
    "use_own_name": (_Reader.read_use_own_name, ()),
}
